//! Models and configurations: whole documents kept by their hash, in sled and in the archive.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::store::codec::{self, damaged};
use crate::store::ground::{Ground, Table};
use crate::store::recover::{Lost, Recovered};
use crate::store::{State, Store, durable, locked};

#[derive(Debug, Serialize, Deserialize)]
struct Paper {
    hash: String,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Model,
    Config,
}

impl Kind {
    pub(super) const ALL: [Self; 2] = [Self::Model, Self::Config];

    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Model => "archive/models",
            Self::Config => "archive/configs",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Config => "configuration",
        }
    }

    fn table(self) -> Table {
        match self {
            Self::Model => Table::Models,
            Self::Config => Table::Configs,
        }
    }

    pub(super) fn of(self, state: &State) -> u32 {
        match self {
            Self::Model => state.models,
            Self::Config => state.configs,
        }
    }

    fn count(self, state: &mut State) -> &mut u32 {
        match self {
            Self::Model => &mut state.models,
            Self::Config => &mut state.configs,
        }
    }
}

impl Store {
    /// Keeps a model under its hash (letters and digits); the last one added is the latest.
    ///
    /// # Errors
    /// The store is not open for writing, or writing fails.
    pub fn add_model(&self, hash: &str, bytes: &[u8]) -> Result<()> {
        self.add_paper(Kind::Model, hash, bytes)
    }

    /// A model by its hash. Needs neither lock nor sled.
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn model(&self, hash: &str) -> Result<Option<Vec<u8>>> {
        self.paper(Kind::Model, hash)
    }

    /// The model added last: (hash, bytes).
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn latest_model(&self) -> Result<Option<(String, Vec<u8>)>> {
        let Some((_, path)) = self.papers(Kind::Model)?.pop() else { return Ok(None) };
        let paper = read(&path)?;
        Ok(Some((paper.hash, paper.bytes)))
    }

    /// Keeps a resolved configuration under its hash.
    ///
    /// # Errors
    /// As [`Store::add_model`].
    pub fn add_config(&self, hash: &str, text: &str) -> Result<()> {
        self.add_paper(Kind::Config, hash, text.as_bytes())
    }

    /// A configuration by its hash. Needs neither lock nor sled.
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn config(&self, hash: &str) -> Result<Option<String>> {
        let bytes = self.paper(Kind::Config, hash)?;
        bytes
            .map(|b| String::from_utf8(b).map_err(|_| damaged("a configuration is not UTF-8")))
            .transpose()
    }

    fn add_paper(&self, kind: Kind, hash: &str, bytes: &[u8]) -> Result<()> {
        let ground = self.may_write()?;
        if hash.is_empty() || hash.len() > 128 || !hash.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(Error::new(ErrorKind::Config, "a hash is made of letters and digits"));
        }
        // Adding the latest again is no news.
        if let Some((_, path)) = self.papers(kind)?.pop()
            && name_is(&path, hash)
        {
            return Ok(());
        }
        let mut state = locked(&self.state).clone();
        let count = kind.count(&mut state);
        *count += 1;
        let sequence = *count;
        let sealed = codec::seal(&Paper { hash: hash.to_owned(), bytes: bytes.to_vec() })?;
        self.decisive(|| {
            let mut batcher = ground.batcher();
            batcher.put(kind.table(), &sequence.to_be_bytes(), &sealed)?;
            batcher.apply()?;
            ground.flush()?;
            self.commit_state(ground, state)?;
            durable::replace(&self.paper_path(kind, sequence, hash), &sealed)
        })
    }

    fn paper_path(&self, kind: Kind, sequence: u32, hash: &str) -> PathBuf {
        self.root.join(kind.folder()).join(format!("{sequence:06}-{hash}.bin"))
    }

    fn paper(&self, kind: Kind, hash: &str) -> Result<Option<Vec<u8>>> {
        let found = self.papers(kind)?.into_iter().rev().find(|(_, path)| name_is(path, hash));
        found.map(|(_, path)| Ok(read(&path)?.bytes)).transpose()
    }

    /// The archive's documents of a kind: (sequence, path), ascending.
    pub(super) fn papers(&self, kind: Kind) -> Result<Vec<(u32, PathBuf)>> {
        let folder = self.root.join(kind.folder());
        let io = |e| Error::io(&folder, e);
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if let Some((sequence, rest)) = name.split_once('-')
                && rest.ends_with(".bin")
                && let Ok(sequence) = sequence.parse()
            {
                found.push((sequence, path));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Writes to the archive what sled committed and a killed process did not archive.
    pub(super) fn papers_settle(&self, ground: &Ground, state: &State) -> Result<()> {
        for kind in Kind::ALL {
            let archived = self.papers(kind)?.last().map_or(0, |(sequence, _)| *sequence);
            let known = kind.of(state);
            if archived > known {
                return Err(damaged("the database lacks models or configurations of the archive")
                    .at(self.root.display()));
            }
            for sequence in archived + 1..=known {
                let sealed = ground.get(kind.table(), &sequence.to_be_bytes())?;
                let sealed =
                    sealed.ok_or_else(|| damaged("a model or configuration is missing"))?;
                let paper: Paper = codec::open(&sealed)?;
                durable::replace(&self.paper_path(kind, sequence, &paper.hash), &sealed)?;
            }
        }
        Ok(())
    }

    /// Takes from the database what the archive lacks.
    pub(super) fn papers_mend(
        &self,
        ground: Option<&Ground>,
        state: &State,
        recovered: &mut Recovered,
    ) -> Result<()> {
        for kind in Kind::ALL {
            let archived: BTreeMap<u32, PathBuf> = self.papers(kind)?.into_iter().collect();
            let last = archived.keys().last().copied().unwrap_or(0).max(kind.of(state));
            let known = self.lost_numbers(kind.name())?;
            for sequence in 1..=last {
                let path = archived.get(&sequence);
                match path.map(|path| read(path)) {
                    Some(Ok(_)) => continue,
                    Some(Err(e)) if e.has_outside_cause() => return Err(e),
                    Some(Err(_)) | None => {}
                }
                if let Some(path) = path {
                    let name = path.strip_prefix(self.root()).unwrap_or(path).display();
                    recovered.mended.push(name.to_string());
                    durable::remove(path)?;
                }
                let kept =
                    ground.and_then(|g| g.get(kind.table(), &sequence.to_be_bytes()).ok()?);
                let paper = kept.as_ref().and_then(|sealed| codec::open::<Paper>(sealed).ok());
                match (paper, kept) {
                    (Some(paper), Some(sealed)) => {
                        durable::replace(&self.paper_path(kind, sequence, &paper.hash), &sealed)?;
                    }
                    _ if known.contains(&u64::from(sequence)) => {}
                    _ => recovered.lost.push(Lost::new(kind.name(), u64::from(sequence))),
                }
            }
        }
        Ok(())
    }

    /// Copies the archive's documents into a new database.
    pub(super) fn papers_restore(&self, ground: &Ground, state: &mut State) -> Result<()> {
        for kind in Kind::ALL {
            let mut batcher = ground.batcher();
            for (sequence, path) in self.papers(kind)? {
                let sealed = std::fs::read(&path).map_err(|e| Error::io(&path, e))?;
                batcher.put(kind.table(), &sequence.to_be_bytes(), &sealed)?;
                *kind.count(state) = sequence;
            }
            batcher.apply()?;
        }
        Ok(())
    }

    /// Whether both copies of a document are whole and equal: `None`, or what is wrong.
    pub(super) fn paper_damage(
        &self,
        ground: &Ground,
        kind: Kind,
        sequence: u32,
    ) -> Option<String> {
        let found = self.papers(kind).ok()?.into_iter().find(|(s, _)| *s == sequence);
        let archived = found.and_then(|(_, path)| std::fs::read(path).ok());
        let kept = ground.get(kind.table(), &sequence.to_be_bytes()).ok().flatten();
        let whole = |sealed: &Option<Vec<u8>>| {
            sealed.as_ref().is_some_and(|sealed| codec::open::<Paper>(sealed).is_ok())
        };
        match (whole(&archived), whole(&kept)) {
            (true, true) if archived == kept => None,
            (true, true) => Some("the two copies differ".to_owned()),
            (true, false) => Some("the copy in the database is damaged".to_owned()),
            (false, true) => Some("the copy in the archive is damaged".to_owned()),
            (false, false) => Some("both copies are damaged".to_owned()),
        }
    }
}

/// Whether a sealed document can be read.
pub(super) fn decode(sealed: &[u8]) -> Result<()> {
    codec::open::<Paper>(sealed).map(drop)
}

fn read(path: &std::path::Path) -> Result<Paper> {
    let sealed = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    codec::open(&sealed).map_err(|e| e.at(path.display()))
}

fn name_is(path: &std::path::Path, hash: &str) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    name.split_once('-').is_some_and(|(_, rest)| rest.strip_suffix(".bin") == Some(hash))
}
