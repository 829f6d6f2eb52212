use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use sameas::error::{Error, ErrorKind, Result};
use sameas::synth::{self, Request, Summary};

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table, count};

/// Make up records with known truth, for trying out, tests and benches
///
/// Writes exports of the systems of an invented company in their native forms, or with --flat one
/// table of five systems, and beside them truth.csv: which records are of one person or company.
/// The same number and seed give the same bytes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas synth --records 20000 --out made\n  sameas dedupe made/*-*.* made/subscribed* --out result\n  sameas --store result/.sameas evaluate --truth made/truth.csv"
)]
pub(super) struct Args {
    /// Records in all files together
    #[arg(long, value_name = "N")]
    records: u64,
    /// Another seed makes other people
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Folder for the files; made if missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// One table, records.csv, in place of the exports
    #[arg(long)]
    flat: bool,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let start = Instant::now();
        let threads = context.global.threads.map_or(0, usize::from);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|e| Error::new(ErrorKind::Limit, format!("cannot start threads: {e}")))?;
        let request = Request { records: self.records, seed: self.seed, flat: self.flat };
        let progress = context.progress();
        progress.stage("making records", Some(self.records));
        let told = AtomicU64::new(0);
        let advance = |records: u64| {
            progress.advance(records - told.swap(records, Ordering::Relaxed));
        };
        let made = pool.install(|| synth::write(request, &self.out, &advance));
        progress.finish();
        let made = made?;
        context.answer(&Answer::new(&made)?.table(files(&made)))?;
        context.message(&format!(
            "Made {} records of {} persons and {} organizations in {:.1} s; who is who stands in {}.",
            count(made.records),
            count(made.persons),
            count(made.organizations),
            start.elapsed().as_secs_f64(),
            self.out.join("truth.csv").display()
        ));
        Ok(Outcome::DONE)
    }
}

fn files(made: &Summary) -> Table {
    let mut table = Table::new(["file", "records", "bytes"]);
    for file in &made.files {
        table.row([file.file.clone(), count(file.records), count(file.bytes)]);
    }
    table
}
