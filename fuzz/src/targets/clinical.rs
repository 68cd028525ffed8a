//! Ids and plans in their written forms.

use std::sync::LazyLock;

use clinical::alert::{AlertId, Severity, Stage, Status, Transition};
use clinical::patient::{ConsortiumId, PersonId};
use clinical::{Kind, PatientId, ReadingId, Source, Timestamp, rules};
use schemas::CarePlan;
use schemas::plan_document::{self, Signature};
use serde_json::{Value, json};

use super::samples;
use crate::target::{Form, Target, kind, promise};

pub(super) fn targets() -> Vec<Target> {
    let ids = [
        "CGM005/S001",
        "CGM005/S001/blood_pressure/20260131T223100Z/6f0c1b6a5d0e9a11",
        "A/1/hba1c/20000101T000000Z/0",
        "00112233445566778899aabbccddeeff",
        "+0112233445566778899aabbccddeeff",
        "DEXCOM|G4|G4-0001",
        "lab|123456789012",
        "A%7CB||%25",
        "urgent",
        "resolved",
    ];
    let ids = ids.into_iter().chain(rules::all().iter().map(|rule| rule.name()));
    let seeds = ids.map(|id| id.as_bytes().to_vec()).collect();
    let plans = samples::of("care_plan").iter().map(|plan| plan.to_string().into_bytes()).collect();
    let document = json!({
        "programme": "heart_failure", "thresholds": { "bp.severe_high.systolic": 170.0 },
        "schedule": {
            "time_zone": "Europe/Berlin", "start": "2026-12-01",
            "expected": [{ "kind": "blood_pressure", "times_a_day": 2, "days": [1, 7] }],
        },
        "pauses": [{ "from": "2026-12-20", "until": "2027-01-03", "reason": "travel" }],
        "quiet_hours": { "from": "21:00", "until": "07:00" }, "reason": "退院",
    });
    let documents = vec![document.to_string().into_bytes()];
    vec![
        Target::new("plan_document", Form::Json(&PLAN_WORDS), documents, plan_document_read),
        Target::new("clinical_ids", Form::Text(&ID_PARTS), seeds, ids_read).often(2),
        Target::new("clinical_plans", Form::Json(&PLAN_WORDS), plans, plan_read),
    ]
}

const ID_PARTS: [&str; 10] =
    ["/", "|", "%7C", "%25", "lab|", "T", "Z", "blood_pressure", "hba1c", "20261131T999999Z"];

/// What plans are written with: the parameters by all of their names, rules, and a schedule's words.
static PLAN_WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let parameters = rules::parameters();
    let names = parameters.clone().map(|parameter| parameter.name);
    let former_names = parameters.flat_map(|parameter| parameter.former_names.iter().copied());
    let rules = rules::all().iter().map(|rule| rule.name());
    names.chain(former_names).chain(rules).chain(SCHEDULE).collect()
});

const SCHEDULE: [&str; 7] = [
    "schedule",
    "expected",
    "kind",
    "missing_after_days",
    "review_after_days",
    "Africa/Casablanca",
    "activity",
];

/// What is read and written again is the same.
fn ids_read(input: &[u8]) -> Result<String, String> {
    let Ok(text) = std::str::from_utf8(input) else { return Ok("no text".to_owned()) };
    let mut answer = String::new();
    let mut say = |name: &str, written: Option<String>, exactly: bool| {
        let Some(written) = written else { return Ok(()) };
        answer.push_str(name);
        promise(!exactly || written == text, || format!("{name} {text:?} is written {written:?}"))
    };
    say("consortium ", ConsortiumId::parse(text).ok().map(|id| id.to_string()), true)?;
    say("person ", PersonId::parse(text).ok().map(|id| id.to_string()), true)?;
    say("patient ", PatientId::parse(text).ok().map(|id| id.to_string()), true)?;
    say("kind ", Kind::parse(text).map(|kind| kind.to_string()), true)?;
    say("rule ", rules::name(text).map(|rule| rule.to_string()), true)?;
    say("severity ", Severity::parse(text).map(|severity| severity.to_string()), true)?;
    say("stage ", Stage::parse(text).map(|stage| stage.to_string()), true)?;
    say("status ", Status::parse(text).map(|status| status.to_string()), true)?;
    say("transition ", Transition::parse(text).map(|transition| transition.to_string()), true)?;
    // Hexadecimal digits may be written in capitals.
    let small = text.to_ascii_lowercase();
    let alert = AlertId::parse(text);
    promise(alert.is_none_or(|id| id.to_string() == small), || format!("alert {text:?}"))?;
    say("alert", alert.map(|id| id.to_string()), false)?;
    // What is read is the same id when it is written and read again.
    if let Ok(id) = ReadingId::parse(text) {
        let again = ReadingId::parse(&id.to_string());
        promise(again.as_ref() == Ok(&id), || format!("{text:?} is {id:?}, then {again:?}"))?;
        say("reading", Some(id.to_string()), false)?;
    }
    if let Some(source) = Source::parse(text) {
        let again = Source::parse(&source.written());
        promise(again.as_ref() == Some(&source), || format!("{source:?} is then {again:?}"))?;
        let _ = source.digest();
        say("source", Some(source.written()), false)?;
    }
    Ok(answer)
}

/// What is read of a plan's JSON form is a plan that rules can work with, or faults at places.
fn plan_document_read(input: &[u8]) -> Result<String, String> {
    let Ok(document) = serde_json::from_slice::<Value>(input) else {
        return Ok("no JSON".to_owned());
    };
    let at = Timestamp::from_seconds(1_795_000_000);
    let signature = Signature { patient: "A/1", version: 1, author: "dr.sato", at };
    match plan_document::parse(&document, signature) {
        Ok(plan) => {
            promise(plan.validate().is_ok(), || format!("a plan is not valid: {plan:?}"))?;
            Ok("a plan".to_owned())
        }
        Err(faults) => {
            let is_place = |pointer: &str| pointer.is_empty() || pointer.starts_with('/');
            let are_places = faults.0.iter().all(|fault| is_place(&fault.pointer));
            promise(are_places && !faults.0.is_empty(), || format!("{faults:?}"))?;
            Ok(kind(&faults.0[0].detail))
        }
    }
}

fn plan_read(input: &[u8]) -> Result<String, String> {
    let Ok(plan) = serde_json::from_slice::<CarePlan>(input) else {
        return Ok("no plan".to_owned());
    };
    let overrides = plan.thresholds.iter().map(|(name, value)| (name.as_str(), *value));
    if let Ok(plan) = rules::plan(plan.version, overrides) {
        for parameter in rules::parameters() {
            let value = plan.value(parameter);
            let is_sane = (parameter.low..=parameter.high).contains(&value);
            promise(is_sane, || format!("{} is {value}", parameter.name))?;
        }
    }
    Ok(match plan.validate() {
        Ok(_) => "a plan".to_owned(),
        Err(faults) => faults.0.first().map_or_else(String::new, |fault| kind(&fault.detail)),
    })
}
