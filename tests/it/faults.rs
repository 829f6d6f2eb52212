//! Every named step of every command fails once: as a failing disk, a full one, one that takes half
//! of a write. The command says so and ends with 1, nothing acknowledged is lost, and when the cause
//! is gone it comes out as if undisturbed.
//!
//! `SAMEAS_FAULTS=all cargo test --test it faults -- --nocapture` fails each step in each way.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::scenario::{DONE, Scene, sameas, scenes};

/// The steps of the commit protocols, in order: none may be missing from a run.
const PROTOCOL: &[(&str, &[&str])] = &[
    (
        "ingest",
        &[
            "create archive",
            "write archive",
            "sync archive",
            "sync-names archive",
            "apply ground",
            "flush ground",
            "rename archive",
            "write manifest",
            "sync manifest",
        ],
    ),
    (
        "rebuild",
        &[
            "flush ground",
            "create results",
            "write results",
            "sync results",
            "rename results",
            "sync-names results",
            "write ledger",
            "sync ledger",
            "rename ledger",
            "write CURRENT",
            "sync CURRENT",
            "rename CURRENT",
            "sync-names CURRENT",
        ],
    ),
    ("judge", &["apply ground", "flush ground", "write judgements", "sync judgements"]),
    (
        "backup",
        &[
            "write objects",
            "sync objects",
            "rename objects",
            "write backup",
            "sync backup",
            "rename backup",
        ],
    ),
];

#[test]
fn every_step_of_the_protocols_can_fail() {
    for (verb, steps) in PROTOCOL {
        let scene = scenes().iter().find(|scene| scene.verb == *verb).unwrap();
        let mut at = 0;
        for step in *steps {
            let found = scene.steps[at..].iter().position(|known| known == step);
            at += found
                .unwrap_or_else(|| panic!("{verb}: no {step} after {at} in {:#?}", scene.steps));
        }
    }
}

/// A command with one of its steps failing.
#[derive(Debug)]
struct Case {
    scene: &'static Scene,
    /// `STEP#N+=ACTION`.
    fault: String,
    /// What the message must hold.
    cause: &'static str,
}

fn cases() -> Vec<Case> {
    let mut out = Vec::new();
    for scene in scenes() {
        let names: BTreeSet<&String> = scene.steps.iter().collect();
        for step in names {
            let times = scene.steps.iter().filter(|known| *known == step).count();
            let mut nths = vec![1, times];
            nths.dedup();
            for nth in nths {
                let mut push = |ending: &str, cause| {
                    out.push(Case { scene, fault: format!("{step}#{nth}{ending}"), cause });
                };
                push("=error", "os error 5");
                if step.starts_with("write") {
                    push("=full", "no storage space");
                    push("=short", "no storage space");
                }
                // A disk that stays broken, also while the command tidies up.
                push("+=error", "os error 5");
            }
        }
    }
    out
}

fn try_case(case: &Case) -> Result<(), String> {
    let folder = case.scene.start();
    let output = sameas(folder.path(), &case.scene.arguments)
        .env("SAMEAS_FAULT", &case.fault)
        .output()
        .unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    if messages.contains("panicked") || messages.contains("internal error") {
        return Err(format!("it panicked: {messages}"));
    }
    let acknowledged = DONE.contains(&output.status.code());
    if !acknowledged {
        if output.status.code() != Some(1) {
            return Err(format!("ended with {:?}: {messages}", output.status));
        }
        if !messages.contains(case.cause) {
            return Err(format!("does not say {:?}: {messages}", case.cause));
        }
        if !messages.contains("hint: ") {
            return Err(format!("gives no hint: {messages}"));
        }
    } else if !may_be_passed_over(&case.fault) {
        return Err("claims to have done its work".to_owned());
    }
    case.scene.check(folder.path(), acknowledged, false)
}

/// Steps that only tidy up: what they leave is removed by the next command.
fn may_be_passed_over(fault: &str) -> bool {
    fault.starts_with("remove ") || fault.starts_with("apply ground")
}

#[test]
fn a_step_that_fails_loses_nothing() {
    let all = std::env::var("SAMEAS_FAULTS").is_ok_and(|value| value == "all");
    let mut cases = cases();
    let whole = cases.len();
    if !all {
        // Another part of them for each third of the steps, at least one of every command.
        cases = cases.into_iter().step_by(41).collect();
    }
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(what) = try_case(case) {
                        let story = format!("{} with {}: {what}", case.scene.verb, case.fault);
                        failed.lock().unwrap().push(story);
                    }
                }
            });
        }
    });
    println!("{} of {whole} faults", cases.len());
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), cases.len(), failed.join("\n"));
}
