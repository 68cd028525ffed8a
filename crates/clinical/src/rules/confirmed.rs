//! Rules about single occasions that a second reading confirms.
//!
//! A reading beyond the rule's limit is measured again before anybody is called: *confirmed* is a pair
//! of readings 1 to 15 minutes apart whose mean is still beyond it (JSH 2019 takes two readings an
//! occasion and their mean), *unconfirmed* a reading beyond it with no other reading 1 to 15 minutes
//! from it once 15 minutes have passed. A reading whose repetition brings the mean back raises nothing.
//! Whoever measures once an occasion repeats it at the next one: two such readings in a row, a day apart at
//! most, confirm as a pair does.
//!
//! An occasion is *normalised* when its mean is within the limits for that and nothing in it is beyond
//! as above. It counts towards clearing once it is over, so that a reading still to come cannot undo
//! it. An unconfirmed alert ends with one normalised occasion, a confirmed one with some in a row of which
//! the last comes 20 hours or more after what was beyond the limit: who is so each morning is in one alert.
//!
//! The window begins with the first occasion that has a reading in it. An alert that was open there
//! is carried across: stage and severity follow from its evidence and from the current readings in
//! the window. Normalised occasions count while they are in the window.
//!
//! While a confirmed alert is open, a pair beyond the limit is a *new crisis* where an occasion a day after
//! the last one beyond it was not, or nothing is known of three days: it is reported again. One who is
//! beyond it each day is in the same crisis. A reading that nothing confirms begins an unconfirmed one so:
//! the alert asks to measure again, and tells of the pair that confirms it.

use super::confirmed_evidence::{
    ESTABLISHED_IN_A_ROW, NEWEST_IN_A_ROW, OCCASIONS, in_a_row, newest_before, second_in_a_row,
    steps,
};
use super::criterion::Criterion;
use super::occasions;
use super::pairs::{self, Before, Finding, IN_A_ROW, REPEAT_AFTER, REPEAT_WITHIN, repeats};
use crate::alert::{Alert, Severity, Stage};
use crate::crisis::{AGAIN_AFTER, Away, Crisis, UNKNOWN_AFTER};
use crate::episode::{Episode, EvidenceReading, PAGES_WITHIN};
use crate::fixed::Fixed;
use crate::home_pressure::OCCASION;
use crate::reading::ReadingId;
use crate::remembered::CurrentReading;
use crate::rule::{Assessment, Carried, Change, Context};
use crate::statistics;
use crate::time::{Span, Timestamp};

/// So long after the last reading beyond the limit whatever is beyond it is a new crisis, which begins with
/// its occasion.
pub(super) const NEW_CRISIS_AFTER: Span =
    Span::from_millis(UNKNOWN_AFTER.millis() + OCCASION.millis());

/// The full computation of a rule; `name` adds what was judged against what.
pub(super) fn assess<C: Criterion>(
    criterion: &C,
    context: &Context<'_>,
    name: impl Fn(&mut Episode),
) -> Assessment {
    if let Some(waiting) = Assessment::waiting(context) {
        return waiting;
    }
    let readings: Vec<CurrentReading> =
        context.readings(C::KIND, context.lookback_start()).collect();
    let window_start = context.window_start();
    let first = occasions::first_in_window(&readings, window_start);
    let edge = readings.get(first).map_or(window_start, |one| one.time.min(window_start));
    let beginning = context.beginning(edge, steps);
    let open = beginning.open.map(|carried| {
        let last_beyond = last_beyond(&readings[..first], criterion, context.now);
        let last_beyond = last_beyond.unwrap_or_else(|| context.lookback_start());
        Open::carry(&carried, (edge, last_beyond), context)
    });
    let seen_from = context.lookback_start();
    let mut found = episodes(&readings, (first, seen_from), open, criterion, context.now);
    for episode in &mut found.episodes {
        complete::<C>(episode);
        episode.places = &[ESTABLISHED_IN_A_ROW, NEWEST_IN_A_ROW];
        let in_a_row = episode.findings.clone();
        name(episode);
        episode.findings.extend(in_a_row);
        let judged = judged(episode).iter().map(|one| one.reading).collect::<Vec<_>>();
        if pairs::are_in_a_row(&judged) {
            episode.findings.insert(OCCASIONS.into(), 2.0);
        }
        if let Some(crisis) = episode.crisis {
            crisis.say_in(&mut episode.findings);
        }
    }
    Assessment { covered: beginning.covered, ..found }
}

/// When the last occasion began that was beyond the limit, of readings from before the window.
fn last_beyond<C: Criterion>(
    before: &[CurrentReading],
    criterion: &C,
    now: Timestamp,
) -> Option<Timestamp> {
    let occasions = occasions::from(before, 0).filter(|occasion| {
        let judged = pairs::judge(before, occasion.clone(), criterion, now);
        matches!(judged.finding, Finding::Confirmed { .. } | Finding::Unconfirmed { .. })
    });
    occasions.map(|occasion| before[occasion.start].time).max()
}

/// The fast path of a rule.
pub(super) fn is_unaffected<C: Criterion>(
    criterion: &C,
    change: &Change,
    context: &Context<'_>,
) -> bool {
    if let Some(until) = context.rest_until {
        return context.due == Some(until);
    }
    let reading = &change.reading;
    let mut known = context.known();
    let none_known = known.clone().next().is_none();
    let nothing_open = context.due.is_none() && !known.any(Alert::is_open);
    let mut near = context.readings_and_copies(C::KIND, reading.time - REPEAT_WITHIN);
    if !change.is_in_order {
        // A reading that came out of order, or was changed: itself, if it is current, and the
        // readings around it.
        let mut near = near.take_while(|other| other.time <= reading.time + REPEAT_WITHIN);
        return none_known && nothing_open && !near.any(|other| criterion.is_beyond(&other));
    }
    if !nothing_open || criterion.is_beyond(reading) {
        return false;
    }
    if !none_known {
        return near.all(|other| other.time >= reading.time);
    }
    !near.any(|other| other.time < reading.time && criterion.is_beyond(&other))
}

/// What is neither beyond the limit nor with another reading near it: that is reported at once, however far
/// ahead its clock is.
pub(super) fn waits_for_its_time<C: Criterion>(
    criterion: &C,
    reading: &CurrentReading,
    context: &Context<'_>,
) -> bool {
    let near = context.all_readings(C::KIND, reading.time - REPEAT_WITHIN);
    let mut near = near.take_while(|other| other.time <= reading.time + REPEAT_WITHIN);
    let confirms = |other: CurrentReading| {
        (other.time - reading.time).abs() >= REPEAT_AFTER
            && criterion.is_beyond(&other)
            && criterion.mean_is_beyond(&other, reading)
    };
    !criterion.is_beyond(reading) && !near.any(confirms)
}

/// What was judged: the newest pair, or the newest reading where none confirms it. What came after the
/// pair alone was not judged with it, unless it is a new crisis.
pub(super) fn judged(episode: &Episode) -> &[EvidenceReading] {
    if let Some(single) = unconfirmed_crisis(episode) {
        return single;
    }
    match (episode.stage, &episode.established[..], &episode.newest[..]) {
        (Stage::Confirmed, _, newest @ [first, second, ..])
            if repeats(&second.reading, &first.reading)
                || episode.findings.contains_key(NEWEST_IN_A_ROW) =>
        {
            &newest[..2]
        }
        (Stage::Confirmed, established, _) => &established[established.len().saturating_sub(2)..],
        (_, _, [.., newest]) | (_, [.., newest], []) => std::slice::from_ref(newest),
        (_, [], []) => &[],
    }
}

/// The newest reading of a new crisis that none confirms yet.
fn unconfirmed_crisis(episode: &Episode) -> Option<&[EvidenceReading]> {
    let crisis = episode.crisis.filter(|crisis| crisis.stage == Stage::Unconfirmed)?;
    let (newest, before) = episode.newest.split_last()?;
    let confirms = before.last().is_some_and(|first| repeats(&newest.reading, &first.reading));
    let is_of_crisis = !confirms && newest.reading.time >= crisis.began;
    is_of_crisis.then_some(std::slice::from_ref(newest))
}

/// The mean of a number of what was judged.
pub(super) fn mean(judged: &[EvidenceReading], of: impl Fn(&CurrentReading) -> f64) -> f64 {
    let values = judged.iter().map(|evidence| of(&evidence.reading));
    statistics::mean(values).unwrap_or(f64::NAN)
}

/// The episodes in the readings from the index `first` on, where the window begins; what was observed
/// before `seen_from` is not seen. The first is the one that is open there, if one is.
fn episodes<C: Criterion>(
    readings: &[CurrentReading],
    (first, seen_from): (usize, Timestamp),
    mut open: Option<Open>,
    criterion: &C,
    now: Timestamp,
) -> Assessment {
    let mut found = Assessment::default();
    let known_in_a_row = open.as_mut().map(|open| std::mem::take(&mut open.known_in_a_row));
    let known_in_a_row = known_in_a_row.unwrap_or_default();
    for occasion in occasions::from(readings, first) {
        let begins = readings[occasion.start].time;
        let over_at = occasions::over_at(readings, &occasion);
        let is_over = occasions::is_over(readings, &occasion, now);
        let judged = pairs::judge(readings, occasion, criterion, now);
        if let Some(time) = judged.next_assessment {
            found.assess_again_at(time);
        }
        match judged.finding {
            Finding::Confirmed { first, second } => {
                let pair = [readings[first], readings[second]];
                let severity = Severity::of_urgent(&pair);
                Open::hold::<C>(&mut open, begins, (Stage::Confirmed, severity), &pair);
            }
            Finding::Unconfirmed { reading } => {
                let one = readings[reading];
                let known = |is_first: &dyn Fn(&CurrentReading) -> bool| {
                    let is_known =
                        |two: &&[CurrentReading; 2]| two[1].is_of(&one) && is_first(&two[0]);
                    known_in_a_row.iter().find(is_known).map(|two| two[0])
                };
                let before = match pairs::before_single(readings, reading, criterion, seen_from) {
                    Before::Single(before) => Some(before),
                    // What would be seen and is not there was taken back.
                    Before::Unseen => known(&|first| first.time < seen_from),
                    Before::SeenInPart(before) => {
                        known(&|first| first.is_of(&before)).map(|_| before)
                    }
                    Before::Other => None,
                };
                if let Some(before) = before {
                    // Whoever is beyond it now is not so by the one that came late.
                    let found = (Stage::Confirmed, Severity::of_urgent(&[one]));
                    Open::hold::<C>(&mut open, begins, found, &[before, one]);
                } else {
                    let found = (Stage::Unconfirmed, Severity::Review);
                    Open::hold::<C>(&mut open, begins, found, &[one]);
                }
            }
            Finding::Normal if is_over => {
                if let Some(mut episode) = open.take() {
                    let occasion = (begins, over_at);
                    if episode.is_ended_by_normalised(criterion.clear_occasions(), occasion) {
                        episode.episode.ended = Some(begins);
                        found.episodes.push(episode.complete());
                    } else {
                        episode.away.passes_without(begins);
                        open = Some(episode);
                    }
                }
            }
            Finding::Normal => {
                if open.is_some() {
                    found.assess_again_at(over_at);
                }
            }
            Finding::Neither => {
                if let Some(open) = &mut open {
                    open.normalised = 0;
                    open.reported_end = None;
                    open.away.passes_without(begins);
                }
            }
        }
    }
    found.episodes.extend(open.map(Open::complete));
    found
}

/// Adds what follows from stage and evidence: how urgent the alert is in time, and until when it is.
fn complete<C: Criterion>(episode: &mut Episode) {
    let confirmed = episode.stage == Stage::Confirmed;
    episode.severity_in_time = if confirmed { Severity::Urgent } else { Severity::Review };
    let evidence: Vec<CurrentReading> =
        episode.evidence().into_iter().map(|evidence| evidence.reading).collect();
    // When the newest pair was complete that confirms: a single reading after it confirms nothing.
    let completes = |second: &&CurrentReading| evidence.iter().any(|first| repeats(second, first));
    let in_a_row = [ESTABLISHED_IN_A_ROW, NEWEST_IN_A_ROW];
    let in_a_row = in_a_row.iter().filter_map(|name| episode.findings.get(*name));
    let in_a_row = in_a_row.filter_map(|place| evidence.get((*place as usize).checked_sub(1)?));
    let pair = evidence.iter().filter(completes).chain(in_a_row).map(|second| second.time).max();
    let newest = evidence.iter().map(|reading| reading.time).max();
    if let Some(decisive) = pair.filter(|_| confirmed).or(newest) {
        episode.decided_by(decisive + C::JUDGED_WITHIN);
    }
}

struct Open {
    episode: Episode,
    normalised: u8,
    /// Of an alert that is carried, as long as nothing but normalised occasions has followed: the
    /// occasion that was reported to have ended it, if nothing up to it has changed now. How many
    /// normalised ones before the window it followed is not remembered: with a change they do not
    /// count.
    reported_end: Option<Timestamp>,
    /// Whether the last of the newest readings is one that nothing confirms.
    ends_with_single: bool,
    /// Whether the last two of the readings that confirmed it, or the first two of the newest, are of two
    /// occasions in a row.
    is_established_in_a_row: bool,
    is_newest_in_a_row: bool,
    /// Of a carried alert the readings of two occasions in a row: the first may not be seen any more.
    known_in_a_row: Vec<[CurrentReading; 2]>,
    /// Since the newest occasion beyond the limit, confirmed or not.
    away: Away,
    /// When the crisis began that a carried alert tells of, until something is beyond the limit: what it
    /// followed may have left memory.
    known_crisis: Option<Timestamp>,
}

impl Open {
    fn of(episode: Episode, last_beyond: Timestamp) -> Self {
        Self {
            episode,
            normalised: 0,
            reported_end: None,
            ends_with_single: false,
            is_established_in_a_row: false,
            is_newest_in_a_row: false,
            known_in_a_row: Vec::new(),
            away: Away::since(last_beyond),
            known_crisis: None,
        }
    }

    /// The rule holds with these readings of an occasion: an episode begins, or the open one goes on.
    fn hold<C: Criterion>(
        open: &mut Option<Self>,
        begins: Timestamp,
        (stage, severity): (Stage, Severity),
        found: &[CurrentReading],
    ) {
        let evidence = EvidenceReading::of(C::KIND, found);
        let in_a_row = pairs::are_in_a_row(found);
        let Some(open) = open else {
            let episode = Episode::begin(stage, severity, evidence.collect());
            let begun = Self::of(episode, begins);
            *open = Some(Self { is_established_in_a_row: in_a_row, ..begun });
            return;
        };
        open.normalised = 0;
        open.reported_end = None;
        open.note_crisis::<C>(begins, stage, found);
        if stage < open.episode.stage {
            // What was judged stays the newest pair, and of what nothing confirms the newest is reported.
            if open.ends_with_single {
                open.episode.newest.pop();
            }
            open.episode.newest.extend(evidence);
        } else {
            let is_raised = stage > open.episode.stage;
            if is_raised {
                open.is_established_in_a_row = in_a_row;
            }
            open.is_newest_in_a_row = in_a_row && !is_raised;
            open.episode.continue_with(stage, severity, evidence);
        }
        open.ends_with_single = stage == Stage::Unconfirmed;
    }

    /// An occasion is beyond the limit. With the first one that is confirmed the alert escalates by its
    /// stage.
    fn note_crisis<C: Criterion>(
        &mut self,
        begins: Timestamp,
        stage: Stage,
        found: &[CurrentReading],
    ) {
        let is_known = self.known_crisis.take() == Some(begins);
        let is_new = std::mem::replace(&mut self.away, Away::since(begins)).is_over_at(begins);
        if self.episode.stage != Stage::Confirmed {
            return;
        }
        let decides = if pairs::are_in_a_row(found) { &found[1..] } else { found };
        let severity = Severity::of_urgent(decides);
        let newest = found.last().map_or(begins, |newest| newest.time);
        let in_time_until = newest + PAGES_WITHIN + C::JUDGED_WITHIN;
        if is_new || is_known {
            let apart = AGAIN_AFTER;
            let crisis = Crisis { began: begins, stage, severity, in_time_until, apart };
            self.episode.crisis = Some(crisis);
        } else if let Some(crisis) = &mut self.episode.crisis {
            crisis.go_on(stage, severity, in_time_until);
        }
    }

    /// An alert that is open at the edge of what is judged; nothing was beyond the limit later than
    /// `last_beyond` before that.
    fn carry(
        carried: &Carried<'_>,
        (edge, last_beyond): (Timestamp, Timestamp),
        context: &Context<'_>,
    ) -> Self {
        let changed = context.cause.map(ReadingId::observation_time);
        let is_changed =
            |end: &Timestamp| changed.is_some_and(|changed| changed <= *end + REPEAT_WITHIN);
        let alert = carried.alert;
        let reported_end = Some(alert.last_observed_at).filter(|_| !alert.is_open());
        let known = Crisis::known(alert, AGAIN_AFTER);
        let mut episode = carried.episode();
        let (mut ends_with_single, mut is_newest_in_a_row) = (false, false);
        if carried.stage == alert.stage {
            (episode.newest, ends_with_single) = newest_before(edge, carried);
            is_newest_in_a_row =
                second_in_a_row(alert, NEWEST_IN_A_ROW).is_some() && episode.newest.len() > 1;
        }
        episode.crisis = known.filter(|crisis| crisis.began < edge);
        // Of a pair beyond the limit the second one alone may not be.
        let of_evidence = episode.evidence().into_iter().map(|one| one.reading.time);
        let last_beyond = of_evidence.fold(last_beyond, Timestamp::max);
        Self {
            reported_end: reported_end.filter(|end| !is_changed(end)),
            ends_with_single,
            is_established_in_a_row: carried.stage == Stage::Confirmed
                && second_in_a_row(alert, ESTABLISHED_IN_A_ROW) == Some(carried.established.len()),
            is_newest_in_a_row,
            known_in_a_row: in_a_row(alert),
            known_crisis: known.map(|crisis| crisis.began).filter(|began| *began >= edge),
            ..Self::of(episode, last_beyond)
        }
    }

    /// The episode; its findings say which of its readings are of two occasions in a row.
    fn complete(self) -> Episode {
        let mut episode = self.episode;
        let newest = episode.newest.get(1).filter(|_| self.is_newest_in_a_row).copied();
        let newest = newest.and_then(|second| {
            let is_second = |one: &EvidenceReading| one.reading.is_of(&second.reading);
            episode.evidence().iter().position(is_second)
        });
        let newest = newest.map(|place| (NEWEST_IN_A_ROW, place + 1));
        let established = (ESTABLISHED_IN_A_ROW, episode.established.len());
        let established = Some(established).filter(|_| self.is_established_in_a_row);
        for (name, place) in established.into_iter().chain(newest) {
            episode.findings.insert(name.into(), place as f64);
        }
        episode
    }

    /// Counts a normalised occasion by when it begins and when it is over. One at the time of the day at
    /// which it was beyond the limit has to be among them.
    fn is_ended_by_normalised(
        &mut self,
        clear_occasions: u8,
        (begins, over_at): (Timestamp, Timestamp),
    ) -> bool {
        self.normalised += 1;
        let is_another_day = self.away.lasts_at(begins) >= AGAIN_AFTER;
        self.episode.stage == Stage::Unconfirmed
            || self.normalised >= clear_occasions && is_another_day
            || self.reported_end.is_some_and(|reported| reported <= over_at)
    }
}

/// What the rules that share these numbers say of them.
pub(super) const FIXED: &[Fixed] = &[
    Fixed::minutes(
        ["再測定とみなす間隔（以上）", "a second reading confirms from"],
        REPEAT_AFTER,
        "ours: less is one inflation read twice",
    ),
    Fixed::minutes(
        ["再測定とみなす間隔（以下）", "a second reading confirms until"],
        REPEAT_WITHIN,
        "JSH 2019: two readings an occasion and their mean; the minutes are ours",
    ),
    Fixed::hours(
        [
            "続く2回の測定機会（各1回の測定）で確認とする間隔（以下）",
            "single readings of two occasions in a row confirm within",
        ],
        IN_A_ROW,
        "ours: who measures once a day does so up to four hours earlier or later",
    ),
    Fixed::minutes(
        ["1回の測定機会（最初の測定から）", "an occasion: readings from its first on for"],
        OCCASION,
        "ours",
    ),
    Fixed::hours(
        [
            "確認済みのアラートの解消：最後の該当値から最後の正常な測定機会まで（以上）",
            "a confirmed alert ends: from the last reading beyond the limit to the last normalised occasion at least",
        ],
        AGAIN_AFTER,
        "ours: who is beyond the limit each morning and normal by noon is in one crisis",
    ),
];
