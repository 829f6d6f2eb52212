//! The vocabulary of golden records, and how the values of a record stand in it.

use std::collections::{BTreeMap, BTreeSet};

use super::standing::{Grade, Seen};
use super::{Member, iso};
use crate::model::{
    Address, BirthDate, ConsentState, Email, EntityKind, ExternalId, Gender, IdentifierKind,
    NormalRecord, Organization, PersonName, Phone, RecordKey, Timestamp,
};
use crate::reference::fold;

/// Fields that survive together (or one field that stands alone).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// What a policy calls it.
    pub name: &'static str,
    /// Its fields.
    pub fields: &'static [&'static str],
    /// Keeps all distinct values, not only the best.
    pub many: bool,
}

const fn one(name: &'static str, fields: &'static [&'static str]) -> Group {
    Group { name, fields, many: false }
}

const fn many(name: &'static str, fields: &'static [&'static str]) -> Group {
    Group { name, fields, many: true }
}

/// Every group with a fixed name. `consent.CHANNEL.PURPOSE` and `other.COLUMN` (one value each),
/// `external_id.SYSTEM.OBJECT` and `organization_id.SYSTEM.OBJECT` (all values) come on top.
pub const GROUPS: [Group; 17] = [
    one("name", &["full_name", "given_name", "family_name", "middle_name", "title", "suffix"]),
    many("email", &["email"]),
    many("phone", &["phone"]),
    one("address", &["address_line", "address_line2", "city", "region", "postcode", "country"]),
    many("company", &["company"]),
    one("date_of_birth", &["date_of_birth"]),
    one("updated_at", &["updated_at"]),
    one("job_title", &["job_title"]),
    one("age", &["age"]),
    one("gender", &["gender"]),
    many("tax_id", &["tax_id"]),
    many("loyalty_id", &["loyalty_id"]),
    many("token", &["token"]),
    many("website", &["website"]),
    one("created_at", &["created_at"]),
    many("tag", &["tag"]),
    many("note", &["note"]),
];

/// The fields with fixed names in the order of `golden.csv`; the first fourteen are always columns.
pub const VOCABULARY: [&str; 27] = [
    "full_name",
    "given_name",
    "family_name",
    "email",
    "phone",
    "address_line",
    "address_line2",
    "city",
    "region",
    "postcode",
    "country",
    "company",
    "date_of_birth",
    "updated_at",
    "middle_name",
    "title",
    "suffix",
    "job_title",
    "age",
    "gender",
    "tax_id",
    "loyalty_id",
    "token",
    "website",
    "created_at",
    "tag",
    "note",
];

/// How many fields of [`VOCABULARY`] are columns of `golden.csv` whatever the data holds.
pub const FIXED_COLUMNS: usize = 14;

/// Place of a field among all fields: the vocabulary first, then the others by name.
pub fn field_order(field: &str) -> (usize, &str) {
    match VOCABULARY.iter().position(|known| *known == field) {
        Some(at) => (at, ""),
        None => (VOCABULARY.len(), field),
    }
}

/// Whether a field may hold several values.
pub fn is_many(field: &str) -> bool {
    field.starts_with("external_id.")
        || field.starts_with("organization_id.")
        || GROUPS.iter().any(|g| g.many && g.fields.contains(&field))
}

/// The values of all members by group: fixed groups in their order, then those named by the data.
#[derive(Default)]
pub(super) struct Gathered<'a> {
    pub(super) fixed: [Vec<Seen<'a>>; GROUPS.len()],
    pub(super) named: BTreeMap<String, Vec<Seen<'a>>>,
}

/// Collects the values of members. `kind` is the entity's; times after `as_of` count as unknown.
pub(super) fn gather<'a>(
    members: &[&'a Member],
    kind: EntityKind,
    as_of: Option<Timestamp>,
) -> Gathered<'a> {
    let mut all = Gathered::default();
    for member in members {
        Gatherer { all: &mut all, member, kind, as_of, at: own_time(member, as_of) }.run();
    }
    all
}

/// The row's own time: of change, else of creation; unknown where it lies in the future.
pub(super) fn own_time(member: &Member, as_of: Option<Timestamp>) -> Option<i64> {
    let time = member.normal.updated_at.or(member.normal.created_at)?;
    as_of.is_none_or(|limit| time <= limit).then_some(time.0)
}

struct Gatherer<'g, 'a> {
    all: &'g mut Gathered<'a>,
    member: &'a Member,
    kind: EntityKind,
    as_of: Option<Timestamp>,
    at: Option<i64>,
}

impl<'a> Gatherer<'_, 'a> {
    fn seen(&self, canonical: String, value: &str, position: usize) -> Seen<'a> {
        Seen {
            canonical,
            parts: vec![value.to_owned()],
            member: self.member,
            position,
            grade: Grade::GOOD,
            complete: 0,
            at: self.at,
            measure: 0,
        }
    }

    fn push(&mut self, group: &str, seen: Seen<'a>) {
        if seen.parts.iter().all(String::is_empty) {
            return;
        }
        if let Some(at) = GROUPS.iter().position(|g| g.name == group) {
            self.all.fixed[at].push(seen);
        } else if let Some(list) = self.all.named.get_mut(group) {
            list.push(seen);
        } else {
            self.all.named.insert(group.to_owned(), vec![seen]);
        }
    }

    fn run(&mut self) {
        let normal = &self.member.normal;
        for (at, name) in normal.names.iter().enumerate() {
            let parts = name_parts(name);
            let seen = Seen {
                complete: name_completeness(name),
                grade: name_grade(name),
                parts,
                ..self.seen(format!("{}|{}", name.given.join(" "), name.family.join(" ")), "", at)
            };
            self.push("name", seen);
        }
        for (at, email) in normal.emails.iter().enumerate() {
            let canonical = format!("{}@{}", email.local, email.domain);
            let canonical = if canonical.len() > 1 { canonical } else { email.address.clone() };
            let grade = email_grade(email, self.kind);
            let seen = Seen { grade, ..self.seen(canonical, &email.address, at) };
            self.push("email", seen);
        }
        for (at, phone) in normal.phones.iter().enumerate() {
            let number = if phone.national.is_empty() { &phone.display } else { &phone.national };
            let seen = Seen {
                grade: phone_grade(phone),
                complete: u16::from(phone.country_code > 0),
                ..self.seen(format!("{number}#{}", phone.extension), &phone.display, at)
            };
            self.push("phone", seen);
        }
        for (at, address) in normal.addresses.iter().enumerate() {
            let parts = address_parts(address);
            let seen = Seen {
                grade: address_grade(address),
                complete: parts.iter().map(|p| u16::from(!p.is_empty())).sum(),
                parts,
                ..self.seen(address_key(address), "", at)
            };
            self.push("address", seen);
        }
        self.organizations();
        self.plain_values();
        self.named_values();
    }

    fn organizations(&mut self) {
        for (at, company) in self.member.normal.organizations.iter().enumerate() {
            let seen = Seen {
                grade: company_grade(company),
                complete: u16::from(!company.legal_form.is_empty()),
                ..self.seen(company_key(company), &company.display, at)
            };
            self.push("company", seen);
        }
    }

    fn plain_values(&mut self) {
        let normal = &self.member.normal;
        for (at, job) in normal.job_titles.iter().enumerate() {
            let seen = self.seen(job.key.clone(), &job.display, at);
            self.push("job_title", seen);
        }
        for (at, birth) in normal.births.iter().enumerate() {
            let text = birth_text(birth);
            let seen = Seen {
                grade: birth_grade(birth),
                complete: [birth.year, birth.month.into(), birth.day.into()]
                    .map(|part| u16::from(part > 0))
                    .iter()
                    .sum(),
                ..self.seen(text.clone(), &text, at)
            };
            self.push("date_of_birth", seen);
        }
        if let Some(age) = normal.age {
            let seen = self.seen(age.to_string(), &age.to_string(), 0);
            self.push("age", seen);
        }
        if let Some(gender) = normal.gender {
            let text = gender_text(gender);
            let seen = self.seen(text.to_owned(), text, 0);
            self.push("gender", seen);
        }
        for (at, id) in normal.identifiers.iter().enumerate() {
            let group = match id.kind {
                IdentifierKind::Tax => "tax_id",
                IdentifierKind::Loyalty => "loyalty_id",
                IdentifierKind::Token => "token",
            };
            let seen = self.seen(id.value.clone(), &id.display, at);
            self.push(group, seen);
        }
        for (at, website) in normal.websites.iter().enumerate() {
            let seen = self.seen(website_key(&website.display), &website.display, at);
            self.push("website", seen);
        }
        for (group, texts) in [("tag", &normal.tags), ("note", &normal.notes)] {
            for (at, text) in texts.iter().enumerate() {
                let seen = self.seen(text.to_lowercase(), text, at);
                self.push(group, seen);
            }
        }
        for (group, time) in [("created_at", normal.created_at), ("updated_at", normal.updated_at)]
        {
            let Some(time) = time else { continue };
            let future = self.as_of.is_some_and(|limit| time > limit);
            let grade = if future { Grade::flawed(1, "in the future") } else { Grade::GOOD };
            let text = iso(time);
            let seen = Seen { grade, measure: time.0, ..self.seen(text.clone(), &text, 0) };
            self.push(group, seen);
        }
    }

    fn named_values(&mut self) {
        let normal = &self.member.normal;
        for (at, consent) in normal.consents.iter().enumerate() {
            let text = match consent.state {
                ConsentState::Denied => "denied",
                ConsentState::Unknown => "unknown",
                ConsentState::Granted => "granted",
            };
            let seen = Seen {
                measure: consent.state as i64,
                at: consent.at.map(|t| t.0).or(self.at),
                ..self.seen(text.to_owned(), text, at)
            };
            self.push(&format!("consent.{}.{}", consent.channel, consent.purpose), seen);
        }
        let ids: Vec<(&str, &ExternalId)> = other_ids(&self.member.key, normal)
            .map(|id| ("external_id", id))
            .chain(normal.organization_ids.iter().map(|id| ("organization_id", id)))
            .collect();
        for (at, (group, id)) in ids.into_iter().enumerate() {
            let seen = self.seen(id.id.to_string(), &id.id, at);
            self.push(&format!("{group}.{}.{}", id.system, id.object), seen);
        }
        for (at, (column, value)) in normal.others.iter().enumerate() {
            let seen = self.seen(value.clone(), value, at);
            self.push(&format!("other.{column}"), seen);
        }
    }
}

/// Ids in other systems, and further ids in the record's own.
fn other_ids<'a>(
    key: &'a RecordKey,
    normal: &'a NormalRecord,
) -> impl Iterator<Item = &'a ExternalId> {
    normal.external_ids.iter().chain(normal.self_ids.iter().filter(|id| id.id != key.id))
}

fn name_parts(name: &PersonName) -> Vec<String> {
    vec![
        name.display.clone(),
        name.display_given.clone(),
        name.display_family.clone(),
        middle_display(name),
        name.title.clone(),
        name.suffix.clone(),
    ]
}

/// The words of the display form that are the middle tokens; the tokens themselves where the
/// display form does not hold them.
fn middle_display(name: &PersonName) -> String {
    if name.middle.is_empty() {
        return String::new();
    }
    let words: Vec<(String, &str)> =
        name.display.split_whitespace().map(|word| (fold(word), word)).collect();
    let mut found = Vec::new();
    for token in &name.middle {
        match words.iter().find(|(folded, _)| folded == token) {
            Some((_, word)) => found.push((*word).to_owned()),
            None => found.push(token.clone()),
        }
    }
    found.join(" ")
}

fn is_initial(token: &str) -> bool {
    token.chars().count() == 1
}

fn name_grade(name: &PersonName) -> Grade {
    // Whose name it is comes before nothing else: a labelled whole name beats an own initial.
    let labelled = u8::from(name.label.is_some());
    match (name.given.is_empty(), name.family.is_empty()) {
        (true, true) => Grade::flawed(6 + labelled, "no name that can be read"),
        (true, false) | (false, true) => Grade::flawed(4 + labelled, "one part only"),
        _ if name.given.iter().all(|t| is_initial(t))
            || name.family.iter().all(|t| is_initial(t)) =>
        {
            Grade::flawed(2 + labelled, "initials only")
        }
        _ if labelled > 0 => Grade::flawed(1, "of another use"),
        _ => Grade::GOOD,
    }
}

fn name_completeness(name: &PersonName) -> u16 {
    let middle: u16 = name.middle.iter().map(|t| if is_initial(t) { 1 } else { 2 }).sum();
    middle + u16::from(!name.suffix.is_empty()) + u16::from(!name.title.is_empty())
}

fn email_grade(email: &Email, kind: EntityKind) -> Grade {
    if email.quality.useless {
        Grade::unusable("placeholder")
    } else if email.local.is_empty() || email.domain.is_empty() {
        Grade::flawed(4, "invalid")
    } else if email.quality.relay {
        Grade::flawed(3, "relay address")
    } else if email.quality.disposable {
        Grade::flawed(2, "disposable address")
    } else if email.quality.role && kind != EntityKind::Organization {
        Grade::flawed(1, "role mailbox")
    } else {
        Grade::GOOD
    }
}

fn phone_grade(phone: &Phone) -> Grade {
    if phone.useless {
        Grade::unusable("placeholder")
    } else if !phone.valid {
        Grade::flawed(2, "invalid number")
    } else if phone.label.as_deref() == Some("fax") {
        Grade::flawed(1, "fax")
    } else {
        Grade::GOOD
    }
}

fn address_parts(address: &Address) -> Vec<String> {
    let Address { line, line2, city, region, postcode, country, .. } = address;
    [line, line2, city, region, postcode, country].map(Clone::clone).into()
}

fn address_key(address: &Address) -> String {
    let street = address.street.join(" ");
    let line = if street.is_empty() { fold(&address.line) } else { street };
    [
        address.number.as_str(),
        &line,
        &address.unit,
        &address.po_box,
        &address.city_key,
        &address.postcode_key,
        // Town and code say the region and the country already; without them nothing else does.
        if address.postcode_key.is_empty() { &address.region_key } else { "" },
    ]
    .join("|")
}

fn address_grade(address: &Address) -> Grade {
    let street = !address.line.is_empty() || !address.po_box.is_empty();
    let place = !address.city.is_empty() || !address.postcode.is_empty();
    match (street, place) {
        (true, true) if address.label.as_deref() == Some("shipping") => {
            Grade::flawed(1, "a shipping address")
        }
        (true, true) => Grade::GOOD,
        (true, false) => Grade::flawed(2, "no town"),
        (false, true) => Grade::flawed(3, "no street"),
        (false, false) => Grade::flawed(4, "neither street nor town"),
    }
}

fn company_key(company: &Organization) -> String {
    if company.tokens.is_empty() { fold(&company.display) } else { company.tokens.join(" ") }
}

fn company_grade(company: &Organization) -> Grade {
    if company.useless { Grade::unusable("placeholder") } else { Grade::GOOD }
}

/// `1980-02-29`; `1980-02`, `1980`, `--02-29` where parts are unknown.
pub fn birth_text(birth: &BirthDate) -> String {
    let BirthDate { year, month, day, .. } = *birth;
    match (year, month, day) {
        (0, 0, 0) => String::new(),
        (0, month, day) => format!("--{month:02}-{day:02}"),
        (year, 0, _) => format!("{year:04}"),
        (year, month, 0) => format!("{year:04}-{month:02}"),
        _ => format!("{year:04}-{month:02}-{day:02}"),
    }
}

fn birth_grade(birth: &BirthDate) -> Grade {
    if birth.sentinel {
        Grade::unusable("default date")
    } else if birth.year == 0 || birth.month == 0 || birth.day == 0 {
        Grade::flawed(1, "part of a date")
    } else {
        Grade::GOOD
    }
}

fn gender_text(gender: Gender) -> &'static str {
    match gender {
        Gender::Female => "female",
        Gender::Male => "male",
        Gender::Other => "other",
    }
}

fn website_key(display: &str) -> String {
    let lower = display.to_lowercase();
    let bare = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches('/').to_owned()
}

/// Adds the names of the fields that a golden record of this record alone would hold, without
/// choosing among its values.
pub fn field_names(key: &RecordKey, normal: &NormalRecord, names: &mut BTreeSet<String>) {
    let mut add = |name: &str| {
        if !names.contains(name) {
            names.insert(name.to_owned());
        }
    };
    for name in &normal.names {
        for (field, value) in GROUPS[0].fields.iter().zip(name_parts(name)) {
            if !value.is_empty() {
                add(field);
            }
        }
    }
    for address in &normal.addresses {
        for (field, value) in GROUPS[3].fields.iter().zip(address_parts(address)) {
            if !value.is_empty() {
                add(field);
            }
        }
    }
    let identifier = |kind| normal.identifiers.iter().any(|id| id.kind == kind);
    for (field, stated) in [
        ("email", !normal.emails.is_empty()),
        ("phone", !normal.phones.is_empty()),
        ("company", !normal.organizations.is_empty()),
        ("date_of_birth", !normal.births.is_empty()),
        ("updated_at", normal.updated_at.is_some()),
        ("job_title", !normal.job_titles.is_empty()),
        ("age", normal.age.is_some()),
        ("gender", normal.gender.is_some()),
        ("tax_id", identifier(IdentifierKind::Tax)),
        ("loyalty_id", identifier(IdentifierKind::Loyalty)),
        ("token", identifier(IdentifierKind::Token)),
        ("website", !normal.websites.is_empty()),
        ("created_at", normal.created_at.is_some()),
        ("tag", !normal.tags.is_empty()),
        ("note", !normal.notes.is_empty()),
    ] {
        if stated {
            add(field);
        }
    }
    for consent in &normal.consents {
        add(&format!("consent.{}.{}", consent.channel, consent.purpose));
    }
    for id in other_ids(key, normal) {
        add(&format!("external_id.{}.{}", id.system, id.object));
    }
    for id in &normal.organization_ids {
        add(&format!("organization_id.{}.{}", id.system, id.object));
    }
    for (column, _) in &normal.others {
        add(&format!("other.{column}"));
    }
}
