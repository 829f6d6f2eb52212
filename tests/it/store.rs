//! Ground: what goes in comes out, also after a reopening, a rollback, or damage.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use sameas::error::ErrorKind;
use sameas::model::{
    Cause, EntityId, FileManifest, Judgement, LedgerChange, LedgerEvent, Limits, QuarantinedRow,
    RawRow, RecordKey, RunBasis, SourceRecord, Timestamp, Verdict, Version,
};
use sameas::store::{Access, CommittedFile, FileWriter, Receipt, Store, ledger::founding_id};

/// A row: id, text, time of change.
type Row = (u32, u8, Option<i64>);

/// The text of a row that deletes its record.
const GONE: u8 = 9;

/// Greater for a greater text, and for what deletes.
fn content(text: u8, changed_at: Option<i64>, deleted: bool) -> u64 {
    let time = changed_at.map_or(0, |t| t.cast_unsigned() & 0xffff | 0x1_0000);
    u64::from(deleted) << 63 | u64::from(text) << 32 | time
}

fn record(command: u32, file: u32, line: u64, row: Row) -> SourceRecord {
    let (id, text, changed_at) = row;
    SourceRecord {
        key: RecordKey::new("shop", "customer", &format!("c{id}")),
        file,
        line,
        version: Version {
            changed_at: changed_at.map(Timestamp),
            command,
            content: content(text, changed_at, text == GONE),
        },
        deleted: text == GONE,
        alias_of: None,
        rows: vec![RawRow::Cells(vec![format!("c{id}"), format!("text {text}")])],
    }
}

fn manifest(name: &str) -> FileManifest {
    FileManifest {
        file: 0,
        command: 0,
        name: name.to_owned(),
        bytes: 0,
        sha256: String::new(),
        kind: "generic".into(),
        source: "shop".into(),
        container: "csv".to_owned(),
        encoding: "utf-8".to_owned(),
        delimiter: Some(','),
        preamble: 0,
        columns: vec![Arc::from("id"), Arc::from("text")],
        mapping: BTreeMap::new(),
        date_orders: BTreeMap::new(),
        default_region: None,
        unused_columns: Vec::new(),
        notes: Vec::new(),
        rows: 0,
        records: 0,
        quarantined: 0,
        limits: Limits::default(),
    }
}

/// The bytes that stand for rows in the archive.
fn bytes_of(rows: &[Row]) -> Vec<u8> {
    serde_json::to_vec(rows).unwrap()
}

fn ingest_within(store: &Store, command: u32, rows: &[Row]) -> Receipt {
    let archived = store.archive().add("rows.csv", bytes_of(rows).as_slice()).unwrap();
    let mut writer = store.begin_file(command).unwrap();
    let file = writer.file();
    let records: Vec<SourceRecord> =
        (2..).zip(rows).map(|(line, row)| record(command, file, line, *row)).collect();
    for batch in records.chunks(100) {
        writer.append(batch).unwrap();
    }
    writer.commit(manifest("rows.csv"), archived).unwrap()
}

fn ingest(store: &Store, rows: &[Row]) -> Receipt {
    ingest_within(store, store.begin_command().unwrap(), rows)
}

/// What stands for each record, as text.
fn in_force(store: &Store) -> BTreeMap<String, String> {
    let live = store.live().unwrap();
    live.records
        .iter()
        .map(|number| {
            let record = store.record(*number).unwrap().unwrap();
            let RawRow::Cells(cells) = &record.rows[0] else { panic!("a table") };
            (record.key.id.to_string(), cells[1].clone())
        })
        .collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn open(folder: &Path) -> Store {
    crate::open_for_writing(folder).unwrap()
}

fn clean(store: &Store) {
    let findings = store.verify(|_| {}).unwrap();
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn records_round_trip_and_survive_reopening() {
    let folder = folder();
    let rows: Vec<Row> = (0..1_000).map(|id| (id, (id % 7) as u8, None)).collect();
    let store = open(folder.path());
    let receipt = ingest(&store, &rows);
    assert_eq!((receipt.file, receipt.records_new), (1, 1_000));
    drop(store);

    let store = open(folder.path());
    clean(&store);
    let mut read = Vec::new();
    for chunk in store.chunks().unwrap() {
        read.extend(store.read_chunk(chunk).unwrap());
    }
    let expected: Vec<(u64, SourceRecord)> =
        (0u64..).zip(&rows).map(|(number, row)| (number, record(1, 1, number + 2, *row))).collect();
    assert_eq!(read, expected);
    assert_eq!(store.record(999).unwrap().as_ref(), Some(&expected[999].1));
    assert_eq!(store.record(1_000).unwrap(), None);
    let live = store.live().unwrap();
    assert_eq!((live.records.len(), live.versions), (1_000, 1_000));
    assert_eq!(store.manifests().unwrap()[0].sha256, receipt.sha256);
    assert_eq!(store.begin_command().unwrap(), 2);

    let archived = &store.files().unwrap()[0].archived;
    let mut bytes = Vec::new();
    store.archive().open(archived).unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, bytes_of(&rows));
}

#[test]
fn the_same_rows_again_change_nothing() {
    let folder = folder();
    let store = open(folder.path());
    let rows: Vec<Row> = (0..500).map(|id| (id, 1, None)).collect();
    ingest(&store, &rows);
    let before = store.live().unwrap();
    let receipt = ingest(&store, &rows);
    assert_eq!((receipt.records_new, receipt.records_changed), (0, 0));
    assert_eq!(receipt.records_unchanged, 500);
    assert_eq!(store.live().unwrap(), before);
    // The same bytes stand once in the archive.
    assert_eq!(store.files().unwrap()[1].archived, store.files().unwrap()[0].archived);

    let receipt = ingest(&store, &[(3, 1, None), (4, 2, None), (900, 1, None), (900, 1, None)]);
    let counts = (receipt.records_new, receipt.records_changed, receipt.records_unchanged);
    assert_eq!(counts, (1, 1, 2));
    assert_eq!(in_force(&store)["c4"], "text 2");
    assert_eq!(store.versions(&RecordKey::new("shop", "customer", "c4")).unwrap().len(), 2);
    clean(&store);
}

#[test]
fn versions_follow_time_then_ingest_then_content() {
    let cases: [(&str, &[&[Row]], &str); 7] = [
        ("a later ingest wins", &[&[(1, 1, None)], &[(1, 2, None)]], "text 2"),
        ("going back is a change", &[&[(1, 1, None)], &[(1, 2, None)], &[(1, 1, None)]], "text 1"),
        (
            "a later time wins over a later ingest",
            &[&[(1, 1, Some(9))], &[(1, 2, Some(5))]],
            "text 1",
        ),
        ("no time: a later ingest", &[&[(1, 1, Some(9))], &[(1, 2, None)]], "text 2"),
        ("in one file the greater content", &[&[(1, 5, None), (1, 2, None)]], "text 5"),
        ("whatever the order", &[&[(1, 2, None), (1, 5, None)]], "text 5"),
        (
            "also where one of them was in force",
            &[&[(1, 5, None)], &[(1, 5, None), (1, 2, None)]],
            "text 5",
        ),
    ];
    for (story, files, expected) in cases {
        let folder = folder();
        let store = open(folder.path());
        for rows in files {
            ingest(&store, rows);
        }
        assert_eq!(in_force(&store)["c1"], expected, "{story}");
        let versions = store.live().unwrap().versions;
        for rows in files {
            // An old export again: nothing but a return to what it says, where it says no time.
            ingest(&store, rows);
        }
        assert_eq!(in_force(&store)["c1"], expected, "{story}, again");
        assert!(store.live().unwrap().versions <= versions + 2, "{story}");
        clean(&store);
    }
}

#[test]
fn deleted_and_alias_records_are_listed_apart() {
    let folder = folder();
    let store = open(folder.path());
    ingest(&store, &[(1, 1, None), (2, 1, None), (3, 1, None)]);
    let command = store.begin_command().unwrap();
    let archived = store.archive().add("x", &b"x"[..]).unwrap();
    let mut writer = store.begin_file(command).unwrap();
    let mut gone = record(command, writer.file(), 1, (1, 1, None));
    gone.deleted = true;
    gone.version.content = content(1, None, true);
    let mut loser = record(command, writer.file(), 2, (2, 2, None));
    loser.alias_of = Some(RecordKey::new("shop", "customer", "c3"));
    writer.append(&[gone, loser]).unwrap();
    writer.commit(manifest("x"), archived).unwrap();
    let live = store.live().unwrap();
    assert_eq!((live.records, live.deleted, live.aliases), (vec![2], vec![3], vec![4]));
    let loser = store.record(4).unwrap().unwrap();
    assert_eq!(loser.alias_of, Some(RecordKey::new("shop", "customer", "c3")));
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let folder = folder();
    let store = open(folder.path());
    ingest(&store, &[(1, 1, None)]);
    let sequence = store.ground_sequence().unwrap();
    for reopen in [false, true] {
        let archived = store.archive().add("lost.csv", &b"lost"[..]).unwrap();
        let mut writer = store.begin_file(store.begin_command().unwrap()).unwrap();
        writer.append(&[record(2, 2, 1, (2, 2, None))]).unwrap();
        assert_eq!(store.begin_file(9).unwrap_err().kind(), ErrorKind::Refused);
        if reopen {
            // As if the process were killed: no destructor runs.
            std::mem::forget(writer);
        } else {
            drop(writer);
            store.archive().discard(&archived);
            assert_eq!(store.live().unwrap().versions, 1);
        }
    }
    assert_eq!(store.ground_sequence().unwrap(), sequence);
    drop(store);
    let store = open(folder.path());
    clean(&store);
    assert_eq!(store.live().unwrap().versions, 1);
    assert_eq!(ingest(&store, &[(2, 2, None)]).file, 2);
    let names = std::fs::read_dir(folder.path().join("archive")).unwrap();
    let parts =
        names.filter(|n| n.as_ref().unwrap().path().extension().is_some_and(|e| e == "part"));
    assert_eq!(parts.count(), 0);
    clean(&store);
}

#[test]
fn large_values_and_strange_rows_round_trip() {
    let folder = folder();
    let store = open(folder.path());
    let noise: String = (0..200_000u32)
        .map(|i| char::from_u32(0x4e00 + i.wrapping_mul(2_654_435_761) % 0x4000).unwrap())
        .collect();
    let command = store.begin_command().unwrap();
    let archived = store.archive().add("big", &b"big"[..]).unwrap();
    let mut writer = store.begin_file(command).unwrap();
    let mut big = record(command, writer.file(), u64::MAX, (1, 1, Some(i64::MIN)));
    big.rows = vec![
        RawRow::Cells(vec![noise.clone(), String::new(), "\0\u{feff}".to_owned()]),
        RawRow::Json("{\"a\":[1,2]}".to_owned()),
        RawRow::Cells(Vec::new()),
    ];
    let small = record(command, writer.file(), 0, (2, 1, Some(i64::MAX)));
    writer.append(&[big.clone(), small.clone()]).unwrap();
    let row = QuarantinedRow {
        file: "big".to_owned(),
        line: 7,
        source: "shop".to_owned(),
        reason: "a quote is not closed".to_owned(),
        row: noise.into_bytes(),
    };
    let rows: Vec<QuarantinedRow> =
        (0..40).map(|line| QuarantinedRow { line, ..row.clone() }).collect();
    writer.quarantine(&rows).unwrap();
    let receipt = writer.commit(manifest("big"), archived).unwrap();
    assert_eq!(receipt.quarantined, 40);
    drop(store);
    let store = open(folder.path());
    assert_eq!(store.record(0).unwrap(), Some(big));
    assert_eq!(store.record(1).unwrap(), Some(small));
    assert_eq!(store.quarantined(0, 100).unwrap(), rows);
    assert_eq!(store.quarantined(15, 3).unwrap(), rows[15..18]);
    clean(&store);
}

#[test]
fn compressed_input_is_kept_as_it_is() {
    let folder = folder();
    let store = open(folder.path());
    let zst = zstd::encode_all(&b"id,name"[..], 1).unwrap();
    for (input, compressed) in [(&zst[..], false), (b"plain", true), (b"", true)] {
        let archived = store.archive().add("in", input).unwrap();
        assert_eq!((archived.compressed, archived.bytes), (compressed, input.len() as u64));
        let mut bytes = Vec::new();
        store.archive().open(&archived).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, input);
        let writer = store.begin_file(store.begin_command().unwrap()).unwrap();
        writer.commit(manifest("in"), archived).unwrap();
    }
    clean(&store);
}

/// sled writes its page table down as it is opened; killed there, it left a file that it took for
/// its newest table and refused to open ever after.
#[test]
fn a_page_table_that_a_killed_process_left_unfinished_is_no_obstacle() {
    let dir = folder();
    let rows: Vec<Row> = (0..200).map(|n| (n, 1, None)).collect();
    let before = {
        let store = open(dir.path());
        ingest(&store, &rows);
        in_force(&store)
    };
    for (name, bytes) in [
        ("snap.FFFFFFFFFFFFFFF0.generating", &b""[..]),
        ("snap.0000000000000001.generating", b"half of a table"),
    ] {
        let unfinished = dir.path().join("ground").join(name);
        std::fs::write(&unfinished, bytes).unwrap();
        let store = open(dir.path());
        assert_eq!(in_force(&store), before);
        clean(&store);
        assert!(!unfinished.exists());
    }
}

fn judgement(a: &str, b: &str) -> Judgement {
    let key = |id: &str| RecordKey::new("shop", "customer", id);
    Judgement::new(key(a), key(b), Verdict::Same, "ann", "seen", Timestamp(5))
}

fn event(change: LedgerChange) -> LedgerEvent {
    LedgerEvent { sequence: 0, run: 1, cause: Cause::NewRecord, change }
}

#[test]
fn judgements_ledger_models_round_trip() {
    let folder = folder();
    let store = open(folder.path());
    assert_eq!(store.add_judgement(judgement("b", "a")).unwrap(), 1);
    let many = (0..100).map(|i| judgement("a", &format!("x{i}"))).collect();
    assert_eq!(store.add_judgements(many).unwrap(), 101);
    assert_eq!(store.ground_sequence().unwrap(), 101);

    let founder = |i: u32| RecordKey::new("shop", "customer", &format!("c{i}"));
    let founded =
        |i| LedgerChange::Created { entity: founding_id(&founder(i)), founder: founder(i) };
    let events: Vec<LedgerEvent> = (0..5_000).map(|i| event(founded(i))).collect();
    assert_eq!(store.append_ledger(&events).unwrap(), 5_000);
    let (x, y) = (EntityId::from_bits(1), EntityId::from_bits(2));
    let changes = [
        LedgerChange::Created { entity: x, founder: founder(1) },
        LedgerChange::Merged { from: x, into: y },
        LedgerChange::Split { from: y, into: x },
        LedgerChange::Retired { entity: x },
        LedgerChange::Moved { record: founder(2), from: None, to: Some(y) },
        LedgerChange::Moved { record: founder(2), from: Some(y), to: Some(x) },
        LedgerChange::Run(RunBasis { results: 3, model: "aa".to_owned(), ..RunBasis::default() }),
        LedgerChange::Golden { entity: x, fields: vec!["email".to_owned(), "city".to_owned()] },
    ];
    let mixed: Vec<LedgerEvent> =
        (1..).zip(changes).map(|(run, change)| LedgerEvent { run, ..event(change) }).collect();
    store.append_ledger(&mixed).unwrap();

    store.add_model("aa", b"first").unwrap();
    store.add_model("bb", &[7; 100_000]).unwrap();
    store.add_config("cc", "[match]").unwrap();
    assert_eq!((store.begin_run().unwrap(), store.begin_run().unwrap()), (1, 2));
    clean(&store);
    drop(store);

    // Readers need neither the lock nor sled.
    let _writer = open(folder.path());
    let store = Store::open(folder.path(), Access::Read).unwrap();
    let judged = store.judgements().unwrap();
    assert_eq!(judged.len(), 101);
    assert_eq!((judged[0].sequence, &*judged[0].a.id), (1, "a"));
    let expected: Vec<LedgerEvent> = (1..)
        .zip(events.iter().chain(&mixed))
        .map(|(sequence, event)| LedgerEvent { sequence, ..event.clone() })
        .collect();
    assert_eq!(store.ledger().unwrap(), expected);
    let mut tail = Vec::new();
    let read = store.visit_ledger(4_999, |event| {
        tail.push(event);
        Ok(())
    });
    read.unwrap();
    assert_eq!(tail, expected[4_998..]);
    assert_eq!(store.latest_model().unwrap(), Some(("bb".to_owned(), vec![7; 100_000])));
    assert_eq!(store.model("aa").unwrap().unwrap(), b"first");
    assert_eq!(store.model("zz").unwrap(), None);
    assert_eq!(store.config("cc").unwrap().unwrap(), "[match]");
    assert_eq!(store.ground_sequence().unwrap(), 101);
    assert_eq!(store.begin_run().unwrap_err().kind(), ErrorKind::Refused);
    assert_eq!(store.live().unwrap_err().kind(), ErrorKind::Locked);
}

#[test]
fn a_second_writer_is_told_who_holds_the_store() {
    let folder = folder();
    let store = open(folder.path());
    let error = Store::open(folder.path(), Access::Write).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    let holder = format!("pid {}, since 20", std::process::id());
    assert!(error.to_string().contains(&holder), "{error}");
    drop(store);
    // What the lock file says counts for nothing without the lock.
    std::fs::write(folder.path().join("lock"), "pid 1, since 1970").unwrap();
    open(folder.path());
}

#[test]
fn folders_that_are_no_store_are_refused() {
    let folder = folder();
    let missing = Store::open(folder.path().join("none"), Access::Read).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Unknown);
    std::fs::write(folder.path().join("thesis.txt"), "x").unwrap();
    let foreign = Store::open(folder.path(), Access::Write).unwrap_err();
    assert_eq!(foreign.kind(), ErrorKind::Config);
    let inner = folder.path().join("store");
    drop(open(&inner));
    std::fs::write(inner.join("format"), "sameas store format 99\n").unwrap();
    for access in [Access::Read, Access::Write] {
        let newer = Store::open(&inner, access).unwrap_err();
        assert_eq!(newer.kind(), ErrorKind::FormatVersion);
        assert!(newer.to_string().contains("format 99"), "{newer}");
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;
    fn check(path: &Path) {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            let mode = path.metadata().unwrap().permissions().mode() & 0o777;
            // What sled and tantivy make themselves lies in folders that only the owner enters.
            if path.is_dir() {
                assert_eq!(mode, 0o700, "{}", path.display());
                if path.file_name().unwrap() != "ground" {
                    check(&path);
                }
            } else {
                assert_eq!(mode, 0o600, "{}", path.display());
            }
        }
    }
    let folder = folder();
    let root = folder.path().join("store");
    let store = open(&root);
    ingest(&store, &[(1, 1, None)]);
    store.add_judgement(judgement("a", "b")).unwrap();
    store.add_model("aa", b"first").unwrap();
    store
        .append_ledger(&[event(LedgerChange::Retired { entity: EntityId::from_bits(1) })])
        .unwrap();
    assert_eq!(root.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    check(&root);
}

/// A store with some of everything.
fn sample(folder: &Path) {
    let store = open(folder);
    ingest(&store, &(0..300).map(|id| (id, 1, None)).collect::<Vec<_>>());
    ingest(&store, &[(7, 2, None), (1_000, 1, None)]);
    store.add_judgement(judgement("c1", "c2")).unwrap();
    store
        .append_ledger(&[event(LedgerChange::Retired { entity: EntityId::from_bits(1) })])
        .unwrap();
    store.add_model("aa", b"model").unwrap();
    store.add_config("bb", "config").unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { _ = std::fs::copy(&path, target).unwrap() }
    }
}

/// Everything that a store says, or the kind of the first error.
fn says(folder: &Path) -> Result<String, ErrorKind> {
    let store = crate::open_for_writing(folder).map_err(|e| e.kind())?;
    let answers = || -> sameas::error::Result<String> {
        let mut records = Vec::new();
        for chunk in store.chunks()? {
            records.extend(
                store.read_chunk(chunk)?.into_iter().map(|(n, r)| (n, r.key, r.rows.len())),
            );
        }
        let (live, files, judged) = (store.live()?, store.files()?, store.judgements()?);
        let papers = (store.ledger()?, store.latest_model()?, store.config("bb")?);
        Ok(format!("{records:?} {live:?} {files:?} {judged:?} {papers:?}"))
    };
    answers().map_err(|e| e.kind())
}

#[test]
fn damage_is_found_or_without_effect() {
    let original = folder();
    sample(original.path());
    let expected = says(original.path()).unwrap();
    let mut files = Vec::new();
    let mut folders = vec![original.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    for path in files {
        let name = path.strip_prefix(original.path()).unwrap();
        if ["lock", "secret"].iter().any(|n| name == Path::new(n)) {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for case in 0..6 {
            let mut damaged = bytes.clone();
            let length = damaged.len();
            if length == 0 {
                continue;
            }
            match case {
                0 => damaged[length / 2] ^= 0x10,
                1 => damaged[0] ^= 1,
                2 => damaged[length - 1] ^= 0x80,
                3 => damaged.truncate(length / 2),
                4 => damaged[length / 3..length / 2].fill(0),
                _ => damaged.clear(),
            }
            if damaged == bytes {
                continue;
            }
            let folder = folder();
            copy(original.path(), folder.path());
            std::fs::write(folder.path().join(name), &damaged).unwrap();
            let story = format!("{}, case {case}", name.display());
            if says(folder.path()).is_ok_and(|answer| answer == expected) {
                continue;
            }
            let found = match crate::open_for_writing(folder.path()) {
                Err(e) => matches!(
                    e.kind(),
                    ErrorKind::Corrupted | ErrorKind::FormatVersion | ErrorKind::Io
                ),
                Ok(store) => !store.verify(|_| {}).unwrap().is_empty(),
            };
            assert!(found, "{story}: not noticed");
        }
    }
}

/// Reads a file of the archive, as `ingest_within` wrote it.
fn read_again(
    store: &Store,
    file: &CommittedFile,
    writer: &mut FileWriter<'_>,
) -> sameas::error::Result<()> {
    let mut bytes = Vec::new();
    store.archive().open(&file.archived)?.read_to_end(&mut bytes).unwrap();
    let rows: Vec<Row> = serde_json::from_slice(&bytes).unwrap();
    let (command, number) = (file.manifest.command, writer.file());
    let records: Vec<SourceRecord> =
        (2..).zip(rows).map(|(line, row)| record(command, number, line, row)).collect();
    writer.append(&records).map(drop)
}

#[test]
fn the_database_can_be_made_anew_from_the_archive() {
    let folder = folder();
    sample(folder.path());
    let expected = says(folder.path()).unwrap();
    std::fs::remove_dir_all(folder.path().join("ground")).unwrap();
    let lost = crate::open_for_writing(folder.path()).unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::Corrupted);
    for _ in 0..2 {
        let recovered = Store::rebuild_ground(folder.path(), &mut read_again, &mut |_| {}).unwrap();
        assert_eq!((recovered.files, recovered.records, recovered.judgements), (2, 302, 1));
        assert!(recovered.notes.is_empty(), "{:?}", recovered.notes);
        assert_eq!(says(folder.path()).unwrap(), expected);
        clean(&open(folder.path()));
    }
}

#[test]
fn an_unfinished_line_is_no_damage_and_a_missing_one_is_written() {
    let folder = folder();
    sample(folder.path());
    let expected = says(folder.path()).unwrap();
    for name in ["archive/manifest.jsonl", "archive/judgements.jsonl"] {
        let path = folder.path().join(name);
        let whole = std::fs::read(&path).unwrap();
        for cut in [whole.len() - 1, whole.len() - 20] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(says(folder.path()).unwrap(), expected, "{name}");
            assert_eq!(std::fs::read(&path).unwrap(), whole, "{name}");
        }
    }
}

/// The text of the version that stands.
fn latest(versions: &[(Version, String)]) -> String {
    Version::latest(versions, |(version, _)| *version).unwrap().1.clone()
}

#[test]
fn which_version_stands_has_no_cycle() {
    let version = |changed_at: Option<i64>, command| Version {
        changed_at: changed_at.map(Timestamp),
        command,
        content: 1,
    };
    // By two, each of these replaces the one before: the first by ingest, the second by ingest, the
    // first again by its later time.
    let (old, undated, stale) = (version(Some(10), 1), version(None, 2), version(Some(5), 3));
    for versions in [[old, undated, stale], [stale, old, undated], [undated, stale, old]] {
        assert_eq!(Version::latest(&versions, |v| *v), Some(&undated));
    }
    let newer = version(Some(11), 3);
    assert_eq!(Version::latest(&[old, undated, newer], |v| *v), Some(&newer));
    assert_eq!(Version::latest(&[old, stale], |v| *v), Some(&old));
    assert_eq!(Version::latest(&[] as &[Version], |v| *v), None);
}

#[test]
fn a_row_stands_again_after_a_deletion_without_a_date_only_if_it_is_younger() {
    let version = |changed_at: Option<i64>, command, content| Version {
        changed_at: changed_at.map(Timestamp),
        command,
        content,
    };
    let row = |changed_at, command| version(changed_at, command, 1);
    let end = |changed_at, command| version(changed_at, command, 1 << 63 | 1);
    for (versions, at) in [
        // An export of before, read again, older, or in another form.
        (vec![row(Some(10), 1), end(None, 2), row(Some(10), 3)], 1),
        (vec![row(Some(10), 1), end(None, 2), row(Some(9), 3)], 1),
        (vec![row(Some(10), 1), end(None, 2), version(Some(10), 3, 7)], 1),
        (vec![row(Some(10), 2), end(None, 2), row(Some(10), 3)], 1),
        (vec![row(Some(10), 1), end(None, 2), end(None, 3), version(Some(10), 4, 7)], 2),
        // It changed since, or nothing was known before.
        (vec![row(Some(10), 1), end(None, 2), row(Some(11), 3)], 2),
        (vec![end(None, 2), row(Some(10), 3)], 1),
        (vec![row(None, 1), end(None, 2), row(Some(10), 3)], 2),
        (vec![row(Some(10), 1), end(None, 2), row(None, 3)], 2),
        // What came back stays, and is deleted again.
        (vec![row(Some(10), 1), end(None, 2), row(None, 3), version(Some(10), 4, 7)], 2),
        (vec![row(Some(10), 1), end(None, 2), row(Some(11), 3), row(Some(11), 4)], 3),
        (vec![row(Some(10), 1), end(None, 2), row(Some(11), 3), end(None, 4)], 3),
        // A deletion with a date is weighed by it.
        (vec![row(Some(10), 1), end(Some(10), 2), row(Some(10), 3)], 2),
        (vec![row(Some(10), 1), end(None, 2), end(Some(10), 3)], 2),
    ] {
        let mut backwards = versions.clone();
        backwards.reverse();
        for versions_in_order in [&versions, &backwards] {
            assert_eq!(Version::latest(versions_in_order, |v| *v), Some(&versions[at]));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Any sequence of files gives what the rule of versions says of all rows ever ingested, and
    /// ingesting the last file again changes nothing.
    #[test]
    fn store_is_a_map_of_versions(
        commands in prop::collection::vec(
            prop::collection::vec(
                prop::collection::vec(
                    (
                        0u32..12,
                        prop_oneof![4 => 0u8..4, 1 => Just(GONE)],
                        prop::option::of(0i64..3),
                    ),
                    0..25,
                ),
                1..3,
            ),
            1..5,
        ),
        reopen in any::<bool>(),
    ) {
        let folder = folder();
        let mut store = open(folder.path());
        let mut model: BTreeMap<String, Vec<(Version, String)>> = BTreeMap::new();
        for files in &commands {
            let command = store.begin_command().unwrap();
            for rows in files {
                ingest_within(&store, command, rows);
                for row in rows {
                    let record = record(command, 1, 1, *row);
                    let text = format!("text {}", row.1);
                    let id = record.key.id.to_string();
                    model.entry(id).or_default().push((record.version, text));
                }
            }
            if reopen {
                drop(store);
                store = open(folder.path());
            }
        }
        let expected: BTreeMap<String, String> =
            (model.into_iter().map(|(id, versions)| (id, latest(&versions))))
                .filter(|(_, text)| *text != format!("text {GONE}"))
                .collect();
        prop_assert_eq!(in_force(&store), expected);
        clean(&store);
    }
}
