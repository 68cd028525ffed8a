//! Urgent alerts do not wait for the store (invariant 9).

use super::delays::{Longest, Way};
use super::report::{Suffered, quiet};

/// What concerns only the store delays no urgent alert by more than this, from the acknowledgement of
/// its reading to the topic and to the page. Generous, because the machine may be busy with other
/// things; the report says what it was.
const LONGEST_DELAY_MS: i64 = 10_000;

/// What is wrong with the ways of urgent alerts: slow ones and unseen ones while only the way into
/// the store was disturbed, unseen ones while nothing was, and disturbances during which there was
/// nothing to measure.
pub(super) fn complaints(suffered: &[Suffered], ways: &[Way]) -> Vec<String> {
    let mut complaints = Vec::new();
    for suffered in suffered.iter().filter(|suffered| suffered.fault.leaves_alerts_alone()) {
        let during = format!("during '{}', which concerns only the store", suffered.fault);
        let longest = suffered.longest(ways);
        let delay = longest.to_topic.max(longest.to_page);
        if delay > LONGEST_DELAY_MS {
            complaints.push(format!("an urgent alert took {delay} ms {during}"));
        }
        if longest.unseen > 0 {
            complaints
                .push(format!("{} urgent alerts never came to the page {during}", longest.unseen));
        }
        if longest.alerts == longest.unseen {
            complaints.push(format!("no urgent alert was measured {during}"));
        }
    }
    let unseen = Longest::of(quiet(suffered, ways)).unseen;
    if unseen > 0 {
        complaints.push(format!("{unseen} urgent alerts never came to the page without any fault"));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clinical::Timestamp;

    use super::*;
    use crate::torture::fault::Fault;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_300_000 + seconds)
    }

    /// A fault from the tenth second to the twentieth.
    fn suffered(fault: Fault) -> Vec<Suffered> {
        let (lasted, recovery) = (Duration::from_secs(8), Duration::from_secs(2));
        vec![Suffered { fault, from: at(10), to: at(20), lasted, recovery, pauses: 0 }]
    }

    fn way(due: i64, on_topic: i64, shown: Option<i64>) -> Way {
        Way {
            cause: "TST001/P1/blood_pressure/1".to_owned(),
            due: at(due),
            acknowledged: at(due),
            received: at(due),
            on_topic: at(on_topic),
            shown: shown.map(at),
        }
    }

    #[track_caller]
    fn complains(of: &str, suffered: &[Suffered], ways: &[Way]) {
        let complaints = complaints(suffered, ways);
        assert!(
            complaints.iter().any(|it| it.contains(of)),
            "no complaint of {of}: {complaints:?}"
        );
    }

    #[test]
    fn prompt_alerts_are_no_cause_for_complaint() {
        let ways = [way(2, 2, Some(3)), way(12, 13, Some(15))];
        assert_eq!(complaints(&suffered(Fault::ClickhouseRefuses), &ways), [""; 0]);
    }

    #[test]
    fn an_alert_that_waits_for_the_store_on_its_way_to_the_topic_or_to_the_page_is_slow() {
        let refuses = suffered(Fault::ClickhouseRefuses);
        complains("took 11000 ms during 'ClickHouse refuses'", &refuses, &[way(12, 23, Some(23))]);
        complains("took 12000 ms", &refuses, &[way(12, 12, Some(24))]);
        // It waits for what was killed, and rightly.
        assert_eq!(complaints(&suffered(Fault::RebalanceStorm), &[way(12, 24, Some(24))]), [""; 0]);
    }

    #[test]
    fn an_alert_that_never_comes_to_the_page_is_worse_than_a_slow_one() {
        let refuses = suffered(Fault::ClickhouseRefuses);
        complains("1 urgent alerts never", &refuses, &[way(11, 11, Some(12)), way(12, 12, None)]);
        complains("without any fault", &refuses, &[way(12, 12, Some(12)), way(30, 30, None)]);
    }

    #[test]
    fn a_fault_without_an_alert_that_was_shown_has_measured_nothing() {
        let refuses = suffered(Fault::ClickhouseRefuses);
        complains("no urgent alert was measured", &refuses, &[]);
        complains("no urgent alert was measured", &refuses, &[way(2, 2, Some(2))]);
        complains("no urgent alert was measured", &refuses, &[way(12, 12, None)]);
    }
}
