//! `report.html`: one page that needs nothing but itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Serde, Value};
use minijinja::{Environment, escape_formatter};
use serde::Serialize;

use super::ReportInput;
use super::candidates::{Candidate, Candidates, band_name};
use super::chart::{Bar, Histogram, sizes};
use super::golden::display_name;
use super::next_steps::{Step, next_steps};
use super::reason::Reasons;
use super::roster::{EntityBrief, Roster};
use super::sides::{SIDE_BY_SIDE, side};
use super::statistics::{Matrix, Statistics, matrix, share};
use super::summary::files;
use super::table::Joined;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Band, FileManifest};

const TEMPLATE: &str = include_str!("page.html");

/// Candidates shown of each kind.
const CARDS: usize = 8;
/// Suspicious entities shown.
const SUSPECTS: usize = 12;
/// Reasons, warnings and blocks shown.
const LINES: usize = 30;

#[derive(Serialize)]
struct Page {
    headline: Vec<Figure>,
    steps: Vec<Step>,
    sources: Vec<SourceRow>,
    matrix: Option<MatrixTable>,
    sizes: Vec<Bar>,
    histogram: Histogram,
    candidates: Vec<CandidateSection>,
    suspects: Vec<Suspect>,
    suspects_total: String,
    warnings: Vec<String>,
    blocks: Vec<(String, String)>,
    quarantine: Vec<(String, String)>,
    quarantined: String,
    files: Vec<FileCard>,
    facts: Vec<(&'static str, String)>,
}

#[derive(Serialize)]
struct Figure {
    name: &'static str,
    value: String,
    note: String,
    tone: &'static str,
}

#[derive(Serialize)]
struct SourceRow {
    name: String,
    system: String,
    records: String,
    entities: String,
    duplicates: String,
    duplicate_share: String,
    duplicate_width: f64,
    shared_share: String,
}

#[derive(Serialize)]
struct MatrixTable {
    names: Vec<String>,
    rows: Vec<(String, Vec<HeatCell>)>,
}

#[derive(Serialize)]
struct HeatCell {
    text: String,
    /// 0 (none) to 6 (most).
    heat: u8,
    own: bool,
}

#[derive(Serialize)]
struct CandidateSection {
    id: &'static str,
    title: &'static str,
    lead: &'static str,
    empty: &'static str,
    cards: Vec<Card>,
}

#[derive(Serialize)]
struct Card {
    percent: String,
    weight: String,
    band: &'static str,
    merged: bool,
    reason: String,
    a: String,
    b: String,
    command_a: String,
    command_b: String,
    rows: Vec<CardRow>,
}

#[derive(Serialize)]
struct CardRow {
    field: String,
    a: String,
    b: String,
    /// `same`, `differs` or `one` (one side is empty).
    class: &'static str,
}

#[derive(Serialize)]
struct Suspect {
    id: String,
    name: String,
    records: String,
    sources: String,
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct FileCard {
    name: String,
    source: String,
    kind: String,
    reading: String,
    rows: String,
    records: String,
    quarantined: String,
    bad: bool,
    mapping: Vec<(String, String)>,
    used: Vec<String>,
    unused: Vec<String>,
    notes: Vec<String>,
}

/// Renders the page.
pub(super) fn render(
    input: &ReportInput<'_>,
    roster: &Roster,
    candidates: &Candidates,
    statistics: &Statistics,
) -> Result<String> {
    let run = input.results.summary();
    let cards = |band: Band| -> Result<Vec<Card>> {
        let leading =
            candidates.ranked.iter().filter(|c| c.leading && c.band(&run.thresholds) == band);
        leading.take(CARDS).map(|c| card(input, roster, c)).collect()
    };
    let mut blocks = run.blocks_left_out.clone();
    blocks.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    let mut reasons: Vec<(&String, &u64)> = statistics.quarantine_reasons.iter().collect();
    reasons.sort_by(|a, b| (b.1, a.0).cmp(&(a.1, b.0)));
    let line = |(text, n): (&String, &u64)| (text.clone(), number(*n));
    let page = Page {
        headline: headline(statistics),
        steps: next_steps(statistics, run),
        sources: sources(statistics),
        matrix: (roster.sources.len() > 1).then(|| heat(matrix(input, roster))),
        sizes: sizes(&statistics.entity_sizes),
        histogram: Histogram::new(&candidates.histogram, run.thresholds),
        candidates: vec![
            CandidateSection {
                id: "doubtful",
                title: "Doubtful pairs",
                lead: "The most useful decisions first: likely, and with many records at stake. One \
                       pair between two entities; all pairs are in merge_candidates.csv. What \
                       differs is marked.",
                empty: "No pair is in doubt.",
                cards: cards(Band::Review)?,
            },
            CandidateSection {
                id: "best",
                title: "Best pairs",
                lead: "The surest pairs of the largest entities: what may be applied unseen.",
                empty: "No pair is that sure.",
                cards: cards(Band::Auto)?,
            },
        ],
        suspects: suspects(input, roster)?,
        suspects_total: number(statistics.suspicious_entities),
        warnings: run.warnings.iter().take(LINES).cloned().collect(),
        blocks: blocks.iter().take(LINES).map(|(rule, n)| line((rule, n))).collect(),
        quarantine: reasons.into_iter().take(LINES).map(line).collect(),
        quarantined: number(statistics.quarantined),
        files: files(&run.files).into_iter().map(|file| file_card(input, file)).collect(),
        facts: facts(input, roster, statistics),
    };
    let mut environment = Environment::new();
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() && text.contains(hidden) => {
            escape_formatter(out, state, &Value::from(visible(text)))
        }
        _ => escape_formatter(out, state, value),
    });
    // The cause is not kept: its notes may quote the values it was rendering.
    let failed = |e: minijinja::Error| {
        let line = e.line().unwrap_or(0);
        Error::new(ErrorKind::Io, format!("the page cannot be rendered: {:?}", e.kind()))
            .at(format!("report.html template, line {line}"))
    };
    environment.add_template("report.html", TEMPLATE).map_err(failed)?;
    environment.get_template("report.html").and_then(|t| t.render(Serde(page))).map_err(failed)
}

/// Characters that a terminal or a browser would obey instead of show.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Control characters as their pictures, other hidden ones as a replacement character.
fn visible(text: &str) -> String {
    let picture = |c: char| match c {
        '\n' | '\t' => ' ',
        '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
        c if hidden(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(picture).collect()
}

/// `1,204`.
pub(super) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 row`, `1,204 rows`.
pub(super) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// `12.3%`; never 0% of something nor 100% of less than all.
pub(super) fn percent(share: f64) -> String {
    match share * 100.0 {
        p if share > 0.0 && p < 0.05 => "<0.1%".to_owned(),
        p if share < 1.0 && p >= 99.95 => ">99.9%".to_owned(),
        p if share == 0.0 || share == 1.0 => format!("{p:.0}%"),
        p => format!("{p:.1}%"),
    }
}

fn headline(all: &Statistics) -> Vec<Figure> {
    let kinds = [
        (all.persons, "person", "persons"),
        (all.organizations, "organization", "organizations"),
        (all.unknown, "unknown", "unknown"),
    ];
    let stated = kinds.iter().filter(|(n, ..)| *n > 0);
    let kinds: Vec<String> = stated.map(|(n, one, many)| counted(*n, one, many)).collect();
    let open = all.candidates.review;
    vec![
        Figure {
            name: "records",
            value: number(all.records),
            note: format!("from {}", counted(all.sources.len() as u64, "source", "sources")),
            tone: "",
        },
        Figure { name: "entities", value: number(all.entities), note: kinds.join(", "), tone: "" },
        Figure {
            name: "duplicate records",
            value: number(all.duplicates),
            note: format!(
                "{} of all records stand for someone already there",
                percent(share(all.duplicates, all.records))
            ),
            tone: "accent",
        },
        Figure {
            name: "merged entities",
            value: number(all.merged_entities),
            note: format!(
                "hold {} of the records; {} stand in several sources",
                percent(all.merged_record_share),
                number(all.cross_source_entities)
            ),
            tone: "",
        },
        Figure {
            name: "pairs to review",
            value: number(open),
            note: format!("{} of them are merged for now", number(all.candidates.review_merged)),
            tone: if open > 0 { "warn" } else { "good" },
        },
        Figure {
            name: "quarantined rows",
            value: number(all.quarantined),
            note: if all.quarantined == 0 { "every row was read" } else { "not in any other file" }
                .to_owned(),
            tone: if all.quarantined > 0 { "bad" } else { "good" },
        },
    ]
}

fn sources(all: &Statistics) -> Vec<SourceRow> {
    let row = |(name, counts): (&String, &super::statistics::SourceCounts)| {
        let duplicate = share(counts.duplicates, counts.records);
        SourceRow {
            name: name.clone(),
            system: if counts.system == *name { String::new() } else { counts.system.clone() },
            records: number(counts.records),
            entities: number(counts.entities),
            duplicates: number(counts.duplicates),
            duplicate_share: percent(duplicate),
            duplicate_width: (duplicate * 1000.0).round() / 10.0,
            shared_share: percent(share(counts.shared_entities, counts.entities)),
        }
    };
    all.sources.iter().map(row).collect()
}

fn heat(matrix: Matrix) -> MatrixTable {
    let most = matrix.cells.iter().flatten().copied().max().unwrap_or(0).max(1);
    let rows = matrix.axis.iter().zip(&matrix.cells).enumerate().map(|(at, (name, cells))| {
        let cells = cells.iter().enumerate().map(|(other, n)| HeatCell {
            text: if *n == 0 { "·".to_owned() } else { number(*n) },
            // Square roots: small overlaps stay visible beside a large one.
            heat: ((*n as f64 / most as f64).sqrt() * 6.0).ceil() as u8,
            own: at == other,
        });
        (name.clone(), cells.collect())
    });
    MatrixTable { rows: rows.collect(), names: matrix.axis.clone() }
}

fn card(input: &ReportInput<'_>, roster: &Roster, candidate: &Candidate) -> Result<Card> {
    let (a, b) = (candidate.pair.a, candidate.pair.b);
    let values = |ordinal: u32| -> Result<Vec<Vec<String>>> {
        let (mut all, mut buffer) = (Vec::new(), Joined::default());
        side(&input.results.normal(ordinal)?, &mut buffer, |cell| {
            all.push(cell.values().map(str::to_owned).collect());
        });
        Ok(all)
    };
    let (left_side, right_side) = (values(a)?, values(b)?);
    let mut reason = String::new();
    Reasons::new(input.model).write(candidate.levels, candidate.kinds(roster), &mut reason);
    let mut rows = Vec::new();
    for (field, (left, right)) in SIDE_BY_SIDE.iter().zip(left_side.iter().zip(&right_side)) {
        match *field {
            // An address is read as one line.
            "address_line" => {
                rows.extend(card_row("address", &address(&left_side), &address(&right_side)));
            }
            field if ADDRESS.contains(&field) => {}
            field => rows.extend(card_row(field, left, right)),
        }
    }
    let (name_a, name_b) = (roster.reference(a), roster.reference(b));
    Ok(Card {
        percent: percent(candidate.pair.probability()),
        weight: format!("{:+.1}", candidate.pair.weight),
        band: band_name(candidate.band(&input.results.summary().thresholds)),
        merged: candidate.same_entity(roster),
        reason,
        command_a: quoted(&name_a),
        command_b: quoted(&name_b),
        a: name_a,
        b: name_b,
        rows,
    })
}

/// The fields of [`SIDE_BY_SIDE`] that make an address.
const ADDRESS: [&str; 5] = ["address_line", "city", "region", "postcode", "country"];

/// `12 Main St, Springfield, IL, 62701, US`.
fn address(side: &[Vec<String>]) -> Vec<String> {
    let parts = SIDE_BY_SIDE.iter().zip(side).filter(|(field, _)| ADDRESS.contains(field));
    let parts: Vec<&str> =
        parts.flat_map(|(_, values)| values.iter().map(String::as_str)).collect();
    if parts.is_empty() { vec![] } else { vec![parts.join(", ")] }
}

/// The two sides of a field, unless both are empty.
fn card_row(field: &str, left: &[String], right: &[String]) -> Option<CardRow> {
    let common = left.iter().any(|l| right.iter().any(|r| l.to_lowercase() == r.to_lowercase()));
    let class = match (left.is_empty(), right.is_empty()) {
        (true, true) => return None,
        (false, false) if common => "same",
        (false, false) => "differs",
        _ => "one",
    };
    let field = match field {
        "full_name" => "name".to_owned(),
        "date_of_birth" => "born".to_owned(),
        field => field.replace('_', " "),
    };
    Some(CardRow { field, a: left.join("; "), b: right.join("; "), class })
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_:./@+-=,".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn suspects(input: &ReportInput<'_>, roster: &Roster) -> Result<Vec<Suspect>> {
    let mut found: Vec<u32> = (0..roster.entities.len() as u32)
        .filter(|e| !roster.entities[*e as usize].suspicions.is_empty())
        .collect();
    found.sort_by_key(|e| (std::cmp::Reverse(roster.entities[*e as usize].members.len()), *e));
    let suspect = |index: u32| {
        let entity = &roster.entities[index as usize];
        Ok(Suspect {
            id: entity.id.to_string(),
            name: display_name(input, roster, entity)?,
            records: number(entity.members.len() as u64),
            sources: number(entity.sources.count_ones().into()),
            reasons: entity.suspicions.to_vec(),
        })
    };
    found.into_iter().take(SUSPECTS).map(suspect).collect()
}

fn file_card(input: &ReportInput<'_>, file: &FileManifest) -> FileCard {
    // A kind names its columns in the spelling of one generation; the file's own spelling is shown.
    let own: BTreeMap<String, &str> =
        file.columns.iter().map(|c| (c.trim().to_lowercase(), &**c)).collect();
    let of_kind = input.mappings.get(&file.kind).into_iter().flatten();
    let mut mapped: BTreeMap<&str, &str> = of_kind
        .filter_map(|(column, field)| match own.get(&column.trim().to_lowercase()) {
            Some(own) => Some((*own, field.as_str())),
            None if file.columns.is_empty() => Some((column.as_str(), field.as_str())),
            None => None,
        })
        .collect();
    mapped.extend(file.mapping.iter().map(|(c, f)| (c.as_str(), f.as_str())));
    let used = |column: &&Arc<str>| {
        !mapped.contains_key(&***column) && file.unused_columns.iter().all(|u| **u != ***column)
    };
    let delimiter = file.delimiter.map(|d| match d {
        '\t' => ", tab".to_owned(),
        d => format!(", '{d}'"),
    });
    FileCard {
        name: file.name.clone(),
        source: file.source.to_string(),
        kind: file.kind.to_string(),
        reading: format!("{}{}, {}", file.container, delimiter.unwrap_or_default(), file.encoding),
        rows: number(file.rows),
        records: number(file.records),
        quarantined: number(file.quarantined),
        bad: file.quarantined > 0,
        used: file.columns.iter().filter(used).map(ToString::to_string).collect(),
        mapping: mapped.iter().map(|(c, f)| ((*c).to_owned(), (*f).to_owned())).collect(),
        unused: file.unused_columns.clone(),
        notes: file.notes.clone(),
    }
}

/// What entities are to each other without being one: the name of a relation and of its count.
const RELATIONS: [(&str, &str); 3] = [
    ("household", "entities with relatives in their household"),
    ("employer", "entities with a known employer"),
    ("shared_mailbox", "entities that share a mailbox"),
];

fn facts(
    input: &ReportInput<'_>,
    roster: &Roster,
    all: &Statistics,
) -> Vec<(&'static str, String)> {
    let run = input.results.summary();
    let limits = run.thresholds;
    let mut facts = vec![
        ("candidate pairs scored", number(run.pairs_scored)),
        ("pairs in blocks that were left out", number(run.pairs_left_out)),
        ("true pairs that blocking meets (estimate)", percent(run.blocking_recall_estimate)),
        (
            "thresholds",
            format!(
                "review from {}, match from {}, auto from {}",
                limits.review, limits.matching, limits.auto
            ),
        ),
        ("largest entity", counted(all.largest_entity, "record", "records")),
        ("deleted or merged in their system", number(run.deleted)),
        ("model", run.model_hash.clone()),
        ("configuration", run.config_hash.clone()),
    ];
    for (relation, name) in RELATIONS {
        let related = |e: &&EntityBrief| e.relations.iter().any(|(kind, _)| kind == relation);
        let count = roster.entities.iter().filter(related).count() as u64;
        if count > 0 {
            facts.push((name, number(count)));
        }
    }
    if let Some(as_of) = run.as_of {
        facts.push((
            "newest time in the data",
            crate::survivorship::iso(crate::model::Timestamp(as_of)),
        ));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        for (n, want) in [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567")] {
            assert_eq!(number(n), want);
        }
        for (share, want) in
            [(0.0, "0%"), (0.0001, "<0.1%"), (0.1234, "12.3%"), (0.9999, ">99.9%"), (1.0, "100%")]
        {
            assert_eq!(percent(share), want);
        }
    }

    #[test]
    fn nothing_hidden_reaches_the_page() {
        assert_eq!(visible("a\u{1b}[31mb\u{202e}c\td"), "a\u{241b}[31mb\u{fffd}c d");
        assert_eq!(visible("Müller 山田"), "Müller 山田");
    }

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("shop-eu:order/1001"), "shop-eu:order/1001");
        assert_eq!(quoted("crm:a b'c"), "'crm:a b'\\''c'");
    }
}
