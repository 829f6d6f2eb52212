//! A small store, the commands that change it, and what it says: the ground that crash, fault and
//! full-disk tests stand on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use sameas::model::{RawRow, Verdict};
use sameas::store::results::Results;
use sameas::store::{Access, Store};

const HEADER: &str = "id,first name,last name,email,phone,city\n";
const GIVEN: [&str; 8] = ["Ada", "Bo", "Cora", "Dan", "Eve", "Finn", "Gil", "Hana"];
const FAMILY: [&str; 8] = ["Quill", "Thorn", "Reed", "Marsh", "Vale", "Stone", "Birch", "Fox"];

/// People in two records each; `spelling` is what changes between two exports.
pub(crate) fn table(people: std::ops::Range<usize>, spelling: &str) -> String {
    let mut text = HEADER.to_owned();
    for n in people {
        let (given, family) = (GIVEN[n % 8], FAMILY[n / 8 % 8]);
        let mail = format!("{given}.{family}{n}@quillmail.org");
        for (copy, city) in [("a", "Springfield"), ("b", spelling)] {
            text += &format!("C-{n}{copy},{given},{family},{mail},+1415555{n:04},{city}\n");
        }
    }
    text
}

/// What a store says, whatever way it came there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ground {
    /// What stands for each record.
    pub(crate) records: BTreeMap<String, String>,
    /// Name, line and bytes of each quarantined row, once.
    pub(crate) quarantined: BTreeSet<(String, u64, Vec<u8>)>,
    /// The last decision on each pair.
    pub(crate) judged: BTreeMap<(String, String), Verdict>,
}

/// What the results in force say; `None` before the first rebuild.
pub(crate) type Answers = Option<Vec<String>>;

/// Opens the store as a writer, which finishes or rolls back what was begun; every byte must be
/// sound then.
pub(crate) fn reopened(store: &Path) -> Result<Ground, String> {
    let opened = crate::open_for_writing(store).map_err(|e| format!("does not open: {e}"))?;
    let findings = opened.verify(|_| {}).map_err(|e| format!("cannot be verified: {e}"))?;
    if !findings.is_empty() {
        return Err(format!("is damaged: {findings:?}"));
    }
    ground(&opened).map_err(|e| format!("cannot be read: {e}"))
}

fn ground(store: &Store) -> sameas::error::Result<Ground> {
    let mut out = Ground::default();
    for number in store.live()?.records {
        let Some(record) = store.record(number)? else { continue };
        let rows: Vec<&RawRow> = record.rows.iter().collect();
        let text = format!("{:?}", rows.iter().map(|row| written(row)).collect::<Vec<_>>());
        out.records.insert(record.key.to_string(), text);
    }
    for row in store.quarantined(0, usize::MAX)? {
        out.quarantined.insert((row.file, row.line, row.row));
    }
    for judgement in store.judgements()? {
        out.judged.insert((judgement.a.to_string(), judgement.b.to_string()), judgement.verdict);
    }
    Ok(out)
}

fn written(row: &RawRow) -> String {
    match row {
        RawRow::Cells(cells) => cells.join("|"),
        RawRow::Json(text) => text.clone(),
    }
}

/// Reads the results in force, as any reader does.
pub(crate) fn answers(store: &Path) -> sameas::error::Result<Answers> {
    let results = Store::open(store, Access::Read)?.current_results()?;
    results.as_ref().map(answers_of).transpose()
}

/// Every entity with its members, every record's values, every pair.
pub(crate) fn answers_of(results: &Results) -> sameas::error::Result<Vec<String>> {
    let mut out = Vec::new();
    for record in 0..results.records() {
        let entity = results.entity_id(results.entity_of(record)?)?;
        let normal = serde_json::to_string(&results.normal(record)?).unwrap();
        out.push(format!("{} {entity} {normal}", results.key(record)?));
    }
    for position in 0..results.pairs() {
        let pair = results.pair(position)?;
        out.push(format!("{} {} {}", pair.a, pair.b, pair.weight));
    }
    Ok(out)
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { _ = fs::copy(&path, target).unwrap() }
    }
}

/// The binary in a folder, with nothing of the caller's environment that speaks to it.
pub(crate) fn sameas(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sameas"));
    for name in ["SAMEAS_STORE", "SAMEAS_CONFIG", "SAMEAS_THREADS", "SAMEAS_MAX_MEMORY", "NO_COLOR"]
    {
        command.env_remove(name);
    }
    command.current_dir(folder).args(arguments).stdin(Stdio::null());
    command
}

/// Runs to the end: (exit code, stderr). A store that is still locked by a child of another test
/// between its fork and its exec is waited for.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    loop {
        let output = sameas(folder, arguments).output().unwrap();
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!messages.contains("panicked"), "{arguments:?}: {messages}");
        if output.status.code() != Some(5) {
            return (output.status.code(), messages);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What becomes of the store in a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// It is sound before and after, and at every point between.
    Changes,
    /// There is none before, or a damaged or older one: the command makes a sound one of it.
    Makes,
}

/// A command, from the folder that it starts in.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) verb: &'static str,
    pub(crate) arguments: Vec<&'static str>,
    effect: Effect,
    /// Holds `store` and the files that the command reads.
    folder: tempfile::TempDir,
    /// What ground may say when the command was cut off, from untouched to done.
    grounds: Vec<Ground>,
    /// The same of the results.
    answers: Vec<Answers>,
    /// What the results say after a rebuild that follows the whole command.
    rebuilt: Answers,
    /// Names of the steps of an undisturbed run, in order.
    pub(crate) steps: Vec<String>,
}

pub(crate) const DONE: [Option<i32>; 2] = [Some(0), Some(4)];

impl Scene {
    /// Makes a folder ready with `prepare`, and sees what the command does when nothing disturbs
    /// it. `parts` are what of it may be done
    /// without the rest.
    fn new(
        effect: Effect,
        prepare: impl FnOnce(&Path),
        parts: &[&[&'static str]],
        arguments: &[&'static str],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let mut scene = Self {
            verb: arguments[2],
            arguments: arguments.to_vec(),
            effect,
            folder,
            grounds: Vec::new(),
            answers: Vec::new(),
            rebuilt: None,
            steps: Vec::new(),
        };
        let done = scene.start();
        let path = done.path();
        if effect == Effect::Changes {
            scene.see(path);
        }
        for part in parts {
            let partly = scene.start();
            assert!(DONE.contains(&run(partly.path(), part).0), "{part:?}");
            scene.see(partly.path());
        }
        assert!(DONE.contains(&run(path, arguments).0), "{arguments:?}");
        scene.see(path);
        assert_eq!(run(path, &REBUILD).0, Some(0), "{arguments:?}");
        scene.rebuilt = answers(&path.join("store")).unwrap();

        let whole = scene.start();
        let trace = whole.path().join("steps");
        let output = sameas(whole.path(), arguments).env("SAMEAS_STEPS", &trace).output().unwrap();
        assert!(DONE.contains(&output.status.code()), "{arguments:?}");
        scene.steps = fs::read_to_string(trace).unwrap().lines().map(str::to_owned).collect();
        assert!(!scene.steps.is_empty(), "{arguments:?} writes nothing");
        scene
    }

    fn see(&mut self, folder: &Path) {
        let store = folder.join("store");
        let (ground, answers) = (reopened(&store).unwrap(), answers(&store).unwrap());
        if self.grounds.last() != Some(&ground) {
            self.grounds.push(ground);
        }
        if self.answers.last() != Some(&answers) {
            self.answers.push(answers);
        }
    }

    /// A new folder as it is before the command.
    pub(crate) fn start(&self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        copy(self.folder.path(), folder.path());
        folder
    }

    /// Checks the store after the command was cut off: it opens, every byte is sound, and it says
    /// what it said at some point of the undisturbed run, at the last one if the command had
    /// acknowledged its work. Then the command is run again and must come out as if undisturbed.
    pub(crate) fn check(
        &self,
        folder: &Path,
        acknowledged: bool,
        rebuild: bool,
    ) -> Result<(), String> {
        let store = folder.join("store");
        if self.effect == Effect::Changes {
            self.check_between(&store, acknowledged)?;
        }
        let (code, messages) = run(folder, &self.arguments);
        // What the command was to make may be whole, and is not made twice.
        let whole = self.verb == "restore" && code == Some(2) && messages.contains("something");
        if !DONE.contains(&code) && !whole {
            return Err(format!("the command cannot be run again: {messages}"));
        }
        if Some(&reopened(&store)?) != self.grounds.last() {
            return Err("the command run again comes to another ground".to_owned());
        }
        let seen = answers(&store).map_err(|e| format!("the results cannot be read: {e}"))?;
        if Some(&seen) != self.answers.last() && !whole {
            return Err("the command run again comes to other results".to_owned());
        }
        if self.verb == "backup" {
            check_backup(folder, &self.grounds[0])?;
        }
        if rebuild || whole {
            let (code, messages) = run(folder, &REBUILD);
            if code != Some(0) {
                return Err(format!("cannot be rebuilt: {messages}"));
            }
            if answers(&store).map_err(|e| e.to_string())? != self.rebuilt {
                return Err("the results differ from an undisturbed run's".to_owned());
            }
        }
        Ok(())
    }

    /// Checks what was left where the command was cut off.
    fn check_between(&self, store: &Path, acknowledged: bool) -> Result<(), String> {
        // What a reader sees before any writer has mended anything.
        let seen = answers(store).map_err(|e| format!("the results cannot be read: {e}"))?;
        if !self.answers.contains(&seen) {
            return Err("the results are neither the old nor the new ones".to_owned());
        }
        let ground = reopened(store)?;
        let at = self.grounds.iter().position(|known| *known == ground);
        let at = at.ok_or("ground is at no point of the command")?;
        if acknowledged && at + 1 != self.grounds.len() {
            return Err("what was acknowledged is lost".to_owned());
        }
        Ok(())
    }
}

/// Restores the backup in `saved` and compares it.
fn check_backup(folder: &Path, ground: &Ground) -> Result<(), String> {
    let (code, messages) = run(folder, &["--store", "again", "restore", "saved"]);
    if code != Some(0) {
        return Err(format!("the backup cannot be restored: {messages}"));
    }
    if reopened(&folder.join("again"))? != *ground {
        return Err("the backup holds another ground".to_owned());
    }
    Ok(())
}

const REBUILD: [&str; 3] = ["--store", "store", "rebuild"];
const INGEST: [&str; 4] = ["--store", "store", "ingest", "crm.csv"];

/// A store with a rebuild and a judgement, and two files beside it that are not yet taken in.
fn base(folder: &Path) {
    static BASE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let made = BASE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("crm.csv"), table(0..12, "Shelbyville") + "C-1,too short\n").unwrap();
        for arguments in [
            &INGEST[..],
            &REBUILD,
            &["--store", "store", "judge", "different", "crm:C-0a", "crm:C-0b"],
        ] {
            let (code, messages) = run(path, arguments);
            assert!(DONE.contains(&code), "{arguments:?}: {messages}");
        }
        fs::write(path.join("crm.csv"), table(6..18, "Ogdenville") + "C-2,short too\n").unwrap();
        fs::write(path.join("shop.csv"), table(3..9, "Springfield")).unwrap();
        folder
    });
    copy(made.path(), folder);
}

const BACKUP: [&str; 4] = ["--store", "store", "backup", "saved"];

/// A store of format 1, as `tests/fixtures` keeps it.
fn older(folder: &Path) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    copy(&fixtures.join("store-1"), &folder.join("store"));
}

/// A store of which an input and the database are damaged, in different places.
fn damaged(folder: &Path) {
    base(folder);
    for (file, at) in [("archive/000001-crm.csv.zst", 60), ("results/000001.bin", 5_000)] {
        let path = folder.join("store").join(file);
        let mut bytes = fs::read(&path).unwrap();
        bytes[at] ^= 0x20;
        fs::write(path, bytes).unwrap();
    }
}

/// The commands whose every step is disturbed.
pub(crate) fn scenes() -> &'static [Scene] {
    static SCENES: OnceLock<Vec<Scene>> = OnceLock::new();
    SCENES.get_or_init(|| {
        use Effect::{Changes, Makes};
        let ingest = ["--store", "store", "ingest", "crm.csv", "shop.csv"];
        let judge = ["--store", "store", "judge", "same", "crm:C-0a", "crm:C-1a"];
        let after = |command: &[&str], folder: &Path| {
            base(folder);
            assert!(DONE.contains(&run(folder, command).0), "{command:?}");
        };
        let backed_up = |folder: &Path| {
            after(&BACKUP, folder);
            fs::remove_dir_all(folder.join("store")).unwrap();
        };
        vec![
            Scene::new(
                Changes,
                base,
                &[&INGEST, &["--store", "store", "ingest", "shop.csv"]],
                &ingest,
            ),
            Scene::new(Changes, |folder| after(&ingest, folder), &[], &REBUILD),
            Scene::new(Changes, base, &[], &judge),
            Scene::new(Changes, base, &[], &BACKUP),
            Scene::new(Makes, backed_up, &[], &["--store", "store", "restore", "saved"]),
            Scene::new(Makes, older, &[], &["--store", "store", "migrate", "--backup", "saved"]),
            Scene::new(Makes, damaged, &[], &["--store", "store", "recover"]),
        ]
    })
}

/// A folder of a test's own for a store as [`base`] makes it.
pub(crate) fn sample() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    base(folder.path());
    folder
}

/// A number from the environment, for the long form of a test.
pub(crate) fn amount(name: &str, usual: usize) -> usize {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        Err(_) => usual,
    }
}

/// The files of a folder, as paths within it, sorted.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(inner) = open.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}
