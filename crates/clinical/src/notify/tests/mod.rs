//! Alerts, people and receivers, and a notifier that does what is decided.

mod examples;
mod faults;
mod properties;

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::alert::{Severity, Stage, Status, Transition};
use crate::care::{Act, ActId, AlertNews, CareLog, Deed};
use crate::local_time::LocalTime;
use crate::patient::PatientId;
use crate::time::{Span, Timestamp};

/// Monday, 2026-11-30, 09:00 in Japan.
const BEGIN: Timestamp = Timestamp::from_seconds(1_795_996_800);

fn seconds(seconds: i64) -> Span {
    Span::from_seconds(seconds)
}

fn entry(who: &str, after: i64) -> OnCallEntry {
    OnCallEntry {
        practitioner: who.to_owned(),
        channel: Channel::Email,
        address: format!("{who}@clinic.example"),
        after: seconds(after),
        hours: Vec::new(),
        reviews: false,
    }
}

fn list(entries: Vec<OnCallEntry>) -> OnCall {
    let (list, faults) = OnCall::usable(entries);
    assert_eq!(faults, []);
    list
}

/// A message that was sent: when, under which key, and what it tells of.
#[derive(Debug, Clone)]
struct Sent {
    at: Timestamp,
    key: MessageKey,
    targets: Vec<Target>,
    recipient: RecipientId,
    arrived: bool,
}

/// Everything there is: what people and alerts do, and a notifier.
struct World {
    now: Timestamp,
    log: CareLog,
    alerts: BTreeMap<String, PatientId>,
    on_call: OnCall,
    deliveries: Deliveries,
    /// The topic.
    events: Vec<DeliveryEvent>,
    sent: Vec<Sent>,
    /// Receivers that refuse.
    down: BTreeSet<String>,
    /// Whether the notifier is killed between sending and writing the result down.
    dies_after_sending: bool,
    died: bool,
    limits: Limits,
    acts: usize,
    tokyo: LocalTime,
}

impl World {
    fn new(entries: Vec<OnCallEntry>) -> Self {
        Self {
            now: BEGIN,
            log: CareLog::default(),
            alerts: BTreeMap::new(),
            on_call: list(entries),
            deliveries: Deliveries::default(),
            events: Vec::new(),
            sent: Vec::new(),
            down: BTreeSet::new(),
            dies_after_sending: false,
            died: false,
            limits: Limits::default(),
            acts: 0,
            tokyo: LocalTime::of("Asia/Tokyo").unwrap(),
        }
    }

    fn event(&mut self, alert: &str, severity: Severity, transition: Transition) {
        let patient = PatientId::parse(&format!("A/{alert}")).unwrap();
        let known = self.log.course(alert).map(|course| *course.newest());
        let raised_at = match transition {
            Transition::Raised => self.now,
            _ => known.map_or(self.now, |known| known.raised_at),
        };
        let (news_at, news_severity) = match (transition, known) {
            (Transition::Raised | Transition::Escalated, _) | (_, None) => (self.now, severity),
            (_, Some(known)) => (known.news_at, known.news_severity),
        };
        let status = match transition {
            Transition::Resolved => Status::Resolved,
            _ => Status::Open,
        };
        let news = AlertNews {
            severity,
            stage: Stage::Confirmed,
            status,
            transition,
            raised_at,
            news_at,
            news_severity,
            changed_at: self.now,
            crisis_at: None,
        };
        self.log.apply_alert(alert, &patient, news);
        self.alerts.insert(alert.to_owned(), patient);
    }

    fn raise(&mut self, alert: &str) {
        self.event(alert, Severity::Urgent, Transition::Raised);
    }

    fn does(&mut self, alert: &str, deed: impl Fn(crate::care::Covered) -> Deed) {
        let Some(course) = self.log.course(alert) else { return };
        let covered = course.seen_at(course.newest().changed_at);
        self.acts += 1;
        let act = Act {
            id: ActId::parse(&self.acts.to_string()).unwrap(),
            alert: alert.to_owned(),
            patient: self.alerts[alert].clone(),
            by: "dr.sato".to_owned(),
            at: self.now,
            deed: deed(covered),
            text: b"sealed".to_vec(),
        };
        if self.log.check(&act).is_ok() {
            self.log.apply_act(act);
        }
    }

    fn acknowledge(&mut self, alert: &str) {
        self.does(alert, Deed::Acknowledge);
    }

    fn decision(&self) -> Decision {
        let subjects = self.alerts.iter().map(|(alert, patient)| Subject {
            alert,
            patient,
            course: self.log.course(alert).unwrap(),
            care: self.log.state(alert).unwrap(),
            on_call: &self.on_call,
            team_time: &self.tokyo,
            quiet: None,
        });
        decide(subjects, &self.deliveries, &self.limits, self.now)
    }

    fn write(&mut self, event: DeliveryEvent) {
        self.events.push(event.clone());
        self.deliveries.apply(event);
    }

    fn send(&mut self, key: &MessageKey, attempt: u32, steps: &[Step]) {
        let entry = &steps[0].entry;
        let arrived = !self.down.contains(&entry.practitioner);
        let targets: Vec<_> = steps.iter().map(|step| step.target.clone()).collect();
        let (at, recipient) = (self.now, entry.recipient());
        self.sent.push(Sent { at, key: key.clone(), targets: targets.clone(), recipient, arrived });
        if self.dies_after_sending || self.died {
            self.dies_after_sending = false;
            self.died = true;
            return;
        }
        let gave_up = self.limits.gives_up(attempt);
        for target in targets {
            let happened = match arrived {
                true => Happened::Delivered,
                false => Happened::Failed { attempt, gave_up },
            };
            self.write(DeliveryEvent::Message { message: key.clone(), target, at, happened });
        }
    }

    /// Does all that is to be done now. Whether there was anything.
    fn act(&mut self) -> bool {
        let Decision { new, again, undelivered, .. } = self.decision();
        let anything = !(new.is_empty() && again.is_empty() && undelivered.is_empty());
        for Undelivered { alert, occasion, why, .. } in undelivered {
            self.write(DeliveryEvent::Undelivered { alert, occasion, why });
        }
        for message in &new {
            for step in &message.steps {
                self.write(DeliveryEvent::Message {
                    message: message.key.clone(),
                    target: step.target.clone(),
                    at: self.now,
                    happened: Happened::Decided(message.recipient.clone()),
                });
            }
        }
        for message in &new {
            self.send(&message.key, 1, &message.steps);
        }
        for (key, (attempt, steps)) in again {
            self.send(&key, attempt, &steps);
        }
        if std::mem::take(&mut self.died) {
            self.restart();
        }
        anything
    }

    /// The notifier reads the topic anew, in another order.
    fn restart(&mut self) {
        let mut deliveries = Deliveries::default();
        self.events.iter().rev().cloned().for_each(|event| deliveries.apply(event));
        assert_eq!(deliveries, self.deliveries);
        self.deliveries = deliveries;
    }

    /// Lets time pass, and the notifier do what is due by then.
    fn pass(&mut self, span: Span) {
        let until = self.now + span;
        loop {
            let mut rounds = 0;
            while self.act() {
                rounds += 1;
                assert!(rounds < 100, "it comes to no end");
            }
            let look_at = self.decision().look_at.filter(|at| *at < until);
            let Some(at) = look_at else { break };
            assert!(at > self.now, "it looks again at what it has just seen");
            self.now = at;
        }
        self.now = until;
        while self.act() {}
    }

    /// To whom messages went, so many seconds after the beginning, and of how many steps each tells.
    fn messages(&self) -> Vec<(i64, String, usize)> {
        let all = self.sent.iter().map(|sent| {
            let step = &sent.targets[0].step;
            let who = self.on_call.get(step).unwrap().practitioner.clone();
            ((sent.at - BEGIN).millis() / 1000, who, sent.targets.len())
        });
        all.collect()
    }
}

fn messages(all: &[(i64, &str, usize)]) -> Vec<(i64, String, usize)> {
    all.iter().map(|(at, who, steps)| (*at, (*who).to_owned(), *steps)).collect()
}
