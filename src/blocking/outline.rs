//! What the records of an oversized block may agree on beside its key.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use crate::model::NormalRecord;

/// Values by which a block is refined.
pub(super) const TRAITS: usize = 8;

/// A record's first given name, family name, postcode, birth date, letters of its mailbox, phone,
/// town and organisation, each a hash of 32 bits: 0 where it has none. Two values of one hash, one
/// pair in four thousand million, count as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outline([u32; TRAITS]);

impl Outline {
    /// The trait at a place; `None` where the record has none.
    pub(super) fn get(&self, at: usize) -> Option<u32> {
        Some(self.0[at]).filter(|hash| *hash != 0)
    }

    /// A byte of each trait, the first in the lowest bits: values of different bytes differ.
    pub(super) fn mark(&self) -> u64 {
        u64::from_le_bytes(self.0.map(|hash| hash as u8))
    }

    /// The same record with other names.
    pub fn set_names(&mut self, given: &str, family: &str) {
        (self.0[0], self.0[1]) = (hash(given), hash(family));
    }
}

fn hash(text: &str) -> u32 {
    if text.is_empty() { 0 } else { ((xxh3_64(text.as_bytes()) >> 32) as u32).max(1) }
}

fn joined(tokens: &[String]) -> Cow<'_, str> {
    match tokens {
        [only] => Cow::Borrowed(only),
        tokens => Cow::Owned(tokens.join(" ")),
    }
}

/// The outline of a record with the names that it states. O(values).
pub fn outline_of(record: &NormalRecord) -> Outline {
    let mut out = [0; TRAITS];
    if let Some(name) = record.names.iter().find(|n| !n.given.is_empty() || !n.family.is_empty()) {
        out[0] = name.given.first().map_or(0, |given| hash(given));
        out[1] = hash(&joined(&name.family));
    }
    let stated = |a: &&crate::model::Address| {
        let street = !a.street.is_empty() || !a.po_box.is_empty();
        street || [&a.city_key, &a.postcode_key, &a.region_key].iter().any(|key| !key.is_empty())
    };
    if let Some(address) = record.addresses.iter().find(stated) {
        out[2] = hash(&address.postcode_key);
        out[6] = hash(&address.city_key);
    }
    if let Some(birth) = record.births.iter().find(|birth| !birth.sentinel) {
        let digits = u32::from(birth.year) << 16 | u32::from(birth.month) << 8;
        out[3] = (digits | u32::from(birth.day)).max(1);
    }
    let own = |e: &&crate::model::Email| !e.quality.useless && !e.local.is_empty();
    if let Some(email) = record.emails.iter().find(own) {
        let letters = email.local.chars().filter(|c| c.is_alphanumeric() && !c.is_ascii_digit());
        out[4] = hash(&letters.collect::<String>());
    }
    if let Some(phone) = record.phones.iter().find(|p| !p.useless && p.national.len() >= 6) {
        out[5] = hash(&phone.national[phone.national.len().saturating_sub(10)..]);
    }
    let useful = |o: &&crate::model::Organization| !o.useless && !o.tokens.is_empty();
    if let Some(organization) = record.organizations.iter().find(useful) {
        let mut tokens = organization.tokens.clone();
        tokens.sort_unstable();
        tokens.dedup();
        out[7] = hash(&tokens.join(" "));
    }
    Outline(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BirthDate, Email, Organization, PersonName};

    #[test]
    fn an_outline_holds_the_first_value_of_each_kind() {
        let word = |text: &str| vec![text.to_owned()];
        let record = NormalRecord {
            names: vec![
                PersonName::default(),
                PersonName { given: word("ann"), family: word("lee"), ..PersonName::default() },
            ],
            births: vec![BirthDate { sentinel: true, ..BirthDate::default() }],
            emails: vec![Email { local: "ann.lee7".into(), ..Email::default() }],
            organizations: vec![Organization {
                tokens: vec!["ltd".into(), "acme".into()],
                ..Organization::default()
            }],
            ..NormalRecord::default()
        };
        let outline = outline_of(&record);
        let values = ["ann", "lee", "", "", "annlee", "", "", "acme ltd"];
        for (at, value) in values.iter().enumerate() {
            assert_eq!(outline.get(at), Some(hash(value)).filter(|hash| *hash != 0), "{at}");
        }
        assert_eq!(outline_of(&NormalRecord::default()), Outline::default());
    }
}
