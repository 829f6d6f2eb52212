//! Events and wrappings: the same records however they come, in whatever order.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::OnceLock;

use proptest::prelude::*;
use sameas::ingest::kind::Stated;
use sameas::model::{RawRow, SourceRecord, Version};

use super::kinds::{Sample, run, samples, show};
use super::support::Bench;

fn event(line: &str) -> String {
    format!(
        "{{\"specversion\":\"1.0\",\"type\":\"x.updated\",\"source\":\"/a\",\"id\":\"1\",\"data\":{line}}}"
    )
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// Every JSON kind as lines, as an array, in a list envelope, in CloudEvents, and each of these
/// packed.
#[test]
fn json_kinds_come_in_any_wrapping() {
    for Sample { kind, file, text } in samples().iter().filter(|s| s.file.ends_with(".jsonl")) {
        if text.starts_with('[') {
            continue; // a table of arrays is no list of records
        }
        let lines: Vec<&str> = text.lines().collect();
        let events: Vec<String> = lines.iter().map(|line| event(line)).collect();
        let shown = |name: &str, bytes: &[u8]| {
            let run = run(name, bytes, &Stated::default()).unwrap();
            assert_eq!(&*run.manifest.kind, kind, "{file} as {name}");
            // What no field takes is kept under its path, which a wrapping may shorten.
            let taken = |shown: String| {
                let lines = shown.lines().filter(|line| !line.starts_with("other."));
                lines.collect::<Vec<_>>().join("\n")
            };
            run.records.iter().map(|(_, mapped)| taken(show(mapped))).collect::<Vec<_>>()
        };
        let want = shown("x.jsonl", text.as_bytes());
        for (name, text) in [
            ("x.jsonl", text.clone()),
            ("x.json", format!("[{}]", lines.join(","))),
            ("list.json", format!("{{\"results\":[{}],\"next\":null}}", lines.join(","))),
            ("events.jsonl", events.join("\n")),
            ("batch.json", format!("[{}]", events.join(","))),
        ] {
            assert_eq!(shown(name, text.as_bytes()), want, "{file} as {name}");
            let packed = format!("{name}.gz");
            assert_eq!(shown(&packed, &gzipped(&text)), want, "{file} as {packed}");
        }
    }
}

/// Tables and address books, packed.
#[test]
fn every_kind_comes_packed() {
    for Sample { kind, file, text } in samples().iter().filter(|sample| !sample.is_json()) {
        let run = run(&format!("{file}.gz"), gzipped(text), &Stated::default()).unwrap();
        assert_eq!(&*run.manifest.kind, kind, "{file}.gz");
    }
}

/// What stands for each record when all rows have been weighed: its winning row and whether it is
/// gone.
fn state(lines: &[String]) -> BTreeMap<String, (Vec<RawRow>, bool)> {
    let run = run("x.jsonl", lines.join("\n"), &Stated::default()).unwrap();
    let mut all: BTreeMap<String, Vec<(SourceRecord, bool)>> = BTreeMap::new();
    for (record, mapped) in run.records {
        all.entry(record.key.to_string()).or_default().push((record, mapped.deleted));
    }
    let latest = |versions: Vec<(SourceRecord, bool)>| {
        let at = Version::latest(0..versions.len(), |at: usize| versions[at].0.version).unwrap();
        (versions[at].0.rows.clone(), versions[at].1)
    };
    all.into_iter().map(|(key, versions)| (key, latest(versions))).collect()
}

/// Events of customers: updates at their times, deletions, merges and erasure requests.
fn stream() -> Vec<String> {
    let customer = |id: u32, minute: u32, name: &str| {
        format!(
            "{{\"id\":{id},\"admin_graphql_api_id\":\"gid://shopify/Customer/{id}\",\"email\":\"c{id}@example.com\",\
             \"first_name\":\"{name}\",\"state\":\"enabled\",\"created_at\":\"2024-01-01T00:00:00Z\",\
             \"updated_at\":\"2024-03-05T10:{minute:02}:00Z\"}}"
        )
    };
    let mut lines = vec![
        "{\"admin_graphql_api_customer_kept_id\":\"gid://shopify/Customer/1\",\
         \"admin_graphql_api_customer_deleted_id\":\"gid://shopify/Customer/2\",\"status\":\"completed\"}"
            .to_owned(),
        "{\"id\":3,\"phone\":null,\"addresses\":[],\"admin_graphql_api_id\":\"gid://shopify/Customer/3\"}"
            .to_owned(),
        "{\"shop_id\":9,\"shop_domain\":\"d.myshopify.com\",\"customer\":{\"id\":4,\"email\":null},\
         \"orders_to_redact\":[]}"
            .to_owned(),
    ];
    for id in 1..=5 {
        for (minute, name) in [(1, "Ann"), (7, "Anna"), (3, "Annie")] {
            lines.push(customer(id, minute, name));
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Shuffled and repeated events give the same state.
    #[test]
    fn streams_in_any_order_give_the_same_state(
        order in Just(stream()).prop_shuffle(),
        again in proptest::collection::vec(0..18usize, 0..12),
    ) {
        let mut lines = order.clone();
        lines.extend(again.iter().map(|at| order[*at].clone()));
        let found = state(&lines);
        prop_assert_eq!(&found, &state(&stream()));
        let gone: Vec<&str> =
            found.iter().filter(|(_, (_, gone))| *gone).map(|(key, _)| key.as_str()).collect();
        prop_assert_eq!(gone, ["x:customer/2", "x:customer/3", "x:customer/4"]);
    }
}

/// Golden records, counts and erasure requests, and what is shown of some records.
type State = (Vec<Vec<String>>, serde_json::Value, Vec<serde_json::Value>);

/// What a store says after the events came in these files, one ingest each.
fn said(files: &[Vec<String>]) -> State {
    let bench = Bench::new();
    for (number, lines) in files.iter().enumerate() {
        let name = format!("events-{number}.jsonl");
        bench.write(&name, lines.join("\n"));
        bench.runs(&["ingest", &format!("{name}:shopify-json@shop")]);
    }
    bench.runs(&["rebuild"]);
    bench.runs(&["report", "--out", "out"]);
    // Ids of entities may depend on history.
    let golden = bench.rows("out/golden.csv").into_iter().map(|row| row[1..].to_vec());
    let mut golden: Vec<Vec<String>> = golden.collect();
    golden.sort();
    let status = bench.json(&["status"]);
    let mut records = Vec::new();
    // A loser of a merge, and one to be erased.
    for id in [2, 4] {
        let shown = bench.json(&["show", &format!("shop:customer/{id}")]);
        let of = |key: &str| shown[key].clone();
        records.push(serde_json::json!([id, of("deleted"), of("values"), of("alias_of")]));
    }
    let asked: Vec<String> = (status["erasure_requests"].as_array().unwrap().iter())
        .map(|request| request["record_id"].to_string())
        .collect();
    (golden, serde_json::json!([status["records"], status["entities"], asked]), records)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 8, ..ProptestConfig::default() })]

    /// … and so they do when they come in several files, ingested one after another: what states its
    /// time in any order, erasure requests before what they erase too. What ends a record without a
    /// time counts from when it comes, and is ingested last here.
    #[test]
    fn streams_over_several_ingests_give_the_same_state(
        order in Just(stream()).prop_shuffle(),
        cuts in proptest::collection::vec(0..18usize, 2),
        again in proptest::collection::vec((0..18usize, 0..3usize), 0..8),
    ) {
        let (first, second) = (cuts[0].min(cuts[1]), cuts[0].max(cuts[1]));
        let mut files =
            [order[..first].to_vec(), order[first..second].to_vec(), order[second..].to_vec()];
        for (event, file) in again {
            files[file].push(order[event].clone());
        }
        let ends = |line: &String| !line.contains("updated_at") && !line.contains("to_redact");
        let last: Vec<String> =
            files.iter_mut().flat_map(|lines| lines.extract_if(.., |line| ends(line))).collect();
        files[2].extend(last);
        let files: Vec<Vec<String>> = files.into_iter().filter(|lines| !lines.is_empty()).collect();
        static AT_ONCE: OnceLock<State> = OnceLock::new();
        prop_assert_eq!(&said(&files), AT_ONCE.get_or_init(|| said(&[stream()])));
    }
}
