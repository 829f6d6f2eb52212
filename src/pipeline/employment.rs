//! Who works for whom: a person belongs to the organisation whose id its record carries; without
//! one, to the only organisation of the name that it gives as its company; else to the only one
//! that has its mailbox's domain. A relation, never an identity.

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use crate::model::{Email, EntityKind, NormalRecord};

/// A record that names its organisation.
struct Employed {
    record: u32,
    /// Live record of the organisation, by id.
    by_id: Option<u32>,
    /// Hashes of names and of mail domains.
    names: Vec<u64>,
    domains: Vec<u64>,
}

/// What the records say of it; entities are known only when all have been seen.
#[derive(Default)]
pub(super) struct Employment {
    /// Records of organisations by hashes of their names and domains.
    names: FxHashMap<u64, Vec<u32>>,
    domains: FxHashMap<u64, Vec<u32>>,
    employed: Vec<Employed>,
    /// (organisation, the one that it belongs to).
    parents: Vec<(u32, u32)>,
}

/// Records of one name or domain that are remembered: more are no single organisation.
const SHARED: usize = 64;

impl Employment {
    /// Takes a record in; `organizations` are live records whose ids it carries.
    pub(super) fn add(&mut self, record: u32, normal: &NormalRecord, organizations: &[u32]) {
        let names = normal.organizations.iter().filter(|o| !o.useless && !o.tokens.is_empty());
        let names = names.map(|o| xxh3_64(o.tokens.join(" ").as_bytes()));
        let own = |email: &&Email| {
            let q = email.quality;
            !(q.free || q.relay || q.useless || q.disposable) && !email.domain.is_empty()
        };
        let domains = normal.emails.iter().filter(own).map(|e| xxh3_64(e.domain.as_bytes()));
        if normal.entity_kind == EntityKind::Organization {
            let sites = normal.websites.iter().map(|w| w.domain.as_str()).filter(|d| !d.is_empty());
            let domains = domains.chain(sites.map(|d| xxh3_64(d.as_bytes())));
            for (map, keys) in [
                (&mut self.names, names.collect::<Vec<u64>>()),
                (&mut self.domains, domains.collect()),
            ] {
                for key in keys {
                    let list = map.entry(key).or_default();
                    if list.len() < SHARED && !list.contains(&record) {
                        list.push(record);
                    }
                }
            }
            self.parents.extend(organizations.iter().map(|parent| (record, *parent)));
            return;
        }
        let [first, further @ ..] = organizations else {
            let (names, domains): (Vec<u64>, Vec<u64>) = (names.collect(), domains.collect());
            if !names.is_empty() || !domains.is_empty() {
                self.employed.push(Employed { record, by_id: None, names, domains });
            }
            return;
        };
        for by_id in std::iter::once(first).chain(further) {
            let (names, domains) = (Vec::new(), Vec::new());
            self.employed.push(Employed { record, by_id: Some(*by_id), names, domains });
        }
    }

    /// (person, organisation) by entity, then (organisation, its parent); `entity_of` is by record.
    pub(super) fn relations(self, entity_of: &[u32]) -> (Vec<(u32, u32)>, Vec<(u32, u32)>) {
        let entity = |record: u32| entity_of[record as usize];
        let only = |map: &FxHashMap<u64, Vec<u32>>, keys: &[u64]| -> Option<u32> {
            let found: FxHashSet<u32> =
                keys.iter().filter_map(|key| map.get(key)).flatten().map(|r| entity(*r)).collect();
            (found.len() == 1).then(|| found.into_iter().next()).flatten()
        };
        let employed = self.employed.iter().filter_map(|one| {
            let organization = one
                .by_id
                .map(entity)
                .or_else(|| only(&self.names, &one.names))
                .or_else(|| only(&self.domains, &one.domains))?;
            Some((entity(one.record), organization)).filter(|(a, b)| a != b)
        });
        let parents = self.parents.iter().map(|(child, parent)| (entity(*child), entity(*parent)));
        (employed.collect(), parents.filter(|(a, b)| a != b).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Organization;

    fn organization(name: &str, domain: &str) -> NormalRecord {
        NormalRecord { entity_kind: EntityKind::Organization, ..person(name, domain) }
    }

    fn person(company: &str, domain: &str) -> NormalRecord {
        let tokens = company.split_whitespace().map(str::to_owned).collect();
        let mut record = NormalRecord { entity_kind: EntityKind::Person, ..Default::default() };
        record.organizations.push(Organization { tokens, ..Organization::default() });
        record.emails.push(Email { domain: domain.to_owned(), ..Email::default() });
        record
    }

    #[test]
    fn an_organisation_is_known_by_id_name_or_domain() {
        let mut employment = Employment::default();
        employment.add(0, &organization("acme", "acme.example"), &[]);
        employment.add(1, &organization("widgets", "widgets.example"), &[]);
        employment.add(2, &organization("widgets", "other.example"), &[1]);
        employment.add(3, &person("widgets", "acme.example"), &[0]);
        employment.add(4, &person("acme", "nowhere.example"), &[]);
        employment.add(5, &person("", "acme.example"), &[]);
        // Two organisations of the name; the domain tells them apart.
        employment.add(6, &person("widgets", "other.example"), &[]);
        employment.add(7, &person("widgets", ""), &[]);
        employment.add(8, &person("unknown", "unknown.example"), &[]);
        let entity_of: Vec<u32> = (0..9).collect();
        let (employed, parents) = employment.relations(&entity_of);
        assert_eq!(employed, [(3, 0), (4, 0), (5, 0), (6, 2)]);
        assert_eq!(parents, [(2, 1)]);
    }
}
