use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use sameas::error::{Error, ErrorKind, Result};
use sameas::query::Since;
use sameas::report::{self, TableFormat};

use super::changes::write_feed;
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
                        --format csv\n  sameas export changes --after 1204 --to changes.jsonl"
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
    /// Only changes after this sequence number: the last one that the reader has applied
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
    after: u64,
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
    /// The feed of changes: entities created, merged, split, retired; records that moved; golden
    /// fields that changed. Each has a sequence number, given once
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
        if self.after > 0 && self.what.table().is_some() {
            return Err(Error::new(ErrorKind::Config, "only changes have a sequence")
                .hint("leave --after away"));
        }
        let format = self.format(context)?;
        let store = context.existing_store()?;
        let catalog = context.config(Some(&store))?.catalog()?;
        let write = |out: &mut dyn Write| match self.what.table() {
            Some(what) => with_input(&context.view()?, &catalog, self.spreadsheet_safe, |input| {
                report::export(input, what, format, out)
            }),
            None => write_feed(&store, Since::Sequence(self.after), format, out),
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
