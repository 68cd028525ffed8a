//! An event of glucose that lasts, and what the alert that it goes on with says of it already.

use super::glucose_event::{Event, LASTED, LASTED_SINCE, REPORTS_FOR, Urgent, measured};
use crate::alert::{Alert, Severity, Stage};
use crate::crisis::Crisis;
use crate::episode::{Episode, EvidenceReading, PAGES_WITHIN};
use crate::glucose::{GLUCOSE, is_of_sensor};
use crate::remembered::CurrentReading;
use crate::rule::TOGETHER;
use crate::rule::{Carried, values};
use crate::time::{Span, Timestamp};

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
    /// When the stretch of values began that has lasted so first.
    lasted_since: Option<Timestamp>,
    /// The reading that said so, none where time alone did; of what is urgent at once the one with which
    /// the newest crisis began.
    pub(super) named: Option<EvidenceReading>,
    /// The reading that the alert names, where that is computed anew: what it followed may have left memory.
    /// Of the same second there may be others.
    pub(super) named_before: Option<CurrentReading>,
    /// Until when it is known to be what was reported: the newest reading beyond the limit, of what
    /// is urgent at once the newest that was so for long enough, of what has to last the newest of the
    /// stretch that has. None where none has.
    reported_until: Option<Timestamp>,
    /// Of what has lasted once: when another stretch began, which has not lasted yet.
    again_since: Option<Timestamp>,
    /// When the crisis began that a carried alert tells of, where that is computed anew: what it followed
    /// may have left memory.
    known_crisis: Option<Timestamp>,
    /// Whether another rule tells of all of it. Then it is no episode until it has lasted.
    pub(super) is_reported: bool,
}

impl Open {
    pub(super) fn of(episode: Episode) -> Self {
        Self {
            episode,
            decisive: None,
            has_lasted: false,
            lasted_since: None,
            named: None,
            named_before: None,
            reported_until: None,
            again_since: None,
            known_crisis: None,
            is_reported: false,
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
        let known = Crisis::known(alert, REPORTS_FOR).filter(|_| carried.stage == alert.stage);
        let lasted_since = lasted_since(alert);
        let has_lasted = alert.finding(LASTED).is_some()
            && lasted_since.is_none_or(|since| since < from)
            && (is_named_before || known.is_some());
        let takes_time = matches!(event.urgent, Urgent::After(_));
        if takes_time && !has_lasted {
            episode.severity = Severity::Review;
        }
        // What it followed is before what is computed; nothing tells how shortly.
        episode.crisis = known.filter(|crisis| crisis.began < from);
        // What lies long before the newest crisis was reported, and so was what lies between its beginning and
        // the reading that the alert names.
        let of_crisis = named.filter(|_| takes_time && episode.crisis.is_some());
        let of_crisis = of_crisis.map(|named| named.reading.time);
        let before_crisis = known.filter(|_| takes_time).map(|crisis| crisis.began - REPORTS_FOR);
        let reported_until = of_crisis.or(before_crisis).map_or(from, |until| until.max(from));
        Self {
            has_lasted,
            lasted_since: lasted_since.filter(|since| *since < from),
            named: named.filter(is_before),
            named_before: named.filter(|one| !is_before(one)).map(|one| one.reading),
            reported_until: Some(reported_until).filter(|_| has_lasted || !takes_time),
            known_crisis: known.map(|crisis| crisis.began).filter(|began| *began >= from),
            ..Self::of(episode)
        }
    }

    /// A reading of what has lasted already is beyond the limit. Long after the one before another stretch
    /// of values begins with it, which may last as well.
    pub(super) fn goes_on(&mut self, stretch_since: Timestamp, time: Timestamp) {
        let Some(until) = self.reported_until.filter(|_| self.has_lasted) else { return };
        let begins = stretch_since == time;
        // A reading that came late may let it begin earlier.
        let is_of_stretch = |known: &mut Timestamp| (stretch_since..=time).contains(known);
        let is_known = self.known_crisis.take_if(is_of_stretch).is_some();
        if self.again_since.is_some() && begins || time - until > REPORTS_FOR || is_known {
            self.again_since = Some(stretch_since);
        } else if self.again_since.is_none() {
            self.reported_until = Some(until.max(time));
        }
    }

    /// Whether what is carried has begun to last before what is computed, by what its alert says.
    pub(super) fn began_to_last_before(&self) -> bool {
        self.lasted_since.is_some()
    }

    /// Whether it is waited for that it lasts, for the first time or again.
    pub(super) fn is_to_last(&self) -> bool {
        !self.has_lasted || self.again_since.is_some()
    }

    /// It has lasted until it is urgent, as a reading or, where there is none, time alone says.
    pub(super) fn lasts(
        &mut self,
        by: Option<EvidenceReading>,
        newest: &CurrentReading,
        (stretch_since, until): (Timestamp, Timestamp),
    ) {
        if !self.has_lasted {
            self.lasted_since.get_or_insert(stretch_since);
        }
        if let Some(since) = self.again_since.take() {
            // Of several stretches, with the first.
            self.begin_crisis(since.min(stretch_since), newest);
        }
        self.has_lasted = true;
        self.named = by;
        self.reported_until = Some(until);
    }

    /// A reading confirms what is urgent at once. Hours after the one before a new crisis begins with it:
    /// whoever was called for that one has done something since, whatever was measured between, and nobody is
    /// so low for so long.
    pub(super) fn is_held_by(&mut self, reading: &CurrentReading, is_confirmed: bool) {
        let is_known = self.named_before.take().is_some_and(|named| named.time == reading.time);
        let is_new = self.reported_until.is_some_and(|until| reading.time - until > REPORTS_FOR);
        self.reported_until = self.reported_until.max(Some(reading.time));
        if !is_confirmed {
            return;
        }
        if is_new || is_known {
            self.begin_crisis(reading.time, reading);
            self.named = EvidenceReading::of(GLUCOSE, &[*reading]).next();
        } else {
            self.crisis_goes_on(reading);
        }
    }

    fn begin_crisis(&mut self, began: Timestamp, newest: &CurrentReading) {
        self.episode.crisis = Some(Crisis {
            began,
            stage: Stage::Confirmed,
            severity: Severity::of_urgent(std::slice::from_ref(newest)),
            in_time_until: in_time_until(newest),
            apart: REPORTS_FOR,
        });
    }

    /// A further reading of the newest crisis.
    fn crisis_goes_on(&mut self, newest: &CurrentReading) {
        if let Some(crisis) = &mut self.episode.crisis {
            let severity = Severity::of_urgent(std::slice::from_ref(newest));
            crisis.go_on(Stage::Confirmed, severity, in_time_until(newest));
        }
    }

    /// Says that it has lasted, and since when.
    pub(super) fn say_that_it_has_lasted(&mut self, span: Span) {
        let findings = &mut self.episode.findings;
        findings.insert(LASTED.into(), span.millis() as f64 / 60_000.0);
        if let Some(since) = self.lasted_since {
            findings.insert(LASTED_SINCE.into(), since.seconds() as f64);
        }
    }

    /// A further reading confirms what has lasted.
    pub(super) fn lasts_on(&mut self, reading: &CurrentReading) {
        if self.is_to_last() {
            return;
        }
        self.crisis_goes_on(reading);
        // The one that the alert names, where what it followed has left memory.
        if self.named_before.take_if(|named| named.is_of(reading)).is_some() {
            self.named = EvidenceReading::of(GLUCOSE, &[*reading]).next();
        }
    }
}

/// When the stretch of values began that has lasted first, as an alert tells it.
pub(super) fn lasted_since(alert: &Alert) -> Option<Timestamp> {
    alert.finding(LASTED_SINCE).map(|seconds| Timestamp::from_seconds(seconds as i64))
}

/// Until when what a reading says is reported: it is judged a minute later at most than received.
fn in_time_until(newest: &CurrentReading) -> Timestamp {
    newest.time + PAGES_WITHIN + TOGETHER
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
