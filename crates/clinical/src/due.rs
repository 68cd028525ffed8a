//! Times that matter to the rules of a patient.

use crate::time::Timestamp;

/// A time that matters to a rule, in 8 bytes: milliseconds in the upper 48 bits, far more than any time
/// needs ([`Timestamp::LATEST`]), then the rule's index in [`crate::rules::all`], and in the last two bits
/// what it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due(i64);

/// What a time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// When the rule has to be assessed again.
    Assessment,
    /// When what was sent together with a late reading has come.
    TheRest,
    /// When the first of the readings was observed that have come or were changed in that time.
    FirstOfTheRest,
}

/// What a rule has waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest {
    /// How far back what came meanwhile reaches.
    pub(crate) first: Timestamp,
    /// Until when it has waited.
    pub(crate) until: Option<Timestamp>,
}

impl Due {
    /// The bits below the time.
    pub(crate) const BITS: u32 = 16;
    const BITS_OF_WHAT: u32 = 2;
    /// Rules that there is room for.
    #[cfg(test)]
    pub(crate) const MOST_RULES: usize = 1 << (Self::BITS - Self::BITS_OF_WHAT);
    const MOST_MILLIS: i64 = i64::MAX >> Self::BITS;

    pub(crate) fn new(at: Timestamp, index: usize, what: What) -> Self {
        let millis = at.millis().clamp(-Self::MOST_MILLIS, Self::MOST_MILLIS);
        let what = match what {
            What::Assessment => 0,
            What::TheRest => 1,
            What::FirstOfTheRest => 2,
        };
        Self(millis << Self::BITS | (index as i64) << Self::BITS_OF_WHAT | what)
    }

    pub(crate) fn at(self) -> Timestamp {
        Timestamp::from_millis(self.0 >> Self::BITS)
    }

    pub(crate) fn rule(self) -> usize {
        (self.0 as u16 >> Self::BITS_OF_WHAT).into()
    }

    pub(crate) fn what(self) -> What {
        match self.0 & 0b11 {
            0 => What::Assessment,
            1 => What::TheRest,
            _ => What::FirstOfTheRest,
        }
    }
}

impl std::fmt::Debug for Due {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} of rule {} at {}", self.what(), self.rule(), self.at())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    #[test]
    fn what_is_due_is_what_was_put_in() {
        let most = rules::all().len() - 1;
        assert!(most < Due::MOST_RULES);
        for at in [Timestamp::EARLIEST, Timestamp::LATEST, Timestamp::from_millis(-1)] {
            for (rule, what) in
                [(0, What::TheRest), (most, What::Assessment), (most, What::FirstOfTheRest)]
            {
                let due = Due::new(at, rule, what);
                assert_eq!((due.at(), due.rule(), due.what()), (at, rule, what));
            }
        }
    }
}
