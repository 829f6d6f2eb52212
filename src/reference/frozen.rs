//! Maps that are laid out when the program is built (`build/`, beside this file), so that nothing is parsed at its start.
//!
//! ```text
//! 0       number of slots, a power of two, u32 little-endian
//! 4..     slots, u32 each: offset of an entry in the lower 24 bits, eight bits of its hash above;
//!         0 for none
//! then    entries: length of the key u8, length of the value u16, key, value
//! ```

/// Bits of a slot that are an offset.
pub(super) const OFFSET_BITS: u32 = 24;

/// A map from texts to bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frozen(&'static [u8]);

impl Frozen {
    pub(super) const fn new(bytes: &'static [u8]) -> Self {
        Self(bytes)
    }

    /// The value of a key. O(length).
    pub(super) fn get(self, key: &str) -> Option<&'static [u8]> {
        let (head, rest) = self.0.split_first_chunk()?;
        let slots = u32::from_le_bytes(*head) as usize;
        let slots = &rest.as_chunks::<4>().0[..slots];
        let (at, tag) = place_of(key);
        let mut at = at as usize;
        loop {
            at &= slots.len() - 1;
            let slot = u32::from_le_bytes(slots[at]);
            if slot == 0 {
                return None;
            }
            if slot >> OFFSET_BITS == tag {
                let entry = &self.0[(slot & ((1 << OFFSET_BITS) - 1)) as usize..];
                let (length, value) = (usize::from(entry[0]), [entry[1], entry[2]]);
                if &entry[3..3 + length] == key.as_bytes() {
                    let rest = &entry[3 + length..];
                    return Some(&rest[..usize::from(u16::from_le_bytes(value))]);
                }
            }
            at += 1;
        }
    }

    /// The value of a key as text; empty bytes are a text too.
    pub(super) fn text(self, key: &str) -> Option<&'static str> {
        self.get(key).map(text_of)
    }
}

/// Bytes of a value as the text that they are.
pub(super) fn text_of(bytes: &'static [u8]) -> &'static str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// A number of a map or of one of its values; 0 beyond the end.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// Where a key is sought: the lower bits of the first are its slot where no other has it before, the
/// second stands above the offset there.
pub(super) fn place_of(key: &str) -> (u32, u32) {
    let mix =
        |hash: u64, word: u64| (hash.rotate_left(26) ^ word).wrapping_mul(0xf135_7aea_2e62_a9c5);
    let bytes = key.as_bytes();
    let mut hash = bytes.len() as u64;
    if let Some(last) = bytes.last_chunk() {
        // The last eight may overlap those before.
        let words = bytes.as_chunks().0.iter().chain([last]);
        hash = words.map(|word| u64::from_le_bytes(*word)).fold(hash, mix);
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        hash = mix(hash, u64::from(first) << 32 | u64::from(last));
    } else {
        hash = mix(hash, bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
    ((hash >> 40) as u32, (hash >> 32) as u32 & 0xff)
}
