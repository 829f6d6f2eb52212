//! The levels of a comparison in eight bytes, to be kept with a pair.

use super::{Comparison, DIMENSION, DIMENSIONS, MISSING};

/// Digits of a dimension: its levels, and one for missing.
const fn radix(d: usize) -> u64 {
    DIMENSION[d].levels.len() as u64 + 1
}

/// Fails to compile where the levels need more than 64 bits.
const _: u64 = {
    let (mut d, mut product) = (0, 1_u64);
    while d < DIMENSIONS {
        product *= radix(d);
        d += 1;
    }
    product
};

/// Packs the levels of a comparison: a number with one digit a dimension, 0 for missing. A pair
/// that was never compared is 0. O(dimensions).
pub fn pack(comparison: &Comparison) -> u64 {
    (0..DIMENSIONS).rev().fold(0, |packed, d| {
        let level = comparison.level[d];
        let digit = if level == MISSING { 0 } else { u64::from(level) + 1 };
        packed * radix(d) + digit
    })
}

/// The levels that [`pack`] packed. O(dimensions).
pub fn unpack(packed: u64) -> [u8; DIMENSIONS] {
    let mut rest = packed;
    std::array::from_fn(|d| {
        let digit = rest % radix(d);
        rest /= radix(d);
        if digit == 0 { MISSING } else { digit as u8 - 1 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_come_back() {
        let mut comparison = Comparison::missing();
        assert_eq!(pack(&comparison), 0);
        assert_eq!(unpack(0), comparison.level);
        for turn in 0..20 {
            for d in 0..DIMENSIONS {
                let levels = DIMENSION[d].levels.len();
                comparison.level[d] = match (turn * 7 + d * 3) % (levels + 1) {
                    0 => MISSING,
                    digit => digit as u8 - 1,
                };
            }
            assert_eq!(unpack(pack(&comparison)), comparison.level);
        }
        for (d, level) in comparison.level.iter_mut().enumerate() {
            *level = DIMENSION[d].levels.len() as u8 - 1;
        }
        assert_eq!(unpack(pack(&comparison)), comparison.level);
    }
}
