//! The stages one by one, on two thousand made-up records (`sameas synth --flat`): `cargo bench`.
#![expect(clippy::unwrap_used, reason = "a bench may panic")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use sameas::blocking::index::BlockIndex;
use sameas::blocking::{BlocksBuilder, Candidates, Key, Outline, keys_of, limits_for, outline_of};
use sameas::clustering::{ClusterInput, Edge, cluster};
use sameas::compare::{Comparer, Comparison, Origin, PatternShares, Table, TextChoice};
use sameas::error::Result;
use sameas::ingest::read::{Limits, RowReader};
use sameas::model::{
    BlockLimits, EntityKind, FileManifest, Labelled, Mapped, MappedAddress, MappedDate, MappedName,
    MappedRecord, Method, NormalRecord, RawRow, RecordKey, ScoredPair, SourceRecord, Thresholds,
    Version,
};
use sameas::normalize::{address, date, email, normalize, organization, person_name, phone};
use sameas::pipeline::resolve::{Decisions, PIECE, Records, Resolution, Segment, resolve};
use sameas::scoring::Parameters;
use sameas::store::{Access, Store, founding_id};
use sameas::survivorship::{Member, Policy, golden};
use sameas::synth::{self, Request};

const RECORDS: usize = 2_000;
const REGION: Option<[u8; 2]> = Some(*b"US");

fn main() {
    divan::main();
}

/// The table as it is made.
static CSV: LazyLock<String> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let request = Request { records: RECORDS as u64, seed: 1, flat: true };
    synth::write(request, folder.path(), &|_| ()).unwrap();
    std::fs::read_to_string(folder.path().join("records.csv")).unwrap()
});

static ROWS: LazyLock<Vec<BTreeMap<String, String>>> = LazyLock::new(|| {
    csv::Reader::from_reader(CSV.as_bytes()).deserialize().map(|row| row.unwrap()).collect()
});

static MAPPED: LazyLock<Vec<MappedRecord>> = LazyLock::new(|| ROWS.iter().map(mapped).collect());

static NORMAL: LazyLock<Vec<NormalRecord>> =
    LazyLock::new(|| MAPPED.iter().map(normalize).collect());

fn name(row: &BTreeMap<String, String>) -> MappedName {
    MappedName {
        given: row["first_name"].clone(),
        family: row["last_name"].clone(),
        ..MappedName::default()
    }
}

fn labelled(row: &BTreeMap<String, String>, column: &str) -> Vec<Labelled> {
    let value = row[column].clone();
    if value.is_empty() { Vec::new() } else { vec![Labelled { value, label: None }] }
}

fn place(row: &BTreeMap<String, String>) -> MappedAddress {
    MappedAddress {
        line: row["address"].clone(),
        city: row["city"].clone(),
        region: row["state"].clone(),
        postcode: row["postcode"].clone(),
        ..MappedAddress::default()
    }
}

fn births(row: &BTreeMap<String, String>) -> Vec<MappedDate> {
    let text = row["dob"].clone();
    if text.is_empty() { Vec::new() } else { vec![MappedDate { text, ..MappedDate::default() }] }
}

fn mapped(row: &BTreeMap<String, String>) -> MappedRecord {
    MappedRecord {
        object: "customer".into(),
        id: row["record_id"].clone(),
        id_made: false,
        entity_kind: EntityKind::Person,
        deleted: false,
        alias_of: None,
        redacted: false,
        fields: Mapped {
            default_region: REGION,
            names: vec![name(row)],
            emails: labelled(row, "email"),
            phones: labelled(row, "phone"),
            addresses: Some(place(row))
                .filter(|place| !place.line.is_empty())
                .into_iter()
                .collect(),
            births: births(row),
            ..Mapped::default()
        },
    }
}

/// Measures a function on every one of these values.
fn each<T: Sync>(bencher: Bencher<'_, '_>, values: &[T], work: impl Fn(&T) + Sync) {
    bencher.counter(ItemsCount::new(values.len())).bench(|| values.iter().for_each(&work));
}

mod normalise {
    use super::*;

    #[divan::bench]
    fn names(bencher: Bencher<'_, '_>) {
        let values: Vec<MappedName> = ROWS.iter().map(name).collect();
        each(bencher, &values, |value| _ = black_box(person_name::normalize_name(value)));
    }

    #[divan::bench]
    fn emails(bencher: Bencher<'_, '_>) {
        let values: Vec<Labelled> = ROWS.iter().flat_map(|row| labelled(row, "email")).collect();
        each(bencher, &values, |v| _ = black_box(email::normalize_email(&v.value, None)));
    }

    #[divan::bench]
    fn phones(bencher: Bencher<'_, '_>) {
        let values: Vec<Labelled> = ROWS.iter().flat_map(|row| labelled(row, "phone")).collect();
        each(bencher, &values, |v| {
            _ = black_box(phone::normalize_phones(std::slice::from_ref(v), REGION));
        });
    }

    #[divan::bench]
    fn addresses(bencher: Bencher<'_, '_>) {
        let values: Vec<MappedAddress> = ROWS.iter().map(place).collect();
        each(bencher, &values, |v| _ = black_box(address::normalize_address(v, REGION)));
    }

    #[divan::bench]
    fn births(bencher: Bencher<'_, '_>) {
        let values: Vec<MappedDate> = ROWS.iter().flat_map(super::births).collect();
        each(bencher, &values, |value| _ = black_box(date::parse_birth(value)));
    }

    #[divan::bench]
    fn companies(bencher: Bencher<'_, '_>) {
        let forms = ["LLC", "GmbH & Co. KG", "Inc.", "S.r.l.", "& Sons Ltd"];
        let names = ROWS.iter().map(|row| row["last_name"].as_str());
        let values: Vec<String> =
            names.zip(forms.iter().cycle()).map(|(name, form)| format!("{name} {form}")).collect();
        each(bencher, &values, |v| _ = black_box(organization::normalize_organization(v)));
    }

    #[divan::bench]
    fn whole_records(bencher: Bencher<'_, '_>) {
        each(bencher, &MAPPED, |record| _ = black_box(normalize(record)));
    }
}

#[divan::bench]
fn blocking_keys(bencher: Bencher<'_, '_>) {
    let records = &*NORMAL;
    let mut keys = Vec::new();
    bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
        for record in records {
            keys_of(record, false, &mut keys);
            black_box(&keys);
        }
    });
}

fn table() -> Table {
    let texts = TextChoice::default();
    let mut table = Table::default();
    let origins = vec![Origin { source: 0, generic: false }; RECORDS];
    table.extend(&NORMAL, &origins, &texts);
    table.finish(&texts);
    table
}

/// Keys with their records, sorted: what the index gives.
fn keyed() -> Vec<(Key, u32)> {
    let (mut all, mut keys) = (Vec::new(), Vec::new());
    for (record, normal) in NORMAL.iter().enumerate() {
        keys_of(normal, false, &mut keys);
        all.extend(keys.iter().map(|key| (*key, record as u32)));
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn blocks(keyed: &[(Key, u32)], limits: &BlockLimits) -> Candidates {
    let outlines: Vec<Outline> = NORMAL.iter().map(outline_of).collect();
    let mut builder = BlocksBuilder::new(&outlines, limits, Method::default());
    let mut members: Vec<u32> = Vec::new();
    for block in keyed.chunk_by(|a, b| a.0 == b.0) {
        members.clear();
        members.extend(block.iter().map(|(_, record)| *record));
        builder.group(block[0].0.rule, &members);
    }
    let mut candidates = Candidates::new(RECORDS as u32, limits);
    candidates.take(builder);
    candidates
}

/// Candidates of all records, each pair once.
fn candidates(blocks: &Candidates) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    for part in 0..blocks.parts() {
        let found = blocks.part(part, |_| true).unwrap();
        pairs.extend(found.iter().map(|pair| (pair.a, pair.b)));
    }
    pairs
}

#[divan::bench]
fn comparison_table(bencher: Bencher<'_, '_>) {
    LazyLock::force(&NORMAL);
    bencher.counter(ItemsCount::new(RECORDS)).bench(table);
}

#[divan::bench]
fn blocking(bencher: Bencher<'_, '_>) {
    let (keyed, limits) = (keyed(), limits_for(RECORDS as u32));
    bencher
        .counter(ItemsCount::new(RECORDS))
        .bench(|| black_box(candidates(&blocks(&keyed, &limits))));
}

/// The table with the pairs that blocking finds in it.
fn with_pairs() -> (Table, PatternShares, Parameters, Vec<(u32, u32)>) {
    let mut table = table();
    let shares = table.read_mailboxes(None);
    let n = f64::from(table.len());
    let parameters = Parameters::generic(&table, n * (n - 1.0) / 2.0, n);
    let pairs = candidates(&blocks(&keyed(), &limits_for(table.len())));
    (table, shares, parameters, pairs)
}

#[divan::bench]
fn compare(bencher: Bencher<'_, '_>) {
    let (table, shares, _, pairs) = with_pairs();
    let mut comparer = Comparer::new(&table, &shares);
    bencher.counter(ItemsCount::new(pairs.len())).bench_local(|| {
        for (a, b) in &pairs {
            black_box(comparer.compare(*a, *b));
        }
    });
}

#[divan::bench]
fn score(bencher: Bencher<'_, '_>) {
    let (table, shares, parameters, pairs) = with_pairs();
    let mut comparer = Comparer::new(&table, &shares);
    let compared: Vec<Comparison> = pairs.iter().map(|(a, b)| comparer.compare(*a, *b)).collect();
    each(bencher, &compared, |comparison| _ = black_box(parameters.score(comparison)));
}

/// Canonical records, as the pure middle takes them.
struct Canonical;

impl Records for Canonical {
    fn len(&self) -> u32 {
        RECORDS as u32
    }

    fn piece(&self, piece: u32) -> Result<Segment> {
        let mut values = Segment::default();
        let records = NORMAL.iter().skip((piece * PIECE) as usize).take(PIECE as usize);
        records.into_iter().try_for_each(|normal| values.push(normal))?;
        Ok(values)
    }

    fn origin(&self, _: u32) -> Origin {
        Origin { source: 0, generic: false }
    }

    fn hash(&self, ordinal: u32) -> u64 {
        u64::from(ordinal).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

fn resolved(keyed: &[(Key, u32)]) -> (Resolution, Table) {
    let block = |limits: &BlockLimits| Ok(blocks(keyed, limits));
    let thresholds = Thresholds::default();
    let (method, none) = (Method::default(), Decisions::default());
    resolve(&Canonical, None, method, &none, &thresholds, &block, &mut |_| ()).unwrap()
}

/// Table, blocks, training, scores, clusters, on all cores: training is most of it.
#[divan::bench(sample_count = 5)]
fn whole_middle(bencher: Bencher<'_, '_>) {
    let keyed = keyed();
    bencher.counter(ItemsCount::new(RECORDS)).bench(|| black_box(resolved(&keyed)));
}

#[divan::bench]
fn clustering(bencher: Bencher<'_, '_>) {
    let (middle, table) = resolved(&keyed());
    let nats = |p: &ScoredPair| Edge { a: p.a, b: p.b, score: p.weight * std::f32::consts::LN_2 };
    let edges: Vec<Edge> = middle.pairs.iter().map(nats).collect();
    let input = ClusterInput {
        table: &table,
        shares: &middle.model.shares,
        model: &middle.model,
        edges: &edges,
        same: &[],
        different: &[],
        threshold: 0.0,
    };
    bencher.counter(ItemsCount::new(RECORDS)).bench(|| black_box(cluster(&input)));
}

#[divan::bench]
fn golden_records(bencher: Bencher<'_, '_>) {
    let (middle, _) = resolved(&keyed());
    let mut clusters: BTreeMap<u32, Vec<Member>> = BTreeMap::new();
    for (record, root) in middle.clustering.root.iter().enumerate() {
        clusters.entry(*root).or_default().push(Member {
            key: RecordKey::new("bench", "customer", &record.to_string()),
            system: "bench".into(),
            normal: NORMAL[record].clone(),
        });
    }
    let clusters: Vec<Vec<Member>> = clusters.into_values().collect();
    let policy = Policy::default();
    each(bencher, &clusters, |members| {
        let id = founding_id(&members[0].key);
        _ = black_box(golden(id, EntityKind::Person, members, Vec::new(), &policy, None));
    });
}

#[divan::bench]
fn read_csv(bencher: Bencher<'_, '_>) {
    let limits = Limits::default();
    bencher.counter(BytesCount::new(CSV.len())).bench(|| {
        let mut reader = RowReader::from_bytes("bench.csv", CSV.as_bytes(), &limits).unwrap();
        let mut rows = 0;
        while let Some(batch) = reader.next_rows(1_000).unwrap() {
            assert!(batch.bad.is_empty());
            rows += batch.rows.len();
        }
        assert_eq!(rows, RECORDS);
    });
}

/// Cells in quotes with line breaks inside.
#[divan::bench]
fn read_quoted_csv(bencher: Bencher<'_, '_>) {
    let mut text = String::from("id,first name,last name,note\n");
    for row in ROWS.iter() {
        let (id, given, family) = (&row["record_id"], &row["first_name"], &row["last_name"]);
        writeln!(text, "{id},{given},{family},\"says \"\"hello\"\",\nthen goes\"").unwrap();
    }
    let limits = Limits::default();
    bencher.counter(BytesCount::new(text.len())).bench(|| {
        let mut reader = RowReader::from_bytes("bench.csv", text.as_bytes(), &limits).unwrap();
        let mut rows = 0;
        while let Some(batch) = reader.next_rows(1_000).unwrap() {
            rows += batch.rows.len();
        }
        assert_eq!(rows, RECORDS);
    });
}

#[divan::bench]
fn make_records(bencher: Bencher<'_, '_>) {
    // A folder a run: nothing is overwritten.
    bencher
        .counter(ItemsCount::new(RECORDS))
        .with_inputs(|| tempfile::tempdir().unwrap())
        .bench_values(|folder| {
            let request = Request { records: RECORDS as u64, seed: 1, flat: false };
            synth::write(request, folder.path(), &|_| ()).unwrap();
            folder
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
        columns: ROWS[0].keys().map(|name| name.as_str().into()).collect(),
        mapping: BTreeMap::new(),
        date_orders: BTreeMap::new(),
        default_region: None,
        unused_columns: Vec::new(),
        notes: Vec::new(),
        rows: RECORDS as u64,
        records: RECORDS as u64,
        quarantined: 0,
        limits: Limits::default(),
    }
}

fn source_records(file: u32, command: u32) -> Vec<SourceRecord> {
    ROWS.iter()
        .enumerate()
        .map(|(at, row)| SourceRecord {
            key: RecordKey::new("bench", "customer", &row["record_id"]),
            file,
            line: at as u64 + 2,
            version: Version { changed_at: None, command, content: at as u64 },
            deleted: false,
            alias_of: None,
            rows: vec![RawRow::Cells(row.values().cloned().collect())],
        })
        .collect()
}

fn write_store(store: &Store) {
    let command = store.begin_command().unwrap();
    let archived = store.archive().add("bench.csv", CSV.as_bytes()).unwrap();
    let mut writer = store.begin_file(command).unwrap();
    let records = source_records(writer.file(), command);
    writer.append(&records).unwrap();
    writer.commit(manifest(), archived).unwrap();
}

fn new_store(folder: &Path) -> Store {
    Store::open(folder, Access::Write).unwrap()
}

/// One file of records: archive, database, commit with its syncs.
#[divan::bench(sample_count = 20)]
fn store_write(bencher: Bencher<'_, '_>) {
    let open = || {
        let folder = tempfile::tempdir().unwrap();
        let store = new_store(folder.path());
        (folder, store)
    };
    bencher.counter(ItemsCount::new(RECORDS)).with_inputs(open).bench_values(|(folder, store)| {
        write_store(&store);
        // The folder goes away outside the measured time.
        (folder, store)
    });
}

#[divan::bench(sample_count = 20)]
fn store_read(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    write_store(&store);
    bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
        let mut records = 0;
        for chunk in store.chunks().unwrap() {
            records += black_box(store.read_chunk(chunk).unwrap()).len();
        }
        assert_eq!(records, RECORDS);
    });
}

/// Hashed keys by record.
fn hashes() -> Vec<Vec<u64>> {
    let hashes = |record| {
        let mut keys = Vec::new();
        keys_of(record, false, &mut keys);
        keys.iter().map(|key| key.hash).collect()
    };
    NORMAL.iter().map(hashes).collect()
}

fn write_index(folder: &Path, keys: &[Vec<u64>]) -> BlockIndex {
    let mut index = BlockIndex::open_or_create(folder, [7; 32]).unwrap();
    for (record, keys) in keys.iter().enumerate() {
        index.add(record as u64, keys).unwrap();
    }
    index.commit(1).unwrap();
    index
}

#[divan::bench(sample_count = 20)]
fn index_write(bencher: Bencher<'_, '_>) {
    let keys = hashes();
    bencher
        .counter(ItemsCount::new(RECORDS))
        .with_inputs(|| tempfile::tempdir().unwrap())
        .bench_values(|folder| (write_index(folder.path(), &keys), folder));
}

#[divan::bench]
fn index_walk(bencher: Bencher<'_, '_>) {
    let keys = hashes();
    let folder = tempfile::tempdir().unwrap();
    let index = write_index(folder.path(), &keys);
    bencher.counter(ItemsCount::new(RECORDS)).bench_local(|| {
        let mut blocks = 0;
        index
            .walk(|_, _| {
                blocks += 1;
                Ok(())
            })
            .unwrap();
        black_box(blocks)
    });
}

#[divan::bench]
fn index_look_up(bencher: Bencher<'_, '_>) {
    let keys = hashes();
    let folder = tempfile::tempdir().unwrap();
    let index = write_index(folder.path(), &keys);
    let some: Vec<u64> = keys.iter().step_by(20).map(|keys| keys[0]).collect();
    bencher.counter(ItemsCount::new(some.len())).bench_local(|| {
        for key in &some {
            assert!(!black_box(index.records_of(*key).unwrap()).is_empty());
        }
    });
}
