use sameas::error::Result;
use sameas::pipeline::Undone;
use serde::Serialize;

use super::context::Context;
use super::exit::Outcome;
use super::judge::now;
use super::judgements::{Row, judgement_table};
use super::output::{Answer, Table, count};

/// Take a rebuild back: the results before it are in force again, with their ids
///
/// The results of the last three runs are kept. What was ingested and decided since stays: newer
/// records stand unresolved, newer decisions are named, and the next rebuild takes all of them in.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sameas undo 12\n  sameas undo")]
pub(super) struct Args {
    /// The rebuild to take back, with those after it [default: the last]
    run: Option<u32>,
}

#[derive(Serialize)]
struct UndoAnswer {
    run: u32,
    undone: Vec<u32>,
    results: u32,
    moved: u64,
    unresolved: u64,
    outdated: u64,
    judgements: Vec<Row>,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.existing_store()?;
        let mut engine = context.engine(&store, context.config(Some(&store))?)?;
        let Undone { run, undone, results, moved, unresolved, outdated, judgements } =
            engine.undo(self.run, Some(now()))?;
        let rows: Vec<Row> = judgements.iter().map(Row::from).collect();
        let names: Vec<String> = undone.iter().map(ToString::to_string).collect();
        let mut table = Table::new(["undo", ""]).titled(format!("run {run}"));
        let mut line = |name: &str, value: String| table.row([name.to_owned(), value]);
        line("taken back", format!("run {}", names.join(", ")));
        line("in force again", format!("run {results}"));
        line("records that moved back", count(moved));
        line("records unresolved until the next rebuild", count(unresolved));
        line("records in an older version", count(outdated));
        line("decisions kept for the next rebuild", count(rows.len() as u64));
        let decisions = judgement_table(&rows).titled("decisions since these results");
        let answer =
            UndoAnswer { run, undone, results, moved, unresolved, outdated, judgements: rows };
        context.answer(&Answer::new(&answer)?.table(table).table(decisions))?;
        context.message("`sameas plan` shows what the next rebuild would do again.");
        Ok(Outcome::DONE)
    }
}
