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
