//! Files made to do harm, through the command line: each is refused, or its bad row is quarantined,
//! with a sentence that names the limit; and what names say is shown, never obeyed.

use std::io::Write;

use super::support::Bench;

const HEADER: &str = "id,first name,last name,email\n";
const ADA: &str = "C-1,Ada,Quill,ada@quillmail.org\n";
const CY: &str = "C-3,Cy,Vale,cy@quillmail.org\n";
const MIB: usize = 1 << 20;

/// Ingests a file whose other rows are sound: (line, reason) of those in quarantine, how many were
/// taken.
fn quarantined(bench: &Bench, name: &str, bytes: &[u8]) -> (Vec<(u64, String)>, u64) {
    bench.write(name, bytes);
    let argument = format!("{name}:generic-table");
    let (answer, _) = bench.exits(4, &["--format", "json", "ingest", &argument]);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let taken = answer["files"][0]["records_new"].as_u64().unwrap();
    let listed = bench.json(&["quarantine", "list"]);
    let row = |row: &serde_json::Value| {
        (row["line"].as_u64().unwrap(), row["reason"].as_str().unwrap().to_owned())
    };
    (listed.as_array().unwrap().iter().map(row).collect(), taken)
}

/// Ingests a file that is refused as a whole: what is said about it.
fn refused(name: &str, bytes: &[u8]) -> String {
    let bench = Bench::new();
    bench.write(name, bytes);
    let (_, messages) = bench.exits(1, &["ingest", name]);
    assert!(messages.contains("\nhint: "), "{messages}");
    assert!(messages.starts_with(&format!("error: {name}")), "{messages}");
    // Nothing of it stays.
    assert_eq!(bench.json(&["status"])["records"], 0);
    let left = std::fs::read_dir(bench.path().join(".sameas/archive")).unwrap();
    let left = left.filter(|entry| entry.as_ref().unwrap().path().is_file()).count();
    assert_eq!(left, 0, "{name} left a file in the archive");
    messages
}

fn one_bad_row(name: &str, bytes: &[u8], line: u64, reason: &str, taken: u64) {
    let found = quarantined(&Bench::new(), name, bytes);
    assert_eq!(found, (vec![(line, reason.to_owned())], taken), "{name}");
}

fn repeated(before: &str, pattern: &str, bytes: usize, after: &str) -> Vec<u8> {
    [before.as_bytes(), &pattern.as_bytes().repeat(bytes / pattern.len()), after.as_bytes()]
        .concat()
}

#[test]
fn a_cell_of_100_mb() {
    let bytes = repeated(&format!("{HEADER}{ADA}C-2,"), "x", 100 * MIB, &format!(",Bo,b\n{CY}"));
    let reason = "row over the limit of 16,777,216 bytes (limits.row)";
    one_bad_row("a.csv", &bytes, 3, reason, 2);
}

#[test]
fn a_cell_over_the_limit_in_a_row_within_it() {
    let bytes =
        repeated(&format!("{HEADER}{ADA}C-2,"), "x", 2 * MIB, &format!(",Bo,b@x.org\n{CY}"));
    let reason = "cell of 2,097,152 bytes in column 2, over the limit of 1,048,576 (limits.cell)";
    one_bad_row("a.csv", &bytes, 3, reason, 2);
}

#[test]
fn a_million_columns() {
    let message = refused("a.csv", &repeated("id", ",c", 2_000_000, "\n1,2\n"));
    let said = "error: a.csv:1: 1,000,001 columns, over the limit of 20,000 (limits.columns)";
    assert!(message.contains(said), "{message}");
    // One row of them is one bad row.
    let bytes = repeated(&format!("{HEADER}{ADA}C-2"), ",c", 2_000_000, &format!("\n{CY}"));
    one_bad_row("b.csv", &bytes, 3, "1,000,001 fields where the header has 4", 2);
}

#[test]
fn a_limit_is_raised_where_its_name_says() {
    let bench = Bench::new();
    let bytes = repeated(&format!("{HEADER}{ADA}C-2,"), "x", 2 * MIB, ",Bo,bo@quillmail.org\n");
    bench.write("a.csv", bytes).write("sameas.toml", "[limits]\ncell = \"4 MiB\"\n");
    bench.runs(&["ingest", "a.csv:generic-table"]);
    bench.write("sameas.toml", "[limits]\ncolumns = 3\n");
    let (_, messages) = bench.exits(1, &["ingest", "a.csv:generic-table"]);
    assert!(messages.contains("4 columns, over the limit of 3 (limits.columns)"), "{messages}");
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn bombs_in_gzip_and_zstd() {
    let bytes = repeated(&format!("{HEADER}{ADA}C-2,"), "x", 64 * MIB, "\n");
    let said = "unpacks to more than 1,000 times its size (limits.unpacked_ratio)";
    for (name, packed) in
        [("a.csv.gz", gz(&bytes)), ("a.csv.zst", zstd::encode_all(&*bytes, 1).unwrap())]
    {
        let message = refused(name, &packed);
        assert!(message.contains(said), "{message}");
    }
    // Packings in one another count together.
    let message = refused("a.csv.gz", &gz(&zstd::encode_all(&*bytes, 19).unwrap()));
    assert!(message.contains(said), "{message}");
    let message = refused("a.csv.gz", &gz(&gz(&gz(ADA.as_bytes()))));
    assert!(message.contains("is packed more than 2 times"), "{message}");
}

#[test]
fn a_bomb_in_a_workbook() {
    let message =
        refused("a.xlsx", &super::readers::zip("xl/workbook.xml", &vec![b' '; 16 * MIB], 9));
    let said = "has a part that unpacks to more than 1,000 times its size (limits.unpacked_ratio)";
    assert!(message.contains(said), "{message}");
}

#[test]
fn json_nested_without_end() {
    let line = |value: &str| format!("{{\"id\":\"C-2\",\"x\":{value}}}\n");
    let ada = "{\"id\":\"C-1\",\"first_name\":\"Ada\",\"email\":\"ada@quillmail.org\"}\n";
    let deep = line(&format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000)));
    let reason = "JSON nested deeper than 64 (limits.json_depth)";
    one_bad_row("a.jsonl", format!("{ada}{deep}").as_bytes(), 2, reason, 1);
    let objects = line(&format!("{}1{}", "{\"a\":".repeat(20_000), "}".repeat(20_000)));
    one_bad_row("b.jsonl", format!("{ada}{objects}").as_bytes(), 2, reason, 1);
    let message = refused("c.json", "[".repeat(200_000).as_bytes());
    assert!(message.contains("c.json: the first array names no columns"), "{message}");
    one_bad_row("d.json", "{\"a\":".repeat(200_000).as_bytes(), 1, "a value that never closes", 0);
}

#[test]
fn a_nul_in_a_cell() {
    let bytes = format!("{HEADER}{ADA}C-2,Bo\0b,Reed,bo@quillmail.org\n{CY}");
    one_bad_row("a.csv", bytes.as_bytes(), 3, "a NUL byte in column 2", 2);
}

#[test]
fn a_lone_surrogate() {
    let json = "{\"id\":\"C-1\",\"first_name\":\"Ada\",\"email\":\"a@quillmail.org\"}\n\
                {\"id\":\"C-2\",\"first_name\":\"\\ud83d\",\"email\":\"b@quillmail.org\"}\n";
    one_bad_row("a.jsonl", json.as_bytes(), 2, "half of a surrogate pair in a JSON string", 1);
    // In UTF-16 it is no text either.
    let mut wide: Vec<u8> = "\u{feff}id\tfirst name\temail\nC-1\tAda\ta@quillmail.org\nC-2\t"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    wide.extend(0xd83d_u16.to_le_bytes());
    wide.extend("\tb@quillmail.org\n".encode_utf16().flat_map(u16::to_le_bytes));
    one_bad_row("b.tsv", &wide, 3, "bytes that are no UTF-16", 1);
}

#[test]
fn two_encodings_in_one_file() {
    let mut bytes = format!("{HEADER}{ADA}C-2,Jürgen,Groß,j@quillmail.org\n").into_bytes();
    bytes.extend(b"C-3,J\xfcrgen,Gro\xdf,k@quillmail.org\n");
    one_bad_row("a.csv", &bytes, 4, "bytes that are no UTF-8", 2);
}

#[test]
fn a_quote_that_never_closes() {
    let bytes = format!("{HEADER}{ADA}C-2,\"Bo,Reed,bo@quillmail.org\n{CY}");
    one_bad_row("a.csv", bytes.as_bytes(), 3, "a quote in column 2 that never closes", 2);
}

/// Two records of each of these given names, family names and companies, so that they stand side
/// by side in the reports.
fn named(bench: &Bench, names: &[[&str; 3]]) {
    let mut rows = csv::Writer::from_writer(Vec::new());
    rows.write_record(["id", "first name", "last name", "company", "email"]).unwrap();
    for (at, [given, family, company]) in names.iter().enumerate() {
        for copy in ["a", "b"] {
            let (id, email) = (format!("C-{at}{copy}"), format!("p{at}@quillmail.org"));
            rows.write_record([&id, *given, *family, *company, &email]).unwrap();
        }
    }
    bench.write("crm.csv", rows.into_inner().unwrap());
    bench.runs(&["ingest", "crm.csv:generic-table"]);
    bench.runs(&["rebuild"]);
}

#[test]
fn formulas_are_exact_by_default_and_neutralised_where_asked() {
    let bench = Bench::new();
    let formulas_of_companies = ["=cmd|'/c calc'!A1", "@SUM(A1)", "+Works", "-2+3"];
    named(&bench, &formulas_of_companies.map(|formula| ["Ada", "Quill", formula]));
    let formulas = |text: &str| {
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let cells: Vec<String> = rows
            .records()
            .flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
            .filter(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r']))
            .collect();
        cells
    };
    bench.runs(&["report", "--out", "exact"]);
    let exact = bench.read("exact/merge_candidates.csv");
    for formula in formulas_of_companies {
        assert!(formulas(&exact).iter().any(|cell| cell == formula), "{formula}:\n{exact}");
    }
    bench.write("sameas.toml", "[report]\nspreadsheet_safe = true\n");
    bench.runs(&["report", "--out", "safe"]);
    for file in ["golden", "clusters", "crosswalk", "merge_candidates", "quarantine"] {
        let text = bench.read(&format!("safe/{file}.csv"));
        assert_eq!(formulas(&text), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn markup_in_names_is_text_in_the_report() {
    let bench = Bench::new();
    named(
        &bench,
        &[
            ["<script>alert(1)</script>", "Quill", "\"><img src=x onerror=alert(2)>"],
            ["{{ 7 * 7 }}", "Reed", "</title><svg/onload=alert(3)>"],
        ],
    );
    bench.runs(&["report", "--out", "out"]);
    let page = bench.read("out/report.html").to_lowercase();
    for harm in ["<script>alert", "<img src=x", "<svg/onload", "</title><svg"] {
        assert!(!page.contains(harm), "{harm}");
    }
    assert!(page.contains("onerror=alert(2)"), "the name is shown");
}

#[test]
fn escapes_in_names_do_not_reach_the_terminal() {
    let bench = Bench::new();
    let red = ["\u{1b}[31mRed\u{1b}]0;owned\u{7}", "\u{9b}2JReed\u{202e}", "\u{1b}[2JAcme"];
    named(&bench, &[red, ["Bo\r\u{8}", "Thorn", "\u{85}Works"]]);
    bench.write("bad.csv", format!("{HEADER}{ADA}\u{1b}[31m,x\n"));
    bench.exits(4, &["ingest", "bad.csv:generic-table"]);
    bench.runs(&["report", "--out", "out"]);
    let obeyed = |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}';
    for verb in [
        &["show", "crm:C-0a"][..],
        &["find", "Reed"],
        &["why", "crm:C-0a", "crm:C-0b"],
        &["how", "crm:C-0a"],
        &["xref", "crm:C-0a"],
        &["quarantine", "show", "1"],
        &["status"],
        &["model", "show"],
    ] {
        for format in ["table", "json", "jsonl"] {
            let (out, err) = bench.exits(0, &[verb, &["--format", format]].concat());
            assert!(!out.contains(obeyed) && !err.contains(obeyed), "{verb:?} {format}: {out:?}");
        }
    }
    assert!(!bench.read("out/report.html").contains(obeyed));
    // An id that does not exist is named as it was given, without what it would do.
    let (_, messages) = bench.exits(1, &["show", "\u{1b}[31mcrm:\u{7}C-9"]);
    assert!(!messages.contains(obeyed), "{messages:?}");
}

#[test]
fn tricks_with_paths_in_names_of_sources_and_files() {
    let bench = Bench::new();
    let outside = bench.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    bench.write("deep/.sameas.csv", format!("{HEADER}{ADA}"));
    bench.write("deep/a\\..\\..\\b.csv", format!("{HEADER}{CY}"));
    let store = ["--store", "deep/store"];
    let sources = ["../../outside/x", "/outside", "..", "a/../../b", "C:\\x", "nul"];
    for source in sources {
        let given = ["ingest", "deep/.sameas.csv", "--kind", "generic-table", "--source", source];
        bench.runs(&[&store[..], &given].concat());
    }
    bench.runs(&[&store[..], &["ingest", "deep/a\\..\\..\\b.csv"]].concat());
    bench.runs(&[&store[..], &["rebuild"]].concat());
    bench.runs(&[&store[..], &["report", "--out", "deep/out"]].concat());
    for source in sources {
        let record = format!("{source}:C-1");
        let shown = bench.json(&[&store[..], &["xref", &record]].concat());
        assert_eq!(shown["records"][source], serde_json::json!(["C-1"]), "{shown}");
    }
    // Names are names: nothing was written but into store and report.
    assert_eq!(std::fs::read_dir(outside).unwrap().count(), 0);
    let mut top: Vec<_> = std::fs::read_dir(bench.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    top.sort();
    assert_eq!(top, ["deep", "outside"]);
    for entry in std::fs::read_dir(bench.path().join("deep/store/archive")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.starts_with('.') && !name.contains('\\'), "{name}");
    }
}

#[test]
fn names_of_sources_that_nobody_could_write() {
    let bench = Bench::new();
    bench.write("a.csv", format!("{HEADER}{ADA}"));
    let long = "x".repeat(201);
    for source in ["", "new\nline", "\u{1b}[31m", &long] {
        let given = ["ingest", "a.csv:generic-table", "--source", source];
        let (_, messages) = bench.exits(2, &given);
        assert!(messages.contains("a.csv: the name of its source"), "{messages}");
        assert!(messages.contains("--source NAME"), "{messages}");
    }
    let rows = "source,record_id,first name,email\nshop,1,Ada,ada@quillmail.org\n\
                \"sh\u{7}op\",2,Bo,bo@quillmail.org\n";
    let reason = "a source name over 200 bytes or with control characters";
    one_bad_row("b.csv", rows.as_bytes(), 3, reason, 1);
}
