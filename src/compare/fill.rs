//! Names out of mailboxes: a missing given or family name is filled from the rest of the local part,
//! if that rest is a name seen at least twice in the right column.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::columns::MOST_EMAILS;
use super::pattern::{Pattern, Segments, derive};
use super::table::Table;
use super::{NONE, PatternShares};
use crate::model::{Email, EntityKind, NormalRecord, Part};
use crate::similarity::soundex;

/// Record, position among its addresses, pattern.
type PatternOf = (u32, u8, Pattern);

/// How many records bear a word, by its role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WordCounts {
    /// As first given token.
    pub given: u32,
    /// As whole family name.
    pub family: u32,
    /// As a token of a family name.
    pub family_token: u32,
    /// As a further given or middle token.
    pub middle_token: u32,
}

/// What a model says of a word.
pub type Known<'a> = dyn Fn(&str) -> WordCounts + Sync + 'a;

impl Table {
    /// Fills missing names, then reads every address's [`Pattern`](super::Pattern). Returns the
    /// shares of the patterns among addresses whose owner states both names. `known` tells how
    /// often a word occurs where a model says so instead of the table.
    pub fn read_mailboxes(&mut self, known: Option<&Known<'_>>) -> PatternShares {
        for record in 0..self.len() {
            let person = self.kind[record as usize] != EntityKind::Organization;
            if person && self.method.has(Part::NamesFromMailboxes) {
                self.fill(record, known);
            }
        }
        if let Some(known) = known {
            self.know_other_roles(known);
        }
        const PIECE: usize = 4096;
        let records: Vec<u32> = (0..self.len()).collect();
        let t = &*self;
        let pieces: Vec<(Vec<PatternOf>, PatternShares)> =
            records.par_chunks(PIECE).map(|piece| t.patterns(piece)).collect();
        let mut shares = PatternShares::default();
        for (patterns, part) in pieces {
            for (record, at, pattern) in patterns {
                self.emails.get_mut(record)[usize::from(at)].pattern = pattern.0;
            }
            shares.total += part.total;
            for (pattern, count) in part.counts {
                *shares.counts.entry(pattern).or_insert(0) += count;
            }
        }
        self.lay_out();
        shares
    }

    /// The patterns of some records' addresses (record, position, pattern), and their shares.
    fn patterns(&self, records: &[u32]) -> (Vec<PatternOf>, PatternShares) {
        let (mut out, mut shares) = (Vec::new(), PatternShares::default());
        for record in records {
            let persons = self.kind[*record as usize] != EntityKind::Organization;
            let Some(name) = self.names.get(*record).first().filter(|_| persons) else { continue };
            let stated = name.given != NONE
                && name.family != NONE
                && !name.given_derived
                && !name.family_derived;
            let family: String = self.family.get(name.family).split(' ').collect();
            for (at, entry) in self.emails.get(*record).iter().enumerate() {
                let value = self.email_values[entry.email as usize];
                if value.relay || !self.method.has(Part::MailboxGivenNames) {
                    continue;
                }
                let middle = self.middle.get(name.middle).split(' ').next().unwrap_or("");
                let local = self.local.get(value.local);
                let pattern = derive(local, self.given.get(name.given), middle, &family);
                if pattern.derived() {
                    out.push((*record, at as u8, pattern));
                }
                if stated && !entry.role {
                    *shares.counts.entry(pattern).or_insert(0) += 1;
                    shares.total += 1;
                }
            }
        }
        (out, shares)
    }

    fn fill(&mut self, record: u32, known: Option<&Known<'_>>) {
        let Some(name) = self.names.get(record).first().copied() else { return };
        let initial = is_initial(self.given.get(name.given));
        if name.given != NONE && name.family != NONE && !initial {
            return;
        }
        for at in 0..self.emails.get(record).len() {
            let entry = self.emails.get(record)[at];
            let value = self.email_values[entry.email as usize];
            if value.relay || entry.role {
                continue;
            }
            let local = self.local.get(value.local).to_owned();
            let stated = (self.given.get(name.given), self.family.get(name.family));
            let count = |word: &str| self.name_counts(word, known);
            let Some(found) = names_in(&local, stated, &count) else { continue };
            let mut filled = name;
            if let Some((given, count)) = found.given {
                filled.given = self.intern_given(given, count);
                (filled.initial, filled.given_derived) = (name.given, true);
            }
            if let Some((family, count)) = found.family {
                (filled.family, filled.family_derived) = (self.intern_family(family, count), true);
            }
            self.names.get_mut(record)[0] = filled;
            return;
        }
    }

    /// Records whose first name is read out of a mailbox in part or whole: record, given and family
    /// name.
    pub fn names_from_mailboxes(&self) -> impl Iterator<Item = (u32, &str, &str)> {
        (0..self.len()).filter_map(|record| {
            let name = self.names(record).first()?;
            let derived = name.given_derived || name.family_derived;
            derived.then(|| (record, self.given.get(name.given), self.family.get(name.family)))
        })
    }

    /// Takes in what a model knows of the names' words in other roles than they have here: what a
    /// comparison asks of them must not depend on which further records a table holds.
    /// O(distinct names).
    fn know_other_roles(&mut self, known: &Known<'_>) {
        let mut words: FxHashSet<&str> = FxHashSet::default();
        for names in [&self.given, &self.middle, &self.family] {
            words.extend((0..names.len() as u32).flat_map(|id| names.get(id).split(' ')));
        }
        let in_all_roles = |word: &&str| {
            self.given.find(word).is_some()
                && self.family.find(word).is_some()
                && self.name_token.find(word).is_some()
        };
        let words: Vec<&str> = words.into_iter().collect();
        let words = words.par_iter().with_min_len(256);
        let words = words.filter(|word| !word.is_empty() && !in_all_roles(word));
        let mut words: Vec<(String, WordCounts)> =
            words.map(|word| ((*word).to_owned(), known(word))).collect();
        words.retain(|(_, counts)| *counts != WordCounts::default());
        words.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for (word, counts) in words {
            if counts.given > 0 && self.given.find(&word).is_none() {
                self.intern_given(&word, counts.given);
            }
            if counts.family > 0 && self.family.find(&word).is_none() {
                self.intern_family(&word, counts.family);
            }
            let as_token = counts.family_token.max(counts.middle_token);
            if as_token > 0 && self.name_token.find(&word).is_none() {
                let id = self.name_token.intern(&word);
                // Less than what a model keeps is one.
                self.counts.family_token.set(id, counts.family_token.max(1));
                self.counts.middle_token.set(id, counts.middle_token.max(1));
            }
        }
    }

    /// How often a word is a given and a family name.
    fn name_counts(&self, text: &str, known: Option<&Known<'_>>) -> (u32, u32) {
        if text.len() < 2 {
            return (0, 0);
        }
        known.map_or_else(
            || {
                let given = self.given.find(text).map_or(0, |id| self.counts.given.get(id));
                let family = self.family.find(text).map_or(0, |id| self.counts.family.get(id));
                (given, family)
            },
            |known| {
                let counts = known(text);
                (counts.given, counts.family)
            },
        )
    }

    fn intern_given(&mut self, text: &str, count: u32) -> u32 {
        let id = self.given.intern(text);
        if id as usize == self.given_soundex.len() {
            self.given_soundex.push(soundex(text));
        }
        self.counts.given.set(id, count);
        id
    }

    fn intern_family(&mut self, text: &str, count: u32) -> u32 {
        let id = self.family.intern(text);
        if id as usize == self.family_soundex.len() {
            self.family_soundex.push(soundex(text));
        }
        self.counts.family.set(id, count);
        id
    }
}

/// A word of a local part and how often it is a name.
type Word<'a> = (&'a str, u32);

/// Names that a local part gives.
#[derive(Default)]
struct Found<'a> {
    given: Option<Word<'a>>,
    family: Option<Word<'a>>,
}

/// Whether a given name is an initial alone.
fn is_initial(given: &str) -> bool {
    given.len() == 1
}

/// The names that a local part adds to those stated (given, family). `count` tells how often a word
/// is a given and a family name.
fn names_in<'a>(
    local: &'a str,
    (given, family): (&str, &str),
    count: &dyn Fn(&str) -> (u32, u32),
) -> Option<Found<'a>> {
    let segments = Segments::new(local)?;
    let initial = is_initial(given);
    if !family.is_empty() {
        let family: String = family.split(' ').collect();
        let rest = rest_of(&segments, &family)?;
        if initial && !rest.starts_with(given) {
            return None;
        }
        let (count, _) = count(rest);
        return (count >= 2).then_some(Found { given: Some((rest, count)), family: None });
    }
    if !given.is_empty() && !initial {
        let rest = rest_of(&segments, given)?;
        let (_, count) = count(rest);
        return (count >= 2).then_some(Found { given: None, family: Some((rest, count)) });
    }
    let mut best: Option<(u64, Word<'_>, Word<'_>)> = None;
    let mut consider = |as_given: &'a str, as_family: &'a str| {
        let (g, _) = count(as_given);
        let (_, f) = count(as_family);
        if g >= 2 && f >= 2 && as_given.starts_with(given) {
            let product = u64::from(g) * u64::from(f);
            if best.is_none_or(|(p, ..)| product > p) {
                best = Some((product, (as_given, g), (as_family, f)));
            }
        }
    };
    match segments.len() {
        1 => {
            let text = segments.get(0);
            for at in 2..text.len().saturating_sub(1) {
                consider(&text[..at], &text[at..]);
                consider(&text[at..], &text[..at]);
            }
        }
        2 => {
            consider(segments.get(0), segments.get(1));
            consider(segments.get(1), segments.get(0));
        }
        _ => {}
    }
    let (_, given, family) = best?;
    Some(Found { given: Some(given), family: Some(family) })
}

/// The given and family name of a record whose first name its mailboxes complete, as
/// [`Table::read_mailboxes`] reads them; `None` where they add nothing.
pub fn name_from_mailboxes(record: &NormalRecord, known: &Known<'_>) -> Option<(String, String)> {
    if record.entity_kind == EntityKind::Organization {
        return None;
    }
    let stated = record.names.iter().find(|n| !n.given.is_empty() || !n.family.is_empty());
    let given = stated.and_then(|name| name.given.first()).map_or("", String::as_str);
    let family = stated.map_or_else(String::new, |name| name.family.join(" "));
    if !given.is_empty() && !family.is_empty() && !is_initial(given) {
        return None;
    }
    let count = |word: &str| match word.len() {
        0 | 1 => (0, 0),
        _ => {
            let counts = known(word);
            (counts.given, counts.family)
        }
    };
    let mut compared: Vec<&Email> = Vec::new();
    for email in record.emails.iter().filter(|e| !e.quality.useless && !e.local.is_empty()) {
        let same = |e: &&Email| e.local == email.local && e.domain == email.domain;
        if compared.len() < MOST_EMAILS && !compared.iter().any(same) {
            compared.push(email);
        }
    }
    let mut emails = compared.into_iter().filter(|e| !(e.quality.relay || e.quality.role));
    let found = emails.find_map(|email| names_in(&email.local, (given, &family), &count))?;
    let given = found.given.map_or(given, |(given, _)| given).to_owned();
    let family = found.family.map_or(family, |(family, _)| family.to_owned());
    Some((given, family))
}

/// What is left of the local part without a name.
fn rest_of<'a>(segments: &Segments<'a>, name: &str) -> Option<&'a str> {
    if name.len() < 2 {
        return None;
    }
    match segments.len() {
        1 => {
            let text = segments.get(0);
            text.strip_prefix(name).or_else(|| text.strip_suffix(name)).filter(|r| r.len() >= 2)
        }
        2 if segments.get(0) == name => Some(segments.get(1)),
        2 if segments.get(1) == name => Some(segments.get(0)),
        _ => None,
    }
}
