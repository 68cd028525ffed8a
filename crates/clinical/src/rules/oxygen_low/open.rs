//! An episode of low saturation that lasts, and what the alert that it goes on with says of it already.

use super::{JUDGED_WITHIN, OXYGEN, spo2};
use crate::alert::{Severity, Stage};
use crate::crisis::{Away, Crisis};
use crate::episode::{Episode, EvidenceReading, PAGES_WITHIN};
use crate::fixed::Fixed;
use crate::remembered::CurrentReading;
use crate::rule::{Carried, values};
use crate::time::{Span, Timestamp};

/// So long values have to stay above the urgent limit until what is urgent again is a new crisis, also on
/// the same day: a device that is worn, or somebody who measures again and again, has seen it eased. Ours.
const EASED_FOR: Span = Span::from_hours(4);

/// The numbers of the rule that nothing changes.
pub(super) const FIXED: &[Fixed] = &[Fixed::hours(
    [
        "緊急の基準を超えた状態の持続後は、新たな発生とみなす",
        "a new crisis: after values above the urgent limit for",
    ],
    EASED_FOR,
    "ours: an exacerbation of the evening is another one than that of the morning",
)];

/// How many readings of the evidence brought an alert to a step, by the names of findings.
pub(super) const UNCONFIRMED: &str = "readings_unconfirmed";
pub(super) const CONFIRMED: &str = "readings_confirmed";
pub(super) const URGENT: &str = "readings_urgent";

/// The finding of an alert in a new crisis: what the reading says with which it began, %.
pub(super) const CRISIS_VALUE: &str = "crisis_value";

/// An episode that lasts, and how many readings of its evidence brought it to each step.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) episode: Episode,
    pub(super) unconfirmed: usize,
    pub(super) confirmed: usize,
    pub(super) urgent: usize,
    /// When the newest reading was observed that is urgent.
    pub(super) decisive: Option<Timestamp>,
    /// Since when none in a row was urgent; none before one was.
    pub(super) away: Option<Away>,
    /// The reading with which the newest crisis began.
    pub(super) named: Option<EvidenceReading>,
    /// When the crisis began that the alert tells of, where that is computed anew: what it followed may
    /// have left memory.
    pub(super) known_crisis: Option<Timestamp>,
}

impl Open {
    pub(super) fn of(episode: Episode) -> Self {
        Self {
            episode,
            unconfirmed: 0,
            confirmed: 0,
            urgent: 0,
            decisive: None,
            away: None,
            named: None,
            known_crisis: None,
        }
    }

    /// One that is open at `from`, as its alert tells it. What rests on readings from before stays said.
    pub(super) fn carry(carried: &Carried<'_>, from: Timestamp) -> Self {
        let alert = carried.alert;
        let mut episode = carried.episode();
        let readings = carried.established.len();
        let of = |name| alert.finding(name).unwrap_or_default() as usize;
        let up_to = |name| Some(of(name)).filter(|known| *known <= readings).unwrap_or_default();
        let (unconfirmed, confirmed, urgent) =
            (up_to(UNCONFIRMED), up_to(CONFIRMED), up_to(URGENT));
        if urgent == 0 {
            episode.severity = Severity::Review;
        }
        let is_whole =
            [UNCONFIRMED, CONFIRMED, URGENT].into_iter().all(|name| of(name) <= readings);
        let upheld: Vec<EvidenceReading> = match is_whole {
            true => alert.evidence.iter().skip(readings).map(From::from).collect(),
            false => Vec::new(),
        };
        let known = Crisis::known(alert, EASED_FOR).filter(|_| is_whole && urgent > 0);
        let is_named =
            |one: &&EvidenceReading| known.is_some_and(|crisis| one.reading.time == crisis.began);
        let named = upheld.last().filter(is_named).copied();
        // Of what upheld it the lowest, where that is not one that established it.
        let lowest_of = |all: &[EvidenceReading]| {
            let lower = |one: EvidenceReading, other: &EvidenceReading| match is_lower(other, &one)
            {
                true => *other,
                false => one,
            };
            all.split_first().map(|(first, others)| others.iter().fold(*first, lower))
        };
        let before: Vec<EvidenceReading> =
            upheld.iter().filter(|one| one.reading.time < from).copied().collect();
        let least = lowest_of(&carried.established);
        let is_further = |one: &EvidenceReading| least.is_none_or(|least| is_lower(one, &least));
        episode.newest = lowest_of(&before).filter(is_further).into_iter().collect();
        episode.crisis = known.filter(|crisis| crisis.began < from);
        Self {
            unconfirmed,
            confirmed,
            urgent,
            // What was urgent before was so until then, as far as is known.
            away: (urgent > 0).then(|| Away::since(from)),
            named: named.filter(|one| one.reading.time < from),
            known_crisis: known.map(|crisis| crisis.began).filter(|began| *began >= from),
            ..Self::of(episode)
        }
    }

    /// Of what upholds an episode its evidence names the lowest.
    pub(super) fn note_lowest(&mut self, reading: CurrentReading) {
        let mut known = self.episode.established.iter().chain(&self.episode.newest);
        if known.all(|known| spo2(reading.sample) < spo2(known.reading.sample)) {
            self.episode.newest = EvidenceReading::of(OXYGEN, &[reading]).collect();
        }
    }

    /// Minutes in a row are urgent, from the first of them to the newest.
    pub(super) fn is_urgent(&mut self, first: CurrentReading, newest: CurrentReading) {
        let pair = [first, newest];
        let decides = if self.urgent == 0 { &pair[..] } else { &pair[1..] };
        let severity = Severity::of_urgent(decides);
        self.decisive = Some(newest.time);
        self.episode.severity = self.episode.severity.max(severity);
        if self.urgent == 0 {
            let established = &mut self.episode.established;
            for evidence in EvidenceReading::of(OXYGEN, &pair) {
                if !established.iter().any(|known| known.reading.is_of(&evidence.reading)) {
                    established.push(evidence);
                }
            }
            self.urgent = established.len();
            // From here on the lowest is reported anew, as of an alert that reaches a higher stage.
            self.episode.newest.clear();
        }
        self.note_crisis(&pair);
    }

    /// A minute is not urgent.
    pub(super) fn eases(&mut self, time: Timestamp) {
        if let Some(away) = &mut self.away {
            away.passes_without(time);
        }
    }

    /// With the first row that is urgent the alert escalates by its severity. A later one is a new crisis
    /// where it was eased for hours, or a day before.
    fn note_crisis(&mut self, [first, newest]: &[CurrentReading; 2]) {
        let is_known = self.known_crisis.take() == Some(newest.time);
        let before = self.away.replace(Away::since(newest.time));
        let is_new =
            before.is_some_and(|away| away.stayed() >= EASED_FOR || away.is_over_at(newest.time));
        let (stage, apart) = (Stage::Confirmed, EASED_FOR);
        let in_time_until = newest.time + PAGES_WITHIN + JUDGED_WITHIN;
        if is_new || is_known {
            let severity = Severity::of_urgent(&[*first, *newest]);
            let began = newest.time;
            self.episode.crisis = Some(Crisis { began, stage, severity, in_time_until, apart });
            self.named = EvidenceReading::of(OXYGEN, &[*newest]).next();
        } else if let Some(crisis) = &mut self.episode.crisis {
            let severity = Severity::of_urgent(&[*newest]);
            crisis.go_on(stage, severity, in_time_until);
        }
    }

    /// The episode with what was judged, and with how urgent it is in time and until when it is.
    pub(super) fn complete(self) -> Episode {
        let Self { mut episode, unconfirmed, confirmed, urgent, decisive, named, .. } = self;
        if urgent > 0 {
            episode.severity_in_time = Severity::Urgent;
            let newest = episode.established.iter().map(|evidence| evidence.reading.time).max();
            if let Some(decisive) = decisive.or(newest) {
                episode.decided_by(decisive + JUDGED_WITHIN);
            }
        }
        let evidence = episode.established.iter().chain(&episode.newest).chain(&named);
        let lowest = evidence.map(|evidence| spo2(evidence.reading.sample)).min_by(f64::total_cmp);
        episode.findings = values([
            (UNCONFIRMED, unconfirmed as f64),
            (CONFIRMED, confirmed as f64),
            (URGENT, urgent as f64),
            ("lowest", lowest.unwrap_or(f64::NAN)),
        ]);
        if let Some(crisis) = episode.crisis {
            crisis.say_in(&mut episode.findings);
        }
        if let Some(named) = named {
            episode.findings.insert(CRISIS_VALUE.into(), spo2(named.reading.sample));
            episode.newest.retain(|known| !known.reading.is_of(&named.reading));
            episode.newest.push(named);
        }
        episode
    }
}

/// The readings of a carried alert of which the second confirmed the first, or made it urgent.
pub(super) fn in_a_row(carried: &Carried<'_>) -> Vec<[CurrentReading; 2]> {
    let alert = carried.alert;
    let places = [CONFIRMED, URGENT].map(|name| alert.finding(name).unwrap_or_default() as usize);
    let readings = |place: usize| match alert.evidence.get(place.checked_sub(2)?..place)? {
        [first, second] => Some([first, second].map(EvidenceReading::current_reading)),
        _ => None,
    };
    places.into_iter().filter_map(readings).collect()
}

fn is_lower(one: &EvidenceReading, other: &EvidenceReading) -> bool {
    spo2(one.reading.sample) < spo2(other.reading.sample)
}
