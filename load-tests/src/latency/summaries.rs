//! How long the dashboard takes for summaries of sensor glucose, with ten million readings in the store:
//! whole requests of a signed-in physician, each of another patient, the access recorded.

use std::time::{Duration, Instant};

use anyhow::Context;
use reqwest::header::COOKIE;
use simulator::population::population;

use super::deployment::{Deployment, PASSWORD, PHYSICIANS, physician};
use super::schedule::Marked;
use super::watching::sign_in;
use super::{CONSORTIA, SEED};
use crate::clickhouse;
use crate::rate::median;
use crate::report::{Measure, Report};
use crate::say;
use crate::stage::Stage;

/// Patients with a sensor: of 90 days each, ten million readings in all.
const PATIENTS: u32 = 390;
/// A value every five minutes for 90 days.
const VALUES: u32 = 90 * 288;
/// Requests that are measured of each.
const REQUESTS: u32 = 60;

/// What is asked for: its name, the path, days of the period, and the most milliseconds of the median.
const ASKED: [(&str, &str, i64, f64); 2] = [
    ("glucose summary, 14 days", "glucose/summary", 14, 50.0),
    ("AGP, 90 days", "glucose/agp", 90, 150.0),
];

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
        for (_, path, days, _) in ASKED {
            let mut times = Vec::new();
            // The first ones compile and fill caches.
            for number in 0..REQUESTS + 5 {
                let patient = Marked(number * PHYSICIANS % PATIENTS);
                let (consortium, person) = (patient.consortium_id(), patient.person_id());
                let from = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days);
                let url = format!("{url}/api/v1/patients/{consortium}/{person}/{path}?from={from}");
                let begun = Instant::now();
                let answer = client.get(url).header(COOKIE, &cookie).send().await?;
                let body =
                    answer.error_for_status().context("asking for a summary")?.bytes().await?;
                anyhow::ensure!(body.len() > 500, "an answer without values");
                times.push(begun.elapsed());
            }
            measured.push(times.split_off(5));
        }
        anyhow::Ok(measured)
    })?;
    deployment.check()?;
    for ((name, _, _, most), times) in ASKED.into_iter().zip(measured) {
        let millis: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1000.0).collect();
        let slowest = times.iter().max().map_or(0.0, Duration::as_secs_f64) * 1000.0;
        report.add(
            Measure::limit(name, "ms median", median(&millis), most),
            vec![format!(
                "{REQUESTS} requests with {} readings in the store; the slowest {slowest:.0} ms",
                PATIENTS * VALUES
            )],
        );
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
