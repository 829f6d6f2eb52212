//! The binary in a folder of its own, as a person or a script runs it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// People whose names are too rare to be confused.
pub(crate) const NAMES: [(&str, &str); 12] = [
    ("Ada", "Quillfeather"),
    ("Bruno", "Castellane"),
    ("Carla", "Dombrowski"),
    ("Dimitri", "Evangelou"),
    ("Elena", "Fitzmaurice"),
    ("Farid", "Ghorbani"),
    ("Greta", "Hollingdale"),
    ("Hugo", "Ibarrola"),
    ("Ines", "Jankowski"),
    ("Jonas", "Kellerhals"),
    ("Katya", "Lindqvist"),
    ("Luis", "Montefiore"),
];

/// A table whose rows say when they are gone.
pub(crate) const MEMBERS_KIND: &str = r#"
name = "club-members"
system = "club"
title = "Members of the club (CSV)"
certainty = "seen"
origin = "invented"

[detect]
headers = ["Member No,First,Last,Mail,Mobile,Zip,City,Club State"]
signature = [{ all = ["Member No", "Club State"] }]

[[record]]
object = "member"
entity = "person"
id = { at = "Member No", required = true }
deleted = [{ at = "Club State", is = ["left"] }]
name = [{ given = "First", family = "Last" }]
email = ["Mail"]
phone = ["Mobile"]
address = [{ postcode = "Zip", city = "City" }]
"#;

/// A folder with files, and the binary run in it.
#[derive(Debug)]
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// The rows of a CSV file, without its header.
    pub(crate) fn rows(&self, name: &str) -> Vec<Vec<String>> {
        csv::Reader::from_path(self.path().join(name))
            .unwrap()
            .records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect())
            .collect()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sameas"));
        for name in
            ["SAMEAS_STORE", "SAMEAS_CONFIG", "SAMEAS_THREADS", "SAMEAS_MAX_MEMORY", "NO_COLOR"]
        {
            command.env_remove(name);
        }
        command.current_dir(self.path()).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs and checks the exit code; returns (stdout, stderr).
    pub(crate) fn exits(&self, code: i32, arguments: &[&str]) -> (String, String) {
        checked(code, arguments, self.command(arguments).output().unwrap())
    }

    /// Runs with bytes on standard input.
    pub(crate) fn feeds(&self, bytes: &[u8], code: i32, arguments: &[&str]) -> (String, String) {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        checked(code, arguments, child.wait_with_output().unwrap())
    }

    /// Runs a verb that succeeds; its standard output.
    pub(crate) fn runs(&self, arguments: &[&str]) -> String {
        self.exits(0, arguments).0
    }

    /// The answer of a verb as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let text = self.runs(&[arguments, &["--format", "json"][..]].concat());
        serde_json::from_str(&text).unwrap()
    }

    /// Entity ids by `source:record` in `clusters.csv` of a folder.
    pub(crate) fn entity_of(&self, out: &str, record: &str) -> String {
        let rows = self.rows(&format!("{out}/clusters.csv"));
        let found: Vec<&Vec<String>> =
            rows.iter().filter(|row| format!("{}:{}", row[0], row[1]) == record).collect();
        assert_eq!(found.len(), 1, "{record} stands once in {out}/clusters.csv");
        found[0][2].clone()
    }
}

fn checked(code: i32, arguments: &[&str], output: Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    assert!(!err.contains("panicked"), "{err}");
    (out, err)
}

/// Paths of the demo's exports.
pub(crate) fn demo() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().contains('-'))
        .collect();
    files.sort();
    files
}

pub(crate) fn texts(paths: &[PathBuf]) -> Vec<&str> {
    paths.iter().map(|path| path.to_str().unwrap()).collect()
}
