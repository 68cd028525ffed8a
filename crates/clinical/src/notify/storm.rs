//! Not more messages to a recipient than somebody can take: what comes beyond them comes in one.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::deliveries::{Deliveries, MessageKey, Target};
use super::limits::Limits;
use super::on_call::{OnCallEntry, RecipientId};
use crate::patient::PatientId;
use crate::time::Timestamp;

/// A step that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it tells of.
    pub target: Target,
    /// Whose alert that is.
    pub patient: PatientId,
    /// Who is notified, and how.
    pub entry: OnCallEntry,
}

/// A message that is to be written down, and then sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Its key.
    pub key: MessageKey,
    /// Whom it goes to, and where.
    pub recipient: RecipientId,
    /// What it tells of: one step, or in a storm all that are due for the recipient.
    pub steps: Vec<Step>,
}

impl NewMessage {
    fn of(recipient: RecipientId, steps: Vec<Step>) -> Self {
        let key = MessageKey::of(steps.iter().map(|step| &step.target));
        Self { key, recipient, steps }
    }
}

/// The messages about steps that are due, and when to look again for those that have to wait.
///
/// A recipient gets [`Limits::storm_messages`] messages within [`Limits::storm_window`], and one more that
/// tells of all that came beyond them; what comes later waits until the first of these messages is older
/// than the window, and comes in one again. So nothing waits longer than the window.
pub(super) fn bundle(
    due: Vec<Step>,
    deliveries: &Deliveries,
    limits: &Limits,
    now: Timestamp,
) -> (Vec<NewMessage>, Option<Timestamp>) {
    let mut by_recipient = BTreeMap::<RecipientId, Vec<Step>>::new();
    for step in due {
        by_recipient.entry(step.entry.recipient()).or_default().push(step);
    }
    let (mut new, mut look_at) = (Vec::new(), None);
    for (recipient, mut steps) in by_recipient {
        // Urgent ones first: a long message is not read to its end.
        let rank = |step: &Step| (Reverse(step.target.severity), step.target.clone());
        steps.sort_by_cached_key(rank);
        let begin = Timestamp::from_millis(now.millis() - limits.storm_window.millis());
        let before = deliveries.decided_after(&recipient, begin);
        if before.len() > limits.storm_messages {
            // When so many have left the window that one more may come.
            let at = before[before.len() - limits.storm_messages - 1] + limits.storm_window;
            look_at = Some(look_at.map_or(at, |known: Timestamp| known.min(at)));
        } else if before.len() + steps.len() > limits.storm_messages {
            new.push(NewMessage::of(recipient, steps));
        } else {
            let each = steps.into_iter().map(|step| NewMessage::of(recipient.clone(), vec![step]));
            new.extend(each);
        }
    }
    (new, look_at)
}
