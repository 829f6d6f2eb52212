//! The integration documentation: what each system's files become, who owns which field, and the
//! rules in force. Made from the source kinds and the configuration, so that it cannot be out of
//! date.

use std::collections::{BTreeMap, BTreeSet};

use super::document::Document;
use crate::blocking::RULES;
use crate::compare::{DIMENSION, dim};
use crate::config::Config;
use crate::ingest::kind::{
    Catalog, Condition, EntitySpec, Form, GENERIC, Kind, KindSpec, RecordSpec, ValueRule,
};
use crate::model::{EntityKind, FileManifest};

/// What the documentation is made from.
#[derive(Clone, Copy, Debug)]
pub struct Integration<'a> {
    /// The kinds known.
    pub catalog: &'a Catalog,
    /// Source → kind, as they stand in the store; without any, all kinds are described.
    pub sources: &'a BTreeMap<String, String>,
    /// How the files of the last results were read.
    pub files: &'a [FileManifest],
    /// Who owns which field.
    pub ownership: &'a [OwnershipLine],
    /// Thresholds and limits.
    pub config: &'a Config,
}

/// What the policy in force says of a field, in words.
#[derive(Clone, Debug, Default)]
pub struct OwnershipLine {
    /// Field, group or prefix.
    pub field: String,
    /// Which entities.
    pub entities: String,
    /// How many values survive.
    pub keeps: String,
    /// Rules in order.
    pub preferred: String,
    /// What flows where, and what may be replaced there.
    pub flows: String,
}

/// What each kind of value becomes before it is compared.
const NORMALISATION: &[(&str, &str)] = &[
    (
        "name",
        "title, suffix, generation, particles and nicknames are told apart; compared without case, accents and punctuation",
    ),
    (
        "email",
        "lower case; dots and plus tags as the provider treats them; role, relay, throw-away and free mailboxes are marked",
    ),
    (
        "phone",
        "E.164 where the country is known (the row's, else the file's); extensions apart; placeholders are never compared",
    ),
    (
        "address",
        "number, street, unit, box, town, region and postcode told apart; ISO country and region codes",
    ),
    (
        "company",
        "legal form and joining words apart; words that say there is none are never compared",
    ),
    (
        "date_of_birth",
        "the order of day and month is decided from the whole column; default dates are never compared",
    ),
    (
        "tax_id, loyalty_id, token",
        "letters and digits in upper case; compared only with numbers of their own sort",
    ),
    (
        "ids",
        "as their own system writes them: prefixes and URLs stripped, 15 characters brought to 18 where the system does so",
    ),
    ("consent", "granted, denied or unknown, by channel and purpose, with its time"),
    ("times", "seconds in UTC; a time without a zone counts as UTC"),
];

/// What becomes of what is wrong.
const ERRORS: &[&str] = &[
    "A row that cannot be taken goes to quarantine with its line and the reason; everything else goes on (exit code 4; `sameas quarantine list`).",
    "A file that cannot be read fails alone (exit code 1); what other files brought stays.",
    "A file that two kinds fit equally well is refused; the message names both and the flag that decides.",
    "A column that no field takes is kept with its row and named after the ingest; `--strict` refuses such a file, and one with rows for quarantine (exit code 3).",
    "The same file again changes nothing. Of two versions of a record the later by its own time of change holds, else the later ingest.",
    "A deletion, or a merge that the system made, ends a record: it leaves the results and its id still resolves. An erasure request stays in force whatever comes later (`sameas status`).",
];

impl Integration<'_> {
    /// The whole documentation.
    pub fn document(&self) -> Document {
        let mut out = Document::default();
        out.heading(1, "Integration documentation");
        out.text("Made by `sameas docs` from the source kinds and the configuration in force.");
        self.sources(&mut out);
        for kind in self.kinds() {
            describe(&mut out, self.catalog, kind);
        }
        self.recognised(&mut out);
        self.ownership(&mut out);
        self.rules(&mut out);
        self.validation(&mut out);
        out.heading(2, "Error handling");
        out.list(ERRORS.iter().map(|line| (*line).to_owned()).collect());
        out
    }

    fn kinds(&self) -> Vec<&Kind> {
        let names = self.catalog.names();
        let used = |name: &str| self.sources.values().any(|kind| kind == name);
        let kinds = names.iter().filter(|name| self.sources.is_empty() || used(name));
        kinds.filter_map(|name| self.catalog.kind(name)).collect()
    }

    fn sources(&self, out: &mut Document) {
        out.heading(2, "Systems and direction");
        if self.sources.is_empty() {
            out.text("No store was read: every kind known is described.");
            out.table(KINDS_HEAD, kind_rows(self.catalog));
            return;
        }
        let rows = self.sources.iter().map(|(source, name)| {
            let spec = self.catalog.kind(name).map(|kind| &kind.spec);
            let text = |text: Option<&String>| text.cloned().unwrap_or_default();
            vec![
                source.clone(),
                text(spec.map(|spec| &spec.system)),
                name.clone(),
                "in".to_owned(),
                text(spec.map(|spec| &spec.write_back)),
                text(spec.map(|spec| &spec.merge)),
            ]
        });
        let head = ["source", "system", "kind", "read", "corrections go back by", "merges"];
        out.table(&head, rows.collect());
        out.text("What should change in a system is written by `sameas sync-plan --to SYSTEM`; nothing is sent.");
    }

    /// Tables that no kind knows: what their columns were taken for.
    fn recognised(&self, out: &mut Document) {
        for file in self.files.iter().filter(|file| &*file.kind == GENERIC) {
            out.heading(2, format!("{} ({})", file.name, file.source));
            out.text("No kind knows this table: its columns were recognised. `sameas init --kinds` makes a kind of it, [source.columns] corrects it.");
            let rows =
                file.mapping.iter().map(|(column, field)| vec![field.clone(), column.clone()]);
            out.table(&["field", "column"], rows.collect());
            if !file.unused_columns.is_empty() {
                out.text(format!("Kept, but in no field: {}.", file.unused_columns.join(", ")));
            }
        }
    }

    fn ownership(&self, out: &mut Document) {
        out.heading(2, "Ownership");
        out.text("Of several values of a field the first rule that tells two apart decides.");
        let rows = self.ownership.iter().map(|line| {
            let OwnershipLine { field, entities, keeps, preferred, flows } = line;
            [field, entities, keeps, preferred, flows].map(Clone::clone).to_vec()
        });
        let head = ["field", "entities", "kept", "preferred", "direction and overwriting"];
        out.table(&head, rows.collect());
    }

    fn rules(&self, out: &mut Document) {
        out.heading(2, "Normalisation rules");
        let rows = NORMALISATION.iter().map(|(what, rule)| vec![(*what).into(), (*rule).into()]);
        out.table(&["values", "rule"], rows.collect());
        out.heading(2, "Merge rules");
        let limits = self.config.thresholds;
        out.list(vec![
            format!("From a probability of {} on two records are one entity.", limits.matching),
            format!("From {} on that may be applied unseen.", limits.auto),
            format!("Between {} and {} a person looks.", limits.review, limits.auto),
            "A pair that a person judged different is never joined; nor are a person and an organisation.".to_owned(),
            "A merge that a system made or announced is taken as strong evidence, and the loser's id resolves to the survivor.".to_owned(),
        ]);
        out.text("Two records are compared when they share one of these keys:");
        out.list(vec![RULES.iter().map(|rule| rule.name).collect::<Vec<_>>().join(", ")]);
        out.text("Levels of agreement, best first; each weighs what the data itself shows it to be worth (`sameas model show`):");
        let rows = DIMENSION.iter().take(dim::TEXT);
        let rows = rows.map(|d| vec![d.name.to_owned(), d.levels.join(", ")]);
        out.table(&["evidence", "levels"], rows.collect());
    }

    fn validation(&self, out: &mut Document) {
        out.heading(2, "Validation dependencies");
        let mut rows = Vec::new();
        for kind in self.kinds() {
            let spec = &kind.spec;
            let required = spec.record.iter().filter(|record| record.id.required);
            for record in required {
                rows.push(vec![
                    spec.name.clone(),
                    format!(
                        "{}: a row without {} goes to quarantine",
                        record.object,
                        record.id.at.0.join(" / ")
                    ),
                ]);
            }
            for condition in &spec.detect.values {
                rows.push(vec![spec.name.clone(), format!("most values: {}", said(condition))]);
            }
        }
        out.table(&["kind", "demands"], rows);
        let limits = &self.config.limits;
        out.text(format!(
            "A cell may have {} bytes, a row {} bytes, a table {} columns, a file {} bytes unpacked.",
            limits.cell_bytes, limits.row_bytes, limits.columns, limits.unpacked_bytes
        ));
    }
}

/// The table of `docs/sources.md`: every kind with its formats, how it is recognised, how data goes
/// back, and how sure we are of its names.
pub fn kinds_document(catalog: &Catalog) -> Document {
    let mut out = Document::default();
    out.heading(1, "Source kinds");
    out.text(format!(
        "{} kinds are compiled in; every one is recognised without a flag, also with columns missing, \
         added or in another order. JSON kinds come as lines, as an array, in the list of an API's \
         answer, in CloudEvents and other envelopes; every file also as .gz or .zst. `sameas sources \
         show KIND` says what a kind maps; [add-a-source.md](add-a-source.md) how to add one. \
         Certainty: seen in real files or the vendor's documents, partly seen, or from memory.",
        catalog.names().len()
    ));
    out.text("This page is made from `data/sources/`; a test keeps it so.");
    out.table(KINDS_HEAD, kind_rows(catalog));
    out
}

const KINDS_HEAD: &[&str] = &[
    "kind",
    "what",
    "formats",
    "detected without a flag",
    "certainty",
    "write-back format (sync-plan)",
    "corrections go back by",
];

fn kind_rows(catalog: &Catalog) -> Vec<Vec<String>> {
    let names = catalog.names();
    let kinds = names.iter().filter_map(|name| catalog.kind(name));
    kinds
        .map(|kind| {
            let spec = &kind.spec;
            let signatures = spec.detect.signature.len();
            let by = match signatures {
                0 => "yes, by its header".to_owned(),
                1 => "yes, by a signature".to_owned(),
                n => format!("yes, by {n} signatures"),
            };
            vec![
                spec.name.clone(),
                spec.title.clone(),
                formats(&spec.containers).join(", "),
                by,
                spec.certainty.as_str().to_owned(),
                written_back(catalog, spec).join("; "),
                spec.write_back.clone(),
            ]
        })
        .collect()
}

/// How each object of a kind is written back by `sync-plan`, or why it is not.
pub fn written_back(catalog: &Catalog, spec: &KindSpec) -> Vec<String> {
    let objects: BTreeSet<&str> = spec.record.iter().map(|one| one.object.as_str()).collect();
    let mut out = Vec::new();
    let mut blank = Vec::new();
    for object in objects {
        let mut taken = false;
        for (kind, import) in catalog.imports(&spec.system).filter(|(_, i)| i.object == object) {
            taken = true;
            let by = import.key.clone().unwrap_or_else(|| import.find_by.join(", then "));
            let sure = import.certainty.unwrap_or(kind.spec.certainty).as_str();
            let merges = if import.merge.is_some() { ", merge list" } else { "" };
            let format = import.format.as_str();
            out.push(format!("{object}: {} ({format} by {by}{merges}; {sure})", import.name));
        }
        if !taken {
            blank.push(object);
        }
    }
    if !blank.is_empty() {
        out.push(format!("{}: none, {}", blank.join(", "), spec.no_import));
    }
    out
}

/// Names of the file formats that a kind comes in.
pub fn formats(containers: &[Form]) -> Vec<&'static str> {
    containers.iter().flat_map(|form| form.formats().iter().copied()).collect()
}

fn describe(out: &mut Document, catalog: &Catalog, kind: &Kind) {
    let spec = &kind.spec;
    out.heading(2, format!("{} ({})", spec.name, spec.system));
    out.text(format!("{}.", spec.title));
    let mut about = vec![
        vec!["formats".to_owned(), formats(&spec.containers).join(", ")],
        vec!["names".to_owned(), format!("{}: {}", spec.certainty.as_str(), spec.origin)],
        vec!["personal data".to_owned(), spec.personal_data.join(", ")],
        vec!["corrections go back by".to_owned(), spec.write_back.clone()],
        vec!["written back".to_owned(), written_back(catalog, spec).join("; ")],
        vec!["merges".to_owned(), spec.merge.clone()],
    ];
    if !spec.empty.is_empty() {
        about.push(vec!["says \"none\" by".to_owned(), spec.empty.join(", ")]);
    }
    for import in &spec.import {
        let found = import.key.clone().unwrap_or_else(|| import.find_by.join(", then "));
        let columns: Vec<&str> = import.column.iter().map(|column| column.name.as_str()).collect();
        let rows = import.rows.map_or_else(String::new, |rows| format!("at most {rows} rows; "));
        about.push(vec![
            format!("import file: {}", import.name),
            format!("found by {found}; {rows}{}", columns.join(", ")),
        ]);
    }
    for record in &spec.record {
        about.push(vec![format!("record: {}", record.object), facts(record)]);
    }
    out.table(&["about", ""], about);
    let rows = kind.fields().into_iter().map(|(field, columns)| vec![field, columns.join(", ")]);
    out.table(&["field", "columns"], rows.collect());
}

/// What makes a record, in a sentence or two.
fn facts(record: &RecordSpec) -> String {
    let mut out = Vec::new();
    let all = |list: &[Condition], word: &str| list.iter().map(said).collect::<Vec<_>>().join(word);
    if let Some(list) = &record.each {
        out.push(format!("one for each of {list}"));
    }
    if !record.when.is_empty() {
        out.push(format!("where {}", all(&record.when, " and ")));
    }
    out.push(entity(&record.entity).to_owned());
    out.push(if record.id.at.0.is_empty() {
        "the id is made from its content".to_owned()
    } else {
        format!("id: {}", record.id.at.0.join(" / "))
    });
    if !record.deleted.is_empty() {
        out.push(format!("deleted where {}", all(&record.deleted, " or ")));
    }
    if !record.redacted.is_empty() {
        out.push(format!("to be erased where {}", all(&record.redacted, " or ")));
    }
    if let Some(alias) = &record.alias {
        out.push(format!("merged into {}", alias.take.at.join(" / ")));
    }
    let ids = record.external_id.iter().filter(|rule| rule.system.is_some());
    let of = |rule: &ValueRule| {
        let system = rule.system.as_deref().unwrap_or_default();
        match (system, &rule.object) {
            ("by-form", _) => "whatever system the id's form tells".to_owned(),
            (system, Some(object)) => format!("{system} {object}"),
            (system, None) => system.to_owned(),
        }
    };
    let mut ids: Vec<String> = ids.map(of).collect();
    ids.sort();
    ids.dedup();
    if !ids.is_empty() {
        out.push(format!("carries ids of {}", ids.join(", ")));
    }
    out.join("; ")
}

const fn entity(spec: &EntitySpec) -> &'static str {
    match spec {
        EntitySpec::Person => "a person",
        EntitySpec::Organization => "an organisation",
        EntitySpec::Unknown => "a person or an organisation",
        EntitySpec::Flag(_) => "a person or an organisation, as a column says",
        EntitySpec::Inferred { otherwise: EntityKind::Person, .. } => "a person",
        EntitySpec::Auto | EntitySpec::Inferred { .. } => {
            "a person or an organisation, as its names show"
        }
    }
}

/// A condition in words.
fn said(condition: &Condition) -> String {
    let c = condition;
    let mut out = Vec::new();
    for (word, list) in [
        ("is", &c.is),
        ("is not", &c.is_not),
        ("starts with", &c.starts),
        ("ends with", &c.ends),
        ("contains", &c.contains),
    ] {
        if !list.is_empty() {
            let values: Vec<String> = list.iter().map(|value| format!("`{value}`")).collect();
            out.push(format!("{word} {}", values.join(" or ")));
        }
    }
    match c.filled {
        Some(true) => out.push("has a value".to_owned()),
        Some(false) => out.push("has none".to_owned()),
        None => {}
    }
    if let Some(other) = &c.same_as {
        out.push(format!("is the same as {other}"));
    }
    if let Some(other) = &c.differs {
        out.push(format!("differs from {other}"));
    }
    if let Some((least, most)) = c.length {
        out.push(format!("has {least} to {most} characters"));
    }
    format!("{} {}", c.at.0.join(" / "), out.join(", "))
}
