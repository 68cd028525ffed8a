//! Operators apply rule sets and withdraw them, and processors follow at their time.

use std::process::Command;

use clinical::{Span, Timestamp};
use schemas::AuditEvent;
use schemas::topics::Topic;
use serde_json::{Value, json};
use tests::http::Events;
use tests::readings::{now, seconds_ago};
use tests::registered::SATO;
use tests::stack::{Plan, Stack};

use crate::care_plans::stack;
use crate::rejected::output;

const OPERATOR: &str = "hana";
/// From a set's time, or from when it was applied where that is later, until alerts have changed.
const AT_ONCE: Span = Span::from_seconds(2);
/// So far ahead is a set applied: `mimamori rules apply` is over by then.
const AHEAD: Span = Span::from_seconds(5);

/// A `mimamori rules` of this stack.
fn rules(stack: &Stack, what: &str) -> Command {
    let mut command = stack.tool(&format!("rules {what}"));
    if what != "show" {
        command.env("MIMAMORI_OPERATOR", OPERATOR);
    }
    command
}

/// Applies a rule set, and says from when on it counts.
#[track_caller]
fn apply(stack: &Stack, name: &str, from: Timestamp, rest: &str) -> Timestamp {
    let file = stack.folder.join(format!("{name}.toml"));
    let text = format!("name = \"{name}\"\neffective_from = {from}\n{rest}");
    std::fs::write(&file, text).unwrap();
    let (said, _) = output(rules(stack, "apply").arg(&file), true);
    assert!(said.contains(&format!("applied: {name}, in force from {from}")), "{said}");
    from.max(now())
}

/// The next alert, which comes when a set counts: not before, and soon after.
#[track_caller]
fn changed(events: &Events, counts_from: Timestamp, effective_from: Timestamp) -> Value {
    let alert = events.next("alert");
    let took = now() - counts_from;
    assert!(took < AT_ONCE, "{took:?}");
    assert!(now() >= effective_from, "before its time");
    alert
}

/// A time to come on a whole second, as files have it.
fn soon() -> Timestamp {
    Timestamp::from_seconds((now() + AHEAD).seconds())
}

pub fn a_rule_set_that_is_applied_changes_alerts_within_two_seconds_of_its_time() {
    let stack = stack("rule_set_at_once");
    let events = stack.sign_in(SATO).alert_stream();
    assert_eq!(events.next("snapshot")["alerts"], json!([]));

    let lower = "[rules.\"bp.severe_high\"]\nsystolic = { value = 165, source = \"the ward\" }\n";
    let from = soon();
    let counts_from = apply(&stack, "ward-1", from, lower);
    let alert = changed(&events, counts_from, from);
    assert_eq!((&alert["rule"], &alert["severity"]), (&json!("bp.severe_high"), &json!("urgent")));
    assert_eq!(alert["rule_set"], "ward-1");

    // One without rules brings the built-in numbers back: those two readings are not severe by them.
    let from = soon();
    let counts_from = apply(&stack, "ward-2", from, "");
    let alert = changed(&events, counts_from, from);
    assert_eq!(alert["transition"], "criteria_changed");
}

pub fn a_rule_set_to_come_is_withdrawn_and_one_in_force_is_not() {
    let stack = Plan::named("rule_set_withdrawn").start(&[]);
    let withdraw = |name: &str, good: bool| output(rules(&stack, "withdraw").arg(name), good);
    apply(&stack, "present", seconds_ago(5), "");
    apply(&stack, "next-week", soon() + Span::from_days(7), "");
    let (shown, _) = output(&mut rules(&stack, "show"), true);
    assert!(shown.contains("# To come: next-week"), "{shown}");

    let (said, _) = withdraw("next-week", true);
    assert!(said.contains("; present stays in force then"), "{said}");
    let last = stack.records(Topic::RuleSets).pop().unwrap();
    assert_eq!((last.key.as_deref(), last.payload), (Some(&b"next-week"[..]), None));
    let (_, said) = withdraw("next-week", false);
    assert!(said.contains("no rule set is named next-week; to come: none"), "{said}");
    let (_, said) = withdraw("present", false);
    assert!(said.contains("apply a file under another name"), "{said}");

    let (shown, _) = output(&mut rules(&stack, "show"), true);
    assert!(shown.contains("name = \"present\"") && !shown.contains("To come"), "{shown}");
    let events: Vec<AuditEvent> = stack.read(Topic::AuditEvents);
    let done: Vec<_> = events.iter().map(|it| (it.actor.as_str(), it.action.as_str())).collect();
    let expected = ["apply_rule_set", "apply_rule_set", "withdraw_rule_set"];
    assert_eq!(done, expected.map(|action| (OPERATOR, action)));
    // The name is free again: no alert can have named the set.
    apply(&stack, "next-week", soon() + Span::from_days(8), "");
}
