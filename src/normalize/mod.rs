//! Raw values to canonical values, one file a kind of value. Pure: a function of its argument and the
//! reference tables.

pub mod address;
pub mod clean;
pub mod date;
mod date_scan;
pub mod email;
pub mod gender;
pub mod identifier;
mod name_affix;
mod name_case;
mod name_parse;
mod name_token;
pub mod organization;
pub mod person_name;
pub mod phone;
mod punycode;
pub mod text;
pub mod website;

use crate::model::{
    BirthDate, ExternalId, IdentifierKind, Labelled, Mapped, MappedDate, MappedRecord,
    NormalRecord, Organization, Website,
};
use crate::reference::country::country_code;

/// To be raised with any change to what canonical values look like: values that an earlier version
/// worked out are then worked out anew.
pub const VERSION: u32 = 2;

/// Cleans every value of a mapped record. Total: what cannot be understood is kept for display and
/// marked as not to be compared. O(length of the values).
pub fn normalize(record: &MappedRecord) -> NormalRecord {
    let fields = &record.fields;
    let region = region(fields);
    let mut identifiers = identifier::normalize_identifiers(IdentifierKind::Tax, &fields.tax_ids);
    identifiers
        .extend(identifier::normalize_identifiers(IdentifierKind::Loyalty, &fields.loyalty_ids));
    identifiers.extend(identifier::normalize_identifiers(IdentifierKind::Token, &fields.tokens));
    NormalRecord {
        entity_kind: record.entity_kind,
        names: person_name::normalize_names(&fields.names),
        emails: email::normalize_emails(&fields.emails),
        phones: phone::normalize_phones(&fields.phones, region),
        addresses: addresses(fields),
        organizations: organizations(&fields.companies),
        job_titles: text::normalize_job_titles(&fields.job_titles),
        births: births(&fields.births),
        age: fields.ages.iter().find_map(|age| gender::normalize_age(age)),
        gender: fields.genders.iter().find_map(|gender| gender::normalize_gender(gender)),
        identifiers,
        self_ids: unique(&fields.self_ids),
        external_ids: unique(&fields.external_ids),
        organization_ids: unique(&fields.organization_ids),
        websites: websites(&fields.websites),
        consents: text::normalize_consents(&fields.consents),
        tags: text::normalize_tags(&fields.tags),
        notes: text::normalize_notes(&fields.notes),
        created_at: fields.created_at.as_ref().and_then(date::parse_timestamp),
        updated_at: fields.updated_at.as_ref().and_then(date::parse_timestamp),
        others: text::normalize_others(&fields.others),
    }
}

/// Country for the record's phones: the first that an address names, else the file's.
fn region(fields: &Mapped) -> Option<[u8; 2]> {
    (fields.addresses.iter())
        .filter(|address| !address.country.is_empty())
        .find_map(|address| country_code(&address.country))
        .or(fields.default_region)
}

fn addresses(fields: &Mapped) -> Vec<crate::model::Address> {
    let mut out = Vec::with_capacity(fields.addresses.len());
    for mapped in &fields.addresses {
        let Some(address) = address::normalize_address(mapped, fields.default_region) else {
            continue;
        };
        // One address under two labels (billing, shipping) is one address.
        let same = |known: &crate::model::Address| {
            crate::model::Address { label: None, ..known.clone() }
                == crate::model::Address { label: None, ..address.clone() }
        };
        if !out.iter().any(same) {
            out.push(address);
        }
    }
    out
}

fn organizations(values: &[Labelled]) -> Vec<Organization> {
    let mut out: Vec<Organization> = Vec::with_capacity(values.len());
    for value in values {
        if let Some(found) = organization::normalize_organization(&value.value)
            && !out.iter().any(|known| {
                known.tokens == found.tokens
                    && known.legal_form == found.legal_form
                    && known.useless == found.useless
            })
        {
            out.push(found);
        }
    }
    out
}

fn websites(values: &[Labelled]) -> Vec<Website> {
    let mut out: Vec<Website> = Vec::with_capacity(values.len());
    for value in values {
        if let Some(found) = website::normalize_website(&value.value)
            && !out
                .iter()
                .any(|known| known.domain == found.domain && known.display == found.display)
        {
            out.push(found);
        }
    }
    out
}

fn births(values: &[MappedDate]) -> Vec<BirthDate> {
    let mut out: Vec<BirthDate> = Vec::with_capacity(values.len());
    for birth in values.iter().filter_map(date::parse_birth) {
        if !out.contains(&birth) {
            out.push(birth);
        }
    }
    // A real date first: the others are defaults or parts.
    out.sort_by_key(|birth| {
        (birth.sentinel, birth.year == 0 || birth.month == 0 || birth.day == 0)
    });
    out
}

fn unique(ids: &[ExternalId]) -> Vec<ExternalId> {
    let mut out: Vec<ExternalId> = Vec::with_capacity(ids.len());
    for id in ids {
        if !id.id.is_empty() && !out.contains(id) {
            out.push(id.clone());
        }
    }
    out
}
