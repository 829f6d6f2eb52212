//! Typed access to the tables of `data/`, compiled in; parsed once, at first use.

pub mod country;
pub mod email;
mod fold;
pub mod legal_form;
pub mod name_lists;
pub mod name_words;
pub mod names;
pub mod placeholder;
pub mod region;
pub mod street;
mod table;

pub use fold::fold;
