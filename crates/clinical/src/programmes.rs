//! Programmes: named sets of parameters for patients of one condition, which a care plan chooses and
//! overrides one by one. A programme's value holds although it is the parameter's default: a default
//! may change with the rule set, what the condition asks for does not.

use crate::kinds::Label;

/// A named set of parameters.
#[derive(Debug, PartialEq)]
pub struct Programme {
    /// The name in care plans.
    pub name: &'static str,
    /// What it is called by people.
    pub label: Label,
    /// The parameters.
    pub values: &'static [ProgrammeValue],
}

/// What a programme gives a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProgrammeValue {
    /// The parameter's full name.
    pub parameter: &'static str,
    /// The value, in the parameter's unit and range.
    pub value: f64,
    /// Where it comes from. 'Recalled' at its end where the source was not read
    /// ([`is_recalled`](crate::parameter::is_recalled)), 'ours' where there is none.
    pub source: &'static str,
}

const fn value(parameter: &'static str, value: f64, source: &'static str) -> ProgrammeValue {
    ProgrammeValue { parameter, value, source }
}

const OF_PREGNANCY: &str = "consensus on continuous monitoring, pregnancy with type 1";
const OF_BLOOD: &str =
    "consensus on continuous monitoring: level 1 is below 70; the 63 of pregnancy is of sensors";
const OF_THE_FRAIL: &str = "consensus on continuous monitoring, older or frail (recalled)";
const SEVERE_IN_PREGNANCY: &str =
    "severe hypertension in pregnancy, from 160/110 on: ACOG, ISSHP, JSH (recalled)";
const FROM_75_ON: &str = "JSH 2019, from 75 years on; JSH 2025 says < 125/75 for all adults";

/// The name of the programme of pregnancy.
pub(crate) const PREGNANCY: &str = "pregnancy";

/// Every programme, in the order of lists.
pub static PROGRAMMES: &[Programme] = &[
    Programme {
        name: PREGNANCY,
        label: Label { ja: "妊娠", en: "pregnancy" },
        values: &[
            value("glucose.in_range_low.low", 63.0, OF_PREGNANCY),
            value("glucose.in_range_low.high", 140.0, OF_PREGNANCY),
            value("glucose.in_range_low.target", 70.0, OF_PREGNANCY),
            value("glucose.below_range_burden.low", 63.0, OF_PREGNANCY),
            value("glucose.below_range_burden.below", 4.0, OF_PREGNANCY),
            value("glucose.low.limit", 63.0, OF_PREGNANCY),
            value("glucose.low.clear", 63.0, OF_PREGNANCY),
            value("glucose.low.stick_limit", 70.0, OF_BLOOD),
            value("glucose.low.stick_clear", 70.0, OF_BLOOD),
            value("glucose.very_low.clear", 63.0, OF_PREGNANCY),
            value("glucose.very_low.stick_clear", 70.0, OF_BLOOD),
            value("bp.severe_high.systolic", 160.0, SEVERE_IN_PREGNANCY),
            value("bp.severe_high.diastolic", 110.0, SEVERE_IN_PREGNANCY),
        ],
    },
    Programme {
        name: "frail_elderly",
        label: Label { ja: "フレイル高齢者", en: "frail elderly" },
        values: &[
            value("glucose.in_range_low.target", 50.0, OF_THE_FRAIL),
            value("glucose.below_range_burden.below", 1.0, OF_THE_FRAIL),
            value("bp.above_target.systolic", 135.0, FROM_75_ON),
            value("bp.above_target.diastolic", 85.0, FROM_75_ON),
        ],
    },
    Programme {
        name: "heart_failure",
        label: Label { ja: "心不全", en: "heart failure" },
        values: &[
            value("weight.gain.in_3_days", 2.0, "ESC, more than 2 kg in 3 days (recalled)"),
            value("weight.gain.in_7_days", 2.0, "JCS/JHFS, 2 kg in a week (recalled)"),
        ],
    },
    Programme {
        name: "copd",
        label: Label { ja: "COPD", en: "COPD" },
        values: &[
            value("oxygen.low.limit", 88.0, "88 to 92 % is mostly aimed at (recalled)"),
            value("oxygen.low.urgent", 85.0, "ours"),
        ],
    },
];

/// The programme of a name.
pub fn find(name: &str) -> Option<&'static Programme> {
    PROGRAMMES.iter().find(|programme| programme.name == name)
}

/// A plan that says nothing but the programme.
#[cfg(test)]
pub(crate) fn plan_under(programme: &str) -> crate::plan::Plan {
    crate::plan::Plan::default().with_programme(find(programme).unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Severity;
    use crate::home::{Home, bp};
    use crate::plan::Origin;
    use crate::rules;

    #[test]
    fn every_value_of_a_programme_is_one_that_its_parameter_may_have() {
        for programme in PROGRAMMES {
            assert_eq!(find(programme.name), Some(programme));
            for (index, ProgrammeValue { parameter: name, value, source }) in
                programme.values.iter().enumerate()
            {
                let known = rules::parameters().find(|parameter| parameter.name == *name);
                let parameter = known.unwrap_or_else(|| panic!("no rule has {name}"));
                assert!((parameter.low..=parameter.high).contains(value), "{name}");
                assert_eq!(*value, parameter.rounded(*value), "{name}");
                assert!(!source.is_empty(), "{name}");
                let named_before = programme.values[..index].iter().any(|v| v.parameter == *name);
                assert!(!named_before, "{name} twice in {}", programme.name);
            }
        }
    }

    /// The systolic and the diastolic pressure of pairs, with which alerts of which severity.
    fn severities(programme: &str, pairs: [(u16, u16); 2]) -> Vec<(&'static str, Severity)> {
        let mut home = Home { plan: plan_under(programme), ..Home::default() };
        for (turn, (systolic, diastolic)) in (0..).zip(pairs) {
            home.receives(bp(turn * 2, systolic, diastolic));
        }
        home.waits_until(60);
        home.reported.iter().map(|alert| (alert.rule.as_str(), alert.severity)).collect()
    }

    #[test]
    fn in_pregnancy_a_pressure_of_160_over_110_is_severe() {
        let severe = ("bp.severe_high", Severity::Urgent);
        assert_eq!(severities("pregnancy", [(168, 104), (166, 106)]), [severe]);
        assert_eq!(severities("pregnancy", [(150, 111), (152, 112)]), [severe]);
        assert!(severities("pregnancy", [(158, 104), (159, 106)]).is_empty());
        assert!(severities("copd", [(168, 104), (166, 106)]).is_empty());
    }

    #[test]
    fn an_alert_in_pregnancy_says_what_to_ask_and_that_it_is_treated_the_same_day() {
        let words = |programme: &str, pairs: &[(i64, u16, u16)]| {
            let mut home = Home { plan: plan_under(programme), ..Home::default() };
            for (minutes, systolic, diastolic) in pairs {
                home.receives(bp(*minutes, *systolic, *diastolic));
            }
            home.waits_until(60);
            let alert = home.reported.iter().rfind(|one| one.rule.as_str() == "bp.severe_high");
            let alert = alert.unwrap().clone();
            (rules::words(&alert), alert)
        };
        let (said, alert) = words("pregnancy", &[(0, 168, 104), (2, 166, 106)]);
        assert_eq!(
            said.en,
            "Home blood pressure, mean 167/105 mmHg: systolic at or above 160. Severe, by the mean with a second reading. Ask about chest or back pain, breathlessness, confusion, weakness or numbness, and trouble speaking, and which drugs are taken. With any of these symptoms, emergency care at once. In pregnancy, also ask about headache, visual disturbance and pain in the upper abdomen: with any of these, obstetric care at once. Without any symptom, treatment as soon as possible, the same day at the latest."
        );
        assert_eq!(
            said.ja,
            "家庭血圧 2回の平均 167/105 mmHg（収縮期が160以上）。再測定を含めた平均で重症域です。胸痛・背部痛、息切れ、意識の変化、麻痺・しびれや言葉の出にくさの有無と、服薬状況を確認してください。いずれかの症状があれば直ちに救急受診するよう伝えてください。妊娠中：頭痛、視覚異常、上腹部痛の有無も確認し、いずれかがあれば直ちに産科を受診するよう伝えてください。症状がなくても、当日中のできるだけ早い治療が必要です。"
        );
        let of_version = |wording_version| crate::alert::Alert { wording_version, ..alert.clone() };
        let said = rules::words(&of_version(4));
        assert!(
            said.en.contains("trouble speaking, and which drugs are taken. In pregnancy, also")
        );
        assert!(said.en.contains("With any of these symptoms, obstetric care at once; without,"));
        let said = rules::words(&of_version(3));
        assert!(
            said.en.contains("In pregnancy it is to be treated the same day: ask"),
            "{}",
            said.en
        );
        let before = of_version(2);
        assert!(rules::words(&before).en.ends_with("Ask for symptoms."));
        let (said, _) = words("pregnancy", &[(0, 168, 104)]);
        assert!(
            said.en.ends_with("With any of these symptoms, emergency care at once, without waiting to measure again. In pregnancy, also ask about headache, visual disturbance and pain in the upper abdomen: with any of these, obstetric care at once, without waiting to measure again. Without any symptom, a pressure that is confirmed needs treatment as soon as possible, the same day at the latest."),
            "{}",
            said.en
        );
        assert!(said.ja.ends_with(
            "症状がなくても、重症域が確認されれば当日中のできるだけ早い治療が必要です。"
        ));
        let (said, _) = words("copd", &[(0, 188, 104), (2, 186, 106)]);
        assert!(!said.en.contains("pregnancy") && !said.ja.contains("妊娠"));
    }

    /// No source says how low a pressure all of them bear: who lives at 85 has it in the plan.
    #[test]
    fn in_heart_failure_a_pressure_below_90_is_low_as_for_everybody() {
        let low = ("bp.low", Severity::Urgent);
        for programme in ["heart_failure", "copd"] {
            assert_eq!(severities(programme, [(84, 52), (82, 50)]), [low]);
        }
    }

    #[test]
    fn a_plans_number_wins_over_its_programmes_and_that_over_the_default() {
        static PROGRAMME: Programme = Programme {
            name: "test",
            label: Label { ja: "", en: "" },
            values: &[
                value("weight.gain.in_3_days", 1.5, "a test"),
                value("bp.severe_high.systolic", 160.0, "a test"),
            ],
        };
        let plan = rules::plan(1, [("weight.gain.in_3_days", 1.2)]).unwrap();
        let plan = plan.with_programme(&PROGRAMME);
        let of = |name: &str| {
            let parameter = rules::parameters().find(|one| one.name == name).unwrap();
            let effective = plan.effective(parameter);
            assert_eq!(effective.value, plan.value(parameter));
            (effective.value, effective.origin, effective.source)
        };
        assert_eq!(of("weight.gain.in_3_days"), (1.2, Origin::Plan, None));
        assert_eq!(of("bp.severe_high.systolic"), (160.0, Origin::Programme, Some("a test")));
        assert_eq!(of("weight.gain.in_7_days").1, Origin::Default);
        // The limit for clearing goes along with the programme's limit, as with the plan's.
        let named = |name| rules::parameters().find(|one| one.name == name).unwrap();
        let [raising, clearing] =
            ["bp.severe_high.systolic", "bp.severe_high.clear_systolic"].map(named);
        assert_eq!(plan.clearing(clearing, raising), None);
    }
}
