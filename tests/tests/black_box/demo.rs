//! The demo, as `make demo` runs it.

use std::process::Command;
use std::time::Duration;

use mimamori_dev::local::Process;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::blocking::Client;
use serde_json::Value;

use tests::run::{free_port, free_ports, run};
use tests::service::{quiet_environment, tail};
use tests::wait::{eventually, within};

pub fn the_demo_survives_kill_9_of_its_services_and_ends_balanced() {
    let folder = run().folder("demo");
    let json = folder.join("demo.json");
    let mut command = Command::new(run().mimamori_dev());
    let port = || free_port().to_string();
    command
        .arg("demo")
        .arg("--root")
        .arg(run().layout().path(""))
        .arg("--state")
        .arg(&folder)
        .arg("--json")
        .arg(&json)
        .args(["--seconds", "20", "--patients", "40", "--history-days", "4", "--partitions", "4"])
        .args(["--kafka-port", &port(), "--clickhouse-port", &port()])
        .args(["--dashboard-port", &port(), "--gateway-port", &port()])
        .args(["--operations-port", &free_ports(5).to_string()]);
    quiet_environment(&mut command);
    let log = folder.join("demo.log");
    let mut demo = Process::start("the demo", command, &log).unwrap();
    let deployment = || -> Result<Value, String> {
        let text = std::fs::read(&json).map_err(|error| error.to_string())?;
        serde_json::from_slice(&text).map_err(|error| error.to_string())
    };
    let places = within(Duration::from_secs(120), "demo.json tells where everything is", || {
        if let Some(status) = demo.ended() {
            panic!("{}", demo.last_words(status));
        }
        deployment()
    });
    physician_has_patients(&places);
    for service in ["processor", "writer", "gateway", "notifier"] {
        let id = |places: &Value| places["processes"][service].as_i64();
        let killed =
            id(&deployment().unwrap()).unwrap_or_else(|| panic!("no process id of {service}"));
        kill(Pid::from_raw(killed as i32), Signal::SIGKILL).unwrap();
        eventually(&format!("{service} runs again"), || match id(&deployment()?) {
            Some(new) if new != killed => Ok(()),
            _ => Err("it does not".to_owned()),
        });
    }
    let status = within(Duration::from_secs(200), "the demo ends by itself", || {
        demo.ended().ok_or_else(|| tail(&log, 5))
    });
    assert!(status.success(), "{status}: {}", tail(&log, 60));
    assert!(!json.exists(), "demo.json is there only while the demo runs");
}

fn physician_has_patients(places: &Value) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let http = Client::builder().no_proxy().build().unwrap();
    let physician = &places["physician"];
    let (user, password) = (text(&physician["user"]), text(&physician["password"]));
    let url = format!("{}/api/v1/patients", text(&places["dashboard"]));
    eventually("the physician sees patients by name, CGM005/S001 among them", || {
        let answer = http.get(&url).basic_auth(&user, Some(&password)).send();
        let text = answer.and_then(reqwest::blocking::Response::text);
        let text = text.map_err(|error| error.to_string())?;
        let list: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let patients = list["patients"].as_array().ok_or(&text)?;
        let is_named = |patient: &Value| patient["name"]["kana"].is_string();
        let has_all = text.contains("CGM005/S001") && patients.iter().all(is_named);
        if has_all { Ok(()) } else { Err(text) }
    });
}
