//! Each thing that can be wrong is found, and nothing else is.

use schemas::OutcomeTally;
use schemas::records::StoredOutcome;

use super::book::{Book, WriterAt};
use super::compare::{Ranges, Stored, StoredCounts, with_clickhouse, within_kafka};
use super::sheet::{Balance, Difference, PartitionBalance};

/// Ten raw records: 0 to 6 new, 7 a duplicate of 6, 8 rejected, 9 rerouted. Transactions of five
/// records each. Outputs stand at three times their origin, because of transaction markers.
fn book() -> Book {
    let mut book = Book::default();
    read_raw(&mut book, 0..10);
    for origin in 0..7 {
        accept(&mut book, origin);
    }
    book.reject(24, 8);
    book.tally(OutcomeTally { new: 5, ..tally(0, 5) });
    book.freeze();
    book.tally(OutcomeTally { new: 2, duplicate: 1, rejected: 1, rerouted: 1, ..tally(5, 10) });
    for offset in [2, 5] {
        book.alerts.note(offset, b"alert", &offset.to_le_bytes());
    }
    book
}

fn read_raw(book: &mut Book, offsets: std::ops::Range<i64>) {
    for offset in offsets {
        book.raw(offset);
    }
}

fn accept(book: &mut Book, origin: i64) {
    book.accept_version(origin * 3, origin, StoredOutcome::New, origin as u64);
}

fn tally(from_offset: i64, next_offset: i64) -> OutcomeTally {
    OutcomeTally { from_offset, next_offset, ..OutcomeTally::default() }
}

const WRITER_DONE: WriterAt =
    WriterAt { accepted: Some(1000), rejected: Some(1000), alerts: Some(1000) };
const STORED: StoredCounts = StoredCounts { versions: 7, rejected: 1, alerts: 2 };

fn balance(book: &mut Book, writer: WriterAt, stored: Stored) -> PartitionBalance {
    let next = book.freeze();
    let mut balance = within_kafka(book, 0, next);
    let ranges = Ranges::of(book, next, &writer);
    with_clickhouse(book, &ranges, &stored, &mut balance);
    balance
}

fn of_book(mut book: Book) -> PartitionBalance {
    balance(&mut book, WRITER_DONE, Stored { all: STORED, written: STORED })
}

/// What differs once ClickHouse's part, which then follows from Kafka's, is left out.
fn differences(mut book: Book) -> Vec<Difference> {
    let next = book.freeze();
    within_kafka(&book, 0, next).differences
}

#[test]
fn every_record_with_one_outcome_balances() {
    let drawn = of_book(book());
    assert_eq!(drawn.differences, vec![]);
    assert_eq!((drawn.from, drawn.next), (0, 10));
    let amounts = drawn.amounts;
    assert_eq!((amounts.raw, amounts.new, amounts.duplicate), (10, 7, 1));
    assert_eq!((amounts.rejected, amounts.rerouted), (1, 1));
    assert_eq!((amounts.versions, amounts.versions_stored), (7, 7));
    assert!(Balance { partitions: vec![drawn] }.is_settled());
}

#[test]
fn records_beyond_the_last_tally_are_in_flight() {
    let mut book = book();
    read_raw(&mut book, 10..14);
    // The outputs of a transaction can be visible before its tally.
    accept(&mut book, 10);
    let drawn = of_book(book);
    assert_eq!(drawn.differences, vec![]);
    assert_eq!(drawn.amounts.in_flight_to_processor, 4);
    let balance = Balance { partitions: vec![drawn] };
    assert!(balance.is_balanced() && !balance.is_settled());
}

#[test]
fn a_lost_accepted_record_is_found_with_its_place() {
    let mut without = Book::default();
    read_raw(&mut without, 0..10);
    for origin in (0..7).filter(|origin| *origin != 6) {
        accept(&mut without, origin);
    }
    without.reject(24, 8);
    without.tallies = book().tallies;
    let lost = Difference::Outcome { outcome: "new", tallied: 7, published: 6, within: 5..10 };
    assert_eq!(differences(without), vec![lost]);
}

#[test]
fn a_lost_raw_record_is_found() {
    let mut book = book();
    let whole = std::mem::take(&mut book.ledger);
    read_raw(&mut book, 0..7);
    read_raw(&mut book, 8..10);
    for origin in 0..7 {
        book.ledger.accepted(origin, StoredOutcome::New, true);
    }
    book.ledger.rejected(8);
    assert_eq!(whole.count(0..10).raw, 10);
    let fewer = Difference::RawRecords { raw: 9, tallied: 10, within: 5..10 };
    assert_eq!(differences(book), vec![fewer]);
}

#[test]
fn a_record_accepted_twice_is_found() {
    let mut book = book();
    book.accept_version(100, 4, StoredOutcome::New, 4);
    assert_eq!(differences(book), vec![Difference::PublishedTwice { records: 1, first: 4 }]);
}

#[test]
fn a_record_both_accepted_and_rejected_is_found() {
    let mut book = book();
    book.reject(100, 3);
    assert_eq!(differences(book), vec![Difference::PublishedTwice { records: 1, first: 3 }]);
}

#[test]
fn a_record_that_the_client_reads_again_is_not_a_second_one() {
    let mut book = book();
    accept(&mut book, 4);
    book.reject(24, 8);
    book.alerts.note(5, b"alert", b"other");
    assert_eq!(differences(book), vec![]);
}

#[test]
fn another_outcome_than_the_tally_counts_is_found() {
    let mut book = book();
    book.ledger = Default::default();
    read_raw(&mut book, 0..10);
    for origin in 0..7 {
        let outcome = if origin == 2 { StoredOutcome::Correction } else { StoredOutcome::New };
        book.ledger.accepted(origin, outcome, true);
    }
    book.ledger.rejected(8);
    let found = differences(book);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(matches!(found[0], Difference::Outcome { outcome: "new", published: 6, .. }));
    assert!(matches!(found[1], Difference::Outcome { outcome: "correction", tallied: 0, .. }));
}

#[test]
fn a_gap_in_the_tallies_is_found_with_what_it_holds() {
    let mut book = book();
    read_raw(&mut book, 10..20);
    book.tally(OutcomeTally { duplicate: 7, ..tally(13, 20) });
    let gap = Difference::NotTallied { offsets: 10..13, records: 3 };
    assert_eq!(differences(book), vec![gap]);
}

#[test]
fn a_processor_that_began_after_the_first_record_is_found() {
    let mut book = Book::default();
    read_raw(&mut book, 0..10);
    book.tally(OutcomeTally { duplicate: 8, ..tally(2, 10) });
    let gap = Difference::NotTallied { offsets: 0..2, records: 2 };
    assert_eq!(differences(book), vec![gap]);
}

#[test]
fn offsets_that_two_tallies_cover_are_found() {
    let mut book = book();
    read_raw(&mut book, 10..12);
    book.tally(OutcomeTally { duplicate: 4, ..tally(8, 12) });
    let found = differences(book);
    assert_eq!(found[0], Difference::TalliedTwice { offsets: 8..10 });
    assert!(matches!(found[1], Difference::RawRecords { raw: 12, tallied: 14, .. }));
}

#[test]
fn an_output_of_no_raw_record_is_found() {
    let mut book = Book::default();
    read_raw(&mut book, 1..3);
    for origin in 0..3 {
        accept(&mut book, origin);
    }
    book.tally(OutcomeTally { new: 2, ..tally(0, 3) });
    let found = differences(book);
    assert!(matches!(found[0], Difference::Outcome { published: 3, tallied: 2, .. }));
    assert_eq!(found[1], Difference::FromNothing { records: 1, first: 0 });
}

#[test]
fn an_alert_event_that_says_the_same_again_is_found() {
    let mut book = book();
    book.alerts.note(7, b"alert", &5_i64.to_le_bytes());
    assert_eq!(differences(book), vec![Difference::AlertTwice { events: 1 }]);
}

#[test]
fn records_that_are_not_readable_are_found() {
    let mut book = book();
    book.accepted.unreadable = 2;
    book.tally(tally(10, 10));
    let unreadable = |topic, records| Difference::Unreadable { topic, records };
    let expected = vec![unreadable("readings.outcomes", 1), unreadable("readings.accepted", 2)];
    assert_eq!(differences(book), expected);
}

#[test]
fn a_row_missing_behind_the_writer_is_lost() {
    let short = StoredCounts { versions: 6, ..STORED };
    let drawn = balance(&mut book(), WRITER_DONE, Stored { all: short, written: short });
    let lost = Difference::NotStored { rows: "versions", missing: 1, expected: 7 };
    assert_eq!(drawn.differences, vec![lost]);
    assert_eq!(drawn.amounts.in_flight_to_writer, 0);
}

#[test]
fn a_rejected_row_and_an_alert_missing_behind_the_writer_are_lost() {
    let short = StoredCounts { versions: 7, rejected: 0, alerts: 1 };
    let drawn = balance(&mut book(), WRITER_DONE, Stored { all: short, written: short });
    assert_eq!(drawn.differences.len(), 2, "{:?}", drawn.differences);
}

#[test]
fn rows_before_the_writer_are_in_flight() {
    let none = StoredCounts::default();
    let drawn = balance(&mut book(), WriterAt::default(), Stored { all: none, written: none });
    assert_eq!(drawn.differences, vec![]);
    assert_eq!(drawn.amounts.in_flight_to_writer, 10);
}

#[test]
fn a_row_lost_behind_a_writer_that_is_busy_is_told_from_rows_in_flight() {
    let mut book = Book::default();
    read_raw(&mut book, 0..1000);
    for origin in 0..1000 {
        accept(&mut book, origin);
    }
    book.tally(OutcomeTally { new: 1000, ..tally(0, 1000) });
    let writer = WriterAt { accepted: Some(600), ..WRITER_DONE };
    let next = book.freeze();
    let written = Ranges::of(&book, next, &writer).raw_written;
    assert!(written.end > 100 && written.end <= 200, "{written:?}");
    let versions = u64::try_from(written.end).unwrap() - 1;
    let written = StoredCounts { versions, ..StoredCounts::default() };
    let all = StoredCounts { versions: versions + 50, ..StoredCounts::default() };
    let drawn = balance(&mut book, writer, Stored { all, written });
    assert!(matches!(drawn.differences[..], [Difference::NotStored { missing: 1, .. }]));
    assert_eq!(drawn.amounts.in_flight_to_writer, 1000 - versions - 50 - 1);
}

#[test]
fn rows_that_kafka_knows_nothing_of_are_found() {
    let more = StoredCounts { versions: 8, ..STORED };
    let drawn = balance(&mut book(), WRITER_DONE, Stored { all: more, written: more });
    let found = Difference::StoredFromNothing { rows: "versions", stored: 8, expected: 7 };
    assert_eq!(drawn.differences, vec![found]);
}

#[test]
fn what_clickhouse_refused_is_not_missing() {
    let mut book = book();
    book.refuse(3);
    book.refuse(3);
    book.refuse(8);
    book.alerts.refuse(5);
    let short = StoredCounts { versions: 6, rejected: 0, alerts: 1 };
    let drawn = balance(&mut book, WRITER_DONE, Stored { all: short, written: short });
    assert_eq!(drawn.differences, vec![]);
    assert_eq!(drawn.amounts.set_aside, 3);
    assert_eq!(drawn.amounts.in_flight_to_writer, 0);
}

#[test]
fn a_version_accepted_again_is_one_row_wherever_it_merges_to() {
    let mut book = Book::default();
    read_raw(&mut book, 0..4);
    for origin in 0..4 {
        let version = if origin == 3 { 0 } else { origin as u64 };
        let outcome = StoredOutcome::Historical;
        book.accept_version(origin, origin, outcome, version);
        book.tally(OutcomeTally { historical: 1, ..tally(origin, origin + 1) });
        book.freeze();
    }
    let stored = |versions| {
        let counts = StoredCounts { versions, ..StoredCounts::default() };
        Stored { all: counts, written: counts }
    };
    assert_eq!(balance(&mut book, WRITER_DONE, stored(3)).differences, vec![]);
    // Drawn up to the offset before: the row may count there or not, as it is merged.
    for versions in [2, 3] {
        let mut drawn = within_kafka(&book, 0, 3);
        let ranges = Ranges::of(&book, 3, &WRITER_DONE);
        with_clickhouse(&book, &ranges, &stored(versions), &mut drawn);
        assert_eq!(drawn.differences, vec![]);
    }
}

#[test]
fn retention_that_cut_through_a_tally_is_no_difference() {
    let mut book = Book::beginning_at(3);
    read_raw(&mut book, 3..10);
    for origin in 0..7 {
        accept(&mut book, origin);
    }
    book.reject(24, 8);
    book.tally(OutcomeTally { new: 5, ..tally(0, 5) });
    book.tally(OutcomeTally { new: 2, duplicate: 1, rejected: 1, rerouted: 1, ..tally(5, 10) });
    let next = book.freeze();
    let drawn = within_kafka(&book, 0, next);
    assert_eq!(drawn.differences, vec![]);
    assert_eq!((drawn.from, drawn.amounts.raw), (5, 5));
}

#[test]
fn outputs_that_expired_are_not_missed() {
    let mut book = Book::default();
    book.accepted.is_trimmed = true;
    read_raw(&mut book, 0..10);
    for origin in 4..10 {
        accept(&mut book, origin);
    }
    book.tally(OutcomeTally { new: 5, ..tally(0, 5) });
    book.freeze();
    book.tally(OutcomeTally { new: 5, ..tally(5, 10) });
    let next = book.freeze();
    let drawn = within_kafka(&book, 0, next);
    assert_eq!(drawn.differences, vec![]);
    assert_eq!((drawn.from, drawn.amounts.versions), (5, 5));
}

#[test]
fn what_comes_after_drawing_began_does_not_change_it() {
    let mut book = book();
    let next = book.freeze();
    read_raw(&mut book, 10..12);
    accept(&mut book, 10);
    accept(&mut book, 11);
    book.tally(OutcomeTally { new: 2, ..tally(10, 12) });
    let drawn = within_kafka(&book, 0, next);
    assert_eq!(drawn.differences, vec![]);
    assert_eq!((drawn.amounts.raw, drawn.amounts.in_flight_to_processor), (10, 2));
}
