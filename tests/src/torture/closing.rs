//! What those who were there all the time have seen: a consumer of the alerts, and the dashboard.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use clinical::Timestamp;
use schemas::AlertEvent;
use serde_json::Value;

use super::watching::Watching;
use crate::http::SignedIn;
use crate::verdict::Came;

/// How long the dashboard may be behind.
const PATIENCE: Duration = Duration::from_secs(20);

/// Each alert's events, in order.
type Reported<'a> = BTreeMap<&'a str, Vec<(i64, &'a str)>>;

fn reported<'a>(events: impl Iterator<Item = &'a AlertEvent>, until: Timestamp) -> Reported<'a> {
    let mut reported = Reported::new();
    for event in events.filter(|event| event.changed_at <= until.millis()) {
        reported.entry(&event.alert_id).or_default().push((event.changed_at, &event.transition));
    }
    reported
}

/// What a consumer that has followed the alerts through every fault, and a page that is opened now,
/// have otherwise than the topic.
pub(super) fn complaints(physician: &SignedIn, watching: &Watching, came: &Came) -> Vec<String> {
    let followed = difference_that_stays(|| {
        let seen = watching.seen();
        let live = reported(seen.alerts.iter().map(|(event, _)| event), came.until);
        let all = reported(came.alerts.iter().map(|placed| &placed.record), came.until);
        followed_otherwise(&live, &all)
    });
    let page = difference_that_stays(|| {
        let answer = match physician.try_get("alerts") {
            Ok(answer) => answer,
            Err(error) => return Some(format!("the page has no answer: {error}")),
        };
        let seen = watching.seen();
        let open = open_alerts(seen.alerts.iter().map(|(event, _)| event));
        shown_otherwise(answer.status, &answer.body, &open)
    });
    followed.into_iter().chain(page).collect()
}

/// The difference that is there after some time too.
fn difference_that_stays(look: impl Fn() -> Option<String>) -> Option<String> {
    let begun = Instant::now();
    loop {
        let difference = look()?;
        if begun.elapsed() > PATIENCE {
            return Some(difference);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// How what a consumer has followed differs from all that there is.
fn followed_otherwise(live: &Reported<'_>, all: &Reported<'_>) -> Option<String> {
    let mut alerts = all.keys().chain(live.keys());
    let alert = alerts.find(|alert| live.get(**alert) != all.get(**alert))?;
    Some(format!("a consumer of the topic has seen other events of {alert}"))
}

/// The alerts that are open after some events.
fn open_alerts<'a>(events: impl Iterator<Item = &'a AlertEvent>) -> BTreeSet<&'a str> {
    let mut open = BTreeSet::new();
    for event in events {
        match &*event.status {
            "open" => open.insert(&*event.alert_id),
            _ => open.remove(&*event.alert_id),
        };
    }
    open
}

/// How the page's answer differs from the open alerts.
fn shown_otherwise(status: u16, body: &Value, open: &BTreeSet<&str>) -> Option<String> {
    let alerts = match (status, body["alerts"].as_array()) {
        (200, Some(alerts)) => alerts,
        _ => return Some(format!("the page is answered {status}, and not with alerts")),
    };
    let shown: BTreeSet<&str> = alerts.iter().filter_map(|alert| alert["id"].as_str()).collect();
    let missing = open.difference(&shown).count();
    let stale = shown.difference(open).count();
    (missing + stale > 0).then(|| {
        format!("of {} open alerts the page misses {missing} and shows {stale} others", open.len())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::torture::events::{raised, retracted};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_300_000 + seconds)
    }

    #[test]
    fn a_consumer_has_followed_otherwise_when_an_event_is_missing_doubled_or_another() {
        let events =
            [raised("a", at(1)), raised("b", at(2)), retracted(&raised("a", at(1)), at(3))];
        let all = reported(events.iter(), at(9));
        let otherwise = |live: &[&AlertEvent]| {
            followed_otherwise(&reported(live.iter().copied(), at(9)), &all).unwrap_or_default()
        };
        let [a, b, gone] = &events;
        assert_eq!(otherwise(&[a, b, gone]), "");
        assert_eq!(otherwise(&[a, gone, b]), "", "each alert's order counts, not that of all");
        assert!(otherwise(&[a, gone]).ends_with("of b"));
        assert!(otherwise(&[a, b]).ends_with("of a"));
        assert!(otherwise(&[a, a, b, gone]).ends_with("of a"));
        assert!(otherwise(&[gone, a, b]).ends_with("of a"));
        let invented = raised("c", at(4));
        assert!(otherwise(&[a, b, gone, &invented]).ends_with("of c"));
    }

    #[test]
    fn what_was_reported_after_the_comparison_is_not_compared() {
        let (before, after) = (raised("a", at(1)), raised("b", at(10)));
        assert_eq!(reported([&before, &after].into_iter(), at(9)).len(), 1);
    }

    #[test]
    fn an_alert_is_open_from_its_raising_until_its_end() {
        let a = raised("a", at(1));
        let events = [a.clone(), raised("b", at(2)), retracted(&a, at(3))];
        assert_eq!(open_alerts(events.iter()), BTreeSet::from(["b"]));
        let again = [&events[..], &[raised("a", at(4))]].concat();
        assert_eq!(open_alerts(again.iter()), BTreeSet::from(["a", "b"]));
    }

    #[test]
    fn the_page_shows_exactly_the_open_alerts_and_no_other_answer_will_do() {
        let open = BTreeSet::from(["a", "b"]);
        let shown = |status, body: Value| shown_otherwise(status, &body, &open);
        let alerts = |ids: &[&str]| json!({ "alerts": ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>() });
        assert_eq!(shown(200, alerts(&["b", "a"])), None);
        let said = |ids: &[&str]| shown(200, alerts(ids)).unwrap();
        assert!(said(&["a"]).ends_with("misses 1 and shows 0 others"));
        assert!(said(&["a", "b", "c"]).ends_with("misses 0 and shows 1 others"));
        assert!(said(&[]).contains("misses 2"));
        for status in [401, 500, 503] {
            assert!(shown(status, json!({ "error": "unavailable" })).is_some());
            assert!(shown(status, alerts(&["a", "b"])).is_some());
        }
        assert!(shown(200, json!({})).is_some());
        assert!(shown_otherwise(503, &json!({}), &BTreeSet::new()).is_some());
    }
}
