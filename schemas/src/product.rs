//! What measured a reading.

/// Which product measured a reading, as its sender writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product<'b> {
    /// Manufacturer code.
    pub manufacturer: &'b str,
    /// Model number, where the sender says it.
    pub model_number: Option<&'b str>,
}
