//! Columns of a table that its kind does not know: a header in another language, a field of one's
//! own. Where header and values are sure and the kind finds nothing for the field, they are read all
//! the same; never beside or instead of what the kind reads.

use std::collections::{BTreeMap, BTreeSet};

use super::describe;
use super::generic::{by_header, leave_out_constants};
use super::header::{Lexicon, Said};
use super::profile::Profile;
use super::spec::{EntitySpec, KindSpec};
use super::value::Columns;
use crate::reference::region::region_code;

/// Fields that are read so: what says who a person is and where. Names of organisations are left to
/// the kind, which knows whose they are, and so is everything that is said of an order.
const FIELDS: [&str; 12] = [
    "name.full",
    "name.given",
    "name.middle",
    "name.family",
    "email",
    "phone",
    "date_of_birth",
    "gender",
    "address",
    "address.line",
    "address.line2",
    "address.city",
];
/// … and further parts of an address.
const PARTS: [&str; 4] =
    ["address.number", "address.region", "address.postcode", "address.country"];

/// Labels of a person's own values. Who is billed and who receives may be others.
const OWN: [&str; 4] = ["mobile", "home", "work", "fax"];

/// The columns among `unknown` that are sure, with their fields; `stated` is what the file's mapping
/// says already. Only of kinds whose rows are records of one sort: of several it is not said whose a
/// column is.
pub(super) fn unknown_columns(
    kind: &KindSpec,
    stated: &BTreeMap<String, String>,
    profile: &Profile,
    unknown: &[String],
) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let [record] = kind.record.as_slice() else { return out };
    if profile.is_json() || record.each.is_some() || unknown.is_empty() {
        return out;
    }
    let columns = Columns::new(&profile.names, false);
    let there = |names: &[String]| names.iter().any(|name| !columns.find(name).is_empty());
    let plain = |field: &str| field.split('@').next().unwrap_or(field).to_owned();
    let mapped: BTreeSet<String> = (describe::fields(record).into_iter())
        .filter(|(_, names)| there(names))
        .map(|(field, _)| plain(&field))
        .chain(stated.values().map(|field| plain(field)))
        .collect();
    let has = |start: &str| mapped.iter().any(|field| field.starts_with(start));
    let named = has("name") || matches!(record.entity, EntitySpec::Organization);
    let whole = mapped.contains("address.full");
    let mut said: BTreeMap<&str, Said> = BTreeMap::new();
    for name in unknown {
        let Some(column) = profile.column(name).filter(|column| column.filled > 0) else {
            continue;
        };
        let Some(one) = by_header(Lexicon::builtin(), profile, name, column) else { continue };
        let field = one.field.as_str();
        let region = |text: &str| region_code(None, text).is_some();
        let numbered = |text: &str| text.bytes().any(|c| c.is_ascii_digit());
        let fits = match field {
            // `State` is one of an order too, `Via` the way by which a message came.
            "address.region" => profile.share(name, region).unwrap_or(0.0) >= 0.3,
            "address.line" => profile.share(name, numbered).unwrap_or(0.0) >= 0.3,
            "address" => {
                profile.share(name, |text| text.matches(',').count() >= 2).unwrap_or(0.0) < 0.5
            }
            _ => true,
        };
        let own = one.label.as_deref().is_none_or(|label| OWN.contains(&label));
        if one.sure
            && fits
            && own
            && (FIELDS.contains(&field) || PARTS.contains(&field))
            && !mapped.contains(field)
            && !(named && field.starts_with("name"))
            && !(whole && field.starts_with("address"))
        {
            said.insert(name, one);
        }
    }
    leave_out_constants(profile, &mut said, &mut Vec::new());
    // A town and a country alone may be where a device was; with a street or a postcode they are
    // somebody's address.
    let all = |field: &str| mapped.contains(field) || said.values().any(|one| one.field == field);
    let (line, postcode) = (all("address.line") || all("address"), all("address.postcode"));
    let in_parts = all("address.city") || postcode;
    let placed = in_parts && (line || postcode);
    let label = (record.address.iter())
        .filter(|rule| rule.when.is_empty() && rule.each.is_none())
        .find(|rule| rule.parts().any(|(_, take)| there(&take.at)))
        .and_then(|rule| rule.label.clone());
    let mut best: BTreeMap<(String, Option<String>), (usize, &str)> = BTreeMap::new();
    for (name, one) in &said {
        let key = match one.field.as_str() {
            "other" => continue,
            "address" if !in_parts || all("address.line") => continue,
            "address" => ("address.line".to_owned(), label.clone()),
            part if part.starts_with("address.") && !placed => continue,
            part if part.starts_with("address.") => (part.to_owned(), label.clone()),
            field => (field.to_owned(), one.label.clone()),
        };
        let rank = (one.rank, *name);
        best.entry(key).and_modify(|known| *known = rank.min(*known)).or_insert(rank);
    }
    for ((field, label), (_, name)) in best {
        let label = label.map_or_else(String::new, |label| format!("@{label}"));
        out.insert(name.to_owned(), format!("{field}{label}"));
    }
    out
}
