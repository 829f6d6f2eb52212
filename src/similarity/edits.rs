use rapidfuzz::distance::{jaro_winkler as jw, osa as rf_osa};

/// Optimal string alignment distance: insertions, deletions, substitutions and transpositions of
/// neighbours, each part edited once. O(length²/64). Hyyrö, "Bit-parallel approximate string
/// matching algorithms with transposition" (2003).
pub fn osa(a: &str, b: &str) -> usize {
    rf_osa::distance(a.bytes(), b.bytes())
}

/// The distance if it is at most `max`, which is much cheaper to find out.
pub fn osa_within(a: &str, b: &str, max: usize) -> Option<usize> {
    if a == b {
        return Some(0);
    }
    if a.len().abs_diff(b.len()) > max {
        return None;
    }
    // One edit is what is asked most: decide it by the first and last difference.
    if max == 1 {
        return one_edit(a.as_bytes(), b.as_bytes()).then_some(1);
    }
    rf_osa::distance_with_args(a.bytes(), b.bytes(), &rf_osa::Args::default().score_cutoff(max))
}

/// Whether two different strings are one edit or one transposition apart. O(length).
fn one_edit(a: &[u8], b: &[u8]) -> bool {
    let (a, b) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let prefix = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[prefix..], &b[prefix..]);
    if a.len() == b.len() {
        a[1..] == b[1..] || (a.len() >= 2 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..])
    } else {
        *a == b[1..]
    }
}

/// Whether two words have the same letters in any order. O(length log length).
pub fn same_letters(a: &str, b: &str) -> bool {
    a.len() == b.len() && {
        let (mut x, mut y) = (a.as_bytes().to_vec(), b.as_bytes().to_vec());
        x.sort_unstable();
        y.sort_unstable();
        x == y
    }
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
        fn cutoff_form_equals_plain_form(a in "[a-c]{0,8}", b in "[a-c]{0,8}", max in 1_usize..4) {
            let plain = osa(&a, &b);
            prop_assert_eq!(osa_within(&a, &b, max), (plain <= max).then_some(plain));
            prop_assert_eq!(plain, osa(&b, &a));
            let s = jaro_winkler(&a, &b);
            prop_assert!((0.0..=1.0).contains(&s));
            prop_assert!((s - jaro_winkler(&b, &a)).abs() < 1e-9);
        }
    }
}
