//! The results file: what is written is read, and damage is noticed.

use proptest::prelude::*;
use sameas::error::ErrorKind;
use sameas::model::{
    EntityId, EntityKind, Labelled, MappedName, MappedRecord, NormalRecord, PersonName, RecordKey,
    ScoredPair,
};
use sameas::normalize::normalize;
use sameas::store::results::{
    AliasKey, EntityRow, RecordRow, Results, ResultsWriter, RunSummary, StepRow, decode_normal,
    decode_normal_over, encode_normal,
};
use sameas::store::{Access, Store};

struct Sample {
    keys: Vec<RecordKey>,
    normals: Vec<NormalRecord>,
    entities: Vec<EntityRow>,
    pairs: Vec<ScoredPair>,
    aliases: Vec<(AliasKey, u32)>,
}

/// Deterministic data of a given size; `salt` varies it.
fn sample(records: u32, salt: u64) -> Sample {
    let mut state = salt;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state >> 33
    };
    let mut keys: Vec<RecordKey> = (0..records)
        .map(|i| {
            let (source, object) =
                [("crm", "contact"), ("shop", "customer"), ("shop", "order")][(i % 3) as usize];
            RecordKey::new(source, object, &format!("{}", i / 3))
        })
        .collect();
    keys.sort();
    let normals = (0..records)
        .map(|i| {
            let name = PersonName {
                display: format!("Ann {i}"),
                given: vec!["ann".to_owned(); (random() % 4) as usize],
                label: (i % 5 == 0).then(|| "billing".into()),
                ..PersonName::default()
            };
            NormalRecord { names: vec![name], age: Some(i as u16), ..NormalRecord::default() }
        })
        .collect();
    let mut entities = Vec::new();
    let mut next = 0;
    while next < records {
        let size = (1 + random() % 3).min(u64::from(records - next)) as u32;
        entities.push(EntityRow {
            id: EntityId::from_bits(random() << 31 ^ u64::from(next)),
            kind: EntityKind::Person,
            members: (next..next + size).collect(),
            steps: (1..size)
                .map(|i| StepRow { a: next, b: next + i, weight: i as f32, kind: 1 })
                .collect(),
            relations: vec![("household".to_owned(), next)],
            suspicions: Vec::new(),
        });
        next += size;
    }
    let mut pairs = Vec::new();
    for a in 0..records.saturating_sub(2) {
        for b in [a + 1, a + 2] {
            if random() % 2 == 0 {
                pairs.push(ScoredPair { a, b, weight: random() as f32 / 7.0 });
            }
        }
    }
    let aliases = (0..entities.len() as u32)
        .step_by(3)
        .flat_map(|entity| {
            let old = AliasKey::Entity(EntityId::from_bits(u64::MAX - u64::from(entity)));
            let gone = RecordKey::new("shop", "customer", &format!("gone{entity}"));
            [(old, entity), (AliasKey::Record(gone), entity)]
        })
        .collect();
    Sample { keys, normals, entities, pairs, aliases }
}

fn write(sample: &Sample, path: &std::path::Path, batch: usize) {
    let mut writer = ResultsWriter::create(path).unwrap();
    let encode = |normal: &NormalRecord| {
        let mut encoded = Vec::new();
        encode_normal(normal, &mut encoded).unwrap();
        encoded
    };
    let encoded: Vec<Vec<u8>> = sample.normals.iter().map(encode).collect();
    let rows: Vec<RecordRow<'_>> = (0u64..)
        .zip(sample.keys.iter().zip(&encoded))
        .map(|(i, (key, normal))| RecordRow {
            key: key.into(),
            store_record: (i * 7_919) % 1_000_003,
            file: i as u32 % 9,
            normal,
        })
        .collect();
    if batch == 0 {
        for (row, normal) in rows.iter().zip(&sample.normals) {
            writer.record(&row.key.to_key(), row.store_record, row.file, normal).unwrap();
        }
    } else {
        rows.chunks(batch).for_each(|rows| writer.records(rows).unwrap());
    }
    writer.blob("features", &[5; 5_000]).unwrap();
    sample.entities.iter().for_each(|entity| writer.entity(entity).unwrap());
    sample.pairs.iter().for_each(|pair| writer.pair(*pair, u64::from(pair.b)).unwrap());
    for (key, entity) in &sample.aliases {
        writer.alias(key.clone(), *entity).unwrap();
    }
    let summary = RunSummary { run: 3, records: sample.keys.len() as u64, ..RunSummary::default() };
    writer.finish(&summary).unwrap();
}

fn check(sample: &Sample, results: &Results) {
    let count = sample.keys.len() as u32;
    assert_eq!((results.records(), results.summary().run), (count, 3));
    assert_eq!(results.entities() as usize, sample.entities.len());
    for (ordinal, key) in (0u32..).zip(&sample.keys) {
        assert_eq!(results.key(ordinal).unwrap(), *key);
        assert!(results.normal(ordinal).unwrap() == sample.normals[ordinal as usize]);
        let number = (u64::from(ordinal) * 7_919) % 1_000_003;
        assert_eq!(results.origin(ordinal).unwrap(), (number, ordinal % 9));
        assert_eq!(results.find_store_record(number).unwrap(), Some(ordinal));
        let object = Some(&*key.object);
        assert_eq!(results.find_record(&key.source, object, &key.id).unwrap(), [ordinal]);
        let any: Vec<u32> = (0u32..)
            .zip(&sample.keys)
            .filter(|(_, other)| (&other.source, &other.id) == (&key.source, &key.id))
            .map(|(other, _)| other)
            .collect();
        assert_eq!(results.find_record(&key.source, None, &key.id).unwrap(), any);
    }
    assert_eq!(results.find_record("shop", None, "none").unwrap(), Vec::<u32>::new());
    assert_eq!(results.find_store_record(u64::MAX).unwrap(), None);
    for (index, entity) in (0u32..).zip(&sample.entities) {
        assert_eq!(results.entity(index).unwrap(), *entity);
        assert_eq!(results.find_entity(entity.id).unwrap(), Some(index));
        for member in &entity.members {
            assert_eq!(results.entity_of(*member).unwrap(), index);
        }
        let mut aliases: Vec<AliasKey> = sample
            .aliases
            .iter()
            .filter(|(_, of)| *of == index)
            .map(|(key, _)| key.clone())
            .collect();
        aliases.sort();
        assert_eq!(results.aliases(index).unwrap(), aliases);
    }
    assert_eq!(results.find_entity(EntityId::from_bits(3)).unwrap(), None);
    for (key, entity) in &sample.aliases {
        let found = match key {
            AliasKey::Entity(id) => results.find_entity(*id),
            AliasKey::Record(key) => results.find_alias(&key.source, None, &key.id),
        };
        assert_eq!(found.unwrap(), Some(*entity));
    }
    assert_eq!(results.find_alias("crm", None, "gone0").unwrap(), None);
    assert_eq!(results.pairs() as usize, sample.pairs.len());
    for (position, pair) in (0u64..).zip(&sample.pairs) {
        assert_eq!(results.pair(position).unwrap(), *pair);
        assert_eq!(results.pair_levels(position).unwrap(), (*pair, u64::from(pair.b)));
        assert_eq!(results.find_pair(pair.b, pair.a).unwrap(), Some(*pair));
        assert!(results.pairs_from(pair.a).unwrap().contains(&position));
    }
    assert_eq!(results.find_pair(0, count).unwrap(), None);
    assert_eq!(results.blob("features").unwrap(), Some(vec![5; 5_000]));
    assert_eq!(results.blob("none").unwrap(), None);
    results.verify().unwrap();
    // Questions beyond the end are errors or nothing, never a panic.
    assert!(results.key(count).is_err());
    assert!(results.normal(u32::MAX).is_err());
    assert!(results.entity_of(count).is_err());
    assert!(results.pair(u64::MAX).is_err());
    assert!(results.aliases(u32::MAX).unwrap().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn results_round_trip(records in 0u32..700, salt in any::<u64>(), batch in 0usize..300) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("000001.bin");
        let sample = sample(records, salt);
        write(&sample, &path, batch);
        check(&sample, &Results::open(&path).unwrap());
    }
}

#[test]
fn any_damaged_byte_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("000001.bin");
    write(&sample(300, 1), &path, 0);
    let bytes = std::fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(97).chain(bytes.len() - 24..bytes.len()) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x40;
        std::fs::write(&path, &damaged).unwrap();
        let verified = Results::open(&path).and_then(|results| results.verify());
        let kind = verified.expect_err(&format!("byte {at}")).kind();
        assert!(
            matches!(kind, ErrorKind::Corrupted | ErrorKind::FormatVersion),
            "byte {at}: {kind:?}"
        );
    }
    for length in (0..bytes.len()).step_by(1_009) {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(Results::open(&path).is_err(), "cut at {length}");
    }
}

#[test]
fn the_last_three_results_are_kept_and_readers_see_whole_ones() {
    let folder = tempfile::tempdir().unwrap();
    let store = crate::open_for_writing(folder.path()).unwrap();
    assert!(store.current_results().unwrap().is_none());
    let reader = Store::open(folder.path(), Access::Read).unwrap();
    let sample = sample(100, 1);
    let mut first = None;
    for expected in 1..=5 {
        let run = store.begin_run().unwrap();
        assert_eq!(run, expected);
        let path = store.results_path(run);
        write(&sample, &path, 0);
        assert_eq!(reader.current_run().unwrap(), (run > 1).then(|| run - 1));
        store.publish_results(&path).unwrap();
        assert_eq!(reader.current_run().unwrap(), Some(run));
        first.get_or_insert_with(|| reader.current_results().unwrap().unwrap());
    }
    assert_eq!(store.result_runs().unwrap(), [3, 4, 5]);
    // A reader that opened the first results goes on with them.
    check(&sample, &first.unwrap());
    store.publish_results(&store.results_path(3)).unwrap();
    assert_eq!(reader.current_run().unwrap(), Some(3));
    assert_eq!(store.begin_run().unwrap(), 6);
    let missing = store.publish_results(&store.results_path(9)).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Unknown);
    // Dropped before it is finished, a file of results leaves nothing.
    drop(ResultsWriter::create(&store.results_path(6)).unwrap());
    assert_eq!(store.result_runs().unwrap(), [3, 4, 5]);
    assert!(store.verify(|_| {}).unwrap().is_empty());
}

/// Whatever a record held, decoding another one over it gives the other one.
#[test]
fn a_record_decoded_over_another_is_as_decoded_anew() {
    let mapped = |fields: &str| -> MappedRecord {
        let mut mapped =
            MappedRecord { entity_kind: EntityKind::Person, ..MappedRecord::default() };
        for (at, field) in fields.split_whitespace().enumerate() {
            match field {
                "name" => mapped.fields.names.push(MappedName {
                    given: format!("Ada {at}"),
                    family: "Quill".to_owned(),
                    ..MappedName::default()
                }),
                _ => mapped.fields.emails.push(Labelled {
                    value: format!("ada.{at}@quillmail.org"),
                    label: (at % 2 == 0).then(|| "work".into()),
                }),
            }
        }
        mapped
    };
    let mut over = NormalRecord::default();
    for fields in ["name mail mail", "", "mail", "name name", "", "mail name mail name"] {
        let normal = normalize(&mapped(fields));
        let mut encoded = Vec::new();
        encode_normal(&normal, &mut encoded).unwrap();
        decode_normal_over(&encoded, &mut over).unwrap();
        assert!(over == normal && over == decode_normal(&encoded).unwrap(), "{fields}");
    }
}
