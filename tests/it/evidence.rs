//! The evidence on a pair is the same wherever it is weighed: in the run over all records, and
//! beside nothing else, as `why` does it.

use std::fmt::Write as _;
use std::path::Path;

use sameas::pipeline::View;

use super::policy::{persons, shop};
use super::support::{Bench, NAMES};

/// Pairs whose weight in the results is not what explaining them says.
fn contradicted(store: &Path) -> (u64, Vec<String>) {
    let view = View::open(store).unwrap();
    let results = view.results();
    let mut wrong = Vec::new();
    for at in 0..results.pairs() {
        let pair = results.pair(at).unwrap();
        let told = view.explain(pair.a, pair.b).unwrap();
        // Judgements and kinds aside, to the last digit that results keep.
        if (told.match_weight - f64::from(pair.weight)).abs() > 1e-4 {
            wrong.push(format!("{} {}: {} {}", told.a, told.b, pair.weight, told.match_weight));
        }
    }
    (results.pairs(), wrong)
}

#[test]
fn names_in_other_roles_weigh_the_same_beside_nothing_else() {
    let mut rows = String::from("id,first_name,last_name,email,phone\n");
    // Words that many bear as a given name, as a family name and in between.
    for at in 0..60_u32 {
        let (given, family) = NAMES[at as usize % 12];
        let (other, _) = NAMES[(at as usize + 5) % 12];
        let (word, mail) = (char::from(b'a' + (at % 4) as u8), at * 7919);
        writeln!(rows, "s{at},{given} {word}.,{family},x{mail}@mail.example,").unwrap();
        writeln!(rows, "f{at},{family},{other},y{mail}@mail.example,").unwrap();
        writeln!(rows, "m{at},{other},{given} {family},z{mail}@mail.example,").unwrap();
        writeln!(rows, "i{at},{word},{family},w{mail}@mail.example,").unwrap();
    }
    // The same words in other roles, one mailbox.
    for (at, (given, family)) in NAMES.iter().enumerate() {
        let (word, mail) =
            (char::from(b'a' + (at % 4) as u8), format!("{family}{at}@post.example"));
        writeln!(rows, "p{at},{given} {word}.,{family},{mail},55501{at:05}").unwrap();
        writeln!(rows, "q{at},{family},{given} {word}.,{mail},").unwrap();
        writeln!(rows, "r{at},{family} {word},{given},{mail},").unwrap();
        writeln!(rows, "t{at},,,{given}.{family}@mail.example,55501{at:05}").unwrap();
        // One mailbox, which only the first record writes as a function's.
        writeln!(rows, "a{at},{given},{family},billing.uk{at}@gmail.com,").unwrap();
        writeln!(rows, "b{at},{given},{family},billinguk{at}@gmail.com,").unwrap();
        writeln!(rows, "c{at},{given} {word},{family},billinguk{at}@gmail.com,").unwrap();
    }
    let bench = Bench::new();
    bench.write("people.csv", rows);
    bench.runs(&["--store", "s", "dedupe", "people.csv", "--out", "o"]);
    let (pairs, wrong) = contradicted(&bench.path().join("s"));
    assert!(pairs > 100, "{pairs}");
    assert!(wrong.is_empty(), "{} of {pairs}: {wrong:#?}", wrong.len());
}

#[test]
fn made_up_exports_weigh_the_same_beside_nothing_else() {
    let bench = Bench::new();
    bench.runs(&["synth", "--records", "1200", "--seed", "11", "--out", "made"]);
    let files = std::fs::read_dir(bench.path().join("made")).unwrap();
    let files = files.map(|entry| entry.unwrap().path().display().to_string());
    let files: Vec<String> = files.filter(|file| !file.ends_with("truth.csv")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    bench.runs(&[&["--store", "s", "dedupe", "--out", "o"][..], &files].concat());
    let (pairs, wrong) = contradicted(&bench.path().join("s"));
    assert!(pairs > 500, "{pairs}");
    assert!(wrong.is_empty(), "{} of {pairs}: {wrong:#?}", wrong.len());
}

/// Of several values the best pair counts, and that pair is shown.
#[test]
fn why_shows_the_values_that_were_compared() {
    let bench = Bench::new();
    let people = persons(|n| format!("{}", 71_000_000_000_u64 + n as u64));
    bench.write("shop.csv", shop(&people));
    let mut erp = String::from(
        "Customer No,First Name,Last Name,Phone,Mobile,Billing Street,Billing Zip,Billing City,\
         Shipping Street,Shipping Zip,Shipping City\n",
    );
    for (n, p) in people.iter().enumerate() {
        erp += &format!(
            "E-{n},{},{},+1212555{:04},{},{n} Elsewhere Road,1000{},New York,{},{},{}\n",
            p.given,
            p.family,
            3000 + n,
            p.phone,
            n % 10,
            p.street,
            p.postcode,
            p.city
        );
    }
    bench.write("erp.csv", erp).runs(&["ingest", "shop.csv", "erp.csv"]);
    bench.runs(&["rebuild"]);
    let why = bench.json(&["why", "shop:71000000003", "erp:E-3"]);
    let terms = why["comparisons"].as_array().unwrap();
    let of = |field: &str| terms.iter().find(|term| term["field"] == field).unwrap();
    let (phone, house) = (of("phone"), of("address"));
    assert_eq!((&phone["level"], &house["level"]), (&"equal".into(), &"same house".into()));
    let number = people[3].phone.as_str();
    assert_eq!(phone["values"], serde_json::json!([number, number]));
    for side in house["values"].as_array().unwrap() {
        assert!(side.as_str().unwrap().starts_with(&people[3].street), "{house:#}");
    }
}
