//! The clinical rules over virtual patients in this process: what the processor's partition does to
//! one patient, with its clock, without Kafka.

use std::collections::BTreeMap;

use clinical::alert::{Alert, AlertId, RuleName, Severity, Status, Transition};
use clinical::monitor::Monitor;
use clinical::plan::Plan as CarePlan;
use clinical::{Outcome, PatientId, Reading, Span, Timestamp, Window};

use crate::civil::Day;
use crate::population::Patient;
use crate::timetable::Timetable;
use crate::transmission::{Payload, Plan as Transmission};
use crate::truth;

/// How often what has left the window is forgotten, as in the processor.
const SWEEP: Span = Span::from_hours(6);

/// What happens to a patient who is watched.
#[derive(Debug)]
pub enum Event<'a> {
    /// A reading was taken in that was not known.
    Reading {
        /// The reading.
        reading: &'a Reading,
        /// When it came.
        received: Timestamp,
        /// The rules that had an open alert when it came.
        open: &'a [RuleName],
    },
    /// An alert has changed.
    Alert(&'a Alert),
}

/// Lets the rules judge everything that a patient's devices send from a day on until before another,
/// by the patient's care plan, and reports what happens. The clock is the newest receipt, as a
/// partition's; in the end it is the last midnight.
pub fn watch(
    patient: &Patient,
    care_plan: &CarePlan,
    transmission: &Transmission,
    (from, to): (Day, Day),
    mut see: impl FnMut(Event<'_>),
) {
    let mut watched = Watched {
        patient: &patient.id,
        care_plan,
        monitor: Monitor::default(),
        swept: from.start(),
    };
    watched.begin(from.start(), &mut see);
    let mut timetable = Timetable::default();
    let mut day = from;
    while day < to {
        let next = day.next();
        let readings = truth(patient, day.start(), next.start());
        timetable.extend(readings.flat_map(|reading| transmission.sendings(patient, reading)));
        for due in timetable.due(next.start()) {
            let Payload::Reading(sent) = due.payload else { continue };
            watched.advance(due.at, &mut see);
            if let Ok(reading) = sent.validate(due.at) {
                watched.receive(&reading, due.at, &mut see);
            }
        }
        day = next;
    }
    watched.advance(to.start(), &mut see);
}

struct Watched<'p> {
    patient: &'p PatientId,
    care_plan: &'p CarePlan,
    monitor: Monitor,
    swept: Timestamp,
}

impl Watched<'_> {
    fn begin(&mut self, now: Timestamp, see: &mut impl FnMut(Event<'_>)) {
        let with = (self.care_plan, Window::default());
        report(&self.monitor.reassess(self.patient, now, with), see);
    }

    /// Lets go off what is due until a time.
    fn advance(&mut self, until: Timestamp, see: &mut impl FnMut(Event<'_>)) {
        let with = (self.care_plan, Window::default());
        while let Some(due) = self.monitor.next_assessment().filter(|due| *due <= until) {
            report(&self.monitor.pass_time(self.patient, due, with), see);
        }
        if until >= self.swept + SWEEP {
            self.swept = until;
            self.monitor.forget(until, Window::default());
        }
    }

    fn receive(&mut self, reading: &Reading, received: Timestamp, see: &mut impl FnMut(Event<'_>)) {
        let alerts = self.monitor.alerts().iter();
        let open: Vec<RuleName> =
            alerts.filter(|alert| alert.is_open()).map(|alert| alert.rule).collect();
        let with = (self.care_plan, Window::default());
        let applied = self.monitor.apply(reading, received, with);
        if applied.outcome == Outcome::New && !reading.entered_in_error {
            see(Event::Reading { reading, received, open: &open });
        }
        report(&applied.changes, see);
    }
}

fn report(changes: &[Alert], see: &mut impl FnMut(Event<'_>)) {
    for alert in changes {
        see(Event::Alert(alert));
    }
}

/// What became of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// Whose.
    pub rule: RuleName,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// The most urgent that it was.
    pub highest: Severity,
    /// How often it paged: where it became urgent, and in each new crisis after that.
    pub pages: u64,
    /// When the first and the newest that it rests on were observed.
    pub observed: (Timestamp, Timestamp),
    /// What it is now.
    pub status: Status,
}

/// The alerts of one patient, in the order in which they were raised. One that is raised again is
/// there again: somebody is called again.
#[derive(Debug, Default)]
pub struct Courses {
    all: Vec<Course>,
    newest: BTreeMap<AlertId, usize>,
}

impl Courses {
    /// An alert has changed.
    pub fn note(&mut self, alert: &Alert) {
        let known = self.newest.get(&alert.id).copied();
        let is_reported = matches!(alert.transition, Transition::Raised | Transition::Escalated);
        let pages = u64::from(is_reported && alert.severity == Severity::Urgent);
        let observed = (alert.first_observed_at, alert.last_observed_at);
        match known.filter(|_| alert.transition != Transition::Raised) {
            Some(index) => {
                let course = &mut self.all[index];
                course.highest = course.highest.max(alert.severity);
                course.pages += pages;
                course.observed = observed;
                course.status = alert.status;
            }
            None => {
                self.newest.insert(alert.id, self.all.len());
                self.all.push(Course {
                    rule: alert.rule,
                    raised_at: alert.changed_at,
                    highest: alert.severity,
                    pages,
                    observed,
                    status: alert.status,
                });
            }
        }
    }

    /// All of them.
    pub fn all(&self) -> &[Course] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use clinical::kinds::blood_pressure::{DIASTOLIC, SYSTOLIC};
    use clinical::sample::Sample;
    use clinical::{Kind, Source, Version};

    use super::*;

    /// The alert of two severe pressures.
    fn alert() -> Alert {
        let mut monitor = Monitor::default();
        let mut severe = |minutes| {
            let now = Day(20_458).start() + Span::from_minutes(minutes);
            let reading = Reading {
                patient: PatientId::parse("HOME01/P1").unwrap(),
                kind: Kind::BloodPressure,
                observation_time: now,
                version: Version::new(now, 0),
                source: Source::device("OMRON", "1").unwrap(),
                entered_in_error: false,
                by_hand: false,
                sample: Sample::default().with(SYSTOLIC, 195.0).with(DIASTOLIC, 116.0),
            };
            monitor.apply(&reading, now, (&CarePlan::default(), Window::default())).changes
        };
        severe(0);
        severe(5).pop().unwrap()
    }

    #[test]
    fn an_alert_that_escalates_again_in_a_new_crisis_pages_again() {
        let alert = alert();
        assert_eq!((alert.severity, alert.transition), (Severity::Urgent, Transition::Raised));
        let mut courses = Courses::default();
        for (transition, pages) in [
            (Transition::Raised, 1),
            (Transition::Updated, 1),
            (Transition::Escalated, 2),
            (Transition::Eased, 2),
        ] {
            courses.note(&Alert { transition, ..alert.clone() });
            assert_eq!(courses.all()[0].pages, pages, "{transition:?}");
        }
        courses.note(&Alert {
            severity: Severity::Review,
            transition: Transition::Escalated,
            ..alert
        });
        assert_eq!((courses.all().len(), courses.all()[0].pages), (1, 2), "a review pages nobody");
    }
}
