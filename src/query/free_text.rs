//! What a person types into `find`, told apart by shape.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    DateOrder, Labelled, Mapped, MappedAddress, MappedDate, MappedName, MappedRecord,
};

/// What is sought; any part may be missing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// A person's or an organisation's name.
    pub name: Option<String>,
    /// A mail address.
    pub email: Option<String>,
    /// A phone number.
    pub phone: Option<String>,
    /// A postal address in one line.
    pub address: Option<String>,
    /// A date of birth.
    pub born: Option<String>,
    /// What may be a record's or an entity's id.
    pub id: Option<String>,
    /// Country for a phone number without one (ISO alpha-2, upper case).
    pub default_region: Option<[u8; 2]>,
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Query(<redacted>)")
    }
}

impl Query {
    /// Tells the parts of a free text apart: what has an `@` is an e-mail, what has the shape of a
    /// phone number is one, what has a house number or postcode is an address, the rest is a name.
    /// Commas part a name from an address where shape cannot.
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        let trimmed = text.trim();
        if !trimmed.contains(char::is_whitespace) && trimmed.contains(|c: char| c.is_ascii_digit())
            || trimmed.starts_with("ent_")
        {
            query.id = Some(trimmed.to_owned());
        }
        if trimmed.starts_with("ent_") {
            return query;
        }
        let mut rest: Vec<String> = Vec::new();
        for word in trimmed.split_whitespace() {
            let bare = word.trim_matches(|c: char| "<>()[]\"',;".contains(c));
            if query.email.is_none() && is_email(bare) {
                query.email = Some(bare.to_owned());
                if word.ends_with(',') {
                    rest.push(",".to_owned());
                }
            } else if query.born.is_none() && is_date(bare) {
                query.born = Some(bare.to_owned());
            } else {
                rest.push(word.to_owned());
            }
        }
        take_phone(&mut rest, &mut query);
        let line = rest.join(" ");
        let segments: Vec<&str> =
            line.split(',').map(str::trim).filter(|segment| !segment.is_empty()).collect();
        match segments[..] {
            [] => {}
            [one] => query.one_segment(one),
            _ => query.several_segments(&segments),
        }
        query
    }

    fn one_segment(&mut self, text: &str) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let digit = |word: &&str| word.contains(|c: char| c.is_ascii_digit());
        let Some(first) = words.iter().position(digit) else {
            self.name = Some(text.to_owned());
            return;
        };
        let postcode = words[first].chars().filter(char::is_ascii_digit).count() >= 4;
        // `Schmidt 10115`, `John Smith 12 Main St`, `Anna Schmidt Hauptstr. 5`, `Hauptstr. 5 Berlin`.
        let name = match first {
            0 => 0,
            1 if postcode => 1,
            1 => 0,
            _ => 2,
        };
        if words.len() == 1 {
            return; // An id, or a part of a number.
        }
        if name > 0 {
            self.name = Some(words[..name].join(" "));
        }
        self.address = Some(words[name..].join(" "));
    }

    fn several_segments(&mut self, segments: &[&str]) {
        let has_digit = |text: &str| text.contains(|c: char| c.is_ascii_digit());
        let start =
            segments.iter().position(|segment| has_digit(segment)).unwrap_or(segments.len());
        if start == segments.len() {
            // `Schmidt, Anna`, `Anna Schmidt, Berlin`: without a number only the first may be told.
            if segments.len() == 2 && !segments[0].contains(' ') {
                self.name = Some(segments.join(", "));
            } else {
                self.name = Some(segments[0].to_owned());
                self.address = Some(segments[1..].join(", "));
            }
            return;
        }
        if start > 0 {
            self.name = Some(segments[..start].join(", "));
        }
        self.address = Some(segments[start..].join(", "));
    }

    /// Whether nothing is sought.
    pub fn is_empty(&self) -> bool {
        *self == Self { default_region: self.default_region, ..Self::default() }
    }

    /// The query as records to compare with: as a person and, where there is a name, as an
    /// organisation.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where nothing is sought.
    pub fn records(&self) -> Result<Vec<MappedRecord>> {
        if self.is_empty() {
            return Err(Error::new(ErrorKind::Config, "the query is empty").hint(
                "sameas find \"Anna Schmidt, Berlin\" or sameas find --email anna@example.com",
            ));
        }
        let labelled = |value: &Option<String>| {
            let value = value.iter().cloned();
            value.map(|value| Labelled { value, label: None }).collect::<Vec<_>>()
        };
        let mut fields = Mapped {
            default_region: self.default_region,
            emails: labelled(&self.email),
            phones: labelled(&self.phone),
            ..Mapped::default()
        };
        if let Some(full) = self.address.clone() {
            fields.addresses.push(MappedAddress { full, ..MappedAddress::default() });
        }
        if let Some(text) = self.born.clone() {
            let order = if text.contains('/') { DateOrder::Mdy } else { DateOrder::Ymd };
            let order = if text.contains('.') { DateOrder::Dmy } else { order };
            fields.births.push(MappedDate { text, order });
        }
        let record = |fields: Mapped| MappedRecord {
            object: Arc::from("query"),
            id: "query".to_owned(),
            fields,
            ..MappedRecord::default()
        };
        let Some(full) = self.name.clone() else {
            let nothing = Mapped { default_region: self.default_region, ..Mapped::default() };
            return Ok(if fields == nothing { Vec::new() } else { vec![record(fields)] });
        };
        let mut organization = fields.clone();
        organization.births.clear();
        organization.companies.push(Labelled { value: full.clone(), label: None });
        fields.names.push(MappedName { full, ..MappedName::default() });
        Ok(vec![record(fields), record(organization)])
    }
}

fn is_email(word: &str) -> bool {
    matches!(word.split_once('@'), Some((local, domain)) if !local.is_empty() && domain.len() > 2)
}

/// `1980-02-17`, `17.02.1980`, `2/17/1980`.
fn is_date(word: &str) -> bool {
    ['-', '.', '/'].into_iter().any(|mark| {
        let parts: Vec<&str> = word.split(mark).collect();
        let number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let [a, b, c] = parts[..] else { return false };
        [a, b, c].iter().all(number)
            && b.len() <= 2
            && matches!((a.len(), c.len()), (4, 1..=2) | (1..=2, 4))
    })
}

/// Takes the first run of words that has the shape of a phone number out of `words`.
fn take_phone(words: &mut Vec<String>, query: &mut Query) {
    let phone_like = |word: &str| {
        let word = word.trim_end_matches([',', ';']);
        word.bytes().any(|b| b.is_ascii_digit())
            && word.chars().all(|c| c.is_ascii_digit() || "+().-/".contains(c))
    };
    let mut at = 0;
    while at < words.len() {
        let run = words[at..].iter().take_while(|word| phone_like(word)).count();
        if run == 0 {
            at += 1;
            continue;
        }
        let text = words[at..at + run].join(" ");
        let text = text.trim_end_matches([',', ';']);
        let digits = text.chars().filter(char::is_ascii_digit).count();
        // A house number and a postcode side by side have spaces only.
        let shaped = text.starts_with(['+', '(', '0'])
            || text.contains(['-', '.', '/', ')'])
            || run == 1
            || words.len() == run;
        if (7..=17).contains(&digits) && shaped {
            query.phone = Some(text.to_owned());
            words.drain(at..at + run);
            return;
        }
        at += run;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart_by_shape() {
        // name | e-mail | phone | address | born | id
        for (text, expected) in [
            ("Anna Schmidt", "Anna Schmidt|||||"),
            ("anna@example.com", "|anna@example.com||||"),
            ("Anna Schmidt <anna@example.com>", "Anna Schmidt|anna@example.com||||"),
            ("+49 171 1234567", "||+49 171 1234567|||"),
            ("(512) 555-0100 Bob", "Bob||(512) 555-0100|||"),
            ("5125550100", "||5125550100|||5125550100"),
            (
                "Bob Miller, 12 Main St, Austin TX 78701",
                "Bob Miller|||12 Main St, Austin TX 78701||",
            ),
            ("John Smith 12 Main St", "John Smith|||12 Main St||"),
            ("Anna Schmidt Hauptstr. 5 10115 Berlin", "Anna Schmidt|||Hauptstr. 5 10115 Berlin||"),
            ("Hauptstr. 5 Berlin", "|||Hauptstr. 5 Berlin||"),
            ("Schmidt 10115", "Schmidt|||10115||"),
            ("Schmidt, Anna", "Schmidt, Anna|||||"),
            ("Anna Schmidt, Berlin", "Anna Schmidt|||Berlin||"),
            ("Anna Schmidt 17.02.1980", "Anna Schmidt||||17.02.1980|"),
            ("anna@example.com, 0171 1234567", "|anna@example.com|0171 1234567|||"),
            ("ent_0000000000000000", "|||||ent_0000000000000000"),
            ("shop:123", "|||||shop:123"),
            ("K11411", "|||||K11411"),
            ("", "|||||"),
        ] {
            let query = Query::parse(text);
            let found = [query.name, query.email, query.phone, query.address, query.born, query.id];
            let found: Vec<String> = found.into_iter().map(Option::unwrap_or_default).collect();
            assert_eq!(found.join("|"), expected, "{text}");
        }
    }

    #[test]
    fn a_name_is_sought_as_a_person_and_as_an_organisation() {
        let records = Query::parse("Blumen Meyer GmbH").records().unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!(records[1].fields.companies[0].value, "Blumen Meyer GmbH");
        assert_eq!(Query::parse("a@b.de").records().unwrap().len(), 1);
        assert_eq!(Query::parse("ent_x").records().unwrap().len(), 0);
        assert_eq!(Query::parse(" ").records().unwrap_err().kind(), ErrorKind::Config);
    }
}
