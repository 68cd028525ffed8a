//! Each thing that can be wrong is found, and nothing else is.

use schemas::OutcomeTally;
use schemas::records::StoredOutcome;

use super::compare::{Ranges, Stored, StoredCounts, with_clickhouse, within_kafka};
use super::partition::{PartitionRecords, WriterAt};
use super::result::{Difference, PartitionReconciliation, Reconciliation};

/// Ten raw records: 0 to 6 new, 7 a duplicate of 6, 8 rejected, 9 rerouted. Transactions of five
/// records each. Outputs are at three times their origin, because of transaction markers.
fn records() -> PartitionRecords {
    let mut records = PartitionRecords::default();
    read_raw(&mut records, 0..10);
    for origin in 0..7 {
        accept(&mut records, origin);
    }
    records.reject(24, 8);
    records.tally(OutcomeTally { new: 5, ..tally(0, 5) });
    records.freeze();
    records.tally(OutcomeTally { new: 2, duplicate: 1, rejected: 1, rerouted: 1, ..tally(5, 10) });
    for offset in [2, 5] {
        records.alerts.note(offset, b"alert", &offset.to_le_bytes());
    }
    records
}

fn read_raw(records: &mut PartitionRecords, offsets: std::ops::Range<i64>) {
    for offset in offsets {
        records.raw(offset);
    }
}

fn accept(records: &mut PartitionRecords, origin: i64) {
    records.accept_version(origin * 3, origin, StoredOutcome::New, origin as u64);
}

fn tally(from_offset: i64, next_offset: i64) -> OutcomeTally {
    OutcomeTally { from_offset, next_offset, ..OutcomeTally::default() }
}

const WRITER_DONE: WriterAt =
    WriterAt { accepted: Some(1000), rejected: Some(1000), alerts: Some(1000) };
const STORED: StoredCounts = StoredCounts { versions: 7, rejected: 1, alerts: 2 };

fn reconciled_with(
    records: &mut PartitionRecords,
    writer: WriterAt,
    stored: Stored,
) -> PartitionReconciliation {
    let next = records.freeze();
    let mut reconciliation = within_kafka(records, 0, next);
    let ranges = Ranges::of(records, next, &writer);
    with_clickhouse(records, &ranges, &stored, &mut reconciliation);
    reconciliation
}

fn reconciled(mut records: PartitionRecords) -> PartitionReconciliation {
    reconciled_with(&mut records, WRITER_DONE, Stored { all: STORED, written: STORED })
}

/// What differs once ClickHouse's part, which then follows from Kafka's, is left out.
fn differences(mut records: PartitionRecords) -> Vec<Difference> {
    let next = records.freeze();
    within_kafka(&records, 0, next).differences
}

#[test]
fn every_record_with_one_outcome_balances() {
    let found = reconciled(records());
    assert_eq!(found.differences, vec![]);
    assert_eq!((found.from, found.next), (0, 10));
    let amounts = found.amounts;
    assert_eq!((amounts.raw, amounts.outcomes.new, amounts.outcomes.duplicate), (10, 7, 1));
    assert_eq!((amounts.outcomes.rejected, amounts.outcomes.rerouted), (1, 1));
    assert_eq!((amounts.versions, amounts.versions_stored), (7, 7));
    assert!(Reconciliation { partitions: vec![found] }.is_settled());
}

#[test]
fn records_beyond_the_last_tally_are_in_flight() {
    let mut records = records();
    read_raw(&mut records, 10..14);
    // The outputs of a transaction can be visible before its tally.
    accept(&mut records, 10);
    let found = reconciled(records);
    assert_eq!(found.differences, vec![]);
    assert_eq!(found.amounts.in_flight_to_processor, 4);
    let reconciliation = Reconciliation { partitions: vec![found] };
    assert!(reconciliation.is_balanced() && !reconciliation.is_settled());
}

#[test]
fn a_lost_accepted_record_is_found_with_its_place() {
    let mut without = PartitionRecords::default();
    read_raw(&mut without, 0..10);
    for origin in (0..7).filter(|origin| *origin != 6) {
        accept(&mut without, origin);
    }
    without.reject(24, 8);
    without.tallies = records().tallies;
    let lost = Difference::Outcome { outcome: "new", tallied: 7, published: 6, within: 5..10 };
    assert_eq!(differences(without), vec![lost]);
}

#[test]
fn a_lost_raw_record_is_found() {
    let mut records = records();
    let whole = std::mem::take(&mut records.outcomes);
    read_raw(&mut records, 0..7);
    read_raw(&mut records, 8..10);
    for origin in 0..7 {
        records.outcomes.accepted(origin, StoredOutcome::New, true);
    }
    records.outcomes.rejected(8);
    assert_eq!(whole.count(0..10).raw, 10);
    let fewer = Difference::RawRecords { raw: 9, tallied: 10, within: 5..10 };
    assert_eq!(differences(records), vec![fewer]);
}

#[test]
fn a_record_accepted_twice_is_found() {
    let mut records = records();
    records.accept_version(100, 4, StoredOutcome::New, 4);
    assert_eq!(differences(records), vec![Difference::PublishedTwice { records: 1, first: 4 }]);
}

#[test]
fn a_record_both_accepted_and_rejected_is_found() {
    let mut records = records();
    records.reject(100, 3);
    assert_eq!(differences(records), vec![Difference::PublishedTwice { records: 1, first: 3 }]);
}

#[test]
fn a_record_that_the_client_reads_again_is_not_a_second_one() {
    let mut records = records();
    accept(&mut records, 4);
    records.reject(24, 8);
    records.alerts.note(5, b"alert", b"other");
    assert_eq!(differences(records), vec![]);
}

#[test]
fn another_outcome_than_the_tally_counts_is_found() {
    let mut records = records();
    records.outcomes = Default::default();
    read_raw(&mut records, 0..10);
    for origin in 0..7 {
        let outcome = if origin == 2 { StoredOutcome::Correction } else { StoredOutcome::New };
        records.outcomes.accepted(origin, outcome, true);
    }
    records.outcomes.rejected(8);
    let found = differences(records);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(matches!(found[0], Difference::Outcome { outcome: "new", published: 6, .. }));
    assert!(matches!(found[1], Difference::Outcome { outcome: "correction", tallied: 0, .. }));
}

#[test]
fn a_gap_in_the_tallies_is_found_with_what_it_holds() {
    let mut records = records();
    read_raw(&mut records, 10..20);
    records.tally(OutcomeTally { duplicate: 7, ..tally(13, 20) });
    let gap = Difference::NotTallied { offsets: 10..13, records: 3 };
    assert_eq!(differences(records), vec![gap]);
}

#[test]
fn a_processor_that_began_after_the_first_record_is_found() {
    let mut records = PartitionRecords::default();
    read_raw(&mut records, 0..10);
    records.tally(OutcomeTally { duplicate: 8, ..tally(2, 10) });
    let gap = Difference::NotTallied { offsets: 0..2, records: 2 };
    assert_eq!(differences(records), vec![gap]);
}

#[test]
fn offsets_that_two_tallies_cover_are_found() {
    let mut records = records();
    read_raw(&mut records, 10..12);
    records.tally(OutcomeTally { duplicate: 4, ..tally(8, 12) });
    let found = differences(records);
    assert_eq!(found[0], Difference::TalliedTwice { offsets: 8..10 });
    assert!(matches!(found[1], Difference::RawRecords { raw: 12, tallied: 14, .. }));
}

#[test]
fn an_output_of_no_raw_record_is_found() {
    let mut records = PartitionRecords::default();
    read_raw(&mut records, 1..3);
    for origin in 0..3 {
        accept(&mut records, origin);
    }
    records.tally(OutcomeTally { new: 2, ..tally(0, 3) });
    let found = differences(records);
    assert!(matches!(found[0], Difference::Outcome { published: 3, tallied: 2, .. }));
    assert_eq!(found[1], Difference::FromNothing { records: 1, first: 0 });
}

#[test]
fn an_alert_event_that_says_the_same_again_is_found() {
    let mut records = records();
    records.alerts.note(7, b"alert", &5_i64.to_le_bytes());
    assert_eq!(differences(records), vec![Difference::AlertTwice { events: 1 }]);
}

#[test]
fn records_that_are_not_readable_are_found() {
    let mut records = records();
    records.accepted.unreadable = 2;
    records.tally(tally(10, 10));
    let unreadable = |topic, records| Difference::Unreadable { topic, records };
    let expected = vec![unreadable("readings.outcomes", 1), unreadable("readings.accepted", 2)];
    assert_eq!(differences(records), expected);
}

#[test]
fn a_row_missing_behind_the_writer_is_lost() {
    let short = StoredCounts { versions: 6, ..STORED };
    let found = reconciled_with(&mut records(), WRITER_DONE, Stored { all: short, written: short });
    let lost = Difference::NotStored { rows: "versions", missing: 1, expected: 7 };
    assert_eq!(found.differences, vec![lost]);
    assert_eq!(found.amounts.in_flight_to_writer, 0);
}

#[test]
fn a_rejected_row_and_an_alert_missing_behind_the_writer_are_lost() {
    let short = StoredCounts { versions: 7, rejected: 0, alerts: 1 };
    let found = reconciled_with(&mut records(), WRITER_DONE, Stored { all: short, written: short });
    assert_eq!(found.differences.len(), 2, "{:?}", found.differences);
}

#[test]
fn rows_before_the_writer_are_in_flight() {
    let none = StoredCounts::default();
    let found =
        reconciled_with(&mut records(), WriterAt::default(), Stored { all: none, written: none });
    assert_eq!(found.differences, vec![]);
    assert_eq!(found.amounts.in_flight_to_writer, 10);
}

#[test]
fn a_row_lost_behind_a_busy_writer_is_not_taken_for_a_row_in_flight() {
    let mut records = PartitionRecords::default();
    read_raw(&mut records, 0..1000);
    for origin in 0..1000 {
        accept(&mut records, origin);
    }
    records.tally(OutcomeTally { new: 1000, ..tally(0, 1000) });
    let writer = WriterAt { accepted: Some(600), ..WRITER_DONE };
    let next = records.freeze();
    let written = Ranges::of(&records, next, &writer).raw_written;
    assert!(written.end > 100 && written.end <= 200, "{written:?}");
    let versions = u64::try_from(written.end).unwrap() - 1;
    let written = StoredCounts { versions, ..StoredCounts::default() };
    let all = StoredCounts { versions: versions + 50, ..StoredCounts::default() };
    let found = reconciled_with(&mut records, writer, Stored { all, written });
    assert!(matches!(found.differences[..], [Difference::NotStored { missing: 1, .. }]));
    assert_eq!(found.amounts.in_flight_to_writer, 1000 - versions - 50 - 1);
}

#[test]
fn rows_that_kafka_knows_nothing_of_are_found() {
    let more = StoredCounts { versions: 8, ..STORED };
    let found = reconciled_with(&mut records(), WRITER_DONE, Stored { all: more, written: more });
    let expected = Difference::StoredFromNothing { rows: "versions", stored: 8, expected: 7 };
    assert_eq!(found.differences, vec![expected]);
}

#[test]
fn what_clickhouse_refused_is_not_missing() {
    let mut records = records();
    records.dead_letter(3);
    records.dead_letter(3);
    records.dead_letter(8);
    records.alerts.dead_letter(5);
    let short = StoredCounts { versions: 6, rejected: 0, alerts: 1 };
    let found = reconciled_with(&mut records, WRITER_DONE, Stored { all: short, written: short });
    assert_eq!(found.differences, vec![]);
    assert_eq!(found.amounts.dead_letters, 3);
    assert_eq!(found.amounts.in_flight_to_writer, 0);
}

#[test]
fn a_version_accepted_again_is_one_row_wherever_it_merges_to() {
    let mut records = PartitionRecords::default();
    read_raw(&mut records, 0..4);
    for origin in 0..4 {
        let version = if origin == 3 { 0 } else { origin as u64 };
        let outcome = StoredOutcome::Historical;
        records.accept_version(origin, origin, outcome, version);
        records.tally(OutcomeTally { historical: 1, ..tally(origin, origin + 1) });
        records.freeze();
    }
    let stored = |versions| {
        let counts = StoredCounts { versions, ..StoredCounts::default() };
        Stored { all: counts, written: counts }
    };
    assert_eq!(reconciled_with(&mut records, WRITER_DONE, stored(3)).differences, vec![]);
    // Drawn up to the offset before: the row may count there or not, as it is merged.
    for versions in [2, 3] {
        let mut found = within_kafka(&records, 0, 3);
        let ranges = Ranges::of(&records, 3, &WRITER_DONE);
        with_clickhouse(&records, &ranges, &stored(versions), &mut found);
        assert_eq!(found.differences, vec![]);
    }
}

#[test]
fn retention_that_cut_through_a_tally_is_no_difference() {
    let mut records = PartitionRecords::beginning_at(3);
    read_raw(&mut records, 3..10);
    for origin in 0..7 {
        accept(&mut records, origin);
    }
    records.reject(24, 8);
    records.tally(OutcomeTally { new: 5, ..tally(0, 5) });
    records.tally(OutcomeTally { new: 2, duplicate: 1, rejected: 1, rerouted: 1, ..tally(5, 10) });
    let next = records.freeze();
    let found = within_kafka(&records, 0, next);
    assert_eq!(found.differences, vec![]);
    assert_eq!((found.from, found.amounts.raw), (5, 5));
}

#[test]
fn outputs_that_expired_are_not_missed() {
    let mut records = PartitionRecords::default();
    records.accepted.is_trimmed = true;
    read_raw(&mut records, 0..10);
    for origin in 4..10 {
        accept(&mut records, origin);
    }
    records.tally(OutcomeTally { new: 5, ..tally(0, 5) });
    records.freeze();
    records.tally(OutcomeTally { new: 5, ..tally(5, 10) });
    let next = records.freeze();
    let found = within_kafka(&records, 0, next);
    assert_eq!(found.differences, vec![]);
    assert_eq!((found.from, found.amounts.versions), (5, 5));
}

#[test]
fn what_comes_after_drawing_began_does_not_change_it() {
    let mut records = records();
    let next = records.freeze();
    read_raw(&mut records, 10..12);
    accept(&mut records, 10);
    accept(&mut records, 11);
    records.tally(OutcomeTally { new: 2, ..tally(10, 12) });
    let found = within_kafka(&records, 0, next);
    assert_eq!(found.differences, vec![]);
    assert_eq!((found.amounts.raw, found.amounts.in_flight_to_processor), (10, 2));
}
