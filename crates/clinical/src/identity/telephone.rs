//! Telephone numbers, as lists write them.

use super::{SHORTENED, forms};
use crate::source::normalised;

/// Digits of a telephone number: emergency numbers are none, E.164 has 15 at most.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=15;
/// Digits that a whole number of Japan has without its leading zero: landlines have 10 with it, mobiles 11.
const WITHOUT_ZERO: std::ops::RangeInclusive<usize> = 9..=10;

const A_TELEPHONE: &str = "has to be a telephone number, 6 to 15 digits";
const NO_ZERO: &str =
    "lacks its leading zero, which spreadsheets take away: format the column as text";

/// A telephone number: digits with `-` between groups, `+` where it is international. Without the `-` it can
/// be dialled.
#[derive(Clone, PartialEq, Eq)]
pub struct Telephone(String);

impl Telephone {
    /// Reads a number: digits in any width, `-`, brackets and space between them, `+` before them.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let text = normalised(text);
        if forms::is_shortened(&text) {
            return Err(SHORTENED);
        }
        let number = forms::number(&text).ok_or(A_TELEPHONE)?;
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        if WITHOUT_ZERO.contains(&digits) && !number.starts_with(['0', '+']) {
            return Err(NO_ZERO);
        }
        DIGITS.contains(&digits).then_some(Self(number)).ok_or(A_TELEPHONE)
    }

    /// The number as it was written, with `-` between groups.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits alone, as they are dialled in Japan.
    pub(super) fn digits(&self) -> String {
        forms::digits(&self.0)
    }
}
