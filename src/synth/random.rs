//! Numbers that look random and are a pure function of their seed.

/// Stream of pseudo-random numbers (SplitMix64).
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The stream of a seed and a place: another place has a stream of its own.
    pub(super) fn new(seed: u64, place: u64) -> Self {
        Self(mix(mix(seed) ^ place.wrapping_mul(0xA24B_AED4_963E_E407)))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// From 0 up to `n`, without it; 0 if `n` is 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    /// From 0 up to 1, without it.
    pub(super) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1_u32 << 24) as f32
    }

    /// True so often.
    pub(super) fn chance(&mut self, probability: f32) -> bool {
        probability > 0.0 && self.unit() < probability
    }

    /// One of a list that is not empty.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// One text of a list that is not empty.
    pub(super) fn word<'a>(&mut self, list: &'a [impl AsRef<str>]) -> &'a str {
        list[self.below(list.len())].as_ref()
    }

    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}

/// A number whose bits depend on all bits of `x`.
pub(super) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// The place of `index` in a fixed random order of the numbers below `size`: no two numbers have one
/// place. Numbers of `size` and more wrap round. A Feistel network that is walked until it lands
/// inside; `size` is at most 2^62.
pub(super) fn permuted(index: u64, size: u64, key: u64) -> u64 {
    let half = (64 - size.leading_zeros()).div_ceil(2).max(1);
    let mask = (1_u64 << half) - 1;
    let mut at = index % size.max(1);
    loop {
        let (mut left, mut right) = (at >> half, at & mask);
        for round in 0..4 {
            let turned = left ^ (mix(right ^ key.wrapping_add(round << 56)) & mask);
            (left, right) = (right, turned);
        }
        at = (left << half) | right;
        if at < size.max(1) {
            return at;
        }
    }
}

/// A list whose members have weights.
#[derive(Debug, Default)]
pub(super) struct Weighted<T> {
    items: Vec<T>,
    /// Sum of the weights up to and with each item.
    sums: Vec<f32>,
}

impl<T> Weighted<T> {
    pub(super) fn new(list: impl IntoIterator<Item = (T, f32)>) -> Self {
        let (mut items, mut sums, mut sum) = (Vec::new(), Vec::new(), 0.0_f64);
        for (item, weight) in list {
            sum += f64::from(weight);
            items.push(item);
            sums.push(sum as f32);
        }
        Self { items, sums }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// One of a list that is not empty, as often as its weight says, with its share of all.
    pub(super) fn pick(&self, random: &mut Random) -> (&T, f32) {
        let total = self.sums[self.sums.len() - 1];
        let aim = random.unit() * total;
        let at = self.sums.partition_point(|sum| *sum <= aim).min(self.items.len() - 1);
        let before = if at == 0 { 0.0 } else { self.sums[at - 1] };
        (&self.items[at], (self.sums[at] - before) / total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_gives_every_number_once() {
        for size in [1, 2, 7, 64, 1000, 4097] {
            let mut places: Vec<u64> = (0..size).map(|index| permuted(index, size, 9)).collect();
            places.sort_unstable();
            assert_eq!(places, (0..size).collect::<Vec<u64>>());
        }
        assert_ne!(permuted(1, 1000, 9), permuted(1, 1000, 10));
    }

    #[test]
    fn weights_are_kept() {
        let list = Weighted::new([("a", 3.0), ("b", 1.0)]);
        let mut random = Random::new(1, 1);
        let a = (0..4000).filter(|_| list.pick(&mut random).0 == &"a").count();
        assert!((2800..3200).contains(&a), "{a}");
        assert!(Weighted::<u8>::default().is_empty());
    }

    #[test]
    fn places_have_streams_of_their_own() {
        let first = |seed, place| Random::new(seed, place).next();
        assert_eq!(first(1, 2), first(1, 2));
        assert!(first(1, 2) != first(2, 1) && first(1, 2) != first(1, 3));
    }
}
