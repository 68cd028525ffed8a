//! Whatever alerts, people and receivers do, and whenever the notifier is killed.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

#[derive(Debug, Clone)]
enum Turn {
    Alert(&'static str, Severity, Transition),
    Acknowledge(&'static str),
    Snooze(&'static str, i64),
    Close(&'static str),
    Down(&'static str, bool),
    Pass(i64),
    Restart,
    DieAfterSending,
}

const ALERTS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const PEOPLE: [&str; 3] = ["sato", "ito", "mori"];

fn turn() -> impl Strategy<Value = Turn> {
    let alert = || select(&ALERTS[..]);
    let urgent = alert().prop_map(|alert| Turn::Alert(alert, Severity::Urgent, Transition::Raised));
    let severity = select(vec![Severity::Urgent, Severity::Review, Severity::Technical]);
    let transition = select(vec![
        Transition::Raised,
        Transition::Escalated,
        Transition::Eased,
        Transition::Updated,
        Transition::Resolved,
    ]);
    prop_oneof![
        4 => urgent,
        2 => (alert(), severity, transition).prop_map(|(a, s, t)| Turn::Alert(a, s, t)),
        2 => alert().prop_map(Turn::Acknowledge),
        1 => (alert(), 60..7200_i64).prop_map(|(alert, span)| Turn::Snooze(alert, span)),
        1 => alert().prop_map(Turn::Close),
        2 => (select(&PEOPLE[..]), any::<bool>()).prop_map(|(who, down)| Turn::Down(who, down)),
        4 => prop_oneof![0..3_i64, 0..120_i64, 0..3600_i64, 0..60_000_i64].prop_map(Turn::Pass),
        1 => Just(Turn::Restart),
        1 => Just(Turn::DieAfterSending),
    ]
}

fn entries() -> impl Strategy<Value = Vec<OnCallEntry>> {
    let one = (select(&PEOPLE[..]), 0..900_i64, any::<bool>());
    proptest::collection::vec(one, 0..4).prop_map(|all| {
        let mut all: Vec<_> = all
            .into_iter()
            .map(|(who, after, reviews)| OnCallEntry { reviews, ..entry(who, after) })
            .collect();
        all.sort_by_key(|entry| entry.after);
        all.dedup_by_key(|entry| entry.after);
        all
    })
}

fn play(world: &mut World, turn: &Turn) {
    match turn {
        Turn::Alert(alert, severity, transition) => world.event(alert, *severity, *transition),
        Turn::Acknowledge(alert) => world.acknowledge(alert),
        Turn::Snooze(alert, span) => {
            let until = world.now + seconds(*span);
            world.does(alert, |covered| Deed::Snooze(covered, until));
        }
        Turn::Close(alert) => {
            world.does(alert, |covered| Deed::Close(covered, crate::care::Outcome::Contacted));
        }
        Turn::Down(who, true) => drop(world.down.insert((*who).to_owned())),
        Turn::Down(who, false) => drop(world.down.remove(*who)),
        Turn::Pass(span) => world.pass(seconds(*span)),
        Turn::Restart => world.restart(),
        Turn::DieAfterSending => world.dies_after_sending = true,
    }
}

/// What was sent since a place in the list: to nobody of what somebody sees to.
fn check_sent(world: &World, from: usize) {
    for sent in &world.sent[from..] {
        for target in &sent.targets {
            let course = world.log.course(&target.alert).unwrap();
            let care = world.log.state(&target.alert).unwrap();
            assert!(course.is_open() && !care.is_attended(sent.at), "{target:?} is seen to");
            let entry = world.on_call.get(&target.step).unwrap();
            assert!(entry.takes(target.severity));
        }
    }
}

/// Of every urgent alert that nobody sees to, a message or a report was decided, or is about to be.
fn check_everybody_is_heard(world: &World) {
    let decision = world.decision();
    for alert in world.alerts.keys() {
        let course = world.log.course(alert).unwrap();
        let care = world.log.state(alert).unwrap();
        let is_urgent = course.newest().severity == Severity::Urgent && course.is_open();
        if !is_urgent || care.is_attended(world.now) {
            continue;
        }
        let news = course.news_at();
        let since = care.attended_until().map_or(news, |until| until.max(news));
        let is_handled = world.events.iter().any(|event| match event {
            DeliveryEvent::Message { target, .. } => {
                target.alert == *alert && target.occasion >= since
            }
            DeliveryEvent::Undelivered { alert: of, occasion, .. } => {
                of == alert && *occasion >= since
            }
        });
        let first = world.on_call.entries().next().map_or(Span::ZERO, |(_, first)| first.after);
        // A message that the storm guard holds back waits for the window at most.
        let is_early = world.now < since + first + world.limits.storm_window;
        assert!(is_handled || is_early, "nobody is notified of {alert}");
        assert!(is_handled || decision.look_at.is_some(), "{alert} is forgotten");
    }
}

/// The keys under which each step was sent, and how often it arrived.
fn check_once(world: &World, deaths: usize) {
    let mut keys = BTreeMap::<&Target, BTreeSet<&MessageKey>>::new();
    let mut arrivals = BTreeMap::<&Target, usize>::new();
    for sent in &world.sent {
        for target in &sent.targets {
            keys.entry(target).or_default().insert(&sent.key);
            *arrivals.entry(target).or_default() += usize::from(sent.arrived);
        }
    }
    assert!(keys.values().all(|keys| keys.len() == 1), "a step has two keys");
    assert!(arrivals.values().all(|arrived| *arrived <= 1 + deaths), "a step arrives twice");
}

fn check_storm(world: &World) {
    let mut first = BTreeMap::new();
    for sent in &world.sent {
        first.entry(&sent.key).or_insert((&sent.recipient, sent.at));
    }
    for (recipient, at) in first.values() {
        let within = first.values().filter(|(other, time)| {
            other == recipient && *time > *at - world.limits.storm_window && *time <= *at
        });
        assert!(within.count() <= world.limits.storm_messages + 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn never_twice_never_what_is_seen_to_and_nobody_is_forgotten(
        entries in entries(),
        turns in proptest::collection::vec(turn(), 1..60),
    ) {
        let mut world = World::new(entries);
        let mut deaths = 0;
        for turn in &turns {
            deaths += usize::from(matches!(turn, Turn::DieAfterSending));
            let from = world.sent.len();
            play(&mut world, turn);
            if matches!(turn, Turn::Pass(_)) {
                check_sent(&world, from);
                check_everybody_is_heard(&world);
            }
        }
        world.pass(seconds(3600));
        check_everybody_is_heard(&world);
        check_once(&world, deaths);
        check_storm(&world);
    }

    #[test]
    fn whatever_order_the_topics_are_read_in_and_however_often_the_decision_is_the_same(
        entries in entries(),
        turns in proptest::collection::vec(turn(), 1..40),
        seed in any::<u64>(),
    ) {
        let mut world = World::new(entries);
        turns.iter().for_each(|turn| play(&mut world, turn));
        let decision = world.decision();
        let mut events = [world.events.clone(), world.events.clone()].concat();
        let mut state = seed | 1;
        for place in (1..events.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            events.swap(place, (state >> 33) as usize % (place + 1));
        }
        let mut read = Deliveries::default();
        events.into_iter().for_each(|event| read.apply(event));
        prop_assert_eq!(&read, &world.deliveries);
        world.deliveries = read;
        prop_assert_eq!(world.decision(), decision);
    }
}
