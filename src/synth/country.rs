//! Where people live and what they are called there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::picture::Picture;
use super::random::{Random, Weighted, mix, permuted};
use super::spec::CountrySpec;
use crate::error::{Error, ErrorKind, Result};
use crate::reference::{fold, name_lists};

/// A given name with its short forms.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) name: String,
    pub(super) short: Weighted<String>,
}

/// The names of a country.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) women: Weighted<Given>,
    pub(super) men: Weighted<Given>,
    pub(super) family: Weighted<String>,
}

/// A country, ready to draw from.
#[derive(Debug)]
pub(super) struct Country {
    pub(super) spec: CountrySpec,
    pub(super) names: Arc<Names>,
    pub(super) mail: Weighted<String>,
    pub(super) street_types: Vec<(String, String)>,
    pub(super) postcode: Picture,
    pub(super) vat: Picture,
    mobile: Vec<Picture>,
    regions: Vec<(String, String)>,
}

/// A place with its house, as the truth knows it.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) number: usize,
    pub(super) word: String,
    /// Place in [`Country::street_types`].
    pub(super) kind: usize,
    /// Place in the country's units, and the number there.
    pub(super) unit: Option<(usize, usize)>,
    pub(super) town: String,
    /// Code and name; empty where addresses name none.
    pub(super) region: (String, String),
    pub(super) postcode: String,
}

/// The countries of the specification, with their names.
///
/// # Errors
/// A country has no list of something it needs.
pub(super) fn load(specs: Vec<CountrySpec>) -> Result<Vec<Country>> {
    let short = short_forms();
    let mut lists: BTreeMap<String, Arc<Names>> = BTreeMap::new();
    let mut countries = Vec::new();
    for spec in specs {
        let wrong = |what: &str| {
            Error::new(ErrorKind::Config, format!("{} has no {what}", spec.code))
                .at("data/synth/countries.toml")
        };
        let list = if spec.names == "own" { &spec.code } else { &spec.names };
        let names = match lists.get(list) {
            Some(names) => Arc::clone(names),
            None if spec.names == "own" => Arc::new(own(&spec, &short)),
            None if spec.names == "census" => Arc::new(census(&short)),
            None => return Err(wrong("names: the country named must stand before it")),
        };
        lists.insert(list.clone(), Arc::clone(&names));
        if names.women.is_empty() || names.men.is_empty() || names.family.is_empty() {
            return Err(wrong("names"));
        }
        let needed = [
            ("town_tails", &spec.town_tails),
            ("street_words", &spec.street_words),
            ("street_types", &spec.street_types),
            ("mobile", &spec.mobile),
            ("number_forms", &spec.number_forms),
            ("mail", &spec.mail),
            ("legal", &spec.legal),
            ("trades", &spec.trades),
        ];
        if let Some((what, _)) = needed.iter().find(|(_, list)| list.is_empty()) {
            return Err(wrong(what));
        }
        countries.push(Country::new(spec, names));
    }
    Ok(countries)
}

type Short = FxHashMap<&'static str, Vec<(&'static str, u8)>>;

fn short_forms() -> Short {
    let mut short: Short = FxHashMap::default();
    for (name, nickname, sources) in name_lists::nicknames() {
        // What a single list holds is often wrong.
        if sources > 1 && nickname.len() > 1 {
            short.entry(name).or_default().push((nickname, sources));
        }
    }
    short
}

fn given(name: String, short: &Short) -> Given {
    let forms = short.get(fold(&name).as_str()).map_or(&[][..], Vec::as_slice);
    let forms = forms.iter().map(|(form, sources)| (capitalised(form), f32::from(*sources)));
    Given { short: Weighted::new(forms), name }
}

fn census(short: &Short) -> Names {
    let list: Vec<name_lists::CensusGivenName> = name_lists::census_given_names().collect();
    let side = |share: fn(f32) -> f32| {
        let rows = list.iter().map(|row| (row, row.count as f32 * share(row.women)));
        // Names that a sex hardly bears are slips of the census.
        let rows = rows.filter(|(row, _)| share(row.women) > 0.05);
        Weighted::new(rows.map(|(row, weight)| (given(capitalised(row.name), short), weight)))
    };
    Names {
        women: side(|women| women),
        men: side(|women| 1.0 - women),
        family: Weighted::new(
            name_lists::census_surnames().map(|(name, count)| (capitalised(name), count as f32)),
        ),
    }
}

/// The lists of a country: the commonest first, as Zipf has it; families that are put together make
/// the long tail.
fn own(spec: &CountrySpec, short: &Short) -> Names {
    let ranked = |list: &[String]| -> Vec<(String, f32)> {
        let rows = list.iter().enumerate();
        rows.map(|(rank, name)| (name.clone(), 1.0 / (rank as f32 + 8.0))).collect()
    };
    let names = |list: &[String]| {
        let rows = ranked(list).into_iter();
        Weighted::new(rows.map(|(name, weight)| (given(name, short), weight)))
    };
    let mut family = ranked(&spec.family);
    let (heads, tails) = (&spec.family_heads, &spec.family_tails);
    let size = (heads.len() * tails.len()) as u64;
    let listed: f32 = family.iter().map(|row| row.1).sum();
    let tail: f32 = (0..size).map(|at| 1.0 / (at as f32 + 40.0)).sum();
    for at in 0..size {
        let place = permuted(at, size, 17) as usize;
        let name = format!("{}{}", heads[place / tails.len()], tails[place % tails.len()]);
        family.push((name, listed * 1.3 / tail / (at as f32 + 40.0)));
    }
    Names { women: names(&spec.given_f), men: names(&spec.given_m), family: Weighted::new(family) }
}

pub(super) fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn two(text: &str, mark: char) -> (String, String) {
    let (a, b) = text.split_once(mark).unwrap_or((text, text));
    (a.to_owned(), b.to_owned())
}

impl Country {
    fn new(spec: CountrySpec, names: Arc<Names>) -> Self {
        let mail = spec.mail.iter().map(|line| {
            let (domain, weight) = line.split_once(' ').unwrap_or((line, "1"));
            (domain.to_owned(), weight.parse().unwrap_or(1.0))
        });
        Self {
            names,
            mail: Weighted::new(mail),
            street_types: spec.street_types.iter().map(|text| two(text, '|')).collect(),
            postcode: Picture::new(&spec.postcode),
            vat: Picture::new(&spec.vat),
            mobile: spec.mobile.iter().map(|text| Picture::new(text)).collect(),
            regions: spec.regions.iter().map(|text| two(text, '=')).collect(),
            spec,
        }
    }

    /// A given name and the share of people (of that sex) who bear it.
    pub(super) fn given(&self, woman: bool, random: &mut Random) -> (&Given, f32) {
        let list = if woman { &self.names.women } else { &self.names.men };
        list.pick(random)
    }

    /// A family name and the share of people who bear it.
    pub(super) fn family(&self, random: &mut Random) -> (String, f32) {
        let (name, share) = self.names.family.pick(random);
        if !self.spec.double_family {
            return (name.clone(), share);
        }
        let (second, second_share) = self.names.family.pick(random);
        (format!("{name} {second}"), share * second_share)
    }

    /// Digits of a number inside the country, without the leading zero: each index has its own.
    pub(super) fn number(&self, index: u64, key: u64) -> String {
        let prefixes = self.mobile.len() as u64;
        let size = self.mobile.iter().map(Picture::size).min().unwrap_or(1);
        let place = permuted(index, prefixes * size, key);
        let mut out = String::with_capacity(12);
        self.mobile[(place % prefixes) as usize].write(&mut out, place / prefixes);
        out
    }

    /// An address; big towns hold more of them.
    pub(super) fn address(&self, random: &mut Random) -> Address {
        let towns = self.spec.towns as f32;
        let town = (towns * random.unit().powi(3)) as u64;
        // A town's facts follow from its number.
        let mut facts = Random::new(town, mix(u64::from(self.spec.code.as_bytes()[0]) << 8));
        let tail = facts.pick(&self.spec.town_tails);
        let name = if self.spec.town_heads.is_empty() {
            format!("{}{tail}", self.family(&mut facts).0)
        } else {
            format!("{}{tail}", facts.pick(&self.spec.town_heads))
        };
        let region = match self.regions.len() {
            0 => Default::default(),
            // The first regions are the populous ones.
            n => self.regions[(n as f32 * facts.unit().powi(2)) as usize].clone(),
        };
        let size = self.postcode.size();
        let first = facts.next() % size;
        let many = 1 + 60 / (1 + town / 8);
        let mut postcode = String::with_capacity(8);
        self.postcode.write(&mut postcode, (first + random.next() % many) % size);
        let word = if self.spec.town_heads.is_empty() && random.chance(0.35) {
            self.family(random).0
        } else {
            random.pick(&self.spec.street_words).clone()
        };
        let unit = (!self.spec.units.is_empty() && random.chance(0.18))
            .then(|| (random.below(self.spec.units.len()), 1 + random.below(60)));
        let top = [40, 200, 2000, 9000][random.below(4)];
        Address {
            number: 1 + random.below(if self.spec.names == "census" { top } else { 120 }),
            word,
            kind: random.below(self.street_types.len()),
            unit,
            town: name,
            region,
            postcode,
        }
    }

    /// Street and house of an address, with the type of street in its whole or its short form.
    pub(super) fn street(&self, address: &Address, short: bool, out: &mut String) {
        let kind = &self.street_types[address.kind];
        let mut rest = self.spec.street.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let (field, after) = after.split_once('}').unwrap_or((after, ""));
            match field {
                "number" => _ = write!(out, "{}", address.number),
                "word" => out.push_str(&address.word),
                _ => out.push_str(if short { &kind.1 } else { &kind.0 }),
            }
            rest = after;
        }
        out.push_str(rest);
    }

    /// The flat in the house; empty where there is none.
    pub(super) fn unit(&self, address: &Address, form: usize, out: &mut String) {
        if let Some((_, number)) = address.unit {
            let text = &self.spec.units[form % self.spec.units.len()];
            let (before, after) = text.split_once("{number}").unwrap_or((text, ""));
            let _ = write!(out, "{before}{number}{after}");
        }
    }
}
