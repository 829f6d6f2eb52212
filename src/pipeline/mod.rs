//! The order of the stages. (`Engine` here is a stand-in with the signatures that the command line
//! calls; the lead replaces it. `ground` is finished, `view` all but for the parts that it names.)

mod ground;
pub mod resolve;
mod types;
mod view;

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{RecordKey, Timestamp, Verdict};

pub use ground::{discard_store, ground, judgements, quarantine, verify};
pub use types::*;
pub use view::View;

/// A store open for writing.
#[derive(Debug)]
pub struct Engine {}

impl Engine {
    /// Opens the store of a folder for writing; makes one where there is none.
    ///
    /// # Errors
    /// Locked, damaged, of another version, or not writable.
    pub fn create_or_open(_dir: &Path, _options: EngineOptions) -> Result<Self> {
        Err(Error::new(ErrorKind::Limit, "not built yet"))
    }

    /// Takes files in; each is one commit.
    ///
    /// # Errors
    /// Writing fails; a file that cannot be read is an outcome, no error.
    pub fn ingest(
        &mut self,
        _files: &[FileArgument],
        _strict: bool,
        _progress: &dyn Progress,
    ) -> Result<IngestReport> {
        Err(Error::new(ErrorKind::Limit, "not built yet"))
    }

    /// Works the results out anew and replaces the last.
    ///
    /// # Errors
    /// Writing fails, or `max_changed` refuses.
    pub fn rebuild(
        &mut self,
        _options: RebuildOptions,
        _progress: &dyn Progress,
    ) -> Result<RebuildReport> {
        Err(Error::new(ErrorKind::Limit, "not built yet"))
    }

    /// Adds a person's decision; returns its sequence.
    ///
    /// # Errors
    /// Writing fails.
    pub fn judge(
        &mut self,
        _a: RecordKey,
        _b: RecordKey,
        _verdict: Verdict,
        _by: &str,
        _note: &str,
        _at: Timestamp,
    ) -> Result<u64> {
        Err(Error::new(ErrorKind::Limit, "not built yet"))
    }
}
