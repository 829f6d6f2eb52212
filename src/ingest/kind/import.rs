//! How a system takes corrected data: its own import format and its list of merges, as data.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::spec::{Certainty, OneOrMany};
use crate::model::EntityKind;

/// `[[import]]`: a file that a system takes to change its records of one object. It holds for all
/// kinds of the system, whichever of them states it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportSpec {
    /// What the files are called: `contacts`.
    pub name: String,
    /// Object of the records that it changes.
    pub object: String,
    /// Only persons, or only organisations, where the object holds both.
    pub entity: Option<EntityKind>,
    /// Only records whose ids look so, where exports name records in two ways.
    pub ids: Option<IdForm>,
    /// Form of the files.
    #[serde(default)]
    pub format: FileForm,
    /// How sure columns and limits are, where that is not what the kind says of its names.
    pub certainty: Option<Certainty>,
    /// The column that takes the record's id; without it, `find_by` is how the system finds the
    /// record.
    pub key: Option<String>,
    /// Columns by which the system finds the record, in its order: the first that the record fills
    /// names it, so that this one and those before it cannot be changed.
    #[serde(default)]
    pub find_by: Vec<String>,
    /// What stands before ids, in the key and in the list of merges.
    #[serde(default)]
    pub prefix: String,
    /// Ids are numbers where JSON has them, in the key and in the list of merges.
    #[serde(default)]
    pub numeric: bool,
    /// JSON: what every object also holds.
    #[serde(default)]
    pub body: Map<String, Value>,
    /// Most rows of a file, without its header.
    pub rows: Option<u64>,
    /// Most bytes of a file.
    pub bytes: Option<u64>,
    /// What an empty cell does.
    #[serde(default)]
    pub blank: Blank,
    /// What a cell says that is to be emptied, where an empty one is no way to say so.
    pub clear: Option<String>,
    /// Columns (JSON: paths), in the order of the file.
    pub column: Vec<ImportColumn>,
    /// How the system's records are merged.
    pub merge: Option<MergeSpec>,
}

/// What an empty cell of an import does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Blank {
    /// The record keeps what it has.
    #[default]
    Keeps,
    /// The record loses what it has: each group of fields has files of its own and goes whole.
    Empties,
}

/// A column of an import.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportColumn {
    /// Its header (JSON: its path).
    pub name: String,
    /// The field of the golden record that it takes; several are joined.
    pub field: OneOrMany,
    /// What stands between joined fields (default: a comma and a space).
    pub join: Option<String>,
    /// Which of the record's own values stands in it, as the kind's mapping labels it.
    pub label: Option<String>,
    /// A row without it is refused.
    #[serde(default)]
    pub required: bool,
    /// Only finds the record: this import never changes it.
    #[serde(default)]
    pub fixed: bool,
    /// The system refuses a value that another record has. Columns of `find_by` are so anyway.
    #[serde(default)]
    pub unique: bool,
    /// Permissions: the word for "granted"; without it that is never written.
    pub granted: Option<String>,
    /// Permissions: the word for "denied".
    pub denied: Option<String>,
}

/// The list of merges that a system takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergeSpec {
    /// Form of the list.
    pub format: FileForm,
    /// Columns (or JSON paths) that take the survivor's id.
    pub survivor: OneOrMany,
    /// Those that take it only where the survivor has an e-mail.
    #[serde(default)]
    pub survivor_with_email: OneOrMany,
    /// Columns (or JSON paths) that take a loser's id: so many losers fit a line.
    pub loser: OneOrMany,
    /// JSON: what every line also holds.
    #[serde(default)]
    pub body: Map<String, Value>,
}

/// Form of a file that a system takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileForm {
    /// A header, and a row each.
    #[default]
    Csv,
    /// A JSON object a line, as a call of the system's interface takes it; dots in a path nest.
    Jsonl,
}

impl FileForm {
    /// As kinds write it, and how such files end.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }
}

/// What ids look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdForm {
    /// Digits only.
    Digits,
    /// Anything else, ids that were made for want of one included.
    Other,
}

impl IdForm {
    /// Whether an id looks so.
    pub fn fits(self, id: &str) -> bool {
        let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        digits == (self == Self::Digits)
    }
}
