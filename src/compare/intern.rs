use std::hash::Hasher;

use hashbrown::HashTable;
use rustc_hash::FxHasher;
use xxhash_rust::xxh3::xxh3_64;

/// "No value" among interned ids.
pub const NONE: u32 = u32::MAX;

/// Strings by number: each distinct one is stored once, in one arena. Numbers follow the order of
/// first sight, so they are as deterministic as the caller's order.
#[derive(Clone, Default)]
pub struct Interner {
    arena: String,
    ends: Vec<u32>,
    /// Hash and number: growing must not look every string up.
    index: HashTable<(u32, u32)>,
}

impl std::fmt::Debug for Interner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Interner({} values <redacted>)", self.ends.len())
    }
}

fn hash(text: &str) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    (hasher.finish() >> 32) as u32
}

/// The table of strings takes its place and its tag from different ends of 64 bits.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Interner {
    /// Number of a string, new or known; [`NONE`] for the empty one.
    pub fn intern(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return NONE;
        }
        let hash = hash(text);
        let Self { arena, ends, index } = self;
        let same = |(known, id): &(u32, u32)| *known == hash && slice(arena, ends, *id) == text;
        if let Some((_, id)) = index.find(spread(hash), same) {
            return *id;
        }
        let id = ends.len() as u32;
        arena.push_str(text);
        ends.push(arena.len() as u32);
        index.insert_unique(spread(hash), (hash, id), |(hash, _)| spread(*hash));
        id
    }

    /// Number of a string that was interned before.
    pub fn find(&self, text: &str) -> Option<u32> {
        let hash = hash(text);
        let same = |(known, id): &(u32, u32)| *known == hash && self.get(*id) == text;
        self.index.find(spread(hash), same).map(|(_, id)| *id)
    }

    /// The string of a number; empty for [`NONE`].
    pub fn get(&self, id: u32) -> &str {
        if id == NONE { "" } else { slice(&self.arena, &self.ends, id) }
    }

    /// Forgets how to find strings: only their numbers count from now on.
    pub(super) fn seal(&mut self) {
        self.index = HashTable::new();
        self.arena.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// How many distinct strings there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether nothing was interned.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

fn slice<'a>(arena: &'a str, ends: &[u32], id: u32) -> &'a str {
    let at = id as usize;
    let start = if at == 0 { 0 } else { ends[at - 1] as usize };
    &arena[start..ends[at] as usize]
}

/// Texts by number, of which only a hash of 64 bits is kept: they are counted and told apart, and
/// never read. Numbers follow the order of first sight.
#[derive(Clone, Default)]
pub struct Marks {
    hashes: Vec<u64>,
    index: HashTable<u32>,
}

impl std::fmt::Debug for Marks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Marks({} values)", self.hashes.len())
    }
}

impl Marks {
    /// Number of a text, new or known; [`NONE`] for the empty one.
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return NONE;
        }
        let hash = xxh3_64(text.as_bytes());
        let Self { hashes, index } = self;
        if let Some(id) = index.find(hash, |id| hashes[*id as usize] == hash) {
            return *id;
        }
        let id = hashes.len() as u32;
        hashes.push(hash);
        index.insert_unique(hash, id, |id| hashes[*id as usize]);
        id
    }

    /// XXH3-64 of a text.
    pub fn hash(&self, id: u32) -> u64 {
        self.hashes[id as usize]
    }

    /// Forgets how to find texts.
    pub(super) fn seal(&mut self) {
        self.index = HashTable::new();
        self.hashes.shrink_to_fit();
    }

    /// How many distinct texts there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}

/// Lists of values by record. A record without values takes a bit and a half: which records have
/// any is a set of bits, and the rank of a record's bit says where its values end. Records stand in
/// parts, so that lists grow without being copied and go away part by part.
#[derive(Clone, Debug)]
pub struct Lists<T> {
    records: u32,
    parts: Vec<Part<T>>,
}

/// The lists of [`PART`] records.
#[derive(Clone, Debug)]
struct Part<T> {
    /// Whether a record has values, a bit a record.
    filled: Vec<u64>,
    /// How many records before each word of `filled` have values.
    ranks: Vec<u32>,
    /// End of the values of each record that has any.
    ends: Vec<u32>,
    values: Vec<T>,
}

/// Records of a part of lists.
pub(super) const PART: u32 = 1 << 16;

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { records: 0, parts: Vec::new() }
    }
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self { filled: Vec::new(), ranks: Vec::new(), ends: Vec::new(), values: Vec::new() }
    }
}

impl<T> Lists<T> {
    /// The part of the record being built.
    fn last(&mut self) -> &mut Part<T> {
        let at = (self.records / PART) as usize;
        if at == self.parts.len() {
            self.parts.push(Part::default());
        }
        &mut self.parts[at]
    }

    /// Adds a value to the record being built.
    pub fn push(&mut self, value: T) {
        self.last().values.push(value);
    }

    /// Closes the record being built.
    pub fn close(&mut self) {
        let record = self.records % PART;
        self.last().close(record);
        self.records += 1;
    }

    /// Values of a record.
    pub fn get(&self, record: u32) -> &[T] {
        let part = &self.parts[(record / PART) as usize];
        &part.values[part.range(record % PART)]
    }

    /// Values of a record, to be changed in place.
    pub fn get_mut(&mut self, record: u32) -> &mut [T] {
        let part = &mut self.parts[(record / PART) as usize];
        let range = part.range(record % PART);
        &mut part.values[range]
    }

    /// Values of the record being built.
    pub fn open(&self) -> &[T] {
        let part = self.parts.get((self.records / PART) as usize);
        part.map_or(&[], |part| &part.values[part.closed()..])
    }

    /// Number of closed records.
    pub fn len(&self) -> usize {
        self.records as usize
    }

    /// Whether no record is closed.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }
}

impl<T> Part<T> {
    fn close(&mut self, record: u32) {
        let bit = record % 64;
        if bit == 0 {
            self.filled.push(0);
            self.ranks.push(self.ends.len() as u32);
        }
        if self.values.len() > self.closed() {
            let word = self.filled.len() - 1;
            self.filled[word] |= 1 << bit;
            self.ends.push(self.values.len() as u32);
        }
    }

    /// Values of all closed records.
    fn closed(&self) -> usize {
        self.ends.last().map_or(0, |end| *end as usize)
    }

    fn range(&self, record: u32) -> std::ops::Range<usize> {
        let (word, bit) = (record as usize / 64, 1_u64 << (record % 64));
        let filled = self.filled[word];
        if filled & bit == 0 {
            return 0..0;
        }
        let at = self.ranks[word] as usize + (filled & (bit - 1)).count_ones() as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        start as usize..self.ends[at] as usize
    }
}

impl<T: Copy> Lists<T> {
    /// Forgets the lists of one value in a part, which stand elsewhere.
    pub(super) fn keep_longer(&mut self, part: u32) {
        let first = part * PART;
        let Some(part) = self.parts.get_mut(part as usize) else { return };
        let mut longer = Part::default();
        for record in 0..PART.min(self.records - first) {
            let values = &part.values[part.range(record)];
            if values.len() > 1 {
                longer.values.extend_from_slice(values);
            }
            longer.close(record);
        }
        longer.values.shrink_to_fit();
        *part = longer;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interning_gives_one_number_a_string() {
        let mut names = Interner::default();
        let ids: Vec<u32> = ["a", "b", "a", "", "c"].iter().map(|s| names.intern(s)).collect();
        assert_eq!(ids, [0, 1, 0, NONE, 2]);
        assert_eq!((names.get(1), names.get(NONE), names.len()), ("b", "", 3));
        assert_eq!((names.find("c"), names.find("d")), (Some(2), None));
    }

    #[test]
    fn lists_keep_values_by_record() {
        let mut lists = Lists::default();
        lists.push(1);
        lists.push(2);
        lists.close();
        lists.close();
        lists.push(3);
        lists.close();
        assert_eq!((lists.get(0), lists.get(1), lists.get(2)), (&[1, 2][..], &[][..], &[3][..]));
        lists.keep_longer(0);
        assert_eq!((lists.get(0), lists.get(1), lists.get(2)), (&[1, 2][..], &[][..], &[][..]));
    }

    #[test]
    fn lists_of_many_records_are_found_by_rank() {
        let mut lists = Lists::default();
        let records = 2 * PART + 1_000;
        for record in 0..records {
            assert!(lists.open().is_empty());
            (0..record % 3).for_each(|value| lists.push(record + value));
            assert_eq!(lists.open().len(), record as usize % 3);
            lists.close();
        }
        let expected = |record: u32| (0..record % 3).map(|v| record + v).collect::<Vec<u32>>();
        (0..records).for_each(|record| assert_eq!(lists.get(record), expected(record)));
        lists.keep_longer(1);
        lists.keep_longer(2);
        for record in 0..records {
            let kept = record < PART || record % 3 == 2;
            assert_eq!(lists.get(record), if kept { expected(record) } else { Vec::new() });
        }
    }
}
