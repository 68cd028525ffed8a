//! The contract between the services: what travels through which topic, in which form.
//!
//! `avro/` holds the schemas, [`reading`] and [`records`] their Rust types, [`codec`] the wire form,
//! [`topics`] the topics and [`migrations`] the ClickHouse tables. The crate `examples` has messages,
//! good and bad, that every service's tests use.

mod accepted;
mod body;
pub mod clinical_act;
pub mod clinical_alert;
pub mod clinical_plan;
mod clinical_rule_set;
pub mod clinical_silence;
pub mod clinical_slow;
pub mod codec;
mod digest;
mod envelope;
pub mod fields;
#[cfg(test)]
mod made;
mod measurement;
pub mod migrations;
mod plan;
pub mod plan_document;
mod published;
pub mod reading;
pub mod readout;
pub mod records;
pub mod registry;
mod replay;
mod schema_registry;
pub mod stored;
pub mod taken;
pub mod topics;
pub mod validation;

pub use accepted::{Acceptance, AcceptedEncoder};
pub use codec::{
    Codec, CurrentBody, DecodeError, Decoder, Encoder, Record, WrittenBody, decoded_when_possible,
};
pub use reading::Reading;
pub use records::{
    AcceptedReading, AlertEvent, AuditEvent, CareEvent, CarePlan, Origin, OutcomeTally,
    RejectedReading,
};
pub use records::{AlertAct, AuditSet, EndedSession, PersonKey};
pub use replay::{Product, ReplayedReading};
pub use topics::Topics;
pub use validation::{RejectionReason, ValidationError};
