use sameas::clustering::Contradiction;
use sameas::config::parse_percent;
use sameas::error::Result;
use sameas::pipeline::{RebuildOptions, RebuildReport, Redone};
use serde::Serialize;

use super::context::Context;
use super::exit::Outcome;
use super::judge::now;
use super::output::{Answer, Table, bytes, count};

/// Work the results out from what was ingested, and replace the last ones
///
/// Reuses what did not change: index, candidates, scores, clusters, ids, golden records. Entity ids
/// stay; readers go on with the last results until the new ones are whole.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas rebuild\n  sameas rebuild --max-changed 2%\n  sameas rebuild \
                        --full --retrain"
)]
pub(super) struct Args {
    /// Do everything anew
    #[arg(long)]
    full: bool,
    /// Estimate the model anew (the first rebuild always does)
    #[arg(long)]
    retrain: bool,
    /// Stop with exit code 3, and change nothing, if a greater share of records would change its
    /// entity id
    #[arg(long, value_name = "SHARE", value_parser = share)]
    max_changed: Option<f64>,
    /// Do what `sameas plan` said under this id; stop with exit code 3 if it would be something else
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
}

fn share(text: &str) -> std::result::Result<f64, String> {
    parse_percent(text).ok_or_else(|| "write a share such as 2% or 0.02".to_owned())
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.existing_store()?;
        let config = context.config(Some(&store))?;
        let mut engine = context.engine(&store, config)?;
        let options = RebuildOptions {
            full: self.full,
            retrain: self.retrain,
            max_changed: self.max_changed,
            plan: self.plan.clone(),
            at: Some(now()),
        };
        let progress = context.progress();
        let report = engine.rebuild(options, progress.as_ref());
        progress.finish();
        let report = report?;
        context.answer(&answer(&report)?)?;
        if let Some(redone) = &report.redone {
            tell_redone(context, redone);
        }
        for contradiction in &report.contradictions {
            context.warning(&format!("judgements contradict each other: {contradiction}"));
        }
        Ok(Outcome::DONE)
    }
}

/// Says what an undo took back and is done again.
pub(super) fn tell_redone(context: &Context, redone: &Redone) {
    let runs: Vec<String> = redone.undone.iter().map(ToString::to_string).collect();
    context.message(&format!(
        "Run {} had been taken back; of what it did, this does again: {} records come to the entity \
         that it had given them.",
        runs.join(", "),
        count(redone.records)
    ));
}

#[derive(Serialize)]
pub(super) struct RebuildAnswer<'a> {
    run: u32,
    records: u64,
    entities: u64,
    merged_entities: u64,
    deleted: u64,
    pairs_scored: u64,
    pairs_left_out: u64,
    blocking_recall_estimate: f64,
    model_hash: &'a str,
    config_hash: &'a str,
    stability: &'a sameas::pipeline::Stability,
    redone: &'a Option<Redone>,
    contradictions: &'a [Contradiction],
    seconds: Vec<(&'a str, f64)>,
    peak_memory: u64,
    warnings: &'a [String],
}

impl<'a> RebuildAnswer<'a> {
    pub(super) fn new(report: &'a RebuildReport) -> Self {
        let summary = &report.summary;
        Self {
            run: report.run,
            records: summary.records,
            entities: summary.entities,
            merged_entities: summary.merged_entities,
            deleted: summary.deleted,
            pairs_scored: summary.pairs_scored,
            pairs_left_out: summary.pairs_left_out,
            blocking_recall_estimate: summary.blocking_recall_estimate,
            model_hash: &summary.model_hash,
            config_hash: &summary.config_hash,
            stability: &report.stability,
            redone: &report.redone,
            contradictions: &report.contradictions,
            seconds: report
                .timings
                .iter()
                .map(|time| (time.stage.as_str(), time.seconds))
                .collect(),
            peak_memory: report.peak_memory,
            warnings: &summary.warnings,
        }
    }
}

fn answer(report: &RebuildReport) -> Result<Answer> {
    let summary = &report.summary;
    let mut table = Table::new(["result", ""]).titled(format!("run {}", report.run));
    let mut line = |name: &str, value: String| table.row([name.to_owned(), value]);
    line("records", count(summary.records));
    line("entities", count(summary.entities));
    line("entities of several records", count(summary.merged_entities));
    line("deleted or merged away", count(summary.deleted));
    line("pairs compared", count(summary.pairs_scored));
    line("pairs left out", count(summary.pairs_left_out));
    line("blocking recall, estimated", format!("{:.4}", summary.blocking_recall_estimate));
    line("ids unchanged", format!("{:.2}%", report.stability.unchanged_share * 100.0));
    line("entities created", count(report.stability.created));
    line("entities merged", count(report.stability.merged));
    line("entities split", count(report.stability.split));
    line("entities retired", count(report.stability.retired));
    line("peak memory", bytes(report.peak_memory));
    let mut stages = Table::new(["stage", "seconds", "CPU seconds", "memory"]);
    for time in &report.timings {
        let cpu = time.cpu_seconds.map_or(String::new(), |cpu| format!("{cpu:.2}"));
        let memory = time.memory_bytes.map_or(String::new(), bytes);
        stages.row([time.stage.clone(), format!("{:.2}", time.seconds), cpu, memory]);
    }
    Ok(Answer::new(&RebuildAnswer::new(report))?.table(table).table(stages))
}
