//! Who is notified of urgent alerts that nobody sees to.

use std::collections::BTreeSet;

use mimamori_dev::mail_catcher::MailCatcher;
use schemas::NotificationEvent;
use schemas::registry::OnCallEntry;
use schemas::topics::Topic;
use serde_json::json;
use tests::pager::{Answers, Called, Pager};
use tests::readings::{blood_pressure, seconds_ago};
use tests::registered::{ITO, SATO};
use tests::service::Service;
use tests::stack::{Plan, Stack};
use tests::wait::{equal, eventually};

const PATIENT: &str = "TST001/P1";

fn entry(practitioner: &str, address: String, after_seconds: i32) -> OnCallEntry {
    let channel = if address.starts_with("http") { "webhook" } else { "email" };
    OnCallEntry {
        practitioner: practitioner.to_owned(),
        channel: channel.to_owned(),
        address,
        after_seconds,
        hours: Vec::new(),
        reviews: false,
    }
}

/// A processor, and whom it needs to see an alert acknowledged.
const BEFORE: [Service; 2] = [Service::Processor, Service::Dashboard];

fn stack(name: &str, teams: &[(&str, Vec<OnCallEntry>)], arguments: &[&str]) -> Stack {
    let patients: Vec<_> = teams.iter().map(|(patient, _)| *patient).collect();
    let on_call = |followed: &mut tests::registered::Followed| {
        teams.iter().for_each(|(patient, list)| followed.on_call(patient, list.clone()));
    };
    Plan::named(name)
        .patients(&patients)
        .registered(on_call)
        .argument(Service::Notifier, arguments)
        .argument(Service::SecondNotifier, arguments)
        .start(&BEFORE)
}

/// An urgent alert of a patient.
fn alert(stack: &Stack, patient: &str) {
    stack.produce(&blood_pressure(patient, seconds_ago(180), 192, 114));
    stack.produce(&blood_pressure(patient, seconds_ago(60), 188, 111));
}

fn catcher() -> (MailCatcher, String) {
    let catcher = MailCatcher::start("127.0.0.1:0".parse().unwrap(), |_| Ok(())).unwrap();
    let port = catcher.port().to_string();
    (catcher, port)
}

/// What the topic says: what happened to whom, and why.
fn events(stack: &Stack) -> Vec<NotificationEvent> {
    let mut events: Vec<NotificationEvent> = stack.read(Topic::Notifications);
    events.sort_by_key(|event| event.at);
    events
}

fn happened(stack: &Stack, what: &str) -> Vec<(String, String)> {
    let of = events(stack).into_iter().filter(|event| event.what == what);
    of.map(|event| (event.practitioner, event.reason)).collect()
}

fn keys(calls: &[Called]) -> BTreeSet<String> {
    calls.iter().map(|call| call.key.clone()).collect()
}

fn metric(stack: &Stack, service: Service, name: &str) -> Option<f64> {
    let url = format!("http://127.0.0.1:{}/metrics", stack.ports(service).operations);
    let text = stack.http.get(url).send().unwrap().text().unwrap();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map(|value| value.parse().unwrap())
}

pub fn an_urgent_alert_goes_along_the_list_until_it_is_acknowledged() {
    let (pager, (mails, port)) = (Pager::start(Answers::Takes), catcher());
    let list = || {
        vec![entry(ITO, pager.address("/first"), 0), entry(SATO, "sato@clinic.test".to_owned(), 3)]
    };
    let (seen, unseen) = (PATIENT, "TST001/P2");
    let mail = ["--smtp-host", "127.0.0.1", "--smtp-tls", "none", "--smtp-port", &port];
    let from = ["--mail-from", "mimamori@clinic.test"];
    let arguments = [&mail[..], &from].concat();
    let stack = stack("notifier", &[(seen, list()), (unseen, list())], &arguments);
    stack.start(&[Service::Notifier]);
    let sato = stack.sign_in(SATO);
    alert(&stack, seen);
    let call = eventually("the first one is called", || {
        pager.calls().first().cloned().ok_or_else(|| "nobody".to_owned())
    });
    let sent = &call.body["alerts"][0];
    assert_eq!(sent["patient"], seen);
    assert_eq!(sent["severity"], "urgent");
    assert_eq!(sent["link"], format!("https://mimamori.test/patients/{seen}"));
    assert!(!call.body.to_string().contains("192"), "no value is sent: {}", call.body);
    let alerts = sato.get("alerts").expect(200);
    let shown = &alerts["alerts"][0];
    let seen_as = json!({ "changed_at": shown["changed_at"], "severity": shown["severity"] });
    let act = json!({ "id": "1", "seen": seen_as, "act": { "kind": "acknowledge" } });
    sato.act(shown["id"].as_str().unwrap(), &act).expect(200);

    // The other patient's list is as long: when its second one has a mail, that of the alert that
    // was acknowledged before would have come.
    alert(&stack, unseen);
    let mail = eventually("the second one has a mail", || {
        mails.mails().first().cloned().ok_or_else(|| "no mail".to_owned())
    });
    assert_eq!(mails.mails().len(), 1);
    assert_eq!(mail.to, ["sato@clinic.test"]);
    eventually("all of it is written down", || equal(happened(&stack, "delivered").len(), 3));
    let all = events(&stack);
    let of_mail: Vec<_> = all.iter().filter(|event| event.channel == "email").collect();
    assert!(of_mail.iter().all(|event| event.patient == unseen), "{of_mail:?}");
    assert_eq!(mail.header("Message-ID").unwrap(), format!("<{}@clinic.test>", of_mail[0].message));
    let at = |channel: &str| {
        let decided = all.iter().filter(|event| event.patient == unseen && event.what == "decided");
        decided.filter(|event| event.channel == channel).map(|event| event.at).next().unwrap()
    };
    assert!(at("email") - at("webhook") >= 2500, "the second one waits as the list says");
    assert_eq!(keys(&pager.calls()).len(), 2);

    // A restart says nothing again: another alert is sent after it, and the first ones are not.
    stack.kill(Service::Notifier);
    stack.start(&[Service::Notifier]);
    sato.get("alerts").expect(200);
    eventually("it is up again and counts the one that nobody sees to", || {
        equal(
            metric(&stack, Service::Notifier, "mimamori_notifier_unattended_urgent_alerts"),
            Some(1.0),
        )
    });
    assert_eq!((pager.calls().len(), mails.mails().len()), (2, 1));
}

pub fn a_notifier_killed_while_it_sends_sends_the_same_key_again() {
    let pager = Pager::start(Answers::Hangs);
    let list = vec![entry(SATO, pager.address("/sato"), 0)];
    let stack = stack("notifier_killed", &[(PATIENT, list)], &[]);
    stack.start(&[Service::Notifier]);
    alert(&stack, PATIENT);
    let called = |times: usize| {
        eventually("the webhook is called", || {
            let calls = pager.calls();
            if calls.len() >= times { Ok(calls) } else { Err(format!("{calls:?}")) }
        })
    };
    called(1);
    stack.kill(Service::Notifier);
    pager.answer(Answers::Takes);
    stack.start(&[Service::Notifier]);
    let calls = called(2);
    assert_eq!(keys(&calls).len(), 1, "{calls:?}");
    eventually("the delivery is written down", || equal(happened(&stack, "delivered").len(), 1));
    assert_eq!(happened(&stack, "decided").len(), 1);
}

pub fn a_receiver_that_refuses_or_hangs_is_tried_again_then_the_next_then_it_is_reported() {
    let (refusing, hanging) = (Pager::start(Answers::Refuses), Pager::start(Answers::Hangs));
    let list =
        vec![entry(ITO, refusing.address("/ito"), 0), entry(SATO, hanging.address("/sato"), 3600)];
    let nobody = "TST001/P2";
    let arguments = [
        ["--attempts", "2"],
        ["--first-wait-ms", "200"],
        ["--timeout-seconds", "1"],
        ["--again-after-seconds", "8"],
    ]
    .concat();
    let stack = stack("notifier_refused", &[(PATIENT, list), (nobody, Vec::new())], &arguments);
    stack.start(&[Service::Notifier]);
    alert(&stack, PATIENT);
    let reported = || {
        let all: Vec<_> = events(&stack).into_iter().filter(|e| e.what == "undelivered").collect();
        all.into_iter().map(|event| (event.patient, event.reason)).collect::<Vec<_>>()
    };
    eventually("it is reported that nobody could be notified", || {
        equal(reported(), vec![(PATIENT.to_owned(), "none_delivered".to_owned())])
    });
    let (ito, sato) = (ITO.to_owned(), SATO.to_owned());
    let (refused, timeout) = ("refused".to_owned(), "timeout".to_owned());
    let gave_up = vec![(ito.clone(), refused.clone()), (sato.clone(), timeout.clone())];
    assert_eq!(happened(&stack, "gave_up")[..2], gave_up);
    assert_eq!(happened(&stack, "failed")[..2], [(ito, refused), (sato, timeout)]);
    assert_eq!((keys(&refusing.calls()).len(), keys(&hanging.calls()).len()), (1, 1));
    let undelivered = "mimamori_notifier_undelivered_urgent_alerts";
    eventually("the alarm can see it", || {
        equal(metric(&stack, Service::Notifier, undelivered), Some(1.0))
    });

    // A team without a list is reported at once.
    alert(&stack, nobody);
    eventually("the second patient's is reported too", || {
        equal(reported().last().cloned(), Some((nobody.to_owned(), "no_on_call_list".to_owned())))
    });
    let teams = "mimamori_notifier_teams_without_on_call";
    assert_eq!(metric(&stack, Service::Notifier, teams), Some(1.0));

    // When the receiver is well again, it is notified under the key that it knows.
    refusing.answer(Answers::Takes);
    eventually("the alert is delivered after all", || {
        equal(happened(&stack, "delivered").len(), 1)
    });
    assert_eq!(keys(&refusing.calls()).len(), 1);
    // Whom the list names next cannot be notified yet, and there is nobody after that one.
    eventually("that the last one of the list is missing is counted", || {
        equal(metric(&stack, Service::Notifier, undelivered), Some(2.0))
    });
    hanging.answer(Answers::Takes);
    eventually("only the one without a list is left", || {
        equal(metric(&stack, Service::Notifier, undelivered), Some(1.0))
    });
}

pub fn a_storm_is_few_messages_that_tell_of_every_alert() {
    let pager = Pager::start(Answers::Takes);
    let patients: Vec<String> = (1..=20).map(|number| format!("TST001/P{number}")).collect();
    let list = || vec![entry(SATO, pager.address("/sato"), 0)];
    let teams: Vec<_> = patients.iter().map(|patient| (patient.as_str(), list())).collect();
    let stack = stack("notifier_storm", &teams, &["--storm-window-seconds", "10"]);
    patients.iter().for_each(|patient| alert(&stack, patient));
    eventually("all alerts are raised", || {
        let alerts: Vec<schemas::AlertEvent> = stack.read(Topic::Alerts);
        let urgent = alerts.iter().filter(|event| event.severity == "urgent");
        let ids: BTreeSet<_> = urgent.map(|event| event.alert_id.clone()).collect();
        equal(ids.len(), patients.len())
    });
    // All of them are there when it starts.
    stack.start(&[Service::Notifier]);
    let sent = || -> BTreeSet<String> {
        let calls = pager.calls();
        let all = calls.iter().flat_map(|call| call.body["alerts"].as_array().unwrap().clone());
        all.map(|alert| alert["patient"].as_str().unwrap().to_owned()).collect()
    };
    eventually("every alert is sent", || equal(sent().len(), patients.len()));
    let calls = pager.calls();
    assert_eq!(calls.len(), 1, "one summary");
    assert_eq!(calls[0].body["summary"], true);
}

pub fn a_second_notifier_takes_over_and_repeats_nothing() {
    let pager = Pager::start(Answers::Takes);
    let list =
        vec![entry(ITO, pager.address("/first"), 0), entry(SATO, pager.address("/second"), 25)];
    let stack = stack("notifier_second", &[(PATIENT, list)], &[]);
    stack.start(&[Service::Notifier, Service::SecondNotifier]);
    alert(&stack, PATIENT);
    eventually("the first one is notified", || equal(happened(&stack, "delivered").len(), 1));
    // The one that sends is killed and does not come back.
    let active = |service| metric(&stack, service, "mimamori_notifier_active") == Some(1.0);
    let both = [Service::Notifier, Service::SecondNotifier];
    let sending = || both.into_iter().filter(|service| active(*service)).collect::<Vec<_>>();
    // Where both have just come, the group may hand the sending over once.
    eventually("one of two sends", || equal(sending().len(), 1));
    stack.kill(*sending().first().expect("one of two sends"));
    eventually("the other one tells the second one", || {
        equal(happened(&stack, "delivered").len(), 2)
    });
    let paths: Vec<_> = pager.calls().into_iter().map(|call| call.path).collect();
    assert_eq!(paths, ["/first", "/second"]);
}
