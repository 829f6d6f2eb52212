use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::store::durable;

/// A file of a run's own, for what would take memory otherwise. Its name is gone as soon as it is
/// open, so that nothing of it outlives the process; it counts as nothing that is kept.
pub struct Scratch {
    file: File,
    path: PathBuf,
    length: u64,
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scratch({} bytes)", self.length)
    }
}

impl Scratch {
    /// Makes an empty file in a folder. `number` tells the files of one process apart.
    pub(super) fn create(folder: &Path, number: u32) -> Result<Self> {
        let path = folder.join(format!("scratch-{number}.tmp"));
        // One that a system kept which cannot remove open files.
        durable::remove(&path)?;
        let file = durable::open_file(&path)?;
        #[cfg(unix)]
        durable::remove(&path)?;
        Ok(Self { file, path, length: 0 })
    }

    /// Appends bytes; returns where they start.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn append(&mut self, bytes: &[u8]) -> Result<u64> {
        let start = self.length;
        write_at(&self.file, bytes, start).map_err(|e| Error::io(&self.path, e))?;
        self.length += bytes.len() as u64;
        Ok(start)
    }

    /// Reads bytes into a buffer, which they fill.
    ///
    /// # Errors
    /// The disk is broken, or there are not as many.
    pub fn read(&self, start: u64, into: &mut [u8]) -> Result<()> {
        read_at(&self.file, into, start).map_err(|e| Error::io(&self.path, e))
    }

    /// Bytes in it.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], start: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, start)
}

#[cfg(unix)]
fn read_at(file: &File, into: &mut [u8], start: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, start)
}

#[cfg(windows)]
fn write_at(file: &File, mut bytes: &[u8], mut start: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, start)?;
        bytes = &bytes[written..];
        start += written as u64;
    }
    Ok(())
}

#[cfg(windows)]
fn read_at(file: &File, mut into: &mut [u8], mut start: u64) -> std::io::Result<()> {
    while !into.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, into, start)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        into = &mut into[read..];
        start += read as u64;
    }
    Ok(())
}
