//! Files that survive a crash: written aside, synced, renamed, with the folder synced after it.
//!
//! Every byte that the store writes outside sled and tantivy goes through here, so that permissions
//! (files 0600, folders 0700) and the order of syncs are kept in one place, and tests can make each
//! step fail by its name ([`faults`](super::faults)).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::store::faults::{self, Outcome};

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

/// Opens a file that only its owner may read, for reading and writing; creates it if missing.
pub(crate) fn open_file(path: &Path) -> Result<File> {
    private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
        .open(path)
        .map_err(|e| Error::io(path, e))
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Takes the rights of others from a file or folder that another library made.
pub(crate) fn make_private(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .map_err(|e| Error::io(path, e))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Makes renames and new names within a folder durable.
pub(crate) fn sync_dir(path: &Path) -> Result<()> {
    sync_names(path, path)
}

fn sync_names(folder: &Path, of: &Path) -> Result<()> {
    faults::step("sync-names", of).map_err(|e| Error::io(of, e))?;
    // Folders cannot be opened as files everywhere; where they can, a failure counts.
    #[cfg(unix)]
    File::open(folder).and_then(|dir| dir.sync_all()).map_err(|e| Error::io(folder, e))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Renames and makes the new name durable.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    let io = |e| Error::io(to, e);
    faults::step("rename", to).map_err(io)?;
    fs::rename(from, to).map_err(io)?;
    match to.parent() {
        Some(folder) if folder.as_os_str().is_empty() => sync_names(Path::new("."), to),
        Some(folder) => sync_names(folder, to),
        None => Ok(()),
    }
}

/// Removes a file; one that is missing is gone already.
pub(crate) fn remove(path: &Path) -> Result<()> {
    let removed = faults::step("remove", path).and_then(|_| fs::remove_file(path));
    gone(path, removed)
}

/// Removes a folder with all that is in it; one that is missing is gone already.
pub(crate) fn remove_dir(path: &Path) -> Result<()> {
    let removed = faults::step("remove", path).and_then(|_| fs::remove_dir_all(path));
    gone(path, removed)
}

fn gone(path: &Path, removed: io::Result<()>) -> Result<()> {
    match removed {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io(path, e)),
        _ => Ok(()),
    }
}

/// The whole content of a file, or `None` if there is none.
pub(crate) fn read_if_exists(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io(path, e)),
    }
}

/// A file being written.
#[derive(Debug)]
pub(crate) struct Output {
    file: File,
    path: PathBuf,
}

impl Output {
    /// Creates or empties a file.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        faults::step("create", path).map_err(|e| Error::io(path, e))?;
        let file = private(OpenOptions::new().write(true).create(true).truncate(true))
            .open(path)
            .map_err(|e| Error::io(path, e))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Opens a file to add to its end; creates it if missing, its name made durable.
    pub(crate) fn append(path: &Path) -> Result<Self> {
        let fresh = !path.exists();
        let file = private(OpenOptions::new().append(true).create(true))
            .open(path)
            .map_err(|e| Error::io(path, e))?;
        if fresh && let Some(folder) = path.parent() {
            sync_names(folder, path)?;
        }
        Ok(Self { file, path: path.to_owned() })
    }

    /// Makes what was written durable.
    pub(crate) fn sync(&self) -> Result<()> {
        faults::step("sync", &self.path)
            .and_then(|_| self.file.sync_all())
            .map_err(|e| Error::io(&self.path, e))
    }

    /// Bytes of the file.
    pub(crate) fn length(&self) -> Result<u64> {
        self.file.metadata().map(|meta| meta.len()).map_err(|e| Error::io(&self.path, e))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match faults::step("write", &self.path)? {
            Outcome::Whole => self.file.write(bytes),
            Outcome::Short => {
                self.file.write_all(&bytes[..bytes.len() / 2])?;
                Err(io::ErrorKind::StorageFull.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Cuts a file to a length, durably.
pub(crate) fn cut(path: &Path, length: u64) -> Result<()> {
    let file = open_file(path)?;
    faults::step("cut", path)
        .and_then(|_| file.set_len(length))
        .and_then(|()| file.sync_all())
        .map_err(|e| Error::io(path, e))
}

/// A file under construction beside its final place. Dropped without [`Aside::commit`], it goes.
#[derive(Debug)]
pub(crate) struct Aside {
    temporary: PathBuf,
    target: PathBuf,
    file: Option<Output>,
}

impl Aside {
    /// Starts `TARGET.tmp`.
    pub(crate) fn create(target: &Path) -> Result<Self> {
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(".tmp");
        let temporary = target.with_file_name(name);
        let file = Output::create(&temporary)?;
        Ok(Self { temporary, target: target.to_owned(), file: Some(file) })
    }

    /// The file to write into.
    pub(crate) fn file(&mut self) -> &mut Output {
        self.file.as_mut().expect("the file is taken only by commit, which consumes self")
    }

    /// Where it will stand.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Syncs the content and moves it into place.
    pub(crate) fn commit(mut self) -> Result<()> {
        if let Some(file) = &self.file {
            file.sync()?;
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
