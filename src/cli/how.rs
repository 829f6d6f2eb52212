use sameas::error::Result;
use sameas::query;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table, bits, probability};

/// List the steps by which an entity formed, with its weakest link
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sameas how ent_0a1b2c3d4e5f6g7h")]
pub(super) struct Args {
    /// Entity id, SOURCE:RECORD or SOURCE:OBJECT/RECORD
    id: String,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let how = query::how(&context.view()?, &self.id)?;
        let mut table = Table::new(["step", "a", "b", "probability", "weight", "kind", ""])
            .titled(how.entity_id.to_string());
        // For people the weakest link stands first; `--format json` keeps the order of the steps.
        let first = how.weakest.into_iter();
        let rest = (0..how.steps.len()).filter(|at| Some(*at) != how.weakest);
        for at in first.chain(rest) {
            let step = &how.steps[at];
            table.row([
                (at + 1).to_string(),
                step.a.clone(),
                step.b.clone(),
                probability(step.probability),
                bits(step.match_weight),
                step.kind.to_owned(),
                if how.weakest == Some(at) { "weakest" } else { "" }.to_owned(),
            ]);
        }
        context.answer(&Answer::new(&how)?.table(table))?;
        if how.steps.is_empty() {
            context.message("one record only: nothing was joined");
        }
        Ok(Outcome::DONE)
    }
}
