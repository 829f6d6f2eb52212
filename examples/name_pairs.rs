//! How well names alone tell pairs apart: the area under the ROC curve on labelled name pairs, for
//! persons and for organisations, and by halves of the pairs.
//!
//! `cargo run --release --example name_pairs -- ../shared/data/name_pairs/pairs.csv [-v]`
//!
//! Measured are the graded comparison of whole names, whose words are compared as those of the
//! levels are, and what the levels themselves weigh under generic parameters. The file has the
//! columns `schema` (`Person`, else an organisation), `name1`, `name2` and `is_match`. With `-v`
//! every pair is printed, the most alike first.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::path::Path;

use sameas::compare::{Comparer, Origin, Table, TextChoice, names_alike, organizations_alike};
use sameas::evaluation::roc_area;
use sameas::model::{EntityKind, MappedName, NormalRecord};
use sameas::normalize::organization::normalize_organization;
use sameas::normalize::person_name::normalize_name;
use sameas::scoring::Parameters;
use xxhash_rust::xxh3::xxh3_64;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: name_pairs FILE [-v]")?;
    let verbose = arguments.next().is_some();
    println!("                pairs   alike  (halves)          levels");
    for person in [true, false] {
        let mut pairs = read(Path::new(&file), person)?;
        let of_half = |half: u64| pairs.iter().filter(move |pair| pair.hash & 1 == half);
        println!(
            "{}  {:5}  {:.4}  ({:.4}, {:.4})  {:.4}",
            if person { "persons      " } else { "organisations" },
            pairs.len(),
            area(pairs.iter(), |pair| pair.alike),
            area(of_half(0), |pair| pair.alike),
            area(of_half(1), |pair| pair.alike),
            area(pairs.iter(), |pair| pair.weight),
        );
        pairs.sort_by(|x, y| y.alike.total_cmp(&x.alike));
        for Pair { same, names: [a, b], alike, weight, .. } in pairs.iter().filter(|_| verbose) {
            let label = if *same { "same " } else { "other" };
            println!("{alike:6.3} {weight:7.2} {label} {a} | {b}");
        }
    }
    Ok(())
}

/// Two names with their label.
struct Pair {
    names: [String; 2],
    same: bool,
    /// Decides its half.
    hash: u64,
    /// The graded comparison of the whole names.
    alike: f64,
    /// Log odds, nats, of two records that have nothing but these names.
    weight: f64,
}

fn area<'a>(pairs: impl Iterator<Item = &'a Pair>, score: fn(&Pair) -> f64) -> f64 {
    roc_area(pairs.map(|pair| (score(pair), pair.same)))
}

fn read(path: &Path, person: bool) -> Result<Vec<Pair>, Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(path)?;
    let head = reader.headers()?.clone();
    let at = |name: &str| head.iter().position(|h| h == name).ok_or(format!("no column {name}"));
    let (schema, one, two, same) = (at("schema")?, at("name1")?, at("name2")?, at("is_match")?);
    let (mut pairs, mut table, texts) = (Vec::new(), Table::default(), TextChoice::default());
    for row in reader.records() {
        let row = row?;
        if (&row[schema] == "Person") != person {
            continue;
        }
        let records = [&row[one], &row[two]].map(|name| record(name, person));
        for record in &records {
            table.push(record, Origin { source: 0, generic: false }, &texts);
        }
        let [a, b] = records.each_ref().map(words);
        pairs.push(Pair {
            names: [row[one].to_owned(), row[two].to_owned()],
            same: &row[same] == "true",
            hash: xxh3_64(format!("{}|{}", &row[one], &row[two]).as_bytes()),
            alike: if person { names_alike(&a, &b) } else { organizations_alike(&a, &b) },
            weight: 0.0,
        });
    }
    table.finish(&texts);
    let shares = table.read_mailboxes(None);
    let parameters = Parameters::generic(&table, 1e6, 1e3);
    let mut comparer = Comparer::new(&table, &shares);
    for (at, pair) in pairs.iter_mut().enumerate() {
        let a = 2 * at as u32;
        pair.weight = parameters.score(&comparer.compare(a, a + 1)).total;
    }
    Ok(pairs)
}

/// A record with a name and nothing else.
fn record(name: &str, person: bool) -> NormalRecord {
    let mut record = NormalRecord::default();
    if person {
        record.entity_kind = EntityKind::Person;
        let full = MappedName { full: name.to_owned(), ..MappedName::default() };
        record.names = normalize_name(&full);
    } else {
        record.entity_kind = EntityKind::Organization;
        record.organizations = normalize_organization(name).into_iter().collect();
    }
    record
}

/// The canonical words of its name.
fn words(record: &NormalRecord) -> Vec<&str> {
    let person = record.names.iter().take(1).flat_map(|n| [&n.given, &n.middle, &n.family]);
    let organization = record.organizations.iter().map(|organization| &organization.tokens);
    person.chain(organization).flatten().map(String::as_str).collect()
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
        for person in [true, false] {
            let area = area(read(&file, person)?.iter(), |pair| pair.alike);
            assert!(area > 0.9, "persons: {person}: {area}");
        }
        Ok(())
    }
}
