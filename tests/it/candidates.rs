//! Candidate pairs against those of every block, one by one.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sameas::blocking::{
    BlockStatistics, BlocksBuilder, Candidates, Changes, LARGEST_TOLD, Meeting, Outline, States,
    StayingPairs, When, limits_for,
};
use sameas::model::{BlockLimits, Method};
use sameas::store::{Access, Store};

/// More than one part holds.
const RECORDS: u32 = 9_000;

/// Rule and records of a block.
type Block = (u8, BTreeSet<u32>);
/// The blocks of each pair: rule, records rounded up.
type Pairs = BTreeMap<(u32, u32), Vec<(u8, u32)>>;

fn expected(blocks: &[Block], limits: &BlockLimits) -> Pairs {
    let mut pairs = Pairs::new();
    for (rule, members) in blocks {
        let n = members.len() as u32;
        if n > limits.of(*rule, false) {
            continue;
        }
        for a in members {
            for b in members.range(a + 1..) {
                pairs.entry((*a, *b)).or_default().push((*rule, n.next_power_of_two()));
            }
        }
    }
    pairs.values_mut().for_each(|met| met.sort_unstable());
    pairs
}

fn gather(
    outlines: &[Outline],
    blocks: &[Block],
    limits: &BlockLimits,
    spill: Option<&Store>,
) -> Candidates {
    let mut found = Candidates::new(RECORDS, limits);
    // Several builders, as many threads make them.
    for blocks in blocks.chunks(3) {
        let mut builder = BlocksBuilder::new(outlines, limits, Method::default());
        for (rule, members) in blocks {
            builder.group(*rule, &members.iter().copied().collect::<Vec<_>>());
        }
        found.take(builder);
        if let Some(store) = spill {
            found.spill(|| store.scratch()).unwrap();
        }
    }
    found
}

fn pairs(found: &Candidates) -> Pairs {
    let mut out = Pairs::new();
    let mut last = None;
    for part in 0..found.parts() {
        for pair in found.part(part, |_| true).unwrap().iter() {
            let mut met: Vec<(u8, u32)> = pair.blocks().map(|(rule, _, n)| (rule, n)).collect();
            met.sort_unstable();
            assert!(last < Some((pair.a, pair.b)), "pairs come in order, each once");
            last = Some((pair.a, pair.b));
            out.insert((pair.a, pair.b), met);
        }
    }
    out
}

fn summary(found: Candidates) -> ([Vec<u64>; 4], Vec<(u8, u64)>) {
    let BlockStatistics { blocks, pairs, left_out, pairs_left_out, largest, .. } =
        found.into_statistics();
    ([blocks, pairs, left_out, pairs_left_out], largest)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn candidates_are_the_pairs_of_all_blocks(
        blocks in prop::collection::vec(
            (0_u8..6, prop::collection::btree_set(0..RECORDS, 2..20)), 1..40),
        rule in 0_usize..6,
        power in 1_u32..5,
    ) {
        let outlines = vec![Outline::default(); RECORDS as usize];
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store"), Access::Write).unwrap();
        let limits = limits_for(RECORDS);
        let all = expected(&blocks, &limits);
        let mut found = gather(&outlines, &blocks, &limits, None);
        let mut spilled = gather(&outlines, &blocks, &limits, Some(&store));
        prop_assert_eq!(&pairs(&found), &all);
        prop_assert_eq!(&pairs(&spilled), &all);
        // Of certain records only.
        let some = found.part(0, |record| record.is_multiple_of(3)).unwrap();
        let some: Vec<(u32, u32)> = some.iter().map(|pair| (pair.a, pair.b)).collect();
        let wanted = |pair: &&(u32, u32)| pair.0 < 256 && pair.0.is_multiple_of(3);
        prop_assert_eq!(some, all.keys().filter(wanted).copied().collect::<Vec<_>>());
        // Limits that are lowered afterwards are as if they had been there before.
        let mut lower = limits.clone();
        lower.whole[rule] = 1 << power;
        found.limit(&lower);
        spilled.limit(&lower);
        let anew = gather(&outlines, &blocks, &lower, None);
        prop_assert_eq!(&pairs(&found), &expected(&blocks, &lower));
        prop_assert_eq!(&pairs(&spilled), &pairs(&anew));
        prop_assert_eq!(summary(found), summary(anew));
    }
}

/// The blocks of records with these keys: rule and key, and who has it.
fn blocks_of(keys: &BTreeMap<u32, BTreeSet<(u8, u8)>>) -> BTreeMap<(u8, u8), BTreeSet<u32>> {
    let mut blocks: BTreeMap<(u8, u8), BTreeSet<u32>> = BTreeMap::new();
    for (record, keys) in keys {
        keys.iter().for_each(|key| _ = blocks.entry(*key).or_default().insert(*record));
    }
    blocks
}

/// The rules by which each pair of these records meets, and the counts.
fn met_by(
    keys: &BTreeMap<u32, BTreeSet<(u8, u8)>>,
    outlines: &[Outline],
    limits: &BlockLimits,
) -> (BTreeMap<(u32, u32), BTreeSet<u8>>, BlockStatistics) {
    let mut found = Candidates::new(outlines.len() as u32, limits);
    let mut builder = BlocksBuilder::new(outlines, limits, Method::default());
    for ((rule, _), members) in blocks_of(keys) {
        builder.group(rule, &members.into_iter().collect::<Vec<_>>());
    }
    found.take(builder);
    let mut met = BTreeMap::new();
    for part in 0..found.parts() {
        for pair in found.part(part, |_| true).unwrap().iter() {
            met.insert((pair.a, pair.b), pair.blocks().map(|(rule, _, _)| rule).collect());
        }
    }
    (met, found.into_statistics())
}

/// What is told of records that came and went.
fn changed(
    then: &BTreeMap<u32, BTreeSet<(u8, u8)>>,
    now: &BTreeMap<u32, BTreeSet<(u8, u8)>>,
    states: &States<'_>,
    is_both: impl Fn(u32) -> bool,
) -> Changes {
    let mut all = then.clone();
    all.extend(now.iter().map(|(record, keys)| (*record, keys.clone())));
    let blocks = blocks_of(&all);
    let mut changes = Changes::default();
    for ((rule, _), members) in &blocks {
        if members.iter().any(|record| !is_both(*record)) {
            let mut part = Changes::default();
            part.block(states, *rule, &members.iter().copied().collect::<Vec<_>>());
            changes.append(part);
        }
    }
    let mut staying: Vec<(u32, u32)> = changes.meetings.iter().map(|met| (met.a, met.b)).collect();
    staying.retain(|(a, b)| is_both(*a) && is_both(*b));
    staying.sort_unstable();
    staying.dedup();
    let pairs = StayingPairs::new(&staying, RECORDS as usize);
    for ((rule, _), members) in &blocks {
        let members: Vec<u32> = members.iter().copied().collect();
        states.always(*rule, &members, &pairs, &mut |met| changes.meetings.push(met));
    }
    changes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Records of now are 0..60, the gone 60..70; of those of now some were not there then.
    #[test]
    fn changes_of_blocks_are_what_two_states_differ_in(
        keys in prop::collection::vec(
            prop::collection::btree_set((0_u8..4, 0_u8..5), 0..5), 70),
        names in prop::collection::vec((0_u8..4, 0_u8..4), 70),
        came in prop::collection::btree_set(0_u32..60, 0..8),
        cap in 2_u32..14,
        limit in 1_u32..12,
    ) {
        let (now_records, all_records) = (60_u32, 70_u32);
        let outlines: Vec<Outline> = names
            .iter()
            .map(|(given, family)| {
                let mut outline = Outline::default();
                let name = |of: &u8| if *of == 0 { String::new() } else { of.to_string() };
                outline.set_names(&name(given), &name(family));
                outline
            })
            .collect();
        let mut limits = limits_for(now_records);
        limits.cap = cap;
        limits.whole.iter_mut().for_each(|of| *of = cap);
        limits.part.iter_mut().for_each(|of| *of = cap);
        (limits.whole[1], limits.part[2]) = (limit.min(cap), limit.min(cap));
        let before: Vec<bool> = (0..now_records).map(|r| !came.contains(&r)).collect();
        let is_both = |r: u32| before.get(r as usize).is_some_and(|before| *before);
        let of = |records: &mut dyn Iterator<Item = u32>| -> BTreeMap<u32, BTreeSet<(u8, u8)>> {
            records.map(|r| (r, keys[r as usize].clone())).collect()
        };
        let now = of(&mut (0..now_records));
        let then = of(&mut (0..all_records).filter(|r| *r >= now_records || is_both(*r)));
        let (met_now, counts_now) = met_by(&now, &outlines, &limits);
        let (met_then, counts_then) = met_by(&then, &outlines, &limits);

        let states = States::new(&outlines, &before, &limits);
        let Changes { meetings, then, now } = changed(&then, &now, &states, is_both);
        let mut told: BTreeMap<(u32, u32), [BTreeSet<u8>; 2]> = BTreeMap::new();
        for Meeting { a, b, when, rule } in meetings {
            let [told_then, told_now] = told.entry((a, b)).or_default();
            if when != When::Now {
                told_then.insert(rule);
            }
            if when != When::Then {
                told_now.insert(rule);
            }
        }
        for pair in met_then.keys().chain(met_now.keys()) {
            let [was, is] = [&met_then, &met_now].map(|met| met.get(pair).cloned().unwrap_or_default());
            match told.get(pair) {
                Some([told_then, told_now]) => prop_assert_eq!((told_then, told_now), (&was, &is)),
                // Of what goes on as it did nothing is told.
                None => prop_assert_eq!(was, is),
            }
        }
        let mut counts = counts_then.changed(then, now).expect("few blocks are left out");
        let mut expected = counts_now;
        counts.largest.truncate(LARGEST_TOLD);
        expected.largest.truncate(LARGEST_TOLD);
        prop_assert_eq!(counts, expected);
    }
}
