//! Who is in the table, and in which order.

use clinical::metrics::Aggregate;
use clinical::statistics::Mean;

use super::*;
use crate::model;

fn now_of_test() -> Timestamp {
    model::time::parse("2026-11-22T03:00:00Z").unwrap()
}

fn query(kind: Option<Kind>, show: Show) -> TrendsQuery {
    TrendsQuery { kind, sought: None, show, page: None }
}

/// A week after a week of 120 that differs by 10 from day to day: so many days of a mean.
fn days(kind: Kind, last: i64, mean: f64) -> DaysOfPatient {
    let today = JAPAN.day_of(now_of_test());
    let day = |ago: i64, mean: f64| {
        let mean = mean + if ago % 2 == 0 { 5.0 } else { -5.0 };
        let aggregate = Aggregate { values: 1, mean: Mean::of(1, mean), ..Aggregate::default() };
        let of: Date = today - jiff::Span::new().days(ago);
        Bucket { of, aggregate, time: clinical::glucose::bands::InBands::default() }
    };
    let before = (7..14).map(|ago| day(ago, 120.0));
    let days: Vec<_> = (0..last).map(|ago| day(ago, mean)).chain(before).collect();
    compared_series(kind).into_iter().map(|series| ((kind, series), days.clone())).collect()
}

fn people(of: &[(&str, Option<Severity>)]) -> People {
    let person = |(patient, severity): &(&str, Option<Severity>)| Person {
        patient: (*patient).to_owned(),
        zone: "Asia/Tokyo".to_owned(),
        severity: *severity,
    };
    let clocks = [("Asia/Tokyo".to_owned(), JAPAN.clone())].into();
    People { people: of.iter().map(person).collect(), clocks }
}

fn names<'p>(found: &[Found<'p>]) -> Vec<&'p str> {
    found.iter().map(|one| one.person.patient.as_str()).collect()
}

#[test]
fn the_worst_alert_comes_first_then_who_measures_less_then_the_greatest_change() {
    let people = people(&[
        ("A/1-steady", None),
        ("A/2-moved", None),
        ("A/3-moved-more", None),
        ("A/4-less", None),
        ("A/5-nothing", None),
        ("A/6-review", Some(Severity::Review)),
        ("A/7-urgent", Some(Severity::Urgent)),
    ]);
    let with = |last, mean| days(Kind::BloodPressure, last, mean);
    let of: BTreeMap<String, DaysOfPatient> = [
        ("A/1-steady", with(7, 120.0)),
        ("A/2-moved", with(7, 110.0)),
        ("A/3-moved-more", with(7, 135.0)),
        ("A/4-less", with(4, 120.0)),
        ("A/6-review", with(7, 120.0)),
    ]
    .map(|(patient, days)| (patient.to_owned(), days))
    .into();
    let found =
        |query: &TrendsQuery| names(&people.found(of.clone(), query, now_of_test())).join(" ");
    assert_eq!(
        found(&query(None, Show::All)),
        "A/7-urgent A/6-review A/4-less A/3-moved-more A/2-moved A/1-steady A/5-nothing"
    );
    assert_eq!(found(&query(None, Show::Few)), "A/7-urgent A/4-less A/5-nothing");
    assert_eq!(
        found(&query(Some(Kind::BloodPressure), Show::All)),
        "A/6-review A/4-less A/3-moved-more A/2-moved A/1-steady",
        "who has not measured the kind that is asked for is left out"
    );
}

#[test]
fn who_measures_one_kind_often_enough_has_not_too_few_values_for_seldom_measuring_another() {
    let people = people(&[("A/1-seldom", None), ("A/2-otherwise", None), ("A/3-less", None)]);
    let with = |kind, last| days(kind, last, 120.0);
    let mut seldom = with(Kind::BloodPressure, 7);
    // Weighed twice in two weeks, and never more often.
    let weights = with(Kind::WeighingScale, 1);
    seldom.extend(weights.into_iter().map(|(of, days)| (of, vec![days[0], days[7]])));
    // Finger-sticks instead of those of the laboratory: glucose is measured as before.
    let mut otherwise = with(Kind::BloodGlucose, 7);
    otherwise.retain(|(_, series), _| series.method != "continuous_sensor");
    for ((_, series), days) in &mut otherwise {
        days.drain(if series.method == "laboratory" { 0..7 } else { 7..14 });
    }
    let mut less = with(Kind::BloodPressure, 7);
    less.extend(with(Kind::WeighingScale, 2));
    let of: BTreeMap<String, DaysOfPatient> =
        [("A/1-seldom", seldom), ("A/2-otherwise", otherwise), ("A/3-less", less)]
            .map(|(patient, days)| (patient.to_owned(), days))
            .into();
    let found = |show| people.found(of.clone(), &query(None, show), now_of_test());
    assert_eq!(names(&found(Show::Few)), ["A/3-less"]);
    let less: Vec<_> = found(Show::All).iter().map(|one| one.order.measures_less).collect();
    assert_eq!(less, [true, false, false]);
}

#[test]
fn a_row_has_the_means_of_all_its_fields_and_no_change_of_too_few_days() {
    let row = |last| {
        let days = days(Kind::BloodPressure, last, 130.0);
        rows(&days, Kind::BloodPressure, (&JAPAN, now_of_test())).remove(0)
    };
    let enough = row(7);
    let fields: Vec<_> = enough.week.means.iter().map(|mean| mean.field).collect();
    assert_eq!(fields, ["systolic", "diastolic"]);
    assert_eq!((enough.week.days, enough.week.days_of_period, enough.week.is_enough), (7, 7, true));
    assert!(enough.week.means.iter().all(|mean| mean.before.is_some()));
    assert_eq!(enough.last_day, "2026-11-22");
    let few = row(3);
    assert_eq!((few.week.days, few.week.days_needed, few.week.is_enough), (3, Some(5), false));
    assert!(few.week.means.iter().all(|mean| mean.mean.is_some() && mean.before.is_none()));
    assert_eq!((few.month.days, few.month.days_needed), (10, Some(22)));
}

#[test]
fn a_row_says_how_many_values_its_mean_leaves_out_and_compares_no_mean_without_many() {
    let mut days = days(Kind::BloodGlucose, 7, 130.0);
    days.retain(|(_, series), _| series.method == "finger_stick");
    for day in days.values_mut().flatten().take(3) {
        day.aggregate.values = 2;
    }
    let week = rows(&days, Kind::BloodGlucose, (&JAPAN, now_of_test())).remove(0).week;
    assert_eq!((week.values, week.values_beyond, week.is_enough), (10, 3, true));
    assert!(week.means[0].mean.is_some() && week.means[0].before.is_none());
}

#[test]
fn each_way_of_measuring_glucose_is_a_row_and_steps_are_none() {
    let days = days(Kind::BloodGlucose, 7, 130.0);
    let rows = rows(&days, Kind::BloodGlucose, (&JAPAN, now_of_test()));
    let methods: Vec<_> = rows.iter().filter_map(|row| row.method).collect();
    assert_eq!(methods, ["continuous_sensor", "finger_stick", "laboratory"]);
    assert!(query(Some(Kind::Activity), Show::All).kinds().is_err());
    assert!(query(Some(Kind::Hba1c), Show::All).kinds().is_err(), "a check-up is no week");
    assert_eq!(query(Some(Kind::BloodGlucose), Show::All).kinds(), Ok(vec![Kind::BloodGlucose]));
}

#[test]
fn patients_of_one_clock_are_asked_for_together() {
    let mut people = people(&[("A/1", None), ("B/1", None), ("A/2", None)]);
    people.people[1].zone = "Asia/Kathmandu".to_owned();
    let of = |zone: &OneZone<'_>| (zone.local.name().to_owned(), zone.patients.join(" "));
    let zones: Vec<_> = people.zones(people.people.iter()).iter().map(of).collect();
    assert_eq!(zones.len(), 2);
    assert_eq!(zones[0].1, "B/1");
    assert_eq!(zones[1].1, "A/1 A/2");
}

#[tokio::test(start_paused = true)]
async fn a_table_of_many_questions_is_given_up_after_fifteen_seconds_in_all() {
    let begin = time::Instant::now();
    let mut answered = 0;
    let slow = async || {
        time::sleep(Duration::from_secs(4)).await;
        Ok(())
    };
    let given_up = loop {
        match before(begin + LONGEST, slow()).await {
            Ok(()) => answered += 1,
            Err(problem) => break problem,
        }
    };
    assert_eq!((answered, begin.elapsed()), (3, Duration::from_secs(15)));
    assert_eq!(given_up, Problem::store_unavailable());
}
