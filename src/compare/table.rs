//! The comparison table: what is compared of every record, interned, in columns.

use rayon::prelude::*;

use super::intern::{Interner, Lists, NONE};
use super::row::Row;
use crate::model::{EntityKind, IdentifierKind, LinkStrength, NormalRecord};
use crate::similarity::soundex;

/// Most further texts (columns that no field took) that are compared.
pub const TEXT_COLUMNS: usize = 6;

/// One personal name of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameEntry {
    /// First given token ([`Table::given`]).
    pub given: u32,
    /// Further given and middle tokens, joined by spaces ([`Table::middle`]).
    pub middle: u32,
    /// Family tokens, joined by spaces ([`Table::family`]).
    pub family: u32,
    /// 0 none, 1 senior, 2 junior, 3 …
    pub generation: u8,
    /// The initial that stood where a mailbox gave the given name.
    pub initial: u32,
    /// The given name was read out of the record's mailbox.
    pub given_derived: bool,
    /// The family name was read out of the record's mailbox.
    pub family_derived: bool,
}

impl NameEntry {
    /// No name.
    pub(crate) const NONE: Self = Self {
        given: NONE,
        middle: NONE,
        family: NONE,
        generation: 0,
        initial: NONE,
        given_derived: false,
        family_derived: false,
    };
}

/// One mail address of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmailEntry {
    /// [`Table::email`].
    pub email: u32,
    /// How the record's own names make up the local part: see `compare::pattern`.
    pub pattern: u16,
}

/// Facts of a distinct mail address.
#[derive(Clone, Copy, Debug)]
pub struct EmailValue {
    /// [`Table::local`].
    pub local: u32,
    /// [`Table::letters`]: the letters of the local part, in order.
    pub letters: u32,
    /// [`Table::domain`].
    pub domain: u32,
    /// Digits in the local part.
    pub digits: u8,
    /// The domain is open to everyone.
    pub free: bool,
    /// A function's mailbox.
    pub role: bool,
    /// A stable masked address: agreement counts, difference says nothing.
    pub relay: bool,
    /// Length of the local part in bytes, at most 255.
    pub len: u8,
    /// Which characters the local part holds: a bit a character.
    pub bag: u64,
}

impl EmailValue {
    /// No address.
    pub(crate) const NONE: Self = Self {
        local: NONE,
        letters: NONE,
        domain: NONE,
        digits: 0,
        free: false,
        role: false,
        relay: false,
        len: 0,
        bag: 0,
    };
}

/// The characters of a text as a set of 64: an edit changes at most two bits of it.
pub(super) fn bag(text: &str) -> u64 {
    text.bytes().fold(0, |bag, c| bag | 1 << (c & 63))
}

/// One postal address of a record; every part is an id of its interner or [`NONE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressEntry {
    /// House number.
    pub number: u32,
    /// Street tokens joined.
    pub street: u32,
    /// Number and street together.
    pub place: u32,
    /// Number, street and postcode together.
    pub site: u32,
    /// Unit.
    pub unit: u32,
    /// Town.
    pub city: u32,
    /// Region.
    pub region: u32,
    /// Postcode.
    pub postcode: u32,
}

impl AddressEntry {
    /// No address.
    pub(crate) const NONE: Self = Self {
        number: NONE,
        street: NONE,
        place: NONE,
        site: NONE,
        unit: NONE,
        city: NONE,
        region: NONE,
        postcode: NONE,
    };
}

/// One id that a record carries or bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkEntry {
    /// System, object and id together ([`Table::link`]).
    pub link: u32,
    /// System and object ([`Table::link_group`]).
    pub group: u32,
    /// The record is this id (else it names it).
    pub own: bool,
    /// The system announces it.
    pub announced: bool,
}

/// How often the values of one field occur: records with the field, and records a value.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Records that have the field.
    pub records: u32,
    /// Records a distinct value, by its interned id.
    pub of: Vec<u32>,
}

impl Counts {
    /// Count of a value; 0 for [`NONE`].
    pub fn get(&self, id: u32) -> u32 {
        self.of.get(id as usize).copied().unwrap_or(0)
    }

    /// Relative frequency of a value, at least half a record's.
    pub fn share(&self, id: u32) -> f64 {
        f64::from(self.get(id)).max(0.5) / f64::from(self.records.max(1))
    }

    /// Sets the count of a value.
    pub(crate) fn set(&mut self, id: u32, count: u32) {
        let at = id as usize;
        if at >= self.of.len() {
            self.of.resize(at + 1, 0);
        }
        self.of[at] = count;
    }

    pub(crate) fn add(&mut self, id: u32) {
        if id == NONE {
            return;
        }
        let at = id as usize;
        if at >= self.of.len() {
            self.of.resize(at + 1, 0);
        }
        self.of[at] += 1;
    }
}

macro_rules! counted {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Value frequencies of every field that has them.
        #[derive(Clone, Debug, Default)]
        pub struct AllCounts { $($(#[$doc])* pub $name: Counts,)* }

        impl AllCounts {
            /// The fields' names with their counts, in a fixed order.
            pub fn named(&self) -> Vec<(&'static str, &Counts)> {
                vec![$((stringify!($name), &self.$name),)*]
            }

            /// The same, to be changed.
            pub fn named_mut(&mut self) -> Vec<(&'static str, &mut Counts)> {
                vec![$((stringify!($name), &mut self.$name),)*]
            }
        }
    };
}
counted!(
    /// First given token.
    given,
    /// Whole family name.
    family,
    /// One token of a family name.
    family_token,
    /// First letter of the given name (id = letter − a).
    initial,
    /// Middle tokens (one by one).
    middle_token,
    /// Whole mail address.
    email,
    /// Local part.
    local,
    /// Letters of the local part.
    letters,
    /// Mail domain.
    domain,
    /// Phone.
    phone,
    /// Number + street.
    place,
    /// Number + street + postcode.
    site,
    /// Street.
    street,
    /// Postcode.
    postcode,
    /// Town.
    city,
    /// Region.
    region,
    /// Birth date.
    birth,
    /// Tax and national numbers.
    identifier,
    /// Loyalty numbers, card fingerprints.
    token,
    /// External ids.
    link,
    /// Whole name of an organisation.
    organization,
    /// One token of the name of an organisation.
    organization_token,
    /// Web domain.
    web,
    /// Job title.
    job,
);

/// A column of further texts.
#[derive(Clone, Debug, Default)]
pub struct TextColumn {
    /// Column name.
    pub name: String,
    /// Value by record, [`NONE`] where missing.
    pub values: Vec<u32>,
    /// Frequencies.
    pub counts: Counts,
}

/// What is compared of every record. Ids are numbers of the interners; records are ordinals.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Entity kind by record.
    pub kind: Vec<EntityKind>,
    /// Source by record (number given by the caller).
    pub source: Vec<u32>,
    /// Personal names by record, the own name first.
    pub names: Lists<NameEntry>,
    /// Mail addresses by record.
    pub emails: Lists<EmailEntry>,
    /// Phones by record.
    pub phones: Lists<u32>,
    /// Addresses by record.
    pub addresses: Lists<AddressEntry>,
    /// Birth dates by record.
    pub births: Lists<u32>,
    /// Age by record, 0 if unknown.
    pub age: Vec<u16>,
    /// 0 unknown, 1 female, 2 male, 3 other.
    pub gender: Vec<u8>,
    /// Tax and national numbers by record.
    pub identifiers: Lists<u32>,
    /// Loyalty numbers and tokens by record.
    pub tokens: Lists<u32>,
    /// Ids in systems by record.
    pub links: Lists<LinkEntry>,
    /// Names of the organisation (or of the person's employer) by record.
    pub organizations: Lists<u32>,
    /// Web domains by record.
    pub webs: Lists<u32>,
    /// Job titles by record.
    pub jobs: Lists<u32>,
    /// Further texts.
    pub texts: Vec<TextColumn>,

    /// First given tokens.
    pub given: Interner,
    /// Further given tokens, joined.
    pub middle: Interner,
    /// Family tokens, joined.
    pub family: Interner,
    /// Single tokens of family and middle names.
    pub name_token: Interner,
    /// `local@domain`.
    pub email: Interner,
    /// Facts by mail address.
    pub email_values: Vec<EmailValue>,
    /// Local parts.
    pub local: Interner,
    /// Letters of local parts.
    pub letters: Interner,
    /// Mail domains.
    pub domain: Interner,
    /// Last ten digits of phones.
    pub phone: Interner,
    /// House numbers, units.
    pub part: Interner,
    /// Streets.
    pub street: Interner,
    /// Number and street.
    pub place: Interner,
    /// Number, street and postcode.
    pub site: Interner,
    /// Towns.
    pub city: Interner,
    /// Regions.
    pub region: Interner,
    /// Postcodes.
    pub postcode: Interner,
    /// Birth dates as eight digits.
    pub birth: Interner,
    /// Tax numbers, with kind.
    pub identifier: Interner,
    /// Tokens, with kind.
    pub token: Interner,
    /// `system/object/id`.
    pub link: Interner,
    /// `system/object`.
    pub link_group: Interner,
    /// Names of organisations: sorted distinct tokens, joined.
    pub organization: Interner,
    /// Tokens of organisations.
    pub organization_token: Interner,
    /// Token ids by name of an organisation.
    pub organization_tokens: Lists<u32>,
    /// Web domains.
    pub web: Interner,
    /// Job titles.
    pub job: Interner,
    /// Further texts' values, all columns together.
    pub text: Interner,

    /// Soundex by given token.
    pub given_soundex: Vec<u32>,
    /// Soundex by family name (its first token longer than three letters, else the first).
    pub family_soundex: Vec<u32>,
    /// Value frequencies.
    pub counts: AllCounts,

    /// What comparing looks at first, by record.
    pub(super) rows: Vec<Row>,
}

/// What the table needs to know of a record beside its values.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// Number of its source.
    pub source: u32,
    /// Its columns were mapped by guess, so further columns may be compared.
    pub generic: bool,
}

impl Table {
    /// Number of records.
    pub fn len(&self) -> u32 {
        self.kind.len() as u32
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }

    /// Adds the next record. Call [`Table::finish`] after the last.
    pub fn push(&mut self, record: &NormalRecord, origin: Origin, texts: &TextChoice) {
        self.kind.push(record.entity_kind);
        self.source.push(origin.source);
        self.age.push(record.age.unwrap_or(0));
        self.gender.push(match record.gender {
            None => 0,
            Some(crate::model::Gender::Female) => 1,
            Some(crate::model::Gender::Male) => 2,
            Some(crate::model::Gender::Other) => 3,
        });
        self.push_names(record);
        self.push_emails(record);
        self.push_phones(record);
        self.push_addresses(record);
        for birth in record.births.iter().filter(|b| !b.sentinel) {
            let digits = format!("{:04}{:02}{:02}", birth.year.min(9999), birth.month, birth.day);
            let id = self.birth.intern(&digits);
            push_new(&mut self.births, id);
        }
        self.births.close();
        self.push_identifiers(record);
        self.push_links(record);
        self.push_organizations(record);
        for job in &record.job_titles {
            let id = self.job.intern(&job.key);
            push_new(&mut self.jobs, id);
        }
        self.jobs.close();
        self.push_texts(record, origin, texts);
    }

    fn push_names(&mut self, record: &NormalRecord) {
        for name in &record.names {
            let mut given = name.given.iter().chain(&name.middle);
            let first = if name.given.is_empty() { None } else { given.next() };
            let middle: Vec<&str> = given.map(String::as_str).collect();
            let given = first.map_or(NONE, |token| self.given.intern(token));
            if given != NONE && given as usize == self.given_soundex.len() {
                self.given_soundex.push(soundex(self.given.get(given)));
            }
            let family = self.family.intern(&name.family.join(" "));
            if family != NONE && family as usize == self.family_soundex.len() {
                let token = name.family.iter().find(|t| t.len() > 3).or(name.family.first());
                self.family_soundex.push(token.map_or(0, |t| soundex(t)));
            }
            let entry = NameEntry {
                given,
                middle: self.middle.intern(&middle.join(" ")),
                family,
                generation: name.generation,
                initial: NONE,
                given_derived: false,
                family_derived: false,
            };
            let named = entry.given != NONE || entry.family != NONE;
            let known = self.names.open().iter().any(|n| n.given == given && n.family == family);
            if named && !known && self.names.open().len() < 4 {
                self.names.push(entry);
            }
        }
        if self.names.open().is_empty() && record.entity_kind != EntityKind::Organization {
            // A place for names that a mailbox may give.
            self.names.push(NameEntry::NONE);
        }
        self.names.close();
    }

    fn push_emails(&mut self, record: &NormalRecord) {
        for email in record.emails.iter().filter(|e| !e.quality.useless) {
            if email.local.is_empty() {
                continue;
            }
            let id = self.email.intern(&format!("{}@{}", email.local, email.domain));
            if id as usize == self.email_values.len() {
                let letters: String = email
                    .local
                    .chars()
                    .filter(|c| !c.is_ascii_digit() && c.is_alphanumeric())
                    .collect();
                let digits = email.local.bytes().filter(u8::is_ascii_digit).count();
                self.email_values.push(EmailValue {
                    local: self.local.intern(&email.local),
                    letters: self.letters.intern(&letters),
                    domain: self.domain.intern(&email.domain),
                    digits: digits.min(20) as u8,
                    free: email.quality.free || email.quality.disposable,
                    role: email.quality.role,
                    relay: email.quality.relay,
                    len: email.local.len().min(255) as u8,
                    bag: bag(&email.local),
                });
            }
            if !self.emails.open().iter().any(|e| e.email == id) && self.emails.open().len() < 8 {
                self.emails.push(EmailEntry { email: id, pattern: 0 });
            }
        }
        self.emails.close();
    }

    fn push_phones(&mut self, record: &NormalRecord) {
        for phone in record.phones.iter().filter(|p| !p.useless && p.national.len() >= 6) {
            let start = phone.national.len().saturating_sub(10);
            let id = self.phone.intern(&phone.national[start..]);
            if self.phones.open().len() < 8 {
                push_new(&mut self.phones, id);
            }
        }
        self.phones.close();
    }

    fn push_addresses(&mut self, record: &NormalRecord) {
        for address in &record.addresses {
            let po_box = !address.po_box.is_empty();
            let (number, street) = if po_box && address.street.is_empty() {
                (address.po_box.as_str(), "pobox".to_owned())
            } else {
                (address.number.as_str(), address.street.join(" "))
            };
            let place = if number.is_empty() || street.is_empty() {
                String::new()
            } else {
                format!("{number} {street}")
            };
            let site = if place.is_empty() || address.postcode_key.is_empty() {
                String::new()
            } else {
                format!("{place} {}", address.postcode_key)
            };
            let entry = AddressEntry {
                number: self.part.intern(number),
                street: self.street.intern(&street),
                place: self.place.intern(&place),
                site: self.site.intern(&site),
                unit: self.part.intern(&address.unit),
                city: self.city.intern(&address.city_key),
                region: self.region.intern(&address.region_key),
                postcode: self.postcode.intern(&address.postcode_key),
            };
            let empty = entry.street == NONE
                && entry.city == NONE
                && entry.postcode == NONE
                && entry.region == NONE;
            if !empty && !self.addresses.open().contains(&entry) && self.addresses.open().len() < 6
            {
                self.addresses.push(entry);
            }
        }
        self.addresses.close();
    }

    fn push_identifiers(&mut self, record: &NormalRecord) {
        for identifier in &record.identifiers {
            match identifier.kind {
                IdentifierKind::Tax => {
                    let id = self.identifier.intern(&identifier.value);
                    push_new(&mut self.identifiers, id);
                }
                IdentifierKind::Loyalty | IdentifierKind::Token => {
                    let kind = if identifier.kind == IdentifierKind::Loyalty { 'L' } else { 'T' };
                    let id = self.token.intern(&format!("{kind}{}", identifier.value));
                    push_new(&mut self.tokens, id);
                }
            }
        }
        self.identifiers.close();
        self.tokens.close();
    }

    fn push_links(&mut self, record: &NormalRecord) {
        let own = record.self_ids.iter().map(|id| (id, true));
        for (id, own) in own.chain(record.external_ids.iter().map(|id| (id, false))) {
            let entry = LinkEntry {
                link: self.link.intern(&format!("{}/{}/{}", id.system, id.object, id.id)),
                group: self.link_group.intern(&format!("{}/{}", id.system, id.object)),
                own,
                announced: id.strength == LinkStrength::Announced,
            };
            if self.links.open().len() < 16 {
                push_new(&mut self.links, entry);
            }
        }
        self.links.close();
    }

    fn push_organizations(&mut self, record: &NormalRecord) {
        for organization in record.organizations.iter().filter(|o| !o.useless) {
            let mut tokens: Vec<&str> = organization.tokens.iter().map(String::as_str).collect();
            tokens.sort_unstable();
            tokens.dedup();
            let id = self.organization.intern(&tokens.join(" "));
            if id == NONE {
                continue;
            }
            if id as usize == self.organization_tokens.len() {
                for token in tokens {
                    let token = self.organization_token.intern(token);
                    self.organization_tokens.push(token);
                }
                self.organization_tokens.close();
            }
            if self.organizations.open().len() < 4 {
                push_new(&mut self.organizations, id);
            }
        }
        self.organizations.close();
        for website in &record.websites {
            let id = self.web.intern(&website.domain);
            push_new(&mut self.webs, id);
        }
        if record.entity_kind != EntityKind::Person {
            for email in record.emails.iter().filter(|e| {
                let q = e.quality;
                !(q.free || q.relay || q.useless || q.disposable)
            }) {
                let id = self.web.intern(&email.domain);
                push_new(&mut self.webs, id);
            }
        }
        self.webs.close();
    }

    fn push_texts(&mut self, record: &NormalRecord, origin: Origin, choice: &TextChoice) {
        self.texts.resize_with(choice.columns.len(), TextColumn::default);
        for (at, column) in choice.columns.iter().enumerate() {
            let mut id = NONE;
            if origin.generic {
                let found = record.others.iter().find(|(name, _)| TextChoice::key(name) == *column);
                if let Some((_, value)) = found {
                    id = self.text.intern(&crate::reference::fold(value));
                }
            }
            self.texts[at].values.push(id);
        }
    }

    /// Counts the values; the table is complete then.
    pub fn finish(&mut self, choice: &TextChoice) {
        for (column, name) in self.texts.iter_mut().zip(&choice.columns) {
            column.name.clone_from(name);
        }
        self.count();
        self.lay_out();
    }

    /// Lays the rows out, once the lists stand.
    pub(super) fn lay_out(&mut self) {
        let t = &*self;
        self.rows = (0..t.len()).into_par_iter().map(|record| Row::new(t, record)).collect();
    }

    fn count(&mut self) {
        let mut counts = AllCounts::default();
        let Self { name_token, family, middle, organization_tokens, .. } = self;
        for record in 0..self.kind.len() as u32 {
            // A record counts once a value and field: several names mostly repeat a part.
            let names = self.names.get(record);
            if let Some(first) = names.first() {
                counts.given.records += u32::from(first.given != NONE);
                counts.family.records += u32::from(first.family != NONE);
            }
            for (at, name) in names.iter().enumerate() {
                let before = &names[..at];
                if !before.iter().any(|n| n.given == name.given) {
                    counts.given.add(name.given);
                    if let Some(letter) = self.given.get(name.given).bytes().next() {
                        counts.initial.add(u32::from(letter));
                    }
                }
                if !before.iter().any(|n| n.family == name.family) {
                    counts.family.add(name.family);
                    if name.family != NONE {
                        for token in family.get(name.family).split(' ') {
                            counts.family_token.add(name_token.intern(token));
                        }
                    }
                }
                if name.middle != NONE && at == 0 {
                    counts.middle_token.records += 1;
                    for token in middle.get(name.middle).split(' ') {
                        counts.middle_token.add(name_token.intern(token));
                    }
                }
            }
            let emails = self.emails.get(record);
            counts.email.records += u32::from(!emails.is_empty());
            for (at, entry) in emails.iter().enumerate() {
                let value = self.email_values[entry.email as usize];
                let before = || emails[..at].iter().map(|e| self.email_values[e.email as usize]);
                counts.email.add(entry.email);
                if !before().any(|v| v.local == value.local) {
                    counts.local.add(value.local);
                }
                if !before().any(|v| v.letters == value.letters) {
                    counts.letters.add(value.letters);
                }
                if !before().any(|v| v.domain == value.domain) {
                    counts.domain.add(value.domain);
                }
            }
            let addresses = self.addresses.get(record);
            counts.place.records += u32::from(!addresses.is_empty());
            for (at, entry) in addresses.iter().enumerate() {
                let before = &addresses[..at];
                let new =
                    |part: fn(&AddressEntry) -> u32| !before.iter().any(|b| part(b) == part(entry));
                if new(|a| a.place) {
                    counts.place.add(entry.place);
                }
                if new(|a| a.site) {
                    counts.site.add(entry.site);
                }
                if new(|a| a.street) {
                    counts.street.add(entry.street);
                }
                if new(|a| a.postcode) {
                    counts.postcode.add(entry.postcode);
                }
                if new(|a| a.city) {
                    counts.city.add(entry.city);
                }
                if new(|a| a.region) {
                    counts.region.add(entry.region);
                }
            }
            for id in self.organizations.get(record) {
                for token in organization_tokens.get(*id) {
                    counts.organization_token.add(*token);
                }
            }
            for entry in self.links.get(record) {
                counts.link.add(entry.link);
            }
        }
        counts.initial.records = counts.given.records;
        counts.family_token.records = counts.family.records;
        for c in [&mut counts.local, &mut counts.letters, &mut counts.domain] {
            c.records = counts.email.records;
        }
        let records = counts.place.records;
        for c in [
            &mut counts.site,
            &mut counts.street,
            &mut counts.postcode,
            &mut counts.city,
            &mut counts.region,
        ] {
            c.records = records;
        }
        counts.link.records = self.links.filled();
        counts.phone = count_list(&self.phones);
        counts.birth = count_list(&self.births);
        counts.identifier = count_list(&self.identifiers);
        counts.token = count_list(&self.tokens);
        counts.organization = count_list(&self.organizations);
        counts.organization_token.records = counts.organization.records;
        counts.web = count_list(&self.webs);
        counts.job = count_list(&self.jobs);
        self.counts = counts;
        for column in &mut self.texts {
            column.counts = Counts::default();
            for id in &column.values {
                column.counts.records += u32::from(*id != NONE);
                column.counts.add(*id);
            }
        }
    }
}

fn push_new<T: PartialEq + Copy + IsNone>(list: &mut Lists<T>, value: T) {
    if !value.is_none() && !list.open().contains(&value) {
        list.push(value);
    }
}

trait IsNone {
    fn is_none(&self) -> bool;
}
impl IsNone for u32 {
    fn is_none(&self) -> bool {
        *self == NONE
    }
}
impl IsNone for LinkEntry {
    fn is_none(&self) -> bool {
        self.link == NONE
    }
}

fn count_list(list: &Lists<u32>) -> Counts {
    let mut counts = Counts { records: list.filled(), of: Vec::new() };
    for record in 0..list.len() as u32 {
        for id in list.get(record) {
            counts.add(*id);
        }
    }
    counts
}

/// Which further columns are compared: chosen once from all records, and part of the model.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TextChoice {
    /// Folded column names.
    pub columns: Vec<String>,
}

impl TextChoice {
    /// The name that columns are told apart by.
    pub fn key(column: &str) -> String {
        crate::reference::fold(column)
    }
}
