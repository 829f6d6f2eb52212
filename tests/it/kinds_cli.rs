//! Systems at work, by the command line: erasure, merges, relations, kinds of one's own, the
//! documentation.

use std::path::Path;

use sameas::ingest::kind::Catalog;
use sameas::report::kinds_document;

use super::kinds::{run_path, samples};
use super::support::{Bench, MEMBERS_KIND};
use sameas::ingest::kind::Stated;

fn shop(rows: &[&str]) -> String {
    let header = "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address \
                  Company,Default Address Address1,Default Address Address2,Default Address City,\
                  Default Address Province Code,Default Address Country Code,Default Address Zip,\
                  Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,\
                  Tax Exempt,Tags";
    format!("{header}\n{}\n", rows.join("\n"))
}

const ANN: &str = "'7210440000001,Ann,Miller,ann@example.com,yes,,12 High St,,Springfield,IL,US,\
                   '62701,,,no,1.00,1,,no,";
const BOB: &str = "'7210440000002,Bob,Stone,bob@example.com,yes,,9 Low Rd,,Springfield,IL,US,\
                   '62702,,,no,1.00,1,,no,";

const REDACT: &str = r#"{"shop_id":1,"shop_domain":"d.myshopify.com","customer":{"id":7210440000002,"email":"bob@example.com","phone":null},"orders_to_redact":[5002]}"#;

#[test]
fn an_erasure_request_ends_a_record_for_good() {
    let bench = Bench::new();
    bench.write("shop.csv", shop(&[ANN, BOB])).write("redact.jsonl", REDACT);
    bench.runs(&["ingest", "shop.csv"]);
    bench.runs(&["rebuild"]);
    assert_eq!(bench.json(&["status"])["records"], 2);
    // At once: before any rebuild, though the request came under another source.
    let (_, said) = bench.exits(0, &["ingest", "redact.jsonl"]);
    assert!(said.contains("2 records are to be erased"), "{said}");
    let asked = |status: &serde_json::Value| -> Vec<String> {
        let requests = status["erasure_requests"].as_array().unwrap();
        let text = |r: &serde_json::Value, key: &str| r[key].as_str().unwrap().to_owned();
        requests.iter().map(|r| format!("{}/{}", text(r, "object"), text(r, "record_id"))).collect()
    };
    let want = ["customer/7210440000002", "order/5002"];
    assert_eq!(asked(&bench.json(&["status"])), want);
    bench.runs(&["rebuild"]);
    let status = bench.json(&["status"]);
    assert_eq!((&status["records"], asked(&status)), (&1.into(), want.map(str::to_owned).to_vec()));
    // Nothing is left of what it said of itself, and a later export does not bring it back.
    let gone = bench.json(&["show", "shop:7210440000002"]);
    assert_eq!((&gone["deleted"], gone["golden"].as_object().unwrap().len()), (&true.into(), 0));
    bench.write("shop.csv", shop(&[ANN, &BOB.replace("Bob", "Robert")]));
    bench.runs(&["ingest", "shop.csv"]);
    bench.runs(&["rebuild"]);
    let found = bench.json(&["find", "robert stone"]);
    assert!(found.as_array().unwrap().iter().all(|one| one["full_name"] != "Robert Stone"));
    assert_eq!(bench.json(&["status"])["erasure_requests"].as_array().unwrap().len(), 2);
}

/// (file name, rows, loser, survivor): merges that a system announces.
#[test]
fn merges_announced_by_a_system_are_aliases() {
    let salesforce = "Id,IsDeleted,MasterRecordId,AccountId,LastName,FirstName,Email,SystemModstamp\n\
        003XX0000012abCYAQ,0,,,Muster,Erika,erika@example.com,2024-03-01 09:15:00\n\
        003XX0000099zZzYAI,1,003XX0000012abCYAQ,,Muster,E.,e@example.com,2024-03-02 09:15:00\n";
    let hubspot = "Record ID,First Name,Last Name,Email,Contact owner,Lifecycle Stage,Create Date,\
        Merged vids with timestamps of a contact\n\
        900,Erika,Muster,erika@example.com,Olga,lead,2021-04-02 08:10,513:1650000000000\n";
    let merge = "{\"eventId\":1,\"portalId\":62,\"occurredAt\":1709284500000,\"subscriptionType\":\
        \"contact.merge\",\"objectId\":900,\"primaryObjectId\":900,\"mergedObjectIds\":[513]}\n";
    let segment = "{\"type\":\"identify\",\"messageId\":\"1\",\"userId\":\"C-1\",\"traits\":{\"email\":\
        \"erika@example.com\",\"firstName\":\"Erika\",\"lastName\":\"Muster\"},\"timestamp\":\
        \"2024-03-05T10:00:00Z\"}\n{\"type\":\"alias\",\"messageId\":\"2\",\"previousId\":\"anon-1\",\
        \"userId\":\"C-1\",\"timestamp\":\"2024-03-05T10:00:01Z\"}\n";
    let shopify = format!(
        "{}\n{}\n",
        r#"{"id":1,"admin_graphql_api_id":"gid://shopify/Customer/1","email":"erika@example.com","first_name":"Erika","last_name":"Muster","created_at":"2024-03-05T10:00:00Z","updated_at":"2024-03-05T10:00:00Z","state":"enabled"}"#,
        r#"{"admin_graphql_api_customer_kept_id":"gid://shopify/Customer/1","admin_graphql_api_customer_deleted_id":"gid://shopify/Customer/2","admin_graphql_api_job_id":null,"status":"completed"}"#,
    );
    let square = r#"{"merchant_id":"M","type":"customer.created","event_id":"e","created_at":"2024-03-05T10:00:01Z","data":{"type":"customer","id":"NEW","object":{"customer":{"id":"NEW","given_name":"Erika","family_name":"Muster","email_address":"erika@example.com","creation_source":"MERGE","updated_at":"2024-03-05T10:00:00Z"},"event_context":{"merge":{"from_customer_ids":["OLD"],"to_customer_id":"NEW"}}}}}"#;
    let quickbooks = format!(
        "{}\n{}\n",
        r#"{"eventNotifications":[{"realmId":"9","dataChangeEvent":{"entities":[{"name":"Customer","id":"1","operation":"Merge","lastUpdated":"2026-05-30T15:00:00-0700","deletedId":"57"}]}}]}"#,
        r#"{"eventNotifications":[{"realmId":"9","dataChangeEvent":{"entities":[{"name":"Customer","id":"1","operation":"Merge","lastUpdated":"2026-05-30T15:00:00-0700","deletedId":"58"}]}}]}"#,
    );
    let customer = r#"{"Id":"1","SyncToken":"0","MetaData":{"LastUpdatedTime":"2024-04-01T08:00:00Z"},"DisplayName":"Erika Muster","GivenName":"Erika","FamilyName":"Muster","PrimaryEmailAddr":{"Address":"erika@example.com"}}"#;
    for (files, loser, survivor) in [
        (
            &[("crm.csv", salesforce)] as &[(&str, &str)],
            "crm:003XX0000099zZzYAI",
            "003XX0000012abCYAQ",
        ),
        (&[("hs.csv", hubspot), ("events.jsonl", merge)], "hs:513", "900"),
        (&[("seg.jsonl", segment)], "seg:anon-1", "C-1"),
        (&[("shop.jsonl", &shopify)], "shop:2", "1"),
        (&[("sq.json", square)], "sq:OLD", "NEW"),
        (&[("qbo.json", customer), ("hooks.jsonl", &quickbooks)], "qbo:57", "1"),
    ] {
        let bench = Bench::new();
        let source = loser.split(':').next().unwrap();
        for (name, text) in files {
            bench.write(name, text);
            let (_, said) = bench.exits(0, &["ingest", &format!("{name}:@{source}")]);
            assert!(!said.contains("generic"), "{said}");
        }
        bench.runs(&["rebuild"]);
        let xref = bench.json(&["xref", loser]);
        assert_eq!(xref["records"][source][0], survivor, "{loser} resolves to {survivor}");
    }
}

#[test]
fn the_recipient_of_an_order_is_not_the_customer() {
    for sample in samples() {
        let gift = ["shopify-orders", "amazon-json", "ebay-json", "shipstation-json"]
            .contains(&sample.kind.as_str())
            || ["shipstation-orders", "woocommerce-advanced-orders", "magento-order-grid"]
                .contains(&sample.kind.as_str());
        if gift {
            let run = super::kinds::run(&sample.file, &sample.text, &Stated::default()).unwrap();
            for (_, mapped) in &run.records {
                let shown = super::kinds::show(mapped);
                let taken = shown.lines().filter(|line| !line.starts_with("other."));
                let theirs = ["Bob", "9 Low Rd", "0199", "Gift"];
                let wrong: Vec<&str> =
                    taken.filter(|line| theirs.iter().any(|text| line.contains(text))).collect();
                assert!(wrong.is_empty(), "{}: {wrong:?}", sample.file);
            }
        }
    }
}

/// The card may be the wife's, the bill somebody else's: they name the customer where nobody else does.
#[test]
fn who_pays_is_the_customer_only_where_nobody_else_is_named() {
    let stripe = |name: &str| {
        format!(
            "id,Description,Email,Name,Created (UTC),Card ID,Card Name,Total Spend,Payment Count,\
             Refunded Volume,Dispute Losses\ncus_1,,tom@example.com,{name},2024-03-05 14:22,card_1,\
             Eva Payer,12.00,1,0.00,0.00\n"
        )
    };
    let magento = |name: &str| {
        format!(
            "ID,Name,Email,Group,Phone,ZIP,Country,State/Province,Customer Since,Web Site,\
             Billing Firstname,Billing Lastname\n7,{name},tom@example.com,General,,,,,\
             2024-03-05 14:22:00,Main,Eva,Payer\n"
        )
    };
    let order = |customer: &str| {
        format!(
            r##"{{"id":5001,"admin_graphql_api_id":"gid://shopify/Order/5001","name":"#1","email":"tom@example.com","billing_address":{{"first_name":"Eva","last_name":"Payer","name":"Eva Payer"}},"customer":{customer}}}"##
        ) + "\n"
    };
    let plain =
        |name: &str| format!("id,Name,Cardholder Name,Email\n1,{name},Eva Payer,tom@example.com\n");
    let parts = |name: &str| {
        let (given, family) = name.split_once(' ').unwrap_or_default();
        format!(
            "id,First Name,Last Name,Billing Name,Email\n1,{given},{family},Eva Payer,t@example.com\n"
        )
    };
    let account = r#"{"id":7210440000001,"first_name":"Tom","last_name":"Own"}"#;
    for (file, named, nameless) in [
        ("unified_customers.csv", stripe("Tom Own"), stripe("")),
        ("customers.csv", magento("Tom Own"), magento("")),
        ("orders.jsonl", order(account), order(r#"{"id":7210440000001}"#)),
        ("people.csv", plain("Tom Own"), plain("")),
        ("people.csv", parts("Tom Own"), parts("")),
    ] {
        for (text, own, payer) in [(named, true, false), (nameless, false, true)] {
            let run = super::kinds::run(file, &text, &Stated::default()).unwrap();
            assert_eq!(&*run.manifest.kind == "generic-table", file == "people.csv", "{file}");
            let shown = super::kinds::show(&run.records[0].1);
            let names: Vec<&str> = shown.lines().filter(|line| line.starts_with("name")).collect();
            let holds = |word: &str| names.iter().any(|line| line.contains(word));
            assert_eq!((holds("Tom"), holds("Eva")), (own, payer), "{file}: {shown}");
        }
    }
}

/// The lines of a file's first record, and the notes on the file.
fn first_record(file: &str, text: &str, stated: &Stated) -> (Vec<String>, Vec<String>) {
    let run = super::kinds::run(file, text, stated).unwrap();
    let shown = super::kinds::show(&run.records[0].1);
    (shown.lines().map(str::to_owned).collect(), run.manifest.notes)
}

#[test]
fn columns_that_a_kind_does_not_know_are_read_where_it_finds_nothing() {
    let header = "(Nicht ändern) Kontakt,(Nicht ändern) Zeilenprüfsumme,(Nicht ändern) Geändert am,\
                  Vollständiger Name,E-Mail,Telefon (geschäftlich),Adresse 1: Straße 1,\
                  Adresse 1: Ort,Adresse 1: Postleitzahl,Adresse 1: Land/Region,Adresse 2: Ort,\
                  Courriel,Lieferung Ort,Geburtsdatum,Besitzer E-Mail\n";
    let row = "0a1b2c3d-0000-4000-8000-000000000000,x==,01.03.2024 10:00,Eva Muster,\
               eva@example.com,+49 30 901820,Rosenweg 54,Berlin,10127,Deutschland,Ulm,\
               other@example.com,Bonn,02.03.1980,owner@example.com\n";
    let text = format!("{header}{row}");
    let (lines, notes) = first_record("kontakte.csv", &text, &Stated::default());
    for line in [
        "name: |||||Eva Muster",
        "phone@work: +49 30 901820",
        "address: ||Rosenweg 54||||Berlin||10127|Deutschland",
    ] {
        assert!(lines.iter().any(|one| one == line), "{line}: {lines:#?}");
    }
    assert!(lines.iter().any(|line| line.starts_with("born: 02.03.1980")), "{lines:#?}");
    let starting = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    // Nothing beside what the kind finds, nor what is somebody else's or a second one.
    assert_eq!((starting("email"), starting("address"), starting("name")), (1, 1, 1), "{lines:#?}");
    let told = notes.iter().find(|note| note.contains("does not know")).unwrap();
    assert!(
        told.contains("`Adresse 1: Ort` as address.city") && !told.contains("Courriel"),
        "{told}"
    );
    // Who wants none of it says so.
    let columns = [("Telefon (geschäftlich)".to_owned(), "none".to_owned())].into();
    let (lines, _) = first_record("kontakte.csv", &text, &Stated { columns, ..Stated::default() });
    assert!(!lines.iter().any(|line| line.starts_with("phone")), "{lines:#?}");
}

/// In lists of customers without a word on what they are, names decide.
#[test]
fn customers_under_their_own_names_are_persons() {
    let list = |customer: &str, contact: &str| {
        format!(
            "Customer full name,Phone numbers,Email,Full name,Bill address,Ship address\n\
             {customer},Phone:(555) 010-1234,a@example.com,{contact},\"12 Oak St\n\
             Springfield IL 62701 US\",\n"
        )
    };
    let export = |name: &str| {
        format!(
            "Name,Company name,Street Address,City,State,Country,Zip,Phone,Email,Customer type,\
             Attachments,Open balance\n{name},,12 Oak St,Springfield,IL,US,62701,,a@example.com,,,0.00\n"
        )
    };
    for (text, is) in [
        (list("Nancy Williams", "Nancy Williams"), "person"),
        (list("\"Williams, Nancy\"", "Nancy Williams"), "person"),
        (list("Nancy Williams", ""), "person"),
        (export("Nancy Williams"), "person"),
        (list("Nancy Williams LLC", "Nancy Williams LLC"), "organization"),
        (list("Austin Plumbing", "Austin Plumbing"), "organization"),
        (list("Acme Widgets", ""), "organization"),
        (export("Acme Widgets"), "organization"),
    ] {
        let (lines, _) = first_record("customers.csv", &text, &Stated::default());
        assert!(lines[0].ends_with(is), "{text}: {lines:#?}");
        let named = lines.iter().any(|line| line.starts_with("name:"));
        let company = lines.iter().any(|line| line.starts_with("company"));
        assert_eq!((named, company), (is == "person", is != "person"), "{text}: {lines:#?}");
    }
    // A contact of a company stays one.
    let (lines, _) =
        first_record("customers.csv", &list("Acme Widgets", "Ann Miller"), &Stated::default());
    assert!(lines[0].ends_with("person"), "{lines:#?}");
    assert!(lines.contains(&"company: Acme Widgets".to_owned()), "{lines:#?}");
}

/// A lead that became a contact is one person, whatever else differs.
#[test]
fn a_converted_lead_is_its_contact() {
    let bench = Bench::new();
    bench
        .write(
            "leads.csv",
            "Id,LastName,FirstName,Company,Email,IsConverted,ConvertedContactId\n\
             00QXX000001xYzA2AU,Muster,Erika,Example Corp,e.muster@example.com,1,003XX0000012abCYAQ\n\
             00QXX000001xYzB2AU,Stone,Bob,Other Corp,bob@other.example,0,\n",
        )
        .write(
            "contacts.csv",
            "Id,AccountId,LastName,FirstName,Email,SystemModstamp\n\
             003XX0000012abCYAQ,,Muster,Erika,erika@home.example,2024-03-01 09:15:00\n\
             003XX0000012abDYAQ,,Jones,Tom,tom@example.com,2024-03-01 09:15:00\n",
        );
    bench.runs(&["dedupe", "leads.csv", "contacts.csv", "--out", "out"]);
    let id = |record: &str| bench.entity_of("out", record);
    assert_eq!(id("leads:00QXX000001xYzA2AU"), id("contacts:003XX0000012abCYAQ"));
    assert_ne!(id("leads:00QXX000001xYzB2AU"), id("contacts:003XX0000012abCYAQ"));
}

/// Relations: by the account's id, by the company's name, by the mailbox's domain.
#[test]
fn employment_is_a_relation_and_no_merge() {
    let bench = Bench::new();
    bench
        .write(
            "accounts.csv",
            "Id,Name,ParentId,Website,BillingCity,OwnerId\n\
             001XX000003aBcDYAU,Acme Tools Ltd,,https://acme-tools.example,Springfield,005\n\
             001XX000003aBcEYAU,Borealis Foods,,https://www.borealis-foods-invented.com,Lyon,005\n",
        )
        .write(
            "contacts.csv",
            "Id,AccountId,LastName,FirstName,Email,MailingCity,SystemModstamp\n\
             003XX0000012abCYAQ,001XX000003aBcDYAU,Muster,Erika,erika@home.example,Springfield,2024-03-01 09:15:00\n",
        )
        .write(
            "shop.csv",
            shop(&[
                "'7210440000001,Ann,Miller,ann@mail.example,yes,Acme Tools Ltd,12 High St,,Springfield,IL,US,'62701,,,no,1.00,1,,no,",
                "'7210440000002,Bob,Stone,bob@borealis-foods-invented.com,yes,,9 Low Rd,,Springfield,IL,US,'62702,,,no,1.00,1,,no,",
            ]),
        );
    bench.runs(&["dedupe", "accounts.csv", "contacts.csv", "shop.csv", "--out", "out"]);
    let id = |record: &str| bench.entity_of("out", record);
    let (acme, borealis) = (id("accounts:001XX000003aBcDYAU"), id("accounts:001XX000003aBcEYAU"));
    for (record, employer) in [
        ("contacts:003XX0000012abCYAQ", &acme),
        ("shop:7210440000001", &acme),
        ("shop:7210440000002", &borealis),
    ] {
        let show = bench.json(&["--store", "out/.sameas", "show", record]);
        let relations: Vec<(&str, &str)> = show["relations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| (r["type"].as_str().unwrap(), r["entity_id"].as_str().unwrap()))
            .collect();
        assert!(relations.contains(&("employer", employer.as_str())), "{record}: {relations:?}");
        assert_ne!(&id(record), employer);
        let golden = bench.read("out/golden.csv");
        let row = golden.lines().find(|line| line.starts_with(&id(record))).unwrap();
        assert!(row.contains(&format!("employer:{employer}")), "{row}");
    }
}

#[test]
fn a_kind_of_ones_own_is_one_file_in_a_folder() {
    let bench = Bench::new();
    bench.write("sameas.toml", "kinds = \"kinds\"\n").write("kinds/club.toml", MEMBERS_KIND).write(
        "members.csv",
        "Member No,First,Last,Mail,Club State,Shoe\nM1,Ann,Lee,ann@example.com,in,38\n",
    );
    let found = bench.json(&["sources", "detect", "members.csv"]);
    assert_eq!(
        (&found["kind"], &found["unused_columns"][0]),
        (&"club-members".into(), &"Shoe".into())
    );
    assert!(bench.runs(&["sources", "list"]).contains("club-members"));
    // What is not used is said, and --strict refuses it.
    let (_, said) = bench.exits(0, &["ingest", "members.csv"]);
    assert!(said.contains("members.csv: kept but not used for matching: Shoe"), "{said}");
    let (_, said) = bench.exits(3, &["--store", "other", "ingest", "--strict", "members.csv"]);
    assert!(said.contains("no field takes these columns: Shoe"), "{said}");
    bench.runs(&["rebuild"]);
    assert_eq!(bench.json(&["xref", "members:M1"])["records"]["members"][0], "M1");
    // A wrong key is named with its line and the nearest that there is.
    bench.write("kinds/club.toml", MEMBERS_KIND.replace("phone = ", "phon = "));
    let (_, said) = bench.exits(2, &["sources", "list"]);
    assert!(said.contains("club.toml:19: unknown field `phon`"), "{said}");
    assert!(said.contains("did you mean `phone`?"), "{said}");
}

/// `init --kinds` writes a kind for an unknown table; it maps the table as it was recognised.
#[test]
fn init_writes_a_first_kind() {
    let bench = Bench::new();
    let table = "Kundennr.;Vorname;Nachname;E-Mail;Telefon privat;Straße;PLZ;Ort;Shopify Kunden-ID;Farbe\n\
                 K1;Anna;Meyer;anna@example.com;+49 30 1234567;Hauptstr. 5;10115;Berlin;7210440000001;rot\n\
                 K2;Bernd;Beck;bernd@example.com;+49 30 7654321;Hauptstr. 9;10115;Berlin;;blau\n";
    bench.write("ERP Kunden.csv", table);
    let before = bench.json(&["sources", "detect", "ERP Kunden.csv"]);
    bench.runs(&["init", "--kinds", "kinds", "ERP Kunden.csv"]);
    let after = bench.json(&["sources", "detect", "ERP Kunden.csv"]);
    assert_eq!((&before["kind"], &after["kind"]), (&"generic-table".into(), &"erp-kunden".into()));
    assert_eq!(before["unused_columns"], after["unused_columns"]);
    assert_eq!(after["mapping"].as_object().unwrap().len(), 0, "the kind says it all");
    // Also of a file that no [[source]] names.
    bench.write("other.csv", table);
    assert_eq!(bench.json(&["sources", "detect", "other.csv"])["kind"], "erp-kunden");
    bench.runs(&["ingest", "ERP Kunden.csv:@erp"]);
    bench.runs(&["rebuild"]);
    let show = bench.json(&["show", "erp:K1"]);
    let value =
        |field: &str| show["golden"][field]["value"].as_str().unwrap_or_default().to_owned();
    bench.runs(&["init", "--out", "-", "other.csv"]);
    assert_eq!(
        [value("full_name"), value("email"), value("postcode")],
        ["Anna Meyer", "anna@example.com", "10115"]
    );
}

#[test]
fn a_near_miss_is_noted_and_two_equal_kinds_are_both_named() {
    let bench = Bench::new();
    let near = shop(&[ANN])
        .replace("Accepts Email Marketing", "Newsletter")
        .replace("Accepts SMS Marketing", "Texts")
        .replace("Default Address Address1", "Street");
    bench.write("export.csv", near);
    let (_, said) = bench.exits(0, &["ingest", "export.csv"]);
    assert!(said.contains("taken as `shopify-customers` although it is not quite one"), "{said}");
    assert!(said.contains("export.csv:generic-table"), "{said}");
    let twin = MEMBERS_KIND.replace("club-members", "club-guests");
    bench
        .write("sameas.toml", "kinds = \"kinds\"\n")
        .write("kinds/a.toml", MEMBERS_KIND)
        .write("kinds/b.toml", twin)
        .write(
            "members.csv",
            "Member No,First,Last,Mail,Club State\nM1,Ann,Lee,a@example.com,in\n",
        );
    let (_, said) = bench.exits(2, &["ingest", "members.csv"]);
    assert!(said.contains("`club-guests` or `club-members`, equally likely"), "{said}");
    assert!(said.contains("`members.csv:club-guests` or `members.csv:club-members`"), "{said}");
}

#[test]
fn the_documentation_describes_what_the_store_holds() {
    let bench = Bench::new();
    bench.runs(&["docs", "--out", "all"]);
    let all = bench.read("all/integration.md");
    assert!(all.contains("## shopify-customers (shopify)") && all.contains("## vcard"));
    bench
        .write("shop.csv", shop(&[ANN]))
        .write("erp.csv", "Kundennr.;Nachname;Farbe\nK1;Meyer;rot\nK2;Beck;blau\n");
    bench.runs(&["ingest", "shop.csv", "erp.csv"]);
    bench.runs(&["rebuild"]);
    let written = bench.json(&["docs", "--out", "docs"]);
    assert_eq!(written["sources"]["shop"], "shopify-customers");
    let text = bench.read("docs/integration.md");
    for part in [
        "| shop | shopify | shopify-customers | in |",
        "| name.given | First Name |",
        "| name.family | Nachname |",
        "Kept, but in no field: Farbe.",
        "## Ownership",
        "## Normalisation rules",
        "## Merge rules",
        "## Validation dependencies",
        "## Error handling",
        "From a probability of 0.5 on two records are one entity.",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("## vcard"), "only what is there");
    let page = bench.read("docs/integration.html");
    assert!(page.starts_with("<!DOCTYPE html>") && !page.contains("http"), "one page, offline");
}

/// `docs/sources.md` is made from the kinds: SAMEAS_WRITE_DOCS=1 writes it anew.
#[test]
fn the_table_of_kinds_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sources.md");
    let text = kinds_document(&Catalog::builtin().unwrap()).markdown();
    if std::env::var_os("SAMEAS_WRITE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stands == text, "docs/sources.md is old: run this test with SAMEAS_WRITE_DOCS=1");
}

/// Every export of the labelled set is taken for what it is.
#[test]
fn exports_of_the_labelled_set_are_recognised() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/commerce_20k");
    if !folder.exists() {
        eprintln!("skipped: ../shared/data/commerce_20k is not here");
        return;
    }
    for (name, kind) in [
        ("amazon-orders.txt", "amazon-orders"),
        ("erp-kunden.csv", "generic-table"),
        ("hubspot-contacts.csv", "hubspot-contacts"),
        ("klaviyo-profiles.csv", "klaviyo-profiles"),
        ("loyalty-members.csv", "generic-table"),
        ("netsuite-customers.csv", "netsuite-customers"),
        ("salesforce-accounts.csv", "salesforce-accounts"),
        ("salesforce-contacts.csv", "salesforce-contacts"),
        ("salesforce-leads.csv", "salesforce-leads"),
        ("shop-eu.csv", "shopify-customers"),
        ("shop-us-orders.csv", "shopify-orders"),
        ("shop-us.csv", "shopify-customers"),
        ("stripe-customers.csv", "stripe-customers"),
        ("subscribed_email_audience_export_0a1b2c3d4e.csv", "mailchimp-audience"),
        ("zendesk-users.jsonl", "zendesk-users"),
    ] {
        // The start of a file tells as much as all of it.
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let end = ends.map(|(at, _)| at + 1).nth(300).unwrap_or(bytes.len());
        let short = tempfile::tempdir().unwrap();
        let path = short.path().join(name);
        std::fs::write(&path, &bytes[..end]).unwrap();
        let run = run_path(path, name, &Stated::default()).unwrap();
        assert_eq!(&*run.manifest.kind, kind, "{name}");
    }
}
