//! Typed access to the tables of `data/`, compiled in; parsed once, at first use.

pub mod country;
mod fold;
pub mod legal_form;
pub mod region;
pub mod street;

pub use fold::fold;
