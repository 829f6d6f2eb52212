//! What must hold for any input, for `fuzz/` and for the seeds in `tests/corpus/`.

use sameas::ingest::read::{Limits, RowReader};
use sameas::model::{
    DateOrder, EntityKind, Labelled, Mapped, MappedAddress, MappedDate, MappedName, MappedRecord,
};
use sameas::normalize::normalize;

/// Any bytes are a table, a document, or an error.
pub(crate) fn read(bytes: &[u8]) {
    let limits = Limits { cell_bytes: 1 << 10, row_bytes: 1 << 14, ..Limits::default() };
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
