//! The order of the stages, from ground to results.

pub mod resolve;
