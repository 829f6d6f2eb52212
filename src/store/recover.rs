//! Rebuilds the database from the archive.

use std::io::Read;
use std::path::Path;

use crate::error::Result;
use crate::model::FileManifest;
use crate::store::ground::Table;
use crate::store::{
    Access, FileWriter, Store, codec, durable, folder::check_format, ledger, lock, locked,
};

/// What a rebuild of the database brought back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Files read again.
    pub files: u32,
    /// Versions of records stored.
    pub records: u64,
    /// Judgements.
    pub judgements: u64,
    /// Ledger events.
    pub events: u64,
    /// What was lost or differs, in words.
    pub notes: Vec<String>,
}

impl Store {
    /// Sets the database aside (as `ground.damaged`) and makes it anew from the archive. `read`
    /// gets each file's manifest, its bytes and a writer to put records and quarantined rows into,
    /// and must take them as the manifest says they were taken at ingest.
    ///
    /// Killed half-way, it can be run again: the old database stays aside until all is done.
    ///
    /// # Errors
    /// `Locked`, `FormatVersion`, `Io`, a damaged manifest, and what `read` returns.
    pub fn rebuild_ground(
        root: &Path,
        mut read: impl FnMut(&FileManifest, Box<dyn Read + Send>, &mut FileWriter<'_>) -> Result<()>,
    ) -> Result<Recovered> {
        let lock = lock::WriterLock::acquire(&root.join("lock"))?;
        check_format(root, Access::Write)?;
        let (ground, aside) = (root.join("ground"), root.join("ground.damaged"));
        if ground.exists() {
            if aside.exists() {
                // What an earlier attempt wrote.
                durable::remove_dir(&ground)?;
            } else {
                durable::rename(&ground, &aside)?;
            }
        }
        let store = Self::assemble(root, Access::Write, Some(lock))?;
        let mut recovered = Recovered::default();
        let files = store.manifest.read()?;
        for line in &files.damaged {
            let note = format!("archive/manifest.jsonl:{line} is damaged: its file is left out");
            recovered.notes.push(note);
        }
        for file in &files.entries {
            let mut writer = store.begin_file(file.manifest.command)?;
            let input = store.archive.open(&file.archived);
            input.and_then(|input| read(&file.manifest, input, &mut writer))?;
            let receipt = writer.finish(file.manifest.clone(), file.archived.clone(), false)?;
            if receipt != file.receipt {
                let note = format!("file {} gave other records than before", file.manifest.file);
                recovered.notes.push(note);
            }
            recovered.files += 1;
        }
        if !files.damaged.is_empty() || files.whole < files.length {
            // The files behind a lost one have new numbers.
            let entries = store.entries()?;
            let committed: Vec<_> = entries.iter().map(|entry| entry.committed.clone()).collect();
            store.manifest.rewrite(&committed)?;
        }
        store.restore_events(&mut recovered)?;
        recovered.records = locked(&store.state).records;
        durable::remove_dir(&aside)?;
        Ok(recovered)
    }

    /// Copies judgements, ledger, models and configurations from the archive.
    fn restore_events(&self, recovered: &mut Recovered) -> Result<()> {
        let ground = self.ground()?;
        let mut state = locked(&self.state).clone();
        let mut judged = self.judged.read()?;
        self.judged.trim(&judged)?;
        if !judged.damaged.is_empty() {
            let count = judged.damaged.len();
            recovered.notes.push(format!("{count} judgements are damaged in the archive"));
            for (sequence, judgement) in (1..).zip(&mut judged.entries) {
                judgement.sequence = sequence;
            }
            self.judged.rewrite(&judged.entries)?;
        }
        let mut batcher = ground.batcher();
        for page in judged.entries.chunks(32) {
            batcher.put(Table::Judgements, &page[0].sequence.to_be_bytes(), &codec::seal(page)?)?;
        }
        state.judgements = judged.entries.len() as u64;
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
        (recovered.judgements, recovered.events) = (state.judgements, state.ledger);
        self.commit_state(ground, state)
    }
}
