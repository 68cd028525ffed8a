//! The notifier's arguments.

use std::time::Duration;

use anyhow::bail;
use chassis::{DeploymentArgs, InstanceArgs, KafkaArgs, SchemaRegistryArgs, Secret, ServiceArgs};
use clinical::Span;
use clinical::notify::Limits;

/// Tells the people on call of alerts that nobody sees to.
#[derive(Debug, Clone, clap::Args)]
pub struct NotifierArgs {
    /// What all services share.
    #[command(flatten)]
    pub service: ServiceArgs,

    /// Kafka.
    #[command(flatten)]
    pub kafka: KafkaArgs,

    /// Schema registry.
    #[command(flatten)]
    pub schema_registry: SchemaRegistryArgs,

    /// The deployment.
    #[command(flatten)]
    pub deployment: DeploymentArgs,

    /// Which of several instances it is.
    #[command(flatten)]
    pub instance: InstanceArgs,

    /// Where physicians open the dashboard, such as https://mimamori.example: links in messages begin so
    #[arg(long, env = "MIMAMORI_DASHBOARD_URL", value_name = "URL", value_parser = base_url)]
    pub dashboard_url: String,

    /// Webhooks.
    #[command(flatten)]
    pub webhook: WebhookArgs,

    /// Mail.
    #[command(flatten)]
    pub mail: MailArgs,

    /// How often and how long is tried.
    #[command(flatten)]
    pub attempts: AttemptArgs,
}

/// What the text of a setting's URL is without the slash at its end.
fn base_url(text: &str) -> Result<String, String> {
    let is_url = ["https://", "http://"].iter().any(|begin| {
        text.strip_prefix(begin).is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
    });
    match is_url {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err("write it with https://, such as https://mimamori.example".to_owned()),
    }
}

/// How webhooks are called.
#[derive(Debug, Clone, clap::Args)]
pub struct WebhookArgs {
    /// Key of the signatures of webhooks (HMAC-SHA-256), at least 32 characters, such as `openssl rand -hex
    /// 32` prints; without it no webhook is called. Better given by the environment
    #[arg(
        long,
        env = "MIMAMORI_NOTIFIER_WEBHOOK_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub webhook_secret: Option<Secret>,
}

/// How mail is sent.
#[derive(Debug, Clone, clap::Args)]
pub struct MailArgs {
    /// Mail server; without it no mail is sent
    #[arg(long, env = "MIMAMORI_NOTIFIER_SMTP_HOST", value_name = "HOST", requires = "mail_from")]
    pub smtp_host: Option<String>,
    /// Its port; 465 or 587 where none is given, as --smtp-tls says
    #[arg(long, env = "MIMAMORI_NOTIFIER_SMTP_PORT", value_name = "PORT")]
    pub smtp_port: Option<u16>,
    /// How the connection is encrypted; none is for a mail server on this machine only
    #[arg(long, env = "MIMAMORI_NOTIFIER_SMTP_TLS", value_enum, default_value_t = MailTls::Starttls)]
    pub smtp_tls: MailTls,
    /// User at the mail server
    #[arg(
        long,
        env = "MIMAMORI_NOTIFIER_SMTP_USER",
        value_name = "USER",
        requires = "smtp_password"
    )]
    pub smtp_user: Option<String>,
    /// The user's password. Better given by the environment
    #[arg(
        long,
        env = "MIMAMORI_NOTIFIER_SMTP_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true
    )]
    pub smtp_password: Option<Secret>,
    /// Sender of mails, such as mimamori@clinic.example
    #[arg(long, env = "MIMAMORI_NOTIFIER_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
}

/// How the connection to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum MailTls {
    /// TLS from the first byte (port 465)
    Implicit,
    /// TLS after STARTTLS, without which nothing is sent (port 587)
    Starttls,
    /// Not at all
    None,
}

/// How often and how long is tried.
#[derive(Debug, Clone, clap::Args)]
pub struct AttemptArgs {
    /// Seconds that a receiver may take
    #[arg(long, env = "MIMAMORI_NOTIFIER_TIMEOUT_SECONDS", value_name = "SECONDS",
        default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=120))]
    pub timeout_seconds: u64,
    /// How often a message is tried before the next person is notified
    #[arg(long, env = "MIMAMORI_NOTIFIER_ATTEMPTS", value_name = "COUNT", default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..=20))]
    pub attempts: u32,
    /// Milliseconds between the first attempt and the second; each further wait is twice as long, up to a
    /// minute
    #[arg(long, env = "MIMAMORI_NOTIFIER_FIRST_WAIT_MS", value_name = "MILLISECONDS",
        default_value_t = 5000, value_parser = clap::value_parser!(i64).range(100..=60_000))]
    pub first_wait_ms: i64,
    /// Seconds after which what was given up is tried again, where nobody was notified
    #[arg(long, env = "MIMAMORI_NOTIFIER_AGAIN_AFTER_SECONDS", value_name = "SECONDS",
        default_value_t = 900, value_parser = clap::value_parser!(i64).range(1..=86_400))]
    pub again_after_seconds: i64,
    /// Seconds after which an urgent alert that nobody sees to is overdue, once the last of the list was due
    #[arg(long, env = "MIMAMORI_NOTIFIER_OVERDUE_AFTER_SECONDS", value_name = "SECONDS",
        default_value_t = 1800, value_parser = clap::value_parser!(i64).range(1..=86_400))]
    pub overdue_after_seconds: i64,
    /// Messages that one recipient gets within --storm-window-seconds; what comes beyond comes in one
    #[arg(long, env = "MIMAMORI_NOTIFIER_STORM_MESSAGES", value_name = "COUNT", default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..=100))]
    pub storm_messages: u32,
    /// See there
    #[arg(long, env = "MIMAMORI_NOTIFIER_STORM_WINDOW_SECONDS", value_name = "SECONDS",
        default_value_t = 60, value_parser = clap::value_parser!(i64).range(1..=600))]
    pub storm_window_seconds: i64,
}

impl AttemptArgs {
    /// How long a receiver may take.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    /// The numbers that deciding goes by.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            attempts: self.attempts,
            first_wait: Span::from_millis(self.first_wait_ms),
            again_after: Span::from_seconds(self.again_after_seconds),
            overdue_after: Span::from_seconds(self.overdue_after_seconds),
            storm_messages: self.storm_messages as usize,
            storm_window: Span::from_seconds(self.storm_window_seconds),
            ..Limits::default()
        }
    }
}

/// A signature with less can be guessed.
const SHORTEST_SECRET: usize = 32;

impl NotifierArgs {
    /// # Errors
    /// When nobody could be notified with these settings, or the settings give something away.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.webhook.webhook_secret.is_none() && self.mail.smtp_host.is_none() {
            bail!(
                "nobody can be notified: give a key for the signatures of webhooks \
                 (MIMAMORI_NOTIFIER_WEBHOOK_SECRET), a mail server (MIMAMORI_NOTIFIER_SMTP_HOST and \
                 MIMAMORI_NOTIFIER_MAIL_FROM), or both"
            );
        }
        if let Some(secret) = &self.webhook.webhook_secret
            && secret.expose().len() < SHORTEST_SECRET
        {
            bail!(
                "MIMAMORI_NOTIFIER_WEBHOOK_SECRET has fewer than {SHORTEST_SECRET} characters; \
                 `openssl rand -hex 32` makes one"
            );
        }
        if let Some(host) = &self.mail.smtp_host
            && self.mail.smtp_tls == MailTls::None
            && !matches!(&**host, "localhost" | "127.0.0.1" | "::1")
        {
            bail!(
                "mail would go to {host} without encryption: --smtp-tls none is for a mail server on \
                 this machine; use starttls or implicit"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: NotifierArgs,
    }

    fn checked(arguments: &[&str]) -> Result<(), String> {
        let own = [
            "notifier",
            "--bootstrap-servers",
            "kafka:9092",
            "--dashboard-url",
            "https://mimamori.example/",
        ];
        let command = Command::try_parse_from(own.iter().chain(arguments));
        let args = command.map_err(|error| error.to_string())?.args;
        assert_eq!(args.dashboard_url, "https://mimamori.example");
        args.check().map_err(|error| error.to_string())
    }

    #[test]
    fn without_a_channel_with_a_guessable_secret_or_in_the_clear_nothing_starts() {
        assert!(checked(&[]).unwrap_err().contains("MIMAMORI_NOTIFIER_SMTP_HOST"));
        assert!(checked(&["--webhook-secret", "short"]).unwrap_err().contains("32"));
        checked(&["--webhook-secret", &"k".repeat(32)]).unwrap();
        let mail = ["--smtp-host", "mail.example", "--mail-from", "m@clinic.example"];
        checked(&mail).unwrap();
        assert!(checked(&mail[..2]).unwrap_err().contains("--mail-from"));
        let clear = [&mail[..], &["--smtp-tls", "none"]].concat();
        assert!(checked(&clear).unwrap_err().contains("without encryption"));
        checked(&["--smtp-host", "127.0.0.1", "--mail-from", "m@c.d", "--smtp-tls", "none"])
            .unwrap();
    }
}
