//! The acts of one alert, folded.

use super::act::{Act, ActError, ActId, Deed};

/// An act in the log, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The act.
    pub act: Act,
    /// The place, among the alert's acts, of the last one that takes it back.
    undone_by: Option<usize>,
    /// Why it does not count, where two came together of which only one can.
    error: Option<ActError>,
}

impl Recorded {
    /// Why it does not count.
    pub const fn error(&self) -> Option<ActError> {
        self.error
    }

    /// Whether an act that counts takes it back.
    pub const fn is_undone(&self) -> bool {
        self.undone_by.is_some()
    }
}

/// What a further record of the log was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// A new act.
    New,
    /// An act that is known, once more.
    Known,
    /// A known id with something else: it does not count.
    OtherContent,
}

/// The acts of one alert, in the order of the log. The first record of an id is the act; what comes
/// later under the same id changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertActs(Vec<Recorded>);

impl AlertActs {
    /// No more acts of one alert are taken: all of them are in memory, and looked through. Ours.
    pub const MOST: usize = 500;

    /// The next record of the log.
    pub fn apply(&mut self, act: Act) -> Applied {
        if let Some(known) = self.get(&act.id) {
            let is_same = known.act.by == act.by && known.act.deed.is_same(&act.deed);
            return if is_same { Applied::Known } else { Applied::OtherContent };
        }
        let error = match &act.deed {
            Deed::Undo(id) => self.check_undo(id).err(),
            _ => None,
        };
        let undoes = matches!(act.deed, Deed::Undo(_)) && error.is_none();
        self.0.push(Recorded { act, undone_by: None, error });
        if undoes {
            self.settle();
        }
        Applied::New
    }

    /// Finds anew what is undone. What takes back comes later than what it takes back, so from the end
    /// on it is settled of each act whether it counts before it is asked what it undoes.
    fn settle(&mut self) {
        for recorded in &mut self.0 {
            recorded.undone_by = None;
        }
        for place in (0..self.0.len()).rev() {
            let undoing = &self.0[place];
            let Deed::Undo(id) = &undoing.act.deed else { continue };
            if undoing.undone_by.is_some() || undoing.error.is_some() {
                continue;
            }
            let undone = self.0[..place].iter().position(|recorded| recorded.act.id == *id);
            if let Some(undone) = undone {
                self.0[undone].undone_by.get_or_insert(place);
            }
        }
    }

    /// Whether an act can be undone, whoever has done it.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn check_undo(&self, id: &ActId) -> Result<(), ActError> {
        let known = self.get(id).filter(|known| known.error.is_none());
        match known.ok_or(ActError::UnknownAct)?.is_undone() {
            true => Err(ActError::AlreadyUndone),
            false => Ok(()),
        }
    }

    /// An act, counted or not.
    pub fn get(&self, id: &ActId) -> Option<&Recorded> {
        self.0.iter().find(|recorded| recorded.act.id == *id)
    }

    /// The act that takes another one back; none where that one counts.
    pub fn undone_by(&self, of: &Recorded) -> Option<&Act> {
        of.undone_by.and_then(|place| self.0.get(place)).map(|recorded| &recorded.act)
    }

    /// How many there are, counted or not.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every act that was taken, also those that were undone, in the order of the log.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Recorded> {
        self.0.iter().filter(|recorded| recorded.error.is_none())
    }

    /// The acts that count, in the order of the log.
    pub fn counted(&self) -> impl DoubleEndedIterator<Item = &Act> {
        self.history().filter(|recorded| !recorded.is_undone()).map(|recorded| &recorded.act)
    }
}
