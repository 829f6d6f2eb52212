use std::io::Write as _;
use std::path::{Path, PathBuf};

use sameas::config::{FILE_NAME, kind_file, template};
use sameas::error::{Error, ErrorKind, Result};
use sameas::ingest::kind::{GENERIC, inspect, stem};
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
/// hand. No store is made and nothing is ingested. With --kinds, a table that no kind knows gets a
/// kind file of its own.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas init\n  sameas init exports/*.csv\n  sameas init erp.csv \
                        --out -\n  sameas init erp.csv --kinds kinds"
)]
pub(super) struct Args {
    /// Files to look at
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// Where to write it; `-` is stdout
    #[arg(long, value_name = "FILE", default_value = FILE_NAME)]
    out: PathBuf,
    /// Also write a first kind file for each table that no kind knows, into this folder
    #[arg(long, value_name = "DIR")]
    kinds: Option<PathBuf>,
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
        let mut text = String::new();
        if let Some(folder) = &self.kinds {
            // Before any table of the text.
            let path = folder.display().to_string().replace('\\', "/");
            text = format!("kinds = \"{path}\"\n\n");
            for manifest in manifests.iter_mut().filter(|m| &*m.kind == GENERIC) {
                let name = kind_name(&manifest.name);
                let path = folder.join(format!("{name}.toml"));
                std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
                self.write(&path, &kind_file(&name, manifest))?;
                context.message(&format!("{}: a first kind of {}", path.display(), manifest.name));
                // From now on the kind says what the columns are.
                manifest.kind = name.as_str().into();
                manifest.mapping.clear();
                manifest.unused_columns.clear();
            }
        }
        text.push_str(&template(&manifests));
        if self.out == Path::new("-") {
            context.write(|out| out.write_all(text.as_bytes()).map_err(super::output::failed))?;
            return Ok(Outcome::DONE);
        }
        self.write(&self.out, &text)?;
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

    fn write(&self, path: &Path, text: &str) -> Result<()> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true);
        if self.force {
            options.create(true).truncate(true);
        } else {
            options.create_new(true);
        }
        let mut file = options.open(path).map_err(|error| {
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                Error::new(ErrorKind::Config, "is there already")
                    .at(path.display())
                    .hint("give --force to replace it, or --out FILE")
            } else {
                Error::io(path, error)
            }
        })?;
        file.write_all(text.as_bytes()).map_err(|error| Error::io(path, error))
    }
}

/// A kind's name from a file's: `ERP Kunden 2026.csv` → `erp-kunden-2026`.
fn kind_name(file: &str) -> String {
    let letters = |c: char| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = stem(file).chars().map(letters).collect();
    let words: Vec<&str> = name.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "table".to_owned() } else { words.join("-") }
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
