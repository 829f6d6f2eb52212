//! The one integration binary.
#![expect(clippy::unwrap_used, reason = "tests may panic")]

mod blocking_index;
mod results;
mod store;
