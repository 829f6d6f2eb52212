//! Readers: every container and encoding, every kind of bad row, and files made to do harm.

use std::io::Write as _;

use proptest::prelude::*;
use sameas::error::{Error, ErrorKind};
use sameas::ingest::read::{Input, Layout, Limits, RowReader};
use sameas::model::RawRow;

/// What a file gave: its layout, its rows with their lines, its bad rows with reason and bytes.
#[derive(Debug, PartialEq)]
struct Read {
    layout: Layout,
    rows: Vec<(u64, Vec<String>)>,
    bad: Vec<(u64, String, Vec<u8>)>,
}

impl Read {
    fn cells(&self) -> Vec<Vec<&str>> {
        self.rows.iter().map(|(_, cells)| cells.iter().map(String::as_str).collect()).collect()
    }
    fn reasons(&self) -> Vec<(u64, &str)> {
        self.bad.iter().map(|(line, reason, _)| (*line, reason.as_str())).collect()
    }
}

fn drain(mut reader: RowReader, max: usize) -> Result<Read, Error> {
    let mut read = Read { layout: reader.layout().clone(), rows: Vec::new(), bad: Vec::new() };
    while let Some(rows) = reader.next_rows(max)? {
        assert!(rows.rows.len() + rows.bad.len() <= max);
        for row in rows.rows {
            let cells = match row.raw {
                RawRow::Cells(cells) => cells,
                RawRow::Json(text) => vec![text],
            };
            read.rows.push((row.line, cells));
        }
        for bad in rows.bad {
            assert!(bad.bytes.len() <= 64 << 10);
            read.bad.push((bad.line, bad.reason, bad.bytes));
        }
    }
    Ok(read)
}

fn try_read(bytes: &[u8], limits: &Limits) -> Result<Read, Error> {
    drain(RowReader::from_bytes("x.csv", bytes, limits)?, 7)
}

fn read(bytes: impl AsRef<[u8]>) -> Read {
    try_read(bytes.as_ref(), &Limits::default()).unwrap()
}

fn fails(bytes: impl AsRef<[u8]>) -> (ErrorKind, String) {
    let error = try_read(bytes.as_ref(), &Limits::default()).unwrap_err();
    assert!(error.remedy().is_some(), "{error} needs a hint");
    (error.kind(), error.to_string())
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
    units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
}

const TABLE: &str =
    "id;Name;Straße\r\n1;Müller;\"Weg 1\r\nHinterhaus; links\"\r\n2;José \"Pepe\";Allée\r\n";

#[test]
fn every_encoding_and_packing_of_a_table_reads_the_same() {
    let windows: Vec<u8> = TABLE.chars().map(|c| u8::try_from(c as u32).unwrap()).collect();
    let files = [
        ("utf-8", TABLE.as_bytes().to_vec()),
        ("utf-8", format!("\u{feff}{TABLE}").into_bytes()),
        ("utf-16le", utf16(TABLE, false, true)),
        ("utf-16be", utf16(TABLE, true, true)),
        ("utf-16le", utf16(TABLE, false, false)),
        ("utf-16be", utf16(TABLE, true, false)),
        ("windows-1252", windows),
    ];
    for (encoding, bytes) in files {
        let packings = [bytes.clone(), gz(&bytes), zst(&bytes), gz(&zst(&bytes)), zst(&gz(&bytes))];
        for packed in packings {
            let found = read(packed);
            assert_eq!(found.layout.container, "csv");
            assert_eq!(found.layout.encoding, encoding);
            assert_eq!(found.layout.delimiter, Some(';'));
            assert_eq!(found.layout.columns, ["id", "Name", "Straße"]);
            assert_eq!(
                found.cells(),
                [
                    vec!["1", "Müller", "Weg 1\r\nHinterhaus; links"],
                    vec!["2", "José \"Pepe\"", "Allée"]
                ]
            );
            assert_eq!(found.rows.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 4]);
            assert!(found.bad.is_empty());
        }
    }
}

#[test]
fn old_encodings_are_found_out() {
    let polish =
        "Numer;Imię;Nazwisko;Miasto\n1;Łukasz;Wiśniewski;Gdańsk\n2;Małgorzata;Gąsior;Łódź\n";
    let russian = "Номер;Имя;Фамилия\n1;Сергей;Иванов\n2;Мария;Иванова\n";
    let japanese = "顧客番号,氏名,都道府県\nA1,山田 太郎,東京都\nA2,表 十,千葉県\n";
    let cases = [
        ("windows-1250", polish),
        ("iso-8859-2", polish),
        ("windows-1251", russian),
        ("shift_jis", japanese),
        ("euc-jp", japanese),
    ];
    for (name, text) in cases {
        let encoding = encoding_rs::Encoding::for_label(name.as_bytes()).unwrap();
        let (bytes, _, lost) = encoding.encode(text);
        assert!(!lost, "{name}");
        let found = read(&bytes);
        assert_eq!(found.layout.encoding, name);
        let utf8 = read(text);
        assert_eq!((found.layout.columns, found.rows), (utf8.layout.columns, utf8.rows));
    }
}

#[test]
fn objects_by_id_are_rows() {
    let text = "{\n \"users\": {\n  \"-Nk1\": {\"name\": \"Ann\", \"email\": \"a@x.com\"},\n  \
                \"-Nk2\": {\"name\": \"Bo\", \"email\": nonsense},\n  \"-N\\\"k3\" : {\"name\": \"Cy\"},\n  \
                \"-Nk4\": {}\n }\n}\n";
    for text in [text.to_owned(), text.replace('\n', " ")] {
        let found = read(&text);
        assert_eq!(
            found.rows,
            [
                (1, vec![r#"{"key":"-Nk1","name":"Ann","email":"a@x.com"}"#.to_owned()]),
                (3, vec![r#"{"key":"-N\"k3","name":"Cy"}"#.to_owned()]),
                (4, vec![r#"{"key":"-Nk4"}"#.to_owned()]),
            ]
        );
        assert_eq!(found.bad.iter().map(|b| b.0).collect::<Vec<_>>(), [2]);
    }
    // A customer with his addresses is one row.
    let one = r#"{"id":"7","billing":{"city":"A"},"shipping":{"city":"B"},"home":{"city":"C"}}"#;
    assert_eq!(read(one).rows, [(1, vec![one.to_owned()])]);
    // A value that never closes costs itself.
    let rows: Vec<String> = (1..9).map(|i| format!("\"k{i}\": {{\"name\": \"N{i}\"}}")).collect();
    let found = read(format!("{{\n{}\n}}", rows.join(",\n")));
    assert_eq!((found.rows.len(), found.bad.len()), (8, 0));
}

#[test]
fn a_table_without_names_of_columns_is_refused() {
    let rows = "1,Ann,Lee,ann@x.com,+14155550101\n2,Bob,Ray,bob@x.com,+14155550102\n";
    let (kind, message) = fails(rows);
    assert_eq!(kind, ErrorKind::Input);
    assert!(message.contains("looks like a row of values"), "{message}");
    assert!(["Ann", "Lee", "x.com", "415"].iter().all(|value| !message.contains(value)));
    assert_eq!(read(format!("id,first,last,email,phone\n{rows}")).rows.len(), 2);
    // As it was read once, it is read again.
    let folder = tempfile::tempdir().unwrap();
    let input = Input { path: folder.path().join("x.csv"), name: "x.csv".into() };
    std::fs::write(&input.path, rows).unwrap();
    let layout = Layout {
        container: "csv".into(),
        encoding: "utf-8".into(),
        delimiter: Some(','),
        columns: vec![String::new(); 5],
        ..Layout::default()
    };
    assert!(RowReader::open_as(&input, &Limits::default(), &layout).is_ok());
}

#[test]
fn delimiters_headers_and_preambles() {
    for (delimiter, name) in [(',', "csv"), (';', "csv"), ('\t', "csv"), ('|', "csv")] {
        let d = delimiter;
        let found = read(format!("id{d}name{d}city\n1{d}Ann{d}Bonn\n\n2{d}Bo{d}\n"));
        assert_eq!((found.layout.delimiter, found.layout.container.as_str()), (Some(d), name));
        assert_eq!(found.cells(), [["1", "Ann", "Bonn"], ["2", "Bo", ""]]);
    }
    let report = "\"Example Co, LLC\",,,\nCustomer Contact List,,,\n\nCustomer full name,Phone \
                  numbers,Email,Bill address\nAcme Ltd,,ann@example.com,\"12 Oak St\nSpringfield\"\n\n\
                  \" Wednesday, September 30, 2026 01:46 PM\",,,\n";
    let found = read(report);
    assert_eq!(found.layout.preamble, 3);
    assert_eq!(found.layout.columns[0], "Customer full name");
    assert_eq!(found.rows[0].0, 5);
    assert_eq!(found.rows.len(), 2, "the footer is the kind's to drop");

    let orders = "\u{feff},,,\r\n\"Sales Record Number\",\"Order Number\",\"Buyer Username\",\"Buyer \
                  Name\"\r\n,,,\r\n\"101\",\"12-1\",\"ann\",\"Ann Miller\"\r\n\r\n1,record(s) downloaded, from \
                  Jul-01-25\r\nSeller ID : myshop\r\n";
    let found = read(orders);
    assert_eq!(found.layout.preamble, 1);
    assert_eq!(found.cells(), [["101", "12-1", "ann", "Ann Miller"]]);
    assert!(found.reasons().is_empty(), "a footer is no row");

    // A single row is not taken for the header because of a comma in it.
    let found = read("id;name\n1;,\n");
    assert_eq!((found.layout.delimiter, found.rows.len()), (Some(';'), 1));

    let found = read("sep=;\r\nid;name\r\n1;Ann\r\n");
    assert_eq!((found.layout.preamble, found.layout.delimiter), (1, Some(';')));
    let found = read("unified_customers-2\nid,Description,Email\ncus_1,,ann@example.com\n");
    assert_eq!((found.layout.preamble, found.rows.len()), (1, 1));
    let found = read("Email,,Email,\n a ,b,c,d\n");
    assert_eq!(found.layout.columns, ["Email", "column 2", "Email#2", "column 4"]);
    assert_eq!(found.cells(), [[" a ", "b", "c", "d"]]);
    // A header alone is a table without rows.
    assert!(read("id,name\n").rows.is_empty());
    assert_eq!(read("id,name\r1,Ann\r2,Bo\r").cells(), [["1", "Ann"], ["2", "Bo"]]);
}

#[test]
fn tab_files_may_be_short_and_unquoted() {
    let found =
        read("order-id\tname\tcity\tphone\n1\t\"12 inch\" fan\n2\tBo\tUlm\t7\nx\n3\ta\tb\tc\td\n");
    assert_eq!(found.cells(), [["1", "\"12 inch\" fan", "", ""], ["2", "Bo", "Ulm", "7"]]);
    assert_eq!(
        found.reasons(),
        [(4, "1 field where the header has 4"), (5, "5 fields where the header has 4")]
    );
}

#[test]
fn every_kind_of_bad_row_is_named_and_nothing_else_is_lost() {
    let limits = Limits { cell_bytes: 50, row_bytes: 400, ..Limits::default() };
    let mut file = b"id,name,note\n".to_vec();
    let mut expected = Vec::new();
    let long = "x".repeat(60);
    let longer = "y".repeat(2000);
    for line in 2..=121_u64 {
        if line % 10 != 0 {
            file.extend(format!("{line},Zoë {line},\"a \"\"note\"\"\"\n").bytes());
            continue;
        }
        let (row, reason): (Vec<u8>, &str) = match line / 10 % 6 {
            0 => (b"1,Ann\n".to_vec(), "2 fields where the header has 3"),
            1 => (b"1,Ann,x,y\n".to_vec(), "4 fields where the header has 3"),
            2 => (b"1,J\xe9r\xf4me \xff,x\n".to_vec(), "bytes that are no UTF-8"),
            3 => (
                format!("1,Ann,{long}\n").into_bytes(),
                "cell of 60 bytes in column 3, over the limit of 50 (limits.cell)",
            ),
            4 => (
                format!("1,Ann,{longer}\n").into_bytes(),
                "row of 2,006 bytes, over the limit of 400 bytes (limits.row)",
            ),
            _ => (b"1,A\0nn,x\n".to_vec(), "a NUL byte in column 2"),
        };
        file.extend(&row);
        expected.push((line, reason.to_owned(), row));
    }
    let found = try_read(&file, &limits).unwrap();
    assert_eq!(found.layout.encoding, "utf-8");
    assert_eq!(found.rows.len(), 108);
    assert_eq!(found.rows[0], (2, vec!["2".into(), "Zoë 2".into(), "a \"note\"".into()]));
    assert_eq!(found.bad, expected);
}

#[test]
fn a_quote_that_never_closes_costs_one_line() {
    let found = read("id,name\n1,\"Ann\n2,Bo\n3,Cy\n");
    assert_eq!(found.cells(), [["2", "Bo"], ["3", "Cy"]]);
    assert_eq!(
        found.bad,
        [(2, "a quote in column 2 that never closes".into(), b"1,\"Ann\n".to_vec())]
    );
    // The quote of a later row is no end of it.
    let found = read("id,name,city\n1,\"Ann,Ulm\n2,\"Bo\",Bonn\n3,Cy,Kiel\n");
    assert_eq!(found.cells(), [["2", "Bo", "Bonn"], ["3", "Cy", "Kiel"]]);
    // Past the longest row the search ends.
    let limits = Limits { row_bytes: 300, ..Limits::default() };
    let mut file = "id,name\n1,\"Ann\n".to_owned();
    for id in 2..100_000 {
        file.push_str(&format!("{id},Bo\n"));
    }
    let found = try_read(file.as_bytes(), &limits).unwrap();
    assert_eq!((found.rows.len(), found.bad.len()), (99_998, 1));
    // A damaged last row in a file that is sound otherwise.
    let found = read("id,name\n1,Ann\n2,\"Bo");
    assert_eq!((found.rows.len(), found.bad.len()), (1, 1));
}

const PEOPLE: [&str; 3] =
    [r#"{"id":1,"name":"Zoë","tags":["a","b"]}"#, r#"{"id":2,"name":"x \"]}, y"}"#, r#"{"id":3}"#];

#[test]
fn every_form_of_json_gives_the_same_rows() {
    let lines = PEOPLE.join("\n");
    let list = PEOPLE.join(",");
    let pretty: Vec<String> = PEOPLE
        .iter()
        .map(|p| {
            let value: serde_json::Value = serde_json::from_str(p).unwrap();
            serde_json::to_string_pretty(&value).unwrap().replace('\n', "\r\n  ")
        })
        .collect();
    let files = [
        ("jsonl", lines.clone()),
        ("jsonl", format!("\n{}\r\n\n", lines.replace('\n', "\r\n\r\n"))),
        ("json", format!("[{list}]")),
        ("json", format!("[\n  {}\n]\n", pretty.join(",\n  "))),
        ("json", pretty.join("\n")),
        ("json", format!("{{\"customers\":[{list}],\"next_page\":null}}")),
        ("json", format!("{{\n\"count\": 3, \"data\" : [\n{}\n]\n}}", pretty.join(",\n"))),
        ("json", format!("{{\"totalSize\":3,\"done\":true,\"records\":[{list}]}}")),
        (
            "json",
            format!("{{\"users\":[\n{}\n],\"meta\":{{\"has_more\":false}}}}", PEOPLE.join(",\n")),
        ),
        ("json", format!("{{\"data\":{{\"customers\":[{list}]}}}}")),
    ];
    for (container, text) in files {
        let plain = text.as_bytes();
        for bytes in [plain.to_vec(), gz(plain), zst(plain), utf16(&text, false, true)] {
            let found = read(bytes);
            assert_eq!(found.layout.container, container, "{text}");
            assert_eq!(found.rows.iter().map(|r| &r.1[0]).collect::<Vec<_>>(), PEOPLE, "{text}");
            assert!(found.bad.is_empty() && found.layout.columns.is_empty());
        }
    }
    assert_eq!(read(lines).rows.iter().map(|r| r.0).collect::<Vec<_>>(), [1, 2, 3]);
    let order = r#"{"id":1,"email":"ann@example.com","line_items":[{"id":7},{"id":8}]}"#;
    assert_eq!(read(order).cells(), [[order]]);
    for empty in ["[]", "{\"customers\":[]}", " [ \n ] "] {
        assert!(read(empty).rows.is_empty() && read(empty).bad.is_empty());
    }
}

#[test]
fn arrays_of_cells_are_a_table() {
    let text = "[\"Email Address\",\"RATING\",\"NOTES\"]\n\n[\"ann@example.com\",2,null]\n[\"b\",true]\n[\"c\",1.5,[\"x\"]]\n";
    let found = read(text);
    assert_eq!(found.layout.container, "jsonl");
    assert_eq!(found.layout.columns, ["Email Address", "RATING", "NOTES"]);
    assert_eq!(found.cells(), [["ann@example.com", "2", ""], ["c", "1.5", "[\"x\"]"]]);
    assert_eq!(found.reasons(), [(4, "2 fields where the header has 3")]);
    assert_eq!(found.rows[0].0, 3);
    let found = read("[[\"a\",\"b\"],[1,2],\n[3,4]]");
    assert_eq!(found.layout.columns, ["a", "b"]);
    assert_eq!(found.cells(), [["1", "2"], ["3", "4"]]);
}

#[test]
fn bad_json_costs_one_row() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(70), "]".repeat(70));
    let lines = format!(
        "{{\"id\":1}}\n{{\"id\":2\n{{\"id\":3}}\n[4]\n{deep}\n{{\"a\":\"\\u0000\"}}\n{{\"a\":\"\\ud83d\"}}\n{{\"a\":\"\0\"}}\n{{\"id\":9}}\n"
    );
    let found = read(&lines);
    assert_eq!(found.cells(), [[r#"{"id":1}"#], [r#"{"id":3}"#], [r#"{"id":9}"#]]);
    assert_eq!(found.bad[0].2, b"{\"id\":2");
    let reasons = found.reasons();
    assert_eq!(reasons.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 4, 5, 6, 7, 8]);
    assert_eq!(reasons[2].1, "JSON nested deeper than 64 (limits.json_depth)");
    assert_eq!(reasons[3].1, "a NUL character in a JSON string");
    assert_eq!(reasons[4].1, "half of a surrogate pair in a JSON string");

    // The first line may be the broken one.
    let found = read("{\"id\":1,\"na\n{\"id\":2}\n{\"id\":3}\n");
    assert_eq!(
        (found.layout.container.as_str(), found.rows.len(), found.bad.len()),
        ("jsonl", 2, 1)
    );

    let array = "[\n{\"id\":1},\n{\"id\":2,\"name\":\"Ann},\n{\"id\":3},\n{\"id\":4,\"a\":{\"b\":1},\n{\"id\":5},\n{id:6},\n{\"id\":7}\n]";
    let found = read(array);
    assert_eq!(found.cells(), [[r#"{"id":1}"#], [r#"{"id":3}"#], [r#"{"id":5}"#], [r#"{"id":7}"#]]);
    assert_eq!(found.bad.len(), 3);
    assert_eq!(found.bad[0].2, b"{\"id\":2,\"name\":\"Ann},");
    // Nothing inside of a broken element is taken for one.
    let array = "[\n  {\n    \"id\": \"1,\n    \"address\":\n    {\n      \"id\": 2\n    }\n  },\n  {\n    \"id\": 3\n  }\n]";
    let found = read(array);
    assert_eq!(found.cells(), [[r#"{"id":3}"#]]);
    assert_eq!(found.bad.len(), 1);
    // Cut off.
    let found = read("[{\"id\":1},{\"id\":2},{\"id\"");
    assert_eq!((found.rows.len(), found.bad.len()), (2, 1));
    let found = read("[{\"id\":1},");
    assert_eq!(found.reasons(), [(2, "the array never closes: the file was cut off")]);
}

/// A workbook of these sheets, each of these rows.
fn book(sheets: &[(&str, &[&[&str]])]) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet().set_name(*name).unwrap();
        for (row, cells) in rows.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let (row, column) = (u32::try_from(row).unwrap(), u16::try_from(column).unwrap());
                sheet.write(row, column, *cell).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn sheets_of_the_same_columns_are_one_table() {
    let found = read(book(&[
        ("2023", &[&["id", "name"], &["1", "Ann"], &["2", "Bo"]]),
        ("Empty", &[]),
        ("2024", &[&["Year 2024"], &["name", "id"], &["Cy", "3"], &["Di", "4", "beyond"]]),
        ("Legend", &[&["column", "meaning", "type"], &["id", "number", "n"]]),
    ]));
    assert_eq!(
        (found.layout.preamble, &found.layout.columns[..]),
        (0, &["id", "name"].map(String::from)[..])
    );
    assert_eq!(found.cells(), [["1", "Ann"], ["2", "Bo"], ["3", "Cy"]]);
    assert_eq!(found.rows.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 3, 6]);
    assert_eq!(found.reasons(), [(7, "a cell in column 3 where the header has 2 columns")]);
    let notes = &found.layout.notes;
    assert_eq!(notes.len(), 2);
    assert!(notes[0].ends_with("\"2023\" (rows 1 to 3), \"2024\" (rows 4 to 7)"), "{}", notes[0]);
    assert!(notes[1].contains("columns than \"2023\"): \"Legend\";"), "{}", notes[1]);
}

#[test]
fn a_page_of_text_before_the_data_is_not_the_table() {
    let rows: &[&[&str]] = &[&["id", "name", "mail"], &["1", "Ann", "a@x.com"], &["2", "Bo", ""]];
    for cover in [
        &[&["Customers of the shop"][..], &["Contact: it@shop.com"], &["a"], &["b"], &["c"]][..],
        &[&["Made", "2024-01-01"], &["By", "Eve"]],
    ] {
        let found = read(book(&[("Info", cover), ("Data", rows)]));
        assert_eq!(found.layout.columns, ["id", "name", "mail"]);
        assert_eq!(found.rows.len(), 2);
        assert!(found.layout.notes[0].contains("\"Info\""));
    }
    let found = read(book(&[("Data", rows)]));
    assert!(found.layout.notes.is_empty());
    let (kind, message) = fails(book(&[("Data", &rows[1..])]));
    assert_eq!(kind, ErrorKind::Input);
    assert!(message.contains("looks like a row of values"), "{message}");
}

#[test]
fn workbooks_are_tables_of_text() {
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Empty").unwrap();
    let sheet = book.add_worksheet();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let time = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    sheet.write(0, 0, "Customers of May").unwrap();
    for (column, name) in
        ["id", "Name", "Born", "Seen", "Active", "Balance", "Note"].iter().enumerate()
    {
        sheet.write(2, u16::try_from(column).unwrap(), *name).unwrap();
    }
    sheet.write(3, 0, 1001).unwrap();
    sheet.write(3, 1, "Zoë").unwrap();
    let day = ExcelDateTime::from_ymd(1980, 2, 29).unwrap();
    sheet.write_datetime_with_format(3, 2, &day, &date).unwrap();
    let at = ExcelDateTime::from_ymd(2024, 3, 5).unwrap().and_hms(10, 0, 1).unwrap();
    sheet.write_datetime_with_format(3, 3, &at, &time).unwrap();
    sheet.write(3, 4, true).unwrap();
    sheet.write(3, 5, 12.5).unwrap();
    sheet.write(5, 0, 9_000_000_000_001_i64).unwrap();
    sheet.write(5, 6, "a\nb").unwrap();
    sheet.write(6, 0, 3).unwrap();
    sheet.write(6, 9, "beyond").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    for file in [bytes.clone(), gz(&bytes), zst(&bytes)] {
        let found = read(file);
        assert_eq!(found.layout.container, "xlsx");
        assert_eq!(found.layout.preamble, 2);
        assert_eq!(
            found.layout.columns,
            ["id", "Name", "Born", "Seen", "Active", "Balance", "Note"]
        );
        assert_eq!(
            found.cells(),
            [
                ["1001", "Zoë", "1980-02-29", "2024-03-05T10:00:01", "true", "12.5", ""],
                ["9000000000001", "", "", "", "", "", "a\nb"],
            ]
        );
        assert_eq!(found.rows.iter().map(|r| r.0).collect::<Vec<_>>(), [4, 6]);
        assert_eq!(found.reasons(), [(7, "a cell in column 10 where the header has 7 columns")]);
    }
    for cut in [30, bytes.len() / 2, bytes.len() - 30] {
        assert_eq!(fails(&bytes[..cut]).0, ErrorKind::Input);
    }
}

#[test]
fn files_that_are_no_tables_are_refused_by_name() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "x.csv: is empty"),
        (b"\n \n,,\n", "x.csv: has no line with the names of its columns"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "x.csv: is an old Excel file (XLS)"),
        (b"%PDF-1.7", "x.csv: is a PDF document"),
        (b"<!DOCTYPE html><table>", "x.csv: is a page or XML document"),
        (b"\x01\0\0\0\x02\0\0\0\x03\0\0\0", "x.csv: is binary data"),
    ];
    for (bytes, message) in cases {
        assert_eq!(fails(bytes), (ErrorKind::Input, (*message).to_owned()));
        if !bytes.is_empty() {
            assert_eq!(fails(gz(bytes)).1, *message);
        }
    }
    let packed = gz(TABLE.repeat(100).as_bytes());
    assert_eq!(
        fails(&packed[..packed.len() / 2]),
        (ErrorKind::Input, "x.csv: damaged gzip data".into())
    );
    assert_eq!(fails(gz(&gz(&gz(b"a,b\n")))).0, ErrorKind::Limit);
    let missing = Input { path: "no/such/file.csv".into(), name: "file.csv".into() };
    assert_eq!(RowReader::open(&missing, &Limits::default()).unwrap_err().kind(), ErrorKind::Io);
}

/// Writes a pattern many times, as no test should hold it in memory.
fn many(into: &mut impl std::io::Write, pattern: &[u8], bytes: usize) {
    let block = pattern.repeat((1 << 16) / pattern.len() + 1);
    let mut left = bytes;
    while left > 0 {
        let n = left.min(block.len() / pattern.len() * pattern.len());
        into.write_all(&block[..n]).unwrap();
        left -= n;
    }
}

/// Limits under which [`huge`] files, which pack very well, may be read.
fn any_ratio() -> Limits {
    Limits { unpacked_ratio: u64::MAX, ..Limits::default() }
}

/// A zstd file of `before`, a pattern repeated, and `after`.
fn huge(before: &str, pattern: &str, bytes: usize, after: &str) -> Vec<u8> {
    let mut packed = zstd::Encoder::new(Vec::new(), 1).unwrap();
    packed.write_all(before.as_bytes()).unwrap();
    many(&mut packed, pattern.as_bytes(), bytes);
    packed.write_all(after.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn read_huge(bytes: Vec<u8>) -> Read {
    try_read(&bytes, &any_ratio()).unwrap()
}

const CELL: usize = 100 << 20;

#[test]
fn a_cell_of_100_mb_is_one_bad_row() {
    let over = "row over the limit of 16,777,216 bytes (limits.row)";
    let found = read_huge(huge("id,name\n1,", "x", CELL, "\n2,Bo\n"));
    assert_eq!((found.cells(), found.reasons()), (vec![vec!["2", "Bo"]], vec![(2, over)]));
    let found = read_huge(huge("{\"id\":1}\n{\"id\":\"", "x", CELL, "\"}\n{\"id\":3}\n"));
    assert_eq!((found.rows.len(), found.reasons()), (2, vec![(2, over)]));
}

#[test]
fn a_cell_of_100_mb_in_quotes_or_an_array_is_one_bad_row() {
    let found = read_huge(huge("id,name\n1,\"", "x", CELL, "\"\n2,Bo\n"));
    assert_eq!((found.rows.len(), found.bad.len()), (1, 1));
    let found = read_huge(huge("[\n{\"id\":1},\n{\"id\":\"", "x", CELL, "\"},\n{\"id\":3}\n]"));
    assert_eq!((found.rows.len(), found.bad.len()), (2, 1));
}

#[test]
fn a_million_columns_are_refused() {
    let (kind, message) = fails(format!("id{}\n1,2\n", ",c".repeat(1_000_000)));
    assert_eq!(kind, ErrorKind::Limit);
    assert_eq!(message, "x.csv:1: 1,000,001 columns, over the limit of 20,000 (limits.columns)");
    let found = read_huge(huge("id,name\n1", ",c", 2_000_000, "\n2,Bo\n"));
    assert_eq!(found.reasons(), [(2, "1,000,001 fields where the header has 2")]);
    assert_eq!(found.cells(), [["2", "Bo"]]);
}

#[test]
fn bombs_are_found_before_they_burst() {
    let limits = Limits { unpacked_bytes: 20 << 20, unpacked_ratio: 1 << 20, ..Limits::default() };
    for bomb in [
        huge("id,name\n", "1,Ann\n", 30 << 20, ""),
        zstd::encode_all(std::io::Read::take(std::io::repeat(b'x'), 30 << 20), 1).unwrap(),
    ] {
        let error = try_read(&bomb, &limits).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(error.to_string().contains("20,971,520 bytes (limits.unpacked)"), "{error}");
    }
    let bomb = zstd::encode_all(std::io::Read::take(std::io::repeat(b'x'), 30 << 20), 1).unwrap();
    let (kind, message) = fails(&bomb);
    assert_eq!(kind, ErrorKind::Limit);
    assert_eq!(message, "x.csv: unpacks to more than 1,000 times its size (limits.unpacked_ratio)");
}

/// A zip archive of one deflated part, whose directory states any size.
pub(crate) fn zip(name: &str, content: &[u8], stated: u32) -> Vec<u8> {
    let mut body = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    body.write_all(content).unwrap();
    let body = body.finish().unwrap();
    let size = u32::try_from(body.len()).unwrap();
    let mut crc = flate2::Crc::new();
    crc.update(content);
    let name_len = u16::try_from(name.len()).unwrap();
    let mut fields = Vec::new();
    fields.extend([20, 0, 0, 0, 8, 0, 0, 0, 0, 0]);
    fields.extend(crc.sum().to_le_bytes());
    fields.extend(size.to_le_bytes());
    fields.extend(stated.to_le_bytes());
    fields.extend(name_len.to_le_bytes());
    fields.extend([0, 0]);
    let mut file = b"PK\x03\x04".to_vec();
    file.extend(&fields);
    file.extend(name.bytes());
    file.extend(&body);
    let directory = u32::try_from(file.len()).unwrap();
    file.extend(b"PK\x01\x02\x14\0");
    file.extend(&fields);
    file.extend([0; 14]);
    file.extend(name.bytes());
    let length = u32::try_from(file.len()).unwrap() - directory;
    file.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    file.extend(length.to_le_bytes());
    file.extend(directory.to_le_bytes());
    file.extend([0, 0]);
    file
}

#[test]
fn workbooks_made_to_do_harm_are_refused() {
    let zeros = vec![b' '; 8 << 20];
    let limits = Limits { unpacked_bytes: 4 << 20, ..Limits::default() };
    // The directory tells the truth, or not.
    for stated in [8 << 20, 10] {
        let error = try_read(&zip("xl/workbook.xml", &zeros, stated), &limits).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(error.to_string().contains("4,194,304 bytes"), "{error}");
    }
    let limits = Limits { unpacked_ratio: 100, ..Limits::default() };
    let error = try_read(&zip("xl/workbook.xml", &zeros, 8 << 20), &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    // A count that readers would reserve memory for.
    let strings = b"<sst uniqueCount=\"99999999999999\"></sst>";
    let (kind, message) = fails(zip("xl/sharedStrings.xml", strings, 38));
    assert_eq!(kind, ErrorKind::Input);
    assert!(message.ends_with("it claims more strings than it holds"));
    assert!(fails(zip("a.csv", b"a,b\n1,2\n", 8)).1.ends_with("is a zip archive, not a workbook"));
}

#[test]
fn deep_json_and_unclosed_brackets_end_soon() {
    let found = read_huge(huge("{\"id\":1}\n{\"a\":", "[", 1 << 18, "\n{\"id\":3}\n"));
    assert_eq!((found.rows.len(), found.bad.len()), (2, 1));
    let found = read_huge(huge("[{\"id\":1},\n", "[", 1 << 18, "\n,{\"id\":3}]"));
    assert_eq!(found.rows.len(), 1);
    // Each of these lines looks like the start of an element that runs to the end.
    let found = read_huge(huge("[\n{\"id\":1},\n", "{\n", 1 << 20, ""));
    assert_eq!(found.rows.len(), 1);
    let found = read_huge(huge("id,name\n", "1,\"\"\"\n", 1 << 20, ""));
    assert!(found.rows.len() + found.bad.len() > 1000);
}

#[test]
fn text_that_is_none_ends_soon() {
    // A million code units, each half of a surrogate pair.
    let mut file = utf16("id\tname\n1\t", false, true);
    file.extend([0x3d, 0xd8].repeat(1 << 20));
    file.extend(utf16("\n2\tBo\n", false, false));
    let found = read(file);
    assert_eq!(found.cells(), [["2", "Bo"]]);
    assert_eq!(found.reasons(), [(2, "bytes that are no UTF-16")]);
}

#[test]
fn a_file_opens_again_as_it_was_found() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("a.csv", b"Title\n\nid,name\n1,J\xe9r\xf4me\n2,Ann\n".to_vec()),
        ("b.txt.gz", gz(TABLE.as_bytes())),
        ("c.json", b"{\"customers\":[{\"id\":1}]}".to_vec()),
        ("d.jsonl", b"[\"a\",\"b\"]\n[1,2]\n".to_vec()),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let input = Input { path, name: name.into() };
        let limits = Limits::default();
        let first = drain(RowReader::open(&input, &limits).unwrap(), 5).unwrap();
        let again = RowReader::open_as(&input, &limits, &first.layout).unwrap();
        assert_eq!(drain(again, 5).unwrap(), first);
        assert!(!first.rows.is_empty());
    }
}

#[test]
fn errors_and_reasons_hold_no_values() {
    let secret = "Secretname";
    let file = format!("id,name\n1,{secret},x\n2,\"{secret}\n{{\"a\"\n");
    let found = read(file);
    assert!(found.bad.iter().all(|(_, reason, _)| !reason.contains(secret)));
    let reader = RowReader::from_bytes("x.csv", b"id,name\n1,Secretname,x\n", &Limits::default());
    let mut reader = reader.unwrap();
    let rows = reader.next_rows(9).unwrap().unwrap();
    assert!(!format!("{rows:?} {reader:?}").contains(secret));
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z0-9 ]{0,6}",
        2 => "[,;|\t\"'\r\n éß漢]{0,5}",
        1 => "\\PC{0,8}",
    ]
}

/// A table with a header, and at least one filled cell a row: blank rows are passed over.
fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (2_usize..6).prop_flat_map(|width| {
        prop::collection::vec(prop::collection::vec(cell(), width - 1), 0..20).prop_map(
            move |rows| {
                let header = (0..width).map(|i| format!("h{i}")).collect();
                let filled = rows.into_iter().enumerate().map(|(i, mut row)| {
                    row.insert(0, format!("r{i}"));
                    row
                });
                std::iter::once(header).chain(filled).collect()
            },
        )
    })
}

fn written(table: &[Vec<String>], delimiter: u8, crlf: bool) -> Vec<u8> {
    let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(terminator)
        .from_writer(Vec::new());
    for row in table {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..Default::default() })]

    #[test]
    fn tables_read_back_exactly(table in table(), delimiter in 0_usize..4, crlf: bool, max in 1_usize..5) {
        let bytes = written(&table, b",;\t|"[delimiter], crlf);
        let reader = RowReader::from_bytes("t", &bytes, &Limits::default()).unwrap();
        prop_assert_eq!(&reader.layout().columns, &table[0]);
        let found = drain(reader, max).unwrap();
        prop_assert!(found.bad.is_empty());
        let rows: Vec<_> = found.rows.into_iter().map(|r| r.1).collect();
        prop_assert_eq!(rows, &table[1..]);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let limits = Limits { cell_bytes: 20, row_bytes: 60, columns: 9, json_depth: 4, ..Limits::default() };
        let _ = try_read(&bytes, &limits);
    }

    #[test]
    fn any_text_is_read_or_refused(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "\"", "\"\"", ",", ":", "\n", "\r\n", "\\", ";", "\t", "a", "1", "\"a\":1",
            "{\"a\":", "é", "\0", "sep=", " ", "null", "[{\"id\":1},", "{\"data\":[{\"a\":1}]",
        ]), 0..60),
    ) {
        let limits = Limits { cell_bytes: 20, row_bytes: 60, columns: 9, json_depth: 4, ..Limits::default() };
        let bytes = parts.concat();
        let _ = try_read(bytes.as_bytes(), &limits);
    }

    #[test]
    fn json_lines_arrays_and_packings_agree(names in prop::collection::vec("[\\PC\"\\\\\n]{0,10}", 0..12)) {
        let values: Vec<String> =
            names.iter().map(|n| serde_json::json!({"id": 1, "n": n, "l": [{"a": n}]}).to_string()).collect();
        prop_assume!(values.len() > 1);
        let lines = values.join("\n");
        let array = format!("[{}]", values.join(" ,\n"));
        let expected = read(&lines);
        for bytes in [array.clone().into_bytes(), gz(lines.as_bytes()), gz(array.as_bytes())] {
            let found = read(bytes);
            let rows = |r: &Read| r.rows.iter().map(|r| r.1.clone()).collect::<Vec<_>>();
            prop_assert_eq!(rows(&found), rows(&expected));
            prop_assert!(found.bad.is_empty() && found.rows.len() == values.len());
        }
    }
}
