//! Which values survive into the golden record, and why. Pure.
//!
//! Values that mean the same (one canonical form) stand together; what speaks for them is summed up
//! and a field's rules, read from the left, put the best first:
//!
//! | field | rules, in order |
//! |---|---|
//! | name (full, given, family, middle, title, suffix together) | valid, most frequent, most complete, best written, newest, first in its record, longest |
//! | company | as the name |
//! | address (line, line 2, town, region, code, country together) | valid, most frequent, newest, first in its record, most complete, best written, longest |
//! | e-mail, phone, website, tag, note | valid, most frequent, newest, first in its record, most complete |
//! | consent by channel and purpose | most restrictive, newest |
//! | created at; updated at | valid, earliest; valid, latest |
//! | every other field | valid, most frequent, newest, most complete, longest |
//!
//! The last word has the order of record keys. Groups survive whole. E-mail, phone, company,
//! website, tax and loyalty number, token, tag, note and ids of other systems keep all their
//! distinct values, the best first; the other fields keep one. A placeholder (a useless mailbox or
//! number, a default date) never survives; where nothing else is there the field stands with an
//! empty value and the rule `no usable value`, so that the lost values can still be seen. Every
//! spelling of every live value is either chosen or among [`GoldenField::others`].
//! `docs/golden-records.md` says the same for users.

mod fields;
mod policy;
mod standing;

use std::sync::Arc;

pub use fields::{
    FIXED_COLUMNS, GROUPS, Group, VOCABULARY, birth_text, field_names, field_order, is_many,
};
pub use policy::{Policy, Rule, default_rules};
use standing::{Seen, Standing, decide, rank};

use crate::model::{
    EntityId, EntityKind, GoldenField, GoldenRecord, LostValue, NormalRecord, RecordKey, Relation,
    Timestamp,
};

/// One member of an entity.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its key.
    pub key: RecordKey,
    /// Its source kind's system (`shopify` …).
    pub system: Arc<str>,
    /// Its canonical values.
    pub normal: NormalRecord,
}

/// Builds the golden record of an entity. `members` may come in any order; `as_of` is the time that
/// ages count from: a record that claims to have changed after it has no known time.
/// O(values · log values) in the values of the members.
pub fn golden(
    id: EntityId,
    kind: EntityKind,
    members: &[Member],
    relations: Vec<Relation>,
    policy: &Policy,
    as_of: Option<Timestamp>,
) -> GoldenRecord {
    let mut sorted: Vec<&Member> = members.iter().collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    let gathered = fields::gather(&sorted, kind, as_of);
    let mut fields = Vec::new();
    for (group, seen) in GROUPS.iter().zip(&gathered.fixed) {
        survive(group.fields, group.many, policy.rules(group.name), seen, &mut fields);
    }
    for (name, seen) in &gathered.named {
        survive(&[name], is_many(name), policy.rules(name), seen, &mut fields);
    }
    // Stable, so that the values of a field stay in their order; fields named by the data are in
    // the order of their names already.
    fields.sort_by_cached_key(|f| field_order(&f.field).0);
    GoldenRecord { entity_id: id, entity_kind: kind, fields, relations }
}

/// Chooses among the values of one group and adds its golden fields.
fn survive(
    names: &[&str],
    many: bool,
    rules: &[Rule],
    seen: &[Seen<'_>],
    out: &mut Vec<GoldenField>,
) {
    let all: Vec<&Seen<'_>> = seen.iter().collect();
    let standings = rank(&all, |s| s.canonical.as_str(), rules);
    let usable = standings.iter().filter(|s| s.grade.usable()).count();
    let kept = if many { usable } else { usable.min(1) };
    if standings.is_empty() {
        return;
    }
    for (place, standing) in standings[..kept].iter().enumerate() {
        let spellings = rank(&standing.seen, |s| &s.parts, rules);
        let mut lost: Vec<(&Seen<'_>, &str)> = Vec::new();
        for spelling in &spellings[1..] {
            lost.push((spelling.witness(), "same value, written otherwise"));
        }
        if place == 0 {
            lose(&standings[kept..], Some(standing), rules, &mut lost);
        }
        let rule = match (place, standings.get(1)) {
            (0, None) if standing.records == 1 => "only value",
            (0, None) => "all agree",
            (0, Some(next)) => {
                decide(rules, standing, next).map_or("first record", |(r, _)| r.won())
            }
            _ => "further value",
        };
        emit(names, Some(spellings[0].witness()), rule, &lost, out);
    }
    if kept == 0 {
        let mut lost = Vec::new();
        lose(&standings, None, rules, &mut lost);
        emit(names, None, "no usable value", &lost, out);
    }
}

/// Names why values lost against `winner`, every spelling once.
fn lose<'a>(
    losers: &[Standing<'a>],
    winner: Option<&Standing<'_>>,
    rules: &[Rule],
    lost: &mut Vec<(&'a Seen<'a>, &'a str)>,
) {
    for loser in losers {
        let decided = winner.and_then(|winner| decide(rules, winner, loser));
        let why = match decided {
            Some((Rule::Valid, _)) | None if !loser.grade.flaw.is_empty() => loser.grade.flaw,
            Some((rule, _)) => rule.lost(),
            None => "later record",
        };
        for spelling in rank(&loser.seen, |s| &s.parts, rules) {
            lost.push((spelling.witness(), why));
        }
    }
}

/// Adds one field a part. A part that the winner leaves empty stands only if others were lost.
fn emit(
    names: &[&str],
    winner: Option<&Seen<'_>>,
    rule: &str,
    lost: &[(&Seen<'_>, &str)],
    out: &mut Vec<GoldenField>,
) {
    for (part, name) in names.iter().enumerate() {
        let value = winner.map_or("", |w| w.parts[part].as_str());
        let mut others: Vec<LostValue> = Vec::new();
        for (seen, why) in lost {
            let text = &seen.parts[part];
            if !text.is_empty() && text != value && others.iter().all(|o| o.value != *text) {
                others.push(LostValue {
                    value: text.clone(),
                    source: seen.member.key.source.to_string(),
                    record_id: seen.member.key.id.to_string(),
                    why_not: (*why).to_owned(),
                });
            }
        }
        let Some(witness) = winner.or(lost.first().map(|(seen, _)| *seen)) else { continue };
        if value.is_empty() && others.is_empty() {
            continue;
        }
        out.push(GoldenField {
            field: (*name).to_owned(),
            value: value.to_owned(),
            source: witness.member.key.source.to_string(),
            record_id: witness.member.key.id.to_string(),
            observed_at: witness.at.map(Timestamp),
            rule: rule.to_owned(),
            others,
        });
    }
}

/// `2024-05-31T08:00:00Z`; the bare number of seconds for times that no calendar holds.
pub fn iso(time: Timestamp) -> String {
    match jiff::Timestamp::from_second(time.0) {
        Ok(stamp) => stamp.to_string(),
        Err(_) => time.0.to_string(),
    }
}

#[cfg(test)]
mod tests;
