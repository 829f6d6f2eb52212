//! Judgements and ledger events: appended to sled, then to the archive, then acknowledged.

use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Result;
use crate::model::{Cause, Judgement, KeyRef, LedgerChange, LedgerEvent};
use crate::store::ground::{Ground, Table};
use crate::store::journal::Journal;
use crate::store::{State, Store, codec, ledger, locked};

/// Entries of a bulk import that share a value.
const ENTRIES_PER_PAGE: usize = 32;
/// Pages of the ledger that are read together, in parallel.
const PAGES_AT_ONCE: usize = 64;

/// An entry of a journal that also stands in sled, in pages under its first entry's sequence.
pub(super) trait Numbered: Serialize + DeserializeOwned {
    fn sequence(&self) -> u64;
    fn number(&mut self, sequence: u64);
}

impl Numbered for Judgement {
    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn number(&mut self, sequence: u64) {
        self.sequence = sequence;
    }
}

impl Store {
    /// All judgements in order. Needs neither lock nor sled.
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn judgements(&self) -> Result<Vec<Judgement>> {
        self.judged.entries()
    }

    /// Keeps a judgement; returns its sequence once it is durable.
    ///
    /// # Errors
    /// The store is not open for writing, or writing fails.
    pub fn add_judgement(&self, judgement: Judgement) -> Result<u64> {
        self.add_judgements(vec![judgement])
    }

    /// Keeps many judgements at the cost of one; returns the sequence of the last (0 for none in
    /// an empty store) once all are durable.
    ///
    /// # Errors
    /// As [`Store::add_judgement`].
    pub fn add_judgements(&self, mut judgements: Vec<Judgement>) -> Result<u64> {
        let mut state = locked(&self.state).clone();
        let first = state.judgements + 1;
        state.judgements += judgements.len() as u64;
        let last = state.judgements;
        self.keep(Table::Judgements, &self.judged, first, &mut judgements, state)?;
        Ok(last)
    }

    /// Numbers entries from `first` on and makes them durable: sled, the state that names them,
    /// the journal.
    pub(super) fn keep<T: Numbered>(
        &self,
        table: Table,
        journal: &Journal<T>,
        first: u64,
        entries: &mut [T],
        state: State,
    ) -> Result<()> {
        let ground = self.may_write()?;
        if entries.is_empty() {
            return Ok(());
        }
        (first..).zip(&mut *entries).for_each(|(sequence, entry)| entry.number(sequence));
        self.decisive(|| {
            put_entries(ground, table, entries)?;
            ground.flush()?;
            self.commit_state(ground, state)?;
            journal.append(&*entries)
        })
    }

    /// The first `known` entries of a table.
    pub(super) fn entries_in_sled<T: Numbered>(
        &self,
        ground: &Ground,
        table: Table,
        known: u64,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        ground.scan(table, b"", b"", |_, sealed| {
            all.extend(codec::open::<Vec<T>>(&sealed)?);
            Ok(true)
        })?;
        all.retain(|entry| entry.sequence() <= known);
        Ok(all)
    }

    /// All events of the identity ledger, in order. Needs neither lock nor sled. For a large
    /// ledger, [`Store::visit_ledger`] keeps memory low.
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn ledger(&self) -> Result<Vec<LedgerEvent>> {
        let mut events = Vec::new();
        self.visit_ledger(1, |event| {
            events.push(event);
            Ok(())
        })?;
        Ok(events)
    }

    /// Visits the events from a sequence on, in order.
    ///
    /// # Errors
    /// `Corrupted`, `Io`, and what `visit` returns.
    pub fn visit_ledger(
        &self,
        from: u64,
        mut visit: impl FnMut(LedgerEvent) -> Result<()>,
    ) -> Result<()> {
        let segments = ledger::segments(&self.ledger_folder())?;
        let start = segments.partition_point(|path| ledger::first_of(path) <= from);
        for path in &segments[start.saturating_sub(1)..] {
            for sealed in ledger::read_segment(path)?.chunks(PAGES_AT_ONCE) {
                let read = |sealed: &Vec<u8>| {
                    let page = ledger::Page::open(sealed).map_err(|e| e.at(path.display()))?;
                    if page.last() < from { Ok(Vec::new()) } else { page.events() }
                };
                let pages: Vec<Result<Vec<LedgerEvent>>> = sealed.par_iter().map(read).collect();
                for events in pages {
                    let mut events = events?.into_iter().filter(|event| event.sequence >= from);
                    events.try_for_each(&mut visit)?;
                }
            }
        }
        Ok(())
    }

    /// Appends events; their sequences are given here. Returns the last sequence once all are
    /// durable. Events of one cause should come together, and a rebuild's in one call or a few.
    ///
    /// # Errors
    /// The store is not open for writing, or writing fails.
    pub fn append_ledger<'a>(&self, events: &'a [LedgerEvent]) -> Result<u64> {
        let named = |event: &'a LedgerEvent| event.change.naming(KeyRef::from);
        self.append_to_ledger(events.iter().map(|event| (event.run, event.cause, named(event))))
    }

    /// As [`Store::append_ledger`], the events of one run as they come.
    ///
    /// # Errors
    /// As [`Store::append_ledger`].
    pub fn append_changes<'a>(
        &self,
        run: u32,
        changes: impl Iterator<Item = (Cause, LedgerChange<KeyRef<'a>>)>,
    ) -> Result<u64> {
        self.append_to_ledger(changes.map(|(cause, change)| (run, cause, change)))
    }

    fn append_to_ledger<'a>(
        &self,
        events: impl Iterator<Item = ledger::Unnumbered<'a>>,
    ) -> Result<u64> {
        let ground = self.may_write()?;
        let mut state = locked(&self.state).clone();
        let (pages, last) = ledger::pack(events, state.ledger + 1)?;
        if pages.is_empty() {
            return Ok(last);
        }
        state.ledger = last;
        self.decisive(|| {
            let mut batcher = ground.batcher();
            for (first, sealed) in &pages {
                batcher.put(Table::Ledger, &first.to_be_bytes(), sealed)?;
            }
            batcher.apply()?;
            ground.flush()?;
            self.commit_state(ground, state)?;
            ledger::write_segment(&self.ledger_folder(), &pages)
        })?;
        Ok(last)
    }

    /// The sealed pages from a sequence on.
    pub(super) fn ledger_in_sled(&self, ground: &Ground, from: u64) -> Result<Vec<(u64, Vec<u8>)>> {
        let mut pages = Vec::new();
        let known = locked(&self.state).ledger;
        ground.scan(Table::Ledger, b"", &from.to_be_bytes(), |key, sealed| {
            let first = key.try_into().map(u64::from_be_bytes).unwrap_or(u64::MAX);
            if first <= known {
                pages.push((first, sealed));
            }
            Ok(true)
        })?;
        Ok(pages)
    }
}

/// Hands numbered entries to sled, in pages.
pub(super) fn put_entries<T: Numbered>(ground: &Ground, table: Table, entries: &[T]) -> Result<()> {
    let mut batcher = ground.batcher();
    for page in entries.chunks(ENTRIES_PER_PAGE) {
        batcher.put(table, &page[0].sequence().to_be_bytes(), &codec::seal(page)?)?;
    }
    batcher.apply()
}
