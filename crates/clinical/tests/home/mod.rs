//! A patient at home: what is sent, what the monitor says to it. Shared by the tests of the crate and
//! those of its rules.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod daily;
pub mod noise;
pub mod properties;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clinical::alert::{Alert, Severity, Stage, Status, Transition};
use clinical::crisis::Crisis;
use clinical::kinds::blood_pressure::{DIASTOLIC, SYSTOLIC};
use clinical::monitor::Monitor;
use clinical::plan::Plan;
use clinical::rule_set::RuleSet;
use clinical::rules;
use clinical::sample::Sample;
use clinical::{Kind, Outcome, PatientId, Reading, Source, Span, Timestamp, Version, Window};

/// Minutes after 2026-05-28T20:26:40Z, which is 05:26:40 on the 29th in Japan.
pub fn at(minutes: i64) -> Timestamp {
    Timestamp::from_seconds(1_780_000_000) + Span::from_minutes(minutes)
}

pub fn patient() -> PatientId {
    PatientId::parse("HOME01/P1").unwrap()
}

/// A plan under a rule set that switches off all rules but these: the next assessment and the full
/// computations are theirs.
pub fn only(names: &[&str]) -> Plan {
    let mut set = RuleSet::new("a-part", Timestamp::EARLIEST).unwrap();
    for rule in rules::all().iter().filter(|rule| !names.contains(&rule.name())) {
        set.switch_off(rule.name(), "another test's").unwrap();
    }
    Plan::default().under(Some(Arc::new(set)))
}

/// A version of a reading as it is sent.
pub trait Sending {
    /// How many minutes after it was observed it is received, unless a test says when.
    const MINUTES_UNDER_WAY: i64 = 0;

    /// Minutes after [`at`]'s first.
    fn minutes(&self) -> i64;

    fn reading(&self) -> Reading;
}

/// What a version of a reading of [`patient`] is made of.
#[derive(Debug)]
pub struct Made {
    pub kind: Kind,
    pub source: Source,
    pub sample: Sample,
    /// Minutes after [`at`]'s first.
    pub minutes: i64,
    /// Minutes from observation to `update_time`.
    pub update: i64,
    /// Of versions with the same `update_time` the greater wins.
    pub content: u64,
    pub entered_in_error: bool,
}

impl Made {
    pub fn reading(self) -> Reading {
        let Self { kind, source, sample, minutes, update, content, entered_in_error } = self;
        let content = content << 43 | u64::from(entered_in_error) << 42;
        Reading {
            patient: patient(),
            kind,
            observation_time: at(minutes),
            version: Version::new(at(minutes + update), content),
            source,
            entered_in_error,
            // What is registered again, a person has corrected.
            by_hand: update > 0,
            sample,
        }
    }
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
}

/// An alert as an episode, without what depends on when the readings came: whether it was too late
/// to page.
pub fn episode(alert: &Alert) -> String {
    let evidence: Vec<_> =
        alert.evidence.iter().map(|e| (e.reading.to_string(), &e.values)).collect();
    let ended = (!alert.is_open()).then_some(alert.last_observed_at);
    let (rule, stage, status, began) =
        (alert.rule, alert.stage, alert.status, alert.first_observed_at);
    format!("{rule} {stage} {status} {began} {ended:?} {evidence:?}")
}

/// The same with the newest crisis, as far as the alert is open.
pub fn episode_with_crisis(alert: &Alert) -> String {
    let crisis = Crisis::known_of(alert).filter(|_| alert.is_open());
    format!("{} {crisis:?}", episode(alert))
}

impl Sending for Sent {
    const MINUTES_UNDER_WAY: i64 = 1;

    fn minutes(&self) -> i64 {
        self.minutes
    }

    fn reading(&self) -> Reading {
        let (systolic, diastolic) = self.values;
        let sample = Sample::default().with(SYSTOLIC, systolic.into());
        Made {
            kind: Kind::BloodPressure,
            source: Source::device("OMRON", &self.source.to_string()).unwrap(),
            sample: sample.with(DIASTOLIC, diastolic.into()),
            minutes: self.minutes,
            update: self.update,
            content: u64::from(systolic) << 5 | u64::from(diastolic),
            entered_in_error: self.entered_in_error,
        }
        .reading()
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
    pub fn after<S: Sending>(sent: impl IntoIterator<Item = S>) -> Self {
        let mut home = Self::default();
        for sent in sent {
            home.receives(sent);
        }
        home
    }

    /// A patient of whom some rules are looked at only.
    pub fn under(names: &[&str]) -> Self {
        Self { plan: only(names), ..Self::default() }
    }

    /// A patient who has a plan from minute 0 on.
    pub fn with_plan(plan: Plan) -> Self {
        let mut home = Self { plan, ..Self::default() };
        home.reported = home.missed_at(0);
        home
    }

    pub fn receives<S: Sending>(&mut self, sent: S) -> Outcome {
        self.receives_at(sent.minutes() + S::MINUTES_UNDER_WAY, sent)
    }

    pub fn receives_at(&mut self, minutes: i64, sent: impl Sending) -> Outcome {
        self.waits_until(minutes);
        let now = (&self.plan, self.window);
        let applied = self.monitor.apply(&sent.reading(), at(minutes), now);
        self.reported.extend(applied.changes);
        let ids: BTreeSet<_> = self.monitor.alerts().iter().map(|alert| alert.id).collect();
        assert_eq!(ids.len(), self.monitor.alerts().len(), "an id is given twice");
        applied.outcome
    }

    /// Receives what was sent, each in its minute.
    pub fn receives_all<S: Sending + Clone>(&mut self, history: &[(i64, S)]) {
        for (received, sent) in history {
            self.receives_at(*received, sent.clone());
        }
    }

    pub fn waits_until(&mut self, minutes: i64) {
        while let Some(due) = self.monitor.next_assessment().filter(|due| *due <= at(minutes)) {
            let now = (&self.plan, self.window);
            self.reported.extend(self.monitor.pass_time(&patient(), due, now));
        }
    }

    /// Whether nothing is waited for but that a local day is complete, on another day than the first.
    pub fn waits_for_days_only(&self) -> bool {
        self.monitor.next_assessment().is_none_or(|due| due > at(24 * 60))
    }

    /// What a full computation would change at a time: nothing, where everything was noticed.
    pub fn missed_at(&mut self, minutes: i64) -> Vec<Alert> {
        self.monitor.reassess(&patient(), at(minutes), (&self.plan, self.window))
    }

    /// The patient under another plan from a minute on, and what is said of that.
    pub fn follows(&mut self, plan: Plan, minutes: i64) -> Vec<Alert> {
        self.waits_until(minutes);
        self.plan = plan;
        let with = (&self.plan, self.window);
        let changes = self.monitor.judge_by_other_numbers(&patient(), at(minutes), with);
        self.reported.extend(changes.iter().cloned());
        changes
    }

    /// The same patient in a process that has just started: the readings, with the minutes when they
    /// were received, and the alerts of the log.
    pub fn restarted<S: Sending>(&self, sent: &[(i64, S)], minutes: i64) -> Self {
        let window = Window::rebuilt_at(at(minutes));
        let mut home = Self { plan: self.plan.clone(), window, ..Self::default() };
        for (received, sent) in sent {
            let mut reading = sent.reading();
            reading.version = reading.version.counted(at(*received));
            let reading = (&reading).into();
            home.monitor.restore_reading(&reading, at(*received), Outcome::New, window);
        }
        self.monitor.alerts().iter().for_each(|alert| home.monitor.restore_alert(alert.clone()));
        home
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

    /// The alerts that the monitor knows of without those that were retracted, as `said`, in order.
    pub fn known(&self, said: impl Fn(&Alert) -> String) -> Vec<String> {
        let alerts = self.monitor.alerts().iter().filter(|a| a.status != Status::Retracted);
        let mut known: Vec<String> = alerts.map(said).collect();
        known.sort();
        known
    }

    /// The same without what is suspected of the data: ten corrections in a row that come after what they
    /// are older than are suspect, and in another order they are not.
    pub fn known_in_any_order(&self, said: impl Fn(&Alert) -> String) -> Vec<String> {
        let mut known = self.known(|alert| format!("{} {}", alert.rule, said(alert)));
        known.retain(|said| !said.starts_with("data.suspect "));
        known
    }

    pub fn last(&self) -> &Alert {
        self.reported.last().expect("something was reported")
    }
}
