//! Structured logs on standard error, as JSON for machines or as text for people.

use std::fmt;
use std::io::IsTerminal;

use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Format, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// How and what to log.
#[derive(Debug, Clone, clap::Args)]
pub struct TelemetryArgs {
    /// Form of the logs on standard error
    #[arg(
        long,
        env = "MIMAMORI_LOG_FORMAT",
        value_enum,
        default_value_t = LogFormat::Json
    )]
    pub log_format: LogFormat,

    /// What to log: a level, or directives such as 'info,gateway=debug'
    #[arg(long = "log", env = "MIMAMORI_LOG", value_name = "DIRECTIVES", default_value = "info")]
    pub log: String,
}

/// Form of the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line, with the service's name in `service`.
    Json,
    /// Lines for people; coloured on a terminal.
    Pretty,
}

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The directives do not parse.
    #[error(
        "'{directives}' does not say what to log ({source}); give --log or MIMAMORI_LOG a level such as 'info' or directives such as 'info,gateway=debug'"
    )]
    Directives {
        /// What was given.
        directives: String,
        /// What the parser says.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Logging was started before in this process.
    #[error("logging is already started in this process: {0}")]
    AlreadyStarted(#[from] TryInitError),
}

/// Starts logging for the whole process.
///
/// # Errors
/// When the directives do not parse, or logging was started before.
pub fn init(service: &'static str, args: &TelemetryArgs) -> Result<(), TelemetryError> {
    let filter = EnvFilter::builder()
        .parse(&args.log)
        .map_err(|source| TelemetryError::Directives { directives: args.log.clone(), source })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match args.log_format {
        LogFormat::Json => builder
            .fmt_fields(JsonFields::new())
            .event_format(ServiceJson::new(service))
            .finish()
            .try_init()?,
        LogFormat::Pretty => {
            builder.with_ansi(std::io::stderr().is_terminal()).finish().try_init()?
        }
    }
    Ok(())
}

/// JSON events that carry the service's name, which the subscriber's own form has no place for.
struct ServiceJson {
    service: &'static str,
    inner: Format<Json>,
}

impl ServiceJson {
    fn new(service: &'static str) -> Self {
        let inner = Format::default().json().flatten_event(true);
        Self { service, inner }
    }
}

impl<S, N> FormatEvent<S, N> for ServiceJson
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut object = String::with_capacity(256);
        self.inner.format_event(context, Writer::new(&mut object), event)?;
        let members = object.strip_prefix('{').ok_or(fmt::Error)?;
        write!(writer, "{{\"service\":\"{}\",{members}", self.service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("unpoisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_json_event_names_its_service_and_its_fields() {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .fmt_fields(JsonFields::new())
            .event_format(ServiceJson::new("gateway"))
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(readings = 3, "batch sent");
        });
        let line = buffer.0.lock().expect("unpoisoned").clone();
        let event: serde_json::Value = serde_json::from_slice(&line).expect("one JSON object");
        assert_eq!(event["service"], "gateway");
        assert_eq!(event["message"], "batch sent");
        assert_eq!(event["readings"], 3);
    }

    #[test]
    fn directives_that_do_not_parse_are_refused_with_an_example() {
        let args =
            TelemetryArgs { log_format: LogFormat::Json, log: "gateway=loud=louder".to_owned() };
        let error = init("gateway", &args).expect_err("not a directive");
        assert!(error.to_string().contains("MIMAMORI_LOG"), "{error}");
    }
}
