use super::*;

const SOUND: &str = r#"
about = "A test"
days = 20

[patient]
profile = "elderly"
programme = "copd"
expects = ["blood_pressure"]
owns = ["scale"]
systolic = 128

[[change]]
quantity = "weight"
by = 4
day = 10
at = "06:00"
lasts = "4 days"
rise = "2 days"
fall = "1 day"

[[alert]]
rule = "weight.gain"
urgency = "review"
state = "open"
"#;

fn planted(text: &str) -> Planted {
    let scenario = Scenario::parse("test", text).unwrap();
    Planted { scenario: Arc::new(scenario), start: Day(20_000).start() }
}

fn fault(instead_of: &str, text: &str) -> String {
    let broken = SOUND.replacen(instead_of, text, 1);
    assert_ne!(broken, SOUND);
    Scenario::parse("test", &broken).unwrap_err().to_string()
}

#[test]
fn every_file_is_a_scenario_with_an_alert_that_it_ends_in() {
    for scenario in all() {
        assert!(!scenario.alerts.is_empty() && !scenario.about.is_empty(), "{}", scenario.name);
        assert!(scenario.onset() > Span::from_days(7), "{}: a usual week first", scenario.name);
    }
}

#[test]
fn what_no_scenario_has_is_refused_with_its_line_and_key() {
    let said = fault("quantity =", "quality = \"weight\"\nquantity =");
    assert!(said.starts_with("line 13, quality: unknown field `quality`"), "{said}");
    let said = fault("programme = \"copd\"", "programme = \"asthma\"");
    assert!(said.starts_with("line 7, programme: no programme is named asthma"), "{said}");
    let said = fault("\"weight.gain\"", "\"weight.gian\"");
    assert!(said.starts_with("line 22, rule: no rule is named weight.gian"), "{said}");
    let said = fault("\"06:00\"", "\"6 am\"");
    assert!(said.starts_with("line 16, at: write a time as 02:30"), "{said}");
    let said = fault("day = 10", "day = 18");
    assert!(said.starts_with("line 15, day: it lasts longer than"), "{said}");
    let said = fault("expects = [\"blood_pressure\"]", "expects = [\"mood\"]");
    assert!(said.starts_with("line 8, expects: unknown variant `mood`"), "{said}");
    let said = fault("[[alert]]", "[[alarm]]");
    assert!(said.starts_with("line 21, [[alarm]]: unknown field `alarm`"), "{said}");
}

#[test]
fn a_change_rises_stays_and_falls() {
    let planted = planted(SOUND);
    let after = |hours: i64| {
        let at = planted.start + Span::from_days(10) + Span::from_hours(6 + hours);
        planted.change(Quantity::Weight, at)
    };
    assert_eq!([-1, 0, 24, 48, 71].map(after), [0.0, 0.0, 2.0, 4.0, 4.0]);
    assert_eq!([84, 96].map(after), [2.0, 0.0]);
    assert_eq!(planted.change(Quantity::Pulse, planted.start + Span::from_days(12)), 0.0);
    assert_eq!(planted.scenario.onset(), Span::from_days(10) + Span::from_hours(6));
}

#[test]
fn who_is_in_a_scenario_is_the_person_that_it_says() {
    let scenario = Arc::new(Scenario::parse("test", SOUND).unwrap());
    let patient = Patient::in_scenario(5, 3, 2, &scenario, Day(20_000));
    assert_eq!((patient.profile, patient.pressure.systolic), (Profile::Elderly, 128.0));
    assert!(patient.owned.scale && !patient.owned.oximeter);
    assert_eq!(patient.id, Patient::of(5, 3, 2).id);
    let plan = scenario.care_plan(Day(20_000));
    assert_eq!(plan.programme().map(|programme| programme.name), Some("copd"));
    assert_eq!(plan.schedule.unwrap().expected().len(), 1);
}

#[test]
fn what_a_silence_holds_back_comes_later_or_never_and_a_wrong_clock_counts_on() {
    let patient = Patient::of(1, 0, 1);
    let (from, to) = (Day(20_000).start(), Day(20_020).start());
    let with = |table: &str| planted(&format!("{SOUND}\n{table}"));
    let during = "day = 5\nat = \"00:00\"\nlasts = \"2 days\"";
    let registered = |planted: &Planted| -> Vec<Reading> {
        let all = crate::truth(&patient, from, to);
        let cuffs = all.filter(|one| one.measurement.kind() == Kind::BloodPressure);
        cuffs.filter_map(|reading| planted.registered(reading)).collect()
    };
    let usual = registered(&planted(SOUND));
    let ended = from + Span::from_days(7);

    let silent = registered(&with(&format!("[[silence]]\n{during}")));
    assert!(silent.len() < usual.len());
    let later = registered(&with(&format!("[[silence]]\n{during}\nsent_later = true")));
    assert_eq!(later.len(), usual.len());
    let held: Vec<_> = later.iter().zip(&usual).filter(|(one, other)| one != other).collect();
    assert_eq!(held.len(), usual.len() - silent.len());
    assert!(held.iter().all(|(one, _)| one.update_time >= ended.millis()));

    let shows = "kind = \"blood_pressure\"\nshows = \"2020-01-01T00:00:00+09:00\"";
    let reset = registered(&with(&format!("[[clock]]\n{shows}\n{during}")));
    let changed: Vec<i64> = reset.iter().map(|one| one.observation_time).collect();
    let wrong: Vec<i64> = changed.into_iter().filter(|at| *at < from.millis()).collect();
    assert_eq!(wrong.len(), usual.len() - silent.len());
    assert!(wrong.is_sorted());
}

#[test]
fn each_scenario_happens_to_some_of_a_population_of_one_physician() {
    let today = Day(20_458);
    let mut people = crate::population::population(3, 200, 4);
    plant(&mut people, 2, today, (3, 4));
    let planted: Vec<_> = people.iter().filter(|one| one.planted.is_some()).collect();
    assert_eq!(planted.len(), 2 * all().len());
    assert!(planted.iter().all(|one| one.index % 5 == 0));
    for Planted { scenario, start } in planted.iter().filter_map(|one| one.planted.as_ref()) {
        let began = *start + scenario.onset();
        let yesterday = Day(today.0 - 1).start();
        assert!(began < today.start() && began >= yesterday - Span::from_days(3));
    }
    let mut few = crate::population::population(3, 7, 4);
    plant(&mut few, 2, today, (3, 4));
    assert_eq!(few.iter().filter(|one| one.planted.is_some()).count(), 2);
}
