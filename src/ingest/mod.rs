//! From a file as it came to source records: readers (containers, encodings), source kinds (data),
//! detection, mapping, quarantine. Input: bytes. Output: [`Batch`]es of records with their mapped
//! values, and quarantined rows. It cleans no value (that is `normalize`) and writes no store.

pub mod kind;
pub mod read;

use crate::model::{MappedRecord, QuarantinedRow, SourceRecord};

/// What one step of reading a file yields.
#[derive(Debug, Default)]
pub struct Batch {
    /// Records in the order of the file, each with its mapped values (large: they are not moved).
    pub records: Vec<(SourceRecord, Box<MappedRecord>)>,
    /// Rows that could not be taken.
    pub quarantined: Vec<QuarantinedRow>,
    /// Rows that the kind passes over: agents among customers, rows without any value.
    pub left_out: u64,
}
