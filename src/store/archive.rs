//! The first of the two copies of ground: every input's bytes as they were given.
//!
//! A file stands as `archive/000123-NAME.zst.part` until the transaction that reads it has
//! committed, and loses `.part` then. Input that is compressed already is kept as it is.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result};
use crate::store::durable::{self, Output};

/// Balance of size and time for whole files.
const LEVEL: i32 = 3;
const BLOCK: usize = 1 << 20;
const PART: &str = ".part";

/// Input bytes in the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedFile {
    /// Number of the archive file, from 1. Two ingests of the same bytes share one.
    pub sequence: u32,
    /// Path within the store's directory.
    pub path: String,
    /// SHA-256 of the input as given, lower-case hex.
    pub sha256: String,
    /// Bytes of the input as given.
    pub bytes: u64,
    /// Bytes on disk.
    pub stored_bytes: u64,
    /// Whether the archive compressed it (zstd); otherwise the file is the input.
    pub compressed: bool,
}

/// The archive of a store.
#[derive(Debug)]
pub struct Archive {
    root: PathBuf,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    last: u32,
    by_sha256: BTreeMap<String, ArchivedFile>,
}

impl Archive {
    pub(crate) fn new<'a>(root: &Path, files: impl Iterator<Item = &'a ArchivedFile>) -> Self {
        let mut known = Known::default();
        for file in files {
            known.last = known.last.max(file.sequence);
            known.by_sha256.insert(file.sha256.clone(), file.clone());
        }
        Self { root: root.to_owned(), known: Mutex::new(known) }
    }

    /// Copies the input into the archive, synced; it stays provisional until a file that names it
    /// is committed. Input whose bytes the archive holds already is not stored twice.
    ///
    /// # Errors
    /// Reading the input (place = `name`) or writing the archive fails.
    pub fn add(&self, name: &str, input: impl Read) -> Result<ArchivedFile> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let sequence = known.last + 1;
        let mut archived = self.copy(sequence, name, input)?;
        if let Some(same) = known.by_sha256.get(&archived.sha256) {
            let spare = self.part(&archived);
            durable::remove(&spare)?;
            archived = same.clone();
        } else {
            durable::sync_dir(&self.root.join("archive"))?;
            known.last = sequence;
            known.by_sha256.insert(archived.sha256.clone(), archived.clone());
        }
        Ok(archived)
    }

    /// As [`Archive::add`], from a file.
    ///
    /// # Errors
    /// As there.
    pub fn add_path(&self, path: &Path) -> Result<ArchivedFile> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.add(&name, File::open(path).map_err(|e| Error::io(path, e))?)
    }

    fn copy(&self, sequence: u32, name: &str, mut input: impl Read) -> Result<ArchivedFile> {
        let unread = |e| Error::io(name, e);
        let mut first = vec![0; BLOCK];
        let length = fill(&mut input, &mut first).map_err(unread)?;
        first.truncate(length);
        let packed = [&[0x1f, 0x8b][..], &[0x28, 0xb5, 0x2f, 0xfd], b"PK\x03\x04"];
        let compressed = !packed.iter().any(|magic| first.starts_with(magic));
        let suffix = if compressed { ".zst" } else { "" };
        let path = format!("archive/{sequence:06}-{}{suffix}", safe_name(name));
        let mut archived = ArchivedFile {
            sequence,
            path,
            sha256: String::new(),
            bytes: 0,
            stored_bytes: 0,
            compressed,
        };
        let target = self.part(&archived);
        let unwritten = |e| Error::io(&target, e);
        let file = Output::create(&target)?;
        let mut sink = if compressed {
            let mut encoder = zstd::Encoder::new(file, LEVEL).map_err(unwritten)?;
            encoder.include_checksum(true).map_err(unwritten)?;
            Sink::Zstd(encoder)
        } else {
            Sink::Plain(file)
        };
        // Hashing on a second thread costs no wall time.
        let (sender, receiver) = mpsc::sync_channel::<Arc<Vec<u8>>>(4);
        archived.sha256 = std::thread::scope(|scope| -> Result<String> {
            let hashing = scope.spawn(move || {
                let mut hasher = Sha256::new();
                receiver.iter().for_each(|block| hasher.update(block.as_slice()));
                hex(&hasher.finalize())
            });
            let mut block = first;
            while !block.is_empty() {
                archived.bytes += block.len() as u64;
                let shared = Arc::new(block);
                // The receiver ends only after this sender is gone.
                let _ = sender.send(Arc::clone(&shared));
                sink.write_all(&shared).map_err(unwritten)?;
                block = Arc::try_unwrap(shared).unwrap_or_default();
                block.resize(BLOCK, 0);
                let length = fill(&mut input, &mut block).map_err(unread)?;
                block.truncate(length);
            }
            drop(sender);
            hashing.join().map_err(|_| Error::new(ErrorKind::Io, "hashing the input failed"))
        })?;
        let file = sink.finish().map_err(unwritten)?;
        file.sync()?;
        archived.stored_bytes = file.length()?;
        Ok(archived)
    }

    /// Puts bytes where a reader can look at them; nothing is synced, and the file goes with its
    /// value. One at a time.
    ///
    /// # Errors
    /// Writing fails.
    pub fn spool(&self, bytes: &[u8]) -> Result<Spool> {
        let path = self.root.join(format!("archive/spool{PART}"));
        let mut file = Output::create(&path)?;
        let spool = Spool { path };
        file.write_all(bytes).map_err(|e| Error::io(&spool.path, e))?;
        Ok(spool)
    }

    /// Reads the input's bytes back, as given.
    ///
    /// # Errors
    /// The file is missing or unreadable.
    pub fn open(&self, file: &ArchivedFile) -> Result<Box<dyn Read + Send>> {
        let stored = BufReader::with_capacity(1 << 17, self.stored(file)?);
        if !file.compressed {
            return Ok(Box::new(stored));
        }
        let decoder = zstd::stream::read::Decoder::with_buffer(stored)
            .map_err(|e| Error::io(self.root.join(&file.path), e))?;
        Ok(Box::new(decoder))
    }

    /// Checks every byte of a file against its hash: `None`, or what is wrong. Fails only where the
    /// reason lies outside the file.
    pub(crate) fn check(&self, file: &ArchivedFile) -> Result<Option<String>> {
        let unread =
            |e: Error| if e.has_outside_cause() { Err(e) } else { Ok(Some(e.to_string())) };
        let mut input = match self.open(file) {
            Ok(input) => input,
            Err(e) => return unread(e),
        };
        let mut hasher = Sha256::new();
        let mut block = vec![0; 1 << 17];
        let mut bytes = 0u64;
        loop {
            match input.read(&mut block) {
                Ok(0) => break,
                Ok(length) => {
                    hasher.update(&block[..length]);
                    bytes += length as u64;
                    if bytes > file.bytes {
                        return Ok(Some("it holds more bytes than were given".to_owned()));
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return unread(Error::io(&file.path, e)),
            }
        }
        Ok((hex(&hasher.finalize()) != file.sha256).then(|| "its SHA-256 differs".to_owned()))
    }

    /// Gives a committed file its final name; harmless if it has it.
    pub(crate) fn settle(&self, file: &ArchivedFile) -> Result<()> {
        let part = self.part(file);
        if part.exists() { durable::rename(&part, &self.root.join(&file.path)) } else { Ok(()) }
    }

    /// Removes an input whose ingest failed; one that a committed file names stays.
    pub fn discard(&self, file: &ArchivedFile) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let part = self.part(file);
        if part.exists() && durable::remove(&part).is_ok() {
            known.by_sha256.remove(&file.sha256);
        }
    }

    /// Removes what killed processes left unfinished.
    pub(crate) fn sweep(&self) -> Result<()> {
        let folder = self.root.join("archive");
        for entry in fs::read_dir(&folder).map_err(|e| Error::io(&folder, e))? {
            let path = entry.map_err(|e| Error::io(&folder, e))?.path();
            if path.extension().is_some_and(|e| e == "part" || e == "tmp") {
                durable::remove(&path)?;
            }
        }
        Ok(())
    }

    fn part(&self, file: &ArchivedFile) -> PathBuf {
        self.root.join(format!("{}{PART}", file.path))
    }

    fn stored(&self, file: &ArchivedFile) -> Result<File> {
        let path = self.root.join(&file.path);
        match File::open(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                File::open(self.part(file)).map_err(|e| Error::io(&path, e))
            }
            opened => opened.map_err(|e| Error::io(&path, e)),
        }
    }
}

/// A file of the moment, see [`Archive::spool`].
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
}

impl Spool {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // What stays behind is removed when the store is opened next.
        let _ = durable::remove(&self.path);
    }
}

enum Sink {
    Plain(Output),
    Zstd(zstd::Encoder<'static, Output>),
}

impl Sink {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(bytes),
            Self::Zstd(encoder) => encoder.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<Output> {
        match self {
            Self::Plain(file) => Ok(file),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

/// Reads until the block is full or the input ends.
fn fill(input: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match input.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A file name that is a plain name everywhere: no separators, no leading dot, at most 80 bytes.
fn safe_name(name: &str) -> String {
    let clean = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = name.trim_start_matches('.').chars().map(clean).collect();
    let start = name.len().saturating_sub(80);
    if name.is_empty() {
        "input".to_owned()
    } else {
        name[start..].trim_start_matches('.').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_the_archive() {
        let cases = [
            ("customers.csv", "customers.csv"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("", "input"),
            ("..", "input"),
            ("Kundé n.csv", "Kund__n.csv"),
        ];
        for (name, expected) in cases {
            assert_eq!(safe_name(name), expected, "{name}");
        }
        assert_eq!(safe_name(&"x".repeat(500)).len(), 80);
    }
}
