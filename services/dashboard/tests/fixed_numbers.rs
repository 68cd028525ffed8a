//! The numbers of rules that nothing changes: each has a source, and the page of the rules says them all.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clinical::fixed::Fixed;
use clinical::rules;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/clinical-rules.md");
const BEGIN: &str = "<!-- generated from the rules: numbers that nothing changes -->\n";
const END: &str = "<!-- end of the numbers that nothing changes -->\n";

fn all() -> impl Iterator<Item = (&'static str, &'static Fixed)> {
    rules::OF_ALL_RULES.iter().map(|fixed| ("", fixed)).chain(rules::fixed())
}

fn table() -> String {
    let mut table = "| rule | what | number | source |\n| --- | --- | --- | --- |\n".to_owned();
    let mut before = None;
    for (rule, Fixed { label, value, unit, source }) in all() {
        let name = match rule {
            _ if before == Some(rule) => String::new(),
            "" => "all".to_owned(),
            _ => format!("`{rule}`"),
        };
        before = Some(rule);
        let unit = match *unit {
            "" => "",
            "d" if *value == 1.0 => " day",
            "d" => " days",
            "h" => " h",
            "mm[Hg]" => " mmHg",
            "Cel" => " °C",
            unit => &format!(" {unit}"),
        };
        let value = (value * 100.0).round() / 100.0;
        writeln!(table, "| {name} | {} | {value}{unit} | {source} |", label.en).unwrap();
    }
    table
}

#[test]
fn the_page_of_the_rules_says_every_number_that_nothing_changes() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has a place for the numbers");
    let (said, after) = rest.split_once(END).expect("the place ends");
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(PAGE, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
        return;
    }
    assert_eq!(said, table(), "UPDATE_DOCUMENTS=1 writes it: look at the difference");
}

#[test]
fn every_number_that_nothing_changes_has_words_and_a_source_and_is_said_once() {
    let mut said = BTreeSet::new();
    for (rule, fixed) in all() {
        let Fixed { label, value, source, .. } = fixed;
        assert!(!label.ja.is_empty() && !label.en.is_empty() && value.is_finite(), "{fixed:?}");
        assert!(!source.is_empty(), "{rule}: {}", label.en);
        // What no guideline gives says so; what was not read again ends with it.
        assert!(fixed.is_recalled() || !source.ends_with("recalled"), "{rule}: {source}");
        assert!(said.insert((rule, label.en)), "{rule} says twice: {}", label.en);
        assert!(said.insert((rule, label.ja)), "{rule} says twice: {}", label.ja);
    }
    for rule in rules::all() {
        assert!(rule.name().starts_with(rule.family()), "{}", rule.name());
        assert!(said.iter().any(|(name, _)| *name == rule.family()), "{}", rule.name());
    }
}

#[test]
fn what_was_not_read_at_its_source_is_said_to_be_recalled_and_nothing_else_is() {
    let recalled = all().filter(|(_, fixed)| fixed.is_recalled());
    let recalled: Vec<_> = recalled.map(|(rule, fixed)| (rule, fixed.value)).collect();
    assert_eq!(
        recalled,
        [
            ("bp.above_target", 7.0),
            ("bp.morning_surge", 7.0),
            ("data.suspect", 600.0),
            ("glucose.low", 120.0),
            ("pulse.irregular", 2.0),
            ("pulse.irregular", 3.0),
            ("weight.gain", 76.0),
            ("weight.gain", 172.0),
        ]
    );
}
