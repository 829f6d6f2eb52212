//! Documents whose rows lie beside other keys, and rows that are no records or stand for many: what a
//! file's reading must not make one person of, or lose.

use serde_json::{Value, json};

use super::support::Bench;

/// Made-up people.
fn person(n: usize) -> (String, String, String) {
    let (given, family) = (["Ada", "Bruno", "Clara", "Dora", "Emil", "Fritz"][n % 6], "Quill");
    let family = format!("{family}{}", ["feather", "mark", "stone", "wood", "worth", "by"][n % 6]);
    let email = format!("{}.{}@quillmail.org", given.to_lowercase(), family.to_lowercase());
    (given.to_owned(), family, email)
}

fn people(row: impl Fn(usize, &str, &str, &str) -> Value) -> Vec<Value> {
    let row = |n| {
        let (given, family, email) = person(n);
        row(n, &given, &family, &email)
    };
    (0..6).map(row).collect()
}

/// The kind that a file was taken for, and its records.
fn taken(bench: &Bench, file: &str) -> (String, u64) {
    let store = format!("{file}.store");
    let out = bench.json(&["--store", &store, "ingest", file]);
    let receipt = &out["files"][0];
    (receipt["kind"].as_str().unwrap().to_owned(), receipt["records_new"].as_u64().unwrap())
}

#[test]
fn answers_of_apis_are_their_rows_however_the_keys_are_called() {
    let magento = people(|n, given, family, email| {
        json!({"id": n + 1, "group_id": 1, "default_billing": "2", "created_at": "2018-10-10 05:51:16",
            "updated_at": "2018-10-10 05:51:16", "created_in": "Default Store View", "email": email,
            "firstname": given, "lastname": family, "store_id": 1, "website_id": 1, "addresses": [],
            "disable_auto_group_change": 0, "extension_attributes": {"is_subscribed": false}})
    });
    let pipedrive = people(|n, given, family, email| {
        json!({"id": n + 1, "company_id": 123, "owner_id": {"id": 1, "name": "K", "email": "k@x.com"},
            "org_id": null, "name": format!("{given} {family}"), "first_name": given,
            "last_name": family, "open_deals_count": 0, "active_flag": true,
            "phone": [{"label": "work", "value": "", "primary": true}],
            "email": [{"label": "work", "value": email, "primary": true}],
            "add_time": "2024-01-01 10:00:00", "update_time": "2024-01-01 10:00:00"})
    });
    let campaign = people(|n, given, family, email| {
        json!({"id": (n + 113).to_string(), "email": email, "phone": "", "firstName": given,
            "lastName": family, "orgid": "0", "orgname": "", "segmentio_id": "",
            "cdate": "2018-09-12T16:53:50-05:00", "udate": "2018-09-12T16:53:50-05:00",
            "deleted_at": null, "bounced_hard": "0", "ip": "0", "hash": "abc", "links": {}})
    });
    let odoo = people(|n, given, family, email| {
        json!({"id": n + 42, "name": format!("{given} {family}"), "parent_id": false, "email": email,
            "phone": false, "country_id": [233, "United States"], "category_id": [],
            "is_company": false, "type": "contact", "active": true,
            "create_date": "2024-03-05 10:00:00", "write_date": "2024-03-05 10:00:00",
            "street": "1 High St", "city": "Columbus", "zip": "43219"})
    });
    let books = people(|n, given, family, email| {
        json!({"domain": "QBO", "sparse": false, "Id": (n + 1).to_string(), "SyncToken": "0",
            "MetaData": {"CreateTime": "2024-01-01T10:00:00-08:00"},
            "DisplayName": format!("{given} {family}"), "FullyQualifiedName": format!("{given} {family}"),
            "PrintOnCheckName": format!("{given} {family}"), "GivenName": given, "FamilyName": family,
            "Active": true, "PrimaryEmailAddr": {"Address": email}, "Job": false,
            "BillWithParent": false, "Balance": 0, "Taxable": true})
    });
    let plain = people(
        |n, given, family, email| json!({"Nummer": n + 70_001, "Vorname": given, "Nachname": family, "Kontakt": {"Mail": email}}),
    );
    let owners = json!({"user": {"1": {"id": 1, "name": "K", "email": "k@x.com"}}});
    let documents = [
        (
            "magento",
            "magento-json",
            json!({"items": magento, "search_criteria": {"filter_groups": [], "page_size": 6},
                "total_count": 6}),
        ),
        (
            "pipedrive",
            "pipedrive-json",
            json!({"success": true, "data": pipedrive, "related_objects": owners,
                "additional_data": {"pagination": {"start": 0, "more_items_in_collection": false}}}),
        ),
        (
            "campaign",
            "activecampaign-contacts",
            json!({"scoreValues": [], "contacts": campaign, "meta": {"total": "6"}}),
        ),
        ("rpc", "odoo-partners", json!({"jsonrpc": "2.0", "id": null, "result": odoo})),
        (
            "dataset",
            "odoo-partners",
            json!({"jsonrpc": "2.0", "id": 7, "result": {"length": 6, "records": odoo}}),
        ),
        (
            "books",
            "quickbooks-json",
            json!({"QueryResponse": {"Customer": books, "startPosition": 1, "maxResults": 6},
                "time": "2024-01-01T10:00:00.000-08:00"}),
        ),
        (
            "plain",
            "generic-table",
            json!({"Mandant": 4, "Kunden": plain, "Abruf": {"am": "2024-01-01", "Dauer": 3}}),
        ),
    ];
    let bench = Bench::new();
    for (name, kind, document) in &documents {
        let file = format!("{name}.json");
        bench.write(&file, document.to_string());
        assert_eq!(taken(&bench, &file), ((*kind).to_owned(), 6), "{name}");
        // As pages, one a line.
        let file = format!("{name}.jsonl");
        bench.write(&file, format!("{document}\n{document}\n"));
        assert_eq!(taken(&bench, &file), ((*kind).to_owned(), 6), "{name}, lines");
    }
}

#[test]
fn a_thing_with_lists_of_its_own_is_one_record() {
    let addresses = json!([
        {"id": 1, "first_name": "Ada", "address1": "9 Low Rd", "city": "Ulm", "phone": "+4915100000001"},
        {"id": 2, "first_name": "Ada", "address1": "1 High St", "city": "Ulm", "phone": null},
    ]);
    let mails = json!([{"type": "email", "value": "a@quillmail.org"}, {"type": "email", "value": "b@quillmail.org"}]);
    let items =
        json!([{"id": 1, "name": "Cup", "sku": "C1"}, {"id": 2, "name": "Jug", "sku": "J1"}]);
    let orders = json!([{"id": 1, "name": "#1", "email": "ada@quillmail.org"}]);
    let bench = Bench::new();
    for (name, document) in [
        ("addresses", json!({"id": 7, "email": "ada@quillmail.org", "addresses": addresses})),
        ("identities", json!({"id": 7, "name": "Ada Quill", "identities": mails})),
        (
            "items",
            json!({"order_number": 7, "items": items, "buyer": {"email": "a@quillmail.org"}}),
        ),
        (
            "webhook",
            json!({"event": "x", "customer": {"id": 7, "email": "a@quillmail.org"}, "orders": orders}),
        ),
    ] {
        let file = format!("{name}.json");
        bench.write(&file, document.to_string());
        assert_eq!(taken(&bench, &file).1, 1, "{name}");
    }
}

#[test]
fn a_list_of_people_never_becomes_one_person() {
    let contacts = people(
        |n, given, family, email| json!({"id": n, "name": format!("{given} {family}"), "email": email}),
    );
    let bench = Bench::new();
    bench.write(
        "firm.json",
        json!({"id": 7, "name": "Quill Ltd", "contacts": contacts}).to_string(),
    );
    let (_, said) = bench.exits(4, &["dedupe", "firm.json", "--out", "firm"]);
    assert!(said.contains("1 of 1 rows are in quarantine"), "{said}");
    let rows = bench.runs(&["--store", "firm/.sameas", "quarantine", "list"]);
    assert!(rows.contains("`contacts` holds several people"), "{rows}");
    // Lists beside the rows are told.
    let tags = json!([{"id": 1, "label": "x"}, {"id": 2, "label": "y"}]);
    bench
        .write("page.json", json!({"customers": contacts, "labels": tags, "total": 6}).to_string());
    let (_, said) = bench.exits(0, &["dedupe", "page.json", "--out", "page"]);
    assert!(said.contains("not read are the lists beside it: labels"), "{said}");
    assert!(said.contains("6 live records"), "{said}");
}

const SHOP: &str = "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address \
                    Company,Default Address Address1,Default Address Address2,Default Address City,\
                    Default Address Province Code,Default Address Country Code,Default Address Zip,\
                    Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,\
                    Tax Exempt,Tags";

fn shop_row(id: &str, n: usize) -> String {
    let (given, family, email) = person(n);
    format!("{id},{given},{family},{email},yes,,9 Low Rd,,Boise,ID,US,83706,,,no,1.00,1,,no,")
}

#[test]
fn ids_that_a_spreadsheet_shortened_go_to_quarantine() {
    let bench = Bench::new();
    let rows = |ids: [&str; 3]| (0..3).map(|n| shop_row(ids[n], n) + "\n").collect::<String>();
    bench.write(
        "shop.csv",
        format!("{SHOP}\n{}", rows(["7.21044E+12", "7.21044E+12", "7210440000001"])),
    );
    bench.write(
        "other.csv",
        "Record ID;First Name;Last Name;Email\n1E+11;Ada;Quill;ada@quillmail.org\n\
         7,21044E+12;Bo;Quill;bo@quillmail.org\n5E10;Cy;Quill;cy@quillmail.org\n",
    );
    for file in ["shop.csv", "other.csv"] {
        let store = format!("{file}.store");
        let (_, said) = bench.exits(4, &["--store", &store, "ingest", file]);
        assert!(said.contains("2 of 3 rows are in quarantine"), "{said}");
        let rows = bench.runs(&["--store", &store, "quarantine", "list"]);
        assert_eq!(rows.matches("a spreadsheet shortened").count(), 2, "{rows}");
        bench.exits(3, &["--store", "strict", "ingest", file, "--strict"]);
    }
}

#[test]
fn a_repeated_id_is_told_and_strict_refuses_it() {
    let bench = Bench::new();
    let rows = [shop_row("'1", 0), shop_row("'1", 1), shop_row("'2", 2), shop_row("'2", 2)];
    bench.write("shop.csv", format!("{SHOP}\n{}\n", rows.join("\n")));
    let (_, said) = bench.exits(0, &["ingest", "shop.csv"]);
    assert!(said.contains("1 rows repeat the id of another row with other content"), "{said}");
    bench.write(
        "crm.csv",
        "id,name,email\n1,Ada Quill,a@quillmail.org\n1,Bo Stone,b@quillmail.org\n",
    );
    for file in ["crm.csv", "shop.csv"] {
        // Columns that no field takes are refused before: the shop's are mapped away.
        let (_, said) = bench.exits(3, &["--store", "strict", "ingest", file, "--strict"]);
        let told = said.contains("repeat the id") || said.contains("no field takes");
        assert!(told, "{said}");
    }
    // Payments name their customer again and again.
    let header = "id,Created date (UTC),Amount,Currency,Customer ID,Customer Email,Customer Description,\
                  Status,Card Last4,Captured";
    let pay = |n: usize| {
        format!(
            "ch_{n},2024-03-05 10:00:0{n},10.00,eur,cus_A1,ada@quillmail.org,Ada,Paid,4242,true"
        )
    };
    bench.write("pay.csv", format!("{header}\n{}\n{}\n", pay(1), pay(2)));
    let (_, said) = bench.exits(0, &["--store", "pay", "ingest", "pay.csv"]);
    assert!(!said.contains("repeat the id"), "{said}");
}

#[test]
fn footers_and_repeated_headers_are_no_rows() {
    let bench = Bench::new();
    let header = "\"Contact ID\",\"First Name\",\"Last Name\",\"Mailing Street\",\"Mailing City\",\
                  \"Mailing State/Province\",\"Mailing Zip/Postal Code\",\"Mailing Country\",\"Email\"";
    let row = |n: usize| {
        let (given, family, email) = person(n);
        format!(
            "\"0035g00000ABD0{n}\",\"{given}\",\"{family}\",\"1 Low Rd\",\"Boise\",\"ID\",\"83706\",\
                 \"United States\",\"{email}\""
        )
    };
    let footer = "\n\n\"Grand Totals (2 records)\"\n\"Confidential Information - Do Not Distribute\"\n\
                  \"Copyright (c) 2000-2026 example.com, inc. All rights reserved.\"\n\
                  \"Generated By:  Kim Boss  12/1/2026\"\n";
    bench.write(
        "report.csv",
        format!("{header}\n{}{footer}", (0..6).map(|n| row(n) + "\n").collect::<String>()),
    );
    let (_, said) = bench.exits(0, &["--store", "report", "ingest", "report.csv"]);
    assert!(said.contains("4 lines behind the table (a footer) are passed over"), "{said}");
    // A narrow line among the rows, or one right behind them, is a damaged row.
    bench.write(
        "cut.csv",
        format!("{header}\n{}\n\n\"x\",\"y\"\n{}\n\"0035g\",\"Em\n", row(0), row(1)),
    );
    let (_, said) = bench.exits(4, &["--store", "cut", "ingest", "cut.csv"]);
    assert!(said.contains("2 of 4 rows are in quarantine"), "{said}");
    // Two exports, one behind the other.
    let (a, b) =
        (format!("{SHOP}\n{}\n", shop_row("'1", 0)), format!("{SHOP}\n{}\n", shop_row("'2", 1)));
    bench.write("cat.csv", format!("{a}\u{feff}{b}{b}"));
    let (_, said) = bench.exits(0, &["dedupe", "cat.csv", "--out", "cat"]);
    assert!(said.contains("2 rows repeat the header: they are passed over"), "{said}");
    assert!(said.contains("2 live records"), "{said}");
}

#[test]
fn columns_of_account_numbers_are_ids_where_they_are_unique() {
    let bench = Bench::new();
    for (at, column) in [
        "Debitorennr.",
        "Adressnummer",
        "Personenkonto",
        "KUNNR",
        "Nº cliente",
        "Compte client",
        "Debiteurnummer",
        "Číslo zákazníka",
    ]
    .into_iter()
    .enumerate()
    {
        let table = |same: bool| {
            let row = |n: usize| {
                let (given, family, email) = person(n);
                let id = if same { 70_001 } else { 70_001 + n };
                format!("{id};{given};{family};{email}\n")
            };
            format!("{column};first name;last name;email\n{}", (0..6).map(row).collect::<String>())
        };
        for (same, name) in [(false, "unique"), (true, "same")] {
            let file = format!("{name}{at}.csv");
            bench.write(&file, table(same));
            let (_, said) = bench.exits(0, &["--store", &file.replace('.', "-"), "ingest", &file]);
            let id = said.contains(&format!("{column} → id"));
            assert_eq!(id, !same, "{column}: {said}");
        }
    }
}
