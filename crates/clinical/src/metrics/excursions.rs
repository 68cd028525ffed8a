//! The mean amplitude of glycaemic excursions (MAGE).

use crate::statistics::{mean, standard_deviation};

use super::grid::Grid;

/// The moving averages whose crossings part rises from falls, in steps of five minutes: those of
/// Fernandes and others, J Diabetes Sci Technol 2022.
const SHORT: usize = 5;
const LONG: usize = 32;

/// A break of three hours parts what is looked at: 36 steps. As implementations in use have it.
const LONGEST_BREAK: usize = 36;

/// The mean amplitude of glycaemic excursions, mg/dL; none where no stretch has one.
///
/// On the grid of five minutes, in each stretch without a break of three hours: between crossings of
/// the moving averages over 5 and over 32 steps lies a peak (the short one is above) or a nadir, which
/// is the highest or the lowest value there. Of peaks and nadirs those stay from which glucose turns
/// back by at least one standard deviation of the stretch. The mean rise and the mean fall between them are averaged, and stretches weigh by
/// their length.
pub fn mage(grid: &Grid) -> Option<f64> {
    let (mut weighed, mut length) = (0.0, 0.0);
    for stretch in grid.stretches(LONGEST_BREAK) {
        if stretch.len() < LONG {
            continue;
        }
        let Some(mean) = mage_of(&stretch) else { continue };
        weighed += mean * stretch.len() as f64;
        length += stretch.len() as f64;
    }
    (length > 0.0).then(|| weighed / length)
}

fn mage_of(values: &[f64]) -> Option<f64> {
    let deviation = standard_deviation(values).filter(|deviation| *deviation > 0.0)?;
    let turns = turns(&extremes(values), deviation);
    let steps = || turns.windows(2).map(|pair| pair[1] - pair[0]);
    let rises = mean(steps().filter(|step| *step >= deviation));
    let falls = mean(steps().filter(|step| -step >= deviation).map(|step| -step));
    mean([rises, falls].into_iter().flatten())
}

/// The mean of so many values up to each; of the first ones that of the first so many.
fn moving(values: &[f64], over: usize) -> Vec<f64> {
    let means: Vec<f64> =
        values.windows(over).filter_map(|some| mean(some.iter().copied())).collect();
    let first = means.first().copied().into_iter().cycle().take(over - 1);
    first.chain(means.iter().copied()).collect()
}

/// The highest value where the short average is at or above the long one, the lowest where it is
/// below, from crossing to crossing.
fn extremes(values: &[f64]) -> Vec<f64> {
    let is_above: Vec<bool> = moving(values, SHORT)
        .into_iter()
        .zip(moving(values, LONG))
        .map(|(short, long)| short >= long)
        .collect();
    let mut from = 0;
    let mut extremes = Vec::new();
    for side in is_above.chunk_by(|one, other| one == other) {
        let between = values[from..from + side.len()].iter().copied();
        from += side.len();
        extremes.extend(if side[0] { between.reduce(f64::max) } else { between.reduce(f64::min) });
    }
    extremes
}

/// Of values those at which the course turns: from which it goes back by a threshold at least.
fn turns(values: &[f64], threshold: f64) -> Vec<f64> {
    let Some((&first, others)) = values.split_first() else { return Vec::new() };
    let (mut lowest, mut highest) = (first, first);
    let mut rises: Option<bool> = None;
    let mut newest = first;
    let mut turns = Vec::new();
    for &value in others {
        match rises {
            None => {
                (lowest, highest) = (lowest.min(value), highest.max(value));
                if value - lowest >= threshold {
                    turns.push(lowest);
                    (rises, newest) = (Some(true), value);
                } else if highest - value >= threshold {
                    turns.push(highest);
                    (rises, newest) = (Some(false), value);
                }
            }
            Some(is_rise) => {
                let back = if is_rise { newest - value } else { value - newest };
                if back <= 0.0 {
                    newest = value;
                } else if back >= threshold {
                    turns.push(newest);
                    (rises, newest) = (Some(!is_rise), value);
                }
            }
        }
    }
    if rises.is_some() {
        turns.push(newest);
    }
    turns
}
