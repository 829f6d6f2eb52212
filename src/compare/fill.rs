//! Names out of mailboxes: a missing given or family name is filled from the rest of the local part,
//! if that rest is a name seen at least twice in the right column.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::pattern::{Pattern, Segments, derive};
use super::table::{NameEntry, Table};
use super::{NONE, PatternShares};
use crate::model::{EntityKind, Part};
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
}

/// What a model says of a word.
type Known<'a> = dyn Fn(&str) -> WordCounts + 'a;

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
                if stated && !value.role {
                    *shares.counts.entry(pattern).or_insert(0) += 1;
                    shares.total += 1;
                }
            }
        }
        (out, shares)
    }

    fn fill(&mut self, record: u32, known: Option<&Known<'_>>) {
        let Some(name) = self.names.get(record).first().copied() else { return };
        let initial = name.given != NONE && self.given.get(name.given).len() == 1;
        if name.given != NONE && name.family != NONE && !initial {
            return;
        }
        for at in 0..self.emails.get(record).len() {
            let value = self.email_values[self.emails.get(record)[at].email as usize];
            if value.relay || value.role {
                continue;
            }
            if let Some(found) = self.names_in(value.local, name, initial, known) {
                self.names.get_mut(record)[0] = found;
                return;
            }
        }
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
        let words = words.into_iter().filter(|word| !word.is_empty() && !in_all_roles(word));
        let mut words: Vec<(String, WordCounts)> =
            words.map(|word| (word.to_owned(), known(word))).collect();
        words.retain(|(_, counts)| *counts != WordCounts::default());
        words.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for (word, counts) in words {
            if counts.given > 0 && self.given.find(&word).is_none() {
                self.intern_given(&word, counts.given);
            }
            if counts.family > 0 && self.family.find(&word).is_none() {
                self.intern_family(&word, counts.family);
            }
            if counts.family_token > 0 && self.name_token.find(&word).is_none() {
                let id = self.name_token.intern(&word);
                self.counts.family_token.set(id, counts.family_token);
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

    fn names_in(
        &mut self,
        local: u32,
        name: NameEntry,
        initial: bool,
        known: Option<&Known<'_>>,
    ) -> Option<NameEntry> {
        let local = self.local.get(local).to_owned();
        let segments = Segments::new(&local)?;
        if name.family != NONE {
            let family: String = self.family.get(name.family).split(' ').collect();
            let rest = rest_of(&segments, &family)?;
            if initial && !rest.starts_with(self.given.get(name.given)) {
                return None;
            }
            let (count, _) = self.name_counts(rest, known);
            return (count >= 2).then(|| {
                let given = self.intern_given(rest, count);
                NameEntry { given, initial: name.given, given_derived: true, ..name }
            });
        }
        if name.given != NONE && !initial {
            let rest = rest_of(&segments, self.given.get(name.given))?;
            let (_, count) = self.name_counts(rest, known);
            return (count >= 2).then(|| {
                let family = self.intern_family(rest, count);
                NameEntry { family, family_derived: true, ..name }
            });
        }
        let mut best: Option<(u64, &str, &str)> = None;
        let mut consider = |given, family| {
            let starts: &str = if initial { self.given.get(name.given) } else { "" };
            let (g, _) = self.name_counts(given, known);
            let (_, f) = self.name_counts(family, known);
            if g >= 2 && f >= 2 && given.starts_with(starts) {
                let product = u64::from(g) * u64::from(f);
                if best.is_none_or(|(p, ..)| product > p) {
                    best = Some((product, given, family));
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
        let (count, _) = self.name_counts(given, known);
        let given = self.intern_given(given, count);
        let (_, count) = self.name_counts(family, known);
        let family = self.intern_family(family, count);
        let initial = name.given;
        Some(NameEntry {
            given,
            family,
            initial,
            given_derived: true,
            family_derived: true,
            ..name
        })
    }
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
