//! Source kinds: how a file of a system is recognised and how its columns become fields. A kind is
//! one TOML file; code knows no system by name.
//!
//! [`inspect`] reads a file once and decides how it is read (kind, source, mapping, date orders,
//! region); [`read`] reads it again and yields records; [`Mapping::remap`] gives the mapped values of
//! a stored record anew. All three are pure functions of the file, the manifest and the catalog.

mod beside;
mod catalog;
mod compile;
mod dates;
mod describe;
mod detect;
mod envelope;
mod form;
mod generic;
mod group;
mod header;
mod import;
mod inspect;
mod map;
mod pass;
mod profile;
mod shape;
mod spec;
mod spec_toml;
mod systems;
mod value;

use std::collections::BTreeMap;

pub use catalog::{Catalog, GENERIC, Kind};
pub use detect::{Candidate, Detection};
pub use form::is_made_id;
pub use generic::{FIELDS, Field};
pub use import::{Blank, FileForm, IdForm, ImportColumn, ImportSpec, MergeSpec};
pub use inspect::{detect, inspect, stem};
pub use pass::{Mapping, read};
pub use spec::{
    AddressRule, Certainty, Chars, Condition, ConsentRule, Detect, EntityFlag, EntitySpec,
    FileState, Form, Group, IdSpec, KindSpec, NameRule, OneOrMany, Op, RecordSpec, Rows, Signature,
    Take, ValueRule,
};

/// What the caller states of a file instead of having it detected.
#[derive(Clone, Debug, Default)]
pub struct Stated {
    /// `--kind`, `FILE:KIND`.
    pub kind: Option<String>,
    /// `--source`, `FILE:@SOURCE`.
    pub source: Option<String>,
    /// Columns set by hand: column → field of [`FIELDS`] (`sameas.toml`, `--mapping`).
    pub columns: BTreeMap<String, String>,
}
