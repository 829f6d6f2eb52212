//! Match weights: Fellegi–Sunter over the whole pair space, with background classes (relatives,
//! other sites of one organisation), value frequencies and mail addresses given the names; trained
//! without labels by EM. See `docs/matching.md`.

mod model;
mod parameters;
mod train;

pub use model::{FrozenCounts, Model};
pub use parameters::{Class, Parameters, Score};
pub use train::{TrainingSet, train};
