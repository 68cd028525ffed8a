//! Mail, by the clinic's own mail server.

use std::time::Duration;

use anyhow::Context;
use chassis::Secret;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message as Mail};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use crate::args::{MailArgs, MailTls};
use crate::failure::Failure;
use crate::message::Message;

/// Sends mail.
#[derive(Clone)]
pub(crate) struct Mails {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mails {
    /// By the mail server of the settings; none where there is none.
    ///
    /// # Errors
    /// When a setting is not usable.
    pub(crate) fn new(args: &MailArgs, timeout: Duration) -> anyhow::Result<Option<Self>> {
        let Some(host) = &args.smtp_host else { return Ok(None) };
        let from = args.mail_from.as_deref().unwrap_or_default();
        let from = from.parse().with_context(|| {
            format!("MIMAMORI_NOTIFIER_MAIL_FROM is {from}, which is no address of a mail")
        })?;
        let parameters = || TlsParameters::new(host.clone()).context("TLS cannot be used");
        let (tls, port) = match args.smtp_tls {
            MailTls::Implicit => (Tls::Wrapper(parameters()?), 465),
            MailTls::Starttls => (Tls::Required(parameters()?), 587),
            MailTls::None => (Tls::None, 25),
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(args.smtp_port.unwrap_or(port))
            .tls(tls)
            .timeout(Some(timeout));
        if let (Some(user), Some(password)) = (&args.smtp_user, &args.smtp_password) {
            let password: &Secret = password;
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            transport = transport.credentials(credentials);
        }
        Ok(Some(Self { transport: transport.build(), from }))
    }

    /// The mail of a message. Its Message-ID is made of the key, so that the same one is known again.
    fn mail(&self, address: &str, message: &Message) -> Result<Mail, Failure> {
        let to: Mailbox = address.parse().map_err(|_| Failure::Address)?;
        let domain = self.from.email.domain();
        Mail::builder()
            .from(self.from.clone())
            .to(to)
            .subject(message.subject())
            .message_id(Some(format!("<{}@{domain}>", message.key)))
            .header(ContentType::TEXT_PLAIN)
            .body(message.mail())
            .map_err(|_| Failure::Address)
    }

    pub(crate) async fn send(&self, address: &str, message: &Message) -> Result<(), Failure> {
        let mail = self.mail(address, message)?;
        let sent = self.transport.send(mail).await;
        sent.map(|_| ()).map_err(|error| match error {
            _ if error.is_timeout() => Failure::Timeout,
            _ if error.is_permanent() || error.is_transient() => Failure::Refused,
            _ => Failure::Unreachable,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::message;

    #[test]
    fn a_mail_is_known_again_by_the_message_and_its_text_is_whole() {
        let args = MailArgs {
            smtp_host: Some("127.0.0.1".to_owned()),
            smtp_port: None,
            smtp_tls: MailTls::None,
            smtp_user: None,
            smtp_password: None,
            mail_from: Some("mimamori@clinic.example".to_owned()),
        };
        let mails = Mails::new(&args, Duration::from_secs(1)).unwrap().unwrap();
        let message = message(1);
        let mail = mails.mail("sato@clinic.example", &message).unwrap().formatted();
        let mail = String::from_utf8(mail).unwrap();
        assert!(mail.contains(&format!("Message-ID: <{}@clinic.example>", message.key)), "{mail}");
        assert!(mail.contains("To: sato@clinic.example"), "{mail}");
        assert_eq!(mails.mail("no address", &message).unwrap_err(), Failure::Address);
        let none = MailArgs { smtp_host: None, ..args };
        assert!(Mails::new(&none, Duration::from_secs(1)).unwrap().is_none());
    }
}
