use rapidfuzz::distance::{jaro_winkler as jw, osa as rf_osa};

/// Optimal string alignment distance if it is at most `max`, which is much cheaper to find out than
/// the distance: insertions, deletions, substitutions and transpositions of neighbours, each part
/// edited once. Beyond two edits O(length²/64): Hyyrö, "Bit-parallel approximate string matching
/// algorithms with transposition" (2003).
pub fn osa_within(a: &str, b: &str, max: usize) -> Option<usize> {
    osa_bytes_within(a.as_bytes(), b.as_bytes(), max)
}

/// The same for bytes.
pub fn osa_bytes_within(a: &[u8], b: &[u8], max: usize) -> Option<usize> {
    if a == b {
        return Some(0);
    }
    if a.len().abs_diff(b.len()) > max {
        return None;
    }
    // One or two edits are what is asked most: they are decided from difference to difference.
    if max <= 2 {
        return (1..=max).find(|edits| within(a, b, *edits));
    }
    let (a, b) = (a.iter().copied(), b.iter().copied());
    rf_osa::distance_with_args(a, b, &rf_osa::Args::default().score_cutoff(max))
}

/// Whether so many edits, at most two, make one text of the other: what is equal at the front is
/// left alone (it never pays to edit it), then each operation is tried at the first difference.
/// O(length · 4^edits), no allocation.
fn within(a: &[u8], b: &[u8], edits: usize) -> bool {
    if a.len().abs_diff(b.len()) > edits {
        return false;
    }
    let prefix = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[prefix..], &b[prefix..]);
    if edits == 0 || a.is_empty() || b.is_empty() {
        return a.len().max(b.len()) <= edits;
    }
    within(&a[1..], &b[1..], edits - 1)
        || within(a, &b[1..], edits - 1)
        || within(&a[1..], b, edits - 1)
        || matches!((a, b), ([p, q, a @ ..], [r, s, b @ ..])
            if p == s && q == r && within(a, b, edits - 1))
}

/// Whether two words have the same letters in any order. O(length).
pub fn same_letters(a: &str, b: &str) -> bool {
    let sum = |s: &str| s.bytes().map(u32::from).sum::<u32>();
    if a.len() != b.len() || sum(a) != sum(b) {
        return false;
    }
    let mut counts = [0_i32; 256];
    for (x, y) in a.bytes().zip(b.bytes()) {
        counts[usize::from(x)] += 1;
        counts[usize::from(y)] -= 1;
    }
    counts.iter().all(|n| *n == 0)
}

/// Jaro–Winkler similarity in [0, 1], prefix weight 0.1 up to four letters. Winkler (1990).
pub fn jaro_winkler(a: &str, b: &str) -> f64 {
    jw::similarity(a.bytes(), b.bytes())
}

/// Whether the similarity reaches `cutoff`.
pub fn jaro_winkler_at_least(a: &str, b: &str, cutoff: f64) -> bool {
    jw::similarity_with_args(a.bytes(), b.bytes(), &jw::Args::default().score_cutoff(cutoff))
        .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_edit_knows_each_operation() {
        for (a, b, want) in [
            ("anna", "ana", Some(1)),
            ("anna", "hanna", Some(1)),
            ("anna", "annb", Some(1)),
            ("anna", "anan", Some(1)),
            ("anna", "nana", Some(1)),
            ("anna", "anna", Some(0)),
            ("a", "", Some(1)),
            ("ab", "cd", None),
            ("abc", "cba", None),
        ] {
            assert_eq!(osa_within(a, b, 1), want, "{a} {b}");
        }
    }

    #[test]
    fn letters_in_any_order() {
        assert!(same_letters("jones", "josen") && same_letters("", ""));
        assert!(!same_letters("jones", "jonas") && !same_letters("aab", "abb"));
        assert!(!same_letters("ab", "abb"));
    }

    proptest! {
        #[test]
        fn cutoff_form_equals_plain_form(a in "[a-c]{0,9}", b in "[a-c]{0,9}", max in 1_usize..4) {
            let plain = rf_osa::distance(a.bytes(), b.bytes());
            prop_assert_eq!(osa_within(&a, &b, max), (plain <= max).then_some(plain));
            prop_assert_eq!(osa_within(&b, &a, max), osa_within(&a, &b, max));
            let s = jaro_winkler(&a, &b);
            prop_assert!((0.0..=1.0).contains(&s));
            prop_assert!((s - jaro_winkler(&b, &a)).abs() < 1e-9);
        }
    }
}
