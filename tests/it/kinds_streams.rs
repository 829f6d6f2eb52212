//! Events and wrappings: the same records however they come, in whatever order.

use std::collections::BTreeMap;
use std::io::Write as _;

use proptest::prelude::*;
use sameas::ingest::kind::Stated;
use sameas::model::{RawRow, SourceRecord, Version};

use super::kinds::{Sample, run, samples, show};

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
