//! Quiet hours: when somebody is to be called for an alert.

use super::*;

/// The alerts of these tests are raised at 20:06 in Japan, 12:06 in Berlin.
const EVENING: (&str, &str) = ("19:00", "07:00");
const SEVEN_IN_JAPAN: &str = "2026-11-18T22:00:00Z";

impl Api {
    /// With a plan of A/1 whose quiet hours are given, and with a schedule in a zone where one is.
    async fn keeps_quiet(&self, (from, until): (&str, &str), zone: Option<&str>) {
        let schedule = zone.map(|zone| json!({ "time_zone": zone, "start": "2026-11-01" }));
        let plan = json!({
            "quiet_hours": { "from": from, "until": until }, "schedule": schedule, "reason": "rest",
        });
        let request = Request::put("/api/v1/patients/A/1/plan")
            .header(header::AUTHORIZATION, basic("dr.sato"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::IF_MATCH, "\"0\"");
        let response = self.send(request.body(plan.to_string().into()).unwrap()).await;
        assert_eq!(response.status(), 200);
    }

    /// Before when nobody is called, of each open alert by its id.
    async fn page_times(&self) -> Value {
        let (_, alerts) = self.get("dr.sato", "/api/v1/alerts").await;
        let of =
            |alert: &Value| (alert["id"].as_str().unwrap().to_owned(), alert["page_after"].clone());
        alerts["alerts"].as_array().unwrap().iter().map(of).collect()
    }
}

#[tokio::test]
async fn a_review_within_quiet_hours_says_when_somebody_is_called_and_an_urgent_alert_does_not() {
    let api = api();
    api.keeps_quiet(EVENING, None).await;
    api.alert("review", "A/1", "review");
    api.alert("technical", "A/1", "technical");
    api.alert("urgent", "A/1", "urgent");
    api.alert("of-another", "A/2", "review");
    let held = json!(SEVEN_IN_JAPAN);
    let expected = json!({ "review": held, "technical": held, "urgent": null, "of-another": null });
    assert_eq!(api.page_times().await, expected);
    let (_, list) = api.get("dr.sato", "/api/v1/patients").await;
    let alerts = &list["patients"][0]["open_alerts"];
    assert_eq!((&alerts[0]["id"], &alerts[0]["page_after"]), (&json!("urgent"), &Value::Null));
    assert_eq!((&alerts[1]["id"], &alerts[1]["page_after"]), (&json!("review"), &held));
    // What is worse is for now, also where it was held back.
    api.alert("review", "A/1", "urgent");
    assert_eq!(api.page_times().await["review"], Value::Null);
}

#[tokio::test]
async fn what_was_due_stays_due_when_it_eases_or_becomes_worse() {
    let api = api();
    api.keeps_quiet(EVENING, None).await;
    let tell = |id: &str, severity: &str, transition: &str, raised_before: i64| {
        let mut event = event(id, "A/1", severity, "open");
        event.transition = transition.to_owned();
        event.raised_at -= raised_before;
        api.dashboard.alerts.apply(Alert::try_from(event).unwrap());
    };
    // Raised within the quiet hours, and urgent until it eased.
    tell("eased", "urgent", "raised", 0);
    tell("eased", "review", "eased", 0);
    tell("eased", "review", "updated", 0);
    // The same, of which a dashboard that has just started knows the newest event.
    tell("eased-before", "review", "eased", 0);
    // Raised at 15:06 and confirmed within the quiet hours.
    tell("confirmed", "review", "escalated", 5 * 3_600_000);
    tell("raised", "review", "raised", 0);
    let expected = json!({
        "eased": null, "eased-before": null, "confirmed": null, "raised": SEVEN_IN_JAPAN,
    });
    assert_eq!(api.page_times().await, expected);
}

#[tokio::test]
async fn quiet_hours_are_of_the_zone_that_the_page_tells() {
    let noon = ("12:00", "13:00");
    let thirteen_in_berlin = json!("2026-11-18T12:00:00Z");
    let berlin = || {
        let (consortium_id, time_zone) = ("A".to_owned(), "Europe/Berlin".to_owned());
        let entry = Consortium { consortium_id, name: String::new(), time_zone };
        Change::Consortium("A".to_owned(), Some(entry))
    };
    for (of_consortium, of_plan, expected) in [
        (false, None, Value::Null),
        (true, None, thirteen_in_berlin.clone()),
        (false, Some("Europe/Berlin"), thirteen_in_berlin.clone()),
        (true, Some("Asia/Tokyo"), Value::Null),
    ] {
        let api = api();
        if of_consortium {
            api.dashboard.registry.apply(berlin());
        }
        api.keeps_quiet(noon, of_plan).await;
        api.alert("review", "A/1", "review");
        assert_eq!(api.page_times().await["review"], expected, "{of_consortium} {of_plan:?}");
    }
}

#[tokio::test]
async fn the_live_stream_says_of_each_alert_when_somebody_is_called() {
    let api = api();
    api.keeps_quiet(EVENING, None).await;
    api.alert("before", "A/1", "review");
    let request =
        Request::get("/api/v1/alerts/stream").header(header::AUTHORIZATION, basic("dr.sato"));
    let mut body = api.send(request.body(Body::empty()).unwrap()).await.into_body();
    let mut next = async || {
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        String::from_utf8(frame.to_vec()).unwrap()
    };
    let said = format!("\"page_after\":\"{SEVEN_IN_JAPAN}\"");
    let snapshot = next().await;
    assert!(snapshot.contains(&said), "{snapshot}");
    api.alert("after", "A/1", "review");
    let alert = next().await;
    assert!(alert.contains(&said), "{alert}");
    api.alert("after", "A/1", "urgent");
    let alert = next().await;
    assert!(alert.contains("\"page_after\":null"), "{alert}");
}
