//! Properties that several rules are held to, each by what patients of its own tests measure.

/// Those of a rule that judges readings as they come: `order` says that the order of arrival of what is sent
/// changes nothing. A rule that applies under some plans alone says under which one it is held to them.
macro_rules! properties_of_readings {
    (rule: $rule:expr, history: $($rest:tt)*) => {
        $crate::rules::property_tests::properties_of_readings! {
            rule: $rule,
            plan: $crate::plan::Plan::default(),
            history: $($rest)*
        }
    };
    (
        rule: $rule:expr,
        plan: $plan:expr,
        history: $history:expr,
        cases: $cases:expr,
        after: $after:expr,
        order: |$sent:ident, $other_order:ident| $order:expr $(,)?
    ) => {
        proptest::proptest! {
            #![proptest_config(proptest::prelude::ProptestConfig::with_cases($cases))]

            #[test]
            fn the_fast_path_equals_the_full_computation_and_time_alone_changes_nothing(
                history in $history,
                sweeps: bool,
            ) {
                let checks = $crate::home::properties::Checks {
                    after: &$after,
                    next_assessment: $crate::home::properties::NextAssessment::NotLater,
                    forgets_after: sweeps.then_some(0),
                };
                let others_off = $crate::home::only(&[$rule]).rule_set().cloned();
                let plan = $plan.under(others_off);
                let mut home = $crate::home::Home { plan, ..Default::default() };
                $crate::home::properties::nothing_is_missed(&mut home, &history, checks)?;
            }

            #[test]
            fn the_order_of_arrival_does_not_matter(
                $sent in $history,
                $other_order in proptest::prelude::any::<[proptest::sample::Index; 60]>(),
            ) {
                $order?;
            }

            #[test]
            fn a_restart_says_nothing_new(history in $history, at_most in 0..40_usize) {
                let seen = &history[..at_most.min(history.len())];
                $crate::home::properties::a_restart_under_a_plan_says_nothing_new($plan, seen)?;
            }
        }
    };
}

/// Those of a rule that is judged once a day: `within` takes what is sent of these readings into the days
/// whose order of arrival changes nothing, so many days after the first.
macro_rules! properties_of_days {
    (
        plan: $plan:expr,
        sent: $sent:expr,
        readings: $readings:expr,
        within: $within:expr,
        after_days: $after_days:expr $(,)?
    ) => {
        proptest::proptest! {
            #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

            #[test]
            fn the_fast_path_equals_the_full_computation(
                history in $crate::home::daily::history($sent, 120),
                sweeps: bool,
            ) {
                $crate::home::daily::nothing_is_missed($plan, &history, sweeps)?;
            }

            #[test]
            fn the_order_of_arrival_does_not_matter(
                all in proptest::collection::vec($sent, $readings),
                other_order in proptest::prelude::any::<[proptest::sample::Index; 100]>(),
            ) {
                let (plan, all) = ($plan, $within(all));
                $crate::home::daily::the_order_of_arrival_does_not_matter(
                    &plan,
                    $after_days,
                    &all,
                    &other_order,
                )?;
            }

            #[test]
            fn a_restart_says_nothing_new(history in $crate::home::daily::history($sent, 120)) {
                $crate::home::daily::a_restart_says_nothing_new($plan, &history)?;
            }
        }
    };
}

pub(super) use {properties_of_days, properties_of_readings};
