//! What an alert of a rule about single occasions says of the readings that it rests on.

use super::pairs::{REPEAT_WITHIN, repeats};
use crate::alert::{Alert, Stage};
use crate::copies::is_copy;
use crate::episode::EvidenceReading;
use crate::remembered::CurrentReading;
use crate::rule::{Carried, Step};
use crate::time::Timestamp;

/// The findings of an alert that single readings of two occasions in a row have confirmed, or uphold: which
/// reading of the evidence is the second of the two, counted from 1.
pub(super) const ESTABLISHED_IN_A_ROW: &str = "established_in_a_row";
pub(super) const NEWEST_IN_A_ROW: &str = "newest_in_a_row";

/// The finding of an alert whose mean is that of two occasions, not of two readings of one: how many.
pub(super) const OCCASIONS: &str = "occasions";

/// Which reading of an alert's evidence is the second of two occasions in a row, counted from 1.
pub(super) fn second_in_a_row(alert: &Alert, name: &str) -> Option<usize> {
    let place = alert.finding(name)? as usize;
    (2..=alert.evidence.len()).contains(&place).then_some(place)
}

/// Whether a reading of an alert's evidence repeats the one before it. Of one measurement that came over
/// two ways the other may have been counted before: the two are never a pair.
fn is_pair(second: &EvidenceReading, first: &EvidenceReading) -> bool {
    let (kind, second, first) = (second.kind, &second.reading, &first.reading);
    repeats(second, first) && !is_copy(kind, second, first) && !is_copy(kind, first, second)
}

/// Which readings of an alert's evidence brought it to which stage: the first, and the first pair.
pub(super) fn steps(alert: &Alert) -> [Option<Step>; 2] {
    let step = |stage, readings| Some(Step { stage, readings });
    if alert.stage == Stage::Unconfirmed {
        // Another reading near the first is a copy of it.
        return [step(Stage::Unconfirmed, 1), None];
    }
    if let Some(readings) = second_in_a_row(alert, ESTABLISHED_IN_A_ROW) {
        return [step(Stage::Unconfirmed, 1), step(Stage::Confirmed, readings)];
    }
    let readings: Vec<EvidenceReading> = alert.evidence.iter().map(EvidenceReading::from).collect();
    match readings.windows(2).position(|pair| is_pair(&pair[1], &pair[0])) {
        None => [step(Stage::Unconfirmed, 1), None],
        Some(0) => [None, step(Stage::Confirmed, 2)],
        Some(first) => [step(Stage::Unconfirmed, 1), step(Stage::Confirmed, first + 2)],
    }
}

/// Of two occasions in a row the reading of the first one, by the place of the second one's: the nearest of
/// an occasion before. What lies between the two is a copy, or what was repeated with the second one.
fn first_in_a_row(evidence: &[EvidenceReading], second: usize) -> EvidenceReading {
    let is_earlier = |one: &&EvidenceReading| {
        evidence[second - 1].reading.time - one.reading.time > REPEAT_WITHIN
    };
    let earlier = evidence[..second - 1].iter().rfind(is_earlier);
    *earlier.unwrap_or(&evidence[second - 2])
}

/// The readings of an alert that are of two occasions in a row.
pub(super) fn in_a_row(alert: &Alert) -> Vec<[CurrentReading; 2]> {
    let evidence: Vec<EvidenceReading> = alert.evidence.iter().map(EvidenceReading::from).collect();
    let places = [ESTABLISHED_IN_A_ROW, NEWEST_IN_A_ROW].into_iter();
    let places = places.filter_map(|name| second_in_a_row(alert, name));
    let readings =
        |place: usize| [first_in_a_row(&evidence, place).reading, evidence[place - 1].reading];
    places.map(readings).collect()
}

/// Of the newest readings that upheld a carried alert those from before the edge, and whether the last of
/// them is one that nothing confirms. Where the edge cuts a pair in two, what is judged finds the pair.
pub(super) fn newest_before(
    edge: Timestamp,
    carried: &Carried<'_>,
) -> (Vec<EvidenceReading>, bool) {
    let evidence: Vec<EvidenceReading> =
        carried.alert.evidence.iter().map(EvidenceReading::from).collect();
    if let Some(second) = second_in_a_row(carried.alert, NEWEST_IN_A_ROW) {
        // The first of them may be one that brought the alert to its stage.
        let first = std::iter::once(first_in_a_row(&evidence, second));
        let in_a_row: Vec<EvidenceReading> =
            first.chain(evidence[second - 1..].iter().copied()).collect();
        let before = in_a_row.iter().take_while(|one| one.reading.time < edge).count();
        return match before {
            0 | 1 => (Vec::new(), false),
            _ => (in_a_row[..before].to_vec(), before > 2),
        };
    }
    let newest = &evidence[carried.established.len().min(evidence.len())..];
    let before = newest.iter().take_while(|one| one.reading.time < edge).count();
    let is_repetition = |place: usize| {
        // A pair may have its first reading in common with the one before.
        let place = evidence.len() - newest.len() + place;
        place > 0 && is_pair(&evidence[place], &evidence[place - 1])
    };
    let begins_with_pair = newest.len() > 1 && is_repetition(1);
    match before {
        0 => (Vec::new(), false),
        1 if begins_with_pair => (Vec::new(), false),
        1 => (newest[..1].to_vec(), !is_repetition(0)),
        _ => (newest[..before].to_vec(), before > 2 || !begins_with_pair),
    }
}
