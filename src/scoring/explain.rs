use std::f64::consts::LN_2;

use super::parameters::{Parameters, Score};
use crate::compare::{Comparison, DIMENSION, DIMENSIONS, MISSING, dim};
use crate::model::ComparisonTerm;

/// A score taken apart; bits. Terms + prior + background = total.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The comparisons, strongest first.
    pub terms: Vec<ComparisonTerm>,
    /// Prior log odds.
    pub prior: f64,
    /// What the background classes take away.
    pub background: f64,
    /// Total.
    pub total: f64,
}

impl Parameters {
    /// Takes a comparison's score apart. `text_names` name the further columns.
    pub fn explain(&self, comparison: &Comparison, text_names: &[String]) -> Weights {
        let score: Score = self.score(comparison);
        let mut terms = Vec::new();
        for d in 0..DIMENSIONS {
            let level = comparison.level[d];
            if level == MISSING {
                continue;
            }
            let l = level as usize;
            let ln_u = self.ln_u(d, level, comparison.feature[d], comparison.email_base);
            let matched = self.term(d, level, ln_u).matched;
            let plain = (self.m[d][l].ln() - self.u[d][l].ln()).clamp(-30.0, 30.0);
            let field = match d.checked_sub(dim::TEXT) {
                Some(at) => text_names.get(at).cloned().unwrap_or_else(|| "text".to_owned()),
                None => DIMENSION[d].name.to_owned(),
            };
            terms.push(ComparisonTerm {
                field,
                level: DIMENSION[d].levels[l].to_owned(),
                weight: plain / LN_2,
                term_frequency_weight: (matched - plain) / LN_2,
                values: None,
                note: note(d, level, comparison),
            });
        }
        terms.sort_by(|x, y| {
            let total = |t: &ComparisonTerm| (t.weight + t.term_frequency_weight).abs();
            total(y).total_cmp(&total(x)).then_with(|| x.field.cmp(&y.field))
        });
        Weights {
            terms,
            prior: self.prior[0].ln() / LN_2,
            background: (score.total - score.matched) / LN_2,
            total: score.total / LN_2,
        }
    }
}

fn note(d: usize, level: u8, comparison: &Comparison) -> Option<String> {
    let text = match d {
        dim::EMAIL if level <= 1 && comparison.email_base > f32::NEG_INFINITY => {
            "the address is made of the name, as many people of that name would write it"
        }
        dim::EMAIL if (2..6).contains(&level) => {
            "weighed against how often people of these names write such an address"
        }
        dim::GENERATION if level == 1 => "senior and junior of one name are two people",
        dim::GIVEN if matches!(level, 9 | 10) => {
            "both are names that people bear: rarely a slip of the pen"
        }
        dim::GIVEN if level == 8 => "the words of the name stand in each other's place",
        _ => return None,
    };
    Some(text.to_owned())
}
