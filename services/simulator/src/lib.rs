//! Virtual patients and their devices, seeded and reproducible: who they are ([`population`]), what
//! is true of them ([`truth`]), what happens to it on the way ([`transmission`]), what the platform must
//! make of that in the end ([`oracle`]), and the senders that put it to the test. What happens to some
//! of them is declared with the alerts that it ends in ([`scenario`]), and how many alerts the clinical
//! rules raise over them all is counted ([`burden`]).
//!
//! Everything but [`run`] is pure and can be used without any service:
//!
//! ```
//! use clinical::{Span, Timestamp};
//! use simulator::transmission::{TransmissionArgs, Pace, Payload, Plan, Reception};
//! use simulator::{Oracle, population::population, truth};
//!
//! let now = Timestamp::from_seconds(1_767_538_800);
//! let plan = Plan {
//!     shares: TransmissionArgs::default(),
//!     pace: Pace::Days,
//!     reception: Reception::At(now),
//!     kafka_share: 0.5,
//! };
//! let mut oracle = Oracle::new();
//! for patient in population(42, 3, 1) {
//!     for reading in truth(&patient, now - Span::from_days(2), now) {
//!         for sending in plan.sendings(&patient, reading) {
//!             match &sending.payload {
//!                 Payload::Reading(reading) => {
//!                     oracle.note_sent(reading, sending.via, now);
//!                 }
//!                 Payload::Bytes { .. } => oracle.note_garbage(),
//!             }
//!         }
//!     }
//! }
//! assert!(oracle.totals().current > 0);
//! ```

mod args;
pub mod burden;
mod chance;
pub mod civil;
mod declared;
pub mod devices;
pub mod exchange;
pub mod identities;
pub mod live;
mod metrics;
mod model;
pub mod oracle;
pub mod physiology;
pub mod population;
pub mod registry;
mod run;
pub mod scenario;
mod send_http;
mod send_kafka;
mod send_log;
mod senders;
mod slips;
pub mod timetable;
pub mod transmission;
mod values;
pub mod watch;

pub use args::SimulatorArgs;
pub use oracle::Oracle;
pub use physiology::truth;
pub use run::run;
