use sameas::error::Result;
use sameas::model::{Decision, Explanation};
use sameas::query;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table, bits, probability};

/// Say why two records are one entity: comparisons, weights, prior, threshold, judgement
///
/// Weights are in bits: +1 doubles the odds, and their sum decides. An entity id stands for that of
/// its records which is nearest to the other side.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sameas why shop-eu:7900067283724 crm:0035g0000EnaxfbAQA")]
pub(super) struct Args {
    /// SOURCE:RECORD or entity id
    a: String,
    /// SOURCE:RECORD or entity id
    b: String,
}

/// Say why two records are two entities, and which blocking keys differ or were left out
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  sameas why-not shop-eu:7900067283724 crm:0035g0000EnaxfbAQA --format json"
)]
pub(super) struct NotArgs {
    /// SOURCE:RECORD or entity id
    a: String,
    /// SOURCE:RECORD or entity id
    b: String,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        answer(context, &self.a, &self.b, false)
    }
}

impl NotArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        answer(context, &self.a, &self.b, true)
    }
}

fn answer(context: &Context, a: &str, b: &str, not: bool) -> Result<Outcome> {
    let why = query::why(&context.view()?, a, b)?;
    let mut answer = Answer::new(&why)?.table(terms(&why)).table(verdict(&why));
    if not || why.shared_keys.is_empty() {
        let mut keys = Table::new(["blocking rule", "met"]);
        for rule in &why.shared_keys {
            keys.row([rule.clone(), "yes".to_owned()]);
        }
        for missed in &why.missed_keys {
            keys.row([missed.rule.clone(), format!("no: {}", missed.why)]);
        }
        answer = answer.table(keys);
    }
    context.answer(&answer)?;
    Ok(Outcome::DONE)
}

fn terms(why: &Explanation) -> Table {
    let mut table = Table::new(["evidence", "level", "weight", "value frequency", "note"])
        .titled(format!("{} and {}", why.a, why.b));
    for term in &why.comparisons {
        let note = match (&term.values, &term.note) {
            (Some((a, b)), Some(note)) => format!("{a} | {b} ({note})"),
            (Some((a, b)), None) => format!("{a} | {b}"),
            (None, note) => note.clone().unwrap_or_default(),
        };
        table.row([
            term.field.clone(),
            term.level.clone(),
            bits(term.weight),
            bits(term.term_frequency_weight),
            note,
        ]);
    }
    for (name, weight) in [
        ("prior (two records at random)", why.prior_weight),
        ("relatives, other sites", why.background_weight),
        ("sum", why.match_weight),
    ] {
        table.row([name.to_owned(), String::new(), bits(weight), String::new(), String::new()]);
    }
    table
}

fn verdict(why: &Explanation) -> Table {
    let decision = match why.decision {
        Decision::Match => "match",
        Decision::Review => "review",
        Decision::NonMatch => "no match",
        Decision::Judged => "judged by a person",
    };
    let mut table = Table::new(["verdict", ""]);
    let mut line = |name: &str, value: String| table.row([name.to_owned(), value]);
    line("one entity", if why.same_entity { "yes" } else { "no" }.to_owned());
    line("decision on the pair", decision.to_owned());
    line("probability", probability(why.probability));
    let t = &why.thresholds;
    line("thresholds", format!("review {}, match {}, auto {}", t.review, t.matching, t.auto));
    if let Some(judgement) = &why.judgement {
        let verdict = format!("{:?}", judgement.verdict).to_lowercase();
        line("judgement", format!("{verdict}, by {}: {}", judgement.by, judgement.note));
    }
    if let Some(step) = &why.cluster {
        let text =
            format!("{} with {} at {} ({})", step.a, step.b, bits(step.match_weight), step.kind);
        line("clustering step", text);
    }
    table
}
