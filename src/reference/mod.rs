//! Typed access to the tables of `data/`, compiled in; parsed once, at first use.

mod fold;
pub mod names;

pub use fold::fold;
