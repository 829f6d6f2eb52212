//! Append-only JSON lines, each with its own checksum:
//! `{"crc32":"89abcdef","entry":{…}}`, the checksum being that of the entry's bytes.

use std::io::Write;
use std::marker::PhantomData;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::store::durable;

const HEAD: &str = "{\"crc32\":\"";
const MIDDLE: &str = "\",\"entry\":";

/// A journal of entries of one type.
#[derive(Debug)]
pub(crate) struct Journal<T> {
    path: PathBuf,
    entries: PhantomData<fn() -> T>,
}

/// What a journal holds.
#[derive(Debug)]
pub(crate) struct Content<T> {
    /// The entries whose checksum holds, in order.
    pub(crate) entries: Vec<T>,
    /// 1-based numbers of damaged lines.
    pub(crate) damaged: Vec<usize>,
    /// Bytes up to the end of the last whole line; what follows was never acknowledged.
    pub(crate) whole: u64,
    /// Bytes of the file.
    pub(crate) length: u64,
}

impl<T> Content<T> {
    /// Whole lines, damaged ones too.
    pub(crate) fn lines(&self) -> u64 {
        (self.entries.len() + self.damaged.len()) as u64
    }

    /// Whether there is anything but whole, sound lines.
    pub(crate) fn is_torn(&self) -> bool {
        !self.damaged.is_empty() || self.whole < self.length
    }
}

impl<T: Serialize + DeserializeOwned> Journal<T> {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, entries: PhantomData }
    }

    /// Adds entries and syncs them.
    pub(crate) fn append<'a>(&self, entries: impl IntoIterator<Item = &'a T>) -> Result<()>
    where
        T: 'a,
    {
        let mut lines = String::new();
        for entry in entries {
            lines.push_str(&line(entry)?);
        }
        let mut file = durable::Output::append(&self.path)?;
        file.write_all(lines.as_bytes()).map_err(|e| Error::io(&self.path, e))?;
        file.sync()
    }

    /// Reads everything that can be read. A missing file is an empty journal.
    pub(crate) fn read(&self) -> Result<Content<T>> {
        let bytes = durable::read_if_exists(&self.path)?.unwrap_or_default();
        let mut content = Content {
            entries: Vec::new(),
            damaged: Vec::new(),
            whole: 0,
            length: bytes.len() as u64,
        };
        for (number, line) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
            let Some(line) = line.strip_suffix(b"\n") else { break };
            content.whole += line.len() as u64 + 1;
            match parse(line) {
                Some(entry) => content.entries.push(entry),
                None => content.damaged.push(number + 1),
            }
        }
        Ok(content)
    }

    /// Reads all entries; damage is an error.
    pub(crate) fn entries(&self) -> Result<Vec<T>> {
        let content = self.read()?;
        match content.damaged.first() {
            None => Ok(content.entries),
            Some(line) => {
                Err(Error::new(ErrorKind::Corrupted, "a line does not match its checksum")
                    .at(format_args!("{}:{line}", self.path.display()))
                    .hint("run `sameas verify`, then `sameas recover`"))
            }
        }
    }

    /// Cuts off a last line that a killed process left unfinished.
    pub(crate) fn trim(&self, content: &Content<T>) -> Result<()> {
        if content.whole < content.length {
            durable::cut(&self.path, content.whole)?;
        }
        Ok(())
    }

    /// Replaces the whole journal.
    pub(crate) fn rewrite(&self, entries: &[T]) -> Result<()> {
        let lines = entries.iter().map(line).collect::<Result<String>>()?;
        durable::replace(&self.path, lines.as_bytes())
    }
}

fn line<T: Serialize>(entry: &T) -> Result<String> {
    let text = serde_json::to_string(entry)
        .map_err(|_| Error::new(ErrorKind::Limit, "an entry cannot be written as JSON"))?;
    Ok(format!("{HEAD}{:08x}{MIDDLE}{text}}}\n", crc32fast::hash(text.as_bytes())))
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    let rest = line.strip_prefix(HEAD.as_bytes())?;
    let (checksum, rest) = rest.split_at_checked(8)?;
    let checksum = u32::from_str_radix(std::str::from_utf8(checksum).ok()?, 16).ok()?;
    let entry = rest.strip_prefix(MIDDLE.as_bytes())?.strip_suffix(b"}")?;
    (crc32fast::hash(entry) == checksum).then_some(())?;
    serde_json::from_slice(entry).ok()
}
