//! A vendor falls silent: patients of two partitions, hour by hour.

use crate::published;

use clinical::alert::{Alert, Transition};
use clinical::silence::{
    Group, Groups, Heard, Known, Limits, Silence, SilentGroup, report, silent_groups,
};
use clinical::{Kind, PatientId, Span, Timestamp};
use processor::{FollowedReports, Partition};
use schemas::reading::{Device, Reading, Source};
use schemas::records::{ExpectedReadings, SilenceReport};
use schemas::{CarePlan, Codec, Product};

use published::{Published, START, Step, plan, reading, take};

const DAY: i64 = 24;

/// Everybody measures in this hour of the run's days, at about 08:26 in Japan.
const MORNING: i64 = 3;

/// From this hour on nothing comes by way of the silent vendor.
const OUTAGE: i64 = 21 * DAY + MORNING + 1;

/// When it is back.
const BACK: i64 = 23 * DAY + 7;

/// In this hour what was due this morning has been reported: the day after the outage's has no reading.
const DUE: i64 = 23 * DAY + 2;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_millis(START) + Span::from_hours(hours)
}

/// Patients with even numbers are of the vendor that falls silent.
fn vendor_of(patient: u8) -> &'static str {
    if patient.is_multiple_of(2) { "SILENT" } else { "OTHER" }
}

/// A reading of the hour, by a device of a vendor.
fn measured(patient: u8, hour: i64, vendor: &str) -> Reading {
    let minute = hour * 60;
    let step =
        Step { patient, minute, systolic: 120, update: 0, entered_in_error: false, pause: 0 };
    let manufacturer = vendor.to_owned();
    let device = Device { manufacturer, model_number: Some("X".into()), serial: "1".into() };
    Reading { source: Source::Device(device), ..reading(&step) }
}

fn daily(patient: u8, missing_after_days: i32) -> CarePlan {
    let mut plan = plan();
    plan.patient = format!("HOME01/P{patient}");
    let schedule = plan.schedule.as_mut().unwrap();
    // The run begins early in the morning of this day in Japan.
    schedule.start += 1;
    schedule.expected = vec![ExpectedReadings::daily("blood_pressure", missing_after_days, 14)];
    plan
}

/// One partition, and what it has published.
struct Part {
    number: i32,
    patients: Vec<u8>,
    partition: Partition,
    published: Published,
}

impl Part {
    fn new(number: i32, patients: Vec<u8>, missing_after_days: i32, codec: &Codec) -> Self {
        let mut part = Self {
            number,
            patients,
            partition: Partition::default(),
            published: Published::new(codec),
        };
        let encoder = codec.encoder::<CarePlan>("care.plans").unwrap();
        for patient in part.patients.clone() {
            let plan = daily(patient, missing_after_days);
            let id = PatientId::parse(&plan.patient).unwrap();
            let bytes = encoder.encode(&plan).unwrap();
            part.published.plans.push((plan.patient.clone(), bytes));
            part.partition.set_plan(&id, Some(plan.validate().unwrap()));
        }
        part
    }

    fn pass_time(
        &mut self,
        now: Timestamp,
        (reports, is_readable): (&FollowedReports, bool),
        codec: &Codec,
    ) -> Vec<Alert> {
        self.partition.listen(self.number, &reports.current());
        let mut changes = self.partition.advance(now);
        while self.partition.due().is_some_and(|due| due <= now) {
            self.partition.sweep(now);
            changes.extend(self.partition.advance(now));
        }
        if let Some(report) = self.partition.take_report() {
            let record = SilenceReport::of(self.number, &report);
            let bytes = codec.encoder("silences").unwrap().encode(&record).unwrap();
            self.published.silences.push(bytes);
            match is_readable {
                true => reports.apply(self.number, Some(report)),
                false => reports.apply_unreadable(self.number, now),
            }
        }
        self.published.report(&changes);
        changes
    }

    fn receive(&mut self, wire: &Reading, received: Timestamp) -> Vec<Alert> {
        let (mut changes, outcome, applied) = take(&mut self.partition, wire, received);
        self.published.report(&changes);
        self.published.take(wire, outcome, received);
        self.published.report(&applied);
        let Source::Device(device) = &wire.source else { panic!("a device") };
        let model_number = device.model_number.as_deref();
        let product = Product { manufacturer: &device.manufacturer, model_number };
        let patient = wire.validate(received).unwrap().patient;
        self.partition.hear(&patient, Kind::BloodPressure, Some(product), received);
        changes.extend(applied);
        changes
    }

    fn restart(&mut self, now: Timestamp) {
        self.partition = self.published.rebuild(now);
    }
}

/// What was said of missing readings: of whom, and in which hour of the run.
type Said = Vec<(String, Transition, i64)>;

/// Patients measure hour by hour until an hour.
struct Run {
    patients: u8,
    until: i64,
    /// Partitions are lost and rebuilt every so many hours.
    restarts: Option<i64>,
    missing_after_days: i32,
    vendor: fn(u8, i64) -> &'static str,
    /// Whether the report of an hour and a partition can be read.
    is_readable: fn(i64, i32) -> bool,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            patients: 60,
            until: BACK,
            restarts: None,
            missing_after_days: 1,
            vendor: |patient, _| vendor_of(patient),
            is_readable: |_, _| true,
        }
    }
}

fn run(
    patients: u8,
    until: i64,
    restarts: Option<i64>,
    measures: impl Fn(u8, i64) -> bool,
    look: impl FnMut(i64, &[SilentGroup]),
) -> Said {
    Run { patients, until, restarts, ..Run::default() }.let_measure(measures, look)
}

impl Run {
    /// Who measures when is said by `measures`. What is silent is looked at in every hour.
    fn let_measure(
        &self,
        measures: impl Fn(u8, i64) -> bool,
        mut look: impl FnMut(i64, &[SilentGroup]),
    ) -> Said {
        let codec = Codec::new(None).unwrap();
        let reports = FollowedReports::default();
        let mut parts = [0, 1].map(|number| {
            let is_of = |patient: &u8| i32::from(*patient / 2 % 2) == number;
            let patients = (0..self.patients).filter(is_of).collect();
            Part::new(number, patients, self.missing_after_days, &codec)
        });
        let mut said = Said::new();
        let mut add = |alerts: Vec<Alert>| {
            let is_missing = |alert: &&Alert| alert.rule.as_str().starts_with("data.missing");
            for alert in alerts.iter().filter(is_missing) {
                let hour = (alert.changed_at - at(0)).millis() / 3_600_000;
                said.push((alert.patient.as_str().to_owned(), alert.transition, hour));
            }
        };
        for hour in 0..self.until {
            for part in &mut parts {
                let number = i64::from(part.number);
                if self.restarts.is_some_and(|every| (hour + number) % every == 0) {
                    part.restart(at(hour));
                }
                let is_readable = (self.is_readable)(hour, part.number);
                add(part.pass_time(at(hour), (&reports, is_readable), &codec));
                for patient in part.patients.clone() {
                    if measures(patient, hour) {
                        let received = at(hour) + Span::from_minutes(1);
                        let vendor = (self.vendor)(patient, hour);
                        add(part.receive(&measured(patient, hour, vendor), received));
                    }
                }
            }
            look(hour, &silent_groups(reports.current().iter()));
            // Patients are counted in each quarter of the hour.
            for minutes in [15, 30, 45] {
                for part in &mut parts {
                    let is_readable = (self.is_readable)(hour, part.number);
                    let now = at(hour) + Span::from_minutes(minutes);
                    add(part.pass_time(now, (&reports, is_readable), &codec));
                }
            }
        }
        said.sort();
        said
    }
}

/// In the morning; not while the vendor is away; and of both vendors one stops for good.
fn outage(patient: u8, hour: i64, back: i64) -> bool {
    let is_away = vendor_of(patient) == "SILENT" && (OUTAGE..back).contains(&hour);
    let has_stopped = patient < 2 && hour >= OUTAGE;
    (hour % DAY == MORNING || hour == back) && !is_away && !has_stopped
}

fn raised(patient: u8, hours: std::ops::RangeInclusive<i64>, said: &Said) -> bool {
    said.iter().any(|(who, transition, hour)| {
        *who == format!("HOME01/P{patient}")
            && *transition == Transition::Raised
            && hours.contains(hour)
    })
}

#[test]
fn a_silent_vendor_is_reported_once_and_only_who_is_silent_afterwards_gets_an_alert() {
    let mut reported = Vec::new();
    let said = run(
        60,
        BACK + 3 * DAY,
        None,
        |patient, hour| outage(patient, hour, BACK),
        |hour, silent| {
            for one in silent {
                reported.push((hour, one.clone()));
            }
        },
    );
    // Who has stopped is reported: at once of the vendor that goes on, and a day after the other is back.
    assert!(raised(1, DUE - 2..=DUE, &said), "{said:?}");
    assert!(raised(0, BACK + DAY..=BACK + DAY + 3, &said), "{said:?}");
    assert_eq!(said.len(), 2, "{said:?}");
    // The vendor is silent from 27 hours after its last reading until it is back, with all its patients.
    let (first, one) = &reported[0];
    assert!((OUTAGE + 26..=OUTAGE + 29).contains(first), "{first}");
    assert_eq!(one.group, Group::Vendor("SILENT".into()));
    assert!(reported.iter().all(|(_, silent)| silent.group == one.group), "one alarm");
    assert!(reported.iter().any(|(_, silent)| (silent.patients, silent.members) == (30, 30)));
    let (last, _) = reported.last().unwrap();
    assert!((BACK..=BACK + 2).contains(last), "it ends by itself: {last}");
}

#[test]
fn restarts_of_any_partition_change_nothing_of_it() {
    let of = |restarts| {
        let mut reported = Vec::new();
        let measures = |patient, hour| outage(patient, hour, BACK);
        let said = run(40, BACK + 2 * DAY, restarts, measures, |hour, silent| {
            reported.push((hour, silent.to_vec()));
        });
        (said, reported)
    };
    let undisturbed = of(None);
    assert!(!undisturbed.0.is_empty());
    for every in [5, 13] {
        assert_eq!(of(Some(every)), undisturbed, "every {every} hours");
    }
}

#[test]
fn a_vendor_that_never_comes_back_hides_nobody() {
    let never = BACK + 100 * DAY;
    let said =
        run(40, DUE + 4 * DAY, None, |patient, hour| outage(patient, hour, never), |_, _| {});
    let all: Vec<u8> = (0..40).filter(|patient| vendor_of(*patient) == "SILENT").collect();
    for patient in &all {
        assert!(raised(*patient, DUE + 3 * DAY - 2..=DUE + 3 * DAY, &said), "P{patient}: {said:?}");
    }
    assert_eq!(said.len(), all.len() + 1, "and the one of the other vendor: {said:?}");
}

#[test]
fn the_patients_of_a_small_vendor_get_their_own_alerts_at_once() {
    // Nine of each vendor.
    let said = run(
        18,
        DUE + 1,
        None,
        |patient, hour| outage(patient, hour, BACK),
        |_, silent| assert!(silent.is_empty(), "{silent:?}"),
    );
    assert_eq!(said.len(), 10, "{said:?}");
    assert!((0..9).all(|one| raised(2 * one, DUE - 2..=DUE, &said)));
}

#[test]
fn a_partition_that_stands_still_is_no_silence_of_a_vendor() {
    let codec = Codec::new(None).unwrap();
    let reports = FollowedReports::default();
    let mut parts = [0, 1].map(|number| {
        let patients = (0..40).filter(|patient| i32::from(*patient / 2 % 2) == number).collect();
        Part::new(number, patients, 1, &codec)
    });
    // The second partition goes no further than the nineteenth day; its patients measure on.
    for hour in 0..25 * DAY {
        for part in &mut parts {
            if part.number == 1 && hour >= 19 * DAY {
                continue;
            }
            let mut changes = part.pass_time(at(hour), (&reports, true), &codec);
            for patient in part.patients.clone().into_iter().filter(|_| hour % DAY == MORNING) {
                let received = at(hour) + Span::from_minutes(1);
                changes
                    .extend(part.receive(&measured(patient, hour, vendor_of(patient)), received));
            }
            changes.retain(|alert| alert.rule.as_str().starts_with("data.missing"));
            assert!(changes.is_empty(), "{changes:?}");
        }
        assert!(silent_groups(reports.current().iter()).is_empty());
    }
    // Where it goes on it finds what came meanwhile, hour by hour, and nobody was silent.
    let [_, part] = &mut parts;
    for hour in 19 * DAY..25 * DAY {
        for patient in part.patients.clone().into_iter().filter(|_| hour % DAY == MORNING) {
            let received = at(hour) + Span::from_minutes(1);
            let mut changes = part.receive(&measured(patient, hour, vendor_of(patient)), received);
            changes.retain(|alert| alert.rule.as_str().starts_with("data.missing"));
            assert!(changes.is_empty(), "{changes:?}");
        }
    }
    part.pass_time(at(25 * DAY), (&reports, true), &codec);
    assert!(silent_groups(reports.current().iter()).is_empty());
}

/// One half measures in the morning, the other in the evening at about 20:26 in Japan.
fn in_the_morning_or_in_the_evening(patient: u8, hour: i64) -> bool {
    const EVENING: i64 = 15;
    hour % DAY == if patient % 4 < 2 { MORNING } else { EVENING }
}

#[test]
fn of_a_vendor_with_mornings_and_evenings_no_night_is_an_outage_and_the_alarm_is_in_time() {
    // The outage begins after the one half has measured, or after the other; plans miss three days.
    for begins in [OUTAGE, OUTAGE + 12] {
        let back = begins + 5 * DAY;
        let mut reported = Vec::new();
        let ward = Run { until: back + 3 * DAY, missing_after_days: 3, ..Run::default() };
        let measures = |patient: u8, hour: i64| {
            let is_away = vendor_of(patient) == "SILENT" && (begins..back).contains(&hour);
            let has_stopped = patient < 2 && hour >= begins;
            let is_due = in_the_morning_or_in_the_evening(patient, hour) || hour == back;
            is_due && !is_away && !has_stopped
        };
        let said = ward.let_measure(measures, |hour, silent| {
            assert!(silent.iter().all(|one| one.group == Group::Vendor("SILENT".into())));
            reported.extend(silent.iter().map(|_| hour));
        });
        let [first, last] = [reported[0], reported[reported.len() - 1]];
        assert!(
            (begins + 13..=begins + 29).contains(&first),
            "28 hours after its last reading: {first}"
        );
        assert!((back..=back + 2).contains(&last), "{last}");
        assert_eq!(reported.len() as i64, last - first + 1, "one alarm");
        assert_eq!(said.len(), 2, "who has stopped: {said:?}");
        assert!(raised(1, begins + 3 * DAY..=begins + 5 * DAY, &said), "{said:?}");
        assert!(raised(0, back + DAY..=back + DAY + 3, &said), "{said:?}");
    }
}

#[test]
fn an_evening_without_a_connection_is_no_silence_of_a_vendor() {
    let away = 20 * DAY + 10..21 * DAY + 2;
    let measures = |patient: u8, hour: i64| {
        let is_away = vendor_of(patient) == "SILENT" && away.contains(&hour);
        in_the_morning_or_in_the_evening(patient, hour) && !is_away
    };
    let ward = Run { until: 24 * DAY, missing_after_days: 3, ..Run::default() };
    let said = ward.let_measure(measures, |hour, silent| assert!(silent.is_empty(), "{hour}"));
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn who_has_another_vendor_for_two_weeks_is_not_held_back_by_the_former_one() {
    let vendor = |patient: u8, hour: i64| match vendor_of(patient) {
        "SILENT" if patient >= 40 && hour >= 8 * DAY => "OTHER",
        vendor => vendor,
    };
    let measures = |patient: u8, hour: i64| {
        let is_away = vendor(patient, hour) == "SILENT" && hour >= OUTAGE;
        let has_stopped = [1, 40].contains(&patient) && hour >= OUTAGE;
        hour % DAY == MORNING && !is_away && !has_stopped
    };
    for restarts in [None, Some(7)] {
        let mut members = 0;
        let ward = Run { until: DUE + 1, restarts, vendor, ..Run::default() };
        let said = ward.let_measure(measures, |_, silent| {
            members = silent.iter().map(|one| one.members).max().unwrap_or(members);
        });
        assert_eq!(members, 20, "nor is anybody expected of it who has gone");
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(raised(1, DUE - 2..=DUE, &said) && raised(40, DUE - 2..=DUE, &said), "{said:?}");
    }
}

#[test]
fn who_changes_the_vendor_during_the_outage_is_held_back_no_longer() {
    let vendor = |patient: u8, hour: i64| match vendor_of(patient) {
        "SILENT" if patient == 40 && hour >= OUTAGE => "OTHER",
        vendor => vendor,
    };
    // When it is known already, and then no more.
    let change = 22 * DAY + 10;
    let measures = |patient: u8, hour: i64| {
        let is_away = vendor_of(patient) == "SILENT" && hour >= OUTAGE;
        (hour % DAY == MORNING && !is_away) || (patient == 40 && hour == change)
    };
    for restarts in [None, Some(7)] {
        let ward = Run { until: 24 * DAY + 3, restarts, vendor, ..Run::default() };
        let said = ward.let_measure(measures, |_, _| {});
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(raised(40, 24 * DAY..=24 * DAY + 2, &said), "{said:?}");
    }
}

#[test]
fn while_the_report_of_a_partition_cannot_be_read_no_alarm_begins() {
    // Those of the first partition stop, and those of the second go on.
    let measures = |patient: u8, hour: i64| {
        let is_away =
            vendor_of(patient) == "SILENT" && (patient / 2).is_multiple_of(2) && hour >= OUTAGE;
        hour % DAY == MORNING && !is_away
    };
    let is_readable =
        |hour: i64, number: i32| number == 0 || !(OUTAGE + 20..OUTAGE + 40).contains(&hour);
    let ward = Run { until: DUE + 1, is_readable, ..Run::default() };
    let said = ward.let_measure(measures, |hour, silent| assert!(silent.is_empty(), "{hour}"));
    assert_eq!(said.len(), 15, "each gets their own alert: {said:?}");
}

#[test]
fn while_the_report_of_a_partition_cannot_be_read_no_alarm_ends() {
    let is_readable = |hour: i64, _: i32| !(BACK - 10..BACK + 5).contains(&hour);
    let mut reported = Vec::new();
    let ward = Run { until: BACK + 12, is_readable, ..Run::default() };
    let measures = |patient: u8, hour: i64| outage(patient, hour, BACK);
    ward.let_measure(measures, |hour, silent| reported.extend(silent.iter().map(|_| hour)));
    let last = reported[reported.len() - 1];
    assert!((BACK + 4..=BACK + 6).contains(&last), "{last}");
    assert_eq!(reported.len() as i64, last - reported[0] + 1, "one alarm");
}

#[test]
fn the_largest_report_is_one_record() {
    // Names as long as they may be, of characters of three bytes.
    let name = |n: usize| format!("{n:0>5}{}", "漢".repeat(45));
    let (mut groups, expected) = (Groups::default(), daily(0, 1).validate().unwrap());
    let patients: Vec<(PatientId, Heard)> = (0..3_000)
        .map(|n| {
            let patient = PatientId::parse(&format!("C{}/P{n}", n % 2_000)).unwrap();
            let product = groups.product(&name(n), Some(&name(n)));
            let mut heard = Heard::default();
            heard.hear(Kind::BloodPressure, product, at(0), &mut groups);
            (patient, heard)
        })
        .collect();
    let silence = |n| Silence {
        group: Group::Model { manufacturer: name(n).into(), number: name(n).into() },
        since: at(1),
        ended: Some(at(2)),
    };
    let silences = (0..5_000).map(silence).collect();
    let known = Known { others: std::iter::empty(), is_unsure: false, silences: &silences };
    let counted = patients.iter().map(|(patient, heard)| (patient, &expected, heard));
    let judged = report(counted, &groups, known, at(3), &Limits::default());
    assert!(judged.left_out > 0);
    let record = SilenceReport::of(0, &judged.report);
    let codec = Codec::new(None).unwrap();
    let bytes = codec.encoder("silences").unwrap().encode(&record).unwrap();
    assert!(bytes.len() < 900_000, "{} bytes", bytes.len());
}
