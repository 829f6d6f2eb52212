//! Records that are no longer live: deleted in their system, or merged there into another. They stay
//! in ground, leave the results, and still answer for who they were.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::resolve::Resolution;
use crate::compare::Table;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{EntityId, NormalRecord, RecordKey};
use crate::store::results::Results;

/// Name of the blob that holds those without a live entity.
pub(super) const BLOB: &str = "gone";

/// A record that is no longer live.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gone {
    /// Who it was.
    pub key: RecordKey,
    /// Ingest sequence of the file that says so.
    pub file: u32,
    /// The record that it was merged into in its system.
    pub survivor: Option<RecordKey>,
    /// The entity that it last belonged to, if it ever did; no live record bears that id.
    pub entity: Option<EntityId>,
    /// Its last values.
    pub normal: NormalRecord,
}

impl Gone {
    /// A record that its system wants erased: nothing is said of it but its key.
    pub(super) fn erased(key: RecordKey, file: u32) -> Self {
        Self { key, file, survivor: None, entity: None, normal: NormalRecord::default() }
    }
}

/// The blob's bytes.
pub(super) fn encode(gone: &[Gone]) -> Result<Vec<u8>> {
    bincode::serde::encode_to_vec(gone, bincode::config::standard())
        .map_err(|e| Error::new(ErrorKind::Io, format!("cannot encode deleted records: {e}")))
}

/// The records that are no longer live and belong to no live entity, by key.
///
/// # Errors
/// Damaged or unreadable.
pub fn gone(results: &Results) -> Result<Vec<Gone>> {
    let Some(bytes) = results.blob(BLOB)? else { return Ok(Vec::new()) };
    let config = bincode::config::standard().with_limit::<{ 4 << 30 }>();
    bincode::serde::decode_from_slice(&bytes, config)
        .map(|(gone, _)| gone)
        .map_err(|_| Error::new(ErrorKind::Corrupted, "the list of deleted records is damaged"))
}

/// Finds the live record that a deleted one was last known with: one that has its mailbox, or both
/// its phone and its name.
#[derive(Debug)]
pub(super) struct LastKnown<'a> {
    table: &'a Table,
    by_mail: FxHashMap<u32, Vec<u32>>,
    by_phone: FxHashMap<u32, Vec<u32>>,
}

/// Records of a mailbox or phone that are looked at: one that more share tells little.
const LOOKED_AT: usize = 100;

impl<'a> LastKnown<'a> {
    /// Indexes mailboxes and phones of the live records. O(records).
    pub(super) fn new(resolution: &'a Resolution) -> Self {
        let table = &resolution.table;
        let mut by_mail: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        let mut by_phone: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        let push = |list: &mut Vec<u32>, record: u32| {
            if list.len() < LOOKED_AT {
                list.push(record);
            }
        };
        for record in 0..table.len() {
            for email in table.emails.get(record) {
                push(by_mail.entry(email.email).or_default(), record);
            }
            for phone in table.phones.get(record) {
                push(by_phone.entry(*phone).or_default(), record);
            }
        }
        Self { table, by_mail, by_phone }
    }

    /// The record, the one of the smallest key among equals.
    pub(super) fn of(&self, gone: &NormalRecord) -> Option<u32> {
        let t = self.table;
        let mails = gone.emails.iter().filter(|e| !e.quality.useless);
        let mails = mails.filter_map(|e| t.email.find(&format!("{}@{}", e.local, e.domain)));
        let families: Vec<u32> =
            gone.names.iter().filter_map(|n| t.family.find(&n.family.join(" "))).collect();
        let digits = |p: &crate::model::Phone| {
            p.national.get(p.national.len().saturating_sub(10)..).and_then(|d| t.phone.find(d))
        };
        let phones = gone.phones.iter().filter_map(digits);
        let named = |r: &u32| t.names.get(*r).iter().any(|n| families.contains(&n.family));
        let fits = |r: &u32| t.kind[*r as usize].compatible(gone.entity_kind);
        let of = |map: &FxHashMap<u32, Vec<u32>>, value: u32| -> Vec<u32> {
            map.get(&value)
                .map_or_else(Vec::new, |list| list.iter().copied().filter(fits).collect())
        };
        let by_mail: Vec<u32> = mails.flat_map(|mail| of(&self.by_mail, mail)).collect();
        let by_phone = phones.flat_map(|phone| of(&self.by_phone, phone)).filter(named);
        let first_named = by_mail.iter().copied().filter(named).min();
        first_named.or_else(|| by_mail.iter().copied().min()).or_else(|| by_phone.min())
    }
}
