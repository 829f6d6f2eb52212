use clap::Subcommand;
use sameas::error::{Error, ErrorKind, Result};
use sameas::model::QuarantinedRow;
use sameas::pipeline;
use serde::Serialize;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table};

/// List the rows that could not be taken, or show one as it stood in its file
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sameas quarantine list\n  sameas quarantine show 3")]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Sub,
}

#[derive(Debug, Subcommand)]
enum Sub {
    /// List file, line and reason of each row, without its values
    #[command(after_help = "Example:\n  sameas quarantine list --format csv")]
    List,
    /// Show a row with its bytes as they stood
    #[command(after_help = "Example:\n  sameas quarantine show 3")]
    Show {
        /// The row's number in `quarantine list`
        number: usize,
    },
}

#[derive(Serialize)]
struct Row<'a> {
    number: usize,
    file: &'a str,
    line: u64,
    source: &'a str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<String>,
}

impl<'a> Row<'a> {
    fn new(number: usize, row: &'a QuarantinedRow) -> Self {
        let QuarantinedRow { file, line, source, reason, .. } = row;
        Self { number, file, line: *line, source, reason, row: None }
    }
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let rows = pipeline::quarantine(&context.existing_store()?)?;
        match self.verb {
            Sub::List => {
                let rows: Vec<Row<'_>> =
                    (1..).zip(&rows).map(|(n, row)| Row::new(n, row)).collect();
                let mut table = Table::new(["number", "file", "line", "source", "reason"]);
                for row in &rows {
                    table.row(cells(row));
                }
                context.answer(&Answer::new(&rows)?.table(table))?;
            }
            Sub::Show { number } => {
                let found = number.checked_sub(1).and_then(|at| rows.get(at)).ok_or_else(|| {
                    Error::new(ErrorKind::Unknown, format!("no row {number} is in quarantine"))
                        .hint(format!("there are {}; see `sameas quarantine list`", rows.len()))
                })?;
                let mut row = Row::new(number, found);
                let bytes = String::from_utf8_lossy(&found.row).into_owned();
                let mut table = Table::new(["number", "file", "line", "source", "reason", "row"]);
                table.row(cells(&row).into_iter().chain([bytes.clone()]));
                row.row = Some(bytes);
                context.answer(&Answer::new(&row)?.table(table))?;
            }
        }
        Ok(Outcome::DONE)
    }
}

fn cells(row: &Row<'_>) -> [String; 5] {
    [
        row.number.to_string(),
        row.file.to_owned(),
        row.line.to_string(),
        row.source.to_owned(),
        row.reason.to_owned(),
    ]
}
