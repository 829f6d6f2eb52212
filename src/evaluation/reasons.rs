//! Why a pair is likely to have been decided wrongly, in words for a list by frequency. Rough on
//! purpose: it looks at values only, never at the model.

use crate::model::{EntityKind, NormalRecord, PersonName};

/// Why two records of two entities may have been taken for one.
pub fn false_merge_reason(a: &NormalRecord, b: &NormalRecord) -> &'static str {
    let kinds = (a.entity_kind, b.entity_kind);
    if kinds.0 != kinds.1 && kinds.0 != EntityKind::Unknown && kinds.1 != EntityKind::Unknown {
        return "a person and an organisation";
    }
    let (Some(x), Some(y)) = (a.names.first(), b.names.first()) else {
        return "too little to tell them apart";
    };
    let family = overlap(&x.family, &y.family);
    let given = same_given(x, y);
    if x.generation != y.generation && family && given {
        return "senior and junior";
    }
    let (mail, phone, address) = (share_email(a, b), share_phone(a, b), share_address(a, b));
    match (given, family) {
        (true, true) if differ(&births(a), &births(b)) => "namesakes with different dates of birth",
        (true, true) if mail || phone => "namesakes with one e-mail or phone",
        (true, true) => "namesakes",
        (false, true) if address || phone || mail => {
            "household: one family name, different given names"
        }
        (false, true) => "one family name, different given names",
        (_, false) if mail => "shared mailbox",
        (_, false) if phone => "shared phone",
        (_, false) if address => "one address, different names",
        _ => "different names (bridged by a third record)",
    }
}

/// Why two records of one entity may have been taken for two.
pub fn miss_reason(a: &NormalRecord, b: &NormalRecord) -> &'static str {
    let (mail, phone, address) = (share_email(a, b), share_phone(a, b), share_address(a, b));
    let (Some(x), Some(y)) = (a.names.first(), b.names.first()) else {
        return if mail || phone || address {
            "no name on one side"
        } else {
            "too little in common"
        };
    };
    let family = overlap(&x.family, &y.family);
    let given = same_given(x, y);
    if given && family {
        if differ(&births(a), &births(b)) {
            return "one name, different dates of birth";
        }
        return if mail || phone || address {
            "one name and contact, still under the threshold"
        } else if a.addresses.is_empty() || b.addresses.is_empty() {
            "one name, no contact in common"
        } else {
            "one name, moved or other address"
        };
    }
    match (given, family) {
        (true, false) => "other family name",
        (false, true) => "given name written otherwise",
        _ if overlap(&x.given, &y.family) || overlap(&x.family, &y.given) => "names swapped",
        _ if mail || phone || address => "both names written otherwise, contact in common",
        _ => "both names written otherwise",
    }
}

fn same_given(x: &PersonName, y: &PersonName) -> bool {
    let initial = |p: &[String], q: &[String]| {
        p.first().is_some_and(|i| {
            i.chars().count() == 1 && q.first().is_some_and(|n| n.starts_with(i.as_str()))
        })
    };
    overlap(&x.given, &y.given) || initial(&x.given, &y.given) || initial(&y.given, &x.given)
}

fn overlap(x: &[String], y: &[String]) -> bool {
    x.iter().any(|token| y.contains(token))
}

fn differ<T: PartialEq>(x: &[T], y: &[T]) -> bool {
    !x.is_empty() && !y.is_empty() && !x.iter().any(|value| y.contains(value))
}

fn births(record: &NormalRecord) -> Vec<crate::model::BirthDate> {
    record.births.iter().filter(|b| !b.sentinel).copied().collect()
}

fn share_email(a: &NormalRecord, b: &NormalRecord) -> bool {
    a.emails.iter().any(|x| {
        !x.quality.useless
            && b.emails.iter().any(|y| (&x.local, &x.domain) == (&y.local, &y.domain))
    })
}

fn share_phone(a: &NormalRecord, b: &NormalRecord) -> bool {
    a.phones.iter().any(|x| {
        !x.useless && !x.national.is_empty() && b.phones.iter().any(|y| x.national == y.national)
    })
}

fn share_address(a: &NormalRecord, b: &NormalRecord) -> bool {
    a.addresses.iter().any(|x| {
        !x.street.is_empty()
            && b.addresses.iter().any(|y| x.street == y.street && x.number == y.number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BirthDate, Phone};

    fn person(given: &str, family: &str, generation: u8, phone: &str, year: u16) -> NormalRecord {
        let mut record = NormalRecord {
            names: vec![PersonName {
                given: vec![given.to_owned()],
                family: vec![family.to_owned()],
                generation,
                ..PersonName::default()
            }],
            ..NormalRecord::default()
        };
        if !phone.is_empty() {
            record.phones.push(Phone { national: phone.to_owned(), ..Phone::default() });
        }
        if year > 0 {
            record.births.push(BirthDate { year, month: 1, day: 2, sentinel: false });
        }
        record
    }

    #[test]
    fn reasons() {
        let base = person("robert", "miller", 0, "5551", 1970);
        for (other, merge, miss) in [
            (
                person("robert", "miller", 2, "5551", 0),
                "senior and junior",
                "one name and contact, still under the threshold",
            ),
            (
                person("r", "miller", 0, "", 1950),
                "namesakes with different dates of birth",
                "one name, different dates of birth",
            ),
            (
                person("anna", "miller", 0, "5551", 0),
                "household: one family name, different given names",
                "given name written otherwise",
            ),
            (
                person("anna", "jones", 0, "5551", 0),
                "shared phone",
                "both names written otherwise, contact in common",
            ),
            (
                person("miller", "robert", 0, "", 0),
                "different names (bridged by a third record)",
                "names swapped",
            ),
            (NormalRecord::default(), "too little to tell them apart", "too little in common"),
        ] {
            assert_eq!(false_merge_reason(&base, &other), merge);
            assert_eq!(miss_reason(&base, &other), miss);
        }
    }
}
