//! Questions to a small store made by hand: five live records, three entities, an old id, a deleted
//! record.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use sameas::config::Gate;
use sameas::error::ErrorKind;
use sameas::model::{
    Email, EntityId, EntityKind, FileManifest, Limits, NormalRecord, PersonName, RecordKey,
    ScoredPair, Verdict,
};
use sameas::pipeline::{self, View};
use sameas::query::{self, resolve};
use sameas::store::results::{AliasKey, EntityRow, ResultsWriter, RunSummary, StepRow};
use serde_json::Value;

const ANN: EntityId = EntityId::from_bits(7);
const OLD: EntityId = EntityId::from_bits(8);
const BOB: EntityId = EntityId::from_bits(9);
const EVE: EntityId = EntityId::from_bits(10);

fn person(given: &str, family: &str, email: &str) -> NormalRecord {
    let (local, domain) = email.split_once('@').unwrap();
    NormalRecord {
        entity_kind: EntityKind::Person,
        names: vec![PersonName {
            display: format!("{given} {family}"),
            display_given: given.to_owned(),
            display_family: family.to_owned(),
            given: vec![given.to_lowercase()],
            family: vec![family.to_lowercase()],
            ..PersonName::default()
        }],
        emails: vec![Email {
            address: email.to_owned(),
            local: local.to_owned(),
            domain: domain.to_owned(),
            ..Email::default()
        }],
        ..NormalRecord::default()
    }
}

fn manifest(file: u32, source: &str) -> FileManifest {
    FileManifest {
        file,
        command: 1,
        name: format!("{source}.csv"),
        bytes: 0,
        sha256: String::new(),
        kind: "generic".into(),
        source: source.into(),
        container: "csv".to_owned(),
        encoding: "utf-8".to_owned(),
        delimiter: Some(','),
        preamble: 0,
        columns: Vec::new(),
        mapping: BTreeMap::new(),
        date_orders: BTreeMap::new(),
        default_region: None,
        unused_columns: Vec::new(),
        notes: Vec::new(),
        rows: 0,
        records: 0,
        quarantined: 0,
        limits: Limits::default(),
    }
}

/// crm: contact/1, lead/1 (Bob), shop: customer/a, customer/b/c, customer/x. Ann is crm:contact/1 +
/// shop:a + shop:b/c.
fn store(dir: &Path) {
    let store = crate::open_for_writing(dir).unwrap();
    let run = store.begin_run().unwrap();
    let path = store.results_path(run);
    let mut writer = ResultsWriter::create(&path).unwrap();
    for (at, (source, object, id, normal)) in [
        ("crm", "contact", "1", person("Ann", "Smith", "ann@mail.test")),
        ("crm", "lead", "1", person("Bob", "Jones", "bob@mail.test")),
        ("shop", "customer", "a", person("Anne", "Smith", "ann@mail.test")),
        ("shop", "customer", "b/c", person("Ann", "S\u{1b}[31m", "as@mail.test")),
        ("shop", "customer", "x", person("Eve", "Stone", "eve@mail.test")),
    ]
    .into_iter()
    .enumerate()
    {
        let file = if source == "crm" { 1 } else { 2 };
        writer.record(&RecordKey::new(source, object, id), at as u64, file, &normal).unwrap();
    }
    let entity = |id, members: &[u32], steps: &[(u32, u32, f32, u8)]| EntityRow {
        id,
        kind: EntityKind::Person,
        members: members.to_vec(),
        steps: steps
            .iter()
            .map(|(a, b, weight, kind)| StepRow { a: *a, b: *b, weight: *weight, kind: *kind })
            .collect(),
        relations: Vec::new(),
        suspicions: Vec::new(),
    };
    writer.entity(&entity(ANN, &[0, 2, 3], &[(0, 2, 9.0, 0), (0, 3, 1.0, 1)])).unwrap();
    let mut bob = entity(BOB, &[1], &[]);
    bob.relations.push(("household".to_owned(), 2));
    writer.entity(&bob).unwrap();
    writer.entity(&entity(EVE, &[4], &[])).unwrap();
    writer.pair(ScoredPair { a: 0, b: 2, weight: 9.0 }, 0).unwrap();
    writer.pair(ScoredPair { a: 0, b: 3, weight: 1.0 }, 0).unwrap();
    writer.alias(AliasKey::Entity(OLD), 0).unwrap();
    writer.alias(AliasKey::Record(RecordKey::new("shop", "customer", "gone")), 0).unwrap();
    let facts = serde_json::json!({
        "timings": [], "peak_memory": null, "systems": [], "judged": [[2, 4]], "cap": 50,
    });
    writer.blob("run", facts.to_string().as_bytes()).unwrap();
    let summary = RunSummary {
        run,
        records: 5,
        entities: 3,
        merged_entities: 1,
        model_hash: "m0del".to_owned(),
        files: vec![manifest(1, "crm"), manifest(2, "shop")],
        ..RunSummary::default()
    };
    let facts = br#"{"files":2,"sources":[["crm",2,1],["shop",3,2]]}"#;
    writer.blob("run", facts).unwrap();
    writer.finish(&summary).unwrap();
    store.publish_results(&path).unwrap();
}

fn with_view(check: impl FnOnce(&View)) {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path());
    check(&View::open(folder.path()).unwrap());
}

fn ask(dir: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sameas"))
        .env_remove("SAMEAS_STORE")
        .current_dir(dir)
        .args(["--store", "s"])
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_form_of_an_id_resolves() {
    with_view(|view| {
        let (ann, old) = (ANN.to_string(), OLD.to_string());
        for (id, records, entities) in [
            (ann.as_str(), &[][..], &[0][..]),
            (old.as_str(), &[], &[0]),
            ("shop:a", &[2], &[0]),
            ("shop:customer/a", &[2], &[0]),
            ("shop:b/c", &[3], &[0]),
            ("shop:customer/b/c", &[3], &[0]),
            ("shop:gone", &[], &[0]),
            ("crm:1", &[0, 1], &[0, 1]),
            ("crm:lead/1", &[1], &[1]),
            ("x", &[4], &[2]),
        ] {
            let found = resolve(view, id).unwrap();
            assert_eq!((&found.records[..], &found.entities[..]), (records, entities), "{id}");
        }
    });
}

#[test]
fn what_does_not_resolve_says_why() {
    with_view(|view| {
        let mistyped = ANN.to_string().replace('7', "1").replace("ent_0", "ent_1");
        for (id, part) in [
            (mistyped.as_str(), "mistyped"),
            ("shpo:a", "did you mean `shop`?"),
            ("shop:nobody", "source `shop` has no record with this id"),
            ("nobody", "sameas find"),
        ] {
            let error = resolve(view, id).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unknown, "{id}");
            let text = format!("{error} {}", error.remedy().unwrap_or_default());
            assert!(text.contains(part), "{id}: {text}");
        }
        let error = query::show(view, "crm:1").unwrap_err();
        assert_eq!(error.remedy(), Some("name one of them: crm:contact/1, crm:lead/1"));
        let error = query::why(view, "shop:gone", "shop:a").unwrap_err();
        assert!(error.to_string().contains(&format!("belongs to {ANN}")), "{error}");
        assert_eq!(query::why(view, "shop:a", "shop:a").unwrap_err().kind(), ErrorKind::Config);
    });
}

#[test]
fn show_has_the_keys_of_the_contract_and_harmless_output() {
    let folder = tempfile::tempdir().unwrap();
    store(&folder.path().join("s"));
    let (code, text, _) = ask(folder.path(), &["show", "shop:a", "--format", "json"]);
    assert_eq!(code, Some(0));
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shown["entity_id"], ANN.to_string());
    assert_eq!(shown["entity_kind"], "person");
    assert_eq!(shown["aliases"].as_array().unwrap().len(), 2);
    assert_eq!(shown["members"][0]["source"], "crm");
    assert_eq!(shown["members"][0]["object"], "contact");
    assert_eq!(shown["members"][0]["record_id"], "1");
    assert_eq!(shown["members"][0]["kind"], "generic");
    let email = &shown["golden"]["email"];
    for key in ["value", "source", "record_id", "observed_at", "rule", "others"] {
        assert!(email.get(key).is_some(), "{key}: {email}");
    }
    assert_eq!(email["value"], "ann@mail.test");
    let (code, text, _) = ask(folder.path(), &["show", "shop:a"]);
    assert_eq!(code, Some(0));
    assert!(!text.contains('\u{1b}'), "escapes of a value reach the terminal");
    let (_, text, _) = ask(folder.path(), &["show", "crm:lead/1", "--format", "json"]);
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shown["relations"][0]["type"], "household");
    assert_eq!(shown["relations"][0]["entity_id"], EVE.to_string());
}

#[test]
fn xref_lists_ids_by_source() {
    with_view(|view| {
        let xref = query::xref(view, "crm:contact/1", None).unwrap();
        let value = serde_json::to_value(&xref).unwrap();
        let records = serde_json::json!({"crm": ["1"], "shop": ["a", "b/c"]});
        assert_eq!(value, serde_json::json!({"entity_id": ANN.to_string(), "records": records}));
        let only = query::xref(view, "crm:contact/1", Some("shop")).unwrap();
        assert_eq!(only.records.len(), 1);
        let error = query::xref(view, "crm:contact/1", Some("shopp")).unwrap_err();
        assert_eq!(error.remedy(), Some("did you mean `shop`?"));
    });
}

#[test]
fn how_names_the_weakest_link() {
    with_view(|view| {
        let how = serde_json::to_value(query::how(view, "shop:a").unwrap()).unwrap();
        assert_eq!(how["weakest"], 1);
        assert_eq!(how["steps"][1]["a"], "crm:contact/1");
        assert_eq!(how["steps"][1]["b"], "shop:customer/b/c");
        assert_eq!(how["steps"][1]["kind"], "cluster");
        let alone = serde_json::to_value(query::how(view, &EVE.to_string()).unwrap()).unwrap();
        assert_eq!(alone["weakest"], Value::Null);
    });
}

#[test]
fn status_has_the_keys_of_the_contract_and_a_gate_makes_exit_code_3() {
    let folder = tempfile::tempdir().unwrap();
    store(&folder.path().join("s"));
    let (code, text, _) = ask(folder.path(), &["status", "--format", "json"]);
    assert_eq!(code, Some(0));
    let status: Value = serde_json::from_str(&text).unwrap();
    for key in [
        "records",
        "entities",
        "sources",
        "last_rebuild",
        "stale",
        "quarantined",
        "model",
        "store_bytes",
    ] {
        assert!(status.get(key).is_some(), "{key}");
    }
    assert_eq!(status["entities"], 3);
    assert_eq!(status["stale"], false);
    std::fs::write(folder.path().join("g.toml"), "records_min = 6\nlargest_entity_max = 2\n")
        .unwrap();
    let (code, _, text) = ask(folder.path(), &["status", "--gate", "g.toml"]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("records_min: 5 is under 6"), "{text}");
    assert!(text.contains("largest_entity_max: 3 is over 2"), "{text}");
    let gate = Gate::parse("records_min = 0", "g").unwrap();
    let view = View::open(&folder.path().join("s")).unwrap();
    let ground = pipeline::ground(&folder.path().join("s")).unwrap();
    let status = query::status(ground, Some(&view), Vec::new());
    let input = query::gate_input(&gate, &status, Some(&view), None).unwrap();
    assert!(gate.check(&input).is_empty());
}

#[test]
fn a_store_without_results_says_what_to_run() {
    let folder = tempfile::tempdir().unwrap();
    drop(crate::open_for_writing(&folder.path().join("s")).unwrap());
    let (code, _, text) = ask(folder.path(), &["show", "a:1"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("no results yet") && text.contains("sameas rebuild"), "{text}");
    let (code, text, _) = ask(folder.path(), &["status", "--format", "json"]);
    assert_eq!(code, Some(0), "status needs no results");
    let status: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&status["last_rebuild"], &status["stale"]), (&Value::Null, &Value::Bool(true)));
}

#[test]
fn evaluate_has_the_keys_of_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    store(&folder.path().join("s"));
    let truth = "source,record_id,truth_id\nshop,x,r\nshop,gone,r\n";
    std::fs::write(folder.path().join("gone.csv"), truth).unwrap();
    let (code, text, _) =
        ask(folder.path(), &["evaluate", "--truth", "gone.csv", "--format", "json"]);
    assert_eq!(code, Some(0));
    let result: Value = serde_json::from_str(&text).unwrap();
    for key in
        ["pairwise", "bcubed", "blocking_recall", "scorer_recall", "records", "truth_records"]
    {
        assert!(result.get(key).is_some(), "{key}");
    }
    assert_eq!((&result["records"], &result["truth_records"]), (&5.into(), &2.into()));
    assert_eq!(result["missing"], 1);
    assert_eq!(result["errors"]["misses"][0]["reason"], "record missing from the result");
    let (code, _, text) = ask(folder.path(), &["evaluate", "--truth", "none.csv"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("none.csv"), "{text}");
}

#[test]
fn judgements_export_and_list() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("s");
    store(&dir);
    let opened = crate::open_for_writing(&dir).unwrap();
    let key = |id| RecordKey::new("shop", "customer", id);
    let at = sameas::model::Timestamp(0);
    let judgement = |a, b, verdict, note| {
        sameas::model::Judgement::new(key(a), key(b), verdict, "ann", note, at)
    };
    opened.add_judgement(judgement("x", "a", Verdict::Different, "a, b")).unwrap();
    opened.add_judgement(judgement("a", "b/c", Verdict::Unsure, "")).unwrap();
    drop(opened);
    let (code, text, _) = ask(folder.path(), &["judgements", "export", "-"]);
    assert_eq!(code, Some(0));
    assert_eq!(
        text,
        "a,b,verdict,by,note,at\n\
         shop:customer/a,shop:customer/x,different,ann,\"a, b\",1970-01-01T00:00:00Z\n\
         shop:customer/a,shop:customer/b/c,unsure,ann,,1970-01-01T00:00:00Z\n"
    );
    let (_, text, _) = ask(folder.path(), &["judgements", "list", "--format", "jsonl"]);
    assert_eq!(text.lines().count(), 2);
    let view = View::open(&dir).unwrap();
    assert!(view.judged().unwrap().is_empty(), "a judgement holds from the next rebuild on");
}

#[test]
fn a_reader_who_leaves_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    store(&folder.path().join("s"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_sameas"))
        .current_dir(folder.path())
        .args(["--store", "s", "show", "shop:a", "--format", "json"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{:?}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty());
}
