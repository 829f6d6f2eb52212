//! The command line as a person and a script meet it: help, exit codes, errors with place and remedy.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

const VERBS: &[&[&str]] = &[
    &["dedupe"],
    &["init"],
    &["ingest"],
    &["rebuild"],
    &["report"],
    &["find"],
    &["show"],
    &["xref"],
    &["why"],
    &["why-not"],
    &["how"],
    &["judge"],
    &["judgements"],
    &["judgements", "list"],
    &["judgements", "check"],
    &["judgements", "export"],
    &["judgements", "import"],
    &["history"],
    &["changes"],
    &["diff"],
    &["plan"],
    &["undo"],
    &["export"],
    &["evaluate"],
    &["model"],
    &["model", "show"],
    &["status"],
    &["synth"],
    &["sources"],
    &["sources", "list"],
    &["sources", "show"],
    &["sources", "detect"],
    &["docs"],
    &["verify"],
    &["recover"],
    &["backup"],
    &["restore"],
    &["migrate"],
    &["quarantine"],
    &["quarantine", "list"],
    &["quarantine", "show"],
    &["quarantine", "retry"],
    &["quarantine", "drop"],
    &["policy"],
    &["policy", "check"],
    &["policy", "show"],
    &["conflicts"],
    &["sync-plan"],
];

/// Runs the binary in a folder, with nothing of the caller's environment that speaks to it.
fn sameas(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sameas"));
    for name in ["SAMEAS_STORE", "SAMEAS_CONFIG", "SAMEAS_THREADS", "SAMEAS_MAX_MEMORY", "NO_COLOR"]
    {
        command.env_remove(name);
    }
    command.current_dir(folder).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn check_error(folder: &Path, arguments: &[&str], code: i32, parts: &[&str]) {
    let output = sameas(folder, arguments);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    for part in parts {
        assert!(text.contains(part), "{arguments:?} should say {part:?}:\n{text}");
    }
    assert_eq!(stdout(&output), "", "{arguments:?}: errors are no data");
}

#[test]
fn every_verb_has_help_with_an_example() {
    let folder = tempfile::tempdir().unwrap();
    for verb in VERBS {
        let output = sameas(folder.path(), &[verb, &["--help"][..]].concat());
        assert_eq!(output.status.code(), Some(0), "{verb:?}");
        let text = stdout(&output);
        let example = format!("  sameas {}", verb[0]);
        let with_store = text.contains("  sameas --store");
        assert!(text.contains("Example"), "{verb:?}:\n{text}");
        assert!(text.contains(&example) || with_store, "{verb:?}:\n{text}");
    }
}

#[test]
fn every_verb_of_the_help_is_tested_here() {
    let folder = tempfile::tempdir().unwrap();
    let help = stdout(&sameas(folder.path(), &["--help"]));
    let list = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    for line in list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let verb = line.split_whitespace().next().unwrap();
        assert!(verb == "help" || VERBS.contains(&&[verb][..]), "{verb}");
    }
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, part) in [
        (&[][..], "Usage"),
        (&["dedup", "a.csv"], "dedupe"),
        (&["dedupe", "a.csv"], "--out"),
        (&["dedupe", "--out", "x"], "FILE"),
        (&["why", "a"], "<B>"),
        (&["judge", "perhaps", "a", "b"], "different"),
        (&["--threads", "0", "status"], "--threads"),
        (&["--max-memory", "much", "status"], "write a size such as 4G"),
        (&["--as-of", "31.12.2025", "status"], "write a date such as 2026-08-31"),
        (&["rebuild", "--max-changed", "2"], "write a share such as 2%"),
        (&["--format", "xml", "status"], "jsonl"),
    ] {
        check_error(folder.path(), arguments, 2, &[part]);
    }
}

#[test]
fn a_store_that_is_not_there_is_named_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    for verb in [
        &["rebuild"][..],
        &["report", "--out", "x"],
        &["find", "anna"],
        &["show", "a:1"],
        &["xref", "a:1"],
        &["why", "a:1", "b:2"],
        &["why-not", "a:1", "b:2"],
        &["how", "a:1"],
        &["judge", "same", "a:1", "b:2"],
        &["judgements", "list"],
        &["judgements", "check"],
        &["model", "show"],
        &["status"],
        &["verify"],
        &["quarantine", "list"],
        &["export", "golden", "--to", "-"],
    ] {
        check_error(
            folder.path(),
            verb,
            1,
            &["error: .sameas: there is no store here", "--store DIR"],
        );
    }
    let other = [&["--store", "people"][..], &["status"]].concat();
    check_error(folder.path(), &other, 1, &["error: people: there is no store here"]);
    assert!(!folder.path().join(".sameas").exists(), "looking makes nothing");
}

#[test]
fn a_misspelt_setting_is_named_with_line_and_nearest_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sameas.toml"), "# mine\n[thresholds]\nmacth = 0.6\n")
        .unwrap();
    check_error(
        folder.path(),
        &["init", "--out", "-"],
        2,
        &["sameas.toml:3: unknown key in [thresholds] `macth`", "hint: did you mean `match`?"],
    );
    check_error(folder.path(), &["--config", "none.toml", "init"], 1, &["none.toml"]);
}

#[test]
fn init_writes_a_file_that_reads_back_and_replaces_none() {
    let folder = tempfile::tempdir().unwrap();
    let output = sameas(folder.path(), &["init"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = std::fs::read_to_string(folder.path().join("sameas.toml")).unwrap();
    assert!(text.contains("[thresholds]"));
    check_error(folder.path(), &["init"], 2, &["sameas.toml: is there already", "--force"]);
    assert_eq!(sameas(folder.path(), &["init", "--force"]).status.code(), Some(0));
    let stdout = stdout(&sameas(folder.path(), &["init", "--out", "-"]));
    assert_eq!(stdout, text);
}

#[test]
fn a_wrong_gate_is_a_wrong_configuration() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".sameas")).unwrap();
    std::fs::write(folder.path().join("gate.toml"), "quarantine_max = 3\n").unwrap();
    check_error(
        folder.path(),
        &["status", "--gate", "gate.toml"],
        2,
        &["gate.toml:1: unknown key `quarantine_max`", "did you mean `quarantined_max`?"],
    );
}

#[test]
fn an_export_needs_a_known_form() {
    let folder = tempfile::tempdir().unwrap();
    check_error(folder.path(), &["export", "golden", "--to", "golden.xls"], 2, &[".csv or .jsonl"]);
}
