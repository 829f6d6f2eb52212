//! Names out of mailboxes: a missing given or family name is filled from the rest of the local part,
//! if that rest is a name seen at least twice in the right column.

use super::pattern::{Segments, derive};
use super::table::{NameEntry, Table};
use super::{NONE, PatternShares};
use crate::model::EntityKind;

impl Table {
    /// Fills missing names, then reads every address's [`Pattern`](super::Pattern). Returns the shares of the
    /// patterns among addresses whose owner states both names.
    pub fn read_mailboxes(&mut self) -> PatternShares {
        let mut shares = PatternShares::default();
        for record in 0..self.len() {
            if self.kind[record as usize] == EntityKind::Organization {
                continue;
            }
            self.fill(record);
            let Some(name) = self.names.get(record).first().copied() else { continue };
            let stated = name.given != NONE && name.family != NONE
                && !name.given_derived && !name.family_derived;
            let family: String = self.family.get(name.family).split(' ').collect();
            for at in 0..self.emails.get(record).len() {
                let entry = self.emails.get(record)[at];
                let value = self.email_values[entry.email as usize];
                if value.relay || value.role {
                    continue;
                }
                let middle = self.middle.get(name.middle).split(' ').next().unwrap_or("");
                let pattern =
                    derive(self.local.get(value.local), self.given.get(name.given), middle, &family);
                self.emails.get_mut(record)[at].pattern = pattern.0;
                if stated {
                    *shares.counts.entry(pattern).or_insert(0) += 1;
                    shares.total += 1;
                }
            }
        }
        shares
    }

    fn fill(&mut self, record: u32) {
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
            if let Some(found) = self.names_in(value.local, name, initial) {
                self.names.get_mut(record)[0] = found;
                return;
            }
        }
    }

    fn known_given(&self, text: &str) -> Option<u32> {
        let id = self.given.find(text).filter(|_| text.len() >= 2)?;
        (self.counts.given.get(id) >= 2).then_some(id)
    }

    fn known_family(&self, text: &str) -> Option<u32> {
        let id = self.family.find(text).filter(|_| text.len() >= 2)?;
        (self.counts.family.get(id) >= 2).then_some(id)
    }

    fn names_in(&self, local: u32, name: NameEntry, initial: bool) -> Option<NameEntry> {
        let segments = Segments::new(self.local.get(local))?;
        if name.family != NONE {
            let family: String = self.family.get(name.family).split(' ').collect();
            let rest = rest_of(&segments, &family)?;
            if initial && !rest.starts_with(self.given.get(name.given)) {
                return None;
            }
            let given = self.known_given(rest)?;
            return Some(NameEntry { given, given_derived: true, ..name });
        }
        if name.given != NONE && !initial {
            let rest = rest_of(&segments, self.given.get(name.given))?;
            let family = self.known_family(rest)?;
            return Some(NameEntry { family, family_derived: true, ..name });
        }
        let mut best: Option<(u64, u32, u32)> = None;
        let mut consider = |given: &str, family: &str| {
            if initial && !given.starts_with(self.given.get(name.given)) {
                return;
            }
            if let (Some(g), Some(f)) = (self.known_given(given), self.known_family(family)) {
                let product =
                    u64::from(self.counts.given.get(g)) * u64::from(self.counts.family.get(f));
                if best.is_none_or(|(p, ..)| product > p) {
                    best = Some((product, g, f));
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
        Some(NameEntry { given, family, given_derived: true, family_derived: true, ..name })
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
