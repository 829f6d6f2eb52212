//! Room on the disk, asked for before a run begins.

use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// Kept free beside what a run needs.
const RESERVE: u64 = 64 << 20;

/// Refuses where a run that writes `needed` bytes into a folder would fill the disk.
pub(crate) fn check(folder: &Path, needed: u64) -> Result<()> {
    // A folder that is not there yet stands on the disk of its parent.
    let there = folder.ancestors().find(|folder| folder.exists());
    let there = there.filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match fs4::available_space(there) {
        Ok(free) => enough(folder, needed, free),
        // Where the system does not tell, the writing itself will.
        Err(_) => Ok(()),
    }
}

fn enough(folder: &Path, needed: u64, free: u64) -> Result<()> {
    let wanted = needed.saturating_add(RESERVE);
    if wanted <= free {
        return Ok(());
    }
    let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
    let message = format!(
        "the disk has {} MB free, and this needs about {} MB",
        megabytes(free),
        megabytes(wanted)
    );
    Err(Error::new(ErrorKind::Limit, message)
        .at(folder.display())
        .hint("make room, or put the store on another disk with --store; nothing was changed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_before_anything_is_written() {
        let folder = Path::new("store");
        assert!(enough(folder, 10 << 20, 100 << 20).is_ok());
        let error = enough(folder, 50 << 20, 100 << 20).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert_eq!(
            error.to_string(),
            "store: the disk has 100 MB free, and this needs about 114 MB"
        );
        assert!(enough(folder, u64::MAX, u64::MAX - 1).is_err());
    }
}
