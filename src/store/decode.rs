//! One door to every decoder of stored values, for tests that feed them anything.

use crate::error::{Error, ErrorKind, Result};
use crate::model::{Judgement, NormalRecord, QuarantinedRow, RecordKey};
use crate::store::results::{AliasKey, PackedEntity, RunSummary, Toc};
use crate::store::{FileEntry, State, chunk, codec, heads, ledger, papers};

/// Names that [`decode_value`] takes.
#[doc(hidden)]
pub const VALUES: &[&str] = &[
    "state",
    "file",
    "records",
    "heads",
    "quarantine",
    "judgements",
    "ledger",
    "paper",
    "contents",
    "summary",
    "key",
    "normal",
    "entity",
    "alias",
];

/// Wraps bytes as stored values are wrapped, so that their checksum holds.
///
/// # Errors
/// They are more than 4 GiB.
#[doc(hidden)]
pub fn seal_value(body: &[u8]) -> Result<Vec<u8>> {
    codec::seal_bytes(body)
}

/// Unwraps a stored value after checking it.
///
/// # Errors
/// `Corrupted`, `FormatVersion`.
#[doc(hidden)]
pub fn open_value(sealed: &[u8]) -> Result<Vec<u8>> {
    codec::open_bytes(sealed)
}

/// Decodes a sealed value of a kind as reading the store does.
///
/// # Errors
/// `Corrupted`, `FormatVersion`; `Unknown` for a name that is not in [`VALUES`].
#[doc(hidden)]
pub fn decode_value(name: &str, sealed: &[u8]) -> Result<()> {
    match name {
        "state" => codec::open::<State>(sealed).map(drop),
        "file" => codec::open::<FileEntry>(sealed).map(drop),
        "records" => chunk::decode_any(sealed).map(drop),
        "heads" => heads::decode_page(sealed, &mut Vec::new()),
        "quarantine" => codec::open::<Vec<QuarantinedRow>>(sealed).map(drop),
        "judgements" => codec::open::<Vec<Judgement>>(sealed).map(drop),
        "ledger" => {
            let page = ledger::Page::open(sealed)?;
            let _ = (page.last(), page.run());
            page.events().map(drop)
        }
        "paper" => papers::decode(sealed),
        "contents" => codec::open::<Toc>(sealed).map(drop),
        "summary" => codec::open::<RunSummary>(sealed).map(drop),
        "key" => codec::open::<RecordKey>(sealed).map(drop),
        "normal" => codec::open::<NormalRecord>(sealed).map(drop),
        "entity" => codec::open::<PackedEntity>(sealed).map(drop),
        "alias" => codec::open::<AliasKey>(sealed).map(drop),
        _ => Err(Error::new(ErrorKind::Unknown, "no such kind of stored value")),
    }
}
