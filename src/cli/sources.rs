use std::path::Path;

use clap::Subcommand;
use sameas::config::nearest;
use sameas::error::{Error, ErrorKind, Result};
use serde::Serialize;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table};
use super::{files, init};

/// List the source kinds, show what one maps, or say what a file is taken for
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas sources list\n  sameas sources show shopify-customers\n  sameas \
                        sources detect export.csv"
)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Sub,
}

#[derive(Debug, Subcommand)]
enum Sub {
    /// List the kinds known, compiled in and your own
    #[command(after_help = "Example:\n  sameas sources list --format json")]
    List,
    /// Show how a kind is recognised and what it maps
    #[command(after_help = "Example:\n  sameas sources show shopify-customers")]
    Show {
        /// The kind's name
        kind: String,
    },
    /// Say what a file is taken for, and why
    #[command(after_help = "Example:\n  sameas sources detect export.csv --format json")]
    Detect {
        /// The file
        file: String,
    },
}

#[derive(Serialize)]
struct KindRow {
    kind: String,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let config = context.config(Some(&context.store()))?;
        let catalog = config.catalog()?;
        let names: Vec<String> = catalog.names().iter().map(ToString::to_string).collect();
        match &self.verb {
            Sub::List => {
                let mut table = Table::new(["kind"]);
                let mut rows = Vec::new();
                for kind in names {
                    table.row([kind.clone()]);
                    rows.push(KindRow { kind });
                }
                context.answer(&Answer::new(&rows)?.table(table))?;
            }
            Sub::Show { kind } => {
                if !names.contains(kind) {
                    let error =
                        Error::new(ErrorKind::Unknown, format!("no kind is called `{kind}`"));
                    return Err(match nearest(kind, names.iter().map(String::as_str)) {
                        Some(near) => error.hint(format!("did you mean `{near}`?")),
                        None => error.hint("`sameas sources list` lists them"),
                    });
                }
                let mut table = Table::new(["kind"]);
                table.row([kind.clone()]);
                context.answer(&Answer::new(&KindRow { kind: kind.clone() })?.table(table))?;
            }
            Sub::Detect { file } => {
                let manifest = init::look_at(&files::parse(file, Path::exists), &config, &catalog)?;
                let mut table = Table::new(["file", ""]).titled(manifest.name.clone());
                let mut line = |name: &str, value: String| table.row([name.to_owned(), value]);
                line("kind", manifest.kind.to_string());
                line("source", manifest.source.to_string());
                line("container", manifest.container.clone());
                line("encoding", manifest.encoding.clone());
                line("rows", manifest.rows.to_string());
                line("default region", manifest.default_region.clone().unwrap_or_default());
                for note in &manifest.notes {
                    line("note", note.clone());
                }
                let mut columns = Table::new(["column", "field"]);
                for (column, field) in &manifest.mapping {
                    columns.row([column.clone(), field.clone()]);
                }
                for column in &manifest.unused_columns {
                    columns.row([column.clone(), "(kept, not used)".to_owned()]);
                }
                context.answer(&Answer::new(&manifest)?.table(table).table(columns))?;
            }
        }
        Ok(Outcome::DONE)
    }
}
