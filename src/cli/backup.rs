use std::path::PathBuf;

use sameas::error::Result;
use sameas::pipeline;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table, bytes, count};

/// Copy the store into a folder: only what the last backup there lacks; every byte is read back
///
/// The copy is put in force at once, when it is whole. Looking things up goes on meanwhile.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sameas backup /mnt/copies/people")]
pub(super) struct Args {
    /// Folder of the backup; made if missing
    dir: PathBuf,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.existing_store()?;
        let progress = context.progress();
        let report = pipeline::backup(&store, &self.dir, progress.as_ref());
        progress.finish();
        let report = report?;
        let mut table = Table::new(["files", "bytes", "files_copied", "bytes_copied"]);
        table.row(
            [report.files, report.bytes, report.files_copied, report.bytes_copied]
                .map(|n| n.to_string()),
        );
        context.answer(&Answer::new(&report)?.table(table))?;
        context.message(&format!(
            "{} holds {} files ({}), all read back; {} were new. `sameas restore` makes a store from \
             it.",
            self.dir.display(),
            count(report.files),
            bytes(report.bytes),
            count(report.files_copied)
        ));
        Ok(Outcome::DONE)
    }
}
