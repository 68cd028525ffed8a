//! How long alerts take: from the reading that causes one to the topic and to the physician's page.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use clinical::{Span, Timestamp};
use schemas::AlertEvent;
use schemas::reading::{Measurement, Reading};
use serde_json::{Value, json};

/// When readings that may cause alerts were sent, and when alerts were shown.
#[derive(Default)]
pub(super) struct Delays {
    sends: Mutex<HashMap<String, Vec<Send>>>,
    /// By alert: the state that was shown, by the time of its change, and when.
    shown: Mutex<HashMap<String, Vec<(Timestamp, Timestamp)>>>,
}

#[derive(Clone, Copy)]
struct Send {
    due: Timestamp,
    acknowledged: Timestamp,
}

/// The way of one urgent alert event.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// The reading that has caused it.
    pub(super) cause: String,
    /// When its reading was due to be sent.
    pub(super) due: Timestamp,
    pub(super) acknowledged: Timestamp,
    /// When Kafka says that it was received.
    pub(super) received: Timestamp,
    /// When it was seen on the topic.
    pub(super) on_topic: Timestamp,
    /// When the page knew of it, or of a newer state of the same alert; none when it never did.
    pub(super) shown: Option<Timestamp>,
}

impl Delays {
    pub(super) fn acknowledged(&self, reading: &Reading, due: Timestamp, at: Timestamp) {
        if let (Measurement::BloodPressure(_), Ok(checked)) =
            (&reading.measurement, reading.validate(at))
        {
            let mut sends = self.sends.lock().unwrap_or_else(PoisonError::into_inner);
            let of_it = sends.entry(checked.id().to_string()).or_default();
            of_it.push(Send { due, acknowledged: at });
        }
    }

    pub(super) fn shown(&self, alert: &str, changed_at: Timestamp, at: Timestamp) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.entry(alert.to_owned()).or_default().push((changed_at, at));
    }

    /// The ways of the urgent alerts that readings have caused.
    pub(super) fn ways(&self, alerts: &[(AlertEvent, Timestamp)]) -> Vec<Way> {
        let sends = self.sends.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let way = |(event, on_topic): &(AlertEvent, Timestamp)| {
            if event.severity != "urgent" || event.status != "open" {
                return None;
            }
            let changed_at = Timestamp::from_millis(event.changed_at);
            // Of several sends of a reading the last one that was due before it was received.
            let cause = event.cause.clone()?;
            let of_it = sends.get(&cause)?.iter();
            let send = of_it.filter(|send| send.due <= changed_at).max_by_key(|send| send.due)?;
            let states = shown.get(&event.alert_id).into_iter().flatten();
            let shown = states.filter(|(state, _)| *state >= changed_at).map(|(_, at)| *at).min();
            let Send { due, acknowledged } = *send;
            Some(Way { cause, due, acknowledged, received: changed_at, on_topic: *on_topic, shown })
        };
        alerts.iter().filter_map(way).collect()
    }
}

impl Way {
    fn json(&self) -> Value {
        json!({
            "cause": self.cause,
            "due": self.due.to_string(),
            "received": self.received.to_string(),
            "acknowledged": self.acknowledged.to_string(),
            "on_topic": self.on_topic.to_string(),
            "on_page": self.shown.map(|at| at.to_string()),
        })
    }
}

/// The longest of some ways.
#[derive(Clone, Default)]
pub(super) struct Longest {
    pub(super) alerts: usize,
    /// How many of them the page never knew of: their delay is without end.
    pub(super) unseen: usize,
    /// The one that took longest to the topic.
    slowest: Option<Way>,
    /// From the acknowledgement.
    pub(super) to_topic: i64,
    pub(super) to_page: i64,
    /// From the time that the timetable says.
    pub(super) due_to_topic: i64,
    pub(super) due_to_page: i64,
}

impl Longest {
    pub(super) fn of<'w>(ways: impl Iterator<Item = &'w Way>) -> Self {
        let mut longest = Self::default();
        for way in ways {
            longest.alerts += 1;
            let since =
                |to: Timestamp, from: Timestamp| (to - from).max(Span::from_millis(0)).millis();
            let keep = |most: &mut i64, millis: i64| *most = (*most).max(millis);
            let to_topic = since(way.on_topic, way.acknowledged);
            if longest.slowest.is_none() || to_topic > longest.to_topic {
                longest.slowest = Some(way.clone());
            }
            keep(&mut longest.to_topic, to_topic);
            keep(&mut longest.due_to_topic, since(way.on_topic, way.due));
            match way.shown {
                Some(shown) => {
                    keep(&mut longest.to_page, since(shown, way.acknowledged));
                    keep(&mut longest.due_to_page, since(shown, way.due));
                }
                None => longest.unseen += 1,
            }
        }
        longest
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "alerts": self.alerts,
            "never_on_the_page": self.unseen,
            "slowest": self.slowest.as_ref().map(Way::json),
            "acknowledgement_to_topic_ms": self.to_topic,
            "acknowledgement_to_page_ms": self.to_page,
            "due_to_topic_ms": self.due_to_topic,
            "due_to_page_ms": self.due_to_page,
        })
    }

    pub(super) fn columns(&self) -> String {
        format!(
            "{:>6} {:>6} {:>9} {:>8} {:>9} {:>8}",
            self.alerts,
            self.unseen,
            self.to_topic,
            self.to_page,
            self.due_to_topic,
            self.due_to_page
        )
    }
}

/// How the ways of a quiet time spread, to the topic and to the page, from the acknowledgement.
pub(super) fn spread(ways: &[&Way]) -> Value {
    let quantiles = |mut millis: Vec<i64>| {
        millis.sort_unstable();
        let at = |share: f64| {
            millis.get((millis.len() as f64 * share) as usize).or(millis.last()).copied()
        };
        let named = [("p50", 0.5), ("p99", 0.99), ("most", 1.0)];
        named.map(|(name, share)| (name, at(share))).into_iter().collect::<BTreeMap<_, _>>()
    };
    let to_topic = ways.iter().map(|way| (way.on_topic - way.acknowledged).millis()).collect();
    let to_page =
        ways.iter().filter_map(|way| Some((way.shown? - way.acknowledged).millis())).collect();
    json!({ "alerts": ways.len(), "to_topic_ms": quantiles(to_topic), "to_page_ms": quantiles(to_page) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::torture::events::raised;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_795_300_000_000 + millis)
    }

    /// A way whose reading was acknowledged at 100.
    fn way(on_topic: i64, shown: Option<i64>) -> Way {
        Way {
            cause: "TST001/P1/blood_pressure/1".to_owned(),
            due: at(0),
            acknowledged: at(100),
            received: at(100),
            on_topic: at(on_topic),
            shown: shown.map(at),
        }
    }

    #[test]
    fn the_longest_delays_are_of_the_slowest_and_an_alert_never_shown_is_unseen() {
        let ways = [way(130, Some(150)), way(900, Some(700)), way(120, None)];
        let longest = Longest::of(ways.iter());
        assert_eq!((longest.alerts, longest.unseen), (3, 1));
        assert_eq!((longest.to_topic, longest.to_page), (800, 600));
        assert_eq!((longest.due_to_topic, longest.due_to_page), (900, 700));
        // On the topic before the sender had its acknowledgement: no delay.
        assert_eq!(Longest::of([way(90, Some(95))].iter()).to_topic, 0);
        assert_eq!(Longest::of([].iter()).alerts, 0);
    }

    #[test]
    fn a_state_counts_as_shown_with_itself_or_a_newer_one_of_its_alert_and_no_other() {
        let delays = Delays::default();
        let reading = crate::readings::blood_pressure("TST001/P1", at(0), 192, 114);
        delays.acknowledged(&reading, at(0), at(100));
        let cause = reading.validate(at(0)).unwrap().id().to_string();
        let event = AlertEvent { cause: Some(cause), ..raised("alert", at(100)) };
        let shown = || delays.ways(&[(event.clone(), at(130))])[0].shown;
        assert_eq!(shown(), None);
        delays.shown("another", at(100), at(140));
        delays.shown("alert", at(99), at(150));
        assert_eq!(shown(), None, "another alert, and an older state");
        delays.shown("alert", at(400), at(420));
        assert_eq!(shown(), Some(at(420)));
        delays.shown("alert", at(100), at(131));
        assert_eq!(shown(), Some(at(131)));
    }
}
