//! An event of glucose that lasts, and what the alert that it goes on with says of it already.

use super::glucose_event::{Event, LASTED, Urgent, measured};
use crate::alert::Severity;
use crate::crisis::{AGAIN_AFTER, Crisis, UNKNOWN_AFTER};
use crate::episode::{Episode, EvidenceReading};
use crate::glucose::{GLUCOSE, is_of_sensor};
use crate::remembered::CurrentReading;
use crate::rule::{Carried, values};
use crate::time::Timestamp;

/// The findings of a reading that an alert names, behind the furthest in its evidence.
#[derive(Debug)]
pub(super) struct Named {
    /// mg/dL.
    pub(super) value: &'static str,
    /// The code of the side on which the value is of what the device can say.
    pub(super) comparator: &'static str,
    /// 1 where it is a sensor's.
    pub(super) sensor: &'static str,
}

/// The reading by which an event has lasted until it is urgent.
pub(super) const BY_WHICH_IT_HAS_LASTED: Named =
    Named { value: "lasted_value", comparator: "lasted_comparator", sensor: "lasted_sensor" };

/// The reading with which the newest crisis began.
pub(super) const WITH_WHICH_A_CRISIS_BEGAN: Named =
    Named { value: "crisis_value", comparator: "crisis_comparator", sensor: "crisis_sensor" };

/// An episode that lasts.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) episode: Episode,
    /// When the newest reading was observed that confirmed it.
    pub(super) decisive: Option<Timestamp>,
    /// Whether it has lasted until it is urgent, where that takes time.
    pub(super) has_lasted: bool,
    /// The reading that said so, none where time alone did; of what is urgent at once the one with which
    /// the newest crisis began.
    pub(super) named: Option<EvidenceReading>,
    /// When the reading was observed that the alert names, where that is computed anew: what it followed may
    /// have left memory.
    pub(super) named_at: Option<Timestamp>,
    /// When the newest reading was observed that was beyond the limit for long enough, and the newest since
    /// that was not beyond it.
    held: Option<Timestamp>,
    not_beyond: Option<Timestamp>,
    /// Whether another rule tells of all of it. Then it is no episode until it has lasted.
    pub(super) is_told: bool,
}

impl Open {
    pub(super) fn of(episode: Episode) -> Self {
        Self {
            episode,
            decisive: None,
            has_lasted: false,
            named: None,
            named_at: None,
            held: None,
            not_beyond: None,
            is_told: false,
        }
    }

    /// One that is open at `from`, as its alert tells it. Whatever the alert says that rests on readings
    /// from before stays said; what rests on later ones is computed anew.
    pub(super) fn carry(event: &Event, carried: &Carried<'_>, from: Timestamp) -> Self {
        let alert = carried.alert;
        let mut episode = carried.episode();
        let upheld: Vec<EvidenceReading> = match carried.stage == alert.stage {
            true => alert.evidence.iter().skip(carried.established.len()).map(From::from).collect(),
            false => Vec::new(),
        };
        let names_one = alert.finding(named_of(event).value).is_some();
        let named = upheld.last().filter(|_| names_one).copied();
        let is_before = |one: &EvidenceReading| one.reading.time < from;
        let before = upheld.iter().filter(|one| is_before(one)).map(|one| one.reading);
        let furthest = event.beyond.furthest(before);
        let of_established = carried.established.iter().map(|one| one.reading);
        let least = event.beyond.furthest(of_established);
        let is_further = |one: &CurrentReading| {
            least.is_none_or(|least| event.beyond.is_further(measured(one), measured(&least)))
        };
        let furthest = furthest.filter(is_further);
        episode.newest = upheld
            .iter()
            .filter(|one| furthest.is_some_and(|furthest| one.reading.is_of(&furthest)))
            .copied()
            .collect();
        let is_named_before = named.as_ref().is_none_or(is_before);
        let has_lasted = alert.finding(LASTED).is_some() && is_named_before;
        if matches!(event.urgent, Urgent::After(_)) && !has_lasted {
            episode.severity = Severity::Review;
        }
        let crisis = Crisis::known_of(alert).filter(|_| carried.stage == alert.stage);
        episode.crisis = crisis.filter(|_| is_named_before).map(Crisis::known);
        Self {
            has_lasted,
            named: named.filter(is_before),
            named_at: named.filter(|one| !is_before(one)).map(|one| one.reading.time),
            held: Some(from),
            ..Self::of(episode)
        }
    }

    /// A reading that is not beyond the limit.
    pub(super) fn passes_without(&mut self, time: Timestamp) {
        self.not_beyond = self.not_beyond.max(Some(time).filter(|time| Some(*time) > self.held));
    }

    /// A reading confirms that it is beyond the limit.
    pub(super) fn is_held_by(&mut self, time: Timestamp) {
        self.held = self.held.max(Some(time));
        self.not_beyond = None;
    }

    /// With a confirming reading a new crisis begins, or the newest goes on. A value between that is not
    /// beyond the limit parts it from the one before, where it is of another day; without one it may have
    /// lasted, unless nothing is known of days.
    pub(super) fn note_crisis(&mut self, reading: &CurrentReading) {
        let is_known = self.named_at.take() == Some(reading.time);
        let after = self.held.map(|held| reading.time - held);
        let is_new = after.is_some_and(|after| match self.not_beyond {
            Some(_) => after >= AGAIN_AFTER,
            None => after > UNKNOWN_AFTER,
        });
        let severity = Severity::of_urgent(std::slice::from_ref(reading));
        if is_new || is_known {
            self.episode.crisis = Some(Crisis { began: reading.time, severity });
            self.named = EvidenceReading::of(GLUCOSE, &[*reading]).next();
        } else if let Some(crisis) = &mut self.episode.crisis {
            crisis.severity = crisis.severity.max(severity);
        }
    }
}

/// Which reading an event's alerts name behind the furthest.
const fn named_of(event: &Event) -> &'static Named {
    match event.urgent {
        Urgent::AtOnce => &WITH_WHICH_A_CRISIS_BEGAN,
        Urgent::After(_) | Urgent::Never => &BY_WHICH_IT_HAS_LASTED,
    }
}

/// Names a reading behind the furthest, in evidence and findings.
pub(super) fn name(event: &Event, episode: &mut Episode, reading: EvidenceReading) {
    episode.newest.retain(|known| !known.reading.is_of(&reading.reading));
    episode.newest.push(reading);
    let named = named_of(event);
    let value = measured(&reading.reading);
    episode.findings.extend(values([
        (named.value, value.number()),
        (named.sensor, f64::from(is_of_sensor(reading.reading.sample))),
    ]));
    if let Some(code) = value.side() {
        episode.findings.insert(named.comparator.into(), f64::from(code as u8));
    }
}
