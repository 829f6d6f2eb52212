//! Typed access to the tables of `data/`, compiled in; parsed once, at first use.

mod fold;

pub use fold::fold;
