//! Records that are not as they should be.

use schemas::topics::Topic;
use schemas::{AcceptedReading, RejectedReading};
use stream::partition_for_key;

use tests::readings::{blood_pressure, seconds_ago};
use tests::service::Service;
use tests::stack::{PARTITIONS, Plan};
use tests::wait::eventually;

const PATIENT: &str = "TST001/P1";

pub fn a_record_on_the_wrong_partition_is_rerouted_and_counted() {
    let stack = Plan::named("rerouted").start(&[Service::Processor, Service::Writer]);
    let right = partition_for_key(PATIENT.as_bytes(), PARTITIONS);
    let wrong = (right + 1) % PARTITIONS;
    let reading = blood_pressure(PATIENT, seconds_ago(300), 128, 80);
    let bytes = stack.encoded(&reading);
    stack.produce_bytes(Some(wrong), Some(PATIENT.as_bytes()), Some(&bytes));
    stack.tail(Topic::ReadingsAccepted).wait_for("the reading is accepted", |accepted| {
        let accepted: Vec<AcceptedReading> = stack.decoded(accepted);
        let [accepted] = &accepted[..] else { return Err(format!("{} are", accepted.len())) };
        assert_eq!(accepted.origin.partition, right, "it is read from its right partition");
        assert_eq!(accepted.reading, reading);
        Ok(())
    });
    // Sent again by whoever has a wrong partitioner, it is still the same reading.
    stack.produce_bytes(Some(wrong), Some(PATIENT.as_bytes()), Some(&bytes));
    stack.tail(Topic::ReadingsOutcomes).wait_for("the second one is a duplicate", |tallies| {
        match tests::balanced::sum(&stack.decoded(tallies)).duplicate {
            1 => Ok(()),
            other => Err(format!("{other} duplicates")),
        }
    });
    let sum = stack.assert_balanced();
    assert_eq!((sum.new, sum.duplicate, sum.rerouted, sum.rejected), (1, 1, 2, 0));
}

pub fn what_is_no_reading_ends_whole_in_readings_rejected_and_in_the_store() {
    let stack = Plan::named("rejected").start(&[Service::Processor, Service::Writer]);
    let reading = stack.encoded(&blood_pressure(PATIENT, seconds_ago(300), 128, 80));
    let garbage = b"\xff\x00{no record at all\n\x80".to_vec();
    let mut cut_short = reading.clone();
    cut_short.truncate(reading.len() - 7);
    let mut unknown_schema = reading.clone();
    unknown_schema[4] ^= 0x55;
    let key = Some(PATIENT.as_bytes());
    // Reason, key and value of each.
    type Bytes<'b> = Option<&'b [u8]>;
    let sent: [(&str, Bytes<'_>, Bytes<'_>); 7] = [
        ("undecodable", key, Some(&garbage)),
        ("undecodable", key, Some(&cut_short)),
        ("undecodable", key, None),
        ("unknown_schema", key, Some(&unknown_schema)),
        ("unknown_schema", key, Some(&[0, 0, 0, 0, 1, 2, 3])),
        ("key_missing", None, Some(&reading)),
        ("key_mismatch", Some(b"TST001/P2"), Some(&reading)),
    ];
    let mut expected = Vec::new();
    for (reason, key, payload) in sent {
        let at = stack.produce_bytes(None, key, payload);
        expected.push((at.partition, at.offset, reason, key, payload.unwrap_or_default()));
    }
    stack.produce(&blood_pressure(PATIENT, seconds_ago(60), 128, 80));
    let sum = stack.assert_balanced();
    assert_eq!((sum.rejected, sum.new), (7, 1), "a good reading behind them is accepted");

    let mut rejected: Vec<RejectedReading> = stack.read(Topic::ReadingsRejected);
    rejected.sort_by_key(|rejected| (rejected.origin.partition, rejected.origin.offset));
    expected.sort_unstable();
    let found: Vec<_> = rejected
        .iter()
        .map(|r| {
            let key = r.key.as_deref();
            (r.origin.partition, r.origin.offset, r.reason.as_str(), key, &r.bytes[..])
        })
        .collect();
    assert_eq!(found, expected);

    let hex = |bytes: &[u8]| chassis::hex(bytes).to_ascii_uppercase();
    let rows = eventually("the rejected records are in the store", || {
        let rows = stack.try_sql(
            "SELECT reason, hex(bytes) AS bytes, hex(record_key) AS record_key \
             FROM rejected_readings FINAL ORDER BY origin_partition, origin_offset",
        )?;
        if rows.len() == expected.len() { Ok(rows) } else { Err(format!("{} rows", rows.len())) }
    });
    for (row, (_, _, reason, key, bytes)) in rows.iter().zip(&expected) {
        assert_eq!(row["reason"], *reason);
        assert_eq!(row["bytes"], hex(bytes));
        assert_eq!(row["record_key"], hex(key.unwrap_or_default()));
    }
}
