use sameas::error::Result;
use sameas::query::{self, Query};

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table, probability};

/// Find entities by name, e-mail, phone or address, the likeliest first
///
/// QUERY is free text: what has an @ is an e-mail, what looks like a phone number is one, what has a
/// house number is an address, the rest is a name. The flags say it without guessing.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas find \"Anna Schmidt, Berlin\"\n  sameas find anna@example.com\n  \
                        sameas find --name \"Bob Miller\" --phone \"(512) 555-0100\" --format json"
)]
pub(super) struct Args {
    /// Free text
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// Name of a person or an organisation
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// E-mail address
    #[arg(long, value_name = "EMAIL")]
    email: Option<String>,
    /// Phone number
    #[arg(long, value_name = "PHONE")]
    phone: Option<String>,
    /// Postal address in one line
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,
    /// Date of birth, such as 1980-02-17
    #[arg(long, value_name = "DATE")]
    born: Option<String>,
    /// Most entities to list
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
}

impl Args {
    fn query(&self, region: Option<&str>) -> Query {
        let mut query = Query::parse(&self.query.join(" "));
        for (part, flag) in [
            (&mut query.name, &self.name),
            (&mut query.email, &self.email),
            (&mut query.phone, &self.phone),
            (&mut query.address, &self.address),
            (&mut query.born, &self.born),
        ] {
            if flag.is_some() {
                part.clone_from(flag);
            }
        }
        query.default_region = region.and_then(|region| region.as_bytes().try_into().ok());
        query
    }

    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let view = context.view()?;
        let config = context.config(Some(&context.store()))?;
        let found = query::find(&view, &self.query(config.default_region.as_deref()), self.limit)?;
        let mut table =
            Table::new(["entity_id", "probability", "full_name", "email", "phone", "matched"]);
        for entity in &found {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            table.row([
                entity.entity_id.to_string(),
                probability(entity.probability),
                text(&entity.full_name),
                text(&entity.email),
                text(&entity.phone),
                entity.matched.join(", "),
            ]);
        }
        context.answer(&Answer::new(&found)?.table(table))?;
        if found.is_empty() {
            context.message("nobody found");
        }
        Ok(Outcome::DONE)
    }
}
