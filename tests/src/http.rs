//! Speaking with the gateway and the dashboard.

use std::io::{BufRead, BufReader};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{CONTENT_ENCODING, COOKIE, IF_MATCH, RETRY_AFTER, SET_COOKIE};
use serde_json::{Value, json};

use crate::registered::PASSWORD;
use crate::service::{Ports, Service};
use crate::stack::Stack;
use crate::wait::PATIENCE;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Value,
}

impl Answer {
    fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let header = response.headers().get(RETRY_AFTER);
        let retry_after = header.map(|value| value.to_str().unwrap().to_owned());
        let text = response.text().unwrap_or_default();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, retry_after, body }
    }

    /// The body, when the status is the one expected.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

impl Stack {
    /// Sends a document to the gateway.
    pub fn post(&self, token: Option<&str>, document: impl Into<String>) -> Answer {
        self.try_post(token, document).unwrap()
    }

    /// Sends a document to the gateway, which may be away.
    pub fn try_post(
        &self,
        token: Option<&str>,
        document: impl Into<String>,
    ) -> Result<Answer, reqwest::Error> {
        let url = format!("{}/v1/readings", self.url(Service::Gateway));
        let mut request = self.http.post(url).body(document.into());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().map(Answer::of)
    }

    /// Asks the gateway for a page, such as `/v1/deliveries`.
    pub fn ask_gateway(&self, token: Option<&str>, path: &str) -> Answer {
        let mut request = self.http.get(format!("{}{path}", self.url(Service::Gateway)));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        Answer::of(request.send().unwrap())
    }

    /// Whether a service says that it is ready.
    pub fn is_ready(&self, service: Service) -> bool {
        let answer = self.http.get(self.ports(service).readiness()).send();
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// A number of a service's metrics; `series` is its name with its labels.
    ///
    /// # Errors
    /// When the service does not answer, or has no such series.
    pub fn metric(&self, service: Service, series: &str) -> Result<f64, String> {
        self.metric_at(self.ports(service), series)
    }

    /// All metrics of a service that listens somewhere.
    ///
    /// # Errors
    /// When the service does not answer.
    pub fn metrics_at(&self, ports: Ports) -> Result<String, String> {
        let url = format!("http://127.0.0.1:{}/metrics", ports.operations);
        let text = self.http.get(url).send().and_then(Response::text);
        text.map_err(|error| error.to_string())
    }

    /// A number of the metrics of a service that listens somewhere.
    ///
    /// # Errors
    /// When the service does not answer, or has no such series.
    pub fn metric_at(&self, ports: Ports, series: &str) -> Result<f64, String> {
        let text = self.metrics_at(ports)?;
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok());
        value.ok_or_else(|| format!("no {series}"))
    }

    /// Sends a body to the gateway as it is, in an encoding where one is named.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn post_bytes(
        &self,
        token: &str,
        encoding: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Answer, reqwest::Error> {
        let url = format!("{}/v1/readings", self.url(Service::Gateway));
        let mut request = self.http.post(url).bearer_auth(token).body(body);
        if let Some(encoding) = encoding {
            request = request.header(CONTENT_ENCODING, encoding);
        }
        request.send().map(Answer::of)
    }

    /// Signs in at the dashboard.
    pub fn sign_in(&self, user: &str) -> SignedIn {
        let base = self.url(Service::Dashboard);
        let answer = self
            .http
            .post(format!("{base}/api/v1/session"))
            .json(&json!({ "user": user, "password": PASSWORD }))
            .send()
            .unwrap();
        let cookie = answer
            .headers()
            .get(SET_COOKIE)
            .map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
        let session = Answer::of(answer).expect(200);
        assert_eq!(session["user"], user);
        SignedIn { base, cookie: cookie.expect("a session cookie"), http: self.http.clone() }
    }
}

/// Somebody who is signed in at the dashboard.
#[derive(Clone)]
pub struct SignedIn {
    base: String,
    cookie: String,
    http: Client,
}

impl SignedIn {
    fn request(&self, http: &Client, path: &str) -> RequestBuilder {
        http.get(format!("{}/api/v1/{path}", self.base)).header(COOKIE, &self.cookie)
    }

    /// The same browser at another instance.
    #[must_use]
    pub fn at(&self, base: String) -> Self {
        Self { base, ..self.clone() }
    }

    /// Signs out; the browser keeps its cookie.
    pub fn sign_out(&self) -> Answer {
        let url = format!("{}/api/v1/session", self.base);
        Answer::of(self.http.delete(url).header(COOKIE, &self.cookie).send().unwrap())
    }

    /// Asks for a page of the API, such as `patients`.
    pub fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(&self.http, path).send().unwrap())
    }

    /// Sets a patient's care plan in the place of a version.
    pub fn set_plan(&self, patient: &str, instead_of: i32, plan: &Value) -> Answer {
        let url = format!("{}/api/v1/patients/{patient}/plan", self.base);
        let request = self.http.put(url).header(COOKIE, &self.cookie);
        let request = request.header(IF_MATCH, format!("\"{instead_of}\""));
        Answer::of(request.json(plan).send().unwrap())
    }

    /// Does something about an alert.
    pub fn act(&self, alert: &str, act: &Value) -> Answer {
        self.post(&format!("alerts/{alert}/acts"), act)
    }

    /// Sends a body to a page of the API.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let url = format!("{}/api/v1/{path}", self.base);
        let request = self.http.post(url).header(COOKIE, &self.cookie);
        Answer::of(request.json(body).send().unwrap())
    }

    /// Asks for a page of the API of a dashboard that may be away.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn try_get(&self, path: &str) -> Result<Answer, reqwest::Error> {
        self.request(&self.http, path).send().map(Answer::of)
    }

    /// The current readings of a patient.
    ///
    /// # Errors
    /// When they are not to be had.
    pub fn readings(&self, patient: &str) -> Result<Vec<Value>, String> {
        let answer = self.get(&format!("patients/{patient}/readings?limit=50000"));
        match answer.body["readings"].as_array() {
            Some(readings) if answer.status == 200 => Ok(readings.clone()),
            _ => Err(format!("{}: {}", answer.status, answer.body)),
        }
    }

    /// Opens the stream of alerts of a dashboard that may be away.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn open_alert_stream(&self) -> Result<Response, reqwest::Error> {
        let patient_client = Client::builder().no_proxy().timeout(None).build()?;
        self.request(&patient_client, "alerts/stream").send()
    }

    /// Opens the stream of alerts.
    pub fn alert_stream(&self) -> Events {
        let response = self.open_alert_stream().unwrap();
        assert_eq!(response.status(), 200);
        let (sender, events) = channel();
        std::thread::spawn(move || {
            let mut name = String::new();
            for line in BufReader::new(response).lines().map_while(Result::ok) {
                if let Some(event) = line.strip_prefix("event:") {
                    name = event.trim().to_owned();
                } else if let Some(data) = line.strip_prefix("data:") {
                    let data = serde_json::from_str(data).unwrap();
                    if sender.send((name.clone(), data)).is_err() {
                        return;
                    }
                }
            }
        });
        Events { events }
    }
}

/// Server-sent events as they come.
pub struct Events {
    events: Receiver<(String, Value)>,
}

impl Events {
    /// The next event of a name.
    #[track_caller]
    pub fn next(&self, name: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok((found, data)) if found == name => return data,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => panic!("no event {name} in {PATIENCE:?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("the stream ended without {name}"),
            }
        }
    }

    /// All alerts until the first one of a patient, with that one.
    #[track_caller]
    pub fn alerts_until(&self, patient: &str) -> Vec<Value> {
        let mut alerts = Vec::new();
        loop {
            let alert = self.next("alert");
            let is_the_one = alert["patient"] == patient;
            alerts.push(alert);
            if is_the_one {
                return alerts;
            }
        }
    }
}
