//! What each part of the matching method is worth: pairwise F1 on labelled sets with the whole
//! method, without each part, and at other match thresholds. One table, Markdown.
//!
//! `cargo run --release --example ablation -- ../shared/data [SET…]`
//!
//! A set is a folder with `truth.csv` (or `.gz`) and `meta.json`, whose `args` name its files
//! (`records.csv` where it does not). Without SET all are taken, smallest first, but those of more
//! than a quarter million records.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::path::{Path, PathBuf};

use sameas::evaluation::{Labels, Measures, Truth};
use sameas::model::{Method, Part, Thresholds};
use sameas::pipeline::{Engine, EngineOptions, FileArgument, Trials};

/// Labels of the largest set that is taken unasked.
const LARGEST: usize = 250_000;
/// Match thresholds tried beside the default.
const THRESHOLDS: [f64; 6] = [0.2, 0.3, 0.4, 0.6, 0.7, 0.8];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let data = PathBuf::from(arguments.next().ok_or("usage: ablation DIR [SET...]")?);
    let mut sets: Vec<Set> = Vec::new();
    let named: Vec<String> = arguments.collect();
    if named.is_empty() {
        for entry in std::fs::read_dir(&data)? {
            if let Some(set) = Set::open(&entry?.path())? {
                sets.push(set);
            }
        }
        sets.retain(|set| set.truth.len() <= LARGEST);
        sets.sort_by_key(|set| set.truth.len());
    }
    for name in named {
        sets.push(Set::open(&data.join(&name))?.ok_or(format!("{name}: no truth.csv"))?);
    }
    let mut rows: Vec<Vec<String>> = variants().iter().map(|v| vec![v.name.clone()]).collect();
    let mut heads = vec!["method".to_owned()];
    for set in &sets {
        heads.push(set.name.clone());
        for (row, f1) in rows.iter_mut().zip(set.run()?) {
            row.push(format!("{f1:.4}"));
        }
    }
    let rule = vec!["---".to_owned(); heads.len()];
    for row in [heads, rule].iter().chain(&rows) {
        println!("| {} |", row.join(" | "));
    }
    Ok(())
}

/// A way to resolve.
struct Variant {
    name: String,
    method: Method,
    matching: f64,
}

fn variants() -> Vec<Variant> {
    let (whole, default) = (Method::default(), Thresholds::default().matching);
    let mut out = vec![Variant { name: "whole".to_owned(), method: whole, matching: default }];
    out.extend(Part::ALL.iter().map(|part| Variant {
        name: format!("without {}", part.name()),
        method: whole.without(*part),
        matching: default,
    }));
    out.extend(THRESHOLDS.map(|matching| Variant {
        name: format!("match threshold {matching}"),
        method: whole,
        matching,
    }));
    out
}

/// Labelled files.
struct Set {
    name: String,
    files: Vec<FileArgument>,
    truth: Truth,
}

impl Set {
    fn open(folder: &Path) -> Result<Option<Self>, Box<dyn Error>> {
        let names = ["truth.csv", "truth.csv.gz"];
        let Some(truth) = names.map(|name| folder.join(name)).into_iter().find(|p| p.exists())
        else {
            return Ok(None);
        };
        let meta: serde_json::Value =
            serde_json::from_slice(&std::fs::read(folder.join("meta.json"))?)?;
        let stated = meta["args"].as_array();
        let names: Vec<&str> = stated.map_or_else(
            || vec!["records.csv"],
            |args| args.iter().filter_map(serde_json::Value::as_str).collect(),
        );
        let files = names
            .iter()
            .map(|name| FileArgument { path: folder.join(name), ..FileArgument::default() })
            .collect();
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Some(Self { name, files, truth: Truth::load(&truth)? }))
    }

    /// F1 of each variant.
    fn run(&self) -> Result<Vec<f64>, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let mut engine = Engine::create_or_open(folder.path(), EngineOptions::default())?;
        for outcome in engine.ingest(&self.files, false, &())?.files {
            outcome.result?;
        }
        let mut trials = engine.trials()?;
        variants().iter().map(|variant| self.f1(&mut trials, variant)).collect()
    }

    fn f1(&self, trials: &mut Trials<'_>, variant: &Variant) -> Result<f64, Box<dyn Error>> {
        let alignment = self.truth.align(trials.keys().iter().map(|key| Ok(key.to_key())))?;
        let thresholds = Thresholds { matching: variant.matching, ..Thresholds::default() };
        let trial = trials.run(variant.method, &thresholds)?;
        let entity = |record: u32| Ok(trial.cluster[record as usize]);
        let labels = Labels::new(&self.truth, &alignment.ordinals, entity)?;
        Ok(Measures::of(&labels).pairwise().f1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On the demo a name without its nickname finds fewer pairs.
    #[test]
    fn parts_are_worth_something() -> Result<(), Box<dyn Error>> {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo");
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&demo)? {
            let path = entry?.path();
            if path.file_stem().is_some_and(|stem| stem != "README" && stem != "truth") {
                files.push(FileArgument { path, ..FileArgument::default() });
            }
        }
        let set =
            Set { name: "demo".to_owned(), files, truth: Truth::load(&demo.join("truth.csv"))? };
        let folder = tempfile::tempdir()?;
        let mut engine = Engine::create_or_open(folder.path(), EngineOptions::default())?;
        engine.ingest(&set.files, false, &())?;
        let mut trials = engine.trials()?;
        let [whole, poor] =
            [Method::default(), Method::default().without(Part::Relatives)].map(|method| {
                set.f1(&mut trials, &Variant { name: String::new(), method, matching: 0.5 })
            });
        let (whole, poor) = (whole?, poor?);
        assert!(whole > 0.9 && poor < whole, "{whole} {poor}");
        Ok(())
    }
}
