//! Whom to tell of an alert that nobody sees to, and when.
//!
//! [`OnCall`] is whom a team wants to be called, in order. [`Deliveries`] is the fold of what was
//! decided, tried and delivered. [`decide`] says what is to be sent now, what is to be reported as
//! undelivered, and when to look again: a pure function of the alerts, what people did about them, the
//! lists, the deliveries and the present. Whoever computes it again, after a restart or in another
//! process, decides the same.

mod decide;
mod deliveries;
mod limits;
mod on_call;
mod storm;
#[cfg(test)]
mod tests;

pub use decide::{Counts, Decision, Subject, Undelivered, decide};
pub use deliveries::{
    Deliveries, DeliveryEvent, Happened, MessageKey, StepState, Target, WhyNobody,
};
pub use limits::Limits;
pub use on_call::{
    Channel, DutyHours, InvalidOnCall, OnCall, OnCallEntry, RecipientId, StepId, Weekdays,
};
pub use storm::{NewMessage, Step};
