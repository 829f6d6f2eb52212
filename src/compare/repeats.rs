//! Records that repeat another: an export loaded twice, the rows of one customer's orders. They say
//! nothing of how common values are among entities, nor of how many entities there are.

use std::hash::{Hash, Hasher};
use std::num::NonZeroU64;

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::Xxh3;

use super::NONE;
use super::table::{AddressEntry, EmailEntry, NameEntry, Table};
use crate::model::EntityKind;

impl Table {
    /// Whether a record says the same as an earlier one of its source in everything that is
    /// compared, its own id aside, and has a name and more: names alone, or a mailbox alone, two
    /// entities may share. Never of an organisation: branches may be written alike.
    pub fn repeats(&self, record: u32) -> bool {
        self.repeats.get(record as usize).is_some_and(|repeats| *repeats)
    }

    /// Finds the repeats, before rows are laid out. O(values).
    pub(super) fn find_repeats(&self) -> Vec<bool> {
        /// Marks are looked through by so many of their bits: a set of all would take much memory.
        const BITS: u32 = 5;
        let marks: Vec<Option<NonZeroU64>> =
            (0..self.len()).into_par_iter().with_min_len(1024).map(|r| self.mark(r)).collect();
        let repeated = |part: u64| {
            let mut seen = FxHashSet::default();
            let own = |mark: &NonZeroU64| mark.get() >> (u64::BITS - BITS) == part;
            let marks = marks.iter().enumerate();
            let own = marks.filter_map(|(at, mark)| Some((at, mark.filter(own)?)));
            own.filter(|(_, mark)| !seen.insert(*mark)).map(|(at, _)| at).collect()
        };
        let repeated: Vec<Vec<usize>> = (0..1 << BITS).into_par_iter().map(repeated).collect();
        let mut repeats = vec![false; marks.len()];
        repeated.into_iter().flatten().for_each(|at| repeats[at] = true);
        repeats
    }

    /// A hash of all that is compared of a record; none where it has too little to be told apart.
    fn mark(&self, record: u32) -> Option<NonZeroU64> {
        let r = record as usize;
        let names = self.names.get(record);
        let emails = self.emails.get(record);
        let addresses = self.addresses.get(record);
        let (phones, births) = (self.phones.get(record), self.births.get(record));
        let (identifiers, tokens) = (self.identifiers.get(record), self.tokens.get(record));
        let is_named = |name: &NameEntry| name.given != NONE || name.family != NONE;
        let told_apart = !emails.is_empty()
            || [phones, births, identifiers, tokens].iter().any(|list| !list.is_empty())
            || addresses.iter().any(|address| address.place != NONE);
        if !told_apart || !names.iter().any(is_named) || self.kind[r] == EntityKind::Organization {
            return None;
        }
        let mut state = Xxh3::new();
        [names.len(), emails.len(), addresses.len()].hash(&mut state);
        (self.kind[r] as u8, self.source[r], self.age[r], self.gender[r]).hash(&mut state);
        for NameEntry { given, middle, family, generation, initial, .. } in names {
            (given, middle, family, generation, initial).hash(&mut state);
        }
        for EmailEntry { email, .. } in emails {
            email.hash(&mut state);
        }
        for AddressEntry { number, street, unit, city, region, postcode, .. } in addresses {
            (number, street, unit, city, region, postcode).hash(&mut state);
        }
        for list in [phones, births, identifiers, tokens] {
            list.hash(&mut state);
        }
        for list in [&self.organizations, &self.webs, &self.jobs] {
            list.get(record).hash(&mut state);
        }
        for link in self.links.get(record).iter().filter(|link| !link.own) {
            link.link.hash(&mut state);
        }
        for column in &self.texts {
            column.values[r].hash(&mut state);
        }
        NonZeroU64::new(state.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Origin, TextChoice};
    use crate::model::{NormalRecord, PersonName};

    fn table(people: &[(&str, &str, u32)]) -> Table {
        let mut table = Table::default();
        let choice = TextChoice::default();
        for (given, mail, source) in people {
            let name = PersonName { given: vec![(*given).to_owned()], ..PersonName::default() };
            let emails = mail.split_once('@').map(|(local, domain)| crate::model::Email {
                local: local.to_owned(),
                domain: domain.to_owned(),
                ..crate::model::Email::default()
            });
            let record = NormalRecord {
                names: vec![name],
                emails: emails.into_iter().collect(),
                ..NormalRecord::default()
            };
            table.push(&record, Origin { source: *source, generic: true }, &choice);
        }
        table.finish(&choice);
        table.read_mailboxes(None);
        table
    }

    #[test]
    fn what_was_loaded_twice_counts_once() {
        let once = [("ann", "ann@x.org", 0), ("bo", "", 0), ("bo", "bo@x.org", 0)];
        let twice = [once[0], once[1], once[2], once[2], once[1], once[0], ("ann", "ann@x.org", 1)];
        let (once, twice) = (table(&once), table(&twice));
        let repeats: Vec<u32> = (0..twice.len()).filter(|r| twice.repeats(*r)).collect();
        // Names alone may be two persons'; another source is another witness.
        assert_eq!(repeats, [3, 5]);
        assert!((0..once.len()).all(|r| !once.repeats(r)));
        let counts = |t: &Table, name: &str| t.counts.given.get(t.given.find(name).unwrap());
        assert_eq!((counts(&once, "ann"), counts(&twice, "ann")), (1, 2));
        assert_eq!((counts(&once, "bo"), counts(&twice, "bo")), (2, 3));
        assert_eq!((once.counts.email.records, twice.counts.email.records), (2, 3));
    }
}
