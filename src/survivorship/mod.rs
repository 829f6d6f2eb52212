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
//! | e-mail, phone (of one number a country that is written before one that is guessed), website, tag, note | valid, most frequent, newest, first in its record, most complete |
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
//! A [`Policy`] puts owners, validity, freshness and other actions before these rules, and says what
//! flows from and to which system. `docs/golden-records.md` says the same for users.

mod fields;
mod meaning;
mod outcome;
mod policy;
mod rule;
mod standing;

use std::sync::Arc;

pub use fields::{
    FIXED_COLUMNS, FieldNames, GROUPS, Group, VOCABULARY, birth_text, field_order, group_of,
    has_labels, is_many,
};
pub use outcome::{Outcome, Told, outcomes, stated};
pub use policy::{
    ALL_FIELDS, Action, Direction, FAMILIES, FieldPolicy, Overwrite, Ownership, PerSystem, Policy,
    Situation, Statement,
};
pub use rule::{Rule, default_rules};
use standing::{Grade, Seen, Standing, decide, rank};

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
    let mut fields = Vec::new();
    survive(kind, members, policy, as_of, true, |choice| fields.extend(choice.golden_field()));
    // Stable, so that the values of a field stay in their order.
    fields.sort_by_cached_key(|f| {
        let (place, name) = field_order(&f.field);
        (place, name.to_owned())
    });
    GoldenRecord { entity_id: id, entity_kind: kind, fields, relations }
}

/// Calls `each` with field and value of all that survives, in the order of [`golden`] within a
/// field: the same choice without its provenance, for tables of very many entities.
pub fn surviving_values(
    kind: EntityKind,
    members: &[Member],
    policy: &Policy,
    as_of: Option<Timestamp>,
    mut each: impl FnMut(&str, &str),
) {
    survive(kind, members, policy, as_of, false, |choice| {
        if !choice.value.is_empty() {
            each(choice.field, choice.value);
        }
    });
}

/// One field of one surviving value.
struct Choice<'c, 'a> {
    field: &'c str,
    value: &'c str,
    /// Where it comes from.
    witness: &'c Seen<'a>,
    rule: &'static str,
    /// Which part of its group it is.
    part: usize,
    /// What it beat, and why; empty unless asked for.
    lost: &'c [(&'c Seen<'a>, &'static str)],
}

impl Choice<'_, '_> {
    /// The values of this part that lost, each once.
    fn others(&self) -> Vec<LostValue> {
        let mut others: Vec<LostValue> = Vec::new();
        for (seen, why) in self.lost {
            let text = &*seen.parts[self.part];
            if !text.is_empty() && text != self.value && others.iter().all(|o| o.value != text) {
                others.push(LostValue {
                    value: text.to_owned(),
                    source: seen.member.key.source.to_string(),
                    record_id: seen.member.key.id.to_string(),
                    why_not: (*why).to_owned(),
                });
            }
        }
        others
    }

    fn golden_field(&self) -> Option<GoldenField> {
        let others = self.others();
        // A part that the winner leaves empty stands only if others were lost.
        (!self.value.is_empty() || !others.is_empty()).then(|| GoldenField {
            field: self.field.to_owned(),
            value: self.value.to_owned(),
            source: self.witness.member.key.source.to_string(),
            record_id: self.witness.member.key.id.to_string(),
            observed_at: self.witness.at.map(Timestamp),
            rule: self.rule.to_owned(),
            others,
        })
    }
}

/// Chooses in all groups. `losses` says whether anybody wants to know what lost.
fn survive(
    kind: EntityKind,
    members: &[Member],
    policy: &Policy,
    as_of: Option<Timestamp>,
    losses: bool,
    mut each: impl FnMut(Choice<'_, '_>),
) {
    each_group(kind, members, policy, as_of, |group, situation, seen| {
        let rules = || policy.rules(group.name, situation);
        Contest { fields: group.fields, many: group.many, losses }.decide(seen, rules, &mut each);
    });
}

/// The fields of a group and what stands in them.
struct GroupOf<'g> {
    /// What a policy calls it.
    name: &'g str,
    fields: &'g [&'g str],
    many: bool,
}

/// Hands on the statements of all groups, weighed by what the policy says of their systems.
fn each_group(
    kind: EntityKind,
    members: &[Member],
    policy: &Policy,
    as_of: Option<Timestamp>,
    mut each: impl FnMut(&GroupOf<'_>, Situation<'_>, &mut [Seen<'_>]),
) {
    let mut sorted: Vec<&Member> = members.iter().collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    let situation = Situation::of(kind, &sorted, policy);
    let mut gathered = fields::gather(&sorted, kind, as_of);
    if policy.has_scopes() {
        gathered.part_permissions(policy, situation);
    }
    for (group, seen) in GROUPS.iter().zip(&mut gathered.fixed) {
        let Group { name, fields, many } = *group;
        weigh(policy.field(name, situation), as_of, seen);
        each(&GroupOf { name, fields, many }, situation, seen);
    }
    for (named, seen) in &mut gathered.named {
        let name = named.to_string();
        weigh(policy.field(&name, situation), as_of, seen);
        let group = GroupOf { name: &name, fields: &[&name], many: named.many() };
        each(&group, situation, seen);
    }
}

/// The grade of a value from a system that gives nothing.
const NOT_TAKEN: Grade = Grade::unusable("the policy takes nothing from its system");

/// Takes out what comes from systems that give nothing, and marks what is older than its system's
/// values may be; a value of unknown age is not too old.
fn weigh(policy: Option<&FieldPolicy>, as_of: Option<Timestamp>, seen: &mut [Seen<'_>]) {
    let Some(policy) = policy else { return };
    let ages = as_of.filter(|_| policy.ownership.max_age != PerSystem::default());
    if ages.is_none() && policy.ownership.direction == PerSystem::default() {
        return;
    }
    for one in seen {
        let (source, system) = (&one.member.key.source, &one.member.system);
        if one.grade.usable() && !policy.direction(source, system).gives() {
            one.grade = NOT_TAKEN;
        }
        if let (Some(now), Some(at)) = (ages, one.at)
            && let Some(limit) = policy.ownership.max_age.get(source, system)
        {
            one.stale = u64::try_from(now.0.saturating_sub(at)).is_ok_and(|age| age > limit);
        }
    }
}

/// The choice among the values of one group.
struct Contest<'c> {
    fields: &'c [&'c str],
    many: bool,
    losses: bool,
}

impl Contest<'_> {
    /// `rules` are looked up only where values have to be told apart.
    fn decide<'a, 'r>(
        &self,
        seen: &mut [Seen<'a>],
        rules: impl Fn() -> &'r [Rule],
        each: &mut impl FnMut(Choice<'_, 'a>),
    ) {
        match seen {
            [] => {}
            [only] if only.grade.usable() => self.emit(Some(only), "only value", &[], each),
            _ => {
                let alike = !self.losses
                    && seen.iter().any(|one| one.grade.usable())
                    && seen.windows(2).all(|two| two[0].parts == two[1].parts);
                if alike && !self.many {
                    return self.emit(seen.first(), "all agree", &[], each);
                }
                for one in &mut *seen {
                    one.canonical = one.meaning.text(&one.parts[0]);
                }
                if alike && seen.windows(2).all(|two| two[0].canonical == two[1].canonical) {
                    return self.emit(seen.first(), "all agree", &[], each);
                }
                self.decide_among(seen, rules(), each);
            }
        }
    }

    fn decide_among<'a>(
        &self,
        seen: &[Seen<'a>],
        rules: &[Rule],
        each: &mut impl FnMut(Choice<'_, 'a>),
    ) {
        let all: Vec<&Seen<'a>> = seen.iter().collect();
        let standings = rank(&all, |s| s.canonical.as_str(), rules);
        let usable = standings.iter().filter(|s| s.grade.usable()).count();
        let kept = if self.many { usable } else { usable.min(1) };
        for (place, standing) in standings[..kept].iter().enumerate() {
            // Most values stand once: there is nothing to rank.
            let mut spellings = match standing.seen.as_slice() {
                [_] => Vec::new(),
                seen => rank(seen, |s| &s.parts, rules),
            };
            // What some state, others need not guess; the order stays otherwise.
            spellings.sort_by_key(|spelling| spelling.seen.iter().all(|s| s.guessed));
            let chosen = spellings.first().map_or(standing.seen[0], |s| s.witness(rules));
            let mut lost = Vec::new();
            if self.losses {
                let spelt = spellings.iter().skip(1).map(|s| s.witness(rules));
                lost.extend(spelt.map(|s| (s, "same value, written otherwise")));
                if place == 0 {
                    self.lose(&standings[kept..], Some(standing), rules, &mut lost);
                }
            }
            let rule = match (place, standings.get(1)) {
                (0, next) => chosen_by(rules, standing, next),
                _ => "further value",
            };
            self.emit(Some(chosen), rule, &lost, each);
        }
        if kept == 0 && self.losses {
            let mut lost = Vec::new();
            self.lose(&standings, None, rules, &mut lost);
            self.emit(None, "no usable value", &lost, each);
        }
    }

    /// Names why values lost against `winner`, every spelling once.
    fn lose<'s, 'a>(
        &self,
        losers: &[Standing<'s, 'a>],
        winner: Option<&Standing<'s, 'a>>,
        rules: &[Rule],
        lost: &mut Vec<(&'s Seen<'a>, &'static str)>,
    ) {
        for loser in losers {
            let why = match winner {
                Some(winner) => outcome::why_not(rules, winner, loser),
                None if !loser.grade.flaw.is_empty() => loser.grade.flaw,
                None => "later record",
            };
            for spelling in rank(&loser.seen, |s| &s.parts, rules) {
                lost.push((spelling.witness(rules), why));
            }
        }
    }

    /// Hands one choice a field on.
    fn emit<'a>(
        &self,
        winner: Option<&Seen<'a>>,
        rule: &'static str,
        lost: &[(&Seen<'a>, &'static str)],
        each: &mut impl FnMut(Choice<'_, 'a>),
    ) {
        let Some(witness) = winner.or(lost.first().map(|(seen, _)| *seen)) else { return };
        for (part, field) in self.fields.iter().enumerate() {
            let value = winner.map_or("", |w| &w.parts[part]);
            each(Choice { field, value, witness, rule, part, lost });
        }
    }
}

/// What put a value before the next best, in words.
fn chosen_by(
    rules: &[Rule],
    winner: &Standing<'_, '_>,
    next: Option<&Standing<'_, '_>>,
) -> &'static str {
    // What the policy takes from nobody was no rival.
    let Some(next) = next.filter(|next| next.grade != NOT_TAKEN) else {
        return if winner.records == 1 { "only value" } else { "all agree" };
    };
    let decided = decide(rules, winner, next);
    let place = |rule: &Rule| rules.iter().position(|known| std::ptr::eq(known, rule));
    // A rule that is none of the list's own told a value from a placeholder.
    let place = decided.map_or(Some(rules.len()), |(rule, _)| place(rule));
    if place.is_some_and(|place| rules[..place].contains(&Rule::Review)) {
        return Rule::Review.won();
    }
    decided.map_or("first record", |(rule, _)| rule.won())
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
