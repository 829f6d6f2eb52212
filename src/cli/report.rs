use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use sameas::error::Result;
use sameas::ingest::kind::Catalog;
use sameas::pipeline::View;
use sameas::report::{ReportInput, RunInfo, write_reports};
use serde::Serialize;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table};

/// Write the reports of the last rebuild into a folder
///
/// clusters.csv, golden.csv, crosswalk.csv, merge_candidates.csv, quarantine.csv, summary.json and
/// report.html, a page that needs no network.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sameas report --out result")]
pub(super) struct Args {
    /// Folder for the files; made if missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Put a ' before texts in CSV files that a spreadsheet would run as a formula
    #[arg(long)]
    spreadsheet_safe: bool,
}

#[derive(Serialize)]
struct ReportAnswer {
    run: u32,
    folder: String,
    files: Vec<String>,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let view = context.view()?;
        let store = context.store();
        let config = context.config(Some(&store))?;
        let safe = self.spreadsheet_safe || config.report.spreadsheet_safe;
        let catalog = config.catalog()?;
        with_input(&view, &catalog, safe, |input| write_reports(input, &self.out))?;
        let files: Vec<String> = FILES.iter().map(|file| (*file).to_owned()).collect();
        let mut table = Table::new(["file"]);
        for file in &files {
            table.row([self.out.join(file).display().to_string()]);
        }
        let run = view.results().summary().run;
        let folder = self.out.display().to_string();
        context.answer(&Answer::new(&ReportAnswer { run, folder, files })?.table(table))?;
        Ok(Outcome::DONE)
    }
}

/// The files of a report.
const FILES: [&str; 7] = [
    "report.html",
    "merge_candidates.csv",
    "golden.csv",
    "crosswalk.csv",
    "clusters.csv",
    "quarantine.csv",
    "summary.json",
];

/// Column → field for the source kinds of the view's files.
fn mappings(view: &View, catalog: &Catalog) -> BTreeMap<Arc<str>, BTreeMap<String, String>> {
    let mut out = BTreeMap::new();
    for file in &view.results().summary().files {
        let Some(kind) = catalog.kind(&file.kind) else { continue };
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (field, columns) in kind.fields() {
            for column in columns {
                let known = fields.entry(column).or_default();
                if !known.contains(&field) {
                    known.push(field.clone());
                }
            }
        }
        let joined = fields.into_iter().map(|(column, fields)| (column, fields.join(", ")));
        out.insert(Arc::clone(&file.kind), joined.collect());
    }
    out
}

/// Gathers what a report is made from.
pub(super) fn with_input<T>(
    view: &View,
    catalog: &Catalog,
    spreadsheet_safe: bool,
    use_it: impl FnOnce(&ReportInput<'_>) -> Result<T>,
) -> Result<T> {
    let (stages, peak_memory_bytes) = view.run_costs();
    let run = RunInfo { id: view.results().summary().run, stages, peak_memory_bytes };
    use_it(&ReportInput {
        results: view.results(),
        quarantined: &view.quarantined()?,
        systems: view.systems(),
        mappings: &mappings(view, catalog),
        judged: &view.judged()?,
        run: &run,
        policy: view.policy(),
        model: view.trained()?,
        fields: view.fields(),
        spreadsheet_safe,
    })
}
