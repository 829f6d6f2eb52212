//! Records that are no longer live: deleted in their system, or merged there into another. They stay
//! in ground, leave the results, and still answer for who they were.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

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
    by_mail: FxHashMap<String, Vec<u32>>,
    by_phone: FxHashMap<String, Vec<u32>>,
}

/// Records of a mailbox or phone that are looked at: one that more share tells little.
pub(super) const LOOKED_AT: usize = 100;

/// Mailboxes of a record, as the comparison table writes them.
pub(super) fn mails(of: &NormalRecord) -> impl Iterator<Item = String> {
    let mails = of.emails.iter().filter(|e| !e.quality.useless);
    mails.map(|e| format!("{}@{}", e.local, e.domain))
}

/// Phones of a record, as the comparison table writes them.
pub(super) fn phones(of: &NormalRecord) -> impl Iterator<Item = &str> {
    let last_ten = |p: &'_ crate::model::Phone| p.national.len().saturating_sub(10);
    of.phones.iter().filter_map(move |p| p.national.get(last_ten(p)..))
}

impl<'a> LastKnown<'a> {
    /// Indexes the live records that have a mailbox or phone of the deleted ones. O(records).
    pub(super) fn new(table: &'a Table, gone: &[Gone]) -> Self {
        let mut by_mail: FxHashMap<String, Vec<u32>> = FxHashMap::default();
        let mut by_phone: FxHashMap<String, Vec<u32>> = FxHashMap::default();
        for gone in gone {
            by_mail.extend(mails(&gone.normal).map(|mail| (mail, Vec::new())));
            by_phone.extend(phones(&gone.normal).map(|phone| (phone.to_owned(), Vec::new())));
        }
        let push = |list: Option<&mut Vec<u32>>, record: u32| {
            if let Some(list) = list.filter(|list| list.len() < LOOKED_AT) {
                list.push(record);
            }
        };
        for record in 0..table.len() {
            for email in table.emails(record) {
                push(by_mail.get_mut(table.email.get(email.email)), record);
            }
            for phone in table.phones(record) {
                push(by_phone.get_mut(table.phone.get(*phone)), record);
            }
        }
        Self { table, by_mail, by_phone }
    }

    /// The record, the one of the smallest key among equals.
    pub(super) fn of(&self, gone: &NormalRecord) -> Option<u32> {
        let t = self.table;
        let families: Vec<u32> =
            gone.names.iter().filter_map(|n| t.family.find(&n.family.join(" "))).collect();
        let named = |r: &u32| t.names(*r).iter().any(|n| families.contains(&n.family));
        let fits = |r: &u32| t.kind[*r as usize].compatible(gone.entity_kind);
        let of = |map: &FxHashMap<String, Vec<u32>>, value: &str| -> Vec<u32> {
            map.get(value).map_or_else(Vec::new, |list| list.iter().copied().filter(fits).collect())
        };
        let by_mail: Vec<u32> = mails(gone).flat_map(|mail| of(&self.by_mail, &mail)).collect();
        let by_phone = phones(gone).flat_map(|phone| of(&self.by_phone, phone)).filter(named);
        let first_named = by_mail.iter().copied().filter(named).min();
        first_named.or_else(|| by_mail.iter().copied().min()).or_else(|| by_phone.min())
    }
}
