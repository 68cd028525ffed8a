//! Values of another unit, shown by what happens to a patient.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::glucose_tests::{finger, sensor};
use super::super::sent::{Sent, histories};
use super::limits::MOST_DEVICES;
use super::limits::{MAY_BE_MILLIMOLES, MILLIMOLE};
use super::units;
use crate::alert::{Alert, RuleName, Severity, Status, Transition};
use crate::home::properties::{self, Checks, NextAssessment};
use crate::home::{Home, Sending, at, patient};
use crate::kinds::blood_glucose::{GLUCOSE_METHOD, GLUCOSE_VALUE};
use crate::kinds::blood_pressure::SYSTOLIC;
use crate::kinds::body_temperature::TEMPERATURE;
use crate::kinds::weighing_scale::BODY_WEIGHT;
use crate::kinds::{Kind, ValueType};
use crate::rule::Context;
use crate::rules;
use crate::sample::Sample;
use crate::time::Timestamp;

use Transition::{Eased, Raised, Resolved, Retracted, Updated};

const RULE: &str = "data.suspect";
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// A weight of a day, kg.
fn kg(day: i64, value: f64) -> Sent {
    Sent::new(Kind::WeighingScale, day * DAY, weight(value))
}

fn weight(value: f64) -> Sample {
    Sample::default().with(BODY_WEIGHT, value)
}

fn after<S: Sending>(sent: impl IntoIterator<Item = S>) -> Home {
    let mut home = Home::under(&[RULE]);
    for sent in sent {
        home.receives(sent);
    }
    home
}

fn said(home: &Home) -> Vec<Transition> {
    let is_of_unit = |alert: &&Alert| alert.finding("unit_suspected").is_some();
    home.reported.iter().filter(is_of_unit).map(|alert| alert.transition).collect()
}

/// Four mornings, and then more.
fn own_weights(then: impl IntoIterator<Item = Sent>) -> Home {
    let own = [68.0, 68.3, 67.9, 68.1];
    after((0..).zip(own).map(|(day, value)| kg(day, value)).chain(then))
}

#[test]
fn a_weight_that_is_the_persons_own_in_pounds_is_suspected_until_it_is_in_kilograms() {
    let mut home = own_weights([kg(4, 150.0)]);
    assert_eq!(said(&home), [Raised]);
    assert_eq!((home.last().severity, home.last().evidence.len()), (Severity::Technical, 1));
    assert!(home.missed_at(4 * DAY + 1).is_empty());
    let words = rules::words(home.last());
    assert!(
        words
            .en
            .starts_with("Weight 150 kg may be in the wrong unit (68 kg if lb was sent as kg)."),
        "{words:?}"
    );
    assert!(words.en.contains("somebody else") && words.ja.contains("別の人"), "{words:?}");
    assert!(
        words.ja.starts_with("体重 150 kg は単位の取り違えの可能性があります（lbの値がkgとして送られたのであれば68 kg）。"),
        "{words:?}"
    );
    home.receives(kg(5, 67.8));
    assert_eq!(said(&home), [Raised, Resolved]);
    assert_eq!(home.monitor.next_assessment(), None);
}

#[test]
fn kilograms_that_were_taken_for_pounds_are_suspected_too() {
    let home = own_weights([kg(4, 31.0)]);
    assert_eq!(said(&home), [Raised]);
    assert!(rules::words(home.last()).en.contains("(68.3 kg if kg was sent as lb)"));
}

#[test]
fn a_weight_that_no_unit_explains_is_not_suspected_and_nor_is_one_of_somebody_new() {
    assert!(said(&own_weights([kg(4, 105.0), kg(5, 45.0), kg(6, 190.0)])).is_empty());
    let two_own = [kg(0, 68.0), kg(1, 68.0), kg(2, 150.0)];
    assert!(said(&after(two_own)).is_empty(), "two are not enough to know");
    let long_ago = (0..4).map(|day| kg(day, 68.0)).chain([kg(34, 150.0)]);
    assert!(said(&after(long_ago)).is_empty(), "a month ago");
}

#[test]
fn somebody_else_on_the_scale_is_asked_for_once() {
    let both =
        (4..12).flat_map(|day| [kg(day, 150.0), Sent { minutes: day * DAY + 5, ..kg(day, 68.0) }]);
    assert_eq!(said(&own_weights(both)), [Raised, Resolved]);
}

#[test]
fn a_unit_is_suspected_for_a_week_after_the_last_value_that_shows_it() {
    let mut home = own_weights([kg(4, 150.0), kg(6, 150.4)]);
    assert_eq!(said(&home), [Raised, Updated]);
    home.waits_until(13 * DAY - 1);
    assert_eq!(said(&home).len(), 2);
    home.waits_until(13 * DAY);
    assert_eq!(said(&home), [Raised, Updated, Resolved]);
}

#[test]
fn a_corrected_unit_takes_it_back() {
    let mut home = own_weights([kg(4, 150.0)]);
    home.receives_at(5 * DAY, kg(4, 150.0).corrected_to(weight(68.0)));
    assert_eq!(said(&home), [Raised, Retracted]);
}

#[test]
fn a_meter_that_shows_millimoles_for_hours_is_suspected_and_for_less_is_not() {
    for single in [12, 22, 34] {
        assert!(said(&after([finger(0, single)])).is_empty(), "one may be a true low");
    }
    assert!(said(&after([finger(0, 12), finger(239, 11)])).is_empty());
    assert!(said(&after([finger(0, 12), finger(100, 90), finger(300, 11)])).is_empty());
    let mut home = after([finger(0, 12), finger(240, 11)]);
    assert_eq!(said(&home), [Raised]);
    assert_eq!((home.last().severity, home.last().evidence.len()), (Severity::Technical, 2));
    assert!(home.missed_at(241).is_empty());
    let words = rules::words(home.last());
    assert!(
        words
            .en
            .contains("mg/dL may be in the wrong unit (198.2 mg/dL if mmol/L was sent as mg/dL)."),
        "{words:?}"
    );
    assert!(
        words.ja.contains("mmol/Lの値がmg/dLとして送られたのであれば198.2 mg/dL")
            && words.ja.contains("指先穿刺"),
        "{words:?}"
    );
    home.receives(finger(300, 180));
    assert_eq!(said(&home), [Raised, Resolved]);
    assert!(said(&after([sensor(0, 12), sensor(240, 11)])).is_empty(), "a sensor has other ends");
}

#[test]
fn what_is_in_no_unit_the_persons_own_is_not_suspected() {
    let own = |value| (0..3).map(move |turn| finger(turn * 60, value));
    let low = [finger(1_000, 12), finger(1_240, 11)];
    assert_eq!(said(&after(own(160).chain(low))), [Raised]);
    assert!(said(&after(own(96).chain(low))).is_empty(), "198 would be new as well");
}

#[test]
fn a_number_that_no_meter_shows_is_suspected_at_once() {
    assert!(said(&after([finger(0, 600)])).is_empty());
    let home = after([finger(0, 1_712)]);
    assert_eq!(said(&home), [Raised]);
    assert!(rules::words(home.last()).en.contains("(95 mg/dL if mg/dL was sent as mmol/L)"));
    let own = (0..3).map(|turn| finger(turn * 60, 320));
    assert!(said(&after(own.chain([finger(1_000, 640)]))).is_empty(), "35 is not the person's own");
}

#[test]
fn the_value_is_judged_as_it_was_sent_and_still_pages() {
    let home = Home::after([finger(0, 25), finger(300, 24)]);
    let open: Vec<_> = home.monitor.alerts().iter().filter(|alert| alert.is_open()).collect();
    let of = |rule| open.iter().find(|alert| alert.rule.as_str() == rule).map(|it| it.severity);
    assert_eq!(of("glucose.very_low"), Some(Severity::Urgent));
    assert_eq!(of(RULE), Some(Severity::Technical));
}

#[test]
fn what_has_gone_eases_or_leaves_the_other_reasons_as_they_are() {
    let mut home = own_weights([kg(4, 150.0)]);
    // An update_time that is ahead is another reason of the same alert.
    let mut ahead = kg(5, 68.0);
    ahead.update = 10;
    home.receives_at(5 * DAY + 1, ahead);
    let last = home.last();
    assert_eq!(last.transition, Updated);
    assert!(last.finding("update_time_ahead").is_some());
    assert!(last.finding("unit_suspected").is_none() && last.evidence.is_empty());
    assert!(!home.reported.iter().any(|alert| alert.transition == Eased));
}

/// A finger-stick of a meter, mg/dL.
fn stick(minutes: i64, value: f64) -> Sent {
    let sample = Sample::default().with(GLUCOSE_VALUE, value).with(GLUCOSE_METHOD, 0.0);
    Sent::new(Kind::BloodGlucose, minutes, sample)
}

/// Somebody's device is suspected, and then so many others are used; afterwards that device itself is
/// right.
fn others_are_used(suspected: Home, other: impl Fn(u8) -> Sent, right: Sent) {
    let mut home = suspected;
    assert_eq!(said(&home), [Raised]);
    for device in 1..=40 {
        home.receives(other(device));
    }
    assert_eq!(said(&home), [Raised], "what other devices say ends nothing");
    let now = at(other(40).minutes + 2);
    assert!(home.missed_at(other(40).minutes + 2).is_empty());
    let looked_at = |home: &Home| {
        let context = Context {
            patient: &patient(),
            plan: &home.plan,
            now,
            cause: None,
            due: None,
            rest_until: None,
            rule: RuleName::of(RULE),
            named: crate::rules::named,
            timeline: home.monitor.timeline(),
            slow: home.monitor.slow(),
            alerts: home.monitor.alerts(),
            alerts_until: Timestamp::LATEST,
            window: home.window,
        };
        (units::newest_of_scales(&context).count(), units::meters(&context).len())
    };
    let (scales, meters) = looked_at(&home);
    assert_eq!(scales.max(meters), MOST_DEVICES + 1, "and what is looked at is bounded");
    home.receives(right);
    assert_eq!(said(&home), [Raised, Resolved]);
    let (scales, meters) = looked_at(&home);
    assert_eq!(scales.max(meters), MOST_DEVICES);
}

#[test]
fn a_ninth_device_does_not_make_the_suspicion_of_an_older_one_forgotten() {
    let scale = |device: u8| kg(5, 68.0).on(device);
    let scale = |device: u8| Sent { minutes: 5 * DAY + i64::from(device) * 10, ..scale(device) };
    others_are_used(own_weights([kg(4, 150.0)]), scale, kg(6, 68.0));
    let meter = |device: u8| stick(300 + i64::from(device) * 10, 110.0).on(device);
    others_are_used(after([stick(0, 12.0), stick(240, 11.0)]), meter, stick(1_000, 110.0));
}

#[test]
fn a_suspicion_beside_many_devices_lapses_in_its_time() {
    let mut home = own_weights([kg(4, 150.0)]);
    for device in 1..=40 {
        home.receives(Sent { minutes: 5 * DAY + i64::from(device) * 10, ..kg(5, 68.0).on(device) });
    }
    home.waits_until(11 * DAY - 1);
    assert_eq!(said(&home), [Raised]);
    home.waits_until(11 * DAY);
    assert_eq!(said(&home), [Raised, Resolved]);
}

/// So these suspicions have nothing to look at: the gateway rejects what is not plausible.
#[test]
fn no_temperature_and_no_pressure_is_plausible_in_both_of_its_units() {
    let range = |field: crate::kinds::Watched| {
        let quantity = field.field().quantity().unwrap();
        (quantity.low, quantity.high)
    };
    let (low, high) = range(TEMPERATURE);
    assert!(low * 1.8 + 32.0 > high && (high - 32.0) / 1.8 < low);
    let (low, high) = range(SYSTOLIC);
    const MMHG_OF_KPA: f64 = 7.500_62;
    assert!(low * MMHG_OF_KPA > high && high / MMHG_OF_KPA < low);
}

#[test]
fn the_numbers_of_glucose_are_those_that_its_kind_declares() {
    let readout = Kind::BloodGlucose.fields()[0].readout.unwrap();
    assert_eq!(readout.units[1], ("mmol/L", MILLIMOLE));
    assert_eq!(readout.fraction_below, MAY_BE_MILLIMOLES);
    let ValueType::Code(codes) = GLUCOSE_METHOD.field().value_type else { panic!("not a code") };
    assert_eq!(codes[super::units::FINGER_STICK as usize].symbol, "finger_stick");
}

/// What is suspected now of units.
fn suspected(home: &Home) -> Vec<String> {
    let open = home.monitor.alerts().iter().filter(|alert| alert.status == Status::Open);
    let of_units = open.filter(|alert| alert.finding("unit_suspected").is_some());
    of_units
        .map(|alert| {
            let readings: Vec<_> = alert.evidence.iter().map(|e| e.reading.to_string()).collect();
            format!("{:?} {readings:?}", alert.finding("unit_suspected"))
        })
        .collect()
}

fn weights() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let samples = select(vec![68.0, 68.0, 67.5, 69.0, 150.0, 149.0, 31.0, 100.0]).prop_map(weight);
    histories(
        Kind::WeighingScale,
        samples,
        (0..25_i64, 0..4_i64).prop_map(|(day, turn)| day * DAY + turn * 300),
    )
}

fn values_of_meters() -> impl Strategy<Value = Vec<(i64, Sent)>> {
    let samples = select(vec![12.0, 22.0, 30.0, 100.0, 180.0, 240.0, 640.0, 1_712.0]);
    let samples = samples
        .prop_map(|value| Sample::default().with(GLUCOSE_VALUE, value).with(GLUCOSE_METHOD, 0.0));
    histories(
        Kind::BloodGlucose,
        samples,
        (0..12_i64, 0..24_i64).prop_map(|(day, hour)| day * DAY + hour * HOUR),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_fast_path_equals_the_full_computation(
        history in prop_oneof![weights(), values_of_meters()],
        sweeps: bool,
    ) {
        let checks = Checks {
            after: &[0, 2, 5 * HOUR, 3 * DAY],
            next_assessment: NextAssessment::NotLater,
            forgets_after: sweeps.then_some(0),
        };
        properties::nothing_is_missed(&mut Home::under(&[RULE]), &history, checks)?;
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        history in prop_oneof![weights(), values_of_meters()],
        other_order in any::<[Index; 32]>(),
    ) {
        let all = history.into_iter().map(|(_, sent)| sent);
        let all: Vec<Sent> = all.filter(|sent| sent.minutes < 26 * DAY).collect();
        let last = all.iter().map(|sent| sent.minutes + sent.update).max().unwrap_or(0);
        properties::the_order_of_arrival_does_not_matter(&all, &other_order, |sends| {
            let mut home = Home::under(&[RULE]);
            for sent in sends {
                home.receives_at(last + 1, *sent);
            }
            home.waits_until(last + 3);
            suspected(&home)
        })?;
    }

    #[test]
    fn a_restart_says_nothing_new(history in prop_oneof![weights(), values_of_meters()]) {
        let mut home = Home::under(&[RULE]);
        home.receives_all(&history);
        let now = history.last().map_or(0, |(received, _)| received + 2);
        home.waits_until(now);
        let mut restarted = home.restarted(&history, now);
        let said = restarted.missed_at(now);
        // That corrections came in this order is not what is restored here.
        let of_units = |alert: &&Alert| alert.finding("update_time_behind").is_none();
        prop_assert_eq!(said.iter().filter(of_units).count(), 0, "{:?}", said);
    }
}
