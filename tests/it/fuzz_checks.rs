//! What must hold for any input, for `fuzz/` and for the seeds in `tests/corpus/`.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sameas::config::Spec;
use sameas::evaluation::Truth;
use sameas::ingest::kind::{Catalog, Mapping, Stated, inspect, read as read_kind};
use sameas::ingest::read::{Input, Limits, RowReader};
use sameas::model::{
    DateOrder, EntityId, EntityKind, Labelled, Mapped, MappedAddress, MappedDate, MappedName,
    MappedRecord,
};
use sameas::normalize::normalize;
use sameas::scoring::Model;
use sameas::store::results::Results;
use sameas::store::{Access, Store, VALUES, decode_value, seal_value};

/// Limits that inputs of a few kilobytes reach.
fn small_limits() -> Limits {
    Limits { cell_bytes: 1 << 10, row_bytes: 1 << 14, json_depth: 16, ..Limits::default() }
}

/// Any bytes are a table, a document, or an error.
pub(crate) fn read(bytes: &[u8]) {
    let limits = small_limits();
    let Ok(mut reader) = RowReader::from_bytes("fuzz", bytes, &limits) else { return };
    while let Ok(Some(rows)) = reader.next_rows(64) {
        assert!(rows.rows.len() + rows.bad.len() <= 64);
    }
}

/// Any text is cleaned or marked. It is cut at line ends and put into every kind of field.
pub(crate) fn clean(text: &str) {
    let parts: Vec<&str> = text.lines().collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or(text).to_owned();
    let values = || (0..3).map(|at| Labelled { value: part(at), label: None }).collect::<Vec<_>>();
    let record = MappedRecord {
        object: "customer".into(),
        id: "1".to_owned(),
        id_made: false,
        entity_kind: EntityKind::Unknown,
        deleted: false,
        alias_of: None,
        redacted: false,
        fields: Mapped {
            names: vec![
                MappedName { full: part(0), ..MappedName::default() },
                MappedName { given: part(1), family: part(2), ..MappedName::default() },
            ],
            emails: values(),
            phones: values(),
            addresses: vec![
                MappedAddress { full: part(0), ..MappedAddress::default() },
                MappedAddress {
                    line: part(0),
                    line2: part(1),
                    postcode: part(2),
                    country: part(3),
                    ..MappedAddress::default()
                },
            ],
            companies: values(),
            births: vec![MappedDate { text: part(0), order: DateOrder::default() }],
            tax_ids: values(),
            loyalty_ids: values(),
            tokens: values(),
            ..Mapped::default()
        },
    };
    // A pure function: the same twice.
    assert!(normalize(&record) == normalize(&record));
}

thread_local! {
    /// A folder of this thread, for what is read from files only.
    static FOLDER: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) };
}

fn in_folder<T>(work: impl FnOnce(&Path) -> T) -> T {
    FOLDER.with(|folder| {
        let mut folder = folder.borrow_mut();
        work(folder.get_or_insert_with(|| tempfile::tempdir().expect("a folder")).path())
    })
}

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    in_folder(|folder| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("a file can be written");
        path
    })
}

/// Any bytes are recognised as a kind, mapped and normalised, or refused; a stored row maps to what
/// it was mapped to.
pub(crate) fn map(bytes: &[u8]) {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    let catalog = CATALOG.get_or_init(|| Catalog::builtin().expect("the kinds of the project"));
    let input = Input { path: file("export", bytes), name: "export.csv".to_owned() };
    let limits = small_limits();
    let Ok(manifest) = inspect(catalog, &input, &limits, &Stated::default()) else { return };
    let Ok(mapping) = Mapping::new(catalog, &manifest) else { return };
    let _ = read_kind(&input, &manifest, &mapping, &mut |batch| {
        for (record, mapped) in &batch.records {
            normalize(mapped);
            let again = mapping.remap(record);
            assert!(again.is_some(), "a stored row cannot be mapped again");
        }
        Ok(())
    });
}

/// Any text is an address book, or refused; its cards map and are cleaned. What holds for any bytes
/// holds here too, and a text that does not begin as a card is tried as the inside of one.
pub(crate) fn vcard(text: &str) {
    let framed = format!("BEGIN:VCARD\nVERSION:3.0\n{text}\nEND:VCARD\n");
    let whole = text.trim_start().to_ascii_uppercase().starts_with("BEGIN:VCARD");
    let bytes = if whole { text.as_bytes() } else { framed.as_bytes() };
    read(bytes);
    map(bytes);
}

/// Any text is a configuration, a source kind, a table of truth, an id, or refused.
pub(crate) fn settings(text: &str) {
    let _ = Spec::parse(text, "fuzz", Path::new(""));
    if let Ok(mut catalog) = Catalog::builtin() {
        let _ = catalog.add(text, "fuzz");
    }
    let _ = Truth::read(text.as_bytes(), "fuzz");
    let _ = EntityId::parse(text);
}

/// Any bytes are a model or refused.
pub(crate) fn model(bytes: &[u8]) {
    if let Ok(model) = Model::from_bytes(bytes) {
        let _ = model.hash();
    }
}

/// The first byte names a kind of stored value, the others are its body: it is decoded or refused,
/// sealed and as it is.
pub(crate) fn value(bytes: &[u8]) {
    let Some((name, body)) = bytes.split_first() else { return };
    let name = VALUES[usize::from(*name) % VALUES.len()];
    let _ = decode_value(name, body);
    if let Ok(sealed) = seal_value(body) {
        let _ = decode_value(name, &sealed);
    }
}

/// Any bytes are a file of results or refused; what cannot be told from a sound file by its
/// checksums is read without harm.
pub(crate) fn results(bytes: &[u8]) {
    let Ok(results) = Results::open(&file("results.bin", bytes)) else { return };
    let _ = results.verify();
    for at in 0..results.records().min(20) {
        let _ = (results.normal(at), results.origin(at), results.pairs_from(at));
        let _ = results.entity_of(at).and_then(|entity| results.entity(entity));
        if let Ok(key) = results.key(at) {
            let _ = results.find_record(&key.source, Some(&key.object), &key.id);
            let _ = results.find_alias(&key.source, None, &key.id);
        }
    }
    for at in 0..results.entities().min(20) {
        let _ = results.aliases(at);
        let _ = results.entity_id(at).and_then(|id| results.find_entity(id));
    }
    for at in 0..results.pairs().min(20) {
        let found = results.pair(at).and_then(|pair| results.find_pair(pair.a, pair.b));
        let _ = (found, results.pair_levels(at), results.find_store_record(at));
    }
    let _ = (results.blob("model"), results.blob("run"));
}

/// Any bytes in the place of a journal, a segment of the ledger, a document or the pointer to the
/// results are read or refused.
pub(crate) fn archive(bytes: &[u8]) {
    const PLACES: [&str; 6] = [
        "archive/manifest.jsonl",
        "archive/judgements.jsonl",
        "archive/ledger/000000000001.bin",
        "archive/models/000001-aa.bin",
        "archive/configs/000001-bb.bin",
        "results/CURRENT",
    ];
    let Some((place, body)) = bytes.split_first() else { return };
    in_folder(|folder| {
        let root = folder.join("store");
        for inner in ["archive/ledger", "archive/models", "archive/configs", "results"] {
            std::fs::create_dir_all(root.join(inner)).expect("a folder can be made");
        }
        std::fs::write(root.join("format"), "sameas store format 2\n").expect("a file");
        let path = root.join(PLACES[usize::from(*place) % PLACES.len()]);
        std::fs::write(&path, body).expect("a file can be written");
        if let Ok(store) = Store::open(&root, Access::Read) {
            let _ = (store.manifests(), store.judgements(), store.ledger());
            let _ = (store.latest_model(), store.config("bb"), store.current_results());
            let _ = store.ground_sequence();
        }
        let _ = std::fs::remove_file(path);
    });
}
