//! What is wrong with a document, or tolerated: a place, a rule and words for a person. Never a
//! value: places and rules may be logged and counted, values of patients may not.

use std::borrow::Cow;

use clinical::clock::Doubt;
use schemas::RejectionReason;
use serde::{Serialize, Serializer};

use super::json::Fault;

/// The rules a document can break: the codes that senders see and metrics count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A required field is missing.
    Required,
    /// The value has another JSON type than the field.
    WrongType,
    /// The exchange rules have no such field or record there.
    UnknownField,
    /// The field is there twice, under one name or under two names for the same thing.
    RepeatedField,
    /// The value is not of the field's form.
    Malformed,
    /// More characters than the field has.
    TooLong,
    /// A whole number is wanted.
    NotWhole,
    /// None of the field's codes.
    UnknownCode,
    /// The calendar has no such date or time.
    NoSuchTime,
    /// The value cannot be true.
    Implausible,
    /// The value looks like one of another unit, and no unit was said.
    UnitSuspected,
    /// The number is a status code of the sensor, not a value.
    SensorStatus,
    /// A time before 1970, at a check-up before 2000, or in the future.
    TimeOutOfRange,
    /// `NaN`, `Infinity`, or a number that no double can hold.
    NotANumber,
    /// A text with half of a surrogate pair, an unknown escape or a control character, or that is
    /// not UTF-8.
    InvalidText,
    /// A consortium that the credential does not cover.
    WrongConsortium,
    /// A consortium whose registered time zone does not exist: nothing of it can be read now.
    TimeZone,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 17] = [
        Rule::Required,
        Rule::WrongType,
        Rule::UnknownField,
        Rule::RepeatedField,
        Rule::Malformed,
        Rule::TooLong,
        Rule::NotWhole,
        Rule::UnknownCode,
        Rule::NoSuchTime,
        Rule::Implausible,
        Rule::UnitSuspected,
        Rule::SensorStatus,
        Rule::TimeOutOfRange,
        Rule::NotANumber,
        Rule::InvalidText,
        Rule::WrongConsortium,
        Rule::TimeZone,
    ];

    /// The code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::WrongType => "wrong_type",
            Self::UnknownField => "unknown_field",
            Self::RepeatedField => "repeated_field",
            Self::Malformed => "malformed",
            Self::TooLong => "too_long",
            Self::NotWhole => "not_whole",
            Self::UnknownCode => "unknown_code",
            Self::NoSuchTime => "no_such_time",
            Self::Implausible => "implausible",
            Self::UnitSuspected => "unit_suspected",
            Self::SensorStatus => "sensor_status",
            Self::TimeOutOfRange => "time_out_of_range",
            Self::NotANumber => "not_a_number",
            Self::InvalidText => "invalid_text",
            Self::WrongConsortium => "wrong_consortium",
            Self::TimeZone => "time_zone",
        }
    }

    /// What it says of a consortium for which nothing is taken.
    pub(crate) const fn of_consortia(self) -> &'static str {
        match self {
            Self::TimeZone => {
                "the time zone that is registered for this consortium does not exist: the operators \
                 have to correct the entry; send it again then"
            }
            _ => {
                "this credential may not write for this consortium; the attempt is recorded, and \
                 nothing for it is taken"
            }
        }
    }
}

impl From<RejectionReason> for Rule {
    fn from(reason: RejectionReason) -> Self {
        match reason {
            RejectionReason::Implausible => Self::Implausible,
            RejectionReason::UnitSuspected => Self::UnitSuspected,
            RejectionReason::SensorStatus => Self::SensorStatus,
            RejectionReason::TimeOutOfRange => Self::TimeOutOfRange,
            _ => Self::Malformed,
        }
    }
}

impl From<Fault> for Rule {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotANumber | Fault::Infinite | Fault::BeyondDoubles => Self::NotANumber,
            Fault::LoneSurrogate | Fault::Escape | Fault::Control | Fault::NotUtf8 => {
                Self::InvalidText
            }
            Fault::NoJson => Self::Malformed,
        }
    }
}

/// Why a reading is rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// JSON pointer (RFC 6901) into the document.
    pub pointer: String,
    /// The rule that is broken.
    pub rule: Rule,
    /// The rule in words.
    pub message: String,
}

impl Problem {
    /// That something is no JSON object where one is wanted.
    pub(super) fn no_object(pointer: &str, what: &str) -> Self {
        let message = format!("{what} must be an object");
        Self { pointer: pointer.to_owned(), rule: Rule::WrongType, message }
    }
}

/// What is tolerated, and not as the exchange rules want it: the codes that senders see and metrics count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WarningRule {
    /// `ovservation_time` for `observation_time`.
    MisspeltField,
    /// A number in quotation marks.
    NumberAsString,
    /// A consortium id of fewer than six characters.
    ShortConsortiumId,
    /// An `update_time` of 14 digits.
    UpdateTimeWithoutMilliseconds,
    /// A time that the clocks show twice, without `utc_offset`.
    AmbiguousTime,
    /// A small whole number that could be of another unit, and no unit was said.
    UnitNotSaid,
    /// A patient who is in no list, or whom nobody follows.
    UnregisteredPatient,
    /// A consortium without an entry, whose times are taken as Japan's.
    UnregisteredConsortium,
    /// A device's way of saying that there is no value, in an optional field.
    AbsentValue,
    /// A value of an optional field that breaks a rule: the reading is taken without it.
    LeftOut,
    /// More decimals than are kept.
    Rounded,
    /// A byte order mark before a document.
    ByteOrderMark,
    /// Padding behind what was compressed, or behind a document.
    TrailingBytes,
    /// Blanks around a code, an id, a time or a number.
    SurroundingBlanks,
    /// A number for a code.
    NumberForCode,
    /// An observation in the first days of a year, long before the receipt: the device's clock was
    /// probably never set.
    ClockNotSet,
    /// Registered now, and observed so long ago that no rule judges it.
    ObservedLongAgo,
    /// Observed later than received.
    ObservedAhead,
    /// An `update_time` later than the receipt.
    UpdateTimeAhead,
    /// Two different readings of one device at one whole minute.
    SameMinute,
}

impl WarningRule {
    /// How many rules there are.
    const COUNT: usize = Self::ALL.len();

    /// Every rule, in the order of their declaration.
    pub const ALL: [WarningRule; 20] = [
        Self::MisspeltField,
        Self::NumberAsString,
        Self::ShortConsortiumId,
        Self::UpdateTimeWithoutMilliseconds,
        Self::AmbiguousTime,
        Self::UnitNotSaid,
        Self::UnregisteredPatient,
        Self::UnregisteredConsortium,
        Self::AbsentValue,
        Self::LeftOut,
        Self::Rounded,
        Self::ByteOrderMark,
        Self::TrailingBytes,
        Self::SurroundingBlanks,
        Self::NumberForCode,
        Self::ClockNotSet,
        Self::ObservedLongAgo,
        Self::ObservedAhead,
        Self::UpdateTimeAhead,
        Self::SameMinute,
    ];

    /// The code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MisspeltField => "misspelt_field",
            Self::NumberAsString => "number_as_string",
            Self::ShortConsortiumId => "short_consortium_id",
            Self::UpdateTimeWithoutMilliseconds => "update_time_without_milliseconds",
            Self::AmbiguousTime => "ambiguous_time",
            Self::UnitNotSaid => "unit_not_said",
            Self::UnregisteredPatient => "unregistered_patient",
            Self::UnregisteredConsortium => "unregistered_consortium",
            Self::AbsentValue => "absent_value",
            Self::LeftOut => "left_out",
            Self::Rounded => "rounded",
            Self::ByteOrderMark => "byte_order_mark",
            Self::TrailingBytes => "trailing_bytes",
            Self::SurroundingBlanks => "surrounding_blanks",
            Self::NumberForCode => "number_for_code",
            Self::ClockNotSet => "clock_not_set",
            Self::ObservedLongAgo => "observed_long_ago",
            Self::ObservedAhead => "observed_ahead",
            Self::UpdateTimeAhead => "update_time_ahead",
            Self::SameMinute => "same_minute",
        }
    }
}

impl Serialize for WarningRule {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl From<Doubt> for WarningRule {
    fn from(doubt: Doubt) -> Self {
        match doubt {
            Doubt::NotSet => Self::ClockNotSet,
            Doubt::LongAgo => Self::ObservedLongAgo,
            Doubt::ObservedAhead => Self::ObservedAhead,
            Doubt::UpdateTimeAhead => Self::UpdateTimeAhead,
        }
    }
}

/// A tolerated deviation from the form, at its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Which document of the request, from 0.
    pub document: usize,
    /// JSON pointer into the document.
    pub pointer: String,
    /// What is not as it should be.
    pub rule: WarningRule,
    /// The same in words.
    pub message: Cow<'static, str>,
}

/// Warnings, of which only the first [`Warnings::MOST`] are spelt out, and of each rule the first few
/// whatever comes before them: a sender that writes all its numbers as strings would otherwise get an
/// answer longer than what it sent, or not learn among so many that a value was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings {
    /// Those that are spelt out.
    pub listed: Vec<Warning>,
    /// How many more there were.
    pub omitted: usize,
    /// The last document of the body, from 0.
    pub(super) last_document: usize,
    /// How many of each rule are spelt out.
    of_rule: [usize; WarningRule::COUNT],
    /// How many of each rule are not.
    omitted_of_rule: [usize; WarningRule::COUNT],
}

impl Warnings {
    /// How many are spelt out, whatever they are about.
    pub const MOST: usize = 200;
    /// How many of each rule are spelt out, however many others there are.
    pub const OF_EACH_RULE: usize = 5;

    /// These and then the others; of what is too many the others are left out first.
    pub(crate) fn followed_by(mut self, others: Self) -> Self {
        for rule in WarningRule::ALL {
            self.omit(rule, others.omitted_of_rule[rule as usize]);
        }
        self.last_document = self.last_document.max(others.last_document);
        for warning in others.listed {
            if self.has_room(warning.rule) {
                self.push(warning);
            } else {
                self.omit(warning.rule, 1);
            }
        }
        self
    }

    /// How many there were of each rule, spelt out or not.
    pub(crate) fn of_rules(&self) -> impl Iterator<Item = (WarningRule, usize)> {
        let count = |rule| self.of_rule[rule as usize] + self.omitted_of_rule[rule as usize];
        WarningRule::ALL.into_iter().map(move |rule| (rule, count(rule)))
    }

    fn has_room(&self, rule: WarningRule) -> bool {
        self.listed.len() < Self::MOST || self.of_rule[rule as usize] < Self::OF_EACH_RULE
    }

    fn omit(&mut self, rule: WarningRule, count: usize) {
        self.omitted += count;
        self.omitted_of_rule[rule as usize] += count;
    }

    fn push(&mut self, warning: Warning) {
        self.of_rule[warning.rule as usize] += 1;
        self.listed.push(warning);
    }

    pub(crate) fn add(
        &mut self,
        document: usize,
        rule: WarningRule,
        pointer: impl FnOnce() -> String,
    ) {
        if !self.has_room(rule) {
            self.omit(rule, 1);
            return;
        }
        let message = match rule {
            WarningRule::MisspeltField => "the field is spelt observation_time",
            WarningRule::NumberAsString => "write numbers without quotation marks",
            WarningRule::ShortConsortiumId => "a consortium_id has 6 letters and digits",
            WarningRule::UpdateTimeWithoutMilliseconds => {
                "update_time has 17 digits; milliseconds are taken as 000"
            }
            WarningRule::AmbiguousTime => {
                "the clocks show this time twice: which one is meant was decided by the order of the \
                 array, or by when it was received; send utc_offset"
            }
            WarningRule::UnitNotSaid => {
                "so small a value may be of another unit: send the unit; it was taken as the usual \
                 one"
            }
            WarningRule::UnregisteredPatient => {
                "this patient is not registered, or nobody follows the patient: the readings are \
                 stored, but nobody may see them; check the person_id, or ask the operators"
            }
            WarningRule::UnregisteredConsortium => {
                "this consortium is not registered: its times are taken as Japan's unless utc_offset \
                 says otherwise; ask the operators to register it"
            }
            WarningRule::AbsentValue => {
                "the field is missing or says that it has no value; the reading is taken without it"
            }
            WarningRule::LeftOut => "the reading was taken without this value",
            WarningRule::Rounded => "the value was rounded to the decimals that are kept",
            WarningRule::ByteOrderMark => "send JSON without a byte order mark",
            WarningRule::TrailingBytes => {
                "send nothing behind the documents; the padding was ignored"
            }
            WarningRule::SurroundingBlanks => "send it without blanks around it; they were ignored",
            WarningRule::NumberForCode => "a code is a text: put it in quotation marks",
            WarningRule::ClockNotSet => {
                "the device's clock shows its factory date: when it measured is not known, no rule \
                 judges the value as of its time; set the clock"
            }
            WarningRule::ObservedLongAgo => {
                "registered now and observed more than 40 days ago: it is stored as history, no rule \
                 judges it; if it was measured now, the device's clock shows a wrong date: set it"
            }
            WarningRule::ObservedAhead => {
                "observed later than it was received: the device's clock is ahead; set it"
            }
            WarningRule::UpdateTimeAhead => {
                "update_time is later than the receipt: it counts as a minute after the receipt at \
                 most; set the sender's clock"
            }
            WarningRule::SameMinute => {
                "another reading of the device has the same whole minute and other values: they count \
                 as one reading and its correction; send seconds"
            }
        };
        let message = Cow::Borrowed(message);
        self.push(Warning { document, pointer: pointer(), rule, message });
    }

    /// That behind the documents there was padding, which is no part of any: it is named of the last.
    pub fn add_padding(&mut self) {
        self.add(self.last_document, WarningRule::TrailingBytes, String::new);
    }

    /// That a reading was taken without a value, and the rule that the value breaks.
    pub(super) fn add_left_out(&mut self, document: usize, problem: Problem) {
        let rule = WarningRule::LeftOut;
        let Problem { pointer, message, .. } = problem;
        let message = Cow::Owned(format!("{message}; the reading was taken without it"));
        if self.has_room(rule) {
            self.push(Warning { document, pointer, rule, message });
        } else {
            self.omit(rule, 1);
        }
    }
}

/// A pointer to a member of what `parent` points to. A name too long to be a field's points to its
/// parent instead, so that an answer cannot be blown up by what was sent.
pub(super) fn member(parent: &str, name: &str) -> String {
    const LONGEST: usize = 100;
    if name.len() > LONGEST {
        return parent.to_owned();
    }
    let mut pointer = String::with_capacity(parent.len() + 1 + name.len());
    pointer.push_str(parent);
    pointer.push('/');
    for character in name.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
    pointer
}

/// A pointer to an element of the array that `parent` points to.
pub(super) fn element(parent: &str, index: usize) -> String {
    format!("{parent}/{index}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_and_a_receipt_call_what_clocks_say_by_one_name() {
        for doubt in Doubt::ALL {
            let rule = WarningRule::from(doubt);
            assert_eq!(serde_json::to_value(rule).unwrap(), doubt.name());
        }
    }

    #[test]
    fn what_is_not_spelt_out_is_counted_by_its_rule_too() {
        let of = |rules: &[(WarningRule, usize)]| {
            let mut warnings = Warnings::default();
            for (rule, count) in rules {
                (0..*count).for_each(|_| warnings.add(0, *rule, String::new));
            }
            warnings
        };
        let (left_out, rounded) = (WarningRule::LeftOut, WarningRule::Rounded);
        let both = of(&[(rounded, 250), (left_out, 7)]).followed_by(of(&[(left_out, 300)]));
        let counted: Vec<_> = both.of_rules().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted, [(left_out, 307), (rounded, 250)]);
        assert_eq!(both.listed.len() + both.omitted, 557);
        for (place, rule) in WarningRule::ALL.into_iter().enumerate() {
            assert_eq!(rule as usize, place, "{}", rule.as_str());
        }
    }
}
