//! What records will be read as once the plans for all systems were applied. Of all values numbers
//! alone are read in the light of another: without a calling code a number is one of the country
//! that stands beside it. So a country that a plan writes may turn digits into a valid number, which
//! then counts in every other record of the entity; what survives is chosen with that.

use super::part::{Draft, Part};
use crate::error::Result;
use crate::model::{Labelled, MappedAddress, Phone};
use crate::normalize::normalize;
use crate::normalize::phone::normalize_phones;
use crate::reference::country::country_code;
use crate::survivorship::Member;

/// The members of a part with their numbers as they will be read; `None` if all are read so already.
/// That decides nothing about addresses, so that what the drafts write is known with one look.
///
/// # Errors
/// Ground is damaged or unreadable.
pub(super) fn foreseen(part: &Part<'_>, drafts: &[Draft<'_>]) -> Result<Option<Vec<Member>>> {
    let mut members: Option<Vec<Member>> = None;
    for drafts in drafts.chunk_by(|a, b| a.at == b.at) {
        let at = drafts[0].at;
        let known = &part.members[at].normal.phones;
        let countries: Vec<(Option<&str>, &str)> = (drafts.iter())
            .flat_map(|draft| {
                let slots = &part.targets.imports[draft.import].slots;
                let changes = draft.changes.iter().map(|change| (&slots[change.column], change));
                let changes = changes.filter(|(slot, _)| slot.is_country());
                changes.map(|(slot, change)| (slot.column.label.as_deref(), change.new.as_str()))
            })
            .collect();
        let is_moot =
            |(_, country): &(Option<&str>, &str)| known.iter().all(|phone| is_of(phone, country));
        if countries.iter().all(is_moot) {
            continue;
        }
        let Some(mut mapped) = part.versions.versions()?.mapped(part.numbers[at])? else {
            continue;
        };
        for (label, country) in countries {
            write_country(&mut mapped.fields.addresses, label, country);
        }
        let phones = normalize(&mapped).phones;
        if phones != *known {
            let members = members.get_or_insert_with(|| part.members.to_vec());
            members[at].normal.phones = phones;
        }
    }
    Ok(members)
}

/// Whether a number is known as one of a country (or of another with its calling code).
fn is_of(phone: &Phone, country: &str) -> bool {
    let bare = Labelled { value: phone.national.clone(), ..Labelled::default() };
    let read = normalize_phones(&[bare], country_code(country));
    phone.valid && read.first().is_some_and(|one| one.country_code == phone.country_code)
}

/// Puts a country into the address that bears a label. Where there is none it comes first: imports
/// name the columns of a record's own address.
fn write_country(addresses: &mut Vec<MappedAddress>, label: Option<&str>, country: &str) {
    let at = addresses.iter().position(|address| address.label.as_deref() == label).unwrap_or(0);
    if addresses.get(at).is_none_or(|address| address.label.as_deref() != label) {
        addresses.insert(at, MappedAddress { label: label.map(Into::into), ..Default::default() });
    }
    country.clone_into(&mut addresses[at].country);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_beside_the_country_that_is_written() {
        let read = |number: &str, country: &str| {
            let own = Labelled { value: number.to_owned(), ..Labelled::default() };
            normalize_phones(&[own], country_code(country)).remove(0)
        };
        for (number, country, want) in [
            ("+49 170 5988805", "DE", true),
            ("+49 170 5988805", "NL", false),
            ("5038092999", "US", false),
            ("+1 503 809 2999", "CA", true),
        ] {
            assert_eq!(is_of(&read(number, ""), country), want, "{number} {country}");
        }
    }

    #[test]
    fn a_country_goes_to_the_address_of_its_label() {
        let address = |label: Option<&str>, country: &str| MappedAddress {
            country: country.to_owned(),
            label: label.map(Into::into),
            ..MappedAddress::default()
        };
        let other = || address(Some("other"), "DE");
        for (before, label, after) in [
            (vec![], None, vec![address(None, "US")]),
            (vec![address(None, "")], None, vec![address(None, "US")]),
            (vec![other()], Some("mailing"), vec![address(Some("mailing"), "US"), other()]),
            (vec![other(), address(None, "FR")], None, vec![other(), address(None, "US")]),
        ] {
            let mut addresses = before;
            write_country(&mut addresses, label, "US");
            assert_eq!(addresses, after);
        }
    }
}
