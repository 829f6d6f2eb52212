use std::path::PathBuf;

use sameas::config::Gate;
use sameas::error::{ErrorKind, Result};
use sameas::pipeline::{self, View};
use sameas::query::{self, Status};

use super::context::Context;
use super::exit::Outcome;
use super::judge::now;
use super::output::{Answer, Table, bytes, count};

/// Say how the store stands: records, entities, sources, staleness, quarantine
///
/// With --gate the limits of a TOML file are checked; one that does not hold makes exit code 3. Its
/// keys: records_min, quarantined_max, quarantined_share_max, merged_share_max, largest_entity_max,
/// stale, data_age_max.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas status\n  sameas status --gate gate.toml --format json"
)]
pub(super) struct Args {
    /// Limits to hold the store against
    #[arg(long, value_name = "FILE")]
    gate: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.existing_store()?;
        let gate = self.gate.as_deref().map(Gate::load).transpose()?;
        let ground = pipeline::ground(&store)?;
        let newest = ground.newest;
        let view = match View::open(&store) {
            Ok(view) => Some(view),
            Err(error) if error.kind() == ErrorKind::Unknown => None,
            Err(error) => return Err(error),
        };
        let catalog = context.config(Some(&store))?.catalog()?;
        let erasures = pipeline::erasure_requests(&store, &catalog)?;
        let status = query::status(ground, view.as_ref(), erasures);
        let mut answer = Answer::new(&status)?.table(overview(&status)).table(sources(&status));
        if !status.erasure_requests.is_empty() {
            answer = answer.table(erasure_requests(&status));
        }
        context.answer(&answer)?;
        for warning in &status.warnings {
            context.warning(warning);
        }
        let Some(gate) = gate else { return Ok(Outcome::DONE) };
        let as_of = context.global.as_of.unwrap_or_else(now);
        let age = newest.map(|newest| u64::try_from(as_of.0 - newest.0).unwrap_or(0));
        let failures = gate.check(&query::gate_input(&gate, &status, view.as_ref(), age)?);
        for failure in &failures {
            context.warning(&format!("gate failed: {failure}"));
        }
        Ok(if failures.is_empty() { Outcome::DONE } else { Outcome::REFUSED })
    }
}

fn overview(status: &Status) -> Table {
    let mut table = Table::new(["store", ""]);
    let mut line = |name: &str, value: String| table.row([name.to_owned(), value]);
    line("records", count(status.records));
    line("entities", count(status.entities));
    line("records not resolved yet", count(status.unresolved));
    line("rows in quarantine", count(status.quarantined));
    line("size", bytes(status.store_bytes));
    match &status.last_rebuild {
        Some(run) => {
            line("last rebuild", format!("run {}", run.run));
            line("entities of several records", count(run.merged_entities));
            line("pairs compared", count(run.pairs_scored));
        }
        None => line("last rebuild", "never: run `sameas rebuild`".to_owned()),
    }
    if let Some(model) = &status.model {
        let due = if model.retrain_due { ": `sameas rebuild --retrain` is due" } else { "" };
        line("model", format!("{}, from {} records{due}", model.hash, count(model.trained_on)));
    }
    let stale = if status.stale { "yes: run `sameas rebuild`" } else { "no" };
    line("stale", stale.to_owned());
    table
}

fn sources(status: &Status) -> Table {
    let mut table = Table::new(["source", "kind", "records", "last file", "run"]);
    for (name, source) in &status.sources {
        table.row([
            name.clone(),
            source.kind.clone(),
            count(source.records),
            source.last_ingest.file.clone(),
            source.last_ingest.run.to_string(),
        ]);
    }
    table
}

fn erasure_requests(status: &Status) -> Table {
    let mut table = Table::new(["to be erased", "source", "object", "asked by", "run"]);
    for request in &status.erasure_requests {
        table.row([
            request.record_id.clone(),
            request.source.clone(),
            request.object.clone(),
            request.file.clone(),
            request.run.to_string(),
        ]);
    }
    table
}
