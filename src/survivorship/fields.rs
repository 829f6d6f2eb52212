//! The vocabulary of golden records, and how the values of a record stand in it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::meaning::Meaning;
use super::policy::{FAMILIES, Policy, Situation};
use super::standing::{Grade, Parts, Seen};
use super::{Member, iso};
use crate::model::{
    Address, BirthDate, ConsentState, Email, EntityKind, ExternalId, Gender, IdentifierKind,
    NormalRecord, Organization, PersonName, Phone, Timestamp,
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

/// The group of a field, and its place there; `None` for a name that is no field. A field of a
/// family (`consent.email.marketing`, `other.COLUMN`) is a group of its own.
pub fn group_of(field: &str) -> Option<(&str, usize)> {
    for group in &GROUPS {
        if let Some(place) = group.fields.iter().position(|known| *known == field) {
            return Some((group.name, place));
        }
    }
    let (family, rest) = field.split_once('.')?;
    (FAMILIES.contains(&family) && !rest.is_empty()).then_some((field, 0))
}

/// Whether a field may hold several values.
pub fn is_many(field: &str) -> bool {
    field.starts_with("external_id.")
        || field.starts_with("organization_id.")
        || GROUPS.iter().any(|g| g.many && g.fields.contains(&field))
}

/// A group that the data names. Ordered as its name is, but for odd characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named<'a> {
    /// Channel, purpose, and the source that it holds for alone, empty for all.
    Consent(&'a str, &'a str, &'a str),
    ExternalId(&'a str, &'a str),
    OrganizationId(&'a str, &'a str),
    Other(&'a str),
}

impl Named<'_> {
    /// Whether it keeps all its values.
    pub(super) const fn many(self) -> bool {
        matches!(self, Self::ExternalId(..) | Self::OrganizationId(..))
    }
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Consent(channel, purpose, "") => write!(f, "consent.{channel}.{purpose}"),
            Self::Consent(channel, purpose, source) => {
                write!(f, "consent.{channel}.{purpose}@{source}")
            }
            Self::ExternalId(system, object) => write!(f, "external_id.{system}.{object}"),
            Self::OrganizationId(system, object) => write!(f, "organization_id.{system}.{object}"),
            Self::Other(column) => write!(f, "other.{column}"),
        }
    }
}

/// The values of all members by group: fixed groups in their order, then those named by the data.
#[derive(Default)]
pub(super) struct Gathered<'a> {
    pub(super) fixed: [Vec<Seen<'a>>; GROUPS.len()],
    pub(super) named: BTreeMap<Named<'a>, Vec<Seen<'a>>>,
}

impl Gathered<'_> {
    /// Gives permissions that hold for their source alone fields of their own.
    pub(super) fn part_permissions(&mut self, policy: &Policy, situation: Situation<'_>) {
        for (named, seen) in std::mem::take(&mut self.named) {
            let Named::Consent(channel, purpose, _) = named else {
                self.named.insert(named, seen);
                continue;
            };
            let stated = policy.field(&named.to_string(), situation);
            for one in seen {
                let (source, system) = (&one.member.key.source, &one.member.system);
                let own = stated.is_some_and(|field| field.is_per_source(source, system));
                let source: &str = if own { source } else { "" };
                self.named.entry(Named::Consent(channel, purpose, source)).or_default().push(one);
            }
        }
    }
}

/// Whether values of a group bear labels (`mailing`, `mobile` …).
pub fn has_labels(group: &str) -> bool {
    matches!(group, "name" | "email" | "phone" | "address")
}

/// Which of its system's labels a value of a group bears, by its place in its record.
pub(super) fn label_of<'a>(
    group: &str,
    normal: &'a NormalRecord,
    position: usize,
) -> Option<&'a str> {
    let label = match group {
        "name" => normal.names.get(position)?.label.as_ref(),
        "email" => normal.emails.get(position)?.label.as_ref(),
        "phone" => normal.phones.get(position)?.label.as_ref(),
        "address" => normal.addresses.get(position)?.label.as_ref(),
        _ => None,
    };
    label.map(|label| &**label)
}

/// Places in [`GROUPS`].
const NAME: usize = 0;
const EMAIL: usize = 1;
const PHONE: usize = 2;
const ADDRESS: usize = 3;
const COMPANY: usize = 4;
const DATE_OF_BIRTH: usize = 5;
const UPDATED_AT: usize = 6;
const JOB_TITLE: usize = 7;
const AGE: usize = 8;
const GENDER: usize = 9;
const TAX_ID: usize = 10;
const LOYALTY_ID: usize = 11;
const TOKEN: usize = 12;
const WEBSITE: usize = 13;
const CREATED_AT: usize = 14;
const TAG: usize = 15;
const NOTE: usize = 16;

/// Collects the values of members, sorted by key. `kind` is the entity's; times after `as_of` count as unknown.
pub(super) fn gather<'a>(
    members: &[&'a Member],
    kind: EntityKind,
    as_of: Option<Timestamp>,
) -> Gathered<'a> {
    let mut all = Gathered::default();
    let mut rank = 0;
    for (at, member) in members.iter().enumerate() {
        rank += u32::from(at > 0 && members[at - 1].key != member.key);
        Gatherer { all: &mut all, member, rank, kind, as_of, at: own_time(member, as_of) }.run();
    }
    all
}

/// The row's own time: of change, else of creation; unknown where it lies in the future.
fn own_time(member: &Member, as_of: Option<Timestamp>) -> Option<i64> {
    let time = member.normal.updated_at.or(member.normal.created_at)?;
    as_of.is_none_or(|limit| time <= limit).then_some(time.0)
}

struct Gatherer<'g, 'a> {
    all: &'g mut Gathered<'a>,
    member: &'a Member,
    rank: u32,
    kind: EntityKind,
    as_of: Option<Timestamp>,
    at: Option<i64>,
}

impl<'a> Gatherer<'_, 'a> {
    fn seen(
        &self,
        meaning: Meaning<'a>,
        value: impl Into<Cow<'a, str>>,
        position: usize,
    ) -> Seen<'a> {
        let mut parts = Parts::default();
        parts[0] = value.into();
        Seen {
            meaning,
            canonical: String::new(),
            parts,
            member: self.member,
            rank: self.rank,
            position,
            grade: Grade::GOOD,
            complete: 0,
            at: self.at,
            measure: 0,
            stale: false,
            guessed: false,
        }
    }

    /// A value that means what it says.
    fn text(&self, value: impl Into<Cow<'a, str>>, position: usize) -> Seen<'a> {
        self.seen(Meaning::Text, value, position)
    }

    fn push(&mut self, group: usize, seen: Seen<'a>) {
        if !seen.parts.iter().all(|part| part.is_empty()) {
            self.all.fixed[group].push(seen);
        }
    }

    fn push_named(&mut self, group: Named<'a>, seen: Seen<'a>) {
        if !seen.parts[0].is_empty() {
            self.all.named.entry(group).or_default().push(seen);
        }
    }

    fn run(&mut self) {
        self.contacts();
        self.addresses_and_companies();
        self.plain_values();
        self.times();
        self.named_values();
    }

    fn contacts(&mut self) {
        let normal = &self.member.normal;
        for (at, name) in normal.names.iter().enumerate() {
            let seen = Seen {
                complete: name_completeness(name),
                grade: name_grade(name),
                parts: name_parts(name),
                ..self.seen(Meaning::Name(name), "", at)
            };
            self.push(NAME, seen);
        }
        for (at, email) in normal.emails.iter().enumerate() {
            let grade = email_grade(email, self.kind);
            let seen = Seen { grade, ..self.seen(Meaning::Email(email), &email.address, at) };
            self.push(EMAIL, seen);
        }
        for (at, phone) in normal.phones.iter().enumerate() {
            let seen = Seen {
                grade: phone_grade(phone),
                complete: u16::from(phone.country_code > 0),
                guessed: phone.guessed,
                ..self.seen(Meaning::Phone(phone), &phone.display, at)
            };
            self.push(PHONE, seen);
        }
    }

    fn addresses_and_companies(&mut self) {
        let normal = &self.member.normal;
        for (at, address) in normal.addresses.iter().enumerate() {
            let parts = address_parts(address);
            let seen = Seen {
                grade: address_grade(address),
                complete: parts.iter().map(|p| u16::from(!p.is_empty())).sum(),
                parts,
                ..self.seen(Meaning::Address(address), "", at)
            };
            self.push(ADDRESS, seen);
        }
        for (at, company) in normal.organizations.iter().enumerate() {
            let seen = Seen {
                grade: company_grade(company),
                complete: u16::from(!company.legal_form.is_empty()),
                ..self.seen(Meaning::Company(company), &company.display, at)
            };
            self.push(COMPANY, seen);
        }
    }

    fn plain_values(&mut self) {
        let normal = &self.member.normal;
        for (at, birth) in normal.births.iter().enumerate() {
            let parts = [birth.year, birth.month.into(), birth.day.into()];
            let seen = Seen {
                grade: birth_grade(birth),
                complete: parts.iter().map(|part| u16::from(*part > 0)).sum(),
                ..self.text(birth_text(birth), at)
            };
            self.push(DATE_OF_BIRTH, seen);
        }
        for (at, job) in normal.job_titles.iter().enumerate() {
            let seen = self.seen(Meaning::Key(&job.key), &job.display, at);
            self.push(JOB_TITLE, seen);
        }
        if let Some(age) = normal.age {
            let seen = self.text(age.to_string(), 0);
            self.push(AGE, seen);
        }
        if let Some(gender) = normal.gender {
            let seen = self.text(gender_text(gender), 0);
            self.push(GENDER, seen);
        }
        for (at, id) in normal.identifiers.iter().enumerate() {
            let group = match id.kind {
                IdentifierKind::Tax => TAX_ID,
                IdentifierKind::Loyalty => LOYALTY_ID,
                IdentifierKind::Token => TOKEN,
            };
            let seen = self.seen(Meaning::Key(&id.value), &id.display, at);
            self.push(group, seen);
        }
        for (at, website) in normal.websites.iter().enumerate() {
            let seen = self.seen(Meaning::Website, &website.display, at);
            self.push(WEBSITE, seen);
        }
        for (group, texts) in [(TAG, &normal.tags), (NOTE, &normal.notes)] {
            for (at, text) in texts.iter().enumerate() {
                let seen = self.seen(Meaning::Lowercase, text, at);
                self.push(group, seen);
            }
        }
    }

    fn times(&mut self) {
        let normal = &self.member.normal;
        for (group, time) in [(CREATED_AT, normal.created_at), (UPDATED_AT, normal.updated_at)] {
            let Some(time) = time else { continue };
            let future = self.as_of.is_some_and(|limit| time > limit);
            let grade = if future { Grade::flawed(1, "in the future") } else { Grade::GOOD };
            let seen = Seen { grade, measure: time.0, ..self.text(iso(time), 0) };
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
                ..self.text(text, at)
            };
            self.push_named(Named::Consent(&consent.channel, &consent.purpose, ""), seen);
        }
        for (at, id) in other_ids(&self.member.key.id, normal).enumerate() {
            let seen = self.text(&*id.id, at);
            self.push_named(Named::ExternalId(&id.system, &id.object), seen);
        }
        for (at, id) in normal.organization_ids.iter().enumerate() {
            let seen = self.text(&*id.id, at);
            self.push_named(Named::OrganizationId(&id.system, &id.object), seen);
        }
        for (at, (column, value)) in normal.others.iter().enumerate() {
            let seen = self.text(value, at);
            self.push_named(Named::Other(column), seen);
        }
    }
}

/// Ids in other systems, and further ids in the record's own, where it is `own`.
fn other_ids<'a>(own: &'a str, normal: &'a NormalRecord) -> impl Iterator<Item = &'a ExternalId> {
    normal.external_ids.iter().chain(normal.self_ids.iter().filter(move |id| *id.id != *own))
}

fn name_parts(name: &PersonName) -> Parts<'_> {
    [
        name.display.as_str().into(),
        name.display_given.as_str().into(),
        name.display_family.as_str().into(),
        middle_display(name).into(),
        name.title.as_str().into(),
        name.suffix.as_str().into(),
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
        (true, true) => Grade::invalid(6 + labelled, "no name that can be read"),
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
        Grade::invalid(4, "invalid")
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
        Grade::invalid(2, "invalid number")
    } else if phone.label.as_deref() == Some("fax") {
        Grade::flawed(1, "fax")
    } else {
        Grade::GOOD
    }
}

fn address_parts(address: &Address) -> Parts<'_> {
    let Address { line, line2, city, region, postcode, country, .. } = address;
    [line, line2, city, region, postcode, country].map(|part| part.as_str().into())
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
        (false, false) => Grade::invalid(4, "neither street nor town"),
    }
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

/// The names of the fields that the golden records of some records hold, found without choosing
/// among their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldNames {
    /// By place in [`VOCABULARY`].
    fixed: [bool; VOCABULARY.len()],
    /// `consent`, `external_id`, `organization_id`: (first part, second part).
    pairs: [BTreeMap<Box<str>, BTreeSet<Box<str>>>; 3],
    /// `other`.
    others: BTreeSet<Box<str>>,
}

impl FieldNames {
    /// Adds the fields that a record states whose id is `own`. O(values).
    pub fn add(&mut self, own: &str, normal: &NormalRecord) {
        let identifier = |kind| normal.identifiers.iter().any(|id| id.kind == kind);
        let name = |part: fn(&PersonName) -> bool| normal.names.iter().any(part);
        let address = |part: fn(&Address) -> &str| {
            normal.addresses.iter().any(|address| !part(address).is_empty())
        };
        let stated = [
            name(|n| !n.display.is_empty()),
            name(|n| !n.display_given.is_empty()),
            name(|n| !n.display_family.is_empty()),
            !normal.emails.is_empty(),
            !normal.phones.is_empty(),
            address(|a| &a.line),
            address(|a| &a.line2),
            address(|a| &a.city),
            address(|a| &a.region),
            address(|a| &a.postcode),
            address(|a| &a.country),
            !normal.organizations.is_empty(),
            !normal.births.is_empty(),
            normal.updated_at.is_some(),
            name(|n| !n.middle.is_empty()),
            name(|n| !n.title.is_empty()),
            name(|n| !n.suffix.is_empty()),
            !normal.job_titles.is_empty(),
            normal.age.is_some(),
            normal.gender.is_some(),
            identifier(IdentifierKind::Tax),
            identifier(IdentifierKind::Loyalty),
            identifier(IdentifierKind::Token),
            !normal.websites.is_empty(),
            normal.created_at.is_some(),
            !normal.tags.is_empty(),
            !normal.notes.is_empty(),
        ];
        for (known, stated) in self.fixed.iter_mut().zip(stated) {
            *known |= stated;
        }
        for consent in &normal.consents {
            self.add_pair(0, &consent.channel, &consent.purpose);
        }
        for id in other_ids(own, normal) {
            self.add_pair(1, &id.system, &id.object);
        }
        for id in &normal.organization_ids {
            self.add_pair(2, &id.system, &id.object);
        }
        for (column, _) in &normal.others {
            if !self.others.contains(&**column) {
                self.others.insert((**column).into());
            }
        }
    }

    fn add_pair(&mut self, sort: usize, first: &str, second: &str) {
        let known = &mut self.pairs[sort];
        if known.get(first).is_none_or(|seconds| !seconds.contains(second)) {
            known.entry(first.into()).or_default().insert(second.into());
        }
    }

    /// Adds all of `other`.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for (known, stated) in self.fixed.iter_mut().zip(other.fixed) {
            *known |= stated;
        }
        for (known, more) in self.pairs.iter_mut().zip(other.pairs) {
            for (first, seconds) in more {
                known.entry(first).or_default().extend(seconds);
            }
        }
        self.others.extend(other.others);
        self
    }

    /// The names, in the order of [`field_order`].
    pub fn names(&self) -> Vec<String> {
        let fixed = VOCABULARY.iter().zip(self.fixed).filter(|(_, stated)| *stated);
        let mut names: Vec<String> = fixed.map(|(name, _)| (*name).to_owned()).collect();
        let [consents, external, organizations] = &self.pairs;
        let mut add = |pairs: &BTreeMap<Box<str>, BTreeSet<Box<str>>>, sort: &str| {
            for (first, seconds) in pairs {
                names.extend(seconds.iter().map(|second| format!("{sort}.{first}.{second}")));
            }
        };
        add(consents, "consent");
        add(external, "external_id");
        add(organizations, "organization_id");
        names.extend(self.others.iter().map(|column| Named::Other(column).to_string()));
        names.sort_by(|a, b| field_order(a).cmp(&field_order(b)));
        names.dedup();
        names
    }
}
