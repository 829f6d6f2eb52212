//! Match weights: Fellegi–Sunter over the whole pair space, with background classes (relatives,
//! other sites of one organisation), value frequencies and mail addresses given the names; trained
//! without labels by EM. See `docs/matching.md`.

mod explain;
mod model;
mod parameters;
mod train;

pub use explain::Weights;
pub use model::{FrozenCounts, Model};
pub use parameters::{Class, Parameters, Score};
pub use train::{TrainingSet, train};

/// To be raised with any change to what pairs weigh or clusters come to under one model: what an
/// earlier version worked out is then not taken over.
pub const VERSION: u32 = 1;
