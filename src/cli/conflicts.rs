use sameas::error::Result;
use sameas::query::{self, Conflict, ConflictsWanted};

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table, count};

/// List the fields in which systems disagree, those that matter most first
///
/// With the number of disagreements by field and pair of sources. `score` is the weight of the field
/// × the doubt of the rule that chose × the sources that state it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas conflicts\n  sameas conflicts --field consent --limit 500 --format csv\n  \
                        sameas conflicts --source crm --format json"
)]
pub(super) struct Args {
    /// Only of this field, group (name, address) or prefix (consent)
    #[arg(long)]
    field: Option<String>,
    /// Only those in which this source takes part
    #[arg(long)]
    source: Option<String>,
    /// Show so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let wanted = ConflictsWanted {
            field: self.field.clone(),
            source: self.source.clone(),
            limit: self.limit,
        };
        let found = query::conflicts(&context.view()?, &wanted)?;
        let shown = found.conflicts.len() as u64;
        let title = format!("{} of {} conflicts", count(shown), count(found.total));
        let mut table = Table::new(["score", "entity_id", "field", "rule", "survives", "against"])
            .titled(title);
        for conflict in &found.conflicts {
            table.row(cells(conflict));
        }
        let mut matrix = Table::new(["field", "source_a", "source_b", "both state it", "disagree"])
            .titled("who disagrees with whom");
        for row in &found.matrix {
            matrix.row([
                row.field.clone(),
                row.source_a.clone(),
                row.source_b.clone(),
                count(row.both),
                count(row.disagree),
            ]);
        }
        context.answer(&Answer::new(&found)?.table(table).table(matrix))?;
        Ok(Outcome::DONE)
    }
}

fn cells(conflict: &Conflict) -> [String; 6] {
    let told = |survives: bool| {
        let values = conflict.values.iter().filter(|value| value.survives == survives);
        let texts = values.map(|value| {
            let why = if survives { String::new() } else { format!(", {}", value.why_not) };
            format!("{} ({}:{}{why})", value.value, value.source, value.record_id)
        });
        texts.collect::<Vec<_>>().join("; ")
    };
    [
        conflict.score.to_string(),
        conflict.entity_id.to_string(),
        conflict.field.clone(),
        conflict.rule.clone(),
        told(true),
        told(false),
    ]
}
