//! A model of the master list of devices.

/// What the master list says of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// Model number.
    pub number: &'static str,
    /// Name.
    pub name: &'static str,
    /// Whether the model's clock is corrected by itself.
    pub corrects_clock: bool,
    /// Standard that it is said to conform to.
    pub conformity: &'static str,
    /// Stated accuracy.
    pub accuracy: &'static str,
}
