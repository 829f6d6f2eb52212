use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::clustering::Resolved;
use crate::model::LedgerEvent;

fn key(record: u8) -> RecordKey {
    RecordKey::new("s", "o", &format!("{record:03}"))
}

/// Cluster by record: any partition of any records.
type Partition = BTreeMap<u8, u8>;

/// A ledger that is lived through.
#[derive(Default)]
struct Life {
    state: LedgerState,
    events: Vec<LedgerEvent>,
    /// Every record that was ever seen.
    seen: std::collections::BTreeSet<u8>,
}

struct Shape {
    names: Vec<u8>,
    keys: Keys,
    members: Vec<Vec<u32>>,
    gone: Vec<RecordKey>,
}

impl Shape {
    fn clusters(&self) -> Clusters<'_> {
        Clusters { members: &self.members, keys: &self.keys, gone: &self.gone }
    }
}

impl Life {
    fn shape(&mut self, partition: &Partition) -> Shape {
        self.seen.extend(partition.keys());
        let names: Vec<u8> = partition.keys().copied().collect();
        let mut by_label: BTreeMap<u8, Vec<u32>> = BTreeMap::new();
        for (ordinal, label) in (0..).zip(partition.values()) {
            by_label.entry(*label).or_default().push(ordinal);
        }
        let mut members: Vec<Vec<u32>> = by_label.into_values().collect();
        members.sort();
        let gone = self.seen.iter().filter(|r| !partition.contains_key(r)).map(|r| key(*r));
        Shape {
            keys: names.iter().map(|r| key(*r)).collect::<Vec<_>>().iter().collect(),
            gone: gone.collect(),
            names,
            members,
        }
    }

    fn keep(&mut self, changes: Vec<(Cause, LedgerChange)>) {
        for (cause, change) in changes {
            let sequence = self.events.len() as u64 + 1;
            let event = LedgerEvent { sequence, run: 1, cause, change };
            self.state.apply(&event);
            self.events.push(event);
        }
    }

    /// One rebuild; the id of every record.
    fn run(&mut self, partition: &Partition) -> BTreeMap<u8, EntityId> {
        let shape = self.shape(partition);
        let news = vec![None; shape.keys.len()];
        let news = News { records: &news, otherwise: Cause::Other };
        let founding = |k: KeyRef<'_>| EntityId::from_bits(record_hash(k) as u64);
        let found = identify(&self.state, shape.clusters(), news, founding);
        let key = |number: &u32| shape.clusters().key(*number).to_key();
        let changes = found.changes.iter().map(|(cause, change)| (*cause, change.naming(key)));
        self.keep(changes.collect());
        let mut ids = BTreeMap::new();
        for (members, id) in shape.members.iter().zip(found.ids) {
            ids.extend(members.iter().map(|m| (shape.names[*m as usize], id)));
        }
        ids
    }

    /// Brings back what an earlier rebuild gave.
    fn undo(&mut self, partition: &Partition, ids: &BTreeMap<u8, EntityId>) {
        let shape = self.shape(partition);
        let of = |members: &Vec<u32>| ids[&shape.names[members[0] as usize]];
        let ids: Vec<EntityId> = shape.members.iter().map(of).collect();
        let changes = restore(&self.state, shape.clusters(), &ids);
        self.keep(changes.into_iter().map(|change| (Cause::Undo, change)).collect());
    }

    /// What must hold after every step.
    fn check(&self, now: &BTreeMap<u8, EntityId>) {
        let mut replayed = LedgerState::default();
        self.events.iter().for_each(|event| replayed.apply(event));
        assert_eq!(replayed, self.state, "the events give the present state");
        assert_eq!(self.state.records(), now.len(), "every live record has one entity");
        for (record, id) in now {
            assert_eq!(self.state.entity_of(record_hash(&key(*record))), Some(*id));
        }
        let live: std::collections::BTreeSet<EntityId> = now.values().copied().collect();
        assert_eq!(self.state.live(), Vec::from_iter(live.iter().copied()));
        for event in &self.events {
            let LedgerChange::Created { entity, .. } = &event.change else { continue };
            match self.state.resolve(*entity) {
                Some(Resolved::Live(id)) => assert!(live.contains(&id)),
                Some(Resolved::Retired(id)) => assert!(!live.contains(&id)),
                None => panic!("{entity} was given and resolves to nothing"),
            }
        }
    }
}

fn partition(clusters: &[&[u8]]) -> Partition {
    let labelled = (0..).zip(clusters);
    labelled.flat_map(|(label, records)| records.iter().map(move |r| (*r, label))).collect()
}

#[test]
fn ids_survive_merges_splits_and_deletions() {
    let mut life = Life::default();
    let first = life.run(&partition(&[&[1, 2], &[3], &[4, 5]]));
    assert_eq!(life.run(&partition(&[&[1, 2], &[3], &[4, 5]])), first);
    let merged = life.run(&partition(&[&[1, 2, 3], &[4, 5]]));
    assert_eq!((merged[&3], merged[&4]), (first[&1], first[&4]));
    assert_eq!(life.state.resolve(first[&3]), Some(Resolved::Live(first[&1])));
    let split = life.run(&partition(&[&[1, 2], &[3], &[4], &[5]]));
    assert_eq!(split[&1], first[&1]);
    assert_eq!(split[&3], first[&3], "the id held before comes back");
    assert_eq!(split[&4], first[&4], "of equal parts the one with the oldest member keeps it");
    assert!(split[&5] != first[&4]);
    life.run(&partition(&[&[1, 2]]));
    assert_eq!(life.state.resolve(first[&4]), Some(Resolved::Retired(first[&4])));
    let back = life.run(&partition(&[&[1, 2], &[4, 5]]));
    assert_eq!(back[&4], first[&4], "a record that comes back brings its entity back");
    life.check(&back);
}

#[test]
fn a_tie_is_settled_by_the_oldest_member() {
    let mut life = Life::default();
    let first = life.run(&partition(&[&[9]]));
    let second = life.run(&partition(&[&[9], &[1]]));
    let merged = life.run(&partition(&[&[1, 9]]));
    assert_eq!(merged[&1], first[&9], "9 was there first, though 1 has the smaller key");
    assert_eq!(life.state.resolve(second[&1]), Some(Resolved::Live(first[&9])));
}

#[test]
fn the_nearest_cause_is_named() {
    let mut life = Life::default();
    life.run(&partition(&[&[1, 2, 3], &[4]]));
    let mut causes = |clusters: &[&[u8]], news: &[(u8, Cause)]| {
        let shape = life.shape(&partition(clusters));
        let of = |r: &u8| news.iter().find(|(record, _)| record == r).map(|(_, cause)| *cause);
        let records: Vec<Option<Cause>> = shape.names.iter().map(of).collect();
        let news = News { records: &records, otherwise: Cause::Configuration };
        let founding = |k: KeyRef<'_>| EntityId::from_bits(record_hash(k) as u64);
        let mut found = identify(&life.state, shape.clusters(), news, founding).changes;
        found.retain(|(_, change)| !matches!(change, LedgerChange::Split { .. }));
        found.into_iter().map(|(cause, _)| cause.as_str()).collect::<Vec<_>>()
    };
    // 3 parts from 1 and 2: because of itself, of one that stays, or of nothing that is near.
    let parted: &[&[u8]] = &[&[1, 2], &[3], &[4]];
    assert_eq!(causes(parted, &[(3, Cause::ChangedRecord)]), ["changed record"; 2]);
    assert_eq!(causes(parted, &[(1, Cause::Judgement)]), ["judgement"; 2]);
    assert_eq!(causes(parted, &[(4, Cause::Judgement)]), ["configuration"; 2]);
    // A new record joins; another one brings two entities together.
    assert_eq!(causes(&[&[1, 2, 3, 5], &[4]], &[]), ["new record"]);
    assert_eq!(causes(&[&[1, 2, 3, 4, 5]], &[]), ["new record"; 3]);
    // 4 is deleted: it leaves, and its entity ends.
    assert_eq!(causes(&[&[1, 2, 3]], &[]), ["deleted record"; 2]);
}

fn partitions() -> impl Strategy<Value = Vec<(Partition, bool)>> {
    let partition = proptest::collection::btree_map(0_u8..24, 0_u8..8, 0..24);
    proptest::collection::vec((partition, prop::bool::weighted(0.2)), 1..12)
}

proptest! {
    /// Whatever clusters follow each other, and whatever is undone between.
    #[test]
    fn every_id_resolves_and_the_events_give_the_state(steps in partitions()) {
        let mut life = Life::default();
        let mut past: Vec<(Partition, BTreeMap<u8, EntityId>)> = Vec::new();
        for (partition, undo) in steps {
            if undo && past.len() > 1 {
                let undone = past.pop();
                let (before, ids) = past.last().unwrap().clone();
                life.undo(&before, &ids);
                life.check(&ids);
                // The same again: the ids of the undone run come back.
                if let Some((partition, ids)) = undone {
                    prop_assert_eq!(&life.run(&partition), &ids);
                    life.check(&ids);
                    life.undo(&before, &past.last().unwrap().1);
                }
            }
            let ids = life.run(&partition);
            life.check(&ids);
            prop_assert_eq!(&life.run(&partition), &ids, "nothing new changes nothing");
            past.push((partition, ids));
        }
    }
}
