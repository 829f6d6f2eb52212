//! The order of the stages, from files to ground to results, and the view of the last results.
//!
//! [`Engine`] is the one writer: [`Engine::ingest`], [`Engine::rebuild`], [`Engine::judge`],
//! [`Engine::undo`]; [`Engine::plan`] says what a rebuild would do.
//! [`View`] reads the last results without lock or database. The pure middle is [`resolve`].

mod engine;
mod fresh;
mod golden_changes;
mod gone;
mod ground;
mod intake;
mod plan;
mod rebuild;
mod records;
pub mod resolve;
mod snapshot;
mod types;
mod undo;
mod view;
mod work;

pub use engine::{Engine, discard_store};
pub use golden_changes::golden_changes;
pub use gone::{Gone, gone};
pub use ground::{ground, judgements, quarantine, verify, visit_ledger};
pub use plan::Plan;
pub use rebuild::sources;
pub use types::*;
pub use undo::Undone;
pub use view::View;
