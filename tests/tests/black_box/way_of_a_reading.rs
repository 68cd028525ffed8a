//! From device to screen.

use schemas::AuditEvent;
use schemas::topics::Topic;

use tests::readings::{blood_pressure, document, seconds_ago};
use tests::registered::{SATO, TOKEN, VENDOR};
use tests::service::Service;
use tests::stack::Plan;
use tests::wait::eventually;

pub fn a_reading_sent_over_http_is_on_the_physicians_screen_and_the_look_is_recorded() {
    const PATIENT: &str = "TST001/P1";
    let stack = Plan::named("screen").patients(&[PATIENT]).start(&Service::ALL);
    let sent = blood_pressure(PATIENT, seconds_ago(120), 131, 84);
    let answer = stack.post(Some(TOKEN), document(&[sent])).expect(202);
    assert_eq!(answer["accepted"], 1);
    let id = &answer["readings"][0]["id"];

    let sato = stack.sign_in(SATO);
    let shown = eventually("the reading is on the screen", || {
        sato.readings(PATIENT)?.first().cloned().ok_or_else(|| "no reading".to_owned())
    });
    assert_eq!(&shown["id"], id);
    assert_eq!(shown["kind"], "blood_pressure");
    assert_eq!(shown["outcome"], "new");
    assert_eq!(shown["values"]["systolic"], 131);
    assert_eq!(shown["values"]["diastolic"], 84);

    let patients = sato.get("patients").expect(200);
    assert_eq!(patients["patients"][0]["patient"], PATIENT);
    assert_eq!(&patients["patients"][0]["latest"][0]["id"], id);

    let vendor = stack.sql("SELECT vendor FROM current_blood_pressure");
    assert_eq!(vendor[0]["vendor"], VENDOR);
    let looks: Vec<AuditEvent> = stack.read(Topic::AuditEvents);
    assert!(
        looks.iter().any(|look| look.actor == SATO
            && look.action == "read_readings"
            && look.patient.as_deref() == Some(PATIENT)
            && look.allowed),
        "{looks:?}"
    );
    eventually("the record of the look is in the store", || {
        let looks = "SELECT count() FROM audit_events WHERE action = 'read_readings' AND allowed";
        match stack.number(looks)? {
            0 => Err("no record".to_owned()),
            _ => Ok(()),
        }
    });
}
