//! A vendor falls silent: patients of two partitions, hour by hour.

mod published;

use std::sync::Arc;

use clinical::alert::{Alert, Transition};
use clinical::silence::{Group, SilentGroup, silent_groups};
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

/// In this hour what was due this morning has been told: the day after the outage's has no reading.
const DUE: i64 = 23 * DAY + 2;

fn at(hours: i64) -> Timestamp {
    Timestamp::from_millis(START) + Span::from_hours(hours)
}

/// Patients with even numbers are of the vendor that falls silent.
fn vendor_of(patient: u8) -> &'static str {
    if patient.is_multiple_of(2) { "SILENT" } else { "OTHER" }
}

/// A reading of the hour.
fn measured(patient: u8, hour: i64) -> Reading {
    let minute = hour * 60;
    let step =
        Step { patient, minute, systolic: 120, update: 0, entered_in_error: false, pause: 0 };
    let manufacturer = vendor_of(patient).to_owned();
    let device = Device { manufacturer, model_number: Some("X".into()), serial: "1".into() };
    Reading { source: Source::Device(device), ..reading(&step) }
}

fn daily(patient: u8) -> CarePlan {
    let mut plan = plan();
    plan.patient = format!("HOME01/P{patient}");
    let schedule = plan.schedule.as_mut().unwrap();
    // The run begins early in the morning of this day in Japan.
    schedule.start += 1;
    schedule.expected = vec![ExpectedReadings::daily("blood_pressure", 1, 14)];
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
    fn new(number: i32, patients: Vec<u8>, codec: &Codec) -> Self {
        let mut part = Self {
            number,
            patients,
            partition: Partition::default(),
            published: Published::new(codec),
        };
        let encoder = codec.encoder::<CarePlan>("care.plans").unwrap();
        for patient in part.patients.clone() {
            let plan = daily(patient);
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
        reports: &FollowedReports,
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
            reports.apply(self.number, Some(report));
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

/// Lets `patients` measure every morning until an hour; who measures when is said by `measures`.
/// Partitions are lost and rebuilt every so many hours. What is silent is looked at in every hour.
fn run(
    patients: u8,
    until: i64,
    restarts: Option<i64>,
    measures: impl Fn(u8, i64) -> bool,
    mut look: impl FnMut(i64, &[SilentGroup]),
) -> Said {
    let codec = Codec::new(None).unwrap();
    let reports = FollowedReports::default();
    let mut parts = [0, 1].map(|number| {
        let is_of = |patient: &u8| i32::from(*patient / 2 % 2) == number;
        Part::new(number, (0..patients).filter(is_of).collect(), &codec)
    });
    let mut said = Said::new();
    let mut add = |alerts: Vec<Alert>| {
        for alert in alerts.iter().filter(|alert| alert.rule.as_str().starts_with("data.missing")) {
            let hour = (alert.changed_at - at(0)).millis() / 3_600_000;
            said.push((alert.patient.as_str().to_owned(), alert.transition, hour));
        }
    };
    for hour in 0..until {
        for part in &mut parts {
            if restarts.is_some_and(|every| (hour + i64::from(part.number)) % every == 0) {
                part.restart(at(hour));
            }
            add(part.pass_time(at(hour), &reports, &codec));
            for patient in part.patients.clone() {
                if measures(patient, hour) {
                    let received = at(hour) + Span::from_minutes(1);
                    add(part.receive(&measured(patient, hour), received));
                }
            }
        }
        let known = reports.current();
        look(hour, &silent_groups(known.values().map(Arc::as_ref)));
    }
    said.sort();
    said
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
fn a_silent_vendor_is_told_once_and_only_who_is_silent_afterwards_gets_an_alert() {
    let mut told = Vec::new();
    let said = run(
        60,
        BACK + 3 * DAY,
        None,
        |patient, hour| outage(patient, hour, BACK),
        |hour, silent| {
            for one in silent {
                told.push((hour, one.clone()));
            }
        },
    );
    // Who has stopped is told of: at once of the vendor that goes on, and a day after the other is back.
    assert!(raised(1, DUE - 2..=DUE, &said), "{said:?}");
    assert!(raised(0, BACK + DAY..=BACK + DAY + 3, &said), "{said:?}");
    assert_eq!(said.len(), 2, "{said:?}");
    // The vendor is silent from 27 hours after its last reading until it is back, with all its patients.
    let (first, one) = &told[0];
    assert!((OUTAGE + 26..=OUTAGE + 29).contains(first), "{first}");
    assert_eq!(one.group, Group::Vendor("SILENT".into()));
    assert!(told.iter().all(|(_, silent)| silent.group == one.group), "one alarm");
    assert!(told.iter().any(|(_, silent)| (silent.patients, silent.members) == (30, 30)));
    let (last, _) = told.last().unwrap();
    assert!((BACK..=BACK + 2).contains(last), "it ends by itself: {last}");
}

#[test]
fn restarts_of_any_partition_change_nothing_of_it() {
    let of = |restarts| {
        let mut told = Vec::new();
        let measures = |patient, hour| outage(patient, hour, BACK);
        let said = run(40, BACK + 2 * DAY, restarts, measures, |hour, silent| {
            told.push((hour, silent.to_vec()));
        });
        (said, told)
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
        Part::new(number, patients, &codec)
    });
    // The second partition goes no further than the nineteenth day; its patients measure on.
    for hour in 0..25 * DAY {
        for part in &mut parts {
            if part.number == 1 && hour >= 19 * DAY {
                continue;
            }
            let mut changes = part.pass_time(at(hour), &reports, &codec);
            for patient in part.patients.clone().into_iter().filter(|_| hour % DAY == MORNING) {
                let received = at(hour) + Span::from_minutes(1);
                changes.extend(part.receive(&measured(patient, hour), received));
            }
            changes.retain(|alert| alert.rule.as_str().starts_with("data.missing"));
            assert!(changes.is_empty(), "{changes:?}");
        }
        let known = reports.current();
        assert!(silent_groups(known.values().map(Arc::as_ref)).is_empty());
    }
    // Where it goes on it finds what came meanwhile, hour by hour, and nobody was silent.
    let [_, part] = &mut parts;
    for hour in 19 * DAY..25 * DAY {
        for patient in part.patients.clone().into_iter().filter(|_| hour % DAY == MORNING) {
            let received = at(hour) + Span::from_minutes(1);
            let mut changes = part.receive(&measured(patient, hour), received);
            changes.retain(|alert| alert.rule.as_str().starts_with("data.missing"));
            assert!(changes.is_empty(), "{changes:?}");
        }
    }
    part.pass_time(at(25 * DAY), &reports, &codec);
    let known = reports.current();
    assert!(silent_groups(known.values().map(Arc::as_ref)).is_empty());
}
