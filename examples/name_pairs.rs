//! How well names alone tell pairs apart: the area under the ROC curve on labelled name pairs, for
//! persons and for organisations.
//!
//! `cargo run --release --example name_pairs -- ../shared/data/name_pairs/pairs.csv [-v]`
//!
//! The file has the columns `schema` (`Person`, else an organisation), `name1`, `name2` and
//! `is_match`. With `-v` every pair is printed, the most alike first.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::path::Path;

use sameas::compare::names_alike;
use sameas::evaluation::roc_area;
use sameas::normalize::organization::normalize_organization;
use sameas::reference::fold;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: name_pairs FILE [-v]")?;
    let verbose = arguments.next().is_some();
    let mut pairs = read(Path::new(&file))?;
    pairs.sort_by(|x, y| y.alike.total_cmp(&x.alike));
    for person in [true, false] {
        let of_sort = || pairs.iter().filter(move |pair| pair.person == person);
        let sort = if person { "persons" } else { "organisations" };
        println!("{sort}: {} pairs, area {:.4}", of_sort().count(), area(&pairs, person));
        for Pair { same, names: [a, b], alike, .. } in of_sort().filter(|_| verbose) {
            println!("{alike:6.3} {} {a} | {b}", if *same { "same " } else { "other" });
        }
    }
    Ok(())
}

/// Two names with their label.
struct Pair {
    person: bool,
    names: [String; 2],
    same: bool,
    alike: f64,
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
        let words = [words(&row[one], person), words(&row[two], person)];
        let [a, b] = words.each_ref().map(|w| w.iter().map(String::as_str).collect::<Vec<_>>());
        pairs.push(Pair {
            person,
            names: [row[one].to_owned(), row[two].to_owned()],
            same: &row[same] == "true",
            alike: names_alike(&a, &b),
        });
    }
    Ok(pairs)
}

/// Folded words; of an organisation without its legal form.
fn words(name: &str, person: bool) -> Vec<String> {
    let organization = if person { None } else { normalize_organization(name) };
    let plain = || fold(name).split(' ').map(str::to_owned).collect();
    organization.map_or_else(plain, |organization| organization.tokens)
}

fn area(pairs: &[Pair], person: bool) -> f64 {
    let of_sort = pairs.iter().filter(|pair| pair.person == person);
    roc_area(of_sort.map(|pair| (pair.alike, pair.same)))
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
        for person in [true, false] {
            let area = area(&pairs, person);
            assert!(area > 0.9, "persons: {person}: {area}");
        }
        Ok(())
    }
}
