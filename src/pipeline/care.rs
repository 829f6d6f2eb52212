//! Keeping a store whole: verify, recover, backup, restore, migrate.

use std::path::Path;

use serde::Serialize;

use super::engine::Engine;
use super::index_check::index_damage;
use super::intake::{archived_path, bad_row, known_bad};
use super::rebuild::RunFacts;
use super::types::{Damage, EngineOptions, Progress, RebuildOptions};
use super::view::View;
use crate::error::{ErrorKind, Result};
use crate::ingest::kind::{Mapping, read};
use crate::ingest::read::Input;
use crate::store::results::Results;
use crate::store::{
    Access, BackedUp, CommittedFile, FileWriter, Migrated, Recovered, Severity, Store,
};

/// What a recovery or restoring did, and the run that made the results anew.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Mended {
    /// Ground.
    #[serde(flatten)]
    pub ground: Recovered,
    /// Run id of the rebuild that followed; `None` where the results were sound.
    pub run: Option<u32>,
}

/// Reads files of the archive as their manifests say.
fn reader<'a>(
    options: &EngineOptions,
    progress: &'a dyn Progress,
) -> Result<impl FnMut(&Store, &CommittedFile, &mut FileWriter<'_>) -> Result<()> + use<'a>> {
    let (catalog, pool) = (options.config.catalog()?, options.pool()?);
    Ok(move |store: &Store, file: &CommittedFile, writer: &mut FileWriter<'_>| {
        let CommittedFile { manifest, archived, .. } = file;
        let mapping = Mapping::new(&catalog, manifest)?;
        let known = known_bad(store, manifest)?;
        let input = Input { path: archived_path(store, archived), name: manifest.name.clone() };
        pool.install(|| {
            read(&input, manifest, &mapping, &mut |mut batch| {
                progress.advance(batch.records.len() as u64);
                batch.quarantined.retain(|row| !known.contains(&bad_row(row)));
                let records: Vec<_> = batch.records.into_iter().map(|(record, _)| record).collect();
                writer.append(&records)?;
                writer.quarantine(&batch.quarantined)
            })
        })
    })
}

/// Reads every stored byte, and compares the index with ground. What a killed command left half done
/// is finished or undone first, as the next command that writes would do it.
///
/// # Errors
/// There is no store, it is being written, or reading fails; a user's source kind is wrong.
pub fn verify(dir: &Path, options: &EngineOptions, progress: &dyn Progress) -> Result<Vec<Damage>> {
    let (catalog, pool) = (options.config.catalog()?, options.pool()?);
    // Also answers for a folder that holds no store, which opening for writing would make.
    let reading = Store::open(dir, Access::Read)?;
    let store = match Store::open(dir, Access::Write) {
        Err(e) if e.kind() == ErrorKind::Locked => return Err(e),
        // Damaged, or on a disk that takes no writes: looking is possible still.
        Err(_) => reading,
        Ok(store) => store,
    };
    let findings = store.verify(|stage| progress.stage(stage, None))?;
    let sound = findings.iter().all(|finding| finding.severity != Severity::Ground);
    let mut damage: Vec<Damage> = findings
        .into_iter()
        .map(|f| Damage { place: f.place, problem: f.what, meaning: f.meaning })
        .collect();
    progress.stage("index", None);
    for problem in pool.install(|| index_damage(&store, sound.then_some(&catalog))) {
        let meaning = "`sameas recover` makes it anew".to_owned();
        damage.push(Damage { place: "index".to_owned(), problem, meaning });
    }
    progress.finish();
    Ok(damage)
}

/// Mends a damaged store: each copy of ground from the other, then what is derived.
///
/// # Errors
/// There is no store, it is being written, or of another version; writing fails.
pub fn recover(dir: &Path, options: EngineOptions, progress: &dyn Progress) -> Result<Mended> {
    let mut read = reader(&options, progress)?;
    let ground = Store::recover(dir, &mut read, &mut |stage| progress.stage(stage, None))?;
    // Records behind a lost one have new numbers, by which index and results know them.
    let moved = ground.database_rebuilt && !(ground.lost.is_empty() && ground.notes.is_empty());
    let run = derive(dir, options, moved, progress)?;
    progress.finish();
    Ok(Mended { ground, run })
}

/// Brings a backup in a folder up to date.
///
/// # Errors
/// There is no store, it is damaged or being written; the folder cannot take the backup.
pub fn backup(dir: &Path, to: &Path, progress: &dyn Progress) -> Result<BackedUp> {
    Store::open(dir, Access::Read)?;
    let store = Store::open(dir, Access::Write)?;
    let report = store.backup(to, &mut |stage| progress.stage(stage, None));
    progress.finish();
    report
}

/// Makes a store from a backup.
///
/// # Errors
/// There is something at `dir`; the backup is missing, damaged or of a newer version.
pub fn restore(
    from: &Path,
    dir: &Path,
    options: EngineOptions,
    progress: &dyn Progress,
) -> Result<Mended> {
    let mut read = reader(&options, progress)?;
    let ground = Store::restore(from, dir, &mut read, &mut |stage| progress.stage(stage, None))?;
    let run = derive(dir, options, !ground.notes.is_empty(), progress)?;
    progress.finish();
    Ok(Mended { ground, run })
}

/// Brings a store of an earlier version up to date, after a backup.
///
/// # Errors
/// There is no store, it is newer than this program or being written; the backup fails.
pub fn migrate(
    dir: &Path,
    backup: &Path,
    options: EngineOptions,
    progress: &dyn Progress,
) -> Result<Migrated> {
    let mut read = reader(&options, progress)?;
    let migrated =
        Store::migrate(dir, backup, &mut read, &mut |stage| progress.stage(stage, None))?;
    if migrated.from < migrated.to {
        derive(dir, options, true, progress)?;
        Store::end_migration(dir)?;
    }
    progress.finish();
    Ok(migrated)
}

/// Makes index and results anew where they are damaged, or all of them; returns the run that did.
fn derive(
    dir: &Path,
    options: EngineOptions,
    all: bool,
    progress: &dyn Progress,
) -> Result<Option<u32>> {
    let mut engine = Engine::create_or_open(dir, options)?;
    let Engine { store, index, catalog, pool, .. } = &engine;
    // An index without state is new, or of another secret.
    let renew = all
        || index.sequence().is_none()
        || !pool.install(|| index_damage(store, Some(catalog))).is_empty();
    if renew {
        engine.renew_index()?;
    }
    // Whoever was cut off here may have removed results already, but never the ledger.
    let had_results =
        engine.store.results_folder_holds_any()? || !engine.store.ledger()?.is_empty();
    let mut sound = true;
    for run in engine.store.result_runs()? {
        let path = engine.store.results_path(run);
        match Results::open(&path).and_then(|results| results.verify()) {
            Err(e) if e.has_outside_cause() => return Err(e),
            Err(_) => {
                sound = false;
                engine.store.drop_results(run)?;
            }
            Ok(()) => {}
        }
    }
    let current = engine.store.current_run();
    let current = current.ok().flatten().filter(|run| engine.store.results_path(*run).exists());
    // Results of another version of sameas may be whole and say nothing to this one.
    let readable = || View::open(dir).and_then(|view| view.trained().map(drop)).is_ok();
    // Nor do those of records whose numbers have changed, by a recovery that was cut off.
    let numbered = || -> Result<bool> {
        let Some(results) = engine.store.current_results()? else { return Ok(false) };
        RunFacts::read(&results)?.numbered_as(&engine.store)
    };
    if !had_results {
        return Ok(None);
    }
    if sound && current.is_some() && !all && readable() && numbered()? {
        // Questions about the results look things up in it.
        if renew {
            engine.fill_index(progress)?;
        }
        return Ok(None);
    }
    let options = RebuildOptions { full: all, ..RebuildOptions::default() };
    Ok(Some(engine.rebuild(options, progress)?.run))
}
