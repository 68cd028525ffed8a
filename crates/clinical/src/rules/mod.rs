//! The clinical rules, a folder each. A new rule is a folder, its name in the two lists below, the next name
//! of the built-in rule set, and a paragraph in docs/clinical-rules.md; CONTRIBUTING.md says step by step how.
//! `make check` refuses a name that is in one of the lists only.

use std::sync::LazyLock;

use crate::alert::{Alert, RuleName, Text};
use crate::fixed::Fixed;
use crate::home_pressure::hours::Hours;
use crate::kinds::Kind;
use crate::limit::Limit;
use crate::parameter::Parameter;
use crate::plan::{InvalidPlan, Plan};
use crate::rule::{Rule, Severe};
use crate::rule_set::Places;
use crate::sample::Sample;
use crate::suspicions::{AskSevere, SevereBy};

pub use crate::built_in::RULE_SET;
pub use of_all::OF_ALL_RULES;

mod activity_drop;
mod bp_above_target;
mod bp_low;
mod bp_morning_surge;
mod bp_severe_high;
mod data_missing;
mod data_sensor_silent;
mod data_suspect;
mod glucose_below_range_burden;
mod glucose_in_range_low;
mod glucose_low;
mod glucose_very_high;
mod glucose_very_low;
mod hba1c_rise;
mod oxygen_low;
mod pulse_irregular;
mod pulse_out_of_range;
mod temperature_high;
mod temperature_low;
mod weight_gain;
mod weight_loss;

// What several rules share.
mod changes;
mod confirmed;
mod confirmed_evidence;
mod confirmed_rule;
mod confirmed_words;
mod criterion;
mod days;
mod glucose_assessment;
mod glucose_course;
mod glucose_event;
mod glucose_open;
mod glucose_rule;
mod glucose_words;
mod occasions;
mod of_all;
mod of_sources;
mod pairs;
mod sensor_days;
mod weights;

// What tests of several rules share.
#[cfg(test)]
mod glucose_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod sent;

fn of_folders() -> Vec<&'static dyn Rule> {
    let mut all: Vec<&'static dyn Rule> = Vec::new();
    all.extend(activity_drop::rules());
    all.extend(bp_above_target::rules());
    all.extend(bp_low::rules());
    all.extend(bp_morning_surge::rules());
    all.extend(bp_severe_high::rules());
    all.extend(data_missing::rules());
    all.extend(data_sensor_silent::rules());
    all.extend(data_suspect::rules());
    all.extend(glucose_below_range_burden::rules());
    all.extend(glucose_in_range_low::rules());
    all.extend(glucose_low::rules());
    all.extend(glucose_very_high::rules());
    all.extend(glucose_very_low::rules());
    all.extend(hba1c_rise::rules());
    all.extend(oxygen_low::rules());
    all.extend(pulse_irregular::rules());
    all.extend(pulse_out_of_range::rules());
    all.extend(temperature_high::rules());
    all.extend(temperature_low::rules());
    all.extend(weight_gain::rules());
    all.extend(weight_loss::rules());
    all
}

/// Every rule, and which of them read each kind.
struct Rules {
    all: Vec<&'static dyn Rule>,
    of_kind: Vec<Places>,
    of_suspicions: Places,
    of_copies: Places,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let all = of_folders();
    assert!(all.len() <= Places::MOST, "there is no place for so many rules");
    let those = |are_meant: &dyn Fn(&dyn Rule) -> bool| {
        (0..all.len()).filter(|index| are_meant(all[*index])).collect::<Places>()
    };
    let of_kind = |kind: &Kind| those(&|rule| rule.kinds().contains(kind));
    let of_kind = Kind::ALL.iter().map(of_kind).collect();
    let of_suspicions = those(&|rule| rule.reads_suspicions());
    let of_copies = those(&|rule| rule.reads_copies());
    Rules { of_kind, of_suspicions, of_copies, all }
});

/// Every rule, always in the same order.
pub fn all() -> &'static [&'static dyn Rule] {
    &RULES.all
}

/// The rule of a name, if there is one.
pub(crate) fn named(name: RuleName) -> Option<&'static dyn Rule> {
    all().iter().copied().find(|rule| rule.name() == name.as_str())
}

/// The places in [`all`] of the rules that read a kind.
pub(crate) fn reading(kind: Kind) -> Places {
    RULES.of_kind[usize::from(kind.number())]
}

/// The places in [`all`] of the rules that look at what the patient's data are suspected of.
pub(crate) fn of_suspicions() -> Places {
    RULES.of_suspicions
}

/// The places in [`all`] of the rules that read copies too ([`Rule::reads_copies`]).
pub(crate) fn of_copies() -> Places {
    RULES.of_copies
}

/// By which rules of its kind, by their places in [`all`], and on which side a value is one that a physician
/// should see whenever it was measured.
fn severe(kind: Kind, sample: Sample, plan: &Plan) -> impl Iterator<Item = (usize, Severe)> {
    let applying = move |index: &usize| applies(all()[*index], plan);
    let severe = move |index: usize| Some((index, all()[index].severe(sample, plan)?));
    reading(kind).all().filter(applying).filter_map(severe)
}

/// Whether a value is one that a physician should see whenever it was measured, as a rule of its kind
/// says.
pub(crate) fn is_severe(kind: Kind, sample: Sample, plan: &Plan) -> bool {
    severe(kind, sample, plan).next().is_some()
}

/// Whether a value is severe in each way in which another is: whoever is informed of the one learns what the
/// other would have said.
pub(crate) fn is_as_severe(kind: Kind, value: Sample, other: Sample, plan: &Plan) -> bool {
    let is_so_too = |way| severe(kind, value, plan).any(|known| known == way);
    severe(kind, other, plan).all(is_so_too)
}

/// Plans of which every parameter is the least that a plan may give, and the greatest: what neither of them
/// calls severe, none does.
static EXTREMES: LazyLock<[Plan; 2]> = LazyLock::new(|| {
    let of = |number: fn(&Parameter) -> f64| {
        let all = parameters().map(|parameter| (parameter.name, number(parameter)));
        Plan::with_overrides(0, parameters(), all).expect("each is within its range")
    };
    [of(|parameter| parameter.low), of(|parameter| parameter.high)]
});

/// By which plans a value is severe, where the patient's is not known.
pub(crate) fn severe_by(kind: Kind, sample: Sample) -> SevereBy {
    static DEFAULT: LazyLock<Plan> = LazyLock::new(Plan::default);
    if is_severe(kind, sample, &DEFAULT) {
        SevereBy::Default
    } else if EXTREMES.iter().any(|plan| is_severe(kind, sample, plan)) {
        SevereBy::AnotherPlan
    } else {
        SevereBy::NoPlan
    }
}

/// What the memory of a patient asks rules about a severe value.
pub(crate) const ASK_SEVERE: AskSevere = AskSevere { severe_by };

/// Whether a patient with such a plan can have new alerts of a rule: it is not switched off, and has
/// something to judge.
pub(crate) fn applies(rule: &dyn Rule, plan: &Plan) -> bool {
    !plan.switches_off(rule.name()) && rule.applies_to(plan)
}

/// The rule of a name.
pub fn find(name: &str) -> Option<&'static dyn Rule> {
    all().iter().copied().find(|rule| rule.name() == name)
}

/// The name of a rule that exists.
pub fn name(name: &str) -> Option<RuleName> {
    find(name).map(|rule| RuleName::of(rule.name()))
}

/// Every parameter that a care plan may change.
pub fn parameters() -> impl Iterator<Item = &'static Parameter> + Clone {
    all().iter().flat_map(|rule| rule.parameters())
}

/// The numbers that nothing changes, by the name of their rule: those of rules that there are for each kind
/// once, by what their names have in common.
pub fn fixed() -> impl Iterator<Item = (&'static str, &'static Fixed)> {
    let is_first =
        |index: &usize| !all()[..*index].iter().any(|rule| rule.family() == all()[*index].family());
    (0..all().len()).filter(is_first).flat_map(|index| {
        let rule = all()[index];
        rule.fixed().iter().copied().flatten().map(move |fixed| (rule.family(), fixed))
    })
}

/// A plan that gives some parameters other values than their defaults, by their full names.
///
/// # Errors
/// When a name is not a parameter's, a value is out of its parameter's range, or the hours of the day do not
/// follow each other.
pub fn plan<'a>(
    version: i32,
    overrides: impl IntoIterator<Item = (&'a str, f64)>,
) -> Result<Plan, InvalidPlan> {
    let plan = Plan::with_overrides(version, parameters(), overrides)?;
    if Hours::given(&plan).is_none() {
        return Err(InvalidPlan::Hours);
    }
    Ok(plan)
}

/// The limits that charts draw for a patient with such a plan: of the rules that apply, and those of
/// reference that the patient's own target or range does not replace.
pub fn limits(plan: &Plan) -> impl Iterator<Item = Limit> {
    let applying = all().iter().filter(|rule| applies(**rule, plan));
    let own: Vec<Limit> = applying.flat_map(|rule| rule.limits(plan)).collect();
    let is_replaced = |reference: &Limit| own.iter().any(|limit| limit.replaces(reference));
    let references: Vec<Limit> = Limit::references().filter(|of| !is_replaced(of)).collect();
    own.into_iter().chain(references)
}

/// What an alert says: what was seen, against which limit, and what to do.
pub fn words(alert: &Alert) -> Text {
    if let Some(reported) = &alert.reported {
        return reported.text.clone();
    }
    match find(alert.rule.as_str()) {
        Some(rule) => rule.words(alert),
        None => unknown_rule(alert.rule.as_str()),
    }
}

/// What is said of an alert whose rule this version does not have.
pub fn unknown_rule(rule: &str) -> Text {
    Text {
        ja: format!("この版では表示できない規則 {rule} のアラートです。測定値を確認してください。"),
        en: format!(
            "An alert of the rule {rule}, whose wording this version does not have. Review the readings."
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_has_its_own_name_and_is_found_by_it() {
        for (index, rule) in all().iter().enumerate() {
            assert_eq!(find(rule.name()).map(Rule::name), Some(rule.name()));
            assert!(!all()[..index].iter().any(|other| other.name() == rule.name()));
        }
        assert!(find("data.missing").is_none());
        assert!(find("data.missing.mood").is_none());
    }

    /// A digest that a rule's name, a parameter or a default changes: it comes with its rule set's name.
    const DIGEST: u64 = 9_015_348_028_700_511_682;

    /// What a rule's name begins with that there is for each kind, without numbers of its own.
    fn family(rule: &'static dyn Rule) -> Option<&'static str> {
        let [kind] = rule.kinds() else { return None };
        let family = rule.name().strip_suffix(kind.as_str())?.strip_suffix('.')?;
        let is_of = |kind: &Kind| {
            let rule = find(&format!("{family}.{kind}"));
            rule.is_some_and(|rule| rule.kinds() == [*kind] && rule.parameters().is_empty())
        };
        Kind::ALL.iter().all(is_of).then_some(family)
    }

    #[test]
    fn the_products_are_remembered_that_rules_ask_for_and_no_others() {
        for kind in Kind::ALL {
            let asks = |rule: &&dyn Rule| rule.reads_products() && rule.kinds().contains(&kind);
            assert_eq!(kind.has_products(), all().iter().any(asks), "{kind}");
        }
    }

    #[test]
    fn another_rule_or_number_makes_another_rule_set() {
        let (mut said, mut families) = (String::new(), BTreeSet::new());
        for rule in all() {
            for Parameter { name, default, low, high, .. } in rule.parameters() {
                said += &format!("{name} {default} {low} {high}\n");
            }
            match family(*rule) {
                None => said += &format!("{} {:?}\n", rule.name(), rule.kinds()),
                Some(family) if families.insert(family) => {
                    said += &format!("{family} of each kind\n");
                }
                Some(_) => {}
            }
        }
        let digest = xxhash_rust::xxh3::xxh3_64(said.as_bytes());
        assert_eq!(digest, DIGEST, "give RULE_SET another name, then this digest:\n{said}");
    }

    #[test]
    fn every_parameter_is_named_after_its_rule_and_its_default_is_in_its_range() {
        for rule in all() {
            for parameter in rule.parameters() {
                let Parameter { name, default, low, high, .. } = *parameter;
                assert_eq!(name, format!("{}.{}", rule.name(), parameter.short_name()));
                assert!((low..=high).contains(&default), "{name}");
                for number in [default, low, high] {
                    assert_eq!(number, parameter.rounded(number), "{name}");
                }
                assert!(!parameter.source.is_empty(), "{name}");
            }
        }
    }

    #[test]
    fn a_plans_number_is_rounded_to_what_the_rule_works_with() {
        let of = |name, value| {
            let plan = plan(1, [(name, value)]).unwrap();
            plan.value(parameters().find(|parameter| parameter.name == name).unwrap())
        };
        assert_eq!(of("weight.gain.in_3_days", 1.504), 1.5);
        assert_eq!(of("bp.severe_high.systolic", 169.6), 170.0);
    }

    #[test]
    fn a_plan_with_an_unknown_or_absurd_number_is_refused() {
        let first = parameters().next().expect("there are parameters");
        assert!(plan(1, [("bp.severe_hgih.systolic", 170.0)]).is_err());
        assert!(plan(1, [(first.name, first.low - 1.0)]).is_err());
        assert!(plan(1, [(first.name, f64::NAN)]).is_err());
    }
}
