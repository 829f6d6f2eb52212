//! Readers go on while another process rebuilds: none fails, and each sees the results of one run
//! whole, never a mixture of two.
//!
//! `SAMEAS_READ_SECONDS=60 cargo test --test it readers_during -- --nocapture` is the full form.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::scenario::{DONE, amount, files, run, sameas, sample};

/// What readers ask for; `OUT` is a folder of their own.
const QUESTIONS: [&[&str]; 7] = [
    &["report", "--out", "OUT"],
    &["export", "clusters", "--to", "-"],
    &["export", "golden", "--to", "-"],
    &["show", "crm:C-0a", "--format", "json"],
    &["xref", "crm:C-1a", "--format", "json"],
    &["why", "crm:C-0a", "crm:C-1a", "--format", "json"],
    &["find", "Ada Quill", "--format", "json"],
];

/// Asks a question: what was answered, all files of a report in one.
fn ask(folder: &Path, question: &[&str], out: &str) -> Result<String, String> {
    let arguments: Vec<&str> = ["--store", "store"]
        .into_iter()
        .chain(question.iter().map(|word| if *word == "OUT" { out } else { word }))
        .collect();
    let output = sameas(folder, &arguments).output().unwrap();
    if output.status.code() != Some(0) {
        return Err(format!("{question:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let mut answer = String::from_utf8(output.stdout).unwrap();
    if question.contains(&"OUT") {
        answer.clear();
        let out = folder.join(out);
        for file in files(&out) {
            // Run id and timings stand in the summary.
            if file != Path::new("summary.json") {
                answer += &std::fs::read_to_string(out.join(&file)).unwrap();
            }
        }
    }
    // A judgement is seen at once; whether the results follow it is what must not be mixed.
    if question[0] == "why" {
        let mut value: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let told = value.as_object_mut().unwrap();
        for key in ["judgement", "decision"] {
            told.remove(key);
        }
        answer = value.to_string();
    }
    Ok(answer)
}

#[test]
fn readers_see_one_run_whole() {
    let seconds = amount("SAMEAS_READ_SECONDS", 4);
    let folder = sample();
    let path = folder.path();
    let over = AtomicBool::new(false);
    // Per question every answer that a run gives when nothing disturbs it.
    let states = Mutex::new(vec![Vec::new(); QUESTIONS.len()]);
    let note = || {
        for (at, question) in QUESTIONS.iter().enumerate() {
            let answer = ask(path, question, "writer").unwrap();
            states.lock().unwrap()[at].push(answer);
        }
    };
    note();
    let seen = Mutex::new(Vec::<(usize, String)>::new());
    let failed = Mutex::new(Vec::new());
    let counts = Mutex::new(BTreeMap::<&str, usize>::new());
    let mut rebuilds = 0;
    std::thread::scope(|scope| {
        for reader in 0..4 {
            let (over, seen, failed, counts) = (&over, &seen, &failed, &counts);
            scope.spawn(move || {
                let out = format!("reader-{reader}");
                let mut turn = reader;
                while !over.load(Ordering::Relaxed) {
                    let at = turn % QUESTIONS.len();
                    match ask(path, QUESTIONS[at], &out) {
                        Ok(answer) => {
                            let mut seen = seen.lock().unwrap();
                            if !seen.contains(&(at, answer.clone())) {
                                seen.push((at, answer));
                            }
                        }
                        Err(what) => failed.lock().unwrap().push(what),
                    }
                    *counts.lock().unwrap().entry(QUESTIONS[at][0]).or_default() += 1;
                    let (code, messages) = run(path, &["--store", "store", "status"]);
                    if code != Some(0) {
                        failed.lock().unwrap().push(format!("status: {messages}"));
                    }
                    turn += 1;
                }
            });
        }
        let begun = Instant::now();
        let verdicts = ["same", "withdraw"].into_iter().cycle();
        for verdict in verdicts {
            if begun.elapsed() > Duration::from_secs(seconds as u64) && rebuilds >= 2 {
                break;
            }
            let judge = ["--store", "store", "judge", verdict, "crm:C-0a", "crm:C-1a"];
            for command in [&judge[..], &["--store", "store", "rebuild"]] {
                let (code, messages) = run(path, command);
                if !DONE.contains(&code) {
                    failed.lock().unwrap().push(format!("{command:?}: {messages}"));
                }
            }
            rebuilds += 1;
            note();
        }
        over.store(true, Ordering::Relaxed);
    });
    let states = states.into_inner().unwrap();
    let counts = counts.into_inner().unwrap();
    println!("{rebuilds} rebuilds, {} answers: {counts:?}", counts.values().sum::<usize>());
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
    assert!(states[0].iter().any(|state| *state != states[0][0]), "the runs differ");
    for (at, answer) in seen.into_inner().unwrap() {
        assert!(
            states[at].contains(&answer),
            "{:?} saw what no run says:\n{answer}",
            QUESTIONS[at]
        );
    }
}
