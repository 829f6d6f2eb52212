//! The language of source kinds, as written in TOML. `docs/add-a-source.md` explains it for people;
//! here every key stands with its meaning.

use serde::Deserialize;

use super::import::ImportSpec;
pub(super) use super::spec_toml::parse;

/// A source kind: one file of `data/sources/` or of the user's own folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindSpec {
    /// `shop-customers`: lower case, unique.
    pub name: String,
    /// The kind of system, by which other systems' ids are looked up.
    pub system: String,
    /// One line for people.
    pub title: String,
    /// What the file may be: `table`, `json`, `vcf`, or several of them.
    #[serde(default = "table_only")]
    pub containers: Vec<Form>,
    /// How sure the names in this file are.
    pub certainty: Certainty,
    /// Where they were seen.
    #[serde(default)]
    pub origin: String,
    /// Personal data that such files hold.
    #[serde(default)]
    pub personal_data: Vec<String>,
    /// How corrected data goes back: import format and limits.
    #[serde(default)]
    pub write_back: String,
    /// How the system merges two records.
    #[serde(default)]
    pub merge: String,
    /// Values by which the system says "none" in any column: `-`, `0000-00-00`. Conditions, words of
    /// permissions and of persons and organisations see them all the same.
    #[serde(default)]
    pub empty: Vec<String>,
    /// An id may stand in several rows of a file: a list of orders or payments, a log, a report that
    /// joins objects. Elsewhere it is told, and `--strict` refuses it.
    #[serde(default)]
    pub repeats: bool,
    /// How the file is recognised.
    pub detect: Detect,
    /// Several rows that make one record.
    pub group: Option<Group>,
    /// What a row becomes; the first whose `when` holds is taken, a row that fits none is left out.
    pub record: Vec<RecordSpec>,
    /// How the system takes corrected records.
    #[serde(default)]
    pub import: Vec<ImportSpec>,
    /// Why records of objects that no import of the system takes are not corrected by a file.
    #[serde(default)]
    pub no_import: String,
}

fn table_only() -> Vec<Form> {
    vec![Form::Table]
}

/// Cells under a header, or objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// CSV, TSV, XLSX.
    Table,
    /// JSON, JSONL.
    Json,
    /// Address books, read as JSON.
    Vcf,
}

impl Form {
    /// Whether its rows are objects.
    pub const fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Vcf)
    }

    /// The file formats, for people.
    pub const fn formats(self) -> &'static [&'static str] {
        match self {
            Self::Table => &["CSV", "TSV", "XLSX"],
            Self::Json => &["JSON", "JSONL"],
            Self::Vcf => &["VCF"],
        }
    }
}

/// How sure we are of the names in a kind's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// Seen in real files or the vendor's own documents.
    Seen,
    /// Partly seen.
    Partly,
    /// From memory only.
    Memory,
}

impl Certainty {
    /// As kinds write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Partly => "partly",
            Self::Memory => "memory",
        }
    }
}

/// How a file is recognised.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detect {
    /// Starts of usual file names: they decide between equals, never alone.
    #[serde(default)]
    pub files: Vec<String>,
    /// Each is enough by itself.
    #[serde(default)]
    pub signature: Vec<Signature>,
    /// Whole headers of the known generations, names joined by commas: a file that has most of one
    /// is a near miss.
    #[serde(default)]
    pub headers: Vec<String>,
    /// A file with one of these is of another kind.
    #[serde(default)]
    pub never: Vec<String>,
    /// Most values of these must look so wherever the column is there.
    #[serde(default)]
    pub values: Vec<Condition>,
}

/// Names that together are enough.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// All of these columns or paths …
    #[serde(default)]
    pub all: Vec<String>,
    /// … and one of these, where any are named …
    #[serde(default)]
    pub any: Vec<String>,
    /// … and none of these …
    #[serde(default)]
    pub none: Vec<String>,
    /// … and most values of these columns look so.
    #[serde(default)]
    pub values: Vec<Condition>,
    /// How certain it is (default 1).
    pub weight: Option<f64>,
}

/// Several rows that make one record.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Rows with one key are one record.
    pub key: Take,
    /// The main row is the first with a value in one of these; without, the first by content.
    #[serde(default)]
    pub main: Vec<String>,
    /// The main row is one without a value here (the parent of child rows).
    pub main_without: Option<String>,
    /// An empty key repeats the one of the row before.
    #[serde(default)]
    pub carry: bool,
}

/// What a row becomes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordSpec {
    /// `customer`, `order` …
    pub object: String,
    /// Rows for which all of these hold.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// A list of which each element is a record.
    pub each: Option<String>,
    /// Person, organisation, or how to tell.
    #[serde(default)]
    pub entity: EntitySpec,
    /// The record's id.
    pub id: IdSpec,
    /// A column that names the source of the row.
    pub source: Option<Take>,
    /// The record is deleted if one of these holds.
    #[serde(default)]
    pub deleted: Vec<Condition>,
    /// The record must be erased if one of these holds.
    #[serde(default)]
    pub redacted: Vec<Condition>,
    /// The survivor of a merge that this record lost.
    pub alias: Option<ValueRule>,
    /// Names.
    #[serde(default)]
    pub name: Vec<NameRule>,
    /// Mail addresses.
    #[serde(default)]
    pub email: Vec<ValueRule>,
    /// Phones.
    #[serde(default)]
    pub phone: Vec<ValueRule>,
    /// Addresses.
    #[serde(default)]
    pub address: Vec<AddressRule>,
    /// Companies.
    #[serde(default)]
    pub company: Vec<ValueRule>,
    /// Job titles.
    #[serde(default)]
    pub job_title: Vec<ValueRule>,
    /// Dates of birth.
    #[serde(default)]
    pub date_of_birth: Vec<ValueRule>,
    /// Ages.
    #[serde(default)]
    pub age: Vec<ValueRule>,
    /// Genders.
    #[serde(default)]
    pub gender: Vec<ValueRule>,
    /// Tax ids.
    #[serde(default)]
    pub tax_id: Vec<ValueRule>,
    /// Websites.
    #[serde(default)]
    pub website: Vec<ValueRule>,
    /// Loyalty ids.
    #[serde(default)]
    pub loyalty_id: Vec<ValueRule>,
    /// Card fingerprints and the like.
    #[serde(default)]
    pub token: Vec<ValueRule>,
    /// Further ids of the record in its own system.
    #[serde(default)]
    pub self_id: Vec<ValueRule>,
    /// Ids in other systems.
    #[serde(default)]
    pub external_id: Vec<ValueRule>,
    /// Ids of the organisation it belongs to.
    #[serde(default)]
    pub organization_id: Vec<ValueRule>,
    /// Permissions.
    #[serde(default)]
    pub consent: Vec<ConsentRule>,
    /// Tags.
    #[serde(default)]
    pub tag: Vec<ValueRule>,
    /// Notes.
    #[serde(default)]
    pub note: Vec<ValueRule>,
    /// Time of making.
    #[serde(default)]
    pub created_at: Vec<ValueRule>,
    /// Time of the last change.
    #[serde(default)]
    pub updated_at: Vec<ValueRule>,
    /// Columns that are kept in the row but go into no field (secrets, constants, copies).
    #[serde(default)]
    pub ignore: Vec<String>,
}

/// Person, organisation, or how to tell.
#[derive(Clone, Debug, Default)]
pub enum EntitySpec {
    /// Every record is a person.
    #[default]
    Person,
    /// Every record is an organisation.
    Organization,
    /// Nothing is known.
    Unknown,
    /// A person unless only a company's name is there; unknown where neither is.
    Auto,
    /// As `Auto`.
    Inferred {
        /// What a record is that has neither.
        otherwise: crate::model::EntityKind,
        /// A whole name may be an organisation's: its looks decide.
        by_shape: bool,
    },
    /// A column tells.
    Flag(EntityFlag),
}

/// A column that tells persons from organisations.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityFlag {
    /// The column.
    pub at: OneOrMany,
    /// Its words for a person.
    #[serde(default)]
    pub person: Vec<String>,
    /// Its words for an organisation.
    #[serde(default)]
    pub organization: Vec<String>,
    /// For any other word and none: `person`, `organization`, `unknown`, `auto` (default).
    pub otherwise: Option<String>,
}

/// The record's id.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdSpec {
    /// The column or path; the first with a value.
    #[serde(default)]
    pub at: OneOrMany,
    /// Operators.
    #[serde(default)]
    pub ops: Vec<Op>,
    /// Values that say "none".
    #[serde(default)]
    pub drop: Vec<String>,
    /// Prefixes to strip.
    #[serde(default)]
    pub strip: OneOrMany,
    /// A row without it is quarantined, where the file has the column.
    #[serde(default)]
    pub required: bool,
    /// What an id is made from where there is none: the first list with a value; else the whole row.
    #[serde(default)]
    pub made_from: Vec<Vec<String>>,
    /// The column holds personal values: ids are made from them by hashing.
    #[serde(default)]
    pub hashed: bool,
}

/// A test of one row.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The column or path; the first with a value.
    pub at: OneOrMany,
    /// One of these words, whatever the case.
    #[serde(default)]
    pub is: Vec<String>,
    /// None of these words.
    #[serde(default)]
    pub is_not: Vec<String>,
    /// Starts so (one of these).
    #[serde(default)]
    pub starts: Vec<String>,
    /// Ends so (one of these).
    #[serde(default)]
    pub ends: Vec<String>,
    /// Contains this (one of these).
    #[serde(default)]
    pub contains: Vec<String>,
    /// Holds a value, or (false) none.
    pub filled: Option<bool>,
    /// Only such characters.
    pub chars: Option<Chars>,
    /// Shortest and longest, in characters.
    pub length: Option<(usize, usize)>,
    /// The same value, whatever the case, as this other column; none at all counts as the same.
    pub same_as: Option<String>,
    /// Another value than this other column.
    pub differs: Option<String>,
}

/// Sets of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Chars {
    /// 0–9.
    Digits,
    /// 0–9, a–f, A–F, hyphens.
    Hex,
    /// Letters and digits.
    Alphanumeric,
}

/// Operators on a value, in the order given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// Strips one leading apostrophe. (Before a digit or a sign it is always stripped.)
    Apostrophe,
    /// The last part of a global id or a URL: `gid://x/Customer/12?y` → `12`.
    Tail,
    /// 15 characters → 18 with the checksum of their case (as Salesforce does); case repaired from it.
    CaseChecksum,
    /// Lower case.
    Lower,
    /// Upper case.
    Upper,
    /// Digits only.
    Digits,
    /// What stands before the first colon.
    BeforeColon,
    /// What stands after the last ` : ` (hierarchies).
    AfterLastColon,
    /// What stands in round brackets at the end.
    InBrackets,
    /// A year that the system uses for "unknown" is dropped: `1004-05-27` → `--05-27`.
    UnknownYear,
}

/// Where a value comes from. In TOML a name, a list of names (the first with a value), or a table.
#[derive(Clone, Debug, Default)]
pub struct Take {
    /// Columns or paths: the first that has a value.
    pub at: Vec<String>,
    /// Operators.
    pub ops: Vec<Op>,
    /// Values that say "none".
    pub drop: Vec<String>,
    /// Separator: several values in one.
    pub split: Option<String>,
    /// Of the split parts the n-th, from 0.
    pub part: Option<usize>,
    /// … only if there are this many.
    pub parts: Option<usize>,
    /// Prefixes to strip.
    pub strip: Vec<String>,
    /// All of `at`, joined by this.
    pub join: Option<String>,
    /// Always this value.
    pub constant: Option<String>,
}

/// A value of a field. In TOML a name, or a table.
#[derive(Clone, Debug, Default)]
pub struct ValueRule {
    /// Where it comes from.
    pub take: Take,
    /// `home`, `billing` …
    pub label: Option<String>,
    /// Only where all of these hold.
    pub when: Vec<Condition>,
    /// For each element of this list; `at` and `when` are then read inside the element.
    pub each: Option<String>,
    /// Of a group's rows, which.
    pub rows: Rows,
    /// Ids: the system; `by-form` guesses it from the id's form.
    pub system: Option<String>,
    /// Ids: the object there.
    pub object: Option<String>,
    /// Ids: announced by the system itself.
    pub announced: bool,
    /// Dates: the order, where the file need not be asked.
    pub order: Option<crate::model::DateOrder>,
}

/// Which rows of a group a rule reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rows {
    /// The main row.
    #[default]
    Main,
    /// All but the main row (children).
    Others,
    /// All.
    All,
}

/// A name in parts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the parts are those of `MappedName`")]
pub struct NameRule {
    #[serde(default)]
    pub full: Take,
    #[serde(default)]
    pub given: Take,
    #[serde(default)]
    pub middle: Take,
    #[serde(default)]
    pub family: Take,
    #[serde(default)]
    pub suffix: Take,
    #[serde(default)]
    pub title: Take,
    /// The whole name, used where no other part has a value.
    #[serde(default)]
    pub instead: Take,
    pub label: Option<String>,
    #[serde(default)]
    pub when: Vec<Condition>,
    pub each: Option<String>,
    #[serde(default)]
    pub rows: Rows,
}

/// An address in parts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the parts are those of `MappedAddress`")]
pub struct AddressRule {
    #[serde(default)]
    pub full: Take,
    #[serde(default)]
    pub number: Take,
    #[serde(default)]
    pub line: Take,
    #[serde(default)]
    pub line2: Take,
    #[serde(default)]
    pub unit: Take,
    #[serde(default)]
    pub po_box: Take,
    #[serde(default)]
    pub city: Take,
    #[serde(default)]
    pub region: Take,
    #[serde(default)]
    pub postcode: Take,
    #[serde(default)]
    pub country: Take,
    /// The whole address in one value, used where no other part has one.
    #[serde(default)]
    pub instead: Take,
    pub label: Option<String>,
    #[serde(default)]
    pub when: Vec<Condition>,
    pub each: Option<String>,
    #[serde(default)]
    pub rows: Rows,
}

impl AddressRule {
    /// The parts by their names.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&'static str, &Take)> {
        let parts: [(&str, &Take); 10] = [
            ("full", &self.full),
            ("number", &self.number),
            ("line", &self.line),
            ("line2", &self.line2),
            ("unit", &self.unit),
            ("po_box", &self.po_box),
            ("city", &self.city),
            ("region", &self.region),
            ("postcode", &self.postcode),
            ("country", &self.country),
        ];
        parts.into_iter()
    }
}

/// A permission.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentRule {
    /// `email`, `sms` …
    pub channel: String,
    /// `marketing` where not said.
    pub purpose: Option<String>,
    /// The state's column.
    #[serde(default)]
    pub at: OneOrMany,
    /// Its words for "granted", beyond yes/true/1/subscribed/granted/opted in …
    #[serde(default)]
    pub granted: Vec<String>,
    /// Its words for "denied", beyond no/false/0/unsubscribed …
    #[serde(default)]
    pub denied: Vec<String>,
    /// Its words for "never asked".
    #[serde(default)]
    pub unknown: Vec<String>,
    /// The column says opted *out*: yes is denied, no is unknown.
    #[serde(default)]
    pub inverted: bool,
    /// Any value at all means denied (suppression lists).
    #[serde(default)]
    pub filled_denies: bool,
    /// Since when.
    #[serde(default)]
    pub time: Take,
    /// Starts of the file's name that give the state.
    pub file: Option<FileState>,
    /// Only where all of these hold.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// For each element of this list.
    pub each: Option<String>,
}

/// State of a permission by the start of the file's name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileState {
    /// Granted.
    #[serde(default)]
    pub granted: Vec<String>,
    /// Denied.
    #[serde(default)]
    pub denied: Vec<String>,
    /// Unknown.
    #[serde(default)]
    pub unknown: Vec<String>,
}

/// A name or a list of names.
#[derive(Clone, Debug, Default)]
pub struct OneOrMany(pub Vec<String>);
