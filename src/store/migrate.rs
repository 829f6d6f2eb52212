//! Stores from backups, and stores of earlier versions: both end in a database made anew from the
//! archive.

use std::path::Path;

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::store::backup::{self, BackedUp, MIGRATING};
use crate::store::recover::{ReadFile, Recovered};
use crate::store::{Access, Store, durable, folder, lock};

/// What a migration did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// Format of the store before.
    pub from: u32,
    /// Format of the store now.
    pub to: u32,
    /// The backup made first; `None` where there was nothing to do, or an interrupted migration
    /// had made it.
    pub backup: Option<BackedUp>,
    /// What was read again.
    pub ground: Recovered,
}

impl Store {
    /// Makes a store in `to` from the backup in `from`. All is done beside `to`, which is there
    /// only when it is whole.
    ///
    /// # Errors
    /// `to` holds something; the backup is missing, damaged or of a newer version; no room; what
    /// `read` returns.
    pub fn restore(
        from: &Path,
        to: &Path,
        read: &mut ReadFile<'_>,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Recovered> {
        let taken = to.is_file() || std::fs::read_dir(to).is_ok_and(|mut d| d.next().is_some());
        if taken {
            return Err(Error::new(ErrorKind::Config, "there is something here already")
                .at(to.display())
                .hint("name a new or empty folder with --store"));
        }
        let mut name = to.file_name().unwrap_or_default().to_owned();
        name.push(".restoring");
        let beside = to.with_file_name(name);
        // What an interrupted restoring left.
        durable::remove_dir(&beside)?;
        let format = backup::copy_out(from, &beside, progress)?;
        let mut recovered = Recovered::default();
        let lock = lock::WriterLock::acquire(&beside.join("lock"))?;
        convert(&beside, format)?;
        Self::remake_ground(&beside, Some(lock), read, progress, &mut recovered)?;
        if to.exists() {
            std::fs::remove_dir(to).map_err(|e| Error::io(to, e))?;
        }
        durable::rename(&beside, to)?;
        Ok(recovered)
    }

    /// Brings a store of an earlier version up to date, in place, after a backup into `backup`.
    ///
    /// Killed half-way, it can be run again.
    ///
    /// # Errors
    /// `FormatVersion` where the store is newer than this program; `Locked`; no room; what `read`
    /// returns.
    pub fn migrate(
        root: &Path,
        backup: &Path,
        read: &mut ReadFile<'_>,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Migrated> {
        let from = folder::format_of(root, Access::Read)?;
        if from > folder::FORMAT {
            return Err(folder::other_format(from).at(root.display()));
        }
        let mut migrated = Migrated { from, to: folder::FORMAT, ..Migrated::default() };
        let lock = lock::WriterLock::acquire(&root.join("lock"))?;
        let marker = root.join(MIGRATING);
        // The marker holds the earlier format, and says that the backup is whole.
        let begun = durable::read_if_exists(&marker)?;
        if from == folder::FORMAT && begun.is_none() {
            return Ok(migrated);
        }
        if let Some(text) = begun {
            let text = String::from_utf8_lossy(&text);
            migrated.from = text.trim_end().parse().unwrap_or(from).min(from);
        } else {
            migrated.backup = Some(backup::backup_folder(root, from, backup, progress)?);
            durable::replace(&marker, format!("{from}\n").as_bytes())?;
        }
        convert(root, from)?;
        Self::remake_ground(root, Some(lock), read, progress, &mut migrated.ground)?;
        Ok(migrated)
    }

    /// Ends a migration, once all that is derived was made anew too.
    ///
    /// # Errors
    /// Writing fails.
    pub fn end_migration(root: &Path) -> Result<()> {
        durable::remove(&root.join(MIGRATING))
    }
}

/// Brings the archive of a store of an earlier format to the present one. Every step may be done
/// twice: whoever is killed in between does all again.
///
/// From 1 to 2 the archive only gained journals (`quarantine`, `repairs`, `lost`).
fn convert(root: &Path, from: u32) -> Result<()> {
    if from < folder::FORMAT {
        durable::replace(&root.join("format"), &folder::format_text(folder::FORMAT))?;
    }
    Ok(())
}
