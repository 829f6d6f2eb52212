use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use sameas::error::{Error, ErrorKind, Result};
use sameas::report::{self, TableFormat};

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
    /// Rows that could not be taken
    Quarantine,
}

impl From<What> for report::Export {
    fn from(what: What) -> Self {
        match what {
            What::Golden => Self::Golden,
            What::Crosswalk => Self::Crosswalk,
            What::Clusters => Self::Clusters,
            What::Pairs => Self::Pairs,
            What::Quarantine => Self::Quarantine,
        }
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
        let view = context.view()?;
        let store = context.store();
        let what = report::Export::from(self.what);
        let catalog = context.config(Some(&store))?.catalog()?;
        with_input(&view, &store, &catalog, self.spreadsheet_safe, |input| {
            if self.to == Path::new("-") {
                return context.write(|out| report::export(input, what, format, out));
            }
            let failed = |error| Error::io(&self.to, error);
            let mut out = BufWriter::new(File::create(&self.to).map_err(failed)?);
            report::export(input, what, format, &mut out)?;
            out.flush().map_err(failed)
        })?;
        Ok(Outcome::DONE)
    }
}
