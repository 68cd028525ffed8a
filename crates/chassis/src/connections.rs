//! What names a deployment and reaches its servers; declared here once, flattened by every service
//! and tool. The crates that name a client make it from these.

use std::ffi::OsStr;
use std::fmt::{self, Debug, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use clap::builder::{StringValueParser, TypedValueParser};
use clap::error::ErrorKind;

use crate::secret::Secret;

/// Which deployment: several may share a Kafka.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DeploymentArgs {
    /// What the names of topics, consumer groups and transactions begin with
    #[arg(long, env = "MIMAMORI_TOPIC_PREFIX", value_name = "PREFIX", default_value = "")]
    pub topic_prefix: String,
}

/// How to reach the schema registry.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SchemaRegistryArgs {
    /// Schema registry; without one, records are written in Avro single-object encoding
    /// (http://registry:8081, or with a user, http://user:password@registry:8081)
    #[arg(long, env = "SCHEMA_REGISTRY_URL", value_name = "URL", hide_env_values = true)]
    pub schema_registry_url: Option<Secret>,
}

impl SchemaRegistryArgs {
    /// Its address, which may hold a password.
    pub fn url(&self) -> Option<&str> {
        self.schema_registry_url.as_ref().map(Secret::expose)
    }
}

/// How to reach Kafka.
#[derive(Debug, Clone, clap::Args)]
pub struct KafkaArgs {
    /// Kafka's brokers, host:port, comma separated
    #[arg(long, env = "KAFKA_BOOTSTRAP_SERVERS", value_name = "SERVERS")]
    pub bootstrap_servers: String,

    /// Further properties of Kafka.
    #[command(flatten)]
    pub properties: KafkaPropertyArgs,
}

impl KafkaArgs {
    /// Plain connection to brokers, for tests and local tools.
    pub fn local(bootstrap_servers: impl Into<String>) -> Self {
        Self {
            bootstrap_servers: bootstrap_servers.into(),
            properties: KafkaPropertyArgs::default(),
        }
    }
}

/// What a Kafka client is configured with beyond its brokers.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct KafkaPropertyArgs {
    /// Further properties of the Kafka client (TLS, SASL …), name=value, comma separated
    #[arg(
        long,
        env = "MIMAMORI_KAFKA_PROPERTIES",
        value_name = "PROPERTIES",
        value_delimiter = ',',
        value_parser = Unrepeated::<KafkaProperty>::default(),
        hide_env_values = true
    )]
    pub kafka_properties: Vec<KafkaProperty>,
}

/// A property of the Kafka client. Its value may be a password, and so may its name: half of one,
/// where the password has a comma in it and then a `=`.
#[derive(Clone)]
pub struct KafkaProperty {
    /// Its name, as the client's documentation has it.
    pub name: String,
    /// Its value.
    pub value: Secret,
}

/// What the names of librdkafka's properties begin with, up to their first point.
const FAMILIES: [&str; 47] = [
    "allow",
    "api",
    "auto",
    "batch",
    "bootstrap",
    "broker",
    "builtin",
    "check",
    "client",
    "compression",
    "connections",
    "consume",
    "coordinator",
    "delivery",
    "enable",
    "fetch",
    "group",
    "heartbeat",
    "https",
    "internal",
    "isolation",
    "linger",
    "log",
    "max",
    "message",
    "metadata",
    "offset",
    "partition",
    "plugin",
    "produce",
    "queue",
    "queued",
    "queuing",
    "receive",
    "reconnect",
    "request",
    "retry",
    "sasl",
    "security",
    "session",
    "socket",
    "ssl",
    "statistics",
    "sticky",
    "topic",
    "transaction",
    "transactional",
];
/// The names of librdkafka's properties that have no point.
const WITHOUT_POINT: [&str; 5] = ["acks", "debug", "log_level", "partitioner", "retries"];

impl KafkaProperty {
    /// A name as it may be shown: none where it is made unlike those of the client's properties, as
    /// half a password is. A misspelt one is shown.
    pub fn shown_name(name: &str) -> Option<&str> {
        const LONGEST: usize = 64;
        let is_plain = name.len() <= LONGEST
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'.' | b'_'));
        let is_known = match name.split_once('.') {
            Some((family, _)) => FAMILIES.contains(&family),
            None => WITHOUT_POINT.contains(&name),
        };
        (is_plain && is_known).then_some(name)
    }
}

impl Debug for KafkaProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaProperty")
            .field("name", &Self::shown_name(&self.name))
            .field("value", &self.value)
            .finish()
    }
}

/// A text is no property. It is not repeated: half a password has no `=` either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "one of --kafka-properties or MIMAMORI_KAFKA_PROPERTIES is not written name=value; they are \
     parted by commas, so a value cannot hold one"
)]
pub struct NoKafkaProperty;

impl FromStr for KafkaProperty {
    type Err = NoKafkaProperty;

    fn from_str(text: &str) -> Result<Self, NoKafkaProperty> {
        match text.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                Ok(Self { name: name.trim().to_owned(), value: value.trim().to_owned().into() })
            }
            _ => Err(NoKafkaProperty),
        }
    }
}

/// Reads a value that may be or hold a secret. clap's own parsers repeat what they refuse; this one
/// does not.
#[derive(Debug, Clone)]
struct Unrepeated<T>(PhantomData<fn() -> T>);

impl<T> Default for Unrepeated<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T> TypedValueParser for Unrepeated<T>
where
    T: FromStr<Err: Display> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let text = StringValueParser::new().parse_ref(command, argument, value)?;
        text.parse().map_err(|refused: T::Err| {
            clap::Error::raw(ErrorKind::ValueValidation, format!("{refused}\n")).with_cmd(command)
        })
    }
}

/// How to reach ClickHouse.
#[derive(Debug, Clone, clap::Args)]
pub struct ClickHouseArgs {
    /// Address of ClickHouse's HTTP interface, such as http://localhost:8123
    #[arg(
        long,
        env = "CLICKHOUSE_URL",
        value_name = "URL",
        value_parser = Unrepeated::<ClickHouseUrl>::default().map(|url| url.0)
    )]
    pub clickhouse_url: String,

    /// Database of the tables
    #[arg(
        long,
        env = "MIMAMORI_CLICKHOUSE_DATABASE",
        value_name = "NAME",
        default_value = "mimamori",
        value_parser = database_name
    )]
    pub clickhouse_database: String,

    /// User: the writer's may write, those of dashboard and gateway need to read and nothing else.
    /// ClickHouse's default user where none is given
    #[arg(long, env = "MIMAMORI_CLICKHOUSE_USER", value_name = "NAME")]
    pub clickhouse_user: Option<String>,

    /// Password of the user; better given by the environment, which other users of the machine
    /// cannot see
    #[arg(
        long,
        env = "MIMAMORI_CLICKHOUSE_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub clickhouse_password: Option<Secret>,
}

/// How to reach a server.
pub trait ServerArgs: clap::Args {
    /// The argument with the server's address.
    const ADDRESS: &'static str;
}

impl ServerArgs for KafkaArgs {
    const ADDRESS: &'static str = "bootstrap_servers";
}

impl ServerArgs for ClickHouseArgs {
    const ADDRESS: &'static str = "clickhouse_url";
}

/// How to reach a server that a service can do without: it is reached where its address is given.
#[derive(Debug, Clone)]
pub struct Optional<A>(pub Option<A>);

impl<A: ServerArgs> clap::Args for Optional<A> {
    fn augment_args(command: clap::Command) -> clap::Command {
        A::augment_args(command).mut_arg(A::ADDRESS, |argument| argument.required(false))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        A::augment_args_for_update(command)
    }
}

impl<A: ServerArgs> clap::FromArgMatches for Optional<A> {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        let is_given = matches.contains_id(A::ADDRESS);
        Ok(Self(is_given.then(|| A::from_arg_matches(matches)).transpose()?))
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl ClickHouseArgs {
    /// A database of a server that asks for no password, for tests and local tools.
    pub fn local(url: impl Into<String>, database: impl Into<String>) -> Self {
        Self {
            clickhouse_url: url.into(),
            clickhouse_database: database.into(),
            clickhouse_user: None,
            clickhouse_password: None,
        }
    }
}

/// An address without user and password, so that it may be shown. One with a password is refused, and
/// not repeated.
#[derive(Debug, Clone)]
struct ClickHouseUrl(String);

impl FromStr for ClickHouseUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        match rest {
            Some(rest) if !rest.is_empty() && !rest.contains(['@', '?', '#']) => {
                Ok(Self(text.trim_end_matches('/').to_owned()))
            }
            _ => Err("--clickhouse-url or CLICKHOUSE_URL is not written http://host:port or \
                      https://host:port; user, password and database have settings of their own, \
                      --clickhouse-user, --clickhouse-password and --clickhouse-database"),
        }
    }
}

fn database_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !text.is_empty()
        && text.chars().all(plain)
        && !text.starts_with(|c: char| c.is_ascii_digit())
    {
        Ok(text.to_owned())
    } else {
        Err("a database name has letters, digits and underscores, and no digit first".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        deployment: DeploymentArgs,
        #[command(flatten)]
        registry: SchemaRegistryArgs,
        #[command(flatten)]
        kafka: KafkaArgs,
        #[command(flatten)]
        clickhouse: ClickHouseArgs,
    }

    fn parse(more: &[&str]) -> Result<Command, String> {
        let given = ["service", "--bootstrap-servers=k:1", "--clickhouse-url=http://c:8123"];
        Command::try_parse_from(given.iter().chain(more)).map_err(|error| error.to_string())
    }

    #[test]
    fn only_the_servers_have_to_be_named() {
        let command = parse(&[]).expect("defaults are valid");
        assert_eq!(command.deployment.topic_prefix, "");
        assert_eq!(command.registry.url(), None);
        assert_eq!(command.clickhouse.clickhouse_database, "mimamori");
        assert!(command.kafka.properties.kafka_properties.is_empty());
    }

    #[test]
    fn servers_that_a_service_can_do_without_are_there_where_their_address_is_given() {
        #[derive(Debug, Parser)]
        struct Demo {
            #[command(flatten)]
            kafka: Optional<KafkaArgs>,
            #[command(flatten)]
            clickhouse: Optional<ClickHouseArgs>,
        }
        let parse = |given: &[&str]| Demo::try_parse_from([&["demo"], given].concat());
        let without = parse(&["--kafka-properties=acks=all"]).expect("no server");
        assert!(without.kafka.0.is_none() && without.clickhouse.0.is_none());
        let kafka = parse(&["--bootstrap-servers=k:1", "--kafka-properties=acks=all"]);
        let Demo { kafka, clickhouse } = kafka.expect("a Kafka");
        assert_eq!(kafka.0.expect("given").properties.kafka_properties.len(), 1);
        assert!(clickhouse.0.is_none());
    }

    #[test]
    fn a_database_name_that_would_need_quoting_is_refused() {
        let error = parse(&["--clickhouse-database=a; DROP"]).expect_err("not a name");
        assert!(error.contains("letters, digits and underscores"), "{error}");
    }

    #[test]
    fn properties_are_read_and_their_values_never_shown() {
        let given = "--kafka-properties=security.protocol=SASL_SSL, sasl.password = a=hunter2";
        let command = parse(&[given, "--clickhouse-password=hunter2"]).expect("two properties");
        let [protocol, password] = &command.kafka.properties.kafka_properties[..] else {
            panic!("{command:?}")
        };
        assert_eq!((&*protocol.name, protocol.value.expose()), ("security.protocol", "SASL_SSL"));
        assert_eq!((&*password.name, password.value.expose()), ("sasl.password", "a=hunter2"));
        assert!(!format!("{command:?}").contains("hunter2"), "{command:?}");
    }

    #[test]
    fn a_password_in_an_address_is_never_shown() {
        let command =
            parse(&["--schema-registry-url=http://me:hunter2@r:8081"]).expect("an address");
        assert_eq!(command.registry.url(), Some("http://me:hunter2@r:8081"));
        assert!(!format!("{command:?}").contains("hunter2"), "{command:?}");
        for url in ["http://me:hunter2@c:8123", "http://c:8123/?password=hunter2", "hunter2"] {
            let command = Command::try_parse_from([
                "service",
                "--bootstrap-servers=k:1",
                "--clickhouse-url",
                url,
            ]);
            let error = command.expect_err("user and password are apart").to_string();
            assert!(error.contains("--clickhouse-password"), "{error}");
            assert!(!error.contains("hunter"), "{error}");
        }
    }

    #[test]
    fn half_a_password_after_a_comma_is_refused_without_being_shown() {
        let error = parse(&["--kafka-properties=sasl.password=hunter1,hunter2"]);
        let error = error.expect_err("the second is no property");
        assert!(error.contains("MIMAMORI_KAFKA_PROPERTIES"), "{error}");
        assert!(!error.contains("hunter"), "{error}");
    }

    #[test]
    fn half_a_password_with_a_comma_and_a_sign_of_equality_is_never_shown_as_a_name() {
        let command = parse(&["--kafka-properties=sasl.password=hunter1,hunter2=3,hunter.=x"]);
        let command = command.expect("properties, as far as one can see");
        assert_eq!(command.kafka.properties.kafka_properties.len(), 3);
        assert!(!format!("{command:?}").contains("hunter"), "{command:?}");
        for name in ["sasl.password", "sasl.pasword", "linger.ms", "acks", "log_level"] {
            assert_eq!(KafkaProperty::shown_name(name), Some(name));
        }
        for other in ["hunter2", "hunter", "sasl", "sasl.hunter2", "sasl.hUnter", "max.a-b", ""] {
            assert_eq!(KafkaProperty::shown_name(other), None, "{other}");
        }
    }
}
