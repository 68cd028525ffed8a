//! The bytes beneath: TCP or TLS, by the Kafka client's own settings.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::WireError;
use crate::connection::KafkaArgs;

/// How long a broker may take to be reached or to answer.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) trait Transport: Read + Write + Send {}

impl<T: Read + Write + Send> Transport for T {}

/// How brokers want to be spoken with.
pub(super) struct Security {
    tls: Option<Tls>,
    plain: Option<(String, String)>,
}

struct Tls {
    /// File with the certificates that are trusted; the system's where none is given.
    authorities: Option<String>,
}

impl Security {
    /// By the properties of the Kafka client.
    pub(super) fn of(kafka: &KafkaArgs) -> Result<Self, WireError> {
        let get = |names: &[&str]| {
            // The last one counts, as for the client.
            let mut properties = kafka.properties.kafka_properties.iter().rev();
            let found = properties.find(|property| names.contains(&property.name.as_str()))?;
            Some(found.value.expose().to_owned())
        };
        let protocol = get(&["security.protocol"]).unwrap_or_default().to_ascii_lowercase();
        let (has_tls, has_sasl) = match protocol.as_str() {
            "" | "plaintext" => (false, false),
            "ssl" => (true, false),
            "sasl_plaintext" => (false, true),
            "sasl_ssl" => (true, true),
            _ => return Err(WireError::Unsupported("this security.protocol".to_owned())),
        };
        if has_tls && get(&["ssl.keystore.location", "ssl.certificate.location"]).is_some() {
            return Err(WireError::Unsupported("a client's certificate".to_owned()));
        }
        let tls = has_tls.then(|| Tls { authorities: get(&["ssl.ca.location"]) });
        let mechanism = get(&["sasl.mechanisms", "sasl.mechanism"]).unwrap_or_default();
        if has_sasl && !mechanism.eq_ignore_ascii_case("PLAIN") {
            return Err(WireError::Unsupported("a SASL mechanism other than PLAIN".to_owned()));
        }
        let plain = has_sasl.then(|| {
            let user = get(&["sasl.username"]).unwrap_or_default();
            (user, get(&["sasl.password"]).unwrap_or_default())
        });
        Ok(Self { tls, plain })
    }

    /// User and password, where they are asked for.
    pub(super) fn plain(&self) -> Option<(&str, &str)> {
        self.plain.as_ref().map(|(user, password)| (user.as_str(), password.as_str()))
    }

    pub(super) fn connect(&self, host: &str, port: i32) -> io::Result<Box<dyn Transport>> {
        let stream = tcp(host, u16::try_from(port).map_err(io::Error::other)?)?;
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let mut connector = native_tls::TlsConnector::builder();
        if let Some(file) = &tls.authorities {
            let authorities = native_tls::Certificate::stack_from_pem(&std::fs::read(file)?);
            connector.disable_built_in_roots(true);
            for authority in authorities.map_err(io::Error::other)? {
                connector.add_root_certificate(authority);
            }
        }
        let connector = connector.build().map_err(io::Error::other)?;
        let stream = connector
            .connect(host, stream)
            .map_err(|error| io::Error::other(format!("TLS: {error}")))?;
        Ok(Box::new(stream))
    }
}

fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(stream);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn security(properties: &[&str]) -> Result<Security, WireError> {
        let mut kafka = KafkaArgs::local("k:9092");
        let properties = properties.iter().map(|text| text.parse().expect("a property"));
        kafka.properties.kafka_properties = properties.collect();
        Security::of(&kafka)
    }

    #[test]
    fn the_clients_settings_say_how_to_connect() {
        let plain = security(&[]).expect("plain");
        assert!(plain.tls.is_none() && plain.plain().is_none());
        let both = security(&[
            "security.protocol=SASL_SSL",
            "sasl.mechanisms=PLAIN",
            "sasl.username=me",
            "sasl.password=secret",
            "ssl.ca.location=/ca.pem",
        ]);
        let both = both.expect("TLS and PLAIN");
        assert_eq!(both.plain(), Some(("me", "secret")));
        assert_eq!(both.tls.and_then(|tls| tls.authorities).as_deref(), Some("/ca.pem"));
    }

    #[test]
    fn what_is_not_spoken_is_named_and_no_secret_with_it() {
        for properties in [
            &[
                "security.protocol=SASL_SSL",
                "sasl.mechanism=SCRAM-SHA-512",
                "sasl.password=hunter2",
            ][..],
            &["security.protocol=ssl", "ssl.keystore.location=/k", "ssl.keystore.password=hunter2"],
        ] {
            let error = security(properties).err().expect("not spoken").to_string();
            assert!(error.contains("kafka-transactions.sh"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
