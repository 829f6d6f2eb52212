use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

use crate::error::Result;
use crate::model::{EntityId, EntityKind, Timestamp};
use crate::pipeline::View;
use crate::survivorship::{Outcome, Told, iso, outcomes};

/// Which conflicts are asked for.
#[derive(Clone, Debug)]
pub struct ConflictsWanted {
    /// Only of this field, group or prefix.
    pub field: Option<String>,
    /// Only those in which this source takes part.
    pub source: Option<String>,
    /// So many, those that matter most.
    pub limit: usize,
}

/// Fields in which sources disagree.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Conflicts {
    /// How many there are.
    pub total: u64,
    /// Those that matter most, first.
    pub conflicts: Vec<Conflict>,
    /// By field and pair of sources, most disagreement first.
    pub matrix: Vec<Disagreement>,
}

/// A field of an entity in which sources disagree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conflict {
    /// Entity.
    pub entity_id: EntityId,
    /// Its kind.
    pub entity_kind: EntityKind,
    /// Field or group.
    pub field: String,
    /// How much it matters: weight of the field × doubt of the choice × sources that state it.
    pub score: u32,
    /// The rule that chose.
    pub rule: String,
    /// What each source says, the survivor first.
    pub values: Vec<ConflictValue>,
}

/// What a source says.
#[derive(Clone, PartialEq, Serialize)]
pub struct ConflictValue {
    /// The value, its parts joined.
    pub value: String,
    /// Source.
    pub source: String,
    /// Record.
    pub record_id: String,
    /// The row's own time (RFC 3339), if it states one.
    pub observed_at: Option<String>,
    /// Whether it means what survives.
    pub survives: bool,
    /// Why it does not; empty if it does.
    pub why_not: String,
}

impl std::fmt::Debug for ConflictValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ConflictValue(<redacted>, {}:{})", self.source, self.record_id)
    }
}

/// How often two sources disagree on a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// Field or group.
    pub field: String,
    /// The source that comes first by name.
    pub source_a: String,
    /// The other.
    pub source_b: String,
    /// Entities for which both state it.
    pub both: u64,
    /// Of them, those for which nothing that one says means what the other says, or less.
    pub disagree: u64,
}

/// Entities that one thread looks at in one go.
const CHUNK: u32 = 512;

/// Finds the fields in which sources disagree: no value of the one means what a value of the other
/// means, or a part of it. Parallel; O(values).
///
/// # Errors
/// Damaged or unreadable.
pub fn conflicts(view: &View, wanted: &ConflictsWanted) -> Result<Conflicts> {
    let entities = view.results().entities();
    let pieces: Result<Vec<Piece>> = (0..entities.div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let mut piece = Piece::default();
            for entity in chunk * CHUNK..entities.min((chunk + 1) * CHUNK) {
                piece.entity(view, entity, wanted)?;
            }
            piece.keep(wanted.limit);
            Ok(piece)
        })
        .collect();
    let mut all = Piece::default();
    for piece in pieces? {
        all.total += piece.total;
        all.conflicts.extend(piece.conflicts);
        for (pair, [both, disagree]) in piece.matrix {
            let counts = all.matrix.entry(pair).or_default();
            counts[0] += both;
            counts[1] += disagree;
        }
    }
    all.keep(wanted.limit);
    let mut matrix: Vec<Disagreement> = all
        .matrix
        .into_iter()
        .filter(|(_, [_, disagree])| *disagree > 0)
        .map(|((field, a, b), [both, disagree])| Disagreement {
            field,
            source_a: a.to_string(),
            source_b: b.to_string(),
            both,
            disagree,
        })
        .collect();
    matrix.sort_by_key(|row| std::cmp::Reverse(row.disagree));
    Ok(Conflicts { total: all.total, conflicts: all.conflicts, matrix })
}

#[derive(Default)]
struct Piece {
    total: u64,
    conflicts: Vec<Conflict>,
    /// By field and pair of sources: stated by both, disagreed.
    matrix: BTreeMap<(String, Arc<str>, Arc<str>), [u64; 2]>,
}

impl Piece {
    fn entity(&mut self, view: &View, entity: u32, wanted: &ConflictsWanted) -> Result<()> {
        let row = view.results().entity(entity)?;
        if row.members.len() < 2 {
            return Ok(());
        }
        let members = view.members(&row)?;
        let as_of = view.results().summary().as_of.map(Timestamp);
        let asked = |group: &str| is_asked(group, wanted);
        outcomes(row.kind, &members, view.policy(), as_of, asked, |outcome| {
            let disputes = self.count(outcome, wanted.source.as_deref());
            if disputes {
                self.total += 1;
                self.conflicts.push(conflict(row.id, row.kind, outcome));
            }
        });
        Ok(())
    }

    /// Counts who agrees with whom; whether any two do not.
    fn count(&mut self, outcome: &Outcome<'_>, source: Option<&str>) -> bool {
        let mut by: BTreeMap<&Arc<str>, Vec<&Told<'_>>> = BTreeMap::new();
        for told in said(outcome) {
            by.entry(&told.member.key.source).or_default().push(told);
        }
        let by: Vec<_> = by.into_iter().collect();
        let mut disputes = false;
        for (at, (a, of_a)) in by.iter().enumerate() {
            for (b, of_b) in &by[at + 1..] {
                if source.is_some_and(|source| ***a != *source && ***b != *source) {
                    continue;
                }
                let pair = (outcome.group.to_owned(), Arc::clone(a), Arc::clone(b));
                let counts = self.matrix.entry(pair).or_default();
                counts[0] += 1;
                if !of_a.iter().any(|a| of_b.iter().any(|b| outcome.agree(a, b))) {
                    counts[1] += 1;
                    disputes = true;
                }
            }
        }
        disputes
    }

    /// Keeps the conflicts that matter most.
    fn keep(&mut self, limit: usize) {
        self.conflicts.sort_by(|a, b| {
            b.score
                .cmp(&a.score)
                .then_with(|| (a.entity_id, &a.field).cmp(&(b.entity_id, &b.field)))
        });
        self.conflicts.truncate(limit);
    }
}

/// What counts as said.
fn said<'s, 'o>(outcome: &'s Outcome<'o>) -> impl Iterator<Item = &'s Told<'o>> {
    outcome.told.iter().filter(|told| told.usable && !outcome.is_silent(told))
}

/// Fields that several systems state without meaning the same thing by it.
const INCOMPARABLE: [&str; 8] =
    ["created_at", "updated_at", "age", "token", "loyalty_id", "tag", "note", "organization_id"];

fn is_asked(group: &str, wanted: &ConflictsWanted) -> bool {
    let starts = |prefix: &str| {
        group.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    match &wanted.field {
        Some(field) => starts(field),
        None => {
            !INCOMPARABLE.iter().any(|name| starts(name))
                && !starts("other")
                && !starts("external_id")
        }
    }
}

/// How much it matters that a field is right.
fn weight(field: &str) -> u32 {
    match field.split('.').next().unwrap_or(field) {
        "consent" => 5,
        "email" => 4,
        "name" | "phone" | "address" | "date_of_birth" | "tax_id" => 3,
        "company" => 2,
        _ => 1,
    }
}

/// How little the rule that chose knows of who is right.
fn doubt(rule: &str) -> u32 {
    match rule {
        "review" => 4,
        "first record" | "first in its record" | "longest" | "best written" => 3,
        "most frequent" | "newest" | "most complete" | "earliest" | "latest" => 2,
        _ => 1,
    }
}

fn conflict(entity_id: EntityId, entity_kind: EntityKind, outcome: &Outcome<'_>) -> Conflict {
    let mut values: Vec<ConflictValue> = Vec::new();
    for told in said(outcome) {
        if values.iter().all(|known| *known.source != *told.member.key.source) {
            values.push(value(outcome, told));
        }
    }
    Conflict {
        entity_id,
        entity_kind,
        field: outcome.group.to_owned(),
        score: weight(outcome.group) * doubt(outcome.rule) * values.len() as u32,
        rule: outcome.rule.to_owned(),
        values,
    }
}

fn value(outcome: &Outcome<'_>, told: &Told<'_>) -> ConflictValue {
    ConflictValue {
        value: outcome.text(told),
        source: told.member.key.source.to_string(),
        record_id: told.member.key.id.to_string(),
        observed_at: told.at.map(iso),
        survives: told.meaning == 0,
        why_not: told.why_not.to_owned(),
    }
}
