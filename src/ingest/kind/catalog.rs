//! The kinds known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::compile::{FileFacts, compile};
use super::header::Lexicon;
use super::import::ImportSpec;
use super::spec::{self, KindSpec};
use super::value::{header_key, plain_path};
use crate::error::{Error, ErrorKind, Result};

const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The name of the kind of tables and JSON that no kind knows.
pub const GENERIC: &str = "generic-table";

/// The kinds known: those of `data/sources/`, compiled in, and the user's own.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    kinds: BTreeMap<Arc<str>, Arc<Kind>>,
    /// Worked out when the first file is looked at.
    rarity: OnceLock<Arc<BTreeMap<String, f64>>>,
}

/// A kind as `sources show` presents it.
#[derive(Debug)]
pub struct Kind {
    /// What its file says.
    pub spec: KindSpec,
    /// Its text, for `sources show`.
    pub text: String,
    /// Names of columns (or paths) that it knows, as they are compared.
    pub(super) vocabulary: BTreeSet<String>,
    /// Those of them that any system may have (`Email`, `City`).
    pub(super) common: BTreeSet<String>,
    /// Whole headers of the known generations.
    pub(super) generations: Vec<BTreeSet<String>>,
}

impl Kind {
    /// Fields that the kind maps with the columns they come from, in the order of the vocabulary.
    pub fn fields(&self) -> Vec<(String, Vec<String>)> {
        let mut out = Vec::new();
        for record in &self.spec.record {
            out.extend(super::describe::fields(record));
        }
        out
    }
}

impl Catalog {
    /// The kinds compiled in.
    ///
    /// # Errors
    /// A compiled-in file is wrong (a test guards that).
    pub fn builtin() -> Result<Self> {
        static CATALOG: OnceLock<Catalog> = OnceLock::new();
        if let Some(catalog) = CATALOG.get() {
            return Ok(catalog.clone());
        }
        let mut catalog = Self::default();
        for (name, text) in BUILTIN {
            catalog.add(text, name)?;
        }
        Ok(CATALOG.get_or_init(|| catalog).clone())
    }

    /// Adds every `*.toml` of a folder; a kind of the same name replaces the built-in one.
    ///
    /// # Errors
    /// A file has an unknown key, field or operator: named with line and nearest name.
    pub fn add_folder(&mut self, folder: &Path) -> Result<()> {
        let entries = std::fs::read_dir(folder).map_err(|e| Error::io(folder, e))?;
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| Error::io(folder, e))?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|e| Error::io(&path, e))?;
            self.add(&text, &path.display().to_string())?;
        }
        Ok(())
    }

    /// Adds one kind from its text; `place` is named in errors.
    ///
    /// # Errors
    /// As [`Catalog::add_folder`].
    pub fn add(&mut self, text: &str, place: &str) -> Result<()> {
        let spec: KindSpec = spec::parse(text, place)?;
        let wrong = |message: String| Err(Error::new(ErrorKind::Config, message).at(place));
        if spec.name == GENERIC || spec.name.is_empty() || spec.name.contains([' ', '@', ':', '/'])
        {
            return wrong(format!("`{}` cannot be the name of a kind", spec.name));
        }
        if spec.record.is_empty() {
            return wrong("a kind needs at least one [[record]]".to_owned());
        }
        if spec.detect.signature.is_empty() && spec.detect.headers.is_empty() {
            return wrong("a kind needs a signature or a header to be recognised by".to_owned());
        }
        let kind = Kind::new(spec, text);
        self.kinds.insert(kind.spec.name.as_str().into(), Arc::new(kind));
        self.rarity = OnceLock::new();
        Ok(())
    }

    /// Names, sorted.
    pub fn names(&self) -> Vec<Arc<str>> {
        self.kinds.keys().cloned().collect()
    }

    /// A kind by name.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name).map(|kind| &**kind)
    }

    /// Every import of a system, with the kind that states it.
    pub fn imports(&self, system: &str) -> impl Iterator<Item = (&Kind, &ImportSpec)> {
        let kinds = self.kinds.values().filter(move |kind| kind.spec.system == system);
        kinds.flat_map(|kind| kind.spec.import.iter().map(move |import| (&**kind, import)))
    }

    /// Why a system takes no file of corrections, as its first kind says it.
    pub fn no_import(&self, system: &str) -> Option<&str> {
        let kinds = self.kinds.values().filter(|kind| kind.spec.system == system);
        kinds.map(|kind| kind.spec.no_import.as_str()).find(|reason| !reason.is_empty())
    }

    /// How rare each name is that any kind knows.
    pub(super) fn rarity(&self) -> &BTreeMap<String, f64> {
        self.rarity.get_or_init(|| Arc::new(super::detect::rarity(self)))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&Arc<str>, &Kind)> {
        self.kinds.iter().map(|(name, kind)| (name, &**kind))
    }

    /// A kind by name, or an error that names the nearest.
    pub(super) fn wanted(&self, name: &str) -> Result<&Kind> {
        self.kind(name).ok_or_else(|| {
            let error = Error::new(ErrorKind::Config, format!("there is no source kind `{name}`"));
            let names = self.names();
            match nearest(name, names.iter().map(|name| &**name).chain([GENERIC])) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`sameas sources list` names them all"),
            }
        })
    }
}

/// The nearest of some names, if any is near.
pub(super) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    names
        .map(|one| {
            let distance =
                rapidfuzz::distance::osa::distance(lower.chars(), one.to_lowercase().chars());
            (distance, one)
        })
        .filter(|(distance, one)| *distance <= 2.max(one.chars().count() / 3))
        .min()
        .map(|(_, one)| one)
}

impl Kind {
    fn new(spec: KindSpec, text: &str) -> Self {
        let json = spec.containers.iter().all(|form| form.is_json());
        let key = |name: &str| if json { plain_path(name) } else { header_key(name) };
        let generations: Vec<BTreeSet<String>> = spec
            .detect
            .headers
            .iter()
            .map(|header| header.split([',', '\t']).map(|name| key(name.trim())).collect())
            .collect();
        let mut vocabulary: BTreeSet<String> = generations.iter().flatten().cloned().collect();
        for signature in &spec.detect.signature {
            vocabulary.extend(signature.all.iter().chain(&signature.any).map(|name| key(name)));
        }
        let facts = FileFacts {
            columns: &[],
            json,
            name: "",
            date_orders: &BTreeMap::new(),
            system: &"".into(),
            empty: &[],
            unused: &[],
        };
        for record in &spec.record {
            let wanted = compile(record, &facts).wanted;
            vocabulary
                .extend(wanted.iter().filter(|name| !name.contains('*')).map(|name| key(name)));
        }
        vocabulary.remove("");
        let is_common = |name: &&String| {
            let said = Lexicon::builtin().read(name);
            said.is_some_and(|said| said.left == 0 && said.label.is_none())
                && name.split([' ', '_']).count() <= 2
        };
        let common = vocabulary.iter().filter(is_common).cloned().collect();
        Self { common, spec, text: text.to_owned(), vocabulary, generations }
    }
}
