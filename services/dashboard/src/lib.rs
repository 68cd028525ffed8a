//! The dashboard: what physicians see. Patients worst first, current readings, and alerts
//! live from Kafka; their pages, embedded; and the record of who looked at what.
//!
//! [`api`] says what it answers. Who is registered and who follows whom ([`registry`]) and the open
//! alerts ([`open_alerts`]), with what people did about them ([`care_states`]), are held in memory from Kafka, which also says whose readings have changed
//! ([`changed_readings`]); readings are asked of ClickHouse ([`queries`]). Nothing of a patient is
//! answered before [`access`] has let the physician through and [`audit`] has the access on record.

pub mod access;
pub mod accounts;
pub mod act_log;
mod acting;
pub mod api;
mod args;
pub mod audit;
pub mod basic;
pub mod care_plans;
pub mod care_states;
pub mod changed_readings;
pub mod clock;
pub mod directory;
mod ended_sessions;
mod fenced;
mod following;
pub mod identities;
pub mod metrics;
pub mod model;
mod notifications;
pub mod open_alerts;
pub mod openid;
mod pages;
mod patient_sets;
pub mod person_keys;
pub mod plan_history;
pub mod plan_log;
pub mod problem;
pub mod queries;
mod reached;
mod recorder;
pub mod registry;
pub mod reports;
mod rule_sets;
mod service;
pub mod session;
mod sessions;
pub mod sign_in;
mod silences;
pub mod state;
mod store_progress;
mod throttle;
mod turns;
mod unfollowed_readings;

#[cfg(test)]
mod testing;

pub use args::DashboardArgs;
pub use service::run;
