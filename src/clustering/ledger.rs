//! Where every record belongs and what became of every id: the events of the identity ledger,
//! replayed.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::model::{Cause, EntityId, KeyRef, LedgerChange, LedgerEvent, RunBasis};

/// What the events of the ledger come to. Equal events give equal states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerState {
    /// By [`record_hash`]: the entity of a resolved record, and when it first had one.
    member_of: FxHashMap<u128, (EntityId, u64)>,
    /// Entities that a record belonged to before, the last one last.
    former: FxHashMap<u128, Vec<EntityId>>,
    /// Ids ever issued.
    issued: FxHashMap<EntityId, Life>,
    runs: Vec<(u32, RunBasis)>,
    /// Records that ever began to belong somewhere.
    seen: u64,
}

/// What became of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Live,
    Merged(EntityId),
    Retired,
}

/// What an id stands for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// An entity with live records.
    Live(EntityId),
    /// An entity whose records are all gone.
    Retired(EntityId),
}

/// 128 bits that stand for a record's key.
pub fn record_hash<'a>(key: impl Into<KeyRef<'a>>) -> u128 {
    let key = key.into();
    let mut name = Vec::with_capacity(key.source.len() + key.object.len() + key.id.len() + 2);
    for part in [key.source.as_bytes(), key.object.as_bytes(), key.id.as_bytes()] {
        name.extend_from_slice(part);
        name.push(0);
    }
    xxhash_rust::xxh3::xxh3_128(&name)
}

impl LedgerState {
    /// Follows an event.
    pub fn apply(&mut self, event: &LedgerEvent) {
        match &event.change {
            LedgerChange::Run(basis) => self.runs.push((event.run, basis.clone())),
            change => self.follow(change),
        }
    }

    /// Follows what events changed, in order; `key` tells the records that they name. Parallel where
    /// the order says nothing.
    pub fn follow_all<'a>(
        &mut self,
        changes: &[(Cause, LedgerChange<u32>)],
        key: impl Fn(u32) -> KeyRef<'a> + Sync,
    ) {
        /// Changes whose records are hashed before any is followed.
        const AT_ONCE: usize = 1 << 16;
        let joined = changes.iter().filter(|(_, change)| change.record().is_some()).count();
        self.member_of.reserve(joined.saturating_sub(self.member_of.len()));
        for changes in changes.chunks(AT_ONCE) {
            let hash = |number: &u32| record_hash(key(*number));
            let hashes = changes.par_iter().map(|(_, change)| change.record().map(hash));
            let hashes: Vec<Option<u128>> = hashes.collect();
            for ((_, change), hash) in changes.iter().zip(hashes) {
                self.follow_hashed(change, hash);
            }
        }
    }

    fn follow(&mut self, change: &LedgerChange) {
        self.follow_hashed(change, change.record().map(record_hash));
    }

    /// `hash` is that of the change's record.
    fn follow_hashed<R>(&mut self, change: &LedgerChange<R>, hash: Option<u128>) {
        let hash = hash.unwrap_or_default();
        match change {
            LedgerChange::Run(_) | LedgerChange::Golden { .. } => {}
            LedgerChange::Created { entity, .. } => {
                self.issued.insert(*entity, Life::Live);
                self.join(hash, *entity);
            }
            LedgerChange::Merged { from, into } => {
                self.issued.insert(*from, Life::Merged(*into));
            }
            LedgerChange::Split { into, .. } => {
                self.issued.insert(*into, Life::Live);
            }
            LedgerChange::Retired { entity } => {
                self.issued.insert(*entity, Life::Retired);
            }
            LedgerChange::Moved { from, to, .. } => {
                if let Some(from) = from {
                    let former = self.former.entry(hash).or_default();
                    former.retain(|id| id != from);
                    former.push(*from);
                }
                match to {
                    Some(to) => self.join(hash, *to),
                    None => {
                        self.member_of.remove(&hash);
                    }
                }
            }
        }
    }

    fn join(&mut self, record: u128, entity: EntityId) {
        self.seen += 1;
        let seen = self.seen;
        let member = self.member_of.entry(record).or_insert((entity, seen));
        member.0 = entity;
    }

    /// The entity of a resolved record, by its hash.
    pub fn entity_of(&self, record: u128) -> Option<EntityId> {
        self.member_of.get(&record).map(|(id, _)| *id)
    }

    /// The entity of a record that is resolved, else the one that it last belonged to.
    pub fn last_entity_of(&self, record: u128) -> Option<EntityId> {
        self.entity_of(record).or_else(|| self.former(record).last().copied())
    }

    /// Entities that a record belonged to before, the last one last.
    pub fn former(&self, record: u128) -> &[EntityId] {
        self.former.get(&record).map_or(&[], Vec::as_slice)
    }

    /// Entity and age of a resolved record: the smaller, the longer it has belonged somewhere.
    pub(super) fn member(&self, record: u128) -> Option<(EntityId, u64)> {
        self.member_of.get(&record).copied()
    }

    /// How many records are resolved.
    pub fn records(&self) -> usize {
        self.member_of.len()
    }

    /// Whether an id was ever given.
    pub fn is_issued(&self, id: EntityId) -> bool {
        self.issued.contains_key(&id)
    }

    /// Whether an id was given and is an alias, or retired.
    pub fn is_ended(&self, id: EntityId) -> bool {
        self.issued.get(&id).is_some_and(|life| *life != Life::Live)
    }

    /// Ids of live entities, ascending.
    pub fn live(&self) -> Vec<EntityId> {
        self.ids(|life| life == Life::Live)
    }

    /// Ids that are aliases or retired, ascending.
    pub fn ended(&self) -> Vec<EntityId> {
        self.ids(|life| life != Life::Live)
    }

    fn ids(&self, wanted: impl Fn(Life) -> bool) -> Vec<EntityId> {
        let mut ids: Vec<EntityId> =
            self.issued.iter().filter(|(_, life)| wanted(**life)).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    /// What an id stands for; follows merges. `None` if it was never given.
    pub fn resolve(&self, id: EntityId) -> Option<Resolved> {
        let mut id = id;
        // A chain is at most as long as there are ids; cycles cannot be written, but damage could.
        for _ in 0..=self.issued.len() {
            match self.issued.get(&id)? {
                Life::Live => return Some(Resolved::Live(id)),
                Life::Retired => return Some(Resolved::Retired(id)),
                Life::Merged(into) => id = *into,
            }
        }
        None
    }

    /// Runs and what they are made from, in order.
    pub fn runs(&self) -> &[(u32, RunBasis)] {
        &self.runs
    }

    /// The last run.
    pub fn last_run(&self) -> Option<&RunBasis> {
        self.runs.last().map(|(_, basis)| basis)
    }

    /// Rebuilds whose results are in force, or were before those: the last first.
    pub fn in_force(&self) -> Vec<u32> {
        let mut chain = Vec::new();
        let mut next = self.last_run().map(|basis| basis.results);
        while let Some(run) = next {
            chain.push(run);
            let basis = self.runs.iter().find(|(id, basis)| *id == run && basis.results == run);
            // Earlier runs have smaller ids: the chain ends, whatever the ledger says.
            next = basis.and_then(|(_, basis)| basis.before).filter(|before| *before < run);
        }
        chain
    }

    /// Rebuilds that were taken back, ascending.
    pub fn undone(&self) -> Vec<u32> {
        let in_force = self.in_force();
        let rebuilds = self.runs.iter().filter(|(run, basis)| *run == basis.results);
        rebuilds.map(|(run, _)| *run).filter(|run| !in_force.contains(run)).collect()
    }
}
