//! Reads every stored byte and says what is damaged and what that means.

use std::fmt;

use crate::error::Result;
use crate::store::events::Numbered;
use crate::store::ground::{Ground, Table};
use crate::store::journal::Journal;
use crate::store::papers::Kind;
use crate::store::results::Results;
use crate::store::{Store, heads, ledger, locked, repair, writer};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Derived data: a rebuild makes it anew.
    Derived,
    /// One of the two copies of ground: the other one can replace it.
    Ground,
}

/// Damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// File within the store, or part of the database.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What that means and what helps.
    pub meaning: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.what, self.meaning)
    }
}

const MEND: &str = "`sameas recover` mends it from the other copy";

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, severity: Severity, place: impl Into<String>, what: impl ToString) {
        let meaning = match severity {
            Severity::Ground => MEND,
            Severity::Derived => "`sameas rebuild` makes it anew",
        };
        self.0.push(Finding {
            severity,
            place: place.into(),
            what: what.to_string(),
            meaning: meaning.to_owned(),
        });
    }

    fn ground(&mut self, place: impl Into<String>, what: impl ToString) {
        self.add(Severity::Ground, place, what);
    }
}

impl Store {
    /// Reads every byte of ground and results; empty if all is well. `progress` gets the name of
    /// each part as it is begun. (The blocking index checks itself.)
    ///
    /// # Errors
    /// Only what keeps it from looking, such as `Locked`; damage is a finding.
    pub fn verify(&self, mut progress: impl FnMut(&str)) -> Result<Vec<Finding>> {
        let mut found = Findings(self.archive_findings(&mut progress)?);
        progress("database");
        match self.ground() {
            Err(e) if e.has_outside_cause() => return Err(e),
            Err(e) => found.ground("ground", e),
            Ok(_) => found.0.extend(self.ground_findings(&mut progress)?),
        }
        progress("secret");
        if let Err(e) = self.secret() {
            found.add(Severity::Derived, "secret", e);
        }
        progress("results");
        match self.current_run() {
            Err(e) => found.add(Severity::Derived, "results/CURRENT", e),
            Ok(Some(run)) if !self.results_path(run).exists() => {
                found.add(
                    Severity::Derived,
                    "results/CURRENT",
                    "the results that it names are missing",
                );
            }
            Ok(_) => {}
        }
        for run in self.result_runs()? {
            let checked =
                Results::open(&self.results_path(run)).and_then(|results| results.verify());
            if let Err(e) = checked {
                found.add(Severity::Derived, format!("results/{run:06}.bin"), e);
            }
        }
        Ok(found.0)
    }

    /// What is damaged in the archive.
    pub(super) fn archive_findings(&self, progress: &mut dyn FnMut(&str)) -> Result<Vec<Finding>> {
        let mut found = Findings::default();
        progress("archive");
        let files = self.manifest.read()?;
        for line in &files.damaged {
            found.ground(format!("archive/manifest.jsonl:{line}"), "the line is damaged");
        }
        for (expected, file) in (1u32..).zip(&files.entries) {
            if files.damaged.is_empty() && file.manifest.file != expected {
                found.ground("archive/manifest.jsonl", format!("file {expected} is missing"));
                break;
            }
        }
        let repairs = self.repaired.read()?;
        for file in repair::standing(files.entries, &repairs.entries) {
            progress(&file.archived.path);
            if let Some(what) = self.archive.check(&file.archived)? {
                found.ground(&file.archived.path, what);
            }
        }
        for (place, damaged) in [
            ("repairs", repairs.damaged),
            ("judgements", self.judged.read()?.damaged),
            ("quarantine", self.disposed.read()?.damaged),
            ("lost", self.losses.read()?.damaged),
        ] {
            for line in damaged {
                found.ground(format!("archive/{place}.jsonl:{line}"), "the line is damaged");
            }
        }
        let lost = self.lost_numbers("event")?;
        let gap = |from: u64, to: u64| (from..to).any(|event| !lost.contains(&event));
        let mut next = 1;
        for path in ledger::segments(&self.ledger_folder())? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let place = format!("archive/ledger/{name}");
            let pages = match ledger::read_segment(&path) {
                Ok(pages) => pages,
                Err(e) => {
                    found.ground(place, e);
                    continue;
                }
            };
            for sealed in pages {
                match ledger::Page::open(&sealed) {
                    Ok(page) if page.first >= next && !gap(next, page.first) => {
                        next = page.last() + 1;
                    }
                    Ok(page) => {
                        found.ground(&place, format!("events from {next} on are missing"));
                        next = page.last() + 1;
                    }
                    Err(e) => found.ground(&place, e),
                }
            }
        }
        Ok(found.0)
    }

    /// What is damaged in the database, or differs from the archive.
    pub(super) fn ground_findings(&self, progress: &mut dyn FnMut(&str)) -> Result<Vec<Finding>> {
        let mut found = Findings::default();
        let ground = self.ground()?;
        let state = locked(&self.state).clone();
        let journal = self.manifest.read()?;
        let lines = journal.entries.len() + journal.damaged.len();
        if lines != state.files as usize {
            found.ground("ground", format!("it holds {} of {lines} files", state.files));
        }
        let mut records = 0;
        for file in 1..=state.files {
            progress(&format!("file {file}"));
            let place = format!("ground, file {file}");
            match self.entry(ground, file) {
                Err(e) => found.ground(place, e),
                Ok(entry) => {
                    if entry.first != records {
                        found.ground(&place, "its records are numbered wrongly");
                    }
                    records = entry.first + entry.chunks.iter().map(|n| u64::from(*n)).sum::<u64>();
                    match writer::check_file(ground, &entry) {
                        Ok(None) => {}
                        Ok(Some(what)) => found.ground(&place, what),
                        Err(e) => found.ground(&place, e),
                    }
                    let line = journal.entries.iter().find(|f| f.manifest.file == file);
                    if line.is_some_and(|line| *line != entry.committed) {
                        found.ground(&place, "it differs from archive/manifest.jsonl");
                    }
                }
            }
        }
        if records != state.records {
            found.ground("ground", format!("{records} of {} records are there", state.records));
        }
        progress("heads");
        for run in &state.heads {
            match heads::check_run(ground, run) {
                Ok(None) => {}
                Ok(Some(what)) => found.ground("ground, heads", what),
                Err(e) => found.ground("ground, heads", e),
            }
        }
        progress("judgements");
        let judgements = (Table::Judgements, "judgements", state.judgements);
        self.verify_journal(ground, judgements, &self.judged, &mut found)?;
        let dispositions = (Table::Dispositions, "quarantine", state.dispositions);
        self.verify_journal(ground, dispositions, &self.disposed, &mut found)?;
        progress("ledger");
        let kept = self.ledger_in_sled(ground, 1)?;
        let lost = self.lost_numbers("event")?;
        let gap = |from: u64, to: u64| (from..to).any(|event| !lost.contains(&event));
        let mut next = 1;
        for (first, sealed) in &kept {
            match ledger::Page::open(sealed) {
                Ok(page) if page.first == *first && *first >= next && !gap(next, *first) => {
                    next = page.last() + 1;
                }
                _ => {
                    found.ground("ground, ledger", format!("events from {next} on are damaged"));
                    break;
                }
            }
        }
        if next != state.ledger + 1 && found.0.iter().all(|f| f.place != "ground, ledger") {
            found.ground(
                "ground, ledger",
                format!("{} of {} events are there", next - 1, state.ledger),
            );
        }
        if ledger::last_archived(&self.ledger_folder()).is_ok_and(|last| last != state.ledger) {
            found.ground("archive/ledger", "it and the database hold different numbers of events");
        }
        for kind in Kind::ALL {
            let count = kind.of(&state);
            let lost = self.lost_numbers(kind.name())?;
            for sequence in (1..=count).filter(|sequence| !lost.contains(&u64::from(*sequence))) {
                if let Some(what) = self.paper_damage(ground, kind, sequence) {
                    found.ground(format!("{} {sequence}", kind.folder()), what);
                }
            }
        }
        Ok(found.0)
    }

    /// Compares a journal with its copy in the database.
    fn verify_journal<T: Numbered + PartialEq>(
        &self,
        ground: &Ground,
        (table, name, known): (Table, &str, u64),
        journal: &Journal<T>,
        found: &mut Findings,
    ) -> Result<()> {
        let archived = journal.read()?;
        match self.entries_in_sled::<T>(ground, table, known) {
            Ok(kept) if kept.len() as u64 != known => {
                found.ground(format!("ground, {name}"), "some are missing");
            }
            Ok(kept) if archived.damaged.is_empty() && archived.entries != kept => {
                found.ground(format!("archive/{name}.jsonl"), "it differs from the database");
            }
            Ok(_) => {}
            Err(e) => found.ground(format!("ground, {name}"), e),
        }
        Ok(())
    }
}
