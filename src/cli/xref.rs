use sameas::error::Result;
use sameas::query;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table};

/// List the ids of the same person or organisation in every system
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas xref shop-eu:7900067283724\n  sameas xref shop-eu:7900067283724 \
                        --to crm --format csv"
)]
pub(super) struct Args {
    /// SOURCE:RECORD, SOURCE:OBJECT/RECORD or an entity id
    id: String,
    /// Only the ids in this source
    #[arg(long, value_name = "SOURCE")]
    to: Option<String>,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let xref = query::xref(&context.view()?, &self.id, self.to.as_deref())?;
        let mut table = Table::new(["entity_id", "source", "record_id"]);
        for (source, records) in &xref.records {
            for record in records {
                table.row([xref.entity_id.to_string(), source.clone(), record.clone()]);
            }
        }
        context.answer(&Answer::new(&xref)?.table(table))?;
        if xref.records.is_empty() {
            context.message("no record there");
        }
        Ok(Outcome::DONE)
    }
}
