//! The blocking index against a map.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sameas::blocking::index::{BlockIndex, Bucket};

const SECRET: [u8; 32] = [7; 32];

type Model = BTreeMap<u64, BTreeSet<u64>>;

fn check(index: &BlockIndex, model: &Model) {
    let mut walked = Vec::new();
    let walk = index.walk(|key, records| {
        walked.push((key, records.to_vec()));
        Ok(())
    });
    walk.unwrap();
    let shared: Vec<(u64, Vec<u64>)> = model
        .iter()
        .filter(|(_, records)| records.len() > 1)
        .map(|(key, records)| (*key, records.iter().copied().collect()))
        .collect();
    assert_eq!(walked, shared);
    let mut folded = Vec::new();
    let map = |bucket: &Bucket| {
        bucket.blocks().map(|(key, records)| (key, records.to_vec())).collect::<Vec<_>>()
    };
    let fold = |mut blocks| {
        folded.append(&mut blocks);
        Ok(())
    };
    index.fold_buckets(map, fold).unwrap();
    assert_eq!(folded, shared);
    // Those of every third record, and some keys that anybody or nobody has.
    let third = |record: u64| record.is_multiple_of(3);
    let mut asked: Vec<u64> = model.keys().copied().step_by(2).chain([12_345]).collect();
    asked.sort_unstable();
    let wanted = |key: u64, records: &BTreeSet<u64>| {
        records.iter().any(|record| third(*record)) || asked.binary_search(&key).is_ok()
    };
    let mut expected: BTreeMap<u64, Vec<u64>> = asked.iter().map(|key| (*key, vec![])).collect();
    for (key, records) in model.iter().filter(|(key, records)| wanted(**key, records)) {
        expected.insert(*key, records.iter().copied().collect());
    }
    let mut folded = Vec::new();
    let fold = |mut blocks| {
        folded.append(&mut blocks);
        Ok(())
    };
    index.fold_buckets_of(Some(&third), &asked, map, fold).unwrap();
    assert_eq!(folded, expected.into_iter().collect::<Vec<_>>());
    for (key, records) in model {
        assert_eq!(index.records_of(*key).unwrap(), records.iter().copied().collect::<Vec<_>>());
        assert_eq!(index.count_of(*key).unwrap(), records.len() as u64);
    }
    assert_eq!(index.count_of(12_345).unwrap(), 0);
    assert!(index.verify().unwrap().is_empty());
}

#[derive(Clone, Debug)]
enum Step {
    Add(u64, Vec<u64>),
    Remove(u64),
    Commit,
    Clear,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = (0u64..6, 0u64..5).prop_map(|(high, low)| high << 61 | low);
    let step = prop_oneof![
        6 => (0u64..20, prop::collection::vec(key, 0..5)).prop_map(|(r, keys)| Step::Add(r, keys)),
        3 => (0u64..20).prop_map(Step::Remove),
        2 => Just(Step::Commit),
        1 => Just(Step::Clear),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn index_is_a_map_of_sets(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let mut index = BlockIndex::open_or_create(folder.path(), SECRET).unwrap();
        prop_assert_eq!(index.sequence(), None);
        let (mut model, mut committed) = (Model::new(), Model::new());
        let mut sequence = 0;
        for step in steps.into_iter().chain([Step::Commit, Step::Reopen]) {
            match step {
                Step::Add(record, keys) => {
                    index.add(record, &keys).unwrap();
                    for key in keys {
                        model.entry(key).or_default().insert(record);
                    }
                }
                Step::Remove(record) => {
                    index.remove(record);
                    model.values_mut().for_each(|records| _ = records.remove(&record));
                }
                Step::Clear => {
                    index.clear().unwrap();
                    model.clear();
                }
                Step::Commit => {
                    sequence += 1;
                    index.commit(sequence).unwrap();
                    committed = model.clone();
                }
                Step::Reopen => {
                    drop(index);
                    index = BlockIndex::open_or_create(folder.path(), SECRET).unwrap();
                    model = committed.clone();
                    prop_assert_eq!(index.sequence(), (sequence > 0).then_some(sequence));
                    check(&index, &committed);
                }
            }
        }
    }
}

#[test]
fn keys_depend_on_the_secret_and_a_foreign_secret_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = BlockIndex::open_or_create(folder.path(), SECRET).unwrap();
    index.add(1, &[index.hash(1, 5)]).unwrap();
    index.commit(3).unwrap();
    assert_ne!(index.hash(1, 5), index.hash(2, 5));
    drop(index);
    let other = BlockIndex::open(folder.path(), [8; 32]).unwrap();
    assert_eq!(other.sequence(), None);
    assert_eq!(other.records_of(other.hash(1, 5)).unwrap(), Vec::<u64>::new());
    drop(other);
    assert_eq!(BlockIndex::recreate(folder.path(), [8; 32]).unwrap().sequence(), None);
}
