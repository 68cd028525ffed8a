//! What those who were there all the time have seen: a consumer of the alerts, and the dashboard.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use clinical::Timestamp;
use schemas::AlertEvent;

use super::watching::Watching;
use crate::registered::SATO;
use crate::stack::Stack;
use crate::verdict::Came;

/// How long the dashboard may be behind.
const PATIENCE: Duration = Duration::from_secs(20);

/// Each alert's events, in order.
type Told<'a> = BTreeMap<&'a str, Vec<(i64, &'a str)>>;

fn told<'a>(events: impl Iterator<Item = &'a AlertEvent>, until: Timestamp) -> Told<'a> {
    let mut told = Told::new();
    for event in events.filter(|event| event.changed_at <= until.millis()) {
        told.entry(&event.alert_id).or_default().push((event.changed_at, &event.transition));
    }
    told
}

/// What a consumer that has followed the alerts through every fault, and a page that is opened now,
/// have otherwise than the topic.
pub(super) fn complaints(stack: &Stack, watching: &Watching, came: &Came) -> Vec<String> {
    let mut complaints = Vec::new();
    let begun = Instant::now();
    let followed = loop {
        let differs = {
            let seen = watching.seen();
            let live = told(seen.alerts.iter().map(|(event, _)| event), came.until);
            let all = told(came.alerts.iter().map(|placed| &placed.record), came.until);
            let differing = |(alert, events): &(&&str, &Vec<_>)| live.get(**alert) != Some(events);
            let differing = all.iter().find(differing).map(|(alert, _)| (*alert).to_owned());
            differing.or_else(|| (live.len() != all.len()).then(|| "others".to_owned()))
        };
        if differs.is_none() || begun.elapsed() > PATIENCE {
            break differs;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    complaints.extend(
        followed.map(|alert| format!("a consumer of the topic has seen other events of {alert}")),
    );
    let page = loop {
        let differs = page(stack, watching);
        if differs.is_none() || begun.elapsed() > 2 * PATIENCE {
            break differs;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    complaints.extend(page);
    complaints
}

/// How the open alerts of the dashboard differ from those of the topic.
fn page(stack: &Stack, watching: &Watching) -> Option<String> {
    let answer = stack.sign_in(SATO).get("alerts");
    let shown: BTreeSet<String> = answer.body["alerts"]
        .as_array()?
        .iter()
        .filter_map(|alert| alert["id"].as_str().map(str::to_owned))
        .collect();
    let mut open = BTreeSet::new();
    for (event, _) in &watching.seen().alerts {
        match &*event.status {
            "open" => open.insert(event.alert_id.clone()),
            _ => open.remove(&event.alert_id),
        };
    }
    let missing = open.difference(&shown).count();
    let stale = shown.difference(&open).count();
    (missing + stale > 0).then(|| {
        format!("of {} open alerts the page misses {missing} and shows {stale} others", open.len())
    })
}
