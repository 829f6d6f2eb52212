//! The one error of the library: a kind to branch on, a place, a sentence, and a hint that says how
//! to mend it. No error ever holds a customer's value.

use std::fmt;

/// Result with the library's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, for callers that branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting, a flag or a mapping is wrong (exit code 2).
    Config,
    /// An input file cannot be used.
    Input,
    /// Reading or writing failed.
    Io,
    /// The store is damaged.
    Corrupted,
    /// Another process holds the store (exit code 5).
    Locked,
    /// The store has another format version (exit code 5).
    FormatVersion,
    /// A limit was reached.
    Limit,
    /// An id that nothing in the store bears.
    Unknown,
    /// A gate failed or `--strict` refused (exit code 3).
    Refused,
    /// The person asked to stop (exit code 130).
    Interrupted,
}

/// Opaque error: see [`Error::kind`], [`Error::place`], [`Error::hint`].
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    place: Option<String>,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of this kind; the message is lower case, without full stop, and fits after
    /// "failed: ".
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            place: None,
            hint: None,
            source: None,
        }))
    }

    /// Names the file (and line) where it happened.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.0.place = Some(place.to_string());
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Keeps the cause. Only causes that cannot quote a customer's value may be kept.
    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// An I/O failure on a path, with a hint where a person can mend the cause.
    pub fn io(path: impl AsRef<std::path::Path>, source: std::io::Error) -> Self {
        let hint = io_hint(&source);
        let message = source.to_string();
        let error = Self::new(ErrorKind::Io, message).at(path.as_ref().display()).because(source);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    /// Whether the cause lies outside what was read or written (no room, no rights, too many open
    /// files, a volume that is gone): such a failure tells nothing of damage.
    pub(crate) fn has_outside_cause(&self) -> bool {
        let cause = std::error::Error::source(self).and_then(|e| e.downcast_ref());
        self.kind() == ErrorKind::Locked || cause.is_some_and(|e| io_hint(e).is_some())
    }

    /// What went wrong, for callers that branch.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where: a file, with line where known.
    pub fn place(&self) -> Option<&str> {
        self.0.place.as_deref()
    }

    /// How to mend it.
    pub fn remedy(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

/// What helps against a failure of the disk or the system.
fn io_hint(error: &std::io::Error) -> Option<&'static str> {
    use std::io::ErrorKind as Io;
    // Linux and macOS: EMFILE, ENFILE. Nothing portable names them.
    let files = matches!(error.raw_os_error(), Some(23 | 24)) && cfg!(unix);
    // EIO.
    let disk = error.raw_os_error() == Some(5) && cfg!(unix);
    match error.kind() {
        _ if disk => Some("the disk fails: save what is on it, then run it again"),
        _ if files => {
            Some("close other programs or raise the limit (`ulimit -n`), then run it again")
        }
        Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge => {
            Some("make room and run it again; what was acknowledged before is safe")
        }
        Io::ReadOnlyFilesystem => {
            Some("this disk takes no writes: name a store on another one with --store")
        }
        Io::NotFound => Some("look whether it is there and its volume mounted, then run it again"),
        Io::PermissionDenied => Some("ask for the right to read and write it, then run it again"),
        Io::StaleNetworkFileHandle | Io::NotConnected | Io::HostUnreachable => {
            Some("the volume is gone: mount it again, then run it again")
        }
        _ => None,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.0.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|s| s.as_ref() as _)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn failures_of_the_system_say_what_helps_and_are_no_damage() {
        let remedy = |source: io::Error| {
            let error = Error::io("file", source);
            assert_eq!(error.has_outside_cause(), error.remedy().is_some());
            error.remedy().unwrap_or_default().to_owned()
        };
        assert!(remedy(io::ErrorKind::StorageFull.into()).contains("make room"));
        assert!(remedy(io::ErrorKind::PermissionDenied.into()).contains("the right"));
        assert!(remedy(io::ErrorKind::ReadOnlyFilesystem.into()).contains("--store"));
        if cfg!(unix) {
            assert!(remedy(io::Error::from_raw_os_error(24)).contains("ulimit"));
        }
        assert_eq!(remedy(io::ErrorKind::UnexpectedEof.into()), "");
    }
}
