use clap::Subcommand;
use sameas::error::Result;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table, bits, count};

/// Show what the model has learnt
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sameas model show")]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Sub,
}

#[derive(Debug, Subcommand)]
enum Sub {
    /// Levels of each comparison with their m, u and weight; classes of pairs; prior
    #[command(after_help = "Example:\n  sameas model show --format json")]
    Show,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let Sub::Show = self.verb;
        let model = context.view()?.model()?;
        let mut levels = Table::new(["evidence", "level", "m", "u", "weight"]).titled(format!(
            "model {}, estimated from {} records; prior {} bits",
            model.hash,
            count(model.trained_on),
            bits(model.prior_weight)
        ));
        for level in &model.levels {
            levels.row([
                level.field.clone(),
                level.level.clone(),
                format!("{:.4}", level.m),
                format!("{:.2e}", level.u),
                bits(level.weight),
            ]);
        }
        let mut classes = Table::new(["class of pairs", "share"]);
        for (class, share) in &model.classes {
            classes.row([class.clone(), format!("{share:.2e}")]);
        }
        context.answer(&Answer::new(&model)?.table(levels).table(classes))?;
        Ok(Outcome::DONE)
    }
}
