use std::io::Write as _;
use std::path::{Path, PathBuf};

use sameas::config::{FILE_NAME, template};
use sameas::error::{Error, ErrorKind, Result};
use sameas::ingest::kind::inspect;
use sameas::ingest::read::Input;
use sameas::model::FileManifest;
use sameas::pipeline::FileArgument;
use serde::Serialize;

use super::context::Context;
use super::exit::Outcome;
use super::files;
use super::output::{Answer, Table};

/// Write a commented sameas.toml for the files seen
///
/// States of each file the kind, the source and the mapping that were found, to be corrected by
/// hand. No store is made and nothing is ingested.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas init\n  sameas init exports/*.csv\n  sameas init erp.csv \
                        --out -"
)]
pub(super) struct Args {
    /// Files to look at
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Where to write it; `-` is stdout
    #[arg(long, value_name = "FILE", default_value = FILE_NAME)]
    out: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct InitAnswer {
    file: String,
    sources: Vec<(String, String, String)>,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let config = context.config(None)?;
        let mut manifests = Vec::new();
        if !self.files.is_empty() {
            let catalog = config.catalog()?;
            for file in files::parse_all(&self.files, None, None) {
                manifests.push(look_at(&file, &config, &catalog)?);
            }
        }
        let text = template(&manifests);
        if self.out == Path::new("-") {
            context.write(|out| out.write_all(text.as_bytes()).map_err(super::output::failed))?;
            return Ok(Outcome::DONE);
        }
        self.write(&text)?;
        let mut table = Table::new(["file", "kind", "source", "mapped", "not used"])
            .titled(format!("{} written", self.out.display()));
        let mut sources = Vec::new();
        for manifest in manifests {
            table.row([
                manifest.name.clone(),
                manifest.kind.to_string(),
                manifest.source.to_string(),
                manifest.mapping.len().to_string(),
                manifest.unused_columns.join(", "),
            ]);
            sources.push((manifest.name, manifest.kind.to_string(), manifest.source.to_string()));
        }
        let file = self.out.display().to_string();
        context.answer(&Answer::new(&InitAnswer { file, sources })?.table(table))?;
        Ok(Outcome::DONE)
    }

    fn write(&self, text: &str) -> Result<()> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true);
        if self.force {
            options.create(true).truncate(true);
        } else {
            options.create_new(true);
        }
        let mut file = options.open(&self.out).map_err(|error| {
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                Error::new(ErrorKind::Config, "is there already")
                    .at(self.out.display())
                    .hint("give --force to replace it, or --out FILE")
            } else {
                Error::io(&self.out, error)
            }
        })?;
        file.write_all(text.as_bytes()).map_err(|error| Error::io(&self.out, error))
    }
}

/// A file as the readers take it.
pub(super) fn input(file: &FileArgument) -> Input {
    let name =
        file.path.file_name().unwrap_or(file.path.as_os_str()).to_string_lossy().into_owned();
    Input { path: file.path.clone(), name }
}

/// Inspects a file as an ingest would, without a store.
pub(super) fn look_at(
    file: &FileArgument,
    config: &sameas::config::Config,
    catalog: &sameas::ingest::kind::Catalog,
) -> Result<FileManifest> {
    let mut stated = config.stated(&file.path.to_string_lossy());
    stated.kind = file.kind.clone().or(stated.kind);
    stated.source = file.source.clone().or(stated.source);
    inspect(catalog, &input(file), &config.limits.limits(), &stated)
}
