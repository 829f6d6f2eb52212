//! What a rebuild needs, worked out before it starts.

use crate::error::{Error, ErrorKind, Result};

/// Bytes that any run takes.
const BASE: u64 = 272 << 20;
/// Bytes a record: its key, its row and its part of the comparison table, and what clustering and ids
/// hold of it. Canonical values and candidate pairs wait on disk, and pairs that score low are not
/// kept, so memory does not grow with pairs. Measured on twenty thousand to ten million customers of
/// one table, and on a million records in exports of fifteen systems.
const A_RECORD: u64 = 350;
/// Part of a record's bytes in its file that stand in memory too: each text once.
const OF_TEXT: f64 = 0.4;
/// Part of the limit that an ingest may fill with keys of records for the rebuild that follows.
const FRESH_PART: u64 = 4;

/// The limit of a run, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory(u64);

impl Memory {
    /// The limit that was set, else half of the machine's memory; none where the system does not
    /// tell.
    pub(super) fn new(set: Option<u64>) -> Self {
        Self(set.or_else(|| machine().map(|bytes| bytes / 2)).unwrap_or(u64::MAX))
    }

    /// Bytes that an ingest may keep for the rebuild.
    pub(super) fn for_fresh(self) -> usize {
        usize::try_from(self.0 / FRESH_PART).unwrap_or(usize::MAX)
    }

    /// What a rebuild of so many stored records needs, as a sentence; `row_bytes` is what one takes in
    /// its file.
    ///
    /// # Errors
    /// `Limit` if that is more than the run may take; it names the least that is enough.
    pub(super) fn plan(self, records: u64, row_bytes: f64) -> Result<String> {
        let a_record = A_RECORD + (OF_TEXT * row_bytes).ceil() as u64;
        let needed = BASE.saturating_add(records.saturating_mul(a_record));
        if needed > self.0 {
            let least = needed.div_ceil(1 << 20);
            return Err(Error::new(
                ErrorKind::Limit,
                format!(
                    "working out {records} records takes about {least} MiB of memory, and the run \
                     may take {} MiB",
                    self.0 >> 20
                ),
            )
            .hint(format!(
                "nothing was changed; give --max-memory {least}M on a machine that has it"
            )));
        }
        let limit = if self.0 == u64::MAX {
            String::new()
        } else {
            format!(" of the {} MB allowed", self.0 / 1_000_000)
        };
        Ok(format!("about {} MB of memory{limit} for {records} records", needed / 1_000_000))
    }
}

/// Memory of the machine in bytes.
fn machine() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("MemTotal:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_does_not_fit_names_the_least() {
        let error = Memory::new(Some(500_000_000)).plan(1_000_000, 100.0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(error.to_string().contains("644 MiB"), "{error}");
        let least = Memory::new(Some(644 << 20)).plan(1_000_000, 100.0).unwrap();
        assert!(least.contains("1000000 records"), "{least}");
        assert!(Memory::new(Some(1 << 30)).plan(20_000, 300.0).is_ok());
    }
}
