//! The same answer every time: whatever the order of rows and files, the batches and the threads.

use std::path::Path;

use super::support::{Bench, demo, texts};

/// The demo's files with their rows in another order.
fn shuffled(bench: &Bench) {
    for path in demo() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        // Records of the demo hold no line breaks within quotes.
        let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let header = usize::from(!name.ends_with("jsonl"));
        // Rows of one order stay together only by chance: that must not matter either.
        lines[header..].reverse();
        let middle = header + (lines.len() - header) / 3;
        lines[header..].rotate_left(middle - header);
        let mut text = Vec::new();
        for line in lines {
            text.extend(line);
            if !line.ends_with(b"\n") {
                text.push(b'\n');
            }
        }
        bench.write(&format!("shuffled/{name}"), text);
    }
}

fn same(bench: &Bench, a: &str, b: &str) {
    for file in [
        "clusters.csv",
        "golden.csv",
        "crosswalk.csv",
        "merge_candidates.csv",
        "report.html",
        "quarantine.csv",
    ] {
        assert!(bench.read(&format!("{a}/{file}")) == bench.read(&format!("{b}/{file}")), "{file}");
    }
    let summary = |folder: &str| -> serde_json::Value {
        let mut value: serde_json::Value =
            serde_json::from_str(&bench.read(&format!("{folder}/summary.json"))).unwrap();
        value.as_object_mut().unwrap().remove("run").unwrap();
        value
    };
    assert_eq!(summary(a), summary(b));
}

#[test]
fn order_batches_and_threads_change_nothing() {
    let bench = Bench::new();
    shuffled(&bench);
    let files = demo();
    let files = texts(&files);
    bench.runs(&[&["--threads", "1", "dedupe", "--out", "a"][..], &files].concat());

    let others: Vec<String> = files
        .iter()
        .rev()
        .map(|file| format!("shuffled/{}", Path::new(file).file_name().unwrap().to_str().unwrap()))
        .collect();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    bench.runs(&[&["--threads", "2", "dedupe", "--out", "b"][..], &others].concat());
    same(&bench, "a", "b");

    // Two commands, then everything again.
    let store = ["--store", "people"];
    let (first, second) = others.split_at(4);
    for part in [first, second, &files] {
        bench.runs(&[&store[..], &["ingest"], part].concat());
    }
    let again = bench.json(&[&store[..], &["ingest"], &files[..]].concat());
    for file in again["files"].as_array().unwrap() {
        assert_eq!((&file["records_new"], &file["changed"]), (&0.into(), &0.into()), "{file}");
    }
    bench.runs(&[&store[..], &["rebuild"]].concat());
    bench.runs(&[&store[..], &["report", "--out", "c"]].concat());
    same(&bench, "a", "c");

    // A rebuild of the same ground gives the same results and keeps every id.
    let rebuilt = bench.json(&[&store[..], &["rebuild"]].concat());
    assert_eq!(rebuilt["stability"]["unchanged_share"], 1.0);
    assert_eq!(rebuilt["stability"]["created"], 0);
    bench.runs(&[&store[..], &["report", "--out", "d"]].concat());
    same(&bench, "a", "d");

    // An index that is lost or damaged is made anew.
    for file in std::fs::read_dir(bench.path().join("people/index")).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap() == "meta.json" {
            std::fs::write(&path, "{").unwrap();
        }
    }
    bench.runs(&[&store[..], &["rebuild"]].concat());
    bench.runs(&[&store[..], &["report", "--out", "e"]].concat());
    same(&bench, "a", "e");
}
