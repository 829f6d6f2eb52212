//! What stands in a store apart from any result. Opens it for reading only.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Judgement, QuarantinedRow, Timestamp};
use crate::store::{Access, Store};

use super::types::{Damage, Ground, Progress};

/// Reads what stands in ground, without lock and without sled: from the files' receipts and, where
/// the results are as new as ground, from their summary. Before that `records` and each source count
/// every key that was ever brought, deleted ones too.
///
/// # Errors
/// There is no store, or it is damaged.
pub fn ground(dir: &Path) -> Result<Ground> {
    let store = Store::open(dir, Access::Read)?;
    let mut ground = Ground { sequence: store.ground_sequence()?, ..Ground::default() };
    for file in store.files()? {
        let source = ground.sources.entry(file.manifest.source.to_string()).or_default();
        source.records += file.receipt.records_new;
        source.kind = file.manifest.kind.to_string();
        source.command = file.manifest.command;
        source.file = file.manifest.name;
        ground.quarantined += file.receipt.quarantined;
    }
    ground.records = ground.sources.values().map(|source| source.records).sum();
    if let Some(results) = store.current_results()? {
        let summary = results.summary();
        if summary.ground >= ground.sequence {
            ground.records = summary.records;
        }
        ground.newest = summary.as_of.map(Timestamp);
        ground.model = Some((summary.model_hash.clone(), summary.records));
    }
    ground.store_bytes = folder_bytes(dir)?;
    Ok(ground)
}

fn folder_bytes(dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir).map_err(|error| Error::io(dir, error))? {
        let entry = entry.map_err(|error| Error::io(dir, error))?;
        // A file may vanish while a writer works.
        let Ok(meta) = entry.metadata() else { continue };
        bytes += if meta.is_dir() { folder_bytes(&entry.path())? } else { meta.len() };
    }
    Ok(bytes)
}

/// Every judgement, in the order given, without lock and without sled.
///
/// # Errors
/// There is no store, or it is damaged.
pub fn judgements(dir: &Path) -> Result<Vec<Judgement>> {
    Store::open(dir, Access::Read)?.judgements()
}

/// Every row in quarantine.
///
/// # Errors
/// There is no store, it is damaged, or another process writes to it.
pub fn quarantine(dir: &Path) -> Result<Vec<QuarantinedRow>> {
    let store = Store::open(dir, Access::Read)?;
    // Needs sled, so it is asked only where there is something.
    if store.files()?.iter().all(|file| file.receipt.quarantined == 0) {
        return Ok(Vec::new());
    }
    store.quarantined(0, usize::MAX)
}

/// Reads every stored byte; empty if all is well.
///
/// # Errors
/// There is no store, or something keeps it from looking.
pub fn verify(dir: &Path, progress: &dyn Progress) -> Result<Vec<Damage>> {
    let found = Store::open(dir, Access::Read)?.verify(|part| progress.stage(part, None))?;
    let damage = found.into_iter().map(|finding| Damage {
        place: finding.place,
        problem: finding.what,
        meaning: finding.meaning,
    });
    Ok(damage.collect())
}

/// Removes a store, so that one may be made anew in its place. Does nothing where there is none.
///
/// # Errors
/// The folder is no store, another process writes to it, or it holds people's judgements, which
/// would be lost.
pub fn discard_store(dir: &Path) -> Result<()> {
    let empty = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io(dir, error)),
        Ok(mut entries) => entries.next().is_none(),
    };
    if empty {
        return Ok(());
    }
    // The lock shows that nobody works on it.
    let store = Store::open(dir, Access::Write)?;
    let judgements = store.judgements()?.len();
    drop(store);
    if judgements > 0 {
        return Err(Error::new(
            ErrorKind::Refused,
            format!("this store holds {judgements} judgements of people, which would be lost"),
        )
        .at(dir.display())
        .hint("name it with --store to add to it, or choose another --out"));
    }
    std::fs::remove_dir_all(dir).map_err(|error| Error::io(dir, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RecordKey, Verdict};

    #[test]
    fn a_store_is_discarded_only_where_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("s");
        discard_store(&dir).unwrap();
        let store = Store::open(&dir, Access::Write).unwrap();
        assert_eq!(discard_store(&dir).unwrap_err().kind(), ErrorKind::Locked);
        drop(store);
        discard_store(&dir).unwrap();
        assert!(!dir.exists());

        let store = Store::open(&dir, Access::Write).unwrap();
        let (a, b) = (RecordKey::new("s", "c", "1"), RecordKey::new("s", "c", "2"));
        store.add_judgement(Judgement::new(a, b, Verdict::Same, "me", "", Timestamp(0))).unwrap();
        drop(store);
        assert_eq!(discard_store(&dir).unwrap_err().kind(), ErrorKind::Refused);
        assert_eq!(judgements(&dir).unwrap().len(), 1);
        assert_eq!(ground(&dir).unwrap().sequence, 1);
        assert!(verify(&dir, &Silent).unwrap().is_empty());

        let other = folder.path().join("mine");
        std::fs::create_dir(&other).unwrap();
        std::fs::write(other.join("thesis.txt"), "x").unwrap();
        assert!(discard_store(&other).is_err());
        assert!(other.join("thesis.txt").exists());
    }

    struct Silent;

    impl Progress for Silent {
        fn stage(&self, _: &str, _: Option<u64>) {}
        fn advance(&self, _: u64) {}
        fn message(&self, _: &str) {}
        fn finish(&self) {}
    }
}
