//! Sensors around the limit: how often they are reported.

use std::collections::BTreeSet;

use super::{after, stays};
use crate::alert::{Severity, Stage, Status, Transition};
use crate::home::noise::Noise;
use crate::rules::glucose_tests::{Sent, sensor};

use Severity::{Review, Urgent};
use Stage::Confirmed;
use Transition::{Escalated, Raised, Resolved};

/// Values of a sensor that is around 70 for days.
fn noise(values: usize) -> Vec<u16> {
    let mut noise = Noise::seeded(1);
    (0..values).map(|_| 66 + u16::from(noise.byte()) % 8).collect()
}

/// The consensus: an event begins with 15 minutes below 70, and is over with 15 minutes at or above it.
fn consensus_events(values: &[u16]) -> usize {
    let (mut events, mut is_low, mut in_a_row) = (0, false, 0);
    for value in values {
        in_a_row = if (*value < 70) == is_low { 0 } else { in_a_row + 1 };
        // Four values 5 minutes apart.
        if in_a_row == 4 {
            is_low = !is_low;
            in_a_row = 0;
            events += usize::from(is_low);
        }
    }
    events
}

#[test]
fn noise_around_70_is_reported_as_often_as_the_consensus_counts_events() {
    let values = noise(2_000);
    let mut home = after((0..).zip(&values).map(|(place, value)| sensor(place * 5, *value)));
    home.waits_until(20_000);
    let crossings = values.windows(2).filter(|two| (two[0] < 70) != (two[1] < 70)).count();
    let alerts: BTreeSet<_> = home.reported.iter().map(|alert| alert.id).collect();
    assert_eq!(alerts.len(), consensus_events(&values));
    assert!(alerts.len() * 8 < crossings, "{} of {crossings}", alerts.len());
    let raised = home.reported.iter().filter(|alert| alert.transition == Raised);
    assert_eq!(raised.count(), alerts.len(), "none is raised twice");
    assert!(home.reported.iter().all(|alert| alert.status != Status::Retracted));
}

/// As another sensor says it, a minute later.
fn by_another(sent: Sent, value: u16) -> Sent {
    Sent { device: 2, minutes: sent.minutes + 1, value, ..sent }
}

#[test]
fn of_two_sensors_around_the_limit_the_low_one_keeps_the_alert_and_both_end_it() {
    let mut home = after(stays(0, 600, 69).flat_map(|low| [low, by_another(low, 71)]));
    assert_eq!(home.transitions(), [(Raised, Review, Confirmed), (Escalated, Urgent, Confirmed)]);
    for back in stays(605, 620, 70) {
        home.receives(back);
        home.receives(by_another(back, 72));
    }
    assert_eq!(home.transitions()[2..], [(Resolved, Urgent, Confirmed)]);
}

/// A phone and a cloud, of which one rounds up now and then: each crossing of the limit is seen twice.
#[test]
fn a_sensor_around_the_limit_that_comes_over_two_ways_is_reported_hardly_more_often() {
    let values = noise(2_000);
    let rounded: Vec<u16> = (0..).zip(&values).map(|(place, value)| value + place % 2).collect();
    let ways = (0..).zip(values.iter().zip(&rounded)).flat_map(|(place, (value, rounded))| {
        let first = sensor(place * 5, *value);
        [first, by_another(first, *rounded)]
    });
    let mut home = after(ways);
    home.waits_until(20_000);
    let alerts: BTreeSet<_> = home.reported.iter().map(|alert| alert.id).collect();
    let of_one_way = consensus_events(&values).max(consensus_events(&rounded));
    assert!(alerts.len() * 10 <= of_one_way * 11, "{} of {of_one_way}", alerts.len());
    let raised = home.reported.iter().filter(|alert| alert.transition == Raised);
    assert_eq!(raised.count(), alerts.len(), "none is raised twice");
}

/// Each is noise of its own.
#[test]
fn two_sensors_around_the_limit_raise_no_more_than_each_of_them_alone() {
    let values = noise(4_000);
    let (one, other) = values.split_at(2_000);
    let both = (0..).zip(one.iter().zip(other)).flat_map(|(place, (one, other))| {
        let first = sensor(place * 5, *one);
        [first, by_another(first, *other)]
    });
    let mut home = after(both);
    home.waits_until(20_000);
    let alerts: BTreeSet<_> = home.reported.iter().map(|alert| alert.id).collect();
    let alone = consensus_events(one) + consensus_events(other);
    assert!(alerts.len() <= alone, "{} of {alone}", alerts.len());
    assert!(home.reported.iter().all(|alert| alert.status != Status::Retracted));
}
