//! Which records meet: blocking rules turn a record's canonical values into hashed keys; records
//! with an equal key form a block; a block too common to decide anything is refined or left out,
//! counted and reported. It weighs nothing.

mod candidates;
mod changes;
mod content;
mod directory;
pub mod index;
mod keys;
mod limits;
mod outline;
mod page;
mod read_only;

pub use candidates::{BlockStatistics, BlocksBuilder, Candidates, LARGEST_TOLD, Pair, Pairs};
pub use changes::{Changes, Meeting, States, StayingPairs, When};
pub use content::Content;
pub use keys::{Group, Key, RULES, Rule, SMALL_FILE, keys_of};
pub use limits::{PairSample, fit_limits, limits_for};
pub use outline::{Outline, outline_of};
