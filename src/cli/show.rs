use sameas::error::Result;
use sameas::query::{self, GoldenValue};

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table};

/// Show a golden record with its members and where each value comes from
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas show ent_0a1b2c3d4e5f6g7h\n  sameas show shop-eu:7900067283724\n  \
                        sameas show crm:contact/0035g0000EnaxfbAQA --format json"
)]
pub(super) struct Args {
    /// Entity id (old ones resolve), SOURCE:RECORD or SOURCE:OBJECT/RECORD
    id: String,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let shown = query::show(&context.view()?, &self.id)?;
        let mut golden = Table::new(["field", "value", "from", "observed", "rule", "beaten"])
            .titled(format!("{} ({})", shown.entity_id, shown.entity_kind.as_str()));
        for (field, value) in &shown.golden.0 {
            for value in std::iter::once(value).chain(&value.further) {
                golden.row(golden_row(field, value));
            }
        }
        let mut members = Table::new(["source", "object", "record_id", "kind"])
            .titled(format!("{} records", shown.members.len()));
        for member in &shown.members {
            members.row([
                member.source.clone(),
                member.object.clone(),
                member.record_id.clone(),
                member.kind.clone(),
            ]);
        }
        let mut answer = Answer::new(&shown)?.table(golden).table(members);
        if !shown.relations.is_empty() {
            let mut relations = Table::new(["relation", "entity_id"]);
            for relation in &shown.relations {
                relations.row([relation.kind.clone(), relation.entity_id.to_string()]);
            }
            answer = answer.table(relations);
        }
        if !shown.aliases.is_empty() {
            let mut aliases = Table::new(["also known as"]);
            for alias in &shown.aliases {
                aliases.row([alias.clone()]);
            }
            answer = answer.table(aliases);
        }
        context.answer(&answer)?;
        for suspicion in &shown.suspicions {
            context.warning(suspicion);
        }
        Ok(Outcome::DONE)
    }
}

fn golden_row(field: &str, value: &GoldenValue) -> [String; 6] {
    let beaten: Vec<String> = value
        .others
        .iter()
        .map(|lost| {
            format!("{} ({}:{}, {})", lost.value, lost.source, lost.record_id, lost.why_not)
        })
        .collect();
    [
        field.to_owned(),
        value.value.clone(),
        format!("{}:{}", value.source, value.record_id),
        value.observed_at.clone().unwrap_or_default(),
        value.rule.clone(),
        beaten.join("; "),
    ]
}
