//! Fields in which systems disagree.

use super::policy::{crm, crm_id, erp, persons, shop};
use super::support::Bench;

fn bench() -> Bench {
    let bench = Bench::new();
    let mut ours = persons(|n| format!("E-{}", 4000 + n));
    let mut theirs = persons(crm_id);
    let mut shops = persons(|n| format!("61000000000{n:02}"));
    ours[0].street = "1 Ledger Square".to_owned();
    theirs[1].mail = "denied".to_owned();
    shops[2].phone = "+14155559999".to_owned();
    // The same, written otherwise, is no conflict.
    shops[3].email = shops[3].email.to_uppercase();
    shops[4].phone.clear();
    // Nor is it to say less.
    (shops[5].street, shops[6].family) = (String::new(), String::new());
    bench
        .write("erp.csv", erp(&ours))
        .write("crm.csv", crm(&theirs))
        .write("shop.csv", shop(&shops));
    bench.runs(&["ingest", "erp.csv", "crm.csv", "shop.csv"]);
    bench.runs(&["rebuild"]);
    bench
}

#[test]
fn conflicts_are_ranked_and_counted_by_pair_of_sources() {
    let bench = bench();
    let found = bench.json(&["conflicts"]);
    assert_eq!(found["total"], 3, "{found:#}");
    let of = |key: &str| -> Vec<String> {
        let list = found["conflicts"].as_array().unwrap();
        list.iter().map(|c| c[key].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of("rule"), ["most frequent", "most frequent", "most restrictive"]);
    let address =
        &found["conflicts"].as_array().unwrap().iter().find(|c| c["field"] == "address").unwrap();
    // address weighs 3, most frequent is doubtful by 2, three sources state it.
    assert_eq!(address["score"], 18);
    let values = address["values"].as_array().unwrap();
    assert_eq!(values.len(), 3);
    assert_eq!((&values[0]["survives"], &values[2]["survives"]), (&true.into(), &false.into()));
    assert_eq!(values[2]["value"], "1 Ledger Square, Oakland, CA, 94600, US");
    assert_eq!(
        (&values[2]["source"], &values[2]["why_not"]),
        (&"erp".into(), &"less frequent".into())
    );
    let matrix = found["matrix"].as_array().unwrap();
    let row = |field: &str, a: &str, b: &str| {
        let is = |r: &&serde_json::Value| {
            r["field"] == field && r["source_a"] == a && r["source_b"] == b
        };
        matrix
            .iter()
            .find(is)
            .map(|r| (r["both"].as_u64().unwrap(), r["disagree"].as_u64().unwrap()))
    };
    assert_eq!(row("address", "crm", "erp"), Some((12, 1)));
    assert_eq!(row("address", "erp", "shop"), Some((12, 1)));
    assert_eq!(row("address", "crm", "shop"), None);
    assert_eq!(row("phone", "crm", "shop"), Some((11, 1)));
}

#[test]
fn conflicts_can_be_narrowed() {
    let bench = bench();
    let total = |arguments: &[&str]| bench.json(arguments)["total"].clone();
    assert_eq!(total(&["conflicts", "--field", "consent"]), 1);
    assert_eq!(total(&["conflicts", "--source", "erp"]), 2);
    let one = bench.json(&["conflicts", "--limit", "1"]);
    assert_eq!((one["conflicts"].as_array().unwrap().len(), &one["total"]), (1, &3.into()));
    let csv = bench.runs(&["conflicts", "--format", "csv"]);
    assert!(csv.starts_with("score,entity_id,field,rule,survives,against\n"), "{csv}");
    // An owner leaves less doubt.
    bench.write("sameas.toml", "[policy.address]\nowner = \"crm\"\n");
    let found = bench.json(&["conflicts", "--field", "address"]);
    assert_eq!(
        (&found["conflicts"][0]["score"], &found["conflicts"][0]["rule"]),
        (&9.into(), &"owner system".into())
    );
}
