//! Canonical values of a record: what is compared, indexed and survives into golden records.
//!
//! Every value keeps a display form. *Folded* means: NFKD, marks stripped, transliterated to Latin,
//! lower case, apostrophes removed (`reference::fold`).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::key::{EntityKind, Timestamp};
use super::mapped::{ConsentState, ExternalId};

/// A record's canonical values; a pure function of its [`MappedRecord`](super::MappedRecord).
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NormalRecord {
    /// Person, organisation, unknown.
    pub entity_kind: EntityKind,
    /// Personal names, the record's own first.
    pub names: Vec<PersonName>,
    /// Mail addresses, the primary first.
    pub emails: Vec<Email>,
    /// Phone numbers, the primary first, faxes last.
    pub phones: Vec<Phone>,
    /// Postal addresses, the primary first.
    pub addresses: Vec<Address>,
    /// The organisation's own names; of a person, employers.
    pub organizations: Vec<Organization>,
    /// Positions or occupations.
    pub job_titles: Vec<JobTitle>,
    /// Birth dates.
    pub births: Vec<BirthDate>,
    /// Age in years.
    pub age: Option<u16>,
    /// Gender.
    pub gender: Option<Gender>,
    /// Numbers that identify: tax, national, loyalty, card fingerprints.
    pub identifiers: Vec<Identifier>,
    /// The record's own ids in its system.
    pub self_ids: Vec<ExternalId>,
    /// Ids of other systems that it carries.
    pub external_ids: Vec<ExternalId>,
    /// Organisations that it belongs to, by id.
    pub organization_ids: Vec<ExternalId>,
    /// Web pages.
    pub websites: Vec<Website>,
    /// Permissions.
    pub consents: Vec<Consent>,
    /// Tags.
    pub tags: Vec<String>,
    /// Free text.
    pub notes: Vec<String>,
    /// When its system made it.
    pub created_at: Option<Timestamp>,
    /// When its system last changed it.
    pub updated_at: Option<Timestamp>,
    /// Every other column with a value: (column as written, value trimmed).
    pub others: Vec<(Arc<str>, String)>,
}

impl std::fmt::Debug for NormalRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NormalRecord({}, <redacted>)", self.entity_kind.as_str())
    }
}

/// A personal name in parts. Tokens are folded, in order, without titles; particles (`van`, `de`)
/// are joined in front of the family token they belong to in `display` but stand as tokens of
/// their own in `family` only where they are written apart.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonName {
    /// As a person would write it: `Anna-Maria van der Berg`.
    pub display: String,
    /// Display form of the given name or names.
    pub display_given: String,
    /// Display form of the family name.
    pub display_family: String,
    /// Folded given tokens; `anna-maria` is two, `j.` is `j`.
    pub given: Vec<String>,
    /// Folded middle tokens.
    pub middle: Vec<String>,
    /// Folded family tokens; a double name is two.
    pub family: Vec<String>,
    /// Generation: 1 = senior or the first, 2 = junior or the second, 3 …; 0 where none is written.
    pub generation: u8,
    /// Title and suffixes as written, for display.
    pub title: String,
    /// Suffix as written, for display.
    pub suffix: String,
    /// `billing`, `maiden` …
    pub label: Option<Arc<str>>,
}

/// A mail address in canonical parts.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    /// Lower case, trimmed: as shown and exported.
    pub address: String,
    /// Canonical local part under its provider's rules (dots, plus tags removed where ignored).
    pub local: String,
    /// Canonical domain (`googlemail.com` → `gmail.com`), IDNA ASCII.
    pub domain: String,
    /// What it is good for.
    pub quality: EmailQuality,
    /// `work`, `billing` …
    pub label: Option<Arc<str>>,
}

/// What a mail address says about who reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EmailQuality {
    /// `info@`, `sales@`: a function, not a person.
    pub role: bool,
    /// A masked address that is stable for one person at one shop: agreement counts, difference
    /// says nothing.
    pub relay: bool,
    /// A masked address made per order, or a placeholder: never compared.
    pub useless: bool,
    /// A throw-away provider.
    pub disposable: bool,
    /// A provider open to everyone: its domain says nothing about an employer.
    pub free: bool,
}

/// A phone number.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// E.164 where the country is known and the number possible; else the digits. As shown.
    pub display: String,
    /// National significant number, digits only, for comparison (the country's trunk zero removed).
    pub national: String,
    /// Calling country code, 0 if unknown.
    pub country_code: u16,
    /// The country is not written: it is that of the record, or of the file.
    pub guessed: bool,
    /// Extension digits.
    pub extension: String,
    /// Valid for its country as far as the plan says.
    pub valid: bool,
    /// A placeholder such as 0000000000: never compared.
    pub useless: bool,
    /// `mobile`, `work`, `fax` …
    pub label: Option<Arc<str>>,
}

/// A postal address in canonical parts. Folded parts are empty where unknown.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Street line cleaned for display, house number included.
    pub line: String,
    /// Further lines for display.
    pub line2: String,
    /// Town for display.
    pub city: String,
    /// Region for display: the code where known.
    pub region: String,
    /// Postal code for display.
    pub postcode: String,
    /// ISO alpha-2 upper case, empty if unknown.
    pub country: String,
    /// House number, lower case: `12`, `12a`, `12-14`.
    pub number: String,
    /// Folded street tokens without type and direction words (`main` of `N Main St`); type words
    /// stay where nothing else is left.
    pub street: Vec<String>,
    /// Folded unit: `4b` of `Apt 4B`.
    pub unit: String,
    /// Post-office box number.
    pub po_box: String,
    /// Folded town.
    pub city_key: String,
    /// Region code, folded, with country where known: `us-il`; else the folded name.
    pub region_key: String,
    /// Canonical postal code, lower case without spaces: `62701`, `sw1a1aa`.
    pub postcode_key: String,
    /// `billing`, `shipping` …
    pub label: Option<Arc<str>>,
}

/// A name of an organisation.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// As written, spaces cleaned.
    pub display: String,
    /// Folded tokens without legal form and joining words.
    pub tokens: Vec<String>,
    /// Canonical legal form (`gmbh`, `llc`), empty if none.
    pub legal_form: String,
    /// `Individual`, `-`, `n/a`, `private` …: says that there is none. Never compared.
    pub useless: bool,
}

/// A position or occupation.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobTitle {
    /// As written.
    pub display: String,
    /// Folded.
    pub key: String,
}

/// A date of birth; parts that are unknown are 0.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BirthDate {
    /// Year, 0 if unknown.
    pub year: u16,
    /// Month 1–12, 0 if unknown.
    pub month: u8,
    /// Day 1–31, 0 if unknown.
    pub day: u8,
    /// A default value (1900-01-01, 1970-01-01 …): never compared.
    pub sentinel: bool,
}

/// Gender as far as matching needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gender {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Anything else that was said.
    Other,
}

/// What kind of number an identifier is; only numbers of one kind are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdentifierKind {
    /// Tax, VAT, registration, national or social security number.
    Tax,
    /// Loyalty or member number.
    Loyalty,
    /// Fingerprint of a payment card or another token.
    Token,
}

/// A number that identifies its holder.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identifier {
    /// Kind.
    pub kind: IdentifierKind,
    /// Letters and digits, upper case, prefix of the country removed where implied.
    pub value: String,
    /// As written.
    pub display: String,
}

/// A web page.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Website {
    /// As written, trimmed.
    pub display: String,
    /// Registrable domain (public suffix + one), lower case.
    pub domain: String,
}

/// A permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// `email`, `sms` …
    pub channel: Arc<str>,
    /// `marketing` …
    pub purpose: Arc<str>,
    /// State.
    pub state: ConsentState,
    /// Since when.
    pub at: Option<Timestamp>,
}

super::sensitive::redacted_debug!(
    PersonName,
    Email,
    Phone,
    Address,
    Organization,
    JobTitle,
    BirthDate,
    Identifier,
    Website
);
