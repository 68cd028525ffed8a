//! The contract between the services: what travels through which topic, in which form.
//!
//! `avro/` holds the schemas, [`reading`] and [`records`] their Rust types, [`codec`] the wire form,
//! [`topics`] the topics, [`migrations`] the ClickHouse tables and [`examples`] messages, good and
//! bad, that every service's tests use.

mod accepted;
mod body;
pub mod clinical_alert;
pub mod clinical_plan;
pub mod codec;
pub mod examples;
pub mod fields;
mod measurement;
pub mod migrations;
mod published;
pub mod reading;
mod recall;
pub mod records;
pub mod registry;
mod schema_registry;
pub mod topics;
pub mod validation;

pub use accepted::{Acceptance, AcceptedEncoder};
pub use codec::{Codec, DecodeError, Decoder, Encoder, Record};
pub use reading::Reading;
pub use recall::Recalled;
pub use records::{
    AcceptedReading, AlertEvent, AuditEvent, CareEvent, CarePlan, Origin, OutcomeTally,
    RejectedReading,
};
pub use topics::Topics;
pub use validation::{RejectionReason, ValidationError};
