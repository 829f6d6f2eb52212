//! What stands in an index, in a form that can be compared with what should stand in it.

use std::fmt;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::index::{BUCKETS, BlockIndex, bucket_of};
use crate::error::Result;

/// Buckets that one thread reads.
const PART: u64 = 512;

/// How many postings each bucket of keys has, and the sum of their hashes: the same for the same
/// postings in any order. 256 KiB.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    buckets: Vec<(u64, u64)>,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} postings)", self.postings())
    }
}

impl Default for Content {
    fn default() -> Self {
        Self { buckets: vec![(0, 0); BUCKETS as usize] }
    }
}

impl Content {
    /// Adds a posting, which must not be there yet.
    pub fn add(&mut self, key: u64, record: u64) {
        let mut posting = [0; 16];
        posting[..8].copy_from_slice(&key.to_le_bytes());
        posting[8..].copy_from_slice(&record.to_le_bytes());
        let (count, sum) = &mut self.buckets[bucket_of(key) as usize];
        *count += 1;
        *sum = sum.wrapping_add(xxh3_64(&posting));
    }

    /// Both together; they must have no posting in common.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for (own, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            own.0 += theirs.0;
            own.1 = own.1.wrapping_add(theirs.1);
        }
        self
    }

    /// Number of postings.
    pub fn postings(&self) -> u64 {
        self.buckets.iter().map(|(count, _)| count).sum()
    }

    /// In how many buckets the two differ.
    pub fn differences(&self, other: &Self) -> usize {
        self.buckets.iter().zip(&other.buckets).filter(|(a, b)| a != b).count()
    }
}

impl BlockIndex {
    /// The postings of those records that `counts` accepts. Reads the whole index, in parallel.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn content(&self, counts: impl Fn(u64) -> bool + Sync) -> Result<Content> {
        let pages = self.pages()?;
        let starts: Vec<u64> = (0..BUCKETS).step_by(PART as usize).collect();
        let part = |start: u64| {
            let mut content = Content::default();
            for bucket in start..start + PART {
                let mut postings = self.postings(&pages, bucket)?;
                postings.retain(|(_, record)| counts(*record));
                postings.sort_unstable();
                postings.dedup();
                postings.iter().for_each(|(key, record)| content.add(*key, *record));
            }
            Ok(content)
        };
        let parts: Result<Vec<Content>> = starts.into_par_iter().map(part).collect();
        Ok(parts?.iter().fold(Content::default(), Content::and))
    }
}
