//! Ledger events as they are stored: pages of events of one cause, the same bytes in sled and in
//! `archive/ledger/`.
//!
//! The first rebuild of a million records founds about as many entities. An event that gives a
//! record's entity the id that [`founding_id`] derives from its key needs only the key.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, Result};
use crate::model::{Cause, EntityId, KeyRef, LedgerChange, LedgerEvent, RecordKey, RunBasis};
use crate::store::codec::{self, damaged};
use crate::store::durable;

const EVENTS_PER_PAGE: usize = 384;
const MAGIC: &[u8; 8] = b"SAMELED1";

/// The id that an entity founded by this record gets unless it is taken: events that follow it are
/// stored in about five bytes.
pub fn founding_id<'a>(key: impl Into<KeyRef<'a>>) -> EntityId {
    let key = key.into();
    let mut name = Vec::with_capacity(key.source.len() + key.object.len() + key.id.len() + 16);
    for part in [key.source, key.object, key.id] {
        name.extend_from_slice(&(part.len() as u64).to_le_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    EntityId::from_bits(xxh3_64(&name))
}

/// Events of one run and cause with consecutive sequences.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) first: u64,
    run: u32,
    cause: String,
    kinds: Vec<(Arc<str>, Arc<str>)>,
    changes: Vec<Change>,
}

type Id = [u8; 8];
/// Index into the page's kinds, record id.
type Key = (u32, Box<str>);

#[derive(Debug, Serialize, Deserialize)]
enum Change {
    Founded(Key),
    Created(Id, Key),
    Merged(Id, Id),
    Split(Id, Id),
    Retired(Id),
    Moved(Key, Option<Id>, Option<Id>),
    Run(RunBasis),
    Golden(Id, Vec<String>),
}

/// The first ledgers knew two causes only: `model`, and `records` for all others.
fn cause_of(text: &str) -> Result<Cause> {
    let known = Cause::ALL.into_iter().find(|cause| cause.as_str() == text);
    known
        .or_else(|| (text == "records").then_some(Cause::Other))
        .ok_or_else(|| damaged("a page of the ledger names a cause that nobody knows"))
}

fn pack_id(id: EntityId) -> Id {
    id.bits().to_le_bytes()
}

fn unpack_id(id: Id) -> EntityId {
    EntityId::from_bits(u64::from_le_bytes(id))
}

impl Page {
    pub(crate) fn run(&self) -> u32 {
        self.run
    }

    pub(crate) fn last(&self) -> u64 {
        self.first + self.changes.len() as u64 - 1
    }

    fn key(&mut self, key: KeyRef<'_>) -> Key {
        let known = self.kinds.iter().position(|(s, o)| s == key.source && o == key.object);
        let at = known.unwrap_or_else(|| {
            self.kinds.push((Arc::clone(key.source), Arc::clone(key.object)));
            self.kinds.len() - 1
        });
        (at as u32, key.id.into())
    }

    fn push(&mut self, change: LedgerChange<KeyRef<'_>>) {
        let change = match change {
            LedgerChange::Created { entity, founder } => {
                let key = self.key(founder);
                if founding_id(founder) == entity {
                    Change::Founded(key)
                } else {
                    Change::Created(pack_id(entity), key)
                }
            }
            LedgerChange::Merged { from, into } => Change::Merged(pack_id(from), pack_id(into)),
            LedgerChange::Split { from, into } => Change::Split(pack_id(from), pack_id(into)),
            LedgerChange::Retired { entity } => Change::Retired(pack_id(entity)),
            LedgerChange::Moved { record, from, to } => {
                Change::Moved(self.key(record), from.map(pack_id), to.map(pack_id))
            }
            LedgerChange::Run(basis) => Change::Run(basis),
            LedgerChange::Golden { entity, fields } => Change::Golden(pack_id(entity), fields),
        };
        self.changes.push(change);
    }

    /// The events, in order.
    pub(crate) fn events(self) -> Result<Vec<LedgerEvent>> {
        let kinds = self.kinds;
        let unpack_key = |(kind, id): Key| {
            let (source, object) = kinds
                .get(kind as usize)
                .ok_or_else(|| damaged("a page of the ledger contradicts itself"))?;
            Ok(RecordKey { source: Arc::clone(source), object: Arc::clone(object), id })
        };
        let unpack = |change| {
            Ok(match change {
                Change::Founded(key) => {
                    let founder = unpack_key(key)?;
                    LedgerChange::Created { entity: founding_id(&founder), founder }
                }
                Change::Created(id, key) => {
                    LedgerChange::Created { entity: unpack_id(id), founder: unpack_key(key)? }
                }
                Change::Merged(from, into) => {
                    LedgerChange::Merged { from: unpack_id(from), into: unpack_id(into) }
                }
                Change::Split(from, into) => {
                    LedgerChange::Split { from: unpack_id(from), into: unpack_id(into) }
                }
                Change::Retired(id) => LedgerChange::Retired { entity: unpack_id(id) },
                Change::Moved(key, from, to) => LedgerChange::Moved {
                    record: unpack_key(key)?,
                    from: from.map(unpack_id),
                    to: to.map(unpack_id),
                },
                Change::Run(basis) => LedgerChange::Run(basis),
                Change::Golden(id, fields) => {
                    LedgerChange::Golden { entity: unpack_id(id), fields }
                }
            })
        };
        let (run, cause) = (self.run, cause_of(&self.cause)?);
        (self.first..)
            .zip(self.changes)
            .map(|(sequence, change)| {
                Ok(LedgerEvent { sequence, run, cause, change: unpack(change)? })
            })
            .collect()
    }

    /// Reads a sealed page.
    pub(crate) fn open(sealed: &[u8]) -> Result<Self> {
        let page: Self = codec::open(sealed)?;
        if page.changes.is_empty() {
            Err(damaged("a page of the ledger is empty"))
        } else {
            Ok(page)
        }
    }
}

/// Sealed pages, each with its first sequence.
pub(crate) type Pages = Vec<(u64, Vec<u8>)>;

/// What an event is before it has its sequence: run, cause, change.
pub(crate) type Unnumbered<'a> = (u32, Cause, LedgerChange<KeyRef<'a>>);

/// Packs events into sealed pages, numbered from `first`: (first sequence, bytes). The sequence of
/// the last one comes with them.
pub(crate) fn pack<'a>(
    events: impl Iterator<Item = Unnumbered<'a>>,
    first: u64,
) -> Result<(Pages, u64)> {
    let mut pages = Vec::new();
    let mut open: Option<(Cause, Page)> = None;
    let mut next = first;
    let mut seal = |page: Page| -> Result<()> {
        pages.push((page.first, codec::seal(&page)?));
        Ok(())
    };
    for (run, cause, change) in events {
        let fits = |(of, page): &(Cause, Page)| {
            (page.run, *of) == (run, cause) && page.changes.len() < EVENTS_PER_PAGE
        };
        if let Some((_, page)) = open.take_if(|open| !fits(open)) {
            seal(page)?;
        }
        let new = || Page {
            first: next,
            run,
            cause: cause.as_str().to_owned(),
            kinds: Vec::new(),
            changes: Vec::with_capacity(EVENTS_PER_PAGE),
        };
        open.get_or_insert_with(|| (cause, new())).1.push(change);
        next += 1;
    }
    if let Some((_, page)) = open {
        seal(page)?;
    }
    Ok((pages, next - 1))
}

/// Writes pages as the archive's next segment: magic, then (length, page) pairs.
pub(crate) fn write_segment(folder: &Path, pages: &[(u64, Vec<u8>)]) -> Result<()> {
    let Some((first, _)) = pages.first() else { return Ok(()) };
    let path = folder.join(format!("{first:012}.bin"));
    let mut aside = durable::Aside::create(&path)?;
    let mut bytes = MAGIC.to_vec();
    for (_, page) in pages {
        bytes.extend_from_slice(&(page.len() as u32).to_le_bytes());
        bytes.extend_from_slice(page);
    }
    aside.file().write_all(&bytes).map_err(|e| Error::io(&path, e))?;
    aside.commit()
}

/// The segments of the archive, in order.
pub(crate) fn segments(folder: &Path) -> Result<Vec<PathBuf>> {
    let io = |e| Error::io(folder, e);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|e| e == "bin") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Sequence of a segment's first event, by its name.
pub(crate) fn first_of(path: &Path) -> u64 {
    path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse().ok()).unwrap_or(0)
}

/// Reads a segment's sealed pages.
pub(crate) fn read_segment(path: &Path) -> Result<Vec<Vec<u8>>> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    let broken = || damaged("a segment of the ledger is damaged").at(path.display());
    let mut rest = bytes.strip_prefix(MAGIC).ok_or_else(broken)?;
    let mut pages = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let (page, tail) = tail.split_at_checked(length).ok_or_else(broken)?;
        pages.push(page.to_vec());
        rest = tail;
    }
    if rest.is_empty() { Ok(pages) } else { Err(broken()) }
}

/// The pages of a segment that can be read, each with its first sequence, and whether these are all.
pub(crate) fn salvage_segment(path: &Path) -> Result<(Pages, bool)> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    let mut pages = Vec::new();
    let Some(mut rest) = bytes.strip_prefix(MAGIC) else { return Ok((pages, false)) };
    let mut whole = true;
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let Some((sealed, tail)) = tail.split_at_checked(length) else { return Ok((pages, false)) };
        match Page::open(sealed) {
            Ok(page) => pages.push((page.first, sealed.to_vec())),
            Err(_) => whole = false,
        }
        rest = tail;
    }
    Ok((pages, whole && rest.is_empty() && !bytes[MAGIC.len()..].is_empty()))
}

/// The last sequence that the archive holds, 0 if none.
pub(crate) fn last_archived(folder: &Path) -> Result<u64> {
    let Some(path) = segments(folder)?.pop() else { return Ok(0) };
    let at = |e: Error| e.at(path.display());
    let last =
        read_segment(&path)?.pop().ok_or_else(|| damaged("a segment of the ledger is empty"));
    Ok(Page::open(&last.map_err(at)?).map_err(at)?.last())
}
