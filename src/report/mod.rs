//! Stand-in with the signatures of the report engineer's branch. Replaced at the merge.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Explanation, QuarantinedRow};
use crate::store::results::Results;
use crate::survivorship::Policy;

/// Explains the pair of two ordinals.
pub type Explain<'a> = dyn Fn(u32, u32) -> Result<Explanation> + Sync + 'a;

/// Form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// CSV.
    Csv,
    /// JSON lines.
    Jsonl,
}

/// What a report is made from.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "stand-in")]
pub struct ReportInput<'a> {
    /// The snapshot.
    pub results: &'a Results,
    /// Rows that could not be taken.
    pub quarantined: &'a [QuarantinedRow],
    /// System by source.
    pub systems: &'a BTreeMap<Arc<str>, Arc<str>>,
    /// Pairs that a person judged.
    pub judged: &'a [(u32, u32)],
    /// What `summary.json` says under `run`.
    pub run: &'a RunInfo,
    /// Rules of survivorship.
    pub policy: &'a Policy,
    /// Explains a pair.
    pub explain: &'a Explain<'a>,
    /// Whether formulas are neutralised.
    pub spreadsheet_safe: bool,
}

/// Facts of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RunInfo {
    /// Run id.
    pub id: u32,
    /// Stages.
    pub stages: Vec<StageTime>,
    /// Bytes.
    pub peak_memory_bytes: Option<u64>,
}

/// Wall time of a stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageTime {
    /// Stage.
    pub stage: String,
    /// Seconds.
    pub seconds: f64,
}

/// What can be exported as a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// Golden records.
    Golden,
    /// Crosswalk.
    Crosswalk,
    /// Clusters.
    Clusters,
    /// Pairs.
    Pairs,
    /// Quarantine.
    Quarantine,
}

impl std::str::FromStr for Export {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "golden" => Self::Golden,
            "crosswalk" => Self::Crosswalk,
            "clusters" => Self::Clusters,
            "pairs" => Self::Pairs,
            "quarantine" => Self::Quarantine,
            _ => return Err(Error::new(ErrorKind::Config, "cannot be exported")),
        })
    }
}

/// Writes one table.
///
/// # Errors
/// Writing fails.
pub fn export(
    _input: &ReportInput<'_>,
    _what: Export,
    _format: TableFormat,
    _out: &mut dyn Write,
) -> Result<()> {
    todo!()
}

/// Writes all files of a report.
///
/// # Errors
/// Writing fails.
pub fn write_reports(_input: &ReportInput<'_>, _folder: &Path) -> Result<()> {
    todo!()
}
