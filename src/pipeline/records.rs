//! The live records of a store in the order of their keys, with their canonical values.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::employment::Employment;
use super::erasure::Erasures;
use super::fresh::Fresh;
use super::gone::Gone;
use super::rebuild::RunFacts;
use super::resolve::Records;
use crate::clustering::record_hash;
use crate::compare::Origin;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::kind::{Catalog, GENERIC, Mapping};
use crate::model::{NormalRecord, RecordKey, SourceRecord, Timestamp};
use crate::normalize::normalize;
use crate::store::results::{Results, decode_normal, encode_normal};
use crate::store::{Live, Store};
use crate::survivorship::FieldNames;

/// The live records, sorted by key.
#[derive(Debug, Default)]
pub(super) struct LiveRecords {
    pub(super) keys: Vec<RecordKey>,
    pub(super) numbers: Vec<u64>,
    pub(super) files: Vec<u32>,
    origins: Vec<Origin>,
    hashes: Vec<u64>,
    values: Values,
    places: Vec<Place>,
    noted: Mutex<Noted>,
    /// Records that are no longer live, by key.
    pub(super) gone: Vec<Gone>,
    /// Records that their systems want erased.
    pub(super) erasures: Erasures,
    /// System by source.
    pub(super) systems: BTreeMap<Arc<str>, Arc<str>>,
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

/// Encoded canonical values, in segments.
#[derive(Debug, Default)]
pub(super) struct Values {
    segments: Vec<Vec<u8>>,
    bytes: usize,
}

/// Where the values of a record are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    segment: u32,
    start: u32,
    length: u32,
}

impl Values {
    /// Adds a segment; returns its number.
    pub(super) fn add(&mut self, mut segment: Vec<u8>) -> u32 {
        segment.shrink_to_fit();
        self.bytes += segment.capacity();
        self.segments.push(segment);
        self.segments.len() as u32 - 1
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn get(&self, place: Place) -> &[u8] {
        let start = place.start as usize;
        &self.segments[place.segment as usize][start..start + place.length as usize]
    }
}

/// A segment under construction.
#[derive(Debug, Default)]
pub(super) struct Segment {
    pub(super) bytes: Vec<u8>,
    /// Start and length by record.
    pub(super) spans: Vec<(u32, u32)>,
}

impl Segment {
    /// Adds a record's values.
    pub(super) fn push(&mut self, normal: &NormalRecord) -> Result<()> {
        let start = self.bytes.len() as u32;
        encode_normal(normal, &mut self.bytes)?;
        self.spans.push((start, self.bytes.len() as u32 - start));
        Ok(())
    }

    /// Adds a record that has none.
    pub(super) fn push_nothing(&mut self) {
        self.spans.push((self.bytes.len() as u32, 0));
    }

    fn push_encoded(&mut self, encoded: &[u8]) {
        self.spans.push((self.bytes.len() as u32, encoded.len() as u32));
        self.bytes.extend_from_slice(encoded);
    }
}

impl Place {
    /// A span of a segment.
    pub(super) fn of(segment: u32, (start, length): (u32, u32)) -> Self {
        Self { segment, start, length }
    }
}

struct Loaded {
    key: RecordKey,
    number: u64,
    file: u32,
    generic: bool,
    place: Place,
}

/// Records of some chunks, or of a part of the last results; segments are numbered when all are known.
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

/// Records of the last results that are read at a time.
const PIECE: u32 = 8192;

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
        let mut mappings = Mappings::default();
        let mut out = Self::default();
        for manifest in store.manifests()? {
            let mapping = Mapping::new(catalog, &manifest)?;
            out.systems.insert(Arc::clone(&manifest.source), mapping.system());
            mappings.insert(manifest.file, (mapping, &*manifest.kind == GENERIC));
        }
        let is_live = |number: u64| live.records.binary_search(&number).is_ok();
        let mut all: Vec<Loaded> = Vec::with_capacity(live.records.len());
        out.values = fresh.values;
        all.extend(fresh.records.into_iter().filter(|r| is_live(r.number)).map(|record| Loaded {
            key: record.key,
            number: record.number,
            file: record.file,
            generic: record.generic,
            place: record.place,
        }));
        advance(all.len() as u64);
        let facts = previous.map(RunFacts::read).transpose()?;
        let facts = facts.filter(|facts| facts.reading == reading(catalog)).unwrap_or_default();
        if let Some(results) = previous
            && all.len() < live.records.len()
            && facts.reading == reading(catalog)
        {
            let known = numbers(&all);
            for piece in from_results(results, &mappings, &live, &known, advance)? {
                out.add(&mut all, piece);
            }
        }
        let known = numbers(&all);
        let mut erased = Vec::new();
        for mut piece in from_ground(store, &mappings, &live, &known, facts.files, advance)? {
            erased.append(&mut piece.erased);
            out.add(&mut all, piece);
        }
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
        out.hashes = all.par_iter().map(|loaded| record_hash(&loaded.key) as u64).collect();
        let mut sources: FxHashMap<Arc<str>, u32> = FxHashMap::default();
        for loaded in all {
            let next = sources.len() as u32;
            let source = *sources.entry(Arc::clone(&loaded.key.source)).or_insert(next);
            out.origins.push(Origin { source, generic: loaded.generic });
            out.places.push(loaded.place);
            out.keys.push(loaded.key);
            out.numbers.push(loaded.number);
            out.files.push(loaded.file);
        }
        Ok(out)
    }

    fn add(&mut self, all: &mut Vec<Loaded>, piece: Piece) {
        let segment = self.values.add(piece.segment.bytes);
        let live = piece.live.into_iter().zip(piece.segment.spans);
        all.extend(live.map(|((key, number, file, generic), span)| Loaded {
            key,
            number,
            file,
            generic,
            place: Place::of(segment, span),
        }));
        self.gone.extend(piece.gone);
    }

    /// Encoded canonical values of a record.
    pub(super) fn encoded(&self, ordinal: u32) -> &[u8] {
        self.values.get(self.places[ordinal as usize])
    }

    /// What was seen of the records while the table was built.
    pub(super) fn noted(&self) -> Noted {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).clone()
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

/// Numbers of records, for looking up.
fn numbers(all: &[Loaded]) -> FxHashSet<u64> {
    all.iter().map(|loaded| loaded.number).collect()
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
    live: &Live,
    known: &FxHashSet<u64>,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Piece>> {
    let starts: Vec<u32> = (0..results.records()).step_by(PIECE as usize).collect();
    starts
        .into_par_iter()
        .map(|from| {
            let ordinals = from..results.records().min(from + PIECE);
            let mut piece = Piece::default();
            let mut wanted = FxHashMap::default();
            for ordinal in ordinals.clone() {
                let (number, file) = results.origin(ordinal)?;
                let generic = mappings.get(&file).map(|(_, generic)| *generic);
                if let Some(generic) = generic
                    && live.records.binary_search(&number).is_ok()
                    && !known.contains(&number)
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
        })
        .collect()
}

fn from_ground(
    store: &Store,
    mappings: &Mappings,
    live: &Live,
    known: &FxHashSet<u64>,
    files_known: u32,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Piece>> {
    let is = |list: &[u64], number: u64| list.binary_search(&number).is_ok();
    let is_gone = |number: u64| is(&live.deleted, number) || is(&live.aliases, number);
    let is_missing = |number: u64| is(&live.records, number) && !known.contains(&number);
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
    chunks
        .par_chunks(16)
        .map(|ids| {
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
        })
        .collect()
}

impl Records for LiveRecords {
    fn len(&self) -> u32 {
        self.keys.len() as u32
    }

    fn normal(&self, ordinal: u32) -> Result<NormalRecord> {
        decode_normal(self.encoded(ordinal))
    }

    fn origin(&self, ordinal: u32) -> Origin {
        self.origins[ordinal as usize]
    }

    fn hash(&self, ordinal: u32) -> u64 {
        self.hashes[ordinal as usize]
    }

    fn noted(&self, from: u32, records: &[NormalRecord]) {
        const RUN: usize = 512;
        records.par_chunks(RUN).enumerate().for_each(|(run, records)| {
            let mut noted = Noted::default();
            for (at, normal) in (from + (run * RUN) as u32..).zip(records) {
                noted.fields.add(&self.keys[at as usize], normal);
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
