//! The live records of a store in the order of their keys, with their canonical values.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::erasure::Erasures;
use super::gone::Gone;
use super::resolve::Records;
use crate::clustering::record_hash;
use crate::compare::Origin;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::kind::{Catalog, GENERIC, Mapping};
use crate::model::{NormalRecord, RecordKey, SourceRecord};
use crate::normalize::normalize;
use crate::store::Store;

/// The live records, sorted by key.
#[derive(Debug, Default)]
pub(super) struct LiveRecords {
    pub(super) keys: Vec<RecordKey>,
    pub(super) numbers: Vec<u64>,
    pub(super) files: Vec<u32>,
    origins: Vec<Origin>,
    hashes: Vec<u64>,
    /// Encoded normal records, one after the other, and where each begins.
    arena: Vec<u8>,
    spans: Vec<(usize, u32)>,
    /// Records that are no longer live, by key.
    pub(super) gone: Vec<Gone>,
    /// Records that their systems want erased.
    pub(super) erasures: Erasures,
    /// System by source.
    pub(super) systems: std::collections::BTreeMap<Arc<str>, Arc<str>>,
}

struct Loaded {
    key: RecordKey,
    number: u64,
    file: u32,
    generic: bool,
    bytes: Vec<u8>,
}

#[derive(Default)]
struct Piece {
    live: Vec<Loaded>,
    gone: Vec<Gone>,
    /// Erasure requests, with the files that brought them.
    erased: Vec<(RecordKey, u32)>,
}

pub(super) fn encode(normal: &NormalRecord) -> Result<Vec<u8>> {
    bincode::serde::encode_to_vec(normal, bincode::config::standard())
        .map_err(|e| Error::new(ErrorKind::Io, format!("cannot encode a record: {e}")))
}

pub(super) fn decode(bytes: &[u8]) -> Result<NormalRecord> {
    let config = bincode::config::standard().with_limit::<{ 64 << 20 }>();
    bincode::serde::decode_from_slice(bytes, config).map(|(normal, _)| normal).map_err(|_| {
        Error::new(ErrorKind::Corrupted, "a record's canonical values cannot be decoded")
    })
}

impl LiveRecords {
    /// Reads, maps and normalises every live record. Parallel over chunks.
    pub(super) fn load(
        store: &Store,
        catalog: &Catalog,
        advance: &(dyn Fn(u64) + Sync),
    ) -> Result<Self> {
        let live = store.live()?;
        let mut mappings: FxHashMap<u32, (Mapping, bool)> = FxHashMap::default();
        let mut systems = std::collections::BTreeMap::new();
        for manifest in store.manifests()? {
            let mapping = Mapping::new(catalog, &manifest)?;
            systems.insert(Arc::clone(&manifest.source), mapping.system());
            mappings.insert(manifest.file, (mapping, &*manifest.kind == GENERIC));
        }
        let chunks = store.chunks()?;
        let is = |list: &[u64], number: u64| list.binary_search(&number).is_ok();
        let is_gone = |number: u64| is(&live.deleted, number) || is(&live.aliases, number);
        let pieces: Result<Vec<Piece>> = chunks
            .par_chunks(16)
            .map(|ids| {
                let mut piece = Piece::default();
                for id in ids {
                    let records = store.read_chunk(*id)?;
                    advance(records.len() as u64);
                    for (number, record) in records {
                        if asks_erasure(&mappings, &record) {
                            piece.erased.push((record.key.clone(), record.file));
                        }
                        if is(&live.records, number) {
                            piece.live.push(load_one(&mappings, number, record)?);
                        } else if is_gone(number) {
                            let normal = normal_of(&mappings, &record)?.0;
                            piece.gone.push(Gone {
                                key: record.key,
                                file: record.file,
                                survivor: record.alias_of,
                                entity: None,
                                normal,
                            });
                        }
                    }
                }
                Ok(piece)
            })
            .collect();
        let mut out = Self { systems, ..Self::default() };
        let mut all: Vec<Loaded> = Vec::with_capacity(live.records.len());
        let mut erased = Vec::new();
        for piece in pieces? {
            all.extend(piece.live);
            out.gone.extend(piece.gone);
            erased.extend(piece.erased);
        }
        out.erasures = Erasures::new(store, erased, &out.systems)?;
        let erase = |key: &RecordKey| out.erasures.cover(key, out.systems.get(&key.source));
        all.retain(|loaded| {
            let erase = erase(&loaded.key);
            if erase {
                out.gone.push(Gone::erased(loaded.key.clone(), loaded.file));
            }
            !erase
        });
        for gone in &mut out.gone {
            if erase(&gone.key) {
                gone.normal = NormalRecord::default();
            }
        }
        all.par_sort_unstable_by(|x, y| x.key.cmp(&y.key));
        out.gone.sort_unstable_by(|x, y| x.key.cmp(&y.key));
        let mut sources: FxHashMap<Arc<str>, u32> = FxHashMap::default();
        for loaded in all {
            let next = sources.len() as u32;
            let source = *sources.entry(Arc::clone(&loaded.key.source)).or_insert(next);
            out.origins.push(Origin { source, generic: loaded.generic });
            out.hashes.push(record_hash(&loaded.key) as u64);
            out.spans.push((out.arena.len(), loaded.bytes.len() as u32));
            out.arena.extend_from_slice(&loaded.bytes);
            out.keys.push(loaded.key);
            out.numbers.push(loaded.number);
            out.files.push(loaded.file);
        }
        Ok(out)
    }

    /// Ordinal of a live record.
    pub(super) fn find(&self, key: &RecordKey) -> Option<u32> {
        self.keys.binary_search(key).ok().map(|at| at as u32)
    }

    /// Ordinal of a live record, or of the one that a record was merged into in its system.
    pub(super) fn find_survivor(&self, key: &RecordKey) -> Option<u32> {
        let mut key = key;
        // A survivor may have lost a later merge; a circle ends after as many steps as there are.
        for _ in 0..=self.gone.len() {
            if let Some(found) = self.find(key) {
                return Some(found);
            }
            let at = self.gone.binary_search_by(|gone| gone.key.cmp(key)).ok()?;
            key = self.gone[at].survivor.as_ref()?;
        }
        None
    }
}

/// Whether a version of a record, in force or not, asks for its erasure.
fn asks_erasure(mappings: &FxHashMap<u32, (Mapping, bool)>, record: &SourceRecord) -> bool {
    record.deleted
        && mappings.get(&record.file).is_some_and(|(mapping, _)| {
            mapping.may_redact() && mapping.remap(record).is_some_and(|mapped| mapped.redacted)
        })
}

fn normal_of(
    mappings: &FxHashMap<u32, (Mapping, bool)>,
    record: &SourceRecord,
) -> Result<(NormalRecord, bool)> {
    let damaged = |what: &str| {
        Error::new(ErrorKind::Corrupted, format!("{what} {}", record.key)).hint(
            "the source kind that read it has changed: put the earlier file of the kind back, or \
             ingest the export again",
        )
    };
    let (mapping, generic) =
        mappings.get(&record.file).ok_or_else(|| damaged("no manifest tells how to read"))?;
    let mapped = mapping.remap(record).ok_or_else(|| damaged("its kind no longer reads"))?;
    Ok((normalize(&mapped), *generic))
}

fn load_one(
    mappings: &FxHashMap<u32, (Mapping, bool)>,
    number: u64,
    record: SourceRecord,
) -> Result<Loaded> {
    let (normal, generic) = normal_of(mappings, &record)?;
    let bytes = encode(&normal)?;
    Ok(Loaded { key: record.key, number, file: record.file, generic, bytes })
}

impl Records for LiveRecords {
    fn len(&self) -> u32 {
        self.keys.len() as u32
    }

    fn normal(&self, ordinal: u32) -> Result<NormalRecord> {
        let (start, len) = self.spans[ordinal as usize];
        decode(&self.arena[start..start + len as usize])
    }

    fn origin(&self, ordinal: u32) -> Origin {
        self.origins[ordinal as usize]
    }

    fn hash(&self, ordinal: u32) -> u64 {
        self.hashes[ordinal as usize]
    }
}
