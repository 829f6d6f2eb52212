//! What the mapping of a source kind reads out of one row: values by field, as they were written.

use std::ops::Deref;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::key::EntityKind;

/// One record as its source kind's mapping sees it: who it is in its system, and its raw values by
/// field. A pure function of the row, its file's reading decisions and the kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MappedRecord {
    /// `customer`, `order`, `contact` …
    pub object: Arc<str>,
    /// The record's id in its system; made from the content where `id_made`.
    pub id: String,
    /// The row had no id, and the kind allows that.
    pub id_made: bool,
    /// Person, organisation, or not said.
    pub entity_kind: EntityKind,
    /// The system marks the record as deleted.
    pub deleted: bool,
    /// The loser of a merge in its own system names (object, id) of its survivor.
    pub alias_of: Option<(Arc<str>, String)>,
    /// An erasure request for this record.
    pub redacted: bool,
    /// The raw values.
    pub fields: Mapped,
}

/// Raw values by field. Empty values are never pushed; every list may hold several.
#[derive(Clone, Default, PartialEq)]
pub struct Mapped {
    /// Country of the file or configuration, ISO 3166-1 alpha-2 upper case, for phones and
    /// addresses that name none.
    pub default_region: Option<[u8; 2]>,
    /// Names of the person (or of the organisation, where `full` alone is set and the record's kind
    /// says organisation: then mapped to `companies` instead).
    pub names: Vec<MappedName>,
    /// Mail addresses, possibly several in one value.
    pub emails: Vec<Labelled>,
    /// Phone and fax numbers.
    pub phones: Vec<Labelled>,
    /// Postal addresses.
    pub addresses: Vec<MappedAddress>,
    /// The organisation's own name, or a person's employer.
    pub companies: Vec<Labelled>,
    /// Position or occupation.
    pub job_titles: Vec<Labelled>,
    /// Dates of birth.
    pub births: Vec<MappedDate>,
    /// Age in years.
    pub ages: Vec<String>,
    /// Gender as written.
    pub genders: Vec<String>,
    /// Tax, national-identity and registration numbers.
    pub tax_ids: Vec<Labelled>,
    /// Web pages or domains.
    pub websites: Vec<Labelled>,
    /// Loyalty or member card numbers.
    pub loyalty_ids: Vec<Labelled>,
    /// Fingerprints of payment cards, device or account tokens: equal means the same token.
    pub tokens: Vec<Labelled>,
    /// What the record is in its own system: (system, object, id), also alternative ids.
    pub self_ids: Vec<ExternalId>,
    /// What it says to be in other systems.
    pub external_ids: Vec<ExternalId>,
    /// The organisation that the person belongs to, by its id in a system (Salesforce's AccountId).
    pub organization_ids: Vec<ExternalId>,
    /// Permissions to contact.
    pub consents: Vec<MappedConsent>,
    /// Tags and segments, one a value.
    pub tags: Vec<String>,
    /// Free text.
    pub notes: Vec<String>,
    /// When the system made the record.
    pub created_at: Option<MappedDate>,
    /// When the system last changed it.
    pub updated_at: Option<MappedDate>,
    /// Every other column by its name as written.
    pub others: Vec<(Arc<str>, String)>,
}

impl std::fmt::Debug for Mapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mapped(<redacted>)")
    }
}

/// A value with what its column says of it (`home`, `billing`, `mobile`, `fax` …).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Labelled {
    /// As written.
    pub value: String,
    /// `None` where the column says nothing more.
    pub label: Option<Arc<str>>,
}

impl std::fmt::Debug for Labelled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Labelled(<redacted>, {:?})", self.label)
    }
}

/// A person's name as its columns give it; any part may be empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MappedName {
    /// The whole name in one value.
    pub full: String,
    /// Given name or names.
    pub given: String,
    /// Middle name or initial.
    pub middle: String,
    /// Family name.
    pub family: String,
    /// Jr, III, PhD …
    pub suffix: String,
    /// Mr, Dr …
    pub title: String,
    /// `billing`, `shipping`, `card`, `maiden` … `None` for the record's own name.
    pub label: Option<Arc<str>>,
}

/// One postal address as its columns give it; any part may be empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MappedAddress {
    /// The whole address in one value.
    pub full: String,
    /// House number, where it has a column of its own.
    pub number: String,
    /// First line: mostly street and number.
    pub line: String,
    /// Further lines.
    pub line2: String,
    /// Apartment, suite …, where it has a column of its own.
    pub unit: String,
    /// Post-office box, where it has a column of its own.
    pub po_box: String,
    /// Town.
    pub city: String,
    /// State, province, county: code or name.
    pub region: String,
    /// Postal code.
    pub postcode: String,
    /// Country: code or name in any language.
    pub country: String,
    /// `billing`, `shipping`, `home` …
    pub label: Option<Arc<str>>,
}

impl MappedAddress {
    /// Whether no part says anything.
    pub fn is_empty(&self) -> bool {
        let Self {
            full,
            number,
            line,
            line2,
            unit,
            po_box,
            city,
            region,
            postcode,
            country,
            label: _,
        } = self;
        [full, number, line, line2, unit, po_box, city, region, postcode, country]
            .iter()
            .all(|part| part.is_empty())
    }
}

/// Which part of an all-numeric date comes first; decided once per column from the whole file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    /// Year first, or unknown and to be guessed per value.
    #[default]
    Ymd,
    /// Day first.
    Dmy,
    /// Month first.
    Mdy,
    /// Seconds since 1970.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMillis,
    /// Days in a spreadsheet: 1 is 1900-01-01.
    Excel,
}

/// A date or time as written, with the order its column was found to use.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MappedDate {
    /// As written.
    pub text: String,
    /// The column's order.
    pub order: DateOrder,
}

impl std::fmt::Debug for MappedDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MappedDate(<redacted>, {:?})", self.order)
    }
}

/// An id in a named system. `system` and `object` are lower case, as the kinds write them
/// (`shopify`, `customer`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ExternalId {
    /// The kind of system, not the source: it is looked up in all sources of that system.
    pub system: Arc<str>,
    /// The object there.
    pub object: Arc<str>,
    /// The id there, in that kind's canonical form.
    pub id: Box<str>,
    /// How much the statement is worth.
    pub strength: LinkStrength,
}

impl<'de> Deserialize<'de> for ExternalId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename = "ExternalId")]
        struct Read {
            system: Arc<str>,
            object: Arc<str>,
            id: Box<str>,
            strength: LinkStrength,
        }

        let Read { system, object, id, strength } = Read::deserialize(from)?;
        Ok(Self { system, object, id, strength })
    }

    /// Every record has one, and most have the same system and object: those of the earlier value
    /// stay.
    fn deserialize_in_place<D: Deserializer<'de>>(from: D, at: &mut Self) -> Result<(), D::Error> {
        struct Over<'v>(&'v mut ExternalId);

        impl<'de> Visitor<'de> for Over<'_> {
            type Value = ();

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an id in a system")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
                let ExternalId { system, object, id, strength } = self.0;
                let short = || A::Error::invalid_length(0, &"four fields");
                fields.next_element_seed(SameText(system))?.ok_or_else(short)?;
                fields.next_element_seed(SameText(object))?.ok_or_else(short)?;
                fields.next_element_seed(SameText(id))?.ok_or_else(short)?;
                *strength = fields.next_element()?.ok_or_else(short)?;
                Ok(())
            }
        }

        if from.is_human_readable() {
            *at = Self::deserialize(from)?;
            return Ok(());
        }
        from.deserialize_struct("ExternalId", &["system", "object", "id", "strength"], Over(at))
    }
}

/// Reads a text over an earlier one, which stays where it is the same.
struct SameText<'v, T>(&'v mut T);

impl<'de, T: Deref<Target = str> + for<'t> From<&'t str>> DeserializeSeed<'de> for SameText<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_str(self)
    }
}

impl<T: Deref<Target = str> + for<'t> From<&'t str>> Visitor<'_> for SameText<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if **self.0 != *text {
            *self.0 = text.into();
        }
        Ok(())
    }
}

/// How sure a statement "this record is that record" is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum LinkStrength {
    /// A field that people or connectors fill: strong but fallible.
    #[default]
    Claimed,
    /// The system itself announces it: a conversion, a merge, an alias.
    Announced,
}

/// State of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConsentState {
    /// Asked to be left alone, bounced, or suppressed.
    Denied,
    /// Neither: never asked, pending, unknown word.
    Unknown,
    /// May be contacted.
    Granted,
}

/// A permission as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedConsent {
    /// `email`, `sms`, `phone`, `fax`, `whatsapp`, `mail`.
    pub channel: Arc<str>,
    /// `marketing` unless the column says otherwise.
    pub purpose: Arc<str>,
    /// State.
    pub state: ConsentState,
    /// When it was given or taken, where a column says.
    pub at: Option<MappedDate>,
}

super::sensitive::redacted_debug!(MappedName, MappedAddress);
