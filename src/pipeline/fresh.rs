//! Canonical values that an ingest has just worked out, kept for the rebuild that mostly follows.

use super::records::{Place, Values};
use crate::model::RecordKey;

/// A record as the ingest stored it.
#[derive(Debug)]
pub(super) struct FreshRecord {
    pub(super) number: u64,
    pub(super) key: RecordKey,
    pub(super) file: u32,
    pub(super) generic: bool,
    pub(super) place: Place,
}

/// Records by number, ascending, as long as they fit; those that do not are read back from ground.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    pub(super) records: Vec<FreshRecord>,
    pub(super) values: Values,
    /// Bytes that it may take.
    limit: usize,
}

/// Bytes of a record beside its values and the text of its id.
const RECORD_BYTES: usize = size_of::<FreshRecord>() + 48;

impl Fresh {
    /// Keeps at most so many bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Whether so many bytes of so many more records fit.
    pub(super) fn has_room(&self, bytes: usize, records: usize) -> bool {
        let more = bytes + (self.records.len() + records) * RECORD_BYTES;
        self.values.bytes() + more <= self.limit
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
