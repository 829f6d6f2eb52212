use std::path::PathBuf;

use sameas::error::Result;
use sameas::evaluation::{Evaluation, GroupRow, Measure, Truth};
use sameas::query;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table, count, probability};

/// Measure the last results against labelled records
///
/// Pairwise and B-cubed precision, recall and F1; blocking recall apart from scorer recall; the
/// scores alone by threshold, by probability and by band; the measures by source pair and country;
/// wrong pairs by reason. The truth is a CSV file (also .gz) with
/// record_id, truth_id and, where ids repeat between sources, source.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sameas evaluate --truth data/demo/truth.csv")]
pub(super) struct Args {
    /// The labelled records
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let truth = Truth::load(&self.truth)?;
        let result = query::evaluate(&context.view()?, &truth)?;
        let answer = Answer::new(&result)?
            .table(measures(&result))
            .table(thresholds(&result))
            .table(reliability(&result))
            .table(bands(&result))
            .table(groups("source pair", &result.by_source))
            .table(groups("country", &result.by_country))
            .table(reasons(&result))
            .table(examples(&result));
        context.answer(&answer)?;
        if result.missing > 0 {
            context.warning(&format!(
                "{} labelled records are not in the results; each counts as an entity of its own",
                count(result.missing)
            ));
        }
        Ok(Outcome::DONE)
    }
}

fn row(name: &str, measure: &Measure) -> [String; 4] {
    let text = |value: f64| format!("{value:.4}");
    [name.to_owned(), text(measure.precision), text(measure.recall), text(measure.f1)]
}

fn measures(result: &Evaluation) -> Table {
    let title = format!(
        "{} labelled records, {} entities ({} in truth), {} pairs ({} in truth)",
        count(result.truth_records),
        count(result.entities),
        count(result.true_entities),
        count(result.found_pairs),
        count(result.true_pairs)
    );
    let mut table = Table::new(["measure", "precision", "recall", "f1"]).titled(title);
    table.row(row("pairwise", &result.pairwise));
    table.row(row("b-cubed", &result.bcubed));
    for (name, recall) in
        [("blocking", result.blocking_recall), ("scorer, of candidates", result.scorer_recall)]
    {
        table.row([name.to_owned(), String::new(), format!("{recall:.4}"), String::new()]);
    }
    table
}

fn thresholds(result: &Evaluation) -> Table {
    let mut table = Table::new(["threshold", "precision", "recall", "f1", "pairs"])
        .titled("Scores alone, before clustering");
    for line in &result.thresholds {
        let [threshold, precision, recall, f1] = row(&line.threshold.to_string(), &line.measure);
        table.row([threshold, precision, recall, f1, count(line.pairs)]);
    }
    table
}

fn reliability(result: &Evaluation) -> Table {
    let mut table = Table::new(["probability", "expected", "true", "pairs"])
        .titled("What the model expects of a pair, and what is so");
    for line in &result.reliability {
        table.row([
            format!("{} to {}", line.from, line.to),
            format!("{:.4}", line.expected),
            format!("{:.4}", line.observed),
            count(line.pairs),
        ]);
    }
    table
}

fn bands(result: &Evaluation) -> Table {
    let bands = &result.bands;
    let mut table = Table::new(["band", "precision", "recall", "pairs"])
        .titled("Bands; the recall of review is of what auto misses");
    for (name, precision, recall, pairs) in [
        ("auto", bands.auto_precision, bands.auto_recall, bands.auto_pairs),
        ("review", bands.review_precision, bands.review_recall, bands.review_pairs),
    ] {
        let text = |value: f64| format!("{value:.4}");
        table.row([name.to_owned(), text(precision), text(recall), count(pairs)]);
    }
    table
}

/// Groups shown of each sort.
const GROUPS: usize = 20;

fn groups(name: &str, rows: &[GroupRow]) -> Table {
    let mut table = Table::new([name, "precision", "recall", "f1", "found", "in truth"]);
    for line in rows.iter().take(GROUPS) {
        let [name, precision, recall, f1] = row(&line.group, &line.measure);
        table.row([name, precision, recall, f1, count(line.found_pairs), count(line.true_pairs)]);
    }
    if rows.len() > GROUPS {
        let rest = rows.len() - GROUPS;
        table = table.titled(format!("most errors first; {rest} more with --format json"));
    }
    table
}

fn reasons(result: &Evaluation) -> Table {
    let mut table = Table::new(["wrong pairs", "number", "reason"]);
    for (kind, reasons) in
        [("false merge", &result.errors.false_merges), ("miss", &result.errors.misses)]
    {
        for reason in reasons {
            table.row([kind.to_owned(), count(reason.pairs), reason.reason.clone()]);
        }
    }
    table
}

fn examples(result: &Evaluation) -> Table {
    let mut table = Table::new(["example", "a", "b", "probability", "reason"]);
    for example in &result.errors.examples {
        table.row([
            example.kind.to_owned(),
            example.a.clone(),
            example.b.clone(),
            example.probability.map(probability).unwrap_or_default(),
            example.reason.to_owned(),
        ]);
    }
    table
}
