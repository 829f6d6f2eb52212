//! Filling the table: what is compared of a record goes into columns, interned. Kinds of values
//! that share no column are filled side by side.

use rustc_hash::FxHashSet;

use super::intern::{Interner, Lists, Marks, NONE};
use super::table::{
    AddressEntry, EmailEntry, EmailValue, LinkEntry, NameEntry, Origin, Table, TextChoice,
    TextColumn, bag,
};
use crate::model::{EntityKind, Gender, IdentifierKind, LinkStrength, NormalRecord};
use crate::reference::hides_sounds;
use crate::similarity::soundex;

/// Mail addresses of a record that are compared.
pub(super) const MOST_EMAILS: usize = 8;
/// Ids in systems of a record that are compared, its own ones first.
pub const MOST_LINKS: usize = 16;

impl Table {
    /// Adds the next record. Call [`Table::finish`] after the last.
    pub fn push(&mut self, record: &NormalRecord, origin: Origin, texts: &TextChoice) {
        let (mut names, mut mails, mut addresses, mut rest) = self.columns();
        names.push(record);
        mails.push(record);
        addresses.push(record);
        rest.push(record, origin, texts);
    }

    /// Adds the next records, with their origins; as [`Table::push`] for each, in parallel.
    pub fn extend(&mut self, records: &[NormalRecord], origins: &[Origin], texts: &TextChoice) {
        let (mut names, mut mails, mut addresses, mut rest) = self.columns();
        let rest = || records.iter().zip(origins).for_each(|(r, o)| rest.push(r, *o, texts));
        rayon::join(
            || rayon::join(|| records.iter().for_each(|r| names.push(r)), rest),
            || {
                rayon::join(
                    || records.iter().for_each(|r| mails.push(r)),
                    || records.iter().for_each(|r| addresses.push(r)),
                )
            },
        );
    }

    fn columns(&mut self) -> (Names<'_>, Mails<'_>, Addresses<'_>, Rest<'_>) {
        (
            Names {
                names: &mut self.names,
                given: &mut self.given,
                middle: &mut self.middle,
                family: &mut self.family,
                given_soundex: &mut self.given_soundex,
                family_soundex: &mut self.family_soundex,
            },
            Mails {
                emails: &mut self.emails,
                email: &mut self.email,
                values: &mut self.email_values,
                local: &mut self.local,
                letters: &mut self.letters,
                domain: &mut self.domain,
                text: String::new(),
            },
            Addresses {
                addresses: &mut self.addresses,
                part: &mut self.part,
                street: &mut self.street,
                place: &mut self.place,
                site: &mut self.site,
                city: &mut self.city,
                region: &mut self.region,
                postcode: &mut self.postcode,
                text: String::new(),
            },
            Rest {
                kind: &mut self.kind,
                source: &mut self.source,
                age: &mut self.age,
                gender: &mut self.gender,
                phones: &mut self.phones,
                phone: &mut self.phone,
                births: &mut self.births,
                birth: &mut self.birth,
                identifiers: &mut self.identifiers,
                identifier: &mut self.identifier,
                tokens: &mut self.tokens,
                token: &mut self.token,
                links: &mut self.links,
                named_groups: &mut self.named_groups,
                link: &mut self.link,
                parts: String::new(),
                link_group: &mut self.link_group,
                organizations: &mut self.organizations,
                organization: &mut self.organization,
                organization_token: &mut self.organization_token,
                organization_tokens: &mut self.organization_tokens,
                webs: &mut self.webs,
                web: &mut self.web,
                jobs: &mut self.jobs,
                job: &mut self.job,
                texts: &mut self.texts,
                text: &mut self.text,
            },
        )
    }
}

struct Names<'a> {
    names: &'a mut Lists<NameEntry>,
    given: &'a mut Interner,
    middle: &'a mut Interner,
    family: &'a mut Interner,
    given_soundex: &'a mut Vec<u32>,
    family_soundex: &'a mut Vec<u32>,
}

impl Names<'_> {
    fn push(&mut self, record: &NormalRecord) {
        for name in &record.names {
            let mut given = name.given.iter().chain(&name.middle);
            let first = if name.given.is_empty() { None } else { given.next() };
            let middle: Vec<&str> = given.map(String::as_str).collect();
            let given = first.map_or(NONE, |token| self.given.intern(token));
            if given != NONE && given as usize == self.given_soundex.len() {
                self.given_soundex.push(soundex(self.given.get(given)));
            }
            let family = match name.family.as_slice() {
                [only] => self.family.intern(only),
                tokens => self.family.intern(&tokens.join(" ")),
            };
            if family != NONE && family as usize == self.family_soundex.len() {
                let token = name.family.iter().find(|t| t.len() > 3).or(name.family.first());
                self.family_soundex.push(token.map_or(0, |t| soundex(t)));
            }
            let entry = NameEntry {
                given,
                middle: self.middle.intern(&middle.join(" ")),
                family,
                generation: name.generation,
                unvoiced: !name.display.is_ascii() && hides_sounds(&name.display),
                ..NameEntry::NONE
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
}

struct Mails<'a> {
    emails: &'a mut Lists<EmailEntry>,
    email: &'a mut Interner,
    values: &'a mut Vec<EmailValue>,
    local: &'a mut Interner,
    letters: &'a mut Interner,
    domain: &'a mut Interner,
    text: String,
}

impl Mails<'_> {
    fn push(&mut self, record: &NormalRecord) {
        for email in record.emails.iter().filter(|e| !e.quality.useless) {
            if email.local.is_empty() {
                continue;
            }
            let whole = write(&mut self.text, &[&email.local, "@", &email.domain]);
            let id = self.email.intern(whole);
            if id as usize == self.values.len() {
                self.text.clear();
                let letters = email.local.chars().filter(|c| !c.is_ascii_digit());
                self.text.extend(letters.filter(|c| c.is_alphanumeric()));
                let digits = email.local.bytes().filter(u8::is_ascii_digit).count();
                self.values.push(EmailValue {
                    local: self.local.intern(&email.local),
                    letters: self.letters.intern(&self.text),
                    domain: self.domain.intern(&email.domain),
                    digits: digits.min(20) as u8,
                    free: email.quality.free || email.quality.disposable,
                    relay: email.quality.relay,
                    len: email.local.len().min(255) as u8,
                    bag: bag(&email.local),
                });
            }
            if !self.emails.open().iter().any(|e| e.email == id)
                && self.emails.open().len() < MOST_EMAILS
            {
                self.emails.push(EmailEntry { email: id, pattern: 0, role: email.quality.role });
            }
        }
        self.emails.close();
    }
}

struct Addresses<'a> {
    addresses: &'a mut Lists<AddressEntry>,
    part: &'a mut Interner,
    street: &'a mut Interner,
    place: &'a mut Marks,
    site: &'a mut Marks,
    city: &'a mut Interner,
    region: &'a mut Interner,
    postcode: &'a mut Interner,
    text: String,
}

impl Addresses<'_> {
    fn push(&mut self, record: &NormalRecord) {
        for address in &record.addresses {
            let po_box = !address.po_box.is_empty();
            let (number, street) = if po_box && address.street.is_empty() {
                (address.po_box.as_str(), "pobox".to_owned())
            } else {
                (address.number.as_str(), address.street.join(" "))
            };
            let place = if number.is_empty() || street.is_empty() {
                ""
            } else {
                write(&mut self.text, &[number, " ", &street])
            };
            let (mut place_id, mut site) = (NONE, NONE);
            if !place.is_empty() {
                place_id = self.place.intern(place);
                if !address.postcode_key.is_empty() {
                    self.text.push(' ');
                    self.text.push_str(&address.postcode_key);
                    site = self.site.intern(&self.text);
                }
            }
            let entry = AddressEntry {
                number: self.part.intern(number),
                street: self.street.intern(&street),
                place: place_id,
                site,
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
}

struct Rest<'a> {
    kind: &'a mut Vec<EntityKind>,
    source: &'a mut Vec<u32>,
    age: &'a mut Vec<u16>,
    gender: &'a mut Vec<u8>,
    phones: &'a mut Lists<u32>,
    phone: &'a mut Interner,
    births: &'a mut Lists<u32>,
    birth: &'a mut Interner,
    identifiers: &'a mut Lists<u32>,
    identifier: &'a mut Interner,
    tokens: &'a mut Lists<u32>,
    token: &'a mut Interner,
    links: &'a mut Lists<LinkEntry>,
    named_groups: &'a mut FxHashSet<u32>,
    link: &'a mut Interner,
    parts: String,
    link_group: &'a mut Interner,
    organizations: &'a mut Lists<u32>,
    organization: &'a mut Interner,
    organization_token: &'a mut Interner,
    organization_tokens: &'a mut Lists<u32>,
    webs: &'a mut Lists<u32>,
    web: &'a mut Interner,
    jobs: &'a mut Lists<u32>,
    job: &'a mut Interner,
    texts: &'a mut Vec<TextColumn>,
    text: &'a mut Interner,
}

impl Rest<'_> {
    fn push(&mut self, record: &NormalRecord, origin: Origin, texts: &TextChoice) {
        self.kind.push(record.entity_kind);
        self.source.push(origin.source);
        self.age.push(record.age.unwrap_or(0));
        self.gender.push(match record.gender {
            None => 0,
            Some(Gender::Female) => 1,
            Some(Gender::Male) => 2,
            Some(Gender::Other) => 3,
        });
        for phone in record.phones.iter().filter(|p| !p.useless && p.national.len() >= 6) {
            let start = phone.national.len().saturating_sub(10);
            let id = self.phone.intern(&phone.national[start..]);
            if self.phones.open().len() < 8 {
                push_new(self.phones, id);
            }
        }
        self.phones.close();
        for birth in record.births.iter().filter(|b| !b.sentinel) {
            let digits = format!("{:04}{:02}{:02}", birth.year.min(9999), birth.month, birth.day);
            let id = self.birth.intern(&digits);
            push_new(self.births, id);
        }
        self.births.close();
        self.identifiers(record);
        self.links(record);
        self.organizations(record);
        for job in &record.job_titles {
            let id = self.job.intern(&job.key);
            push_new(self.jobs, id);
        }
        self.jobs.close();
        self.texts(record, origin, texts);
    }

    fn identifiers(&mut self, record: &NormalRecord) {
        for identifier in &record.identifiers {
            match identifier.kind {
                IdentifierKind::Tax => {
                    let id = self.identifier.intern(&identifier.value);
                    push_new(self.identifiers, id);
                }
                IdentifierKind::Loyalty | IdentifierKind::Token => {
                    let kind = if identifier.kind == IdentifierKind::Loyalty { 'L' } else { 'T' };
                    let id = self.token.intern(&format!("{kind}{}", identifier.value));
                    push_new(self.tokens, id);
                }
            }
        }
        self.identifiers.close();
        self.tokens.close();
    }

    fn links(&mut self, record: &NormalRecord) {
        for id in &record.organization_ids {
            let group = write(&mut self.parts, &[&id.system, "/", &id.object]);
            self.named_groups.insert(self.link_group.intern(group));
        }
        let own = record.self_ids.iter().map(|id| (id, true));
        for (id, own) in own.chain(record.external_ids.iter().map(|id| (id, false))) {
            let group =
                self.link_group.intern(write(&mut self.parts, &[&id.system, "/", &id.object]));
            if !own {
                self.named_groups.insert(group);
            }
            self.parts.push('/');
            self.parts.push_str(&id.id);
            let entry = LinkEntry {
                link: self.link.intern(&self.parts),
                group,
                own,
                announced: id.strength == LinkStrength::Announced,
            };
            if self.links.open().len() < MOST_LINKS {
                push_new(self.links, entry);
            }
        }
        self.links.close();
    }

    fn organizations(&mut self, record: &NormalRecord) {
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
                push_new(self.organizations, id);
            }
        }
        self.organizations.close();
        for website in &record.websites {
            let id = self.web.intern(&website.domain);
            push_new(self.webs, id);
        }
        if record.entity_kind != EntityKind::Person {
            for email in record.emails.iter().filter(|e| {
                let q = e.quality;
                !(q.free || q.relay || q.useless || q.disposable)
            }) {
                let id = self.web.intern(&email.domain);
                push_new(self.webs, id);
            }
        }
        self.webs.close();
    }

    fn texts(&mut self, record: &NormalRecord, origin: Origin, choice: &TextChoice) {
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
}

/// The parts one after the other, in a buffer.
fn write<'a>(buffer: &'a mut String, parts: &[&str]) -> &'a str {
    buffer.clear();
    parts.iter().for_each(|part| buffer.push_str(part));
    buffer
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
