//! What was sent in the field, sent again: every case of `tests/field/cases/` over one platform.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::thread::scope;
use std::time::{Duration, Instant};

use field_cases::case::{Answer, Case, Http, Step};
use field_cases::judge;
use field_cases::seen::{Counting, Metric, Seen, SeenAlert};
use field_cases::sent::{Sent, rendered};
use field_cases::time::present;
use jiff::Timestamp;
use schemas::topics::Topic;
use schemas::{AcceptedReading, AlertEvent, Reading, RejectedReading};
use serde_json::Value;

use tests::http::{Answer as HttpAnswer, SignedIn};
use tests::readings::{blood_pressure, document, now, seconds_ago};
use tests::registered::{Followed, ITO, OPERATOR, SATO, TOKEN};
use tests::run::run;
use tests::service::Service;
use tests::stack::{PARTITIONS, Plan, Stack, patient_on};
use tests::topics::Tail;
use tests::wait::{eventually, try_within};

/// From the last record to everything seen, on a machine that is busy with other tests: what came late is
/// judged after a minute of receipts.
const SEEN_WITHIN: Duration = Duration::from_secs(105);
/// From the last record until no rule waits any more.
const JUDGED_WITHIN: Duration = Duration::from_secs(90);

pub fn every_case_from_the_field_is_seen_where_it_must_be_and_after_a_restart_too() {
    let cases = field_cases::all().unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::named("field").registered(|people| register(&cases, people));
    let stack = plan.start(&Service::ALL);
    wait_until_lists_are_read(&stack);
    let counters = Counters::read(&stack, &cases);
    let present = present(Timestamp::from_millisecond(now().millis()).unwrap());
    // All at once, each case in its order.
    let sent: Vec<SentCase<'_>> = scope(|scope| {
        let stack = &stack;
        let send = |case| scope.spawn(move || SentCase::send(stack, case, present));
        let threads: Vec<_> = cases.iter().map(send).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let all_sent = Instant::now();
    stack.assert_balanced();
    let looks = Looks::new(&stack);
    looks.at_all(&sent, "sent");
    counters.look(&stack, &cases);

    // A state that is rebuilt says the same, and reports nothing again.
    let reported = looks.alerts.records().len();
    stack.kill(Service::Processor);
    stack.start(&[Service::Processor]);
    for partition in 0..PARTITIONS {
        stack.produce(&blood_pressure(&patient_on(partition), seconds_ago(60), 121, 77));
    }
    stack.assert_balanced();
    looks.at_all(&sent, "seen after a restart of the processor");
    assert_eq!(looks.alerts.records().len(), reported, "a restart reports nothing again");

    // An alert that must not come may only come now.
    std::thread::sleep(JUDGED_WITHIN.saturating_sub(all_sent.elapsed()));
    looks.at_all(&sent, "when no rule waits any more");
    assert_eq!(looks.alerts.records().len(), reported, "nothing is reported any more");
}

/// Registers the patients of all cases as these say.
fn register(cases: &[Case], people: &mut Followed) {
    for (case, name) in cases.iter().flat_map(|case| case.patients.keys().map(move |it| (case, it)))
    {
        let (_, patient) = case.patient(Some(name)).unwrap();
        let address = case.address(Some(name)).unwrap();
        if !patient.consortium_is_registered {
            continue;
        }
        people.add_consortium(&address.consortium, &patient.time_zone);
        if !patient.fallback.is_empty() {
            people.add(&patient.fallback, &[&format!("{}/*", address.consortium)]);
        }
        if patient.is_registered {
            people.add(&patient.followed_by, &[&address.patient()]);
        }
    }
}

/// The gateway takes readings before it has read who is registered, and warns of nobody until then.
fn wait_until_lists_are_read(stack: &Stack) {
    let stray = document(&[blood_pressure("FLD000/STRAY", seconds_ago(60), 121, 77)]);
    eventually("the gateway has read who is registered", || {
        let answer = stack.post(Some(TOKEN), stray.as_str()).expect(202);
        let warnings = answer["warnings"].as_array().unwrap();
        let is_it = |warning: &Value| warning["rule"] == "unregistered_patient";
        if warnings.iter().any(is_it) { Ok(()) } else { Err(answer.to_string()) }
    });
}

/// A case that was sent.
struct SentCase<'c> {
    case: &'c Case,
    /// What the gateway's answers say that they must not.
    failures: Vec<String>,
    /// Readings that were accepted, by the step that sent them.
    accepted: BTreeMap<usize, Vec<String>>,
}

impl<'c> SentCase<'c> {
    fn send(stack: &Stack, case: &'c Case, present: Timestamp) -> Self {
        let mut sent = Self { case, failures: Vec::new(), accepted: BTreeMap::new() };
        for (place, step) in case.send.iter().enumerate() {
            match (step, rendered(case, step, present).unwrap()) {
                (Step::Http(http), Sent::Http(body)) => match post(stack, http, &body) {
                    Ok(answer) => {
                        sent.take_answer(place, &http.answer, answer.status, &answer.body)
                    }
                    Err(error) => sent.failures.push(format!("send {place}: no answer: {error}")),
                },
                (step, Sent::Kafka(readings)) => {
                    if matches!(step, Step::Kafka(kafka) if kafka.warnings.is_some()) {
                        let received = clinical::Timestamp::from_millis(present.as_millisecond());
                        let valid = readings.iter().map(|it| it.validate(received).unwrap());
                        let ids = valid.map(|valid| valid.id().to_string()).collect();
                        sent.accepted.insert(place, ids);
                    }
                    let queue = |reading: &Reading| {
                        let (key, payload) = (reading.key(), stack.encoded(reading));
                        stack.enqueue(key.as_bytes(), &payload).unwrap()
                    };
                    let on_their_way: Vec<_> = readings.iter().map(queue).collect();
                    for delivery in on_their_way {
                        run().wait_for(delivery).unwrap();
                    }
                }
                (Step::Kafka(_), Sent::Http(_)) => unreachable!("a step is sent as it says"),
            }
        }
        sent
    }

    fn take_answer(&mut self, place: usize, expected: &Answer, status: u16, body: &Value) {
        let failures = judge::answer(expected, status, body);
        self.failures
            .extend(failures.iter().map(|failure| format!("send {place}: answer: {failure}")));
        self.accepted.insert(place, judge::accepted_ids(body));
    }
}

/// Sends a body as vendors are asked to: what a busy gateway has not taken is sent again. The cases
/// are more than the requests of one vendor that it has in work at a time.
fn post(stack: &Stack, http: &Http, body: &[u8]) -> Result<HttpAnswer, reqwest::Error> {
    const BUSY_FOR: Duration = Duration::from_secs(60);
    let until = Instant::now() + BUSY_FOR;
    loop {
        let answer = stack.post_bytes(TOKEN, http.encoding.as_deref(), body.to_vec())?;
        let is_expected = http.answer.problem.as_deref().is_some_and(|problem| {
            answer.body["type"].as_str().is_some_and(|said| said.ends_with(problem))
        });
        if answer.status != 503 || is_expected || Instant::now() > until {
            return Ok(answer);
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Where cases are looked for.
struct Looks<'s> {
    stack: &'s Stack,
    alerts: Tail,
    accepted: Tail,
    rejected: Tail,
    people: BTreeMap<&'static str, SignedIn>,
}

/// A list of the API, or what was answered in its place.
type Listed = Result<Vec<Value>, String>;

/// What people see of all their patients at a moment.
struct Lists {
    /// Members of `patients` of the list of patients.
    patients: BTreeMap<String, Listed>,
    /// Open alerts.
    alerts: BTreeMap<String, Listed>,
}

/// The list of this name on a page.
fn listed(person: &SignedIn, page: &str, name: &str) -> Listed {
    let answer = person.get(page);
    match answer.body[name].as_array() {
        Some(list) if answer.status == 200 => Ok(list.clone()),
        _ => Err(format!("{page}: {}: {}", answer.status, answer.body)),
    }
}

impl<'s> Looks<'s> {
    fn new(stack: &'s Stack) -> Self {
        Self {
            stack,
            alerts: stack.tail(Topic::Alerts),
            accepted: stack.tail(Topic::ReadingsAccepted),
            rejected: stack.tail(Topic::ReadingsRejected),
            people: [SATO, ITO, OPERATOR].map(|user| (user, stack.sign_in(user))).into(),
        }
    }

    /// Looks until everything is as all cases expect, at the end once more at all of them.
    ///
    /// # Panics
    /// With every expectation that does not hold in time, by file, and what was seen instead.
    fn at_all(&self, sent: &[SentCase<'_>], when: &str) {
        let mut left: Vec<&SentCase<'_>> = sent.iter().collect();
        let unseen = try_within(SEEN_WITHIN, || {
            let lists = self.lists();
            let mut unseen = self.failing(left.iter().copied(), &lists);
            if unseen.is_empty() {
                // What was seen of one may have gone while others were waited for.
                unseen = self.failing(sent.iter(), &lists);
            }
            left = unseen.iter().map(|(sent, _)| *sent).collect();
            if unseen.is_empty() { Ok(()) } else { Err(unseen) }
        });
        let unseen = unseen.err().unwrap_or_default();
        let unseen = unseen.into_iter().flat_map(|(sent, failures)| named(sent.case, failures));
        let answers = sent.iter().flat_map(|sent| named(sent.case, sent.failures.clone()));
        let failures: Vec<String> = answers.chain(unseen).collect();
        assert!(
            failures.is_empty(),
            "{} expectations of cases from the field do not hold, {when}:\n{}",
            failures.len(),
            failures.join("\n")
        );
    }

    /// Those of the cases that expect what is not there.
    fn failing<'a, 'c: 'a>(
        &self,
        cases: impl Iterator<Item = &'a SentCase<'c>>,
        lists: &Lists,
    ) -> Vec<(&'a SentCase<'c>, Vec<String>)> {
        let looked_at = cases.map(|sent| (sent, self.failures(sent, lists)));
        looked_at.filter(|(_, failures)| !failures.is_empty()).collect()
    }

    fn lists(&self) -> Lists {
        let of = |path: &str| {
            let of_people = self.people.iter();
            of_people
                .map(|(user, person)| ((*user).to_owned(), listed(person, path, path)))
                .collect()
        };
        Lists { patients: of("patients"), alerts: of("alerts") }
    }

    /// What a case expects and is not there.
    fn failures(&self, sent: &SentCase<'_>, lists: &Lists) -> Vec<String> {
        let mut failures = Vec::new();
        for (place, seen) in sent.case.seen.iter().enumerate() {
            let of_patient = self.of_patient(sent.case, seen, lists);
            failures
                .extend(of_patient.into_iter().map(|failure| format!("seen {place}: {failure}")));
        }
        for (place, ids) in &sent.accepted {
            let (receipts, warnings) = match &sent.case.send[*place] {
                Step::Http(http) => {
                    (http.answer.receipts.clone(), http.answer.receipt_warnings.clone())
                }
                Step::Kafka(kafka) => {
                    (None, kafka.warnings.clone().map(|all| vec![all; ids.len()]))
                }
            };
            let mut look = |name: &str,
                            expected: Vec<Vec<String>>,
                            seen: fn(&Self, &str) -> Vec<String>| {
                if ids.len() != expected.len() {
                    let (accepted, expected) = (ids.len(), expected.len());
                    failures
                        .push(format!("send {place}: {accepted} accepted, {expected} receipts"));
                }
                for (id, expected) in ids.iter().zip(&expected) {
                    let what = format!("send {place}: {name} of {id}");
                    failures.extend(unequal(&what, expected, &seen(self, id)));
                }
            };
            if let Some(expected) = receipts {
                look("receipt", expected, Self::receipt);
            }
            if let Some(expected) = warnings {
                look("warnings", expected, Self::warnings);
            }
        }
        failures
    }

    fn of_patient(&self, case: &Case, seen: &Seen, lists: &Lists) -> Vec<String> {
        let patient = case.address(seen.patient.as_deref()).unwrap().patient();
        let Some(person) = self.people.get(&*seen.by) else {
            return vec![format!("nobody is {}", seen.by)];
        };
        let mut failures = Vec::new();
        if let Some(expected) = &seen.readings {
            match person.readings(&patient) {
                Ok(readings) => failures.extend(judge::readings("readings", expected, &readings)),
                Err(answer) => failures.push(format!("readings: {answer}")),
            }
        }
        if let Some(expected) = &seen.backdated {
            let page = format!("patients/{patient}/readings/backdated");
            match listed(person, &page, "readings") {
                Ok(seen) => {
                    failures.extend(judge::readings_in_any_order("backdated", expected, &seen));
                }
                Err(answer) => failures.push(answer),
            }
        }
        let mut of_patient = |list: &BTreeMap<String, Listed>| -> Vec<Value> {
            match list.get(&seen.by) {
                Some(Ok(list)) => {
                    list.iter().filter(|item| item["patient"] == *patient).cloned().collect()
                }
                Some(Err(answer)) => {
                    failures.push(answer.clone());
                    Vec::new()
                }
                None => Vec::new(),
            }
        };
        // No case expects that a page is refused: where it is, what is not listed says nothing.
        let (summary, open_alerts) = (of_patient(&lists.patients), of_patient(&lists.alerts));
        let member = |name: &str| {
            let members = summary.first().and_then(|summary| summary[name].as_array());
            members.cloned().unwrap_or_default()
        };
        if let Some(expected) = &seen.latest {
            failures.extend(judge::readings_in_any_order("latest", expected, &member("latest")));
        }
        if let Some(expected) = &seen.time_zone {
            let shown = summary.first().map(|summary| &summary["time_zone"]);
            if shown.is_none_or(|shown| shown != &**expected) {
                failures.push(format!("time_zone: expected {expected}, seen {shown:?}"));
            }
        }
        if let Some(expected) = &seen.alerts {
            let alerts = listed(person, &format!("patients/{patient}/alerts"), "alerts");
            let alerts = alerts.unwrap_or_else(|answer| {
                failures.push(answer);
                Vec::new()
            });
            let all: Vec<&SeenAlert> = expected.iter().collect();
            failures.extend(judge::alerts("alerts of the patient", &all, &alerts));
            let open: Vec<&SeenAlert> =
                expected.iter().filter(|alert| alert.status == "open").collect();
            for (what, listed) in [
                ("open alerts in the list of patients", member("open_alerts")),
                ("open alerts in the list of alerts", open_alerts),
            ] {
                failures.extend(judge::alerts(what, &open, &listed));
            }
            failures.extend(self.transitions(&patient, expected, &alerts));
        }
        if let Some(expected) = &seen.outcomes {
            let beginning = format!("{patient}/").into_bytes();
            let outcomes =
                self.keyed::<AcceptedReading>(&self.accepted, |key| key.starts_with(&beginning));
            let outcomes: Vec<_> = outcomes.iter().map(|it| it.outcome.as_str()).collect();
            failures.extend(unequal("outcomes", expected, &outcomes));
        }
        if let Some(expected) = &seen.rejected {
            let rejected =
                self.keyed::<RejectedReading>(&self.rejected, |key| is_key_of(key, &patient));
            let reasons: Vec<_> = rejected.into_iter().map(|rejected| rejected.reason).collect();
            failures.extend(unequal("rejected", expected, &reasons));
        }
        failures
    }

    /// Of alerts whose every transition is expected, those that were reported.
    fn transitions(&self, patient: &str, expected: &[SeenAlert], alerts: &[Value]) -> Vec<String> {
        let with_transitions =
            expected.iter().filter_map(|alert| Some((alert, alert.transitions.as_ref()?)));
        let mut failures = Vec::new();
        for (alert, transitions) in with_transitions {
            let shown = alerts.iter().find(|shown| judge::is_alert(alert, shown));
            let Some(id) = shown.and_then(|shown| shown["id"].as_str()) else { continue };
            let events = self.keyed::<AlertEvent>(&self.alerts, |key| key == id.as_bytes());
            let own = events.into_iter().filter(|event| event.patient == patient);
            let reported: Vec<String> = own.map(|event| event.transition).collect();
            failures.extend(unequal(
                &format!("transitions of {}", alert.rule),
                transitions,
                &reported,
            ));
        }
        failures
    }

    fn keyed<T: schemas::codec::Record>(
        &self,
        tail: &Tail,
        is_it: impl Fn(&[u8]) -> bool,
    ) -> Vec<T> {
        let mut records = tail.records();
        records.retain(|record| record.key.as_deref().is_some_and(&is_it));
        self.stack.decoded(&records)
    }

    /// What its versions became, as the sender of a reading sees it, the greatest first.
    fn receipt(&self, id: &str) -> Vec<String> {
        let answer = self.stack.ask_gateway(Some(TOKEN), &format!("/v1/readings/{id}"));
        match answer.body["versions"].as_array() {
            Some(versions) if answer.status == 200 => versions
                .iter()
                .map(|version| version["outcome"].as_str().unwrap_or("none").to_owned())
                .collect(),
            _ => vec![format!("{}: {}", answer.status, answer.body)],
        }
    }

    /// What of the newest version of a reading was not taken as it was sent, as its sender sees it.
    fn warnings(&self, id: &str) -> Vec<String> {
        let answer = self.stack.ask_gateway(Some(TOKEN), &format!("/v1/readings/{id}"));
        let Some(version) = answer.body["versions"].get(0) else {
            return vec![format!("{}: {}", answer.status, answer.body)];
        };
        let warnings = version["warnings"].as_array().map_or(&[][..], Vec::as_slice);
        let text = |warning: &Value, name: &str| warning[name].as_str().unwrap_or("").to_owned();
        warnings.iter().map(|it| format!("{}:{}", text(it, "field"), text(it, "rule"))).collect()
    }
}

/// What services have counted before the cases are sent, of the series that these name.
struct Counters<'c> {
    before: BTreeMap<(Counting, &'c str), f64>,
}

impl<'c> Counters<'c> {
    fn read(stack: &Stack, cases: &'c [Case]) -> Self {
        let of = |metric: &'c Metric| (metric.service, metric.series.as_str());
        let series = cases.iter().flat_map(|case| &case.metrics).map(of);
        // A series that nothing has counted yet may not be there.
        let counted = |(service, name)| counted(stack, service, name).unwrap_or(0.0);
        Self { before: series.map(|series| (series, counted(series))).collect() }
    }

    /// Looks until services have counted what all cases together add. A service that was restarted
    /// counts anew.
    fn look(&self, stack: &Stack, cases: &[Case]) {
        eventually("services have counted what cases from the field add", || {
            let uncounted = |((service, series), before): (&(Counting, &str), &f64)| {
                let of = |metric: &&Metric| {
                    (metric.service, metric.series.as_str()) == (*service, *series)
                };
                let adding = cases.iter().filter(|case| case.metrics.iter().any(|one| of(&one)));
                let files: Vec<&str> = adding.map(|case| case.file.as_str()).collect();
                let metrics = cases.iter().flat_map(|case| &case.metrics);
                let expected = before + metrics.filter(of).map(|metric| metric.adds).sum::<f64>();
                let failure = match counted(stack, *service, series) {
                    Ok(counted) if counted >= expected => return None,
                    Ok(counted) => format!("expected {expected} at least, seen {counted}"),
                    Err(error) => error,
                };
                Some(format!("{}: metrics: {series}: {failure}", files.join(", ")))
            };
            let failures: Vec<String> = self.before.iter().filter_map(uncounted).collect();
            if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
        });
    }
}

fn counted(stack: &Stack, service: Counting, series: &str) -> Result<f64, String> {
    let service = match service {
        Counting::Gateway => Service::Gateway,
        Counting::Processor => Service::Processor,
        Counting::Writer => Service::Writer,
        Counting::Dashboard => Service::Dashboard,
    };
    stack.metric(service, series)
}

fn unequal(what: &str, expected: &[String], seen: &[impl AsRef<str>]) -> Option<String> {
    let seen: Vec<&str> = seen.iter().map(AsRef::as_ref).collect();
    let is_equal = *expected == seen[..];
    (!is_equal).then(|| format!("{what}: expected {expected:?}, seen {seen:?}"))
}

/// Failures with the file of the case.
fn named<F: Display>(case: &Case, failures: Vec<F>) -> impl Iterator<Item = String> {
    let (file, title) = (case.file.clone(), case.title.clone());
    failures
        .into_iter()
        .map(move |failure| format!("tests/field/cases/{file}: {failure} ({title})"))
}

/// Whether a key is a patient's, with blanks around the ids too.
fn is_key_of(key: &[u8], patient: &str) -> bool {
    let is_blank = |character: char| character.is_whitespace() || character == '\0';
    String::from_utf8_lossy(key).replace(is_blank, "") == patient
}
