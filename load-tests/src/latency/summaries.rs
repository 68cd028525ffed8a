//! How long the dashboard takes for summaries of sensor glucose and for the preview of a care plan, with
//! ten million readings in the store: whole requests of a signed-in physician, each of another patient, the
//! access recorded.

use std::time::Instant;

use anyhow::Context;
use reqwest::header::COOKIE;
use reqwest::{Client, RequestBuilder};
use serde_json::json;
use simulator::population::population;

use super::deployment::{Deployment, PASSWORD, PHYSICIANS, physician};
use super::figures::Times;
use super::schedule::Marked;
use super::watching::sign_in;
use super::{CONSORTIA, SEED};
use crate::clickhouse;
use crate::report::{Measure, Report};
use crate::say;
use crate::stage::Stage;

/// Patients with a sensor: of 90 days each, ten million readings in all.
const PATIENTS: u32 = 390;
/// A value every five minutes for 90 days.
const VALUES: u32 = 90 * 288;
/// Requests that are measured of each: three are slower than the 99th percentile.
const REQUESTS: u32 = 300;

/// What is asked for.
struct Asked {
    name: &'static str,
    /// Below the patient.
    path: &'static str,
    /// Of the period; none where a plan is tried, over its 30 days.
    days: Option<i64>,
    /// The most milliseconds of the median.
    median: f64,
    /// The most milliseconds of 99 of 100, where that is promised.
    p99: Option<f64>,
}

const ASKED: [Asked; 3] = [
    Asked {
        name: "glucose summary, 14 days",
        path: "glucose/summary",
        days: Some(14),
        median: 50.0,
        p99: Some(150.0),
    },
    Asked { name: "AGP, 90 days", path: "glucose/agp", days: Some(90), median: 150.0, p99: None },
    Asked {
        name: "plan preview, 30 days",
        path: "plan/preview",
        days: None,
        median: 500.0,
        p99: None,
    },
];

impl Asked {
    /// A request of a patient, `…/api/v1/patients/A/1`.
    fn request(&self, client: &Client, patient: &str) -> RequestBuilder {
        let url = format!("{patient}/{}", self.path);
        match self.days {
            Some(days) => {
                let from = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days);
                client.get(format!("{url}?from={from}"))
            }
            // Other limits than those in force, or the one half would be the other.
            None => client.post(url).json(&json!({ "programme": "pregnancy" })),
        }
    }
}

/// Measures each on one deployment.
///
/// # Errors
/// When a part does not start, or an answer is none.
pub fn measure(stage: &mut Stage, report: &mut Report) -> anyhow::Result<()> {
    say(&format!("storing {} readings of sensors", PATIENTS * VALUES));
    let mut deployment = Deployment::start(stage, &population(SEED, 1, CONSORTIA), PATIENTS)?;
    clickhouse::execute(deployment.stage(), &readings())?;
    let url = deployment.dashboard();
    let measured = deployment.wait(async {
        let user = physician(0);
        let (client, cookie) = sign_in(&url, &user, PASSWORD).await?;
        let mut measured = Vec::new();
        for asked in &ASKED {
            let mut millis = Vec::new();
            // The first ones compile and fill caches.
            for number in 0..REQUESTS + 5 {
                let patient = Marked(number * PHYSICIANS % PATIENTS);
                let (consortium, person) = (patient.consortium_id(), patient.person_id());
                let patient = format!("{url}/api/v1/patients/{consortium}/{person}");
                let request = asked.request(&client, &patient);
                let begun = Instant::now();
                let answer = request.header(COOKIE, &cookie).send().await?;
                let body = answer.error_for_status().context(asked.name)?.bytes().await?;
                anyhow::ensure!(body.len() > 500, "an answer without values");
                millis.push(begun.elapsed().as_secs_f64() * 1000.0);
            }
            measured.push(Times::of(millis.split_off(5)));
        }
        anyhow::Ok(measured)
    })?;
    deployment.check()?;
    for (Asked { name, median, p99, .. }, times) in ASKED.into_iter().zip(measured) {
        let readings = PATIENTS * VALUES;
        let notes =
            vec![format!("{REQUESTS} requests with {readings} readings in the store; {times}")];
        report.add(Measure::limit(name, "ms median", times.percentile(0.5), median), notes);
        if let Some(most) = p99 {
            let measure = Measure::limit(name, "ms p99", times.percentile(0.99), most);
            report.add(measure, Vec::new());
        }
    }
    deployment.stop();
    Ok(())
}

/// Values that go up and down by the day, so that each percentile is another.
fn readings() -> String {
    let patients: Vec<String> = (0..PATIENTS)
        .map(Marked)
        .map(|one| format!("'{}/{}'", one.consortium_id(), one.person_id()))
        .collect();
    format!(
        "INSERT INTO latency.blood_glucose (patient, source, observation_time, version, \
         glucose_value, glucose_method, utc_offset_minutes, update_time, received_at) \
         SELECT [{}][1 + intDiv(number, {VALUES})], 'KAWASEMI|G-1|1', \
         now() - 300 * (number % {VALUES}) AS at, 1, \
         round(130 + 50 * sin(number / 46) + 20 * sin(number / 7)), 'continuous_sensor', 540, at, at \
         FROM numbers({})",
        patients.join(", "),
        PATIENTS * VALUES
    )
}
