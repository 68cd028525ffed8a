//! What was decided, tried and delivered: the fold of the topic `notifications`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use super::on_call::{RecipientId, StepId, digest};
use crate::alert::Severity;
use crate::time::Timestamp;

/// A step of an on-call list for an alert that has become news: what is delivered at most once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// The alert.
    pub alert: String,
    /// When it became news, or was to be looked at again.
    pub occasion: Timestamp,
    /// The step.
    pub step: StepId,
    /// As how urgent: who was notified of a review was not notified that the alert is urgent.
    pub severity: Severity,
}

/// A message's idempotency key: the digest of what it tells of. The same message again has the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageKey(Box<str>);

impl MessageKey {
    /// The key of a message about these.
    pub fn of<'a>(targets: impl IntoIterator<Item = &'a Target>) -> Self {
        let targets: BTreeSet<_> = targets.into_iter().collect();
        let texts: Vec<_> = targets
            .into_iter()
            .flat_map(|Target { alert, occasion, step, severity }| {
                let (occasion, severity) = (occasion.millis().to_string(), severity.to_string());
                [alert.clone(), occasion, step.to_string(), severity]
            })
            .collect();
        let parts: Vec<_> = texts.iter().map(String::as_str).collect();
        Self(digest(&parts).into())
    }

    /// The key that a record names.
    pub fn parse(text: &str) -> Self {
        Self(text.into())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why nobody could be notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WhyNobody {
    /// The team has no on-call list.
    NoOnCallList,
    /// Nobody of the list is on duty.
    NobodyOnDuty,
    /// No message to anybody on duty came through, or none after those that did.
    NoneDelivered,
}

impl WhyNobody {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::NoOnCallList, Self::NobodyOnDuty, Self::NoneDelivered];

    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoOnCallList => "no_on_call_list",
            Self::NobodyOnDuty => "nobody_on_duty",
            Self::NoneDelivered => "none_delivered",
        }
    }

    /// The value of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.as_str() == name)
    }
}

/// What happened to a message, as far as one of its targets is concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// It was written down that it is going to be sent; only then it is.
    Decided(RecipientId),
    /// An attempt failed.
    Failed {
        /// The how manieth, from 1.
        attempt: u32,
        /// Whether it is given up, for a while.
        gave_up: bool,
    },
    /// The receiver has taken it.
    Delivered,
}

/// An event of the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEvent {
    /// Of a message.
    Message {
        /// Which.
        message: MessageKey,
        /// What it tells of.
        target: Target,
        /// When.
        at: Timestamp,
        /// What happened.
        happened: Happened,
    },
    /// Nobody could be notified of an alert.
    Undelivered {
        /// Which.
        alert: String,
        /// Since when it was news.
        occasion: Timestamp,
        /// Why.
        why: WhyNobody,
    },
}

/// A message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Message {
    /// When it was decided.
    decided: Option<Timestamp>,
    /// The last attempt that failed.
    failed: Option<(u32, Timestamp, bool)>,
    /// Of what the receiver was notified, and when.
    delivered: BTreeMap<Target, Timestamp>,
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepState {
    /// Nothing was decided.
    Untried,
    /// It was decided and may be on its way.
    Pending {
        /// By which message.
        message: MessageKey,
        /// When it was decided.
        since: Option<Timestamp>,
        /// As many attempts have failed, the last at a time.
        failed: Option<(u32, Timestamp)>,
    },
    /// So many attempts have failed, and it was given up at a time.
    GivenUp(MessageKey, u32, Timestamp),
    /// It was delivered at a time.
    Delivered(Timestamp),
}

/// Everything that was decided, tried and delivered. Events may come in any order, and more than once:
/// those of a message about several patients stand on several partitions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deliveries {
    messages: HashMap<MessageKey, Message>,
    by_target: BTreeMap<Target, BTreeSet<MessageKey>>,
    undelivered: BTreeMap<(String, Timestamp), BTreeSet<WhyNobody>>,
    /// When messages to a recipient were decided.
    decided: BTreeMap<RecipientId, BTreeSet<(Timestamp, MessageKey)>>,
}

impl Deliveries {
    /// Takes in an event.
    pub fn apply(&mut self, event: DeliveryEvent) {
        match event {
            DeliveryEvent::Undelivered { alert, occasion, why } => {
                self.undelivered.entry((alert, occasion)).or_default().insert(why);
            }
            DeliveryEvent::Message { message, target, at, happened } => {
                self.by_target.entry(target.clone()).or_default().insert(message.clone());
                let known = self.messages.entry(message.clone()).or_default();
                match happened {
                    Happened::Decided(recipient) => {
                        known.decided = Some(known.decided.map_or(at, |known| known.min(at)));
                        self.decided.entry(recipient).or_default().insert((at, message));
                    }
                    Happened::Failed { attempt, gave_up } => {
                        known.failed = known.failed.max(Some((attempt, at, gave_up)));
                    }
                    Happened::Delivered => {
                        let first = known.delivered.entry(target).or_insert(at);
                        *first = at.min(*first);
                    }
                }
            }
        }
    }

    /// How far a step is. Who was notified of an urgent alert is not notified that it is only a review.
    pub fn state(&self, target: &Target) -> StepState {
        if target.severity != Severity::Urgent {
            let urgent = Target { severity: Severity::Urgent, ..target.clone() };
            if let delivered @ StepState::Delivered(_) = self.state_of(&urgent) {
                return delivered;
            }
        }
        self.state_of(target)
    }

    fn state_of(&self, target: &Target) -> StepState {
        let of = self.by_target.get(target).into_iter().flatten();
        let mut state = StepState::Untried;
        for key in of {
            let Some(message) = self.messages.get(key) else { continue };
            if let Some(at) = message.delivered.get(target) {
                return StepState::Delivered(*at);
            }
            // A message of when this target needed no notification did not contain it.
            if message.delivered.is_empty() {
                state = match message.failed {
                    Some((attempt, at, true)) => StepState::GivenUp(key.clone(), attempt, at),
                    failed => {
                        let failed = failed.map(|(attempt, at, _)| (attempt, at));
                        let (message, since) = (key.clone(), message.decided);
                        StepState::Pending { message, since, failed }
                    }
                };
            }
        }
        state
    }

    /// The occasions of an alert on which something was decided or reported.
    pub fn occasions(&self, alert: &str) -> BTreeSet<Timestamp> {
        let (first, last) = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
        let target = |occasion, step: &str| Target {
            alert: alert.to_owned(),
            occasion,
            step: StepId::of(step),
            severity: Severity::Urgent,
        };
        let decided = self.by_target.range(target(first, "")..target(last, "~"));
        let reported = self.undelivered.range((alert.to_owned(), first)..=(alert.to_owned(), last));
        let decided = decided.map(|(target, _)| target.occasion);
        decided.chain(reported.map(|((_, occasion), _)| *occasion)).collect()
    }

    /// Whether it was reported that nobody could be notified.
    pub fn is_reported(&self, alert: &str, occasion: Timestamp) -> bool {
        self.undelivered.contains_key(&(alert.to_owned(), occasion))
    }

    /// When messages to a recipient were decided after a time, the oldest first.
    pub fn decided_after(&self, recipient: &RecipientId, time: Timestamp) -> Vec<Timestamp> {
        let all = self.decided.get(recipient).into_iter().flatten();
        all.map(|(at, _)| *at).filter(|at| *at > time).collect()
    }
}
