//! Every file of a small store flipped, zeroed and cut at every class of position: each time the
//! damage is found, or has no effect on anything that the store says; and wherever one of the two
//! copies of ground is whole, `recover` brings back all of it.
//!
//! `SAMEAS_FLIPS=2000 cargo test --test it byte_flip -- --nocapture` is the full form.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use sameas::error::ErrorKind;
use sameas::pipeline::{self, EngineOptions};

use crate::scenario::{
    Answers, DONE, Ground, amount, answers, copy, files, reopened, run, sameas, sample,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Damage {
    /// One bit of a byte.
    Flip(usize, u8),
    /// Sixteen bytes from here become zero.
    Zero(usize),
    /// The file ends here.
    Cut(usize),
}

impl Damage {
    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Flip(at, bit) => bytes[at] ^= 1 << bit,
            Self::Zero(at) => {
                let end = (at + 16).min(bytes.len());
                bytes[at..end].fill(0);
            }
            Self::Cut(at) => bytes.truncate(at),
        }
    }
}

/// What a store says; two are compared.
#[derive(PartialEq)]
struct Said {
    ground: Ground,
    answers: Answers,
}

fn said(store: &Path) -> Result<Said, String> {
    let ground = reopened(store)?;
    Ok(Said { ground, answers: answers(store).map_err(|e| e.to_string())? })
}

/// Damages of a file, the most telling first: its head, its end, then bytes all over it. Of the
/// database's file, which is preallocated, only the part that holds something.
fn damages(bytes: &[u8], most: usize) -> Vec<Damage> {
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    if used == 0 {
        return Vec::new();
    }
    let filled: Vec<usize> = (0..used).filter(|at| bytes[*at] != 0).collect();
    let mut places: Vec<usize> = (0..used.min(12)).collect();
    places.extend((0..used.min(12)).map(|back| used - 1 - back));
    // The golden ratio spreads any number of places evenly.
    let spread = |n: usize| {
        filled[(n as f64 * 0.618_034).fract().mul_add(filled.len() as f64, 0.0) as usize]
    };
    places.extend((0..most).map(spread));
    let mut out =
        vec![Damage::Cut(0), Damage::Cut(used - 1), Damage::Cut(used / 2), Damage::Cut(used / 3)];
    for (n, at) in places.into_iter().enumerate() {
        out.push(Damage::Flip(at, (n * 5 % 8) as u8));
        match n % 4 {
            0 => out.push(Damage::Zero(at)),
            2 => out.push(Damage::Cut(at)),
            _ => {}
        }
    }
    let mut seen = Vec::new();
    out.retain(|damage| {
        let fresh = !seen.contains(damage);
        seen.push(*damage);
        fresh
    });
    out.truncate(most);
    out
}

/// A store with two results, so that one may be taken for the other.
fn store() -> tempfile::TempDir {
    let folder = sample();
    let rebuilt = run(folder.path(), &["--store", "store", "rebuild"]);
    assert!(DONE.contains(&rebuilt.0), "{}", rebuilt.1);
    folder
}

/// How a damaged store behaved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    WithoutEffect,
    Found,
    FoundAndMended,
}

fn try_damage(
    original: &Path,
    file: &Path,
    bytes: &[u8],
    damage: Damage,
    expected: &Said,
    mend: bool,
) -> Result<Outcome, String> {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    copy(original, &store);
    let mut damaged = bytes.to_vec();
    damage.apply(&mut damaged);
    fs::write(store.join(file), &damaged).unwrap();
    let found = match verified(&store) {
        Err(error) if error.kind() == ErrorKind::Locked => return Err(error.to_string()),
        Err(_) => true,
        Ok(damage) => !damage.is_empty(),
    };
    if !found {
        return match said(&store) {
            Ok(said) if said == *expected => Ok(Outcome::WithoutEffect),
            Ok(_) => Err("says something else, and nothing was found".to_owned()),
            Err(what) => Err(format!("was found sound, but {what}")),
        };
    }
    if !mend {
        return Ok(Outcome::Found);
    }
    // A flipped digit names a format of another version, and cannot be told from a store of it.
    if file == Path::new("format")
        && matches!(pipeline::migrate(&store, &folder.path().join("saved"), EngineOptions::default(), &()),
        Err(error) if error.kind() == ErrorKind::FormatVersion)
    {
        return Ok(Outcome::Found);
    }
    let recovered = loop {
        match pipeline::recover(&store, EngineOptions::default(), &()) {
            Err(error) if error.kind() == ErrorKind::Locked => wait(),
            other => break other.map_err(|e| format!("cannot be recovered: {e}"))?,
        }
    };
    if !recovered.ground.lost.is_empty() {
        return Err(format!("recovery lost {:?}", recovered.ground.lost));
    }
    let after = said(&store)?;
    if after.ground != expected.ground {
        return Err("recovery brought back another ground".to_owned());
    }
    if after.answers != expected.answers {
        return Err("recovery came to other results".to_owned());
    }
    let left = verified(&store).map_err(|e| e.to_string())?;
    if left.is_empty() {
        Ok(Outcome::FoundAndMended)
    } else {
        Err(format!("still damaged: {left:?}"))
    }
}

fn wait() {
    std::thread::sleep(std::time::Duration::from_millis(10));
}

/// Verifies; waits for children of other tests that hold copies of locks until they run.
fn verified(store: &Path) -> sameas::error::Result<Vec<pipeline::Damage>> {
    for _ in 0..200 {
        match pipeline::verify(store, &EngineOptions::default(), &()) {
            Err(error) if error.kind() == ErrorKind::Locked => wait(),
            other => return other,
        }
    }
    pipeline::verify(store, &EngineOptions::default(), &())
}

#[test]
fn damage_is_found_and_mended() {
    let wanted = amount("SAMEAS_FLIPS", 60);
    let folder = store();
    let original = folder.path().join("store");
    let expected = said(&original).unwrap();
    let files: Vec<(PathBuf, Vec<u8>)> = files(&original)
        .into_iter()
        .map(|file| (file.clone(), fs::read(original.join(file)).unwrap()))
        .filter(|(_, bytes)| !bytes.is_empty())
        .collect();
    let each = wanted.div_ceil(files.len());
    // Small files have fewer places: the large ones make up for them.
    let mut jobs: Vec<(usize, Damage)> = Vec::new();
    let mut most = each;
    while jobs.len() < wanted && most < 100 * each {
        let of = |(at, (_, bytes)): (usize, &(PathBuf, Vec<u8>))| {
            damages(bytes, most).into_iter().map(move |damage| (at, damage))
        };
        jobs = files.iter().enumerate().flat_map(of).collect();
        most += each;
    }
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(BTreeMap::<(PathBuf, Outcome), usize>::new());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((at, damage)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (file, bytes) = &files[*at];
                    // Mending ends with a rebuild where results are damaged: looked at less often.
                    let derived = file.starts_with("index") || file.starts_with("results");
                    let mend = !derived || matches!(damage, Damage::Cut(_));
                    let tried = catch_unwind(AssertUnwindSafe(|| {
                        try_damage(&original, file, bytes, *damage, &expected, mend)
                    }));
                    match tried.unwrap_or_else(|_| Err("it panicked".to_owned())) {
                        Ok(outcome) => {
                            *outcomes
                                .lock()
                                .unwrap()
                                .entry((file.clone(), outcome))
                                .or_default() += 1;
                        }
                        Err(what) => {
                            let story = format!("{} {damage:?}: {what}", file.display());
                            failed.lock().unwrap().push(story);
                        }
                    }
                }
            });
        }
    });
    for ((file, outcome), count) in outcomes.into_inner().unwrap() {
        println!("{count:>5} {outcome:?} {}", file.display());
    }
    println!("{:>5} cases in all", jobs.len());
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} cases:\n{}", failed.len(), jobs.len(), failed.join("\n"));
    assert!(jobs.len() >= wanted);
}

#[test]
fn nobody_sees_a_panic() {
    let folder = store();
    let original = folder.path().join("store");
    for (file, at) in
        [("ground/db", 9), ("ground/db", 700), ("ground/conf", 3), ("index/meta.json", 1)]
    {
        let folder = tempfile::tempdir().unwrap();
        copy(&original, &folder.path().join("store"));
        let path = folder.path().join("store").join(file);
        let mut bytes = fs::read(&path).unwrap();
        bytes.truncate(bytes.len() / 2);
        bytes[at] ^= 0xff;
        fs::write(&path, bytes).unwrap();
        for verb in ["verify", "recover", "verify"] {
            let output = sameas(folder.path(), &["--store", "store", verb]).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!said.contains("panicked") && !said.contains("internal error"), "{said}");
        }
        let output = sameas(folder.path(), &["--store", "store", "verify"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{file}: {output:?}");
    }
}
