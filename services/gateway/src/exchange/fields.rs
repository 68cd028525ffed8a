//! The fields of one object, taken one by one; what is left over at the end is unknown.
//!
//! A field that breaks a rule gives a [`Problem`] and a stand-in value, so that all problems of an
//! object are found in one pass. Whoever takes the values must drop them when
//! [`Fields::finish`] reports any problem.

use std::borrow::Cow;
use std::fmt::{self, Write};

use clinical::kinds::ValueType;
use clinical::source::without_padding;
use schemas::fields::Field;
use schemas::reading::Device;

use super::civil_time::{self, CivilTime, Clock, NotATime};
use super::json::{Fault, Json, Members};
use super::problem::{Problem, Rule, WarningRule, Warnings, member};

/// An object with more problems than this is no attempt at the form; the rest is left out.
const MOST_PROBLEMS: usize = 20;

pub(super) struct Fields<'j, 'p> {
    document: usize,
    pointer: &'p str,
    members: Members<'j>,
    taken: Indices,
    problems: Vec<Problem>,
    warnings: &'p mut Warnings,
}

/// A set of indices: in place for the first 64, so that an object of the exchange rules takes no
/// memory for it.
#[derive(Debug, Default)]
struct Indices {
    count: usize,
    first: u64,
    further: Vec<u64>,
}

impl Indices {
    fn contains(&self, index: usize) -> bool {
        let word = match (index / 64).checked_sub(1) {
            None => self.first,
            Some(further) => self.further.get(further).copied().unwrap_or(0),
        };
        word & 1 << (index % 64) != 0
    }

    fn insert(&mut self, index: usize) {
        self.count += usize::from(!self.contains(index));
        let word = match (index / 64).checked_sub(1) {
            None => &mut self.first,
            Some(further) => {
                if self.further.len() <= further {
                    self.further.resize(further + 1, 0);
                }
                &mut self.further[further]
            }
        };
        *word |= 1 << (index % 64);
    }
}

impl<'j, 'p> Fields<'j, 'p> {
    pub(super) fn new(
        document: usize,
        pointer: &'p str,
        members: Members<'j>,
        warnings: &'p mut Warnings,
    ) -> Self {
        Self {
            document,
            pointer,
            members,
            taken: Indices::default(),
            problems: Vec::new(),
            warnings,
        }
    }

    /// The member of a name, when it is there.
    pub(super) fn take(&mut self, name: &str) -> Option<Json<'j>> {
        let (index, value) = self.members.find(name)?;
        self.taken.insert(index);
        Some(value)
    }

    /// The first member of a name, when it is there; it is still to be taken.
    pub(super) fn look_at(&self, name: &str) -> Option<Json<'j>> {
        self.members.find(name).map(|(_, value)| value)
    }

    /// The member of a name, when it is there and says anything: programs that write every field they
    /// know write `null` where there is nothing.
    fn take_said(&mut self, name: &str) -> Option<Json<'j>> {
        let value = self.take(name)?;
        if value.says_none() {
            self.warn(name, WarningRule::AbsentValue);
            return None;
        }
        Some(value)
    }

    /// The same of what says how a reading is to be understood: an empty text may be one that was lost,
    /// so only `null` says that there is nothing.
    fn take_not_null(&mut self, name: &str) -> Option<Json<'j>> {
        let value = self.take(name)?;
        if matches!(value, Json::Null) {
            self.warn(name, WarningRule::AbsentValue);
            return None;
        }
        Some(value)
    }

    /// The member of either of two names for the same thing, and the name it has. One that says nothing
    /// leaves it to the other.
    pub(super) fn take_either<'n>(
        &mut self,
        name: &'n str,
        other: &'n str,
    ) -> (&'n str, Option<Json<'j>>) {
        match (self.take(name), self.take(other)) {
            (None, Some(value)) => (other, Some(value)),
            (Some(none), Some(value)) if none.says_none() => {
                self.warn(name, WarningRule::AbsentValue);
                (other, Some(value))
            }
            (Some(value), Some(none)) if none.says_none() => {
                self.warn(other, WarningRule::AbsentValue);
                (name, Some(value))
            }
            (Some(value), Some(_)) => {
                self.problem(other, Rule::RepeatedField, || {
                    format!("{name} and {other} are names of the same field; send one")
                });
                (name, Some(value))
            }
            (value, None) => (name, value),
        }
    }

    pub(super) fn problem(&mut self, name: &str, rule: Rule, message: impl FnOnce() -> String) {
        if self.problems.len() < MOST_PROBLEMS {
            let pointer = member(self.pointer, name);
            self.problems.push(Problem { pointer, rule, message: message() });
        }
    }

    pub(super) fn warn(&mut self, name: &str, rule: WarningRule) {
        self.warnings.add(self.document, rule, || member(self.pointer, name));
    }

    /// What has to be there.
    pub(super) fn required<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.problem(name, Rule::Required, || format!("{name} is required"));
        }
        value
    }

    pub(super) fn wrong_type(&mut self, name: &str, value: Json<'_>, wanted: &str) {
        if let Json::Fault(fault) = value {
            return self.fault(name, fault);
        }
        let hint = match value {
            Json::Null => "; leave it out where there is no value",
            _ => "",
        };
        self.problem(name, Rule::WrongType, || format!("{name} must be {wanted}{hint}"));
    }

    /// That what stands there is no value at all.
    fn fault(&mut self, name: &str, fault: Fault) {
        self.problem(name, fault.into(), || format!("{name} {}", fault.words()));
    }

    /// How much is wrong with what was taken so far.
    pub(super) fn problems(&self) -> usize {
        self.problems.len()
    }

    /// Makes a warning of what was found wrong since there were so many problems: the reading is
    /// taken without the value. Whether there was anything.
    pub(super) fn leave_out_since(&mut self, problems: usize) -> bool {
        let Some(first) = self.problems.drain(problems..).next() else { return false };
        self.warnings.add_left_out(self.document, first);
        true
    }

    fn as_text(&mut self, name: &str, value: Json<'j>) -> Option<&'j str> {
        match value {
            Json::Text(text) => Some(text),
            _ => {
                self.wrong_type(name, value, "a string");
                None
            }
        }
    }

    /// A text of which the blanks around it are no part.
    pub(super) fn as_trimmed(&mut self, name: &str, value: Json<'j>) -> Option<&'j str> {
        let text = self.as_text(name, value)?;
        Some(self.trimmed(name, text))
    }

    fn trimmed<'t>(&mut self, name: &str, text: &'t str) -> &'t str {
        let trimmed = without_padding(text);
        if trimmed.len() < text.len() {
            self.warn(name, WarningRule::SurroundingBlanks);
        }
        trimmed
    }

    /// A code, which some write as a number. No code of the exchange rules begins with a zero that a
    /// number has lost.
    fn as_code_text(&mut self, name: &str, value: Json<'j>) -> Option<Cow<'j, str>> {
        match value {
            Json::Number(number) => {
                self.warn(name, WarningRule::NumberForCode);
                Some(Cow::Owned(number.to_string()))
            }
            _ => self.as_trimmed(name, value).map(Cow::Borrowed),
        }
    }

    /// A version, which some write as a number.
    pub(super) fn version(&mut self, name: &str) -> Cow<'j, str> {
        let value = self.take(name);
        let value = self.required(name, value);
        value.and_then(|value| self.as_code_text(name, value)).unwrap_or_default()
    }

    pub(super) fn text(&mut self, name: &str) -> &'j str {
        let value = self.take(name);
        let value = self.required(name, value);
        value.and_then(|value| self.as_trimmed(name, value)).unwrap_or_default()
    }

    /// The model number of a device: a reading can do without it.
    pub(super) fn model_number(&mut self, name: &str) -> Option<String> {
        let value = self.take_said(name)?;
        let before = self.problems();
        let text = self.as_text(name, value).unwrap_or_default();
        if self.problems() == before
            && let Err(broken) = Device::check_model_number(text)
        {
            self.problem(name, broken.reason.into(), || broken.detail);
        }
        (!self.leave_out_since(before)).then(|| text.to_owned())
    }

    /// 1 to `longest` letters and digits.
    pub(super) fn identifier(&mut self, name: &str, longest: usize) -> &'j str {
        let before = self.problems.len();
        let text = self.text(name);
        let well_formed = (1..=longest).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !well_formed && self.problems.len() == before {
            self.problem(name, Rule::Malformed, || {
                format!("{name} must have 1 to {longest} ASCII letters and digits")
            });
        }
        text
    }

    /// The number of a field, with the decimals that are kept.
    pub(super) fn number(&mut self, field: &Field) -> f64 {
        let value = self.take(field.form_name);
        let value = self.required(field.form_name, value);
        value.and_then(|value| self.as_number(field, value)).unwrap_or_default()
    }

    fn as_number(&mut self, field: &Field, value: Json<'j>) -> Option<f64> {
        let name = field.form_name;
        let number = match value {
            Json::Number(number) => number,
            Json::Text(text) if is_decimal(without_padding(text)) => {
                self.warn(name, WarningRule::NumberAsString);
                self.trimmed(name, text).parse().ok()?
            }
            Json::Text(text) => {
                match Fault::of_word(without_padding(text).as_bytes()) {
                    Some(fault) => self.fault(name, fault),
                    None => self.wrong_type(name, value, "a number"),
                }
                return None;
            }
            _ => {
                self.wrong_type(name, value, "a number");
                return None;
            }
        };
        let rounded = field.declared.rounded(number);
        if let Some(most) = field.characters.filter(|most| longer(rounded, *most)) {
            self.problem(name, Rule::TooLong, || {
                format!("{name} must have at most {most} characters, the point included")
            });
            return None;
        }
        let is_whole = matches!(field.declared.value_type, ValueType::Integer(_));
        if is_whole && (rounded - number).abs() > NOISE {
            self.problem(name, Rule::NotWhole, || format!("{name} must be a whole number"));
            return None;
        }
        if rounded != number {
            self.warn(name, WarningRule::Rounded);
        }
        Some(rounded)
    }

    /// One of some codes, each with what it stands for.
    pub(super) fn code<T: Copy>(&mut self, name: &str, codes: &[(&str, T)]) -> T {
        let value = self.take(name);
        self.code_in(name, value, codes)
    }

    pub(super) fn code_in<T: Copy>(
        &mut self,
        name: &str,
        value: Option<Json<'j>>,
        codes: &[(&str, T)],
    ) -> T {
        let value = self.required(name, value);
        let found = value.and_then(|value| self.as_code(name, value, codes.iter().copied()));
        found.unwrap_or(codes[0].1)
    }

    pub(super) fn as_code<'c, T>(
        &mut self,
        name: &str,
        value: Json<'j>,
        codes: impl Iterator<Item = (&'c str, T)> + Clone,
    ) -> Option<T> {
        let text = self.as_code_text(name, value)?;
        let found = codes.clone().find(|(code, _)| *code == text).map(|(_, meaning)| meaning);
        if found.is_none() {
            self.problem(name, Rule::UnknownCode, || {
                let codes: Vec<&str> = codes.map(|(code, _)| code).collect();
                format!("{name} must be one of the codes {}", codes.join(", "))
            });
        }
        found
    }

    /// A time of 14 digits.
    pub(super) fn time_in_seconds(
        &mut self,
        name: &str,
        value: Option<Json<'j>>,
        clock: &Clock,
    ) -> Option<CivilTime> {
        self.time(name, value, "14 digits, yyyyMMddHHmmss", |text| civil_time::seconds(text, clock))
    }

    /// When a document was sent: 17 digits. It says nothing of what was measured, so one that is none
    /// costs itself.
    pub(super) fn send_time(&mut self, clock: &Clock) -> Option<CivilTime> {
        const NAME: &str = "send_time";
        let before = self.problems();
        let value = self.take(NAME);
        let time = self.time(NAME, value, "17 digits, yyyyMMddHHmmssSSS", |text| {
            civil_time::milliseconds(text, clock)
        });
        self.leave_out_since(before);
        time
    }

    /// One of some codes, where any is said.
    pub(super) fn optional_code<T: Copy>(&mut self, name: &str, codes: &[(&str, T)]) -> Option<T> {
        let value = self.take_not_null(name)?;
        self.as_code(name, value, codes.iter().copied())
    }

    /// The offset from UTC of the times around it, where it is given: an extension.
    pub(super) fn utc_offset(&mut self, name: &str) -> Option<Clock> {
        let value = self.take_not_null(name)?;
        let text = self.as_trimmed(name, value)?;
        let offset = civil_time::utc_offset(text);
        if offset.is_none() {
            self.problem(name, Rule::Malformed, || {
                format!("{name} must be a sign, hours and minutes, at most 18 hours: +09:00")
            });
        }
        offset.map(Clock::Offset)
    }

    /// An `update_time`: 17 digits, or 14 with a warning.
    pub(super) fn update_time(&mut self, clock: &Clock) -> Option<CivilTime> {
        const NAME: &str = "update_time";
        let value = self.take(NAME);
        if matches!(value, Some(Json::Text(text)) if without_padding(text).len() == 14) {
            self.warn(NAME, WarningRule::UpdateTimeWithoutMilliseconds);
        }
        self.time(NAME, value, "17 digits, yyyyMMddHHmmssSSS", |text| {
            civil_time::milliseconds(text, clock).or_else(|no| match text.len() {
                14 => civil_time::seconds(text, clock),
                _ => Err(no),
            })
        })
    }

    fn time(
        &mut self,
        name: &str,
        value: Option<Json<'j>>,
        form: &str,
        read: impl FnOnce(&str) -> Result<CivilTime, NotATime>,
    ) -> Option<CivilTime> {
        let value = self.required(name, value);
        let text = value.and_then(|value| self.as_trimmed(name, value));
        text.and_then(|text| match read(text) {
            Ok(time) => Some(time),
            Err(NotATime::Form) => {
                self.problem(name, Rule::Malformed, || format!("{name} must be {form}"));
                None
            }
            Err(NotATime::Calendar) => {
                self.problem(name, Rule::NoSuchTime, || {
                    format!("{name} is not a date and time of the calendar")
                });
                None
            }
        })
    }

    /// Whether anything is wrong with what was taken so far.
    pub(super) fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// Everything that is wrong with the object, members that were never taken included.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        let members = self.members;
        if self.taken.count == members.iter().count() {
            return self.problems;
        }
        for (index, (name, value)) in members.iter().enumerate() {
            if self.taken.contains(index) {
                continue;
            }
            if self.problems.len() == MOST_PROBLEMS {
                break;
            }
            let repeated = (members.iter().enumerate())
                .any(|(other, (known, _))| self.taken.contains(other) && known == name);
            if repeated {
                self.problem(name, Rule::RepeatedField, || "the field is there twice".to_owned());
            } else if value == Json::Null {
                // Whatever it is called, nothing is lost with it.
                self.warn(name, WarningRule::AbsentValue);
            } else {
                self.problem(name, Rule::UnknownField, || {
                    "the exchange rules have no such field here".to_owned()
                });
            }
        }
        self.problems
    }
}

/// How far a number may be from the whole one that is meant: programs compute with fractions. What
/// is further off is no whole number, which often shows that it is of another unit.
const NOISE: f64 = 0.01;

/// Digits with at most one sign and one point: what a number in quotation marks may look like.
pub(super) fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 32 && digits(whole) && digits(fraction)
}

/// Whether a number needs more than `most` characters, written as short as its value allows:
/// `120.0` is written `120`.
fn longer(number: f64, most: usize) -> bool {
    if number.fract() == 0.0 {
        let digits = most - usize::from(number < 0.0);
        return number.abs() >= 10_f64.powi(digits as i32);
    }
    struct Length(usize);
    impl Write for Length {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
            Ok(())
        }
    }
    write!(Length(most), "{number}").is_err()
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
