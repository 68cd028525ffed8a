//! A patient at home: what is sent, what the monitor says to it.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;

use clinical::alert::{Alert, Severity, Stage, Status, Transition};
use clinical::kinds::blood_pressure::{DIASTOLIC, SYSTOLIC};
use clinical::monitor::Monitor;
use clinical::plan::Plan;
use clinical::sample::Sample;
use clinical::{Kind, Outcome, PatientId, Reading, Source, Span, Timestamp, Version, Window};

/// Minutes after 2026-05-28T20:26:40Z, which is 05:26:40 on the 29th in Japan.
pub fn at(minutes: i64) -> Timestamp {
    Timestamp::from_seconds(1_780_000_000) + Span::from_minutes(minutes)
}

pub fn patient() -> PatientId {
    PatientId::parse("HOME01/P1").unwrap()
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sent {
    pub minutes: i64,
    pub values: (u16, u16),
    /// Minutes from observation to `update_time`.
    pub update: i64,
    pub entered_in_error: bool,
    pub source: u8,
}

pub fn bp(minutes: i64, systolic: u16, diastolic: u16) -> Sent {
    Sent { minutes, values: (systolic, diastolic), update: 0, entered_in_error: false, source: 0 }
}

impl Sent {
    pub fn corrected(mut self, update: i64, systolic: u16, diastolic: u16) -> Self {
        self.update = update;
        self.values = (systolic, diastolic);
        self
    }

    pub fn entered_in_error(mut self, update: i64) -> Self {
        self.update = update;
        self.entered_in_error = true;
        self
    }

    pub fn reading(&self) -> Reading {
        let (systolic, diastolic) = self.values;
        let content = u64::from(systolic) << 48
            | u64::from(diastolic) << 43
            | u64::from(self.entered_in_error) << 42;
        Reading {
            patient: patient(),
            kind: Kind::BloodPressure,
            observation_time: at(self.minutes),
            version: Version::new(at(self.minutes + self.update), content),
            source: Source::device("OMRON", &self.source.to_string()).unwrap(),
            entered_in_error: self.entered_in_error,
            sample: Sample::default()
                .with(SYSTOLIC, systolic.into())
                .with(DIASTOLIC, diastolic.into()),
        }
    }
}

#[derive(Default)]
pub struct Home {
    pub monitor: Monitor,
    pub plan: Plan,
    pub window: Window,
    pub reported: Vec<Alert>,
}

impl Home {
    /// A reading received a minute after it was observed.
    pub fn receives(&mut self, sent: Sent) -> Outcome {
        let minutes = sent.minutes;
        self.receives_at(minutes + 1, sent)
    }

    pub fn receives_at(&mut self, minutes: i64, sent: Sent) -> Outcome {
        self.waits_until(minutes);
        let applied =
            self.monitor.apply(&sent.reading(), at(minutes), (&self.plan, self.window)).unwrap();
        self.reported.extend(applied.changes);
        applied.outcome
    }

    pub fn waits_until(&mut self, minutes: i64) {
        while let Some(due) = self.monitor.next_assessment().filter(|due| *due <= at(minutes)) {
            self.reported.extend(self.monitor.pass_time(
                &patient(),
                due,
                (&self.plan, self.window),
            ));
        }
    }

    pub fn transitions(&self) -> Vec<(Transition, Severity, Stage)> {
        self.reported.iter().map(|a| (a.transition, a.severity, a.stage)).collect()
    }

    /// The alerts as they were reported last, without those that were retracted; also those that the
    /// monitor has forgotten since.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        let newest: BTreeMap<_, _> = self.reported.iter().map(|alert| (alert.id, alert)).collect();
        newest.into_values().filter(|alert| alert.status != Status::Retracted)
    }

    pub fn last(&self) -> &Alert {
        self.reported.last().expect("something was reported")
    }
}
