//! Through a document in its order: envelope, persons, parts, arrays, records.
//!
//! What is wrong with an envelope or a person is wrong with every reading in it, so it is reported
//! with each of them; when there is none, it is reported at the envelope's or person's own place.

use clinical::Timestamp;

use super::civil_time::Clock;
use super::fields::Fields;
use super::json::{Items, Json, Members};
use super::observation::UTC_OFFSET;
use super::order::ArrayOrder;
use super::problem::{Problem, Rule, WarningRule, element, member};
use super::record::{self, Around, Part};
use super::{Context, Entry, Parsed, Unreadable};
use crate::memory::Share;

pub(super) struct Walk<'c> {
    context: &'c Context<'c>,
    document: usize,
    parsed: &'c mut Parsed,
    share: &'c mut Share,
}

/// What the claim of a consortium takes besides its id: its place in a map.
const CLAIM: usize = 150;

/// A person, or the reasons why all of their readings are rejected.
struct Person<'a> {
    pointer: &'a str,
    person_id: &'a str,
    envelope: &'a Envelope<'a>,
    problems: Vec<Problem>,
}

struct Envelope<'a> {
    consortium_id: &'a str,
    send_time: Option<Timestamp>,
    clock: Clock,
    problems: Vec<Problem>,
}

impl<'c> Walk<'c> {
    pub(super) fn new(
        context: &'c Context<'c>,
        document: usize,
        parsed: &'c mut Parsed,
        share: &'c mut Share,
    ) -> Self {
        Self { context, document, parsed, share }
    }

    pub(super) fn document(&mut self, json: Json<'_>) -> Result<(), Unreadable> {
        let Some(members) = json.members() else {
            return self
                .reject(String::new(), vec![Problem::no_object("", "an exchange document")]);
        };
        let before = self.parsed.entries.len();
        let mut fields = Fields::new(self.document, "", members, &mut self.parsed.warnings);
        let format_version = fields.version("format_version");
        if format_version.chars().count() > 3 {
            fields.problem("format_version", Rule::TooLong, || {
                "format_version must have at most 3 characters".to_owned()
            });
        }
        let consortium_id = fields.identifier("consortium_id", 6);
        let well_formed = clinical::patient::ConsortiumId::parse(consortium_id).is_ok();
        if well_formed && consortium_id.len() < 6 {
            fields.warn("consortium_id", WarningRule::ShortConsortiumId);
        }
        if well_formed && let Some(rule) = (self.context.refused)(consortium_id) {
            fields.problem("consortium_id", rule, || rule.of_consortia().to_owned());
        }
        let clock = fields
            .utc_offset(UTC_OFFSET)
            .unwrap_or_else(|| Clock::Zone((self.context.zone)(consortium_id)));
        let send_time = fields.send_time(&clock);
        let send_time = send_time.map(|time| time.known_at(self.context.received).time);
        let persons = match fields.take("person_information") {
            Some(Json::Array(persons)) => Some(persons),
            other => {
                let rule = if other.is_some() { Rule::WrongType } else { Rule::Required };
                fields.problem("person_information", rule, || {
                    "person_information must be an array of persons".to_owned()
                });
                None
            }
        };
        let problems = fields.finish();
        if well_formed && !self.parsed.claims.contains_key(consortium_id) {
            self.share.take(CLAIM + consortium_id.len())?;
            self.parsed.claims.insert(consortium_id.to_owned(), self.document);
        }
        let envelope = Envelope { consortium_id, send_time, clock, problems };
        for (index, person) in persons.into_iter().flat_map(Items::iter).enumerate() {
            self.person(&element("/person_information", index), person, &envelope)?;
        }
        if self.parsed.entries.len() == before && !envelope.problems.is_empty() {
            self.reject(String::new(), envelope.problems)?;
        }
        Ok(())
    }

    /// A document that is no JSON and begins in a line. What follows it up to the next line that
    /// begins as a document is not read.
    pub(super) fn unreadable(&mut self, line: usize, error: &Unreadable) -> Result<(), Unreadable> {
        let message = format!(
            "{error}, in the document that begins in line {line}; what follows, up to the next line \
             that begins with {{, is not read"
        );
        let problem = Problem { pointer: String::new(), rule: Rule::Malformed, message };
        self.reject(String::new(), vec![problem])
    }

    fn person(
        &mut self,
        pointer: &str,
        json: Json<'_>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Unreadable> {
        let Some(members) = json.members() else {
            let mut problems = envelope.problems.clone();
            problems.push(Problem::no_object(pointer, "a person"));
            return self.reject(pointer.to_owned(), problems);
        };
        let before = self.parsed.entries.len();
        let mut fields = Fields::new(self.document, pointer, members, &mut self.parsed.warnings);
        let person_id = fields.identifier("person_id", 20);
        fields.take("healthcare_information");
        fields.take("health_checkup_information");
        let own_problems = fields.finish();
        let at_fault = !own_problems.is_empty();
        let mut problems = envelope.problems.clone();
        problems.extend(own_problems);
        let person = Person { pointer, person_id, envelope, problems };
        for (name, value) in members.iter() {
            if let Some(part) = Part::parse(name) {
                self.part(part, &member(pointer, name), value, &person)?;
            }
        }
        if self.parsed.entries.len() == before && at_fault {
            self.reject(pointer.to_owned(), person.problems)?;
        }
        Ok(())
    }

    /// An object of arrays, or an array of such objects.
    fn part(
        &mut self,
        part: Part,
        pointer: &str,
        json: Json<'_>,
        person: &Person<'_>,
    ) -> Result<(), Unreadable> {
        match json {
            Json::Object(members) => self.arrays(part, pointer, members, person),
            Json::Array(objects) => {
                for (index, json) in objects.iter().enumerate() {
                    let pointer = element(pointer, index);
                    match json.members() {
                        Some(members) => self.arrays(part, &pointer, members, person)?,
                        None => {
                            let problem = Problem::no_object(&pointer, "an element of this array");
                            self.reject_with(pointer, person, problem)?;
                        }
                    }
                }
                Ok(())
            }
            Json::Null => {
                self.warn_of_nothing(pointer);
                Ok(())
            }
            _ => {
                let problem = Problem::no_object(pointer, "a part of a person's information");
                self.reject_with(pointer.to_owned(), person, problem)
            }
        }
    }

    fn arrays(
        &mut self,
        part: Part,
        pointer: &str,
        members: Members<'_>,
        person: &Person<'_>,
    ) -> Result<(), Unreadable> {
        let mut seen = [false; clinical::Kind::ALL.len()];
        for (name, json) in members.iter() {
            let parent = pointer;
            let pointer = member(parent, name);
            let kind = part.kind(name);
            let repeated =
                kind.is_some_and(|kind| std::mem::replace(&mut seen[kind as usize], true));
            let problem = match kind {
                None => Some((Rule::UnknownField, "the exchange rules have no such records here")),
                Some(_) if repeated => {
                    Some((Rule::RepeatedField, "the array is there twice; send all in one"))
                }
                Some(_) => None,
            };
            match json {
                Json::Array(records) => {
                    let mut order = ArrayOrder::of(part.setting(), records);
                    for (index, json) in records.iter().enumerate() {
                        // A name too long for a pointer has no pointers to elements either.
                        let has_pointer = pointer.len() > parent.len();
                        let pointer =
                            if has_pointer { element(&pointer, index) } else { pointer.clone() };
                        match (kind, problem) {
                            (Some(kind), None) => {
                                self.record(kind, pointer, (json, &mut order, index), person)?;
                            }
                            (_, problem) => self.reject_for(pointer, person, problem)?,
                        }
                    }
                }
                Json::Null if problem.is_none() => self.warn_of_nothing(&pointer),
                _ => {
                    let problem = problem.or(Some((Rule::WrongType, "records come in an array")));
                    self.reject_for(pointer, person, problem)?;
                }
            }
        }
        Ok(())
    }

    /// That `null` stands where readings may stand: there are none.
    fn warn_of_nothing(&mut self, pointer: &str) {
        self.parsed.warnings.add(self.document, WarningRule::AbsentValue, || pointer.to_owned());
    }

    fn record(
        &mut self,
        kind: clinical::Kind,
        pointer: String,
        (json, order, index): (Json<'_>, &mut ArrayOrder<'_>, usize),
        person: &Person<'_>,
    ) -> Result<(), Unreadable> {
        let Some(members) = json.members() else {
            let problem = Problem::no_object(&pointer, "a record");
            return self.reject_with(pointer, person, problem);
        };
        if !person.problems.is_empty() {
            return self.reject(pointer, person.problems.clone());
        }
        let around = Around {
            document: self.document,
            consortium_id: person.envelope.consortium_id,
            person_id: person.person_id,
            person_pointer: person.pointer,
            send_time: person.envelope.send_time,
            clock: &person.envelope.clock,
            received: self.context.received,
        };
        let result = record::read(
            kind,
            &pointer,
            (members, order, index),
            &around,
            &mut self.parsed.warnings,
        );
        self.enter(Entry { document: self.document, pointer, result })
    }

    fn reject_for(
        &mut self,
        pointer: String,
        person: &Person<'_>,
        problem: Option<(Rule, &str)>,
    ) -> Result<(), Unreadable> {
        let (rule, message) = problem.unwrap_or((Rule::UnknownField, "no such record"));
        let problem = Problem { pointer: pointer.clone(), rule, message: message.to_owned() };
        self.reject_with(pointer, person, problem)
    }

    fn reject_with(
        &mut self,
        pointer: String,
        person: &Person<'_>,
        problem: Problem,
    ) -> Result<(), Unreadable> {
        let mut problems = person.problems.clone();
        problems.push(problem);
        self.reject(pointer, problems)
    }

    fn reject(&mut self, pointer: String, problems: Vec<Problem>) -> Result<(), Unreadable> {
        self.enter(Entry { document: self.document, pointer, result: Err(problems) })
    }

    fn enter(&mut self, entry: Entry) -> Result<(), Unreadable> {
        self.parsed.push(entry, self.context.limits, self.share)
    }
}
