//! The live records of a store in the order of their keys, with their canonical values.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::employment::Employment;
use super::erasure::Erasures;
use super::fresh::Fresh;
use super::gone::Gone;
use super::rebuild::RunFacts;
use super::resolve::Records;
use super::values::{Gathered, Ordered, PIECE, Place, Segment};
use crate::blocking::{Outline, outline_of};
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
    /// Files that the generic kind read.
    generic: FxHashSet<u32>,
    values: Ordered,
    /// Whether the last results read records as they are read now.
    pub(super) read_alike: bool,
    noted: Mutex<Noted>,
    /// By what oversized blocks are refined, once the records were noted.
    outlines: Mutex<Vec<Outline>>,
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

/// Live records as they come: where each is from, and where its canonical values stand.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    keys: Keys,
    rows: Vec<LoadedRow>,
}

#[derive(Clone, Copy, Debug)]
struct LoadedRow {
    number: u64,
    place: Place,
    /// Its place in the keys.
    key: u32,
    file: u32,
}

/// Bytes of a loaded record beside its id.
pub(super) const LOADED_BYTES: usize = size_of::<LoadedRow>() + 2 * size_of::<u32>();

impl Loaded {
    pub(super) fn push(&mut self, key: KeyRef<'_>, number: u64, file: u32, place: Place) {
        let at = self.keys.len() as u32;
        self.keys.push(key.source, key.object, key.id);
        self.rows.push(LoadedRow { number, place, key: at, file });
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Forgets what came after so many.
    pub(super) fn truncate(&mut self, len: usize) {
        self.rows.truncate(len);
    }

    /// Keeps the records in force. Both lists are ascending by number. O(n).
    fn retain_live(&mut self, live: &[u64]) {
        let mut live = live.iter().peekable();
        self.rows.retain(|row| {
            while live.next_if(|number| **number < row.number).is_some() {}
            live.peek() == Some(&&row.number)
        });
    }

    /// Numbers of the records in force that are not here yet, ascending. O(n log n).
    fn missing(&self, live: &[u64]) -> Vec<u64> {
        // All that is loaded is in force.
        if self.len() == live.len() {
            return Vec::new();
        }
        let mut known: Vec<u64> = self.rows.iter().map(|row| row.number).collect();
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
}

/// Records of some chunks, or of a part of the last results.
#[derive(Default)]
struct Piece {
    keys: Keys,
    /// Number and file.
    live: Vec<(u64, u32)>,
    /// Their values, or where these are.
    segment: Segment,
    places: Vec<Place>,
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
/// Of so many records at most one may stand elsewhere for the values of the others to stay in the
/// last results.
const MOST: usize = 4;
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
        previous: Option<&Arc<Results>>,
        advance: &(dyn Fn(u64) + Sync),
    ) -> Result<Self> {
        let live = store.live()?;
        let (mappings, systems) = mappings(store, catalog)?;
        let mut out = Self { systems, ..Self::default() };
        let Fresh { records: mut all, mut values, .. } = fresh;
        all.retain_live(&live.records);
        advance(all.len() as u64);
        // Results and what they say of their run count together, where records were read alike.
        let reading = reading(catalog);
        let facts = previous.map(|results| RunFacts::read(results)).transpose()?;
        let facts = match facts {
            Some(facts) if facts.reading == reading && facts.numbered_as(store)? => Some(facts),
            _ => None,
        };
        out.read_alike = facts.is_some();
        let mut left_there = false;
        if let (Some(results), Some(_)) = (previous, &facts)
            && all.len() < live.records.len()
        {
            let missing = all.missing(&live.records);
            // Where most values stand in the results already, they need not be copied.
            let most = live.records.len() - live.records.len() / MOST;
            left_there =
                live.records.len() - all.len() >= most && results.records() as usize >= most;
            let mut add = |piece| out.add(store, &mut values, &mut all, piece);
            from_results(results, &mappings, &missing, left_there, advance, &mut add)?;
        }
        let facts = facts.unwrap_or_default();
        let missing = all.missing(&live.records);
        let mut erased = Vec::new();
        from_ground(store, &mappings, &live, &missing, facts.files, advance, &mut |mut piece| {
            erased.append(&mut piece.erased);
            out.add(store, &mut values, &mut all, piece)
        })?;
        drop(missing);
        out.erasures = Erasures::new(store, erased, facts.erasures, &out.systems)?;
        let erase = |key: &RecordKey| out.erasures.cover(key, out.systems.get(&key.source));
        let Loaded { keys, mut rows } = all;
        if out.erasures.any() {
            rows.retain(|row| {
                let key = keys.get(row.key).to_key();
                let erase = erase(&key);
                if erase {
                    out.gone.push(Gone::erased(key, row.file));
                }
                !erase
            });
        }
        for gone in out.gone.iter_mut().filter(|gone| erase(&gone.key)) {
            gone.normal = NormalRecord::default();
        }
        let by_key = |x: &LoadedRow, y: &LoadedRow| keys.compare(x.key, y.key);
        // What comes out of results is in order: sorting in runs hardly touches it.
        if left_there {
            rows.par_sort_by(by_key);
        } else {
            rows.par_sort_unstable_by(by_key);
        }
        out.gone.sort_unstable_by(|x, y| x.key.cmp(&y.key));
        let places: Vec<Place> = rows.iter().map(|row| row.place).collect();
        out.values = match previous.filter(|_| left_there) {
            Some(results) => Ordered::Merged(values.merge(Arc::clone(results), places)),
            None => Ordered::Sorted(values.sort(store, &places)?),
        };
        for row in &rows {
            let key = keys.get(row.key);
            out.keys.push(key.source, key.object, key.id);
        }
        drop(keys);
        out.numbers = rows.iter().map(|row| row.number).collect();
        out.files = rows.iter().map(|row| row.file).collect();
        let generic = mappings.iter().filter(|(_, (_, generic))| *generic);
        out.generic = generic.map(|(file, _)| *file).collect();
        Ok(out)
    }

    fn add(
        &mut self,
        store: &Store,
        values: &mut Gathered,
        all: &mut Loaded,
        piece: Piece,
    ) -> Result<()> {
        let places: Vec<Place> = if piece.places.is_empty() {
            values.add(store, &piece.segment)?.collect()
        } else {
            piece.places
        };
        let live = piece.live.into_iter().zip(places);
        for (key, ((number, file), place)) in piece.keys.iter().zip(live) {
            all.push(key, number, file, place);
        }
        self.gone.extend(piece.gone);
        Ok(())
    }

    /// What was seen of the records while the table was built.
    pub(super) fn noted(&self) -> Noted {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ordinals by number in the store; `u32::MAX` where that is no live record's.
    pub(super) fn ordinals(&self) -> Vec<u32> {
        let highest = self.numbers.par_iter().copied().max().map_or(0, |n| n as usize + 1);
        let mut ordinals = vec![u32::MAX; highest];
        for (ordinal, number) in (0..).zip(&self.numbers) {
            ordinals[*number as usize] = ordinal;
        }
        ordinals
    }

    /// Whether the generic kind read a file.
    pub(super) fn is_generic(&self, file: u32) -> bool {
        self.generic.contains(&file)
    }

    /// What oversized blocks are refined by, of the records that were noted last; they are not kept.
    pub(super) fn take_outlines(&self) -> Vec<Outline> {
        std::mem::take(&mut self.outlines())
    }

    fn outlines(&self) -> MutexGuard<'_, Vec<Outline>> {
        self.outlines.lock().unwrap_or_else(PoisonError::into_inner)
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

/// What an index is filled for: so many files of ground, with these numbers of records, read as the
/// catalog says. One that was filled for something else is filled anew.
pub(super) fn filled_for(store: &Store, catalog: &Catalog, files: usize) -> Result<u64> {
    let state = [reading(catalog), files as u64, store.numbering(files)?].map(u64::to_le_bytes);
    Ok(xxhash_rust::xxh3::xxh3_64(state.as_flattened()))
}

fn from_results(
    results: &Results,
    mappings: &Mappings,
    missing: &[u64],
    left_there: bool,
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
                if mappings.contains_key(&file) && is_in(missing, number) {
                    wanted.insert(ordinal, (number, file));
                }
            }
            results.scan_keys(ordinals.clone(), |ordinal, source, object, id| {
                if let Some(row) = wanted.get(&ordinal) {
                    piece.keys.push(source, object, id);
                    piece.live.push(*row);
                    if left_there {
                        piece.places.push(Place::in_results(ordinal));
                    }
                }
            })?;
            if !left_there {
                results.scan_normals(ordinals, |ordinal, encoded| {
                    if wanted.contains_key(&ordinal) {
                        piece.segment.push_encoded(encoded);
                    }
                    Ok(())
                })?;
            }
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
                        piece.segment.push(&normal_of(mappings, &record)?.0)?;
                        piece.keys.push(&record.key.source, &record.key.object, &record.key.id);
                        piece.live.push((number, record.file));
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
        let generic = self.is_generic(self.files[ordinal as usize]);
        Origin { source: self.keys.source_number(ordinal), generic }
    }

    fn hash(&self, ordinal: u32) -> u64 {
        record_hash(self.keys.get(ordinal)) as u64
    }

    fn named(&self, ordinal: u32, given: &str, family: &str) {
        self.outlines()[ordinal as usize].set_names(given, family);
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
        let mut outlines = self.outlines();
        outlines.truncate(from as usize);
        outlines.par_extend(records.par_iter().with_min_len(RUN).map(outline_of));
    }
}
