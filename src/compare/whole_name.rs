//! Whole names against each other, whatever the roles of their words: what a person does who sees
//! two names and nothing else.

use crate::reference::names::nickname_link;
use crate::similarity::osa_within;

/// Cost of a nickname, of an initial, of a word that only one side has.
const NICKNAME: f64 = 0.2;
const INITIAL: f64 = 0.35;
const LEFT_OVER: f64 = 0.2;
/// Cost of words run together or apart, before any error.
const JOINED: f64 = 0.05;

/// How alike two names are, 1 for equal ones, towards 0; `a` and `b` are their folded words, in any
/// order. Words are paired, the most alike first; the worst pair counts (one word that contradicts
/// makes another name), and a little every word left over. Symmetric. O(words² · length²).
///
/// ```
/// use sameas::compare::names_alike;
/// let same = names_alike(&["bob", "castelano"], &["castellano", "robert"]);
/// let other = names_alike(&["bob", "castellano"], &["bob", "castell"]);
/// assert!(same > 0.8 && other < 0.5);
/// ```
pub fn names_alike(a: &[&str], b: &[&str]) -> f64 {
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if few.is_empty() {
        return 0.0;
    }
    let joined = JOINED + 0.5 * errors(&few.concat(), &many.concat(), f64::sqrt);
    (-paired(few, many).min(joined)).exp()
}

/// The worst cost of a pair of words, and that of the words left over.
fn paired(few: &[&str], many: &[&str]) -> f64 {
    let mut pairs: Vec<(f64, usize, usize)> = Vec::with_capacity(few.len() * many.len());
    for (i, x) in few.iter().enumerate() {
        pairs.extend(many.iter().enumerate().map(|(j, y)| (cost(x, y), i, j)));
    }
    let apart = |pair: &(f64, usize, usize)| pair.1.abs_diff(pair.2);
    pairs.sort_by(|p, q| p.0.total_cmp(&q.0).then(apart(p).cmp(&apart(q))));
    let (mut taken_few, mut taken_many) = (vec![false; few.len()], vec![false; many.len()]);
    let mut worst = 0.0_f64;
    for (cost, i, j) in pairs {
        if !taken_few[i] && !taken_many[j] {
            (taken_few[i], taken_many[j]) = (true, true);
            worst = worst.max(cost);
        }
    }
    worst + LEFT_OVER * (many.len() - few.len()) as f64
}

fn cost(x: &str, y: &str) -> f64 {
    if x == y {
        return 0.0;
    }
    if x.len() == 1 || y.len() == 1 {
        return if x.as_bytes().first() == y.as_bytes().first() { INITIAL } else { 2.0 };
    }
    let errors = errors(x, y, |length| length);
    if nickname_link(x, y).is_some() { errors.min(NICKNAME) } else { errors }
}

/// Edits squared over a measure of the length: one error in a long word is nothing, four in a short
/// one are another word.
fn errors(x: &str, y: &str, measure: fn(f64) -> f64) -> f64 {
    let length = x.len().max(y.len());
    let edits = osa_within(x, y, length).unwrap_or(length) as f64;
    edits * edits / measure(length as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_that_contradicts_makes_another_name() {
        let alike = |a: &str, b: &str| {
            let words = |text: &'static str| text.split(' ').collect::<Vec<_>>();
            names_alike(&words(a.to_owned().leak()), &words(b.to_owned().leak()))
        };
        assert_eq!(alike("kim sok jin", "kim sok jin"), 1.0);
        assert_eq!(alike("hans friedrich", "friedrich hans"), 1.0);
        for (near, far) in [
            (("lionel bessi", "lionel messi"), ("boris abramovich", "roman abramovich")),
            (("ted doe", "theodore doe"), ("fred doe", "theodore doe")),
            (("polpot", "pol pot"), ("pot pouv", "pol pot")),
            (("j friedrich", "joachim friedrich"), ("k friedrich", "joachim friedrich")),
        ] {
            assert!(alike(near.0, near.1) > alike(far.0, far.1), "{near:?} {far:?}");
            assert_eq!(alike(near.0, near.1), alike(near.1, near.0));
        }
        assert_eq!(names_alike(&[], &["x"]), 0.0);
    }
}
