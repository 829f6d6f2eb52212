//! The order of the stages, from files to ground to results, and the view of the last results.
//!
//! [`Engine`] is the one writer: [`Engine::ingest`], [`Engine::rebuild`], [`Engine::judge`],
//! [`Engine::undo`]; [`Engine::plan`] says what a rebuild would do.
//! [`View`] reads the last results without lock or database. The pure middle is [`resolve`].

mod again;
mod blocks;
mod care;
mod compared;
mod earlier;
mod employment;
mod engine;
mod erasure;
mod findings;
mod fresh;
mod golden_changes;
mod gone;
mod ground;
mod guards;
mod index_check;
mod intake;
mod memory;
mod plan;
mod quarantine;
mod rebuild;
mod records;
pub mod resolve;
mod snapshot;
mod survey;
mod trial;
mod types;
mod undo;
mod values;
mod versions;
mod view;
mod work;

pub use care::{Mended, backup, migrate, recover, restore, verify};
pub use engine::{Engine, discard_store};
pub use erasure::{ErasureRequest, erasure_requests};
pub use golden_changes::golden_changes;
pub use gone::{Gone, gone};
pub use ground::{ground, judgements, quarantine, visit_ledger};
pub use plan::Plan;
pub use quarantine::{Retried, Rows, StillWaiting};
pub use rebuild::sources;
pub use trial::{Trial, Trials};
pub use types::*;
pub use undo::Undone;
pub use versions::{Merged, Versions};
pub use view::View;
