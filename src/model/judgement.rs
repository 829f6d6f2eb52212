use serde::{Deserialize, Serialize};

use super::key::{RecordKey, Timestamp};

/// What a person says of two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// One entity.
    Same,
    /// Two entities; never bridged by a chain.
    Different,
    /// Looked at and left open.
    Unsure,
    /// Takes an earlier judgement on the pair back.
    Withdrawn,
}

/// A person's decision: ground, append-only; the last one on a pair holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Judgement {
    /// Sequence in the store, from 1.
    pub sequence: u64,
    /// The smaller key.
    pub a: RecordKey,
    /// The greater key.
    pub b: RecordKey,
    /// Verdict.
    pub verdict: Verdict,
    /// Who decided.
    pub by: String,
    /// Why, in their words.
    pub note: String,
    /// When (given by the caller).
    pub at: Timestamp,
}

impl Judgement {
    /// Builds a judgement with its keys in canonical order.
    pub fn new(
        a: RecordKey,
        b: RecordKey,
        verdict: Verdict,
        by: &str,
        note: &str,
        at: Timestamp,
    ) -> Self {
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        Self { sequence: 0, a, b, verdict, by: by.to_owned(), note: note.to_owned(), at }
    }
}
