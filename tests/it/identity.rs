//! Ids that last: the feed of changes, plans that hold, and the way back.

use std::collections::BTreeMap;

use serde_json::Value;

use super::support::{Bench, MEMBERS_KIND, NAMES};

const HEAD: &str = "id,first name,last name,email,phone,city,postcode\n";

/// The columns after the id.
fn person(n: usize, phone: &str) -> String {
    let (given, family) = NAMES[n];
    let mail = format!("{}.{}@example.org", given.to_lowercase(), family.to_lowercase());
    format!("{given},{family},{mail},{phone},Oakland,946{n:02}")
}

fn rows(prefix: &str, people: impl IntoIterator<Item = usize>) -> String {
    let row = |n: usize| format!("{prefix}{n:02},{}\n", person(n, &format!("+1 415 555 2{n:03}")));
    HEAD.to_owned() + &people.into_iter().map(row).collect::<String>()
}

/// Twelve persons in two systems.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("crm.csv", rows("C-100", 0..12)).write("shop.csv", rows("S-200", 0..12));
    bench.runs(&["ingest", "crm.csv", "shop.csv"]);
    bench.runs(&["rebuild"]);
    bench
}

fn feed(bench: &Bench, after: u64) -> Vec<Value> {
    let after = after.to_string();
    let text =
        bench.runs(&["export", "changes", "--to", "-", "--format", "jsonl", "--after", &after]);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A system that follows the feed: the entity of every record, and what became of ended ids.
#[derive(Default)]
struct Follower {
    applied: u64,
    entity_of: BTreeMap<String, String>,
    ended: BTreeMap<String, Option<String>>,
}

impl Follower {
    fn apply(&mut self, rows: &[Value]) {
        for row in rows {
            let sequence = row["sequence"].as_u64().unwrap();
            if sequence <= self.applied {
                continue;
            }
            assert_eq!(sequence, self.applied + 1, "no gaps");
            self.applied = sequence;
            let text = |name: &str| row[name].as_str().map(str::to_owned);
            let record = || {
                format!(
                    "{}:{}",
                    row["source"].as_str().unwrap(),
                    row["record_id"].as_str().unwrap()
                )
            };
            let entity = text("entity_id");
            match row["change"].as_str().unwrap() {
                "created" => {
                    self.ended.remove(entity.as_ref().unwrap());
                    self.entity_of.insert(record(), entity.unwrap());
                }
                "merged" => {
                    self.ended.insert(entity.unwrap(), text("other_entity_id"));
                }
                "retired" => {
                    self.ended.insert(entity.unwrap(), None);
                }
                "moved" => match entity {
                    Some(entity) => {
                        self.entity_of.insert(record(), entity);
                    }
                    None => {
                        self.entity_of.remove(&record());
                    }
                },
                "run" | "split" | "golden" => {}
                other => panic!("{other} is no change"),
            }
        }
    }

    /// Whether it knows what the results say.
    fn check(&self, bench: &Bench) {
        bench.runs(&["report", "--out", "now"]);
        let rows = bench.rows("now/clusters.csv");
        let clusters: BTreeMap<String, String> =
            rows.iter().map(|r| (format!("{}:{}", r[0], r[1]), r[2].clone())).collect();
        assert_eq!(self.entity_of, clusters);
        for (id, into) in self.ended.iter().filter(|(_, into)| into.is_some()) {
            let mut last = into.clone();
            while let Some(next) = last.as_ref().and_then(|id| self.ended.get(id)) {
                last = next.clone();
            }
            if let Some(last) = last {
                assert_eq!(bench.json(&["show", id])["entity_id"], *last);
            }
        }
    }
}

fn changes_of<'a>(rows: &'a [Value], change: &str) -> Vec<&'a Value> {
    rows.iter().filter(|row| row["change"] == change).collect()
}

#[test]
fn the_feed_applied_once_gives_the_clusters_after_every_run() {
    let bench = bench();
    let mut follower = Follower::default();
    let first = feed(&bench, 0);
    assert_eq!(changes_of(&first, "created").len(), 12);
    assert_eq!(first[0]["change"], "run");
    assert!(first[0]["at"].as_str().unwrap().ends_with('Z'));
    assert!(changes_of(&first, "created").iter().all(|row| row["cause"] == "new record"));
    follower.apply(&first);
    follower.check(&bench);

    // Another phone for one, a third record for another, a wall for a third.
    let changed = format!("{HEAD}C-10001,{}\n", person(1, "+1 415 555 9001"));
    bench.write("crm.csv", changed).write("list.csv", rows("L-300", 2..3));
    bench.runs(&["ingest", "crm.csv", "list.csv"]);
    bench.runs(&["judge", "different", "crm:C-10003", "shop:S-20003"]);
    bench.runs(&["rebuild"]);
    let second = feed(&bench, follower.applied);
    let golden = changes_of(&second, "golden");
    let phones: Vec<_> =
        golden.iter().filter(|row| row["fields"].to_string().contains("phone")).collect();
    assert_eq!(phones.len(), 1, "{golden:?}");
    assert_eq!(phones[0]["cause"], "changed record");
    let moved = changes_of(&second, "moved");
    let joined: Vec<_> = moved.iter().filter(|row| row["source"] == "list").collect();
    assert_eq!((joined.len(), &joined[0]["cause"]), (1, &"new record".into()));
    let split = changes_of(&second, "split");
    assert_eq!((split.len(), &split[0]["cause"]), (1, &"judgement".into()));
    follower.apply(&second);
    // Delivered twice, applied once.
    follower.apply(&second);
    follower.check(&bench);

    bench.runs(&["undo"]);
    let third = feed(&bench, follower.applied);
    assert!(third.iter().all(|row| row["cause"] == "undo"));
    follower.apply(&third);
    follower.check(&bench);
    bench.runs(&["rebuild"]);
    follower.apply(&feed(&bench, follower.applied));
    follower.check(&bench);

    // From the beginning it comes to the same.
    let mut late = Follower::default();
    late.apply(&feed(&bench, 0));
    assert_eq!(late.entity_of, follower.entity_of);
    let csv = bench.runs(&["export", "changes", "--to", "-"]);
    assert_eq!(csv.lines().count() as u64, follower.applied + 1);
    bench.exits(2, &["export", "golden", "--to", "-", "--after", "3"]);
    bench.exits(1, &["export", "changes", "--to", "-", "--after", "100000"]);
}

#[test]
fn the_life_of_an_id_and_of_a_record_is_told() {
    let bench = bench();
    bench.runs(&["report", "--out", "first"]);
    let (kept, ended) =
        (bench.entity_of("first", "crm:C-10004"), bench.entity_of("first", "crm:C-10005"));
    bench.runs(&["judge", "same", "crm:C-10004", "crm:C-10005"]);
    let run = bench.json(&["rebuild"])["run"].clone();
    let (kept, ended) = match bench.json(&["show", &kept])["entity_id"] == *kept {
        true => (kept, ended),
        false => (ended, kept),
    };
    let life = bench.json(&["history", &ended]);
    assert_eq!((&life["state"], &life["entity_id"]), (&"merged".into(), &kept.clone().into()));
    let events = life["events"].as_array().unwrap();
    assert_eq!(events[0]["change"], "created");
    let merged = events.iter().find(|event| event["change"] == "merged").unwrap();
    assert_eq!((&merged["cause"], &merged["run"]), (&"judgement".into(), &run));
    assert_eq!(bench.json(&["history", &kept])["state"], "live");

    // A record by its short and its full key.
    let moved = events.iter().find(|event| event["change"] == "moved").unwrap();
    let (source, id) = (moved["source"].as_str().unwrap(), moved["record_id"].as_str().unwrap());
    let short = bench.json(&["history", &format!("{source}:{id}")]);
    let full = bench.json(&["history", &format!("{source}:record/{id}")]);
    assert_eq!(short, full);
    assert_eq!((&short["state"], &short["entity_id"]), (&"resolved".into(), &kept.into()));

    // Since a run, since a date.
    let all = bench.json(&["changes"]);
    let since = bench.json(&["changes", "--since", "1"]);
    assert!(since.as_array().unwrap().iter().all(|row| row["run"] == run));
    assert!(since.as_array().unwrap().len() > 2);
    assert_eq!(bench.json(&["changes", "--since", "2000-01-01"]), all);
    assert_eq!(bench.json(&["changes", "--since", "2999-01-01"]), serde_json::json!([]));
    let lines = bench.runs(&["changes", "--since", "1", "--format", "jsonl"]);
    assert_eq!(lines.lines().count(), since.as_array().unwrap().len());
    let csv = bench.runs(&["changes", "--since", "1", "--format", "csv"]);
    assert_eq!(csv.lines().count(), since.as_array().unwrap().len() + 1);

    bench.exits(1, &["changes", "--since", "77"]);
    bench.exits(2, &["changes", "--since", "yesterday"]);
    bench.exits(1, &["history", "ent_0000000000000000"]);
    bench.exits(1, &["history", "crm:nobody"]);
}

/// A configuration under which only near certain pairs are one.
const STRICT: &str = "[thresholds]\nreview = 0.5\nmatch = 0.9999999\nauto = 0.9999999\n";

#[test]
fn a_rebuild_does_what_the_plan_said_and_nothing_else() {
    let bench = bench();
    // Some rows that are near, but not near certain.
    let near = "L-1,A,Quillfeather,,,Oakland,94600\nL-2,Bruno,Castelane,,+1 415 555 2001,,\nL-3,C,Dombrowski,c.dombrowski@example.org,,Oakland,94602\n";
    bench.write("list.csv", format!("{HEAD}{near}")).write("strict.toml", STRICT);
    bench.runs(&["ingest", "list.csv"]);
    bench.runs(&["rebuild"]);
    bench.runs(&["report", "--out", "before"]);
    let plan = |expected: i32, arguments: &[&str]| -> Value {
        let all = [&["plan", "--format", "json"], arguments].concat();
        serde_json::from_str(&bench.exits(expected, &all).0).unwrap()
    };
    assert_eq!(plan(0, &[])["records"]["moved"], 0);
    let planned = plan(3, &["--config", "strict.toml", "--all"]);
    assert!(planned["records"]["moved"].as_u64().unwrap() > 0, "{planned}");
    assert!(planned["pairs"].as_array().unwrap().iter().all(|c| c["pairs"].as_u64() > Some(0)));
    // It was a plan only.
    bench.runs(&["report", "--out", "after"]);
    assert!(bench.read("before/clusters.csv") == bench.read("after/clusters.csv"));
    assert_eq!(plan(3, &["--config", "strict.toml", "--all"]), planned);

    // A gate, and another plan: neither replaces anything.
    let strict = ["--config", "strict.toml"];
    bench.exits(3, &[&["rebuild", "--max-changed", "0.1%"][..], &strict].concat());
    let (_, messages) = bench.exits(3, &["rebuild", "--plan", planned["plan"].as_str().unwrap()]);
    assert!(messages.contains("sameas plan"), "{messages}");
    assert_eq!(bench.json(&["status"])["last_rebuild"]["run"], 2);

    let id = planned["plan"].as_str().unwrap();
    let rebuilt = bench.json(&[&["rebuild", "--plan", id][..], &strict].concat());
    assert_eq!(rebuilt["run"], 3);
    assert_eq!(rebuilt["stability"], planned["stability"]);
    let (done, _) = bench.exits(3, &["diff", "2", "3", "--all", "--format", "json"]);
    let done: Value = serde_json::from_str(&done).unwrap();
    for part in ["records", "entities", "pairs", "fields", "moved"] {
        assert_eq!(done[part], planned[part], "{part}");
    }
    let moved = bench.json(&["changes", "--since", "2"]);
    let moved = changes_of(moved.as_array().unwrap(), "moved");
    assert!(!moved.is_empty() && moved.iter().all(|row| row["cause"] == "configuration"));
    // Row by row as the reports say it.
    bench.runs(&["report", "--out", "strict"]);
    let entity = |out: &str| -> BTreeMap<String, String> {
        let rows = bench.rows(&format!("{out}/clusters.csv"));
        rows.iter().map(|r| (format!("{}:{}/{}", r[0], r[3], r[1]), r[2].clone())).collect()
    };
    let (before, after) = (entity("before"), entity("strict"));
    let moved: BTreeMap<&str, (&str, &str)> = planned["moved"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap();
            (text("record"), (text("from"), text("to")))
        })
        .collect();
    for (record, id) in &before {
        let expected = moved.get(record.as_str()).map_or((id.as_str(), id.as_str()), |m| *m);
        assert_eq!((id.as_str(), after[record].as_str()), expected, "{record}");
    }
    assert_eq!(plan(0, &strict)["records"]["moved"], 0);
    // Settings back, ids back.
    bench.runs(&["rebuild"]);
    bench.runs(&["report", "--out", "back"]);
    assert!(bench.read("before/clusters.csv") == bench.read("back/clusters.csv"));
    bench.exits(1, &["diff", "1", "99"]);
    bench.exits(0, &["diff", "3", "3"]);
}

const REPORTS: [&str; 7] = [
    "clusters.csv",
    "golden.csv",
    "crosswalk.csv",
    "merge_candidates.csv",
    "quarantine.csv",
    "report.html",
    "summary.json",
];

#[test]
fn undo_brings_the_reports_back_byte_for_byte() {
    let bench = bench();
    bench.runs(&["report", "--out", "first"]);
    // New rows (one of them broken), a changed one, decisions; then all of it is taken back.
    let broken = "L-30099,\"unclosed\n";
    bench.write("list.csv", rows("L-300", 0..3) + broken);
    bench.write("crm.csv", format!("{HEAD}C-10007,{}\n", person(7, "+1 415 555 9007")));
    bench.exits(4, &["ingest", "list.csv", "crm.csv"]);
    bench.runs(&["judge", "different", "crm:C-10003", "shop:S-20003", "--by", "kim"]);
    bench.runs(&["rebuild"]);
    bench.runs(&["report", "--out", "second"]);
    assert!(bench.read("first/golden.csv") != bench.read("second/golden.csv"));
    let apart =
        [bench.entity_of("second", "crm:C-10003"), bench.entity_of("second", "shop:S-20003")];

    let undone = bench.json(&["undo", "2"]);
    assert_eq!((&undone["undone"], &undone["results"]), (&serde_json::json!([2]), &1.into()));
    assert_eq!((&undone["unresolved"], &undone["outdated"]), (&3.into(), &1.into()));
    assert_eq!(undone["judgements"][0]["by"], "kim");
    bench.runs(&["report", "--out", "undone"]);
    for file in REPORTS {
        let name = |out: &str| format!("{out}/{file}");
        assert!(bench.read(&name("first")) == bench.read(&name("undone")), "{file}");
    }
    let status = bench.json(&["status"]);
    assert_eq!((&status["unresolved"], &status["stale"]), (&3.into(), &true.into()));
    // Both ids of the run that was taken back still say who is meant.
    for id in &apart {
        let shown = bench.json(&["show", id]);
        assert_eq!(shown["entity_id"], bench.entity_of("first", "crm:C-10003"), "{id}");
    }
    bench.exits(1, &["undo", "2"]);
    bench.exits(1, &["undo", "77"]);
    let (_, messages) = bench.exits(1, &["undo"]);
    assert!(messages.contains("is the first"), "{messages}");

    // The next rebuild says what it does again, and gives the same ids.
    let (planned, _) = bench.exits(3, &["plan", "--format", "json"]);
    let planned: Value = serde_json::from_str(&planned).unwrap();
    assert_eq!(planned["redone"]["undone"], serde_json::json!([2]));
    assert_eq!(planned["records"]["new"], 3);
    let rebuilt = bench.json(&["rebuild"]);
    assert_eq!(rebuilt["redone"], planned["redone"]);
    assert!(rebuilt["redone"]["records"].as_u64() >= Some(4), "{rebuilt}");
    bench.runs(&["report", "--out", "third"]);
    for file in &REPORTS[..6] {
        let name = |out: &str| format!("{out}/{file}");
        assert!(bench.read(&name("second")) == bench.read(&name("third")), "{file}");
    }
    // What was in force before is kept, though it is not among the latest.
    assert_eq!(bench.json(&["undo"])["results"], 1);
}

#[test]
fn a_run_that_was_killed_before_its_results_came_into_force_is_finished_by_the_next() {
    let bench = bench();
    bench.write("list.csv", rows("L-300", 0..3));
    bench.runs(&["ingest", "list.csv"]);
    bench.runs(&["rebuild"]);
    bench.runs(&["report", "--out", "second"]);
    // The ledger has the events of run 2, the results in force are still those of run 1.
    bench.write(".sameas/results/CURRENT", "000001\n");
    assert_eq!(bench.json(&["status"])["last_rebuild"]["run"], 1);
    assert_eq!(bench.json(&["plan"])["records"]["unchanged"], 27);
    assert_eq!(bench.json(&["status"])["last_rebuild"]["run"], 2);
    bench.runs(&["report", "--out", "again"]);
    for file in REPORTS {
        let name = |out: &str| format!("{out}/{file}");
        assert!(bench.read(&name("second")) == bench.read(&name("again")), "{file}");
    }
}

#[test]
fn another_policy_is_planned_and_told_as_changes_of_golden_values() {
    let bench = Bench::new();
    // Two systems disagree on a phone; nothing else tells which is right.
    bench
        .write("crm.csv", rows("C-100", 0..12))
        .write("shop.csv", rows("S-200", 0..12).replace("+1 415 555 2003", "+1 415 555 9003"));
    bench.runs(&["ingest", "crm.csv", "shop.csv"]);
    bench.runs(&["rebuild"]);
    let entity = bench.json(&["show", "crm:C-10003"])["entity_id"].clone();
    let owner = |name: &str| format!("[policy.phone]\nowner = [\"{name}\"]\n");
    bench.write("crm.toml", owner("crm")).write("shop.toml", owner("shop"));
    bench.runs(&["rebuild", "--config", "crm.toml"]);
    let (planned, _) =
        bench.exits(3, &["plan", "--config", "shop.toml", "--all", "--format", "json"]);
    let planned: Value = serde_json::from_str(&planned).unwrap();
    assert_eq!(planned["records"]["moved"], 0);
    let phone = &planned["fields"][0];
    assert_eq!((&phone["field"], &phone["examples"][0]["entity_id"]), (&"phone".into(), &entity));
    assert_ne!(phone["examples"][0]["before"], phone["examples"][0]["after"]);
    bench.runs(&["rebuild", "--config", "shop.toml"]);
    let told = bench.json(&["changes", "--since", "2"]);
    let golden = changes_of(told.as_array().unwrap(), "golden");
    assert_eq!(golden.len() as u64, phone["entities"].as_u64().unwrap());
    assert_eq!((&golden[0]["entity_id"], &golden[0]["cause"]), (&entity, &"configuration".into()));
    let (done, _) = bench.exits(3, &["diff", "2", "3", "--all", "--format", "json"]);
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!(done["fields"], planned["fields"]);
}

#[test]
fn an_undone_training_is_not_used_again() {
    let bench = bench();
    bench.write("list.csv", rows("L-300", 0..9));
    bench.runs(&["ingest", "list.csv"]);
    let first = bench.json(&["rebuild"])["model_hash"].clone();
    let second = bench.json(&["rebuild", "--retrain"]);
    assert_ne!(second["model_hash"], first);
    bench.runs(&["undo"]);
    assert_eq!(bench.json(&["rebuild"])["model_hash"], first);
    let again = bench.json(&["rebuild", "--retrain"]);
    assert_eq!(again["model_hash"], second["model_hash"]);
    let rows = bench.json(&["changes", "--since", "5"]);
    assert_eq!((&rows[0]["change"], &rows[0]["cause"]), (&"run".into(), &"model".into()));
}

#[test]
fn a_deleted_record_comes_back_with_its_id_and_its_decisions() {
    let bench = bench();
    let club = |state: &str| {
        let head = "Member No,First,Last,Mail,Mobile,Zip,City,Club State\n";
        let row = |n: usize| {
            let (given, family) = NAMES[n];
            let mail = format!("{}.{}@example.org", given.to_lowercase(), family.to_lowercase());
            format!("M{n},{given},{family},{mail},+1 415 555 2{n:03},946{n:02},Oakland,{state}\n")
        };
        format!("{head}{}Z9,Zoë,Only,zoe.only@example.net,,10115,Berlin,{state}\n", row(0))
    };
    bench.write("kinds/club.toml", MEMBERS_KIND).write("sameas.toml", "kinds = \"kinds\"\n");
    bench.write("club.csv", club("in"));
    bench.runs(&["ingest", "club.csv"]);
    bench.runs(&["judge", "different", "crm:C-10000", "shop:S-20000"]);
    bench.runs(&["rebuild"]);
    bench.runs(&["report", "--out", "in"]);
    bench.runs(&["judge", "different", "club:M0", "crm:C-10000"]);
    bench.runs(&["judge", "different", "club:M0", "shop:S-20000"]);
    bench.runs(&["rebuild"]);
    bench.runs(&["report", "--out", "walled"]);
    let member = bench.entity_of("walled", "club:M0");
    assert_ne!(member, bench.entity_of("walled", "crm:C-10000"));
    let zoe = bench.entity_of("walled", "club:Z9");

    bench.write("club.csv", club("left"));
    bench.runs(&["ingest", "club.csv"]);
    bench.runs(&["rebuild"]);
    assert_eq!(bench.json(&["history", &zoe])["state"], "retired");
    assert_eq!(bench.json(&["history", "club:Z9"])["state"], "unresolved");
    let shown = bench.json(&["show", &zoe]);
    assert_eq!((&shown["deleted"], &shown["entity_id"]), (&true.into(), &zoe.clone().into()));
    let rows = bench.json(&["changes", "--since", "3"]);
    let left = changes_of(rows.as_array().unwrap(), "moved");
    assert_eq!(left.len(), 2, "{rows}");
    assert!(left.iter().all(|row| row["cause"] == "deleted record" && row["entity_id"].is_null()));

    bench.write("club.csv", club("in"));
    bench.runs(&["ingest", "club.csv"]);
    bench.runs(&["rebuild"]);
    bench.runs(&["report", "--out", "back"]);
    assert!(bench.read("walled/clusters.csv") == bench.read("back/clusters.csv"));
    let why = bench.json(&["why", "club:M0", "crm:C-10000"]);
    assert_eq!((&why["same_entity"], &why["decision"]), (&false.into(), &"judged".into()));
}
