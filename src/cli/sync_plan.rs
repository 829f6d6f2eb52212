use std::path::PathBuf;

use sameas::error::Result;
use sameas::report::{Purpose, sync_plan};

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table, count};

/// Write what should change in one system, in its own import format
///
/// Only fields that the policy lets it take, split at the system's limits, with its list of merges;
/// changes.csv says why, not_written.csv what cannot be written, loops.csv which fields two sides
/// keep overwriting. Nothing is sent anywhere.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas sync-plan --to salesforce --out plan\n  sameas sync-plan --to shop-eu \
                        --out plan --format json"
)]
pub(super) struct Args {
    /// The system, for all its sources; or one source
    #[arg(long, value_name = "SYSTEM")]
    to: String,
    /// Folder for the files; made if missing, an earlier plan in it is replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let view = context.view()?;
        let catalog = context.config(Some(&context.store()))?.catalog()?;
        let plan = sync_plan(&view, &catalog, &self.to, &self.out)?;
        let mut table = Table::new(["file", "purpose", "rows"]).titled(format!(
            "{} records to change in {} cells, {} to merge away",
            count(plan.records),
            count(plan.changes),
            count(plan.merged)
        ));
        for file in &plan.files {
            let purpose = match file.purpose {
                Purpose::Import => "to import",
                Purpose::Merges => "to merge",
                Purpose::Table => "to read",
            };
            let path = self.out.join(&file.name).display().to_string();
            table.row([path, purpose.to_owned(), count(file.rows)]);
        }
        context.answer(&Answer::new(&plan)?.table(table))?;
        for one in &plan.not_written {
            context.warning(&format!("{} records: {}", count(one.records), one.reason));
        }
        if plan.held_apart > 0 {
            context.warning(&format!(
                "{} entities hang together by less than the auto threshold: their parts were planned \
                 apart; `sameas judge` decides them",
                count(plan.held_apart)
            ));
        }
        for one in &plan.loops {
            context.warning(&format!(
                "loop: {} of {} goes back and forth between {} and {} (loops.csv has the values)",
                one.field, one.record, one.wanted_by, one.held_by
            ));
        }
        Ok(Outcome::DONE)
    }
}
