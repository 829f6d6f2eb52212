//! A page of postings: the keys of one bucket with their records, packed.

use super::index::{BUCKET_BITS, bucket_of};

/// A page: step u64, then per key the difference to the key before, doubled; plus one if a count
/// follows, else it has one record; then its records, the first whole, the others as differences.
pub(super) fn encode(step: u64, postings: &[(u64, u64)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + postings.len() * 9);
    bytes.extend_from_slice(&step.to_le_bytes());
    let mut last_key = bucket_of(postings[0].0) << (64 - BUCKET_BITS);
    for block in postings.chunk_by(|a, b| a.0 == b.0) {
        let key = block[0].0;
        put_varint(&mut bytes, (key - last_key) << 1 | u64::from(block.len() > 1));
        last_key = key;
        if block.len() > 1 {
            put_varint(&mut bytes, block.len() as u64);
        }
        let mut last = 0;
        for (_, record) in block {
            put_varint(&mut bytes, record - last);
            last = *record;
        }
    }
    bytes
}

pub(super) fn split_step(page: &[u8]) -> Option<(u64, &[u8])> {
    let (step, rest) = page.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*step), rest))
}

pub(super) fn put_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

pub(super) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    // Almost all end within eight bytes: those are taken at once.
    if let Some(word) = bytes.first_chunk().map(|eight| u64::from_le_bytes(*eight)) {
        let ends = !word & 0x8080_8080_8080_8080;
        if ends != 0 {
            let used = ends.trailing_zeros() / 8 + 1;
            *bytes = &bytes[used as usize..];
            return Some(without_marks(word & u64::MAX >> (64 - 8 * used)));
        }
    }
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Joins the lower seven bits of eight bytes.
fn without_marks(word: u64) -> u64 {
    let word = (word & 0x007f_007f_007f_007f) | (word & 0x7f00_7f00_7f00_7f00) >> 1;
    let word = (word & 0x0000_3fff_0000_3fff) | (word & 0x3fff_0000_3fff_0000) >> 2;
    (word & 0x0fff_ffff) | (word & 0x0fff_ffff_0000_0000) >> 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_round_trip() {
        let around = |power: u32| [(1u64 << power) - 1, 1 << power, 0x5a5a_5a5a_5a5a_5a5a >> power];
        let values = (0..64).flat_map(around).chain([300, u64::MAX]);
        for value in values {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            assert_eq!(take_varint(&mut &bytes[..bytes.len() - 1]), None);
            // Whatever follows, in the same eight bytes or not.
            for length in 0..9 {
                let mut followed = bytes.clone();
                followed.resize(bytes.len() + length, 0xff);
                let mut rest = followed.as_slice();
                assert_eq!(take_varint(&mut rest), Some(value));
                assert_eq!(rest.len(), length);
            }
        }
    }
}
