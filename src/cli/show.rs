use sameas::error::Result;
use sameas::query::{self, GoldenValue, Show};

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
            .titled(title(&shown));
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
        if shown.deleted {
            context.message(
                "deleted in its system, and no live record is known to be the same: it stands in \
                 no report",
            );
        }
        for suspicion in &shown.suspicions {
            context.warning(suspicion);
        }
        Ok(Outcome::DONE)
    }
}

fn title(shown: &Show) -> String {
    let id = shown.entity_id.map_or_else(|| "no entity".to_owned(), |id| id.to_string());
    let deleted = if shown.deleted { ", deleted" } else { "" };
    format!("{id} ({}{deleted})", shown.entity_kind.as_str())
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
