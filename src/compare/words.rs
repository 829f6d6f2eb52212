//! Words of names against each other: the one graded comparison that all levels of names are cut
//! from, and that whole names are compared by.

use crate::reference::names::{NameLink, nickname_link, of_opposite_sexes};
use crate::similarity::{jaro_winkler, osa_within, same_letters, soundex};

/// Costs, 0 for equal words. Up to here it is a slip of the pen, one or two typing errors …
pub(super) const SLIP: f64 = 0.5;
/// … up to here the two sound or look alike, beyond it they are different words.
pub(super) const ALIKE: f64 = 0.8;
/// A nickname, a short form, another spelling.
pub(super) const FORM: f64 = 0.2;
/// An initial that agrees …
pub(super) const INITIAL: f64 = 0.35;
/// … and one that does not.
pub(super) const OTHER_INITIAL: f64 = 2.0;
/// The cost of names of opposite sexes, however alike: Mario is no Maria.
const OTHER_SEX: f64 = 1.5;
/// The least cost of an error in a word of three letters or fewer, where it makes another word.
const SHORT: f64 = 0.9;

/// How two different words of a name relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// A nickname, a short form, a spelling.
    Form,
    /// An initial and a word that begins with it.
    Initial,
    /// An initial and a word that does not.
    OtherInitial,
    /// One or two typing errors.
    Slip,
    /// It sounds or looks alike, or is a form in another language.
    Alike,
    /// Another word.
    Other,
}

impl Relation {
    /// Cuts a cost of spelling.
    fn cut(cost: f64) -> Self {
        match cost {
            _ if cost <= SLIP => Self::Slip,
            _ if cost <= ALIKE => Self::Alike,
            _ => Self::Other,
        }
    }

    /// How the spellings of two different words relate: the cut of [`spelling`], without working out
    /// what no cut asks for.
    pub(super) fn of_spelling(a: &str, b: &str, sounds: bool) -> Self {
        let shorter = a.len().min(b.len());
        let most = (ALIKE * shorter as f64).sqrt() as usize;
        let is_short = shorter < 4 && !(a.len().max(b.len()) == 3 && same_letters(a, b));
        let edits = if is_short { None } else { osa_within(a, b, most) };
        let cost = edits.map_or(f64::INFINITY, |edits| (edits * edits) as f64 / shorter as f64);
        if cost <= SLIP {
            return Self::Slip;
        }
        let cut = Self::cut(cost.min(look(a, b)));
        let alike = || sounds || (shorter >= 4 && jumbled(a, b));
        if cut == Self::Other && shorter > 0 && alike() { Self::Alike } else { cut }
    }

    /// How two different words relate; `sounds` says whether they sound the same, `nicknames`
    /// whether forms of given names count.
    pub(super) fn of(a: &str, b: &str, sounds: bool, nicknames: bool) -> Self {
        match form(a, b, nicknames) {
            Some((relation, _)) => relation,
            None => Self::of_spelling(a, b, sounds),
        }
    }
}

/// How two different words relate, and what that costs; `nicknames` says whether forms of given
/// names count. O(length²).
pub(super) fn relate(a: &str, b: &str, nicknames: bool) -> (Relation, f64) {
    form(a, b, nicknames).unwrap_or_else(|| {
        let cost = spelling(a, b, soundex(a) == soundex(b));
        (Relation::cut(cost), cost)
    })
}

/// What two words are if one is an initial or a form of the other, or if they are given names of
/// opposite sexes.
fn form(a: &str, b: &str, nicknames: bool) -> Option<(Relation, f64)> {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if short.len() == 1 {
        return Some(if long.starts_with(short) {
            (Relation::Initial, INITIAL)
        } else {
            (Relation::OtherInitial, OTHER_INITIAL)
        });
    }
    match if nicknames { nickname_link(a, b) } else { None } {
        Some(NameLink::Nickname { sources: 2.. } | NameLink::Spelling) => {
            Some((Relation::Form, FORM))
        }
        // A single list takes Georgia for a form of George, too.
        _ if nicknames && of_opposite_sexes(a, b) => Some((Relation::Other, OTHER_SEX)),
        Some(NameLink::Nickname { .. }) => Some((Relation::Form, FORM)),
        Some(NameLink::CrossLanguage) => Some((Relation::Alike, ALIKE)),
        None if short.len() >= 3 && long.starts_with(short) => Some((Relation::Form, FORM)),
        None => None,
    }
}

/// What Jaro–Winkler similarity makes of a difference: .93 is a slip, .84 alike.
fn look(a: &str, b: &str) -> f64 {
    SLIP + (0.93 - jaro_winkler(a, b)) * (ALIKE - SLIP) / (0.93 - 0.84)
}

/// The same letters in another order, the first in its place.
fn jumbled(a: &str, b: &str) -> bool {
    a.as_bytes()[0] == b.as_bytes()[0] && same_letters(a, b)
}

/// What the difference in spelling of two words costs: edits squared over the length (one error in
/// a long word is nothing, four in a short one are another word), or what Jaro–Winkler similarity
/// makes of it, .93 as a slip and .84 as alike; at most [`ALIKE`] where they sound the same or are
/// the same letters in another order. O(length²).
pub(super) fn spelling(a: &str, b: &str, sounds: bool) -> f64 {
    let shorter = a.len().min(b.len());
    if shorter == 0 {
        return OTHER_INITIAL;
    }
    let longest = a.len().max(b.len());
    let edits = osa_within(a, b, longest).unwrap_or(longest);
    let mut cost = (edits * edits) as f64 / shorter as f64;
    if shorter < 4 && !(longest == 3 && same_letters(a, b)) {
        cost = cost.max(SHORT);
    }
    if cost <= SLIP {
        return cost;
    }
    cost = cost.min(look(a, b));
    if sounds || (shorter >= 4 && jumbled(a, b)) { cost.min(ALIKE) } else { cost }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_relate() {
        for (a, b, want) in [
            ("bob", "robert", Relation::Form),
            ("alex", "alexander", Relation::Form),
            ("mario", "maria", Relation::Other),
            ("paul", "paula", Relation::Other),
            ("george", "georgia", Relation::Other),
            ("patrick", "patsy", Relation::Form),
            ("j", "john", Relation::Initial),
            ("k", "john", Relation::OtherInitial),
            ("jon", "jno", Relation::Slip),
            ("castelano", "castellano", Relation::Slip),
            ("tim", "jim", Relation::Other),
            ("juan", "john", Relation::Alike),
            ("peter", "susan", Relation::Other),
        ] {
            let (got, cost) = relate(a, b, true);
            assert_eq!(got, want, "{a} {b}: {cost}");
            assert_eq!(relate(b, a, true), (got, cost));
            assert_eq!(Relation::of(a, b, soundex(a) == soundex(b), true), got, "{a} {b}");
        }
    }

    #[test]
    fn what_is_cut_at_once_is_the_cut_of_the_cost() {
        let words = [
            "a",
            "an",
            "ann",
            "nan",
            "anna",
            "hanna",
            "johannes",
            "johanes",
            "jonas",
            "castellano",
            "castelano",
            "castaleno",
            "casetllano",
            "castell",
            "smith",
            "smyth",
            "schmidt",
            "htims",
            "konstantinopoulos",
            "konstantinopulos",
            "constantinopolous",
            "li",
            "lee",
            "meier",
            "maier",
            "mayer",
            "meyerson",
        ];
        for a in words {
            for b in words.into_iter().filter(|b| *b != a) {
                for sounds in [false, true] {
                    let cost = spelling(a, b, sounds);
                    let cut = Relation::of_spelling(a, b, sounds);
                    assert_eq!(cut, Relation::cut(cost), "{a} {b} {sounds}: {cost}");
                }
            }
        }
    }
}
