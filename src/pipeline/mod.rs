//! The order of the stages, from files to ground to results, and the view of the last results.
//!
//! [`Engine`] is the one writer: [`Engine::ingest`], [`Engine::rebuild`], [`Engine::judge`].
//! [`View`] reads the last results without lock or database. The pure middle is [`resolve`].

mod engine;
mod ground;
mod intake;
mod rebuild;
mod records;
pub mod resolve;
mod types;
mod view;

pub use engine::{Engine, discard_store};
pub use ground::{ground, judgements, quarantine, verify};
pub use types::*;
pub use view::View;
