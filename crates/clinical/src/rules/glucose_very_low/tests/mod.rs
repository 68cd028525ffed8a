//! The rule, shown by what happens to a patient.

mod alerts;
mod batches;
mod crises;
mod histories;

use crate::home::Sending;
use crate::plan::Plan;
use crate::rules::glucose_tests::{DAY, LO, Sent, Watched, finger, sensor};

const RULE: &str = "glucose.very_low";

fn after<S: Sending>(sent: impl IntoIterator<Item = S>) -> Watched {
    with(Plan::default()).after(sent)
}

fn with(plan: Plan) -> Watched {
    Watched::by(RULE, plan)
}
