use std::path::PathBuf;

use sameas::config::{Config, SourceRule, read_mapping};
use sameas::error::{Error, ErrorKind, Result};
use sameas::pipeline::{Engine, FileArgument, IngestReport, Receipt};
use serde::Serialize;

use super::context::Context;
use super::exit::Outcome;
use super::files;
use super::output::{Answer, Table, count};

/// Take files into the store: csv, tsv, xlsx, json, jsonl, each also .gz or .zst; `-` is stdin
///
/// Each file is one commit with one receipt. The same file again changes nothing. A bad row goes to
/// quarantine and everything else goes on. Kind and source are detected; `FILE:KIND@SOURCE` states
/// them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas ingest shop-eu.csv crm/contacts.csv.gz\n  sameas ingest \
                  export.csv:shopify-customers@shop-eu\n  curl -s URL | sameas ingest - --kind \
                  zendesk-users --source helpdesk"
)]
pub(super) struct Args {
    /// Files, each also as FILE:KIND, FILE:KIND@SOURCE or FILE:@SOURCE
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Source of the files that state none
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Source kind of the files that state none (see `sameas sources list`)
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// TOML file with column = "field", to correct what was recognised
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Refuse a file with a column that no field takes, or with bad rows
    #[arg(long)]
    strict: bool,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.store();
        let mut config = context.config(Some(&store))?;
        let files = files::parse_all(&self.files, self.kind.as_ref(), self.source.as_ref());
        if let Some(mapping) = &self.mapping {
            map_files(&mut config, &files, mapping)?;
        }
        let mut engine = context.engine(&store, config)?;
        let (report, outcome) = take_files(context, &mut engine, &files, self.strict)?;
        context.answer(&receipts(&report)?)?;
        if report.files.iter().any(|file| file.result.is_ok()) {
            context.message("`sameas rebuild` brings the results up to date.");
        }
        Ok(outcome)
    }
}

/// Lets a mapping file speak for all files of the command.
pub(super) fn map_files(
    config: &mut Config,
    files: &[FileArgument],
    mapping: &std::path::Path,
) -> Result<()> {
    let columns = read_mapping(mapping)?;
    for file in files {
        let path = file.path.to_string_lossy();
        if path.contains(['*', '?']) {
            return Err(Error::new(
                ErrorKind::Config,
                "--mapping needs a file name without * and ?",
            )
            .at(&path));
        }
        config.add_source(SourceRule {
            file: path.into_owned(),
            columns: columns.clone(),
            ..SourceRule::default()
        });
    }
    Ok(())
}

/// Ingests and says on stderr what became of each file that a person should look at.
pub(super) fn take_files(
    context: &Context,
    engine: &mut Engine,
    files: &[FileArgument],
    strict: bool,
) -> Result<(IngestReport, Outcome)> {
    let progress = context.progress();
    let report = engine.ingest(files, strict, progress.as_ref());
    progress.finish();
    let report = report?;
    let mut outcome = Outcome::DONE;
    for file in &report.files {
        match &file.result {
            Ok(receipt) => {
                outcome = outcome.and(explain(context, receipt));
            }
            Err(error) => {
                context.report_error(error);
                outcome = outcome.and(Outcome::of(error.kind()));
            }
        }
    }
    Ok((report, outcome))
}

fn explain(context: &Context, receipt: &Receipt) -> Outcome {
    let file = &receipt.file;
    if !receipt.mapping.is_empty() {
        let mapping: Vec<String> =
            receipt.mapping.iter().map(|(column, field)| format!("{column} → {field}")).collect();
        context.message(&format!("{file}: read as {}: {}", receipt.kind, mapping.join(", ")));
    }
    if !receipt.unused_columns.is_empty() {
        context.message(&format!(
            "{file}: kept but not used for matching: {}",
            some(&receipt.unused_columns)
        ));
    }
    for note in &receipt.notes {
        context.message(&format!("{file}: {note}"));
    }
    if receipt.quarantined == 0 {
        return Outcome::DONE;
    }
    context.warning(&format!(
        "{file}: {} of {} rows are in quarantine; see `sameas quarantine list`",
        count(receipt.quarantined),
        count(receipt.rows)
    ));
    Outcome::QUARANTINED
}

/// The first few of many names; all of them stand in the receipt.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let rest = names.len().saturating_sub(SHOWN);
    // "and 1 more" is no shorter than the name.
    if rest <= 1 {
        return names.join(", ");
    }
    format!("{} and {rest} more", names[..SHOWN].join(", "))
}

#[derive(Serialize)]
struct IngestAnswer<'a> {
    run: u32,
    files: Vec<FileAnswer<'a>>,
}

#[derive(Serialize)]
struct FileAnswer<'a> {
    name: &'a str,
    #[serde(flatten)]
    receipt: Option<&'a Receipt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// The receipts as an answer.
pub(super) fn receipts(report: &IngestReport) -> Result<Answer> {
    let mut table = Table::new([
        "file",
        "kind",
        "source",
        "rows",
        "new",
        "changed",
        "unchanged",
        "quarantined",
        "sha256",
    ])
    .titled(format!("run {}", report.command));
    let mut files = Vec::new();
    for file in &report.files {
        let (receipt, error) = match &file.result {
            Ok(receipt) => (Some(receipt), None),
            Err(error) => (None, Some(error.to_string())),
        };
        if let Some(receipt) = receipt {
            table.row([
                receipt.file.clone(),
                receipt.kind.clone(),
                receipt.source.clone(),
                receipt.rows.to_string(),
                receipt.records_new.to_string(),
                receipt.changed.to_string(),
                receipt.unchanged.to_string(),
                receipt.quarantined.to_string(),
                receipt.sha256.chars().take(12).collect(),
            ]);
        }
        files.push(FileAnswer { name: &file.name, receipt, error });
    }
    Ok(Answer::new(&IngestAnswer { run: report.command, files })?.table(table))
}
