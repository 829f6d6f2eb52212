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

/// Whether a model of so many records had better be estimated anew for so many: what values are
/// frequent, and how often records repeat, may be otherwise once a quarter is new or gone.
pub const fn retrain_due(trained_on: u64, records: u64) -> bool {
    records.abs_diff(trained_on) * 4 > trained_on
}

/// What pairs weigh and clusters come to under one model is the same where this is: what another
/// version worked out is not taken over. The second number is to be raised with any change to it
/// between releases.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "/3");
