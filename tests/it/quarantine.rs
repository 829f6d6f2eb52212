//! Bad rows go to quarantine with file, line and reason; everything else goes on.

use super::support::Bench;

const HEADER: &str = "Record ID,First Name,Last Name,Email,Phone Number,Street Address,City,\
                      Postal Code,Country/Region,Create Date,Last Modified Date,Lifecycle Stage\n";

fn row(n: usize) -> String {
    format!(
        "{},Jürgen{n},Großmann{n},juergen{n}@example.org,+49 30 12345{n:02},Hauptstraße {n},Köln,\
         5066{},Germany,2024-01-01 10:00,2024-02-01 10:00,customer\n",
        1000 + n,
        n % 10
    )
}

/// Every tenth of 100 rows broken in one of four ways; the numbers of the broken ones.
fn file() -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut broken) = (HEADER.as_bytes().to_vec(), Vec::new());
    for n in 0..100 {
        let row = row(n);
        if n % 10 != 3 {
            bytes.extend(row.as_bytes());
            continue;
        }
        broken.push(n);
        match broken.len() % 4 {
            0 => bytes.extend(format!("{},too,few\n", 1000 + n).as_bytes()),
            1 => {
                let at = row.find("Köln").unwrap();
                bytes.extend(&row.as_bytes()[..at]);
                bytes.extend(b"K\xf6ln");
                bytes.extend(&row.as_bytes()[at + "Köln".len()..]);
            }
            2 => bytes.extend(row.replacen(&(1000 + n).to_string(), "", 1).as_bytes()),
            _ => bytes.extend(row.replace("customer", &"x".repeat((1 << 20) + 1)).as_bytes()),
        }
    }
    (bytes, broken)
}

#[test]
fn every_tenth_row_broken_leaves_the_sound_ones() {
    let bench = Bench::new();
    let (bytes, broken) = file();
    bench.write("crm.csv", &bytes);
    let (_, messages) = bench.exits(4, &["dedupe", "crm.csv:hubspot-contacts", "--out", "out"]);
    assert!(messages.contains("10 of 100 rows are in quarantine"), "{messages}");
    let ids: Vec<String> =
        bench.rows("out/clusters.csv").into_iter().map(|row| row[1].clone()).collect();
    let sound: Vec<String> =
        (0..100).filter(|n| !broken.contains(n)).map(|n| (1000 + n).to_string()).collect();
    assert_eq!(ids, sound);

    let mut reader = csv::Reader::from_path(bench.path().join("out/quarantine.csv")).unwrap();
    assert_eq!(reader.headers().unwrap(), vec!["file", "line", "source", "reason", "row"]);
    let rows = bench.rows("out/quarantine.csv");
    assert_eq!(rows.len(), broken.len());
    let mut lines: Vec<usize> = rows.iter().map(|row| row[1].parse().unwrap()).collect();
    lines.sort_unstable();
    assert_eq!(lines, broken.iter().map(|n| n + 2).collect::<Vec<_>>());
    for row in &rows {
        assert_eq!((&*row[0], &*row[2]), ("crm.csv", "crm"));
        assert!(!row[3].is_empty() && !row[3].contains("Jürgen"), "no values in {}", row[3]);
        assert!(!row[4].is_empty(), "the row as it stood");
    }

    // The same file again: nothing changes, and nothing stands twice.
    let store = ["--store", "out/.sameas"];
    bench.exits(4, &[&store[..], &["ingest", "crm.csv:hubspot-contacts"]].concat());
    let listed = bench.json(&[&store[..], &["quarantine", "list"]].concat());
    assert_eq!(listed.as_array().unwrap().len(), 10);
    assert!(!listed.to_string().contains("Jürgen"), "the list holds no values");
    assert!(bench.runs(&[&store[..], &["quarantine", "show", "1"]].concat()).contains("crm.csv"));
    assert_eq!(bench.json(&[&store[..], &["status"]].concat())["quarantined"], 10);
}

#[test]
fn strict_refuses_and_leaves_nothing_behind() {
    let bench = Bench::new();
    bench.write("crm.csv", file().0);
    bench.write("good.csv", format!("{HEADER}{}{}", row(1), row(2)));
    let given = ["ingest", "crm.csv:hubspot-contacts", "--strict"];
    let (_, messages) = bench.exits(3, &given);
    assert!(messages.contains("error: crm.csv"), "{messages}");
    bench.runs(&["ingest", "good.csv:hubspot-contacts"]);
    bench.runs(&["rebuild"]);
    let status = bench.json(&["status"]);
    assert_eq!((&status["records"], &status["quarantined"]), (&2.into(), &0.into()));
}

#[test]
fn a_file_that_cannot_be_read_fails_alone() {
    let bench = Bench::new();
    bench.write("good.csv", format!("{HEADER}{}{}", row(1), row(2)));
    bench.write("bad.csv.gz", b"\x1f\x8b\x08\x00garbage that is no stream");
    bench.write("binary.csv", b"\x00\x01\x02 no text");
    std::fs::create_dir(bench.path().join("folder.csv")).unwrap();
    for bad in ["bad.csv.gz", "missing.csv", "folder.csv", "binary.csv"] {
        let out = format!("out-{bad}");
        let (_, messages) =
            bench.exits(1, &["dedupe", "good.csv:hubspot-contacts", bad, "--out", &out]);
        assert!(messages.contains(&format!("{bad}: ")), "{messages}");
        assert_eq!(bench.rows(&format!("{out}/clusters.csv")).len(), 2, "{bad}");
    }
}
