//! Looks into a zip archive before anyone unpacks it: every part is inflated once into nothing, so
//! that a part which lies about its size is found without the memory that it would take.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;

use super::{Limits, thousands};

/// Parts of a workbook; more are no workbook.
const PARTS_MAX: usize = 20_000;

/// Bytes that a part may unpack to whatever its size: small parts of blanks pack very well.
const RATIO_FREE: u64 = 1 << 20;

/// Why an archive is not to be unpacked.
#[derive(Debug)]
pub(super) enum Refusal {
    Io(io::Error),
    /// It is no sound archive.
    Damaged(&'static str),
    /// A limit is passed.
    Limit(String),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 2).map_or(0, |b| usize::from(u16::from_le_bytes([b[0], b[1]])))
}

fn u32_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 4).map_or(0, |b| u64::from(u32::from_le_bytes([b[0], b[1], b[2], b[3]])))
}

/// Checks the archive against the limits (at most `bytes_max` unpacked); the names of its parts.
///
/// Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory) and
/// 4.3.16 (its end). Zip64 is not needed below 4 GiB and refused.
pub(super) fn inspect(
    archive: &mut (impl Read + Seek),
    limits: &Limits,
    bytes_max: u64,
) -> Result<Vec<String>, Refusal> {
    let size = archive.seek(SeekFrom::End(0))?;
    let directory = directory(archive, size)?;
    let mut names = Vec::new();
    let mut unpacked = 0_u64;
    let mut at = 0;
    while let Some(entry) = directory.get(at..at + 46) {
        if u32_at(entry, 0) != 0x0201_4b50 {
            break;
        }
        if names.len() == PARTS_MAX {
            return Err(Refusal::Limit(format!(
                "has more than {} parts",
                thousands(PARTS_MAX as u64)
            )));
        }
        let (method, packed, stated) = (u16_at(entry, 10), u32_at(entry, 20), u32_at(entry, 24));
        let (name, extra, comment) = (u16_at(entry, 28), u16_at(entry, 30), u16_at(entry, 32));
        let local = u32_at(entry, 42);
        let Some(name_bytes) = directory.get(at + 46..at + 46 + name) else {
            return Err(Refusal::Damaged("its directory is cut off"));
        };
        names.push(String::from_utf8_lossy(name_bytes).into_owned());
        at += 46 + name + extra + comment;
        let budget = bytes_max.saturating_sub(unpacked);
        if stated > budget {
            return Err(over(bytes_max));
        }
        archive.seek(SeekFrom::Start(local))?;
        let mut header = [0; 30];
        archive.read_exact(&mut header).map_err(|_| Refusal::Damaged("a part is cut off"))?;
        if u32_at(&header, 0) != 0x0403_4b50 {
            return Err(Refusal::Damaged("a part is not where the directory says"));
        }
        let skip = u16_at(&header, 26) + u16_at(&header, 28);
        let start = local + 30 + skip as u64;
        archive.seek(SeekFrom::Start(start))?;
        let body = archive.by_ref().take(packed);
        let by_ratio = packed.saturating_mul(limits.unpacked_ratio).max(RATIO_FREE);
        let most = budget.min(by_ratio);
        let actual = match method {
            0 => drain(body, most)?,
            8 => drain(DeflateDecoder::new(body), most)?,
            _ => return Err(Refusal::Damaged("a part is packed in an unknown way")),
        };
        let Some(actual) = actual else {
            return Err(if budget <= by_ratio { over(bytes_max) } else { over_ratio(limits) });
        };
        unpacked += actual;
    }
    archive.seek(SeekFrom::Start(0))?;
    Ok(names)
}

fn over(bytes_max: u64) -> Refusal {
    Refusal::Limit(format!(
        "unpacks to more than {} bytes (limit for workbooks)",
        thousands(bytes_max)
    ))
}

fn over_ratio(limits: &Limits) -> Refusal {
    Refusal::Limit(format!(
        "has a part that unpacks to more than {} times its size (limits.unpacked_ratio)",
        thousands(limits.unpacked_ratio)
    ))
}

/// The central directory's bytes.
fn directory(archive: &mut (impl Read + Seek), size: u64) -> Result<Vec<u8>, Refusal> {
    let tail = size.min(22 + 65_535);
    archive.seek(SeekFrom::Start(size - tail))?;
    let mut end = Vec::new();
    archive.by_ref().take(tail).read_to_end(&mut end)?;
    let at = memchr::memmem::rfind(&end, b"PK\x05\x06")
        .ok_or(Refusal::Damaged("its end is missing: the file was cut off"))?;
    let record = &end[at..];
    let (length, offset) = (u32_at(record, 12), u32_at(record, 16));
    if offset == u64::from(u32::MAX) || length == u64::from(u32::MAX) {
        return Err(Refusal::Limit("is larger than 4 GiB (limit for workbooks)".into()));
    }
    if offset + length > size {
        return Err(Refusal::Damaged("its directory is cut off"));
    }
    archive.seek(SeekFrom::Start(offset))?;
    let mut directory = Vec::new();
    archive.by_ref().take(length).read_to_end(&mut directory)?;
    Ok(directory)
}

/// Reads all of it; its size, or `None` where it has more than `budget` bytes. Also refuses counts
/// of shared strings that the part cannot hold, as readers reserve memory for them.
fn drain(mut part: impl Read, budget: u64) -> Result<Option<u64>, Refusal> {
    const WORD: &[u8] = b"uniqueCount=";
    let mut buffer = vec![0; 64 << 10];
    // The text so far, without NULs (UTF-16), as far as a count may still lie in it.
    let mut text: Vec<u8> = Vec::new();
    let mut claimed = 0_u64;
    let mut size = 0;
    loop {
        let n = match part.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(Refusal::Damaged("a part cannot be unpacked")),
        };
        size += n as u64;
        if size > budget {
            return Ok(None);
        }
        text.extend(buffer[..n].iter().filter(|b| **b != 0));
        for at in memchr::memmem::find_iter(&text, WORD) {
            let digits = text[at + WORD.len()..].iter().skip(1).take(20);
            let digits = digits.take_while(|b| b.is_ascii_digit());
            let count =
                digits.fold(0_u64, |n, d| n.saturating_mul(10).saturating_add(u64::from(d - b'0')));
            claimed = claimed.max(count);
        }
        let keep = text.len().saturating_sub(WORD.len() + 24);
        text.drain(..keep);
    }
    if claimed > size {
        return Err(Refusal::Damaged("it claims more strings than it holds"));
    }
    Ok(Some(size))
}
