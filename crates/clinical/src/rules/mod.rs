//! The rules. Each is a pure function of a patient's standing readings, the plan and the present;
//! it gives the episodes it sees, and [`crate::episode`] turns their difference from what is known
//! into alerts.

pub mod bp_severe_high;
