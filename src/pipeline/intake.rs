//! Taking files in: archive, reading decisions, records, quarantine, keys; each file one commit.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::engine::Engine;
use super::fresh::Fresh;
use super::guards::{
    KeySample, guard_known_source, guard_new_source, guard_other_ids, is_known_source, rivals,
};
use super::types::{FileArgument, FileOutcome, IngestReport, Progress, Receipt};
use super::values::Segment;
use crate::blocking::{Key, keys_of};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::Batch;
use crate::ingest::kind::{Catalog, GENERIC, Mapping, inspect, read, stem};
use crate::ingest::read::Input;
use crate::model::{FileManifest, MappedRecord, QuarantinedRow, SourceRecord};
use crate::normalize::normalize;
use crate::store::{ArchivedFile, FileWriter, Store};

/// An index key carries its rule in the lowest bits, so that a walk knows whose it is.
const RULE_BITS: u64 = 6;

/// The key of the index for a blocking key.
pub(super) fn index_key(index: &crate::blocking::index::BlockIndex, key: Key) -> u64 {
    (index.hash(key.rule, key.hash) & !((1 << RULE_BITS) - 1)) | u64::from(key.rule)
}

/// The rule of a key of the index.
pub(super) const fn rule_of(index_key: u64) -> u8 {
    (index_key & ((1 << RULE_BITS) - 1)) as u8
}

impl Engine {
    /// Takes files in; each is one commit with one receipt.
    ///
    /// # Errors
    /// Writing fails; a file that cannot be read is an outcome, no error.
    pub fn ingest(
        &mut self,
        files: &[FileArgument],
        strict: bool,
        progress: &dyn Progress,
    ) -> Result<IngestReport> {
        self.store.ask_for_room(files.iter().map(|file| room_for(&file.path)).sum())?;
        let command = self.store.begin_command()?;
        // A killed process may have left the index behind ground: what it lacks is no news to an
        // ingest, so only a rebuild can fill it.
        let before = self.store.manifests()?.len();
        self.index_spoiled |= before > 0 && self.index.sequence() != Some(self.filled_for()?);
        let sources = self.names_with_folder(files);
        let mut report = IngestReport { command, files: Vec::new() };
        for (file, source) in files.iter().zip(sources) {
            let name = file.path.display().to_string();
            let result = self.take(file, source, command, strict, progress);
            if let Err(error) = &result
                && matches!(error.kind(), ErrorKind::Corrupted | ErrorKind::Locked)
            {
                return result.map(|_| report);
            }
            report.files.push(FileOutcome { name, result });
        }
        // What was committed is acknowledged, whatever becomes of the index: the next rebuild finds
        // that it stands for no state of ground, and fills it.
        if let Err(error) = self.commit_index() {
            self.index_spoiled = true;
            tracing::warn!("{error}: the next rebuild fills the index");
        }
        Ok(report)
    }

    fn commit_index(&mut self) -> Result<()> {
        if std::mem::take(&mut self.index_spoiled) {
            // Its keys stay for those who look up the last results: what is too much there they
            // compare in vain.
            return self.index.commit(u64::MAX);
        }
        self.index.commit(self.filled_for()?)
    }

    /// For each file the source's name with its folder, where another file of the command has the
    /// same stem in another folder and is of the same kind.
    fn names_with_folder(&self, files: &[FileArgument]) -> Vec<Option<String>> {
        let folder = |file: &FileArgument| {
            file.path.parent().and_then(Path::file_name).map(|n| n.to_string_lossy().into_owned())
        };
        let stem_of = |file: &FileArgument| stem(&file_name(&file.path)).to_owned();
        let mut groups: BTreeMap<String, BTreeSet<Option<String>>> = BTreeMap::new();
        for file in files.iter().filter(|file| file.path.as_os_str() != "-") {
            groups.entry(stem_of(file)).or_default().insert(folder(file));
        }
        let mut kinds: BTreeMap<(String, String), BTreeSet<Option<String>>> = BTreeMap::new();
        let found: Vec<Option<(String, String)>> = files
            .iter()
            .map(|file| {
                let stem = stem_of(file);
                if groups.get(&stem).is_none_or(|folders| folders.len() < 2) {
                    return None;
                }
                let key = (stem, self.kind_of(file)?);
                kinds.entry(key.clone()).or_default().insert(folder(file));
                Some(key)
            })
            .collect();
        files
            .iter()
            .zip(found)
            .map(|(file, key)| {
                let key = key?;
                let folder = folder(file).filter(|_| kinds[&key].len() > 1)?;
                Some(format!("{folder}/{}", key.0))
            })
            .collect()
    }

    /// The kind of a file; `None` where it cannot be read, which its own turn will say.
    fn kind_of(&self, file: &FileArgument) -> Option<String> {
        let config = &self.options.config;
        let mut stated = config.stated(&shown_path(&file.path));
        stated.kind = file.kind.clone().or(stated.kind);
        let input = Input { path: file.path.clone(), name: file_name(&file.path) };
        let manifest = inspect(&self.catalog, &input, &config.limits.limits(), &stated).ok()?;
        Some(manifest.kind.to_string())
    }

    fn take(
        &mut self,
        file: &FileArgument,
        with_folder: Option<String>,
        command: u32,
        strict: bool,
        progress: &dyn Progress,
    ) -> Result<Receipt> {
        let Self { store, index, options, catalog, pool, index_spoiled, fresh } = self;
        let limits = options.config.limits.limits();
        let shown = file_name(&file.path);
        progress.stage(&format!("reading {shown}"), None);
        let mut stated = options.config.stated(&shown_path(&file.path));
        stated.kind = file.kind.clone().or(stated.kind);
        stated.source = file.source.clone().or(stated.source);
        let stdin = file.path.as_os_str() == "-";
        // Standard input is read from its copy in the archive.
        let early =
            if stdin { Some(store.archive().add("stdin", std::io::stdin().lock())?) } else { None };
        let path = match &early {
            Some(archived) => archived_path(store, archived),
            None => file.path.clone(),
        };
        if path.is_dir() {
            return Err(Error::new(ErrorKind::Input, "this is a folder")
                .at(path.display())
                .hint("name the files in it"));
        }
        let input = Input { path, name: shown.clone() };
        let (archived, manifest) = pool.install(|| {
            rayon::join(
                || match early {
                    Some(archived) => Ok(archived),
                    None => store.archive().add_path(&file.path),
                },
                || inspect(catalog, &input, &limits, &stated),
            )
        });
        let archived = archived?;
        let abandon = |error: Error| {
            store.archive().discard(&archived);
            error
        };
        let mut manifest = manifest.map_err(abandon)?;
        if let (None, Some(name)) = (&stated.source, with_folder) {
            manifest.source = name.into();
        }
        if manifest.default_region.is_none() {
            manifest.default_region.clone_from(&options.config.default_region);
        }
        if strict && !manifest.unused_columns.is_empty() {
            let columns = manifest.unused_columns.join(", ");
            return Err(abandon(
                Error::new(ErrorKind::Refused, format!("no field takes these columns: {columns}"))
                    .at(&shown)
                    .hint("map them in sameas.toml, or leave --strict away"),
            ));
        }
        guard_other_ids(store, &manifest, &archived.sha256).map_err(abandon)?;
        let mut writer = store.begin_file(command)?;
        manifest.file = writer.file();
        manifest.command = command;
        let mut touched = false;
        let mark = fresh.mark();
        let taken = (|| {
            let mapping = Mapping::new(catalog, &manifest)?;
            // Who names the source knows whose records they are.
            let named = stated.source.is_some();
            let later = !named && is_known_source(store, &manifest)?;
            let rivals = if named || later { BTreeSet::new() } else { rivals(store, &manifest)? };
            let mut sample = KeySample::default();
            let generic = &*manifest.kind == GENERIC;
            let known = known_bad(store, &manifest)?;
            let (mut records, mut bad, mut left_out, mut erased) = (0_u64, 0_u64, 0_u64, 0_u64);
            pool.install(|| {
                read(&input, &manifest, &mapping, &mut |mut batch| {
                    records += batch.records.len() as u64;
                    bad += batch.quarantined.len() as u64;
                    left_out += batch.left_out;
                    erased += batch.records.iter().filter(|(_, m)| m.redacted).count() as u64;
                    progress.advance(batch.records.len() as u64);
                    touched = true;
                    if later || !rivals.is_empty() {
                        sample.add(&batch);
                    }
                    let is_known = |row: &QuarantinedRow| known.contains(&bad_row(row));
                    batch.quarantined.retain(|row| !is_known(row));
                    store_batch(store, &mut writer, index, fresh, batch, generic)
                })
            })?;
            if strict && bad > 0 {
                return Err(Error::new(ErrorKind::Refused, format!("{bad} rows cannot be taken"))
                    .at(&shown)
                    .hint("leave --strict away to put them into quarantine"));
            }
            guard_new_source(store, &manifest, &rivals, &sample)?;
            if later {
                guard_known_source(store, catalog, &manifest, &sample)?;
            }
            let once = ids_stand_once(catalog, &manifest);
            let repeats = if once { writer.repeats() } else { 0 };
            if strict && repeats > 0 {
                return Err(Error::new(
                    ErrorKind::Refused,
                    format!("{repeats} rows repeat the id of another row with other content"),
                )
                .at(&shown)
                .hint(
                    "leave --strict away to take them as versions of one record, the last counts",
                ));
            }
            Ok((records, bad, left_out, erased, repeats))
        })();
        let (records, bad, left_out, erased, repeats) = match taken {
            Ok(counts) => counts,
            Err(error) => {
                drop(writer);
                // Its keys may be in there, under numbers that the next file's records will get.
                *index_spoiled |= touched;
                fresh.forget_since(mark);
                return Err(abandon(error));
            }
        };
        manifest.records = records;
        manifest.quarantined = bad;
        if repeats > 0 && &*manifest.kind != GENERIC {
            manifest.notes.push(format!(
                "{repeats} rows repeat the id of another row with other content: they are taken as \
                 versions of one record, and only the last counts"
            ));
        }
        if left_out > 0 {
            manifest.notes.push(format!(
                "{left_out} rows are passed over: {} takes no customer from them (see `sameas \
                 sources show {0}`)",
                manifest.kind
            ));
        }
        if erased > 0 {
            manifest.notes.push(format!(
                "{erased} records are to be erased: they count as deleted from now on (`sameas \
                 status` lists them)"
            ));
        }
        let committed = writer.commit(manifest.clone(), archived);
        // Whether the file was taken is known when the store is opened next.
        *index_spoiled |= committed.is_err();
        let receipt = committed.inspect_err(|_| fresh.forget_since(mark))?;
        Ok(Receipt {
            file: shown,
            kind: manifest.kind.to_string(),
            source: manifest.source.to_string(),
            rows: manifest.rows,
            records_new: receipt.records_new,
            changed: receipt.records_changed,
            unchanged: receipt.records_unchanged,
            quarantined: bad,
            sha256: receipt.sha256,
            mapping: manifest.mapping,
            unused_columns: manifest.unused_columns,
            notes: manifest.notes,
        })
    }
}

/// About the bytes that a file takes in the store: in the archive, the database and the index, and
/// for its canonical values while the command runs. Narrow tables take most: five times their size,
/// and three times for the values.
fn room_for(path: &Path) -> u64 {
    /// A packed file holds about as many times its bytes.
    const PACKED: u64 = 4;
    const STORED: u64 = 8;
    let bytes = std::fs::metadata(path).map_or(0, |meta| meta.len());
    let packed = path.extension().and_then(|e| e.to_str());
    let packed = packed.is_some_and(|e| matches!(e, "gz" | "zst" | "xlsx" | "zip"));
    bytes.saturating_mul(if packed { PACKED * STORED } else { STORED })
}

/// Whether an id stands in one row of the file: not where its kind is a log or a list of orders, nor
/// in JSON, where changes of objects come one after another.
fn ids_stand_once(catalog: &Catalog, manifest: &FileManifest) -> bool {
    !manifest.columns.is_empty() && catalog.kind(&manifest.kind).is_none_or(|k| !k.spec.repeats)
}

/// What makes two bad rows the same.
pub(super) fn bad_row(row: &QuarantinedRow) -> u128 {
    let mut hash = xxhash_rust::xxh3::Xxh3Default::new();
    hash.update(row.reason.as_bytes());
    hash.update(&[0]);
    hash.update(&row.row);
    hash.digest128()
}

/// The rows that an earlier reading of the file put into quarantine: they need not stand there twice.
pub(super) fn known_bad(store: &Store, manifest: &FileManifest) -> Result<FxHashSet<u128>> {
    let earlier = |m: &FileManifest| m.name == manifest.name && m.source == manifest.source;
    if !store.manifests()?.iter().any(|m| earlier(m) && m.quarantined > 0) {
        return Ok(FxHashSet::default());
    }
    let rows = store.quarantined(0, usize::MAX)?.into_iter();
    let rows = rows.filter(|row| row.file == manifest.name && row.source == *manifest.source);
    Ok(rows.map(|row| bad_row(&row)).collect())
}

/// Records that are normalised by one thread at a time.
const RUN: usize = 256;

/// Stores a batch, adds its records' keys to the index, and keeps their canonical values.
pub(super) fn store_batch(
    store: &Store,
    writer: &mut FileWriter<'_>,
    index: &mut crate::blocking::index::BlockIndex,
    fresh: &mut Fresh,
    batch: Batch,
    generic: bool,
) -> Result<()> {
    let (records, mapped): (Vec<SourceRecord>, Vec<_>) = batch.records.into_iter().unzip();
    let runs: Result<Vec<(Segment, Vec<Vec<u64>>)>> = {
        let index = &*index;
        let live = |record: &MappedRecord| !record.deleted && record.alias_of.is_none();
        mapped
            .par_chunks(RUN)
            .map(|records| {
                let (mut segment, mut keys) = (Segment::default(), Vec::new());
                let mut all = Vec::with_capacity(records.len());
                for record in records {
                    keys.clear();
                    if live(record) {
                        let normal = normalize(record);
                        keys_of(&normal, generic, &mut keys);
                        segment.push(&normal)?;
                    } else {
                        segment.push_nothing();
                    }
                    all.push(keys.iter().map(|key| index_key(index, *key)).collect());
                }
                Ok((segment, all))
            })
            .collect()
    };
    mapped.into_par_iter().with_min_len(RUN).for_each(drop);
    let numbers = writer.append(&records)?;
    let mut rows = numbers.into_iter().zip(records);
    for (segment, keys) in runs? {
        let keep = fresh.has_room(segment.len());
        let mut places = if keep { Some(fresh.values.add(store, &segment)?) } else { None };
        for (keys, (number, record)) in keys.iter().zip(rows.by_ref()) {
            let place = places.as_mut().and_then(Iterator::next);
            let Some(number) = number else { continue };
            if !keys.is_empty() {
                index.add(number, keys)?;
            }
            if let Some(place) = place.filter(|place| !place.is_empty()) {
                fresh.records.push((&record.key).into(), number, record.file, place);
            }
        }
    }
    writer.quarantine(&batch.quarantined)
}

pub(super) fn archived_path(store: &Store, archived: &ArchivedFile) -> PathBuf {
    let path = store.root().join(&archived.path);
    let mut part = path.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    if part.exists() { part } else { path }
}

fn file_name(path: &Path) -> String {
    if path.as_os_str() == "-" {
        return "stdin".to_owned();
    }
    path.file_name()
        .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

/// A path as patterns of the configuration see it.
fn shown_path(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}
