//! The files of a report, from a snapshot: `clusters.csv`, `golden.csv`, `crosswalk.csv`,
//! `merge_candidates.csv`, `quarantine.csv`, `summary.json` and `report.html`.
//!
//! Nothing here holds a clock, a run id or an ingest sequence but `summary.json` under `run`: the
//! same input gives the same bytes, whatever the order of rows and the number of threads. Tables
//! are written in parallel chunks, so memory grows with the number of records and pairs (keys and
//! ranks), not with their values. `docs/reports.md` describes the files for users.

mod candidates;
mod chart;
mod document;
mod golden;
mod integration;
mod next_steps;
mod page;
mod reason;
mod roster;
mod sides;
mod statistics;
mod summary;
mod table;
mod tables;
mod write_back;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use candidates::Candidates;
pub use document::Document;
pub use integration::{Integration, OwnershipLine, formats, kinds_document, written_back};
use roster::Roster;
use serde::Serialize;
pub use table::TableFormat;
pub use write_back::{NotWritten, PlanFile, Purpose, SyncLoop, SyncPlan, sync_plan};

use crate::error::{Error, ErrorKind, Result};
use crate::model::QuarantinedRow;
use crate::pipeline::StageTime;
use crate::scoring::Model;
use crate::store::results::Results;
use crate::survivorship::Policy;

/// What a report is made from.
#[derive(Clone, Copy)]
pub struct ReportInput<'a> {
    /// The snapshot.
    pub results: &'a Results,
    /// Rows that could not be taken, in any order.
    pub quarantined: &'a [QuarantinedRow],
    /// System by source (`shop-eu` → `shopify`); a source that is missing is its own system.
    pub systems: &'a BTreeMap<Arc<str>, Arc<str>>,
    /// Column (or JSON path) → field by source kind, for the page; may be empty. What a file's
    /// manifest says of its own columns comes first.
    pub mappings: &'a BTreeMap<Arc<str>, BTreeMap<String, String>>,
    /// Pairs of ordinals (smaller first) that a person judged same or different, sorted: they are
    /// no candidates any more.
    pub judged: &'a [(u32, u32)],
    /// What `summary.json` says under `run`.
    pub run: &'a RunInfo,
    /// Rules of survivorship.
    pub policy: &'a Policy,
    /// The model that weighed the pairs: puts the reasons in order.
    pub model: &'a Model,
    /// Names of all fields that golden records hold (`survivorship::FieldNames`), in their order.
    pub fields: &'a [String],
    /// Whether texts that a spreadsheet would run as formulas get a leading apostrophe (tables in
    /// CSV only). Without it values are exact.
    pub spreadsheet_safe: bool,
}

impl std::fmt::Debug for ReportInput<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReportInput").field("run", self.run).finish_non_exhaustive()
    }
}

/// Facts of a run that differ from run to run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunInfo {
    /// Run id.
    pub id: u32,
    /// Stages in their order.
    pub stages: Vec<StageTime>,
    /// Largest resident memory in bytes, where the system tells.
    pub peak_memory_bytes: Option<u64>,
}

/// What can be exported as a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// Golden records.
    Golden,
    /// Record ids of every entity by source.
    Crosswalk,
    /// Entity of every record.
    Clusters,
    /// Candidate pairs, most useful first.
    Pairs,
    /// Rows that could not be taken.
    Quarantine,
}

impl FromStr for Export {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "golden" => Self::Golden,
            "crosswalk" => Self::Crosswalk,
            "clusters" => Self::Clusters,
            "pairs" => Self::Pairs,
            "quarantine" => Self::Quarantine,
            _ => {
                return Err(Error::new(ErrorKind::Config, format!("'{text}' cannot be exported"))
                    .hint("use golden, crosswalk, clusters, pairs or quarantine"));
            }
        })
    }
}

/// Everything that the files share, read once.
struct Report<'a> {
    input: ReportInput<'a>,
    roster: Roster,
}

impl<'a> Report<'a> {
    fn load(input: &ReportInput<'a>) -> Result<Self> {
        Ok(Self { input: *input, roster: Roster::load(input.results, input.systems)? })
    }

    fn table(&self, what: Export, format: TableFormat, out: &mut dyn Write) -> Result<()> {
        let Self { input, roster } = self;
        match what {
            Export::Golden => golden::golden_records(input, roster, None, format, out),
            Export::Crosswalk => tables::crosswalk(input, roster, format, out),
            Export::Clusters => tables::clusters(input, roster, format, out),
            Export::Quarantine => tables::quarantine(input, format, out),
            Export::Pairs => {
                let found = Candidates::rank(input, roster)?;
                let table = candidates::table(input, format);
                let mut sides = candidates::sides(&found, roster);
                sides.read(input.results, &table)?;
                candidates::write(input, roster, &found, &sides, &table, out)
            }
        }
    }

    /// Golden records and candidates, which want the same records: they are read once for both.
    fn golden_and_pairs(&self, folder: &Path, candidates: &Candidates) -> Result<()> {
        let Self { input, roster } = self;
        let table = candidates::table(input, TableFormat::Csv);
        let mut sides = candidates::sides(candidates, roster);
        write_file(folder, "golden.csv", |out| {
            let sides = Some((&mut sides, &table));
            golden::golden_records(input, roster, sides, TableFormat::Csv, out)
        })?;
        write_file(folder, "merge_candidates.csv", |out| {
            candidates::write(input, roster, candidates, &sides, &table, out)
        })
    }
}

/// Writes one table.
///
/// # Errors
/// The snapshot is damaged, or writing fails.
pub fn export(
    input: &ReportInput<'_>,
    what: Export,
    format: TableFormat,
    out: &mut dyn Write,
) -> Result<()> {
    Report::load(input)?.table(what, format, out)
}

/// Writes all files of a report into a folder, which is made if it is missing. Each file replaces
/// an older one of its name at once or not at all.
///
/// # Errors
/// The snapshot is damaged, or the folder cannot be written.
pub fn write_reports(input: &ReportInput<'_>, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .map_err(|e| Error::io(folder, e).hint("give --out a folder that you may write to"))?;
    let report = Report::load(input)?;
    for (what, name) in [
        (Export::Clusters, "clusters.csv"),
        (Export::Crosswalk, "crosswalk.csv"),
        (Export::Quarantine, "quarantine.csv"),
    ] {
        write_file(folder, name, |out| report.table(what, TableFormat::Csv, out))?;
    }
    let candidates = Candidates::rank(input, &report.roster)?;
    report.golden_and_pairs(folder, &candidates)?;
    let statistics = statistics::count(input, &report.roster, &candidates);
    let page = page::render(input, &report.roster, &candidates, &statistics)?;
    let summary = summary::summary(input, &statistics)?;
    for (name, text) in [("report.html", page), ("summary.json", summary)] {
        write_file(folder, name, |out| {
            out.write_all(text.as_bytes()).map_err(|e| Error::new(ErrorKind::Io, e.to_string()))
        })?;
    }
    Ok(())
}

/// Writes a file beside its place and moves it there when it is whole.
fn write_file(
    folder: &Path,
    name: &str,
    write: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<()> {
    let place = folder.join(name);
    let aside = folder.join(format!(".{name}.tmp"));
    let written = (|| {
        let mut out = BufWriter::new(File::create(&aside).map_err(|e| Error::io(&place, e))?);
        write(&mut out)?;
        out.flush().map_err(|e| Error::io(&place, e))?;
        drop(out);
        std::fs::rename(&aside, &place).map_err(|e| Error::io(&place, e))
    })();
    if written.is_err() {
        // The failure itself is what the caller must hear of.
        let _ = std::fs::remove_file(&aside);
    }
    written
}
