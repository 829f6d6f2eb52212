use sameas::error::Result;
use sameas::pipeline;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table};

/// Read every stored byte and say what is damaged and what that means; exit code 1 on damage
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sameas verify")]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.existing_store()?;
        let options = context.options(context.config(Some(&store))?);
        let progress = context.progress();
        let damage = pipeline::verify(&store, &options, progress.as_ref());
        progress.finish();
        let damage = damage?;
        let mut table = Table::new(["place", "problem", "meaning"]);
        for item in &damage {
            table.row([item.place.clone(), item.problem.clone(), item.meaning.clone()]);
        }
        context.answer(&Answer::new(&damage)?.table(table))?;
        if damage.is_empty() {
            context.message("every byte is as it was written");
            return Ok(Outcome::DONE);
        }
        Ok(Outcome::FAILED)
    }
}
