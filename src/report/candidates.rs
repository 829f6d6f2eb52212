//! The pairs that may be merged, or are and deserve a look: which, in what order, and why.

use std::io::Write;

use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::ReportInput;
use super::roster::Roster;
use super::table::{Cell, Rows, Table, TableFormat};
use crate::error::Result;
use crate::model::{Band, ComparisonTerm, Explanation, NormalRecord, RecordKey, ScoredPair};
use crate::survivorship::birth_text;

/// The fields that candidates show side by side.
pub(super) const SIDE_BY_SIDE: [&str; 10] = [
    "full_name",
    "email",
    "phone",
    "address_line",
    "city",
    "region",
    "postcode",
    "country",
    "company",
    "date_of_birth",
];

/// A candidate and what it is worth to decide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) pair: ScoredPair,
    pub(super) band: Band,
    pub(super) same_entity: bool,
    /// The strongest pair between its two entities (or within its one).
    pub(super) leading: bool,
    /// Probability times what is at stake.
    usefulness: f32,
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

impl Candidates {
    /// Ranks all kept pairs at or above the review threshold that nobody has judged. 24 bytes a
    /// pair, O(pairs · log pairs).
    pub(super) fn rank(input: &ReportInput<'_>, roster: &Roster) -> Result<Self> {
        let results = input.results;
        let thresholds = results.summary().thresholds;
        let pairs: Vec<ScoredPair> =
            (0..results.pairs()).into_par_iter().map(|p| results.pair(p)).collect::<Result<_>>()?;
        let mut histogram = vec![0; BARS];
        for pair in &pairs {
            let bar = (pair.weight.floor() as i32 - LOWEST).clamp(0, BARS as i32 - 1);
            histogram[bar as usize] += 1;
        }
        let mut ranked: Vec<Candidate> = pairs
            .into_par_iter()
            .filter(|pair| {
                pair.probability() >= thresholds.review
                    && input.judged.binary_search(&(pair.a, pair.b)).is_err()
            })
            .map(|pair| {
                let (a, b) = (roster.entity(pair.a), roster.entity(pair.b));
                let same_entity = a.id == b.id;
                let other_records = if same_entity { 0 } else { b.members.len() };
                let records = a.members.len() + other_records;
                let sources = (a.sources | b.sources).count_ones();
                let probability = pair.probability();
                Candidate {
                    pair,
                    band: if probability >= thresholds.auto { Band::Auto } else { Band::Review },
                    same_entity,
                    leading: false,
                    usefulness: (probability * (records as f64 + f64::from(sources))) as f32,
                }
            })
            .collect();
        mark_leading(&mut ranked, roster);
        ranked.par_sort_unstable_by(|x, y| {
            (y.leading.cmp(&x.leading))
                .then(y.usefulness.total_cmp(&x.usefulness))
                .then(y.pair.weight.total_cmp(&x.pair.weight))
                .then((x.pair.a, x.pair.b).cmp(&(y.pair.a, y.pair.b)))
        });
        Ok(Self { ranked, histogram })
    }
}

fn mark_leading(candidates: &mut [Candidate], roster: &Roster) {
    let entities = |c: &Candidate| {
        let (a, b) = (roster.entity_of[c.pair.a as usize], roster.entity_of[c.pair.b as usize]);
        (a.min(b), a.max(b))
    };
    candidates.par_sort_unstable_by(|x, y| {
        (entities(x).cmp(&entities(y)))
            .then(y.pair.weight.total_cmp(&x.pair.weight))
            .then((x.pair.a, x.pair.b).cmp(&(y.pair.a, y.pair.b)))
    });
    let mut last = None;
    for candidate in candidates {
        let between = Some(entities(candidate));
        candidate.leading = between != last;
        last = between;
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

/// `merge_candidates.csv`, and `export pairs`.
pub(super) fn write(
    input: &ReportInput<'_>,
    roster: &Roster,
    candidates: &Candidates,
    format: TableFormat,
    out: &mut dyn Write,
) -> Result<()> {
    let table = Table { format, spreadsheet_safe: input.spreadsheet_safe, columns: columns() };
    table.write(out, candidates.ranked.len() as u64, |at, rows| {
        push_row(input, roster, &candidates.ranked[at as usize], rows)
    })
}

fn push_row(
    input: &ReportInput<'_>,
    roster: &Roster,
    candidate: &Candidate,
    rows: &mut Rows<'_>,
) -> Result<()> {
    let ScoredPair { a, b, weight } = candidate.pair;
    let (key_a, key_b) = (&roster.keys[a as usize], &roster.keys[b as usize]);
    let mut cells: Vec<Cell> = vec![
        candidate_id(key_a, key_b).into(),
        band_name(candidate.band).into(),
        Cell::Bool(candidate.same_entity),
        Cell::Decimal(candidate.pair.probability(), 6),
        Cell::Decimal(f64::from(weight), 3),
        (*key_a.source).into(),
        roster.record_name(a).into(),
        (*key_b.source).into(),
        roster.record_name(b).into(),
        roster.entity(a).id.to_string().into(),
        roster.entity(b).id.to_string().into(),
        reason(&(input.explain)(a, b)?).into(),
    ];
    let (left, right) = (side(&input.results.normal(a)?), side(&input.results.normal(b)?));
    for (left, right) in left.into_iter().zip(right) {
        cells.push(Cell::Many(left));
        cells.push(Cell::Many(right));
    }
    rows.push(cells)
}

/// `auto` or `review`.
pub(super) const fn band_name(band: Band) -> &'static str {
    match band {
        Band::Auto => "auto",
        Band::Review => "review",
    }
}

/// An id that a pair of records keeps from run to run.
pub(super) fn candidate_id(a: &RecordKey, b: &RecordKey) -> String {
    let mut bytes = Vec::new();
    for key in [a, b] {
        for part in [&*key.source, &*key.object, &*key.id] {
            bytes.extend_from_slice(part.as_bytes());
            bytes.push(0);
        }
    }
    format!("cand_{:016x}", xxh3_64(&bytes))
}

/// The values of one record under [`SIDE_BY_SIDE`].
pub(super) fn side(normal: &NormalRecord) -> [Vec<String>; SIDE_BY_SIDE.len()] {
    let some = |text: &str| if text.is_empty() { vec![] } else { vec![text.to_owned()] };
    let address = normal.addresses.first().cloned().unwrap_or_default();
    let name = normal.names.first().map_or("", |name| name.display.as_str());
    let birth = normal.births.first().map(birth_text).unwrap_or_default();
    [
        some(name),
        normal.emails.iter().map(|e| e.address.clone()).collect(),
        normal.phones.iter().map(|p| p.display.clone()).collect(),
        some(&address.line),
        some(&address.city),
        some(&address.region),
        some(&address.postcode),
        some(&address.country),
        normal.organizations.iter().map(|o| o.display.clone()).collect(),
        some(&birth),
    ]
}

/// Comparisons that say less than this (bits) are left out of a reason.
const NOTEWORTHY: f64 = 0.5;
/// How many words for, and how many against, a reason has.
const WORDS: usize = 4;

/// Short words for what speaks for a pair, then for what speaks against it: `same e-mail, same
/// family name, other address`.
pub(super) fn reason(explanation: &Explanation) -> String {
    let total = |term: &&ComparisonTerm| term.weight + term.term_frequency_weight;
    let stated = |term: &&ComparisonTerm| !term.level.contains("missing");
    let mut terms: Vec<&ComparisonTerm> = explanation.comparisons.iter().filter(stated).collect();
    terms.sort_by(|a, b| total(b).total_cmp(&total(a)));
    let for_it = terms.iter().filter(|t| total(t) >= NOTEWORTHY).take(WORDS);
    let against = terms.iter().rev().filter(|t| total(t) <= -NOTEWORTHY).take(WORDS);
    let mut words: Vec<String> = Vec::new();
    let found = for_it.map(|t| (t, true)).chain(against.map(|t| (t, false)));
    for word in found.map(|(term, agrees)| in_words(term, agrees)) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() { "nothing that tells them apart".to_owned() } else { words.join(", ") }
}

fn in_words(term: &ComparisonTerm, agrees: bool) -> String {
    let field = match term.field.as_str() {
        "email" => "e-mail".to_owned(),
        field => field.replace(['_', '.'], " "),
    };
    match (agrees, term.level.as_str()) {
        (true, "equal" | "same" | "exact") => format!("same {field}"),
        (false, "different" | "other" | "differs" | "unequal" | "else") => format!("other {field}"),
        (_, level) => format!("{field}: {level}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Decision, Thresholds};

    #[test]
    fn a_reason_names_what_speaks_for_and_against() {
        let term = |field: &str, level: &str, weight| ComparisonTerm {
            field: field.into(),
            level: level.into(),
            weight,
            term_frequency_weight: 0.0,
            values: None,
            note: None,
        };
        let mut explanation = Explanation {
            a: String::new(),
            b: String::new(),
            same_entity: false,
            decision: Decision::Review,
            probability: 0.5,
            match_weight: 0.0,
            prior_weight: -20.0,
            background_weight: 0.0,
            thresholds: Thresholds::default(),
            comparisons: vec![
                term("address", "different", -3.0),
                term("given_name", "nickname", 4.0),
                term("email", "equal", 9.0),
                term("phone", "missing", 0.0),
                term("date_of_birth", "day differs", -1.0),
                term("gender", "equal", 0.2),
            ],
            judgement: None,
            cluster: None,
            shared_keys: vec![],
            missed_keys: vec![],
        };
        assert_eq!(
            reason(&explanation),
            "same e-mail, given name: nickname, other address, date of birth: day differs"
        );
        explanation.comparisons.clear();
        assert_eq!(reason(&explanation), "nothing that tells them apart");
    }
}
