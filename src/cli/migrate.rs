use std::path::PathBuf;

use sameas::error::Result;
use sameas::pipeline;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table, count};

/// Bring a store of an earlier version of sameas up to date, in place, after a backup
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sameas migrate --backup /mnt/copies/before-migration")]
pub(super) struct Args {
    /// Folder of the backup that is made first [default: STORE.backup beside the store]
    #[arg(long, value_name = "DIR")]
    backup: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.existing_store()?;
        let backup = self.backup.clone().unwrap_or_else(|| {
            let mut name = store.file_name().unwrap_or_default().to_owned();
            name.push(".backup");
            store.with_file_name(name)
        });
        let options = context.options(context.config(Some(&store))?);
        let progress = context.progress();
        let migrated = pipeline::migrate(&store, &backup, options, progress.as_ref());
        progress.finish();
        let migrated = migrated?;
        let mut table = Table::new(["from", "to", "files", "records"]);
        table.row([
            migrated.from.to_string(),
            migrated.to.to_string(),
            migrated.ground.files.to_string(),
            migrated.ground.records.to_string(),
        ]);
        context.answer(&Answer::new(&migrated)?.table(table))?;
        for note in &migrated.ground.notes {
            context.warning(note);
        }
        if migrated.from == migrated.to && migrated.ground.files == 0 {
            context.message("the store is up to date");
        } else {
            context.message(&format!(
                "{} files were read again; the store as it was is in {}",
                count(u64::from(migrated.ground.files)),
                backup.display()
            ));
        }
        Ok(Outcome::DONE)
    }
}
