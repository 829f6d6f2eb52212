//! The demo is what its README says: every file is taken for its own kind, and the truth names its
//! live records.

use std::collections::BTreeSet;
use std::path::Path;

use sameas::ingest::kind::{Catalog, Mapping, Stated, inspect, read};
use sameas::ingest::read::{Input, Limits};

const FILES: [(&str, &str); 11] = [
    ("erp-kunden.csv", "generic-table"),
    ("helpdesk-users.jsonl", "zendesk-users"),
    ("hubspot-contacts.csv", "hubspot-contacts"),
    ("klaviyo-profiles.csv", "klaviyo-profiles"),
    ("loyalty-members.csv", "generic-table"),
    ("salesforce-accounts.csv", "salesforce-accounts"),
    ("salesforce-contacts.csv", "salesforce-contacts"),
    ("shop-eu.csv", "shopify-customers"),
    ("shop-us-orders.csv", "shopify-orders"),
    ("shop-us.csv", "shopify-customers"),
    ("stripe-customers.csv", "stripe-customers"),
];

#[test]
fn every_file_is_its_own_kind_and_the_truth_names_its_records() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo");
    let catalog = Catalog::builtin().unwrap();
    let limits = Limits::default();
    let (mut found, mut left_out) = (BTreeSet::new(), 0);
    for (name, kind) in FILES {
        let input = Input { path: folder.join(name), name: name.to_owned() };
        let manifest = inspect(&catalog, &input, &limits, &Stated::default()).unwrap();
        assert_eq!(&*manifest.kind, kind, "{name}");
        let mapping = Mapping::new(&catalog, &manifest).unwrap();
        read(&input, &manifest, &mapping, &mut |batch| {
            assert!(batch.quarantined.is_empty(), "{name}: {:?}", batch.quarantined);
            for (record, mapped) in batch.records {
                if record.deleted || record.alias_of.is_some() || mapped.id_made {
                    left_out += 1;
                } else {
                    found.insert((record.key.source.to_string(), record.key.id.to_string()));
                }
            }
            Ok(())
        })
        .unwrap();
    }
    let truth: BTreeSet<(String, String)> = csv::Reader::from_path(folder.join("truth.csv"))
        .unwrap()
        .records()
        .map(|row| row.map(|row| (row[0].to_owned(), row[1].to_owned())).unwrap())
        .collect();
    let missing: Vec<_> = truth.difference(&found).collect();
    let unnamed: Vec<_> = found.difference(&truth).collect();
    assert!(missing.is_empty() && unnamed.is_empty(), "missing {missing:?}, unnamed {unnamed:?}");
    assert_eq!(left_out, 3, "two guests of Stripe and a contact that lost a merge");
}
