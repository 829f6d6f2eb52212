//! The imports of a system, made ready: which column takes which part of which group of fields.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::config::nearest;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::kind::{Catalog, ImportColumn, ImportSpec};
use crate::model::{EntityKind, RecordKey};
use crate::survivorship::{FAMILIES, Member, VOCABULARY, group_of, has_labels};

/// An import file of a system.
#[derive(Debug)]
pub(super) struct Import<'c> {
    /// The system that takes it.
    system: Arc<str>,
    pub(super) spec: &'c ImportSpec,
    /// One a column.
    pub(super) slots: Vec<Slot<'c>>,
}

/// What a column takes.
#[derive(Debug)]
pub(super) struct Slot<'c> {
    pub(super) column: &'c ImportColumn,
    pub(super) group: &'c str,
    /// Places in the group.
    parts: Vec<usize>,
}

impl<'c> Import<'c> {
    /// The imports that the kinds of a system state.
    ///
    /// # Errors
    /// A kind names a field that there is none of, or fields of several groups for one column.
    pub(super) fn all(catalog: &'c Catalog, system: &Arc<str>) -> Result<Vec<Self>> {
        let mut out = Vec::new();
        for (kind, spec) in catalog.imports(system) {
            let slots = spec.column.iter().map(|column| Slot::new(&kind.spec.name, column));
            let slots: Vec<Slot<'_>> = slots.collect::<Result<_>>()?;
            // Two columns for one value would say it twice.
            let twice = slots.iter().find(|slot| {
                let twin = |other: &&Slot<'_>| other.group == slot.group;
                slots.iter().find(twin).is_some_and(|one| one.column.label != slot.column.label)
            });
            if let Some(slot) = twice {
                let message = format!("columns of `{}` bear different labels", slot.group);
                return Err(Error::new(ErrorKind::Config, message)
                    .at(format_args!("kind {}, [[import]] {}", kind.spec.name, spec.name))
                    .hint("name the columns of the one value that corrections go to"));
            }
            out.push(Self { system: Arc::clone(system), spec, slots });
        }
        Ok(out)
    }

    /// Whether it takes a record, by its system, object, id and kind.
    pub(super) fn takes(&self, member: &Member, kind: EntityKind) -> bool {
        let key = &member.key;
        self.system == member.system
            && *self.spec.object == *key.object
            && self.spec.entity.is_none_or(|entity| entity == kind)
            && self.spec.ids.is_none_or(|form| form.fits(&key.id))
    }

    /// Whether no two records of a source may have the same in a column.
    pub(super) fn is_unique(&self, column: usize) -> bool {
        let column = self.slots[column].column;
        column.unique || self.spec.find_by.contains(&column.name)
    }

    /// A record's id as the system wants it.
    pub(super) fn id(&self, key: &RecordKey) -> Value {
        let number = key.id.parse::<u64>().ok().filter(|_| self.spec.numeric);
        number.map_or_else(|| format!("{}{}", self.spec.prefix, key.id).into(), Value::from)
    }

    /// Place of a column by its header.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|slot| slot.column.name == name)
    }
}

impl<'c> Slot<'c> {
    fn new(kind: &str, column: &'c ImportColumn) -> Result<Self> {
        let wrong = |message: String| {
            Error::new(ErrorKind::Config, message)
                .at(format_args!("kind {kind}, [[import]], column `{}`", column.name))
        };
        let mut group = None;
        let mut parts = Vec::new();
        for field in &column.field.0 {
            let Some((of, part)) = group_of(field) else {
                let error = wrong(format!("there is no field `{field}`"));
                let known = VOCABULARY.into_iter().chain(FAMILIES);
                return Err(match nearest(field, known) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint("the fields are those of golden.csv"),
                });
            };
            if group.is_some_and(|known| known != of) {
                return Err(wrong("its fields do not survive together".to_owned()).hint(
                    "join fields of one group only, such as address_line and address_line2",
                ));
            }
            group = Some(of);
            parts.push(part);
        }
        let group = group.ok_or_else(|| wrong("it names no field".to_owned()))?;
        if column.label.is_some() && !has_labels(group) {
            return Err(wrong(format!("values of `{group}` bear no label"))
                .hint("leave `label` out: the record's first value is meant"));
        }
        if column.unique && !matches!(group, "email" | "phone") {
            return Err(wrong(format!("`unique` is not looked after for `{group}`"))
                .hint("it holds for columns of e-mails and phones"));
        }
        Ok(Self { column, group, parts })
    }

    /// Whether it takes the country of an address, and nothing else.
    pub(super) fn is_country(&self) -> bool {
        self.column.field.0 == ["country"]
    }

    /// Whether it takes nothing but the second line of an address.
    pub(super) fn is_line2(&self) -> bool {
        self.column.field.0 == ["address_line2"]
    }

    /// What JSON says for a cell: permissions may be truth values.
    pub(super) fn json(&self, cell: &str) -> Value {
        match cell {
            "true" | "false" if self.group.starts_with("consent.") => (cell == "true").into(),
            _ => cell.into(),
        }
    }

    /// What the cell says for a value of the group; empty where the column has no word for it.
    pub(super) fn text(&self, parts: &[Cow<'_, str>]) -> String {
        let filled: Vec<&str> = (self.parts.iter())
            .filter_map(|part| parts.get(*part))
            .map(|part| &**part)
            .filter(|part| !part.is_empty())
            .collect();
        let text = filled.join(self.column.join.as_deref().unwrap_or(", "));
        if self.group.starts_with("consent.") {
            let word = match text.as_str() {
                "granted" => self.column.granted.clone(),
                "denied" => self.column.denied.clone(),
                _ => None,
            };
            return word.unwrap_or_default();
        }
        text
    }
}
