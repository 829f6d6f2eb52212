//! One form for every stored value, so that each can be checked before it is believed.
//!
//! ```text
//! 0      format (1)
//! 1      0 plain | 1 zstd
//! 2..6   CRC32 of bytes 0..2 and 6..
//! 6..10  length of the body before compression, little-endian
//! 10..   body
//! ```

use std::cell::RefCell;
use std::io::Read;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed};
use serde::{Deserializer, Serialize};

use crate::error::{Error, ErrorKind, Result};

const FORMAT: u8 = 1;
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
const HEADER: usize = 10;
/// Level 1 is as small as level 3 on values of a few kilobytes, at half the time.
const LEVEL: i32 = 1;

thread_local! {
    // A context costs more to make than a value to compress.
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> =
        const { RefCell::new(None) };
}

pub(crate) fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Corrupted, what.to_owned())
        .hint("run `sameas verify`, then `sameas recover`")
}

fn compress(raw: &[u8]) -> Option<Vec<u8>> {
    COMPRESSOR.with(|cell| {
        let mut slot = cell.borrow_mut();
        if slot.is_none() {
            *slot = zstd::bulk::Compressor::new(LEVEL).ok();
        }
        slot.as_mut()?.compress(raw).ok()
    })
}

fn decompress(body: &[u8], raw_length: usize) -> Result<Vec<u8>> {
    let broken = || damaged("a stored value does not decompress");
    // A length that no checksum-bearing writer produced must not make us allocate: large values
    // grow as they are read.
    if raw_length > 1 << 20 {
        let mut raw = Vec::new();
        let decoder = zstd::stream::read::Decoder::new(body).map_err(|_| broken())?;
        decoder.take(raw_length as u64 + 1).read_to_end(&mut raw).map_err(|_| broken())?;
        return if raw.len() == raw_length { Ok(raw) } else { Err(broken()) };
    }
    DECOMPRESSOR.with(|cell| {
        let mut slot = cell.borrow_mut();
        if slot.is_none() {
            *slot = zstd::bulk::Decompressor::new().ok();
        }
        let raw = slot.as_mut().and_then(|d| d.decompress(body, raw_length).ok());
        raw.filter(|raw| raw.len() == raw_length).ok_or_else(broken)
    })
}

fn checksum(sealed: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&sealed[..2]);
    hasher.update(&sealed[6..]);
    hasher.finalize()
}

/// Wraps bytes; they are compressed where that makes them smaller.
pub(crate) fn seal_bytes(raw: &[u8]) -> Result<Vec<u8>> {
    let length = u32::try_from(raw.len())
        .map_err(|_| Error::new(ErrorKind::Limit, "a value is larger than 4 GiB"))?;
    let packed = if raw.len() > 64 { compress(raw).filter(|p| p.len() < raw.len()) } else { None };
    let (kind, body) = packed.as_deref().map_or((PLAIN, raw), |packed| (ZSTD, packed));
    let mut sealed = Vec::with_capacity(HEADER + body.len());
    sealed.extend_from_slice(&[FORMAT, kind, 0, 0, 0, 0]);
    sealed.extend_from_slice(&length.to_le_bytes());
    sealed.extend_from_slice(body);
    let crc = checksum(&sealed);
    sealed[2..6].copy_from_slice(&crc.to_le_bytes());
    Ok(sealed)
}

/// Unwraps what [`seal_bytes`] wrapped, after checking it.
pub(crate) fn open_bytes(sealed: &[u8]) -> Result<Vec<u8>> {
    if sealed.len() < HEADER {
        return Err(damaged("a stored value is too short"));
    }
    if checksum(sealed).to_le_bytes() != sealed[2..6] {
        return Err(damaged("a stored value does not match its checksum"));
    }
    if sealed[0] != FORMAT {
        let message =
            format!("a stored value has format {}, this version reads {FORMAT}", sealed[0]);
        return Err(Error::new(ErrorKind::FormatVersion, message));
    }
    let length = u32::from_le_bytes([sealed[6], sealed[7], sealed[8], sealed[9]]) as usize;
    let body = &sealed[HEADER..];
    match sealed[1] {
        PLAIN if body.len() == length => Ok(body.to_vec()),
        ZSTD => decompress(body, length),
        _ => Err(damaged("a stored value has an unknown compression")),
    }
}

/// Appends the plain encoding of a value.
pub(crate) fn encode_into<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<()> {
    bincode::serde::encode_into_std_write(value, out, bincode::config::standard())
        .map(|_| ())
        .map_err(|_| Error::new(ErrorKind::Limit, "a value cannot be encoded"))
}

/// Reads the plain encoding of a value; all bytes must be used.
pub(crate) fn decode<T: DeserializeOwned>(raw: &[u8]) -> Result<T> {
    decode_seed(raw, PhantomData)
}

/// As [`decode`], over an earlier value, whose lists are used again. After an error the value is
/// anything.
pub(crate) fn decode_over<T: DeserializeOwned>(raw: &[u8], value: &mut T) -> Result<()> {
    struct Over<'v, T>(&'v mut T);

    impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Over<'_, T> {
        type Value = ();

        fn deserialize<D: Deserializer<'de>>(self, from: D) -> std::result::Result<(), D::Error> {
            T::deserialize_in_place(from, self.0)
        }
    }

    decode_seed(raw, Over(value))
}

fn decode_seed<'de, S: DeserializeSeed<'de>>(raw: &'de [u8], seed: S) -> Result<S::Value> {
    fn limited<'de, S: DeserializeSeed<'de>, const LIMIT: usize>(
        raw: &'de [u8],
        seed: S,
    ) -> std::result::Result<(S::Value, usize), bincode::error::DecodeError> {
        let config = bincode::config::standard().with_limit::<LIMIT>();
        bincode::serde::seed_decode_from_slice(seed, raw, config)
    }
    // The limit is a constant of the decoder: the smallest that the value can need keeps a hostile
    // length from allocating more than about sixteen times the value.
    let decoded = match raw.len() {
        0..0x1_0000 => limited::<S, 0x10_0000>(raw, seed),
        0x1_0000..0x10_0000 => limited::<S, 0x100_0000>(raw, seed),
        0x10_0000..0x100_0000 => limited::<S, 0x1000_0000>(raw, seed),
        _ => limited::<S, { u32::MAX as usize }>(raw, seed),
    };
    match decoded {
        Ok((value, used)) if used == raw.len() => Ok(value),
        _ => Err(damaged("a stored value cannot be decoded")),
    }
}

/// As [`decode`], for values whose texts lie in the bytes themselves.
pub(crate) fn decode_borrowed<'a, T: serde::Deserialize<'a>>(raw: &'a [u8]) -> Result<T> {
    match bincode::serde::borrow_decode_from_slice(raw, bincode::config::standard()) {
        Ok((value, used)) if used == raw.len() => Ok(value),
        _ => Err(damaged("a stored value cannot be decoded")),
    }
}

/// Encodes and wraps a value.
pub(crate) fn seal<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut raw = Vec::new();
    encode_into(value, &mut raw)?;
    seal_bytes(&raw)
}

/// Unwraps and decodes a value.
pub(crate) fn open<T: DeserializeOwned>(sealed: &[u8]) -> Result<T> {
    decode(&open_bytes(sealed)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_is_noticed() {
        for value in [vec!["short".to_owned()], vec!["long and repetitive ".repeat(40); 3]] {
            let sealed = seal(&value).unwrap();
            assert_eq!(open::<Vec<String>>(&sealed).unwrap(), value);
            for bit in 0..sealed.len() * 8 {
                let mut flipped = sealed.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert!(open::<Vec<String>>(&flipped).is_err(), "bit {bit}");
            }
            for length in 0..sealed.len() {
                assert!(open::<Vec<String>>(&sealed[..length]).is_err(), "cut at {length}");
            }
        }
    }

    #[test]
    fn decoding_over_a_value_leaves_nothing_of_it() {
        let values: Vec<Vec<(String, Option<u8>)>> = vec![
            vec![("long enough".to_owned(), Some(1)), ("b".to_owned(), None)],
            vec![("c".to_owned(), None)],
            vec![],
            vec![("d".to_owned(), Some(2)), (String::new(), Some(3)), ("e".to_owned(), None)],
        ];
        let mut value: Vec<(String, Option<u8>)> = Vec::new();
        for expected in &values {
            let mut raw = Vec::new();
            encode_into(expected, &mut raw).unwrap();
            decode_over(&raw, &mut value).unwrap();
            assert_eq!(value, *expected);
            raw.push(0);
            assert!(decode_over(&raw, &mut value).is_err());
        }
    }

    #[test]
    fn hostile_lengths_do_not_allocate() {
        // A string of 2^63 bytes, and a list of 2^60 strings.
        for head in [[253u8, 0, 0, 0, 0, 0, 0, 0, 0x80], [253, 0, 0, 0, 0, 0, 0, 0, 0x10]] {
            assert!(decode::<String>(&head).is_err());
            assert!(decode::<Vec<String>>(&head).is_err());
        }
    }
}
