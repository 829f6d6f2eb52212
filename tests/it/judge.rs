//! People's decisions: durable, honoured by every rebuild, and never bridged.

use super::support::{Bench, NAMES};

/// Three rows of one person in two systems, and some others.
fn bench() -> Bench {
    let bench = Bench::new();
    let mut crm = String::from("id,first name,last name,email,phone,city,postcode\n");
    let mut shop = crm.clone();
    for (n, (given, family)) in NAMES.into_iter().enumerate() {
        let mail = format!("{}.{}@example.org", given.to_lowercase(), family.to_lowercase());
        let rest = format!("{mail},+1 415 555 2{n:03},Oakland,946{n:02}\n");
        crm += &format!("C-100{n:02},{given},{family},{rest}");
        shop += &format!("S-200{n:02},{given},{family},{rest}");
    }
    shop += "S-30000,Ada,Quillfeather,ada.quillfeather@example.org,,Oakland,94600\n";
    bench.write("crm.csv", crm).write("shop.csv", shop);
    bench.runs(&["ingest", "crm.csv", "shop.csv"]);
    bench.runs(&["rebuild"]);
    bench.runs(&["report", "--out", "before"]);
    bench
}

fn rebuilt(bench: &Bench, out: &str) {
    bench.runs(&["rebuild"]);
    bench.runs(&["report", "--out", out]);
}

const A: &str = "crm:C-10000";
const B: &str = "shop:S-20000";
const BRIDGE: &str = "shop:S-30000";
const OTHER: &str = "crm:C-10005";

#[test]
fn different_is_a_wall_and_can_be_withdrawn() {
    let bench = bench();
    let before = bench.entity_of("before", A);
    assert_eq!(before, bench.entity_of("before", B));
    assert_eq!(before, bench.entity_of("before", BRIDGE));

    bench.runs(&["judge", "different", A, B, "--note", "mother and daughter", "--by", "kim"]);
    assert_eq!(bench.json(&["status"])["stale"], true);
    // Too much would change: nothing is replaced.
    let (_, messages) = bench.exits(3, &["rebuild", "--max-changed", "1%"]);
    assert!(messages.contains("would change their entity"), "{messages}");
    assert_eq!(bench.json(&["xref", A])["entity_id"], before.as_str());

    rebuilt(&bench, "parted");
    let (a, b) = (bench.entity_of("parted", A), bench.entity_of("parted", B));
    assert_ne!(a, b, "the bridge joins one of them only");
    assert!(a == before || b == before, "the larger part keeps the id");
    let why = bench.json(&["why", A, B]);
    assert_eq!((&why["same_entity"], &why["decision"]), (&false.into(), &"judged".into()));
    assert_eq!(why["judgement"]["verdict"], "different");
    assert_eq!(why["judgement"]["note"], "mother and daughter");
    // The record between them belongs to one; to the other it is parted by the judgement.
    let lost = if bench.entity_of("parted", BRIDGE) == a { B } else { A };
    let why = bench.json(&["why", lost, BRIDGE]);
    assert_eq!(why["cluster"]["kind"], "parted by a judgement", "{why}");

    // The same files again: the wall stays.
    bench.runs(&["ingest", "crm.csv", "shop.csv"]);
    bench.runs(&["rebuild", "--full", "--retrain"]);
    bench.runs(&["report", "--out", "again"]);
    assert_eq!(bench.read("again/clusters.csv"), bench.read("parted/clusters.csv"));

    bench.runs(&["judge", "withdraw", B, A]);
    rebuilt(&bench, "joined");
    assert_eq!(bench.entity_of("joined", A), bench.entity_of("joined", B));
    // Ids that ended resolve.
    for id in [&a, &b] {
        assert_eq!(bench.json(&["show", id])["entity_id"], *bench.entity_of("joined", A));
    }
    let listed = bench.json(&["judgements", "list"]);
    assert!(!listed.to_string().is_empty());
    let changes = bench.runs(&["export", "changes", "--to", "-"]);
    assert!(changes.contains(",split,") && changes.contains(",merged,"), "{changes}");
}

#[test]
fn same_joins_and_contradictions_are_told_with_the_records_keys() {
    let bench = bench();
    bench.runs(&["judge", "same", A, OTHER]);
    rebuilt(&bench, "joined");
    assert_eq!(bench.entity_of("joined", A), bench.entity_of("joined", OTHER));
    assert_eq!(bench.json(&["why", A, OTHER])["cluster"]["kind"], "judgement");

    bench.runs(&["judge", "same", OTHER, B]);
    bench.runs(&["judge", "different", A, B]);
    let rebuilt = bench.json(&["rebuild"]);
    let warnings = rebuilt["warnings"].to_string();
    assert!(warnings.contains("contradict"), "{warnings}");
    assert!(warnings.contains("crm:record/C-100") || warnings.contains("shop:record/S-200"));
    bench.runs(&["report", "--out", "parted"]);
    assert_ne!(bench.entity_of("parted", A), bench.entity_of("parted", B), "the wall holds");

    // Both ids name one record; a record that is not there.
    bench.exits(2, &["judge", "same", A, A]);
    bench.exits(1, &["judge", "same", A, "shop:nobody"]);
}

#[test]
fn a_chain_that_contradicts_a_decision_is_told_by_every_verb_that_meets_it() {
    let bench = bench();
    let chain = [[A, B], [B, OTHER], [OTHER, BRIDGE]];
    for [a, b] in chain {
        bench.runs(&["judge", "same", a, b, "--by", "ann"]);
    }
    bench.exits(0, &["judgements", "check"]);
    let (_, messages) = bench.exits(0, &["judge", "different", BRIDGE, A, "--by", "kim"]);
    for part in ["(judgement 1 by ann)", "(judgement 3 by ann)", "≠", "(judgement 4 by kim)"] {
        assert!(messages.contains(part), "{messages}");
    }
    let (found, _) = bench.exits(3, &["judgements", "check", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found[0]["different"]["sequence"], 4);
    let links: Vec<u64> = found[0]["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|j| j["sequence"].as_u64().unwrap())
        .collect();
    assert_eq!(links, [1, 2, 3]);

    let rebuilt = bench.json(&["rebuild"]);
    assert_eq!(rebuilt["contradictions"][0]["chain"].as_array().unwrap().len(), 3);
    assert!(rebuilt["warnings"].to_string().contains("judgement 2 by ann"), "{rebuilt}");
    bench.runs(&["report", "--out", "parted"]);
    assert_ne!(bench.entity_of("parted", A), bench.entity_of("parted", BRIDGE), "no bridge");

    bench.runs(&["judge", "withdraw", B, OTHER]);
    assert_eq!(bench.json(&["rebuild"])["contradictions"].as_array().unwrap().len(), 0);
}

#[test]
fn decisions_travel_between_stores_as_csv_and_as_jsonl() {
    let bench = bench();
    bench.runs(&["judge", "different", A, B, "--note", "a, \"b\"", "--by", "kim"]);
    bench.runs(&["judge", "unsure", A, OTHER, "--by", "ann"]);
    for file in ["decisions.csv", "decisions.jsonl"] {
        bench.runs(&["judgements", "export", file]);
        // A store that has no results yet takes full keys.
        let other = ["--store", file.trim_start_matches("decisions.")];
        bench.runs(&[&other[..], &["ingest", "crm.csv", "shop.csv"]].concat());
        let imported = bench.json(&[&other[..], &["judgements", "import", file]].concat());
        assert_eq!((&imported["imported"], &imported["known"]), (&2.into(), &0.into()));
        let again = bench.json(&[&other[..], &["judgements", "import", file]].concat());
        assert_eq!((&again["imported"], &again["known"]), (&0.into(), &2.into()));
        let listed = |store: &[&str]| bench.json(&[store, &["judgements", "list"]].concat());
        assert_eq!(listed(&other), listed(&[]));
        bench.runs(&[&other[..], &["rebuild"]].concat());
        let why = bench.json(&[&other[..], &["why", A, B]].concat());
        assert_eq!((&why["same_entity"], &why["decision"]), (&false.into(), &"judged".into()));
    }
    bench.write("bad.csv", "a,b,verdict\ncrm:record/C-10000,crm:nobody,same\n");
    let (_, messages) = bench.exits(1, &["judgements", "import", "bad.csv"]);
    assert!(messages.contains("bad.csv:2"), "{messages}");
    assert_eq!(bench.json(&["judgements", "list"]).as_array().unwrap().len(), 2, "all or none");
}
