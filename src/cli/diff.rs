use sameas::error::Result;
use sameas::pipeline::View;
use sameas::query::{self, Diff};

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table, count, probability};

/// Say what differs between the results of two runs: entities, records, pairs, golden fields
///
/// The results of the last three runs are kept. Exit code 3 where something differs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sameas diff 11 12\n  sameas diff 11 12 --all --format json")]
pub(super) struct Args {
    /// A run
    a: u32,
    /// Another run
    b: u32,
    #[command(flatten)]
    examples: Examples,
}

/// How many examples a comparison names.
#[derive(Debug, clap::Args)]
pub(super) struct Examples {
    /// Examples of each sort of change
    #[arg(long, value_name = "N", default_value_t = 3)]
    examples: usize,
    /// Name everything that differs, not examples only
    #[arg(long, conflicts_with = "examples")]
    all: bool,
}

impl Examples {
    pub(super) fn limit(&self) -> Option<usize> {
        (!self.all).then_some(self.examples)
    }
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.existing_store()?;
        let (a, b) = (View::of_run(&store, self.a)?, View::of_run(&store, self.b)?);
        let diff = query::diff(&a, &b, self.examples.limit())?;
        context.answer(&tables(&diff).into_iter().fold(Answer::new(&diff)?, Answer::table))?;
        Ok(if diff.is_empty() { Outcome::DONE } else { Outcome::REFUSED })
    }
}

/// Sums first, then the examples.
pub(super) fn tables(diff: &Diff) -> Vec<Table> {
    let mut sums = Table::new(["what", "change", "count", "records"]);
    let mut examples = Table::new(["what", "change", "example", "before", "after"]);
    let records = &diff.records;
    for (change, n) in [("moved", records.moved), ("new", records.new), ("gone", records.gone)] {
        sums.row(["records".to_owned(), change.to_owned(), count(n), count(n)]);
    }
    for change in &diff.entities {
        sums.row([
            "entities".to_owned(),
            change.change.to_owned(),
            count(change.entities),
            count(change.records),
        ]);
        for example in &change.examples {
            let ids = example.other_entity_ids.iter().map(ToString::to_string);
            let others = ids.collect::<Vec<_>>().join(" ");
            let id = example.entity_id.to_string();
            let (before, after) = match change.change {
                "merged" | "retired" => (id, others),
                "created" | "split" => (others, id),
                _ => (id.clone(), id),
            };
            examples.row([
                "entities".to_owned(),
                change.change.to_owned(),
                example.records.join(" "),
                before,
                after,
            ]);
        }
    }
    for change in &diff.pairs {
        let name = format!("{} to {}", change.a, change.b);
        sums.row(["pairs".to_owned(), name.clone(), count(change.pairs), count(change.records)]);
        for example in &change.examples {
            let text = |p: Option<f64>| p.map(probability).unwrap_or_default();
            examples.row([
                "pairs".to_owned(),
                name.clone(),
                format!("{} {}", example.a, example.b),
                text(example.before),
                text(example.after),
            ]);
        }
    }
    for change in &diff.fields {
        sums.row([
            "golden values".to_owned(),
            change.field.clone(),
            count(change.entities),
            count(change.records),
        ]);
        for example in &change.examples {
            examples.row([
                "golden values".to_owned(),
                change.field.clone(),
                example.entity_id.to_string(),
                example.before.join("; "),
                example.after.join("; "),
            ]);
        }
    }
    for moved in &diff.moved {
        let id = |id: Option<sameas::model::EntityId>| id.map(String::from).unwrap_or_default();
        examples.row([
            "records".to_owned(),
            "moved".to_owned(),
            moved.record.clone(),
            id(moved.from),
            id(moved.to),
        ]);
    }
    vec![sums, examples]
}
