use std::path::Path;

use clap::Subcommand;
use sameas::config::{Config, nearest};
use sameas::error::{Error, ErrorKind, Result};
use sameas::ingest::kind::{self, Candidate, Catalog, Kind};
use sameas::model::FileManifest;
use sameas::report::{formats, written_back};
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
    system: String,
    title: String,
    formats: Vec<&'static str>,
    certainty: &'static str,
}

#[derive(Serialize)]
struct KindDetails {
    #[serde(flatten)]
    row: KindRow,
    fields: Vec<(String, Vec<String>)>,
    personal_data: Vec<String>,
    write_back: String,
    /// How each object is written back by `sync-plan`, or why it is not.
    imports: Vec<String>,
    merge: String,
}

#[derive(Serialize)]
struct Detected {
    #[serde(flatten)]
    manifest: FileManifest,
    candidates: Vec<Guess>,
}

#[derive(Serialize)]
struct Guess {
    kind: String,
    score: f64,
    certain: bool,
    because: Vec<String>,
    missing: Vec<String>,
}

impl From<&Candidate> for Guess {
    fn from(candidate: &Candidate) -> Self {
        Self {
            kind: candidate.kind.to_string(),
            score: candidate.score,
            certain: candidate.certain,
            because: candidate.because.clone(),
            missing: candidate.missing.clone(),
        }
    }
}

impl KindRow {
    fn new(kind: &Kind) -> Self {
        Self {
            kind: kind.spec.name.clone(),
            system: kind.spec.system.clone(),
            title: kind.spec.title.clone(),
            formats: formats(&kind.spec.containers),
            certainty: kind.spec.certainty.as_str(),
        }
    }

    fn cells(&self) -> [String; 5] {
        let Self { kind, system, title, formats, certainty } = self;
        let formats = formats.join(", ");
        [kind.clone(), system.clone(), title.clone(), formats, (*certainty).to_owned()]
    }
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let config = context.config(Some(&context.store()))?;
        let catalog = config.catalog()?;
        let answer = match &self.verb {
            Sub::List => list(&catalog)?,
            Sub::Show { kind } => show(&catalog, kind)?,
            Sub::Detect { file } => detect(&config, &catalog, file)?,
        };
        context.answer(&answer)?;
        Ok(Outcome::DONE)
    }
}

fn list(catalog: &Catalog) -> Result<Answer> {
    let mut table = Table::new(["kind", "system", "title", "formats", "certainty"]);
    let mut rows = Vec::new();
    for kind in catalog.names().iter().filter_map(|name| catalog.kind(name)) {
        let row = KindRow::new(kind);
        table.row(row.cells());
        rows.push(row);
    }
    Ok(Answer::new(&rows)?.table(table))
}

fn show(catalog: &Catalog, name: &str) -> Result<Answer> {
    let Some(kind) = catalog.kind(name) else {
        let names = catalog.names();
        let error = Error::new(ErrorKind::Unknown, format!("no kind is called `{name}`"));
        return Err(match nearest(name, names.iter().map(|name| &**name)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("`sameas sources list` lists them"),
        });
    };
    let details = KindDetails {
        row: KindRow::new(kind),
        fields: kind.fields(),
        personal_data: kind.spec.personal_data.clone(),
        write_back: kind.spec.write_back.clone(),
        imports: written_back(catalog, &kind.spec),
        merge: kind.spec.merge.clone(),
    };
    let title = format!("{name}: {}", kind.spec.title);
    let mut fields = Table::new(["field", "columns"]).titled(title);
    for (field, columns) in &details.fields {
        fields.row([field.clone(), columns.join(", ")]);
    }
    let mut more = Table::new(["about", ""]);
    for (about, text) in [
        ("system", details.row.system.clone()),
        ("certainty", details.row.certainty.to_owned()),
        ("personal data", details.personal_data.join(", ")),
        ("write-back", details.write_back.clone()),
        ("sync-plan writes", details.imports.join("; ")),
        ("merge", details.merge.clone()),
    ] {
        more.row([about.to_owned(), text]);
    }
    Ok(Answer::new(&details)?.table(fields).table(more))
}

fn detect(config: &Config, catalog: &Catalog, file: &str) -> Result<Answer> {
    let file = files::parse(file, Path::exists);
    let input = init::input(&file);
    let guesses = kind::detect(catalog, &input, &config.limits.limits())?;
    let guesses: Vec<Guess> = guesses.candidates.iter().take(5).map(Guess::from).collect();
    let manifest = init::look_at(&file, config, catalog)?;
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
    let mut likely = Table::new(["may be", "score", "because of", "lacks"]);
    for guess in &guesses {
        likely.row([
            guess.kind.clone(),
            format!("{:.2}", guess.score),
            guess.because.join(", "),
            guess.missing.join(", "),
        ]);
    }
    let detected = Detected { manifest, candidates: guesses };
    Ok(Answer::new(&detected)?.table(table).table(columns).table(likely))
}
