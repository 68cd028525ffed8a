//! The JSON form of a care plan: what the API takes, and a preview of a plan with it.
//!
//! ```json
//! {
//!   "programme": "heart_failure",
//!   "thresholds": { "RULE.PARAMETER": 1.5 },
//!   "schedule": {
//!     "time_zone": "Asia/Tokyo",
//!     "start": "2026-12-01",
//!     "expected": [
//!       { "kind": "KIND", "missing_after_days": 3, "review_after_days": 14,
//!         "times_a_day": 1, "days": [1, 3, 5] }
//!     ]
//!   },
//!   "pauses": [{ "from": "2026-12-20", "until": "2027-01-03", "reason": "travel" }],
//!   "quiet_hours": { "from": "21:00", "until": "07:00" },
//!   "reason": "Discharged after decompensation"
//! }
//! ```
//!
//! Only the reason is required. A member that there is not is a fault, so that a slip of the pen does
//! not leave out a limit.

use clinical::Timestamp;
use clinical::schedule::{MISSING_AFTER_DAYS, REVIEW_AFTER_DAYS};
use clinical::source::written_by_a_person;
use jiff::civil::{Date, Time};
use serde_json::{Map, Value};

use crate::clinical_plan::{Faults, escaped};
use crate::records::{CarePlan, ExpectedReadings, Pause, QuietHours, Schedule};

/// The longest reason, in characters.
const LONGEST_REASON: usize = 1000;

/// What a plan holds besides what people write into it.
#[derive(Debug, Clone, Copy)]
pub struct Signature<'a> {
    /// Whose plan, `consortium_id/person_id`.
    pub patient: &'a str,
    /// Which version it will be, from 1.
    pub version: i32,
    /// Who sets it.
    pub author: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Reads a plan that rules can work with: [`CarePlan::validate`] finds nothing wrong with it.
///
/// # Errors
/// Everything that is wrong, each with a JSON pointer to its place.
pub fn parse(document: &Value, signature: Signature<'_>) -> Result<CarePlan, Faults> {
    let mut reader = Reader::default();
    let plan = reader.plan(document, signature);
    plan.check(&mut reader.faults);
    if reader.faults.0.is_empty() { Ok(plan) } else { Err(reader.faults) }
}

/// A number where there is none that can be read: out of every range.
const NO_NUMBER: i32 = i32::MIN;

/// Reads what it can. What it cannot read has a fault, and a value in the plan that is not valid, so
/// that what follows keeps its place.
#[derive(Default)]
struct Reader {
    faults: Faults,
}

impl Reader {
    fn plan(&mut self, document: &Value, signature: Signature<'_>) -> CarePlan {
        let Signature { patient, version, author, at } = signature;
        let mut plan = CarePlan {
            patient: patient.to_owned(),
            version,
            author: author.to_owned(),
            updated_at: at.millis(),
            ..CarePlan::default()
        };
        const MEMBERS: &[&str] =
            &["programme", "thresholds", "schedule", "pauses", "quiet_hours", "reason"];
        let Some(members) = self.object(document, "", MEMBERS) else { return plan };
        if let Some(programme) = given(members, "programme") {
            plan.programme = Some(self.text(programme, "/programme"));
        }
        if let Some(thresholds) = given(members, "thresholds") {
            match thresholds.as_object() {
                Some(all) => {
                    for (name, value) in all {
                        let place = format!("/thresholds/{}", escaped(name));
                        plan.thresholds.insert(name.clone(), self.number(value, &place));
                    }
                }
                None => self.is_no("/thresholds", "an object of names and numbers"),
            }
        }
        plan.schedule =
            given(members, "schedule").and_then(|schedule| self.schedule(schedule, "/schedule"));
        plan.pauses = self.list(members, "pauses", "", Self::pause);
        plan.quiet_hours =
            given(members, "quiet_hours").and_then(|hours| self.quiet_hours(hours, "/quiet_hours"));
        let reason = given(members, "reason").map(|reason| self.text(reason, "/reason"));
        match reason.as_deref().and_then(|text| written_by_a_person(text, LONGEST_REASON)) {
            Some(reason) => reason.clone_into(&mut plan.reason),
            None => {
                let needed = format!(
                    "a reason is needed that can be read, of at most {LONGEST_REASON} characters"
                );
                self.faults.add("/reason".to_owned(), needed);
            }
        }
        plan
    }

    fn schedule(&mut self, value: &Value, at: &str) -> Option<Schedule> {
        let members = self.object(value, at, &["time_zone", "start", "expected"])?;
        Some(Schedule {
            time_zone: self.required(members, "time_zone", at, Self::text),
            start: self.required(members, "start", at, Self::day),
            expected: self.list(members, "expected", at, Self::expected),
        })
    }

    fn expected(&mut self, value: &Value, at: &str) -> ExpectedReadings {
        const MEMBERS: &[&str] =
            &["kind", "missing_after_days", "review_after_days", "times_a_day", "days"];
        let [missing, review] =
            [MISSING_AFTER_DAYS, REVIEW_AFTER_DAYS].map(|number| number.default as i32);
        let mut one = ExpectedReadings::daily("", missing, review);
        let Some(members) = self.object(value, at, MEMBERS) else { return one };
        one.kind = self.required(members, "kind", at, Self::text);
        let mut number = |name: &str, number: &mut i32| {
            if let Some(value) = given(members, name) {
                *number = self.whole(value, &format!("{at}/{name}"));
            }
        };
        number("missing_after_days", &mut one.missing_after_days);
        number("review_after_days", &mut one.review_after_days);
        number("times_a_day", &mut one.times_a_day);
        one.days = self.list(members, "days", at, Self::whole);
        one
    }

    fn pause(&mut self, value: &Value, at: &str) -> Pause {
        let Some(members) = self.object(value, at, &["from", "until", "reason"]) else {
            return Pause { from: NO_NUMBER, until: NO_NUMBER, reason: String::new() };
        };
        Pause {
            from: self.required(members, "from", at, Self::day),
            until: self.required(members, "until", at, Self::day),
            reason: self.required(members, "reason", at, Self::text),
        }
    }

    fn quiet_hours(&mut self, value: &Value, at: &str) -> Option<QuietHours> {
        let members = self.object(value, at, &["from", "until"])?;
        Some(QuietHours {
            from: self.required(members, "from", at, Self::minute),
            until: self.required(members, "until", at, Self::minute),
        })
    }

    fn object<'v>(
        &mut self,
        value: &'v Value,
        at: &str,
        members: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let Some(object) = value.as_object() else {
            self.is_no(at, "an object");
            return None;
        };
        for name in object.keys().filter(|name| !members.contains(&name.as_str())) {
            let known = members.join(", ");
            self.faults.add(format!("{at}/{}", escaped(name)), format!("is none of {known}"));
        }
        Some(object)
    }

    fn required<T>(
        &mut self,
        members: &Map<String, Value>,
        name: &str,
        at: &str,
        read: impl FnOnce(&mut Self, &Value, &str) -> T,
    ) -> T {
        read(self, members.get(name).unwrap_or(&Value::Null), &format!("{at}/{name}"))
    }

    fn list<T>(
        &mut self,
        members: &Map<String, Value>,
        name: &str,
        at: &str,
        read: impl Fn(&mut Self, &Value, &str) -> T,
    ) -> Vec<T> {
        let at = format!("{at}/{name}");
        let Some(value) = given(members, name) else { return Vec::new() };
        let Some(all) = value.as_array() else {
            self.is_no(&at, "an array");
            return Vec::new();
        };
        all.iter()
            .enumerate()
            .map(|(index, one)| read(self, one, &format!("{at}/{index}")))
            .collect()
    }

    fn text(&mut self, value: &Value, at: &str) -> String {
        self.read(value.as_str().map(str::to_owned), at, "a text").unwrap_or_default()
    }

    fn number(&mut self, value: &Value, at: &str) -> f64 {
        self.read(value.as_f64(), at, "a number").unwrap_or(f64::NAN)
    }

    fn whole(&mut self, value: &Value, at: &str) -> i32 {
        let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
        self.read(number, at, "a whole number").unwrap_or(NO_NUMBER)
    }

    fn day(&mut self, value: &Value, at: &str) -> i32 {
        let day = value.as_str().and_then(|text| text.parse::<Date>().ok());
        let number = day.map(|day| (day - Date::constant(1970, 1, 1)).get_days());
        self.read(number, at, "a day, such as 2026-12-01").unwrap_or(NO_NUMBER)
    }

    fn minute(&mut self, value: &Value, at: &str) -> i32 {
        let read = |text: &str| Time::strptime("%H:%M", text).ok();
        let time = value.as_str().filter(|text| text.len() == 5).and_then(read);
        let minute = time.map(|time| i32::from(time.hour()) * 60 + i32::from(time.minute()));
        self.read(minute, at, "a time of day, such as 21:00").unwrap_or(NO_NUMBER)
    }

    fn read<T>(&mut self, read: Option<T>, at: &str, what: &str) -> Option<T> {
        if read.is_none() {
            self.is_no(at, what);
        }
        read
    }

    fn is_no(&mut self, at: &str, what: &str) {
        self.faults.add(at.to_owned(), format!("must be {what}"));
    }
}

/// A member that is there and not null.
fn given<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    members.get(name).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SIGNATURE: Signature<'_> = Signature {
        patient: "HOME01/P1",
        version: 3,
        author: "dr.sato",
        at: Timestamp::from_seconds(1_795_000_000),
    };

    fn places(document: &Value) -> Vec<String> {
        let faults = parse(document, SIGNATURE).unwrap_err();
        faults.0.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn a_whole_plan_is_read_and_signed() {
        let document = json!({
            "programme": "heart_failure",
            "thresholds": { "weight.gain.in_3_days": 1.5 },
            "schedule": {
                "time_zone": "Asia/Tokyo",
                "start": "2026-05-27",
                "expected": [{ "kind": "weighing_scale", "times_a_day": 2, "days": [1, 4] }],
            },
            "pauses": [{ "from": "2026-06-01", "until": "2026-06-10", "reason": "hospital" }],
            "quiet_hours": { "from": "21:30", "until": "07:00" },
            "reason": " discharged ",
        });
        let plan = parse(&document, SIGNATURE).unwrap();
        assert_eq!((plan.version, plan.author.as_str()), (3, "dr.sato"));
        assert_eq!(plan.reason, "discharged");
        let schedule = plan.schedule.as_ref().unwrap();
        assert_eq!(schedule.start, 20_600);
        assert_eq!(schedule.expected[0].missing_after_days, 3);
        assert_eq!(plan.quiet_hours, Some(QuietHours { from: 21 * 60 + 30, until: 7 * 60 }));
        let plan = plan.validate().unwrap();
        assert_eq!(plan.programme().unwrap().name, "heart_failure");
        assert!(plan.is_paused(jiff::civil::date(2026, 6, 10)));
        assert!(
            parse(&json!({ "reason": "none of it is needed", "schedule": null }), SIGNATURE)
                .is_ok()
        );
    }

    #[test]
    fn what_a_plan_means_that_says_no_number_is_the_same_in_its_document_and_its_record() {
        let document = json!({
            "schedule": {
                "time_zone": "Asia/Tokyo",
                "start": "2026-05-27",
                "expected": [{ "kind": "weighing_scale" }],
            },
            "reason": "no number is said",
        });
        let plan = parse(&document, SIGNATURE).unwrap();
        let one = serde_json::to_value(&plan.schedule.unwrap().expected[0]).unwrap();
        let schema: Value = serde_json::from_str(include_str!("../avro/care_plan.avsc")).unwrap();
        for number in clinical::schedule::NUMBERS {
            let of_record = default_of(&schema, number.name).unwrap();
            assert_eq!(of_record.as_f64(), Some(number.default), "{}", number.name);
            assert_eq!(one[number.name], *of_record, "{}", number.name);
        }
    }

    /// The default of the field with a name, wherever it is in a schema.
    fn default_of<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
        match schema {
            Value::Object(members) if schema["name"] == name => members.get("default"),
            Value::Object(members) => members.values().find_map(|inner| default_of(inner, name)),
            Value::Array(items) => items.iter().find_map(|inner| default_of(inner, name)),
            _ => None,
        }
    }

    #[test]
    fn what_cannot_be_read_and_what_is_not_valid_is_said_together_once_at_each_place() {
        let document = json!({
            "programme": 7,
            "thresholds": { "bp.severe_high.systolic": "high", "bp.severe_high.diastolic": 1 },
            "tresholds": {},
            "schedule": {
                "start": "next week",
                "expected": ["blood_pressure", { "kind": "blood_pressure", "days": ["mon"] },
                    { "kind": "mood" }],
            },
            "pauses": [{ "from": "2026-06-01" }],
            "quiet_hours": { "from": "9:00", "until": "25:00" },
        });
        let mut found = places(&document);
        found.sort();
        assert_eq!(
            found,
            [
                "/pauses/0/reason",
                "/pauses/0/until",
                "/programme",
                "/quiet_hours/from",
                "/quiet_hours/until",
                "/reason",
                "/schedule/expected/0",
                "/schedule/expected/1/days/0",
                "/schedule/expected/2/kind",
                "/schedule/start",
                "/schedule/time_zone",
                "/thresholds/bp.severe_high.diastolic",
                "/thresholds/bp.severe_high.systolic",
                "/tresholds",
            ]
        );
    }

    #[test]
    fn a_body_that_is_no_object_or_has_no_reason_is_refused() {
        assert_eq!(places(&json!([])), [""]);
        assert_eq!(places(&json!({ "reason": "  " })), ["/reason"]);
        assert_eq!(places(&json!({ "reason": "x".repeat(1001) })), ["/reason"]);
        assert_eq!(places(&json!({ "reason": "\u{202e}\u{200b}" })), ["/reason"]);
        assert_eq!(places(&json!({ "reason": "dis\0charged" })), ["/reason"]);
    }
}
