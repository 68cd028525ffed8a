//! Why a message was not taken.

use clinical::notify::Limits;

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
