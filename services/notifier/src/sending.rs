//! Sends messages, whatever the channel.

use std::time::Duration;

use chassis::now_ms;
use clinical::notify::{Channel, OnCallEntry};

use crate::args::NotifierArgs;
use crate::mail::Mails;
use crate::message::Message;
use crate::webhook::Webhooks;

/// Why a receiver has not taken a message. It says nothing of the receiver, for it is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It did not answer in time.
    Timeout,
    /// It was not reached.
    Unreachable,
    /// It said no.
    Refused,
    /// The address cannot be written to.
    Address,
    /// This notifier has no settings for the channel.
    NotConfigured,
}

impl Failure {
    /// The name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Address => "address",
            Self::NotConfigured => "not_configured",
        }
    }
}

/// The channels that are configured.
#[derive(Clone)]
pub(crate) struct Channels {
    webhooks: Option<Webhooks>,
    mails: Option<Mails>,
    timeout: Duration,
}

impl Channels {
    /// # Errors
    /// When a setting is not usable.
    pub(crate) fn new(args: &NotifierArgs) -> anyhow::Result<Self> {
        let timeout = args.attempts.timeout();
        Ok(Self {
            webhooks: args.webhook.webhook_secret.clone().map(Webhooks::new).transpose()?,
            mails: Mails::new(&args.mail, timeout)?,
            timeout,
        })
    }

    /// Sends a message once, and waits for the receiver no longer than the settings say.
    ///
    /// # Errors
    /// When the receiver is not known to have taken it.
    pub(crate) async fn send(&self, entry: &OnCallEntry, message: &Message) -> Result<(), Failure> {
        let sent = async {
            match entry.channel {
                Channel::Webhook => {
                    let webhooks = self.webhooks.as_ref().ok_or(Failure::NotConfigured)?;
                    webhooks.send(&entry.address, message, now_ms()).await
                }
                Channel::Email => {
                    let mails = self.mails.as_ref().ok_or(Failure::NotConfigured)?;
                    mails.send(&entry.address, message).await
                }
            }
        };
        tokio::time::timeout(self.timeout, sent).await.unwrap_or(Err(Failure::Timeout))
    }
}
