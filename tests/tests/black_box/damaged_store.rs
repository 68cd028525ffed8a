//! What the store has lost comes back from Kafka.

use std::fs::File;

use tests::damaged::DamagedPart;
use tests::readings::{blood_pressure, seconds_ago};
use tests::service::Service;
use tests::stack::Plan;
use tests::wait::{equal, eventually};

const PATIENT: &str = "TST001/P1";

pub fn a_damaged_part_of_the_store_is_found_taken_out_and_filled_again_from_kafka() {
    const READINGS: u64 = 40;
    const TABLE: &str = "blood_pressure";
    let stack =
        Plan::named("damaged_store").own_clickhouse().start(&[Service::Processor, Service::Writer]);
    for minutes in 0..READINGS {
        stack.produce(&blood_pressure(PATIENT, seconds_ago(60 * minutes as i64), 128, 80));
    }
    let stored = "SELECT count() FROM current_blood_pressure";
    eventually("all readings are stored", || equal(stack.number(stored)?, READINGS));
    stack.sql(&format!("OPTIMIZE TABLE {TABLE} FINAL"));
    assert_eq!(stack.mend_store(), [].into(), "nothing is damaged yet");

    // As the engine leaves a part that it merged on a full disk: marks of no length.
    let parts = stack.sql(&format!(
        "SELECT name FROM system.parts WHERE active AND database = currentDatabase() \
         AND table = '{TABLE}'"
    ));
    let mut lost = std::collections::BTreeSet::new();
    for part in parts {
        let name = part["name"].as_str().unwrap().to_owned();
        let part = DamagedPart { table: TABLE.to_owned(), part: name };
        let files = std::fs::read_dir(stack.folder_of(&part)).unwrap().map(Result::unwrap);
        for marks in files.filter(|file| file.file_name().to_string_lossy().contains("mrk")) {
            File::create(marks.path()).unwrap();
        }
        lost.insert(part);
    }
    stack.sql("SYSTEM DROP MARK CACHE");
    stack.sql("SYSTEM DROP UNCOMPRESSED CACHE");
    let error = stack.try_sql(&format!("SELECT * FROM {TABLE}")).expect_err("marks are missing");
    assert!(error.contains("CORRUPTED_DATA"), "{error}");

    assert_eq!(stack.mend_store(), lost);
    eventually("all readings are stored again", || equal(stack.number(stored)?, READINGS));
    assert_eq!(stack.mend_store(), [].into());
    stack.assert_balanced();
}
