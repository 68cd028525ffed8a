//! What is written in other languages, run against a stack: a vendor's program in Python, and the
//! pages in a browser.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use mimamori_dev::local::Process;
use schemas::topics::Topic;

use tests::registered::{OPERATOR, PASSWORD, SATO, TOKEN};
use tests::run::run;
use tests::service::{Service, tail};
use tests::stack::Plan;
use tests::wait::{eventually, within};

const PATIENT: &str = "TST001/P1";

/// Fetching packages over a slow line takes this long at most.
const FETCHING: Duration = Duration::from_secs(240);

pub fn a_vendors_python_program_writes_to_kafka_and_its_readings_are_on_the_screen() {
    let python = python();
    let stack = Plan::named("python").patients(&[PATIENT]).start(&[
        Service::Processor,
        Service::Writer,
        Service::Dashboard,
    ]);
    let mut command = Command::new(python);
    command
        .arg(run().layout().path("docs/examples/send_reading.py"))
        .env("KAFKA", &stack.kafka.bootstrap_servers)
        .env("TOPIC", stack.topics.name(Topic::ReadingsRaw))
        .env("PATIENT", PATIENT);
    let log = stack.folder.join("send_reading.log");
    finish("send_reading.py", command, &log, Duration::from_secs(60));
    let said = tail(&log, 1);
    assert_eq!(said, r#"{"acknowledged": 2, "not_acknowledged": 0}"#);

    let sato = stack.sign_in(SATO);
    eventually("the sample's readings are on the screen", || {
        let readings = sato.readings(PATIENT)?;
        let systolic: Vec<_> =
            readings.iter().map(|reading| reading["values"]["systolic"].as_i64()).collect();
        tests::wait::equal(systolic, vec![Some(131), Some(127)])
    });
    assert_eq!(stack.assert_balanced().rerouted, 0, "it knows the partitions of patients");
}

pub fn in_a_browser_an_alert_arrives_without_a_reload_and_the_patient_is_opened() {
    let folder = run().layout().path("tests/browser");
    if !folder.join("node_modules").is_dir() {
        let mut command = Command::new("npm");
        command.args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(&folder);
        finish("npm ci", command, &run().folder("browser").join("npm.log"), FETCHING);
    }
    let stack = Plan::named("browser").patients(&[PATIENT, "TST001/P2"]).start(&Service::ALL);
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-reporter=spec", "dashboard.test.mjs"])
        .current_dir(&folder)
        .env("DASHBOARD_URL", stack.url(Service::Dashboard))
        .env("DASHBOARD_USER", SATO)
        .env("DASHBOARD_PASSWORD", PASSWORD)
        .env("OPERATOR_USER", OPERATOR)
        .env("OPERATOR_PASSWORD", PASSWORD)
        .env("PATIENT", PATIENT)
        .env("OTHER_PATIENT", "TST001/P2")
        .env("GATEWAY_URL", stack.url(Service::Gateway))
        .env("DEVICE_TOKEN", TOKEN)
        .env("SCREENSHOT_DIR", stack.folder.join("screenshots"));
    finish("the browser", command, &stack.folder.join("browser.log"), Duration::from_secs(240));
}

pub fn curl_java_python_and_node_get_every_early_answer_of_the_gateway() {
    const ATTEMPTS: usize = 50;
    let stack = Plan::named("early_answers").start(&[Service::Gateway]);
    let url = format!("{}/v1/readings", stack.url(Service::Gateway));
    let clients = [
        ("sh", "early_answers.sh"),
        ("java", "EarlyAnswers.java"),
        ("python3", "early_answers.py"),
        ("node", "early_answers.mjs"),
    ];
    // Beyond the limit of 16 MiB, and without a right.
    for (token, status, mebibytes) in
        [(TOKEN, "413", 20), ("nobody", "401", 20), ("nobody", "401", 2)]
    {
        let bytes = (mebibytes << 20).to_string();
        for (program, file) in clients {
            for way in ["announced", "chunked"] {
                let mut command = Command::new(program);
                command.arg(run().layout().path("tests/clients").join(file)).args([
                    &url,
                    token,
                    &bytes,
                    &ATTEMPTS.to_string(),
                    way,
                ]);
                let log = stack.folder.join(format!("{file}.{status}.{mebibytes}.{way}.log"));
                finish(file, command, &log, Duration::from_secs(240));
                let said = tail(&log, ATTEMPTS + 1);
                let answered = said.lines().filter(|line| *line == status).count();
                assert_eq!(answered, ATTEMPTS, "{file} {status} {mebibytes} {way}:\n{said}");
            }
        }
    }
}

/// A Python with what the example needs, kept for the next run.
fn python() -> std::path::PathBuf {
    let venv = run().layout().state("python-venv");
    let requirements = run().layout().path("tests/python/requirements.txt");
    let wanted = std::fs::read_to_string(&requirements).unwrap();
    let stamp = venv.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return venv.join("bin/python");
    }
    let log = run().folder("python").join("install.log");
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(&venv);
    finish("python3 -m venv", make, &log, FETCHING);
    let mut install = Command::new(venv.join("bin/python"));
    install
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(&requirements);
    finish("pip install", install, &log, FETCHING);
    std::fs::write(stamp, wanted).unwrap();
    venv.join("bin/python")
}

/// Runs a program to its end, which must be a good one.
fn finish(name: &str, command: Command, log: &Path, deadline: Duration) {
    let mut process = Process::start(name, command, log).unwrap();
    let status = within(deadline, &format!("{name} ends"), || {
        process.ended().ok_or_else(|| format!("it runs; it has said:\n{}", tail(log, 20)))
    });
    assert!(status.success(), "{name} ended with {status}:\n{}", tail(log, 60));
}
