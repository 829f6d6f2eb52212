//! Where the bytes come from: a file or memory, unpacked on the fly under limits, in a buffer that
//! holds one row at a time.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::{Limits, thousands};
use crate::error::{Error, ErrorKind, Result};

/// A stream of bytes that may move between threads.
pub(super) type Bytes = Box<dyn Read + Send>;

/// How many packings may lie in one another: an `.xlsx.gz.zst` is two.
const LAYERS_MAX: usize = 2;

/// Bytes unpacked before the ratio is looked at: small files of blanks pack very well.
const RATIO_FREE: u64 = 16 << 20;

/// Where a file's bytes are kept.
#[derive(Clone)]
pub(super) enum Origin {
    File(PathBuf),
    Memory(Arc<[u8]>),
}

/// A file that can be read from its start as often as needed.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) origin: Origin,
    pub(super) name: String,
    pub(super) limits: Limits,
}

impl Source {
    /// An error about this file.
    pub(super) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).at(&self.name)
    }

    /// Turns a failure of a stream of this file into the library's error.
    pub(super) fn io(&self, error: io::Error) -> Error {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Breach>()) {
            Some(Breach::Limit(message)) => self
                .error(ErrorKind::Limit, message)
                .hint("if the file is sound, raise the limit; otherwise do not trust it"),
            Some(Breach::Damaged(what)) => self
                .error(ErrorKind::Input, format!("damaged {what} data"))
                .hint("fetch or export the file again"),
            None => self.error(ErrorKind::Io, error.to_string()).because(error),
        }
    }

    /// The bytes as stored, and a count of how many were taken so far.
    fn stored(&self) -> Result<(Bytes, Arc<AtomicU64>)> {
        let count = Arc::new(AtomicU64::new(0));
        let inner: Bytes = match &self.origin {
            Origin::File(path) => {
                let file = File::open(path).map_err(|e| {
                    let hint = match e.kind() {
                        io::ErrorKind::NotFound => "check the path",
                        io::ErrorKind::PermissionDenied => "give the user the right to read it",
                        _ => "check the path and the disk",
                    };
                    self.io(e).hint(hint)
                })?;
                if file.metadata().is_ok_and(|m| m.is_dir()) {
                    return Err(self
                        .error(ErrorKind::Input, "is a folder")
                        .hint("name the files in it, for example with a `*`"));
                }
                Box::new(file)
            }
            Origin::Memory(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        };
        Ok((Box::new(Counted { inner, count: Arc::clone(&count) }), count))
    }

    /// The bytes after unpacking gzip and zstd, which are known by their first bytes.
    pub(super) fn unpacked(&self) -> Result<Bytes> {
        let (mut stream, packed) = self.stored()?;
        for layer in 0.. {
            let (magic, whole) = peek(stream).map_err(|e| self.io(e))?;
            let (what, inner): (&'static str, Bytes) = match magic {
                [0x1f, 0x8b, 8, _] => (
                    "gzip",
                    Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, whole))),
                ),
                [0x28, 0xb5, 0x2f, 0xfd] => {
                    ("zstd", Box::new(zstd::Decoder::new(whole).map_err(|e| self.io(e))?))
                }
                _ => return Ok(whole),
            };
            if layer == LAYERS_MAX {
                break;
            }
            stream = Box::new(Guard {
                inner,
                what,
                packed: Arc::clone(&packed),
                unpacked: 0,
                bytes_max: self.limits.unpacked_bytes,
                ratio_max: self.limits.unpacked_ratio,
            });
        }
        Err(self
            .error(ErrorKind::Limit, format!("is packed more than {LAYERS_MAX} times"))
            .hint("unpack it once by hand"))
    }
}

/// The first four bytes (zeros past the end), and the stream with them still in place.
fn peek(mut stream: Bytes) -> io::Result<([u8; 4], Bytes)> {
    let mut magic = [0; 4];
    let mut have = 0;
    while have < magic.len() {
        match stream.read(&mut magic[have..])? {
            0 => break,
            n => have += n,
        }
    }
    let head = Cursor::new(magic[..have].to_vec());
    Ok((magic, Box::new(head.chain(stream))))
}

/// Why a stream ended early, carried through `io::Error`.
#[derive(Debug, thiserror::Error)]
enum Breach {
    #[error("{0}")]
    Limit(String),
    #[error("damaged {0} data")]
    Damaged(&'static str),
}

struct Counted {
    inner: Bytes,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Stops an archive that unpacks to more than it may.
struct Guard {
    inner: Bytes,
    what: &'static str,
    packed: Arc<AtomicU64>,
    unpacked: u64,
    bytes_max: u64,
    ratio_max: u64,
}

impl Read for Guard {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = match self.inner.read(buf) {
            Ok(n) => n,
            Err(e) if e.get_ref().is_some_and(|e| e.downcast_ref::<Breach>().is_some()) => {
                return Err(e);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => return Err(e),
            Err(_) => return Err(io::Error::other(Breach::Damaged(self.what))),
        };
        self.unpacked += n as u64;
        let ratio_allows = self.packed.load(Ordering::Relaxed).saturating_mul(self.ratio_max);
        let breach = if self.unpacked > self.bytes_max {
            format!("unpacks to more than {} bytes (limits.unpacked)", thousands(self.bytes_max))
        } else if self.unpacked > RATIO_FREE && self.unpacked > ratio_allows {
            format!(
                "unpacks to more than {} times its size (limits.unpacked_ratio)",
                thousands(self.ratio_max)
            )
        } else {
            return Ok(n);
        };
        Err(io::Error::other(Breach::Limit(breach)))
    }
}

/// A stream with a window over its next bytes; the window grows only as far as its user asks.
pub(super) struct Feed {
    stream: Bytes,
    buffer: Vec<u8>,
    /// Where the window begins in the buffer; it goes to the buffer's end.
    start: usize,
    ended: bool,
}

/// Smallest read.
const CHUNK: usize = 256 << 10;

impl Feed {
    pub(super) fn new(stream: Bytes) -> Self {
        Self { stream, buffer: Vec::new(), start: 0, ended: false }
    }

    /// The window.
    pub(super) fn data(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Whether nothing follows the window.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Drops the first bytes of the window.
    pub(super) fn consume(&mut self, bytes: usize) {
        self.start = (self.start + bytes).min(self.buffer.len());
    }

    /// Widens the window to at least twice its size, so that looking again at its start stays
    /// linear in all; false when the stream has ended.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        let size = CHUNK.max(2 * self.buffer.len());
        if self.buffer.capacity() > 8 * size {
            // One huge row must not keep its buffer for ever.
            self.buffer.shrink_to(size);
        }
        let wanted = size - self.buffer.len();
        self.buffer.reserve(wanted);
        let read = self.stream.by_ref().take(wanted as u64).read_to_end(&mut self.buffer)?;
        self.ended = read < wanted;
        Ok(read > 0)
    }

    /// Widens the window until it holds `bytes` or the stream has ended.
    pub(super) fn want(&mut self, bytes: usize) -> io::Result<()> {
        while self.data().len() < bytes && self.more()? {}
        Ok(())
    }

    /// Drops everything up to and including the next line end.
    pub(super) fn skip_line(&mut self, newline: u8) -> io::Result<()> {
        loop {
            if let Some(at) = memchr::memchr(newline, self.data()) {
                self.consume(at + 1);
                return Ok(());
            }
            self.consume(self.data().len());
            if !self.more()? {
                return Ok(());
            }
        }
    }
}
