//! Why two records are one, and why two others are not.
//!
//! `cargo run --example explain`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::path::Path;

use sameas::model::Explanation;
use sameas::pipeline::{Engine, EngineOptions, FileArgument, RebuildOptions, View};
use sameas::query;

/// Bob and Robert Castellano; James Whitfield and his son Jamie, at one address.
const PAIRS: [(&str, &str); 2] = [
    ("klaviyo-profiles:01HMGYMFTAWQPMTCC0V4WH5R50", "shop-us:6300000044678"),
    ("shop-us:6300000137212", "shop-us:6300000160536"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    for explanation in run(folder.path())? {
        print(&explanation);
    }
    Ok(())
}

/// Resolves the demo and asks for the evidence on the pairs.
fn run(folder: &Path) -> Result<Vec<Explanation>, Box<dyn Error>> {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&demo)? {
        let path = entry?.path();
        // All but the README and the labels.
        if path.file_stem().is_some_and(|stem| stem != "README" && stem != "truth") {
            files.push(FileArgument { path, ..FileArgument::default() });
        }
    }
    let mut engine = Engine::create_or_open(folder, EngineOptions::default())?;
    for outcome in engine.ingest(&files, false, &())?.files {
        outcome.result?;
    }
    engine.rebuild(RebuildOptions::default(), &())?;
    drop(engine);
    let view = View::open(folder)?;
    PAIRS.iter().map(|(a, b)| Ok(query::why(&view, a, b)?)).collect()
}

fn print(explanation: &Explanation) {
    let Explanation { a, b, probability, match_weight, .. } = explanation;
    println!("{a} and {b}: probability {probability:.4}, {match_weight:.1} bits");
    println!("  {:>6.1}  prior", explanation.prior_weight);
    println!("  {:>6.1}  background", explanation.background_weight);
    for term in &explanation.comparisons {
        let bits = term.weight + term.term_frequency_weight;
        println!("  {bits:>6.1}  {}: {}", term.field, term.level);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nickname_is_one_person_a_son_is_likely_not_and_terms_add_up() -> Result<(), Box<dyn Error>>
    {
        let folder = tempfile::tempdir()?;
        let found = run(folder.path())?;
        assert!(found[0].same_entity);
        assert!(found[1].match_weight < found[0].match_weight - 5.0);
        for explanation in found {
            let terms: f64 =
                explanation.comparisons.iter().map(|t| t.weight + t.term_frequency_weight).sum();
            let total = terms + explanation.prior_weight + explanation.background_weight;
            assert!((total - explanation.match_weight).abs() < 0.01);
        }
        Ok(())
    }
}
