//! What an ingest refuses, because it would put records in the place of others or double everyone.

use std::collections::{BTreeMap, BTreeSet};

use super::records::{mappings, normal_of};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::Batch;
use crate::ingest::kind::{Catalog, GENERIC};
use crate::model::{FileManifest, MappedRecord, NormalRecord, RecordKey};
use crate::normalize::normalize;
use crate::store::Store;

/// Keys of a file that are looked up elsewhere: those of the smallest hashes, so that the order of
/// its rows does not matter.
#[derive(Default)]
pub(super) struct KeySample(BTreeMap<u64, Sampled>);

struct Sampled {
    key: RecordKey,
    /// Hash of what the record says.
    content: u64,
    mapped: MappedRecord,
}

impl KeySample {
    const SIZE: usize = 100;

    pub(super) fn add(&mut self, batch: &Batch) {
        for (record, mapped) in &batch.records {
            if mapped.id_made {
                continue;
            }
            let hash = xxhash_rust::xxh3::xxh3_64(record.key.id.as_bytes());
            let full = self.0.len() >= Self::SIZE;
            if !full || self.0.last_key_value().is_some_and(|(last, _)| hash < *last) {
                let (key, content) = (record.key.clone(), record.version.content);
                self.0.insert(hash, Sampled { key, content, mapped: (**mapped).clone() });
                if self.0.len() > Self::SIZE {
                    self.0.pop_last();
                }
            }
        }
    }
}

/// A file of the same bytes whose records had other ids when it was read before would stand there
/// twice.
pub(super) fn guard_other_ids(store: &Store, manifest: &FileManifest, sha256: &str) -> Result<()> {
    let ids = |of: &FileManifest| -> BTreeSet<String> {
        let is_id = |field: &str| field == "id" || field == "id:hashed";
        of.mapping.iter().filter(|(_, field)| is_id(field)).map(|(c, _)| c.clone()).collect()
    };
    let (own, files) = (ids(manifest), store.files()?);
    let earlier = files.iter().find(|file| {
        let of = &file.manifest;
        file.archived.sha256 == sha256 && of.source == manifest.source && ids(of) != own
    });
    let Some(earlier) = earlier else { return Ok(()) };
    let named = |ids: &BTreeSet<String>| match ids.iter().next() {
        Some(column) => format!("column `{column}`"),
        None => "what is made from the rows' content".to_owned(),
    };
    Err(Error::new(
        ErrorKind::Refused,
        format!(
            "the same file was taken before, as file {}, with {} as record ids; with {} everyone \
             would be doubled",
            earlier.manifest.file,
            named(&ids(&earlier.manifest)),
            named(&own)
        ),
    )
    .at(&manifest.name)
    .hint(
        "ids of records last: to change them, take the files into a new store; if these are records of \
         another system, give NAME as in FILE:@NAME",
    ))
}

/// Whether a file of its source was taken before.
pub(super) fn is_known_source(store: &Store, manifest: &FileManifest) -> Result<bool> {
    Ok(store.manifests()?.iter().any(|m| m.source == manifest.source))
}

/// The sources that a file of a new source may be a later export of.
pub(super) fn rivals(store: &Store, manifest: &FileManifest) -> Result<BTreeSet<String>> {
    let known = store.manifests()?;
    // Any two tables may number their rows alike: a later export has the same columns too.
    let columns = |m: &FileManifest| m.columns.iter().cloned().collect::<BTreeSet<_>>();
    let generic = &*manifest.kind == GENERIC;
    Ok(known
        .iter()
        .filter(|m| m.kind == manifest.kind && (!generic || columns(m) == columns(manifest)))
        .map(|m| m.source.to_string())
        .collect())
}

/// A new source most of whose ids already stand in another source of its kind is most likely a
/// later export of that one under a dated name: taking it would double everyone.
pub(super) fn guard_new_source(
    store: &Store,
    manifest: &FileManifest,
    rivals: &BTreeSet<String>,
    sample: &KeySample,
) -> Result<()> {
    let sample: Vec<&Sampled> = sample.0.values().collect();
    for rival in rivals {
        let (mut shared, mut same) = (0, 0);
        for Sampled { key, content, .. } in &sample {
            let theirs = store.versions(&RecordKey::new(rival, &key.object, &key.id))?;
            shared += usize::from(!theirs.is_empty());
            same += usize::from(theirs.iter().any(|(_, of)| of.version.content == *content));
        }
        // Small numbers that count from 1 are alike in any two systems, but not what stands there.
        let telling = sample.iter().filter(|one| one.key.id.len() >= 5).count().max(same);
        if sample.len() >= 5 && shared * 2 > sample.len() && telling * 2 > sample.len() {
            return Err(Error::new(
                ErrorKind::Refused,
                format!(
                    "most of its ids stand in source `{rival}` already: as source `{}` it would \
                     double everyone",
                    manifest.source
                ),
            )
            .at(&manifest.name)
            .hint(format!(
                "if it is a later export of the same system, give {name}:@{rival}; if it is another \
                 one, give {name}:@{}",
                manifest.source,
                name = manifest.name,
            )));
        }
    }
    Ok(())
}

/// A later file of a known source most of whose ids stand there for other people is the export of
/// another system under the same name: its people would take the place of those.
pub(super) fn guard_known_source(
    store: &Store,
    catalog: &Catalog,
    manifest: &FileManifest,
    sample: &KeySample,
) -> Result<()> {
    /// Fewer people may all have changed.
    const LEAST: usize = 10;
    /// Of so many people at most one may be the same.
    const OTHERS: usize = 5;
    let (mappings, _) = mappings(store, catalog)?;
    let (mut known, mut same) = (0, 0);
    for one in sample.0.values().filter(|one| !one.mapped.deleted) {
        let versions = store.versions(&one.key)?;
        let Some((_, last)) = versions.into_iter().rev().find(|(_, of)| !of.deleted) else {
            continue;
        };
        let (then, _) = normal_of(&mappings, &last)?;
        if let Some(shares) = share_something(&then, &normalize(&one.mapped)) {
            known += 1;
            same += usize::from(shares);
        }
    }
    if known < LEAST || same * OTHERS > known {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Refused,
        format!(
            "most of its ids stand in source `{0}` for other people: as a later export of `{0}` it would \
             put these in the place of those",
            manifest.source
        ),
    )
    .at(&manifest.name)
    .hint(format!(
        "if it comes from another system, give that a name: {name}:@NAME; if all its people did \
         change, {name}:@{}",
        manifest.source,
        name = manifest.name,
    )))
}

/// Whether two states of a record have a name, mailbox, phone or company in common; `None` where one
/// of them has none of these, or no kind of them stands on both sides.
fn share_something(a: &NormalRecord, b: &NormalRecord) -> Option<bool> {
    let of = |r: &NormalRecord| -> [BTreeSet<String>; 3] {
        let names = r.names.iter().flat_map(|n| n.given.iter().chain(&n.family));
        let companies = r.organizations.iter().flat_map(|o| &o.tokens);
        [
            names.chain(companies).cloned().collect(),
            r.emails.iter().map(|e| e.address.clone()).collect(),
            r.phones.iter().map(|p| p.national.clone()).collect(),
        ]
    };
    let mut compared = None;
    for (x, y) in of(a).iter().zip(&of(b)) {
        if !x.is_empty() && !y.is_empty() {
            compared = Some(compared == Some(true) || !x.is_disjoint(y));
        }
    }
    compared
}
