//! Who was notified of an alert.

use super::*;
use crate::notifications::tests::event;

const PATH: &str = "/api/v1/alerts/a/notifications";

#[tokio::test]
async fn a_physician_sees_who_was_notified_of_an_alert_and_that_nobody_could_be() {
    let api = api();
    api.alert("a", "A/1", "urgent");
    let (status, none) = api.get("dr.sato", PATH).await;
    assert_eq!(status, 200);
    assert_eq!(none["notifications"], json!([]));
    let failed = schemas::NotificationEvent {
        attempt: 1,
        reason: "refused".to_owned(),
        ..event("m", "dr.sato", "failed", 10)
    };
    let nobody = schemas::NotificationEvent {
        reason: "none_delivered".to_owned(),
        ..event("", "", "undelivered", 20)
    };
    let decided = event("m", "dr.sato", "decided", 0);
    let gone = event("n", "dr.gone", "delivered", 30);
    for event in [decided, failed, nobody, gone] {
        api.dashboard.notifications.apply(&event).unwrap();
    }
    let (_, answer) = api.get("dr.sato", PATH).await;
    let expected = json!({
        "alert": "a",
        "patient": "A/1",
        "notifications": [{
            "to": { "id": "dr.sato", "name": "DR.SATO" },
            "channel": "email",
            "severity": "urgent",
            "status": "failed",
            "decided_at": "2026-11-18T11:06:40Z",
            "changed_at": "2026-11-18T11:06:50Z",
            "failed_attempts": 1,
        }, {
            "to": { "id": "dr.gone", "name": null },
            "channel": "email",
            "severity": "urgent",
            "status": "delivered",
            "decided_at": "2026-11-18T11:07:10Z",
            "changed_at": "2026-11-18T11:07:10Z",
            "failed_attempts": 0,
        }],
        "undelivered": [{ "at": "2026-11-18T11:07:00Z", "reason": "none_delivered" }],
    });
    assert_eq!(answer, expected);
    let last = api.audit.said().pop().unwrap();
    assert_eq!(last, ("read_notifications".to_owned(), Some("A/1".to_owned()), true));
}

#[tokio::test]
async fn while_notifications_are_still_read_nobody_is_said_not_to_have_been_notified() {
    let (dashboard, audit) = testing::empty_dashboard();
    let api = Api::of(dashboard, audit);
    let Dashboard { registry, alerts, care, .. } = &*api.dashboard;
    registry.apply(practitioner("dr.sato", Some(schemas::registry::Role::Physician)));
    registry.apply(crate::registry::tests::team("A/1", &["dr.sato"]));
    registry.caught_up();
    alerts.caught_up();
    care.caught_up();
    api.dashboard.ended.caught_up();
    api.alert("a", "A/1", "urgent");
    assert_eq!(api.get("dr.sato", PATH).await.0, 503);
    api.dashboard.notifications.caught_up();
    assert_eq!(api.get("dr.sato", PATH).await.0, 200);
}
