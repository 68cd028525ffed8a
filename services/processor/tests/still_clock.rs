//! What is remembered of a cuff whose clock stands still: as much by a process that runs as by one that has
//! just started, whenever that was.

use crate::published;

use clinical::{Span, Timestamp};
use processor::Partition;
use schemas::reading::Measurement;
use schemas::{Codec, Reading};

use published::{Published, START, Step, reading, take};

/// 2021-01-01T00:03:00Z.
const FACTORY: i64 = 1_609_459_380_000;
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(START) + Span::from_minutes(minute)
}

/// What the cuff shows, registered in a minute.
fn shown(systolic: i32, minute: i64) -> Reading {
    let step = Step { patient: 0, minute, systolic, update: 0, entered_in_error: false, pause: 0 };
    let mut shown = Reading { observation_time: FACTORY, ..reading(&step) };
    if let Measurement::BloodPressure(pressure) = &mut shown.measurement {
        pressure.diastolic = 80;
    }
    shown
}

fn publish(partition: &mut Partition, published: &mut Published, wire: &Reading, minute: i64) {
    let (passed, outcome, changes) = take(partition, wire, at(minute));
    published.report(&passed);
    published.take(wire, outcome, at(minute));
    published.report(&changes);
}

#[test]
fn a_severe_value_of_a_still_clock_that_is_sent_again_is_judged_the_same_after_any_restart() {
    let codec = Codec::new(None).unwrap();
    for apart in [12 * HOUR, 2 * DAY, 20 * DAY, 29 * DAY] {
        let (severe, ordinary) = (shown(192, 0), shown(121, apart));
        for hours in (apart / HOUR + 24..45 * 24).step_by(6) {
            let again = hours * HOUR;
            let mut published = Published::new(&codec);
            let mut running = published.rebuild(at(0));
            publish(&mut running, &mut published, &severe, 0);
            // The newest is sent again and again, so that its clock stays suspected.
            for minute in (apart..again).step_by(19 * DAY as usize) {
                publish(&mut running, &mut published, &ordinary, minute);
            }
            published.report(&running.advance(at(again)));
            let mut rebuilt = published.rebuild(at(again));
            assert_eq!(rebuilt.advance(at(again)), [], "{apart} {hours}");
            let taken = take(&mut rebuilt, &severe, at(again));
            assert_eq!(taken, take(&mut running, &severe, at(again)), "{apart} min, {hours} h");
            let later = at(again + 8 * DAY);
            assert_eq!(rebuilt.advance(later), running.advance(later), "{apart} min, {hours} h");
        }
    }
}
