//! `sameas init --kinds`: a first kind file for a table that no kind knows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::toml_text::quoted;
use crate::ingest::kind::FIELDS;
use crate::model::FileManifest;

/// Columns that together are enough for the signature.
const SIGNATURE: usize = 4;

/// The text of a kind called `name` that maps a generic table as it was recognised, to be corrected
/// by hand.
pub fn kind_file(name: &str, manifest: &FileManifest) -> String {
    let fields = Fields::of(&manifest.mapping);
    let json = manifest.columns.is_empty();
    let list = |names: &[&str]| names.iter().map(|n| quoted(n)).collect::<Vec<_>>().join(", ");
    // A header is a line of names between commas.
    let (mapped, unused) = (manifest.mapping.keys(), &manifest.unused_columns);
    let all: Vec<&str> = if json {
        mapped.chain(unused).map(String::as_str).collect()
    } else {
        manifest.columns.iter().map(|column| &**column).collect()
    };
    let header: Vec<&str> =
        all.iter().copied().filter(|c| !c.is_empty() && !c.contains([',', '\t'])).collect();
    let of_mapping = all.iter().copied().filter(|column| manifest.mapping.contains_key(*column));
    let signature: Vec<&str> = of_mapping.take(SIGNATURE).collect();
    let mut out = format!(
        "# A source kind, made from {file}. `docs/add-a-source.md` explains every key.\n\
         name = {name}\nsystem = {name}\ntitle = {file}\n",
        file = quoted(&manifest.name),
        name = quoted(name)
    );
    if json {
        out.push_str("containers = [\"json\"]\n");
    }
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "certainty = \"seen\"\norigin = {}\nwrite_back = \"\"\nmerge = \"\"\n\n[detect]\n\
         headers = [{}]\nsignature = [{{ all = [{}] }}]\n\n[[record]]\nobject = \"record\"\n\
         entity = \"auto\"\n",
        quoted(&manifest.name),
        quoted(&header.join(",")),
        list(&signature)
    );
    let (id, hashed) = fields.id();
    let _ = match id {
        Some(id) if hashed => writeln!(out, "id = {{ at = {}, hashed = true }}", quoted(id)),
        Some(id) => writeln!(out, "id = {{ at = {}, required = true }}", quoted(id)),
        None => writeln!(out, "id = {{}}    # made from the content of the row"),
    };
    if let Some(source) = fields.columns("source").next() {
        let _ = writeln!(out, "source = {}", quoted(source));
    }
    for field in FIELDS.iter().filter(|field| field.list) {
        let values: Vec<String> = fields.values(field.name).collect();
        if !values.is_empty() {
            let _ = writeln!(out, "{} = [{}]", field.name, values.join(", "));
        }
    }
    for (label, parts) in fields.parts("name") {
        block(&mut out, "name", label, &parts);
    }
    for (label, parts) in fields.parts("address") {
        block(&mut out, "address", label, &parts);
    }
    for column in &manifest.unused_columns {
        let _ = writeln!(out, "# kept, but no field takes it: {}", quoted(column));
    }
    out
}

fn block(out: &mut String, what: &str, label: &str, parts: &BTreeMap<&str, Vec<&str>>) {
    let _ = writeln!(out, "\n[[record.{what}]]");
    if !label.is_empty() {
        let _ = writeln!(out, "label = {}", quoted(label));
    }
    for (part, columns) in parts {
        let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        let _ = writeln!(out, "{part} = [{}]", columns.join(", "));
    }
}

/// A mapping, field by field: (field, label, column).
struct Fields<'a>(Vec<(&'a str, &'a str, &'a str)>);

impl<'a> Fields<'a> {
    fn of(mapping: &'a BTreeMap<String, String>) -> Self {
        let split = |(column, field): (&'a String, &'a String)| {
            let (plain, label) = field.split_once('@').unwrap_or((field, ""));
            (plain, label, column.as_str())
        };
        Self(mapping.iter().map(split).collect())
    }

    fn columns<'s>(&'s self, field: &'s str) -> impl Iterator<Item = &'a str> + 's {
        self.0.iter().filter(move |(plain, ..)| *plain == field).map(|(.., column)| *column)
    }

    /// The id's column, and whether it holds personal values.
    fn id(&self) -> (Option<&'a str>, bool) {
        match self.columns("id").next() {
            Some(column) => (Some(column), false),
            None => (self.columns("id:hashed").next(), true),
        }
    }

    /// Values of a field as a kind writes them.
    fn values<'s>(&'s self, field: &'s str) -> impl Iterator<Item = String> + 's {
        self.0.iter().filter_map(move |(plain, label, column)| {
            let (plain, of) = plain.split_once(':').unwrap_or((plain, ""));
            if plain != field {
                return None;
            }
            let mut more = String::new();
            let mut push = |key: &str, value: &str| {
                let _ = write!(more, ", {key} = {}", quoted(value));
            };
            match of.split_once('/') {
                Some((system, object)) => {
                    push("system", system);
                    push("object", object);
                }
                None if field == "external_id" => push("system", "by-form"),
                None => {}
            }
            if field == "tag" {
                push("split", ",");
            }
            if !label.is_empty() {
                push("label", label);
            }
            Some(if more.is_empty() {
                quoted(column)
            } else {
                format!("{{ at = {}{more} }}", quoted(column))
            })
        })
    }

    /// By label, the parts of a name or an address with their columns.
    fn parts(&self, what: &str) -> BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a str>>> {
        let mut out: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
        for (plain, label, column) in &self.0 {
            let Some(rest) = plain.strip_prefix(what) else { continue };
            let part = match rest.strip_prefix('.') {
                Some(part) => part,
                None if rest.is_empty() => "full",
                None => continue,
            };
            out.entry(label).or_default().entry(part).or_default().push(column);
        }
        out
    }
}
