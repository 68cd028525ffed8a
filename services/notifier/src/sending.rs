//! Sends messages, whatever the channel.

use std::time::Duration;

use chassis::now_ms;
use clinical::notify::{Channel, Limits, OnCallEntry};

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

    /// Whether a further attempt fails the same way until somebody changes a setting or the list: the next
    /// one on the list is not to wait for it.
    const fn lasts(self) -> bool {
        matches!(self, Self::Address | Self::NotConfigured)
    }

    /// Whether the message is given up with an attempt that failed so.
    pub(crate) fn gives_up(self, attempt: u32, limits: &Limits) -> bool {
        self.lasts() || limits.gives_up(attempt)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_further_attempt_can_mend_is_given_up_with_the_first() {
        let limits = Limits::default();
        for failure in [Failure::Address, Failure::NotConfigured] {
            assert!((1..=6).all(|attempt| failure.gives_up(attempt, &limits)), "{failure:?}");
        }
        for failure in [Failure::Timeout, Failure::Unreachable, Failure::Refused] {
            let given_up: Vec<_> = (1..=6).filter(|at| failure.gives_up(*at, &limits)).collect();
            assert_eq!(given_up, [5], "{failure:?}");
        }
    }
}
