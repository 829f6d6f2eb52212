use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::layout::{
    Array, Extent, FOOTER, FOOTER_MAGIC, HEADER, MAGIC, NONE, PAGE, PAGE_PAYLOAD, PackedEntity,
    Place, Stream, Toc, VERSION, key_hash,
};
use super::{AliasKey, EntityRow, RunSummary};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{EntityId, NormalRecord, RecordKey, ScoredPair};
use crate::store::codec;

/// Slots of the two caches: 4 MB of pages, some MB of blocks.
const PAGES_CACHED: usize = 1_024;
const BLOCKS_CACHED: usize = 256;

/// Reads a snapshot file. Cheap to open (header and table of contents only); every access is a few
/// positioned reads; shareable between threads. Scans in order read each block once.
pub struct Results {
    file: File,
    path: PathBuf,
    length: u64,
    toc: Toc,
    summary: RunSummary,
    pages: Cache,
    blocks: Cache,
}

impl fmt::Debug for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Results({}, run {})", self.path.display(), self.summary.run)
    }
}

/// A direct-mapped cache of checked bytes by their offset.
struct Cache(Vec<Slot>);

/// Offset and bytes of what a slot holds.
type Slot = Mutex<Option<(u64, Arc<Vec<u8>>)>>;

impl Cache {
    fn new(slots: usize) -> Self {
        Self((0..slots).map(|_| Mutex::new(None)).collect())
    }

    fn get(
        &self,
        slot: u64,
        offset: u64,
        read: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<Arc<Vec<u8>>> {
        let slot = &self.0[(slot % self.0.len() as u64) as usize];
        let lock = || slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((held, bytes)) = &*lock()
            && *held == offset
        {
            return Ok(Arc::clone(bytes));
        }
        // Read without the lock: another thread may read the same, and that does no harm.
        let bytes = Arc::new(read()?);
        *lock() = Some((offset, Arc::clone(&bytes)));
        Ok(bytes)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        match file.seek_read(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                bytes = &mut bytes[read..];
                offset += read as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Elsewhere a file is opened anew for each read, so that threads do not move one position.
#[cfg(not(any(unix, windows)))]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    use std::io::{Read, Seek};
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock();
    let mut file = file;
    file.seek(io::SeekFrom::Start(offset))?;
    file.read_exact(bytes)
}

impl Results {
    /// Opens a snapshot.
    ///
    /// # Errors
    /// Missing, of another version, or damaged (checksum of the part that is read).
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::io(path, e))?;
        let length = file.metadata().map_err(|e| Error::io(path, e))?.len();
        let damaged = |what| damage(path, what);
        if length < (HEADER + FOOTER) as u64 {
            return Err(damaged("the file of results is cut"));
        }
        let (mut header, mut footer) = ([0; HEADER], [0; FOOTER]);
        let io = |e| Error::io(path, e);
        read_at(&file, &mut header, 0).map_err(io)?;
        if &header[..8] != MAGIC || crc32fast::hash(&header[..12]) != u32_at(&header, 12) {
            return Err(damaged("this is no file of results"));
        }
        let version = u32_at(&header, 8);
        if version != VERSION {
            let message = format!("results of format {version}, this version reads {VERSION}");
            return Err(Error::new(ErrorKind::FormatVersion, message)
                .at(path.display())
                .hint("run `sameas rebuild`"));
        }
        read_at(&file, &mut footer, length - FOOTER as u64).map_err(io)?;
        if &footer[20..] != FOOTER_MAGIC || crc32fast::hash(&footer[..16]) != u32_at(&footer, 16) {
            return Err(damaged("the file of results is cut"));
        }
        let place = (u64_at(&footer, 0), u64_at(&footer, 8) as u32);
        let toc: Toc = codec::open(&read_place(&file, path, length, place)?)
            .map_err(|_| damaged("the table of contents is damaged"))?;
        let summary = codec::open(&read_place(&file, path, length, toc.summary)?)
            .map_err(|_| damaged("the summary is damaged"))?;
        let path = path.to_owned();
        let (pages, blocks) = (Cache::new(PAGES_CACHED), Cache::new(BLOCKS_CACHED));
        Ok(Self { file, path, length, toc, summary, pages, blocks })
    }

    fn damaged(&self, what: &str) -> Error {
        damage(&self.path, what)
    }

    fn extent(&self, array: Array) -> Extent {
        self.toc.arrays.get(&array).copied().unwrap_or_default()
    }

    fn read_page(&self, offset: u64) -> Result<Vec<u8>> {
        let mut page = vec![0; PAGE];
        if offset.checked_add(PAGE as u64).is_none_or(|end| end > self.length) {
            return Err(self.damaged("a page lies beyond the file's end"));
        }
        read_at(&self.file, &mut page, offset).map_err(|e| Error::io(&self.path, e))?;
        if crc32fast::hash(&page[..PAGE_PAYLOAD]) != u32_at(&page, PAGE_PAYLOAD) {
            return Err(self.damaged("a page does not match its checksum"));
        }
        Ok(page)
    }

    /// Calls `read` with the bytes of an entry.
    fn entry<T>(&self, array: Array, at: u64, read: impl FnOnce(&[u8]) -> T) -> Result<T> {
        let extent = self.extent(array);
        if at >= extent.entries {
            return Err(self.damaged("a reference leads nowhere"));
        }
        let (page, slot) = (at / array.per_page(), (at % array.per_page()) as usize);
        let offset = extent.offset.saturating_add(page * PAGE as u64);
        let bytes = self.pages.get(offset / PAGE as u64, offset, || self.read_page(offset))?;
        let width = array.width();
        Ok(read(&bytes[slot * width..(slot + 1) * width]))
    }

    /// First position of a sorted array whose entry is not `before` what is sought.
    fn partition_point(&self, array: Array, before: impl Fn(&[u8]) -> Result<bool>) -> Result<u64> {
        self.partition_point_in(array, 0..self.extent(array).entries, before)
    }

    /// As [`Results::partition_point`], beginning where the position most likely is, with steps that
    /// grow from `step`: reads few pages where that is near.
    fn partition_point_near(
        &self,
        array: Array,
        likely: u64,
        mut step: u64,
        before: impl Fn(&[u8]) -> Result<bool>,
    ) -> Result<u64> {
        let entries = self.extent(array).entries;
        let is_before = |at: u64| self.entry(array, at, &before)?;
        // All before `low` are before it, and the one at `high` is not.
        let (mut low, mut high) = (0, entries);
        let likely = likely.min(entries);
        if likely > 0 && !is_before(likely - 1)? {
            high = likely - 1;
            while high > low {
                let probe = high.saturating_sub(step);
                if is_before(probe)? {
                    low = probe + 1;
                    break;
                }
                high = probe;
                step *= 4;
            }
        } else {
            low = likely;
            while low < high {
                let probe = (low + step).min(high) - 1;
                if !is_before(probe)? {
                    high = probe;
                    break;
                }
                low = probe + 1;
                step *= 4;
            }
        }
        self.partition_point_in(array, low..high, before)
    }

    fn partition_point_in(
        &self,
        array: Array,
        within: Range<u64>,
        before: impl Fn(&[u8]) -> Result<bool>,
    ) -> Result<u64> {
        let Range { start: mut low, end: mut high } = within;
        while low < high {
            let middle = low + (high - low) / 2;
            if self.entry(array, middle, &before)?? { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// How many records have a value of a counted field, by the field's place in the model and the
    /// value's hash; `None` if it is too rare to be kept. Some reads of a page.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn frequency(&self, field: u16, hash: u64) -> Result<Option<u32>> {
        let array = Array::Frequencies(field);
        // Hashes lie evenly.
        let entries = self.extent(array).entries;
        let likely = (u128::from(hash) * u128::from(entries)) >> 64;
        let before = |bytes: &[u8]| Ok(u64_at(bytes, 0) < hash);
        let at = self.partition_point_near(array, likely as u64, array.per_page(), before)?;
        if at >= self.extent(array).entries {
            return Ok(None);
        }
        let found = self.entry(array, at, |bytes| (u64_at(bytes, 0), u32_at(bytes, 8)))?;
        Ok((found.0 == hash).then_some(found.1))
    }

    /// All values of a counted field that are kept, with how many records have them.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn frequencies(&self, field: u16) -> Result<Vec<(u64, u32)>> {
        let array = Array::Frequencies(field);
        let read = |at| self.entry(array, at, |bytes| (u64_at(bytes, 0), u32_at(bytes, 8)));
        (0..self.extent(array).entries).map(read).collect()
    }

    /// Calls `read` with the bytes of an item of a stream.
    fn item<T: serde::de::DeserializeOwned>(&self, stream: Stream, at: u32) -> Result<T> {
        let (block, slot) = (at / stream.per_block(), (at % stream.per_block()) as usize);
        let index = Array::Index(stream);
        let place: Place =
            self.entry(index, u64::from(block), |bytes| (u64_at(bytes, 0), u32_at(bytes, 8)))?;
        let key = u64::from(block) * 4 + stream as u64;
        let raw = self.blocks.get(key, place.0, || self.read_block(place))?;
        let item = item_of(&raw, slot).ok_or_else(|| self.damaged("a block contradicts itself"))?;
        codec::decode(item).map_err(|e| e.at(self.path.display()))
    }

    fn read_block(&self, place: Place) -> Result<Vec<u8>> {
        let sealed = read_place(&self.file, &self.path, self.length, place)?;
        codec::open_bytes(&sealed).map_err(|e| e.at(self.path.display()))
    }

    /// Counts and settings.
    pub fn summary(&self) -> &RunSummary {
        &self.summary
    }

    /// Number of live records.
    pub fn records(&self) -> u32 {
        self.toc.records
    }

    /// Number of entities.
    pub fn entities(&self) -> u32 {
        self.toc.entities
    }

    /// Key of a record.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn key(&self, ordinal: u32) -> Result<RecordKey> {
        self.item(Stream::Keys, ordinal)
    }

    /// (store record number, file sequence) of a record.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn origin(&self, ordinal: u32) -> Result<(u64, u32)> {
        self.entry(Array::Origins, u64::from(ordinal), |b| (u64_at(b, 0), u32_at(b, 8)))
    }

    /// Canonical values of a record.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn normal(&self, ordinal: u32) -> Result<NormalRecord> {
        self.item(Stream::Normals, ordinal)
    }

    /// Calls `each` with the ordinals of a range, ascending, and the encoded items of a stream. Each
    /// block is read once; nothing is cached.
    fn scan(
        &self,
        stream: Stream,
        ordinals: Range<u32>,
        mut each: impl FnMut(u32, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let size = stream.per_block();
        for block in ordinals.start / size..ordinals.end.div_ceil(size) {
            let index = Array::Index(stream);
            let place: Place =
                self.entry(index, u64::from(block), |bytes| (u64_at(bytes, 0), u32_at(bytes, 8)))?;
            let raw = self.read_block(place)?;
            let first = block * size;
            for at in ordinals.start.max(first)..ordinals.end.min(first + size) {
                let item = item_of(&raw, (at - first) as usize);
                each(at, item.ok_or_else(|| self.damaged("a block contradicts itself"))?)?;
            }
        }
        Ok(())
    }

    /// Calls `each` with the ordinals of a range, ascending, and their keys' parts: source, object,
    /// id. Reads each block once.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn scan_keys(
        &self,
        ordinals: Range<u32>,
        mut each: impl FnMut(u32, &str, &str, &str),
    ) -> Result<()> {
        self.scan(Stream::Keys, ordinals, |at, item| {
            let (source, object, id): (&str, &str, &str) =
                codec::decode_borrowed(item).map_err(|e| e.at(self.path.display()))?;
            each(at, source, object, id);
            Ok(())
        })
    }

    /// Calls `each` with the ordinals of a range, ascending, and the encoded canonical values of
    /// their records, for [`Results::decode_normal`]. Reads each block once.
    ///
    /// # Errors
    /// Damaged or unreadable, or `each` fails.
    pub fn scan_normals(
        &self,
        ordinals: Range<u32>,
        each: impl FnMut(u32, &[u8]) -> Result<()>,
    ) -> Result<()> {
        self.scan(Stream::Normals, ordinals, each)
    }

    /// Decodes what [`Results::scan_normals`] found.
    ///
    /// # Errors
    /// Damaged.
    pub fn decode_normal(&self, encoded: &[u8]) -> Result<NormalRecord> {
        codec::decode(encoded).map_err(|e| e.at(self.path.display()))
    }

    /// As [`Results::decode_normal`], over an earlier record, whose lists are used again.
    ///
    /// # Errors
    /// Damaged; the record is then anything.
    pub fn decode_normal_over(&self, encoded: &[u8], record: &mut NormalRecord) -> Result<()> {
        codec::decode_over(encoded, record).map_err(|e| e.at(self.path.display()))
    }

    /// Ordinals of the records of `source` with this id (several where objects differ).
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn find_record(&self, source: &str, object: Option<&str>, id: &str) -> Result<Vec<u32>> {
        let hash = (key_hash(source, id) >> 32) as u32;
        let mut at = self.partition_point(Array::KeyIndex, |b| Ok(u32_at(b, 0) < hash))?;
        let mut found = Vec::new();
        while at < u64::from(self.toc.records) {
            let (other, ordinal) =
                self.entry(Array::KeyIndex, at, |b| (u32_at(b, 0), u32_at(b, 4)))?;
            if other != hash {
                break;
            }
            if is_key(&self.key(ordinal)?, source, object, id) {
                found.push(ordinal);
            }
            at += 1;
        }
        Ok(found)
    }

    /// Ordinal of the record with this number in the store.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn find_store_record(&self, number: u64) -> Result<Option<u32>> {
        let number_at = |b: &[u8]| Ok(self.origin(u32_at(b, 0))?.0);
        // Most numbers are live: a record stands about where its number says.
        let before = |b: &[u8]| Ok(number_at(b)? < number);
        let at = self.partition_point_near(Array::NumberOrder, number, 1, before)?;
        if at >= u64::from(self.toc.records) {
            return Ok(None);
        }
        let ordinal = self.entry(Array::NumberOrder, at, |b| u32_at(b, 0))?;
        Ok((self.origin(ordinal)?.0 == number).then_some(ordinal))
    }

    /// Entity index of a record.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn entity_of(&self, ordinal: u32) -> Result<u32> {
        let entity = self.entry(Array::EntityOf, u64::from(ordinal), |b| u32_at(b, 0))?;
        if entity == NONE { Err(self.damaged("a record has no entity")) } else { Ok(entity) }
    }

    /// Id of an entity, without reading its members.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn entity_id(&self, index: u32) -> Result<EntityId> {
        self.entry(Array::EntityIds, u64::from(index), |b| EntityId::from_bits(u64_at(b, 0)))
    }

    /// An entity by index.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn entity(&self, index: u32) -> Result<EntityRow> {
        let packed: PackedEntity = self.item(Stream::Entities, index)?;
        let mut last = 0u32;
        let sum = |difference| {
            last = last.wrapping_add(difference);
            last
        };
        Ok(EntityRow {
            id: self.entity_id(index)?,
            kind: packed.kind,
            members: packed.members.into_iter().map(sum).collect(),
            steps: packed.steps,
            relations: packed.relations,
            suspicions: packed.suspicions,
        })
    }

    /// Entity index by id; aliases resolve.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn find_entity(&self, id: EntityId) -> Result<Option<u32>> {
        let bits = id.bits();
        let id_at = |b: &[u8]| Ok(self.entity_id(u32_at(b, 0))?.bits());
        let at = self.partition_point(Array::EntityOrder, |b| Ok(id_at(b)? < bits))?;
        if at < u64::from(self.toc.entities) {
            let index = self.entry(Array::EntityOrder, at, |b| u32_at(b, 0))?;
            if self.entity_id(index)? == id {
                return Ok(Some(index));
            }
        }
        self.alias_of(bits, |key| *key == AliasKey::Entity(id))
    }

    /// Entity index by the key of a record that is deleted or merged away.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn find_alias(&self, source: &str, object: Option<&str>, id: &str) -> Result<Option<u32>> {
        self.alias_of(
            key_hash(source, id),
            |key| matches!(key, AliasKey::Record(key) if is_key(key, source, object, id)),
        )
    }

    fn alias_of(&self, hash: u64, is: impl Fn(&AliasKey) -> bool) -> Result<Option<u32>> {
        let mut at = self.partition_point(Array::AliasIndex, |b| Ok(u64_at(b, 0) < hash))?;
        while at < u64::from(self.toc.aliases) {
            let (other, position) =
                self.entry(Array::AliasIndex, at, |b| (u64_at(b, 0), u32_at(b, 8)))?;
            if other != hash {
                break;
            }
            if is(&self.item(Stream::Aliases, position)?) {
                let position = u64::from(position);
                return Ok(Some(self.entry(Array::AliasEntities, position, |b| u32_at(b, 0))?));
            }
            at += 1;
        }
        Ok(None)
    }

    /// Older ids of an entity.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn aliases(&self, index: u32) -> Result<Vec<AliasKey>> {
        let start = self.partition_point(Array::AliasEntities, |b| Ok(u32_at(b, 0) < index))?;
        let end = self.partition_point(Array::AliasEntities, |b| Ok(u32_at(b, 0) <= index))?;
        (start..end).map(|at| self.item(Stream::Aliases, at as u32)).collect()
    }

    /// Number of kept pairs.
    pub fn pairs(&self) -> u64 {
        self.toc.pairs
    }

    /// A kept pair by position (sorted by a, b).
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn pair(&self, position: u64) -> Result<ScoredPair> {
        self.entry(Array::Pairs, position, pair_of)
    }

    /// A kept pair by position, and the packed levels of its comparison (see `compare::unpack`).
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn pair_levels(&self, position: u64) -> Result<(ScoredPair, u64)> {
        self.entry(Array::Pairs, position, |bytes| (pair_of(bytes), u64_at(bytes, 12)))
    }

    /// The kept pair of two records, if kept.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn find_pair(&self, a: u32, b: u32) -> Result<Option<ScoredPair>> {
        let sought = (a.min(b), a.max(b));
        let at = self.partition_point(Array::Pairs, |bytes| {
            Ok((u32_at(bytes, 0), u32_at(bytes, 4)) < sought)
        })?;
        if at >= self.toc.pairs {
            return Ok(None);
        }
        let pair = self.pair(at)?;
        Ok(((pair.a, pair.b) == sought).then_some(pair))
    }

    /// Positions of the kept pairs whose smaller ordinal is `a`.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn pairs_from(&self, a: u32) -> Result<std::ops::Range<u64>> {
        let start = self.partition_point(Array::Pairs, |b| Ok(u32_at(b, 0) < a))?;
        let end = self.partition_point(Array::Pairs, |b| Ok(u32_at(b, 0) <= a))?;
        Ok(start..end)
    }

    /// Bytes kept under a name by [`ResultsWriter::blob`](super::ResultsWriter::blob).
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn blob(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.toc.blobs.get(name).map(|place| self.read_block(*place)).transpose()
    }

    /// Reads and checks every byte.
    ///
    /// # Errors
    /// The first damage found.
    pub fn verify(&self) -> Result<()> {
        for (array, extent) in &self.toc.arrays {
            for page in 0..extent.entries.div_ceil(array.per_page()) {
                self.read_page(extent.offset.saturating_add(page * PAGE as u64))?;
            }
        }
        for stream in Stream::ALL {
            let index = Array::Index(stream);
            for block in 0..self.extent(index).entries {
                let place = self.entry(index, block, |b| (u64_at(b, 0), u32_at(b, 8)))?;
                self.read_block(place)?;
            }
        }
        self.toc.blobs.values().try_for_each(|place| self.read_block(*place).map(|_| ()))
    }
}

fn damage(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Corrupted, what).at(path.display()).hint("run `sameas rebuild`")
}

fn read_place(file: &File, path: &Path, length: u64, place: Place) -> Result<Vec<u8>> {
    let (offset, size) = place;
    if offset.checked_add(u64::from(size)).is_none_or(|end| end > length) {
        return Err(damage(path, "a part lies beyond the file's end"));
    }
    let mut bytes = vec![0; size as usize];
    read_at(file, &mut bytes, offset).map_err(|e| Error::io(path, e))?;
    Ok(bytes)
}

/// An item of a block: count u16, the end of each item u32, items.
fn item_of(raw: &[u8], slot: usize) -> Option<&[u8]> {
    let count = usize::from(u16::from_le_bytes(*raw.first_chunk::<2>()?));
    let items = raw.get(2 + count * 4..)?;
    let end = |slot: usize| u32_at(raw, 2 + slot * 4) as usize;
    let start = if slot == 0 { 0 } else { end(slot - 1) };
    (slot < count).then_some(())?;
    items.get(start..end(slot))
}

fn pair_of(bytes: &[u8]) -> ScoredPair {
    let weight = f32::from_bits(u32_at(bytes, 8));
    ScoredPair { a: u32_at(bytes, 0), b: u32_at(bytes, 4), weight }
}

fn is_key(key: &RecordKey, source: &str, object: Option<&str>, id: &str) -> bool {
    &*key.source == source && &*key.id == id && object.is_none_or(|object| *key.object == *object)
}
