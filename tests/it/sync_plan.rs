//! Write-back: what should change in a system, in its own import format, and that applying it leaves
//! nothing to do.

use std::collections::BTreeMap;

use serde_json::Value;

use super::policy::{Person, crm, crm_id, erp, hub, persons, shop};
use super::support::Bench;

fn shop_id(n: usize) -> String {
    format!("61000000000{n:02}")
}

fn hub_id(n: usize) -> String {
    format!("{}", 9100 + n)
}

fn erp_id(n: usize) -> String {
    format!("E-{}", 4000 + n)
}

/// The persons of four systems.
struct World {
    erp: Vec<Person>,
    crm: Vec<Person>,
    hub: Vec<Person>,
    shop: Vec<Person>,
}

impl World {
    fn new() -> Self {
        Self {
            erp: persons(erp_id),
            crm: persons(crm_id),
            hub: persons(hub_id),
            shop: persons(shop_id),
        }
    }

    fn bench(&self, policy: &str) -> Bench {
        let bench = Bench::new();
        bench.write("sameas.toml", policy);
        self.ingest(&bench);
        bench
    }

    fn ingest(&self, bench: &Bench) {
        bench.write("erp.csv", erp(&self.erp)).write("crm.csv", crm(&self.crm));
        bench.write("hub.csv", hub(&self.hub)).write("shop.csv", shop(&self.shop));
        ingest(bench, &["erp.csv", "crm.csv", "hub.csv", "shop.csv"]);
    }
}

fn ingest(bench: &Bench, files: &[&str]) {
    bench.runs(&[&["ingest"], files].concat());
    bench.runs(&["rebuild"]);
}

fn plan(bench: &Bench, to: &str) -> Value {
    bench.json(&["sync-plan", "--to", to, "--out", &format!("plan-{to}")])
}

/// A table by its header.
struct Sheet {
    header: Vec<String>,
    rows: Vec<BTreeMap<String, String>>,
}

impl Sheet {
    fn read(bench: &Bench, name: &str) -> Self {
        let mut reader = csv::Reader::from_path(bench.path().join(name)).unwrap();
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let row = |row: csv::StringRecord| {
            header.iter().cloned().zip(row.iter().map(str::to_owned)).collect()
        };
        Self { rows: reader.records().map(|r| row(r.unwrap())).collect(), header }
    }

    fn write(&self, bench: &Bench, name: &str) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.header).unwrap();
        for row in &self.rows {
            writer.write_record(self.header.iter().map(|name| &row[name])).unwrap();
        }
        bench.write(name, writer.into_inner().unwrap());
    }

    /// What a system does with a row of its import: finds its record, takes the cells.
    fn import(&mut self, keys: &[&str], blank_empties: bool, row: &BTreeMap<String, String>) {
        let named = keys.iter().find(|key| row.get(**key).is_some_and(|cell| !cell.is_empty()));
        let key = *named.unwrap();
        let own: Vec<_> = self.rows.iter_mut().filter(|own| own[key] == row[key]).collect();
        assert!(!own.is_empty(), "{key} of an import finds its record");
        for own in own {
            for (column, cell) in row {
                match cell.as_str() {
                    "" if !blank_empties => {}
                    "#N/A" => own.insert(column.clone(), String::new()).map_or((), drop),
                    cell => own.insert(column.clone(), cell.to_owned()).map_or((), drop),
                }
            }
        }
    }
}

fn files(plan: &Value, purpose: &str) -> Vec<String> {
    let files = plan["files"].as_array().unwrap().iter().filter(|file| file["purpose"] == purpose);
    files.map(|file| file["name"].as_str().unwrap().to_owned()).collect()
}

/// Applies the imports of a plan to an export.
fn apply(bench: &Bench, plan: &Value, export: &str, keys: &[&str], blank_empties: bool) -> Sheet {
    let mut sheet = Sheet::read(bench, export);
    for file in files(plan, "import") {
        let folder = format!("plan-{}", plan["to"].as_str().unwrap());
        for row in &Sheet::read(bench, &format!("{folder}/{file}")).rows {
            sheet.import(keys, blank_empties, row);
        }
    }
    sheet
}

/// Everything that a plan may find: values that differ, are empty or denied, and doubles.
fn troubled() -> World {
    let mut world = World::new();
    world.erp[0].street = "1 Ledger Square".to_owned();
    world.erp[1].phone = "+14155557777".to_owned();
    world.hub[2].email.clear();
    world.hub[3].email.clear();
    world.crm[3].mail = "denied".to_owned();
    let bare = &mut world.shop[4];
    for part in
        [&mut bare.street, &mut bare.city, &mut bare.region, &mut bare.postcode, &mut bare.country]
    {
        part.clear();
    }
    world.crm[8].family.clear();
    world.crm.push(Person { id: crm_id(50), phone: String::new(), ..world.crm[5].clone() });
    world.hub.push(Person { id: hub_id(50), street: String::new(), ..world.hub[6].clone() });
    world.shop.push(Person {
        id: shop_id(50),
        email: "hugo.private@example.net".to_owned(),
        ..world.shop[7].clone()
    });
    world
}

const OWNERS: &str =
    "[policy.phone]\nowner = \"erp\"\n[policy.address]\nowner = [\"erp\", \"crm\"]\n";

#[test]
fn a_plan_that_was_applied_leaves_nothing_to_do_in_three_systems() {
    let bench = troubled().bench(OWNERS);
    let plans = ["shopify", "salesforce", "hubspot"].map(|to| plan(&bench, to));
    let [shops, crms, hubs] = &plans;
    for plan in &plans {
        assert!(plan["changes"].as_u64().unwrap() > 0, "{plan:#}");
        assert_eq!(plan["merged"], 1, "{plan:#}");
        assert_eq!(plan["loops"], serde_json::json!([]));
    }

    let crm_rows = Sheet::read(&bench, "plan-salesforce/crm-contacts-001.csv");
    let cell = |id: String, column: &str| {
        crm_rows.rows.iter().find(|row| row["Id"] == id).unwrap()[column].clone()
    };
    assert_eq!(cell(crm_id(0), "MailingStreet"), "1 Ledger Square");
    assert_eq!(cell(crm_id(1), "Phone"), "+14155557777");
    assert_eq!(cell(crm_id(8), "LastName"), "Jankowski");
    // LastName is required, so that every row holds it; what does not change stays blank.
    assert_eq!(
        (cell(crm_id(1), "LastName"), cell(crm_id(1), "MailingStreet")),
        ("Castellane".into(), String::new())
    );
    let opt_outs = Sheet::read(&bench, "plan-hubspot/hub-opt-outs-001.csv");
    assert_eq!(opt_outs.rows.len(), 1);
    // It names the e-mail that the import before it fills in.
    assert_eq!(hubs["not_written"], serde_json::json!([]));
    assert_eq!(opt_outs.rows[0]["Email"], "dimitri.evangelou@example.org");

    // Groups go whole, each in files of its own.
    let names = files(shops, "import");
    assert!(names.contains(&"shop-customers-address-001.csv".to_owned()), "{names:?}");
    assert!(
        names.contains(&"shop-customers-consent.email.marketing-001.csv".to_owned()),
        "{names:?}"
    );

    // The shop finds customers by e-mail, and empties what a blank cell stands for.
    apply(&bench, shops, "shop.csv", &["Email", "Phone"], true).write(&bench, "shop.csv");
    let merge: Value =
        serde_json::from_str(bench.read("plan-shopify/shop-customers-merges.jsonl").trim())
            .unwrap();
    let survivor = merge["customerTwoId"].as_str().unwrap();
    assert_eq!(merge["overrideFields"]["customerIdOfEmailToKeep"], survivor);
    let event = serde_json::json!({
        "admin_graphql_api_customer_kept_id": survivor,
        "admin_graphql_api_customer_deleted_id": merge["customerOneId"],
        "admin_graphql_api_job_id": null, "status": "completed", "errors": [],
    });
    bench.write("merged.jsonl", format!("{event}\n"));

    let mut sheet = apply(&bench, crms, "crm.csv", &["Id"], false);
    for merge in &Sheet::read(&bench, "plan-salesforce/crm-contacts-merges.csv").rows {
        assert_eq!(merge["MergeRecordId2"], "");
        let loser = sheet.rows.iter_mut().find(|row| row["Id"] == merge["MergeRecordId1"]).unwrap();
        loser.insert("IsDeleted".to_owned(), "true".to_owned());
        loser.insert("MasterRecordId".to_owned(), merge["MasterRecordId"].clone());
    }
    sheet.write(&bench, "crm.csv");

    let mut sheet = apply(&bench, hubs, "hub.csv", &["Record ID", "Email"], false);
    let merge: Value =
        serde_json::from_str(bench.read("plan-hubspot/hub-contacts-merges.jsonl").trim()).unwrap();
    let loser = merge["objectIdToMerge"].as_str().unwrap();
    sheet.rows.retain(|row| row["Record ID"] != loser);
    let survivor = sheet
        .rows
        .iter_mut()
        .find(|row| row["Record ID"] == *merge["primaryObjectId"].as_str().unwrap());
    survivor.unwrap().insert("Merged object IDs".to_owned(), loser.to_owned());
    sheet.write(&bench, "hub.csv");

    ingest(&bench, &["shop.csv", "crm.csv", "hub.csv", "merged.jsonl:shopify-json@shop"]);
    for to in ["shopify", "salesforce", "hubspot"] {
        let plan = plan(&bench, to);
        let left = (&plan["changes"], &plan["merged"], &plan["files"]);
        assert_eq!(left, (&0.into(), &0.into(), &serde_json::json!([])), "{to}: {plan:#}");
    }
}

#[test]
fn nothing_goes_back_to_where_it_came_from() {
    let bench = troubled().bench(OWNERS);
    for to in ["shopify", "salesforce", "hubspot"] {
        let plan = plan(&bench, to);
        let changes = Sheet::read(&bench, &format!("plan-{to}/changes.csv"));
        assert_eq!(changes.rows.len() as u64, plan["changes"].as_u64().unwrap());
        for row in &changes.rows {
            assert_ne!(row["from_source"], row["source"], "{row:?}");
            assert_ne!(row["value_now"], row["value_new"], "{row:?}");
        }
    }
}

#[test]
fn a_system_gets_only_what_the_policy_lets_it_take() {
    let world = troubled();
    let bench = world.bench(OWNERS);
    let columns = |policy: &str| {
        bench.write("sameas.toml", policy);
        let plan = plan(&bench, "crm");
        let mut columns: Vec<String> =
            match files(&plan, "table").contains(&"changes.csv".to_owned()) {
                true => Sheet::read(&bench, "plan-crm/changes.csv")
                    .rows
                    .iter()
                    .map(|r| r["column"].clone())
                    .collect(),
                false => Vec::new(),
            };
        columns.sort();
        columns.dedup();
        columns
    };
    assert_eq!(columns(OWNERS), ["LastName", "MailingStreet", "Phone"]);
    // Without owners only what is empty is filled.
    assert_eq!(columns(""), ["LastName"]);
    assert_eq!(
        columns("[policy.default]\noverwrite = \"always\"\ndirection = { crm = \"source\" }\n"),
        [""; 0]
    );
    assert_eq!(columns("[policy.name]\noverwrite = \"never\"\n"), [""; 0]);
    let newer = "[policy.name]\noverwrite = \"never\"\n[policy.phone]\nowner = \"erp\"\noverwrite = { salesforce = \"if newer\" }\n";
    assert_eq!(columns(newer), [""; 0], "both changed at the same time");
    assert_eq!(
        columns("[policy.phone]\nconflict = \"review\"\noverwrite = \"always\"\n"),
        ["LastName"]
    );
}

#[test]
fn required_fields_are_checked_before() {
    let mut world = World::new();
    for list in [&mut world.crm, &mut world.shop, &mut world.erp, &mut world.hub] {
        list[9].family.clear();
    }
    world.crm[9].phone.clear();
    let bench = world.bench("");
    let (out, messages) = bench
        .exits(0, &["sync-plan", "--to", "salesforce", "--out", "plan-crm", "--format", "json"]);
    let plan: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        plan["not_written"][0]["reason"], "`LastName` is required by salesforce and empty",
        "{plan:#}"
    );
    assert!(
        messages.contains("1 records: `LastName` is required by salesforce and empty"),
        "{messages}"
    );
    assert_eq!(plan["records"], 0);
    let row = &Sheet::read(&bench, "plan-crm/not_written.csv").rows[0];
    assert_eq!(
        (row["record_id"].as_str(), row["column"].as_str()),
        (crm_id(9).as_str(), "LastName")
    );
}

#[test]
fn merges_hold_only_what_is_sure() {
    let bench = troubled().bench("[thresholds]\nauto = 1.0\n");
    let plan = plan(&bench, "crm");
    assert_eq!((&plan["merged"], &plan["changes"]), (&0.into(), &0.into()), "{plan:#}");
    assert!(plan["held_apart"].as_u64().unwrap() > 0);
    // What a person says is sure.
    let (a, b) = (format!("crm:{}", crm_id(5)), format!("crm:{}", crm_id(50)));
    bench.runs(&["judge", "same", &a, &b]);
    bench.runs(&["rebuild"]);
    assert_eq!(self::plan(&bench, "crm")["merged"], 1);
}

#[test]
fn a_loop_of_three_systems_is_reported_with_both_sides() {
    let mut world = World::new();
    // The shop owns the phone; the ERP knows another, and keeps telling it to the CRM.
    world.erp[0].phone = "+14155550001".to_owned();
    world.crm[0].phone = "+14155550001".to_owned();
    world.shop[0].phone = "+14155550002".to_owned();
    let policy = "[policy.phone]\nowner = \"shopify\"\ndirection = { erp = \"source\" }\n";
    let bench = world.bench(policy);
    let first = plan(&bench, "salesforce");
    assert_eq!(first["loops"], serde_json::json!([]), "the first time is none");
    let sheet = apply(&bench, &first, "crm.csv", &["Id"], false);
    sheet.write(&bench, "crm.csv");
    ingest(&bench, &["crm.csv"]);
    assert_eq!(plan(&bench, "salesforce")["changes"], 0);

    bench.write("crm.csv", crm(&world.crm));
    ingest(&bench, &["crm.csv"]);
    let (out, messages) = bench
        .exits(0, &["sync-plan", "--to", "salesforce", "--out", "plan-again", "--format", "json"]);
    let plan: Value = serde_json::from_str(&out).unwrap();
    let found = &plan["loops"][0];
    assert_eq!(found["record"], format!("crm:contact/{}", crm_id(0)), "{plan:#}");
    let told = |key: &str| found[key].as_str().unwrap().to_owned();
    assert_eq!(
        (told("field"), told("value_now"), told("value_wanted")),
        ("phone".into(), "+14155550001".into(), "+14155550002".into())
    );
    assert!(told("held_by").starts_with("erp:"), "{found}");
    assert!(told("wanted_by").starts_with("shop:"), "{found}");
    assert_eq!(plan["loops"].as_array().unwrap().len(), 1);
    assert!(messages.contains("loop: phone of crm:contact/"), "{messages}");
    assert!(!messages.contains("+1415"), "{messages}");
    assert_eq!(Sheet::read(&bench, "plan-again/loops.csv").rows.len(), 1);
}

const CLUB: &str = r#"
name = "club-members"
system = "club"
title = "Members of the club"
certainty = "seen"
[detect]
signature = [{ all = ["Member No", "Joined"] }]
[[record]]
object = "member"
entity = "person"
id = { at = "Member No", required = true }
name = [{ given = "First", family = "Last" }]
email = ["Mail"]
phone = ["Mobile"]
created_at = ["Joined"]
[[import]]
name = "members"
object = "member"
key = "Member No"
rows = 5
column = [{ name = "Mobile", field = "phone" }]
"#;

#[test]
fn imports_of_another_system_are_data_and_split_at_their_limits() {
    let bench = Bench::new();
    bench.write("sameas.toml", "kinds = \"kinds\"\n").write("kinds/club.toml", CLUB);
    let mut club = String::from("Member No,First,Last,Mail,Mobile,Joined\n");
    for p in persons(|n| format!("M-{}", 700 + n)) {
        club += &format!("{},{},{},{},,2020-01-01\n", p.id, p.given, p.family, p.email);
    }
    bench.write("club.csv", club).write("erp.csv", erp(&persons(erp_id)));
    ingest(&bench, &["club.csv", "erp.csv"]);
    let plan = plan(&bench, "club");
    let names = ["club-members-001.csv", "club-members-002.csv", "club-members-003.csv"];
    assert_eq!(files(&plan, "import"), names, "{plan:#}");
    assert!(
        bench
            .read("plan-club/club-members-003.csv")
            .starts_with("Member No,Mobile\nM-710,+14155552010\n")
    );

    bench.write("kinds/club.toml", CLUB.replace("rows = 5", "bytes = 100"));
    let by_bytes = files(&self::plan(&bench, "club"), "import");
    assert_eq!(by_bytes.len(), 3, "a header of 17 bytes and rows of 19");
    for file in by_bytes {
        assert!(bench.read(&format!("plan-club/{file}")).len() <= 100);
    }

    // A plan replaces the one before it, and what it no longer needs is gone.
    bench.write("kinds/club.toml", CLUB.replace("rows = 5", "rows = 50"));
    assert_eq!(files(&self::plan(&bench, "club"), "import"), names[..1]);
    assert!(!bench.path().join("plan-club").join(names[1]).exists());

    bench.write("kinds/club.toml", CLUB.replace("field = \"phone\"", "field = \"phon\""));
    let (_, messages) = bench.exits(2, &["sync-plan", "--to", "club", "--out", "plan-club"]);
    assert!(messages.contains("kind club-members, [[import]], column `Mobile`"), "{messages}");
    assert!(messages.contains("did you mean `phone`?"), "{messages}");
}

#[test]
fn where_a_plan_cannot_go_is_told_with_a_remedy() {
    let bench = World::new().bench("");
    let (_, messages) = bench.exits(2, &["sync-plan", "--to", "salesfroce", "--out", "x"]);
    assert!(messages.contains("did you mean `salesforce`?"), "{messages}");
    let (_, messages) = bench.exits(2, &["sync-plan", "--to", "erp", "--out", "x"]);
    assert!(messages.contains("no import format is known for `erp`"), "{messages}");
    assert!(messages.contains("[[import]]"), "{messages}");
    assert!(!bench.path().join("x").exists());
}

#[test]
fn every_import_of_a_built_in_kind_is_read_back_by_its_mapping() {
    let catalog = sameas::ingest::kind::Catalog::builtin().unwrap();
    let mut imports = 0;
    for name in catalog.names() {
        let kind = catalog.kind(&name).unwrap();
        let columns: Vec<String> =
            kind.fields().into_iter().flat_map(|(_, columns)| columns).collect();
        for import in &kind.spec.import {
            imports += 1;
            assert!(import.key.is_some() || !import.find_by.is_empty(), "{name}: {}", import.name);
            let named =
                import.column.iter().map(|c| &c.name).chain(&import.key).chain(&import.find_by);
            for column in named {
                assert!(columns.contains(column), "{name}: no mapping reads `{column}`");
            }
        }
    }
    assert!(imports >= 8);
}
