//! How well names alone tell pairs apart: the area under the ROC curve on labelled name pairs, for
//! persons and for organisations, with the generic model (nothing is trained).
//!
//! `cargo run --release --example name_pairs -- ../shared/data/name_pairs/pairs.csv [-v]`
//!
//! The file has the columns `schema` (`Person`, else an organisation), `name1`, `name2` and
//! `is_match`. With `-v` every pair is printed, by falling weight.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::path::Path;

use sameas::compare::{Comparer, Origin, PatternShares, Table, TextChoice, dim};
use sameas::evaluation::roc_area;
use sameas::model::{EntityKind, Labelled, Mapped, MappedName, MappedRecord};
use sameas::normalize::normalize;
use sameas::scoring::Parameters;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: name_pairs FILE [-v]")?;
    let verbose = arguments.next().is_some();
    let pairs = read(Path::new(&file))?;
    for kind in [EntityKind::Person, EntityKind::Organization] {
        let mut weighed = weigh(&pairs, kind);
        println!("{}: {} pairs, area {:.4}", kind.as_str(), weighed.len(), area(&weighed));
        if verbose {
            weighed.sort_by(|x, y| y.weight.total_cmp(&x.weight));
            for Weighed { pair, weight, levels } in weighed {
                let Pair { same, names: [a, b], .. } = pair;
                println!(
                    "{weight:8.2} {} {levels:?} {a} | {b}",
                    if *same { "same " } else { "other" }
                );
            }
        }
    }
    Ok(())
}

/// Two names with their label.
struct Pair {
    kind: EntityKind,
    names: [String; 2],
    same: bool,
}

/// A pair with its match weight (bits) and the levels of given, middle, family name and
/// organisation.
struct Weighed<'a> {
    pair: &'a Pair,
    weight: f64,
    levels: [u8; 4],
}

fn read(path: &Path) -> Result<Vec<Pair>, Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(path)?;
    let head = reader.headers()?.clone();
    let at = |name: &str| head.iter().position(|h| h == name).ok_or(format!("no column {name}"));
    let (schema, one, two, same) = (at("schema")?, at("name1")?, at("name2")?, at("is_match")?);
    let mut pairs = Vec::new();
    for row in reader.records() {
        let row = row?;
        let person = &row[schema] == "Person";
        pairs.push(Pair {
            kind: if person { EntityKind::Person } else { EntityKind::Organization },
            names: [row[one].to_owned(), row[two].to_owned()],
            same: &row[same] == "true",
        });
    }
    Ok(pairs)
}

fn weigh(pairs: &[Pair], kind: EntityKind) -> Vec<Weighed<'_>> {
    let pairs: Vec<&Pair> = pairs.iter().filter(|pair| pair.kind == kind).collect();
    let (mut table, texts) = (Table::default(), TextChoice::default());
    for name in pairs.iter().flat_map(|pair| &pair.names) {
        table.push(&normalize(&record(name, kind)), Origin { source: 0, generic: false }, &texts);
    }
    table.finish(&texts);
    let records = f64::from(table.len());
    let parameters = Parameters::generic(&table, records * (records - 1.0) / 2.0, records);
    let shares = PatternShares::default();
    let mut comparer = Comparer::new(&table, &shares);
    pairs
        .into_iter()
        .zip((0_u32..).step_by(2))
        .map(|(pair, at)| {
            let comparison = comparer.compare(at, at + 1);
            let dimensions = [dim::GIVEN, dim::MIDDLE, dim::FAMILY, dim::ORGANIZATION];
            Weighed {
                pair,
                weight: parameters.explain(&comparison, &[]).total,
                levels: dimensions.map(|d| comparison.level[d]),
            }
        })
        .collect()
}

fn record(name: &str, kind: EntityKind) -> MappedRecord {
    let mut fields = Mapped::default();
    if kind == EntityKind::Person {
        fields.names.push(MappedName { full: name.to_owned(), ..MappedName::default() });
    } else {
        fields.companies.push(Labelled { value: name.to_owned(), label: None });
    }
    MappedRecord { entity_kind: kind, fields, ..MappedRecord::default() }
}

fn area(weighed: &[Weighed<'_>]) -> f64 {
    roc_area(weighed.iter().map(|w| (w.weight, w.pair.same)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_alone_tell_most_pairs_apart() -> Result<(), Box<dyn Error>> {
        let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/name_pairs");
        let file = shared.join("pairs.csv");
        if !file.exists() {
            println!("skipped: {} is absent", file.display());
            return Ok(());
        }
        let pairs = read(&file)?;
        for kind in [EntityKind::Person, EntityKind::Organization] {
            let area = area(&weigh(&pairs, kind));
            assert!(area > 0.9, "{}: {area}", kind.as_str());
        }
        Ok(())
    }
}
