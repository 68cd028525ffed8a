//! The two calls of the schema registry's interface that are needed.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use reqwest::blocking::{Client, RequestBuilder};
use serde::Deserialize;

/// The schema registry does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// No answer, or one that says try again.
    #[error(
        "the schema registry does not answer ({0}); check SCHEMA_REGISTRY_URL and that it runs"
    )]
    Unavailable(#[from] Unavailable),
    /// An answer that will not change by asking again.
    #[error("the schema registry refuses: {0}")]
    Refused(#[from] Refused),
}

/// Why the schema registry does not answer.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The thread that asks could not be started.
    #[error("a thread cannot be started: {0}")]
    NoThread(#[source] io::Error),
    /// The thread that asks has ended.
    #[error("its client has ended")]
    Ended,
    /// It cannot be reached, or has not answered in time.
    #[error("{0}")]
    Unreachable(#[source] reqwest::Error),
    /// It says to try again.
    #[error("status {0}")]
    Busy(u16),
    /// Something else answers, or this client may not read schemas: that says nothing about the schema.
    #[error("status {status} for schema id {id}; schemas must be readable by their ids")]
    Unreadable {
        /// The answer's status.
        status: u16,
        /// The schema's id.
        id: u32,
    },
    /// What answers is no schema registry.
    #[error("its answer is not understood: {0}")]
    NotUnderstood(#[source] serde_json::Error),
}

/// What the schema registry refuses.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Its address is none. The address may hold a password, and is not said.
    #[error("SCHEMA_REGISTRY_URL must begin with http:// or https://")]
    Address,
    /// A registry in memory holds no such schema.
    #[error("no schema for subject {0}")]
    NoSchema(String),
    /// It does not register a schema.
    #[error("status {status} for subject {subject}")]
    NotRegistered {
        /// The answer's status.
        status: u16,
        /// The schema's subject.
        subject: String,
    },
    /// Its answer to a registration is none.
    #[error("its answer is not understood: {0}")]
    NotUnderstood(#[source] serde_json::Error),
}

impl RegistryError {
    /// Whether asking again may help.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) enum SchemaRegistry {
    /// One that is asked.
    Remote {
        /// Its address, which may hold a password.
        url: String,
        /// To the thread that asks.
        asker: Sender<Question>,
        /// The id of a schema that was registered from here.
        own: OnceLock<u32>,
    },
    /// One that is held in memory: schemas by their ids.
    Held(BTreeMap<u32, String>),
}

impl fmt::Debug for SchemaRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote { .. } => f.write_str("Remote"),
            Self::Held(schemas) => f.debug_tuple("Held").field(schemas).finish(),
        }
    }
}

/// What to ask, and where the answer goes.
pub(crate) type Question = (Request, Sender<Result<Answer, reqwest::Error>>);

pub(crate) enum Request {
    Get(String),
    Post(String, serde_json::Value),
}

#[derive(Deserialize)]
struct Registered {
    id: u32,
}

/// What the schema registry says beside a status that is no success.
#[derive(Deserialize)]
struct Fault {
    error_code: u32,
}

/// The interface's own code for a schema that is not there.
const NO_SCHEMA: u32 = 40403;

#[derive(Deserialize)]
struct Stored {
    schema: String,
}

impl SchemaRegistry {
    pub(crate) fn new(url: &str) -> Result<Self, RegistryError> {
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err(Refused::Address.into());
        }
        let (asker, questions) = channel();
        std::thread::Builder::new()
            .name("schema-registry".to_owned())
            .spawn(move || answer_all(&questions))
            .map_err(Unavailable::NoThread)?;
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self::Remote { url, asker, own: OnceLock::new() })
    }

    /// The id of a schema under a subject, registered if new.
    pub(crate) fn register(&self, subject: &str, schema: &str) -> Result<u32, RegistryError> {
        let (url, asker, own) = match self {
            Self::Remote { url, asker, own } => (url, asker, own),
            Self::Held(schemas) => {
                let found = schemas.iter().find(|(_, held)| *held == schema);
                let none = || Refused::NoSchema(subject.to_owned());
                return Ok(found.map(|(id, _)| *id).ok_or_else(none)?);
            }
        };
        let url = format!("{url}/subjects/{subject}/versions");
        let body = serde_json::json!({ "schema": schema });
        let answer = ask(asker, Request::Post(url, body))?;
        let status = answer.status;
        if status != 200 {
            return Err(Refused::NotRegistered { status, subject: subject.to_owned() }.into());
        }
        let registered: Registered = answer.parse().map_err(Refused::NotUnderstood)?;
        let _ = own.set(registered.id);
        Ok(registered.id)
    }

    /// The schema of an id; none where the registry has no such id.
    pub(crate) fn schema(&self, id: u32) -> Result<Option<String>, RegistryError> {
        let (url, asker) = match self {
            Self::Remote { url, asker, .. } => (url, asker),
            Self::Held(schemas) => return Ok(schemas.get(&id).cloned()),
        };
        let answer = ask(asker, Request::Get(format!("{url}/schemas/ids/{id}")))?;
        match answer.status {
            200 => match answer.parse::<Stored>() {
                Ok(stored) => Ok(Some(stored.schema)),
                Err(error) => Err(Unavailable::NotUnderstood(error).into()),
            },
            404 if answer.says_there_is_no_schema() => Ok(None),
            // Where a schema of ours may be read, it is this one that nobody may, and one sender's alone.
            _ if self.answers() => Ok(None),
            // A proxy's page, a missing right, a wrong address: they say nothing about the schema.
            status => Err(Unavailable::Unreadable { status, id }.into()),
        }
    }

    /// Whether a schema that was registered from here can be read.
    fn answers(&self) -> bool {
        let Self::Remote { url, asker, own } = self else { return true };
        let Some(id) = own.get() else { return false };
        let answer = ask(asker, Request::Get(format!("{url}/schemas/ids/{id}")));
        answer.is_ok_and(|answer| answer.status == 200 && answer.parse::<Stored>().is_ok())
    }
}

fn ask(asker: &Sender<Question>, request: Request) -> Result<Answer, Unavailable> {
    let (to, answer) = channel();
    let asked = asker.send((request, to)).ok().and_then(|()| answer.recv().ok());
    match asked {
        Some(Ok(answer)) if answer.status >= 500 || matches!(answer.status, 408 | 429) => {
            Err(Unavailable::Busy(answer.status))
        }
        Some(Ok(answer)) => Ok(answer),
        Some(Err(error)) => Err(Unavailable::Unreachable(error)),
        None => Err(Unavailable::Ended),
    }
}

/// Asks, one question after another, as long as somebody may have one. On a thread of its own: the
/// blocking client must not be used, nor even dropped, on a thread of an asynchronous runtime, and
/// whoever asks may be on one. One client for all questions keeps its connection, which a partition
/// full of records with unknown ids would otherwise open for each.
fn answer_all(questions: &Receiver<Question>) {
    let mut made: Option<Client> = None;
    for (request, to) in questions {
        let client = match made.take().map_or_else(new_client, Ok) {
            Ok(client) => made.insert(client),
            Err(error) => {
                let _ = to.send(Err(error));
                continue;
            }
        };
        // Whoever asked waits for the answer.
        let _ = to.send(request.send(client));
    }
}

fn new_client() -> Result<Client, reqwest::Error> {
    Client::builder().timeout(TIMEOUT).build()
}

impl Request {
    fn send(self, client: &Client) -> Result<Answer, reqwest::Error> {
        let request: RequestBuilder = match self {
            Self::Get(url) => client.get(url),
            Self::Post(url, body) => client.post(url).json(&body),
        };
        let response = request.send()?;
        Ok(Answer { status: response.status().as_u16(), body: response.bytes()?.to_vec() })
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    /// Whether it is the schema registry itself that does not know the schema.
    fn says_there_is_no_schema(&self) -> bool {
        serde_json::from_slice::<Fault>(&self.body).is_ok_and(|it| it.error_code == NO_SCHEMA)
    }

    fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// A registry at a new address that gives these answers, one for each question.
    fn answering(answers: &[(&str, &str)]) -> SchemaRegistry {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers: Vec<String> = answers
            .iter()
            .map(|(status, body)| {
                let length = body.len();
                format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
            })
            .collect();
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        SchemaRegistry::new(&url).unwrap()
    }

    const NO_ANSWERS: [(&str, &str); 5] = [
        ("401 Unauthorized", ""),
        ("403 Forbidden", r#"{"error_code":40301}"#),
        ("404 Not Found", "<html>no such page</html>"),
        ("408 Request Timeout", ""),
        ("200 OK", "<html>sign in</html>"),
    ];

    #[test]
    fn a_registry_that_does_not_let_itself_be_asked_is_asked_again() {
        for answer in NO_ANSWERS {
            let error = answering(&[answer]).schema(7).unwrap_err();
            assert!(error.is_retryable(), "{answer:?}: {error}");
            assert!(error.source().is_some_and(<dyn Error>::is::<Unavailable>), "{error:?}");
            // Nor does it let a schema of our own be read.
            let registry = answering(&[("200 OK", r#"{"id":1}"#), answer, answer]);
            registry.register("readings.raw-value", "{}").unwrap();
            assert!(registry.schema(7).unwrap_err().is_retryable(), "{answer:?}");
        }
    }

    #[test]
    fn a_schema_that_nobody_may_read_beside_our_own_is_none() {
        let none = answering(&[("404 Not Found", r#"{"error_code":40403,"message":"not found"}"#)]);
        assert!(matches!(none.schema(7), Ok(None)));
        for answer in &NO_ANSWERS[..3] {
            let own = ("200 OK", r#"{"schema":"{}"}"#);
            let registry = answering(&[("200 OK", r#"{"id":1}"#), *answer, own]);
            registry.register("readings.raw-value", "{}").unwrap();
            assert!(matches!(registry.schema(7), Ok(None)), "{answer:?}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_in_no_error_and_no_debug_form() {
        for url in ["http://me:hunter2@127.0.0.1:1", "http://me:hunter2@[", "me:hunter2@registry"] {
            let made = SchemaRegistry::new(url);
            let shown = format!("{made:?}");
            assert!(!shown.contains("hunter"), "{shown}");
            let Ok(registry) = made else { continue };
            let refusal = registry.register("readings.raw-value", "{}").unwrap_err();
            let shown = format!("{refusal} {refusal:?}");
            assert!(!shown.contains("hunter"), "{shown}");
        }
    }
}
