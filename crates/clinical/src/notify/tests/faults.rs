//! Who would be missed, or called in vain.

use super::*;

fn webhook(who: &str, after: i64) -> OnCallEntry {
    let address = "https://pager.example/team".to_owned();
    OnCallEntry { channel: Channel::Webhook, address, ..entry(who, after) }
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
fn who_was_told_of_a_review_is_told_when_the_alert_turns_urgent_with_no_later_news() {
    let wants = OnCallEntry { reviews: true, ..entry("sato", 0) };
    let mut world = World::new(vec![wants]);
    world.event("a", Severity::Review, Transition::Raised);
    world.pass(seconds(60));
    world.does("a", |covered| Deed::Snooze(covered, BEGIN + seconds(600)));
    world.pass(seconds(1200));
    assert_eq!(world.told(), told(&[(0, "sato", 1), (600, "sato", 1)]));
    // What came late made the alert worse at a time before the snooze's end.
    let newest = *world.log.course("a").unwrap().newest();
    let patient = world.alerts["a"].clone();
    let transition = Transition::Escalated;
    let (severity, news_at, changed_at) = (Severity::Urgent, BEGIN + seconds(300), world.now);
    let worse = AlertNews { severity, transition, news_at, changed_at, ..newest };
    world.log.apply_alert("a", &patient, worse);
    world.pass(seconds(600));
    let since: Vec<_> = world.told().split_off(2);
    assert_eq!(since, told(&[(1260, "sato", 1)]));
}
