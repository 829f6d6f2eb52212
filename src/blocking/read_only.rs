//! The files of an index as a reader sees them: nothing is ever written, so a folder or disk that
//! takes no writes can be read like any other.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, Lock, WatchCallback, WatchHandle, WritePtr,
};

use super::directory::IndexFolder;

/// A folder opened for reading.
///
/// A reader locks the list of segments while it opens them, so that no writer removes one meanwhile;
/// that takes a file open for writing. Where the system allows none, it reads without: whoever opens
/// it then must be ready to begin anew ([`ReadOnly::is_unlocked`]).
#[derive(Clone, Debug)]
pub(super) struct ReadOnly {
    files: IndexFolder,
    unlocked: Arc<AtomicBool>,
}

impl ReadOnly {
    pub(super) fn open(folder: &Path) -> tantivy::Result<Self> {
        Ok(Self { files: IndexFolder::open(folder)?, unlocked: Arc::default() })
    }

    /// Whether the lock could not be taken, so that files may have gone while they were opened.
    pub(super) fn is_unlocked(&self) -> bool {
        self.unlocked.load(Ordering::Relaxed)
    }
}

/// Whether the system keeps this process from writing here, whatever it writes.
fn may_not_write(error: &LockError) -> bool {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    let LockError::IoError(cause) = error else { return false };
    matches!(cause.kind(), PermissionDenied | ReadOnlyFilesystem)
}

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "the index is open for reading only")
}

impl Directory for ReadOnly {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.files.get_file_handle(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.files.exists(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.files.atomic_read(path)
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        match self.files.acquire_lock(lock) {
            Err(error) if may_not_write(&error) => {
                self.unlocked.store(true, Ordering::Relaxed);
                Ok(DirectoryLock::from(Box::new(())))
            }
            locked => locked,
        }
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        Err(DeleteError::IoError { io_error: Arc::new(refused()), filepath: path.to_owned() })
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        Err(OpenWriteError::wrap_io_error(refused(), path.to_owned()))
    }

    fn atomic_write(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        Err(refused())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Err(refused())
    }
}
