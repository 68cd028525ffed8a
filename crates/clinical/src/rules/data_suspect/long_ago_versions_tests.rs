//! Versions of one reading that is handed over as of long ago: whichever comes first, the same is reported.

use super::long_ago_tests::{YEAR, shown};
use super::severe_tests::{Value, send, severe_values};
use super::tests::DAY;
use crate::alert::Alert;
use crate::home::{Home, at};
use crate::{Reading, Source, Span, Version};

/// How the last of the versions is written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Last {
    /// By the device, as those before it.
    Device,
    /// A person has corrected it.
    Corrected,
    /// It was entered in error, as the ordinary value and as the severe one.
    Withdrawn(bool),
}

/// Every order of some things.
fn orders<T: Clone>(all: &[T]) -> Vec<Vec<T>> {
    if all.is_empty() {
        return vec![Vec::new()];
    }
    let begins_with = |place: usize| {
        let mut rest = all.to_vec();
        let first = rest.remove(place);
        orders(&rest).into_iter().map(move |rest| [vec![first.clone()], rest].concat())
    };
    (0..all.len()).flat_map(begins_with).collect()
}

fn versions(of: &[bool], last: Last, (severe, ordinary): (Value, Value)) -> Vec<Reading> {
    let value = |is_severe: bool| if is_severe { severe } else { ordinary };
    let devices = (0..).zip(of).map(|(minute, one)| shown(value(*one), -YEAR, minute));
    let minute = of.len() as i64;
    let last = match last {
        Last::Device => None,
        Last::Corrected => Some(Reading { by_hand: true, ..shown(ordinary, -YEAR, minute) }),
        Last::Withdrawn(is_severe) => {
            let reading = shown(value(is_severe), -YEAR, minute);
            Some(Reading { entered_in_error: true, ..reading })
        }
    };
    devices.chain(last).collect()
}

/// What the open alert names, and how many readings, a day after the versions came.
fn reported(versions: &[Reading], again: Option<usize>) -> (Vec<String>, usize) {
    let mut home = Home::default();
    for (minute, version) in (10..).zip(versions) {
        send(&mut home, version, minute);
    }
    home.waits_until(100);
    if let Some(place) = again {
        send(&mut home, &versions[place], 101);
    }
    home.waits_until(DAY);
    assert!(home.missed_at(DAY).is_empty());
    let open = |alert: &&Alert| alert.is_open() && alert.rule.as_str() == "data.suspect";
    let alert = home.monitor.alerts().iter().find(open);
    let names = |alert: &Alert| alert.findings.keys().map(|name| name.to_string()).collect();
    alert.map_or_else(Default::default, |alert| (names(alert), alert.evidence.len()))
}

#[test]
fn of_a_date_of_long_ago_the_same_is_reported_in_whatever_order_its_versions_come() {
    let values: Vec<_> = severe_values().into_iter().map(|(one, other, _)| (one, other)).collect();
    let some = [0, 2, 5, 6, 10].map(|place| values[place]);
    let of_devices: Vec<Vec<bool>> = (2..4)
        .flat_map(|count| (0..1 << count).map(move |bits| (count, bits)))
        .map(|(count, bits)| (0..count).map(|place| bits >> place & 1 == 1).collect())
        .collect();
    let lasts = [Last::Device, Last::Corrected, Last::Withdrawn(false), Last::Withdrawn(true)];
    for (values, of, last) in some.into_iter().flat_map(|values| {
        of_devices.iter().flat_map(move |of| lasts.map(|last| (values, of.clone(), last)))
    }) {
        let versions = versions(&of, last, values);
        let expected = reported(&versions, None);
        // What the device measured and nobody has taken back or corrected.
        let is_reported = last == Last::Device && of.contains(&true);
        assert_eq!(expected.1, usize::from(is_reported), "{of:?} {last:?} {expected:?}");
        for order in orders(&versions) {
            assert_eq!(reported(&order, None), expected, "{order:?}");
            // Nor does any that is sent once more change it.
            let again = (0..order.len()).find(|place| order[*place] == versions[0]);
            assert_eq!(reported(&order, again), expected, "{order:?} and {again:?} again");
        }
    }
}

#[test]
fn of_one_update_time_the_severe_version_is_reported_whichever_counts_and_comes_first() {
    for (severe, ordinary, _) in severe_values() {
        let of = |value, digest: u64| {
            let reading = shown(value, -YEAR, 0);
            Reading {
                version: Version::new(reading.version.update_time(), digest << 42),
                ..reading
            }
        };
        for both in [[of(severe, 7), of(ordinary, 9)], [of(severe, 9), of(ordinary, 7)]] {
            let [one, other] = both.clone();
            let expected = reported(&both, None);
            assert_eq!(expected.1, 1, "{both:?}");
            assert_eq!(reported(&[other, one], None), expected, "{both:?}");
        }
    }
}

/// A severe value without the number that was severe before says nothing of that.
#[test]
fn a_version_that_lacks_the_severe_number_says_it_not_again() {
    let values = severe_values();
    let (slow, without) = (values[3].0, values[0].1);
    for order in orders(&versions(&[true, false], Last::Device, (slow, without))) {
        assert_eq!(reported(&order, None).1, 1, "{order:?}");
    }
}

/// More than are remembered are replaced in the hour in which a history may come.
#[test]
fn however_many_values_are_replaced_a_severe_one_that_waits_to_be_reported_is_reported() {
    let (severe, ordinary, _) = severe_values()[0];
    let waits = shown(severe, -YEAR, 0);
    let mut home = Home::default();
    send(&mut home, &waits, 1);
    send(&mut home, &shown(ordinary, -YEAR, 20), 21);
    for number in 0..100 {
        let minute = 22 + number / 3;
        // Of another cuff, which knows no seconds.
        let of_minute = |value, update| Reading {
            observation_time: at(number - DAY) + Span::from_seconds(20),
            source: Source::device("OMRON", "2").unwrap(),
            ..shown(value, number - DAY, update)
        };
        send(&mut home, &of_minute(severe, minute - 1), minute);
        send(&mut home, &of_minute(ordinary, minute), minute);
    }
    let tells = |alert: &Alert| alert.evidence.iter().any(|one| one.reading == waits.id());
    assert!(!home.reported.iter().any(tells));
    home.waits_until(120);
    assert!(home.reported.iter().any(tells));
    assert!(home.missed_at(120).is_empty());
}
