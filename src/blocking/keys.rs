use xxhash_rust::xxh3::xxh3_64;

use crate::model::{EntityKind, NormalRecord};
use crate::reference::names::formal_names;
use crate::similarity::soundex;

/// A blocking rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Number in keys.
    pub number: u8,
    /// In words, for reports and explanations.
    pub name: &'static str,
    /// Rules of one group use the same evidence: only rules of different groups are independent.
    pub group: Group,
}

/// The evidence that a rule rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Group {
    Email,
    Phone,
    Name,
    Place,
    Number,
    Text,
}

/// A record's key under a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The rule's number.
    pub rule: u8,
    /// Hash of rule and values.
    pub hash: u64,
}

macro_rules! rules {
    ($($id:ident = $number:literal, $group:ident, $name:literal;)*) => {
        $(const $id: u8 = $number;)*
        /// All rules by number.
        pub const RULES: &[Rule] = &[$(Rule { number: $number, name: $name, group: Group::$group },)*];
    };
}
/// The rule by which all records of a small file meet; it has no keys.
pub const SMALL_FILE: u8 = EVERY_PAIR;

rules! {
    EMAIL = 0, Email, "e-mail";
    LOCAL = 1, Email, "name before @";
    LETTERS = 2, Email, "letters before @";
    LETTERS_HEAD = 3, Email, "first letters before @ + sound of family name";
    LETTERS_TAIL = 4, Email, "last letters before @ + sound of family name";
    LETTERS_INITIAL = 5, Email, "seven letters before @ + initial";
    DOMAIN = 6, Email, "company domain";
    PHONE = 7, Phone, "phone";
    PHONE_HEAD = 8, Phone, "first digits of phone + sound of a name";
    PHONE_TAIL = 9, Phone, "last digits of phone + sound of a name";
    NAME = 10, Name, "given + family name";
    NAME_SOUND = 11, Name, "given name + sound of family name";
    FAMILY_INITIAL = 12, Name, "family name + initial";
    ANY_NAME = 13, Name, "a rare name";
    SOUND_INITIAL_AREA = 14, Name, "sound of family name + initial + postcode area";
    FAMILY_POSTCODE = 15, Place, "family name + postcode";
    GIVEN_POSTCODE = 16, Place, "given name + postcode";
    SOUND_CITY_INITIAL = 17, Place, "sound of family name + town + initial";
    HOUSE = 18, Place, "number + street";
    NUMBER_POSTCODE = 19, Place, "number + postcode";
    NUMBER_NAME = 20, Place, "number + sound of a name";
    STREET_POSTCODE_INITIAL = 21, Place, "street + postcode + initial";
    BIRTH = 22, Number, "date of birth";
    BIRTH_PART_NAME = 23, Number, "part of date of birth + sound of a name";
    IDENTIFIER = 24, Number, "identity number";
    IDENTIFIER_HALF_NAME = 25, Number, "half of identity number + sound of a name";
    TEXT_NAME = 26, Text, "further text + sound of a name";
    ANY_SOUND_POSTCODE = 27, Place, "sound of any name + postcode";
    ANY_SOUND_YEAR = 28, Number, "sound of any name + year of birth";
    POSTCODE = 29, Place, "postcode";
    TEXTS = 30, Text, "two further texts";
    ORGANIZATION_WORDS = 31, Name, "two words of the organisation";
    ORGANIZATION_WORD_PLACE = 32, Place, "a word of the organisation + house number or postcode";
    DOMAIN_NUMBER = 33, Email, "web domain + house number";
    LINK = 34, Number, "id in a system";
    TOKEN = 35, Number, "card or loyalty number";
    FAMILY_GIVEN_SOUND = 36, Name, "family name + sound of given name";
    STREET_NAME = 37, Place, "street + sound of family name";
    EVERY_PAIR = 38, Text, "every pair of a small file";
}

/// Collects the keys of one record.
struct Keys<'a> {
    out: &'a mut Vec<Key>,
    /// What is hashed; a stream of small parts would cost several times as much.
    text: Vec<u8>,
}

impl Keys<'_> {
    fn add(&mut self, rule: u8, parts: &[&str]) {
        if parts.iter().any(|p| p.is_empty()) {
            return;
        }
        self.text.clear();
        self.text.push(rule);
        for part in parts {
            self.text.extend_from_slice(part.as_bytes());
            self.text.push(0);
        }
        self.out.push(Key { rule, hash: xxh3_64(&self.text) });
    }
}

/// What keys use of one personal name.
struct Name {
    given: String,
    family: String,
    given_sound: String,
    family_sound: String,
    initial: String,
    /// Formal given names that it may stand for, itself first.
    formal: Vec<String>,
}

fn sound(word: &str) -> String {
    let code = soundex(word);
    if code == 0 {
        String::new()
    } else {
        String::from_utf8_lossy(&code.to_be_bytes()).into_owned()
    }
}

fn names(record: &NormalRecord) -> Vec<Name> {
    let mut out: Vec<Name> = Vec::new();
    let mut add = |given: &str, family: &[String]| {
        let joined = family.concat();
        let word = family.iter().find(|t| t.len() > 3).or(family.first());
        let mut formal = vec![given.to_owned()];
        if given.len() > 1 {
            formal.extend(formal_names(given).take(4).map(str::to_owned));
        }
        out.push(Name {
            initial: given.get(..1).unwrap_or("").to_owned(),
            given_sound: if given.len() > 1 { sound(given) } else { String::new() },
            family_sound: word.map_or(String::new(), |w| sound(w)),
            given: given.to_owned(),
            family: joined,
            formal,
        });
    };
    for name in record.names.iter().take(3) {
        let given = name.given.first().map_or("", String::as_str);
        add(given, &name.family);
        // A middle name may be the name that the person goes by.
        if let Some(second) = name.given.get(1).or(name.middle.first()).filter(|m| m.len() > 2) {
            add(second, &name.family);
        }
    }
    out
}

/// Hashed keys of a record, sorted, without duplicates. A pure function of its canonical values;
/// `generic` says that its columns were mapped by guess, so that further texts may block.
pub fn keys_of(record: &NormalRecord, generic: bool, out: &mut Vec<Key>) {
    out.clear();
    let mut keys = Keys { out, text: Vec::with_capacity(128) };
    for id in record.self_ids.iter().chain(&record.external_ids) {
        keys.add(LINK, &[&id.system, &id.object, &id.id]);
    }
    for identifier in &record.identifiers {
        match identifier.kind {
            crate::model::IdentifierKind::Tax => keys.add(IDENTIFIER, &[&identifier.value]),
            crate::model::IdentifierKind::Loyalty => keys.add(TOKEN, &["l", &identifier.value]),
            crate::model::IdentifierKind::Token => keys.add(TOKEN, &["t", &identifier.value]),
        }
    }
    let organization = record.entity_kind == EntityKind::Organization;
    let people = if organization { Vec::new() } else { names(record) };
    contact_keys(&mut keys, record, &people);
    name_keys(&mut keys, record, &people);
    place_keys(&mut keys, record, &people);
    number_keys(&mut keys, record, &people);
    if generic {
        text_keys(&mut keys, record, &people);
    }
    if record.entity_kind != EntityKind::Person {
        organization_keys(&mut keys, record);
    }
    out.sort_unstable();
    out.dedup();
}

fn contact_keys(keys: &mut Keys<'_>, record: &NormalRecord, people: &[Name]) {
    for email in record.emails.iter().filter(|e| !e.quality.useless) {
        keys.add(EMAIL, &[&email.local, &email.domain]);
        if !email.quality.free && !email.quality.relay {
            keys.add(DOMAIN, &[&email.domain]);
        }
        if email.quality.relay || email.quality.role {
            continue;
        }
        if email.local.len() >= 5 {
            keys.add(LOCAL, &[&email.local]);
        }
        let letters: String = email.local.chars().filter(char::is_ascii_lowercase).collect();
        if letters.len() >= 5 {
            keys.add(LETTERS, &[&letters]);
            for name in people {
                keys.add(LETTERS_HEAD, &[&letters[..4], &name.family_sound]);
                keys.add(LETTERS_TAIL, &[&letters[letters.len() - 4..], &name.family_sound]);
            }
        }
        if letters.len() >= 7 {
            for name in people {
                keys.add(LETTERS_INITIAL, &[&letters[..7], &name.initial]);
            }
        }
    }
    for phone in record.phones.iter().filter(|p| !p.useless && p.national.len() >= 6) {
        let start = phone.national.len().saturating_sub(10);
        let digits = &phone.national[start..];
        keys.add(PHONE, &[digits]);
        for name in people {
            for code in [&name.family_sound, &name.given_sound] {
                keys.add(PHONE_HEAD, &[&digits[..6], code]);
                keys.add(PHONE_TAIL, &[&digits[digits.len() - 4..], code]);
            }
        }
    }
}

fn name_keys(keys: &mut Keys<'_>, record: &NormalRecord, people: &[Name]) {
    for name in people {
        for formal in name.formal.iter().filter(|f| f.len() > 1) {
            keys.add(NAME, &[formal, &name.family]);
            keys.add(NAME_SOUND, &[formal, &name.family_sound]);
        }
        keys.add(FAMILY_INITIAL, &[&name.family, &name.initial]);
        keys.add(FAMILY_GIVEN_SOUND, &[&name.family, &name.given_sound]);
        keys.add(ANY_NAME, &[&name.family]);
        if name.given.len() > 2 {
            keys.add(ANY_NAME, &[&name.given]);
        }
        for address in &record.addresses {
            let area = address.postcode_key.get(..3).unwrap_or("");
            keys.add(SOUND_INITIAL_AREA, &[&name.family_sound, &name.initial, area]);
        }
    }
}

fn place_keys(keys: &mut Keys<'_>, record: &NormalRecord, people: &[Name]) {
    for address in &record.addresses {
        let street = address.street.concat();
        let postcode = &address.postcode_key;
        keys.add(HOUSE, &[&address.number, &street]);
        keys.add(NUMBER_POSTCODE, &[&address.number, postcode]);
        keys.add(POSTCODE, &[postcode]);
        for name in people {
            keys.add(FAMILY_POSTCODE, &[&name.family, postcode]);
            for formal in &name.formal {
                if formal.len() > 1 {
                    keys.add(GIVEN_POSTCODE, &[formal, postcode]);
                    keys.add(NUMBER_NAME, &[&address.number, formal]);
                }
            }
            keys.add(SOUND_CITY_INITIAL, &[&name.family_sound, &address.city_key, &name.initial]);
            keys.add(NUMBER_NAME, &[&address.number, &name.family_sound]);
            keys.add(STREET_POSTCODE_INITIAL, &[&street, postcode, &name.initial]);
            keys.add(STREET_NAME, &[&street, &name.family_sound]);
            for code in [&name.family_sound, &name.given_sound] {
                keys.add(ANY_SOUND_POSTCODE, &[postcode, code]);
            }
        }
    }
}

fn number_keys(keys: &mut Keys<'_>, record: &NormalRecord, people: &[Name]) {
    for birth in record.births.iter().filter(|b| !b.sentinel) {
        let year = format!("{:04}", birth.year);
        let day = format!("{:02}{:02}", birth.month, birth.day);
        let vague = birth.month == 0 || (birth.month == 1 && birth.day <= 1);
        if birth.year != 0 && !vague {
            keys.add(BIRTH, &[&year, &day]);
        }
        for name in people {
            for code in [&name.family_sound, &name.given_sound] {
                if birth.year != 0 {
                    keys.add(ANY_SOUND_YEAR, &[&year, code]);
                }
                if !vague {
                    keys.add(BIRTH_PART_NAME, &[&day, code]);
                }
            }
        }
    }
    for identifier in record.identifiers.iter().filter(|i| i.value.is_ascii() && i.value.len() >= 6)
    {
        let (head, tail) = identifier.value.split_at(identifier.value.len() / 2);
        for name in people {
            for code in [&name.family_sound, &name.given_sound] {
                keys.add(IDENTIFIER_HALF_NAME, &["head", head, code]);
                keys.add(IDENTIFIER_HALF_NAME, &["tail", tail, code]);
            }
        }
    }
}

fn text_keys(keys: &mut Keys<'_>, record: &NormalRecord, people: &[Name]) {
    let mut texts: Vec<(String, String)> = record
        .others
        .iter()
        .filter(|(_, value)| {
            let letters = value.chars().filter(|c| c.is_alphabetic()).count();
            let chars = value.chars().count();
            letters * 2 > chars && (3..=40).contains(&chars)
        })
        .map(|(column, value)| (crate::reference::fold(column), crate::reference::fold(value)))
        .collect();
    for job in &record.job_titles {
        texts.push(("job".to_owned(), job.key.clone()));
    }
    for organization in record.organizations.iter().filter(|o| !o.useless) {
        texts.push(("organisation".to_owned(), organization.tokens.concat()));
    }
    texts.sort();
    texts.truncate(6);
    for (at, (column, value)) in texts.iter().enumerate() {
        for name in people {
            for code in [&name.family_sound, &name.given_sound] {
                keys.add(TEXT_NAME, &[column, value, code]);
            }
        }
        for (other_column, other) in &texts[at + 1..] {
            keys.add(TEXTS, &[column, value, other_column, other]);
        }
    }
}

fn organization_keys(keys: &mut Keys<'_>, record: &NormalRecord) {
    for organization in record.organizations.iter().filter(|o| !o.useless) {
        let mut words: Vec<&str> = organization.tokens.iter().map(String::as_str).collect();
        words.sort_unstable();
        words.dedup();
        words.truncate(8);
        if let [only] = words[..] {
            keys.add(ORGANIZATION_WORDS, &[only, "-"]);
        }
        for (at, word) in words.iter().enumerate() {
            for other in &words[at + 1..] {
                keys.add(ORGANIZATION_WORDS, &[word, other]);
            }
            for address in &record.addresses {
                keys.add(ORGANIZATION_WORD_PLACE, &["n", word, &address.number]);
                keys.add(ORGANIZATION_WORD_PLACE, &["p", word, &address.postcode_key]);
            }
        }
    }
    for website in &record.websites {
        keys.add(DOMAIN, &[&website.domain]);
        for address in &record.addresses {
            keys.add(DOMAIN_NUMBER, &[&website.domain, &address.number]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Email, PersonName};

    #[test]
    fn rules_are_numbered_by_position() {
        for (at, rule) in RULES.iter().enumerate() {
            assert_eq!(usize::from(rule.number), at, "{}", rule.name);
        }
    }

    #[test]
    fn records_of_one_person_meet() {
        let person = |given: &str, family: &str, local: &str| NormalRecord {
            names: vec![PersonName {
                given: vec![given.into()],
                family: vec![family.into()],
                ..PersonName::default()
            }],
            emails: vec![Email { local: local.into(), domain: "x.com".into(), ..Email::default() }],
            ..NormalRecord::default()
        };
        let (mut a, mut b) = (Vec::new(), Vec::new());
        keys_of(&person("john", "brown", "jbrown12"), false, &mut a);
        keys_of(&person("john", "braun", "jbrown12"), false, &mut b);
        let shared: Vec<&str> =
            a.iter().filter(|k| b.contains(k)).map(|k| RULES[usize::from(k.rule)].name).collect();
        assert!(
            shared.contains(&"e-mail") && shared.contains(&"given name + sound of family name")
        );
        assert!(a.windows(2).all(|w| w[0] < w[1]));
    }
}
