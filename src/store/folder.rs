//! The store's folder: made once, and recognised by its format file.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::store::codec::damaged;
use crate::store::{Access, durable};

/// Version of the store's layout; a store of a newer version is refused.
pub(super) const FORMAT: u32 = 2;
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
        // One of another version is not touched.
        return check_format(root, Access::Write).and_then(|()| make_folders(root));
    }
    if let Some(foreign) = foreign {
        let message = format!("this folder is no store, it holds {}", foreign.to_string_lossy());
        return Err(Error::new(ErrorKind::Config, message)
            .at(root.display())
            .hint("name a new or empty folder with --store"));
    }
    make_folders(root)?;
    durable::replace(&root.join("secret"), &random_bytes())?;
    // Last: a folder with this file is a store.
    durable::replace(&root.join("format"), &format_text(FORMAT))
}

/// Gives a damaged store back its folders, its format file and a secret: what lies beside them
/// tells that it is one. A store of another version stays as it is.
pub(super) fn mend(root: &Path) -> Result<()> {
    match check_format(root, Access::Write) {
        Err(e) if e.kind() != ErrorKind::Corrupted => return Err(e),
        Err(e) if !root.join("archive").is_dir() && !root.join("ground").is_dir() => return Err(e),
        Err(_) => {
            make_folders(root)?;
            durable::replace(&root.join("format"), &format_text(FORMAT))?;
        }
        Ok(()) => make_folders(root)?,
    }
    // The secret only orders the index, which is made anew under another one.
    let secret = durable::read_if_exists(&root.join("secret"))?;
    if secret.is_none_or(|secret| secret.len() != 32) {
        durable::replace(&root.join("secret"), &random_bytes())?;
    }
    Ok(())
}

fn make_folders(root: &Path) -> Result<()> {
    ["archive", "archive/ledger", "archive/models", "archive/configs", "results", "index"]
        .iter()
        .try_for_each(|folder| durable::create_dir(&root.join(folder)))
}

/// What the format file of a version holds.
pub(super) fn format_text(version: u32) -> Vec<u8> {
    format!("{FORMAT_HEAD}{version}\n").into_bytes()
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
    let version = format_of(root, access)?;
    if version == FORMAT {
        return Ok(());
    }
    Err(other_format(version).at(root.display()))
}

/// A store of another version.
pub(super) fn other_format(version: u32) -> Error {
    let message = format!(
        "the store has format {version}, sameas {} reads format {FORMAT}",
        env!("CARGO_PKG_VERSION")
    );
    let hint = if version < FORMAT {
        "`sameas migrate` brings it up to date, after a backup"
    } else {
        "use the version of sameas that made it, or a newer one"
    };
    Error::new(ErrorKind::FormatVersion, message).hint(hint)
}

/// The version of the store in a folder.
pub(super) fn format_of(root: &Path, access: Access) -> Result<u32> {
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
    version.ok_or_else(|| damaged("the format file cannot be read").at(path.display()))
}
