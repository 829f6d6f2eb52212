//! What results say of all records beside clusters and pairs, seen in passing where no comparison
//! table holds them all: the counterpart of [`Findings::new`](super::findings::Findings::new).

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::findings::SHARED;
use super::gone::{Gone, LOOKED_AT, LastKnown, mails, phones};
use super::records::LiveRecords;
use super::resolve::Records as _;
use crate::compare::{MOST_LINKS, Origin, Table};
use crate::model::NormalRecord;
use crate::scoring::Model;

/// What is gathered of the records.
pub(super) struct Survey<'a> {
    gone: &'a [Gone],
    /// Hashes of the mailboxes and phones of records that are gone, and how many live records with
    /// them are near.
    of_gone: FxHashMap<u64, usize>,
    /// Live records that have one of them, ascending.
    near: Vec<(u32, NormalRecord)>,
    /// Hashes of the mailboxes, and phones, that many records of the model share; whether they were
    /// seen.
    frequent: [FxHashMap<u64, bool>; 2],
    /// Hashes of the records' own ids.
    own: Vec<(u64, u32)>,
}

/// What a run of records adds.
#[derive(Default)]
struct Seen {
    /// With the hashes that it shares.
    near: Vec<(u32, NormalRecord, Vec<u64>)>,
    frequent: [Vec<u64>; 2],
    own: Vec<(u64, u32)>,
}

fn hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// The mailboxes of a record that are compared, hashed as the model counts them.
fn mail_hashes(of: &NormalRecord) -> impl Iterator<Item = u64> {
    let compared = of.emails.iter().filter(|e| !e.quality.useless && !e.local.is_empty());
    compared.map(|e| hash(&format!("{}@{}", e.local, e.domain)))
}

/// The phones of a record that are compared, hashed as the model counts them.
fn phone_hashes(of: &NormalRecord) -> impl Iterator<Item = u64> {
    let compared = of.phones.iter().filter(|p| !p.useless && p.national.len() >= 6);
    compared.map(|p| hash(&p.national[p.national.len().saturating_sub(10)..]))
}

impl<'a> Survey<'a> {
    /// Nothing seen yet.
    pub(super) fn new(gone: &'a [Gone], model: &Model) -> Self {
        let mut of_gone = FxHashMap::default();
        for gone in gone {
            of_gone.extend(mails(&gone.normal).map(|mail| (hash(&mail), 0)));
            of_gone.extend(phones(&gone.normal).map(|phone| (hash(phone), 0)));
        }
        let frequent = |field: &str| {
            let counts = model.frequencies.iter().find(|counts| counts.field == field);
            let values = counts.map_or(&[][..], |counts| &counts.values);
            let many = values.iter().filter(|(_, records)| *records >= SHARED);
            many.map(|(hash, _)| (*hash, false)).collect()
        };
        let frequent = [frequent("email"), frequent("phone")];
        Self { gone, of_gone, near: Vec::new(), frequent, own: Vec::new() }
    }

    /// Looks at the next records. Parallel.
    pub(super) fn add(&mut self, from: u32, records: &[NormalRecord]) {
        const RUN: usize = 256;
        let this = &*self;
        let look = |(run, records): (usize, &[NormalRecord])| {
            let mut seen = Seen::default();
            for (at, record) in (from + (run * RUN) as u32..).zip(records) {
                this.look(at, record, &mut seen);
            }
            seen
        };
        let seen: Vec<Seen> = records.par_chunks(RUN).enumerate().map(look).collect();
        for seen in seen {
            for (at, record, hashes) in seen.near {
                // More of a mailbox or phone are not looked at.
                let mut wanted = false;
                for hash in hashes {
                    let near = self.of_gone.entry(hash).or_default();
                    wanted |= *near < LOOKED_AT;
                    *near += 1;
                }
                if wanted {
                    self.near.push((at, record));
                }
            }
            self.own.extend(seen.own);
            for (frequent, hashes) in self.frequent.iter_mut().zip(seen.frequent) {
                frequent.extend(hashes.into_iter().map(|hash| (hash, true)));
            }
        }
    }

    fn look(&self, at: u32, record: &NormalRecord, seen: &mut Seen) {
        let [frequent_mail, frequent_phone] = &self.frequent;
        if !frequent_mail.is_empty() {
            let found = mail_hashes(record).filter(|hash| frequent_mail.contains_key(hash));
            seen.frequent[0].extend(found);
        }
        if !frequent_phone.is_empty() {
            let found = phone_hashes(record).filter(|hash| frequent_phone.contains_key(hash));
            seen.frequent[1].extend(found);
        }
        if !self.of_gone.is_empty() {
            let hashes = mail_hashes(record).chain(phone_hashes(record));
            let open = |hash: &u64| self.of_gone.get(hash).is_some_and(|near| *near < LOOKED_AT);
            let mut hashes: Vec<u64> = hashes.filter(open).collect();
            hashes.sort_unstable();
            hashes.dedup();
            if !hashes.is_empty() {
                seen.near.push((at, record.clone(), hashes));
            }
        }
        // As many as a comparison table holds of a record.
        for id in record.self_ids.iter().take(MOST_LINKS) {
            seen.own.push((hash(&format!("{}/{}/{}", id.system, id.object, id.id)), at));
        }
    }

    /// The first record that bears each of some ids.
    pub(super) fn bearers<'i>(&self, ids: impl Iterator<Item = &'i str>) -> FxHashMap<String, u32> {
        let ids: FxHashMap<u64, &str> = ids.map(|id| (hash(id), id)).collect();
        let mut found: FxHashMap<String, u32> = FxHashMap::default();
        if ids.is_empty() {
            return found;
        }
        for (hash, record) in &self.own {
            if let Some(id) = ids.get(hash)
                && !found.contains_key(*id)
            {
                found.insert((*id).to_owned(), *record);
            }
        }
        found
    }

    /// Mail addresses, and phones, of live records that many records share.
    pub(super) fn shared(&self) -> [usize; 2] {
        self.frequent.each_ref().map(|of| of.values().filter(|seen| **seen).count())
    }

    /// By place among the records that are gone: the live record that each was last known with.
    pub(super) fn last_known(self, records: &LiveRecords, model: &Model) -> Vec<Option<u32>> {
        if self.gone.is_empty() {
            return Vec::new();
        }
        let (ids, near): (Vec<u32>, Vec<NormalRecord>) = self.near.into_iter().unzip();
        let origins: Vec<Origin> = ids.iter().map(|id| records.origin(*id)).collect();
        let mut table = Table::default();
        table.extend(&near, &origins, &model.texts);
        model.weigh(&mut table);
        let known = LastKnown::new(&table, self.gone);
        let of = |gone: &Gone| Some(ids[known.of(&gone.normal)? as usize]);
        self.gone.par_iter().map(of).collect()
    }
}
