use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::held_back::HeldBack;
use crate::patient::PatientId;
use crate::pause::{Pause, PauseReason};
use crate::schedule::{Expected, Schedule, Weekdays};

/// The numbers in use, but that patients are counted once an hour.
fn limits() -> Limits {
    Limits { every: Span::from_hours(1), ..Limits::default() }
}

/// Hours after midnight in Japan of Monday, 1 June 2026.
fn at(hours: i64) -> Timestamp {
    Timestamp::from_seconds(1_780_239_600) + Span::from_hours(hours)
}

fn vendor(name: &str) -> Group {
    Group::Vendor(name.into())
}

fn tally(expected: u32, heard: u32) -> Tally {
    Tally { members: expected, expected, heard, silent: expected - heard, own: expected - heard }
}

fn report(hours: i64, tallies: &[(&str, Tally)]) -> Report {
    let tallies = tallies.iter().map(|(name, tally)| (vendor(name), *tally)).collect();
    let counted_at = at(hours);
    let valid_until = counted_at + limits().valid_for();
    Report { counted_at, valid_until, tallies, silences: Silences::default() }
}

/// Judges reports of one vendor, hour by hour: expected and heard. Says from when until when it was
/// silent.
fn judged(hours: &[(u32, u32)]) -> Vec<(i64, Option<i64>)> {
    let mut silences = Silences::default();
    for (hour, (expected, heard)) in (0..).zip(hours) {
        let totals = Totals::at(at(hour), [&report(hour, &[("A", tally(*expected, *heard))])]);
        silences.judge(&totals, at(hour), &limits());
    }
    let hour = |time: Timestamp| (time - at(0)).millis() / 3_600_000;
    silences.iter().map(|one| (hour(one.since), one.ended.map(hour))).collect()
}

fn daily(days: Weekdays) -> Plan {
    let expected = Expected::new(Kind::BloodPressure, 3, 14).unwrap().on(days);
    let schedule = Schedule::new("Asia/Tokyo", date(2026, 5, 1), vec![expected]).unwrap();
    Plan::default().with_schedule(schedule)
}

fn presence(plan: &Plan, last: i64, hours: i64) -> Option<Presence> {
    let rhythm = Rhythm::beginning(at(last));
    Presence::of((plan, Kind::BloodPressure), &rhythm, at(hours), &limits())
}

#[test]
fn a_group_is_silent_when_a_tenth_is_heard_and_until_half_are() {
    assert_eq!(judged(&[(40, 40), (40, 5), (40, 4), (40, 19), (40, 3), (40, 20)]), [(2, Some(5))]);
    assert_eq!(judged(&[(40, 0)]), [(0, None)]);
    // What lies between neither begins nor ends one.
    assert!(judged(&[(40, 5), (40, 19)]).is_empty());
}

#[test]
fn of_fewer_than_ten_expected_patients_no_group_is_silent() {
    assert!(judged(&[(9, 0), (1, 0), (0, 0)]).is_empty());
    assert_eq!(judged(&[(10, 1)]), [(0, None)]);
}

#[test]
fn a_day_on_which_few_are_expected_ends_no_silence() {
    let mut silences = Silences::default();
    let mut judge = |hour, tally| {
        let totals = Totals::at(at(hour), [&report(hour, &[("A", tally)])]);
        silences.judge(&totals, at(hour), &limits());
        silences.open().count()
    };
    assert_eq!(judge(0, tally(40, 0)), 1);
    // A weekend: who is expected all the same is heard.
    let weekend = Tally { members: 40, expected: 2, heard: 2, silent: 38, own: 38 };
    assert_eq!(judge(1, weekend), 1);
    assert_eq!(judge(2, Tally { members: 5, ..Tally::default() }), 1);
    // Two weeks after the last was heard hardly anybody is a member.
    assert_eq!(judge(3, Tally { members: 4, ..Tally::default() }), 0);
}

#[test]
fn a_partition_that_stopped_counting_is_no_silence_and_keeps_nobody_waiting() {
    // Twelve patients were heard on one partition, when it counted last, and now it stands still.
    let stuck = report(0, &[("A", tally(12, 12))]);
    let silent = report(3, &[("A", tally(30, 0))]);
    let mut silences = Silences::default();
    let totals = Totals::at(at(3), [&stuck, &silent]);
    assert_eq!(totals.of(&vendor("A")).expected, 30, "its patients are neither expected nor heard");
    silences.judge(&totals, at(3), &limits());
    assert_eq!(silences.open().count(), 1);
    // Nothing but old counts: neither silent nor dissolved.
    let mut none = Silences::default();
    none.judge(&Totals::at(at(9), [&stuck, &silent]), at(9), &limits());
    silences.judge(&Totals::at(at(9), [&stuck, &silent]), at(9), &limits());
    assert_eq!((none.open().count(), silences.open().count()), (0, 1));
}

#[test]
fn counts_of_the_hour_before_are_used_until_the_next_come() {
    let [old, new] = [report(0, &[("A", tally(12, 0))]), report(1, &[("A", tally(12, 0))])];
    assert_eq!(Totals::at(at(2), [&old]).of(&vendor("A")).expected, 12);
    assert_eq!(Totals::at(at(3), [&old]).of(&vendor("A")).expected, 0);
    assert_eq!(Totals::at(at(3), [&old, &new]).of(&vendor("A")).expected, 12);
    assert_eq!(limits().next_count(at(0)), at(1));
    assert_eq!(limits().next_count(at(0) - Span::from_millis(1)), at(0));
}

#[test]
fn who_is_expected_is_so_on_every_day_that_the_time_looked_at_touches() {
    let expected = |plan: &Plan, hours| presence(plan, hours - 1, hours).unwrap().is_expected;
    let every_day = daily(Weekdays::ALL);
    assert!(expected(&every_day, 3) && expected(&every_day, 150));
    // From Monday to Friday: not on Monday as long as Sunday is looked at, nor on Saturday.
    let weekdays = daily(Weekdays::of(&[1, 2, 3, 4, 5]).unwrap());
    assert!(!expected(&weekdays, 12));
    assert!(expected(&weekdays, 27) && expected(&weekdays, 119));
    assert!(!expected(&weekdays, 121));
    let mut paused = daily(Weekdays::ALL);
    let day = date(2026, 6, 2);
    paused.pauses.push(Pause::new(day, day, PauseReason::Hospital).unwrap());
    assert!(expected(&paused, 23) && !expected(&paused, 25) && !expected(&paused, 70));
    assert!(expected(&paused, 75));
}

#[test]
fn who_was_not_heard_for_two_weeks_or_is_expected_to_send_nothing_is_no_member() {
    let plan = daily(Weekdays::ALL);
    assert!(presence(&plan, 0, 14 * 24).is_some());
    assert_eq!(presence(&plan, 0, 14 * 24 + 1), None);
    assert_eq!(presence(&Plan::default(), 0, 1), None);
    let rhythm = Rhythm::beginning(at(0));
    assert_eq!(Presence::of((&plan, Kind::BodyTemperature), &rhythm, at(1), &limits()), None);
}

#[test]
fn a_pause_that_is_usual_is_not_late_and_nobody_waits_longer_than_27_hours() {
    let every = |minutes: i64, weeks: i64| {
        let mut rhythm = Rhythm::beginning(at(0));
        let mut now = 0;
        while now < weeks * 7 * 24 * 60 {
            now += minutes;
            rhythm.hear(at(0) + Span::from_minutes(now));
        }
        rhythm.patience(&limits())
    };
    // A sensor; who measures in the morning and in the evening; who measures once a day.
    assert_eq!(every(5, 3), Span::from_hours(5));
    assert_eq!(every(12 * 60, 3), Span::from_hours(15));
    assert_eq!(every(24 * 60, 3), Span::from_hours(27));
    // As long as it is not known what is usual.
    assert_eq!(every(5, 1), Span::from_hours(27));
    // A night without a connection is usual in a week that has had one.
    let mut rhythm = Rhythm::beginning(at(0));
    for hour in 0..24 * 21 {
        if hour % 24 >= 8 {
            rhythm.hear(at(hour));
        }
    }
    assert_eq!(rhythm.patience(&limits()), Span::from_minutes(9 * 60 * 5 / 4));
}

#[test]
fn a_receipt_that_comes_before_the_last_changes_nothing() {
    let mut rhythm = Rhythm::beginning(at(5));
    let known = rhythm;
    rhythm.hear(at(4));
    assert_eq!(rhythm, known);
}

#[test]
fn a_patient_who_is_heard_by_one_of_two_devices_is_heard() {
    let [late, heard] = [(true, true), (false, false)]
        .map(|(is_expected, is_late)| Presence { is_expected, is_late });
    assert_eq!(late.and(heard), Presence { is_expected: true, is_late: false });
    let mut counted = Tally::default();
    counted.count(late.and(heard));
    counted.count(late);
    assert_eq!(counted, Tally { members: 2, expected: 2, heard: 1, silent: 1, own: 0 });
}

/// Reports that have judged these groups to be silent.
fn judged_silent(tallies: Vec<(Group, Tally)>) -> Report {
    let silence =
        |(group, _): &(Group, Tally)| Silence { group: group.clone(), since: at(1), ended: None };
    Report {
        silences: tallies.iter().map(silence).collect(),
        tallies: tallies.into_iter().collect(),
        ..report(2, &[])
    }
}

#[test]
fn an_outage_is_reported_once_of_its_largest_group_and_with_its_patients() {
    let model = Group::Model { manufacturer: "A".into(), number: "X".into() };
    let one = judged_silent(vec![
        (vendor("A"), Tally { own: 30, ..tally(30, 0) }),
        (Group::Consortium("HOME01".into()), Tally { own: 4, ..tally(20, 0) }),
        (model, Tally { own: 0, ..tally(20, 0) }),
    ]);
    let other = judged_silent(vec![(vendor("A"), tally(12, 1))]);
    let reported = silent_groups([&one, &other].into_iter());
    let expected = SilentGroup {
        group: vendor("A"),
        since: at(1),
        patients: 41,
        members: 42,
        counted_at: at(2),
    };
    assert_eq!(reported, [expected]);
    assert!(silent_groups(std::iter::empty()).is_empty());
}

#[test]
fn what_a_partition_said_that_stands_still_is_reported_no_more() {
    let stuck = judged_silent(vec![(vendor("A"), tally(30, 0))]);
    let newer = report(5, &[("A", tally(10, 10))]);
    assert_eq!(silent_groups([&stuck].into_iter()).len(), 1);
    assert!(silent_groups([&stuck, &newer].into_iter()).is_empty());
}

#[test]
fn groups_are_ordered_by_their_silent_patients_and_the_vendor_comes_first() {
    let consortium = Group::Consortium("HOME01".into());
    let all = judged_silent(vec![
        (consortium.clone(), tally(20, 0)),
        (vendor("A"), tally(20, 0)),
        (vendor("B"), tally(25, 0)),
    ]);
    let totals = Totals::at(at(2), [&all]);
    let order = all.silences.by_size(&totals);
    assert_eq!(order, [&vendor("B"), &vendor("A"), &consortium]);
}

#[test]
fn a_hold_without_an_end_lasts_three_days_and_one_after_another_no_longer() {
    let hold = |from, until| HeldBack { kind: Kind::BloodPressure, from, until };
    let release = |held: &[HeldBack], hours| {
        (HeldBack::release(held, Kind::BloodPressure, at(hours)) - at(0)).millis() / 3_600_000
    };
    assert_eq!(release(&[], 10), 10);
    assert_eq!(release(&[hold(at(5), Timestamp::LATEST)], 10), 10 + 72);
    assert_eq!(release(&[hold(at(11), Timestamp::LATEST)], 10), 10);
    assert_eq!(release(&[hold(at(5), at(10))], 10), 10);
    assert_eq!(release(&[hold(at(20), at(40)), hold(at(5), at(30))], 10), 40);
    assert_eq!(release(&[hold(at(20), at(400)), hold(at(5), at(30))], 10), 82);
    let other = [hold(at(5), at(30))];
    assert_eq!(HeldBack::release(&other, Kind::BodyTemperature, at(10)), at(10));
}

#[test]
fn alerts_are_held_back_from_when_a_group_was_silent_until_a_day_after_it() {
    let silence = |name, since, ended: Option<i64>| Silence {
        group: vendor(name),
        since: at(since),
        ended: ended.map(at),
    };
    let silences: Silences =
        [silence("A", 1, Some(5)), silence("B", 2, None), silence("A", 50, None)]
            .into_iter()
            .collect();
    let times = |group: &Group| match *group == vendor("A") {
        true => always(),
        false => Times::new(),
    };
    let held = silences.held_back(Kind::BloodPressure, &limits(), times);
    let held: Vec<(Timestamp, Timestamp)> =
        held.iter().map(|held| (held.from, held.until)).collect();
    assert_eq!(held, [(at(1), at(29)), (at(50), Timestamp::LATEST)]);
}

proptest! {
    #[test]
    fn how_patients_lie_in_partitions_changes_nothing(
        patients in prop::collection::vec((any::<bool>(), any::<bool>(), 0..6_usize), 0..120),
    ) {
        let count = |of_partition: &dyn Fn(usize) -> bool| {
            let mut counted = Tally::default();
            for (is_expected, is_late, partition) in &patients {
                if of_partition(*partition) {
                    counted.count(Presence { is_expected: *is_expected, is_late: *is_late });
                }
            }
            report(0, &[("A", counted)])
        };
        let whole = count(&|_| true);
        let parts: Vec<Report> = (0..6).map(|one| count(&|partition| partition == one)).collect();
        let of = |reports: Vec<&Report>| {
            let totals = Totals::at(at(0), reports);
            let mut silences = Silences::default();
            silences.judge(&totals, at(0), &limits());
            (totals, silences)
        };
        let (one, cut) = (of(vec![&whole]), of(parts.iter().rev().collect()));
        prop_assert_eq!(&one.1, &cut.1);
        prop_assert_eq!(one.0.of(&vendor("A")), cut.0.of(&vendor("A")));
        // Whoever judges the same again finds nothing new.
        let mut again = one.1.clone();
        prop_assert!(again.judge(&cut.0, at(0), &limits()).is_empty());
        let expected = patients.iter().filter(|(is_expected, ..)| *is_expected).count();
        prop_assert!(expected >= 10 || one.1.is_empty());
    }

    #[test]
    fn silences_of_a_group_follow_one_another_and_end(
        hours in prop::collection::vec((0..30_u32, 0..30_u32), 1..60),
    ) {
        let hours: Vec<(u32, u32)> =
            hours.into_iter().map(|(expected, heard)| (expected, heard.min(expected))).collect();
        let found = judged(&hours);
        for pair in found.windows(2) {
            prop_assert!(pair[0].1.is_some_and(|ended| ended < pair[1].0), "{:?}", found);
        }
        let mut then = hours;
        then.push((20, 20));
        prop_assert!(judged(&then).iter().all(|(_, ended)| ended.is_some()));
    }

    #[test]
    fn nothing_is_released_before_it_is_due_nor_three_days_after(
        holds in prop::collection::vec((0..200_i64, 0..100_i64), 0..6),
        due in 0..200_i64,
    ) {
        let held: Vec<HeldBack> = holds
            .iter()
            .map(|(from, lasts)| HeldBack {
                kind: Kind::BloodPressure,
                from: at(*from),
                until: at(from + lasts),
            })
            .collect();
        let release = HeldBack::release(&held, Kind::BloodPressure, at(due));
        prop_assert!((at(due)..=at(due) + HELD_BACK_AT_MOST).contains(&release));
        let covers = |hold: &HeldBack| hold.from <= release && release < hold.until;
        prop_assert!(release == at(due) + HELD_BACK_AT_MOST || !held.iter().any(covers));
    }
}

#[test]
fn a_product_is_known_however_its_name_is_written_and_a_model_is_one_of_its_vendor() {
    let mut groups = Groups::default();
    let mut heard = Heard::default();
    for (manufacturer, model) in [("ＯＭＲＯＮ", Some("7600T ")), (" OMRON", Some("7600T"))] {
        let product = groups.product(manufacturer, model);
        heard.hear(Kind::BloodPressure, product, at(0), &mut groups);
    }
    let model = Group::Model { manufacturer: "OMRON".into(), number: "7600T".into() };
    let names: Vec<&Group> = groups.iter().map(|(_, group)| group).collect();
    assert_eq!(names, [&vendor("OMRON"), &model]);
    let is_of = |kind, group| !heard.times_of(kind, group, &groups).is_empty();
    assert!(is_of(Kind::BloodPressure, &model));
    assert!(!is_of(Kind::BodyTemperature, &model));
    assert!(!is_of(Kind::BloodPressure, &vendor("TERUMO")));
    // Blank is no model.
    groups.product("TERUMO", Some(" "));
    assert_eq!(groups.iter().filter(|(_, group)| matches!(group, Group::Model { .. })).count(), 1);
}

/// Patients of one consortium with devices of these vendors, heard last at these hours.
fn counted(patients: &[(&str, &[(&str, i64)])], hours: i64, silences: &Silences) -> Report {
    let mut groups = Groups::default();
    let plan = daily(Weekdays::ALL);
    let heard: Vec<(PatientId, Heard)> = patients
        .iter()
        .map(|(person, devices)| {
            let mut heard = Heard::default();
            for (vendor, last) in *devices {
                let product = groups.product(vendor, None);
                heard.hear(Kind::BloodPressure, product, at(*last), &mut groups);
            }
            (PatientId::from_parts("HOME01", person).unwrap(), heard)
        })
        .collect();
    let patients = heard.iter().map(|(patient, heard)| (patient, &plan, heard));
    let known = Known { others: std::iter::empty(), is_unsure: false, silences };
    super::report(patients, &groups, known, at(hours), &limits()).report
}

#[test]
fn a_patient_counts_for_the_product_that_was_heard_last_and_for_the_consortium() {
    let found =
        counted(&[("P1", &[("A", 0), ("B", 40)]), ("P2", &[("A", 0)])], 50, &Silences::default());
    let of = |group: &Group| found.tallies.get(group).map(|tally| (tally.members, tally.silent));
    assert_eq!(of(&vendor("A")), Some((1, 1)));
    assert_eq!(of(&vendor("B")), Some((1, 0)));
    assert_eq!(of(&Group::Consortium("HOME01".into())), Some((2, 1)));
    assert_eq!(found.valid_until, at(50) + limits().valid_for());
    // Of nobody there is nothing to come.
    assert_eq!(counted(&[], 50, &Silences::default()).valid_until, Timestamp::LATEST);
}

#[test]
fn a_silent_patient_is_counted_as_the_own_of_the_largest_silent_group() {
    let silence = |group| Silence { group, since: at(1), ended: None };
    let silences =
        [vendor("A"), Group::Consortium("HOME01".into())].map(silence).into_iter().collect();
    let [silent, other, heard]: [&[(&str, i64)]; 3] = [&[("A", 0)], &[("B", 0)], &[("A", 49)]];
    let mut patients = ["P1", "P2", "P3", "P4", "P5", "P6"].map(|person| (person, silent)).to_vec();
    patients.extend(["P7", "P8", "P9"].map(|person| (person, other)));
    patients.push(("P10", heard));
    let found = counted(&patients, 50, &silences);
    let own = |group: &Group| found.tallies[group].own;
    assert_eq!(own(&Group::Consortium("HOME01".into())), 9, "the larger of the two");
    assert_eq!(own(&vendor("A")), 0);
}
