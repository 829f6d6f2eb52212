//! The stages one by one, on a few hundred invented records: `cargo bench`.
#![expect(clippy::unwrap_used, reason = "a bench may panic")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use sameas::blocking::index::BlockIndex;
use sameas::blocking::keys_of;
use sameas::compare::{Comparer, Origin, Table, TextChoice};
use sameas::ingest::read::{Limits, RowReader};
use sameas::model::{
    EntityKind, FileManifest, Labelled, Mapped, MappedAddress, MappedName, MappedRecord,
    NormalRecord, RawRow, RecordKey, SourceRecord, Version,
};
use sameas::normalize::{address, email, normalize, person_name, phone};
use sameas::scoring::Parameters;
use sameas::store::{Access, Store};

const RECORDS: usize = 500;
const GIVEN: [&str; 8] =
    ["Anna", "Robert", "Zoë", "William", "Margaret", "Jürgen", "Elena", "Mary Ann"];
const FAMILY: [&str; 7] =
    ["Müller", "Smith", "van den Berg", "O'Neill", "Lefèvre", "Castellano", "Novák"];
const STREET: [&str; 5] = [
    "12 Main Street Apt 4",
    "Hauptstr. 7a",
    "8 rue de la Paix",
    "Calle Mayor 3, 2º B",
    "PO Box 11",
];

fn main() {
    divan::main();
}

fn name(at: usize) -> MappedName {
    MappedName {
        given: GIVEN[at % GIVEN.len()].to_owned(),
        family: FAMILY[at % FAMILY.len()].to_owned(),
        ..MappedName::default()
    }
}

fn mail(at: usize) -> Labelled {
    let local = format!("{}.{}", GIVEN[at % GIVEN.len()], FAMILY[at % FAMILY.len()]);
    let local: String = local.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
    Labelled { value: format!("{local}{}+shop@gmail.com", at % 90), label: None }
}

fn number(at: usize) -> Labelled {
    Labelled { value: format!("(415) 555-{:04} ext 3", at * 37 % 10_000), label: None }
}

fn place(at: usize) -> MappedAddress {
    MappedAddress {
        line: STREET[at % STREET.len()].to_owned(),
        city: "San Francisco".to_owned(),
        region: "CA".to_owned(),
        postcode: format!("{:05}", 94_100 + at % 60),
        country: "United States".to_owned(),
        ..MappedAddress::default()
    }
}

/// Five hundred records of about 250 people.
fn mapped() -> Vec<MappedRecord> {
    (0..RECORDS)
        .map(|at| {
            let person = at / 2;
            MappedRecord {
                object: "customer".into(),
                id: at.to_string(),
                id_made: false,
                entity_kind: EntityKind::Person,
                deleted: false,
                alias_of: None,
                redacted: false,
                fields: Mapped {
                    names: vec![name(person)],
                    emails: vec![mail(person)],
                    phones: vec![number(person)],
                    addresses: vec![place(person)],
                    ..Mapped::default()
                },
            }
        })
        .collect()
}

fn normal() -> Vec<NormalRecord> {
    mapped().iter().map(normalize).collect()
}

mod normalise {
    use super::*;

    #[divan::bench]
    fn names(bencher: Bencher<'_, '_>) {
        let values: Vec<MappedName> = (0..RECORDS).map(name).collect();
        bencher.counter(ItemsCount::new(RECORDS)).bench(|| {
            values.iter().for_each(|value| _ = black_box(person_name::normalize_name(value)));
        });
    }

    #[divan::bench]
    fn emails(bencher: Bencher<'_, '_>) {
        let values: Vec<Labelled> = (0..RECORDS).map(mail).collect();
        bencher.counter(ItemsCount::new(RECORDS)).bench(|| {
            values.iter().for_each(|v| _ = black_box(email::normalize_email(&v.value, None)));
        });
    }

    #[divan::bench]
    fn phones(bencher: Bencher<'_, '_>) {
        let values: Vec<Labelled> = (0..RECORDS).map(number).collect();
        bencher.counter(ItemsCount::new(RECORDS)).bench(|| {
            values.iter().for_each(|value| {
                _ = black_box(phone::normalize_phones(std::slice::from_ref(value), Some(*b"US")));
            });
        });
    }

    #[divan::bench]
    fn addresses(bencher: Bencher<'_, '_>) {
        let values: Vec<MappedAddress> = (0..RECORDS).map(place).collect();
        bencher.counter(ItemsCount::new(RECORDS)).bench(|| {
            values.iter().for_each(|v| _ = black_box(address::normalize_address(v, Some(*b"US"))));
        });
    }

    #[divan::bench]
    fn whole_records(bencher: Bencher<'_, '_>) {
        let records = mapped();
        bencher
            .counter(ItemsCount::new(RECORDS))
            .bench(|| records.iter().for_each(|record| _ = black_box(normalize(record))));
    }
}

#[divan::bench]
fn blocking_keys(bencher: Bencher<'_, '_>) {
    let records = normal();
    let mut keys = Vec::new();
    bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
        for record in &records {
            keys_of(record, false, &mut keys);
            black_box(&keys);
        }
    });
}

#[divan::bench]
fn compare_and_score(bencher: Bencher<'_, '_>) {
    let texts = TextChoice::default();
    let mut table = Table::default();
    for record in normal() {
        table.push(&record, Origin { source: 0, generic: false }, &texts);
    }
    table.finish(&texts);
    let shares = table.read_mailboxes(None);
    let n = f64::from(table.len());
    let parameters = Parameters::generic(&table, n * (n - 1.0) / 2.0, n);
    let mut comparer = Comparer::new(&table, &shares);
    // Half of the pairs are of one person, half of two.
    let pairs: Vec<(u32, u32)> = (0..table.len() - 2).map(|a| (a, a + 1)).collect();
    bencher.counter(ItemsCount::new(pairs.len())).bench_local(|| {
        for (a, b) in &pairs {
            black_box(parameters.score(&comparer.compare(*a, *b)));
        }
    });
}

#[divan::bench]
fn read_csv(bencher: Bencher<'_, '_>) {
    let mut text = String::from("id,first name,last name,email,note\n");
    for at in 0..2_000 {
        let (given, family) = (GIVEN[at % GIVEN.len()], FAMILY[at % FAMILY.len()]);
        let mail = mail(at).value;
        writeln!(text, "{at},{given},{family},{mail},\"says \"\"hello\"\",\nthen goes\"").unwrap();
    }
    let limits = Limits::default();
    bencher.counter(BytesCount::new(text.len())).bench(|| {
        let mut reader = RowReader::from_bytes("bench.csv", text.as_bytes(), &limits).unwrap();
        let mut rows = 0;
        while let Some(batch) = reader.next_rows(1_000).unwrap() {
            assert!(batch.bad.is_empty());
            rows += batch.rows.len();
        }
        assert_eq!(rows, 2_000);
    });
}

fn manifest() -> FileManifest {
    FileManifest {
        file: 0,
        command: 0,
        name: "bench.csv".to_owned(),
        bytes: 0,
        sha256: String::new(),
        kind: "generic".into(),
        source: "bench".into(),
        container: "csv".to_owned(),
        encoding: "utf-8".to_owned(),
        delimiter: Some(','),
        preamble: 0,
        columns: vec!["id".into(), "mail".into()],
        mapping: BTreeMap::new(),
        date_orders: BTreeMap::new(),
        default_region: None,
        unused_columns: Vec::new(),
        notes: Vec::new(),
        rows: RECORDS as u64,
        records: RECORDS as u64,
        quarantined: 0,
    }
}

/// One file of records: archive, database, commit with its syncs.
#[divan::bench(sample_count = 20)]
fn store_write(bencher: Bencher<'_, '_>) {
    let open = || {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), Access::Write).unwrap();
        (folder, store)
    };
    bencher.counter(ItemsCount::new(RECORDS)).with_inputs(open).bench_values(|(folder, store)| {
        let command = store.begin_command().unwrap();
        let archived = store.archive().add("bench.csv", &b"id,mail\n"[..]).unwrap();
        let mut writer = store.begin_file(command).unwrap();
        let file = writer.file();
        let records: Vec<SourceRecord> = (0..RECORDS)
            .map(|at| SourceRecord {
                key: RecordKey::new("bench", "customer", &at.to_string()),
                file,
                line: at as u64 + 2,
                version: Version { changed_at: None, command, content: at as u64 },
                deleted: false,
                alias_of: None,
                rows: vec![RawRow::Cells(vec![at.to_string(), mail(at).value])],
            })
            .collect();
        writer.append(&records).unwrap();
        writer.commit(manifest(), archived).unwrap();
        // The folder goes away outside the measured time.
        (folder, store)
    });
}

#[divan::bench(sample_count = 20)]
fn index_write(bencher: Bencher<'_, '_>) {
    let keys: Vec<Vec<u64>> = normal()
        .iter()
        .map(|record| {
            let mut keys = Vec::new();
            keys_of(record, false, &mut keys);
            keys.iter().map(|key| key.hash).collect()
        })
        .collect();
    let open = || {
        let folder = tempfile::tempdir().unwrap();
        let index = BlockIndex::open_or_create(folder.path(), [7; 32]).unwrap();
        (folder, index)
    };
    bencher.counter(ItemsCount::new(RECORDS)).with_inputs(open).bench_values(
        |(folder, mut index)| {
            for (record, keys) in keys.iter().enumerate() {
                index.add(record as u64, keys).unwrap();
            }
            index.commit(1).unwrap();
            (folder, index)
        },
    );
}
