use sameas::error::Result;
use sameas::query;

use super::changes::table;
use super::context::Context;
use super::exit::Outcome;
use super::output::Answer;

/// Tell the life of an entity id or of a record: what happened to it, in which run, and why
///
/// Ids that ended answer too: they say which entity they stand for now.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas history ent_0a1b2c3d4e5f6g7h\n  sameas history shop-eu:7900067283724 \
                        --format csv"
)]
pub(super) struct Args {
    /// Entity id, SOURCE:RECORD or SOURCE:OBJECT/RECORD
    id: String,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let history = query::history(&context.existing_store()?, &self.id)?;
        let entity = history.entity_id.map(String::from).unwrap_or_default();
        let title = match history.state {
            "live" | "retired" => format!("{}: {}", history.id, history.state),
            "merged" => format!("{}: merged, now {entity}", history.id),
            state => format!("{}: {state}, {entity}", history.id),
        };
        let table = table(&history.events).titled(title);
        context.answer(&Answer::new(&history)?.table(table))?;
        Ok(Outcome::DONE)
    }
}
