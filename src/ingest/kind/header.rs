//! What a column's header says, by words of many languages.

use std::sync::OnceLock;

use serde::Deserialize;

use super::spec;
use crate::error::Result;
use crate::reference::fold;

/// The words of a header: split at separators and where the case changes, folded.
pub(super) fn words(header: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(header.len() + 4);
    let mut last = ' ';
    for c in header.chars() {
        let edge = (last.is_lowercase() && c.is_uppercase())
            || (last.is_alphabetic() && c.is_ascii_digit());
        if edge {
            spaced.push(' ');
        }
        spaced.push(c);
        last = c;
    }
    fold(&spaced).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    field: Vec<FieldWords>,
    qualifier: Vec<Qualifier>,
    fillers: Words,
    values: ValueWords,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldWords {
    field: String,
    #[serde(default)]
    strict: bool,
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Qualifier {
    label: String,
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueWords {
    legal_forms: Vec<String>,
    company_words: Vec<String>,
}

struct Phrase {
    words: Vec<String>,
    field: usize,
    rank: usize,
}

/// The table of header words, ready for look-ups.
pub(super) struct Lexicon {
    fields: Vec<(String, bool)>,
    phrases: Vec<Phrase>,
    qualifiers: Vec<(String, Vec<String>)>,
    fillers: Vec<String>,
    pub(super) legal_forms: Vec<Vec<String>>,
    pub(super) company_words: Vec<Vec<String>>,
}

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// `email`, `name.given`, `address.city` …, without label.
    pub(super) field: String,
    pub(super) label: Option<String>,
    /// Place of the phrase in the table: smaller is nearer to the field's usual name.
    pub(super) rank: usize,
    /// Words of the header that the phrase does not explain.
    pub(super) left: usize,
}

impl Lexicon {
    /// The compiled-in table.
    pub(super) fn builtin() -> &'static Self {
        static TABLE: OnceLock<Lexicon> = OnceLock::new();
        TABLE.get_or_init(|| {
            Self::parse(include_str!("../../../data/reference/header_words.toml"))
                .unwrap_or_else(|_| Self::empty())
        })
    }

    fn empty() -> Self {
        Self {
            fields: Vec::new(),
            phrases: Vec::new(),
            qualifiers: Vec::new(),
            fillers: Vec::new(),
            legal_forms: Vec::new(),
            company_words: Vec::new(),
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let table: Table = spec::parse(text, "header_words.toml")?;
        let split = |list: &[String]| -> Vec<Vec<String>> {
            list.iter().map(|phrase| words(phrase)).collect()
        };
        let mut phrases = Vec::new();
        for (field, entry) in table.field.iter().enumerate() {
            for (rank, words) in split(&entry.words).into_iter().enumerate() {
                phrases.push(Phrase { words, field, rank: field * 1000 + rank });
            }
        }
        let qualifiers = table.qualifier.iter().flat_map(|q| {
            split(&q.words).into_iter().map(|words| (q.label.clone(), words)).collect::<Vec<_>>()
        });
        Ok(Self {
            fields: table.field.iter().map(|f| (f.field.clone(), f.strict)).collect(),
            phrases,
            qualifiers: qualifiers.collect(),
            fillers: table.fillers.words.clone(),
            legal_forms: split(&table.values.legal_forms),
            company_words: split(&table.values.company_words),
        })
    }

    /// What the header says, `None` if nothing known.
    pub(super) fn read(&self, header: &str) -> Option<Said> {
        let words = words(header);
        let mut best: Option<(usize, usize, std::cmp::Reverse<usize>, &Phrase)> = None;
        for phrase in &self.phrases {
            let Some(at) = find(&words, &phrase.words) else { continue };
            let key = (phrase.words.len(), at, std::cmp::Reverse(phrase.rank), phrase);
            let better =
                best.as_ref().is_none_or(|old| (key.0, key.1, key.2) > (old.0, old.1, old.2));
            if better && self.allows(phrase, &words, at) {
                best = Some(key);
            }
        }
        let (length, at, _, phrase) = best?;
        let rest: Vec<&String> = words[..at].iter().chain(&words[at + length..]).collect();
        let (field, label) = match self.fields[phrase.field].0.split_once('@') {
            Some((field, label)) => (field, Some(label)),
            None => (self.fields[phrase.field].0.as_str(), None),
        };
        let label = label.map(str::to_owned).or_else(|| self.qualifier(&rest));
        let left = rest.iter().filter(|word| !self.explained(word)).count();
        Some(Said { field: field.to_owned(), label, rank: phrase.rank, left })
    }

    fn allows(&self, phrase: &Phrase, words: &[String], at: usize) -> bool {
        if !self.fields[phrase.field].1 {
            return true;
        }
        let rest = words[..at].iter().chain(&words[at + phrase.words.len()..]);
        rest.into_iter().all(|word| self.explained(word))
    }

    fn explained(&self, word: &str) -> bool {
        word.chars().all(|c| c.is_ascii_digit())
            || self.fillers.iter().any(|filler| filler == word)
            || self.qualifiers.iter().any(|(_, phrase)| phrase.iter().any(|one| one == word))
    }

    fn qualifier(&self, rest: &[&String]) -> Option<String> {
        let rest: Vec<String> = rest.iter().map(|word| (*word).clone()).collect();
        self.qualifiers
            .iter()
            .find(|(_, phrase)| find(&rest, phrase).is_some())
            .map(|(label, _)| label.clone())
    }
}

/// Where a phrase stands in some words; the last place.
pub(super) fn find(words: &[String], phrase: &[String]) -> Option<usize> {
    if phrase.is_empty() || phrase.len() > words.len() {
        return None;
    }
    (0..=words.len() - phrase.len()).rev().find(|at| words[*at..*at + phrase.len()] == *phrase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_headers() {
        for (header, want) in [
            ("FirstName", "first name"),
            ("date_of_birth", "date of birth"),
            ("Geändert am", "geandert am"),
            ("USt-IdNr.", "ust id nr"),
            ("Address1", "address 1"),
            ("billing.zipCode", "billing zip code"),
            ("SSN", "ssn"),
        ] {
            assert_eq!(words(header).join(" "), want, "{header}");
        }
    }

    #[test]
    fn reads_headers_of_many_languages() {
        for (header, want) in [
            ("First Name", "name.given"),
            ("given_name", "name.given"),
            ("Vorname", "name.given"),
            ("Prénom", "name.given"),
            ("surname", "name.family"),
            ("Nachname", "name.family"),
            ("Apellidos", "name.family"),
            ("Cognome", "name.family"),
            ("Achternaam", "name.family"),
            ("Efternamn", "name.family"),
            ("full_name", "name.full"),
            ("Ragione sociale", "company"),
            ("Raison sociale", "company"),
            ("Firma", "company"),
            ("Site name", "company"),
            ("Agency", "company@agency"),
            ("employer_name", "company@employer"),
            ("Program Name", "other"),
            ("E-Mail", "email"),
            ("Courriel", "email"),
            ("Email Address", "email"),
            ("Correo electrónico", "email"),
            ("Straße", "address.line"),
            ("street_name", "address.line"),
            ("street_number", "address.number"),
            ("unit_number", "address.unit"),
            ("po_box", "address.po_box"),
            ("address_1", "address.line"),
            ("address_2", "address.line2"),
            ("suburb", "address.city"),
            ("PLZ", "address.postcode"),
            ("postcode_fake", "address.postcode"),
            ("zipcode", "address.postcode"),
            ("billing_city", "address.city@billing"),
            ("Código postal", "address.postcode"),
            ("Land", "address.country"),
            ("dob", "date_of_birth"),
            ("Geburtsdatum", "date_of_birth"),
            ("birth_place", "other"),
            ("soc_sec_id", "tax_id"),
            ("ssn", "tax_id"),
            ("USt-IdNr.", "tax_id"),
            ("Geändert am", "updated_at"),
            ("updated_at", "updated_at"),
            ("Kundennummer", "id"),
            ("member_id", "id"),
            ("card_number", "loyalty_id"),
            ("mobile", "phone@mobile"),
            ("Fax", "phone@fax"),
            ("Téléphone portable", "phone@mobile"),
            ("Telefonnummer", "phone"),
            ("occupation", "job_title"),
            ("Title", "title"),
            ("middle_initial", "name.middle"),
            ("record_id", "record_id"),
            ("source", "source"),
            ("housing_type", "other"),
            ("points_balance", "other"),
            ("enrolled_on", "created_at"),
            ("Website", "website"),
            ("sex", "gender"),
            ("customerName", "name"),
            ("Executive Director", ""),
            ("Neighborhood", ""),
            ("tier", ""),
        ] {
            let said = Lexicon::builtin().read(header).map(|said| match said.label {
                Some(label) => format!("{}@{label}", said.field),
                None => said.field,
            });
            assert_eq!(said.unwrap_or_default(), want, "{header}");
        }
    }
}
