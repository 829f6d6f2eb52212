use std::path::PathBuf;

use sameas::error::Result;
use sameas::pipeline;

use super::context::Context;
use super::exit::Outcome;
use super::recover::{answer, tell};

/// Make a store from a backup: every byte is checked, the database is made anew from the archive
///
/// The store goes to --store, where nothing may be yet. It is there only when it is whole.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sameas --store people restore /mnt/copies/people")]
pub(super) struct Args {
    /// Folder of the backup
    dir: PathBuf,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.store();
        let options = context.options(context.config(None)?);
        let progress = context.progress();
        let mended = pipeline::restore(&self.dir, &store, options, progress.as_ref());
        progress.finish();
        let mended = mended?;
        context.answer(&answer(&mended)?)?;
        tell(context, &store, &mended);
        Ok(Outcome::DONE)
    }
}
