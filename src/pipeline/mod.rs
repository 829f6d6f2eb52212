//! The order of the stages, from files to ground to results, and the view of the last results.
//!
//! [`Engine`] is the one writer: [`Engine::ingest`], [`Engine::rebuild`], [`Engine::judge`].
//! [`View`] reads the last results without lock or database. The pure middle is [`resolve`].

mod care;
mod engine;
mod fresh;
mod gone;
mod ground;
mod intake;
mod memory;
mod quarantine;
mod rebuild;
mod records;
pub mod resolve;
mod snapshot;
mod types;
mod versions;
mod view;

pub use care::{Mended, backup, migrate, recover, restore, verify};
pub use engine::{Engine, discard_store};
pub use gone::{Gone, gone};
pub use ground::{ground, judgements, ledger, quarantine};
pub use quarantine::{Retried, Rows, StillWaiting};
pub use rebuild::sources;
pub use types::*;
pub use versions::Versions;
pub use view::View;
