//! A parser under test.

use crate::random::Random;
use crate::{bytes, json, packed, text};

/// A parser, what it promises of every input, and inputs to begin with.
pub struct Target {
    /// Its name, and that of its folder of the corpus.
    pub name: String,
    /// Good inputs, and some bad ones.
    pub seeds: Vec<Vec<u8>>,
    /// How its inputs are made.
    pub form: Form,
    /// Makes an input anew, knowing the form best; none now and then.
    pub make: Option<Make>,
    /// Tries an input.
    pub check: Check,
    /// For how long it is tried, in comparison with others.
    pub weight: usize,
}

/// Makes an input.
pub type Make = Box<dyn Fn(&mut Random) -> Option<Vec<u8>> + Send + Sync>;

/// Tries an input: says in which way it was answered, or which promise was broken.
pub type Check = Box<dyn Fn(&[u8]) -> Result<String, String> + Send + Sync>;

/// How a target's inputs are made.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// Bytes.
    Bytes,
    /// Text that knows words.
    Text(&'static [&'static str]),
    /// JSON that knows names.
    Json(&'static [&'static str]),
    /// Parts in groups, each of a form.
    Packed(usize, &'static Form),
}

impl Form {
    /// Damages an input of this form; `other` is another one.
    pub fn damage(self, input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
        match self {
            Form::Bytes => bytes::damage(input, other, random),
            Form::Text(words) => text::damage(input, other, words, random),
            Form::Json(names) => json::damage(input, other, names, random),
            Form::Packed(group, part) => {
                packed::damage(input, other, group, random, |input, other, random| {
                    part.damage(input, other, random);
                });
            }
        }
    }
}

impl Target {
    /// A target of bytes.
    pub fn new(
        name: impl Into<String>,
        form: Form,
        seeds: Vec<Vec<u8>>,
        check: impl Fn(&[u8]) -> Result<String, String> + Send + Sync + 'static,
    ) -> Self {
        let (name, check) = (name.into(), Box::new(check));
        Self { name, seeds, form, make: None, check, weight: 1 }
    }

    /// With another way to make inputs.
    #[must_use]
    pub fn making(
        mut self,
        make: impl Fn(&mut Random) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        self.make = Some(Box::new(make));
        self
    }

    /// Changes an input into another one of its form, or into a new one.
    pub fn change(&self, input: &mut Vec<u8>, random: &mut Random) {
        if let Some(make) = &self.make
            && random.once_in(3)
            && let Some(made) = make(random)
        {
            *input = made;
            return;
        }
        let other = self.seeds.get(random.below(self.seeds.len()));
        self.form.damage(input, other.map_or(b"", Vec::as_slice), random);
    }

    /// Tried so many times as long as others.
    #[must_use]
    pub fn often(mut self, weight: usize) -> Self {
        self.weight = weight;
        self
    }
}

/// The words of an error without numbers and what is in quotation marks: its kind.
pub fn kind(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let unquoted = text.split(['"', '\'', '`']).step_by(2).flat_map(str::split_whitespace);
    let words = unquoted.filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
    // The rest of a fingerprint may be letters only.
    words.take(16).filter(|word| word.len() < 16).collect::<Vec<_>>().join(" ")
}

/// Holds a promise.
///
/// # Errors
/// When it is broken.
pub fn promise(held: bool, broken: impl FnOnce() -> String) -> Result<(), String> {
    if held { Ok(()) } else { Err(broken()) }
}
