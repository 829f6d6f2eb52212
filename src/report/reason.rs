//! Why a pair is a candidate, in words that need no explaining.

use crate::compare::{DIMENSIONS, MISSING, dim, unpack};
use crate::model::EntityKind;
use crate::scoring::{Model, Parameters};

/// Words by dimension and level, in the order of `compare::DIMENSION`; the dimensions of further
/// columns come after them. No commas: they part the words of a reason.
const WORDS: [&[&str]; dim::TEXT] = [
    &[
        "same given name",
        "nickname or short form of given name",
        "typing error in given name",
        "same given initial",
        "given name agrees with a middle name or the address",
        "given names look or sound alike",
        "other given name",
        "other given initial",
        "given and family name swapped",
        "another well-known given name",
        "another well-known given name (nearly alike)",
    ],
    &["same middle name", "similar middle name", "other middle name"],
    &[
        "same family name",
        "one part of a double family name",
        "typing error in family name",
        "same family initial",
        "family names look or sound alike",
        "other family name",
        "given and family name swapped",
    ],
    &["same generation (Jr/Sr)", "other generation (Jr/Sr)", "Jr/Sr on one side only"],
    &[
        "same date of birth",
        "day and month of birth swapped",
        "date of birth one digit off",
        "same year and month or day of birth",
        "date of birth two digits off",
        "same year of birth",
        "years of birth up to two apart",
        "other date of birth",
        "same year of birth (1 January on one side)",
        "age up to one year apart",
        "age up to three years apart",
        "other age",
        "year of birth one digit off (1 January on both sides)",
        "other year of birth (1 January on both sides)",
    ],
    &["same gender", "other gender"],
    &[
        "same e-mail",
        "same e-mail but for the domain's spelling",
        "same e-mail name at another domain",
        "nearly the same e-mail",
        "e-mail with other digits or dots",
        "similar e-mail name at another domain",
        "same company's e-mail domain",
        "other e-mail",
    ],
    &["same phone", "phone one digit off", "same last seven digits of phone", "other phone"],
    &[
        "same address",
        "same street and number in another town",
        "nearly the same address",
        "same street",
        "same postcode",
        "same town",
        "near postcode or town",
        "same region",
        "other address",
        "same building but other unit",
    ],
    &[
        "same tax or id number",
        "id number one digit off",
        "id number two digits off",
        "other id number",
    ],
    &["same card or account token", "other card or account token"],
    &["linked by the system", "same id of another system", "other id in the same system"],
    COMPANY,
    COMPANY,
    &["same web domain", "other web domain"],
    &["same source", "other source"],
    &["same job title", "nearly the same job title", "job titles share a word", "other job title"],
];

const COMPANY: &[&str] = &[
    "same company",
    "nearly the same company",
    "similar company",
    "company half alike",
    "some words of company alike",
    "other company",
    "other branch of the company (number or direction)",
];

/// Words of a further column's levels, before its name.
const FURTHER: [&str; 4] = ["same", "nearly the same", "a common word in", "other"];

/// Comparisons that say less than this (bits) are left out of a reason.
const NOTEWORTHY: f32 = 0.5;
/// How many words for, and how many against, a reason has.
const MOST: usize = 4;

/// Turns packed levels into words.
pub(super) struct Reasons<'a> {
    /// Weights in bits of persons and of organisations, by dimension and level.
    weights: [Vec<Vec<f32>>; 2],
    further: &'a [String],
}

impl<'a> Reasons<'a> {
    pub(super) fn new(model: &'a Model) -> Self {
        let weights = |p: &Parameters| -> Vec<Vec<f32>> {
            let bits = |(m, u): (&f64, &f64)| (m / u).log2() as f32;
            p.m.iter().zip(&p.u).map(|(m, u)| m.iter().zip(u).map(bits).collect()).collect()
        };
        let weights = [weights(&model.person), weights(&model.organization)];
        Self { weights, further: &model.texts.columns }
    }

    /// Writes what speaks for a pair, then what speaks against it, each strongest first: `same
    /// e-mail, same family name, other address`. Weighs levels without the frequency of the values.
    pub(super) fn write(&self, packed: u64, kinds: [EntityKind; 2], out: &mut String) {
        let weights = &self.weights[usize::from(kinds.contains(&EntityKind::Organization))];
        let levels = unpack(packed);
        let mut terms = [(0.0_f32, 0_usize); DIMENSIONS];
        let mut found = 0;
        for (d, level) in levels.iter().enumerate() {
            let weight = weights.get(d).and_then(|of| of.get(usize::from(*level)));
            if let Some(weight) = weight
                && d != dim::SOURCE
                && *level != MISSING
                && weight.abs() >= NOTEWORTHY
            {
                terms[found] = (*weight, d);
                found += 1;
            }
        }
        let terms = &mut terms[..found];
        // Stable: equal weights stay in the order of the dimensions.
        terms.sort_by(|a, b| b.0.total_cmp(&a.0));
        let agreeing = terms.partition_point(|(weight, _)| *weight > 0.0);
        let speaking = terms[..agreeing].iter().take(MOST);
        let speaking = speaking.chain(terms[agreeing..].iter().rev().take(MOST));
        let start = out.len();
        let mut swapped = false;
        for (_, d) in speaking {
            let level = usize::from(levels[*d]);
            let words = WORDS.get(*d).and_then(|of| of.get(level)).copied();
            if words.is_some_and(|words| words.ends_with("name swapped"))
                && std::mem::replace(&mut swapped, true)
            {
                continue;
            }
            if out.len() > start {
                out.push_str(", ");
            }
            match words {
                Some(words) => out.push_str(words),
                None => {
                    let column = self.further.get(d.wrapping_sub(dim::TEXT));
                    out.push_str(FURTHER.get(level).copied().unwrap_or("similar"));
                    out.push(' ');
                    let name = column.map_or("text", String::as_str);
                    out.extend(name.chars().map(|c| if matches!(c, '_' | ',') { ' ' } else { c }));
                }
            }
        }
        if out.len() == start {
            out.push_str("little to compare");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Comparison, DIMENSION, PatternShares, Table, TextChoice, pack};

    fn model() -> Model {
        let generic = Parameters::generic(&Table::default(), 1.0, 1.0);
        Model {
            version: 1,
            records: 0,
            person: generic.clone(),
            organization: generic,
            shares: PatternShares::default(),
            texts: TextChoice { columns: vec!["shirt_size".to_owned()] },
            limits: crate::model::BlockLimits::default(),
            frequencies: Vec::new(),
        }
    }

    fn words(levels: &[(usize, u8)]) -> String {
        let mut comparison = Comparison::missing();
        levels.iter().for_each(|(d, level)| comparison.level[*d] = *level);
        let mut out = String::new();
        Reasons::new(&model()).write(pack(&comparison), [EntityKind::Person; 2], &mut out);
        out
    }

    #[test]
    fn every_level_has_its_words() {
        for (words, dimension) in WORDS.iter().zip(&DIMENSION) {
            assert_eq!(words.len(), dimension.levels.len(), "{}", dimension.name);
            assert!(words.iter().all(|w| !w.contains(',')));
        }
        assert_eq!(FURTHER.len(), DIMENSION[dim::TEXT].levels.len());
    }

    #[test]
    fn a_reason_names_what_speaks_for_and_against() {
        assert_eq!(
            words(&[(dim::EMAIL, 0), (dim::FAMILY, 0), (dim::ADDRESS, 8), (dim::TEXT, 0)]),
            "same e-mail, same shirt size, same family name, other address"
        );
        assert_eq!(words(&[]), "little to compare");
        assert_eq!(words(&[(dim::SOURCE, 0)]), "little to compare");
    }
}
