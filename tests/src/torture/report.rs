//! What a run has shown.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clinical::{Span, Timestamp};
use serde_json::{Value, json};

use super::delays::{Longest, Way, spread};
use super::fault::Fault;
use super::settings::Settings;
use crate::run::run;
use crate::verdict::{Asked, Came};

/// A fault that was suffered.
pub(super) struct Suffered {
    pub(super) fault: Fault,
    /// When it began, and when the platform had caught up.
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// How long it lasted, and how long the platform took to catch up after it.
    pub(super) lasted: Duration,
    pub(super) recovery: Duration,
    /// How often the writer stopped fetching because its memory limit was reached.
    pub(super) pauses: u64,
}

impl Suffered {
    /// The longest delays of the alerts whose readings were due while it lasted.
    pub(super) fn longest(&self, ways: &[Way]) -> Longest {
        Longest::of(ways.iter().filter(|way| self.concerns(way)))
    }

    fn concerns(&self, way: &Way) -> bool {
        // What was on its way when it began suffers it too.
        way.due >= self.from - Span::from_seconds(1) && way.due <= self.to
    }
}

/// The ways of alerts whose readings were due at no fault.
pub(super) fn quiet<'w>(
    suffered: &[Suffered],
    ways: &'w [Way],
) -> impl Iterator<Item = &'w Way> + Clone {
    ways.iter().filter(|way| !suffered.iter().any(|suffered| suffered.concerns(way)))
}

/// A run.
pub(super) struct Report<'a> {
    pub(super) settings: Settings,
    pub(super) took: Duration,
    pub(super) acknowledged: u64,
    /// The physician's questions.
    pub(super) asked: &'a [Asked],
    pub(super) suffered: &'a [Suffered],
    pub(super) ways: &'a [Way],
    pub(super) came: &'a Came,
    pub(super) complaints: &'a [String],
}

impl Report<'_> {
    /// Prints the report and writes it as JSON.
    pub(super) fn publish(&self) {
        let path = self.path();
        let text = serde_json::to_string_pretty(&self.json()).unwrap_or_default();
        std::fs::write(&path, text).unwrap();
        println!("{}\nthe same as JSON: {}", self.table(), path.display());
    }

    fn path(&self) -> PathBuf {
        let folder = run().layout().state("torture");
        std::fs::create_dir_all(&folder).unwrap();
        let length = if self.settings.long { "long" } else { "short" };
        folder.join(format!("{length}-{}.json", self.settings.seed))
    }

    fn answered(&self) -> usize {
        self.asked.iter().filter(|question| question.answered).count()
    }

    fn quiet(&self) -> Value {
        spread(&quiet(self.suffered, self.ways).collect::<Vec<_>>())
    }

    fn kinds(&self) -> BTreeMap<String, usize> {
        let mut kinds = BTreeMap::new();
        for suffered in self.suffered {
            *kinds.entry(suffered.fault.to_string()).or_default() += 1;
        }
        kinds
    }

    fn json(&self) -> Value {
        let of = |suffered: &Suffered| {
            json!({
                "fault": suffered.fault.to_string(),
                "begun": suffered.from.to_string(),
                "lasted_ms": suffered.lasted.as_millis() as u64,
                "caught_up_after_ms": suffered.recovery.as_millis() as u64,
                "writer_stopped_fetching": suffered.pauses,
                "longest_delay_of_urgent_alerts": suffered.longest(self.ways).json(),
            })
        };
        json!({
            "seed": self.settings.seed,
            "seconds": self.took.as_secs(),
            "acknowledged": self.acknowledged,
            "raw_records": self.came.raw.len(),
            "accepted": self.came.accepted.len(),
            "rejected": self.came.rejected.len(),
            "alert_events": self.came.alerts.len(),
            "accesses": self.came.accesses.len(),
            "questions": self.asked.len(),
            "answered_questions": self.answered(),
            "faults": self.suffered.len(),
            "faults_by_kind": self.kinds(),
            "suffered": self.suffered.iter().map(of).collect::<Vec<_>>(),
            "urgent_alerts_without_fault": self.quiet(),
            "complaints": self.complaints,
        })
    }

    fn table(&self) -> String {
        let came = self.came;
        let mut lines = vec![
            format!(
                "torture, seed {}: {} faults of {} kinds in {} s; {} readings acknowledged, {} raw \
                 records, {} accepted, {} rejected, {} alert events, {} accesses; {} of {} questions \
                 answered",
                self.settings.seed,
                self.suffered.len(),
                self.kinds().len(),
                self.took.as_secs(),
                self.acknowledged,
                came.raw.len(),
                came.accepted.len(),
                came.rejected.len(),
                came.alerts.len(),
                came.accesses.len(),
                self.answered(),
                self.asked.len(),
            ),
            format!(
                "{:<30} {:>8} {:>9} | longest delay of urgent alerts, ms: from acknowledgement, from \
                 due",
                "", "lasted", "caught up"
            ),
            format!(
                "{:<30} {:>8} {:>9} | {:>6} {:>6} {:>9} {:>8} {:>9} {:>8}",
                "fault",
                "s",
                "after s",
                "alerts",
                "unseen",
                "to topic",
                "to page",
                "to topic",
                "to page"
            ),
        ];
        for suffered in self.suffered {
            lines.push(format!(
                "{:<30} {:>8.1} {:>9.1} | {}",
                suffered.fault.to_string(),
                suffered.lasted.as_secs_f64(),
                suffered.recovery.as_secs_f64(),
                suffered.longest(self.ways).columns()
            ));
        }
        lines.push(format!("without fault: {}", self.quiet()));
        match self.complaints {
            [] => lines.push("no complaint".to_owned()),
            found => {
                lines.push(format!("{} complaints:", found.len()));
                lines.extend(found.iter().cloned());
            }
        }
        lines.join("\n")
    }
}
