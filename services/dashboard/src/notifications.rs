//! Who was notified of alerts that nobody saw to, held in memory and kept current from the topic
//! `notifications`; not from ClickHouse, so that it is known whatever happens to it.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use clinical::alert::Severity;
use clinical::notify::{Channel, DeliveryEvent, Happened, MessageKey, Target, WhyNobody};
use clinical::{Span, Timestamp};
use schemas::NotificationEvent;
use schemas::clinical_notification::NotANotification;
use tokio::sync::watch;

/// What was notified longer ago than this is not shown. Ours: an alert of which nobody has been told for a month
/// is one that the list of patients shows as overdue since then.
pub const KNOWN_FOR: Span = Span::from_days(30);

/// So many notifications of an alert are known, those that were decided last. Ours: of a list of ten people
/// that has begun anew every four hours for two days.
const MOST: usize = 128;

/// What became of a message to somebody about an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It is being sent.
    Sending,
    /// An attempt failed, and another one follows.
    Failed,
    /// It was given up, for a while at least.
    GivenUp,
    /// The receiver has taken it.
    Delivered,
}

/// A message to somebody about an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    message: MessageKey,
    target: Target,
    /// To whom: a practitioner's id.
    pub practitioner: String,
    /// How.
    pub channel: Channel,
    /// How far it is.
    pub progress: Progress,
    /// When it was decided, or is first known of.
    pub decided_at: Timestamp,
    /// When that was last heard of it.
    pub changed_at: Timestamp,
    /// How many attempts have failed.
    pub failed_attempts: u32,
}

impl Notification {
    /// As how urgent the alert was reported.
    pub fn severity(&self) -> Severity {
        self.target.severity
    }
}

/// That nobody could be notified of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undelivered {
    /// When that was found.
    pub at: Timestamp,
    /// Why.
    pub why: WhyNobody,
}

/// All that is known of one alert.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfAlert {
    /// The messages, in the order in which they were decided.
    pub notifications: Vec<Notification>,
    /// When nobody could be notified, oldest first.
    pub undelivered: Vec<Undelivered>,
}

/// Who was notified of which alert.
#[derive(Debug)]
pub struct Notifications {
    by_alert: RwLock<HashMap<String, OfAlert>>,
    caught_up: watch::Sender<bool>,
}

impl Default for Notifications {
    fn default() -> Self {
        Self { by_alert: RwLock::default(), caught_up: watch::Sender::new(false) }
    }
}

impl Notifications {
    /// Applies an event. The same one again changes nothing.
    ///
    /// # Errors
    /// When it says what no event can say.
    pub fn apply(&self, event: &NotificationEvent) -> Result<(), NotANotification> {
        let of = event.event()?;
        let mut by_alert = self.by_alert.write().unwrap_or_else(PoisonError::into_inner);
        let known = by_alert.entry(event.alert_id.clone()).or_default();
        let at = Timestamp::from_millis(event.at);
        match of {
            DeliveryEvent::Undelivered { why, .. } => {
                known.add_undelivered(Undelivered { at, why })
            }
            DeliveryEvent::Message { message, target, happened, .. } => {
                let of_message = known.message(event, message, target)?;
                of_message.take(&happened, at);
            }
        }
        Ok(())
    }

    /// Everything that was there at the start has been applied.
    pub fn caught_up(&self) {
        self.caught_up.send_replace(true);
    }

    /// Whether they are complete.
    pub fn is_caught_up(&self) -> bool {
        *self.caught_up.borrow()
    }

    /// What is known of an alert.
    pub fn of(&self, alert: &str) -> OfAlert {
        let by_alert = self.by_alert.read().unwrap_or_else(PoisonError::into_inner);
        by_alert.get(alert).cloned().unwrap_or_default()
    }

    /// Forgets what is no longer shown.
    pub fn forget(&self, now: Timestamp) {
        let mut by_alert = self.by_alert.write().unwrap_or_else(PoisonError::into_inner);
        by_alert.retain(|_, of| {
            let messages = of.notifications.iter().map(|one| one.changed_at);
            let newest = messages.chain(of.undelivered.iter().map(|one| one.at)).max();
            newest.is_some_and(|newest| newest + KNOWN_FOR > now)
        });
    }
}

impl OfAlert {
    fn add_undelivered(&mut self, undelivered: Undelivered) {
        if !self.undelivered.contains(&undelivered) {
            self.undelivered.push(undelivered);
            keep_newest(&mut self.undelivered);
        }
    }

    /// The notification that an event is of.
    fn message(
        &mut self,
        event: &NotificationEvent,
        message: MessageKey,
        target: Target,
    ) -> Result<&mut Notification, NotANotification> {
        let is_of = |one: &Notification| one.message == message && one.target == target;
        let place = match self.notifications.iter().position(is_of) {
            Some(place) => place,
            None => {
                let channel = Channel::parse(&event.channel).ok_or(NotANotification::channel())?;
                let at = Timestamp::from_millis(event.at);
                self.notifications.push(Notification {
                    message,
                    target,
                    practitioner: event.practitioner.clone(),
                    channel,
                    progress: Progress::Sending,
                    decided_at: at,
                    changed_at: at,
                    failed_attempts: 0,
                });
                keep_newest(&mut self.notifications);
                self.notifications.len() - 1
            }
        };
        Ok(&mut self.notifications[place])
    }
}

impl Notification {
    fn take(&mut self, happened: &Happened, at: Timestamp) {
        // What was delivered is, whatever a second attempt came to of which nobody knew the first.
        if self.progress == Progress::Delivered {
            return;
        }
        match *happened {
            Happened::Decided(_) => self.decided_at = self.decided_at.min(at),
            Happened::Failed { attempt, gave_up } if attempt > self.failed_attempts => {
                self.failed_attempts = attempt;
                self.progress = if gave_up { Progress::GivenUp } else { Progress::Failed };
                self.changed_at = at;
            }
            Happened::Failed { .. } => {}
            Happened::Delivered => {
                self.progress = Progress::Delivered;
                self.changed_at = at;
            }
        }
    }
}

fn keep_newest<T>(all: &mut Vec<T>) {
    if all.len() > MOST {
        all.remove(0);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An event of a message to `who` about the alert `a`, so many seconds after the first; it names the
    /// occasion and the message `key`.
    pub(crate) fn event(key: &str, who: &str, what: &str, second: i64) -> NotificationEvent {
        NotificationEvent {
            patient: "A/1".to_owned(),
            alert_id: "a".to_owned(),
            occasion: 1_795_000_000_000,
            at: 1_795_000_000_000 + second * 1000,
            what: what.to_owned(),
            message: key.to_owned(),
            step: who.to_owned(),
            severity: "urgent".to_owned(),
            practitioner: who.to_owned(),
            channel: "email".to_owned(),
            recipient: who.to_owned(),
            ..NotificationEvent::default()
        }
    }

    fn failed(attempt: i32, what: &str, second: i64) -> NotificationEvent {
        NotificationEvent { attempt, ..event("m", "dr.sato", what, second) }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_000_000 + second)
    }

    fn all(events: &[NotificationEvent]) -> OfAlert {
        let known = Notifications::default();
        events.iter().for_each(|event| known.apply(event).unwrap());
        known.of("a")
    }

    #[test]
    fn a_message_is_decided_fails_is_given_up_and_delivered_later_under_the_same_key() {
        let events = [
            event("m", "dr.sato", "decided", 0),
            failed(1, "failed", 1),
            failed(5, "gave_up", 80),
            event("n", "dr.ito", "decided", 81),
            event("n", "dr.ito", "delivered", 82),
            event("m", "dr.sato", "delivered", 900),
        ];
        let progress = |until: usize| {
            let all = all(&events[..until]).notifications;
            all.iter().map(|one| (one.progress, one.changed_at)).collect::<Vec<_>>()
        };
        assert_eq!(progress(1), [(Progress::Sending, at(0))]);
        assert_eq!(progress(2), [(Progress::Failed, at(1))]);
        assert_eq!(progress(3), [(Progress::GivenUp, at(80))]);
        let delivered = (Progress::Delivered, at(82));
        assert_eq!(progress(5), [(Progress::GivenUp, at(80)), delivered]);
        assert_eq!(progress(6), [(Progress::Delivered, at(900)), delivered]);
        let of = all(&events).notifications;
        assert_eq!((of[0].decided_at, of[0].failed_attempts), (at(0), 5));
        assert_eq!((&*of[1].practitioner, of[1].failed_attempts), ("dr.ito", 0));
    }

    #[test]
    fn what_was_written_twice_or_late_after_a_crash_changes_nothing() {
        let events = [
            event("m", "dr.sato", "decided", 0),
            failed(1, "failed", 1),
            event("m", "dr.sato", "delivered", 2),
        ];
        let once = all(&events);
        assert_eq!(all(&[&events[..], &events[..]].concat()), once);
        assert_eq!(all(&[&events[..], &[failed(2, "gave_up", 3)]].concat()), once);
    }

    #[test]
    fn that_nobody_could_be_notified_is_known_with_the_reason_and_only_once() {
        let undelivered = NotificationEvent {
            reason: "nobody_on_duty".to_owned(),
            ..event("", "", "undelivered", 5)
        };
        let of = all(&[undelivered.clone(), undelivered]);
        assert_eq!(of.undelivered, [Undelivered { at: at(5), why: WhyNobody::NobodyOnDuty }]);
        assert!(of.notifications.is_empty());
    }

    #[test]
    fn of_an_alert_with_many_the_newest_are_known_and_none_after_a_month() {
        let known = Notifications::default();
        for number in 0..200 {
            known.apply(&event(&number.to_string(), "dr.sato", "delivered", number)).unwrap();
        }
        let of = known.of("a").notifications;
        assert_eq!((of.len(), of[0].changed_at), (MOST, at(200 - MOST as i64)));
        known.forget(at(199) + KNOWN_FOR - Span::from_seconds(1));
        assert!(!known.of("a").notifications.is_empty());
        known.forget(at(199) + KNOWN_FOR);
        assert_eq!(known.of("a"), OfAlert::default());
    }

    #[test]
    fn an_event_of_another_version_is_not_guessed() {
        let known = Notifications::default();
        assert!(known.apply(&event("m", "dr.sato", "read", 0)).is_err());
        let pigeon = NotificationEvent {
            channel: "pigeon".to_owned(),
            ..event("m", "dr.sato", "decided", 0)
        };
        assert!(known.apply(&pigeon).is_err());
        assert_eq!(known.of("a"), OfAlert::default());
    }
}
