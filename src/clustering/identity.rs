//! Entity ids that outlive rebuilds: each cluster takes over the id with which it shares most
//! members. Pure: the ledger's state and the new clusters in, ids and events out.

use std::cmp::Reverse;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::ledger::{LedgerState, record_hash};
use crate::model::{Cause, EntityId, KeyRef, Keys, LedgerChange, RecordKey};

/// The clusters of a run.
#[derive(Clone, Copy, Debug)]
pub struct Clusters<'a> {
    /// Ordinals of each cluster's members, ascending; every ordinal once.
    pub members: &'a [Vec<u32>],
    /// Keys by ordinal.
    pub keys: &'a Keys,
    /// Records that are in no cluster and may have been in an entity before: deleted, merged away in
    /// their system, or not resolved.
    pub gone: &'a [RecordKey],
}

impl<'a> Clusters<'a> {
    /// The key that a number of a change stands for: an ordinal, or a place in `gone` after the last
    /// ordinal.
    pub fn key(&self, number: u32) -> KeyRef<'a> {
        match (number as usize).checked_sub(self.keys.len()) {
            None => self.keys.get(number),
            Some(at) => (&self.gone[at]).into(),
        }
    }
}

/// What happened since the last run.
#[derive(Clone, Copy, Debug)]
pub struct News<'a> {
    /// By ordinal: what touched a record that was resolved before.
    pub records: &'a [Option<Cause>],
    /// What everything else comes from.
    pub otherwise: Cause,
}

/// What a run makes of the ids.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    /// Id of each cluster, in the order given.
    pub ids: Vec<EntityId>,
    /// Nearest cause of what changed in each cluster.
    pub causes: Vec<Cause>,
    /// What changed, events of one cause together; at most one fate an id. [`Clusters::key`] tells
    /// whose.
    pub changes: Vec<(Cause, LedgerChange<u32>)>,
    /// Live records that had an entity before, and of these, how many have the same id now.
    pub known: u64,
    /// …
    pub unchanged: u64,
}

/// Gives every cluster its id. A cluster takes the id with which it shares most members (ties: the
/// oldest member), the larger part of a split keeps it. A cluster that gets none so takes an ended
/// id that its members held before, else a new one: `founding` derives it from its first record's
/// key. Deterministic; O(records).
pub fn identify(
    state: &LedgerState,
    clusters: Clusters<'_>,
    news: News<'_>,
    founding: impl Fn(KeyRef<'_>) -> EntityId + Sync,
) -> Identities {
    let (hashes, before) = where_they_were(state, clusters.keys);
    let mut naming =
        Naming { ids: vec![None; clusters.members.len()], taken: FxHashMap::default() };
    let all = (0..).zip(clusters.members).map(|(at, members)| (at, members.as_slice()));
    let claims = claims_of(all, |member, held| {
        held.extend(state.member(hashes[member as usize]));
    });
    naming.settle(&claims);
    let named: Vec<bool> = naming.ids.iter().map(Option::is_some).collect();
    let rest = (0..).zip(clusters.members).filter(|(at, _)| !named[*at as usize]);
    let former = claims_of(rest.map(|(at, members)| (at, members.as_slice())), |member, held| {
        let former = state.former(hashes[member as usize]).iter().rev();
        // The id held last comes first, and none that lives elsewhere.
        held.extend((0..).zip(former).map(|(rank, id)| (*id, rank)));
        held.retain(|(id, _)| state.is_ended(*id));
    });
    naming.settle(&former);
    // The id that a cluster has, else the first that it may get.
    let founded = naming.ids.par_iter().zip(clusters.members).map(|(named, members)| match named {
        Some(id) => (*id, true),
        None => (founding(clusters.keys.get(members[0])), false),
    });
    let founded: Vec<(EntityId, bool)> = founded.collect();
    let ids: Vec<EntityId> = (0..)
        .zip(founded)
        .map(|(at, (mut id, named))| {
            if !named {
                while state.is_issued(id) || naming.taken.contains_key(&id) {
                    id = EntityId::from_bits(xxhash_rust::xxh3::xxh3_64(&id.bits().to_be_bytes()));
                }
                naming.taken.insert(id, at);
            }
            id
        })
        .collect();
    let steps = Steps { state, clusters, before: &before, ids: &ids, claims: &claims };
    let causes = steps.causes(news);
    let changes = steps.changes(|record, cluster| match (record, cluster) {
        (Some((None, _)), _) => Cause::NewRecord,
        (Some((Some(_), record)), Some(at)) => {
            news.records[record as usize].unwrap_or(causes[at as usize])
        }
        (None, Some(at)) => causes[at as usize],
        (_, None) => Cause::DeletedRecord,
    });
    let mut out = Identities { causes, changes, ..Identities::default() };
    let mut cluster_of = vec![0_u32; clusters.keys.len()];
    for (at, members) in (0..).zip(clusters.members) {
        members.iter().for_each(|member| cluster_of[*member as usize] = at);
    }
    for (before, cluster) in before.iter().zip(cluster_of) {
        out.known += u64::from(before.is_some());
        out.unchanged += u64::from(*before == Some(ids[cluster as usize]));
    }
    out.ids = ids;
    out
}

/// What brings an earlier result back: its clusters with the ids that they had. O(records).
pub fn restore(state: &LedgerState, clusters: Clusters<'_>, ids: &[EntityId]) -> Vec<LedgerChange> {
    let (hashes, before) = where_they_were(state, clusters.keys);
    let all = (0..).zip(clusters.members).map(|(at, members)| (at, members.as_slice()));
    let claims = claims_of(all, |member, held| {
        held.extend(state.member(hashes[member as usize]));
    });
    let steps = Steps { state, clusters, before: &before, ids, claims: &claims };
    let changes = steps.changes(|_, _| Cause::Undo).into_iter();
    changes.map(|(_, change)| change.naming(|number| clusters.key(*number).to_key())).collect()
}

/// Hashes of records by ordinal, and the entity that each belonged to.
fn where_they_were(state: &LedgerState, keys: &Keys) -> (Vec<u128>, Vec<Option<EntityId>>) {
    let known = |at: u32| {
        let hash = record_hash(keys.get(at));
        (hash, state.entity_of(hash))
    };
    (0..keys.len() as u32).into_par_iter().map(known).unzip()
}

/// A cluster's claim to an id: most members first, then the oldest member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    shared: Reverse<u32>,
    oldest: u64,
    cluster: u32,
    id: EntityId,
}

/// The claims of clusters, strongest first. `held` adds the ids that a record speaks for, with an
/// age that settles ties.
fn claims_of<'a>(
    clusters: impl Iterator<Item = (u32, &'a [u32])>,
    held: impl Fn(u32, &mut Vec<(EntityId, u64)>),
) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut counts: FxHashMap<EntityId, (u32, u64)> = FxHashMap::default();
    let mut ids = Vec::new();
    for (cluster, members) in clusters {
        counts.clear();
        for member in members {
            ids.clear();
            held(*member, &mut ids);
            for (id, age) in &ids {
                let (shared, oldest) = counts.entry(*id).or_insert((0, u64::MAX));
                *shared += 1;
                *oldest = (*oldest).min(*age);
            }
        }
        claims.extend(counts.iter().map(|(id, (shared, oldest))| Claim {
            shared: Reverse(*shared),
            oldest: *oldest,
            cluster,
            id: *id,
        }));
    }
    claims.sort_unstable();
    claims
}

/// Ids as they are given out.
struct Naming {
    ids: Vec<Option<EntityId>>,
    taken: FxHashMap<EntityId, u32>,
}

impl Naming {
    fn settle(&mut self, claims: &[Claim]) {
        for claim in claims {
            let own = &mut self.ids[claim.cluster as usize];
            if own.is_none() && !self.taken.contains_key(&claim.id) {
                *own = Some(claim.id);
                self.taken.insert(claim.id, claim.cluster);
            }
        }
    }
}

/// From the ledger's state to clusters with their ids.
struct Steps<'a> {
    state: &'a LedgerState,
    clusters: Clusters<'a>,
    /// By ordinal: the entity that a record belonged to.
    before: &'a [Option<EntityId>],
    ids: &'a [EntityId],
    /// Claims to ids that live records hold.
    claims: &'a [Claim],
}

impl Steps<'_> {
    /// Nearest cause by cluster: what touched a member, or a record of an entity that a member
    /// comes from.
    fn causes(&self, news: News<'_>) -> Vec<Cause> {
        let mut of_entity: FxHashMap<EntityId, Cause> = FxHashMap::default();
        let mut touch = |id: EntityId, cause: Cause| {
            of_entity.entry(id).and_modify(|known| *known = cause.min(*known)).or_insert(cause);
        };
        for (before, cause) in self.before.iter().zip(news.records) {
            if let (Some(id), Some(cause)) = (before, cause) {
                touch(*id, *cause);
            }
        }
        for key in self.clusters.gone {
            if let Some(id) = self.state.entity_of(record_hash(key)) {
                touch(id, Cause::DeletedRecord);
            }
        }
        let of_record = |member: &u32| {
            let before = self.before[*member as usize];
            let own = match before {
                None => Some(Cause::NewRecord),
                Some(_) => news.records[*member as usize],
            };
            own.into_iter().chain(before.and_then(|id| of_entity.get(&id).copied())).min()
        };
        let of_cluster = |members: &Vec<u32>| members.iter().filter_map(of_record).min();
        self.clusters.members.iter().map(|m| of_cluster(m).unwrap_or(news.otherwise)).collect()
    }

    /// What changed, sorted by cause. `cause` gets the record that an event is about (its entity
    /// before, its ordinal) and the cluster, where there are.
    fn changes(
        &self,
        cause: impl Fn(Option<(Option<EntityId>, u32)>, Option<u32>) -> Cause,
    ) -> Vec<(Cause, LedgerChange<u32>)> {
        // Records that have no entity yet are most of what changes, and all of it at first.
        let mut out = Vec::with_capacity(self.before.iter().filter(|id| id.is_none()).count());
        let mut live: FxHashSet<EntityId> = FxHashSet::default();
        let mut begun: FxHashSet<EntityId> = FxHashSet::default();
        for (at, members) in (0..).zip(self.clusters.members) {
            let id = self.ids[at as usize];
            live.insert(id);
            if !self.state.is_issued(id) || self.state.is_ended(id) {
                begun.insert(id);
                let founder = members[0];
                let before = self.before[founder as usize];
                let change = LedgerChange::Created { entity: id, founder };
                out.push((cause(Some((before, founder)), Some(at)), change));
            }
        }
        // Ids that a cluster has members of but does not bear: merged, or split. The strongest
        // claim comes first, so that an id goes into the cluster that has most of it.
        let mut merged: FxHashSet<EntityId> = FxHashSet::default();
        for claim in self.claims {
            let own = self.ids[claim.cluster as usize];
            if own == claim.id {
                continue;
            }
            if !live.contains(&claim.id) {
                if merged.insert(claim.id) {
                    let change = LedgerChange::Merged { from: claim.id, into: own };
                    out.push((cause(None, Some(claim.cluster)), change));
                }
            } else if begun.contains(&own) {
                let change = LedgerChange::Split { from: claim.id, into: own };
                out.push((cause(None, Some(claim.cluster)), change));
            }
        }
        for (at, members) in (0..).zip(self.clusters.members) {
            let to = self.ids[at as usize];
            for member in members {
                let from = self.before[*member as usize];
                // Who founds an entity is told by its creation.
                let founder = *member == members[0] && from.is_none() && begun.contains(&to);
                if from != Some(to) && !founder {
                    let change = LedgerChange::Moved { record: *member, from, to: Some(to) };
                    out.push((cause(Some((from, *member)), Some(at)), change));
                }
            }
        }
        for (record, key) in (self.clusters.keys.len() as u32..).zip(self.clusters.gone) {
            if let Some(from) = self.state.entity_of(record_hash(key)) {
                let change = LedgerChange::Moved { record, from: Some(from), to: None };
                out.push((cause(None, None), change));
            }
        }
        for entity in self.state.live() {
            if !live.contains(&entity) && !merged.contains(&entity) {
                out.push((cause(None, None), LedgerChange::Retired { entity }));
            }
        }
        out.sort_by_key(|(cause, _)| *cause);
        out
    }
}

#[cfg(test)]
mod tests;
