//! How much stays when a company's data grows or its settings change: on labelled exports beside
//! the project. `cargo test --release --test it identity_stability -- --ignored --nocapture`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sameas::config::Config;
use sameas::model::{EntityId, RecordKey};
use sameas::pipeline::{Engine, EngineOptions, FileArgument, RebuildOptions, View};

/// Rows of an export that are held back: one of so many.
const HELD_BACK: u64 = 20;

fn exports() -> Option<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/commerce_20k");
    let meta = std::fs::read(folder.join("meta.json")).ok()?;
    let meta: serde_json::Value = serde_json::from_slice(&meta).unwrap();
    let names = meta["args"].as_array().unwrap().iter();
    Some(names.map(|name| folder.join(name.as_str().unwrap())).collect())
}

/// Rows with their line ends; a quoted cell may hold some.
fn rows(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut rows: Vec<Vec<u8>> = Vec::new();
    let mut open = false;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match rows.last_mut().filter(|_| open) {
            Some(row) => row.extend(line),
            None => rows.push(line.to_vec()),
        }
        open ^= line.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
    }
    rows
}

/// Writes most rows of every export into one folder, the rest into another. Rows of one order begin
/// alike and stay together.
fn split(files: &[PathBuf], folder: &Path) -> [Vec<FileArgument>; 2] {
    let mut out = [Vec::new(), Vec::new()];
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let rows = rows(&std::fs::read(file).unwrap());
        let header = usize::from(!name.ends_with("jsonl"));
        let mut parts = [rows[..header].concat(), rows[..header].concat()];
        for row in &rows[header..] {
            let first = row.split(|byte| b",;\t".contains(byte)).next().unwrap();
            let held = xxhash_rust::xxh3::xxh3_64(first).is_multiple_of(HELD_BACK);
            parts[usize::from(held)].extend(row);
        }
        for ((part, files), name_of_part) in parts.iter().zip(&mut out).zip(["most", "rest"]) {
            let path = folder.join(name_of_part).join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, part).unwrap();
            files.push(FileArgument { path, ..FileArgument::default() });
        }
    }
    out
}

fn ids(store: &Path) -> BTreeMap<RecordKey, EntityId> {
    let view = View::open(store).unwrap();
    let results = view.results();
    let id = |at| results.entity_id(results.entity_of(at).unwrap()).unwrap();
    (0..results.records()).map(|at| (results.key(at).unwrap(), id(at))).collect()
}

fn kept(before: &BTreeMap<RecordKey, EntityId>, after: &BTreeMap<RecordKey, EntityId>) -> f64 {
    let same = before.iter().filter(|(key, id)| after.get(key) == Some(id)).count();
    same as f64 / before.len() as f64
}

#[test]
#[ignore = "minutes in a debug build"]
fn new_rows_and_settings_that_come_back_keep_the_ids() {
    let Some(files) = exports() else {
        eprintln!("skipped: the labelled data are not beside the project");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let [most, rest] = split(&files, folder.path());
    let store = folder.path().join("store");
    let engine = |matching: f64| {
        let mut config = Config::default();
        config.thresholds.matching = matching;
        Engine::create_or_open(&store, EngineOptions { config, ..EngineOptions::default() })
            .unwrap()
    };
    let rebuild = |engine: &mut Engine| {
        engine.rebuild(RebuildOptions::default(), &()).unwrap();
        ids(&store)
    };
    let take = |engine: &mut Engine, files: &[FileArgument]| {
        for outcome in engine.ingest(files, false, &()).unwrap().files {
            outcome.result.unwrap();
        }
    };
    let mut first = engine(0.5);
    take(&mut first, &most);
    let before = rebuild(&mut first);
    take(&mut first, &rest);
    let grown = rebuild(&mut first);
    drop(first);
    let share = kept(&before, &grown);
    println!(
        "{} records, {} after: {share:.5} of the old ones keep their id",
        before.len(),
        grown.len()
    );
    assert!(share >= 0.995, "{share}");

    for raised in [0.7, 0.9, 0.95] {
        let up = rebuild(&mut engine(raised));
        let down = rebuild(&mut engine(0.5));
        let (between, share) = (kept(&grown, &up), kept(&grown, &down));
        println!(
            "match at {raised}: {between:.5} have the same id, {share:.5} when it is back at .5"
        );
        assert!(share >= 0.999, "{share}");
    }
}
