//! What a verb works with: settings, the store's place, stdout, stderr.

use std::cell::RefCell;
use std::io::{BufWriter, IsTerminal, Stdout, Write};
use std::path::{Path, PathBuf};

use sameas::config::{Config, FILE_NAME, Spec};
use sameas::error::{Error, ErrorKind, Result};
use sameas::pipeline::{Engine, EngineOptions, Progress, View};

use super::global::{Color, Format, Global};
use super::output::{self, Answer, clean};
use super::progress;

#[derive(Debug)]
pub(super) struct Context {
    pub(super) global: Global,
    stdout: RefCell<BufWriter<Stdout>>,
    terminal: bool,
    color: bool,
}

impl Context {
    pub(super) fn new(global: Global) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = match global.color.unwrap_or(Color::Auto) {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => std::io::stderr().is_terminal() && !no_color,
        };
        start_logs(&global, color);
        let stdout = RefCell::new(BufWriter::new(std::io::stdout()));
        Self { global, stdout, terminal, color }
    }

    /// The store's folder.
    pub(super) fn store(&self) -> PathBuf {
        self.global.store.clone().unwrap_or_else(|| PathBuf::from(".sameas"))
    }

    /// Settings: flag, environment, `--config`, the store's file, the working directory's file,
    /// default; the first that speaks wins, setting by setting.
    pub(super) fn config(&self, store: Option<&Path>) -> Result<Config> {
        Config::resolve(&self.specs(store)?)
    }

    /// The settings file by file, the strongest first.
    pub(super) fn specs(&self, store: Option<&Path>) -> Result<Vec<Spec>> {
        let mut specs = vec![Spec {
            threads: self.global.threads.map(usize::from),
            max_memory: self.global.max_memory,
            ..Spec::default()
        }];
        if let Some(path) = &self.global.config {
            specs.push(Spec::load(path)?);
        }
        for folder in store.into_iter().chain([Path::new("")]) {
            let path = folder.join(FILE_NAME);
            if path.is_file() {
                specs.push(Spec::load(&path)?);
            }
        }
        Ok(specs)
    }

    /// Opens a store for writing.
    pub(super) fn engine(&self, store: &Path, config: Config) -> Result<Engine> {
        Engine::create_or_open(store, self.options(config))
    }

    /// How verbs that write are to work.
    pub(super) fn options(&self, config: Config) -> EngineOptions {
        EngineOptions {
            threads: config.threads,
            max_memory: config.max_memory,
            as_of: self.global.as_of,
            config,
        }
    }

    /// The last results of the store, under the policy in force.
    pub(super) fn view(&self) -> Result<View> {
        let store = self.existing_store()?;
        let policy = self.config(Some(&store))?.policy;
        Ok(View::open(&store)?.with_policy(policy))
    }

    /// Refuses where there is no store yet.
    pub(super) fn existing_store(&self) -> Result<PathBuf> {
        let store = self.store();
        if store.exists() { Ok(store) } else { Err(no_store(&store)) }
    }

    /// Shows how far a long job is: bars on a terminal, else sentences.
    pub(super) fn progress(&self) -> Box<dyn Progress> {
        progress::progress(self.global.quiet, self.global.no_progress)
    }

    /// Writes an answer to stdout in the form asked for.
    pub(super) fn answer(&self, answer: &Answer) -> Result<()> {
        let format = self.global.format.unwrap_or(Format::Table);
        let mut stdout = self.stdout.borrow_mut();
        output::write(&mut *stdout, answer, format, self.terminal).map_err(output::failed)
    }

    /// Hands stdout to `write`, for verbs that stream.
    pub(super) fn write(&self, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        write(&mut *self.stdout.borrow_mut())
    }

    pub(super) fn flush(&self) -> Result<()> {
        self.stdout.borrow_mut().flush().map_err(output::failed)
    }

    /// The form asked for, if one was.
    pub(super) fn format(&self) -> Option<Format> {
        self.global.format
    }

    /// A message for a person, on stderr.
    pub(super) fn message(&self, text: &str) {
        if !self.global.quiet {
            eprint(&clean(text));
        }
    }

    /// A warning for a person, on stderr.
    pub(super) fn warning(&self, text: &str) {
        if !self.global.quiet {
            eprint(&format!("{} {}", self.painted("33", "warning:"), clean(text)));
        }
    }

    /// An error with its place and remedy, on stderr.
    pub(super) fn report_error(&self, error: &Error) {
        if self.global.json_logs {
            let kind = format!("{:?}", error.kind());
            tracing::error!(kind, hint = error.remedy().unwrap_or_default(), "{error}");
            return;
        }
        eprint(&format!("{} {}", self.painted("31;1", "error:"), clean(&error.to_string())));
        if let Some(remedy) = error.remedy() {
            eprint(&format!("{} {}", self.painted("36", "hint:"), clean(remedy)));
        }
    }

    fn painted(&self, code: &str, text: &str) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn no_store(store: &Path) -> Error {
    Error::new(ErrorKind::Unknown, "there is no store here")
        .at(store.display())
        .hint("name it with --store DIR, or make one: sameas dedupe FILE... --out DIR")
}

/// Writes a line to stderr; a stderr that has gone is no reason to stop.
fn eprint(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn start_logs(global: &Global, color: bool) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => tracing::Level::ERROR,
        (_, 0) => tracing::Level::WARN,
        (_, 1) => tracing::Level::INFO,
        (_, 2) => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    let logs = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(color)
        .with_target(false);
    // Nobody else sets a subscriber in this process.
    if global.json_logs {
        let _ = logs.json().try_init();
    } else {
        let _ = logs.without_time().try_init();
    }
}
