use super::*;

/// A change of a patient's care team.
pub(crate) fn team(patient: &str, practitioners: &[&str]) -> Change {
    let team = CareTeam::of(patient, practitioners.iter().map(|id| (*id).to_owned()).collect());
    Change::CareTeam(patient.to_owned(), Some(team))
}

fn practitioner(id: &str, role: Role) -> Change {
    let (practitioner_id, name) = (id.to_owned(), id.to_owned());
    Change::Practitioner(id.to_owned(), Some(Practitioner { practitioner_id, name, role }))
}

pub(crate) fn participant(patient: &str) -> Change {
    let (consortium, person) = patient.split_once('/').unwrap();
    let entry = Participant::unknown(consortium, person);
    Change::Participant(patient.to_owned(), Some(entry))
}

/// With the physicians Sato and Ito.
pub(crate) fn registry() -> Registry {
    let registry = Registry::default();
    for id in ["sato", "ito"] {
        registry.apply(practitioner(id, Role::Physician));
    }
    registry
}

#[test]
fn a_new_team_takes_the_place_of_the_former_one() {
    let registry = registry();
    registry.apply(team("A/1", &["sato", "ito"]));
    registry.apply(team("A/2", &["sato"]));
    assert!(registry.follows("ito", "A/1"));
    registry.apply(team("A/1", &["sato"]));
    assert!(!registry.follows("ito", "A/1"));
    assert_eq!(registry.patients_of("sato").len(), 2);
    registry.apply(Change::CareTeam("A/1".to_owned(), None));
    assert!(!registry.follows("sato", "A/1"));
    assert_eq!(registry.sizes().care_teams, 1);
    assert!(registry.patients_of("ito").is_empty());
}

#[test]
fn a_fallback_team_follows_the_patients_of_its_consortium_whom_no_other_team_follows() {
    let registry = registry();
    for patient in ["A/1", "A/2", "B/1"] {
        registry.apply(participant(patient));
    }
    registry.apply(team("A/1", &["sato"]));
    assert!(!registry.is_followed("A/2"));
    registry.apply(team("A/*", &["ito"]));
    assert_eq!(registry.patients_of("ito"), ["A/2".to_owned()].into());
    assert!(registry.follows("ito", "A/2") && registry.is_followed("A/2"));
    assert!(!registry.follows("ito", "A/1"), "another team follows the patient");
    assert!(!registry.follows("sato", "A/2") && !registry.follows("ito", "B/1"));

    let mut changes = registry.changes();
    changes.mark_unchanged();
    registry.has_alert("A/9");
    assert!(changes.has_changed().unwrap());
    assert_eq!(registry.patients_of("ito"), ["A/2".to_owned(), "A/9".to_owned()].into());
    changes.mark_unchanged();
    registry.has_alert("A/9");
    registry.has_alert("A/1");
    assert!(!changes.has_changed().unwrap(), "both are known");

    registry.apply(team("A/9", &["sato"]));
    assert_eq!(registry.patients_of("ito"), ["A/2".to_owned()].into());
    registry.apply(team("A/9", &[]));
    registry.apply(Change::Participant("A/2".to_owned(), None));
    assert_eq!(registry.patients_of("ito"), ["A/9".to_owned()].into());
    registry.apply(Change::CareTeam("A/*".to_owned(), None));
    assert!(registry.patients_of("ito").is_empty() && !registry.is_followed("A/9"));
}

#[test]
fn a_team_of_which_nobody_is_registered_to_see_patients_leaves_them_to_the_fallback_team() {
    let registry = registry();
    registry.apply(team("A/*", &["ito"]));
    registry.apply(participant("A/1"));
    registry.apply(team("A/1", &["mori", "ops"]));
    registry.apply(practitioner("ops", Role::Operator));
    assert!(registry.follows("ito", "A/1") && registry.is_followed("A/1"));
    assert!(!registry.follows("mori", "A/1") && !registry.follows("ops", "A/1"));
    assert!(registry.patients_of("ops").is_empty());
    let mine = BTreeSet::from(["A/1".to_owned()]);
    assert_eq!(registry.patients_of("ito"), mine);
    registry.apply(practitioner("mori", Role::Physician));
    assert!(registry.follows("mori", "A/1") && !registry.follows("ito", "A/1"));
    assert_eq!(registry.patients_of("mori"), mine);
    assert!(registry.patients_of("ito").is_empty());
    registry.apply(practitioner("mori", Role::Operator));
    assert_eq!(registry.patients_of("ito"), mine);
    registry.apply(Change::Practitioner("ito".to_owned(), None));
    assert!(!registry.is_followed("A/1") && registry.patients_of("ito").is_empty());
    // A care team that cannot be read is none.
    registry.apply(practitioner("ito", Role::Physician));
    registry.apply(team("A/1", &["sato"]));
    assert!(!registry.follows("ito", "A/1"));
    registry.apply(Change::CareTeam("A/1".to_owned(), None));
    assert!(registry.follows("ito", "A/1") && !registry.follows("sato", "A/1"));
}

#[test]
fn a_patient_with_an_alert_who_is_taken_off_the_list_stays_known() {
    let registry = registry();
    registry.apply(team("A/*", &["ito"]));
    registry.apply(participant("A/1"));
    registry.has_alert("A/1");
    registry.apply(Change::Participant("A/1".to_owned(), None));
    assert_eq!(registry.patients_of("ito"), ["A/1".to_owned()].into());
}

#[test]
fn what_changes_somebodys_patients_is_counted_for_them_alone() {
    let registry = registry();
    let versions = || (registry.version_of("sato"), registry.version_of("ito"));
    let start = versions();
    registry.apply(team("A/1", &["sato"]));
    assert_eq!(versions(), (start.0 + 1, start.1));
    registry.apply(team("A/1", &["sato"]));
    registry.apply(team("B/1", &["mori"]));
    registry.apply(participant("A/1"));
    registry.apply(team("A/*", &["ito"]));
    assert_eq!(versions(), (start.0 + 1, start.1), "nobody sees others than before");
    registry.apply(team("A/1", &[]));
    assert_eq!(versions(), (start.0 + 2, start.1 + 1));
    registry.has_alert("A/2");
    assert_eq!(versions(), (start.0 + 2, start.1 + 2));
}

#[test]
fn a_physician_who_is_struck_off_is_known_no_more() {
    let registry = Registry::default();
    let entry = Practitioner {
        practitioner_id: "sato".to_owned(),
        name: "Sato".to_owned(),
        role: Role::Physician,
    };
    registry.apply(Change::Practitioner("sato".to_owned(), Some(entry)));
    assert_eq!(registry.staff("sato").unwrap().role, Role::Physician);
    registry.apply(Change::Practitioner("sato".to_owned(), None));
    assert!(registry.staff("sato").is_none());
}

#[test]
fn a_patient_has_the_time_of_the_consortium_and_that_of_japan_without() {
    let registry = Registry::default();
    let zone = |zone: &str| {
        let (consortium_id, name) = ("EUR01".to_owned(), String::new());
        let entry = Consortium { consortium_id, name, time_zone: zone.to_owned() };
        registry.apply(Change::Consortium("EUR01".to_owned(), Some(entry)));
        registry.consortium_time("EUR01/P1").name().to_owned()
    };
    assert_eq!(zone("Europe/Berlin"), "Europe/Berlin");
    assert_eq!(registry.consortium_time("HOME01/P1").name(), "Asia/Tokyo");
    assert_eq!(zone("Europe/Nowhere"), "Asia/Tokyo");
}

#[test]
fn subscribers_are_notified_of_a_change_once() {
    let registry = Registry::default();
    let mut changes = registry.changes();
    assert!(!changes.has_changed().unwrap());
    registry.apply(team("A/1", &["sato"]));
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    assert!(!changes.has_changed().unwrap());
}
