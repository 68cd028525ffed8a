//! What is to be sent now.

use std::collections::BTreeMap;

use super::deliveries::{Deliveries, MessageKey, StepState, Target, WhyNobody};
use super::limits::Limits;
use super::on_call::{OnCall, OnCallEntry, StepId};
use super::storm::{NewMessage, Step, bundle};
use crate::alert::Severity;
use crate::care::{CareState, Course};
use crate::local_time::LocalTime;
use crate::patient::PatientId;
use crate::quiet_hours::QuietHours;
use crate::time::{Span, Timestamp};

/// An alert, and whom its team wants notified.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The alert's id.
    pub alert: &'a str,
    /// Whose it is.
    pub patient: &'a PatientId,
    /// Its own course.
    pub course: &'a Course,
    /// What people did about it.
    pub care: CareState,
    /// The team's list.
    pub on_call: &'a OnCall,
    /// The team's local time, by which people are on duty.
    pub team_time: &'a LocalTime,
    /// The patient's quiet hours, with the local time that they are in.
    pub quiet: Option<(QuietHours, &'a LocalTime)>,
}

/// Nobody could be notified of an alert, or nobody any more after those who were.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Undelivered {
    /// The alert.
    pub alert: String,
    /// Whose it is.
    pub patient: PatientId,
    /// Since when it is news.
    pub occasion: Timestamp,
    /// Why.
    pub why: WhyNobody,
}

/// How many urgent alerts there are that are open and that nobody sees to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub unattended: usize,
    /// Of which nobody could be notified, since that was reported.
    pub undelivered: usize,
    /// Of which the whole list was due longer ago than [`Limits::overdue_after`].
    pub overdue: usize,
}

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// Messages to be written down and then sent.
    pub new: Vec<NewMessage>,
    /// Messages that were written down earlier, to be sent (again): which attempt, and what still has to
    /// be delivered, by whose entry.
    pub again: BTreeMap<MessageKey, (u32, Vec<Step>)>,
    /// What is to be reported.
    pub undelivered: Vec<Undelivered>,
    /// When to look again at the latest, where nothing changes before.
    pub look_at: Option<Timestamp>,
    /// How it stands.
    pub counts: Counts,
}

/// Hours of duty begin and end with a minute.
const MINUTE: Span = Span::from_minutes(1);

impl Decision {
    fn look(&mut self, at: Timestamp) {
        self.look_at = Some(self.look_at.map_or(at, |known| known.min(at)));
    }

    fn look_with_the_next_minute(&mut self, now: Timestamp) {
        let minute = MINUTE.millis();
        self.look(Timestamp::from_millis((now.millis().div_euclid(minute) + 1) * minute));
    }
}

/// What is to be sent, reported and looked at again, as of now.
///
/// Messages tell of an alert while it is open and nobody sees to it: of an urgent one to everybody of the
/// list, of a review to those who want reviews, outside of the patient's quiet hours. An entry is due its
/// delay after the alert became news; where the one before it is notified later than that, the next one
/// waits from then on for as long as the list says. Where nobody could be notified so far, the next one on
/// duty is notified at once. Of an urgent alert that nobody sees to [`Limits::overdue_after`] after the last one
/// was notified the list begins anew, and again after twice as long each time, up to
/// [`Limits::longest_wait_after_round`].
pub fn decide<'a>(
    subjects: impl IntoIterator<Item = Subject<'a>>,
    deliveries: &Deliveries,
    limits: &Limits,
    now: Timestamp,
) -> Decision {
    let mut decision = Decision::default();
    let mut due = Vec::new();
    for subject in subjects {
        due.extend(subject.due(deliveries, limits, now, &mut decision));
    }
    let (new, look_at) = bundle(due, deliveries, limits, now);
    decision.new = new;
    if let Some(at) = look_at {
        decision.look(at);
    }
    decision
}

type StepOf<'a> = (&'a StepId, &'a OnCallEntry, Target, StepState);

/// The steps of a list for an alert, and how far each is.
struct Steps<'a> {
    all: Vec<StepOf<'a>>,
    occasion: Timestamp,
}

impl Steps<'_> {
    /// When a step is due: from the alert's news on, or from when the one before it was delivered, is
    /// being delivered or is decided on now. Places of those that are decided on now are given.
    fn due_at(&self, place: usize, decided: &[usize], now: Timestamp) -> Timestamp {
        let (_, entry, ..) = self.all[place];
        let first = self.occasion + entry.after;
        let earlier = self.all[..place].iter().enumerate().rev();
        let before = earlier.filter_map(|(place, (_, before, _, state))| {
            let at = match state {
                StepState::Delivered(at) => Some(*at),
                StepState::Pending { since, .. } => *since,
                StepState::Untried => decided.contains(&place).then_some(now),
                StepState::GivenUp(..) => None,
            };
            Some(at? + entry.after - before.after)
        });
        before.take(1).fold(first, Timestamp::max)
    }

    fn nothing_is_delivered_or_pending(&self) -> bool {
        !self.all.iter().any(|(_, _, _, state)| {
            matches!(state, StepState::Delivered(_) | StepState::Pending { .. })
        })
    }

    /// Those after the last one that was delivered; all where none was.
    fn after_the_last_delivered(&self) -> &[StepOf<'_>] {
        let is_delivered = |(_, _, _, state): &StepOf<'_>| matches!(state, StepState::Delivered(_));
        &self.all[self.all.iter().rposition(is_delivered).map_or(0, |place| place + 1)..]
    }

    /// Whether nobody is notified, is being tried, or is to be notified later: by whoever is on duty.
    fn is_at_its_end(&self, is_on_duty: impl Fn(&OnCallEntry) -> bool) -> bool {
        let rest = self.after_the_last_delivered();
        let is_tried_or_waits = rest.iter().any(|(_, entry, _, state)| match state {
            StepState::Pending { .. } => true,
            StepState::Untried => is_on_duty(entry),
            _ => false,
        });
        let is_given_up =
            rest.iter().any(|(_, _, _, state)| matches!(state, StepState::GivenUp(..)));
        !is_tried_or_waits && (is_given_up || rest.len() == self.all.len())
    }

    /// When the list begins anew after a wait: of one of which somebody was notified, from when the last one was
    /// or had to be. Whom a message is on its way to, or anew to after it was given up, belongs to it still.
    fn begin_anew_at(&self, wait: Span) -> Option<Timestamp> {
        let last_due = self.all.iter().map(|(_, entry, ..)| self.occasion + entry.after).max()?;
        let delivered = self.all.iter().filter_map(|(_, _, _, state)| match state {
            StepState::Delivered(at) => Some(*at),
            _ => None,
        });
        let begun = self.all.iter().filter_map(|(_, _, _, state)| match state {
            StepState::Pending { since, .. } => *since,
            _ => None,
        });
        let last_delivered = delivered.max()?;
        Some(begun.fold(last_due.max(last_delivered), Timestamp::max) + wait)
    }

    /// Whether the last ones were given up, and are or are not tried anew, or nobody was notified at all.
    fn is_missed(&self, limits: &Limits) -> bool {
        let rest = self.after_the_last_delivered();
        let was_given_up = rest.iter().any(|(_, _, _, state)| match state {
            StepState::GivenUp(..) => true,
            StepState::Pending { failed: Some((attempt, _)), .. } => *attempt >= limits.attempts,
            _ => false,
        });
        was_given_up || rest.len() == self.all.len()
    }
}

impl<'a> Subject<'a> {
    /// Since when nobody sees to it: since the alert is news, or since it was put off no longer or its
    /// acknowledgement has lapsed.
    fn since(&self) -> Timestamp {
        let news = self.course.news_at();
        self.care.attended_until().map_or(news, |until| until.max(news))
    }

    /// As how urgent it is reported: what has eased and nobody has seen, as urgent as it was; what somebody has
    /// seen, as it is.
    fn severity(&self) -> Severity {
        match self.care.attended_until() {
            Some(until) if until >= self.course.news_at() => self.course.newest().severity,
            _ => self.course.highest(),
        }
    }

    fn entries(&self) -> impl Iterator<Item = &'a (StepId, OnCallEntry)> {
        let severity = self.severity();
        self.on_call.entries().filter(move |(_, entry)| entry.takes(severity))
    }

    /// When an alert that nobody sees to by then is overdue: everybody has had the time to.
    fn overdue_at(&self, limits: &Limits) -> Timestamp {
        let last = self.entries().map(|(_, entry)| entry.after).max().unwrap_or(Span::ZERO);
        self.since() + last + limits.overdue_after
    }

    /// The steps of the list that is gone through now. Where somebody was notified and nobody has seen to an
    /// urgent alert since, the list begins anew.
    fn steps_now(
        &self,
        deliveries: &Deliveries,
        limits: &Limits,
        now: Timestamp,
        decision: &mut Decision,
    ) -> Steps<'a> {
        // The deliveries know an occasion that compaction has taken from the alert's course.
        let known = deliveries.occasions(self.alert);
        let occasion = known.last().copied().map_or(self.since(), |last| last.max(self.since()));
        let steps = self.steps(occasion, deliveries);
        if self.severity() != Severity::Urgent {
            return steps;
        }
        let rounds = known.iter().filter(|known| **known > self.since()).count();
        match steps.begin_anew_at(limits.wait_after_round(rounds)) {
            Some(at) if at <= now => self.steps(at, deliveries),
            Some(at) => {
                decision.look(at);
                steps
            }
            None => steps,
        }
    }

    fn steps(&self, occasion: Timestamp, deliveries: &Deliveries) -> Steps<'a> {
        let severity = self.severity();
        let all = self.entries().map(|(step, entry)| {
            let alert = self.alert.to_owned();
            let target = Target { alert, occasion, step: step.clone(), severity };
            let state = deliveries.state(&target);
            (step, entry, target, state)
        });
        Steps { all: all.collect(), occasion }
    }

    /// The steps that are due and were not tried. What was tried before is noted in the decision, and
    /// what is to be reported.
    fn due(
        &self,
        deliveries: &Deliveries,
        limits: &Limits,
        now: Timestamp,
        decision: &mut Decision,
    ) -> Vec<Step> {
        if !self.course.is_open() {
            return Vec::new();
        }
        if self.care.is_attended(now) {
            if let Some(until) = self.care.attended_until() {
                decision.look(until);
            }
            return Vec::new();
        }
        let severity = self.severity();
        let steps = self.steps_now(deliveries, limits, now, decision);
        let occasion = steps.occasion;
        let quiet_until = self.quiet.and_then(|(hours, local)| {
            hours.page_after(severity, occasion, local).filter(|until| *until > now)
        });
        if let Some(until) = quiet_until {
            decision.look(until);
            return Vec::new();
        }
        self.note_tried(&steps, limits, now, decision);
        let due = self.untried(&steps, now, decision);
        if severity == Severity::Urgent {
            decision.counts.unattended += 1;
            match self.overdue_at(limits) {
                at if now < at => decision.look(at),
                _ => decision.counts.overdue += 1,
            }
            let reported = deliveries.is_reported(self.alert, occasion);
            let nobody = steps.is_at_its_end(|entry| entry.is_on_duty(self.team_time, now));
            let is_due =
                steps.all.first().is_none_or(|(_, entry, ..)| now >= occasion + entry.after);
            if (nobody && is_due) || (reported && steps.is_missed(limits)) {
                decision.counts.undelivered += 1;
            }
            if nobody && is_due && !reported {
                let (alert, patient) = (self.alert.to_owned(), self.patient.clone());
                let why = self.why_nobody(&steps, now);
                decision.undelivered.push(Undelivered { alert, patient, occasion, why });
            }
        }
        due
    }

    fn why_nobody(&self, steps: &Steps<'_>, now: Timestamp) -> WhyNobody {
        let is_on_duty = |entry: &OnCallEntry| entry.is_on_duty(self.team_time, now);
        match steps.all.iter().any(|(_, entry, ..)| is_on_duty(entry)) {
            _ if steps.all.is_empty() => WhyNobody::NoOnCallList,
            true => WhyNobody::NoneDelivered,
            false => WhyNobody::NobodyOnDuty,
        }
    }

    /// Messages that were decided earlier and are to be tried (again).
    fn note_tried(
        &self,
        steps: &Steps<'_>,
        limits: &Limits,
        now: Timestamp,
        decision: &mut Decision,
    ) {
        for (place, (_, entry, target, state)) in steps.all.iter().enumerate() {
            let is_passed_over = place < steps.all.len() - steps.after_the_last_delivered().len();
            let (key, attempt, at) = match state {
                StepState::Pending { message, failed: None, .. } => (message, 0, now),
                StepState::Pending { message, failed: Some((attempt, at)), .. } => (
                    message,
                    *attempt,
                    *at + limits.wait_after((attempt - 1) % limits.attempts.max(1) + 1),
                ),
                StepState::GivenUp(key, attempt, at) if !is_passed_over => {
                    // Whose hours are over is not tried anew.
                    if !entry.is_on_duty(self.team_time, now) {
                        decision.look_with_the_next_minute(now);
                        continue;
                    }
                    (key, *attempt, *at + limits.again_after)
                }
                _ => continue,
            };
            if at > now {
                decision.look(at);
                continue;
            }
            let entry = self.step(target, entry);
            let again = decision.again.entry(key.clone()).or_insert((attempt + 1, Vec::new()));
            again.1.push(entry);
        }
    }

    fn untried(&self, steps: &Steps<'_>, now: Timestamp, decision: &mut Decision) -> Vec<Step> {
        let (mut due, mut waits) = (Vec::new(), Vec::new());
        for (place, (_, entry, _, state)) in steps.all.iter().enumerate() {
            if *state != StepState::Untried {
                continue;
            }
            if !entry.is_on_duty(self.team_time, now) {
                decision.look_with_the_next_minute(now);
                continue;
            }
            let at = steps.due_at(place, &due, now);
            if at <= now {
                due.push(place);
            } else {
                waits.push((place, at));
            }
        }
        let begins = steps.all.first().map(|(_, entry, ..)| steps.occasion + entry.after);
        match begins {
            Some(begins) if due.is_empty() && steps.nothing_is_delivered_or_pending() => {
                if begins <= now {
                    due.extend(waits.first().map(|(place, _)| *place));
                } else {
                    decision.look(begins);
                }
            }
            _ => {}
        }
        for (_, at) in waits {
            decision.look(at);
        }
        let step = |place: usize| self.step(&steps.all[place].2, steps.all[place].1);
        due.into_iter().map(step).collect()
    }

    fn step(&self, target: &Target, entry: &OnCallEntry) -> Step {
        Step { target: target.clone(), patient: self.patient.clone(), entry: entry.clone() }
    }
}
