//! Tables that no kind knows: columns are mapped by what their headers say and what their values
//! look like. The result is a plain list column → field, which a person can correct, and from which
//! the rules are made.

use std::collections::BTreeMap;

use super::catalog::nearest;
use super::header::{Lexicon, Said};
use super::profile::{Column, Profile};
use super::shape;
use super::spec::{
    AddressRule, Condition, EntitySpec, IdSpec, NameRule, OneOrMany, RecordSpec, Take, ValueRule,
};
use super::systems::Systems;
use crate::error::{Error, ErrorKind, Result};
use crate::model::EntityKind;
use crate::reference::region::region_code;

/// A field that a column can be mapped to.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// As `sameas.toml` writes it; `@LABEL` may follow.
    pub name: &'static str,
    /// A record takes a list of its values under this very key; else it is a part of something, or
    /// stands once.
    pub list: bool,
}

impl Field {
    const fn part(name: &'static str) -> Self {
        Self { name, list: false }
    }

    const fn list(name: &'static str) -> Self {
        Self { name, list: true }
    }
}

/// Fields that a column can be mapped to.
pub const FIELDS: &[Field] = &[
    Field::part("id"),
    Field::part("id:hashed"),
    Field::part("source"),
    Field::part("name"),
    Field::part("name.full"),
    Field::part("name.given"),
    Field::part("name.middle"),
    Field::part("name.particle"),
    Field::part("name.family"),
    Field::part("name.suffix"),
    Field::part("name.title"),
    Field::list("email"),
    Field::list("phone"),
    Field::part("address.full"),
    Field::part("address.number"),
    Field::part("address.line"),
    Field::part("address.line2"),
    Field::part("address.unit"),
    Field::part("address.po_box"),
    Field::part("address.city"),
    Field::part("address.region"),
    Field::part("address.postcode"),
    Field::part("address.country"),
    Field::list("company"),
    Field::list("job_title"),
    Field::list("date_of_birth"),
    Field::list("age"),
    Field::list("gender"),
    Field::list("tax_id"),
    Field::list("website"),
    Field::list("loyalty_id"),
    Field::list("token"),
    Field::list("external_id"),
    Field::list("tag"),
    Field::list("note"),
    Field::list("created_at"),
    Field::list("updated_at"),
    Field::part("other"),
];

/// Maps the columns of a file: column → field. Independent of the order of columns and rows.
pub(super) fn infer(profile: &Profile, notes: &mut Vec<String>) -> BTreeMap<String, String> {
    let lexicon = Lexicon::builtin();
    let mut said: BTreeMap<&str, Said> = BTreeMap::new();
    let mut mapping = BTreeMap::new();
    let fields = profile.fields();
    for (name, column) in &fields {
        if let Some((system, object)) = Systems::builtin().of_header(name) {
            mapping.insert((*name).to_owned(), format!("external_id:{system}/{object}"));
            continue;
        }
        if let Some(what) = by_header(lexicon, profile, name, column) {
            said.insert(name, what);
        }
    }
    resolve_address(profile, &mut said);
    resolve_names(profile, &mut said);
    leave_out_constants(profile, &mut said, notes);
    let id = choose_id(profile, &mut said, notes);
    // A column that says more than the field ("manager e-mail") gives way to one that does not.
    let exact: Vec<(String, Option<String>)> = said
        .values()
        .filter(|one| one.left == 0)
        .map(|one| (one.field.clone(), one.label.clone()))
        .collect();
    for (name, one) in &said {
        let double = one.left > 0 && exact.iter().any(|(field, _)| *field == one.field);
        if double || ["other", "id", "record_id"].contains(&one.field.as_str()) {
            continue;
        }
        let label = one.label.as_ref().map_or_else(String::new, |label| format!("@{label}"));
        mapping.insert((*name).to_owned(), format!("{}{label}", one.field));
    }
    if let Some((name, hashed)) = id {
        mapping.insert(name, if hashed { "id:hashed" } else { "id" }.to_owned());
    }
    for (name, column) in &fields {
        if !mapping.contains_key(*name) && !said.contains_key(name) && column.filled > 0 {
            let look = |test: fn(&str) -> bool| profile.share(name, test).unwrap_or(0.0);
            let field = if look(shape::looks_like_email) >= 0.8 {
                "email"
            } else if look(shape::surely_phone) >= 0.8 {
                "phone"
            } else if look(|text| text.contains("://")) >= 0.8 {
                "website"
            } else {
                continue;
            };
            mapping.insert((*name).to_owned(), field.to_owned());
        }
    }
    mapping
}

fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

fn has_digits(text: &str) -> bool {
    text.bytes().any(|c| c.is_ascii_digit())
}

/// The last two steps of a path; a header with dots in it (`D.O.B.`) is none.
fn end_of_path(name: &str) -> String {
    let steps: Vec<&str> = name.split('.').collect();
    if steps.iter().any(|step| step.chars().count() < 2) {
        return name.to_owned();
    }
    steps[steps.len().saturating_sub(2)..].join(" ")
}

/// What the header says, unless the values contradict it.
pub(super) fn by_header(
    lexicon: &Lexicon,
    profile: &Profile,
    name: &str,
    column: &Column,
) -> Option<Said> {
    let mut said = lexicon.read(&end_of_path(name))?;
    if column.filled == 0 {
        return Some(said);
    }
    let share = |test: &dyn Fn(&str) -> bool| profile.share(name, test).unwrap_or(0.0);
    let fits = match said.field.as_str() {
        "email" => share(&shape::looks_like_email) >= 0.2,
        "phone" => share(&shape::looks_like_phone) >= 0.3,
        "date_of_birth" => {
            share(&|text| shape::looks_like_date(text) || has_digits(text) && text.len() >= 4)
                >= 0.3
        }
        "created_at" | "updated_at" => {
            share(&|text| {
                shape::looks_like_date(text) || shape::looks_like_number(text) && text.len() >= 10
            }) >= 0.5
        }
        "website" => share(&shape::looks_like_website) >= 0.2,
        "age" => {
            share(&|text| text.parse::<f64>().is_ok_and(|age| (0.0..130.0).contains(&age))) >= 0.7
        }
        "gender" => share(&|text| text.chars().count() <= 16) >= 0.8,
        "address.postcode" => share(&|text| has_digits(text) && text.len() <= 12) >= 0.3,
        "address.number" | "address.po_box" => share(&has_digits) >= 0.3,
        "tax_id" => share(&has_digits) >= 0.3,
        "loyalty_id" => share(&has_digits) >= 0.5,
        "address.city" => share(&|text| has_letters(text) && !shape::looks_like_email(text)) >= 0.5,
        "name.given" | "name.family" | "name.full" | "name.middle" | "name" => {
            share(&|text| has_letters(text) && !shape::looks_like_email(text)) >= 0.3
        }
        "company" => share(&has_letters) >= 0.3 && share(&shape::looks_like_answer) < 0.5,
        "address.region" => {
            share(&|text| has_letters(text) && !shape::looks_like_answer(text)) >= 0.5
        }
        _ => true,
    };
    if fits {
        if said.field == "title" {
            let salutation = share(&shape::looks_like_salutation) >= 0.5;
            said.field = if salutation { "name.title" } else { "job_title" }.to_owned();
        }
        return Some(said);
    }
    // `phone` full of mail addresses: the values say what it is.
    let really =
        [("email", share(&shape::looks_like_email)), ("phone", share(&shape::surely_phone))];
    let (field, share) = really.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (share >= 0.8).then(|| Said { field: field.to_owned(), label: None, ..said })
}

/// `address` is the whole address, or the street where the other parts have columns.
fn resolve_address(profile: &Profile, said: &mut BTreeMap<&str, Said>) {
    let has = |said: &BTreeMap<&str, Said>, field: &str, label: &Option<String>| {
        said.values().any(|one| one.field == field && one.label == *label)
    };
    let whole: Vec<&str> =
        said.iter().filter(|(_, one)| one.field == "address").map(|(name, _)| *name).collect();
    for name in whole {
        let label = said.get(name).and_then(|one| one.label.clone());
        let street = has(said, "address.line", &label);
        let parts = has(said, "address.city", &label) || has(said, "address.postcode", &label);
        let long = profile.share(name, |text| text.matches(',').count() >= 2).unwrap_or(0.0) >= 0.5;
        let field = if street || (long && !parts) { "address.full" } else { "address.line" };
        if let Some(one) = said.get_mut(name) {
            one.field = field.to_owned();
        }
    }
    // `Estado` is a state of an order too: without another part it is an address where its values are
    // regions.
    let part = |one: &Said| one.field.starts_with("address.") && one.field != "address.region";
    if !said.values().any(part) {
        let region = |text: &str| region_code(None, text).is_some();
        said.retain(|name, one| {
            one.field != "address.region" || profile.share(name, region).unwrap_or(0.0) >= 0.3
        });
    }
}

/// Leaves out the columns of mail addresses and phones that say the same of everybody, or name the few
/// people who work on the rows: they are not the customers'.
pub(super) fn leave_out_constants(
    profile: &Profile,
    said: &mut BTreeMap<&str, Said>,
    notes: &mut Vec<String>,
) {
    /// Values that must be there to say so.
    const ENOUGH: usize = 20;
    for field in ["email", "phone"] {
        let names = said.iter().filter(|(_, one)| one.field == field).map(|(name, _)| *name);
        let variety = |name: &str| {
            let (mut all, mut distinct) = (0, rustc_hash::FxHashSet::default());
            profile.values(name, &mut |text| {
                all += 1;
                distinct.insert(text.to_lowercase());
            });
            (all, distinct.len())
        };
        let columns: Vec<(&str, (usize, usize))> = names.map(|n| (n, variety(n))).collect();
        let varied = columns.iter().any(|(_, (all, distinct))| distinct * 2 >= *all && *all > 0);
        for (name, (all, distinct)) in columns {
            let few = distinct <= 1 || varied && distinct * 20 <= all;
            if all >= ENOUGH && few {
                if let Some(one) = said.get_mut(name) {
                    one.field = "other".to_owned();
                }
                notes.push(format!(
                    "column `{name}` holds {distinct} different values in {all} rows: it is taken for \
                     somebody else's than the customers', and not used"
                ));
            }
        }
    }
}

/// `name` is a person's or a company's, by the other columns and its values; beside a column of given
/// names it is the family name, and the other way round.
fn resolve_names(profile: &Profile, said: &mut BTreeMap<&str, Said>) {
    let has = |said: &BTreeMap<&str, Said>, field: &str| {
        let filled = |name: &str| profile.column(name).is_some_and(|column| column.filled > 0);
        said.iter().any(|(name, one)| one.field == field && one.label.is_none() && filled(name))
    };
    let (given, family) = (has(said, "name.given"), has(said, "name.family"));
    let parts = said
        .values()
        .any(|one| matches!(one.field.as_str(), "name.given" | "name.family" | "name.full"));
    let company = said.values().any(|one| one.field == "company" && one.label.is_none());
    let plain: Vec<&str> =
        said.iter().filter(|(_, one)| one.field == "name").map(|(name, _)| *name).collect();
    for name in plain {
        let share = profile.share(name, shape::looks_like_company).unwrap_or(0.0);
        let words = |text: &str| text.split_whitespace().nth(1).is_some();
        // Nearly all whole names have two words, family names seldom.
        let whole = profile.share(name, words).unwrap_or(1.0) >= 0.8;
        let field = match (parts, company) {
            (true, false) if share >= 0.3 => "company",
            (true, _) if given && !family && !whole => "name.family",
            (true, _) if family && !given && !whole => "name.given",
            (true, _) | (false, true) => "name.full",
            (false, false) if share >= 0.7 => "company",
            (false, false) => "name",
        };
        if let Some(one) = said.get_mut(name) {
            one.field = field.to_owned();
        }
    }
    // Columns of personal names without any value in a table of companies are none.
    if company {
        said.retain(|name, one| {
            !one.field.starts_with("name")
                || profile.column(name).is_some_and(|column| column.filled > 0)
        });
    }
}

/// The column that names the record: `record_id`, `id`, else a unique number that a header names.
fn choose_id(
    profile: &Profile,
    said: &mut BTreeMap<&str, Said>,
    notes: &mut Vec<String>,
) -> Option<(String, bool)> {
    let plain = |name: &str| super::header::words(name).join(" ");
    let all: Vec<&str> = profile.fields().into_iter().map(|(name, _)| name).collect();
    let exact = ["record id", "id"].iter().find_map(|wanted| {
        all.iter().find(|name| {
            plain(name) == *wanted && profile.column(name).is_some_and(|c| c.filled > 0)
        })
    });
    let chosen = match exact {
        Some(name) => (*name).to_owned(),
        None => {
            let unique = said.iter().filter(|(name, one)| {
                one.field == "id"
                    && profile.column(name).is_some_and(|column| column.is_unique(profile.rows))
            });
            let (name, one) = unique
                .min_by_key(|(name, one)| (one.left, one.label.is_some(), one.rank, **name))
                .map(|(name, one)| (*name, one.clone()))?;
            notes.push(format!(
                "column `{name}` is taken as the record id: its header says so and its values are \
                 unique{}",
                if one.left > 0 { " (set another with `id` in the mapping)" } else { "" }
            ));
            name.to_owned()
        }
    };
    let doubles = profile.column(&chosen).map_or(0, Column::doubles);
    if doubles > 0 {
        notes.push(format!(
            "column `{chosen}` is taken as the record id, but {doubles} rows repeat an id: rows of one \
             id are versions of one record, and only the last counts"
        ));
    }
    let personal =
        profile.share(&chosen, |text| shape::looks_like_email(text) || shape::surely_phone(text));
    said.remove(chosen.as_str());
    Some((chosen, personal.unwrap_or(0.0) >= 0.5))
}

/// Applies what a person set by hand.
///
/// # Errors
/// A column or field does not exist: the nearest is named.
pub(super) fn correct(
    mapping: &mut BTreeMap<String, String>,
    stated: &BTreeMap<String, String>,
    profile: &Profile,
) -> Result<()> {
    let names: Vec<&str> = profile.fields().into_iter().map(|(name, _)| name).collect();
    for (column, field) in stated {
        let wrong = |what: String, near: Option<&str>| {
            let error = Error::new(ErrorKind::Config, what);
            match near {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            }
        };
        let Some(name) = names.iter().find(|name| name.eq_ignore_ascii_case(column)) else {
            let near = nearest(column, names.iter().copied());
            return Err(wrong(format!("the file has no column `{column}`"), near));
        };
        let plain = field.split('@').next().unwrap_or(field);
        let known = FIELDS.iter().any(|field| field.name == plain)
            || plain.strip_prefix("external_id:").is_some_and(|rest| rest.contains('/'))
            || ["", "none", "ignore"].contains(&plain);
        if !known {
            return Err(wrong(
                format!("there is no field `{field}` for column `{column}`"),
                nearest(plain, FIELDS.iter().map(|field| field.name)),
            ));
        }
        let is_id = |field: &str| field == "id" || field == "id:hashed";
        if is_id(plain) {
            mapping.retain(|_, old| !is_id(old));
        }
        if ["", "none", "ignore", "other"].contains(&plain) {
            mapping.remove(*name);
        } else {
            mapping.insert((*name).to_owned(), field.clone());
        }
    }
    Ok(())
}

/// The rules that a mapping stands for. A pure function of the mapping.
pub(super) fn record_of(mapping: &BTreeMap<String, String>) -> RecordSpec {
    let mut record = RecordSpec { object: "record".to_owned(), ..RecordSpec::default() };
    add_to(&mut record, mapping, &|_| false);
    let has = |test: &dyn Fn(&str) -> bool| mapping.values().any(|field| test(field));
    let person = has(&|f| f.starts_with("name.") && !f.starts_with("name.title"));
    let either = has(&|f| f == "name");
    let company = has(&|f| f == "company" || f.starts_with("company@agency"));
    let otherwise = match (person, either, company) {
        (true, _, false) => EntityKind::Person,
        (false, false, true) => EntityKind::Organization,
        _ => EntityKind::Unknown,
    };
    record.entity = EntitySpec::Inferred { otherwise, by_shape: either };
    record
}

/// Adds the rules that a mapping stands for; `there` tells which columns the file has. A part of an
/// address of which the record's rules find the other parts only becomes one of theirs.
pub(super) fn add_to(
    record: &mut RecordSpec,
    mapping: &BTreeMap<String, String>,
    there: &dyn Fn(&str) -> bool,
) {
    let rank = |column: &str| Lexicon::builtin().read(column).map_or(usize::MAX, |said| said.rank);
    let mut columns: Vec<(&String, &String)> = mapping.iter().collect();
    columns.sort_by_cached_key(|(column, _)| (rank(column), (*column).clone()));
    let mut names: BTreeMap<Option<String>, NameRule> = BTreeMap::new();
    let mut addresses: BTreeMap<Option<String>, AddressRule> = BTreeMap::new();
    let mut particles: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
    for (column, field) in columns {
        let (plain, label) = match field.split_once('@') {
            Some((plain, label)) => (plain, Some(label.to_owned())),
            None => (field.as_str(), None),
        };
        let rule = || ValueRule {
            take: Take { at: vec![column.clone()], ..Take::default() },
            label: label.clone(),
            ..ValueRule::default()
        };
        let list = match plain {
            "id" | "id:hashed" => {
                record.id = IdSpec {
                    at: OneOrMany(vec![column.clone()]),
                    hashed: plain == "id:hashed",
                    ..IdSpec::default()
                };
                continue;
            }
            "source" => {
                record.source = Some(rule().take);
                continue;
            }
            "email" => &mut record.email,
            "phone" => &mut record.phone,
            "company" => &mut record.company,
            "job_title" => &mut record.job_title,
            "date_of_birth" => &mut record.date_of_birth,
            "age" => &mut record.age,
            "gender" => &mut record.gender,
            "tax_id" => &mut record.tax_id,
            "website" => &mut record.website,
            "loyalty_id" => &mut record.loyalty_id,
            "token" => &mut record.token,
            "note" => &mut record.note,
            "created_at" => &mut record.created_at,
            "updated_at" => &mut record.updated_at,
            "tag" => {
                let mut one = rule();
                one.take.split = Some(",".to_owned());
                record.tag.push(one);
                continue;
            }
            _ => {
                if let Some((system, object)) =
                    plain.strip_prefix("external_id:").and_then(|rest| rest.split_once('/'))
                {
                    let mut one = rule();
                    one.system = Some(system.to_owned());
                    one.object = Some(object.to_owned());
                    record.external_id.push(one);
                } else if plain == "external_id" {
                    let mut one = rule();
                    one.system = Some("by-form".to_owned());
                    record.external_id.push(one);
                } else if let Some(part) = plain.strip_prefix("address.") {
                    let known = unfinished(&mut record.address, label.as_deref(), part, there);
                    let address = match known {
                        Some(address) => address,
                        None => addresses.entry(label.clone()).or_default(),
                    };
                    if let Some(take) = address_part(address, part) {
                        take.at.push(column.clone());
                    }
                } else if plain == "name.particle" {
                    particles.entry(label.clone()).or_default().push(column.clone());
                } else if plain.starts_with("name") {
                    let name = names.entry(label.clone()).or_default();
                    name_part(name, plain.strip_prefix("name.").unwrap_or("full"))
                        .at
                        .push(column.clone());
                }
                continue;
            }
        };
        list.push(rule());
    }
    // Those of other persons, perhaps, stand in where nobody else is named.
    let mut before: Vec<String> = Vec::new();
    for (label, mut name) in names {
        if let Some(particles) = particles.remove(&label) {
            // `van der` and `Berg` are one family name.
            name.family.at.splice(0..0, particles);
            name.family.join = Some(" ".to_owned());
        }
        let others = label.as_deref().is_some_and(|label| PAYERS.contains(&label));
        let parts = [&name.full, &name.given, &name.middle, &name.family];
        let columns: Vec<String> = parts.into_iter().flat_map(|take| take.at.clone()).collect();
        if others && !before.is_empty() {
            let at = OneOrMany(before.clone());
            name.when.push(Condition { at, filled: Some(false), ..Condition::default() });
        }
        before.extend(columns);
        name.label = label;
        record.name.push(name);
    }
    for (label, mut address) in addresses {
        address.label = label;
        record.address.push(address);
    }
}

/// Labels of names that may be another person's: of whom is billed, whose card it is, who receives.
const PAYERS: [&str; 3] = ["billing", "card", "shipping"];

/// The address under a label of which the file has other parts and not this.
fn unfinished<'a>(
    addresses: &'a mut [AddressRule],
    label: Option<&str>,
    part: &str,
    there: &dyn Fn(&str) -> bool,
) -> Option<&'a mut AddressRule> {
    let finds = |take: &Take| take.at.iter().any(|name| there(name));
    let at = addresses.iter().position(|address| {
        let own = address.parts().find(|(name, _)| *name == part);
        address.when.is_empty()
            && address.each.is_none()
            && address.label.as_deref() == label
            && address.parts().any(|(_, take)| finds(take))
            && own.is_some_and(|(_, own)| !finds(own) && own.join.is_none() && own.split.is_none())
    })?;
    addresses.get_mut(at)
}

fn name_part<'a>(name: &'a mut NameRule, part: &str) -> &'a mut Take {
    match part {
        "given" => &mut name.given,
        "middle" => &mut name.middle,
        "family" => &mut name.family,
        "suffix" => &mut name.suffix,
        "title" => &mut name.title,
        _ => &mut name.full,
    }
}

fn address_part<'a>(address: &'a mut AddressRule, part: &str) -> Option<&'a mut Take> {
    Some(match part {
        "full" => &mut address.full,
        "number" => &mut address.number,
        "line" => &mut address.line,
        "line2" => &mut address.line2,
        "unit" => &mut address.unit,
        "po_box" => &mut address.po_box,
        "city" => &mut address.city,
        "region" => &mut address.region,
        "postcode" => &mut address.postcode,
        "country" => &mut address.country,
        _ => return None,
    })
}
