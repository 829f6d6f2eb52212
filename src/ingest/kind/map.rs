//! Rows to mapped records, by compiled rules. Pure.

use std::sync::Arc;

use serde_json::Value;

use super::compile::{
    Address, Consent, Date, Entity, Field, Link, Name, Others, Record, Scope, Soft,
};
use super::form;
use super::shape;
use super::spec::Rows;
use super::systems::Systems;
use super::value::{Getter, View, text_of, walk};
use crate::model::{
    ConsentState, DateOrder, EntityKind, ExternalId, Labelled, LinkStrength, Mapped, MappedAddress,
    MappedConsent, MappedDate, MappedName, MappedRecord, is_source_name,
};

/// What the envelope of a message says of the record in it.
#[derive(Clone, Debug, Default)]
pub(super) struct EnvelopeFacts {
    pub(super) updated_at: Option<String>,
    pub(super) deleted: bool,
}

/// What became of some rows.
pub(super) enum Outcome {
    /// A record, with the source that its row names.
    Record(Box<MappedRecord>, Option<Arc<str>>),
    /// Rows for the quarantine, with the reason.
    Refused(String),
    /// Rows that are no customers.
    LeftOut,
}

/// What mapping needs beside the rules.
pub(super) struct Setting<'a> {
    pub(super) system: &'a Arc<str>,
    pub(super) region: Option<[u8; 2]>,
    pub(super) systems: &'a Systems,
}

/// Maps the rows of one record, the main row first.
pub(super) fn map_rows(
    records: &[Record],
    rows: &[View<'_>],
    envelope: &EnvelopeFacts,
    setting: &Setting<'_>,
    sink: &mut dyn FnMut(Outcome),
) {
    let Some(main) = rows.first() else { return };
    let mut taken = false;
    for record in records {
        let Some(steps) = &record.each else {
            if !taken && record.when.iter().all(|test| test.holds(*main)) {
                taken = true;
                sink(map_one(record, rows, envelope, setting));
            }
            continue;
        };
        // A list in the row: its elements are records; the row itself may be one beside them.
        let View::Json(value, row) = main else { continue };
        walk(value, steps, &mut |element| {
            let view = View::Json(element, row);
            if record.when.iter().all(|test| test.holds(view)) {
                taken = true;
                sink(map_one(record, &[view], envelope, setting));
            }
            true
        });
    }
    if !taken {
        sink(Outcome::LeftOut);
    }
}

fn map_one(
    record: &Record,
    rows: &[View<'_>],
    envelope: &EnvelopeFacts,
    setting: &Setting<'_>,
) -> Outcome {
    let main = rows[0];
    let (id, id_made) = match id_of(record, rows) {
        Ok(id) => id,
        Err(reason) => return Outcome::Refused(reason),
    };
    let mut fields = Mapped { default_region: setting.region, ..Mapped::default() };
    names(&record.names, rows, &mut fields.names);
    addresses(&record.addresses, rows, &mut fields.addresses);
    labelled(&record.emails, rows, &mut fields.emails);
    labelled(&record.phones, rows, &mut fields.phones);
    labelled(&record.companies, rows, &mut fields.companies);
    labelled(&record.job_titles, rows, &mut fields.job_titles);
    labelled(&record.tax_ids, rows, &mut fields.tax_ids);
    labelled(&record.websites, rows, &mut fields.websites);
    labelled(&record.loyalty_ids, rows, &mut fields.loyalty_ids);
    labelled(&record.tokens, rows, &mut fields.tokens);
    plain(&record.ages, rows, &mut fields.ages);
    plain(&record.genders, rows, &mut fields.genders);
    plain(&record.tags, rows, &mut fields.tags);
    plain(&record.notes, rows, &mut fields.notes);
    dates(&record.births, rows, &mut fields.births);
    let mut times = Vec::new();
    dates(&record.created_at, rows, &mut times);
    fields.created_at = times.drain(..).next();
    dates(&record.updated_at, rows, &mut times);
    fields.updated_at = times.into_iter().next().or_else(|| {
        let text = envelope.updated_at.clone()?;
        Some(MappedDate { text, order: DateOrder::Ymd })
    });
    let source = record.source.as_ref().map(|getter| getter.first(main));
    let source: Option<Arc<str>> = source.filter(|name| !name.is_empty()).map(Into::into);
    if source.as_ref().is_some_and(|name| !is_source_name(name)) {
        return Outcome::Refused("a source name over 200 bytes or with control characters".into());
    }
    if !id_made {
        fields.self_ids.push(ExternalId {
            // A table with a column of sources stands for several systems.
            system: source.as_ref().unwrap_or(setting.system).clone(),
            object: record.object.clone(),
            id: id.as_str().into(),
            strength: LinkStrength::Announced,
        });
    }
    links(&record.self_ids, rows, setting, &mut fields.self_ids);
    links(&record.external_ids, rows, setting, &mut fields.external_ids);
    links(&record.organization_ids, rows, setting, &mut fields.organization_ids);
    consents(&record.consents, rows, &mut fields.consents);
    others(record, main, &mut fields.others);
    let entity_kind = entity(&record.entity, main, &mut fields);
    let alias_of = record.alias.as_ref().and_then(|(getter, object)| {
        let survivor = getter.first(main);
        (!survivor.is_empty() && survivor != id).then(|| (object.clone(), survivor))
    });
    let redacted = record.redacted.iter().any(|test| test.holds(main));
    let mapped = MappedRecord {
        object: record.object.clone(),
        id,
        id_made,
        entity_kind,
        deleted: redacted
            || envelope.deleted
            || alias_of.is_some()
            || record.deleted.iter().any(|test| test.holds(main)),
        alias_of,
        redacted,
        fields,
    };
    Outcome::Record(Box::new(mapped), source)
}

fn id_of(record: &Record, rows: &[View<'_>]) -> Result<(String, bool), String> {
    let main = rows[0];
    let id = record.id.getter.first(main);
    if !id.is_empty() {
        if record.id.hashed || shape::looks_like_email(&id) {
            return Ok((form::made_id(std::iter::once(id.to_lowercase().as_str())), true));
        }
        return Ok((id, false));
    }
    if record.id.demanded {
        return Err(format!("no value in the id column `{}`", record.id.column));
    }
    for list in &record.id.made_from {
        let values: Vec<String> =
            list.iter().map(|getter| getter.first(main).to_lowercase()).collect();
        if values.iter().any(|value| !value.is_empty()) {
            return Ok((form::made_id(values.iter().map(String::as_str)), true));
        }
    }
    let mut empty = true;
    let mut parts: Vec<String> = Vec::new();
    for row in rows {
        match row {
            View::Cells(cells) => {
                empty &= cells.iter().all(|cell| cell.trim().is_empty());
                parts.extend(cells.iter().map(|cell| cell.trim().to_owned()));
            }
            View::Json(value, _) => {
                empty &= value.is_null();
                parts.push(value.to_string());
            }
        }
    }
    if empty {
        return Err("the row is empty".to_owned());
    }
    Ok((form::made_id(parts.iter().map(String::as_str)), true))
}

impl Scope {
    /// Calls `visit` with each view that a rule has to read.
    fn views(&self, rows: &[View<'_>], visit: &mut dyn FnMut(View<'_>)) {
        let rows = match self.rows {
            Rows::Main => &rows[..1],
            Rows::Others => &rows[1..],
            Rows::All => rows,
        };
        for row in rows {
            let Some(steps) = &self.each else {
                if self.when.iter().all(|test| test.holds(*row)) {
                    visit(*row);
                }
                continue;
            };
            let View::Json(value, whole) = row else { continue };
            walk(value, steps, &mut |element| {
                let view = View::Json(element, whole);
                if self.when.iter().all(|test| test.holds(view)) {
                    visit(view);
                }
                true
            });
        }
    }
}

fn labelled(rules: &[Field], rows: &[View<'_>], out: &mut Vec<Labelled>) {
    for rule in rules {
        rule.scope.views(rows, &mut |view| {
            rule.getter.each(view, |value| {
                if !out.iter().any(|known| known.value == value) {
                    out.push(Labelled { value, label: rule.label.clone() });
                }
                true
            });
        });
    }
}

fn plain(rules: &[Field], rows: &[View<'_>], out: &mut Vec<String>) {
    for rule in rules {
        rule.scope.views(rows, &mut |view| {
            rule.getter.each(view, |value| {
                if !out.contains(&value) {
                    out.push(value);
                }
                true
            });
        });
    }
}

fn links(rules: &[Link], rows: &[View<'_>], setting: &Setting<'_>, out: &mut Vec<ExternalId>) {
    for rule in rules {
        rule.scope.views(rows, &mut |view| {
            rule.getter.each(view, |value| {
                let link = match &rule.system {
                    Some(system) => {
                        let id = setting.systems.canonical(system, value);
                        Some((system.clone(), rule.object.clone(), id))
                    }
                    None => setting.systems.by_form(value),
                };
                if let Some((system, object, id)) = link
                    && !id.is_empty()
                    && !shape::is_shortened_number(&id)
                {
                    let one = ExternalId { system, object, id: id.into(), strength: rule.strength };
                    if !out.contains(&one) {
                        out.push(one);
                    }
                }
                true
            });
        });
    }
}

fn first_date(getters: &[(Getter, DateOrder)], view: View<'_>) -> Option<MappedDate> {
    getters.iter().find_map(|(getter, order)| {
        let text = getter.first(view);
        (!text.is_empty()).then_some(MappedDate { text, order: *order })
    })
}

fn dates(rules: &[Date], rows: &[View<'_>], out: &mut Vec<MappedDate>) {
    for rule in rules {
        rule.scope.views(rows, &mut |view| out.extend(first_date(&rule.getters, view)));
    }
}

fn names(rules: &[Name], rows: &[View<'_>], out: &mut Vec<MappedName>) {
    for rule in rules {
        rule.scope.views(rows, &mut |view| {
            let [full, given, middle, family, suffix, title] =
                rule.parts.each_ref().map(|getter| getter.first(view));
            let mut name = MappedName { full, given, middle, family, suffix, title, label: None };
            if [&name.full, &name.given, &name.middle, &name.family].iter().all(|p| p.is_empty()) {
                name.full = rule.instead.first(view);
            }
            if name.given.is_empty() && name.family.is_empty() && name.full.is_empty() {
                // Neither a title nor a lone middle initial is a name.
                return;
            }
            if !out.contains(&name) {
                name.label = rule.label.clone();
                out.push(name);
            }
        });
    }
}

fn addresses(rules: &[Address], rows: &[View<'_>], out: &mut Vec<MappedAddress>) {
    for rule in rules {
        rule.scope.views(rows, &mut |view| {
            let [full, number, line, line2, unit, po_box, city, region, postcode, country] =
                rule.parts.each_ref().map(|getter| getter.first(view));
            let mut address = MappedAddress {
                full,
                number,
                line,
                line2,
                unit,
                po_box,
                city,
                region,
                postcode,
                country,
                label: None,
            };
            if address.is_empty() {
                address.full = rule.instead.first(view);
            }
            if address.is_empty() {
                return;
            }
            let known =
                out.iter().any(|one| MappedAddress { label: None, ..one.clone() } == address);
            if !known {
                address.label = rule.label.clone();
                out.push(address);
            }
        });
    }
}

const GRANTED: &[&str] = &[
    "yes",
    "true",
    "1",
    "y",
    "t",
    "subscribed",
    "granted",
    "opted_in",
    "opted in",
    "opt-in",
    "allow",
    "ja",
    "oui",
    "si",
    "sí",
    "sim",
];
const DENIED: &[&str] = &[
    "no",
    "false",
    "0",
    "n",
    "f",
    "unsubscribed",
    "denied",
    "opted_out",
    "opted out",
    "opt-out",
    "do not allow",
    "suppressed",
    "bounced",
    "cleaned",
    "redacted",
    "invalid",
    "nein",
    "non",
    "nao",
];

fn consents(rules: &[Consent], rows: &[View<'_>], out: &mut Vec<MappedConsent>) {
    for rule in rules {
        rule.scope.views(rows, &mut |view| {
            let word = rule.getter.first(view);
            let Some(state) = consent_state(rule, &word) else { return };
            let one = MappedConsent {
                channel: rule.channel.clone(),
                purpose: rule.purpose.clone(),
                state,
                at: first_date(&rule.time, view),
            };
            if !out.contains(&one) {
                out.push(one);
            }
        });
    }
}

fn consent_state(rule: &Consent, word: &str) -> Option<ConsentState> {
    if word.is_empty() {
        return rule.fixed;
    }
    if rule.filled_denies {
        return Some(ConsentState::Denied);
    }
    let among = |list: &[String]| list.iter().any(|one| one.eq_ignore_ascii_case(word));
    let common = |list: &[&str]| list.iter().any(|one| one.eq_ignore_ascii_case(word));
    let yes = among(&rule.granted);
    let no = among(&rule.denied);
    Some(if among(&rule.unknown) {
        ConsentState::Unknown
    } else if rule.inverted {
        if no || (!yes && common(GRANTED)) { ConsentState::Denied } else { ConsentState::Unknown }
    } else if yes || (!no && common(GRANTED)) {
        ConsentState::Granted
    } else if no || common(DENIED) {
        ConsentState::Denied
    } else {
        ConsentState::Unknown
    })
}

fn others(record: &Record, main: View<'_>, out: &mut Vec<(Arc<str>, String)>) {
    let rule = &record.others;
    match (rule, main) {
        (Others::Cells { free, soft }, View::Cells(cells)) => {
            let applies = |one: &&Soft<usize>| one.when.iter().all(|test| test.holds(main));
            let taken: Vec<&Soft<usize>> = soft.iter().filter(applies).collect();
            for (at, name) in free {
                if taken.iter().any(|one| one.places.contains(at)) {
                    continue;
                }
                let text = cells.get(*at).map_or("", |cell| cell.trim());
                if !text.is_empty() {
                    out.push((name.clone(), text.to_owned()));
                }
            }
        }
        (Others::Json { soft, .. }, View::Json(value, _)) => {
            let applies = |one: &&Soft<String>| one.when.iter().all(|test| test.holds(main));
            let taken: Vec<&Soft<String>> = soft.iter().filter(applies).collect();
            leaves(value, &mut record.list.clone(), &mut |path, text| {
                if taken.iter().any(|one| one.places.iter().any(|place| place == path)) {
                    return;
                }
                if let Some(name) = rule.leaf(path) {
                    out.push((name, text.to_owned()));
                }
            });
        }
        _ => {}
    }
}

/// Visits each non-empty scalar with its path; list positions are not part of a path.
pub(super) fn leaves(value: &Value, path: &mut String, visit: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let length = path.len();
                if length > 0 {
                    path.push('.');
                }
                path.push_str(key);
                leaves(inner, path, visit);
                path.truncate(length);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| leaves(inner, path, visit)),
        scalar => {
            if let Some(text) = text_of(scalar) {
                visit(path, &text);
            }
        }
    }
}

/// Decides the kind of entity; an organisation's `full` names become companies.
fn entity(rule: &Entity, main: View<'_>, fields: &mut Mapped) -> EntityKind {
    let flagged = rule.flag.as_ref().and_then(|(getter, person, organization)| {
        let word = getter.first(main);
        let among = |list: &[String]| list.iter().any(|one| one.eq_ignore_ascii_case(&word));
        if among(person) {
            Some(EntityKind::Person)
        } else if among(organization) {
            Some(EntityKind::Organization)
        } else {
            None
        }
    });
    let kind = flagged.or(rule.fixed).unwrap_or_else(|| by_names(fields, rule));
    if kind == EntityKind::Organization {
        // The organisation's own name goes first.
        let mut own = Vec::new();
        fields.names.retain(|name| {
            let only_full = name.given.is_empty() && name.family.is_empty();
            if only_full && name.label.is_none() {
                own.push(Labelled { value: name.full.clone(), label: None });
            }
            !only_full || name.label.is_some()
        });
        fields.companies.retain(|known| !own.iter().any(|name| name.value == known.value));
        fields.companies.splice(0..0, own);
    }
    if kind == EntityKind::Person && flagged.is_none() && rule.fixed.is_none() && rule.by_shape {
        // Customers under their own names are nobody's employees.
        let Mapped { names, companies, .. } = fields;
        companies.retain(|company| !names.iter().any(|name| is_same_name(name, &company.value)));
    }
    kind
}

/// Whether a company bears a person's name.
fn is_same_name(name: &MappedName, company: &str) -> bool {
    let MappedName { full, given, family, .. } = name;
    let words = match full.is_empty() {
        true => shape::words_of_name(&format!("{given} {family}")),
        false => shape::words_of_name(full),
    };
    words == shape::words_of_name(company)
}

fn by_names(fields: &Mapped, rule: &Entity) -> EntityKind {
    let mut company_like = false;
    for name in fields.names.iter().filter(|name| name.label.is_none()) {
        if !name.given.is_empty() || !name.family.is_empty() {
            return EntityKind::Person;
        }
        if rule.by_shape && shape::surely_company(&name.full) {
            company_like = true;
        } else {
            let doubled = fields.companies.iter().any(|company| is_same_name(name, &company.value));
            if !doubled || rule.by_shape && shape::personal(&name.full) {
                return EntityKind::Person;
            }
        }
    }
    let own = fields.companies.iter().any(|company| company.label.as_deref() != Some("employer"));
    if company_like || own { EntityKind::Organization } else { rule.otherwise }
}
