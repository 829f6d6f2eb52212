//! What a column's header says, by words of many languages.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::spec;
use crate::error::Result;
use crate::reference::fold;

/// The words of a header: split at separators and where the case changes, folded.
pub(super) fn words(header: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(header.len() + 4);
    let mut last = ' ';
    for c in header.chars() {
        match c {
            // `Cust #`, `№ client`, `N° client`.
            '#' | '\u{2116}' => spaced.push_str(" no "),
            '°' | 'º' if last.eq_ignore_ascii_case(&'n') => {
                spaced.push_str("o ");
                last = ' ';
                continue;
            }
            _ => {}
        }
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
    others: Others,
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

/// Words beside a phrase that keep the column from being the person's own value of the field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Others {
    /// Anywhere: somebody else's.
    persons: Vec<String>,
    /// At the end: what is said of a value.
    about: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueWords {
    legal_forms: Vec<String>,
    company_words: Vec<String>,
    trades: Vec<String>,
}

struct Phrase {
    words: Vec<String>,
    field: usize,
    rank: usize,
}

/// The table of header words, ready for look-ups.
pub(super) struct Lexicon {
    fields: Vec<(String, bool)>,
    /// Phrases by their first word.
    phrases: FxHashMap<String, Vec<Phrase>>,
    qualifiers: Vec<(String, Vec<String>)>,
    others: Others,
    fillers: Vec<String>,
    pub(super) legal_forms: Vec<Vec<String>>,
    pub(super) company_words: Vec<Vec<String>>,
    pub(super) trades: Vec<String>,
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
    /// Nothing in the header says that more or something else is meant, or the second of its kind.
    pub(super) sure: bool,
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
            phrases: FxHashMap::default(),
            qualifiers: Vec::new(),
            others: Others { persons: Vec::new(), about: Vec::new() },
            fillers: Vec::new(),
            legal_forms: Vec::new(),
            company_words: Vec::new(),
            trades: Vec::new(),
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let table: Table = spec::parse(text, "header_words.toml")?;
        let split = |list: &[String]| -> Vec<Vec<String>> {
            list.iter().map(|phrase| words(phrase)).collect()
        };
        let mut phrases: FxHashMap<String, Vec<Phrase>> = FxHashMap::default();
        for (field, entry) in table.field.iter().enumerate() {
            for (rank, words) in split(&entry.words).into_iter().enumerate() {
                let Some(first) = words.first() else { continue };
                let rank = field * 1000 + rank;
                phrases.entry(first.clone()).or_default().push(Phrase { words, field, rank });
            }
        }
        let qualifiers = table.qualifier.iter().flat_map(|q| {
            split(&q.words).into_iter().map(|words| (q.label.clone(), words)).collect::<Vec<_>>()
        });
        Ok(Self {
            fields: table.field.iter().map(|f| (f.field.clone(), f.strict)).collect(),
            phrases,
            qualifiers: qualifiers.collect(),
            others: table.others,
            fillers: table.fillers.words.clone(),
            legal_forms: split(&table.values.legal_forms),
            company_words: split(&table.values.company_words),
            trades: table.values.trades,
        })
    }

    /// What the header says, `None` if nothing known.
    pub(super) fn read(&self, header: &str) -> Option<Said> {
        let words = words(header);
        let mut found: Vec<(usize, &Phrase)> = Vec::new();
        for (at, word) in words.iter().enumerate() {
            for phrase in self.phrases.get(word).map_or(&[][..], Vec::as_slice) {
                if words[at..].starts_with(&phrase.words) && self.allows(phrase, &words, at) {
                    found.push((at, phrase));
                }
            }
        }
        let field = |phrase: &Phrase| self.fields[phrase.field].0.as_str();
        let best = |test: &dyn Fn(&(usize, &Phrase)) -> bool| {
            let order = |(at, phrase): &(usize, &Phrase)| {
                (phrase.words.len(), *at, std::cmp::Reverse(phrase.rank))
            };
            found.iter().copied().filter(test).max_by_key(order)
        };
        let (mut at, mut phrase) = best(&|_| true)?;
        // `Email Address 2` is none of a house; `Address 1 - City` is its town.
        if field(phrase).starts_with("address") {
            let end = at + phrase.words.len();
            let lines = ["address", "address.line", "address.line2"];
            let is_line = |phrase: &Phrase| lines.contains(&field(phrase));
            let part = |(at, phrase): &(usize, &Phrase)| {
                *at >= end && field(phrase).starts_with("address.") && !is_line(phrase)
            };
            let mail = best(&|found| field(found.1) == "email");
            let part = if is_line(phrase) { best(&part) } else { None };
            (at, phrase) = mail.or(part).unwrap_or((at, phrase));
        }
        let length = phrase.words.len();
        let rest: Vec<&String> = words[..at].iter().chain(&words[at + length..]).collect();
        let (mut field, label) = match field(phrase).split_once('@') {
            Some((field, label)) => (field, Some(label)),
            None => (field(phrase), None),
        };
        let is = |list: &[String], word: &String| list.contains(word);
        let about = rest
            .last()
            .is_some_and(|last| words.last() == Some(*last) && is(&self.others.about, last));
        if about || rest.iter().any(|word| is(&self.others.persons, word)) {
            field = "other";
        }
        let label = label.map(str::to_owned).or_else(|| self.qualifier(&rest));
        let left = self.unexplained(&rest, field == "email");
        let sure = self.is_sure(&rest, field);
        Some(Said { field: field.to_owned(), label, rank: phrase.rank, left, sure })
    }

    /// Whether the rest of a header takes nothing away from its phrase: `Address 1: City` is the town
    /// of the first address.
    fn is_sure(&self, rest: &[&String], field: &str) -> bool {
        let street = |word: &&&String| {
            let phrases = self.phrases.get(**word).map_or(&[][..], Vec::as_slice);
            let of_street = |phrase: &&Phrase| {
                let field = self.fields[phrase.field].0.as_str();
                phrase.words.len() == 1 && matches!(field, "address" | "address.line")
            };
            field.starts_with("address") && phrases.iter().any(|phrase| of_street(&phrase))
        };
        let number = |word: &&&String| word.chars().all(|c| c.is_ascii_digit());
        let others: Vec<&String> = rest.iter().filter(|word| !street(word)).copied().collect();
        rest.iter().filter(number).all(|word| *word == "1")
            && self.unexplained(&others, field == "email") == 0
    }

    fn allows(&self, phrase: &Phrase, words: &[String], at: usize) -> bool {
        let rest = words[..at].iter().chain(&words[at + phrase.words.len()..]);
        !self.fields[phrase.field].1 || self.unexplained(&rest.collect::<Vec<_>>(), false) == 0
    }

    /// How many words say something else; the word `address` does not where a mailbox is meant.
    fn unexplained(&self, rest: &[&String], mail: bool) -> usize {
        let mut known: Vec<bool> = rest
            .iter()
            .map(|word| {
                word.chars().all(|c| c.is_ascii_digit())
                    || self.fillers.contains(word)
                    || mail && matches!(word.as_str(), "address" | "adresse" | "addr")
            })
            .collect();
        for (_, phrase) in &self.qualifiers {
            for at in 0..rest.len() {
                let here = rest[at..].iter().take(phrase.len());
                if rest.len() - at >= phrase.len() && here.zip(phrase).all(|(x, y)| *x == y) {
                    known[at..at + phrase.len()].fill(true);
                }
            }
        }
        known.iter().filter(|known| !**known).count()
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
            ("Land/Region", "address.country"),
            ("Land / Region", "address.country"),
            ("Pays/Région", "address.country"),
            ("País/región", "address.country"),
            ("Paese/Regione", "address.country"),
            ("Kraj/region", "address.country"),
            ("Country/Region", "address.country"),
            ("State/Region", "address.region"),
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
            ("Cust #", "id"),
            ("N° client", "id"),
            ("№ клиента", "id"),
            ("Email Addr", "email"),
            ("Email Address 2", "email"),
            ("E-mail 2 Address", "email"),
            ("Adresse e-mail", "email"),
            ("Address 1 - City", "address.city"),
            ("Address 1 - Street", "address.line"),
            ("Address 1 - Label", "other"),
            ("D.O.B.", "date_of_birth"),
            ("C.P.", "address.postcode"),
            ("First", "name.given"),
            ("Last", "name.family"),
            ("Last order", ""),
            ("ST", "address.region"),
            ("Home Ph", "phone@home"),
            ("Tussenvoegsel", "name.particle"),
            ("assignee_email", "other"),
            ("requester_name", "name"),
            ("Emergency Contact Phone", "other"),
            ("Friend's Email", "other"),
            ("To Email Address", "email"),
            ("city_tier", "other"),
            ("Bill To City", "address.city@billing"),
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

    #[test]
    fn says_whether_a_header_says_nothing_else() {
        for (header, want) in [
            ("Vollständiger Name", true),
            ("Telefon (geschäftlich)", true),
            ("Adresse 1: Straße 1", true),
            ("Adresse 1: Ort", true),
            ("Adresse 1: Land/Region", true),
            ("Adresse 2: Ort", false),
            ("E-Mail 2", false),
            ("Sales Region", false),
            ("geo_country", false),
            ("Address First Name", false),
        ] {
            assert_eq!(Lexicon::builtin().read(header).unwrap().sure, want, "{header}");
        }
    }
}
