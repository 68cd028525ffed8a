//! What sensors for glucose say over days: the bands that values are counted in.

pub mod bands;
