//! The store's folder: made once, and recognised by its format file.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::store::codec::damaged;
use crate::store::{Access, durable};

/// Version of the store's layout; a store of a newer version is refused.
const FORMAT: u32 = 1;
const FORMAT_HEAD: &str = "sameas store format ";

/// Makes the directory a store if it is missing or empty.
pub(super) fn prepare(root: &Path) -> Result<()> {
    durable::create_dir(root)?;
    let io = |e| Error::io(root, e);
    let names: std::result::Result<Vec<_>, _> =
        std::fs::read_dir(root).map_err(io)?.map(|entry| entry.map(|e| e.file_name())).collect();
    let names = names.map_err(io)?;
    let ours = ["archive", "results", "index", "lock", "secret", "secret.tmp", "format.tmp"];
    let foreign = names.iter().find(|name| !ours.iter().any(|our| *name == our));
    if root.join("format").exists() {
        return ["archive/ledger", "archive/models", "archive/configs", "results", "index"]
            .iter()
            .try_for_each(|folder| durable::create_dir(&root.join(folder)));
    }
    if let Some(foreign) = foreign {
        let message = format!("this folder is no store, it holds {}", foreign.to_string_lossy());
        return Err(Error::new(ErrorKind::Config, message)
            .at(root.display())
            .hint("name a new or empty folder with --store"));
    }
    for folder in ["archive", "archive/ledger", "archive/models", "archive/configs"] {
        durable::create_dir(&root.join(folder))?;
    }
    durable::create_dir(&root.join("results"))?;
    durable::create_dir(&root.join("index"))?;
    durable::replace(&root.join("secret"), &random_bytes())?;
    // Last: a folder with this file is a store.
    durable::replace(&root.join("format"), format!("{FORMAT_HEAD}{FORMAT}\n").as_bytes())
}

/// 32 bytes that nobody can guess. The standard library's only source of randomness is the key of
/// its hash maps, drawn from the operating system; each thread draws once and then counts, so the
/// bytes come from fresh threads.
fn random_bytes() -> [u8; 32] {
    use std::hash::{BuildHasher, RandomState};
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_mut(8) {
        let drawn = std::thread::spawn(|| RandomState::new().hash_one(0u64)).join();
        chunk.copy_from_slice(
            &drawn.unwrap_or_else(|_| RandomState::new().hash_one(1u8)).to_le_bytes(),
        );
    }
    bytes
}

/// Whether the folder holds a store of this version.
pub(super) fn check_format(root: &Path, access: Access) -> Result<()> {
    let path = root.join("format");
    let Some(bytes) = durable::read_if_exists(&path)? else {
        let (kind, message) = match access {
            Access::Read => (ErrorKind::Unknown, "there is no store"),
            Access::Write => (ErrorKind::Corrupted, "the store's format file is missing"),
        };
        return Err(Error::new(kind, message).at(root.display()).hint("ingest a file first"));
    };
    let text = String::from_utf8_lossy(&bytes);
    let version = text.strip_prefix(FORMAT_HEAD).and_then(|v| v.trim_end().parse::<u32>().ok());
    match version {
        Some(FORMAT) => Ok(()),
        Some(other) => {
            let message = format!(
                "the store has format {other}, sameas {} reads format {FORMAT}",
                env!("CARGO_PKG_VERSION")
            );
            Err(Error::new(ErrorKind::FormatVersion, message)
                .at(root.display())
                .hint("use the version of sameas that made it, or a newer one"))
        }
        None => Err(damaged("the format file cannot be read").at(path.display())),
    }
}
