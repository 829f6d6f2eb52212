//! The pairs that may be merged, or are and deserve a look: which, and in what order.

use std::io::Write;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::ReportInput;
use super::reason::Reasons;
use super::roster::Roster;
use super::sides::{SIDE_BY_SIDE, Sides};
use super::table::{CHUNK, Rows, Table, TableFormat};
use crate::error::Result;
use crate::model::{Band, EntityKind, KeyRef, ScoredPair, Thresholds};

/// A candidate and what it is worth to decide; 32 bytes, for there may be millions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) pair: ScoredPair,
    /// Probability times what is at stake.
    usefulness: f32,
    /// Levels of the comparison, packed.
    pub(super) levels: u64,
    /// The strongest pair between its two entities (or within its one).
    pub(super) leading: bool,
}

impl Candidate {
    pub(super) fn band(&self, thresholds: &Thresholds) -> Band {
        if self.pair.probability() >= thresholds.auto { Band::Auto } else { Band::Review }
    }

    pub(super) fn same_entity(&self, roster: &Roster) -> bool {
        roster.entity_of[self.pair.a as usize] == roster.entity_of[self.pair.b as usize]
    }

    pub(super) fn kinds(&self, roster: &Roster) -> [EntityKind; 2] {
        [roster.entity(self.pair.a).kind, roster.entity(self.pair.b).kind]
    }
}

/// The kept pairs at a glance.
#[derive(Default)]
pub(super) struct Candidates {
    /// Most useful first.
    pub(super) ranked: Vec<Candidate>,
    /// Kept pairs by whole bits of match weight, from [`LOWEST`] on; both ends hold all beyond.
    pub(super) histogram: Vec<u64>,
}

/// Match weight at which the first bar of the histogram begins.
pub(super) const LOWEST: i32 = -8;
/// Number of bars.
const BARS: usize = 48;

/// Pairs that one thread reads at a time.
const PIECE: u64 = 1 << 14;

impl Candidates {
    /// Ranks all kept pairs at or above the review threshold that nobody has judged. 32 bytes a
    /// pair (16 more while it works), O(pairs · log pairs).
    pub(super) fn rank(input: &ReportInput<'_>, roster: &Roster) -> Result<Self> {
        let pairs = input.results.pairs();
        let starts: Vec<u64> = (0..pairs).step_by(PIECE as usize).collect();
        let pieces: Vec<Self> = starts
            .into_par_iter()
            .map(|start| Self::read(input, roster, start..pairs.min(start + PIECE)))
            .collect::<Result<_>>()?;
        let mut all = Self {
            ranked: Vec::with_capacity(pieces.iter().map(|piece| piece.ranked.len()).sum()),
            histogram: vec![0; BARS],
        };
        for piece in pieces {
            all.ranked.extend(piece.ranked);
            for (bar, more) in all.histogram.iter_mut().zip(piece.histogram) {
                *bar += more;
            }
        }
        mark_leading(&mut all.ranked, roster);
        all.ranked.par_sort_unstable_by(|x, y| {
            (y.leading.cmp(&x.leading))
                .then(y.usefulness.total_cmp(&x.usefulness))
                .then(y.pair.weight.total_cmp(&x.pair.weight))
                .then((x.pair.a, x.pair.b).cmp(&(y.pair.a, y.pair.b)))
        });
        Ok(all)
    }

    fn read(
        input: &ReportInput<'_>,
        roster: &Roster,
        positions: std::ops::Range<u64>,
    ) -> Result<Self> {
        let review = input.results.summary().thresholds.review;
        let mut piece = Self { ranked: Vec::new(), histogram: vec![0; BARS] };
        for position in positions {
            let (pair, levels) = input.results.pair_levels(position)?;
            let bar = (pair.weight.floor() as i32 - LOWEST).clamp(0, BARS as i32 - 1);
            piece.histogram[bar as usize] += 1;
            let probability = pair.probability();
            if probability < review || input.judged.binary_search(&(pair.a, pair.b)).is_ok() {
                continue;
            }
            let (a, b) = (roster.entity(pair.a), roster.entity(pair.b));
            let other_records = if a.id == b.id { 0 } else { b.members.len() };
            let records = a.members.len() + other_records;
            let sources = (a.sources | b.sources).count_ones();
            let usefulness = (probability * (records as f64 + f64::from(sources))) as f32;
            piece.ranked.push(Candidate { pair, usefulness, levels, leading: false });
        }
        Ok(piece)
    }
}

/// Marks the strongest pair between each two entities; among equals the first.
fn mark_leading(candidates: &mut [Candidate], roster: &Roster) {
    let between = |c: &Candidate| {
        let (a, b) = (roster.entity_of[c.pair.a as usize], roster.entity_of[c.pair.b as usize]);
        u64::from(a.min(b)) << 32 | u64::from(a.max(b))
    };
    let mut order: Vec<(u64, u32)> = candidates
        .par_iter()
        .zip(0..candidates.len() as u32)
        .map(|(c, at)| (between(c), at))
        .collect();
    order.par_sort_unstable();
    for group in order.chunk_by(|x, y| x.0 == y.0) {
        let best = group.iter().map(|(_, at)| *at as usize).reduce(|x, y| {
            let (p, q) = (candidates[x].pair, candidates[y].pair);
            let order = q.weight.total_cmp(&p.weight).then((p.a, p.b).cmp(&(q.a, q.b)));
            if order.is_le() { x } else { y }
        });
        if let Some(best) = best {
            candidates[best].leading = true;
        }
    }
}

/// Columns of `merge_candidates.csv`.
fn columns() -> Vec<String> {
    let fixed = [
        "candidate_id",
        "band",
        "same_entity",
        "probability",
        "match_weight",
        "source_a",
        "record_a",
        "source_b",
        "record_b",
        "entity_a",
        "entity_b",
        "reason",
    ];
    let sides = SIDE_BY_SIDE.iter().flat_map(|field| [format!("{field}_a"), format!("{field}_b")]);
    fixed.iter().map(|c| (*c).to_owned()).chain(sides).collect()
}

/// The table of candidates.
pub(super) fn table(input: &ReportInput<'_>, format: TableFormat) -> Table {
    Table::new(format, input.spreadsheet_safe, columns())
}

/// Room for the sides of all candidates.
pub(super) fn sides(candidates: &Candidates, roster: &Roster) -> Sides {
    let asked = candidates.ranked.iter().flat_map(|c| [c.pair.a, c.pair.b]);
    Sides::new(roster.keys.len() as u32, asked)
}

/// `merge_candidates.csv`, and `export pairs`.
pub(super) fn write(
    input: &ReportInput<'_>,
    roster: &Roster,
    candidates: &Candidates,
    sides: &Sides,
    table: &Table,
    out: &mut dyn Write,
) -> Result<()> {
    let reasons = Reasons::new(input.model);
    let thresholds = input.results.summary().thresholds;
    let ranked = &candidates.ranked;
    let total = ranked.len() as u64;
    let encode = |chunk: u64, rows: &mut Rows<'_>| {
        let (mut reason, mut scratch) = (String::new(), Vec::new());
        let chunk = chunk * CHUNK..total.min((chunk + 1) * CHUNK);
        let chunk = &ranked[chunk.start as usize..chunk.end as usize];
        for (at, candidate) in chunk.iter().enumerate() {
            if at % WARM == 0 {
                let next = &chunk[at..chunk.len().min(at + WARM)];
                warm(next.iter().flat_map(|c| [c.pair.a, c.pair.b]), roster, sides);
            }
            let ScoredPair { a, b, weight } = candidate.pair;
            let (key_a, key_b) = (roster.keys.get(a), roster.keys.get(b));
            reason.clear();
            reasons.write(candidate.levels, candidate.kinds(roster), &mut reason);
            rows.shown(format_args!("cand_{:016x}", pair_hash(key_a, key_b, &mut scratch)));
            rows.text(band_name(candidate.band(&thresholds)));
            rows.boolean(candidate.same_entity(roster));
            rows.decimal(candidate.pair.probability(), 6);
            rows.decimal(f64::from(weight), 3);
            rows.text(key_a.source);
            rows.parts(&roster.record_name(a));
            rows.text(key_b.source);
            rows.parts(&roster.record_name(b));
            rows.shown(roster.entity(a).id);
            rows.shown(roster.entity(b).id);
            rows.text(&reason);
            for (left, right) in sides.cells(a).zip(sides.cells(b)) {
                rows.encoded(left);
                rows.encoded(right);
            }
            rows.end();
        }
        Ok(())
    };
    table.write_chunks(out, total.div_ceil(CHUNK), encode, |()| ())
}

/// Candidates whose records are brought close at once.
const WARM: usize = 16;

/// Candidates come in no order of records. Brings what is written of some records close, all at
/// once: one by one, each would be waited for.
fn warm(records: impl Iterator<Item = u32> + Clone, roster: &Roster, sides: &Sides) {
    let near = records.clone().map(|at| roster.touch(at) ^ sides.touch(at));
    std::hint::black_box(near.fold(0, |all, one| all ^ one));
    let far = records.map(|at| roster.touch_values(at) ^ sides.touch_cells(at));
    std::hint::black_box(far.fold(0, |all, one| all ^ one));
}

/// `auto` or `review`.
pub(super) const fn band_name(band: Band) -> &'static str {
    match band {
        Band::Auto => "auto",
        Band::Review => "review",
    }
}

/// What a candidate's id is made of: a pair of records keeps it from run to run.
fn pair_hash(a: KeyRef<'_>, b: KeyRef<'_>, scratch: &mut Vec<u8>) -> u64 {
    scratch.clear();
    for key in [a, b] {
        for part in [key.source, key.object, key.id] {
            scratch.extend_from_slice(part.as_bytes());
            scratch.push(0);
        }
    }
    xxh3_64(scratch)
}
