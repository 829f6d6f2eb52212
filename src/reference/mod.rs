//! Typed access to the tables of `data/`, compiled in. The large ones of names and companies are laid
//! out as maps when the program is built; the others are parsed once, at first use.

mod company_name;
pub mod country;
pub mod email;
mod fold;
mod frozen;
pub mod legal_form;
pub mod name_lists;
pub mod name_words;
pub mod names;
pub mod placeholder;
pub mod region;
mod script;
pub mod street;
mod table;

pub use fold::fold;
pub use script::hides_sounds;
