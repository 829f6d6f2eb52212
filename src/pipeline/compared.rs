//! Which values a comparison speaks of. Of several values of two records the best pair counts: an
//! explanation shows that pair, not the first value of each side.

use super::View;
use crate::compare::{Comparer, Comparison, DIMENSION, MISSING, Origin, dim};
use crate::error::Result;
use crate::model::{ComparisonTerm, IdentifierKind, NormalRecord};

/// Values of one list that are tried on each side.
const MOST: usize = 24;

/// A list of a record's values, and what is compared of it.
struct Field {
    dimensions: &'static [usize],
    /// The record as often as it has such values, each time with one of them alone.
    each: fn(&NormalRecord) -> Vec<NormalRecord>,
}

const FIELDS: [Field; 10] = [
    Field {
        dimensions: &[dim::GIVEN, dim::MIDDLE, dim::FAMILY, dim::GENERATION],
        each: |normal| alone(normal, &normal.names, |one, name| one.names = vec![name]),
    },
    Field {
        dimensions: &[dim::EMAIL],
        each: |normal| alone(normal, &normal.emails, |one, email| one.emails = vec![email]),
    },
    Field {
        dimensions: &[dim::PHONE],
        each: |normal| alone(normal, &normal.phones, |one, phone| one.phones = vec![phone]),
    },
    Field {
        dimensions: &[dim::ADDRESS],
        each: |normal| alone(normal, &normal.addresses, |one, house| one.addresses = vec![house]),
    },
    Field {
        dimensions: &[dim::BIRTH],
        each: |normal| alone(normal, &normal.births, |one, birth| one.births = vec![birth]),
    },
    Field {
        dimensions: &[dim::IDENTIFIER],
        each: |normal| identifiers(normal, |kind| kind == IdentifierKind::Tax),
    },
    Field {
        dimensions: &[dim::TOKEN],
        each: |normal| identifiers(normal, |kind| kind != IdentifierKind::Tax),
    },
    Field {
        dimensions: &[dim::ORGANIZATION, dim::EMPLOYER],
        each: |normal| {
            alone(normal, &normal.organizations, |one, name| one.organizations = vec![name])
        },
    },
    Field {
        dimensions: &[dim::WEB],
        // The domains of mailboxes count too.
        each: |normal| {
            let mut bare = normal.clone();
            let (sites, emails) =
                (std::mem::take(&mut bare.websites), std::mem::take(&mut bare.emails));
            let mut out = alone(&bare, &sites, |one, site| one.websites = vec![site]);
            out.extend(alone(&bare, &emails, |one, email| one.emails = vec![email]));
            out
        },
    },
    Field {
        dimensions: &[dim::JOB],
        each: |normal| alone(normal, &normal.job_titles, |one, title| one.job_titles = vec![title]),
    },
];

fn alone<T: Clone>(
    normal: &NormalRecord,
    values: &[T],
    put: impl Fn(&mut NormalRecord, T),
) -> Vec<NormalRecord> {
    let one = |value: &T| {
        let mut one = normal.clone();
        put(&mut one, value.clone());
        one
    };
    values.iter().take(MOST).map(one).collect()
}

fn identifiers(normal: &NormalRecord, is: impl Fn(IdentifierKind) -> bool) -> Vec<NormalRecord> {
    let of_kind: Vec<_> = normal.identifiers.iter().filter(|id| is(id.kind)).cloned().collect();
    alone(normal, &of_kind, |one, id| one.identifiers = vec![id])
}

/// Adds to the terms of a comparison the values that they speak of.
///
/// # Errors
/// The results are damaged or unreadable.
pub(super) fn show_values(
    view: &View,
    comparison: &Comparison,
    [a, b]: [(&NormalRecord, Origin); 2],
    terms: &mut [ComparisonTerm],
) -> Result<()> {
    for field in FIELDS {
        let dimensions = field.dimensions;
        if dimensions.iter().all(|d| comparison.level[*d] == MISSING) {
            continue;
        }
        let (left, right) = ((field.each)(a.0), (field.each)(b.0));
        let pairs = (0..left.len()).flat_map(|x| (0..right.len()).map(move |y| (x, y)));
        let compared: Vec<((usize, usize), Comparison)> = if left.len() * right.len() == 1 {
            vec![((0, 0), *comparison)]
        } else {
            let of_a = left.iter().map(|one| (one.clone(), a.1));
            let all: Vec<_> = of_a.chain(right.iter().map(|one| (one.clone(), b.1))).collect();
            let (table, shares) = (view.table(&all)?, &view.weights()?.shares);
            let mut comparer = Comparer::new(&table, shares);
            let place = |(x, y): (usize, usize)| (x as u32, (left.len() + y) as u32);
            pairs.map(|pair| (pair, comparer.compare(place(pair).0, place(pair).1))).collect()
        };
        for d in dimensions.iter().filter(|d| comparison.level[**d] != MISSING) {
            // The names of one pair are shown together, as far as that goes.
            let likeness = |one: &Comparison| -> u32 {
                let same = |d: &usize| {
                    let level = one.level[*d] == comparison.level[*d];
                    let feature = one.feature[*d].to_bits() == comparison.feature[*d].to_bits();
                    u32::from(level) * 2 + u32::from(level && feature)
                };
                dimensions.iter().map(same).sum()
            };
            let same = compared.iter().filter(|(_, one)| one.level[*d] == comparison.level[*d]);
            // Of equals the first, which are the records' own.
            let best = same.rev().max_by_key(|(_, one)| likeness(one));
            let Some(((x, y), _)) = best else { continue };
            let name = DIMENSION[*d].name;
            if let Some(term) = terms.iter_mut().find(|term| term.field == name) {
                let values = (shown(name, &left[*x]), shown(name, &right[*y]));
                term.values = match values {
                    (Some(x), Some(y)) if !x.is_empty() || !y.is_empty() => Some((x, y)),
                    _ => None,
                };
            }
        }
    }
    Ok(())
}

/// A record's value as a person knows it.
fn shown(field: &str, normal: &NormalRecord) -> Option<String> {
    let name = normal.names.first();
    match field {
        "given_name" => name.map(|n| n.display_given.clone()),
        "family_name" => name.map(|n| n.display_family.clone()),
        "middle_name" => name.map(|n| n.display.clone()),
        "generation" => name.map(|n| n.suffix.clone()),
        "email" => normal.emails.first().map(|e| e.address.clone()),
        "phone" => normal.phones.first().map(|p| p.display.clone()),
        "address" => normal.addresses.first().map(|a| {
            let parts = [&a.line, &a.city, &a.postcode].into_iter();
            parts.filter(|p| !p.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ")
        }),
        "organization" | "employer" => normal.organizations.first().map(|o| o.display.clone()),
        "date_of_birth" => {
            let birth = normal.births.first();
            birth.map(|b| format!("{:04}-{:02}-{:02}", b.year, b.month, b.day))
        }
        "identifier" | "account_token" => normal.identifiers.first().map(|i| i.display.clone()),
        "web_domain" => {
            let site = normal.websites.first().map(|site| site.domain.clone());
            site.or_else(|| normal.emails.first().map(|email| email.domain.clone()))
        }
        "job_title" => normal.job_titles.first().map(|j| j.display.clone()),
        _ => None,
    }
}
