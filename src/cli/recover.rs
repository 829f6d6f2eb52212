use std::path::Path;

use sameas::error::Result;
use sameas::pipeline::{self, Mended};

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table, count};

/// Mend a damaged store: each copy of ground from the other, then index and results
///
/// What neither copy has is listed record by record, here and in STORE/archive/lost.jsonl; then the
/// exit code is 1.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sameas recover\n  sameas verify")]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.existing_store()?;
        let options = context.options(context.config(Some(&store))?);
        let progress = context.progress();
        let mended = pipeline::recover(&store, options, progress.as_ref());
        progress.finish();
        let mended = mended?;
        context.answer(&answer(&mended)?)?;
        tell(context, &store, &mended);
        Ok(if mended.ground.lost.is_empty() { Outcome::DONE } else { Outcome::FAILED })
    }
}

/// What was done, and what is lost.
pub(super) fn answer(mended: &Mended) -> Result<Answer> {
    let ground = &mended.ground;
    let mut table = Table::new(["result", ""]);
    let mut line = |name: &str, value: String| table.row([name.to_owned(), value]);
    line("files read again", count(u64::from(ground.files)));
    line("records", count(ground.records));
    line("judgements", count(ground.judgements));
    line("ledger events", count(ground.events));
    for place in &ground.mended {
        line("mended", place.clone());
    }
    line("lost", count(ground.lost.len() as u64));
    let mut lost = Table::new(["lost", "number", "file", "record"]);
    for item in &ground.lost {
        lost.row([
            item.what.clone(),
            item.number.to_string(),
            item.file.clone().unwrap_or_default(),
            item.record.clone().unwrap_or_default(),
        ]);
    }
    Ok(Answer::new(mended)?.table(table).table(lost))
}

/// The same for people.
pub(super) fn tell(context: &Context, store: &Path, mended: &Mended) {
    let ground = &mended.ground;
    for note in &ground.notes {
        context.warning(note);
    }
    if ground.database_rebuilt {
        context.message(&format!(
            "the database was made anew from {} files of the archive",
            count(u64::from(ground.files))
        ));
    }
    if let Some(run) = mended.run {
        context.message(&format!("run {run} made the results anew"));
    }
    if !ground.lost.is_empty() {
        context.warning(&format!(
            "{} records or events were in neither copy; they are listed in {}. Take the files in \
             again that they came with, if you still have them",
            count(ground.lost.len() as u64),
            store.join("archive/lost.jsonl").display()
        ));
    }
}
