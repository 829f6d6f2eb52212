//! Failing disks and sudden ends, on demand: what tests drive a process with.
//!
//! Every step of our own writing (see [`durable`](super::durable)) and of the database's has a name:
//! what is done and which file it is done to, such as `write manifest`, `sync archive`,
//! `rename CURRENT`, `flush ground`. In a debug build, or with the feature `faults`,
//! - `SAMEAS_STEPS=FILE` appends the name of each step to a file as it begins;
//! - `SAMEAS_FAULT=STEP#N=ACTION` makes the N-th such step (from 1, which may be left out; `N+`: it
//!   and all later ones) fail. Actions: `error` (I/O error), `full` (no space), `short` (half of the
//!   bytes are written, then no space), `hang` (waits to be killed), `abort` (ends the process as a
//!   signal would).
//!
//! In other builds a step costs nothing and the environment is not looked at.

/// What a step is to do that does not fail at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// What it was asked for.
    Whole,
    /// Half of it, and fail then.
    #[cfg_attr(not(any(debug_assertions, feature = "faults")), expect(dead_code, reason = "armed"))]
    Short,
}

/// Announces a step; fails where a test asked for it.
#[cfg(not(any(debug_assertions, feature = "faults")))]
#[inline]
pub(crate) fn step(_what: &str, _path: &std::path::Path) -> std::io::Result<Outcome> {
    Ok(Outcome::Whole)
}

#[cfg(any(debug_assertions, feature = "faults"))]
pub(crate) use armed::step;

#[cfg(any(debug_assertions, feature = "faults"))]
mod armed {
    use std::env;
    use std::fs::OpenOptions;
    use std::io::{self, Write};
    use std::path::{Path, PathBuf};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::Outcome;

    #[derive(Debug)]
    struct Plan {
        trace: Option<PathBuf>,
        fault: Option<Fault>,
    }

    #[derive(Debug, PartialEq, Eq)]
    struct Fault {
        step: String,
        at: u64,
        and_later: bool,
        action: String,
    }

    static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
    static SEEN: AtomicU64 = AtomicU64::new(0);

    /// Announces a step; fails where a test asked for it.
    pub(crate) fn step(what: &str, path: &Path) -> io::Result<Outcome> {
        let plan = PLAN.get_or_init(|| {
            let trace = env::var_os("SAMEAS_STEPS").map(PathBuf::from);
            let fault = env::var("SAMEAS_FAULT").ok().and_then(|text| parse(&text));
            (trace.is_some() || fault.is_some()).then_some(Plan { trace, fault })
        });
        let Some(plan) = plan else { return Ok(Outcome::Whole) };
        let step = format!("{what} {}", subject(path));
        if let Some(trace) = &plan.trace {
            let mut file = OpenOptions::new().create(true).append(true).open(trace)?;
            file.write_all(format!("{step}\n").as_bytes())?;
        }
        let Some(fault) = plan.fault.as_ref().filter(|fault| fault.step == step) else {
            return Ok(Outcome::Whole);
        };
        let seen = SEEN.fetch_add(1, Ordering::SeqCst) + 1;
        if seen < fault.at || seen > fault.at && !fault.and_later {
            return Ok(Outcome::Whole);
        }
        match &*fault.action {
            "short" if what == "write" => Ok(Outcome::Short),
            "full" | "short" => Err(io::ErrorKind::StorageFull.into()),
            "hang" => loop {
                std::thread::sleep(Duration::from_secs(1));
            },
            "abort" => std::process::abort(),
            // EIO, as a failing disk says it.
            _ => Err(io::Error::from_raw_os_error(5)),
        }
    }

    /// `STEP#N+=ACTION`.
    fn parse(text: &str) -> Option<Fault> {
        let (step, action) = text.split_once('=')?;
        let (step, count) = step.split_once('#').unwrap_or((step, "1"));
        let and_later = count.ends_with('+');
        let at = count.trim_end_matches('+').parse().ok()?;
        Some(Fault { step: step.to_owned(), at, and_later, action: action.to_owned() })
    }

    /// What a path stands for: a numbered file for its folder, another one for its own stem.
    fn subject(path: &Path) -> String {
        let stem = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.split('.').next().unwrap_or_default().to_owned()
        };
        let own = stem(path);
        let is_hash = |name: &str| name.bytes().all(|b| b.is_ascii_hexdigit());
        if matches!(own.len(), 2 | 64) && is_hash(&own) {
            // An object of a backup, or the folder of some.
            "objects".to_owned()
        } else if own.starts_with(|c: char| c.is_ascii_digit()) {
            path.parent().map_or(own, stem)
        } else {
            own
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn steps_are_named_after_what_they_touch() {
            for (path, expected) in [
                ("s/archive/000001-shop.csv.zst.part", "archive"),
                ("s/archive/ledger/000000000001.bin.tmp", "ledger"),
                ("s/archive/manifest.jsonl", "manifest"),
                ("s/results/CURRENT.tmp", "CURRENT"),
                ("saved/objects/1b", "objects"),
                ("s/ground", "ground"),
            ] {
                assert_eq!(subject(Path::new(path)), expected, "{path}");
            }
        }

        #[test]
        fn faults_are_read() {
            let fault = |step: &str, at, and_later, action: &str| {
                Some(Fault { step: step.to_owned(), at, and_later, action: action.to_owned() })
            };
            assert_eq!(parse("write manifest=full"), fault("write manifest", 1, false, "full"));
            assert_eq!(parse("sync archive#3+=hang"), fault("sync archive", 3, true, "hang"));
            assert_eq!(parse("sync archive"), None);
        }
    }
}
