//! Which kind a file is of: every kind gets a score; the best is taken if it is good and alone.
//!
//! A signature that holds is nearly enough by itself. Besides, each name that a kind knows counts by
//! its rarity among the kinds (1/number of kinds that know it), so that a file with a third of its
//! columns dropped is still recognised, and `Email` or `City` decide nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::catalog::{Catalog, Kind};
use super::profile::Profile;
use super::spec::{Condition, Signature};
use super::value::{header_key, plain_path, satisfies, wildcard};
use crate::error::{Error, ErrorKind, Result};

/// How well a kind fits a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The kind.
    pub kind: Arc<str>,
    /// 0–1.
    pub score: f64,
    /// A signature holds; else it is a near miss.
    pub certain: bool,
    /// Names that the file and the kind share and that few other kinds know.
    pub because: Vec<String>,
    /// Names of the best fitting known header that the file has not.
    pub missing: Vec<String>,
}

/// What detection found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detection {
    /// Kinds that fit at all, best first.
    pub candidates: Vec<Candidate>,
}

const LEAST: f64 = 0.3;
const TIE: f64 = 0.03;

impl Detection {
    /// The kind to take, `None` for a generic table.
    ///
    /// # Errors
    /// Two kinds fit equally well: both are named with the way to decide.
    pub fn choose(&self, file: &str) -> Result<Option<&Candidate>> {
        let Some(best) = self.candidates.first().filter(|best| best.score >= LEAST) else {
            return Ok(None);
        };
        if let Some(second) = self.candidates.get(1)
            && best.score - second.score < TIE
        {
            let message =
                format!("this may be `{}` or `{}`, equally likely", best.kind, second.kind);
            let hint = format!("say which: `{file}:{}` or `{file}:{}`", best.kind, second.kind);
            return Err(Error::new(ErrorKind::Config, message).at(file).hint(hint));
        }
        Ok(Some(best))
    }
}

/// Scores every kind for a file.
pub(super) fn detect(catalog: &Catalog, profile: &Profile, file: &str) -> Detection {
    let json = profile.is_json();
    let names: BTreeSet<String> = if json {
        profile.nodes.keys().map(|path| plain_path(path)).collect()
    } else {
        profile.names.iter().map(|name| header_key(name)).collect()
    };
    let weights = catalog.rarity();
    let explainable: f64 = names.iter().filter_map(|name| weights.get(name.as_str())).sum();
    let file = file.to_lowercase();
    let mut candidates: Vec<Candidate> = catalog
        .all()
        .filter(|(_, kind)| kind.spec.containers.iter().any(|form| form.is_json() == json))
        .filter_map(|(name, kind)| {
            let input = Input { profile, names: &names, weights, explainable, file: &file };
            score(name, kind, &input)
        })
        .collect();
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.kind.cmp(&b.kind)));
    Detection { candidates }
}

/// Rarity of each name that any kind knows.
pub(super) fn rarity(catalog: &Catalog) -> BTreeMap<String, f64> {
    let mut known: BTreeMap<String, f64> = BTreeMap::new();
    for (_, kind) in catalog.all() {
        for name in &kind.vocabulary {
            *known.entry(name.clone()).or_default() += 1.0;
        }
    }
    for weight in known.values_mut() {
        *weight = 1.0 / *weight;
    }
    let common: BTreeSet<&String> = catalog.all().flat_map(|(_, kind)| &kind.common).collect();
    for name in common {
        if let Some(weight) = known.get_mut(name) {
            *weight *= 0.3;
        }
    }
    known
}

struct Input<'a> {
    profile: &'a Profile,
    names: &'a BTreeSet<String>,
    weights: &'a BTreeMap<String, f64>,
    explainable: f64,
    file: &'a str,
}

fn score(name: &Arc<str>, kind: &Kind, input: &Input<'_>) -> Option<Candidate> {
    let weight = |name: &String| input.weights.get(name.as_str()).copied().unwrap_or(0.0);
    let has = |name: &str| has(input, name);
    let detect = &kind.spec.detect;
    let mut proven = false;
    for condition in &detect.values {
        match values_hold(condition, input.profile) {
            Some(false) => return None,
            Some(true) => proven = true,
            None => {}
        }
    }
    if detect.never.iter().any(|name| has(name)) {
        return None;
    }
    let shared: Vec<&String> = kind.vocabulary.intersection(input.names).collect();
    let explained = if input.explainable > 0.0 {
        shared.iter().map(|name| weight(name)).sum::<f64>() / input.explainable
    } else {
        0.0
    };
    let signature = detect.signature.iter().map(|one| signature(one, input)).fold(0.0, f64::max);
    let generations = kind.generations.iter().map(|header| {
        let all: f64 = header.iter().map(weight).sum();
        let there: f64 = header.intersection(input.names).map(weight).sum();
        (if all > 0.0 { there / all } else { 0.0 }, header)
    });
    let best = generations.max_by(|a, b| a.0.total_cmp(&b.0));
    let cover = best.as_ref().map_or(explained, |(cover, _)| *cover);
    let mut rare: Vec<(f64, &String)> =
        shared.iter().map(|name| (weight(name), *name)).filter(|(w, _)| *w >= 0.24).collect();
    rare.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let certain = signature >= 0.99;
    // Without a signature there must be rare names enough, fewer where ids have the right form or most
    // of a known header is there.
    let enough = if proven || cover >= 0.6 { rare.len() >= 2 } else { rare.len() >= 4 };
    if !(certain || cover >= 0.4 && enough) {
        return None;
    }
    let bonus =
        if detect.files.iter().any(|start| input.file.starts_with(start)) { 0.02 } else { 0.0 };
    let proof = if proven { 0.1 } else { 0.0 };
    let score = 0.5 * signature + 0.2 * cover + 0.2 * explained.min(1.0) + proof + bonus;
    let missing = best.map_or_else(Vec::new, |(_, header)| {
        header.difference(input.names).take(20).cloned().collect()
    });
    Some(Candidate {
        kind: name.clone(),
        score: score.min(1.0),
        certain,
        because: rare.into_iter().take(8).map(|(_, name)| name.clone()).collect(),
        missing,
    })
}

fn has(input: &Input<'_>, name: &str) -> bool {
    let key = if input.profile.is_json() { plain_path(name) } else { header_key(name) };
    if key.contains('*') {
        return input.names.iter().any(|one| wildcard(&key, one));
    }
    input.names.contains(&key)
}

/// 1 where the signature holds, less where a part of it does.
fn signature(signature: &Signature, input: &Input<'_>) -> f64 {
    let there = signature.all.iter().filter(|name| has(input, name)).count();
    let any = signature.any.is_empty() || signature.any.iter().any(|name| has(input, name));
    let none = !signature.none.iter().any(|name| has(input, name));
    let held = signature.values.iter().all(|one| values_hold(one, input.profile) == Some(true));
    let weight = signature.weight.unwrap_or(1.0);
    if there == signature.all.len() && any && none && held {
        return weight;
    }
    let of = signature.all.len() + usize::from(!signature.any.is_empty());
    if of == 0 || !none || !held {
        return 0.0;
    }
    let there = there + usize::from(any && !signature.any.is_empty());
    0.5 * weight * there as f64 / of as f64
}

/// Whether four in five values of a column look so; `None` without values.
fn values_hold(condition: &Condition, profile: &Profile) -> Option<bool> {
    for name in &condition.at.0 {
        let names: Vec<String> = if profile.is_json() {
            vec![name.clone()]
        } else {
            let key = header_key(name);
            let found = profile.names.iter().filter(|one| header_key(one) == key);
            found.map(ToString::to_string).collect()
        };
        for name in names {
            let share = profile
                .share(&name, |text| satisfies(condition, text.strip_prefix('\'').unwrap_or(text)));
            if let Some(share) = share {
                return Some(share >= 0.8);
            }
        }
    }
    None
}
