//! Care plans: read, set, and of two at once only one.

use clinical::rule_set::RuleSet;

use super::*;
use crate::plan_log::tests::MemoryPlanLog;

const PLAN: &str = "/api/v1/patients/A/1/plan";
const VERSIONS: &str = "/api/v1/patients/A/1/plan/versions";
const SEVERE: &str = "bp.severe_high.systolic";

fn severe_at(value: f64) -> Value {
    json!({ "thresholds": { SEVERE: value }, "reason": "after the visit" })
}

impl Api {
    /// One of several instances that share the log of plans.
    fn sharing(log: &Arc<MemoryPlanLog>, is_behind: bool) -> Self {
        Self::of(testing::instance_with_plans(log, is_behind), Arc::default())
    }

    async fn put(
        &self,
        (user, path): (&str, &str),
        if_match: Option<&str>,
        plan: &Value,
    ) -> (StatusCode, Value) {
        let mut request = Request::put(path)
            .header(header::AUTHORIZATION, basic(user))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(tag) = if_match {
            request = request.header(header::IF_MATCH, tag);
        }
        let response = self.send(request.body(plan.to_string().into()).unwrap()).await;
        (response.status(), json_of(response).await)
    }

    async fn set(&self, instead_of: &str, plan: &Value) -> (StatusCode, Value) {
        self.put(("dr.sato", PLAN), Some(instead_of), plan).await
    }
}

fn parameter<'a>(plan: &'a Value, name: &str) -> &'a Value {
    let all = plan["parameters"].as_array().unwrap();
    all.iter().find(|parameter| parameter["name"] == name).unwrap()
}

#[tokio::test]
async fn without_a_plan_the_defaults_are_in_force_with_their_sources() {
    let api = api();
    let request = Request::get(PLAN).header(header::AUTHORIZATION, basic("dr.sato"));
    let response = api.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.headers()[header::ETAG], "\"0\"");
    let plan = json_of(response).await;
    assert_eq!((&plan["version"], &plan["author"]), (&json!(0), &Value::Null));
    let severe = parameter(&plan, SEVERE);
    assert_eq!((&severe["value"], &severe["origin"]), (&json!(180.0), &json!("default")));
    assert_eq!((&severe["low"], &severe["high"]), (&json!(120.0), &json!(300.0)));
    assert!(severe["source"].as_str().unwrap().contains("JSH 2019"), "{severe}");
    assert_eq!(severe["recalled"], false);
    assert_eq!(parameter(&plan, "weight.gain.in_3_days")["recalled"], true);
    // Of another programme's limit, and of another group's, that is said and not of these.
    for name in ["bp.low.systolic", "glucose.below_range_burden.below"] {
        assert!(parameter(&plan, name)["source"].as_str().unwrap().contains("recalled"));
        assert_eq!(parameter(&plan, name)["recalled"], false, "{name}");
    }
    assert_eq!(api.audit.said().last().unwrap().0, "read_plan");
}

#[tokio::test]
async fn a_plan_says_the_numbers_that_it_cannot_change_with_their_sources() {
    let (_, plan) = api().get("dr.sato", PLAN).await;
    let fixed = plan["fixed"].as_array().unwrap();
    let of = |rule: Value, label: &str| {
        let is_asked = |one: &&Value| one["rule"] == rule && one["label_en"] == label;
        fixed.iter().find(is_asked).unwrap_or_else(|| panic!("{rule} does not say: {label}"))
    };
    let window =
        of(Value::Null, "judged: readings received so long after they were measured at most");
    assert_eq!((&window["value"], &window["unit"]), (&json!(40.0), &json!("d")));
    let flagged = of(json!("pulse.irregular"), "an irregular occasion: flagged readings at least");
    assert_eq!((&flagged["value"], &flagged["recalled"]), (&json!(2.0), &json!(true)));
    let until = of(json!("bp.severe_high"), "a second reading confirms until");
    assert_eq!((&until["value"], &until["recalled"]), (&json!(15.0), &json!(false)));
    for one in fixed {
        let source = one["source"].as_str().unwrap();
        assert!(!source.is_empty() && !one["label_ja"].as_str().unwrap().is_empty(), "{one}");
        assert_eq!(one["recalled"], source.ends_with("(recalled)"), "{one}");
    }
}

#[tokio::test]
async fn a_plan_says_what_is_proposed_of_a_kind_that_is_expected_and_which_text_gives_it() {
    let (_, plan) = api().get("dr.sato", PLAN).await;
    let numbers = plan["schedule_numbers"].as_array().unwrap();
    let said = |one: &Value| (one["name"].clone(), one["default"].clone(), one["recalled"].clone());
    assert_eq!(
        numbers.iter().map(said).collect::<Vec<_>>(),
        [
            (json!("missing_after_days"), json!(3.0), json!(false)),
            (json!("review_after_days"), json!(14.0), json!(true)),
            (json!("times_a_day"), json!(1.0), json!(false)),
        ]
    );
    for one in numbers {
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        assert!(!["label_ja", "label_en", "source"].map(text).contains(&String::new()), "{one}");
        assert!(one["low"].as_f64().unwrap() < one["high"].as_f64().unwrap(), "{one}");
    }
}

#[tokio::test]
async fn each_programme_says_what_it_gives_and_from_where_before_it_is_chosen() {
    let (_, plan) = api().get("dr.sato", PLAN).await;
    let programmes = plan["programmes"].as_array().unwrap();
    let given = |programme: &str, name: &str| {
        let of_name = programmes.iter().find(|one| one["name"] == programme).unwrap();
        let values = of_name["values"].as_array().unwrap();
        let value = values.iter().find(|one| one["parameter"] == name).unwrap();
        (value["value"].clone(), value["recalled"].clone(), value["source"].clone())
    };
    let (value, recalled, source) = given("pregnancy", SEVERE);
    assert_eq!((value, recalled), (json!(160.0), json!(true)));
    assert!(source.as_str().unwrap().contains("ACOG"), "{source}");
    let (_, recalled, source) = given("frail_elderly", "bp.above_target.systolic");
    assert_eq!(recalled, false);
    assert!(source.as_str().unwrap().contains("JSH 2025 says < 125/75"), "{source}");
}

#[tokio::test]
async fn a_plan_that_is_set_is_in_the_next_answer_and_in_the_versions() {
    let api = api();
    let document = json!({
        "programme": "heart_failure",
        "thresholds": { SEVERE: 170.0 },
        "schedule": {
            "time_zone": "Europe/Berlin",
            "start": "2026-12-01",
            "expected": [{
                "kind": "weighing_scale", "missing_after_days": 2, "review_after_days": 7,
                "times_a_day": 1, "days": [1, 3, 5],
            }],
        },
        "pauses": [{ "from": "2026-12-20", "until": "2027-01-03", "reason": "travel" }],
        "quiet_hours": { "from": "21:00", "until": "07:00" },
        "reason": "discharged",
    });
    let (status, set) = api.set("\"0\"", &document).await;
    assert_eq!(status, 200, "{set}");
    // What is read can be set again as it is.
    assert_eq!(set["plan"], document);
    assert_eq!((&set["version"], &set["author"]), (&json!(1), &json!("dr.sato")));
    assert_eq!(parameter(&set, SEVERE)["origin"], "plan");
    assert_eq!(parameter(&set, "weight.gain.in_7_days")["origin"], "programme");
    assert_eq!(api.get("dr.sato", PLAN).await.1, set);
    assert_eq!(api.get("dr.sato", "/api/v1/patients/A%2F1/plan").await.1, set);
    assert_eq!(api.set("\"1\"", &severe_at(160.0)).await.1["version"], 2);
    let (_, versions) = api.get("dr.sato", VERSIONS).await;
    let said = |index: usize| {
        (&versions["versions"][index]["version"], &versions["versions"][index]["plan"]["reason"])
    };
    assert_eq!(said(0), (&json!(2), &json!("after the visit")));
    assert_eq!(said(1), (&json!(1), &json!("discharged")));
    let allowed = ("set_plan".to_owned(), Some("A/1".to_owned()), true);
    assert!(api.audit.said().contains(&allowed));
}

#[tokio::test]
async fn the_care_event_of_a_plan_says_who_set_it_and_why() {
    let log: Arc<MemoryPlanLog> = Arc::default();
    let api = Api::sharing(&log, false);
    api.set("\"0\"", &severe_at(170.0)).await;
    let events = log.events.lock().unwrap();
    assert_eq!((events[0].actor.as_str(), events[0].text.as_str()), ("dr.sato", "after the visit"));
    assert_eq!(events[0].patient, "A/1");
}

#[tokio::test]
async fn the_second_of_two_who_change_the_same_version_gets_both() {
    let log: Arc<MemoryPlanLog> = Arc::default();
    // The other instance has not read the first one's plan: the log decides, not what it knows.
    for is_behind in [false, true] {
        log.plans.lock().unwrap().clear();
        let (first, second) = (Api::sharing(&log, false), Api::sharing(&log, is_behind));
        assert_eq!(first.set("\"0\"", &severe_at(170.0)).await.0, 200);
        let (status, problem) = second.set("\"0\"", &severe_at(160.0)).await;
        assert_eq!(status, 412, "{problem}");
        assert_eq!(problem["type"], "urn:mimamori:problem:plan-changed");
        assert_eq!(problem["current"]["version"], 1);
        assert_eq!(problem["current"]["plan"]["thresholds"][SEVERE], 170.0);
        assert_eq!(problem["submitted"]["thresholds"][SEVERE], 160.0);
        assert_eq!(log.plans.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_change_names_the_version_that_it_is_one_of() {
    let api = api();
    let (status, problem) = api.put(("dr.sato", PLAN), None, &severe_at(170.0)).await;
    assert_eq!(
        (status.as_u16(), &problem["type"]),
        (428, &json!("urn:mimamori:problem:version-missing"))
    );
    for unreadable in ["0", "*", "W/\"0\"", "\"-1\"", "\"+0\"", "\"0\", \"1\"", "\"x\""] {
        assert_eq!(api.set(unreadable, &severe_at(170.0)).await.0, 400, "{unreadable}");
    }
    assert_eq!(api.set("\"7\"", &severe_at(170.0)).await.0, 412);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_plan_is_answered_with_its_place() {
    let api = api();
    let document = json!({
        "thresholds": { SEVERE: 20, "bp.severe_hihg.systolic": 170 },
        "schedule": { "time_zone": "Asia/Edo", "start": "2026-12-01" },
    });
    let (status, problem) = api.set("\"0\"", &document).await;
    assert_eq!(status, 422);
    let faults = problem["faults"].as_array().unwrap();
    let mut places: Vec<_> =
        faults.iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    places.sort_unstable();
    let severe = format!("/thresholds/{SEVERE}");
    assert_eq!(
        places,
        ["/reason", "/schedule/time_zone", severe.as_str(), "/thresholds/bp.severe_hihg.systolic"]
    );
    assert_eq!(api.get("dr.sato", PLAN).await.1["version"], 0);
}

#[tokio::test]
async fn a_plan_whose_hours_are_in_no_order_under_a_rule_set_to_come_is_refused_with_its_place() {
    let api = api();
    let mut ward = RuleSet::new("ward", now() + Span::from_hours(24)).unwrap();
    ward.give("bp.above_target.morning_ends", 9.0, "the ward's board").unwrap();
    api.dashboard.rule_sets.apply("ward", Some(ward));
    let begins = "bp.above_target.morning_begins";
    let of = |hour: f64| json!({ "thresholds": { begins: hour }, "reason": "the early shift" });
    let (status, problem) = api.set("\"0\"", &of(10.0)).await;
    let previewed = api.preview("dr.sato", "A/1", &of(10.0)).await;
    for (status, problem) in [(status.as_u16(), problem), previewed] {
        assert_eq!(status, 422, "{problem}");
        let fault = &problem["faults"][0];
        assert_eq!(fault["pointer"], format!("/thresholds/{begins}"));
        assert!(fault["detail"].as_str().unwrap().contains("the rule set ward"), "{fault}");
    }
    // By itself in no order: the day would begin after its morning ends.
    let (status, problem) = api.set("\"0\"", &of(13.0)).await;
    assert_eq!((status.as_u16(), problem["faults"].as_array().unwrap().len()), (422, 1));
    assert_eq!(api.set("\"0\"", &of(5.0)).await.0, 200);
}

#[tokio::test]
async fn only_physicians_of_the_care_team_set_a_plan_and_a_refusal_is_recorded() {
    let api = api();
    for (user, kind) in [("ops", "physicians-only"), ("dr.ito", "not-your-patient")] {
        let (status, problem) = api.put((user, PLAN), Some("\"0\""), &severe_at(170.0)).await;
        assert_eq!(status, 403, "{user}");
        assert_eq!(problem["type"], format!("urn:mimamori:problem:{kind}"));
        let refused = ("set_plan".to_owned(), Some("A/1".to_owned()), false);
        assert_eq!(*api.audit.said().last().unwrap(), refused);
    }
    api.audit.broken.store(true, Ordering::Relaxed);
    assert_eq!(api.set("\"0\"", &severe_at(170.0)).await.0, 503);
    api.audit.broken.store(false, Ordering::Relaxed);
    assert_eq!(api.get("dr.sato", PLAN).await.1["version"], 0);
}

#[tokio::test]
async fn a_plan_that_could_not_be_recorded_is_said_to_be_unknown() {
    let log: Arc<MemoryPlanLog> = Arc::default();
    let api = Api::sharing(&log, false);
    log.broken.store(true, Ordering::Relaxed);
    let (status, problem) = api.set("\"0\"", &severe_at(170.0)).await;
    assert_eq!(status, 503);
    assert_eq!(problem["type"], "urn:mimamori:problem:plan-not-known-to-be-set");
}

#[tokio::test]
async fn a_plan_that_ended_begins_again_with_a_version_of_its_own() {
    let log: Arc<MemoryPlanLog> = Arc::default();
    let api = Api::sharing(&log, false);
    api.set("\"0\"", &severe_at(170.0)).await;
    log.plans.lock().unwrap().clear();
    api.dashboard.plans.apply("A/1".to_owned(), None).unwrap();
    assert_eq!(api.get("dr.sato", PLAN).await.1["version"], 0);
    assert_eq!(api.get("dr.sato", VERSIONS).await.1["versions"][0]["version"], 1);
    assert_eq!(api.set("\"0\"", &severe_at(160.0)).await.1["version"], 2);
}

#[tokio::test]
async fn a_plan_that_is_set_again_as_it_is_makes_no_new_version() {
    let log: Arc<MemoryPlanLog> = Arc::default();
    let api = Api::sharing(&log, false);
    assert_eq!(api.set("\"0\"", &severe_at(170.0)).await.0, 200);
    let (status, same) = api.set("\"1\"", &severe_at(170.0)).await;
    assert_eq!((status.as_u16(), &same["version"]), (200, &json!(1)));
    assert_eq!(log.plans.lock().unwrap().len(), 1);
    let for_another_reason = json!({ "thresholds": { SEVERE: 170.0 }, "reason": "board" });
    assert_eq!(api.set("\"1\"", &for_another_reason).await.1["version"], 2);
}

#[tokio::test]
async fn a_plan_is_changed_fifty_times_a_day_at_most() {
    let log: Arc<MemoryPlanLog> = Arc::default();
    let api = Api::sharing(&log, false);
    let change = |number: i32| json!({ "reason": format!("change {number}") });
    for number in 0..50 {
        let tag = format!("\"{number}\"");
        assert_eq!(api.set(&tag, &change(number)).await.0, 200, "{number}");
    }
    let (status, problem) = api.set("\"50\"", &change(50)).await;
    assert_eq!(status, 429);
    assert_eq!(problem["type"], "urn:mimamori:problem:too-many-plan-changes");
    assert_eq!(log.plans.lock().unwrap().len(), 50);
    // Another patient's is not one of them.
    let other = ("dr.sato", "/api/v1/patients/A/2/plan");
    assert_eq!(api.put(other, Some("\"0\""), &change(0)).await.0, 200);
}

#[tokio::test]
async fn an_instance_that_lags_lets_the_log_decide_upon_a_newer_version() {
    let log: Arc<MemoryPlanLog> = Arc::default();
    let (first, behind) = (Api::sharing(&log, false), Api::sharing(&log, true));
    assert_eq!(first.set("\"0\"", &severe_at(170.0)).await.0, 200);
    let deliver = async {
        let set = loop {
            let second = log.plans.lock().unwrap().get(1).cloned();
            match second {
                Some(plan) => break plan,
                None => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
            }
        };
        behind.dashboard.plans.apply("A/1".to_owned(), Some(set)).unwrap();
        behind.dashboard.plans.reached().reached(Position { partition: 0, offset: 1 });
    };
    let plan = severe_at(160.0);
    let set = async { behind.set("\"1\"", &plan).await };
    let deliver = tokio::time::timeout(std::time::Duration::from_secs(20), deliver);
    let ((status, set), delivered) = tokio::join!(set, deliver);
    assert!(delivered.is_ok() && status == 200, "{set}");
    assert_eq!(set["version"], 2);
}
