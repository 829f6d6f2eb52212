use std::collections::BTreeMap;
use std::path::PathBuf;

use sameas::error::{Error, ErrorKind, Result};
use sameas::pipeline::{self, View};
use sameas::query::{self, PolicyRow};
use sameas::report::{Integration, OwnershipLine};
use serde::Serialize;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table};

/// Write the integration documentation: field mapping by system, ownership, rules, error handling
///
/// It is made from the source kinds, the configuration and the sources of the store; without a
/// store every kind known is described. DIR gets integration.md and integration.html.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sameas docs --out integration")]
pub(super) struct Args {
    /// Folder for the pages; made if missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Serialize)]
struct Written {
    files: Vec<String>,
    sources: BTreeMap<String, String>,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.store();
        let config = context.config(Some(&store))?;
        let catalog = config.catalog()?;
        let mut sources = BTreeMap::new();
        let mut files = Vec::new();
        if store.exists() {
            let ground = pipeline::ground(&store)?;
            sources.extend(ground.sources.into_iter().map(|(name, source)| (name, source.kind)));
            match View::open(&store) {
                Ok(view) => files.clone_from(&view.results().summary().files),
                Err(error) if error.kind() == ErrorKind::Unknown => {}
                Err(error) => return Err(error),
            }
        }
        let ownership: Vec<OwnershipLine> =
            query::policy(&config.policy).into_iter().map(line).collect();
        let integration = Integration {
            catalog: &catalog,
            sources: &sources,
            files: &files,
            ownership: &ownership,
            config: &config,
        };
        let document = integration.document();
        std::fs::create_dir_all(&self.out).map_err(|error| {
            Error::io(&self.out, error).hint("give --out a folder that you may write to")
        })?;
        let mut table = Table::new(["written"]);
        let mut written = Vec::new();
        for (name, text) in
            [("integration.md", document.markdown()), ("integration.html", document.html())]
        {
            let path = self.out.join(name);
            std::fs::write(&path, text).map_err(|error| Error::io(&path, error))?;
            table.row([path.display().to_string()]);
            written.push(path.display().to_string());
        }
        context.answer(&Answer::new(&Written { files: written, sources })?.table(table))?;
        Ok(Outcome::DONE)
    }
}

fn line(row: PolicyRow) -> OwnershipLine {
    let of = |what: &BTreeMap<String, &str>| {
        what.iter().map(|(system, word)| format!("{system}: {word}")).collect::<Vec<_>>().join(", ")
    };
    OwnershipLine {
        flows: format!("{}; overwrites {}", of(&row.direction), of(&row.overwrite)),
        field: row.field,
        entities: row.entities,
        keeps: row.keeps.to_owned(),
        preferred: row.rules.join(", then "),
    }
}
