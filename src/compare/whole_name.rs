//! Whole names against each other, whatever the roles of their words.

use super::words::relate;
use crate::reference::legal_form::canonical_word;
use crate::similarity::osa_within;

/// Cost of a word of a person's name that only one side has …
const PERSON_LEFT_OVER: f64 = 0.2;
/// … and of an organisation's: a further word is another branch or another firm.
const ORGANIZATION_LEFT_OVER: f64 = 0.4;
/// Cost of the beginning of an organisation's word, or of an abbreviation of it.
const BEGINNING: f64 = 0.5;
const ABBREVIATION: f64 = 0.2;
/// Cost of words run together or apart, before any error.
const JOINED: f64 = 0.05;
/// Words that may be left out of an organisation's name.
const SMALL_WORDS: &[&str] = &["the", "of", "and", "for", "de", "la", "le", "et", "und", "y"];

/// How alike two names of persons are, 1 for equal ones, towards 0; `a` and `b` are their folded
/// words, in any order. Words are paired, the most alike first; the worst pair counts (one word that
/// contradicts makes another name), and a little every word left over. Symmetric.
/// O(words² · length²).
///
/// ```
/// use sameas::compare::names_alike;
/// let same = names_alike(&["bob", "castelano"], &["castellano", "robert"]);
/// let other = names_alike(&["bob", "castellano"], &["bob", "carter"]);
/// assert!(same > 0.8 && other < 0.5, "{same} {other}");
/// ```
pub fn names_alike(a: &[&str], b: &[&str]) -> f64 {
    alike(a, b, PERSON_LEFT_OVER, &|x, y| relate(x, y, true).1)
}

/// How alike two names of organisations are; as [`names_alike`], of folded words without legal form.
///
/// ```
/// use sameas::compare::organizations_alike;
/// let same = organizations_alike(&["goodwill", "intl"], &["goodwill", "international"]);
/// let other = organizations_alike(&["goodwill", "north"], &["goodwill", "bakery"]);
/// assert!(same > 0.7 && other < 0.4, "{same} {other}");
/// ```
pub fn organizations_alike(a: &[&str], b: &[&str]) -> f64 {
    fn content<'a>(words: &[&'a str]) -> Vec<&'a str> {
        let content = words.iter().copied().filter(|w| !SMALL_WORDS.contains(w));
        let content: Vec<&str> = content.collect();
        if content.is_empty() { words.to_vec() } else { content }
    }
    alike(&content(a), &content(b), ORGANIZATION_LEFT_OVER, &organization_cost)
}

/// Cost of two different words of organisations.
fn organization_cost(x: &str, y: &str) -> f64 {
    if canonical_word(x) == canonical_word(y) {
        return ABBREVIATION;
    }
    let (short, long) = if x.len() <= y.len() { (x, y) } else { (y, x) };
    let cost = relate(x, y, false).1;
    if short.len() >= 3 && long.starts_with(short) { cost.max(BEGINNING) } else { cost }
}

fn alike(a: &[&str], b: &[&str], left_over: f64, cost: &dyn Fn(&str, &str) -> f64) -> f64 {
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if few.is_empty() {
        return 0.0;
    }
    let (p, q) = (few.concat(), many.concat());
    let longest = p.len().max(q.len());
    let edits = osa_within(&p, &q, longest).unwrap_or(longest) as f64;
    let joined = JOINED + 0.5 * edits * edits / (longest as f64).sqrt();
    let paired = paired(few, many, cost) + left_over * (many.len() - few.len()) as f64;
    let least = if few == many { 0.0 } else { paired.min(joined) };
    (-least).exp()
}

/// The worst cost of a pair of words, paired by rising cost, near places first.
fn paired(few: &[&str], many: &[&str], cost: &dyn Fn(&str, &str) -> f64) -> f64 {
    let mut pairs: Vec<(f64, usize, usize)> = Vec::with_capacity(few.len() * many.len());
    for (i, x) in few.iter().enumerate() {
        let cost = |y: &str| if *x == y { 0.0 } else { cost(x, y) };
        pairs.extend(many.iter().enumerate().map(|(j, y)| (cost(y), i, j)));
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
    worst
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        text.split(' ').collect()
    }

    #[test]
    fn one_word_that_contradicts_makes_another_name() {
        let alike = |a: &str, b: &str| names_alike(&words(a), &words(b));
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

    #[test]
    fn organisations_may_leave_small_words_out_but_no_others() {
        let alike = |a: &str, b: &str| organizations_alike(&words(a), &words(b));
        assert_eq!(alike("the bank of ohio", "bank ohio"), 1.0);
        assert!(alike("banco santander", "banco santander chile") < 0.7);
        assert!(alike("turbo tax", "turbotax") > 0.9);
        assert!(alike("first intl bank", "first international bank") > 0.8);
    }
}
