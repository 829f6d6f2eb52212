//! Encoded canonical values, on disk while a run works: they are needed twice, in the order of the
//! records' keys, and would take more memory than all that is compared. Where most stand in the last
//! results, in that order, they are read there.

use std::sync::Arc;

use rayon::prelude::*;

use crate::error::{Error, ErrorKind, Result};
use crate::model::NormalRecord;
use crate::store::results::{Results, decode_normal, decode_normal_over, encode_normal};
use crate::store::{Scratch, Store};

/// Records that are read back together: decoded, some six megabytes, which caches hold while one
/// column after the other is filled.
pub const PIECE: u32 = 2_048;
/// Bytes that are read or gathered at a time.
const WINDOW: usize = 4 << 20;
/// Bytes that wait for all pieces together while values are sorted.
const WAITING: usize = 32 << 20;
/// Most files that values are sorted into, by a thread each.
const FILES: usize = 4;

/// Where the values of a record stand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    start: u64,
    length: u32,
}

/// Set in the start of what stands in the last results: the rest is its ordinal there.
const IN_RESULTS: u64 = 1 << 63;

impl Place {
    /// Whether there are no values.
    pub(super) fn is_empty(self) -> bool {
        self.length == 0
    }

    /// The values of a record of the last results.
    pub(super) fn in_results(ordinal: u32) -> Self {
        Self { start: IN_RESULTS | u64::from(ordinal), length: u32::MAX }
    }

    fn ordinal(self) -> Option<u32> {
        (self.start & IN_RESULTS != 0).then_some(self.start as u32)
    }
}

/// Values in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Gathered(Option<Scratch>);

/// Values in the order of their records.
#[derive(Debug)]
pub(super) enum Ordered {
    /// All in a file.
    Sorted(Sorted),
    /// Most in the last results.
    Merged(Merged),
}

impl Default for Ordered {
    fn default() -> Self {
        Self::Sorted(Sorted::default())
    }
}

impl Ordered {
    /// The values of a piece's records: those from `piece` × [`PIECE`] on.
    pub(super) fn piece(&self, piece: u32) -> Result<Segment> {
        match self {
            Self::Sorted(sorted) => sorted.piece(piece),
            Self::Merged(merged) => merged.piece(piece),
        }
    }
}

/// Values that stand in the last results, and those that do not.
#[derive(Debug)]
pub(super) struct Merged {
    results: Arc<Results>,
    others: Option<Scratch>,
    places: Vec<Place>,
}

impl Merged {
    fn piece(&self, piece: u32) -> Result<Segment> {
        let first = (piece as usize * PIECE as usize).min(self.places.len());
        let places = &self.places[first..self.places.len().min(first + PIECE as usize)];
        let mut segment = Segment { bytes: Vec::new(), spans: vec![(0, 0); places.len()] };
        let mut add = |at: usize, value: &[u8]| {
            let start = segment.bytes.len();
            segment.bytes.extend_from_slice(value);
            segment.spans[at] = (start as u32, segment.bytes.len() as u32);
        };
        // In both orders keys ascend.
        let held = places.iter().enumerate();
        let held: Vec<(u32, usize)> =
            held.filter_map(|(at, place)| Some((place.ordinal()?, at))).collect();
        if let (Some((low, _)), Some((high, _))) = (held.first(), held.last()) {
            let mut held = held.iter().peekable();
            self.results.scan_normals(*low..high + 1, |ordinal, value| {
                if let Some((_, at)) = held.next_if(|(wanted, _)| *wanted == ordinal) {
                    add(*at, value);
                }
                Ok(())
            })?;
        }
        let mut value = Vec::new();
        for (at, place) in places.iter().enumerate().filter(|(_, p)| p.ordinal().is_none()) {
            value.resize(place.length as usize, 0);
            match &self.others {
                Some(file) => file.read(place.start, &mut value)?,
                None => return Err(Error::new(ErrorKind::Io, "a file of the run is gone")),
            }
            add(at, &value);
        }
        Ok(segment)
    }
}

/// Values in a file, in the order of their records.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// Pieces are dealt out to them in turn.
    files: Vec<Scratch>,
    /// By file.
    parts: Vec<Parts>,
    records: u32,
}

/// Where the parts of each piece of a file are.
type Parts = Vec<Vec<Place>>;

/// Encoded values of consecutive records.
#[derive(Default)]
pub struct Segment {
    bytes: Vec<u8>,
    /// Start and end by record.
    spans: Vec<(u32, u32)>,
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Segment({} records <redacted>)", self.spans.len())
    }
}

impl Segment {
    /// Adds a record's values.
    ///
    /// # Errors
    /// Never in practice; encoding reports what it cannot write.
    pub fn push(&mut self, normal: &NormalRecord) -> Result<()> {
        let start = self.bytes.len() as u32;
        encode_normal(normal, &mut self.bytes)?;
        self.spans.push((start, self.bytes.len() as u32));
        Ok(())
    }

    /// Adds a record that has none.
    pub(super) fn push_nothing(&mut self) {
        self.push_encoded(&[]);
    }

    /// Adds a record's encoded values.
    pub(super) fn push_encoded(&mut self, encoded: &[u8]) {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(encoded);
        self.spans.push((start, self.bytes.len() as u32));
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Encoded values of one record.
    pub fn get(&self, at: usize) -> &[u8] {
        let (start, end) = self.spans[at];
        &self.bytes[start as usize..end as usize]
    }

    /// Values of all records. Parallel.
    ///
    /// # Errors
    /// They are damaged.
    pub fn decode(&self) -> Result<Vec<NormalRecord>> {
        let all = (0..self.len()).into_par_iter().with_min_len(64);
        all.map(|at| decode_normal(self.get(at))).collect()
    }

    /// As [`Segment::decode`], over earlier records, whose lists are used again.
    ///
    /// # Errors
    /// They are damaged; the records are then anything.
    pub fn decode_over(&self, records: &mut Vec<NormalRecord>) -> Result<()> {
        records.resize_with(self.len(), NormalRecord::default);
        let all = records.par_iter_mut().enumerate().with_min_len(64);
        all.try_for_each(|(at, record)| decode_normal_over(self.get(at), record))
    }
}

impl Gathered {
    /// Adds a segment; returns where each of its records stands.
    pub(super) fn add(
        &mut self,
        store: &Store,
        segment: &Segment,
    ) -> Result<impl Iterator<Item = Place> + use<>> {
        if self.0.is_none() {
            self.0 = Some(store.scratch()?);
        }
        let file = self.0.as_mut().expect("it was made above");
        let first = file.append(&segment.bytes)?;
        let spans = segment.spans.clone().into_iter();
        Ok(spans.map(move |(start, end)| Place {
            start: first + u64::from(start),
            length: end - start,
        }))
    }

    /// Leaves values where they are, some of them in the last results.
    pub(super) fn merge(self, results: Arc<Results>, places: Vec<Place>) -> Merged {
        Merged { results, others: self.0, places }
    }

    /// Brings values into the order of their records. O(n log n); each byte is written once, in large
    /// runs. Parallel: pieces are dealt out to some files, by a thread each that reads all.
    pub(super) fn sort(self, store: &Store, places: &[Place]) -> Result<Sorted> {
        let records = places.len() as u32;
        let pieces = records.div_ceil(PIECE) as usize;
        let Some(from) = self.0 else { return Ok(Sorted::default()) };
        let mut order: Vec<u32> = (0..records).collect();
        order.par_sort_unstable_by_key(|at| (places[*at as usize].start, *at));
        let most = (WAITING / pieces.max(1)).clamp(4 << 10, 256 << 10);
        let count = rayon::current_num_threads().min(FILES);
        let files: Result<Vec<Scratch>> = (0..count).map(|_| store.scratch()).collect();
        let mut files = files?;
        let dealt = files.par_iter_mut().enumerate().map(|(dealt, file)| -> Result<Parts> {
            let mut parts: Parts = vec![Vec::new(); pieces.div_ceil(count)];
            let mut waiting = vec![Vec::new(); parts.len()];
            let mut flush = |bytes: &mut Vec<u8>, parts: &mut Vec<Place>| -> Result<()> {
                let length = bytes.len() as u32;
                parts.push(Place { start: file.append(bytes)?, length });
                bytes.clear();
                Ok(())
            };
            let mut window = Window::default();
            for at in &order {
                let piece = (at / PIECE) as usize;
                if piece % count != dealt {
                    continue;
                }
                let value = window.get(&from, places[*at as usize])?;
                let bytes: &mut Vec<u8> = &mut waiting[piece / count];
                bytes.extend_from_slice(&at.to_le_bytes());
                bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
                bytes.extend_from_slice(value);
                if bytes.len() >= most {
                    flush(bytes, &mut parts[piece / count])?;
                }
            }
            for (bytes, parts) in waiting.iter_mut().zip(&mut parts) {
                if !bytes.is_empty() {
                    flush(bytes, parts)?;
                }
            }
            Ok(parts)
        });
        let dealt: Result<Vec<Parts>> = dealt.collect();
        Ok(Sorted { parts: dealt?, files, records })
    }
}

/// A stretch of a file in memory; moves forward.
#[derive(Default)]
struct Window {
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    fn get(&mut self, file: &Scratch, place: Place) -> Result<&[u8]> {
        let length = place.length as usize;
        let end = place.start + u64::from(place.length);
        if place.start < self.start || end > self.start + self.bytes.len() as u64 {
            self.start = place.start;
            let rest = usize::try_from(file.len().saturating_sub(place.start)).unwrap_or(WINDOW);
            self.bytes.resize(rest.min(WINDOW).max(length), 0);
            file.read(self.start, &mut self.bytes)?;
        }
        let at = (place.start - self.start) as usize;
        Ok(&self.bytes[at..at + length])
    }
}

impl Sorted {
    fn piece(&self, piece: u32) -> Result<Segment> {
        let count = self.files.len().max(1);
        let (dealt, at) = (piece as usize % count, piece as usize / count);
        let parts = self.parts.get(dealt).and_then(|parts| parts.get(at));
        let Some((file, parts)) = self.files.get(dealt).zip(parts) else {
            return Ok(Segment::default());
        };
        let length: usize = parts.iter().map(|part| part.length as usize).sum();
        let mut bytes = vec![0; length];
        let mut at = 0;
        for part in parts {
            let end = at + part.length as usize;
            file.read(part.start, &mut bytes[at..end])?;
            at = end;
        }
        let first = piece * PIECE;
        let mut spans = vec![(0, 0); PIECE.min(self.records - first) as usize];
        let changed = || Error::new(ErrorKind::Io, "a file of the run has changed under it");
        let mut at = 0;
        while at < length {
            let head = bytes.get(at..at + 8).ok_or_else(changed)?;
            let (ordinal, size) = head.split_at(4);
            let number = |four: &[u8]| u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
            let (ordinal, size) = (number(ordinal), number(size));
            let start = at as u32 + 8;
            let span = ordinal.checked_sub(first).and_then(|n| spans.get_mut(n as usize));
            *span.ok_or_else(changed)? = (start, start + size);
            at = (start + size) as usize;
        }
        if at == length { Ok(Segment { bytes, spans }) } else { Err(changed()) }
    }
}
