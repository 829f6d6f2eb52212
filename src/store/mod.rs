//! The store: ground in an archive and in sled, results in read-only snapshot files.
pub mod results;
