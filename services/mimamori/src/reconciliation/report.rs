//! The reconciliation in words.

use std::fmt::{self, Write};

use schemas::topics::Topic;

use super::result::{PartitionReconciliation, Reconciliation};

/// A reconciliation as a table and a last line that says the result.
pub(super) fn table(reconciliation: &Reconciliation, with_partitions: bool) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_table(&mut text, reconciliation, with_partitions);
    text
}

fn write_table(
    to: &mut String,
    reconciliation: &Reconciliation,
    with_partitions: bool,
) -> fmt::Result {
    let totals = reconciliation.totals();
    let rejected = totals.outcomes.rejected.max(0).unsigned_abs();
    writeln!(to, "{:<32}{:>16}", Topic::ReadingsRaw.base_name(), grouped(totals.raw))?;
    for (outcome, count) in totals.outcomes.counts() {
        writeln!(to, "  {outcome:<30}{:>16}", grouped(count.max(0).unsigned_abs()))?;
    }
    writeln!(to, "  {:<30}{:>16}", "in flight", grouped(totals.in_flight_to_processor))?;
    writeln!(to, "ClickHouse")?;
    for (rows, stored, of) in [
        ("versions", totals.versions_stored, totals.versions),
        ("rejected records", totals.rejected_stored, rejected),
        ("alert events", totals.alert_events_stored, totals.alert_events),
    ] {
        writeln!(to, "  {rows:<30}{:>16} of {}", grouped(stored), grouped(of))?;
    }
    writeln!(to, "  {:<30}{:>16}", "dead letters", grouped(totals.dead_letters))?;
    writeln!(to, "  {:<30}{:>16}", "in flight", grouped(totals.in_flight_to_writer))?;
    for partition in &reconciliation.partitions {
        if with_partitions || !partition.differences.is_empty() {
            write_partition(to, partition)?;
        }
    }
    writeln!(to, "{}", conclusion(reconciliation))
}

fn write_partition(to: &mut String, partition: &PartitionReconciliation) -> fmt::Result {
    let amounts = partition.amounts;
    let outcomes = amounts.outcomes.counts().map(|(outcome, count)| format!("{outcome} {count}"));
    writeln!(
        to,
        "partition {}: {} raw records from offset {} to {}; {}; versions {} of {} and alert events \
         {} of {} in ClickHouse; in flight {} + {}",
        partition.partition,
        amounts.raw,
        partition.from,
        partition.next,
        outcomes.join(", "),
        amounts.versions_stored,
        amounts.versions,
        amounts.alert_events_stored,
        amounts.alert_events,
        amounts.in_flight_to_processor,
        amounts.in_flight_to_writer,
    )?;
    for difference in &partition.differences {
        writeln!(to, "  ! {difference}")?;
    }
    Ok(())
}

/// The result, in one line.
pub(super) fn conclusion(reconciliation: &Reconciliation) -> String {
    let totals = reconciliation.totals();
    let differences: usize = reconciliation.partitions.iter().map(|p| p.differences.len()).sum();
    if differences > 0 {
        let partitions =
            reconciliation.partitions.iter().filter(|p| !p.differences.is_empty()).count();
        let (differ, several) =
            if differences == 1 { ("difference", "") } else { ("differences", "s") };
        let several = if partitions == 1 { "" } else { several };
        return format!(
            "NOT balanced: {differences} {differ} in {partitions} partition{several}, above"
        );
    }
    if reconciliation.in_flight() > 0 {
        return format!(
            "NOT balanced: nothing differs, but {} are on their way to the processor and {} to the \
             writer; run it again with --wait-seconds",
            grouped(totals.in_flight_to_processor),
            grouped(totals.in_flight_to_writer),
        );
    }
    format!(
        "balanced: {} raw records, every one in exactly one outcome; {} versions in ClickHouse, \
         nothing in flight",
        grouped(totals.raw),
        grouped(totals.versions_stored),
    )
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::result::{Amounts, Difference};
    use super::*;

    fn reconciliation(amounts: Amounts, differences: Vec<Difference>) -> Reconciliation {
        let of = PartitionReconciliation { partition: 3, from: 0, next: 9, amounts, differences };
        Reconciliation { partitions: vec![of] }
    }

    fn last_line(reconciliation: &Reconciliation) -> String {
        table(reconciliation, false).lines().last().unwrap().to_owned()
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn the_last_line_says_the_result() {
        let raw = Amounts { raw: 1200, ..Amounts::default() };
        assert!(
            last_line(&reconciliation(raw, vec![])).starts_with("balanced: 1,200 raw records, ")
        );
        let on_their_way = Amounts { in_flight_to_writer: 3, ..raw };
        assert!(
            last_line(&reconciliation(on_their_way, vec![])).starts_with("NOT balanced: nothing ")
        );
        let differing = reconciliation(raw, vec![Difference::AlertTwice { events: 1 }]);
        assert_eq!(last_line(&differing), "NOT balanced: 1 difference in 1 partition, above");
    }

    #[test]
    fn a_partition_is_shown_where_it_differs_or_when_it_is_asked_for() {
        let quiet = reconciliation(Amounts::default(), vec![]);
        assert!(!table(&quiet, false).contains("partition 3"));
        assert!(table(&quiet, true).contains("partition 3"));
        let differing =
            reconciliation(Amounts::default(), vec![Difference::AlertTwice { events: 1 }]);
        assert!(table(&differing, false).contains("partition 3"));
        assert!(table(&differing, false).contains("! 1 alert events say again"));
    }
}
