//! Finger-sticks where a limit is meant for sensors.

use super::*;
use crate::plan::Plan;
use crate::programmes;

fn pregnant(overrides: &[(&'static str, f64)]) -> Plan {
    let plan = rules::plan(1, overrides.iter().copied()).unwrap();
    plan.with_programme(programmes::find("pregnancy").unwrap())
}

#[test]
fn in_pregnancy_63_is_for_sensors_and_a_finger_stick_of_65_is_low() {
    let home = Watched::by(RULE, pregnant(&[])).after([finger(0, 65)]);
    assert_eq!((home.last().transition, home.last().severity), (Raised, Review));
    let said = rules::words(home.last());
    assert!(said.en.starts_with("Blood glucose 65 mg/dL: below 70."), "{}", said.en);
    assert!(said.ja.starts_with("血糖値 65 mg/dL（70未満）"), "{}", said.ja);
    let mut home = Watched::by(RULE, pregnant(&[])).after(stays(0, 60, 65));
    assert!(home.reported.is_empty(), "in range for a sensor");
    for sent in stays(65, 85, 62) {
        home.receives(sent);
    }
    let said = rules::words(home.last());
    assert!(said.en.starts_with("Sensor glucose below 63 mg/dL"), "{}", said.en);
    // Blood that is low still does not end what a sensor raised; a sensor that is back does.
    home.receives(finger(86, 66));
    assert!(home.last().is_open());
    home.receives(finger(96, 70));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn in_pregnancy_a_finger_stick_of_65_does_not_end_what_was_very_low() {
    let mut home = Watched::by("glucose.very_low", pregnant(&[])).after([finger(0, 50)]);
    home.receives(finger(10, 65));
    assert!(home.last().is_open());
    home.receives(finger(20, 70));
    assert_eq!(home.last().transition, Resolved);
}

#[test]
fn the_limit_of_finger_sticks_is_the_patients_own() {
    let is_low = |overrides: &[(&'static str, f64)], value| {
        let home = Watched::by(RULE, pregnant(overrides)).after([finger(0, value)]);
        !home.reported.is_empty()
    };
    assert!(!is_low(&[("glucose.low.stick_limit", 65.0)], 65));
    assert!(is_low(&[("glucose.low.stick_limit", 65.0)], 64));
    assert!(is_low(&[("glucose.low.limit", 80.0)], 75), "moved for all");
    assert!(is_low(&[("glucose.low.limit", 60.0)], 65), "moved for sensors");
    let plain = |limit| rules::plan(1, [("glucose.low.limit", limit)]).unwrap();
    assert!(Watched::by(RULE, plain(60.0)).after([finger(0, 65)]).reported.is_empty());
}
