//! The live records of a store in the order of their keys, with their canonical values.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::employment::Employment;
use super::erasure::Erasures;
use super::fresh::Fresh;
use super::gone::Gone;
use super::rebuild::RunFacts;
use super::resolve::Records;
use super::values::{Gathered, PIECE, Place, Segment, Sorted};
use crate::clustering::record_hash;
use crate::compare::Origin;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::kind::{Catalog, GENERIC, Mapping};
use crate::model::{KeyRef, Keys, NormalRecord, RecordKey, SourceRecord, Timestamp};
use crate::normalize::normalize;
use crate::store::results::Results;
use crate::store::{ChunkId, Live, Store};
use crate::survivorship::FieldNames;

/// The live records, sorted by key.
#[derive(Debug, Default)]
pub(super) struct LiveRecords {
    pub(super) keys: Keys,
    pub(super) numbers: Vec<u64>,
    pub(super) files: Vec<u32>,
    origins: Vec<Origin>,
    values: Sorted,
    noted: Mutex<Noted>,
    /// Records that are no longer live, by key.
    pub(super) gone: Vec<Gone>,
    /// Records that their systems want erased.
    pub(super) erasures: Erasures,
    /// System by source.
    pub(super) systems: Systems,
}

/// What is seen of the records in passing, while their values are decoded for the table.
#[derive(Clone, Debug, Default)]
pub(super) struct Noted {
    /// Fields that golden records will have.
    pub(super) fields: FieldNames,
    /// Latest time of a change or a creation.
    pub(super) newest: Option<Timestamp>,
    /// Who works for whom.
    pub(super) employment: Employment,
}

/// A live record: where it comes from, and where its canonical values stand.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) key: RecordKey,
    pub(super) number: u64,
    pub(super) file: u32,
    pub(super) generic: bool,
    pub(super) place: Place,
}

/// Records of some chunks, or of a part of the last results.
#[derive(Default)]
struct Piece {
    live: Vec<(RecordKey, u64, u32, bool)>,
    segment: Segment,
    gone: Vec<Gone>,
    /// Erasure requests, with the files that brought them.
    erased: Vec<(RecordKey, u32)>,
}

/// How each file is read, and whether by the generic kind.
pub(super) type Mappings = FxHashMap<u32, (Mapping, bool)>;
/// System by source.
pub(super) type Systems = BTreeMap<Arc<str>, Arc<str>>;

/// Pieces of the last results, or groups of chunks, that are read before their values are put aside.
const AT_ONCE: usize = 32;
/// Chunks of a group.
const GROUP: usize = 16;

impl LiveRecords {
    /// Collects every live record: from what the ingests of this process have kept, from the last
    /// results where those were read alike, and else from ground, mapped and normalised anew.
    /// Parallel.
    pub(super) fn load(
        store: &Store,
        catalog: &Catalog,
        fresh: Fresh,
        previous: Option<&Results>,
        advance: &(dyn Fn(u64) + Sync),
    ) -> Result<Self> {
        let live = store.live()?;
        let (mappings, systems) = mappings(store, catalog)?;
        let mut out = Self { systems, ..Self::default() };
        let Fresh { records: mut all, mut values, .. } = fresh;
        retain_live(&mut all, &live.records);
        advance(all.len() as u64);
        // Results and what they say of their run count together, where records were read alike.
        let reading = reading(catalog);
        let facts = previous.map(RunFacts::read).transpose()?;
        let facts = facts.filter(|facts| facts.reading == reading);
        if let (Some(results), Some(_)) = (previous, &facts)
            && all.len() < live.records.len()
        {
            let missing = missing(&all, &live.records);
            let mut add = |piece| out.add(store, &mut values, &mut all, piece);
            from_results(results, &mappings, &missing, advance, &mut add)?;
        }
        let facts = facts.unwrap_or_default();
        let missing = missing(&all, &live.records);
        let mut erased = Vec::new();
        from_ground(store, &mappings, &live, &missing, facts.files, advance, &mut |mut piece| {
            erased.append(&mut piece.erased);
            out.add(store, &mut values, &mut all, piece)
        })?;
        drop(missing);
        out.erasures = Erasures::new(store, erased, facts.erasures, &out.systems)?;
        let erase = |key: &RecordKey| out.erasures.cover(key, out.systems.get(&key.source));
        all.retain(|loaded| {
            let erase = erase(&loaded.key);
            if erase {
                out.gone.push(Gone::erased(loaded.key.clone(), loaded.file));
            }
            !erase
        });
        for gone in out.gone.iter_mut().filter(|gone| erase(&gone.key)) {
            gone.normal = NormalRecord::default();
        }
        all.par_sort_unstable_by(|x, y| x.key.cmp(&y.key));
        out.gone.sort_unstable_by(|x, y| x.key.cmp(&y.key));
        let places: Vec<Place> = all.iter().map(|loaded| loaded.place).collect();
        out.values = values.sort(store, &places)?;
        drop(places);
        let mut sources: FxHashMap<Arc<str>, u32> = FxHashMap::default();
        for loaded in all {
            let next = sources.len() as u32;
            let source = *sources.entry(Arc::clone(&loaded.key.source)).or_insert(next);
            out.origins.push(Origin { source, generic: loaded.generic });
            out.keys.push(&loaded.key.source, &loaded.key.object, &loaded.key.id);
            out.numbers.push(loaded.number);
            out.files.push(loaded.file);
        }
        Ok(out)
    }

    fn add(
        &mut self,
        store: &Store,
        values: &mut Gathered,
        all: &mut Vec<Loaded>,
        piece: Piece,
    ) -> Result<()> {
        let live = piece.live.into_iter().zip(values.add(store, &piece.segment)?);
        all.extend(live.map(|((key, number, file, generic), place)| Loaded {
            key,
            number,
            file,
            generic,
            place,
        }));
        self.gone.extend(piece.gone);
        Ok(())
    }

    /// What was seen of the records while the table was built.
    pub(super) fn noted(&self) -> Noted {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key that a number of a change stands for, as [`Clusters::key`] tells it of these records.
    ///
    /// [`Clusters::key`]: crate::clustering::Clusters::key
    pub(super) fn key(&self, number: u32) -> KeyRef<'_> {
        match (number as usize).checked_sub(self.keys.len()) {
            None => self.keys.get(number),
            Some(at) => (&self.gone[at].key).into(),
        }
    }

    /// Ordinal of a live record.
    pub(super) fn find(&self, key: &RecordKey) -> Option<u32> {
        self.keys.find(key)
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

/// How each file's records are read, and the system of each source.
pub(super) fn mappings(store: &Store, catalog: &Catalog) -> Result<(Mappings, Systems)> {
    let (mut mappings, mut systems) = (Mappings::default(), Systems::default());
    for manifest in store.manifests()? {
        let mapping = Mapping::new(catalog, &manifest)?;
        systems.insert(Arc::clone(&manifest.source), mapping.system());
        mappings.insert(manifest.file, (mapping, &*manifest.kind == GENERIC));
    }
    Ok((mappings, systems))
}

/// Whether a version of a record, in force or not, asks for its erasure.
pub(super) fn asks_erasure(mappings: &Mappings, record: &SourceRecord) -> bool {
    record.deleted
        && mappings
            .get(&record.file)
            .is_some_and(|(mapping, _)| mapping.remap(record).is_some_and(|mapped| mapped.redacted))
}

/// A stored record's canonical values, and whether the generic kind read it.
pub(super) fn normal_of(
    mappings: &Mappings,
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

/// Keeps the records in force. Both lists are ascending by number. O(n).
fn retain_live(all: &mut Vec<Loaded>, live: &[u64]) {
    let mut live = live.iter().peekable();
    all.retain(|loaded| {
        while live.next_if(|number| **number < loaded.number).is_some() {}
        live.peek() == Some(&&loaded.number)
    });
}

/// Numbers of the records in force that are not loaded yet, ascending. O(n log n).
fn missing(all: &[Loaded], live: &[u64]) -> Vec<u64> {
    // All that is loaded is in force.
    if all.len() == live.len() {
        return Vec::new();
    }
    let mut known: Vec<u64> = all.iter().map(|loaded| loaded.number).collect();
    known.par_sort_unstable();
    let mut known = known.into_iter().peekable();
    let mut missing = live.to_vec();
    missing.retain(|number| {
        while known.next_if(|known| known < number).is_some() {}
        known.peek() != Some(number)
    });
    missing.shrink_to_fit();
    missing
}

/// Whether a number is among ascending ones.
fn is_in(numbers: &[u64], number: u64) -> bool {
    numbers.binary_search(&number).is_ok()
}

/// What decides how records are read beside ground: canonical values of results that were made
/// under another one are not used again.
pub(super) fn reading(catalog: &Catalog) -> u64 {
    let mut hash = xxhash_rust::xxh3::Xxh3Default::new();
    hash.update(env!("CARGO_PKG_VERSION").as_bytes());
    hash.update(&crate::normalize::VERSION.to_le_bytes());
    for name in catalog.names() {
        let text = catalog.kind(&name).map_or("", |kind| &kind.text);
        hash.update(name.as_bytes());
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.digest()
}

/// What an index is filled for: so many files of ground, read as the catalog says. One that was
/// filled for something else is filled anew.
pub(super) fn filled_for(catalog: &Catalog, files: usize) -> u64 {
    let state = [reading(catalog), files as u64].map(u64::to_le_bytes);
    xxhash_rust::xxh3::xxh3_64(state.as_flattened())
}

fn from_results(
    results: &Results,
    mappings: &Mappings,
    missing: &[u64],
    advance: &(dyn Fn(u64) + Sync),
    add: &mut dyn FnMut(Piece) -> Result<()>,
) -> Result<()> {
    let starts: Vec<u32> = (0..results.records()).step_by(PIECE as usize).collect();
    for starts in starts.chunks(AT_ONCE) {
        let read = |from: &u32| {
            let ordinals = *from..results.records().min(from + PIECE);
            let mut piece = Piece::default();
            let mut wanted = FxHashMap::default();
            for ordinal in ordinals.clone() {
                let (number, file) = results.origin(ordinal)?;
                let generic = mappings.get(&file).map(|(_, generic)| *generic);
                if let Some(generic) = generic
                    && is_in(missing, number)
                {
                    wanted.insert(ordinal, (number, file, generic));
                }
            }
            results.scan_keys(ordinals.clone(), |ordinal, source, object, id| {
                if let Some((number, file, generic)) = wanted.get(&ordinal) {
                    piece.live.push((RecordKey::new(source, object, id), *number, *file, *generic));
                }
            })?;
            results.scan_normals(ordinals, |ordinal, encoded| {
                if wanted.contains_key(&ordinal) {
                    piece.segment.push_encoded(encoded);
                }
                Ok(())
            })?;
            advance(piece.live.len() as u64);
            Ok(piece)
        };
        let pieces: Result<Vec<Piece>> = starts.par_iter().map(read).collect();
        pieces?.into_iter().try_for_each(&mut *add)?;
    }
    Ok(())
}

fn from_ground(
    store: &Store,
    mappings: &Mappings,
    live: &Live,
    missing: &[u64],
    files_known: u32,
    advance: &(dyn Fn(u64) + Sync),
    add: &mut dyn FnMut(Piece) -> Result<()>,
) -> Result<()> {
    let is_gone = |number: u64| is_in(&live.deleted, number) || is_in(&live.aliases, number);
    let is_missing = |number: u64| is_in(missing, number);
    let mut chunks = store.chunks()?;
    // A row that is no longer in force may have asked for an erasure.
    let may_ask = |file: u32| {
        file > files_known && mappings.get(&file).is_some_and(|(mapping, _)| mapping.may_redact())
    };
    chunks.retain(|chunk| {
        if may_ask(chunk.file) {
            return true;
        }
        let mut numbers = chunk.first..chunk.first + u64::from(chunk.records);
        numbers.any(|number| is_missing(number) || is_gone(number))
    });
    for chunks in chunks.chunks(GROUP * AT_ONCE) {
        let read = |ids: &[ChunkId]| {
            let mut piece = Piece::default();
            for id in ids {
                let records = store.read_chunk(*id)?;
                for (number, record) in records {
                    if may_ask(record.file) && asks_erasure(mappings, &record) {
                        piece.erased.push((record.key.clone(), record.file));
                    }
                    if is_missing(number) {
                        let (normal, generic) = normal_of(mappings, &record)?;
                        piece.segment.push(&normal)?;
                        piece.live.push((record.key, number, record.file, generic));
                    } else if is_gone(number) {
                        let normal = normal_of(mappings, &record)?.0;
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
            advance(piece.live.len() as u64);
            Ok(piece)
        };
        let pieces: Result<Vec<Piece>> = chunks.par_chunks(GROUP).map(read).collect();
        pieces?.into_iter().try_for_each(&mut *add)?;
    }
    Ok(())
}

impl Records for LiveRecords {
    fn len(&self) -> u32 {
        self.keys.len() as u32
    }

    fn piece(&self, piece: u32) -> Result<Segment> {
        self.values.piece(piece)
    }

    fn origin(&self, ordinal: u32) -> Origin {
        self.origins[ordinal as usize]
    }

    fn hash(&self, ordinal: u32) -> u64 {
        record_hash(self.keys.get(ordinal)) as u64
    }

    fn noted(&self, from: u32, records: &[NormalRecord]) {
        const RUN: usize = 512;
        records.par_chunks(RUN).enumerate().for_each(|(run, records)| {
            let mut noted = Noted::default();
            for (at, normal) in (from + (run * RUN) as u32..).zip(records) {
                noted.fields.add(self.keys.id(at), normal);
                noted.newest = noted.newest.max(normal.updated_at).max(normal.created_at);
                noted.employment.add(at, normal);
            }
            let mut all = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            all.fields = std::mem::take(&mut all.fields).merge(noted.fields);
            all.newest = all.newest.max(noted.newest);
            all.employment.merge(noted.employment);
        });
    }
}
