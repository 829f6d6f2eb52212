//! Who works for whom: a person belongs to the organisation whose id its record carries; without
//! one, to the only organisation of the name that it gives as its company; else to the only one
//! that has its mailbox's domain. A relation, never an identity.

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use crate::model::{Email, EntityKind, NormalRecord};

/// What the records say of it, in any order; entities are known only when all have been seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Employment {
    /// Organisations named by their ids in systems: (record, `system/object/id`).
    ids: Vec<(u32, String)>,
    /// Names and domains of organisations, hashed: (hash, record).
    names: Vec<(u64, u32)>,
    domains: Vec<(u64, u32)>,
    /// Companies and domains of mailboxes of others, hashed: (record, hash).
    companies: Vec<(u32, u64)>,
    mailboxes: Vec<(u32, u64)>,
}

/// Relations between entities.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Relations {
    /// (person, organisation).
    pub(super) employed: Vec<(u32, u32)>,
    /// (organisation, the one that it belongs to).
    pub(super) parents: Vec<(u32, u32)>,
}

impl Employment {
    /// Takes a record in.
    pub(super) fn add(&mut self, record: u32, normal: &NormalRecord) {
        let ids = normal.organization_ids.iter();
        let ids = ids.map(|id| format!("{}/{}/{}", id.system, id.object, id.id));
        self.ids.extend(ids.map(|id| (record, id)));
        let own = |email: &&Email| {
            let q = email.quality;
            !(q.free || q.relay || q.useless || q.disposable || email.domain.is_empty())
        };
        let names = normal.organizations.iter().filter(|o| !o.useless && !o.tokens.is_empty());
        let names = names.map(|o| xxh3_64(o.tokens.join(" ").as_bytes()));
        let domains = normal.emails.iter().filter(own).map(|e| xxh3_64(e.domain.as_bytes()));
        if normal.entity_kind == EntityKind::Organization {
            let sites = normal.websites.iter().filter(|w| !w.domain.is_empty());
            let sites = sites.map(|w| xxh3_64(w.domain.as_bytes()));
            self.names.extend(names.map(|name| (name, record)));
            self.domains.extend(domains.chain(sites).map(|domain| (domain, record)));
        } else {
            self.companies.extend(names.map(|name| (record, name)));
            self.mailboxes.extend(domains.map(|domain| (record, domain)));
        }
    }

    /// Takes in what was seen elsewhere.
    pub(super) fn merge(&mut self, other: Self) {
        self.ids.extend(other.ids);
        self.names.extend(other.names);
        self.domains.extend(other.domains);
        self.companies.extend(other.companies);
        self.mailboxes.extend(other.mailboxes);
    }

    /// Ids of organisations that records name.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.ids.iter().map(|(_, id)| id.as_str())
    }

    /// The relations; `entity_of` and `kind` are by record, `by_id` finds the live record of an id.
    pub(super) fn relations(
        mut self,
        entity_of: &[u32],
        kind: &[EntityKind],
        by_id: impl Fn(&str) -> Option<u32>,
    ) -> Relations {
        let entity = |record: u32| entity_of[record as usize];
        let mut out = Relations::default();
        let mut done: FxHashSet<u32> = FxHashSet::default();
        for (record, id) in &self.ids {
            let Some(organization) = by_id(id).map(entity) else { continue };
            let list = match kind[*record as usize] {
                EntityKind::Organization => &mut out.parents,
                _ => &mut out.employed,
            };
            list.push((entity(*record), organization));
            done.insert(*record);
        }
        for (owners, claims) in
            [(&self.names, &mut self.companies), (&self.domains, &mut self.mailboxes)]
        {
            let owners = owners_of(owners, entity_of);
            claims.sort_unstable();
            for claims in claims.chunk_by(|a, b| a.0 == b.0) {
                let record = claims[0].0;
                let found: FxHashSet<Option<u32>> =
                    claims.iter().filter_map(|(_, key)| owners.get(key).copied()).collect();
                if !done.contains(&record)
                    && found.len() == 1
                    && let Some(Some(organization)) = found.into_iter().next()
                {
                    out.employed.push((entity(record), organization));
                    done.insert(record);
                }
            }
        }
        for list in [&mut out.employed, &mut out.parents] {
            list.retain(|(a, b)| a != b);
            list.sort_unstable();
            list.dedup();
        }
        out
    }
}

/// The one entity of each name or domain; `None` where several bear it.
fn owners_of(keys: &[(u64, u32)], entity_of: &[u32]) -> FxHashMap<u64, Option<u32>> {
    let mut owners: FxHashMap<u64, Option<u32>> = FxHashMap::default();
    for (key, record) in keys {
        let entity = entity_of[*record as usize];
        let owner = owners.entry(*key).or_insert(Some(entity));
        if *owner != Some(entity) {
            *owner = None;
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ExternalId, LinkStrength, Organization};

    fn organization(name: &str, domain: &str) -> NormalRecord {
        NormalRecord { entity_kind: EntityKind::Organization, ..person(name, domain) }
    }

    fn person(company: &str, domain: &str) -> NormalRecord {
        let tokens = company.split_whitespace().map(str::to_owned).collect();
        let mut record =
            NormalRecord { entity_kind: EntityKind::Person, ..NormalRecord::default() };
        record.organizations.push(Organization { tokens, ..Organization::default() });
        record.emails.push(Email { domain: domain.to_owned(), ..Email::default() });
        record
    }

    fn with_id(mut record: NormalRecord, id: &str) -> NormalRecord {
        record.organization_ids.push(ExternalId {
            system: "crm".into(),
            object: "account".into(),
            id: id.into(),
            strength: LinkStrength::Claimed,
        });
        record
    }

    #[test]
    fn an_organisation_is_known_by_id_name_or_domain() {
        let records = [
            organization("acme", "acme.example"),
            organization("widgets", "widgets.example"),
            with_id(organization("widgets", "other.example"), "1"),
            with_id(person("widgets", "acme.example"), "0"),
            person("acme", "nowhere.example"),
            person("", "acme.example"),
            // Two organisations of the name; the domain tells them apart.
            person("widgets", "other.example"),
            person("widgets", ""),
            person("unknown", "unknown.example"),
        ];
        let entity_of: Vec<u32> = (0..9).collect();
        let kind: Vec<EntityKind> = records.iter().map(|record| record.entity_kind).collect();
        let by_id = |id: &str| id.strip_prefix("crm/account/")?.parse().ok();
        // In any order.
        let mut parts: Vec<Employment> = Vec::new();
        for (at, record) in (0..).zip(&records) {
            let mut part = Employment::default();
            part.add(at, record);
            parts.insert(0, part);
        }
        let mut all = Employment::default();
        parts.into_iter().for_each(|part| all.merge(part));
        let found = all.relations(&entity_of, &kind, by_id);
        let employed = vec![(3, 0), (4, 0), (5, 0), (6, 2)];
        assert_eq!(found, Relations { employed, parents: vec![(2, 1)] });
    }
}
