use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use sameas::error::{Error, ErrorKind, Result};
use sameas::model::{EntityId, LedgerChange, LedgerEvent};
use sameas::pipeline;
use sameas::report::{self, TableFormat};
use serde::Serialize;

use super::context::Context;
use super::exit::Outcome;
use super::global::Format;
use super::report::with_input;

/// Write one table of the last results to a file
///
/// The form follows the file's name: .csv or .jsonl. Columns and order are stable; values are exact
/// unless --spreadsheet-safe is given.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas export golden --to golden.jsonl\n  sameas export crosswalk --to - \
                        --format csv"
)]
pub(super) struct Args {
    /// What to export
    what: What,
    /// The file; `-` is stdout
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Put a ' before texts that a spreadsheet would run as a formula (CSV)
    #[arg(long)]
    spreadsheet_safe: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// Golden records
    Golden,
    /// Record ids by source of every entity
    Crosswalk,
    /// The entity of every record
    Clusters,
    /// Candidate pairs, most useful first
    Pairs,
    /// The life of the entity ids: created, merged, split, retired; records that moved
    Changes,
    /// Rows that could not be taken
    Quarantine,
}

impl What {
    /// The table of the report; `None` for changes, which come from the ledger.
    fn table(self) -> Option<report::Export> {
        Some(match self {
            Self::Golden => report::Export::Golden,
            Self::Crosswalk => report::Export::Crosswalk,
            Self::Clusters => report::Export::Clusters,
            Self::Pairs => report::Export::Pairs,
            Self::Quarantine => report::Export::Quarantine,
            Self::Changes => return None,
        })
    }
}

impl Args {
    fn format(&self, context: &Context) -> Result<TableFormat> {
        let stated = match context.format() {
            Some(Format::Csv) => Some(TableFormat::Csv),
            Some(Format::Jsonl) => Some(TableFormat::Jsonl),
            _ => None,
        };
        let by_name = match self.to.extension().and_then(|e| e.to_str()) {
            Some("csv") => Some(TableFormat::Csv),
            Some("jsonl" | "ndjson") => Some(TableFormat::Jsonl),
            _ => None,
        };
        let stdout = (self.to == Path::new("-")).then_some(TableFormat::Csv);
        stated.or(by_name).or(stdout).ok_or_else(|| {
            Error::new(ErrorKind::Config, "the form of the export is not known")
                .at(self.to.display())
                .hint("name the file .csv or .jsonl, or give --format csv|jsonl")
        })
    }

    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let format = self.format(context)?;
        let store = context.existing_store()?;
        let catalog = context.config(Some(&store))?.catalog()?;
        let write = |out: &mut dyn Write| match self.what.table() {
            Some(what) => with_input(&context.view()?, &catalog, self.spreadsheet_safe, |input| {
                report::export(input, what, format, out)
            }),
            None => changes(&store, format, out),
        };
        if self.to == Path::new("-") {
            context.write(write)?;
            return Ok(Outcome::DONE);
        }
        // What cannot be answered shall leave no empty file behind.
        if self.what.table().is_some() {
            context.view()?;
        }
        let failed = |error| Error::io(&self.to, error);
        let mut out = BufWriter::new(File::create(&self.to).map_err(failed)?);
        write(&mut out)?;
        out.flush().map_err(failed)?;
        Ok(Outcome::DONE)
    }
}

/// One event of the ledger.
#[derive(Serialize)]
struct Change {
    sequence: u64,
    run: u32,
    cause: String,
    change: &'static str,
    /// The entity after the change; of one that ended, itself.
    entity_id: Option<EntityId>,
    /// The entity that it came from or went into.
    other_entity_id: Option<EntityId>,
    source: Option<String>,
    object: Option<String>,
    record_id: Option<String>,
}

impl From<LedgerEvent> for Change {
    fn from(event: LedgerEvent) -> Self {
        let (change, entity, other, record) = match event.change {
            LedgerChange::Created { entity, founder } => {
                ("created", Some(entity), None, Some(founder))
            }
            LedgerChange::Merged { from, into } => ("merged", Some(from), Some(into), None),
            LedgerChange::Split { from, into } => ("split", Some(into), Some(from), None),
            LedgerChange::Retired { entity } => ("retired", Some(entity), None, None),
            LedgerChange::Moved { record, from, to } => ("moved", to, from, Some(record)),
        };
        Self {
            sequence: event.sequence,
            run: event.run,
            cause: event.cause,
            change,
            entity_id: entity,
            other_entity_id: other,
            source: record.as_ref().map(|key| key.source.to_string()),
            object: record.as_ref().map(|key| key.object.to_string()),
            record_id: record.map(|key| key.id.to_string()),
        }
    }
}

fn changes(store: &Path, format: TableFormat, out: &mut dyn Write) -> Result<()> {
    let failed = |error: csv::Error| failed_io(error.into());
    let events = pipeline::ledger(store)?.into_iter().map(Change::from);
    if format == TableFormat::Jsonl {
        for event in events {
            let line = serde_json::to_string(&event).map_err(|e| failed_io(e.into()))?;
            writeln!(out, "{line}").map_err(failed_io)?;
        }
        return Ok(());
    }
    let mut table = csv::WriterBuilder::new().has_headers(false).from_writer(out);
    table
        .write_record([
            "sequence",
            "run",
            "cause",
            "change",
            "entity_id",
            "other_entity_id",
            "source",
            "object",
            "record_id",
        ])
        .map_err(failed)?;
    for event in events {
        table.serialize(event).map_err(failed)?;
    }
    table.flush().map_err(failed_io)
}

fn failed_io(error: std::io::Error) -> Error {
    Error::io("the export", error)
}
