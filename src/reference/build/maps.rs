//! Writes maps as `src/reference/frozen.rs` reads them.

use std::collections::BTreeMap;

use super::frozen::{OFFSET_BITS, place_of};

/// A map as bytes.
pub(super) fn frozen(map: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    // At most half of the slots are taken.
    let count = (map.len() * 2).next_power_of_two().max(2);
    let mut slots = vec![0_u32; count];
    assert!(count < 1 << 24, "a map has too many keys");
    let mut entries: Vec<u8> = Vec::new();
    for (key, value) in map {
        let offset = 4 + count * 4 + entries.len();
        assert!(offset >> OFFSET_BITS == 0, "a map is larger than 16 MiB");
        let (at, tag) = place_of(key);
        let mut at = at as usize & (count - 1);
        while slots[at] != 0 {
            at = (at + 1) & (count - 1);
        }
        slots[at] = tag << OFFSET_BITS | offset as u32;
        entries.push(u8::try_from(key.len()).expect("a key is short"));
        entries.extend(u16::try_from(value.len()).expect("a value is short").to_le_bytes());
        entries.extend(key.bytes());
        entries.extend(value);
    }
    let mut bytes = (count as u32).to_le_bytes().to_vec();
    bytes.extend(slots.iter().flat_map(|slot| slot.to_le_bytes()));
    bytes.extend(entries);
    bytes
}
