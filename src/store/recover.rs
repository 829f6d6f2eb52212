//! Mends each copy of ground from the other, and lists what neither has.
//!
//! First the archive takes from the database what it lacks, file by file, entry by entry; then, if
//! anything is wrong with the database, it is made anew from the archive.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::model::{QuarantinedRow, SourceRecord, Timestamp};
use crate::store::events::{Numbered, put_entries};
use crate::store::ground::{Ground, Table};
use crate::store::journal::Journal;
use crate::store::repair::{self, Repair, Standing};
use crate::store::results::Results;
use crate::store::{
    Access, ChunkId, CommittedFile, FileWriter, Store, codec, durable, folder, ledger, lock,
    locked, writer,
};

/// What a recovery did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recovered {
    /// Files read again into a new database; 0 where the old one was sound.
    pub files: u32,
    /// Versions of records in the database.
    pub records: u64,
    /// Judgements.
    pub judgements: u64,
    /// Ledger events.
    pub events: u64,
    /// Whether the database was made anew.
    pub database_rebuilt: bool,
    /// What was damaged in the archive and taken from the database.
    pub mended: Vec<String>,
    /// What neither copy had: also kept in `archive/lost.jsonl`.
    pub lost: Vec<Lost>,
    /// What differs from before, in words.
    pub notes: Vec<String>,
}

/// Something that neither copy of ground had any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// `record`, `row`, `file`, `judgement`, `disposition`, `event`, `model`, `configuration`.
    pub what: String,
    /// Its number: of a record, a row of the file's quarantine, a file, a sequence.
    pub number: u64,
    /// Name of the file that it came with.
    pub file: Option<String>,
    /// The record's key, where the last results know it.
    pub record: Option<String>,
}

impl Lost {
    pub(super) fn new(what: &str, number: u64) -> Self {
        Self { what: what.to_owned(), number, file: None, record: None }
    }
}

/// Puts the records and bad rows of a file of the archive into the writer, as its manifest says that
/// they were read at ingest.
pub type ReadFile<'a> = dyn FnMut(&Store, &CommittedFile, &mut FileWriter<'_>) -> Result<()> + 'a;

impl Store {
    /// Mends a damaged store: the archive from the database, then, where that is damaged too, the
    /// database from the archive. `progress` gets the name of each part as it is begun.
    ///
    /// Killed half-way, it can be run again.
    ///
    /// # Errors
    /// `Locked`, `FormatVersion`, `Io`, and what `read` returns.
    pub fn recover(
        root: &Path,
        read: &mut ReadFile<'_>,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Recovered> {
        let lock = lock::WriterLock::acquire(&root.join("lock"))?;
        folder::mend(root)?;
        let mut recovered = Recovered::default();
        let store = Self::assemble(root, Access::Write, Some(lock))?;
        let ground = damaged_or(store.ground())?;
        store.mend_archive(ground, &mut recovered, progress)?;
        progress("database");
        if ground.is_some() && !root.join("ground.damaged").exists() && store.ground_is_sound()? {
            let state = locked(&store.state).clone();
            recovered.records = state.records;
            (recovered.judgements, recovered.events) = (state.judgements, state.ledger);
            return Ok(recovered);
        }
        let lock = store.into_lock();
        Self::remake_ground(root, lock, read, progress, &mut recovered)?;
        Ok(recovered)
    }

    /// Sets the database aside (as `ground.damaged`) and makes it anew from the archive, which must
    /// be sound.
    ///
    /// Killed half-way, it can be run again: the old database stays aside until all is done.
    ///
    /// # Errors
    /// `Locked`, `FormatVersion`, `Io`, a damaged manifest, and what `read` returns.
    pub fn rebuild_ground(
        root: &Path,
        read: &mut ReadFile<'_>,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Recovered> {
        let lock = lock::WriterLock::acquire(&root.join("lock"))?;
        folder::check_format(root, Access::Write)?;
        let mut recovered = Recovered::default();
        Self::remake_ground(root, Some(lock), read, progress, &mut recovered)?;
        Ok(recovered)
    }

    pub(super) fn remake_ground(
        root: &Path,
        lock: Option<lock::WriterLock>,
        read: &mut ReadFile<'_>,
        progress: &mut dyn FnMut(&str),
        recovered: &mut Recovered,
    ) -> Result<()> {
        let (ground, aside) = (root.join("ground"), root.join("ground.damaged"));
        if ground.exists() {
            if aside.exists() {
                // What an earlier attempt wrote.
                durable::remove_dir(&ground)?;
            } else {
                durable::rename(&ground, &aside)?;
            }
        }
        let store = Self::assemble(root, Access::Write, lock)?;
        let files = store.manifest.entries()?;
        let numbered = (1..).zip(&files).all(|(number, file)| file.manifest.file == number);
        for file in repair::standing(files, &store.repairs()?) {
            progress(&file.committed.manifest.name);
            store.read_again(file, read, recovered)?;
        }
        if !numbered {
            // The files behind a lost one have new numbers.
            let entries = store.entries()?;
            let committed: Vec<_> = entries.iter().map(|entry| entry.committed.clone()).collect();
            store.manifest.rewrite(&committed)?;
        }
        store.restore_events()?;
        let state = locked(&store.state).clone();
        recovered.records = state.records;
        (recovered.judgements, recovered.events) = (state.judgements, state.ledger);
        recovered.database_rebuilt = true;
        if recovered.lost.is_empty() || !aside.exists() {
            return durable::remove_dir(&aside);
        }
        // People may want to look for what was lost.
        let kept = root.join("damaged/ground");
        durable::create_dir(&root.join("damaged"))?;
        durable::remove_dir(&kept)?;
        durable::rename(&aside, &kept)
    }

    /// Reads one file of the archive into the new database.
    fn read_again(
        &self,
        file: Standing,
        read: &mut ReadFile<'_>,
        recovered: &mut Recovered,
    ) -> Result<()> {
        let Standing { mut committed, archived, mended } = file;
        let mut writer = self.begin_file(committed.manifest.command)?;
        let before = committed.receipt.clone();
        committed.manifest.file = writer.file();
        if mended {
            repair::load(self.archive(), &archived, &mut writer)?;
        } else {
            read(self, &committed, &mut writer)?;
        }
        let name = committed.manifest.name.clone();
        let again = writer.finish_again(committed)?;
        let counts = |r: &crate::store::Receipt| (r.records_new, r.records_changed, r.quarantined);
        if !mended && counts(&again) != counts(&before) {
            recovered.notes.push(format!("{name} gave other records than before"));
        }
        recovered.files += 1;
        Ok(())
    }

    /// Copies judgements, dispositions, ledger, models and configurations from the archive.
    fn restore_events(&self) -> Result<()> {
        let ground = self.ground()?;
        let mut state = locked(&self.state).clone();
        state.judgements = restore_journal(ground, Table::Judgements, &self.judged)?;
        state.dispositions = restore_journal(ground, Table::Dispositions, &self.disposed)?;
        let mut batcher = ground.batcher();
        for path in ledger::segments(&self.ledger_folder())? {
            for sealed in ledger::read_segment(&path)? {
                let page = ledger::Page::open(&sealed).map_err(|e| e.at(path.display()))?;
                batcher.put(Table::Ledger, &page.first.to_be_bytes(), &sealed)?;
                state.ledger = page.last();
                state.run = state.run.max(page.run());
            }
        }
        batcher.apply()?;
        self.papers_restore(ground, &mut state)?;
        state.run = state.run.max(self.result_runs()?.last().copied().unwrap_or(0));
        ground.flush()?;
        self.commit_state(ground, state)
    }

    fn ground_is_sound(&self) -> Result<bool> {
        Ok(self.ground_findings(&mut |_| {})?.is_empty())
    }

    /// Gives the archive what it lacks and the database has.
    fn mend_archive(
        &self,
        ground: Option<&Ground>,
        recovered: &mut Recovered,
        progress: &mut dyn FnMut(&str),
    ) -> Result<()> {
        progress("archive");
        let repairs = self.repaired.read()?;
        if repairs.is_torn() {
            self.repaired.rewrite(&repairs.entries)?;
            recovered.mended.push("archive/repairs.jsonl".to_owned());
        }
        let losses = self.losses.read()?;
        if losses.is_torn() {
            self.losses.rewrite(&losses.entries)?;
            recovered.mended.push("archive/lost.jsonl".to_owned());
        }
        let files = self.mend_manifest(ground, recovered)?;
        for file in repair::standing(files, &repairs.entries) {
            progress(&file.archived.path);
            if self.archive.check(&file.archived)?.is_some() {
                self.mend_file(ground, &file, recovered)?;
            }
        }
        let state = locked(&self.state).clone();
        let known = [state.judgements, state.dispositions];
        let ground_of = |table| ground.map(|ground| (ground, table));
        mend_journal(
            &self.judged,
            ground_of((Table::Judgements, known[0])),
            ("judgement", "archive/judgements.jsonl"),
            recovered,
        )?;
        mend_journal(
            &self.disposed,
            ground_of((Table::Dispositions, known[1])),
            ("disposition", "archive/quarantine.jsonl"),
            recovered,
        )?;
        self.mend_ledger(ground, recovered)?;
        self.papers_mend(ground, &state, recovered)?;
        if recovered.lost.is_empty() { Ok(()) } else { self.losses.append(&recovered.lost) }
    }

    /// The lines of the manifest, lost ones taken from the database.
    fn mend_manifest(
        &self,
        ground: Option<&Ground>,
        recovered: &mut Recovered,
    ) -> Result<Vec<CommittedFile>> {
        let content = self.manifest.read()?;
        let (lines, torn) = (content.lines(), content.is_torn());
        let mut files: BTreeMap<u64, CommittedFile> =
            content.entries.into_iter().map(|f| (u64::from(f.manifest.file), f)).collect();
        let known = ground.map_or(0, |_| u64::from(locked(&self.state).files));
        let mut changed = torn;
        for number in 1..=lines.max(known) {
            if files.contains_key(&number) {
                continue;
            }
            match ground.map(|ground| self.entry(ground, number as u32)) {
                Some(Ok(entry)) => {
                    changed = true;
                    self.archive.settle(&entry.committed.archived)?;
                    files.insert(number, entry.committed);
                }
                // Numbers beyond the journal's lines were never acknowledged.
                _ if number > lines => {}
                // A file that an earlier recovery left out has no line any more.
                _ if torn => recovered.lost.push(Lost::new("file", number)),
                _ => {}
            }
        }
        let files: Vec<CommittedFile> = files.into_values().collect();
        if changed {
            self.manifest.rewrite(&files)?;
            recovered.mended.push("archive/manifest.jsonl".to_owned());
        }
        Ok(files)
    }

    /// Saves what the database has of a file whose bytes in the archive are damaged.
    fn mend_file(
        &self,
        ground: Option<&Ground>,
        file: &Standing,
        recovered: &mut Recovered,
    ) -> Result<()> {
        let manifest = &file.committed.manifest;
        let (mut records, mut rows) = (Vec::<SourceRecord>::new(), Vec::<QuarantinedRow>::new());
        let (mut lost_records, mut lost_rows) = (Vec::<u64>::new(), Vec::<u64>::new());
        let entry = ground.and_then(|ground| self.entry(ground, manifest.file).ok());
        match &entry {
            Some(entry) => {
                let mut first = entry.first;
                for count in &entry.chunks {
                    let id = ChunkId { file: manifest.file, first, records: *count };
                    first += u64::from(*count);
                    match damaged_or(self.read_chunk(id))? {
                        Some(chunk) => records.extend(chunk.into_iter().map(|(_, record)| record)),
                        None => lost_records.extend(id.first..first),
                    }
                }
                for (page, count) in (0..).zip(&entry.quarantine) {
                    let key = writer::quarantine_key(manifest.file, page);
                    let sealed = ground.and_then(|g| g.get(Table::Quarantine, &key).ok()?);
                    match sealed.and_then(|s| codec::open::<Vec<QuarantinedRow>>(&s).ok()) {
                        Some(page) => rows.extend(page),
                        None => {
                            let from = (rows.len() + lost_rows.len()) as u64;
                            lost_rows.extend(from..from + u64::from(*count));
                        }
                    }
                }
            }
            None => {
                // How many there were is known, which numbers they had is not.
                let receipt = &file.committed.receipt;
                lost_records = vec![0; (receipt.records_new + receipt.records_changed) as usize];
                lost_rows = (0..receipt.quarantined).collect();
            }
        }
        let of_file = |lost: Lost| Lost { file: Some(manifest.name.clone()), ..lost };
        let keys = self.keys_in_results(manifest.file);
        let unnumbered = entry.is_none().then(|| keys.values().cloned().collect::<Vec<_>>());
        for (at, number) in lost_records.iter().enumerate() {
            let record = match &unnumbered {
                Some(keys) => keys.get(at).cloned(),
                None => keys.get(number).cloned(),
            };
            recovered.lost.push(Lost { record, ..of_file(Lost::new("record", *number)) });
        }
        recovered.lost.extend(lost_rows.iter().map(|row| of_file(Lost::new("row", *row))));
        let archived = repair::save(&self.archive, &manifest.name, records, rows)?;
        self.repaired.append([&Repair {
            file: manifest.file,
            archived,
            records_lost: lost_records.len() as u64,
            rows_lost: lost_rows.len() as u64,
            at: Timestamp(jiff::Timestamp::now().as_second()),
        }])?;
        recovered.mended.push(file.archived.path.clone());
        self.set_aside(&file.archived.path)
    }

    /// The keys of a file's live records by their number, as the last readable results have them.
    fn keys_in_results(&self, file: u32) -> BTreeMap<u64, String> {
        let mut keys = BTreeMap::new();
        for run in self.result_runs().unwrap_or_default().into_iter().rev() {
            let Ok(results) = Results::open(&self.results_path(run)) else { continue };
            for ordinal in 0..results.records() {
                if let Ok((number, of)) = results.origin(ordinal)
                    && of == file
                    && let Ok(key) = results.key(ordinal)
                {
                    keys.insert(number, key.to_string());
                }
            }
            break;
        }
        keys
    }

    /// Moves a damaged file of the archive out of the way, for people who want to look at it.
    fn set_aside(&self, path: &str) -> Result<()> {
        let from = self.root.join(path);
        if !from.exists() {
            return Ok(());
        }
        let folder = self.root.join("damaged");
        durable::create_dir(&folder)?;
        durable::rename(&from, &folder.join(from.file_name().unwrap_or_default()))
    }

    fn mend_ledger(&self, ground: Option<&Ground>, recovered: &mut Recovered) -> Result<()> {
        let folder = self.ledger_folder();
        let mut pages: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
        let mut torn = Vec::new();
        let mut covered = Vec::new();
        for path in ledger::segments(&folder)? {
            let (found, whole) = ledger::salvage_segment(&path)?;
            if whole {
                covered.extend(found.iter().map(|(first, _)| *first));
            } else {
                torn.push(path);
            }
            pages.extend(found);
        }
        if let Some(ground) = ground {
            // Pages that cannot be read are what the archive is asked for.
            let _ = ground.scan(Table::Ledger, b"", b"", |_, sealed| {
                if let Ok(page) = ledger::Page::open(&sealed)
                    && page.first <= locked(&self.state).ledger
                {
                    pages.entry(page.first).or_insert(sealed);
                }
                Ok(true)
            });
        }
        let known = self.lost_numbers("event")?;
        let mut next = 1;
        for (first, sealed) in &pages {
            let lost = (next..*first).filter(|event| !known.contains(event));
            recovered.lost.extend(lost.map(|event| Lost::new("event", event)));
            next = ledger::Page::open(sealed)?.last() + 1;
        }
        let missing: Vec<(u64, Vec<u8>)> =
            pages.into_iter().filter(|(first, _)| !covered.contains(first)).collect();
        for path in &torn {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            recovered.mended.push(format!("archive/ledger/{name}"));
            self.set_aside(&format!("archive/ledger/{name}"))?;
        }
        // Each run of pages without one of a sound segment between becomes a segment.
        let between = |a: u64, b: u64| covered.iter().any(|first| (a..b).contains(first));
        for pages in missing.chunk_by(|a, b| !between(a.0, b.0)) {
            ledger::write_segment(&folder, pages)?;
        }
        Ok(())
    }

    /// Numbers of a kind that earlier recoveries found lost.
    pub(super) fn lost_numbers(&self, what: &str) -> Result<Vec<u64>> {
        let lost = self.losses.read()?.entries;
        Ok(lost.into_iter().filter(|l| l.what == what).map(|l| l.number).collect())
    }

    /// What recoveries found in neither copy.
    ///
    /// # Errors
    /// `Io`.
    pub fn losses(&self) -> Result<Vec<Lost>> {
        Ok(self.losses.read()?.entries)
    }
}

/// `None` for what is damaged; an error that comes from elsewhere stays one.
fn damaged_or<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(e) if e.has_outside_cause() => Err(e),
        Err(_) => Ok(None),
    }
}

/// Copies a journal into a new database; returns its length.
fn restore_journal<T: Numbered>(
    ground: &Ground,
    table: Table,
    journal: &Journal<T>,
) -> Result<u64> {
    let content = journal.read()?;
    journal.trim(&content)?;
    let entries = journal.entries()?;
    put_entries(ground, table, &entries)?;
    Ok(entries.len() as u64)
}

/// Puts the entries of a journal together from both copies; entries behind a lost one move up.
fn mend_journal<T: Numbered>(
    journal: &Journal<T>,
    ground: Option<(&Ground, (Table, u64))>,
    (what, place): (&str, &str),
    recovered: &mut Recovered,
) -> Result<()> {
    let content = journal.read()?;
    let (lines, torn) = (content.lines(), content.is_torn());
    let mut entries: BTreeMap<u64, T> =
        content.entries.into_iter().map(|entry| (entry.sequence(), entry)).collect();
    let archived = entries.len();
    let mut last = lines;
    if let Some((ground, (table, known))) = ground {
        last = last.max(known);
        // Pages that cannot be read are what the archive is asked for.
        let _ = ground.scan(table, b"", b"", |_, sealed| {
            for entry in codec::open::<Vec<T>>(&sealed).unwrap_or_default() {
                if entry.sequence() <= known {
                    entries.entry(entry.sequence()).or_insert(entry);
                }
            }
            Ok(true)
        });
    }
    let lost = (1..=last).filter(|sequence| !entries.contains_key(sequence));
    let lost: Vec<Lost> = lost.map(|sequence| Lost::new(what, sequence)).collect();
    if !torn && lost.is_empty() && entries.len() == archived {
        return Ok(());
    }
    let mut entries: Vec<T> = entries.into_values().collect();
    (1..).zip(&mut entries).for_each(|(sequence, entry)| entry.number(sequence));
    journal.rewrite(&entries)?;
    recovered.mended.push(place.to_owned());
    recovered.lost.extend(lost);
    Ok(())
}
