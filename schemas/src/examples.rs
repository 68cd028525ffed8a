//! Messages that every service's tests use, good and bad.

/// Exchange documents of `examples/good/`: name and text.
pub const GOOD_DOCUMENTS: &[(&str, &str)] = &[];
