//! One writer at a time: an advisory lock that the operating system frees with its holder.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::store::durable;

/// The held lock of a store; dropped, it is free. The file stays: only the lock on it counts, so
/// what a killed process left behind is no obstacle.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock and writes down who holds it, or says who does.
    pub(crate) fn acquire(path: &Path) -> Result<Self> {
        let mut file = durable::open_file(path)?;
        match file.try_lock() {
            Ok(()) => {
                let started = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
                let holder = format!("pid {}, since {started}\n", std::process::id());
                // Only information for people: a full disk must not keep the store from opening.
                let _ = file.set_len(0).and_then(|()| file.write_all(holder.as_bytes()));
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.seek(SeekFrom::Start(0));
                let _ = file.take(200).read_to_string(&mut holder);
                let holder = holder.trim();
                let who = if holder.is_empty() { "another process" } else { holder };
                Err(Error::new(ErrorKind::Locked, format!("the store is being written by {who}"))
                    .at(path.display())
                    .hint("wait until it has ended; reading commands work meanwhile"))
            }
            Err(TryLockError::Error(e)) => Err(Error::io(path, e)),
        }
    }
}
