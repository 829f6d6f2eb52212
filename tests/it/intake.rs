//! What files are called, which version of a record stands, and what is refused with a remedy.

use std::io::{Read, Write};
use std::process::Stdio;

use super::support::Bench;

const HEADER: &str = "id,first name,last name,email,updated at\n";

fn value(bench: &Bench, record: &str, field: &str) -> String {
    bench.json(&["show", record])["golden"][field]["value"].as_str().unwrap().to_owned()
}

#[test]
fn the_later_time_wins_then_the_later_ingest() {
    let bench = Bench::new();
    let row = |name: &str, time: &str| {
        format!("{HEADER}C-10001,{name},Quillfeather,ada@quillmail.org,{time}\n")
    };
    for (name, time, wins) in [
        ("Ada", "2025-03-01", "Ada"),
        ("Old", "2025-01-01", "Ada"),
        ("Newer", "2025-04-01", "Newer"),
        ("Undated", "", "Undated"),
    ] {
        bench.write("crm.csv", row(name, time));
        bench.runs(&["ingest", "crm.csv", "--kind", "generic-table"]);
        bench.runs(&["rebuild"]);
        assert_eq!(value(&bench, "crm:C-10001", "given_name"), wins, "{name}");
    }
    assert_eq!(bench.json(&["status"])["records"], 1);
    // Nobody finds the superseded names any more.
    let found = bench.json(&["find", "--name", "Newer Quillfeather"]);
    assert!(!found.to_string().contains("Newer"), "{found}");
}

#[test]
fn a_deletion_wins_over_the_row_of_the_same_command() {
    let customer = r#"{"id":7900067283724,"email":"ada@quillmail.org","first_name":"Ada","last_name":"Quill","created_at":"2025-01-01T00:00:00Z","updated_at":"2025-02-01T00:00:00Z","state":"enabled","verified_email":true,"tax_exempt":false,"tags":"","currency":"EUR","addresses":[],"admin_graphql_api_id":"gid://shopify/Customer/7900067283724"}"#;
    let redacted = r#"{"shop_id":954889,"shop_domain":"eu.myshopify.com","customer":{"id":7900067283724,"email":"ada@quillmail.org","phone":null},"orders_to_redact":[]}"#;
    for order in [[0, 1], [1, 0]] {
        let bench = Bench::new();
        bench.write("a/customer.json", customer).write("b/redact.json", redacted);
        let files = ["a/customer.json:@shop", "b/redact.json:@shop"];
        bench.runs(&["ingest", files[order[0]], files[order[1]]]);
        bench.runs(&["rebuild"]);
        assert_eq!(bench.json(&["status"])["records"], 0, "{order:?}");
        assert_eq!(bench.json(&["show", "shop:7900067283724"])["deleted"], true);
    }
}

#[test]
fn sources_are_named_as_the_contract_says() {
    let bench = Bench::new();
    let rows = |from: usize| {
        let rows =
            (from..from + 8).map(|n| format!("{n},Ada{n},Quill,a{n}@quillmail.org,2025-01-01\n"));
        format!("{HEADER}{}", rows.collect::<String>())
    };
    bench.write("eu/customers.csv", rows(10_000)).write("us/customers.csv", rows(20_000));
    bench.runs(&["ingest", "eu/customers.csv", "us/customers.csv"]);
    bench
        .write("one.csv", rows(30_000))
        .write("two.csv", rows(40_000))
        .write("three.csv", rows(50_000));
    bench.runs(&["ingest", "one.csv:@erp", "two.csv:generic-table@loyalty", "three.csv"]);
    bench.runs(&["ingest", "three.csv", "--source", "third"]);
    // A column `source` goes before the file's name, and after what is stated.
    let with_source = "source,record_id,first name,last name,email\n\
        alpha,90001,Ada,Quill,ada@quillmail.org\nbeta,90002,Bo,Thorn,bo@quillmail.org\n";
    bench.write("table.csv", with_source);
    bench.runs(&["ingest", "table.csv"]);
    bench.feeds(rows(60_000).as_bytes(), 0, &["ingest", "-", "--source", "piped"]);
    bench.feeds(&gz(rows(70_000).as_bytes()), 0, &["ingest", "-", "--source", "piped-gz"]);
    bench.runs(&["rebuild"]);
    let status = bench.json(&["status"]);
    let names: Vec<&String> = status["sources"].as_object().unwrap().keys().collect();
    let wanted = [
        "alpha",
        "beta",
        "erp",
        "eu/customers",
        "loyalty",
        "piped",
        "piped-gz",
        "third",
        "three",
        "us/customers",
    ];
    assert_eq!(names, wanted);
    assert_eq!(status["sources"]["alpha"]["records"], 1);
    bench.json(&["xref", "alpha:90001", "--to", "beta"]);
    bench.json(&["show", "eu/customers:10000"]);

    // A monthly export under a new name would double everyone.
    bench.write("customers-2025-02.csv", rows(10_001));
    let (_, messages) = bench.exits(3, &["ingest", "customers-2025-02.csv"]);
    assert!(messages.contains("customers-2025-02.csv:@eu/customers"), "{messages}");
    bench.runs(&["ingest", "customers-2025-02.csv:@eu/customers"]);
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    flate2::read::GzEncoder::new(bytes, flate2::Compression::fast()).read_to_end(&mut out).unwrap();
    out
}

#[test]
fn errors_name_place_and_remedy_and_the_exit_code_says_which() {
    let bench = Bench::new();
    bench.write("crm.csv", format!("{HEADER}C-10001,Ada,Quill,ada@quillmail.org,2025-01-01\n"));
    bench.runs(&["ingest", "crm.csv"]);

    // A mapping with a column or a field that is not there.
    bench.write("map.toml", "\"e-mial\" = \"email\"\n");
    let (_, messages) = bench.exits(2, &["ingest", "crm.csv", "--mapping", "map.toml"]);
    assert!(messages.contains("e-mial") && messages.contains("hint"), "{messages}");
    bench.write("map.toml", "\"email\" = \"emial\"\n");
    let (_, messages) = bench.exits(2, &["ingest", "crm.csv", "--mapping", "map.toml"]);
    assert!(messages.contains("email") && !messages.contains("quillmail"), "{messages}");
    let (_, messages) = bench.exits(2, &["ingest", "crm.csv", "--kind", "salesforce-contcts"]);
    assert!(messages.contains("salesforce-contacts"), "{messages}");
    bench.write("sameas.toml", "[thresholds]\nauot = 0.9\n");
    let (_, messages) = bench.exits(2, &["rebuild"]);
    assert!(messages.contains("sameas.toml:2") && messages.contains("`auto`"), "{messages}");
    std::fs::remove_file(bench.path().join("sameas.toml")).unwrap();

    // A store that another process holds: an ingest that waits for standard input.
    let mut command = bench.command(&["ingest", "-", "--source", "slow"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let pid = child.id().to_string();
    for _ in 0..600 {
        let lock = std::fs::read_to_string(bench.path().join(".sameas/lock")).unwrap_or_default();
        if lock.contains(&pid) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let (_, held) = bench.exits(5, &["rebuild"]);
    assert!(held.contains(&pid), "the holder {pid} is named: {held}");
    bench.json(&["status"]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(HEADER.as_bytes()).unwrap();
    stdin.write_all(b"S-1,Bo,Thorn,bo@quillmail.org,2025-01-01\n").unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    bench.runs(&["rebuild"]);

    // A reader that goes away is no failure.
    let mut command = bench.command(&["sources", "list"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

/// A corrected mapping that names another id column, for a file that was taken already.
#[test]
fn a_file_is_not_taken_again_under_other_ids() {
    let bench = Bench::new();
    let rows: String = (0..6).map(|at| format!("Ann{at},Lee{at},K{at}\n")).collect();
    bench.write("list.csv", format!("first name,last name,reference\n{rows}"));
    bench.write("ids.toml", "reference = \"id\"\n");
    bench.runs(&["ingest", "list.csv"]);
    let (_, messages) = bench.exits(3, &["ingest", "list.csv", "--mapping", "ids.toml"]);
    assert!(messages.contains("`reference`") && messages.contains("doubled"), "{messages}");
    // The same ids again are no news, and another source is another system.
    assert_eq!(bench.json(&["ingest", "list.csv"])["files"][0]["unchanged"], 6);
    bench.runs(&["ingest", "list.csv:@other", "--mapping", "ids.toml"]);
}

#[test]
fn another_shops_export_of_the_same_name_does_not_take_the_first_ones_place() {
    let bench = Bench::new();
    let people = |given: &str, family: &str, mail: &str| {
        let row =
            |n: usize| format!("{n},{given}{n},{family}{n},{n}@{mail},2025-01-0{}\n", 1 + n % 9);
        format!("{HEADER}{}", (2..42).map(row).collect::<String>())
    };
    let later = people("Ada", "Quill", "quillmail.org").replace("Quill", "Quillfeather");
    bench
        .write("de/users.csv", people("Ada", "Quill", "quillmail.org"))
        .write("later/users.csv", later)
        .write("us/users.csv", people("Bo", "Thorn", "thornmail.org"));
    bench.runs(&["ingest", "de/users.csv"]);
    let (_, message) = bench.exits(3, &["ingest", "us/users.csv"]);
    assert!(
        message.contains("for other people") && message.contains("users.csv:@NAME"),
        "{message}"
    );
    bench.runs(&["ingest", "us/users.csv:@us"]);
    // The same people, married.
    bench.runs(&["ingest", "later/users.csv"]);
    bench.runs(&["rebuild"]);
    assert_eq!(bench.json(&["status"])["records"], 80);
    // Somebody who says so means it.
    bench.runs(&["ingest", "us/users.csv:@users"]);
}
