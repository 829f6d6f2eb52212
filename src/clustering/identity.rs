//! Entity ids that outlive rebuilds: each cluster takes over the id with which it shares most
//! members. Pure: the ledger's state and the new clusters in, ids and events out.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{EntityId, LedgerChange, RecordKey};

/// Where every record belonged, and every id that was ever issued.
#[derive(Clone, Debug, Default)]
pub struct LedgerState {
    /// Entity of each record that has one, by [`record_hash`].
    pub member_of: FxHashMap<u128, EntityId>,
    /// Ids ever issued, with the position of their creation.
    pub issued: FxHashMap<EntityId, u64>,
    /// Ids that ended: the id they resolve to, or `None` once retired.
    pub ended: FxHashMap<EntityId, Option<EntityId>>,
}

/// 128 bits that stand for a record's key.
pub fn record_hash(key: &RecordKey) -> u128 {
    let mut name = Vec::with_capacity(key.source.len() + key.object.len() + key.id.len() + 2);
    for part in [key.source.as_bytes(), key.object.as_bytes(), key.id.as_bytes()] {
        name.extend_from_slice(part);
        name.push(0);
    }
    xxhash_rust::xxh3::xxh3_128(&name)
}

impl LedgerState {
    /// Follows an event.
    pub fn apply(&mut self, change: &LedgerChange) {
        match change {
            LedgerChange::Created { entity, founder } => {
                let position = self.issued.len() as u64;
                self.issued.entry(*entity).or_insert(position);
                self.ended.remove(entity);
                self.member_of.insert(record_hash(founder), *entity);
            }
            LedgerChange::Merged { from, into } => {
                self.ended.insert(*from, Some(*into));
            }
            LedgerChange::Split { into, .. } => {
                self.ended.remove(into);
            }
            LedgerChange::Retired { entity } => {
                self.ended.insert(*entity, None);
            }
            LedgerChange::Moved { record, to, .. } => match to {
                Some(to) => {
                    self.member_of.insert(record_hash(record), *to);
                }
                None => {
                    self.member_of.remove(&record_hash(record));
                }
            },
        }
    }

    /// The live id that an id resolves to; `None` once retired. Follows merges.
    pub fn resolve(&self, id: EntityId) -> Option<EntityId> {
        let mut id = id;
        // A chain is at most as long as there are ids; cycles cannot be written, but damage could.
        for _ in 0..=self.ended.len() {
            match self.ended.get(&id) {
                None => return Some(id),
                Some(next) => id = (*next)?,
            }
        }
        None
    }
}

/// What a rebuild makes of the ids.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    /// Id of each cluster, in the order given.
    pub ids: Vec<EntityId>,
    /// Events, in order.
    pub changes: Vec<LedgerChange>,
    /// Records that had an entity before, and of these, how many have the same id now.
    pub known: u64,
    /// …
    pub unchanged: u64,
}

/// Gives every cluster its id. `clusters` hold ordinals ascending; `keys[i]` is the key of record
/// `i`, `founding` derives an id from a key. Deterministic; O(records).
pub fn identify(
    state: &LedgerState,
    clusters: &[Vec<u32>],
    keys: &[RecordKey],
    founding: impl Fn(&RecordKey) -> EntityId,
) -> Identities {
    let mut out =
        Identities { ids: vec![EntityId::from_bits(0); clusters.len()], ..Identities::default() };
    let hashes: Vec<u128> = keys.iter().map(record_hash).collect();
    // (shared members, age of the id, cluster, id)
    let mut claims: Vec<(std::cmp::Reverse<u32>, u64, u32, EntityId)> = Vec::new();
    if !state.member_of.is_empty() {
        let mut counts: FxHashMap<EntityId, u32> = FxHashMap::default();
        for (at, members) in clusters.iter().enumerate() {
            counts.clear();
            for member in members {
                if let Some(id) = state.member_of.get(&hashes[*member as usize]) {
                    *counts.entry(*id).or_insert(0) += 1;
                }
            }
            for (id, count) in &counts {
                let age = state.issued.get(id).copied().unwrap_or(u64::MAX);
                claims.push((std::cmp::Reverse(*count), age, at as u32, *id));
            }
        }
        claims.sort_unstable();
    }
    let mut taken: FxHashMap<EntityId, u32> = FxHashMap::default();
    let mut given: Vec<bool> = vec![false; clusters.len()];
    for (_, _, at, id) in &claims {
        if !given[*at as usize] && !taken.contains_key(id) {
            given[*at as usize] = true;
            taken.insert(*id, *at);
            out.ids[*at as usize] = *id;
        }
    }
    let mut issued: FxHashSet<EntityId> = FxHashSet::default();
    for (at, members) in clusters.iter().enumerate() {
        if given[at] {
            if state.ended.contains_key(&out.ids[at]) {
                // The id was retired or merged and lives again.
                out.changes.push(LedgerChange::Created {
                    entity: out.ids[at],
                    founder: keys[members[0] as usize].clone(),
                });
            }
            continue;
        }
        let founder = &keys[members[0] as usize];
        let mut id = founding(founder);
        while state.issued.contains_key(&id) || !issued.insert(id) {
            let bits = xxhash_rust::xxh3::xxh3_64(&id.bits().to_be_bytes());
            id = EntityId::from_bits(bits);
        }
        out.ids[at] = id;
        out.changes.push(LedgerChange::Created { entity: id, founder: founder.clone() });
    }
    // Ids that a cluster has members of but not the name: merged or split off.
    for (_, _, at, id) in &claims {
        let own = out.ids[*at as usize];
        if own == *id {
            continue;
        }
        match taken.get(id) {
            None => {
                if state.resolve(*id) == Some(*id) && taken.insert(*id, *at).is_none() {
                    out.changes.push(LedgerChange::Merged { from: *id, into: own });
                }
            }
            Some(owner) if *owner != *at => {
                out.changes.push(LedgerChange::Split { from: *id, into: own });
            }
            Some(_) => {}
        }
    }
    let mut seen: FxHashSet<u128> = FxHashSet::default();
    for (at, members) in clusters.iter().enumerate() {
        for member in members {
            let hash = hashes[*member as usize];
            let before = state.member_of.get(&hash).copied();
            if !state.member_of.is_empty() {
                seen.insert(hash);
            }
            out.known += u64::from(before.is_some());
            out.unchanged += u64::from(before == Some(out.ids[at]));
            let founded = member == &members[0] && before.is_none() && !given[at];
            if before != Some(out.ids[at]) && !founded {
                out.changes.push(LedgerChange::Moved {
                    record: keys[*member as usize].clone(),
                    from: before,
                    to: Some(out.ids[at]),
                });
            }
        }
    }
    // Ids of which no member is live.
    let mut retired: Vec<EntityId> = state
        .issued
        .keys()
        .filter(|id| !taken.contains_key(*id) && !state.ended.contains_key(*id))
        .copied()
        .collect();
    retired.sort_unstable();
    out.changes.extend(retired.into_iter().map(|entity| LedgerChange::Retired { entity }));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> RecordKey {
        RecordKey::new("s", "o", id)
    }

    fn run(state: &mut LedgerState, clusters: &[&[&str]]) -> Vec<EntityId> {
        let mut names: Vec<&str> = clusters.iter().flat_map(|c| c.iter().copied()).collect();
        names.sort_unstable();
        let keys: Vec<RecordKey> = names.iter().map(|n| key(n)).collect();
        let mut sorted: Vec<Vec<u32>> = clusters
            .iter()
            .map(|c| {
                let mut c: Vec<u32> = c
                    .iter()
                    .filter_map(|n| names.binary_search(n).ok())
                    .map(|i| i as u32)
                    .collect();
                c.sort_unstable();
                c
            })
            .collect();
        sorted.sort();
        let founding = |k: &RecordKey| EntityId::from_bits(record_hash(k) as u64);
        let found = identify(state, &sorted, &keys, founding);
        for change in &found.changes {
            state.apply(change);
        }
        let of = |name: &str| {
            let at = names.binary_search(&name).unwrap_or(0) as u32;
            let cluster = sorted.iter().position(|c| c.contains(&at)).unwrap_or(0);
            found.ids[cluster]
        };
        clusters.iter().map(|c| of(c[0])).collect()
    }

    #[test]
    fn ids_survive_merges_and_splits() {
        let mut state = LedgerState::default();
        let first = run(&mut state, &[&["a", "b"], &["c"], &["d", "e"]]);
        assert_eq!(run(&mut state, &[&["a", "b"], &["c"], &["d", "e"]]), first);
        let merged = run(&mut state, &[&["a", "b", "c"], &["d", "e"]]);
        assert_eq!(merged, [first[0], first[2]]);
        assert_eq!(state.resolve(first[1]), Some(first[0]));
        let split = run(&mut state, &[&["a", "b"], &["c"], &["d"], &["e"]]);
        assert_eq!(split[0], first[0]);
        assert_eq!(split[2], first[2]);
        assert!(split[3] != first[2] && split[1] != first[0]);
        let deleted = run(&mut state, &[&["a", "b"]]);
        assert_eq!(deleted, [first[0]]);
        assert_eq!(state.resolve(first[2]), None);
    }
}
