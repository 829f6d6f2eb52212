use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::Path;

use rayon::prelude::*;

use super::layout::{
    Array, Extent, FOOTER_MAGIC, HEADER, MAGIC, NONE, PAGE_PAYLOAD, PackedEntity, Place, Stream,
    Toc, VERSION, key_hash,
};
use super::{AliasKey, EntityRow, RunSummary};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{KeyRef, NormalRecord, RecordKey, ScoredPair};
use crate::store::codec;
use crate::store::durable::Aside;

/// Blocks that are compressed together, in parallel.
const BLOCKS_AT_ONCE: usize = 128;

/// Appends the encoding of canonical values.
///
/// # Errors
/// Never in practice; encoding reports what it cannot write.
pub fn encode_normal(normal: &NormalRecord, out: &mut Vec<u8>) -> Result<()> {
    codec::encode_into(normal, out)
}

/// Decodes what [`encode_normal`] encoded.
///
/// # Errors
/// Damaged.
pub fn decode_normal(encoded: &[u8]) -> Result<NormalRecord> {
    codec::decode(encoded)
}

/// As [`decode_normal`], over an earlier record, whose lists are used again.
///
/// # Errors
/// Damaged; the record is then anything.
pub fn decode_normal_over(encoded: &[u8], record: &mut NormalRecord) -> Result<()> {
    codec::decode_over(encoded, record)
}

/// A record of [`ResultsWriter::records`].
#[derive(Clone, Copy, Debug)]
pub struct RecordRow<'a> {
    /// Key.
    pub key: KeyRef<'a>,
    /// Its number in the store and the index.
    pub store_record: u64,
    /// Its manifest's sequence.
    pub file: u32,
    /// Canonical values, as [`encode_normal`] writes them.
    pub normal: &'a [u8],
}

/// Writes a snapshot file: records first (in ordinal order, that is sorted by key), then entities
/// (sorted by their first member), then pairs (sorted by a, b), then [`ResultsWriter::finish`].
/// Aliases and blobs may come at any time. Holds about 32 bytes a record; pairs are streamed.
pub struct ResultsWriter {
    out: Output,
    streams: BTreeMap<Stream, Blocks>,
    full: Vec<(Stream, Vec<u8>)>,
    numbers: Vec<u64>,
    files: Vec<u32>,
    key_hashes: Vec<u32>,
    entity_of: Vec<u32>,
    entity_ids: Vec<u64>,
    aliases: Vec<(u32, AliasKey)>,
    pairs: Option<Pages>,
    frequencies: Vec<Vec<(u64, u32)>>,
    blobs: BTreeMap<String, Vec<u8>>,
}

impl fmt::Debug for ResultsWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = (self.numbers.len(), self.entity_ids.len());
        write!(f, "ResultsWriter({} records, {} entities)", counts.0, counts.1)
    }
}

/// The file, buffered, with the position known.
struct Output {
    aside: Aside,
    buffer: Vec<u8>,
    position: u64,
}

impl Output {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.position += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= 1 << 20 { self.drain() } else { Ok(()) }
    }

    fn drain(&mut self) -> Result<()> {
        let written = self.aside.file().write_all(&self.buffer);
        self.buffer.clear();
        written.map_err(|e| Error::io(self.aside.target(), e))
    }

    fn sealed(&mut self, sealed: &[u8]) -> Result<Place> {
        let place = (self.position, sealed.len() as u32);
        self.write(sealed)?;
        Ok(place)
    }
}

/// A stream of blocks under construction. A block is: count u16, the end of each item u32, items.
struct Blocks {
    stream: Stream,
    ends: Vec<u32>,
    items: Vec<u8>,
    index: Vec<Place>,
}

impl Blocks {
    fn new(stream: Stream) -> Self {
        Self { stream, ends: Vec::new(), items: Vec::new(), index: Vec::new() }
    }

    /// Ends an item whose bytes were added.
    fn end_item(&mut self) -> Result<()> {
        let end = u32::try_from(self.items.len())
            .map_err(|_| Error::new(ErrorKind::Limit, "a block of results is larger than 4 GiB"))?;
        self.ends.push(end);
        Ok(())
    }

    /// The block, if it is full.
    fn take_full(&mut self) -> Option<Vec<u8>> {
        if self.ends.len() as u32 == self.stream.per_block() { self.take() } else { None }
    }

    /// The block so far, if it holds anything.
    fn take(&mut self) -> Option<Vec<u8>> {
        if self.ends.is_empty() {
            return None;
        }
        let mut raw = Vec::with_capacity(2 + self.ends.len() * 4 + self.items.len());
        raw.extend_from_slice(&(self.ends.len() as u16).to_le_bytes());
        raw.extend(self.ends.iter().flat_map(|end| end.to_le_bytes()));
        raw.append(&mut self.items);
        self.ends.clear();
        Some(raw)
    }
}

/// An array under construction: pages of entries.
struct Pages {
    array: Array,
    page: Vec<u8>,
    extent: Extent,
}

impl Pages {
    fn start(out: &Output, array: Array) -> Self {
        let extent = Extent { offset: out.position, entries: 0 };
        Self { array, page: Vec::with_capacity(PAGE_PAYLOAD), extent }
    }

    fn push(&mut self, out: &mut Output, parts: &[&[u8]]) -> Result<()> {
        if self.page.len() + self.array.width() > PAGE_PAYLOAD {
            self.flush(out)?;
        }
        parts.iter().for_each(|part| self.page.extend_from_slice(part));
        self.extent.entries += 1;
        Ok(())
    }

    fn flush(&mut self, out: &mut Output) -> Result<()> {
        if !self.page.is_empty() {
            self.page.resize(PAGE_PAYLOAD, 0);
            out.write(&self.page)?;
            out.write(&crc32fast::hash(&self.page).to_le_bytes())?;
            self.page.clear();
        }
        Ok(())
    }
}

/// Writes a whole array.
fn write_array(
    out: &mut Output,
    arrays: &mut BTreeMap<Array, Extent>,
    array: Array,
    entries: impl Iterator<Item = ([u8; 12], usize)>,
) -> Result<()> {
    let mut pages = Pages::start(out, array);
    for (entry, width) in entries {
        debug_assert_eq!(width, array.width());
        pages.push(out, &[&entry[..width]])?;
    }
    pages.flush(out)?;
    arrays.insert(array, pages.extent);
    Ok(())
}

fn entry<const A: usize, const B: usize>(a: [u8; A], b: [u8; B]) -> ([u8; 12], usize) {
    let mut bytes = [0; 12];
    bytes[..A].copy_from_slice(&a);
    bytes[A..A + B].copy_from_slice(&b);
    (bytes, A + B)
}

fn four(value: u32) -> ([u8; 12], usize) {
    entry(value.to_le_bytes(), [])
}

/// Positions of the values in ascending order.
fn order_of(values: &[u64]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    order.par_sort_unstable_by_key(|at| (values[*at as usize], *at));
    order
}

impl ResultsWriter {
    /// Starts a file beside its final place.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        let mut out = Output { aside: Aside::create(path)?, buffer: Vec::new(), position: 0 };
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&VERSION.to_le_bytes());
        let crc = crc32fast::hash(&header);
        header.extend_from_slice(&crc.to_le_bytes());
        debug_assert_eq!(header.len(), HEADER);
        out.write(&header)?;
        Ok(Self {
            out,
            streams: Stream::ALL.into_iter().map(|stream| (stream, Blocks::new(stream))).collect(),
            full: Vec::new(),
            numbers: Vec::new(),
            files: Vec::new(),
            key_hashes: Vec::new(),
            entity_of: Vec::new(),
            entity_ids: Vec::new(),
            aliases: Vec::new(),
            pairs: None,
            frequencies: Vec::new(),
            blobs: BTreeMap::new(),
        })
    }

    fn take_block(&mut self, stream: Stream, block: Option<Vec<u8>>) -> Result<()> {
        self.full.extend(block.map(|block| (stream, block)));
        if self.full.len() >= BLOCKS_AT_ONCE { self.write_blocks() } else { Ok(()) }
    }

    fn write_blocks(&mut self) -> Result<()> {
        let full = std::mem::take(&mut self.full);
        let sealed: Vec<Result<(Stream, Vec<u8>)>> =
            full.into_par_iter().map(|(s, raw)| Ok((s, codec::seal_bytes(&raw)?))).collect();
        for block in sealed {
            let (stream, sealed) = block?;
            self.write_block(stream, &sealed)?;
        }
        Ok(())
    }

    fn write_block(&mut self, stream: Stream, sealed: &[u8]) -> Result<()> {
        let place = self.out.sealed(sealed)?;
        let blocks = self.streams.entry(stream).or_insert_with(|| Blocks::new(stream));
        blocks.index.push(place);
        Ok(())
    }

    fn end_streams(&mut self) -> Result<()> {
        for (stream, blocks) in &mut self.streams {
            self.full.extend(blocks.take().map(|block| (*stream, block)));
        }
        self.write_blocks()
    }

    fn note_record(&mut self, row: RecordRow<'_>) {
        self.numbers.push(row.store_record);
        self.files.push(row.file);
        self.key_hashes.push((key_hash(row.key.source, row.key.id) >> 32) as u32);
        self.entity_of.push(NONE);
    }

    /// Adds the next record. `store_record` is its number in the store and the index; `file` its
    /// manifest's sequence.
    ///
    /// # Errors
    /// Writing fails.
    pub fn record(
        &mut self,
        key: &RecordKey,
        store_record: u64,
        file: u32,
        normal: &NormalRecord,
    ) -> Result<()> {
        let mut encoded = Vec::new();
        encode_normal(normal, &mut encoded)?;
        self.row(RecordRow { key: key.into(), store_record, file, normal: &encoded })
    }

    fn row(&mut self, row: RecordRow<'_>) -> Result<()> {
        self.records(&[row])
    }

    /// Adds the next records; as [`ResultsWriter::record`] for each, but compressed in parallel.
    ///
    /// # Errors
    /// Writing fails.
    pub fn records(&mut self, rows: &[RecordRow<'_>]) -> Result<()> {
        rows.iter().for_each(|row| self.note_record(*row));
        self.push_all(Stream::Normals, rows, |row, out| {
            out.extend_from_slice(row.normal);
            Ok(())
        })?;
        self.push_all(Stream::Keys, rows, |row, out| codec::encode_into(&row.key, out))
    }

    /// Adds the next entity.
    ///
    /// # Errors
    /// A member is no record, or writing fails.
    pub fn entity(&mut self, entity: &EntityRow) -> Result<()> {
        self.entities(std::slice::from_ref(entity))
    }

    /// Adds the next entities; as [`ResultsWriter::entity`] for each, but compressed in parallel.
    ///
    /// # Errors
    /// A member is no record, or writing fails.
    pub fn entities(&mut self, entities: &[EntityRow]) -> Result<()> {
        for entity in entities {
            let index = self.entity_ids.len() as u32;
            for member in &entity.members {
                let of = self.entity_of.get_mut(*member as usize);
                *of.ok_or_else(|| {
                    Error::new(ErrorKind::Unknown, "an entity has an unknown member")
                })? = index;
            }
            self.entity_ids.push(entity.id.bits());
        }
        self.push_all(Stream::Entities, entities, |entity, out| {
            let mut last = 0;
            let difference =
                |member: &u32| member.wrapping_sub(std::mem::replace(&mut last, *member));
            let packed = PackedEntity {
                kind: entity.kind,
                members: entity.members.iter().map(difference).collect(),
                steps: entity.steps.clone(),
                relations: entity.relations.clone(),
                suspicions: entity.suspicions.clone(),
            };
            codec::encode_into(&packed, out)
        })
    }

    /// Adds the next items of a stream. Whole blocks are made in parallel.
    fn push_all<T: Sync>(
        &mut self,
        stream: Stream,
        items: &[T],
        encode: impl Fn(&T, &mut Vec<u8>) -> Result<()> + Sync,
    ) -> Result<()> {
        let size = stream.per_block() as usize;
        let open = self.streams.get(&stream).map_or(0, |blocks| blocks.ends.len());
        let (head, rest) = items.split_at(((size - open) % size).min(items.len()));
        let (whole, tail) = rest.split_at(rest.len() - rest.len() % size);
        self.push_some(stream, head, &encode)?;
        if !whole.is_empty() {
            // Blocks that are full already stand before these in their stream.
            self.write_blocks()?;
        }
        for group in whole.chunks(size * BLOCKS_AT_ONCE) {
            let block = |items: &[T]| {
                let mut blocks = Blocks::new(stream);
                for item in items {
                    encode(item, &mut blocks.items)?;
                    blocks.end_item()?;
                }
                codec::seal_bytes(&blocks.take().unwrap_or_default())
            };
            let sealed: Vec<Result<Vec<u8>>> = group.par_chunks(size).map(block).collect();
            for sealed in sealed {
                self.write_block(stream, &sealed?)?;
            }
        }
        self.push_some(stream, tail, &encode)
    }

    fn push_some<T>(
        &mut self,
        stream: Stream,
        items: &[T],
        encode: &impl Fn(&T, &mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let mut full = Vec::new();
        let blocks = self.streams.entry(stream).or_insert_with(|| Blocks::new(stream));
        for item in items {
            encode(item, &mut blocks.items)?;
            blocks.end_item()?;
            full.extend(blocks.take_full());
        }
        full.into_iter().try_for_each(|block| self.take_block(stream, Some(block)))
    }

    /// Adds the next pair (all at or above the review threshold, or joined, or judged). `levels` is
    /// what its comparison reached, as `compare::pack` packs it.
    ///
    /// # Errors
    /// Writing fails.
    pub fn pair(&mut self, pair: ScoredPair, levels: u64) -> Result<()> {
        if self.pairs.is_none() {
            // The pages of an array lie together, so whatever blocks are open end here.
            self.end_streams()?;
        }
        let pages = self.pairs.get_or_insert_with(|| Pages::start(&self.out, Array::Pairs));
        let (a, b, weight) =
            (pair.a.to_le_bytes(), pair.b.to_le_bytes(), pair.weight.to_le_bytes());
        let parts = [&a[..], &b, &weight, &levels.to_le_bytes()];
        pages.push(&mut self.out, &parts)
    }

    /// Adds an id that is not live: an alias of an entity, or a deleted or merged record's key.
    ///
    /// # Errors
    /// None today.
    pub fn alias(&mut self, from: AliasKey, entity: u32) -> Result<()> {
        self.aliases.push((entity, from));
        Ok(())
    }

    /// Keeps how often the values of the next counted field occur: (hash, records), sorted by hash,
    /// for [`Results::frequency`](super::Results::frequency).
    pub fn frequencies(&mut self, values: Vec<(u64, u32)>) {
        self.frequencies.push(values);
    }

    /// Keeps bytes under a name, for [`Results::blob`](super::Results::blob).
    ///
    /// # Errors
    /// More than 4 GiB, or writing fails.
    pub fn blob(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.blobs.insert(name.to_owned(), codec::seal_bytes(bytes)?);
        Ok(())
    }

    /// Writes summary and table of contents, syncs, and renames into place.
    ///
    /// # Errors
    /// Writing fails.
    pub fn finish(mut self, summary: &RunSummary) -> Result<()> {
        let mut arrays = BTreeMap::new();
        let mut pairs = self.pairs.take().unwrap_or_else(|| Pages::start(&self.out, Array::Pairs));
        pairs.flush(&mut self.out)?;
        arrays.insert(Array::Pairs, pairs.extent);

        let mut aliases = std::mem::take(&mut self.aliases);
        aliases.sort_unstable();
        aliases.dedup();
        self.push_all(Stream::Aliases, &aliases, |(_, key), out| codec::encode_into(key, out))?;
        self.end_streams()?;
        self.write_arrays(&mut arrays, &aliases)?;
        for (at, values) in (0..).zip(std::mem::take(&mut self.frequencies)) {
            let values = values.iter().map(|(h, n)| entry(h.to_le_bytes(), n.to_le_bytes()));
            write_array(&mut self.out, &mut arrays, Array::Frequencies(at), values)?;
        }

        let blobs = std::mem::take(&mut self.blobs)
            .into_iter()
            .map(|(name, sealed)| Ok((name, self.out.sealed(&sealed)?)))
            .collect::<Result<_>>()?;
        let summary = self.out.sealed(&codec::seal(summary)?)?;
        let toc = Toc {
            records: self.numbers.len() as u32,
            entities: self.entity_ids.len() as u32,
            aliases: aliases.len() as u32,
            pairs: pairs.extent.entries,
            arrays,
            summary,
            blobs,
        };
        let (offset, length) = self.out.sealed(&codec::seal(&toc)?)?;
        let mut footer = offset.to_le_bytes().to_vec();
        footer.extend_from_slice(&u64::from(length).to_le_bytes());
        let crc = crc32fast::hash(&footer);
        footer.extend_from_slice(&crc.to_le_bytes());
        footer.extend_from_slice(FOOTER_MAGIC);
        self.out.write(&footer)?;
        self.out.drain()?;
        self.out.aside.commit()
    }

    fn write_arrays(
        &mut self,
        arrays: &mut BTreeMap<Array, Extent>,
        aliases: &[(u32, AliasKey)],
    ) -> Result<()> {
        let out = &mut self.out;
        for (stream, blocks) in &self.streams {
            let index = blocks.index.iter().map(|(o, l)| entry(o.to_le_bytes(), l.to_le_bytes()));
            write_array(out, arrays, Array::Index(*stream), index)?;
        }
        let origins = self.numbers.iter().zip(&self.files);
        let origins = origins.map(|(number, file)| entry(number.to_le_bytes(), file.to_le_bytes()));
        write_array(out, arrays, Array::Origins, origins)?;
        write_array(out, arrays, Array::EntityOf, self.entity_of.iter().map(|e| four(*e)))?;
        let order = order_of(&self.numbers);
        write_array(out, arrays, Array::NumberOrder, order.into_iter().map(four))?;
        let mut keys: Vec<(u32, u32)> = self.key_hashes.iter().copied().zip(0..).collect();
        keys.par_sort_unstable();
        let keys =
            keys.into_iter().map(|(h, ordinal)| entry(h.to_le_bytes(), ordinal.to_le_bytes()));
        write_array(out, arrays, Array::KeyIndex, keys)?;

        let ids = self.entity_ids.iter().map(|bits| entry(bits.to_le_bytes(), []));
        write_array(out, arrays, Array::EntityIds, ids)?;
        let order = order_of(&self.entity_ids);
        write_array(out, arrays, Array::EntityOrder, order.into_iter().map(four))?;

        let entities = aliases.iter().map(|(entity, _)| four(*entity));
        write_array(out, arrays, Array::AliasEntities, entities)?;
        let hash = |key: &AliasKey| match key {
            AliasKey::Entity(id) => id.bits(),
            AliasKey::Record(key) => key_hash(&key.source, &key.id),
        };
        let mut index: Vec<(u64, u32)> =
            aliases.iter().map(|(_, key)| hash(key)).zip(0..).collect();
        index.sort_unstable();
        let index = index.into_iter().map(|(h, at)| entry(h.to_le_bytes(), at.to_le_bytes()));
        write_array(out, arrays, Array::AliasIndex, index)
    }
}
