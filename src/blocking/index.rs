//! The blocking index: which live records have which key, in tantivy.
//!
//! One tantivy term per key would cost a dictionary of millions of random terms: most of the time
//! of an index build, though nobody searches for ranges of keys. So keys are gathered in buckets by
//! their first bits. A bucket is a term; the documents of that term are its pages of postings, one
//! for each time that postings were written; a page holds, sorted, the whole keys with their
//! records. A look-up reads one bucket, a walk reads all in order.
//!
//! Keys are keyed hashes ([`BlockIndex::hash`]): no value of a customer can be read or guessed from
//! the index without the store's secret.

use std::cmp::Ordering;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use tantivy::directory::error::{LockError, OpenDirectoryError, OpenReadError, OpenWriteError};
use tantivy::schema::{Field, IndexRecordOption, NumericOptions, STORED, Schema, Value};
use tantivy::store::{Compressor, StoreReader};
use tantivy::{
    DocAddress, DocSet, Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher,
    TERMINATED, TantivyDocument, Term,
};

use super::directory::IndexFolder;
use super::page::{encode, put_varint, split_step, take_varint};
use super::read_only::ReadOnly;
use crate::error::{Error, ErrorKind, Result};

/// Bits of a key that choose its bucket: pages of some hundred postings at a million records.
pub(super) const BUCKET_BITS: u32 = 14;
pub(super) const BUCKETS: u64 = 1 << BUCKET_BITS;
/// The term of the lists of removed records.
const REMOVED: u64 = BUCKETS;
/// Postings held in memory (16 bytes each) before they are written.
const PENDING_MAX: usize = 4 << 20;
/// More keys than a record mostly has.
const MOST_KEYS: usize = 1 << 10;
/// Pages a bucket after which the index had better be built anew.
const PAGES_MAX: u64 = 24;
/// Buckets that a walk reads ahead, in parallel.
const WALK_AHEAD: u64 = 512;
const _: () = assert!(BUCKETS.is_multiple_of(WALK_AHEAD));
const WRITER_BYTES: usize = 16 << 20;

/// Hashed keys → record numbers, for the live records of a store.
///
/// What is added or removed is seen by look-ups after [`BlockIndex::commit`].
pub struct BlockIndex {
    directory: PathBuf,
    index: Index,
    reader: IndexReader,
    writer: Option<IndexWriter>,
    bucket: Field,
    page: Field,
    secret: [u8; 32],
    sequence: Option<u64>,
    /// Rises with every write of postings: a removal counts for postings of earlier steps.
    step: u64,
    /// Removed record → step of its removal.
    removed: FxHashMap<u64, u64>,
    pending: Vec<(u64, u64)>,
    /// Records to be removed, and how many postings were pending then.
    pending_removals: Vec<(u64, usize)>,
    /// Removals written since the last commit.
    removed_since: Vec<(u64, u64)>,
    cleared: bool,
}

impl fmt::Debug for BlockIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockIndex({}, sequence {:?})", self.directory.display(), self.sequence)
    }
}

/// Keys of one bucket, ascending, with their records: those that two or more live records share, or
/// those that were asked for.
#[derive(Clone, Default)]
pub struct Bucket {
    /// Key and end of its records in `records`.
    keys: Vec<(u64, usize)>,
    records: Vec<u64>,
}

impl Bucket {
    /// Keys, ascending, each with its records, ascending.
    pub fn blocks(&self) -> impl Iterator<Item = (u64, &[u64])> {
        let starts = std::iter::once(0).chain(self.keys.iter().map(|(_, end)| *end));
        self.keys.iter().zip(starts).map(|((key, end), start)| (*key, &self.records[start..*end]))
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket({} keys, {} postings)", self.keys.len(), self.records.len())
    }
}

impl BlockIndex {
    /// Opens the index in a folder; makes an empty one where there is none. An index that was made
    /// under another secret has no [`BlockIndex::sequence`] and must be cleared and filled.
    ///
    /// # Errors
    /// `Io`, or `Corrupted`: then [`BlockIndex::recreate`] and fill it again.
    pub fn open_or_create(directory: &Path, secret: [u8; 32]) -> Result<Self> {
        std::fs::create_dir_all(directory).map_err(|e| Error::io(directory, e))?;
        let mut schema = Schema::builder();
        schema.add_u64_field("bucket", NumericOptions::default().set_indexed());
        schema.add_bytes_field("page", STORED);
        // Postings are packed already.
        let settings = IndexSettings {
            docstore_compression: Compressor::None,
            docstore_compress_dedicated_thread: false,
            ..IndexSettings::default()
        };
        let index = guarded(directory, || {
            let files = IndexFolder::open(directory)?;
            Index::builder().schema(schema.build()).settings(settings).open_or_create(files)
        })?;
        Self::from_index(directory, index, secret)
    }

    /// Opens an existing index for reading, also where nothing may be written.
    ///
    /// # Errors
    /// `Corrupted` if there is none or it is damaged.
    pub fn open(directory: &Path, secret: [u8; 32]) -> Result<Self> {
        /// A writer's commits may take files away this often before it is damage.
        const TRIES: u32 = 5;
        let mut tries = 0;
        loop {
            let files = guarded(directory, || ReadOnly::open(directory))?;
            let opened = guarded(directory, || Index::open(files.clone()))
                .and_then(|index| Self::from_index(directory, index, secret));
            tries += 1;
            match opened {
                Err(error)
                    if error.kind() == ErrorKind::Corrupted
                        && files.is_unlocked()
                        && tries < TRIES => {}
                opened => return opened,
            }
        }
    }

    /// Removes whatever is in the folder and makes an empty index.
    ///
    /// # Errors
    /// `Io`.
    pub fn recreate(directory: &Path, secret: [u8; 32]) -> Result<Self> {
        match std::fs::remove_dir_all(directory) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(directory, e)),
            _ => Self::open_or_create(directory, secret),
        }
    }

    fn from_index(directory: &Path, index: Index, secret: [u8; 32]) -> Result<Self> {
        let field = |name| guarded(directory, || index.schema().get_field(name));
        let (bucket, page) = (field("bucket")?, field("page")?);
        let reader = guarded(directory, || {
            index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()
        })?;
        let payload = guarded(directory, || index.load_metas())?.payload.unwrap_or_default();
        let mut numbers = payload.split(' ').map(|n| n.parse::<u64>().ok());
        let (sequence, step) = (numbers.next().flatten(), numbers.next().flatten().unwrap_or(0));
        let same_secret = numbers.next().flatten() == Some(fingerprint(&secret));
        let mut opened = Self {
            directory: directory.to_owned(),
            index,
            reader,
            writer: None,
            bucket,
            page,
            secret,
            sequence: sequence.filter(|_| same_secret),
            step,
            removed: FxHashMap::default(),
            pending: Vec::new(),
            pending_removals: Vec::new(),
            removed_since: Vec::new(),
            cleared: false,
        };
        opened.removed = opened.read_removed()?;
        Ok(opened)
    }

    /// The key under which a value of a rule stands in this index.
    pub fn hash(&self, rule: u8, key: u64) -> u64 {
        sip_hash(&self.secret, rule, key)
    }

    /// What the last commit was given; `None` if there was none.
    pub fn sequence(&self) -> Option<u64> {
        self.sequence
    }

    /// Adds a record with its keys ([`BlockIndex::hash`]).
    ///
    /// # Errors
    /// Writing fails.
    pub fn add(&mut self, record: u64, keys: &[u64]) -> Result<()> {
        // Room for all at once: growing would hold them twice.
        if self.pending.capacity() == 0 {
            self.pending.reserve_exact(PENDING_MAX + MOST_KEYS);
        }
        self.pending.extend(keys.iter().map(|key| (*key, record)));
        if self.pending.len() >= PENDING_MAX { self.write_pending() } else { Ok(()) }
    }

    /// Removes a record from all its keys.
    pub fn remove(&mut self, record: u64) {
        self.pending_removals.push((record, self.pending.len()));
    }

    /// Removes everything.
    ///
    /// # Errors
    /// Writing fails.
    pub fn clear(&mut self) -> Result<()> {
        self.pending.clear();
        self.pending_removals.clear();
        self.removed_since.clear();
        self.cleared = true;
        let directory = self.directory.clone();
        let writer = self.writer()?;
        guarded(&directory, || writer.delete_all_documents()).map(|_| ())
    }

    /// Makes all changes durable and visible, as of a state of ground: a number of the caller's, which
    /// [`BlockIndex::sequence`] gives back.
    ///
    /// # Errors
    /// Writing fails: the last commit stays.
    pub fn commit(&mut self, sequence: u64) -> Result<()> {
        self.write_pending()?;
        let step = self.step;
        let payload = format!("{sequence} {step} {}", fingerprint(&self.secret));
        let directory = self.directory.clone();
        let writer = self.writer()?;
        guarded(&directory, || {
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&payload);
            prepared.commit()
        })?;
        guarded(&directory, || self.reader.reload())?;
        self.pending = Vec::new();
        if std::mem::take(&mut self.cleared) {
            self.removed.clear();
        }
        self.removed.extend(self.removed_since.drain(..));
        self.sequence = Some(sequence);
        Ok(())
    }

    fn writer(&mut self) -> Result<&mut IndexWriter> {
        if self.writer.is_none() {
            let writer =
                guarded(&self.directory, || self.index.writer_with_num_threads(1, WRITER_BYTES))?;
            self.writer = Some(writer);
        }
        Ok(self.writer.as_mut().expect("it was made above"))
    }

    fn add_page(&mut self, bucket: u64, bytes: &[u8]) -> Result<()> {
        let (bucket_field, page_field) = (self.bucket, self.page);
        let directory = self.directory.clone();
        let writer = self.writer()?;
        let mut document = TantivyDocument::new();
        document.add_u64(bucket_field, bucket);
        document.add_bytes(page_field, bytes);
        guarded(&directory, || writer.add_document(document)).map(|_| ())
    }

    /// Writes pending postings as one page a bucket.
    fn write_pending(&mut self) -> Result<()> {
        let mut postings = std::mem::take(&mut self.pending);
        let removals = std::mem::take(&mut self.pending_removals);
        if postings.is_empty() && removals.is_empty() {
            return Ok(());
        }
        self.step += 1;
        let step = self.step;
        if !removals.is_empty() {
            // A removal counts for what was added before it.
            let until: FxHashMap<u64, usize> = removals.into_iter().collect();
            let mut at = 0;
            postings.retain(|(_, record)| {
                at += 1;
                until.get(record).is_none_or(|until| at > *until)
            });
            let mut records: Vec<u64> = until.into_keys().collect();
            records.sort_unstable();
            let mut bytes = step.to_le_bytes().to_vec();
            let mut last = 0;
            for record in &records {
                put_varint(&mut bytes, record - last);
                last = *record;
            }
            self.add_page(REMOVED, &bytes)?;
            self.removed_since.extend(records.into_iter().map(|record| (record, step)));
        }
        // As one number a posting: compared without a branch.
        postings
            .par_sort_unstable_by_key(|(key, record)| u128::from(*key) << 64 | u128::from(*record));
        postings.dedup();
        let buckets: Vec<&[(u64, u64)]> =
            postings.chunk_by(|a, b| bucket_of(a.0) == bucket_of(b.0)).collect();
        for group in buckets.chunks(1_024) {
            let pages: Vec<Vec<u8>> = group.par_iter().map(|page| encode(step, page)).collect();
            for (postings, page) in group.iter().zip(pages) {
                self.add_page(bucket_of(postings[0].0), &page)?;
            }
        }
        // Keeps its room for the next postings.
        postings.clear();
        self.pending = postings;
        Ok(())
    }
}

/// Reading; all of it sees the last commit.
impl BlockIndex {
    /// Records that have the key, ascending.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn records_of(&self, key: u64) -> Result<Vec<u64>> {
        let few = Pages { searcher: self.reader.searcher(), stores: Vec::new() };
        self.records_in(&few, key)
    }

    /// As [`BlockIndex::records_of`] for each of several keys, in parallel: in less time than one by
    /// one.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn records_of_each(&self, keys: &[u64]) -> Result<Vec<Vec<u64>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let pages = self.pages()?;
        keys.par_iter().map(|key| self.records_in(&pages, *key)).collect()
    }

    fn records_in(&self, pages: &Pages, key: u64) -> Result<Vec<u64>> {
        let mut postings = self.postings_of(pages, bucket_of(key), |other| other.cmp(&key))?;
        postings.sort_unstable();
        postings.dedup();
        Ok(postings.into_iter().map(|(_, record)| record).collect())
    }

    /// How many records have the key.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn count_of(&self, key: u64) -> Result<u64> {
        Ok(self.records_of(key)?.len() as u64)
    }

    /// Calls `visit` for every key that two or more records share, keys ascending, records
    /// ascending. Reading is parallel, the calls are not.
    ///
    /// # Errors
    /// Damaged or unreadable, and what `visit` returns.
    pub fn walk(&self, mut visit: impl FnMut(u64, &[u64]) -> Result<()> + Send) -> Result<()> {
        self.fold_buckets(Bucket::clone, |bucket| {
            bucket.blocks().try_for_each(|(key, records)| visit(key, records))
        })
    }

    /// Maps the keys that two or more records share, bucket by bucket, in parallel, and hands the
    /// results over in the order of the keys, some hundred at a time; the next are mapped meanwhile.
    ///
    /// # Errors
    /// Damaged or unreadable, and what `fold` returns.
    pub fn fold_buckets<T: Send>(
        &self,
        map: impl Fn(&Bucket) -> T + Sync,
        fold: impl FnMut(T) -> Result<()> + Send,
    ) -> Result<()> {
        self.fold(&|pages, bucket| Ok(map(&self.bucket(pages, bucket)?)), fold)
    }

    /// As [`BlockIndex::fold_buckets`], but of those keys alone that one of `some` records has, or that
    /// are among `keys`, which are distinct and ascending: with all their records, be they one or none.
    ///
    /// # Errors
    /// Damaged or unreadable, and what `fold` returns.
    pub fn fold_buckets_of<T: Send>(
        &self,
        some: Option<&(dyn Fn(u64) -> bool + Sync)>,
        keys: &[u64],
        map: impl Fn(&Bucket) -> T + Sync,
        fold: impl FnMut(T) -> Result<()> + Send,
    ) -> Result<()> {
        let bucket = |pages: &Pages, bucket: u64| {
            let keys = &keys[keys.partition_point(|key| bucket_of(*key) < bucket)..];
            let keys = &keys[..keys.partition_point(|key| bucket_of(*key) == bucket)];
            Ok(map(&self.bucket_of_some(pages, bucket, some, keys)?))
        };
        self.fold(&bucket, fold)
    }

    fn fold<T: Send>(
        &self,
        map: &(dyn Fn(&Pages, u64) -> Result<T> + Sync),
        mut fold: impl FnMut(T) -> Result<()> + Send,
    ) -> Result<()> {
        let pages = self.pages()?;
        let map = |start: u64| -> Vec<Result<T>> {
            let buckets = (start..BUCKETS.min(start + WALK_AHEAD)).into_par_iter();
            buckets.map(|bucket| map(&pages, bucket)).collect()
        };
        let mut mapped = map(0);
        for next in (WALK_AHEAD..=BUCKETS).step_by(WALK_AHEAD as usize) {
            let fold = || mapped.into_iter().try_for_each(|value| fold(value?));
            let (folded, ready) = rayon::join(fold, || map(next));
            folded?;
            mapped = ready;
        }
        Ok(())
    }

    /// Whether so many small commits or removals have gathered that building it anew pays.
    pub fn fragmented(&self) -> bool {
        self.reader.searcher().num_docs() > BUCKETS * PAGES_MAX
    }

    /// Checks every byte of the index; names of damaged files.
    ///
    /// # Errors
    /// Unreadable.
    pub fn verify(&self) -> Result<Vec<String>> {
        let damaged = guarded(&self.directory, || self.index.validate_checksum())?;
        let mut names: Vec<String> =
            damaged.iter().map(|path| path.display().to_string()).collect();
        names.sort();
        Ok(names)
    }

    /// What all reading of a walk goes through: the last commit.
    pub(super) fn pages(&self) -> Result<Pages> {
        /// Blocks of pages, of 16 KiB each, that a walk keeps.
        const BLOCKS: usize = 100;
        let searcher = self.reader.searcher();
        let stores = guarded(&self.directory, || {
            let segments = searcher.segment_readers().iter();
            segments.map(|segment| Ok(segment.get_store_reader(BLOCKS)?)).collect()
        })?;
        Ok(Pages { searcher, stores })
    }

    fn bucket(&self, pages: &Pages, bucket: u64) -> Result<Bucket> {
        let mut postings = self.postings(pages, bucket)?;
        // Pages are sorted: the stable sort merges them.
        postings.sort();
        postings.dedup();
        let mut shared = Bucket::default();
        for block in postings.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() > 1) {
            shared.records.extend(block.iter().map(|(_, record)| *record));
            shared.keys.push((block[0].0, shared.records.len()));
        }
        Ok(shared)
    }

    /// The keys of a bucket that one of `some` records has, and `keys`, with their records.
    fn bucket_of_some(
        &self,
        pages: &Pages,
        bucket: u64,
        some: Option<&(dyn Fn(u64) -> bool + Sync)>,
        keys: &[u64],
    ) -> Result<Bucket> {
        let mut wanted = keys.to_vec();
        if let Some(some) = some {
            let all = |_| Ordering::Equal;
            self.visit(pages, bucket, all, |key, record, step| {
                if some(record) && self.is_live(record, step) {
                    wanted.push(key);
                }
            })?;
            wanted.sort_unstable();
            wanted.dedup();
        }
        if wanted.is_empty() {
            return Ok(Bucket::default());
        }
        // Keys ascend in a page, and begin anew with the next.
        let mut at = 0;
        let mut postings = self.postings_of(pages, bucket, |key| {
            if at > 0 && wanted[at - 1] >= key {
                at = 0;
            }
            while wanted.get(at).is_some_and(|wanted| *wanted < key) {
                at += 1;
            }
            match wanted.get(at) {
                Some(wanted) if *wanted == key => Ordering::Equal,
                Some(_) => Ordering::Less,
                None => Ordering::Greater,
            }
        })?;
        postings.sort();
        postings.dedup();
        let (mut found, mut rest) = (Bucket::default(), &*postings);
        for key in wanted {
            let block;
            (block, rest) = rest.split_at(rest.partition_point(|posting| posting.0 == key));
            found.records.extend(block.iter().map(|(_, record)| *record));
            found.keys.push((key, found.records.len()));
        }
        Ok(found)
    }

    /// Live postings of a bucket, unsorted.
    pub(super) fn postings(&self, pages: &Pages, bucket: u64) -> Result<Vec<(u64, u64)>> {
        self.postings_of(pages, bucket, |_| Ordering::Equal)
    }

    /// Live postings of the keys of a bucket that are wanted (equal), unsorted; those before (less)
    /// are passed over, and a page is left at the first one after (greater).
    fn postings_of(
        &self,
        pages: &Pages,
        bucket: u64,
        wanted: impl FnMut(u64) -> Ordering,
    ) -> Result<Vec<(u64, u64)>> {
        let mut postings = Vec::new();
        self.visit(pages, bucket, wanted, |key, record, step| {
            if self.is_live(record, step) {
                postings.push((key, record));
            }
        })?;
        Ok(postings)
    }

    fn is_live(&self, record: u64, step: u64) -> bool {
        self.removed.get(&record).is_none_or(|removed| step >= *removed)
    }

    /// Calls `take` with key, record and step of the postings of the wanted keys of a bucket, live or
    /// not, page by page.
    fn visit(
        &self,
        pages: &Pages,
        bucket: u64,
        mut wanted: impl FnMut(u64) -> Ordering,
        mut take: impl FnMut(u64, u64, u64),
    ) -> Result<()> {
        self.read_pages(pages, bucket, |page| {
            let (step, mut rest) = split_step(page)?;
            let mut key = bucket << (64 - BUCKET_BITS);
            while !rest.is_empty() {
                let head = take_varint(&mut rest)?;
                key = key.checked_add(head >> 1)?;
                let place = wanted(key);
                if place.is_gt() {
                    break;
                }
                let count = if head & 1 == 1 { take_varint(&mut rest)? } else { 1 };
                let mut record = 0u64;
                for _ in 0..count {
                    record = record.checked_add(take_varint(&mut rest)?)?;
                    if place.is_eq() {
                        take(key, record, step);
                    }
                }
            }
            Some(())
        })
    }

    fn read_removed(&self) -> Result<FxHashMap<u64, u64>> {
        let mut removed = FxHashMap::default();
        let few = Pages { searcher: self.reader.searcher(), stores: Vec::new() };
        self.read_pages(&few, REMOVED, |page| {
            let (step, mut rest) = split_step(page)?;
            let mut record = 0u64;
            while !rest.is_empty() {
                record = record.checked_add(take_varint(&mut rest)?)?;
                let known = removed.entry(record).or_insert(step);
                *known = step.max(*known);
            }
            Some(())
        })?;
        Ok(removed)
    }

    /// Calls `read` with every page of a bucket; it returns `None` for a page that makes no sense.
    fn read_pages(
        &self,
        pages: &Pages,
        bucket: u64,
        mut read: impl FnMut(&[u8]) -> Option<()>,
    ) -> Result<()> {
        let term = Term::from_field_u64(self.bucket, bucket);
        guarded(&self.directory, || {
            for (segment, reader) in (0u32..).zip(pages.searcher.segment_readers()) {
                let inverted = reader.inverted_index(self.bucket)?;
                let Some(mut documents) =
                    inverted.read_postings(&term, IndexRecordOption::Basic)?
                else {
                    continue;
                };
                while documents.doc() != TERMINATED {
                    let sense = pages.with(segment, documents.doc(), self.page, &mut read)?;
                    if sense.is_none() {
                        let message = "a page of postings makes no sense".to_owned();
                        return Err(tantivy::TantivyError::InternalError(message));
                    }
                    documents.advance();
                }
            }
            Ok(())
        })
    }
}

/// Where pages are read from.
pub(super) struct Pages {
    searcher: Searcher,
    /// By segment: stores of documents of our own, for who reads many. Opening one costs more than
    /// reading a few pages.
    stores: Vec<StoreReader>,
}

impl Pages {
    /// Calls `read` with the page of a document; `None` where it holds none.
    fn with(
        &self,
        segment: u32,
        document: u32,
        field: Field,
        read: &mut dyn FnMut(&[u8]) -> Option<()>,
    ) -> tantivy::Result<Option<()>> {
        if let Some(store) = self.stores.get(segment as usize) {
            let bytes = store.get_document_bytes(document)?;
            if let Some(page) = page_of(&bytes, field) {
                return Ok(read(page));
            }
        }
        let document: TantivyDocument = self.searcher.doc(DocAddress::new(segment, document))?;
        let page = document.get_first(field);
        Ok(page.as_ref().and_then(Value::as_bytes).and_then(read))
    }
}

/// The page in a document as tantivy stores it, which reads and copies it byte by byte otherwise:
/// the number of values, the field, the type, the length, the bytes. `None` for any other form.
fn page_of(document: &[u8], field: Field) -> Option<&[u8]> {
    const BYTES: u8 = 4;
    let (count, rest) = take_length(document)?;
    let (stored, rest) = rest.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first()?;
    let (length, page) = take_length(rest)?;
    let fits = count == 1
        && u32::from_le_bytes(*stored) == field.field_id()
        && *kind == BYTES
        && length == page.len() as u64;
    fits.then_some(page)
}

/// A number as tantivy writes it: seven bits a byte, the last one marked.
fn take_length(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 != 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

impl Drop for BlockIndex {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            // Merges only tidy up: if one fails, the committed segments stay as they are.
            let _ = writer.wait_merging_threads();
        }
    }
}

pub(super) fn bucket_of(key: u64) -> u64 {
    key >> (64 - BUCKET_BITS)
}

/// Tells whether two indexes were made under one secret, without telling the secret.
fn fingerprint(secret: &[u8; 32]) -> u64 {
    sip_hash(secret, u8::MAX, u64::MAX)
}

/// SipHash-2-4 (Aumasson and Bernstein, 2012) of the rule's byte and the key's eight, keyed by the
/// first half of the secret.
fn sip_hash(secret: &[u8; 32], rule: u8, key: u64) -> u64 {
    let half = |at: usize| {
        u64::from_le_bytes(secret[at..at + 8].try_into().expect("eight bytes of thirty-two"))
    };
    let (k0, k1) = (half(0), half(8));
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let rounds = |v: &mut [u64; 4], count: u32| {
        for _ in 0..count {
            v[0] = v[0].wrapping_add(v[1]);
            v[1] = v[1].rotate_left(13) ^ v[0];
            v[0] = v[0].rotate_left(32);
            v[2] = v[2].wrapping_add(v[3]);
            v[3] = v[3].rotate_left(16) ^ v[2];
            v[0] = v[0].wrapping_add(v[3]);
            v[3] = v[3].rotate_left(21) ^ v[0];
            v[2] = v[2].wrapping_add(v[1]);
            v[1] = v[1].rotate_left(17) ^ v[2];
            v[2] = v[2].rotate_left(32);
        }
    };
    // The message is the rule and the key, nine bytes: one whole word, and one with the length.
    let first = u64::from(rule) | key << 8;
    for word in [first, 9 << 56 | key >> 56] {
        v[3] ^= word;
        rounds(&mut v, 2);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    rounds(&mut v, 4);
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

/// Runs a call into tantivy; whatever goes wrong but I/O is damage of something derived.
fn guarded<T>(directory: &Path, call: impl FnOnce() -> tantivy::Result<T>) -> Result<T> {
    use tantivy::TantivyError;
    let error = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(TantivyError::LockFailure(LockError::LockBusy, _))) => {
            Error::new(ErrorKind::Locked, "the blocking index is in use by another process")
                .at(directory.display())
        }
        Ok(Err(error)) if let Some(cause) = io_cause(&error) => Error::io(directory, cause),
        // A thread that writes has died: of its reason not even the words are left.
        Ok(Err(TantivyError::ErrorInThread(_))) => {
            Error::new(ErrorKind::Io, "the blocking index cannot be written")
                .at(directory.display())
                .hint("look whether the disk is full or broken, then run it again")
        }
        Ok(Err(_)) | Err(_) => Error::new(ErrorKind::Corrupted, "the blocking index is damaged")
            .at(directory.display())
            .hint("run `sameas rebuild`: the index is made anew"),
    };
    Err(error)
}

/// The failure of the disk behind an error, if that is what it is.
fn io_cause(error: &tantivy::TantivyError) -> Option<io::Error> {
    use tantivy::TantivyError;
    let cause = match error {
        TantivyError::IoError(cause)
        | TantivyError::OpenDirectoryError(
            OpenDirectoryError::IoError { io_error: cause, .. }
            | OpenDirectoryError::FailedToCreateTempDir(cause),
        )
        | TantivyError::OpenReadError(OpenReadError::IoError { io_error: cause, .. })
        | TantivyError::OpenWriteError(OpenWriteError::IoError { io_error: cause, .. })
        | TantivyError::LockFailure(LockError::IoError(cause), _) => cause,
        _ => return None,
    };
    // What is no failure of the system is said of bytes that are not as they should be.
    os_error(cause).map(io::Error::from_raw_os_error)
}

/// The system's number of a failure. Of a wrapped one only the words are left.
fn os_error(error: &io::Error) -> Option<i32> {
    let in_words = || {
        let words = error.to_string();
        words.split_once("(os error ")?.1.split(')').next()?.parse().ok()
    };
    error.raw_os_error().or_else(in_words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_sip_hash_2_4() {
        // Vector 9 of the reference implementation: key 00…0f, message 00…08.
        let mut secret = [0; 32];
        (0..32).for_each(|at| secret[at] = at as u8);
        let key = u64::from_le_bytes([1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(sip_hash(&secret, 0, key), 0x9e00_82df_0ba9_e4b0);
    }

    #[test]
    fn pages_are_found_in_documents_as_tantivy_stores_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut index = BlockIndex::open_or_create(folder.path(), [7; 32]).unwrap();
        for bucket in 0..200 {
            index.add_page(bucket, &vec![3; bucket as usize * 2]).unwrap();
        }
        index.commit(1).unwrap();
        let pages = index.pages().unwrap();
        let mut found = Vec::new();
        for (store, segment) in pages.stores.iter().zip(pages.searcher.segment_readers()) {
            for document in 0..segment.max_doc() {
                let bytes = store.get_document_bytes(document).unwrap();
                let page = page_of(&bytes, index.page).unwrap();
                assert!(page.iter().all(|byte| *byte == 3));
                found.push(page.len());
                assert!(page_of(&bytes, index.bucket).is_none());
                assert!(page_of(&bytes[..bytes.len() - 1], index.page).is_none());
            }
        }
        found.sort_unstable();
        assert_eq!(found, (0..200).map(|bucket| bucket * 2).collect::<Vec<_>>());
    }
}
