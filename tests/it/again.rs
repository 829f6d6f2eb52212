//! A rebuild after a small change takes over what stands, and gives what a full one gives.

use std::path::{Path, PathBuf};

use sameas::model::{LedgerEvent, RecordKey, Timestamp, Verdict};
use sameas::pipeline::{
    Engine, EngineOptions, FileArgument, RebuildOptions, RebuildReport, View, gone, visit_ledger,
};
use sameas::synth::{self, Request};

use super::scenario::copy;

/// A store of made-up exports of fifteen systems, and the folder of the files.
struct Exports {
    folder: tempfile::TempDir,
}

/// Lines of a file that stand for themselves: no quote of theirs goes on in the next.
fn rows(text: &str) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.split_inclusive('\n') {
        match rows.last_mut().filter(|_| open) {
            Some(last) => last.push_str(line),
            None => rows.push(line.to_owned()),
        }
        open ^= line.matches('"').count() % 2 == 1;
    }
    rows
}

impl Exports {
    fn new(records: u64, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let request = Request { records, seed, flat: false };
        synth::write(request, &folder.path().join("made"), &|_| ()).unwrap();
        std::fs::create_dir(folder.path().join("now")).unwrap();
        Self { folder }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn engine(store: &Path) -> Engine {
        crate::wait_for(|| Engine::create_or_open(store, EngineOptions::default())).unwrap()
    }

    /// Ingests all files, each row as `change` makes it from file, place and text: several, or none.
    fn ingest(&self, change: impl Fn(&str, usize, &str) -> String) {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.folder.path().join("made"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_stem().unwrap() != "truth")
            .collect();
        files.sort();
        let now = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let bytes = std::fs::read(path).unwrap();
            let to = self.folder.path().join("now").join(name);
            match String::from_utf8(bytes) {
                Ok(text) => {
                    let rows = rows(&text).into_iter().enumerate();
                    let head = usize::from(!name.ends_with("jsonl"));
                    let rows =
                        rows.map(|(at, row)| if at < head { row } else { change(name, at, &row) });
                    std::fs::write(&to, rows.collect::<String>()).unwrap();
                }
                Err(other) => std::fs::write(&to, other.as_bytes()).unwrap(),
            }
            FileArgument { path: to, ..FileArgument::default() }
        };
        let files: Vec<FileArgument> = files.iter().map(now).collect();
        for outcome in Self::engine(&self.store()).ingest(&files, false, &()).unwrap().files {
            outcome.result.unwrap();
        }
    }

    /// Rebuilds the store, and fully a copy of it: the results must be the same. Says whether what
    /// stood was taken over.
    fn rebuild(&self) -> bool {
        let whole = self.folder.path().join("whole");
        if whole.exists() {
            std::fs::remove_dir_all(&whole).unwrap();
        }
        copy(&self.store(), &whole);
        let run = |store: &Path, full: bool| -> RebuildReport {
            let options = RebuildOptions { full, ..RebuildOptions::default() };
            Self::engine(store).rebuild(options, &()).unwrap()
        };
        let again = run(&self.store(), false);
        let full = run(&whole, true);
        let stage = |report: &RebuildReport| report.timings.iter().any(|t| t.stage == "outlines");
        assert!(!stage(&full));
        assert_eq!(again.contradictions, full.contradictions);
        same(&self.store(), &whole);
        assert!(events(&self.store()) == events(&whole), "the same events");
        stage(&again)
    }
}

/// What the ledger tells, from its first event on.
fn events(store: &Path) -> Vec<LedgerEvent> {
    let mut events = Vec::new();
    visit_ledger(store, |event| {
        events.push(event);
        Ok(())
    })
    .unwrap();
    events
}

/// Everything that two results say but how long they took.
fn same(a: &Path, b: &Path) {
    let (a, b) = (View::open(a).unwrap(), View::open(b).unwrap());
    let (a, b) = (a.results(), b.results());
    let summary =
        |of: &sameas::store::results::Results| serde_json::to_value(of.summary()).unwrap();
    assert_eq!(summary(a), summary(b));
    assert_eq!((a.records(), a.entities(), a.pairs()), (b.records(), b.entities(), b.pairs()));
    for at in 0..a.records() {
        assert_eq!(a.key(at).unwrap(), b.key(at).unwrap());
        assert_eq!(a.origin(at).unwrap(), b.origin(at).unwrap());
        assert!(a.normal(at).unwrap() == b.normal(at).unwrap(), "{}", a.key(at).unwrap());
    }
    for at in 0..a.pairs() {
        assert_eq!(a.pair_levels(at).unwrap(), b.pair_levels(at).unwrap());
    }
    for at in 0..a.entities() {
        assert_eq!(a.entity(at).unwrap(), b.entity(at).unwrap());
        assert_eq!(a.aliases(at).unwrap(), b.aliases(at).unwrap());
    }
    assert_eq!(a.blob("relatives").unwrap(), b.blob("relatives").unwrap());
    let (gone_a, gone_b) = (gone(a).unwrap(), gone(b).unwrap());
    assert_eq!(gone_a.len(), gone_b.len());
    for (x, y) in gone_a.iter().zip(&gone_b) {
        assert_eq!((&x.key, &x.survivor, x.entity), (&y.key, &y.survivor, y.entity));
    }
}

/// A row whose deletion its system tells, of contacts of which every so manieth is gone.
fn deleted(name: &str, at: usize, row: &str, every: usize) -> String {
    if name == "salesforce-contacts.csv" && at.is_multiple_of(every) {
        row.replacen("\"0\"", "\"1\"", 1)
    } else {
        row.to_owned()
    }
}

#[test]
fn what_is_untouched_is_taken_over_and_nothing_else() {
    let exports = Exports::new(2_600, 23);
    // One row in sixty is not there yet; a phone or a name in fifty is still another.
    let missing = |at: usize| at % 60 == 7;
    let other = |row: &str| row.replace("55", "37").replace("ar", "el");
    let early = |name: &str, at: usize, row: &str| match at {
        _ if missing(at) => String::new(),
        _ if at % 50 == 11 => other(row),
        _ => deleted(name, at, row, 29),
    };
    exports.ingest(early);
    assert!(!exports.rebuild(), "there was nothing to take over");
    assert!(exports.rebuild(), "nothing has changed");

    // New rows, the first ones of some organisations among them.
    exports.ingest(|name, at, row| match at {
        _ if at % 50 == 11 => other(row),
        _ => deleted(name, at, row, 29),
    });
    assert!(exports.rebuild(), "new rows");

    // Corrections: every block that such a row has left or come to is another.
    exports.ingest(|name, at, row| deleted(name, at, row, 29));
    assert!(exports.rebuild(), "changed rows");

    // Deletions, and one that is taken back.
    exports
        .ingest(|name, at, row| if at == 29 { row.to_owned() } else { deleted(name, at, row, 13) });
    assert!(exports.rebuild(), "deleted rows");

    // Decisions: on two of one entity, on neighbours, and one that is withdrawn.
    let pairs: Vec<(RecordKey, RecordKey)> = {
        let view = View::open(&exports.store()).unwrap();
        let results = view.results();
        let key = |at| results.key(at).unwrap();
        let several = (0..results.entities()).map(|at| results.entity(at).unwrap().members);
        let several: Vec<Vec<u32>> = several.filter(|of| of.len() > 2).step_by(9).collect();
        let apart = several.iter().map(|of| (key(of[0]), key(of[1])));
        let together = several.windows(2).map(|two| (key(two[0][0]), key(two[1][1])));
        apart.take(12).chain(together.take(6)).collect()
    };
    {
        let mut engine = Exports::engine(&exports.store());
        for (at, (a, b)) in pairs.iter().enumerate() {
            let verdict = if at < 12 { Verdict::Different } else { Verdict::Same };
            engine.judge(a.clone(), b.clone(), verdict, "kim", "", Timestamp(0)).unwrap();
        }
    }
    assert!(exports.rebuild(), "decisions");
    {
        let mut engine = Exports::engine(&exports.store());
        for (a, b) in pairs.iter().step_by(2) {
            let verdict = Verdict::Withdrawn;
            engine.judge(a.clone(), b.clone(), verdict, "kim", "", Timestamp(1)).unwrap();
        }
    }
    assert!(exports.rebuild(), "decisions withdrawn");

    // An older outcome in force again.
    Exports::engine(&exports.store()).undo(None, None).unwrap();
    assert!(exports.rebuild(), "after an undo");

    // Too much at once.
    exports.ingest(|_, at, row| if at % 3 == 0 { other(row) } else { row.to_owned() });
    assert!(!exports.rebuild(), "a third has changed");
}

#[test]
fn damage_to_the_last_results_does_not_stop_a_rebuild() {
    let exports = Exports::new(2_000, 5);
    exports.ingest(|_, _, row| row.to_owned());
    exports.rebuild();
    let whole = exports.folder.path().join("whole");
    let run = |store: &Path| {
        Exports::engine(store).rebuild(RebuildOptions::default(), &()).unwrap();
    };
    run(&whole);
    let path = exports.store().join("results/000001.bin");
    let bytes = std::fs::read(&path).unwrap();
    // In keys and values, in pairs, in entities.
    for part in [3, 5, 9, 12, 17, 19] {
        let mut bytes = bytes.clone();
        let at = bytes.len() * part / 20;
        bytes[at] ^= 0x55;
        copy(&exports.store(), &exports.folder.path().join(format!("damaged-{part}")));
        let store = exports.folder.path().join(format!("damaged-{part}"));
        std::fs::write(store.join("results/000001.bin"), bytes).unwrap();
        run(&store);
        same(&store, &whole);
    }
}
