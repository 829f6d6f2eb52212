use std::io::Write;
use std::path::Path;

use sameas::config::parse_time;
use sameas::error::{Error, Result};
use sameas::query::{self, ChangeRow, Since};
use sameas::report::TableFormat;

use super::context::Context;
use super::exit::Outcome;
use super::global::Format;
use super::output::{Answer, Table, failed};

/// List what changed since a run or a date: entities created, merged, split, retired; records that
/// moved; golden fields that changed
///
/// Every change has a sequence number, the run that brought it, and its nearest cause. `sameas
/// export changes` writes the same as a feed for other systems.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas changes --since 12\n  sameas changes --since 2026-08-31 --format jsonl"
)]
pub(super) struct Args {
    /// A run (what came after it) or a date (runs that began then or later); without it, everything
    #[arg(long, value_name = "RUN|DATE", value_parser = since)]
    since: Option<Since>,
}

fn since(text: &str) -> std::result::Result<Since, String> {
    match text.parse() {
        Ok(run) => Ok(Since::Run(run)),
        Err(_) => parse_time(text)
            .map(Since::Time)
            .ok_or_else(|| "write a run id, or a date such as 2026-08-31".to_owned()),
    }
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.existing_store()?;
        let since = self.since.unwrap_or(Since::Run(0));
        let stream = match context.format() {
            Some(Format::Csv) => Some(TableFormat::Csv),
            Some(Format::Jsonl) => Some(TableFormat::Jsonl),
            _ => None,
        };
        if let Some(format) = stream {
            context.write(|out| write_feed(&store, since, format, out))?;
            return Ok(Outcome::DONE);
        }
        let mut rows = Vec::new();
        query::changes(&store, since, |row| {
            rows.push(row);
            Ok(())
        })?;
        context.answer(&Answer::new(&rows)?.table(table(&rows)))?;
        Ok(Outcome::DONE)
    }
}

/// Changes as a table.
pub(super) fn table(rows: &[ChangeRow]) -> Table {
    let mut table = Table::new(ChangeRow::COLUMNS);
    rows.iter().for_each(|row| table.row(row.cells()));
    table
}

/// Writes changes one by one, so that a long ledger needs no memory.
pub(super) fn write_feed(
    store: &Path,
    since: Since,
    format: TableFormat,
    out: &mut dyn Write,
) -> Result<()> {
    if format == TableFormat::Jsonl {
        return query::changes(store, since, |row| {
            let line = serde_json::to_string(&row).map_err(|error| failed(error.into()))?;
            writeln!(out, "{line}").map_err(failed)
        });
    }
    let wrong = |error: csv::Error| -> Error { failed(error.into()) };
    let mut table = csv::Writer::from_writer(out);
    table.write_record(ChangeRow::COLUMNS).map_err(wrong)?;
    query::changes(store, since, |row| table.write_record(row.cells()).map_err(wrong))?;
    table.flush().map_err(failed)
}
