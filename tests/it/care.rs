//! Keeping a store whole: faults by name, recover, backup, restore, migrate, quarantine, signals.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use sameas::blocking::index::BlockIndex;

use super::support::{Bench, MEMBERS_KIND};

const SHOP: &str = "id,first name,last name,email,phone,city\n\
    c1001,Ann,Lee,ann.lee@example.org,+1 512 555 0101,Austin\n\
    c1002,Bo,Ek,bo.ek@example.org,+1 512 555 0102,Austin\n\
    c1003,Robert,Castellano,rcastellano@example.org,+1 512 555 0103,Dallas\n\
    c1004,Mia,Sund,mia@example.org,+1 512 555 0104,Waco\n";
const CRM: &str = "id,first name,last name,email,phone,city,updated_at\n\
    p2001,Ann,Lee,ann.lee@example.org,5125550101,Austin,2024-01-01\n\
    p2002,Bob,Castellano,rcastellano@example.org,5125550103,Dallas,2024-02-01\n\
    p2003,Zoe,Quist,zoe.quist@example.org,5125550120,El Paso,2024-02-01\n";
/// A row that no reading takes: too few cells.
const BROKEN: &str = "c1005,too,few\n";

/// A store with two files, a row in quarantine, results and judgements.
fn store() -> Bench {
    let bench = Bench::new();
    bench.write("shop.csv", format!("{SHOP}{BROKEN}")).write("crm.csv", CRM);
    bench.exits(4, &["ingest", "shop.csv", "crm.csv"]);
    bench.runs(&["rebuild"]);
    bench.runs(&["judge", "different", "shop:c1002", "crm:p2003"]);
    bench.runs(&["judge", "same", "shop:c1004", "crm:p2003"]);
    bench.runs(&["rebuild"]);
    bench
}

/// Everything that the store answers.
fn answers(bench: &Bench, store: &[&str]) -> String {
    let ask = |verb: &[&str]| bench.runs(&[store, verb].concat());
    let mut all = ask(&["export", "clusters", "--to", "-"]);
    all += &ask(&["export", "golden", "--to", "-"]);
    all += &ask(&["judgements", "list", "--format", "json"]);
    all += &ask(&["quarantine", "show", "1"]);
    // Every rebuild leaves a line of its own there, also one that changed nothing.
    let changes = ask(&["export", "changes", "--to", "-"]);
    all.extend(changes.split_inclusive('\n').filter(|line| !line.contains(",run,")));
    all
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    std::fs::write(path, bytes).unwrap();
}

fn find(bench: &Bench, folder: &str, part: &str) -> std::path::PathBuf {
    let files = files_below(&bench.path().join(folder));
    files.into_iter().find(|path| path.to_string_lossy().contains(part)).unwrap()
}

#[test]
fn damage_to_one_copy_of_ground_is_mended_from_the_other() {
    let bench = store();
    let expected = answers(&bench, &[]);
    let feed = bench.runs(&["export", "changes", "--to", "-"]);
    for part in [
        "archive/000001-shop.csv",
        "archive/000002-crm.csv",
        "archive/manifest.jsonl",
        "archive/judgements.jsonl",
        "archive/ledger",
        "archive/models",
        "archive/configs",
        "ground/db",
        "results/000002.bin",
        "results/CURRENT",
        "index/meta.json",
        "format",
    ] {
        flip(&find(&bench, ".sameas", part));
        let (out, messages) = bench.exits(0, &["recover"]);
        assert!(out.contains("lost\t0"), "{part}: {out}{messages}");
    }
    bench.runs(&["verify"]);
    assert_eq!(answers(&bench, &[]), expected);
    // Of the feed nothing is lost; the rebuilds that made the results anew follow.
    assert!(bench.runs(&["export", "changes", "--to", "-"]).starts_with(&feed));
    // The files of the archive that were damaged stand there as records now, and the database can
    // still be made from them.
    std::fs::remove_dir_all(bench.path().join(".sameas/ground")).unwrap();
    bench.exits(0, &["recover"]);
    bench.runs(&["verify"]);
    assert_eq!(answers(&bench, &[]), expected);
}

#[test]
fn what_neither_copy_has_is_listed_record_by_record() {
    let bench = store();
    flip(&find(&bench, ".sameas", "archive/000002-crm.csv"));
    std::fs::remove_dir_all(bench.path().join(".sameas/ground")).unwrap();
    let (out, _) = bench.exits(1, &["recover", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&out).unwrap();
    let lost: Vec<&str> =
        found["lost"].as_array().unwrap().iter().map(|l| l["record"].as_str().unwrap()).collect();
    assert_eq!(lost, ["crm:record/p2001", "crm:record/p2002", "crm:record/p2003"]);
    let listed = bench.read(".sameas/archive/lost.jsonl");
    assert_eq!(listed.lines().count(), 3);
    bench.runs(&["verify"]);
    bench.runs(&["recover"]);
    let clusters = bench.runs(&["export", "clusters", "--to", "-"]);
    assert!(clusters.contains("shop,c1001") && !clusters.contains("crm,"), "{clusters}");
    // The file taken in again brings its records back, under their old entities.
    bench.runs(&["ingest", "crm.csv"]);
    bench.runs(&["rebuild"]);
    assert!(bench.runs(&["export", "clusters", "--to", "-"]).contains("crm,p2003"));
}

/// Records behind lost ones have new numbers: index and results of before, which know them by their
/// old ones, must not be believed, whoever was cut off before they were made anew.
#[test]
fn what_a_recovery_that_was_cut_off_has_renumbered_is_not_mixed_up() {
    // One person, in more records than are lost, and others.
    let mut more = "id,first name,last name,email,phone\n\
        m8,Cyrus,Dahl,cdahl@example.org,\nm9,Gustav,Holm,gh77@example.org,\n"
        .to_owned();
    for at in 1..6 {
        more += &format!("m{at},Edith,Falk,edith.falk@example.org,+1 512 555 013{at}\n");
    }
    let lossy = || {
        let bench = store();
        bench.write("more.csv", &more);
        bench.runs(&["ingest", "more.csv"]);
        bench.runs(&["rebuild"]);
        flip(&find(&bench, ".sameas", "archive/000002-crm.csv"));
        std::fs::remove_dir_all(bench.path().join(".sameas/ground")).unwrap();
        bench
    };
    let whole = lossy();
    whole.exits(1, &["recover"]);
    // Of the records that were there all the time nothing has changed.
    let feed = whole.runs(&["export", "changes", "--to", "-"]);
    let clusters = whole.runs(&["export", "clusters", "--to", "-"]);
    let untouched = clusters.lines().find(|line| line.starts_with("more,m3,")).unwrap();
    let untouched = untouched.split(',').nth(2).unwrap();
    assert!(!feed.lines().any(|line| line.contains(",golden,") && line.contains(untouched)));
    for next in ["recover", "rebuild"] {
        let bench = lossy();
        let cut = bench.command(&["recover"]).env("SAMEAS_FAULT", "write results=abort").output();
        assert!(!cut.unwrap().status.success());
        bench.runs(&[next]);
        bench.runs(&["verify"]);
        for what in ["clusters", "golden"] {
            let of = |bench: &Bench| bench.runs(&["export", what, "--to", "-"]);
            assert_eq!(of(&bench), of(&whole), "{next}");
        }
        let found = bench.runs(&["find", "--email", "edith.falk@example.org"]);
        assert!(found.contains("Edith Falk"), "{next}: {found}");
    }
}

#[test]
fn a_backup_is_incremental_whole_and_gives_the_store_back() {
    let bench = store();
    let first = bench.json(&["backup", "copies"]);
    assert_eq!(first["files"], first["files_copied"]);
    assert_eq!(bench.json(&["backup", "copies"])["files_copied"], 0);
    bench.write("more.csv", "id,first name,last name,email\nm30001,Al,Roe,al.roe@example.org\n");
    bench.runs(&["ingest", "more.csv"]);
    let next = bench.json(&["backup", "copies"]);
    // The new file and the manifest.
    assert_eq!(next["files_copied"], 2, "{next}");
    bench.runs(&["--store", "again", "restore", "copies"]);
    bench.runs(&["--store", "again", "verify"]);
    assert_eq!(answers(&bench, &["--store", "again"]), answers(&bench, &[]));
    let (_, refused) = bench.exits(2, &["--store", "again", "restore", "copies"]);
    assert!(refused.contains("something here already"), "{refused}");

    // A damaged backup is told, by the next backup and by a restoring, which leaves nothing.
    let bytes = |path: &std::path::PathBuf| path.metadata().unwrap().len();
    let largest = files_below(&bench.path().join("copies")).into_iter().max_by_key(bytes).unwrap();
    flip(&largest);
    for verb in [&["backup", "copies"][..], &["--store", "third", "restore", "copies"]] {
        let (_, message) = bench.exits(1, verb);
        assert!(message.contains("the backup is damaged"), "{message}");
    }
    assert!(!bench.path().join("third").exists());
    std::fs::remove_file(largest).unwrap();
    bench.runs(&["backup", "copies"]);
    bench.runs(&["--store", "third", "restore", "copies"]);

    let (_, other) = bench.exits(2, &["backup", "again"]);
    assert!(other.contains("something else than a backup"), "{other}");
    let (_, none) = bench.exits(1, &["--store", "fourth", "restore", "nowhere"]);
    assert!(none.contains("no backup here"), "{none}");
}

#[test]
fn a_store_of_format_1_is_migrated_after_a_backup() {
    let bench = Bench::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let original = fixtures.join("store-1");
    for file in files_below(&original) {
        let name = file.strip_prefix(&original).unwrap().to_str().unwrap();
        bench.write(&format!("old/{name}"), std::fs::read(&file).unwrap());
    }
    let old = ["--store", "old"];
    for verb in [&["status"][..], &["rebuild"], &["verify"]] {
        let (_, message) = bench.exits(5, &[&old, verb].concat());
        assert!(
            message.contains("has format 1") && message.contains("sameas migrate"),
            "{message}"
        );
    }
    bench.runs(&[&old[..], &["migrate"]].concat());
    bench.runs(&[&old[..], &["verify"]].concat());
    // The model is estimated anew by whatever sameas is today; who is certain keeps the id.
    let clusters = bench.runs(&[&old[..], &["export", "clusters", "--to", "-"]].concat());
    let expected = std::fs::read_to_string(fixtures.join("store-1.clusters.csv")).unwrap();
    let records = |csv: &str| -> Vec<String> {
        csv.lines().map(|l| l.splitn(3, ',').take(2).collect::<Vec<_>>().join(",")).collect()
    };
    assert_eq!(records(&clusters), records(&expected));
    for line in expected.lines().filter(|line| line.contains("01,ent_")) {
        assert!(clusters.contains(line), "{line}: {clusters}");
    }
    assert_eq!(bench.json(&[&old[..], &["quarantine", "list"]].concat())[0]["line"], 7);
    assert_eq!(
        bench.json(&[&old[..], &["judgements", "list"]].concat()).as_array().unwrap().len(),
        2
    );
    // The backup is the store as it was.
    bench.runs(&["--store", "again", "restore", "old.backup"]);
    let again = bench.json(&["--store", "again", "status"]);
    assert_eq!(again["records"], bench.json(&[&old[..], &["status"]].concat())["records"]);
    bench.write("old/format", "sameas store format 99\n");
    let (_, newer) = bench.exits(5, &[&old[..], &["migrate"]].concat());
    assert!(newer.contains("format 99") && newer.contains("or a newer one"), "{newer}");
}

#[test]
fn quarantined_rows_are_read_again_or_given_up_and_keep_their_bytes() {
    let bench = Bench::new();
    // The mapping takes no column for the id that the kind demands: rows without one wait.
    bench.write("list.csv", format!("{SHOP}{BROKEN}c1006,Kim,K\u{f6}hler,,,\n{BROKEN}"));
    bench.exits(4, &["ingest", "list.csv"]);
    let listed = bench.json(&["quarantine", "list"]);
    let waiting = listed.as_array().unwrap().len();
    assert!(waiting >= 2, "{listed}");
    let row = bench.json(&["quarantine", "show", "1"]);
    assert_eq!(row["row"].as_str().unwrap().trim_end(), BROKEN.trim_end());

    let (out, _) = bench.exits(4, &["quarantine", "retry", "--format", "json"]);
    let retried: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(retried["taken"].as_array().unwrap().len(), 0, "{retried}");

    bench.runs(&["quarantine", "drop", "1"]);
    assert_eq!(bench.json(&["quarantine", "list"]).as_array().unwrap().len(), waiting - 1);
    assert_eq!(bench.json(&["status"])["quarantined"], waiting - 1);
    let all = bench.json(&["quarantine", "list", "--all"]);
    assert_eq!(all[0]["fate"], "dropped");
    assert!(bench.json(&["quarantine", "show", "1"])["row"].as_str().unwrap().contains("too,few"));
    bench.exits(1, &["quarantine", "drop", "1"]);
    // What was given up stays so when the file comes again.
    bench.exits(4, &["ingest", "list.csv"]);
    assert_eq!(bench.json(&["quarantine", "list"]).as_array().unwrap().len(), waiting - 1);
    bench.runs(&["quarantine", "drop", "--all"]);
    bench.runs(&["rebuild"]);
    bench.runs(&["verify"]);
    assert_eq!(bench.json(&["status"])["quarantined"], 0);
}

#[test]
fn a_row_is_taken_once_its_limit_is_raised() {
    let bench = Bench::new();
    let note = "x".repeat(3_000);
    bench.write(
        "list.csv",
        format!("id,first name,last name,email,note\nn10001,Ann,Lee,ann@example.org,{note}\nn10002,Bo,Ek,bo@example.org,short\n"),
    );
    bench.write("sameas.toml", "[limits]\ncell = \"2K\"\n");
    bench.exits(4, &["ingest", "list.csv"]);
    bench.runs(&["rebuild"]);
    assert_eq!(bench.json(&["status"])["records"], 1);
    bench.exits(4, &["quarantine", "retry"]);
    bench.write("sameas.toml", "[limits]\ncell = \"1M\"\n");
    let retried = bench.json(&["quarantine", "retry"]);
    assert_eq!(retried["taken"], serde_json::json!([1]), "{retried}");
    assert_eq!(bench.json(&["status"])["quarantined"], 0);
    bench.runs(&["rebuild"]);
    bench.runs(&["verify"]);
    assert!(bench.runs(&["show", "list:n10001"]).contains("ann@example.org"));
    let fate = bench.json(&["quarantine", "list", "--all"])[0]["fate"].clone();
    assert_eq!(fate, "taken by file 2");
    // Also from the archive alone, under the limits of each reading, not those of today.
    for limit in ["10M", "1K"] {
        bench.write("sameas.toml", format!("[limits]\ncell = \"{limit}\"\n"));
        std::fs::remove_dir_all(bench.path().join(".sameas/ground")).unwrap();
        let recovered = bench.json(&["recover"]);
        assert_eq!(recovered["notes"], serde_json::json!([]), "{limit}");
        bench.runs(&["verify"]);
        assert_eq!(bench.json(&["status"])["quarantined"], 0);
        assert!(bench.runs(&["show", "list:n10001"]).contains("ann@example.org"));
        let fate = bench.json(&["quarantine", "list", "--all"])[0]["fate"].clone();
        assert_eq!(fate, "taken by file 2", "{limit}");
    }
}

#[test]
fn reading_quarantine_again_syncs_as_often_for_many_rows_as_for_one() {
    let syncs = |rows: usize| {
        let bench = Bench::new();
        let note = "x".repeat(3_000);
        let row = |n: usize| format!("n{n:05},Ann{n},Lee,ann{n}@example.org,{note}\n");
        let rows: String = (0..rows).map(row).collect();
        bench.write("list.csv", format!("id,first name,last name,email,note\n{rows}"));
        bench.write("sameas.toml", "[limits]\ncell = \"2K\"\n");
        bench.exits(4, &["ingest", "list.csv"]);
        bench.write("sameas.toml", "");
        let trace = bench.path().join("steps");
        let run = bench.command(&["quarantine", "retry"]).env("SAMEAS_STEPS", &trace).output();
        assert!(run.unwrap().status.success());
        bench.read("steps").lines().filter(|s| s.contains("sync") || s.contains("flush")).count()
    };
    assert_eq!(syncs(1), syncs(30));
}

#[test]
fn an_index_whose_bytes_are_sound_and_whose_keys_are_not_is_found() {
    let bench = store();
    bench.runs(&["verify"]);
    let folder = bench.path().join(".sameas");
    let secret: [u8; 32] = std::fs::read(folder.join("secret")).unwrap().try_into().unwrap();
    let changed = |change: fn(&mut BlockIndex)| {
        let mut index = BlockIndex::open_or_create(&folder.join("index"), secret).unwrap();
        let sequence = index.sequence().unwrap();
        change(&mut index);
        index.commit(sequence).unwrap();
        drop(index);
        let (found, _) = bench.exits(1, &["verify"]);
        assert!(found.contains("index"), "{found}");
        bench.runs(&["recover"]);
        bench.runs(&["verify"]);
        assert!(bench.runs(&["find", "Ann"]).contains("Ann Lee"));
        found
    };
    let lacking = changed(|index| index.remove(0));
    assert!(lacking.contains("its keys are not those of ground"), "{lacking}");
    let more = changed(|index| index.add(1, &[77]).unwrap());
    assert!(more.contains("its keys are not those of ground"), "{more}");
    let strange = changed(|index| index.add(1_000, &[77, 78]).unwrap());
    assert!(strange.contains("records that ground does not have"), "{strange}");
}

#[test]
fn an_index_that_is_lost_is_no_silent_answer() {
    let bench = store();
    let index = bench.path().join(".sameas/index");
    std::fs::remove_dir_all(&index).unwrap();
    // A command that does not fill it.
    bench.runs(&["judge", "different", "shop:c1001", "shop:c1002"]);
    let (_, messages) = bench.exits(1, &["find", "Ann"]);
    assert!(messages.contains("not filled") && messages.contains("rebuild"), "{messages}");
    bench.runs(&["rebuild"]);
    assert!(bench.runs(&["find", "Ann"]).contains("Ann Lee"));
    // Nor under another secret.
    std::fs::write(bench.path().join(".sameas/secret"), "short").unwrap();
    bench.runs(&["recover"]);
    assert!(bench.runs(&["find", "Ann"]).contains("Ann Lee"));
}

#[test]
fn a_kind_that_was_changed_changes_the_keys_of_records_too() {
    let bench = Bench::new();
    let kind = MEMBERS_KIND.replace("phone = [\"Mobile\"]\n", "");
    bench.write("kinds/club.toml", &kind).write("sameas.toml", "kinds = \"kinds\"\n");
    let rows = "Member No,First,Last,Mail,Mobile,Zip,City,Club State\n\
        m1,Ada,Quill,ada@example.org,+14155550101,94110,Springfield,in\n\
        m2,Bea,Thorn,bea@example.org,+14155550101,94110,Springfield,in\n";
    bench.write("club.csv", rows);
    bench.runs(&["ingest", "club.csv"]);
    bench.runs(&["rebuild"]);
    bench.write("kinds/club.toml", MEMBERS_KIND);
    bench.runs(&["verify"]);
    bench.runs(&["rebuild"]);
    // Compares the keys with those that the kind of today gives.
    bench.runs(&["verify"]);
    // Not by a rebuild alone: an ingest must not take an index of the old mapping for one of today.
    bench.write("kinds/club.toml", &kind).write("late.csv", rows.replace("\nm", "\nl"));
    bench.runs(&["ingest", "late.csv"]);
    bench.runs(&["rebuild"]);
    bench.runs(&["verify"]);
}

#[test]
fn an_unchanged_file_leaves_the_results_fresh() {
    let bench = store();
    assert_eq!(bench.json(&["status"])["stale"], false);
    bench.exits(4, &["ingest", "shop.csv", "crm.csv"]);
    assert_eq!(bench.json(&["status"])["stale"], false);
    bench.write("crm.csv", CRM.replace("Zoe", "Zo\u{eb}"));
    bench.runs(&["ingest", "crm.csv"]);
    assert_eq!(bench.json(&["status"])["stale"], true);
}

/// Every step of a command of our own writing, as it names itself.
fn steps(bench: &Bench, arguments: &[&str]) -> Vec<String> {
    let trace = bench.path().join("steps");
    let run = bench.command(arguments).env("SAMEAS_STEPS", &trace).output().unwrap();
    assert!(run.status.success() || run.status.code() == Some(4), "{run:?}");
    let text = std::fs::read_to_string(&trace).unwrap();
    std::fs::remove_file(trace).unwrap();
    let mut steps: Vec<String> = text.lines().map(str::to_owned).collect();
    steps.sort();
    steps.dedup();
    steps
}

#[test]
fn a_failing_step_of_an_ingest_loses_nothing_and_the_next_run_goes_on() {
    let whole = Bench::new();
    whole.write("shop.csv", SHOP);
    let steps = steps(&whole, &["ingest", "shop.csv"]);
    for expected in
        ["write archive", "sync archive", "flush ground", "rename archive", "sync manifest"]
    {
        assert!(steps.iter().any(|step| step == expected), "{expected}: {steps:?}");
    }
    for (at, step) in steps.iter().enumerate() {
        let action = ["error", "full", "short", "abort"][at % 4];
        let bench = Bench::new();
        bench.write("shop.csv", SHOP);
        let fault = format!("{step}={action}");
        let run =
            bench.command(&["ingest", "shop.csv"]).env("SAMEAS_FAULT", &fault).output().unwrap();
        assert!(!run.status.success(), "{fault}");
        let told = String::from_utf8_lossy(&run.stdout).lines().any(|l| l.starts_with("shop.csv"));
        assert!(!told, "{fault}: acknowledged what is not durable");
        let again = bench.json(&["ingest", "shop.csv"]);
        let file = &again["files"][0];
        let taken = file["records_new"].as_u64().unwrap() + file["unchanged"].as_u64().unwrap();
        assert_eq!(taken, 4, "{fault}: {again}");
        bench.runs(&["verify"]);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130_and_leaves_a_sound_store() {
    let bench = store();
    let mut command = bench.command(&["ingest", "-", "--source", "late"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // More than a block, so that the copying has begun and waits for the rest.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(SHOP.repeat(20_000).as_bytes()).unwrap();
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted"));
    bench.runs(&["verify"]);
    bench.runs(&["rebuild"]);
    let left = files_below(&bench.path().join(".sameas/archive"));
    assert!(left.iter().all(|path| path.extension().is_none_or(|e| e != "part")), "{left:?}");
}
