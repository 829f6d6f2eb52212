//! The comparison table: what is compared of every record, interned, in columns.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::intern::{Interner, Lists, Marks, NONE, PART};
use super::row::Row;
use crate::model::{EntityKind, Method};

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
    /// Written in a script that [hides how it sounds](crate::reference::hides_sounds).
    pub unvoiced: bool,
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
        unvoiced: false,
    };
}

/// One mail address of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmailEntry {
    /// [`Table::email`].
    pub email: u32,
    /// How the record's own names make up the local part: see `compare::pattern`.
    pub pattern: u16,
    /// It is written as a function's mailbox: `info.bakery@` may be the address that another record
    /// writes `infobakery@`.
    pub role: bool,
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
    /// A stable masked address: agreement counts, difference says nothing.
    pub relay: bool,
    /// Length of the local part in bytes, at most 255.
    pub len: u8,
    /// Which characters the local part holds: a bit a character.
    pub bag: u64,
}

impl EmailEntry {
    /// No address.
    pub(crate) const NONE: Self = Self { email: NONE, pattern: 0, role: false };
}

impl EmailValue {
    /// No address.
    pub(crate) const NONE: Self = Self {
        local: NONE,
        letters: NONE,
        domain: NONE,
        digits: 0,
        free: false,
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

    /// As [`Counts::share`], of a value that may stand in no record of the table: then it is as rare
    /// as one that stands in a single one, since that is all that a model tells of rare values.
    pub fn share_of(&self, id: Option<u32>) -> f64 {
        id.map_or_else(|| 1.0 / f64::from(self.records.max(1)), |id| self.share(id))
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
    /// How it is compared; to be set before the first record.
    pub method: Method,
    /// Entity kind by record.
    pub kind: Vec<EntityKind>,
    /// Source by record (number given by the caller).
    pub source: Vec<u32>,
    /// Personal names by record, the own name first; of what a row can hold, only lists of two and
    /// more are kept once rows are laid out.
    pub(super) names: Lists<NameEntry>,
    /// Mail addresses by record.
    pub(super) emails: Lists<EmailEntry>,
    /// Phones by record.
    pub(super) phones: Lists<u32>,
    /// Addresses by record.
    pub(super) addresses: Lists<AddressEntry>,
    /// Birth dates by record.
    pub(super) births: Lists<u32>,
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
    /// Groups of ids that records name, of others or of organisations.
    pub(super) named_groups: FxHashSet<u32>,
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
    pub place: Marks,
    /// Number, street and postcode.
    pub site: Marks,
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
    /// Whether a record repeats an earlier one: see [`Table::repeats`].
    pub(super) repeats: Vec<bool>,

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
    /// Forgets how places are written: once frequencies are known their numbers are all that
    /// comparing takes.
    pub fn forget_places(&mut self) {
        (self.place, self.site) = (Marks::default(), Marks::default());
    }

    /// Number of records.
    pub fn len(&self) -> u32 {
        self.kind.len() as u32
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }

    /// Counts the values. [`Table::read_mailboxes`] comes next and completes the table.
    pub fn finish(&mut self, choice: &TextChoice) {
        for (column, name) in self.texts.iter_mut().zip(&choice.columns) {
            column.name.clone_from(name);
        }
        // Only names are looked up from here on.
        self.seal();
        self.repeats = self.find_repeats();
        self.count();
        self.forget_unnamed_links();
        self.link.seal();
    }

    /// Forgets how to find what is only compared.
    fn seal(&mut self) {
        for interner in [
            &mut self.email,
            &mut self.local,
            &mut self.letters,
            &mut self.domain,
            &mut self.phone,
            &mut self.part,
            &mut self.street,
            &mut self.city,
            &mut self.region,
            &mut self.postcode,
            &mut self.birth,
            &mut self.identifier,
            &mut self.token,
            &mut self.organization,
            &mut self.web,
            &mut self.job,
            &mut self.text,
        ] {
            interner.seal();
        }
        self.place.seal();
        self.site.seal();
    }

    /// Lays the rows out, once the lists stand, and forgets what was needed to fill them, part by part.
    pub(super) fn lay_out(&mut self) {
        self.middle.seal();
        let mut rows = Vec::with_capacity(self.len() as usize);
        for part in 0..self.len().div_ceil(PART) {
            let t = &*self;
            let records = part * PART..t.len().min((part + 1) * PART);
            rows.par_extend(records.into_par_iter().map(|record| Row::new(t, record)));
            self.names.keep_longer(part);
            self.emails.keep_longer(part);
            self.phones.keep_longer(part);
            self.addresses.keep_longer(part);
            self.births.keep_longer(part);
        }
        self.rows = rows;
    }

    /// Personal names of a record, the own name first.
    pub fn names(&self, record: u32) -> &[NameEntry] {
        self.of(record, Row::names, &self.names)
    }

    /// Mail addresses of a record.
    pub fn emails(&self, record: u32) -> &[EmailEntry] {
        self.of(record, Row::email_entries, &self.emails)
    }

    /// Phones of a record.
    pub fn phones(&self, record: u32) -> &[u32] {
        self.of(record, Row::phone_ids, &self.phones)
    }

    /// Addresses of a record.
    pub fn addresses(&self, record: u32) -> &[AddressEntry] {
        self.of(record, Row::addresses, &self.addresses)
    }

    /// Birth dates of a record.
    pub fn births(&self, record: u32) -> &[u32] {
        self.of(record, Row::birth_ids, &self.births)
    }

    /// What a row says of its record, or the lists where rows are not laid out yet.
    fn of<'a, T>(
        &'a self,
        record: u32,
        row: fn(&'a Row, &'a Self, u32) -> &'a [T],
        lists: &'a Lists<T>,
    ) -> &'a [T] {
        self.rows
            .get(record as usize)
            .map_or_else(|| lists.get(record), |found| row(found, self, record))
    }

    /// Counts every field's values; fields side by side.
    fn count(&mut self) {
        let ((names, mails), (addresses, rest)) = {
            let Self { name_token, family, given, middle, names, .. } = self;
            let (emails, values) = (&self.emails, &self.email_values);
            let repeats = &self.repeats;
            let (addresses, links) = (&self.addresses, &self.links);
            let (organizations, tokens) = (&self.organizations, &self.organization_tokens);
            let texts = &mut self.texts;
            let lists = [
                &self.phones,
                &self.births,
                &self.identifiers,
                &self.tokens,
                &self.organizations,
                &self.webs,
                &self.jobs,
            ];
            rayon::join(
                || {
                    rayon::join(
                        || count_names(names, repeats, given, family, middle, name_token),
                        || count_mails(emails, repeats, values),
                    )
                },
                || {
                    rayon::join(
                        || count_addresses(addresses, repeats),
                        || {
                            for column in texts {
                                column.counts = Counts::default();
                                for record in fresh(repeats) {
                                    let id = column.values[record as usize];
                                    column.counts.records += u32::from(id != NONE);
                                    column.counts.add(id);
                                }
                            }
                            let [phone, birth, identifier, token, organization, web, job] =
                                lists.map(|list| count_list(list, repeats));
                            let mut counts = AllCounts {
                                phone,
                                birth,
                                identifier,
                                token,
                                organization,
                                web,
                                job,
                                ..AllCounts::default()
                            };
                            for record in fresh(repeats) {
                                counts.link.records += u32::from(!links.get(record).is_empty());
                                for id in organizations.get(record) {
                                    for token in tokens.get(*id) {
                                        counts.organization_token.add(*token);
                                    }
                                }
                                for entry in links.get(record) {
                                    counts.link.add(entry.link);
                                }
                            }
                            counts.organization_token.records = counts.organization.records;
                            counts
                        },
                    )
                },
            )
        };
        self.counts = AllCounts {
            given: names.given,
            family: names.family,
            family_token: names.family_token,
            initial: names.initial,
            middle_token: names.middle_token,
            email: mails.email,
            local: mails.local,
            letters: mails.letters,
            domain: mails.domain,
            place: addresses.place,
            site: addresses.site,
            street: addresses.street,
            postcode: addresses.postcode,
            city: addresses.city,
            region: addresses.region,
            ..rest
        };
    }
}

/// The records that repeat no other.
fn fresh(repeats: &[bool]) -> impl Iterator<Item = u32> {
    (0..).zip(repeats).filter(|(_, repeat)| !**repeat).map(|(record, _)| record)
}

/// A record counts once a value and field: several names mostly repeat a part.
fn count_names(
    lists: &Lists<NameEntry>,
    repeats: &[bool],
    given: &Interner,
    family: &Interner,
    middle: &Interner,
    tokens: &mut Interner,
) -> AllCounts {
    let mut counts = AllCounts::default();
    for record in fresh(repeats) {
        let names = lists.get(record);
        if let Some(first) = names.first() {
            counts.given.records += u32::from(first.given != NONE);
            counts.family.records += u32::from(first.family != NONE);
        }
        for (at, name) in names.iter().enumerate() {
            let before = &names[..at];
            if !before.iter().any(|n| n.given == name.given) {
                counts.given.add(name.given);
                if let Some(letter) = given.get(name.given).bytes().next() {
                    counts.initial.add(u32::from(letter));
                }
            }
            if !before.iter().any(|n| n.family == name.family) {
                counts.family.add(name.family);
                if name.family != NONE {
                    for token in family.get(name.family).split(' ') {
                        counts.family_token.add(tokens.intern(token));
                    }
                }
            }
            if name.middle != NONE && at == 0 {
                counts.middle_token.records += 1;
                for token in middle.get(name.middle).split(' ') {
                    counts.middle_token.add(tokens.intern(token));
                }
            }
        }
    }
    counts.initial.records = counts.given.records;
    counts.family_token.records = counts.family.records;
    counts
}

fn count_mails(lists: &Lists<EmailEntry>, repeats: &[bool], values: &[EmailValue]) -> AllCounts {
    let mut counts = AllCounts::default();
    for record in fresh(repeats) {
        let emails = lists.get(record);
        counts.email.records += u32::from(!emails.is_empty());
        for (at, entry) in emails.iter().enumerate() {
            let value = values[entry.email as usize];
            let before = || emails[..at].iter().map(|e| values[e.email as usize]);
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
    }
    for c in [&mut counts.local, &mut counts.letters, &mut counts.domain] {
        c.records = counts.email.records;
    }
    counts
}

fn count_addresses(lists: &Lists<AddressEntry>, repeats: &[bool]) -> AllCounts {
    let mut counts = AllCounts::default();
    for record in fresh(repeats) {
        let addresses = lists.get(record);
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
    counts
}

fn count_list(list: &Lists<u32>, repeats: &[bool]) -> Counts {
    let mut counts = Counts::default();
    for record in fresh(repeats) {
        counts.records += u32::from(!list.get(record).is_empty());
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
