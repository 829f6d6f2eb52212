//! Records whose canonical values an ingest has just worked out, kept for the rebuild that mostly
//! follows.

use super::records::{LOADED_BYTES, Loaded};
use super::values::Gathered;

/// Records by number, ascending, as long as they fit; those that do not are read back from ground.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    pub(super) records: Loaded,
    pub(super) values: Gathered,
    /// Bytes that it may take.
    limit: usize,
}

/// Bytes of a record, with the text of its id. Its values stand on disk.
const RECORD_BYTES: usize = LOADED_BYTES + 24;

impl Fresh {
    /// Keeps at most so many bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Whether so many more records fit.
    pub(super) fn has_room(&self, records: usize) -> bool {
        (self.records.len() + records) * RECORD_BYTES <= self.limit
    }

    /// Where it ends now, to come back to if a file is not taken after all.
    pub(super) fn mark(&self) -> usize {
        self.records.len()
    }

    /// Forgets what came after a mark.
    pub(super) fn forget_since(&mut self, mark: usize) {
        self.records.truncate(mark);
    }
}
