//! A rule set as a TOML file: read with the line of each fault, and written.
//!
//! ```toml
//! name = "2026-12-ward"
//! effective_from = 2026-12-15T09:00:00+09:00
//!
//! [rules."NAME OF A RULE"]
//! name_of_a_parameter = { value = 175, source = "The ward's board, 2026-11-20" }
//!
//! [rules."NAME OF ANOTHER"]
//! off = "No scales yet"
//! ```
//!
//! A parameter is named without its rule. `others_off = "why"` switches off every rule that the file does not name.

use std::fmt::{self, Write};

use clinical::Hours;
use clinical::plan::Plan;
use clinical::rule_set::{InvalidRuleSet, RuleSet};
use clinical::{Timestamp, rules};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The key of a rule's table that switches it off; no parameter has the name.
const OFF: &str = "off";

/// What is wrong in a line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// What, and what would be right.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Reads a rule set.
///
/// # Errors
/// Everything that is wrong, in the order of the lines.
pub fn parse(text: &str) -> Result<RuleSet, Vec<Fault>> {
    let mut reader = Reader { text, faults: Vec::new(), hours: None };
    let set = match DeTable::parse(text) {
        Ok(table) => reader.rule_set(table.get_ref()),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            reader.fault(at, error.message());
            None
        }
    };
    let mut faults = reader.faults;
    faults.sort();
    match set {
        Some(set) if faults.is_empty() => Ok(set),
        _ => Err(faults),
    }
}

struct Reader<'t> {
    text: &'t str,
    faults: Vec<Fault>,
    /// Where the first hour of the day stands.
    hours: Option<usize>,
}

impl Reader<'_> {
    fn fault(&mut self, at: usize, what: impl fmt::Display) {
        let before = self.text.as_bytes().iter().take(at);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        self.faults.push(Fault { line, what: what.to_string() });
    }

    /// Says it where the part stands that is at fault.
    fn held(&mut self, at: usize, done: Result<(), InvalidRuleSet>) {
        if let Err(error) = done {
            self.fault(at, error);
        }
    }

    fn rule_set(&mut self, table: &DeTable<'_>) -> Option<RuleSet> {
        let (mut name, mut from, mut others, mut of_rules) = (None, None, None, None);
        for (key, value) in table {
            match &**key.get_ref() {
                "name" => name = self.text_of("name", value).map(|text| (text, start(value))),
                "effective_from" => from = self.time_of(value),
                "others_off" => {
                    others = self.text_of("others_off", value).map(|why| (why, start(value)))
                }
                "rules" => match value.get_ref().as_table() {
                    Some(table) => of_rules = Some(table),
                    None => self.fault(
                        start(value),
                        "rules has to be tables, each with the name of a rule: [rules.\"NAME\"]",
                    ),
                },
                other => self.fault(
                    start(key),
                    format!("{other} is none of name, effective_from, others_off and rules"),
                ),
            }
        }
        for (key, is_there) in [("name", name.is_some()), ("effective_from", from.is_some())] {
            if !is_there && !table.contains_key(key) {
                self.fault(0, format!("{key} is missing"));
            }
        }
        // What follows is judged even where name or time are not good.
        let (name, at) = name.unwrap_or_else(|| ("unnamed".to_owned(), 0));
        let from = from.unwrap_or(Timestamp::EARLIEST);
        let mut set = match RuleSet::new(&name, from) {
            Ok(set) => set,
            Err(error) => {
                self.fault(at, error);
                RuleSet::new("unnamed", from).ok()?
            }
        };
        for (rule, value) in of_rules.into_iter().flatten() {
            self.rule(&mut set, rule, value);
        }
        if let Some(at) = self.hours {
            let done = set.check_hours();
            self.held(at, done);
        }
        if let Some((why, at)) = others {
            let is_named = |rule: &str| of_rules.is_some_and(|named| named.contains_key(rule));
            for rule in rules::all().iter().filter(|rule| !is_named(rule.name())) {
                let done = set.switch_off(rule.name(), &why);
                self.held(at, done);
            }
        }
        Some(set)
    }

    fn rule(
        &mut self,
        set: &mut RuleSet,
        key: &Spanned<toml::de::DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let name = &**key.get_ref();
        let Some(rule) = rules::find(name) else {
            return self.fault(start(key), InvalidRuleSet::UnknownRule(name.to_owned()));
        };
        let Some(table) = value.get_ref().as_table() else {
            return self.fault(start(value), format!("{name} has to be a table of its parameters"));
        };
        for (key, value) in table {
            let short = &**key.get_ref();
            if short == OFF {
                let Some(why) = self.text_of(OFF, value) else { continue };
                let done = set.switch_off(name, &why);
                self.held(start(value), done);
                continue;
            }
            // As parameters are named elsewhere: by the rule's name and their own.
            let full = format!("{}.{short}", rule.name());
            let Some(given) = value.get_ref().as_table() else {
                let what = format!("{full} has to be {{ value = …, source = \"…\" }}");
                self.fault(start(value), what);
                continue;
            };
            for other in given.keys().filter(|key| !["value", "source"].contains(&&**key.get_ref()))
            {
                self.fault(
                    start(other),
                    format!("{full}: {} is neither value nor source", other.get_ref()),
                );
            }
            let number = given.get("value").and_then(|value| number(value.get_ref()));
            let source = given.get("source").and_then(|source| source.get_ref().as_str());
            match number {
                Some(number) => {
                    if Hours::PARAMETERS.iter().any(|hour| hour.is_named(&full)) {
                        let first = self.hours.map_or(start(key), |first| first.min(start(key)));
                        self.hours = Some(first);
                    }
                    let done = set.give(&full, number, source.unwrap_or_default());
                    self.held(start(key), done);
                }
                None => self.fault(start(key), format!("{full} needs a value, a number")),
            }
        }
    }

    fn text_of(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.fault(start(value), format!("{key} has to be a text"));
        }
        text.map(str::to_owned)
    }

    fn time_of(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Timestamp> {
        let time = value.get_ref().as_datetime().map(ToString::to_string);
        let time = time.and_then(|text| text.parse::<jiff::Timestamp>().ok());
        if time.is_none() {
            self.fault(
                start(value),
                "effective_from has to be a time with an offset, such as 2026-12-15T09:00:00+09:00",
            );
        }
        time.map(|time| Timestamp::from_millis(time.as_millisecond()))
    }
}

fn start<T>(spanned: &Spanned<T>) -> usize {
    spanned.span().start
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    if let Some(whole) = value.as_integer() {
        return i64::from_str_radix(whole.as_str(), whole.radix()).ok().map(|whole| whole as f64);
    }
    value.as_float()?.as_str().parse().ok()
}

/// A text as TOML writes it. JSON's form is TOML's too, for there are no control characters in it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A rule set as a file that [`parse`] reads as the same set; what it leaves as built in stands in it as
/// comments. None is the built-in set, of which only comments are left.
pub fn write(set: Option<&RuleSet>) -> String {
    let mut text = String::new();
    match set {
        Some(set) => {
            let _ = writeln!(text, "name = {}", quoted(set.name()));
            let _ = writeln!(text, "effective_from = {}", set.effective_from());
        }
        None => {
            let _ =
                writeln!(text, "# The built-in rule set {}. For one of your own:", rules::RULE_SET);
            let _ = writeln!(text, "# name = \"…\"\n# effective_from = 2026-12-15T09:00:00+09:00");
        }
    }
    for rule in rules::all() {
        let off = set
            .and_then(|set| set.switched_off().iter().find(|off| off.rule.as_str() == rule.name()));
        let is_changed = off.is_some()
            || rule.parameters().iter().any(|one| set.is_some_and(|set| set.given(one).is_some()));
        if !is_changed && rule.parameters().is_empty() {
            continue;
        }
        let comment = if is_changed { "" } else { "# " };
        let _ = writeln!(text, "\n{comment}[rules.{}]", quoted(rule.name()));
        if let Some(off) = off {
            let _ = writeln!(text, "{OFF} = {}", quoted(&off.reason));
        }
        for parameter in rule.parameters() {
            let given = set.and_then(|set| set.given(parameter));
            let (comment, value, source) = match given {
                Some(given) => ("", given.value, given.source.as_str()),
                None => ("# ", parameter.default, parameter.source),
            };
            let unit = if parameter.unit.is_empty() { "" } else { " " };
            let _ = writeln!(
                text,
                "# {}: {} to {}{unit}{}",
                parameter.label.en, parameter.low, parameter.high, parameter.unit
            );
            let (name, source) = (parameter.short_name(), quoted(source));
            let _ = writeln!(text, "{comment}{name} = {{ value = {value}, source = {source} }}");
        }
    }
    text
}

/// What a rule set changes of another, a line each; none of them is the built-in one.
pub fn difference(now: Option<&RuleSet>, proposed: Option<&RuleSet>) -> Vec<String> {
    let plan = |set: Option<&RuleSet>| Plan::default().under(set.cloned().map(Into::into));
    let (before, after) = (plan(now), plan(proposed));
    let mut lines = Vec::new();
    for rule in rules::all() {
        let off = |set: Option<&RuleSet>| set.is_some_and(|set| set.is_off(rule.name()));
        match (off(now), off(proposed)) {
            (false, true) => lines.push(format!("{}: on -> off", rule.name())),
            (true, false) => lines.push(format!("{}: off -> on", rule.name())),
            _ => {}
        }
        for parameter in rule.parameters() {
            let (old, new) = (before.effective(parameter), after.effective(parameter));
            if old.value != new.value {
                let source = new.source.unwrap_or_default();
                let unit = if parameter.unit.is_empty() { "" } else { " " };
                lines.push(format!(
                    "{}: {} -> {}{unit}{} ({source})",
                    parameter.name, old.value, new.value, parameter.unit
                ));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"# Of the ward.
name = "2026-12-ward"
effective_from = 2026-12-15T09:00:00+09:00

[rules."bp.severe_high"]
systolic = { value = 175, source = "The ward's board" }
diastolic = { value = 105.0, source = "The \"board\"" }

[rules."weight.gain"]
off = "No scales yet"
"#;

    #[test]
    fn a_file_is_read_and_what_is_written_of_it_reads_the_same() {
        let set = parse(GOOD).unwrap();
        assert_eq!(set.name(), "2026-12-ward");
        assert_eq!(set.effective_from().to_string(), "2026-12-15T00:00:00Z");
        assert_eq!(set.values().len(), 2);
        assert!(set.is_off("weight.gain"));
        let written = write(Some(&set));
        assert_eq!(parse(&written), Ok(set), "{written}");
    }

    #[test]
    fn each_fault_is_named_with_its_line_and_its_rule() {
        let text = r#"name = "two words"
effective_from = 2026-12-15T09:00:00
colour = "red"

[rules."bp.severe_high"]
systolic = { value = 20, source = "x" }
diastolic = { value = "high", source = "x" }
diastolyc = { value = 105, source = "x" }

[rules."bp.severe"]
off = "x"

[rules."weight.gain"]
in_3_days = { value = 2 }
off = ""
"#;
        let faults = parse(text).unwrap_err();
        let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [1, 2, 3, 6, 7, 8, 10, 14, 15], "{faults:?}");
        let said = faults[3].to_string();
        assert!(said.starts_with("line 6: bp.severe_high.systolic must be between "), "{said}");
        assert_eq!(faults[6].to_string(), "line 10: no rule is named bp.severe");
        assert!(faults[7].to_string().contains("weight.gain.in_3_days needs a text"));
    }

    #[test]
    fn hours_of_the_day_that_do_not_follow_each_other_are_a_fault_in_the_line_of_the_first() {
        let text = |ends: i64| {
            format!(
                "name = \"a\"\neffective_from = 2026-12-15T00:00:00Z\n\n[rules.\"bp.above_target\"]\n\
                 systolic = {{ value = 125, source = \"x\" }}\n\
                 morning_ends = {{ value = {ends}, source = \"x\" }}\n"
            )
        };
        let faults = parse(&text(18)).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [6], "{faults:?}");
        assert!(faults[0].what.contains("do not follow each other"), "{faults:?}");
        assert!(parse(&text(11)).is_ok());
    }

    #[test]
    fn what_is_no_toml_is_a_fault_in_its_line_and_what_is_missing_is_said() {
        let faults = parse("name = \"a\"\neffective_from = \n").unwrap_err();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].line, 2);
        let faults = parse("").unwrap_err();
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(said, ["line 1: effective_from is missing", "line 1: name is missing"]);
    }

    #[test]
    fn all_other_rules_are_switched_off_together() {
        let text = "name = \"a\"\neffective_from = 2026-12-15T00:00:00Z\nothers_off = \"alone\"\n\
                    [rules.\"bp.severe_high\"]\n";
        let set = parse(text).unwrap();
        assert_eq!(set.switched_off().len(), rules::all().len() - 1);
        assert!(!set.is_off("bp.severe_high"));
    }

    #[test]
    fn a_difference_names_what_changes_and_nothing_else() {
        let set = parse(GOOD).unwrap();
        assert_eq!(
            difference(None, Some(&set)),
            [
                "bp.severe_high.systolic: 180 -> 175 mm[Hg] (The ward's board)",
                "bp.severe_high.diastolic: 110 -> 105 mm[Hg] (The \"board\")",
                "weight.gain: on -> off",
            ]
        );
        assert_eq!(difference(Some(&set), Some(&set)), [""; 0]);
        assert_eq!(difference(Some(&set), None).len(), 3);
    }

    #[test]
    fn the_rule_sets_of_the_repository_can_be_applied() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/rule-sets");
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(parse(&text).is_ok(), "{}: {:?}", path.display(), parse(&text));
        }
    }

    /// Of what is built in, `rules show` prints what a file may change. Without a snapshot: the numbers
    /// stand in docs/clinical-rules.md.
    #[test]
    fn the_built_in_set_is_shown_as_comments_of_every_parameter() {
        let text = write(None);
        assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "{text}");
        for parameter in rules::parameters() {
            let line = format!("# {} = {{ value = {}, ", parameter.short_name(), parameter.default);
            assert!(text.contains(&line), "{}", parameter.name);
        }
    }
}
