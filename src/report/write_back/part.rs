//! What should change in the records of one entity.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::foresee::foreseen;
use super::import::{Import, Slot};
use super::{Ground, Targets};
use crate::error::Result;
use crate::ingest::kind::is_made_id;
use crate::model::{
    Address, EntityId, EntityKind, LinkStrength, MappedName, MappedRecord, NormalRecord,
    PersonName, Phone, Timestamp,
};
use crate::normalize::normalize;
use crate::store::results::StepRow;
use crate::survivorship::{Member, Outcome, Overwrite, Policy, Told, iso, outcomes};

/// A cell that should change.
#[derive(Clone)]
pub(super) struct Change {
    /// Place of the column in its import.
    pub(super) column: usize,
    pub(super) now: String,
    pub(super) new: String,
    /// What the cell of the file says: the new value, or the word that empties.
    pub(super) cell: String,
    pub(super) from: Origin,
    /// `empty`, `incomplete`, `differs`, `newer`.
    pub(super) because: &'static str,
}

/// Where a surviving value comes from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) source: Arc<str>,
    pub(super) record: String,
    pub(super) observed_at: Option<String>,
    pub(super) rule: &'static str,
}

/// A row of an import.
pub(super) struct PlannedRow {
    pub(super) entity: EntityId,
    pub(super) member: u32,
    /// Place of the import among those of the targets.
    pub(super) import: usize,
    /// What the record says now, a text a column.
    pub(super) now: Vec<String>,
    /// Columns that name the record or are required, with what they say.
    pub(super) given: Vec<(usize, String)>,
    pub(super) changes: Vec<Change>,
}

/// Why something is not written.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) entity: EntityId,
    pub(super) member: u32,
    pub(super) import: usize,
    pub(super) column: String,
    pub(super) reason: String,
}

/// A value that is to be replaced by another: whether that happened before is to be looked up.
pub(super) struct Replacement {
    pub(super) entity: EntityId,
    pub(super) member: u32,
    pub(super) group: String,
    pub(super) label: Option<String>,
    /// Canonical and shown form of what stands there …
    pub(super) now: (String, String),
    /// … and of what is wanted.
    pub(super) wanted: (String, String),
    pub(super) wanted_by: String,
    /// Other records that say what stands there.
    pub(super) held_by: Vec<String>,
}

/// Records of one source that are one: the first survives.
#[derive(Debug)]
pub(super) struct PlannedMerge {
    pub(super) entity: EntityId,
    pub(super) import: usize,
    /// Members, the survivor first.
    pub(super) members: Vec<u32>,
    pub(super) with_email: bool,
}

/// What is found in some entities.
#[derive(Default)]
pub(super) struct Found {
    pub(super) rows: Vec<PlannedRow>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) replacements: Vec<Replacement>,
    pub(super) merges: Vec<PlannedMerge>,
    /// Records that live on in ground though their system merged them away.
    pub(super) merged_away: Vec<u32>,
    /// Entities whose records were looked at apart, because a doubtful link holds them together.
    pub(super) held_apart: u64,
}

impl Found {
    pub(super) fn extend(&mut self, other: Self) {
        let Self { rows, refusals, replacements, merges, merged_away, held_apart } = other;
        self.rows.extend(rows);
        self.refusals.extend(refusals);
        self.replacements.extend(replacements);
        self.merges.extend(merges);
        self.merged_away.extend(merged_away);
        self.held_apart += held_apart;
    }
}

/// Groups of an entity's members that surely belong together: joined by a person's judgement, or
/// at a weight (bits) from `auto` on. A group is a list of places among the members.
pub(super) fn sure_parts(members: &[u32], steps: &[StepRow], auto: f32) -> Vec<Vec<usize>> {
    let place: BTreeMap<u32, usize> =
        members.iter().enumerate().map(|(at, ordinal)| (*ordinal, at)).collect();
    let mut part: Vec<usize> = (0..members.len()).collect();
    for step in steps.iter().filter(|step| step.kind == 2 || step.weight >= auto) {
        let (Some(a), Some(b)) = (place.get(&step.a), place.get(&step.b)) else { continue };
        let (a, b) = (part[*a], part[*b]);
        for of in part.iter_mut().filter(|of| **of == a.max(b)) {
            *of = a.min(b);
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, of) in part.into_iter().enumerate() {
        groups.entry(of).or_default().push(at);
    }
    groups.into_values().collect()
}

/// The import that tells of a merge, and the members that become one: the first survives.
type Merge = (usize, Vec<usize>);

/// One part of an entity under plan.
pub(super) struct Part<'a> {
    pub(super) targets: &'a Targets<'a>,
    pub(super) versions: &'a Ground<'a>,
    pub(super) policy: &'a Policy,
    pub(super) as_of: Option<Timestamp>,
    pub(super) entity: EntityId,
    pub(super) kind: EntityKind,
    pub(super) members: &'a [Member],
    pub(super) ordinals: &'a [u32],
    /// Numbers of the members' versions.
    pub(super) numbers: &'a [u64],
}

/// A record under plan in one import.
pub(super) struct Draft<'a> {
    /// Its place among the members.
    pub(super) at: usize,
    pub(super) import: usize,
    /// What the record says now, a text a column.
    pub(super) now: Vec<String>,
    pub(super) changes: Vec<Change>,
    refusals: Vec<Refusal>,
    replacements: Vec<Replacement>,
    /// Records that a merge makes one with this.
    losers: &'a [usize],
}

impl Draft<'_> {
    /// Takes over what its record says now, from a draft that foresaw nothing.
    fn restate(&mut self, now: Self) {
        self.now = now.now;
        for change in &mut self.changes {
            change.now.clone_from(&self.now[change.column]);
        }
    }
}

impl Part<'_> {
    /// Adds what should change in records of the target. What the plans for all systems would do is
    /// worked out beside it, for what survives once they were applied is what is to be written.
    ///
    /// # Errors
    /// Ground is damaged or unreadable.
    pub(super) fn plan(&self, found: &mut Found) -> Result<()> {
        if !(0..self.members.len()).any(|at| self.is_target(at)) {
            return Ok(());
        }
        let merges = self.mergeable();
        let away = (0..self.members.len()).filter(|at| self.is_merged_away(*at));
        found.merged_away.extend(away.map(|at| self.ordinals[at]));
        let mut drafts = self.drafts(&merges, self.members);
        if let Some(members) = foreseen(self, &drafts)? {
            let now = std::mem::replace(&mut drafts, self.drafts(&merges, &members));
            drafts.iter_mut().zip(now).for_each(|(draft, now)| draft.restate(now));
        }
        let planned = merges.iter().filter(|(_, members)| self.is_target(members[0]));
        found.merges.extend(planned.map(|(import, members)| PlannedMerge {
            entity: self.entity,
            import: *import,
            with_email: has_email(&self.members[members[0]]),
            members: members.iter().map(|at| self.ordinals[*at]).collect(),
        }));
        drafts.retain(|draft| self.is_target(draft.at));
        self.foresee(&mut drafts);
        for draft in drafts {
            self.finish(draft, found);
        }
        Ok(())
    }

    /// What should change in each record, with `members` for what they will say.
    fn drafts<'m>(&self, merges: &'m [Merge], members: &[Member]) -> Vec<Draft<'m>> {
        let mut drafts: Vec<Draft<'m>> = Vec::new();
        for at in (0..self.members.len()).filter(|at| !self.is_merged_away(*at)) {
            if merges.iter().any(|(_, members)| members[1..].contains(&at)) {
                continue;
            }
            let merge = merges.iter().find(|(_, members)| members[0] == at);
            for import in self.imports_of(at) {
                drafts.push(Draft {
                    at,
                    import,
                    now: vec![String::new(); self.targets.imports[import].slots.len()],
                    changes: Vec::new(),
                    refusals: Vec::new(),
                    replacements: Vec::new(),
                    losers: merge.map(|(_, members)| &members[1..]).unwrap_or_default(),
                });
            }
        }
        let voices = self.voices(merges, members);
        let groups = &self.targets.groups;
        let is_taken = |group: &str| groups.contains(group.split('@').next().unwrap_or(group));
        outcomes(self.kind, &voices, self.policy, self.as_of, is_taken, |outcome| {
            for draft in &mut drafts {
                self.consider(outcome, draft);
            }
        });
        drafts
    }

    /// What an import only finds records by says what another import of the plan, which goes before,
    /// makes it say.
    fn foresee(&self, drafts: &mut [Draft<'_>]) {
        let mut coming: BTreeMap<(usize, &str), String> = BTreeMap::new();
        for draft in &*drafts {
            let slots = &self.targets.imports[draft.import].slots;
            for change in &draft.changes {
                coming.insert((draft.at, slots[change.column].group), change.new.clone());
            }
        }
        for draft in drafts {
            let slots = self.targets.imports[draft.import].slots.iter().enumerate();
            for (at, slot) in slots.filter(|(_, slot)| slot.column.fixed) {
                if let Some(new) = coming.get(&(draft.at, slot.group)) {
                    draft.now[at].clone_from(new);
                }
            }
        }
    }

    /// Whether the plan is for a member's source.
    fn is_target(&self, at: usize) -> bool {
        self.targets.sources.contains(&self.members[at].key.source)
    }

    /// Imports that take a member.
    fn imports_of(&self, at: usize) -> Vec<usize> {
        let member = &self.members[at];
        let kind = match member.normal.entity_kind {
            EntityKind::Unknown => self.kind,
            kind => kind,
        };
        let imports = self.targets.imports.iter().enumerate();
        imports.filter(|(_, i)| i.takes(member, kind)).map(|(at, _)| at).collect()
    }

    /// Whether another record of its source says that it was merged into it. Where exports tell of a
    /// merge in the survivor only, the loser lives on in ground.
    fn is_merged_away(&self, at: usize) -> bool {
        self.members.iter().any(|other| is_merged_into(&self.members[at], other))
    }

    /// The members, as they will speak once the plan was applied: a record that another is merged
    /// into speaks for the loser too, which only adds what the survivor does not say. So what wins
    /// here still wins when the losers are gone.
    fn voices<'m>(&self, merges: &[Merge], members: &'m [Member]) -> Cow<'m, [Member]> {
        let mut voices = Cow::Borrowed(members);
        let mut speak_for = |survivor: usize, losers: &[usize]| {
            if losers.is_empty() {
                return;
            }
            let voices = voices.to_mut();
            let mut said = vec![survivor];
            for loser in losers.iter().copied() {
                let mut normal = std::mem::take(&mut voices[loser].normal);
                for before in &said {
                    leave_out(&mut normal, &voices[*before].normal);
                }
                voices[loser].normal = normal;
                said.push(loser);
            }
        };
        let mut spoken_for = vec![false; self.members.len()];
        let planned = merges.iter().map(|(_, members)| members.clone());
        let others = (0..self.members.len()).map(|member| vec![member]);
        for mut group in planned.chain(others) {
            // Those who were merged into one of them before speak after them.
            let mut at = 0;
            while let Some(member) = group.get(at).copied() {
                let earlier: Vec<usize> =
                    self.merged_into(member).filter(|loser| !group.contains(loser)).collect();
                group.extend(earlier);
                at += 1;
            }
            let losers = group[1..].iter().copied().filter(|loser| !spoken_for[*loser]);
            let losers: Vec<usize> = losers.collect();
            losers.iter().for_each(|loser| spoken_for[*loser] = true);
            speak_for(group[0], &losers);
        }
        voices
    }

    /// Members that were merged into a member in their system, and live on in ground.
    fn merged_into(&self, survivor: usize) -> impl Iterator<Item = usize> {
        let merged = move |loser: &Member| is_merged_into(loser, &self.members[survivor]);
        (0..self.members.len()).filter(move |at| merged(&self.members[*at]))
    }

    /// Records of one source and object that the system can merge, the survivor first: one with an
    /// e-mail, then the oldest, then the first by key.
    fn mergeable(&self) -> Vec<Merge> {
        let mut groups: BTreeMap<(usize, &str), Vec<usize>> = BTreeMap::new();
        for (at, member) in self.members.iter().enumerate() {
            let merges = |i: &usize| self.targets.imports[*i].spec.merge.is_some();
            if let Some(import) = self.imports_of(at).into_iter().find(merges)
                && !is_made_id(&member.key.id)
                && !self.is_merged_away(at)
            {
                groups.entry((import, &member.key.source)).or_default().push(at);
            }
        }
        let groups = groups.into_iter().filter(|(_, members)| members.len() > 1);
        let sorted = groups.map(|((import, _), mut members)| {
            members.sort_by_key(|at| {
                let member = &self.members[*at];
                let created = member.normal.created_at;
                (!has_email(member), created.is_none(), created, &member.key)
            });
            (import, members)
        });
        sorted.collect()
    }

    /// What becomes of a group of fields in one record.
    fn consider(&self, outcome: &Outcome<'_>, draft: &mut Draft<'_>) {
        let member = &self.members[draft.at];
        let (source, system) = (&*member.key.source, &*member.system);
        let import = &self.targets.imports[draft.import];
        let mut slots: Vec<(usize, &Slot<'_>)> = (import.slots.iter().enumerate())
            .filter(|(_, slot)| self.is_group_of(slot, outcome, source, system))
            .collect();
        let mine = || outcome.told.iter().filter(|told| told.member.key == member.key);
        let own = |slot: &Slot<'_>| {
            let label = slot.column.label.as_deref();
            mine().filter(|told| told.label == label).min_by_key(|told| told.position)
        };
        for (at, slot) in &slots {
            draft.now[*at] = own(slot).map(|told| slot.text(told.parts)).unwrap_or_default();
        }
        slots.retain(|(_, slot)| !slot.column.fixed);
        let (Some((_, first)), Some(winner)) = (slots.first(), outcome.winner()) else { return };
        let (group, situation) = (outcome.group, outcome.situation);
        let overwrite = self.policy.overwrite(group, situation, source, system);
        // No column takes part of a date, a permission that it has no word for, nor a name that is
        // none once it stands in parts.
        let unfit = group == "date_of_birth" && winner.parts[0].len() != 10
            || group.starts_with("consent.") && first.text(winner.parts).is_empty()
            || group == "name" && !is_read_in_parts(winner);
        if unfit
            || outcome.for_review()
            || overwrite == Overwrite::Never
            || !self.policy.writes_to(group, situation, source, system)
        {
            return;
        }
        let held = own(first);
        // It says the same, or a part of it.
        if held.is_some_and(|held| outcome.agree(held, winner)) {
            let has_unit = (member.normal.addresses.get(held.map_or(0, |held| held.position)))
                .is_some_and(|address| !address.unit.is_empty() || !address.po_box.is_empty());
            let empty = slots
                .into_iter()
                .filter(|(at, slot)| draft.now[*at].is_empty() && !(has_unit && slot.is_line2()))
                .collect();
            self.replace(outcome, winner, empty, "incomplete", draft);
            return;
        }
        // What reads the same is said already, whatever else it means (a number without its extension).
        let says = |told: &Told<'_>| told.meaning == 0 || told.parts == winner.parts;
        if mine().any(says) || self.is_echo(outcome, draft) {
            return;
        }
        let said = held.filter(|told| !outcome.is_silent(told));
        let because = match (said, overwrite) {
            (None, _) => "empty",
            (Some(_), Overwrite::Always) => "differs",
            (Some(said), Overwrite::IfNewer) if said.at.is_some() && winner.at > said.at => "newer",
            _ => return,
        };
        if self.replace(outcome, winner, slots, because, draft)
            && let Some(held) = held
        {
            draft.replacements.push(self.replacement(outcome, held, winner, draft.at));
        }
    }

    /// Whether the winning value came from the record's own source. It is no news there, unless the
    /// record that holds it is about to go.
    fn is_echo(&self, outcome: &Outcome<'_>, draft: &Draft<'_>) -> bool {
        let goes = |told: &Told<'_>| {
            draft.losers.iter().any(|at| self.members[*at].key == told.member.key)
        };
        let source = &self.members[draft.at].key.source;
        let winning = outcome.told.iter().filter(|told| told.meaning == 0);
        winning.filter(|told| told.member.key.source == *source).any(|told| !goes(told))
    }

    /// Puts the winner into some columns, all or none; whether that changes anything.
    fn replace(
        &self,
        outcome: &Outcome<'_>,
        winner: &Told<'_>,
        slots: Vec<(usize, &Slot<'_>)>,
        because: &'static str,
        draft: &mut Draft<'_>,
    ) -> bool {
        let from = Origin {
            source: Arc::clone(&winner.member.key.source),
            record: winner.member.key.to_string(),
            observed_at: winner.at.map(iso),
            rule: outcome.rule,
        };
        let mut changes = Vec::new();
        for (at, slot) in slots {
            let (now, new) = (draft.now[at].clone(), slot.text(winner.parts));
            if now == new {
                continue;
            }
            let Some(cell) = cell(&self.targets.imports[draft.import], &new) else {
                let column = slot.column.name.clone();
                let reason =
                    format!("`{column}` cannot be emptied, and {} survives whole", outcome.group);
                draft.refusals.push(Refusal {
                    entity: self.entity,
                    member: self.ordinals[draft.at],
                    import: draft.import,
                    column,
                    reason,
                });
                return false;
            };
            changes.push(Change { column: at, now, new, cell, from: from.clone(), because });
        }
        // What no column takes is no reason to empty those that there are.
        let changed = changes.iter().any(|change| !change.new.is_empty());
        if changed {
            draft.changes.extend(changes);
        }
        changed
    }

    /// Whether a column takes the group: of permissions that hold for a source alone its own.
    fn is_group_of(
        &self,
        slot: &Slot<'_>,
        outcome: &Outcome<'_>,
        source: &str,
        system: &str,
    ) -> bool {
        if !slot.group.starts_with("consent.") {
            return slot.group == outcome.group;
        }
        let stated = self.policy.field(slot.group, outcome.situation);
        if stated.is_some_and(|field| field.is_per_source(source, system)) {
            let scoped = outcome.group.strip_prefix(slot.group).and_then(|r| r.strip_prefix('@'));
            return scoped == Some(source);
        }
        slot.group == outcome.group
    }

    fn replacement(
        &self,
        outcome: &Outcome<'_>,
        held: &Told<'_>,
        winner: &Told<'_>,
        at: usize,
    ) -> Replacement {
        let member = &self.members[at];
        let mut others: Vec<String> = (outcome.told.iter())
            .filter(|t| t.meaning == held.meaning && t.member.key != member.key)
            .map(|t| t.member.key.to_string())
            .collect();
        others.sort();
        others.dedup();
        Replacement {
            entity: self.entity,
            member: self.ordinals[at],
            group: outcome.group.to_owned(),
            label: held.label.map(str::to_owned),
            now: (held.canonical.to_owned(), outcome.text(held)),
            wanted: (winner.canonical.to_owned(), outcome.text(winner)),
            wanted_by: winner.member.key.to_string(),
            held_by: others,
        }
    }

    /// Makes the row: what names the record, what is required, what changes.
    fn finish(&self, mut draft: Draft<'_>, found: &mut Found) {
        found.refusals.append(&mut draft.refusals);
        found.replacements.append(&mut draft.replacements);
        if draft.changes.is_empty() {
            return;
        }
        let import = &self.targets.imports[draft.import];
        let (entity, member) = (self.entity, self.ordinals[draft.at]);
        let refuse = |column: &str, reason: String| Refusal {
            entity,
            member,
            import: draft.import,
            column: column.to_owned(),
            reason,
        };
        let mut given: Vec<(usize, String)> = Vec::new();
        if let Some(key) = &import.spec.key {
            if is_made_id(&self.members[draft.at].key.id) {
                let reason = "the export held no id of the record".to_owned();
                found.refusals.push(refuse(key, reason));
                return;
            }
        } else {
            let columns: Vec<usize> =
                import.spec.find_by.iter().filter_map(|name| import.column(name)).collect();
            let Some(names) = columns.iter().position(|at| !draft.now[*at].is_empty()) else {
                let by = import.spec.find_by.join(", ");
                let reason = format!("the import finds records by {by}, which it lacks");
                found.refusals.push(refuse(&by, reason));
                return;
            };
            for at in &columns[..=names] {
                given.push((*at, draft.now[*at].clone()));
            }
            let fixed = &columns[..=names];
            let (lost, kept): (Vec<Change>, Vec<Change>) =
                draft.changes.into_iter().partition(|change| fixed.contains(&change.column));
            draft.changes = kept;
            for change in lost {
                let column = &import.slots[change.column].column.name;
                let reason =
                    format!("the import finds the record by `{column}`: change it by hand");
                found.refusals.push(refuse(column, reason));
            }
            if draft.changes.is_empty() {
                return;
            }
        }
        for (at, slot) in import.slots.iter().enumerate().filter(|(_, s)| s.column.required) {
            if draft.changes.iter().any(|change| change.column == at) {
                continue;
            }
            if draft.now[at].is_empty() {
                let system = &self.members[draft.at].system;
                let reason = format!("`{}` is required by {system} and empty", slot.column.name);
                found.refusals.push(refuse(&slot.column.name, reason));
                return;
            }
            if given.iter().all(|(known, _)| *known != at) {
                given.push((at, draft.now[at].clone()));
            }
        }
        let Draft { import, now, changes, .. } = draft;
        found.rows.push(PlannedRow { entity, member, import, now, given, changes });
    }
}

/// Whether a record of its source says that another was merged into it.
fn is_merged_into(loser: &Member, survivor: &Member) -> bool {
    let (key, of) = (&loser.key, &survivor.key);
    key != of
        && (&of.source, &of.object) == (&key.source, &key.object)
        && survivor.normal.self_ids.iter().any(|id| {
            id.strength == LinkStrength::Announced && (&id.object, &id.id) == (&key.object, &key.id)
        })
}

/// Takes out of a record what another says in its place: values of a list, or of a label, in which
/// that one has a usable value, and values that both have. Permissions stay, for none may be lost.
fn leave_out(loser: &mut NormalRecord, survivor: &NormalRecord) {
    let said = &survivor.emails;
    loser.emails.retain(|own| {
        !said.iter().any(|e| {
            !e.quality.useless && e.label == own.label
                || (&e.local, &e.domain) == (&own.local, &own.domain)
        })
    });
    let said = &survivor.phones;
    loser.phones.retain(|own| {
        let stands = |p: &Phone| !p.useless && (p.valid || !own.valid) && p.label == own.label;
        !said.iter().any(|p| stands(p) || p.national == own.national)
    });
    let said = &survivor.addresses;
    loser.addresses.retain(|own| {
        let place = |a: &Address| (a.street.clone(), a.number.clone(), a.postcode_key.clone());
        let is_place = |a: &Address| {
            [&a.line, &a.po_box, &a.city, &a.postcode].iter().any(|part| !part.is_empty())
        };
        !said.iter().any(|a| is_place(a) && a.label == own.label || place(a) == place(own))
    });
    let said = &survivor.names;
    loser.names.retain(|own| {
        let is_whole = |name: &PersonName| {
            !name.given.is_empty() && !name.family.is_empty()
                || own.given.is_empty()
                || own.family.is_empty()
        };
        !said.iter().any(|name| is_whole(name) && name.label == own.label)
    });
    alone(&mut loser.organizations, &survivor.organizations, |said| !said.useless);
    alone(&mut loser.births, &survivor.births, |said| {
        !said.sentinel && said.year > 0 && said.month > 0 && said.day > 0
    });
    alone(&mut loser.job_titles, &survivor.job_titles, |_| true);
    let said = &survivor.identifiers;
    loser.identifiers.retain(|own| !said.iter().any(|id| id.kind == own.kind));
    alone(&mut loser.websites, &survivor.websites, |_| true);
}

/// Nothing is added where the other says something usable.
fn alone<T>(own: &mut Vec<T>, said: &[T], is_usable: impl Fn(&T) -> bool) {
    if said.iter().any(is_usable) {
        own.clear();
    }
}

/// Whether a name is still one when given and family name stand in columns of their own: words such
/// as `Customer` count as no name there.
fn is_read_in_parts(told: &Told<'_>) -> bool {
    let [_, given, family, ..] = told.parts else { return true };
    if given.is_empty() || family.is_empty() {
        return true;
    }
    let (given, family) = (given.to_string(), family.to_string());
    let mut mapped = MappedRecord { entity_kind: EntityKind::Person, ..MappedRecord::default() };
    mapped.fields.names.push(MappedName { given, family, ..MappedName::default() });
    let read = normalize(&mapped);
    read.names.first().is_some_and(|name| !name.given.is_empty() && !name.family.is_empty())
}

/// What a cell says to hold a value; `None` where nothing empties it.
fn cell(import: &Import<'_>, new: &str) -> Option<String> {
    use crate::ingest::kind::Blank;
    match (new.is_empty(), &import.spec.clear, import.spec.blank) {
        (false, _, _) => Some(new.to_owned()),
        (true, Some(word), _) => Some(word.clone()),
        (true, None, Blank::Empties) => Some(String::new()),
        (true, None, Blank::Keeps) => None,
    }
}

fn has_email(member: &Member) -> bool {
    member.normal.emails.iter().any(|email| !email.quality.useless)
}
