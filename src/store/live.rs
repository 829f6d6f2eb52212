//! Which stored versions stand for their records now.

use crate::error::Result;
use crate::store::{Store, heads, locked};

/// The numbers of the versions in force, each list ascending: eight bytes a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// Records to resolve: neither deleted nor an alias.
    pub records: Vec<u64>,
    /// Records whose system marks them as deleted.
    pub deleted: Vec<u64>,
    /// Records that lost a merge in their system; `SourceRecord::alias_of` names the survivor.
    pub aliases: Vec<u64>,
    /// All stored versions, superseded ones included.
    pub versions: u64,
}

impl Store {
    /// Weighs all versions (rule: `Version::latest`) in parallel. About 1 µs a version.
    ///
    /// # Errors
    /// `Corrupted`, `Io`, `Locked`.
    pub fn live(&self) -> Result<Live> {
        // An ingest's look-up table would only take memory from what follows.
        *locked(&self.table) = None;
        let ground = self.ground()?;
        let state = locked(&self.state).clone();
        let parts = heads::map_versions(ground, &state.heads, |versions| {
            let mut live = Live { versions: versions.len() as u64, ..Live::default() };
            for versions in versions.chunk_by(|a, b| a.key == b.key) {
                let Some(head) = heads::winner(versions) else { continue };
                let list = match (head.deleted(), head.alias()) {
                    (true, false) => &mut live.deleted,
                    (_, true) => &mut live.aliases,
                    (false, false) => &mut live.records,
                };
                list.push(head.number);
            }
            Ok(live)
        })?;
        let mut live = Live::default();
        for part in parts {
            live.records.extend(part.records);
            live.deleted.extend(part.deleted);
            live.aliases.extend(part.aliases);
            live.versions += part.versions;
        }
        for list in [&mut live.records, &mut live.deleted, &mut live.aliases] {
            list.sort_unstable();
        }
        Ok(live)
    }

    /// The numbers of all versions of records that have several, ascending. In parallel, about 1 µs a
    /// version; eight bytes each.
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn restated(&self) -> Result<Vec<u64>> {
        let ground = self.ground()?;
        let runs = locked(&self.state).heads.clone();
        let parts = heads::map_versions(ground, &runs, |versions| {
            let several = versions.chunk_by(|a, b| a.key == b.key).filter(|of| of.len() > 1);
            Ok(several.flatten().map(|head| head.number).collect::<Vec<u64>>())
        })?;
        let mut numbers: Vec<u64> = parts.into_iter().flatten().collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}
