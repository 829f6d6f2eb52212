use std::path::{Path, PathBuf};
use std::time::Instant;

use sameas::error::{Error, Result};
use sameas::pipeline::{IngestReport, RebuildOptions, View, discard_store};
use sameas::report::write_reports;

use super::context::Context;
use super::exit::Outcome;
use super::files;
use super::ingest::{map_files, receipts, take_files};
use super::judge::now;
use super::output::count;
use super::report::with_input;

/// The main job in one line: files in; golden records, ids and merge candidates out
///
/// Ingests the files, trains the model, works out who is who and writes all reports into a folder.
/// Kind and source of each file are detected. Without --store the store is DIR/.sameas, made anew;
/// with --store the files are added to that store.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas dedupe data/demo/*-*.csv data/demo/*.jsonl --out result\n  sameas \
                        dedupe eu.csv:shopify-customers@shop-eu crm.xlsx --out result\n  sameas --store \
                        people dedupe monthly/*.csv.gz --out result"
)]
pub(super) struct Args {
    /// Files, each also as FILE:KIND, FILE:KIND@SOURCE or FILE:@SOURCE; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Folder for the reports; made if missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// TOML file with column = "field", to correct what was recognised
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Refuse a file with a column that no field takes, or with bad rows
    #[arg(long)]
    strict: bool,
    /// Put a ' before texts in CSV files that a spreadsheet would run as a formula
    #[arg(long)]
    spreadsheet_safe: bool,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let start = Instant::now();
        let own = context.global.store.is_none();
        let store = context.global.store.clone().unwrap_or_else(|| self.out.join(".sameas"));
        let mut config = context.config((!own).then_some(&*store))?;
        let files = files::parse_all(&self.files, None, None);
        if let Some(mapping) = &self.mapping {
            map_files(&mut config, &files, mapping)?;
        }
        let safe = self.spreadsheet_safe || config.report.spreadsheet_safe;
        std::fs::create_dir_all(&self.out).map_err(|error| {
            Error::io(&self.out, error).hint("give --out a folder that you may write to")
        })?;
        // A misspelt file name shall not cost the last store.
        let any = files.iter().any(|file| file.path == Path::new("-") || file.path.exists());
        if own && any {
            discard_store(&store)?;
        }
        let catalog = config.catalog()?;
        let policy = config.policy.clone();
        let mut engine = context.engine(&store, config)?;
        let (report, outcome) = take_files(context, &mut engine, &files, self.strict)?;
        context.answer(&receipts(&report)?)?;
        if report.files.iter().all(|file| file.result.is_err()) {
            return Ok(outcome);
        }
        let progress = context.progress();
        let rebuilt = engine.rebuild(
            RebuildOptions { at: Some(now()), ..RebuildOptions::default() },
            progress.as_ref(),
        );
        progress.finish();
        rebuilt?;
        drop(engine);
        let view = View::open(&store)?.with_policy(policy);
        with_input(&view, &catalog, safe, |input| write_reports(input, &self.out))?;
        self.end_message(context, &view, &store, &report, start.elapsed().as_secs_f64())?;
        Ok(outcome)
    }

    /// Five lines: what was read, what was found, what may be done, where it is, what to open.
    fn end_message(
        &self,
        context: &Context,
        view: &View,
        store: &Path,
        report: &IngestReport,
        seconds: f64,
    ) -> Result<()> {
        let results = view.results();
        let summary = results.summary();
        let (mut sure, mut doubtful) = (0_u64, 0_u64);
        for position in 0..results.pairs() {
            let probability = results.pair(position)?.probability();
            sure += u64::from(probability >= summary.thresholds.auto);
            let review = probability >= summary.thresholds.review;
            doubtful += u64::from(review && probability < summary.thresholds.auto);
        }
        let taken = report.files.iter().filter_map(|file| file.result.as_ref().ok());
        let (mut files, mut quarantined) = (0_u64, 0_u64);
        for receipt in taken {
            files += 1;
            quarantined += receipt.quarantined;
        }
        let duplicates = summary.records.saturating_sub(summary.entities);
        let share = 100.0 * duplicates as f64 / summary.records.max(1) as f64;
        for line in [
            format!(
                "Read {} files: {} live records, {} rows in quarantine.",
                count(files),
                count(summary.records),
                count(quarantined)
            ),
            format!(
                "Found {} persons and organisations; {} of them stand in several records ({share:.1}% \
                 of the records are duplicates).",
                count(summary.entities),
                count(summary.merged_entities)
            ),
            format!(
                "{} pairs of records are sure enough to be applied unseen; {} need a person's look.",
                count(sure),
                count(doubtful)
            ),
            format!(
                "Run {} took {seconds:.1} s. Ask on: sameas --store {} find \"NAME\"",
                summary.run,
                store.display()
            ),
            format!(
                "Open {} first, then merge_candidates.csv and golden.csv beside it.",
                self.out.join("report.html").display()
            ),
        ] {
            context.message(&line);
        }
        Ok(())
    }
}
