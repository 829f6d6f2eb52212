use std::path::PathBuf;

use clap::Subcommand;
use sameas::error::{Error, ErrorKind, Result};
use sameas::pipeline::{self, FileArgument, Rows};
use sameas::store::{Fate, HeldRow};
use serde::Serialize;

use super::context::Context;
use super::exit::Outcome;
use super::ingest::map_files;
use super::judge::now;
use super::output::{Answer, Table, count};

/// Rows that could not be taken: list them, show one as it stood, read them again, give them up
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas quarantine list\n  sameas quarantine show 3\n  sameas quarantine \
                  retry --mapping corrected.toml\n  sameas quarantine drop 3 7"
)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Sub,
}

#[derive(Debug, Subcommand)]
enum Sub {
    /// List file, line and reason of each row, without its values
    #[command(after_help = "Example:\n  sameas quarantine list --format csv")]
    List {
        /// Also rows that were taken or given up since
        #[arg(long)]
        all: bool,
    },
    /// Show a row with its bytes as they stood
    #[command(after_help = "Example:\n  sameas quarantine show 3")]
    Show {
        /// The row's number in `quarantine list`
        number: u64,
    },
    /// Read rows again under a corrected mapping, kind or limit, as of the day they came
    ///
    /// `sameas.toml` counts as it is now. A row that still cannot be taken stays where it is; then
    /// the exit code is 4.
    #[command(
        after_help = "Examples:\n  sameas quarantine retry\n  sameas quarantine retry 3 7 --mapping \
                      corrected.toml"
    )]
    Retry {
        /// Numbers in `quarantine list` [default: all rows]
        numbers: Vec<u64>,
        /// TOML file with column = "field"
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
        /// Read them as this source kind
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
    },
    /// Give rows up: no list or report shows them any more; their bytes stay in the store
    #[command(
        after_help = "Examples:\n  sameas quarantine drop 3 7\n  sameas quarantine drop --all"
    )]
    Drop {
        /// Numbers in `quarantine list`
        #[arg(required_unless_present = "all")]
        numbers: Vec<u64>,
        /// All that wait
        #[arg(long, conflicts_with = "numbers")]
        all: bool,
    },
}

#[derive(Serialize)]
struct Row<'a> {
    number: u64,
    file: &'a str,
    line: u64,
    source: &'a str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<String>,
}

impl<'a> Row<'a> {
    fn new(held: &'a HeldRow) -> Self {
        let content = &held.content;
        Self {
            number: held.number,
            file: &content.file,
            line: content.line,
            source: &content.source,
            reason: &content.reason,
            fate: held.fate.map(|fate| match fate {
                Fate::Taken(file) => format!("taken by file {file}"),
                Fate::Dropped => "dropped".to_owned(),
            }),
            row: None,
        }
    }

    fn cells(&self) -> [String; 6] {
        [
            self.number.to_string(),
            self.file.to_owned(),
            self.line.to_string(),
            self.source.to_owned(),
            self.reason.to_owned(),
            self.fate.clone().unwrap_or_default(),
        ]
    }
}

const COLUMNS: [&str; 6] = ["number", "file", "line", "source", "reason", "fate"];

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        match &self.verb {
            Sub::List { all } => list(context, *all),
            Sub::Show { number } => show(context, *number),
            Sub::Retry { numbers, mapping, kind } => {
                retry(context, numbers, mapping.as_deref(), kind.as_deref())
            }
            Sub::Drop { numbers, .. } => discard(context, numbers),
        }
    }
}

fn list(context: &Context, all: bool) -> Result<Outcome> {
    let mut held = pipeline::quarantine(&context.existing_store()?)?;
    held.retain(|row| all || row.fate.is_none());
    let rows: Vec<Row<'_>> = held.iter().map(Row::new).collect();
    let mut table = Table::new(COLUMNS);
    for row in &rows {
        table.row(row.cells());
    }
    context.answer(&Answer::new(&rows)?.table(table))?;
    Ok(Outcome::DONE)
}

fn show(context: &Context, number: u64) -> Result<Outcome> {
    let held = pipeline::quarantine(&context.existing_store()?)?;
    let found = held.iter().find(|row| row.number == number).ok_or_else(|| {
        Error::new(ErrorKind::Unknown, format!("no row {number} was put into quarantine"))
            .hint(format!("there are {}; see `sameas quarantine list --all`", held.len()))
    })?;
    let mut row = Row::new(found);
    let bytes = String::from_utf8_lossy(&found.content.row).into_owned();
    let mut table = Table::new(["number", "file", "line", "source", "reason", "fate", "row"]);
    table.row(row.cells().into_iter().chain([bytes.clone()]));
    row.row = Some(bytes);
    context.answer(&Answer::new(&row)?.table(table))?;
    Ok(Outcome::DONE)
}

fn rows(numbers: &[u64]) -> Rows {
    if numbers.is_empty() { Rows::All } else { Rows::Numbered(numbers.to_vec()) }
}

fn retry(
    context: &Context,
    numbers: &[u64],
    mapping: Option<&std::path::Path>,
    kind: Option<&str>,
) -> Result<Outcome> {
    let store = context.existing_store()?;
    let mut config = context.config(Some(&store))?;
    if let Some(mapping) = mapping {
        let mut names: Vec<String> =
            pipeline::quarantine(&store)?.into_iter().map(|row| row.content.file).collect();
        names.sort();
        names.dedup();
        let file = |name: String| FileArgument { path: name.into(), ..FileArgument::default() };
        map_files(&mut config, &names.into_iter().map(file).collect::<Vec<_>>(), mapping)?;
    }
    let mut engine = context.engine(&store, config)?;
    let progress = context.progress();
    let retried = engine.retry_quarantine(&rows(numbers), kind, now(), progress.as_ref());
    progress.finish();
    let retried = retried?;
    let mut table = Table::new(["number", "result"]);
    for number in &retried.taken {
        table.row([number.to_string(), "taken".to_owned()]);
    }
    for row in &retried.waiting {
        table.row([row.number.to_string(), row.reason.clone()]);
    }
    context.answer(&Answer::new(&retried)?.table(table))?;
    if !retried.taken.is_empty() {
        context.message("`sameas rebuild` brings the results up to date.");
    }
    if retried.waiting.is_empty() {
        return Ok(Outcome::DONE);
    }
    let waiting = count(retried.waiting.len() as u64);
    context.warning(&format!("{waiting} rows still cannot be taken"));
    Ok(Outcome::QUARANTINED)
}

fn discard(context: &Context, numbers: &[u64]) -> Result<Outcome> {
    #[derive(Serialize)]
    struct Dropped {
        dropped: u64,
    }
    let store = context.existing_store()?;
    let mut engine = context.engine(&store, context.config(Some(&store))?)?;
    let dropped = engine.drop_quarantine(&rows(numbers), now())?;
    let mut table = Table::new(["dropped"]);
    table.row([dropped.to_string()]);
    context.answer(&Answer::new(&Dropped { dropped })?.table(table))?;
    Ok(Outcome::DONE)
}
