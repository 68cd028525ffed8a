//! What one team and its list come to.

use jiff::civil::time;

use super::*;
use crate::quiet_hours::QuietHours;

fn three() -> Vec<OnCallEntry> {
    vec![entry("sato", 60), entry("ito", 300), entry("mori", 900)]
}

#[test]
fn an_urgent_alert_goes_along_the_list_with_its_delays_until_somebody_sees_to_it() {
    let mut world = World::new(three());
    world.raise("a");
    world.pass(seconds(600));
    assert_eq!(world.messages(), messages(&[(60, "sato", 1), (300, "ito", 1)]));
    world.acknowledge("a");
    world.pass(seconds(36_000));
    assert_eq!(world.sent.len(), 2);
    // Worse than what was seen, it begins anew.
    world.event("a", Severity::Review, Transition::Eased);
    world.event("a", Severity::Urgent, Transition::Escalated);
    world.pass(seconds(100));
    assert_eq!(world.messages()[2].1, "sato");
    assert_ne!(world.sent[2].key, world.sent[0].key);
}

#[test]
fn what_nobody_sees_to_is_overdue_half_an_hour_after_the_last_of_the_list_was_due() {
    let overdue = |world: &World| world.decision().counts.overdue;
    let mut world = World::new(three());
    world.raise("a");
    world.pass(seconds(900 + 1799));
    assert_eq!(overdue(&world), 0);
    world.pass(seconds(1));
    assert_eq!(overdue(&world), 1);
    world.acknowledge("a");
    assert_eq!(overdue(&world), 0);
    // Worse than what was seen: everybody has the time again.
    world.event("a", Severity::Urgent, Transition::Escalated);
    world.pass(seconds(900 + 1799));
    assert_eq!(overdue(&world), 0);
    world.pass(seconds(1));
    assert_eq!(overdue(&world), 1);
}

#[test]
fn who_put_it_off_is_notified_again_when_that_time_has_come() {
    let mut world = World::new(vec![entry("sato", 0)]);
    world.raise("a");
    world.pass(seconds(10));
    let until = world.now + seconds(3600);
    world.does("a", |covered| Deed::Snooze(covered, until));
    world.pass(seconds(4000));
    assert_eq!(world.messages(), messages(&[(0, "sato", 1), (3610, "sato", 1)]));
}

#[test]
fn a_receiver_that_refuses_is_tried_again_then_the_next_one_is_notified_at_once() {
    let mut world = World::new(vec![entry("sato", 0), entry("ito", 3600)]);
    world.down.insert("sato".to_owned());
    world.raise("a");
    world.pass(seconds(3000));
    let at: Vec<_> = world.messages().into_iter().map(|(at, who, _)| (at, who)).collect();
    let tries = [0, 5, 15, 35, 75].map(|at| (at, "sato".to_owned()));
    assert_eq!(at[..5], tries);
    assert_eq!(at[5..], [(75, "ito".to_owned())]);
    let keys: BTreeSet<_> = world.sent[..5].iter().map(|sent| &sent.key).collect();
    assert_eq!(keys.len(), 1);
    assert_eq!(world.decision().counts, Counts { unattended: 1, undelivered: 0, overdue: 0 });
}

#[test]
fn when_nobody_can_be_notified_that_is_reported_once_and_tried_again_later() {
    let mut world = World::new(vec![entry("sato", 0)]);
    world.down.insert("sato".to_owned());
    world.raise("a");
    world.pass(seconds(300));
    let reports = |world: &World| {
        let all = world.events.iter().filter_map(|event| match event {
            DeliveryEvent::Undelivered { why, .. } => Some(*why),
            DeliveryEvent::Message { .. } => None,
        });
        all.collect::<Vec<_>>()
    };
    assert_eq!((world.sent.len(), reports(&world)), (5, vec![WhyNobody::NoneDelivered]));
    assert_eq!(world.decision().counts, Counts { unattended: 1, undelivered: 1, overdue: 0 });
    world.down.clear();
    world.pass(Limits::default().again_after);
    assert_eq!((world.sent.len(), reports(&world).len()), (6, 1));
    assert!(world.sent[5].arrived && world.sent[5].key == world.sent[0].key);
    assert_eq!(world.decision().counts, Counts { unattended: 1, undelivered: 0, overdue: 0 });

    let mut world = World::new(Vec::new());
    world.raise("a");
    world.pass(seconds(1));
    assert_eq!(reports(&world), [WhyNobody::NoOnCallList]);
}

#[test]
fn who_is_not_on_duty_is_skipped_and_notified_when_the_hours_begin() {
    let mut day = entry("sato", 0);
    let hours = |from, until| DutyHours {
        days: Weekdays::ALL,
        from: time(from, 0, 0, 0),
        until: time(until, 0, 0, 0),
    };
    // It is nine o'clock.
    day.hours = vec![hours(10, 17)];
    let mut world = World::new(vec![day.clone(), entry("ito", 1800)]);
    world.raise("a");
    world.pass(seconds(3700));
    assert_eq!(world.messages(), messages(&[(0, "ito", 1), (3600, "sato", 1)]));
    let mut world = World::new(vec![day]);
    world.raise("a");
    world.pass(seconds(60));
    let first = world.events[0].clone();
    assert!(matches!(first, DeliveryEvent::Undelivered { why: WhyNobody::NobodyOnDuty, .. }));
    world.pass(seconds(5000));
    assert_eq!(world.messages(), messages(&[(3600, "sato", 1)]));
}

#[test]
fn a_hundred_alerts_at_once_are_one_message_and_later_ones_wait_for_the_minute() {
    let mut world = World::new(vec![entry("sato", 0)]);
    (0..100).for_each(|number| world.raise(&format!("{number}")));
    world.pass(seconds(5));
    assert_eq!(world.messages(), messages(&[(0, "sato", 100)]));
    for number in 0..30 {
        world.raise(&format!("x{number}"));
        world.pass(seconds(1));
    }
    world.pass(seconds(60));
    let later: Vec<_> = world.messages()[1..].iter().map(|(at, _, steps)| (*at, *steps)).collect();
    // Four alone, one more with what is due then, and the rest when the first is a minute old.
    assert_eq!(later, [(5, 1), (6, 1), (7, 1), (8, 1), (9, 1), (60, 25)]);
}

#[test]
fn a_review_is_sent_to_who_wants_reviews_and_not_in_the_patients_quiet_hours() {
    let wanting = OnCallEntry { reviews: true, ..entry("ito", 0) };
    let mut world = World::new(vec![entry("sato", 0), wanting]);
    world.event("a", Severity::Review, Transition::Raised);
    world.event("b", Severity::Technical, Transition::Raised);
    let quiet = QuietHours::new(8 * 60, 10 * 60).unwrap();
    let decided = |world: &World, quiet: Option<QuietHours>| {
        let subject = Subject {
            alert: "a",
            patient: &world.alerts["a"],
            course: world.log.course("a").unwrap(),
            care: world.log.state("a").unwrap(),
            on_call: &world.on_call,
            team_time: &world.tokyo,
            quiet: quiet.map(|hours| (hours, &world.tokyo)),
        };
        decide([subject], &world.deliveries, &world.limits, world.now)
    };
    let held = decided(&world, Some(quiet));
    assert!(held.new.is_empty() && held.undelivered.is_empty());
    assert_eq!(held.look_at, Some(BEGIN + seconds(3600)));
    assert_eq!(decided(&world, None).new.len(), 1);
    world.event("a", Severity::Urgent, Transition::Escalated);
    assert_eq!(decided(&world, Some(quiet)).new.len(), 2);
    world.event("a", Severity::Review, Transition::Resolved);
    world.now = BEGIN + seconds(1);
    world.event("a", Severity::Review, Transition::Raised);
    world.pass(seconds(1));
    assert_eq!(world.messages(), messages(&[(1, "ito", 1)]));
}

#[test]
fn killed_between_sending_and_writing_it_down_the_same_key_comes_again() {
    let mut world = World::new(three());
    world.raise("a");
    world.pass(seconds(59));
    world.dies_after_sending = true;
    world.pass(seconds(10));
    assert_eq!(world.messages(), messages(&[(60, "sato", 1), (60, "sato", 1)]));
    assert_eq!(world.sent[0].key, world.sent[1].key);
}

#[test]
fn an_occasion_that_compaction_took_from_the_alert_is_known_by_its_deliveries() {
    let mut world = World::new(vec![entry("sato", 0)]);
    world.event("a", Severity::Review, Transition::Raised);
    world.pass(seconds(600));
    world.event("a", Severity::Urgent, Transition::Escalated);
    world.pass(seconds(600));
    // Of the alert's events only the newest is left.
    let newest = *world.log.course("a").unwrap().newest();
    let patient = world.alerts["a"].clone();
    world.log = CareLog::default();
    let updated = AlertNews { transition: Transition::Updated, ..newest };
    world.log.apply_alert("a", &patient, updated);
    world.pass(seconds(600));
    assert_eq!(world.sent.len(), 1);
}
