//! A physician who looks at patients all the time, and whose page follows the alerts.

use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clinical::Timestamp;
use serde_json::Value;

use super::delays::Delays;
use crate::http::SignedIn;
use crate::readings::now;
use crate::registered::SATO;
use crate::verdict::Asked;

const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
const BEFORE_CONNECTING_AGAIN: Duration = Duration::from_millis(200);

/// What the physician has asked, until `over`.
#[derive(Default)]
pub(super) struct Physician {
    asked: Mutex<Vec<Asked>>,
    over: AtomicBool,
}

impl Physician {
    /// Closes the page: nothing more is asked.
    pub(super) fn leave(&self) {
        self.over.store(true, Ordering::Release);
    }

    fn has_left(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// Every question, those without an answer too.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, asked: Asked) {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
    }

    /// Looks at the patients in turn, now and then at all of them.
    pub(super) fn look(&self, signed_in: &SignedIn, patients: &[String]) {
        let mut turn = patients.iter().cycle();
        let mut number = 0;
        while !self.has_left() {
            number += 1;
            let (action, path, patient) = match number % 12 {
                5 => ("list_patients", "patients".to_owned(), None),
                11 => ("list_alerts", "alerts".to_owned(), None),
                n => {
                    let Some(patient) = turn.next() else { return };
                    let (action, data) = match n % 2 {
                        0 => ("read_readings", "readings"),
                        _ => ("read_alerts", "alerts"),
                    };
                    (action, format!("patients/{patient}/{data}"), Some(patient.clone()))
                }
            };
            self.ask(signed_in, action, &path, patient);
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// Asks for a page of the API, which is recorded as an action. Whether it was answered.
    pub(super) fn ask(
        &self,
        signed_in: &SignedIn,
        action: &'static str,
        path: &str,
        patient: Option<String>,
    ) -> bool {
        let asked_at = now().millis();
        let answered = signed_in.try_get(path).is_ok_and(|answer| answer.status == 200);
        let answered_at = now().millis();
        self.note(Asked { user: SATO, action, patient, asked_at, answered_at, answered });
        answered
    }

    /// Follows the alerts as a page does, connecting again whenever the stream ends. On a thread of
    /// its own, which ends with the stream after the physician has left.
    pub(super) fn follow_alerts(self: &Arc<Self>, signed_in: SignedIn, delays: Arc<Delays>) {
        let physician = Arc::clone(self);
        std::thread::spawn(move || {
            while !physician.has_left() {
                let asked_at = now().millis();
                let stream = signed_in.open_alert_stream().ok().filter(|s| s.status() == 200);
                physician.note(Asked {
                    user: SATO,
                    action: "stream_alerts",
                    patient: None,
                    asked_at,
                    answered_at: now().millis(),
                    answered: stream.is_some(),
                });
                for line in stream.map(BufReader::new).into_iter().flat_map(BufRead::lines) {
                    let Ok(line) = line else { break };
                    if let Some(data) = line.strip_prefix("data:") {
                        note_shown(&delays, &serde_json::from_str(data).unwrap_or_default());
                    }
                }
                std::thread::sleep(BEFORE_CONNECTING_AGAIN);
            }
        });
    }
}

/// An event is an alert, or all open ones.
fn note_shown(delays: &Delays, event: &Value) {
    let at = now();
    let alerts = event["alerts"].as_array().map_or(std::slice::from_ref(event), Vec::as_slice);
    for alert in alerts {
        let (id, changed_at) = (alert["id"].as_str(), alert["changed_at"].as_str());
        let changed_at = changed_at.and_then(|text| text.parse::<jiff::Timestamp>().ok());
        if let (Some(id), Some(changed_at)) = (id, changed_at) {
            delays.shown(id, Timestamp::from_millis(changed_at.as_millisecond()), at);
        }
    }
}
