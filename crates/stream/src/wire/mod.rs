//! Questions to Kafka that the Kafka client has no words for: one connection to one broker, a request
//! at a time. Only what transactions need; everything else goes through the client.
//!
//! The messages are those of Kafka's protocol guide. Connections are plain or TLS, with SASL PLAIN or
//! without; other ways to sign in are named as not supported.

mod message;
mod transport;

use std::io::{self, Read, Write};

use crate::connection::KafkaArgs;
pub(crate) use message::{Reader, Writer};
use transport::Transport;

/// Why a broker could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The connection failed.
    #[error("{broker} cannot be asked: {source}")]
    Connection {
        /// Host and port.
        broker: String,
        /// Why.
        source: io::Error,
    },
    /// A way to connect or to sign in that is not spoken here.
    #[error(
        "{0} is not supported for this; ask with `kafka-transactions.sh` of Kafka's distribution"
    )]
    Unsupported(String),
    /// The broker refuses to let this user in.
    #[error("the broker does not let this user in: {0}")]
    Refused(String),
    /// The broker's answer is not what the protocol says.
    #[error("the broker's answer cannot be read")]
    Unreadable,
    /// The broker answers with an error.
    #[error("the broker answers with error {0}{hint}", hint = hint(.0))]
    Answered(i16),
}

/// What the likely codes mean.
fn hint(code: &i16) -> &'static str {
    match code {
        3 => " (no such topic or partition)",
        6 => " (another broker leads the partition now; try again)",
        29 => " (this user may not read the topic)",
        31 => " (this user has no right ClusterAction or Alter on the cluster)",
        35 => " (the broker is too old)",
        47 => " (the producer has begun anew meanwhile)",
        _ => "",
    }
}

/// An answer with an error code in it.
pub(crate) fn accepted(code: i16) -> Result<(), WireError> {
    match code {
        0 => Ok(()),
        code => Err(WireError::Answered(code)),
    }
}

/// What a request is, and whether its version has the flexible form, with tagged fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Api {
    pub(crate) key: i16,
    pub(crate) version: i16,
    pub(crate) is_flexible: bool,
}

const SASL_HANDSHAKE: Api = Api { key: 17, version: 1, is_flexible: false };
const SASL_AUTHENTICATE: Api = Api { key: 36, version: 0, is_flexible: false };

/// No answer is larger, bytes.
const LARGEST_ANSWER: i32 = 64 << 20;

/// A connection to a broker.
pub(crate) struct Wire {
    broker: String,
    transport: Box<dyn Transport>,
    correlation: i32,
}

impl Wire {
    /// Connects, and signs in where the settings say so.
    pub(crate) fn connect(kafka: &KafkaArgs, host: &str, port: i32) -> Result<Self, WireError> {
        let broker = format!("{host}:{port}");
        let security = transport::Security::of(kafka)?;
        let transport = security
            .connect(host, port)
            .map_err(|source| WireError::Connection { broker: broker.clone(), source })?;
        let mut wire = Self { broker, transport, correlation: 0 };
        if let Some((user, password)) = security.plain() {
            wire.sign_in(user, password)?;
        }
        Ok(wire)
    }

    fn sign_in(&mut self, user: &str, password: &str) -> Result<(), WireError> {
        let mut handshake = Writer::default();
        handshake.text("PLAIN");
        let answer = self.ask(SASL_HANDSHAKE, handshake)?;
        let code = Reader::new(&answer).i16()?;
        if code != 0 {
            return Err(WireError::Refused("it does not know SASL PLAIN".to_owned()));
        }
        let mut authenticate = Writer::default();
        authenticate.bytes(format!("\0{user}\0{password}").as_bytes());
        let answer = self.ask(SASL_AUTHENTICATE, authenticate)?;
        let mut answer = Reader::new(&answer);
        if answer.i16()? != 0 {
            return Err(WireError::Refused("user or password is wrong".to_owned()));
        }
        Ok(())
    }

    /// Sends a request and waits for its answer: the body, without its header.
    pub(crate) fn ask(&mut self, api: Api, body: Writer) -> Result<Vec<u8>, WireError> {
        self.correlation += 1;
        let mut request = Writer::default();
        request.i16(api.key);
        request.i16(api.version);
        request.i32(self.correlation);
        request.text("mimamori");
        if api.is_flexible {
            request.no_tags();
        }
        request.append(body);
        let answer = self
            .exchange(request)
            .map_err(|source| WireError::Connection { broker: self.broker.clone(), source })?;
        let mut header = Reader::new(&answer);
        if header.i32()? != self.correlation {
            return Err(WireError::Unreadable);
        }
        if api.is_flexible {
            header.tags()?;
        }
        Ok(header.rest().to_vec())
    }

    fn exchange(&mut self, request: Writer) -> io::Result<Vec<u8>> {
        let request = request.into_bytes();
        self.transport.write_all(&(request.len() as i32).to_be_bytes())?;
        self.transport.write_all(&request)?;
        self.transport.flush()?;
        let mut length = [0; 4];
        self.transport.read_exact(&mut length)?;
        let length = i32::from_be_bytes(length);
        if !(4..=LARGEST_ANSWER).contains(&length) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut answer = vec![0; length as usize];
        self.transport.read_exact(&mut answer)?;
        Ok(answer)
    }
}
