//! `sameas.toml`: what a person may set. A [`Spec`] is one file as written; several of them, the
//! first that speaks wins, become one checked [`Config`]. No setting is needed.
//!
//! This module holds no stage's logic: it reads, checks, merges, and hands each stage its values.

mod gate;
mod kind_file;
mod nearest;
mod policy;
mod read;
mod template;
mod toml_text;
mod units;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind, Result};
use crate::ingest::kind::{Catalog, Stated};
use crate::ingest::read::Limits;
use crate::model::Thresholds;
use crate::survivorship::Policy;

pub use gate::{Gate, GateInput};
pub use kind_file::kind_file;
pub use nearest::nearest;
pub use policy::PolicySpec;
pub use template::template;
pub use units::{duration_text, parse_duration, parse_percent, parse_size, parse_time};

/// The name of the configuration file.
pub const FILE_NAME: &str = "sameas.toml";

/// One configuration file as written: only what it states.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spec {
    /// `[thresholds] match`, a probability.
    pub matching: Option<f64>,
    /// `[thresholds] review`, a probability.
    pub review: Option<f64>,
    /// `[thresholds] auto`, a probability.
    pub auto: Option<f64>,
    /// `kinds`: a folder of the user's own source kinds, relative to the file that names it.
    pub kinds: Option<PathBuf>,
    /// `default_region`: ISO 3166-1 alpha-2, for phones and addresses that name no country.
    pub default_region: Option<String>,
    /// `threads`.
    pub threads: Option<usize>,
    /// `max_memory` in bytes.
    pub max_memory: Option<u64>,
    /// `[limits] cell` in bytes.
    pub cell_bytes: Option<u64>,
    /// `[limits] row` in bytes.
    pub row_bytes: Option<u64>,
    /// `[limits] columns`.
    pub columns: Option<u64>,
    /// `[limits] unpacked` in bytes.
    pub unpacked_bytes: Option<u64>,
    /// `[limits] unpacked_ratio`.
    pub unpacked_ratio: Option<u64>,
    /// `[limits] json_depth`.
    pub json_depth: Option<u64>,
    /// `[report] candidates`: most rows shown side by side in the page.
    pub report_candidates: Option<u64>,
    /// `[report] spreadsheet_safe`.
    pub spreadsheet_safe: Option<bool>,
    /// `[[source]]`, in the order of the file.
    pub sources: Vec<SourceRule>,
    /// `[policy]`.
    pub policy: Option<PolicySpec>,
}

/// What `[[source]]` states of the files that its pattern names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceRule {
    /// File name or path, with `*` and `?`; compared with the path as given and with its last part.
    pub file: String,
    /// The source kind.
    pub kind: Option<String>,
    /// The source.
    pub source: Option<String>,
    /// Column → field, where detection is to be corrected.
    pub columns: BTreeMap<String, String>,
}

/// The settings in force, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Posteriors at which a pair changes its band.
    pub thresholds: Thresholds,
    /// Folders of the user's own source kinds, the strongest last.
    pub kinds: Vec<PathBuf>,
    /// Country for values that name none (ISO alpha-2).
    pub default_region: Option<String>,
    /// Rules for input files; the first whose pattern fits holds, value by value.
    pub sources: Vec<SourceRule>,
    /// Limits for readers.
    pub limits: ReadLimits,
    /// Reports.
    pub report: ReportOptions,
    /// Who owns which field: the strongest file's `[policy]`.
    pub policy: Policy,
    /// Threads; not part of [`Config::resolved_text`], for results do not depend on it.
    pub threads: Option<usize>,
    /// Most memory in bytes; not part of [`Config::resolved_text`].
    pub max_memory: Option<u64>,
}

/// [`Limits`] that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Longest cell, bytes.
    pub cell_bytes: u64,
    /// Longest row, bytes.
    pub row_bytes: u64,
    /// Most columns.
    pub columns: u64,
    /// Most bytes after unpacking.
    pub unpacked_bytes: u64,
    /// Most bytes unpacked per byte packed.
    pub unpacked_ratio: u64,
    /// Deepest nesting of JSON.
    pub json_depth: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            cell_bytes: limits.cell_bytes as u64,
            row_bytes: limits.row_bytes as u64,
            columns: limits.columns as u64,
            unpacked_bytes: limits.unpacked_bytes,
            unpacked_ratio: limits.unpacked_ratio,
            json_depth: limits.json_depth as u64,
        }
    }
}

impl ReadLimits {
    /// As the readers take them.
    pub fn limits(&self) -> Limits {
        let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Limits {
            cell_bytes: size(self.cell_bytes),
            columns: size(self.columns),
            row_bytes: size(self.row_bytes),
            unpacked_bytes: self.unpacked_bytes,
            unpacked_ratio: self.unpacked_ratio,
            json_depth: size(self.json_depth),
        }
    }
}

/// Settings of the reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportOptions {
    /// Most candidates side by side in `report.html`.
    pub candidates: u64,
    /// Neutralise spreadsheet formulas in CSV files.
    pub spreadsheet_safe: bool,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self { candidates: 200, spreadsheet_safe: false }
    }
}

impl Spec {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] with the line, and the nearest name for an unknown key; [`ErrorKind::Io`]
    /// where the file cannot be read.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
        Self::parse(&text, &path.display().to_string(), path.parent().unwrap_or(Path::new("")))
    }

    /// Reads a configuration from its text; `name` is what errors call it, `folder` what relative
    /// paths in it start from.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] as for [`Spec::load`]; every problem of the file is named at once.
    pub fn parse(text: &str, name: &str, folder: &Path) -> Result<Self> {
        read::spec(text, name, folder)
    }
}

/// Reads a mapping file: TOML of column = "field".
///
/// # Errors
/// Unreadable, or a value that is no text, named with its line.
pub fn read_mapping(path: &Path) -> Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
    read::mapping(&text, &path.display().to_string())
}

impl Config {
    /// Merges files, the strongest first, over the defaults, and checks the result.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where settings contradict each other.
    pub fn resolve(specs: &[Spec]) -> Result<Self> {
        fn first<T: Clone>(specs: &[Spec], get: impl Fn(&Spec) -> &Option<T>) -> Option<T> {
            specs.iter().find_map(|spec| get(spec).clone())
        }
        let thresholds = Thresholds::default();
        let limits = ReadLimits::default();
        let report = ReportOptions::default();
        let config = Self {
            thresholds: Thresholds {
                matching: first(specs, |s| &s.matching).unwrap_or(thresholds.matching),
                review: first(specs, |s| &s.review).unwrap_or(thresholds.review),
                auto: first(specs, |s| &s.auto).unwrap_or(thresholds.auto),
            },
            kinds: specs.iter().rev().filter_map(|s| s.kinds.clone()).collect(),
            default_region: first(specs, |s| &s.default_region),
            sources: specs.iter().flat_map(|s| s.sources.iter().cloned()).collect(),
            limits: ReadLimits {
                cell_bytes: first(specs, |s| &s.cell_bytes).unwrap_or(limits.cell_bytes),
                row_bytes: first(specs, |s| &s.row_bytes).unwrap_or(limits.row_bytes),
                columns: first(specs, |s| &s.columns).unwrap_or(limits.columns),
                unpacked_bytes: first(specs, |s| &s.unpacked_bytes)
                    .unwrap_or(limits.unpacked_bytes),
                unpacked_ratio: first(specs, |s| &s.unpacked_ratio)
                    .unwrap_or(limits.unpacked_ratio),
                json_depth: first(specs, |s| &s.json_depth).unwrap_or(limits.json_depth),
            },
            report: ReportOptions {
                candidates: first(specs, |s| &s.report_candidates).unwrap_or(report.candidates),
                spreadsheet_safe: first(specs, |s| &s.spreadsheet_safe)
                    .unwrap_or(report.spreadsheet_safe),
            },
            policy: first(specs, |s| &s.policy).map(|spec| spec.policy).unwrap_or_default(),
            threads: first(specs, |s| &s.threads),
            max_memory: first(specs, |s| &s.max_memory),
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        let Thresholds { matching, review, auto } = self.thresholds;
        if !(review <= matching && matching <= auto) {
            return Err(Error::new(
                ErrorKind::Config,
                format!("thresholds must rise: review {review} ≤ match {matching} ≤ auto {auto}"),
            )
            .hint("set them under [thresholds] in sameas.toml"));
        }
        if self.threads == Some(0) {
            return Err(Error::new(ErrorKind::Config, "threads must be at least 1"));
        }
        Ok(())
    }

    /// What the rules state of a file; `path` as given on the command line, with `/`.
    pub fn stated(&self, path: &str) -> Stated {
        let mut stated = Stated::default();
        for rule in self.sources.iter().filter(|rule| rule.fits(path)) {
            stated.kind = stated.kind.or_else(|| rule.kind.clone());
            stated.source = stated.source.or_else(|| rule.source.clone());
            for (column, field) in &rule.columns {
                stated.columns.entry(column.clone()).or_insert_with(|| field.clone());
            }
        }
        stated
    }

    /// The kinds known under these settings: the compiled-in ones and the user's own.
    ///
    /// # Errors
    /// A kind's file is wrong: named with line and nearest name.
    pub fn catalog(&self) -> Result<Catalog> {
        let mut catalog = Catalog::builtin()?;
        for folder in &self.kinds {
            catalog.add_folder(folder)?;
        }
        Ok(catalog)
    }

    /// Puts a rule before all others.
    pub fn add_source(&mut self, rule: SourceRule) {
        self.sources.insert(0, rule);
    }

    /// The settings that results depend on as canonical TOML: kept in the store with each run.
    /// Reading it again gives the same settings.
    pub fn resolved_text(&self) -> String {
        toml_text::config(self)
    }

    /// Sixteen hexadecimal digits that name [`Config::resolved_text`].
    pub fn hash(&self) -> String {
        let digest = Sha256::digest(self.resolved_text().as_bytes());
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl SourceRule {
    /// Whether the rule speaks of a file.
    pub fn fits(&self, path: &str) -> bool {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        glob(&self.file, path) || glob(&self.file, name)
    }
}

/// Whether `text` fits a pattern of `*` (any text) and `?` (any one character). Linear but for
/// backtracking over the last star.
fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, taken)) = star {
            p = at + 1;
            t = taken + 1;
            star = Some((at, taken + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Spec> {
        Spec::parse(text, "sameas.toml", Path::new(""))
    }

    #[test]
    fn the_strongest_file_that_speaks_wins_key_by_key() {
        let strong = parse("[thresholds]\nauto = 0.99\n").unwrap();
        let weak = parse("threads = 3\n[thresholds]\nauto = 0.9\nreview = \"20%\"\n").unwrap();
        let config = Config::resolve(&[strong, weak]).unwrap();
        assert_eq!(config.thresholds, Thresholds { matching: 0.5, review: 0.2, auto: 0.99 });
        assert_eq!(config.threads, Some(3));
    }

    #[test]
    fn thresholds_must_rise() {
        let spec = parse("[thresholds]\nreview = 0.9\n").unwrap();
        let error = Config::resolve(&[spec]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("must rise"), "{error}");
    }

    #[test]
    fn the_resolved_text_reads_back_as_the_same_settings() {
        let text = "kinds = \"own\"\ndefault_region = \"DE\"\nthreads = 2\n[thresholds]\nmatch = 0.6\n\
            [limits]\ncell = \"2 MiB\"\n[[source]]\nfile = \"erp-*.csv\"\nkind = \"table\"\n\
            [source.columns]\n\"Kunden \\\"Nr\\\"\" = \"id\"\n";
        let config = Config::resolve(&[parse(text).unwrap()]).unwrap();
        let again = Config::resolve(&[parse(&config.resolved_text()).unwrap()]).unwrap();
        assert_eq!(again, Config { threads: None, ..config.clone() });
        assert_eq!(again.hash(), config.hash(), "threads change no result");
        assert_ne!(Config::default().hash(), config.hash());
    }

    #[test]
    fn rules_fit_by_name_or_path_and_the_first_wins() {
        let config = Config::resolve(&[parse(
            "[[source]]\nfile = \"eu/*.csv\"\nsource = \"eu\"\n[[source]]\nfile = \"*.csv\"\nkind = \"k\"\nsource = \"x\"\n",
        )
        .unwrap()])
        .unwrap();
        let stated = config.stated("eu/customers.csv");
        assert_eq!((stated.kind.as_deref(), stated.source.as_deref()), (Some("k"), Some("eu")));
        assert_eq!(config.stated("customers.csv").source.as_deref(), Some("x"));
        assert_eq!(config.stated("customers.json").kind, None);
    }

    #[test]
    fn glob_cases() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("?.csv", "é.csv", true),
            ("?.csv", ".csv", false),
            ("shop-eu.csv", "shop-eu.csv", true),
            ("shop", "shop-eu", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }
}
