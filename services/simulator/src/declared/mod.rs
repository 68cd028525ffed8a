//! What is declared of the kinds that have no physiology of their own: who owns the device, which one
//! it is, and which values are typical.

mod generated;

use clinical::Kind;

use crate::model::Model;

pub(crate) use generated::DECLARED;

/// What is declared of a kind.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) kind: Kind,
    /// Share of the patients who own the device.
    pub(crate) share: f64,
    pub(crate) times_a_day: u8,
    pub(crate) model: Model,
    pub(crate) typical: &'static [Typical],
}

/// What virtual patients have of a field.
#[derive(Debug)]
pub(crate) struct Typical {
    pub(crate) field: u8,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) spread: f64,
}

/// The models of such kinds.
pub(crate) fn models() -> impl Iterator<Item = Model> {
    DECLARED.iter().map(|declared| declared.model)
}

/// The model that measures a kind.
pub(crate) fn model_for(kind: Kind) -> Option<Model> {
    DECLARED.iter().find(|declared| declared.kind == kind).map(|found| found.model)
}
