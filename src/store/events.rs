//! Judgements and ledger events: appended to sled, then to the archive, then acknowledged.

use crate::error::Result;
use crate::model::{Judgement, LedgerEvent};
use crate::store::ground::{Ground, Table};
use crate::store::{Store, codec, ledger, locked};

/// Judgements of a bulk import that share a value.
const JUDGEMENTS_PER_PAGE: usize = 32;

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
        let ground = self.may_write()?;
        let mut state = locked(&self.state).clone();
        let first = state.judgements + 1;
        for (sequence, judgement) in (first..).zip(&mut judgements) {
            judgement.sequence = sequence;
        }
        if judgements.is_empty() {
            return Ok(state.judgements);
        }
        state.judgements += judgements.len() as u64;
        let last = state.judgements;
        self.decisive(|| {
            let mut batcher = ground.batcher();
            for page in judgements.chunks(JUDGEMENTS_PER_PAGE) {
                let key = page[0].sequence.to_be_bytes();
                batcher.put(Table::Judgements, &key, &codec::seal(page)?)?;
            }
            batcher.apply()?;
            ground.flush()?;
            self.commit_state(ground, state)?;
            self.judged.append(&judgements)
        })?;
        Ok(last)
    }

    pub(super) fn judgements_in_sled(&self, ground: &Ground) -> Result<Vec<Judgement>> {
        let mut all = Vec::new();
        ground.scan(Table::Judgements, b"", b"", |_, sealed| {
            all.extend(codec::open::<Vec<Judgement>>(&sealed)?);
            Ok(true)
        })?;
        let known = locked(&self.state).judgements;
        all.retain(|judgement| judgement.sequence <= known);
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
            for sealed in ledger::read_segment(path)? {
                let page = ledger::Page::open(&sealed).map_err(|e| e.at(path.display()))?;
                if page.last() < from {
                    continue;
                }
                page.events()?
                    .into_iter()
                    .filter(|e| e.sequence >= from)
                    .try_for_each(&mut visit)?;
            }
        }
        Ok(())
    }

    /// Appends events; their sequences are given here. Returns the last sequence once all are
    /// durable. Events of one cause should come together, and a rebuild's in one call or a few.
    ///
    /// # Errors
    /// The store is not open for writing, or writing fails.
    pub fn append_ledger(&self, events: &[LedgerEvent]) -> Result<u64> {
        let ground = self.may_write()?;
        let mut state = locked(&self.state).clone();
        if events.is_empty() {
            return Ok(state.ledger);
        }
        let pages = ledger::pack(events, state.ledger + 1)?;
        state.ledger += events.len() as u64;
        let last = state.ledger;
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
