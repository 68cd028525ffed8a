//! The processor: raw readings in; accepted readings, rejections, alerts and exact counts out.
//!
//! Every raw record ends in exactly one outcome, in one Kafka transaction with the offset that says
//! it was consumed. [`task`] is the way of a record; [`partition`] what is remembered of patients,
//! rebuilt from Kafka alone.

mod consortia;
mod devices;
mod effective;
mod followed;
mod left_out;
mod listening;
mod lists;
mod metrics;
mod partition;
mod rebuild;
mod replayed;
mod rule_sets;
mod service;
mod silences;
mod task;
mod topics;
pub mod validate;
mod watched;
mod watcher;

pub use consortia::FollowedConsortia;
pub use devices::FollowedDevices;
pub use followed::Followed;
pub use left_out::LeftOut;
pub use lists::FollowedLists;
pub use partition::Partition;
pub use rebuild::{PartitionBuilder, Replays};
pub use replayed::Replayed;
pub use rule_sets::FollowedRuleSets;
pub use service::{ProcessorArgs, run};
pub use silences::{FollowedReports, Reports};
pub use task::ProcessorTask;
pub use topics::TaskTopics;
