//! Holding a stack to account: every raw record has one outcome.

use std::collections::BTreeMap;

use schemas::OutcomeTally;
use schemas::topics::Topic;
use stream::follow::Incoming;

use crate::stack::Stack;
use crate::wait::PATIENCE;

impl Stack {
    /// Waits until nothing is on its way, then asks `mimamori balance` and counts for itself.
    /// Returns the sums of the outcomes.
    #[track_caller]
    pub fn assert_balanced(&self) -> OutcomeTally {
        let tallies = self.tail(Topic::ReadingsOutcomes);
        let raw = self.tail(Topic::ReadingsRaw);
        tallies.wait_for("every raw record has an outcome", |tallies| {
            let tallied: i64 = self.decoded(tallies).iter().map(OutcomeTally::records).sum();
            let sent = raw.records().len() as i64;
            if tallied >= sent { Ok(()) } else { Err(format!("{tallied} of {sent}")) }
        });
        self.ask_for_balance();

        // Read anew: between two looks of the followers a rerouted record may have got its copy.
        let tallies: Vec<OutcomeTally> = self.read(Topic::ReadingsOutcomes);
        let raw = self.records(Topic::ReadingsRaw);
        let per_partition = |of: &[Incoming]| {
            let mut counts = BTreeMap::new();
            of.iter().for_each(|record| *counts.entry(record.partition).or_insert(0) += 1);
            counts
        };
        let mut tallied = BTreeMap::new();
        let mut until: BTreeMap<i32, i64> = BTreeMap::new();
        for tally in &tallies {
            let next = until.entry(tally.partition).or_default();
            assert_eq!(tally.from_offset, *next, "tallies follow one another: {tally:?}");
            *next = tally.next_offset;
            *tallied.entry(tally.partition).or_insert(0) += tally.records();
        }
        tallied.retain(|_, records| *records > 0);
        assert_eq!(tallied, per_partition(&raw), "outcomes against raw records");
        let sum = sum(&tallies);
        assert_eq!(sum.stored(), self.records(Topic::ReadingsAccepted).len() as i64);
        assert_eq!(sum.rejected, self.records(Topic::ReadingsRejected).len() as i64);
        sum
    }

    fn ask_for_balance(&self) {
        let mut command = self.tool("balance");
        // A writer that cuts batches of single rows is slow where four tests share one engine.
        let wait = (3 * PATIENCE).as_secs().to_string();
        self.with_store(&mut command).args(["--wait-seconds", &wait]);
        let done = command.output().unwrap();
        assert!(
            done.status.success(),
            "mimamori balance: {}\n{}{}",
            done.status,
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
    }
}

/// The sums of tallies.
pub fn sum<'a>(tallies: impl IntoIterator<Item = &'a OutcomeTally>) -> OutcomeTally {
    let mut sum = OutcomeTally::default();
    tallies.into_iter().for_each(|tally| sum.add_counts(tally));
    sum
}
