//! Candidate pairs against those of every block, one by one.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sameas::blocking::{BlockStatistics, BlocksBuilder, Candidates, Outline, limits_for};
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
            builder.group(*rule, &members.iter().copied().collect::<Vec<_>>(), false);
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
