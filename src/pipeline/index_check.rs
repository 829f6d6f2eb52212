//! Whether the blocking index is whole, and holds what ground says.

use std::sync::Arc;

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::engine::Engine;
use super::erasure::Erasures;
use super::fresh::Fresh;
use super::intake::index_key;
use super::records::{
    LiveRecords, Mappings, Systems, asks_erasure, filled_for, mappings, normal_of,
};
use super::types::Progress;
use crate::blocking::index::BlockIndex;
use crate::blocking::{Content, keys_of};
use crate::error::Result;
use crate::ingest::kind::Catalog;
use crate::store::{ChunkId, Store};

/// Parts that ground is read in, side by side.
const PARTS: usize = 32;

/// What is damaged in the blocking index, its bytes first; with `ground`, which must be sound, also
/// where it differs from that. About as long as an ingest of all records, in their numbers' memory.
pub(super) fn index_damage(store: &Store, ground: Option<&Catalog>) -> Vec<String> {
    // A store that nothing was ever ingested into has none.
    let made =
        std::fs::read_dir(store.index_dir()).is_ok_and(|mut entries| entries.next().is_some());
    let Some(secret) = store.secret().ok().filter(|_| made) else { return Vec::new() };
    let damage = BlockIndex::open(&store.index_dir(), secret).and_then(|index| {
        let files = index.verify()?;
        if !files.is_empty() {
            let named = |file| format!("{file} does not match its checksum");
            return Ok(files.into_iter().map(named).collect());
        }
        let filled = |catalog| filled_for(store, catalog, store.manifests()?.len());
        match ground {
            // One that a killed ingest left behind ground, or that was filled under another mapping,
            // is filled by the next rebuild.
            Some(catalog) if index.sequence() == Some(filled(catalog)?) => {
                differences(store, catalog, &index)
            }
            _ => index.content(|_| false).map(|_| Vec::new()),
        }
    });
    damage.unwrap_or_else(|error| vec![error.to_string()])
}

impl Engine {
    /// Fills an index that was made anew.
    pub(super) fn fill_index(&mut self, progress: &dyn Progress) -> Result<()> {
        progress.stage("index", None);
        let records = {
            let Self { store, catalog, pool, .. } = self;
            let results = store.current_results()?.map(Arc::new);
            let advance = |n| progress.advance(n);
            pool.install(|| {
                LiveRecords::load(store, catalog, Fresh::default(), results.as_ref(), &advance)
            })?
        };
        self.catch_up_index(&records)
    }
}

/// How the index differs from what the live records of ground give.
fn differences(store: &Store, catalog: &Catalog, index: &BlockIndex) -> Result<Vec<String>> {
    let live = store.live()?.records;
    let (mappings, systems) = mappings(store, catalog)?;
    let chunks = store.chunks()?;
    let erasures = erasures(store, &chunks, &mappings, &systems)?;

    let part = |chunks: &[ChunkId]| {
        let (mut content, mut erased) = (Content::default(), Vec::new());
        let (mut keys, mut hashes) = (Vec::new(), Vec::new());
        for chunk in chunks {
            for (number, record) in store.read_chunk(*chunk)? {
                if live.binary_search(&number).is_err() {
                    continue;
                }
                // An index that was filled after such a request lacks the record, an older one not.
                if erasures.cover(&record.key, systems.get(&record.key.source)) {
                    erased.push(number);
                    continue;
                }
                let (normal, generic) = normal_of(&mappings, &record)?;
                keys_of(&normal, generic, &mut keys);
                hashes.extend(keys.iter().map(|key| index_key(index, *key)));
                hashes.sort_unstable();
                hashes.dedup();
                hashes.drain(..).for_each(|key| content.add(key, number));
            }
        }
        Ok((content, erased))
    };
    let length = chunks.len().div_ceil(PARTS).max(1);
    let parts: Result<Vec<_>> = chunks.par_chunks(length).map(part).collect();
    let (mut expected, mut erased) = (Content::default(), FxHashSet::default());
    for (content, numbers) in parts? {
        expected = expected.and(&content);
        erased.extend(numbers);
    }

    let (stored, strangers) = (store.records()?, AtomicBool::new(false));
    let found = index.content(|number| {
        if number >= stored {
            strangers.store(true, Ordering::Relaxed);
        }
        live.binary_search(&number).is_ok() && !erased.contains(&number)
    })?;
    let mut out = Vec::new();
    if strangers.into_inner() {
        out.push("it holds keys of records that ground does not have".to_owned());
    }
    let buckets = expected.differences(&found);
    if buckets > 0 {
        out.push(format!(
            "its keys are not those of ground: {} instead of {}, {buckets} groups of them differ",
            found.postings(),
            expected.postings()
        ));
    }
    Ok(out)
}

/// The erasures that rows of ground ask for.
fn erasures(
    store: &Store,
    chunks: &[ChunkId],
    mappings: &Mappings,
    systems: &Systems,
) -> Result<Erasures> {
    let may_ask = |chunk: &&ChunkId| {
        mappings.get(&chunk.file).is_some_and(|(mapping, _)| mapping.may_redact())
    };
    let mut asked = Vec::new();
    for chunk in chunks.iter().filter(may_ask) {
        for (_, record) in store.read_chunk(*chunk)? {
            if asks_erasure(mappings, &record) {
                asked.push((record.key.clone(), record.file));
            }
        }
    }
    Erasures::new(store, asked, Vec::new(), systems)
}
