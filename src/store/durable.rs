//! Files that survive a crash: written aside, synced, renamed, with the folder synced after it.
//!
//! Every byte that the store writes outside sled goes through here, so that permissions (files
//! 0600, folders 0700) and the order of syncs are kept in one place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Makes a folder that only its owner may enter; it may exist already.
pub(crate) fn create_dir(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|e| Error::io(path, e))
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Creates or empties a file that only its owner may read.
pub(crate) fn create_file(path: &Path) -> Result<File> {
    private(OpenOptions::new().read(true).write(true).create(true).truncate(true))
        .open(path)
        .map_err(|e| Error::io(path, e))
}

/// Opens a file for reading and writing without emptying it; creates it if missing.
pub(crate) fn open_file(path: &Path) -> Result<File> {
    private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
        .open(path)
        .map_err(|e| Error::io(path, e))
}

/// Makes renames and new names within a folder durable.
pub(crate) fn sync_dir(path: &Path) -> Result<()> {
    // Folders cannot be opened as files everywhere; where they can, a failure counts.
    #[cfg(unix)]
    File::open(path).and_then(|dir| dir.sync_all()).map_err(|e| Error::io(path, e))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Renames and makes the new name durable.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|e| Error::io(to, e))?;
    to.parent().map_or(Ok(()), sync_dir)
}

/// The whole content of a file, or `None` if there is none.
pub(crate) fn read_if_exists(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io(path, e)),
    }
}

/// A file under construction beside its final place. Dropped without [`Aside::commit`], it goes.
#[derive(Debug)]
pub(crate) struct Aside {
    temporary: PathBuf,
    target: PathBuf,
    file: Option<File>,
}

impl Aside {
    /// Starts `TARGET.tmp`.
    pub(crate) fn create(target: &Path) -> Result<Self> {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(".tmp");
        let temporary = target.with_file_name(name);
        let file = create_file(&temporary)?;
        Ok(Self { temporary, target: target.to_owned(), file: Some(file) })
    }

    /// The file to write into.
    pub(crate) fn file(&mut self) -> &mut File {
        self.file.as_mut().expect("the file is taken only by commit, which consumes self")
    }

    /// Where it will stand.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Syncs the content and moves it into place.
    pub(crate) fn commit(mut self) -> Result<()> {
        if let Some(file) = &self.file {
            file.sync_all().map_err(|e| Error::io(&self.target, e))?;
        }
        rename(&self.temporary, &self.target)?;
        self.file = None;
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Nothing depends on the half-written file; the next writer removes what stays behind.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Writes a whole small file aside, synced, then in place.
pub(crate) fn replace(target: &Path, bytes: &[u8]) -> Result<()> {
    let mut aside = Aside::create(target)?;
    aside.file().write_all(bytes).map_err(|e| Error::io(target, e))?;
    aside.commit()
}
