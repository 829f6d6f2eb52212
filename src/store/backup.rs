//! Copies of a store in a folder: every file by the SHA-256 of its bytes, so that a later backup
//! copies only what is new, and one list that says which file is which.
//!
//! ```text
//! DIR/backup.jsonl        the last whole backup: replaced at once, when all that it names is there
//! DIR/objects/ab/abcd…    the bytes
//! ```
//!
//! What is derived but cheap to keep (the results) is copied; the database and the index are not:
//! they are made anew from the archive.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result};
use crate::store::archive::hex;
use crate::store::durable::{self, Aside};
use crate::store::journal::Journal;
use crate::store::{Store, damaged, folder, space};

const LIST: &str = "backup.jsonl";
const OBJECTS: &str = "objects";
const BLOCK: usize = 1 << 17;
/// What a backup leaves out: derived, locked, unfinished, or damaged.
const LEFT_OUT: [&str; 6] = ["lock", "ground", "ground.damaged", "index", "damaged", MIGRATING];
/// Names a store that is being brought to another version.
pub(super) const MIGRATING: &str = "migrating";

/// The one line of `backup.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Backup {
    /// Version of the store's format.
    format: u32,
    /// SHA-256 of the store's secret: whose backup this is.
    store: String,
    files: Vec<Entry>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// Path within the store, with `/`.
    path: String,
    bytes: u64,
    sha256: String,
}

/// What a backup did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BackedUp {
    /// Files of the store that the backup holds.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were copied this time; the others were there.
    pub files_copied: u64,
    /// Their bytes.
    pub bytes_copied: u64,
}

impl Store {
    /// Brings a backup in a folder up to date: checks the archive, copies what the folder lacks,
    /// reads every byte of the backup, and only then puts it in force. Results may be read
    /// meanwhile. `progress` gets the name of each file as it is copied or read.
    ///
    /// # Errors
    /// The store is not open for writing or is damaged; the folder holds something else, has no
    /// room, or cannot be written. The last backup stays in force then.
    pub fn backup(&self, dir: &Path, progress: &mut dyn FnMut(&str)) -> Result<BackedUp> {
        self.may_write()?;
        if let Some(finding) = self.archive_findings(progress)?.into_iter().next() {
            return Err(
                damaged(&format!("a backup would copy damage: {}", finding.what)).at(finding.place)
            );
        }
        backup_folder(&self.root, folder::FORMAT, dir, progress)
    }
}

/// As [`Store::backup`], for a store of any format whose lock the caller holds.
pub(super) fn backup_folder(
    root: &Path,
    format: u32,
    dir: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<BackedUp> {
    let secret = durable::read_if_exists(&root.join("secret"))?.unwrap_or_default();
    let store = hex(&Sha256::digest(&secret));
    let list: Journal<Backup> = Journal::new(dir.join(LIST));
    let earlier = earlier(dir, &list, &store)?;
    durable::create_dir(&dir.join(OBJECTS))?;
    let paths = files_of(root)?;
    let known: BTreeMap<&str, &Entry> = earlier
        .iter()
        .flat_map(|backup| &backup.files)
        .map(|entry| (entry.path.as_str(), entry))
        .collect();
    let mut report = BackedUp::default();
    let mut files: Vec<Entry> = Vec::new();
    let mut missing = Vec::new();
    for path in paths {
        let bytes = size(&root.join(&path))?;
        // Numbered files are never written again under their name.
        let entry = known.get(path.as_str()).filter(|e| e.bytes == bytes && is_numbered(&path));
        match entry {
            Some(entry) if object(dir, &entry.sha256).exists() => files.push((*entry).clone()),
            _ => missing.push((path, bytes)),
        }
    }
    space::check(dir, missing.iter().map(|(_, bytes)| bytes).sum())?;
    for (path, _) in missing {
        progress(&path);
        let (entry, copied) = copy_in(root, path, dir)?;
        report.files_copied += u64::from(copied);
        report.bytes_copied += if copied { entry.bytes } else { 0 };
        files.push(entry);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    for entry in &files {
        progress(&entry.path);
        check(dir, entry)?;
        report.files += 1;
        report.bytes += entry.bytes;
    }
    let backup = Backup { format, store, files };
    if earlier.as_ref() != Some(&backup) {
        list.rewrite(std::slice::from_ref(&backup))?;
    }
    sweep(dir, &backup)?;
    Ok(report)
}

/// The last backup in a folder; refuses a folder that is anything else.
fn earlier(dir: &Path, list: &Journal<Backup>, store: &str) -> Result<Option<Backup>> {
    durable::create_dir(dir)?;
    let earlier = list.entries()?.pop();
    let other = |message: &str| {
        Err(Error::new(ErrorKind::Config, message)
            .at(dir.display())
            .hint("name a new folder, or the one of this store's last backup"))
    };
    match &earlier {
        Some(backup) if backup.store != store => other("this is the backup of another store"),
        Some(_) => Ok(earlier),
        None => {
            let io = |e| Error::io(dir, e);
            for entry in fs::read_dir(dir).map_err(io)? {
                let name = entry.map_err(io)?.file_name();
                if name != OBJECTS && name != format!("{LIST}.tmp").as_str() {
                    return other("this folder holds something else than a backup");
                }
            }
            Ok(None)
        }
    }
}

/// What a backup is made of: paths within the store, sorted.
fn files_of(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = open.pop() {
        let io = |e| Error::io(&folder, e);
        for entry in fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let unfinished = name.ends_with(".tmp") || name.ends_with(".part");
            if unfinished || prefix.is_empty() && LEFT_OUT.contains(&&*name) {
                continue;
            }
            let path = format!("{prefix}{name}");
            if entry.file_type().map_err(io)?.is_dir() {
                open.push((entry.path(), format!("{path}/")));
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_numbered(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with(|c: char| c.is_ascii_digit()))
}

fn size(path: &Path) -> Result<u64> {
    fs::metadata(path).map(|meta| meta.len()).map_err(|e| Error::io(path, e))
}

fn object(dir: &Path, sha256: &str) -> PathBuf {
    dir.join(OBJECTS).join(sha256.get(..2).unwrap_or_default()).join(sha256)
}

/// Copies a file of the store into the backup, unless its bytes are there.
fn copy_in(root: &Path, path: String, dir: &Path) -> Result<(Entry, bool)> {
    let from = root.join(&path);
    let (sha256, bytes) = digest(&from, |_| Ok(()))?;
    let target = object(dir, &sha256);
    let there = target.exists();
    if !there {
        if let Some(folder) = target.parent() {
            durable::create_dir(folder)?;
        }
        let mut aside = Aside::create(&target)?;
        let copied = digest(&from, |block| write(&mut aside, block))?;
        if copied != (sha256.clone(), bytes) {
            return Err(Error::new(ErrorKind::Io, "it changed while it was copied")
                .at(from.display())
                .hint("run the command again"));
        }
        aside.commit()?;
    }
    Ok((Entry { path, bytes, sha256 }, !there))
}

/// Reads an object of a backup and compares it with its name.
fn check(dir: &Path, entry: &Entry) -> Result<()> {
    let path = object(dir, &entry.sha256);
    let (sha256, bytes) = digest(&path, |_| Ok(()))?;
    if (&sha256, bytes) == (&entry.sha256, entry.bytes) {
        return Ok(());
    }
    Err(broken(&path))
}

fn broken(path: &Path) -> Error {
    Error::new(ErrorKind::Corrupted, "the backup is damaged: a file does not match its SHA-256")
        .at(path.display())
        .hint("remove this file and run `sameas backup` again, or use another backup")
}

fn write(aside: &mut Aside, block: &[u8]) -> Result<()> {
    aside.file().write_all(block).map_err(|e| Error::io(aside.target(), e))
}

/// SHA-256 and length of a file, each block handed on as it is read.
fn digest(path: &Path, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<(String, u64)> {
    let io = |e| Error::io(path, e);
    let mut file = File::open(path).map_err(io)?;
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok((hex(&hasher.finalize()), bytes)),
            Ok(length) => {
                hasher.update(&block[..length]);
                bytes += length as u64;
                each(&block[..length])?;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(io(e)),
        }
    }
}

/// Removes objects that the backup does not name.
fn sweep(dir: &Path, backup: &Backup) -> Result<()> {
    let named: BTreeSet<&str> = backup.files.iter().map(|entry| entry.sha256.as_str()).collect();
    let objects = dir.join(OBJECTS);
    let io = |e| Error::io(&objects, e);
    for folder in fs::read_dir(&objects).map_err(io)? {
        for entry in fs::read_dir(folder.map_err(io)?.path()).map_err(io)? {
            let path = entry.map_err(io)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !named.contains(name.as_str()) {
                durable::remove(&path)?;
            }
        }
    }
    Ok(())
}

/// Copies a backup into a new folder, every byte checked; returns the format of its store.
pub(super) fn copy_out(dir: &Path, to: &Path, progress: &mut dyn FnMut(&str)) -> Result<u32> {
    let list: Journal<Backup> = Journal::new(dir.join(LIST));
    let backup = list.entries()?.pop().ok_or_else(|| {
        Error::new(ErrorKind::Unknown, "there is no backup here")
            .at(dir.display())
            .hint("name the folder that `sameas backup DIR` was given")
    })?;
    if backup.format > folder::FORMAT {
        return Err(folder::other_format(backup.format).at(dir.display()));
    }
    durable::create_dir(to)?;
    space::check(to, backup.files.iter().map(|entry| entry.bytes).sum())?;
    for entry in &backup.files {
        progress(&entry.path);
        let target = to.join(&entry.path);
        let plain = Path::new(&entry.path).components();
        if !plain.into_iter().all(|part| matches!(part, std::path::Component::Normal(_))) {
            return Err(broken(&dir.join(LIST)));
        }
        if let Some(folder) = target.parent() {
            durable::create_dir(folder)?;
        }
        let from = object(dir, &entry.sha256);
        let mut aside = Aside::create(&target)?;
        let (sha256, bytes) = digest(&from, |block| write(&mut aside, block))?;
        if (&sha256, bytes) != (&entry.sha256, entry.bytes) {
            return Err(broken(&from));
        }
        aside.commit()?;
    }
    Ok(backup.format)
}
