use sameas::error::Result;
use sameas::pipeline::{RebuildOptions, Redone, Stability};
use sameas::query::{self, Diff};
use serde::Serialize;

use super::context::Context;
use super::diff::{Examples, tables};
use super::exit::Outcome;
use super::output::{Answer, Table, count};
use super::rebuild::tell_redone;

/// Say what a rebuild would change, before it is done: entities, records, pairs, golden fields
///
/// Nothing is replaced. With --config the effect of other settings is seen; `sameas rebuild --plan
/// ID` does exactly what the plan with this id said, or nothing. Exit code 3 where something would
/// change.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas plan\n  sameas plan --config new.toml --format json\n  sameas rebuild \
                        --config new.toml --plan 5d1f0c2b7a9e3f48"
)]
pub(super) struct Args {
    /// As if the model were estimated anew
    #[arg(long)]
    retrain: bool,
    #[command(flatten)]
    examples: Examples,
}

#[derive(Serialize)]
struct PlanAnswer<'a> {
    plan: &'a str,
    stability: &'a Stability,
    redone: &'a Option<Redone>,
    model_hash: &'a str,
    config_hash: &'a str,
    #[serde(flatten)]
    diff: &'a Diff,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.existing_store()?;
        let mut engine = context.engine(&store, context.config(Some(&store))?)?;
        let options = RebuildOptions { retrain: self.retrain, ..RebuildOptions::default() };
        let progress = context.progress();
        let plan = engine.plan(&options, progress.as_ref());
        progress.finish();
        let plan = plan?;
        let diff = query::diff(&plan.before, &plan.after, self.examples.limit())?;
        let summary = plan.after.results().summary();
        let answer = Answer::new(&PlanAnswer {
            plan: &plan.id,
            stability: &plan.stability,
            redone: &plan.redone,
            model_hash: &summary.model_hash,
            config_hash: &summary.config_hash,
            diff: &diff,
        })?;
        let mut head = Table::new(["plan", ""]);
        head.row(["id".to_owned(), plan.id.clone()]);
        head.row(["records".to_owned(), count(summary.records)]);
        head.row(["entities".to_owned(), count(summary.entities)]);
        let unchanged = plan.stability.unchanged_share * 100.0;
        head.row(["ids unchanged".to_owned(), format!("{unchanged:.2}%")]);
        let tables = std::iter::once(head).chain(tables(&diff));
        context.answer(&tables.fold(answer, Answer::table))?;
        if let Some(redone) = &plan.redone {
            tell_redone(context, redone);
        }
        for contradiction in &plan.contradictions {
            context.warning(&format!("judgements contradict each other: {contradiction}"));
        }
        if diff.is_empty() {
            context.message("A rebuild would change nothing.");
            return Ok(Outcome::DONE);
        }
        context.message(&format!(
            "`sameas rebuild --plan {}` with the same settings does exactly this.",
            plan.id
        ));
        Ok(Outcome::REFUSED)
    }
}
