//! When two values of a field mean the same.

use crate::model::{Address, Email, Organization, PersonName, Phone};
use crate::reference::fold;

/// Where the canonical form of a value comes from. The text is made only where a group has several
/// values, which most groups of most entities have not.
#[derive(Clone, Copy)]
pub(super) enum Meaning<'a> {
    /// The value as it stands.
    Text,
    /// The value in lower case.
    Lowercase,
    /// A canonical form of its own.
    Key(&'a str),
    /// Given and family tokens: middle names, titles and suffixes make a name more complete, not
    /// another.
    Name(&'a PersonName),
    /// Mailbox under its provider's rules.
    Email(&'a Email),
    /// National number and extension.
    Phone(&'a Phone),
    /// Street, number, unit, box, town and postal code.
    Address(&'a Address),
    /// Tokens without legal form.
    Company(&'a Organization),
    /// Without scheme, `www.` and a slash at the end.
    Website,
}

impl Meaning<'_> {
    /// The canonical form; `value` is how the value is exported.
    pub(super) fn text(self, value: &str) -> String {
        match self {
            Self::Text => value.to_owned(),
            Self::Lowercase => value.to_lowercase(),
            Self::Key(key) => key.to_owned(),
            Self::Name(name) => format!("{}|{}", name.given.join(" "), name.family.join(" ")),
            Self::Email(email) if email.local.is_empty() => email.address.clone(),
            Self::Email(email) => format!("{}@{}", email.local, email.domain),
            Self::Phone(phone) if phone.national.is_empty() => phone.display.clone(),
            Self::Phone(phone) => format!("{}#{}", phone.national, phone.extension),
            Self::Address(address) => address_text(address),
            Self::Company(company) if company.tokens.is_empty() => fold(&company.display),
            Self::Company(company) => company.tokens.join(" "),
            Self::Website => website_text(value),
        }
    }
}

fn address_text(address: &Address) -> String {
    let street = address.street.join(" ");
    let line = if street.is_empty() { fold(&address.line) } else { street };
    [
        address.number.as_str(),
        &line,
        &address.unit,
        &address.po_box,
        &address.city_key,
        &address.postcode_key,
        // Where there is a postal code it says the region already.
        if address.postcode_key.is_empty() { &address.region_key } else { "" },
    ]
    .join("|")
}

fn website_text(display: &str) -> String {
    let lower = display.to_lowercase();
    let bare = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn websites_mean_the_same_however_they_are_typed() {
        for text in ["https://www.Acme.example/", "acme.example", "http://acme.example"] {
            assert_eq!(Meaning::Website.text(text), "acme.example");
        }
        assert_eq!(Meaning::Website.text("acme.example/shop/"), "acme.example/shop");
    }
}
