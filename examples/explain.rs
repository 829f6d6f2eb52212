//! Why two records are one, and why two others are not.
//!
//! `cargo run --example explain`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::path::Path;

use sameas::model::Explanation;
use sameas::pipeline::{Engine, EngineOptions, FileArgument, RebuildOptions, View};
use sameas::query;

const LIST: &str = "\
id,name,email,phone,address,postcode,city,date of birth
1,James Whitfield,james.whitfield@mail.example.org,0113 496 0101,4 Mill Lane,LS1 4AB,Leeds,1948-03-02
2,Jim Whitfield,james.whitfield@mail.example.org,+44 113 496 0101,4 Mill Ln,LS14AB,Leeds,1948-03-02
3,James Whitfield,j.whitfield@mail.example.net,,4 Mill Lane,LS1 4AB,Leeds,1977-11-20
";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    for explanation in run(folder.path())? {
        print(&explanation);
    }
    Ok(())
}

/// The evidence on the same man twice, and on father and son.
fn run(folder: &Path) -> Result<[Explanation; 2], Box<dyn Error>> {
    let path = folder.join("list.csv");
    std::fs::write(&path, LIST)?;
    let store = folder.join("store");
    let mut engine = Engine::create_or_open(&store, EngineOptions::default())?;
    let file = FileArgument { path, ..FileArgument::default() };
    for outcome in engine.ingest(&[file], false, &())?.files {
        outcome.result?;
    }
    engine.rebuild(RebuildOptions::default(), &())?;
    drop(engine);
    let view = View::open(&store)?;
    Ok([query::why(&view, "list:1", "list:2")?, query::why(&view, "list:1", "list:3")?])
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
    fn the_same_man_is_likelier_than_his_son_and_terms_add_up() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let [same, son] = run(folder.path())?;
        assert!(same.match_weight > son.match_weight + 5.0);
        for explanation in [same, son] {
            let terms: f64 =
                explanation.comparisons.iter().map(|t| t.weight + t.term_frequency_weight).sum();
            let total = terms + explanation.prior_weight + explanation.background_weight;
            assert!((total - explanation.match_weight).abs() < 0.01);
        }
        Ok(())
    }
}
