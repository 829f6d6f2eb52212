//! The main job on the demo's exports, end to end: every live record once, every question answered
//! with the keys that scripts rely on.

use std::collections::BTreeSet;

use serde_json::Value;

use super::support::{Bench, demo, texts};

fn bench() -> Bench {
    let bench = Bench::new();
    let files = demo();
    let arguments = [&["dedupe", "--out", "out"][..], &texts(&files)].concat();
    let (_, messages) = bench.exits(0, &arguments);
    assert!(messages.contains("Open out/report.html first"), "{messages}");
    bench
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn has_keys(value: &Value, wanted: &[&str]) {
    let found = keys(value);
    for key in wanted {
        assert!(found.contains(key), "{key} is missing in {found:?}");
    }
}

#[test]
fn the_demo_is_resolved_and_every_question_is_answered() {
    let bench = bench();
    let store = ["--store", "out/.sameas"];
    let ask = |rest: &[&str]| bench.json(&[&store[..], rest].concat());

    // Every live record once, sorted; nothing sound in quarantine.
    let clusters = bench.rows("out/clusters.csv");
    let names: Vec<(String, String)> =
        clusters.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    assert!(names.is_sorted());
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    assert_eq!(names.len(), 331);
    assert!(bench.rows("out/quarantine.csv").is_empty());
    for file in ["golden.csv", "crosswalk.csv", "merge_candidates.csv", "report.html"] {
        assert!(!bench.read(&format!("out/{file}")).is_empty(), "{file}");
    }
    let page = bench.read("out/report.html");
    assert!(!page.contains("src=\"http") && !page.contains("href=\"http"), "offline");

    let evaluated =
        ask(&["evaluate", "--truth", concat!(env!("CARGO_MANIFEST_DIR"), "/data/demo/truth.csv")]);
    has_keys(
        &evaluated,
        &["pairwise", "bcubed", "blocking_recall", "scorer_recall", "records", "truth_records"],
    );
    assert!(evaluated["pairwise"]["f1"].as_f64().unwrap() > 0.9, "{evaluated}");

    // show: by record and by entity; golden fields name where they come from.
    let shop = clusters.iter().find(|row| row[0] == "shop-eu").unwrap();
    let record = format!("{}:{}", shop[0], shop[1]);
    let shown = ask(&["show", &record]);
    has_keys(
        &shown,
        &["entity_id", "entity_kind", "aliases", "members", "golden", "relations", "deleted"],
    );
    assert_eq!(shown["entity_id"], shop[2].as_str());
    assert_eq!(shown, ask(&["show", &shop[2]]));
    assert_eq!(shown["deleted"], false);
    has_keys(&shown["members"][0], &["source", "object", "record_id", "kind"]);
    for (_, field) in shown["golden"].as_object().unwrap() {
        has_keys(field, &["value", "source", "record_id", "observed_at", "rule", "others"]);
    }

    // The contact that lost a merge answers with its survivor's entity.
    let contacts = csv::Reader::from_path(
        demo().into_iter().find(|path| path.ends_with("salesforce-contacts.csv")).unwrap(),
    )
    .unwrap()
    .into_deserialize::<std::collections::BTreeMap<String, String>>()
    .map(Result::unwrap)
    .find(|row| !row["MasterRecordId"].is_empty())
    .unwrap();
    let loser = ask(&["show", &format!("salesforce-contacts:{}", contacts["Id"])]);
    let survivor = format!("salesforce-contacts:{}", contacts["MasterRecordId"]);
    assert_eq!(loser["entity_id"], bench.entity_of("out", &survivor).as_str());

    let golden = shown["golden"]["full_name"]["value"].as_str().unwrap();
    let found = ask(&["find", golden]);
    has_keys(&found[0], &["entity_id", "probability", "full_name", "email", "phone", "matched"]);
    assert!(found.as_array().unwrap().iter().any(|row| row["entity_id"] == shop[2].as_str()));
    assert_eq!(ask(&["find", "--name", golden])[0]["entity_id"], shop[2].as_str());

    let xref = ask(&["xref", &record]);
    has_keys(&xref, &["entity_id", "records"]);
    assert!(xref["records"]["shop-eu"].as_array().unwrap().contains(&Value::from(&*shop[1])));
    let only = ask(&["xref", &record, "--to", "hubspot-contacts"]);
    assert!(only["records"].as_object().unwrap().keys().all(|key| key == "hubspot-contacts"));

    // why: prior, background and terms are the weight, in bits.
    for row in bench.rows("out/merge_candidates.csv").iter().take(10) {
        let (a, b) = (format!("{}:{}", row[5], row[6]), format!("{}:{}", row[7], row[8]));
        for verb in ["why", "why-not"] {
            let why = ask(&[verb, &a, &b]);
            has_keys(
                &why,
                &[
                    "a",
                    "b",
                    "same_entity",
                    "decision",
                    "probability",
                    "match_weight",
                    "prior_weight",
                    "background_weight",
                    "thresholds",
                    "comparisons",
                    "judgement",
                    "cluster",
                    "shared_keys",
                    "missed_keys",
                ],
            );
            has_keys(&why["thresholds"], &["match", "review", "auto"]);
            let number = |value: &Value| value.as_f64().unwrap();
            let terms: f64 = why["comparisons"]
                .as_array()
                .unwrap()
                .iter()
                .map(|term| number(&term["weight"]) + number(&term["term_frequency_weight"]))
                .sum();
            let sum = terms + number(&why["prior_weight"]) + number(&why["background_weight"]);
            assert!((sum - number(&why["match_weight"])).abs() < 1e-6, "{why}");
            assert_eq!(why["same_entity"].to_string(), row[2]);
            // What stands together, or apart against the pair's own word, says by which step.
            let word = why["decision"] == "match" || why["same_entity"] == true;
            assert_eq!(why["cluster"].is_null(), !word && why["decision"] != "review", "{why}");
        }
    }

    let how = ask(&["how", &record]);
    has_keys(&how, &["entity_id", "steps", "weakest"]);
    has_keys(&how["steps"][0], &["a", "b", "probability", "match_weight", "kind"]);

    let status = ask(&["status"]);
    has_keys(
        &status,
        &[
            "records",
            "entities",
            "sources",
            "last_rebuild",
            "stale",
            "quarantined",
            "model",
            "store_bytes",
        ],
    );
    assert_eq!(status["records"], 331);
    assert_eq!(status["sources"]["salesforce-contacts"]["records"], 29, "one is merged away");
    assert_eq!(status["stale"], false);

    for (what, header) in [
        ("golden", "entity_id,entity_kind,records,sources,full_name"),
        ("crosswalk", "entity_id,erp-kunden"),
        ("clusters", "source,record_id,entity_id"),
        ("pairs", "candidate_id,band,same_entity,probability,match_weight"),
        ("changes", "sequence,run,cause,change,entity_id"),
        ("quarantine", "file,line,source,reason,row"),
    ] {
        for form in ["csv", "jsonl"] {
            let file = format!("{what}.{form}");
            bench.runs(&[&store[..], &["export", what, "--to", &file]].concat());
        }
        assert!(bench.read(&format!("{what}.csv")).starts_with(header), "{what}");
    }
    assert_eq!(bench.read("clusters.csv"), bench.read("out/clusters.csv"));

    for verb in [
        &["verify"][..],
        &["model", "show"],
        &["judgements", "list"],
        &["quarantine", "list"],
        &["sources", "list"],
        &["sources", "show", "stripe-customers"],
    ] {
        bench.runs(&[&store[..], verb].concat());
    }
    let unknown = [&store[..], &["show", "shop-ue:1"]].concat();
    assert!(bench.exits(1, &unknown).1.contains("did you mean `shop-eu`?"));
    let unknown = [&store[..], &["quarantine", "show", "1"]].concat();
    bench.exits(1, &unknown);
}

#[test]
fn a_deleted_record_without_a_live_one_still_answers() {
    let bench = Bench::new();
    bench.write("crm.csv", "Id,FirstName,LastName,Email,IsDeleted,MasterRecordId,LastModifiedDate,AccountId,SystemModstamp\n\
        0035g0000EnaxfbAQA,Ada,Quill,ada.quill@example.org,false,,2025-01-01T00:00:00.000Z,,2025-01-01T00:00:00.000Z\n\
        0035g0000EnaxfcAQA,Bo,Thorn,bo@thornmail.org,true,,2025-01-02T00:00:00.000Z,,2025-01-02T00:00:00.000Z\n");
    let (_, messages) = bench.exits(0, &["dedupe", "crm.csv:salesforce-contacts", "--out", "out"]);
    assert!(messages.contains("1 live records"), "{messages}");
    assert_eq!(bench.rows("out/clusters.csv").len(), 1);
    let store = ["--store", "out/.sameas"];
    let shown = bench.json(&[&store[..], &["show", "crm:0035g0000EnaxfcAQA"]].concat());
    assert_eq!(shown["entity_id"], Value::Null);
    assert_eq!(shown["deleted"], true);
    assert_eq!(shown["members"][0]["record_id"], "0035g0000EnaxfcAQA");
    assert_eq!(shown["members"][0]["kind"], "salesforce-contacts");
    assert_eq!(shown["golden"]["email"]["value"], "bo@thornmail.org");
    for verb in ["xref", "how"] {
        let asked = [&store[..], &[verb, "crm:contact/0035g0000EnaxfcAQA"]].concat();
        assert!(bench.exits(1, &asked).1.contains("deleted in its system"), "{verb}");
    }
    // Now the other one goes too; its entity's id is remembered.
    let id = bench.json(&[&store[..], &["show", "crm:0035g0000EnaxfbAQA"]].concat());
    bench.write(
        "later/crm.csv",
        bench.read("crm.csv").replace("false,,2025-01-01", "true,,2025-02-01"),
    );
    bench.runs(&[&store[..], &["ingest", "later/crm.csv:salesforce-contacts"]].concat());
    bench.runs(&[&store[..], &["rebuild"]].concat());
    let entity = id["entity_id"].as_str().unwrap();
    let gone = bench.json(&[&store[..], &["show", entity]].concat());
    assert_eq!(gone["entity_id"], entity);
    assert_eq!(gone["deleted"], true);
    assert_eq!(gone["golden"]["email"]["value"], "ada.quill@example.org");
    assert_eq!(bench.json(&[&store[..], &["status"]].concat())["records"], 0);
}

#[test]
fn a_run_that_does_not_fit_into_memory_is_refused_before_it_starts() {
    let bench = bench();
    let (_, messages) =
        bench.exits(1, &["--store", "out/.sameas", "--max-memory", "100M", "rebuild", "--full"]);
    assert!(messages.contains("nothing was changed; give --max-memory 273M"), "{messages}");
    let (_, messages) =
        bench.exits(0, &["--store", "out/.sameas", "--max-memory", "273M", "rebuild", "--full"]);
    assert!(messages.contains("of the 286 MB allowed"), "{messages}");
}
