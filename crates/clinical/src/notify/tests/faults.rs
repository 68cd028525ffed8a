//! Who would be missed, or called in vain.

use jiff::civil::time;

use super::*;

fn webhook(who: &str, after: i64) -> OnCallEntry {
    let address = "https://pager.example/team".to_owned();
    OnCallEntry { channel: Channel::Webhook, address, ..entry(who, after) }
}

fn reports(world: &World) -> usize {
    let is_report = |event: &&DeliveryEvent| matches!(event, DeliveryEvent::Undelivered { .. });
    world.events.iter().filter(is_report).count()
}

fn from_half_past_nine(who: &str, after: i64) -> OnCallEntry {
    let (from, until) = (time(9, 30, 0, 0), time(17, 0, 0, 0));
    let hours = vec![DutyHours { days: Weekdays::ALL, from, until }];
    OnCallEntry { hours, ..entry(who, after) }
}

#[test]
fn a_webhook_that_several_share_is_called_for_each_of_them() {
    let mut world = World::new(vec![webhook("sato", 0), webhook("ito", 0)]);
    (0..20).for_each(|number| world.raise(&format!("{number}")));
    world.pass(seconds(5));
    assert_eq!(world.sent.len(), 2);
    for sent in &world.sent {
        let who = |target: &Target| world.on_call.get(&target.step).unwrap().practitioner.clone();
        let all: BTreeSet<_> = sent.targets.iter().map(who).collect();
        assert_eq!(all.len(), 1, "{all:?}");
    }
}

#[test]
fn who_was_notified_of_a_review_is_again_when_it_turns_urgent_with_no_later_news() {
    let wants = OnCallEntry { reviews: true, ..entry("sato", 0) };
    let mut world = World::new(vec![wants]);
    world.event("a", Severity::Review, Transition::Raised);
    world.pass(seconds(60));
    world.does("a", |covered| Deed::Snooze(covered, BEGIN + seconds(600)));
    world.pass(seconds(1200));
    assert_eq!(world.messages(), messages(&[(0, "sato", 1), (600, "sato", 1)]));
    // What came late made the alert worse at a time before the snooze's end.
    let newest = *world.log.course("a").unwrap().newest();
    let patient = world.alerts["a"].clone();
    let transition = Transition::Escalated;
    let (severity, news_at, changed_at) = (Severity::Urgent, BEGIN + seconds(300), world.now);
    let news_severity = severity;
    let worse = AlertNews { severity, transition, news_at, news_severity, changed_at, ..newest };
    world.log.apply_alert("a", &patient, worse);
    world.pass(seconds(600));
    let since: Vec<_> = world.messages().split_off(2);
    assert_eq!(since, messages(&[(1260, "sato", 1)]));
}

#[test]
fn a_later_step_that_was_given_up_is_tried_again_until_one_after_it_is_delivered() {
    let mut world = World::new(vec![entry("sato", 0), entry("ito", 60)]);
    world.down.insert("ito".to_owned());
    world.raise("a");
    world.pass(seconds(300));
    assert_eq!((world.sent.len(), reports(&world)), (6, 1));
    assert_eq!(world.decision().counts, Counts { unattended: 1, undelivered: 1, overdue: 0 });
    world.down.clear();
    world.pass(Limits::default().again_after);
    assert_eq!((world.sent.len(), reports(&world)), (7, 1));
    assert!(world.sent[6].arrived);
    assert_eq!(world.decision().counts, Counts { unattended: 1, undelivered: 0, overdue: 0 });

    // With one after it that is delivered, nothing is reported and nothing tried again.
    let mut world = World::new(vec![entry("sato", 0), entry("ito", 60), entry("mori", 600)]);
    world.down.insert("ito".to_owned());
    world.raise("a");
    world.pass(seconds(2000));
    assert_eq!((world.sent.len(), reports(&world)), (7, 0));
    assert_eq!(world.messages()[6], (600, "mori".to_owned(), 1));
}

#[test]
fn a_late_start_calls_one_after_the_other() {
    let mut world = World::new(vec![entry("sato", 60), entry("ito", 300), entry("mori", 900)]);
    world.raise("a");
    // Nobody decides meanwhile.
    world.now = BEGIN + seconds(3600);
    world.pass(seconds(2000));
    assert_eq!(
        world.messages(),
        messages(&[(3600, "sato", 1), (3840, "ito", 1), (4440, "mori", 1)])
    );

    let list = [("sato", 0), ("ito", 300)].map(|(who, after)| from_half_past_nine(who, after));
    let mut world = World::new(list.to_vec());
    world.raise("a");
    world.pass(seconds(3000));
    assert_eq!(world.messages(), messages(&[(1800, "sato", 1), (2100, "ito", 1)]));

    // Who cannot be reached still costs no time.
    let mut world = World::new(vec![entry("sato", 60), entry("ito", 300), entry("mori", 900)]);
    world.down.insert("sato".to_owned());
    world.raise("a");
    world.now = BEGIN + seconds(3600);
    world.pass(seconds(2000));
    let since: Vec<_> = world.messages().split_off(5);
    assert_eq!(since, messages(&[(3675, "ito", 1), (4275, "mori", 1)]));
}

#[test]
fn an_undone_acknowledgement_calls_one_after_the_other() {
    let mut world = World::new(vec![entry("sato", 60), entry("ito", 300), entry("mori", 900)]);
    world.raise("a");
    world.acknowledge("a");
    world.pass(seconds(3600));
    world.does("a", |_| Deed::Undo(ActId::parse("1").unwrap()));
    world.pass(seconds(2000));
    assert_eq!(
        world.messages(),
        messages(&[(3600, "sato", 1), (3840, "ito", 1), (4440, "mori", 1)])
    );
}

#[test]
fn an_acknowledgement_undone_after_the_whole_list_was_notified_is_overdue_and_calls_anew() {
    let mut world = World::new(vec![entry("sato", 0), entry("ito", 300)]);
    world.raise("a");
    world.pass(seconds(400));
    world.acknowledge("a");
    world.pass(seconds(3600));
    assert_eq!(world.decision().counts, Counts::default());
    world.does("a", |_| Deed::Undo(ActId::parse("1").unwrap()));
    assert_eq!(world.decision().counts, Counts { unattended: 1, undelivered: 0, overdue: 1 });
    world.pass(seconds(400));
    assert_eq!(
        world.messages(),
        messages(&[(0, "sato", 1), (300, "ito", 1), (4000, "sato", 1), (4300, "ito", 1)])
    );
}

#[test]
fn a_list_at_whose_end_nobody_has_seen_to_the_alert_begins_anew_until_somebody_does() {
    let mut world = World::new(vec![entry("sato", 0), entry("ito", 300)]);
    world.raise("a");
    world.pass(seconds(12 * 3600));
    // Half an hour after the last one was notified, then an hour, two, and four each time.
    let began = [0, 2_100, 6_000, 13_500, 28_200, 42_900];
    let both = began.into_iter().flat_map(|at| [(at, "sato", 1), (at + 300, "ito", 1)]);
    assert_eq!(world.messages(), messages(&both.collect::<Vec<_>>()));
    assert_eq!(world.decision().counts, Counts { unattended: 1, undelivered: 0, overdue: 1 });
    world.acknowledge("a");
    let sent = world.sent.len();
    world.pass(seconds(11 * 3600));
    assert_eq!((world.sent.len(), reports(&world)), (sent, 0));
}

/// Of a list that nobody on duty is on, and of which no message arrived, nothing has ended.
#[test]
fn a_list_of_which_nobody_was_notified_is_tried_on_and_does_not_begin_anew() {
    let list = [("sato", 0), ("ito", 300)].map(|(who, after)| from_half_past_nine(who, after));
    let mut world = World::new(list.to_vec());
    world.down.insert("sato".to_owned());
    world.raise("a");
    world.pass(seconds(3000));
    let ito: Vec<_> = world.messages().into_iter().filter(|(_, who, _)| who == "ito").collect();
    assert_eq!(ito, messages(&[(1875, "ito", 1)]));
    world.pass(seconds(1875 + 1800 - 3000));
    let last = world.messages().pop().unwrap();
    assert_eq!((last.0, &*last.1), (1875 + 1800, "sato"));
}

#[test]
fn what_was_acknowledged_and_not_closed_calls_anew_after_a_shift() {
    let mut world = World::new(vec![entry("sato", 0), entry("ito", 300)]);
    world.raise("a");
    world.pass(seconds(60));
    world.acknowledge("a");
    let lapses = 60 + crate::care::ACKNOWLEDGED_FOR.millis() / 1000;
    world.pass(seconds(lapses + 600 - 60));
    assert_eq!(
        world.messages(),
        messages(&[(0, "sato", 1), (lapses, "sato", 1), (lapses + 300, "ito", 1)])
    );
    // Closed it stays so, although its readings have not ended it.
    world.does("a", |covered| Deed::Close(covered, crate::care::Outcome::Contacted));
    world.pass(seconds(3 * 24 * 3600));
    assert_eq!(world.sent.len(), 3);
}

#[test]
fn that_nobody_can_be_notified_is_reported_once_however_often_the_list_begins_anew() {
    let mut world = World::new(vec![entry("sato", 0), entry("ito", 300)]);
    world.down.extend(["sato".to_owned(), "ito".to_owned()]);
    world.raise("a");
    world.pass(seconds(24 * 3600));
    assert_eq!(reports(&world), 1);
    assert_eq!(world.decision().counts, Counts { unattended: 1, undelivered: 1, overdue: 1 });
    world.down.clear();
    world.pass(world.limits.again_after);
    assert_eq!(world.decision().counts, Counts { unattended: 1, undelivered: 0, overdue: 1 });
}

#[test]
fn an_urgent_alert_that_eases_before_the_first_delay_is_sent_all_the_same() {
    let mut world = World::new(vec![entry("sato", 60)]);
    world.raise("a");
    world.pass(seconds(30));
    world.event("a", Severity::Review, Transition::Eased);
    world.pass(seconds(600));
    assert_eq!(world.messages(), messages(&[(60, "sato", 1)]));
    // Who puts it off has seen it as it is.
    world.does("a", |covered| Deed::Snooze(covered, BEGIN + seconds(3600)));
    world.pass(seconds(7200));
    assert_eq!(world.sent.len(), 1);
}

#[test]
fn a_storm_tells_of_urgent_alerts_first() {
    let wants = OnCallEntry { reviews: true, ..entry("sato", 0) };
    let mut world = World::new(vec![wants]);
    (0..20).for_each(|number| {
        world.event(&format!("a{number}"), Severity::Review, Transition::Raised);
    });
    world.raise("z");
    let decision = world.decision();
    assert_eq!(decision.new[0].steps[0].target.alert, "z");
}
