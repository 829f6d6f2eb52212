//! Who stated what, and how it stood: for conflicts between systems, and for writing back.

use std::borrow::Cow;

use super::fields::label_of;
use super::rule::Rule;
use super::standing::{Standing, decide, rank};
use super::{Member, NOT_TAKEN, Policy, Situation, chosen_by, each_group, fields};
use crate::model::{EntityKind, Timestamp};
use crate::reference::fold;

/// What became of one group of fields (or one field that stands alone).
#[derive(Debug)]
pub struct Outcome<'o> {
    /// What a policy calls it.
    pub group: &'o str,
    /// Its fields.
    pub fields: &'o [&'o str],
    /// The situation in which the policy was asked.
    pub situation: Situation<'o>,
    /// The rule that chose; empty where no value survives.
    pub rule: &'static str,
    /// Every statement, those of the winning meaning first; within a meaning the one that is shown
    /// first.
    pub told: Vec<Told<'o>>,
}

/// One value as one record states it.
#[derive(Clone)]
pub struct Told<'o> {
    /// Who states it.
    pub member: &'o Member,
    /// As exported, one a field of the group.
    pub parts: &'o [Cow<'o, str>],
    /// What its system says of it (`mailing`, `mobile` …).
    pub label: Option<&'o str>,
    /// Where it stands in its record's list.
    pub position: usize,
    /// What it means, as a text: equal texts mean the same.
    pub canonical: &'o str,
    /// Place of its meaning, the best first.
    pub meaning: usize,
    /// Neither a placeholder nor from a system that gives nothing.
    pub usable: bool,
    /// Says nothing: a useless mailbox or number, a default date.
    pub placeholder: bool,
    /// The row's own time.
    pub at: Option<Timestamp>,
    /// Why it lost; empty for the winning meaning.
    pub why_not: &'static str,
}

impl std::fmt::Debug for Told<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Told({:?}, <redacted>)", self.member.key)
    }
}

impl<'o> Outcome<'o> {
    /// The value that survives (of several the primary one).
    pub fn winner(&self) -> Option<&Told<'o>> {
        self.told.first().filter(|told| told.usable)
    }

    /// One of its values for a person to read: its parts, joined; of a name the whole.
    pub fn text(&self, told: &Told<'_>) -> String {
        let parts = told.parts.iter().map(|part| &**part).filter(|part| !part.is_empty());
        if self.fields[0] == "full_name" {
            return parts.take(1).collect();
        }
        parts.collect::<Vec<_>>().join(", ")
    }

    /// Whether two values mean the same, or one says less than the other: no part that both fill
    /// differs. A name's parts count, not the whole.
    pub fn agree(&self, a: &Told<'_>, b: &Told<'_>) -> bool {
        if a.meaning == b.meaning {
            return true;
        }
        let whole = usize::from(self.fields[0] == "full_name");
        let parts = a.parts.iter().zip(b.parts).skip(whole);
        let mut both = parts.filter(|(a, b)| !a.is_empty() && !b.is_empty()).peekable();
        both.peek().is_some() && both.all(|(a, b)| fold(a) == fold(b))
    }

    /// Whether a value says nothing: a placeholder, or a permission that nobody was asked for.
    pub fn is_silent(&self, told: &Told<'_>) -> bool {
        let unasked = || told.parts.first().is_some_and(|part| part == "unknown");
        told.placeholder || self.group.starts_with("consent.") && unasked()
    }

    /// Whether a person should decide.
    pub fn for_review(&self) -> bool {
        self.rule == Rule::Review.won()
    }
}

/// Calls `each` for every group that the members state and `of` asks for, in the order of
/// [`super::GROUPS`], then by name. The choice is that of [`super::golden`].
pub fn outcomes(
    kind: EntityKind,
    members: &[Member],
    policy: &Policy,
    as_of: Option<Timestamp>,
    of: impl Fn(&str) -> bool,
    mut each: impl FnMut(&Outcome<'_>),
) {
    each_group(kind, members, policy, as_of, |group, situation, seen| {
        if seen.is_empty() || !of(group.name) {
            return;
        }
        for one in &mut *seen {
            one.canonical = one.meaning.text(&one.parts[0]);
        }
        let all: Vec<&_> = seen.iter().collect();
        let rules = policy.rules(group.name, situation);
        let standings = rank(&all, |s| s.canonical.as_str(), rules);
        let rule = match standings.first() {
            Some(best) if best.grade.usable() => chosen_by(rules, best, standings.get(1)),
            _ => "",
        };
        let mut told = Vec::with_capacity(seen.len());
        for (meaning, standing) in standings.iter().enumerate() {
            let why_not = if meaning == 0 { "" } else { why_not(rules, &standings[0], standing) };
            for spelling in rank(&standing.seen, |s| &s.parts, rules) {
                let witness = spelling.witness(rules);
                let rest = spelling.seen.iter().copied().filter(|s| !std::ptr::eq(*s, witness));
                told.extend(std::iter::once(witness).chain(rest).map(|s| Told {
                    member: s.member,
                    parts: &s.parts[..group.fields.len()],
                    label: label_of(group.name, &s.member.normal, s.position),
                    position: s.position,
                    canonical: &s.canonical,
                    meaning,
                    usable: s.grade.usable(),
                    placeholder: !s.grade.usable() && s.grade != NOT_TAKEN,
                    at: s.at.map(Timestamp),
                    why_not,
                }));
            }
        }
        each(&Outcome { group: group.name, fields: group.fields, situation, rule, told });
    });
}

/// What a record by itself states of a group, as (label, canonical text), the primary value first.
pub fn stated(member: &Member, group: &str) -> Vec<(Option<String>, String)> {
    // A record has one source: whether a permission holds for that alone makes no difference.
    let scope = if group.starts_with("consent.") { group.find('@') } else { None };
    let group = &group[..scope.unwrap_or(group.len())];
    let kind = member.normal.entity_kind;
    let gathered = fields::gather(&[member], kind, None);
    let seen = match fields::GROUPS.iter().position(|known| known.name == group) {
        Some(at) => gathered.fixed[at].as_slice(),
        None => {
            let named = gathered.named.iter().find(|(named, _)| named.to_string() == group);
            named.map_or(&[][..], |(_, seen)| seen)
        }
    };
    let label = |position| label_of(group, &member.normal, position).map(str::to_owned);
    seen.iter().map(|s| (label(s.position), s.meaning.text(&s.parts[0]))).collect()
}

/// Why a value lost against the winner.
pub(super) fn why_not(
    rules: &[Rule],
    winner: &Standing<'_, '_>,
    loser: &Standing<'_, '_>,
) -> &'static str {
    match decide(rules, winner, loser) {
        Some((Rule::Valid | Rule::Sound, _)) | None if !loser.grade.flaw.is_empty() => {
            loser.grade.flaw
        }
        Some((rule, _)) => rule.lost(),
        None => "later record",
    }
}
