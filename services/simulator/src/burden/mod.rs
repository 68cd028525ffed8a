//! The alert burden: how many alerts the clinical rules raise over a stable population, and whether
//! they flag what happens in every planted [scenario](crate::scenario).
//!
//! Everything that devices send goes through the rules in this process, with as many faults of
//! [transmission](crate::transmission) as in life. Nothing depends on the present
//! or the machine: the same seed gives the same numbers.

mod report;
mod saved;

use std::collections::BTreeMap;
use std::sync::Arc;

use clinical::alert::Severity;
use clinical::plan::Plan as CarePlan;
use clinical::{Kind, Span, Timestamp, programmes, rules};

use crate::chance::{Chance, Purpose};
use crate::civil::Day;
use crate::population::{Patient, Profile};
use crate::scenario::{self, ExpectedAlert, Scenario};
use crate::transmission::{Pace, Plan as Transmission, Reception, TransmissionArgs};
use crate::watch::{Course, Courses, Event, watch};

pub use report::{Spread, in_document};
pub use saved::Saved;

/// The first day: Monday, 2026-01-05. Of a fixed year, so that the numbers are the same tomorrow.
const FIRST_DAY: Day = Day(20_458);

/// The most pages of 100 stable patients a day. Ours.
pub const MOST_URGENT: f64 = 0.3;
/// The most reviews of 100 stable patients a day. Ours.
pub const MOST_REVIEWS: f64 = 3.0;

/// What is run.
#[derive(Debug, Clone, clap::Args)]
pub struct BurdenArgs {
    /// The seed: the same seed gives the same numbers
    #[arg(long, default_value_t = 20_260_401)]
    pub seed: u64,
    /// Virtual patients
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    pub patients: u32,
    /// Days; scenarios need 40
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(i64).range(40..=3650))]
    pub days: i64,
    /// A scenario happens to every so many-th patient
    #[arg(long, value_name = "PATIENTS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..))]
    pub planted_every: u32,
}

/// What comes later than this pages nobody, as docs/clinical-rules.md says of each rule that can page.
const LATE: Span = Span::from_hours(6);

/// Alerts of some patients, each once, as the most urgent that it was; one that was raised again is
/// there again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// How many patients.
    pub patients: u64,
    /// For how many days.
    pub days: i64,
    /// Technical ones, reviews and urgent ones of each rule.
    pub by_rule: BTreeMap<&'static str, [u64; 3]>,
    /// How often each rule paged: an urgent alert does when it is raised, and again in each new crisis.
    pub pages: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// How many of a severity 100 patients have a day.
    pub fn per_100_a_day(&self, severity: Severity) -> f64 {
        self.rate(self.by_rule.values().map(|counts| counts[place(severity)]).sum())
    }

    /// How often 100 patients page a day.
    pub fn pages_per_100_a_day(&self) -> f64 {
        self.rate(self.pages.values().sum())
    }

    fn rate(&self, count: u64) -> f64 {
        let patient_days = self.patients as f64 * self.days as f64;
        if patient_days == 0.0 { 0.0 } else { count as f64 * 100.0 / patient_days }
    }

    fn note(&mut self, courses: &Courses) {
        self.patients += 1;
        for course in courses.all() {
            let rule = course.rule.as_str();
            self.by_rule.entry(rule).or_default()[place(course.highest)] += 1;
            *self.pages.entry(rule).or_default() += course.pages;
        }
    }

    fn add(&mut self, other: &Self) {
        self.patients += other.patients;
        for (rule, counts) in &other.by_rule {
            let of_rule = self.by_rule.entry(*rule).or_default();
            of_rule.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        for (rule, pages) in &other.pages {
            *self.pages.entry(*rule).or_default() += pages;
        }
    }
}

const fn place(severity: Severity) -> usize {
    match severity {
        Severity::Technical => 0,
        Severity::Review => 1,
        Severity::Urgent => 2,
    }
}

/// What became of a planted scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct PlantedEvent {
    /// Which scenario.
    pub scenario: &'static str,
    /// To which patient, by number in the population.
    pub patient: u32,
    /// The alerts in which it ends that were not raised while it lasted.
    pub missed: Vec<ExpectedAlert>,
    /// Those that were raised and never as urgent, though no reading of theirs came late.
    pub less_urgent: Vec<ExpectedAlert>,
    /// Those that were raised and never as urgent, and of whose readings some came late.
    pub late: Vec<ExpectedAlert>,
}

impl PlantedEvent {
    /// Whether every alert was raised, as urgent as the scenario lists or of readings that came late.
    pub fn is_flagged(&self) -> bool {
        self.missed.is_empty() && self.less_urgent.is_empty()
    }
}

/// What a run found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Burden {
    /// The seed of the population.
    pub seed: u64,
    /// Patients to whom nothing was planted.
    pub stable: Tally,
    /// Patients in a scenario.
    pub planted: Tally,
    /// What became of each scenario, by patient.
    pub events: Vec<PlantedEvent>,
    /// Of all patients, by rule, what became of values beyond its limits.
    pub saved: BTreeMap<&'static str, Saved>,
}

/// Runs the rules over a population, on as many threads as there are cores.
///
/// # Panics
/// When a rule does.
pub fn run(args: &BurdenArgs) -> Burden {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u32;
    let parts: Vec<Burden> = std::thread::scope(|scope| {
        let spawned: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || part(args, thread, threads))).collect();
        let joined = spawned.into_iter().map(|one| one.join());
        joined.map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut burden = Burden { seed: args.seed, ..Burden::default() };
    (burden.stable.days, burden.planted.days) = (args.days, args.days);
    for part in parts {
        burden.stable.add(&part.stable);
        burden.planted.add(&part.planted);
        burden.events.extend(part.events);
        for (rule, saved) in part.saved {
            burden.saved.entry(rule).or_default().add(&saved);
        }
    }
    burden.events.sort_by_key(|event| event.patient);
    burden
}

/// Every so many-th patient.
fn part(args: &BurdenArgs, first: u32, every: u32) -> Burden {
    let mut burden = Burden::default();
    for index in (first..args.patients).step_by(every as usize) {
        match planted(args, index) {
            Some((scenario, start)) => {
                let patient = Patient::in_scenario(args.seed, index, 1, &scenario, start);
                let plan = scenario.care_plan(FIRST_DAY);
                let (courses, late) = burden.follow(args, &patient, &plan);
                burden.planted.note(&courses);
                burden.events.push(event(&scenario, &patient, &courses, &late));
            }
            None => {
                let patient = Patient::of(args.seed, index, 1);
                let (courses, _) = burden.follow(args, &patient, &plan_of(patient.profile));
                burden.stable.note(&courses);
            }
        }
    }
    burden
}

impl Burden {
    fn follow(&mut self, args: &BurdenArgs, patient: &Patient, plan: &CarePlan) -> (Courses, Late) {
        let transmission = Transmission {
            shares: TransmissionArgs::as_in_life(),
            pace: Pace::Days,
            reception: Reception::WhenDue,
            kafka_share: 0.5,
        };
        let (mut courses, mut late) = (Courses::default(), Late::new());
        let mut values = saved::Values::of(plan);
        let until = Day(FIRST_DAY.0 + args.days);
        watch(patient, plan, &transmission, (FIRST_DAY, until), |event| match event {
            Event::Reading { reading, received, open } => {
                if received - reading.observation_time > LATE {
                    late.push((reading.kind, reading.observation_time));
                }
                values.note_reading(reading, open);
            }
            Event::Alert(alert) => {
                courses.note(alert);
                values.note_alert(alert);
            }
        });
        for (rule, saved) in values.end() {
            self.saved.entry(rule).or_default().add(&saved);
        }
        (courses, late)
    }

    /// Why the burden is not one that a clinic can bear, or what was not flagged; nothing where all is
    /// as it should be.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let (pages, reviews) =
            (self.stable.pages_per_100_a_day(), self.stable.per_100_a_day(Severity::Review));
        for (what, found, most) in
            [("pages", pages, MOST_URGENT), ("reviews", reviews, MOST_REVIEWS)]
        {
            if found > most {
                faults.push(format!(
                    "{found:.2} {what} of 100 stable patients a day: at most {most} are bearable"
                ));
            }
        }
        for PlantedEvent { scenario, patient, missed, less_urgent, .. } in &self.events {
            for alert in missed {
                faults.push(format!(
                    "patient {patient}, {scenario}: no alert of {} was raised",
                    alert.rule
                ));
            }
            for alert in less_urgent {
                faults.push(format!(
                    "patient {patient}, {scenario}: the alert of {} was never {}",
                    alert.rule, alert.urgency
                ));
            }
        }
        faults
    }
}

/// Which scenario happens to a patient, and from which day on.
fn planted(args: &BurdenArgs, index: u32) -> Option<(Arc<Scenario>, Day)> {
    if index % args.planted_every != args.planted_every - 1 {
        return None;
    }
    let all = scenario::all();
    let scenario = &all[(index / args.planted_every) as usize % all.len()];
    let mut chance = Chance::of(args.seed, index.into(), Purpose::Planted as u64, i64::MIN);
    let start = FIRST_DAY.0 + chance.whole(0, (args.days - scenario.days).max(0));
    Some((Arc::clone(scenario), Day(start)))
}

/// Readings that came late: of which kind, and when they were observed.
type Late = Vec<(Kind, Timestamp)>;

fn event(
    scenario: &Scenario,
    patient: &Patient,
    courses: &Courses,
    late: &[(Kind, Timestamp)],
) -> PlantedEvent {
    let lasts = patient.planted.as_ref().map(|planted| (planted.start, planted.end()));
    let is_meanwhile = |course: &&Course| {
        lasts.is_some_and(|(start, end)| (start..=end).contains(&course.raised_at))
    };
    let meanwhile: Vec<&Course> = courses.all().iter().filter(is_meanwhile).collect();
    let mut event = PlantedEvent {
        scenario: scenario.name,
        patient: patient.index,
        missed: Vec::new(),
        less_urgent: Vec::new(),
        late: Vec::new(),
    };
    for alert in &scenario.alerts {
        let of_rule: Vec<&Course> =
            meanwhile.iter().filter(|course| course.rule == alert.rule).copied().collect();
        let place = match of_rule.iter().map(|course| course.highest).max() {
            None => &mut event.missed,
            Some(highest) if highest >= alert.urgency => continue,
            Some(_) if of_rule.iter().any(|course| has_late(course, late)) => &mut event.late,
            Some(_) => &mut event.less_urgent,
        };
        place.push(alert.clone());
    }
    event
}

/// Whether a reading of a kind that an alert's rule looks at came late, of the time that the alert is of.
fn has_late(course: &Course, late: &[(Kind, Timestamp)]) -> bool {
    let (first, newest) = course.observed;
    let rule = rules::all().iter().find(|rule| rule.name() == course.rule.as_str());
    let kinds = rule.map_or(&[][..], |rule| rule.kinds());
    late.iter().any(|(kind, observed)| kinds.contains(kind) && (first..=newest).contains(observed))
}

/// The care plan that a patient of a profile has: of a programme where there is one, and with the
/// readings expected that the patient was asked for.
fn plan_of(profile: Profile) -> CarePlan {
    let programme = match profile {
        Profile::HeartFailure => programmes::find("heart_failure"),
        Profile::Elderly => programmes::find("frail_elderly"),
        _ => None,
    };
    let expects: &[Kind] = match profile {
        Profile::HeartFailure => &[Kind::BloodPressure, Kind::WeighingScale],
        Profile::DiabetesSensor | Profile::DiabetesFingerStick => {
            &[Kind::BloodPressure, Kind::BloodGlucose]
        }
        _ => &[Kind::BloodPressure],
    };
    scenario::care_plan(programme, expects, FIRST_DAY)
}

#[cfg(test)]
mod tests {
    use clinical::alert::Alert;

    use super::*;

    #[test]
    fn the_first_day_is_a_monday() {
        assert_eq!(FIRST_DAY.start().to_string(), "2026-01-04T15:00:00Z");
    }

    #[test]
    fn too_many_alerts_and_a_missed_event_are_faults() {
        let mut burden = Burden::default();
        (burden.stable.patients, burden.stable.days) = (100, 10);
        burden.stable.by_rule.insert("a", [500, 30, 3]);
        assert_eq!(burden.stable.per_100_a_day(Severity::Review), 3.0);
        assert!(burden.faults().is_empty());
        burden.stable.by_rule.insert("b", [0, 1, 1]);
        burden.stable.pages.insert("b", 4);
        burden.events.push(PlantedEvent {
            scenario: "a fall",
            patient: 7,
            missed: scenario::all()[0].alerts[..1].to_vec(),
            less_urgent: Vec::new(),
            late: scenario::all()[0].alerts[..1].to_vec(),
        });
        let faults = burden.faults();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[2].starts_with("patient 7, a fall: no alert of "), "{faults:?}");
    }

    #[test]
    fn four_pages_of_one_alert_are_four_pages_to_a_clinic() {
        let mut burden = Burden::default();
        (burden.stable.patients, burden.stable.days) = (100, 10);
        burden.stable.by_rule.insert("a", [0, 0, 1]);
        burden.stable.pages.insert("a", 3);
        assert!(burden.faults().is_empty());
        burden.stable.pages.insert("a", 4);
        assert_eq!(
            burden.faults(),
            ["0.40 pages of 100 stable patients a day: at most 0.3 are bearable"]
        );
    }

    /// The crisis of the scenario as a review only; of a kind a reading of when it began came late.
    fn crisis_without_a_page(late: Option<Kind>) -> PlantedEvent {
        let all = scenario::all();
        let crisis = all.iter().find(|one| one.name == "hypertensive-crisis").unwrap();
        let patient = Patient::in_scenario(1, 0, 1, crisis, FIRST_DAY);
        let mut courses = Courses::default();
        let transmission = Transmission {
            shares: TransmissionArgs::none(),
            pace: Pace::Days,
            reception: Reception::WhenDue,
            kafka_share: 0.5,
        };
        let days = (FIRST_DAY, Day(FIRST_DAY.0 + crisis.days));
        watch(&patient, &crisis.care_plan(FIRST_DAY), &transmission, days, |event| {
            if let Event::Alert(alert) = event {
                let severity = alert.severity.min(Severity::Review);
                courses.note(&Alert { severity, ..alert.clone() });
            }
        });
        let is_crisis = |course: &&Course| course.rule.as_str() == "bp.severe_high";
        let (began, _) = courses.all().iter().find(is_crisis).unwrap().observed;
        let late: Late = late.into_iter().map(|kind| (kind, began)).collect();
        event(crisis, &patient, &courses, &late)
    }

    #[test]
    fn a_planted_crisis_that_never_pages_is_a_fault_unless_its_readings_came_late() {
        let rules =
            |of: &[ExpectedAlert]| of.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>();
        let found = crisis_without_a_page(None);
        assert_eq!((rules(&found.less_urgent), found.late.len()), (vec!["bp.severe_high"], 0));
        let burden = Burden { events: vec![found], ..Burden::default() };
        assert_eq!(
            burden.faults(),
            ["patient 0, hypertensive-crisis: the alert of bp.severe_high was never urgent"]
        );
        let found = crisis_without_a_page(Some(Kind::BloodPressure));
        assert_eq!((rules(&found.late), found.less_urgent.len()), (vec!["bp.severe_high"], 0));
        let found = crisis_without_a_page(Some(Kind::WeighingScale));
        assert_eq!(rules(&found.less_urgent), ["bp.severe_high"], "another kind's reading");
    }
}
