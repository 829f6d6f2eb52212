//! Source kinds: what files are taken for, and what their rows become.

use std::fmt::Write as _;
use std::path::PathBuf;

use sameas::ingest::kind::{Catalog, Mapping, Stated, inspect, read};
use sameas::ingest::read::{Input, Limits};
use super::kinds_samples::SAMPLES;
use sameas::model::{FileManifest, Mapped, MappedRecord, QuarantinedRow, SourceRecord};

pub(crate) struct Run {
    pub(crate) manifest: FileManifest,
    pub(crate) records: Vec<(SourceRecord, MappedRecord)>,
    pub(crate) quarantined: Vec<QuarantinedRow>,
}

/// Writes a file of this name, reads it as the pipeline does, and checks that `remap` agrees.
pub(crate) fn run(name: &str, text: &str, stated: &Stated) -> sameas::error::Result<Run> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    run_path(path, name, stated)
}

pub(crate) fn run_path(path: PathBuf, name: &str, stated: &Stated) -> sameas::error::Result<Run> {
    let catalog = Catalog::builtin()?;
    let input = Input { path, name: name.to_owned() };
    let limits = Limits::default();
    let manifest = inspect(&catalog, &input, &limits, stated)?;
    let mapping = Mapping::new(&catalog, &manifest)?;
    let (mut records, mut quarantined) = (Vec::new(), Vec::new());
    read(&input, &limits, &manifest, &mapping, &mut |batch| {
        records.extend(batch.records);
        quarantined.extend(batch.quarantined);
        Ok(())
    })?;
    for (record, mapped) in &records {
        assert!(mapping.remap(record).as_ref() == Some(mapped), "{record:?} maps the same again");
    }
    Ok(Run { manifest, records, quarantined })
}

/// A mapped record in a form that a test can compare: one `field: value` a line.
pub(crate) fn show(mapped: &MappedRecord) -> String {
    let mut out = String::new();
    let made = if mapped.id_made { " (made)" } else { "" };
    let id = if mapped.id_made { "…" } else { &mapped.id };
    let _ = writeln!(out, "{}/{id}{made} {}", mapped.object, mapped.entity_kind.as_str());
    if mapped.deleted {
        let _ = writeln!(out, "deleted");
    }
    if mapped.redacted {
        let _ = writeln!(out, "redacted");
    }
    if let Some((object, id)) = &mapped.alias_of {
        let _ = writeln!(out, "alias of {object}/{id}");
    }
    let Mapped { names, emails, phones, addresses, companies, .. } = &mapped.fields;
    let f = &mapped.fields;
    let label = |label: &Option<std::sync::Arc<str>>| {
        label.as_ref().map_or_else(String::new, |label| format!("@{label}"))
    };
    for n in names {
        let parts = [&n.title, &n.given, &n.middle, &n.family, &n.suffix, &n.full];
        let parts: Vec<&str> = parts.into_iter().map(String::as_str).collect();
        let _ = writeln!(out, "name{}: {}", label(&n.label), parts.join("|"));
    }
    for (field, list) in [
        ("email", emails),
        ("phone", phones),
        ("company", companies),
        ("job", &f.job_titles),
        ("tax", &f.tax_ids),
        ("web", &f.websites),
        ("loyalty", &f.loyalty_ids),
        ("token", &f.tokens),
    ] {
        for one in list {
            let _ = writeln!(out, "{field}{}: {}", label(&one.label), one.value);
        }
    }
    for a in addresses {
        let parts = [
            &a.full,
            &a.number,
            &a.line,
            &a.line2,
            &a.unit,
            &a.po_box,
            &a.city,
            &a.region,
            &a.postcode,
            &a.country,
        ];
        let parts: Vec<&str> = parts.into_iter().map(String::as_str).collect();
        let _ = writeln!(out, "address{}: {}", label(&a.label), parts.join("|"));
    }
    for (field, list) in
        [("gender", &f.genders), ("age", &f.ages), ("tag", &f.tags), ("note", &f.notes)]
    {
        for one in list {
            let _ = writeln!(out, "{field}: {one}");
        }
    }
    for one in &f.births {
        let _ = writeln!(out, "born: {} {:?}", one.text, one.order);
    }
    for (field, list) in [
        ("self", &f.self_ids),
        ("external", &f.external_ids),
        ("organization", &f.organization_ids),
    ] {
        for one in list {
            let _ = writeln!(out, "{field}: {}/{}/{}", one.system, one.object, one.id);
        }
    }
    for one in &f.consents {
        let at = one.at.as_ref().map_or_else(String::new, |at| format!(" {}", at.text));
        let _ = writeln!(out, "consent: {}/{} {:?}{at}", one.channel, one.purpose, one.state);
    }
    for (field, at) in [("created", &f.created_at), ("updated", &f.updated_at)] {
        if let Some(at) = at {
            let _ = writeln!(out, "{field}: {} {:?}", at.text, at.order);
        }
    }
    for (name, value) in &f.others {
        let _ = writeln!(out, "other.{name}: {value}");
    }
    out
}

#[test]
fn builtin_kinds_are_sound() {
    let catalog = Catalog::builtin().unwrap();
    assert!(catalog.names().len() >= 16);
    for name in catalog.names() {
        let kind = catalog.kind(&name).unwrap();
        assert_eq!(*name, *kind.spec.name);
        assert!(!kind.fields().is_empty(), "{name}");
    }
}

/// A table's rows, with its columns permuted, 30% of them dropped and unknown ones added; which,
/// depends on the seed. The columns in `keep` stay.
fn varied(text: &str, seed: u64, keep: &[&str]) -> String {
    let delimiter = if text.lines().next().unwrap().contains('\t') { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let mut columns: Vec<usize> = (0..rows[0].len()).collect();
    let key = |at: usize| xxhash_rust::xxh3::xxh3_64_with_seed(rows[0][at].as_bytes(), seed);
    columns.sort_by_key(|at| key(*at));
    let drop = columns.len() * 3 / 10;
    let mut dropped = 0;
    columns.retain(|at| {
        let goes = dropped < drop && !keep.contains(&&rows[0][*at]);
        dropped += usize::from(goes);
        !goes
    });
    let mut writer =
        csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    for (line, row) in rows.iter().enumerate() {
        let mut cells: Vec<&str> = columns.iter().map(|at| row.get(*at).unwrap_or("")).collect();
        cells.insert(cells.len() / 2, if line == 0 { "Favourite Colour" } else { "blue" });
        cells.push(if line == 0 { "custom_7" } else { "x" });
        writer.write_record(&cells).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

#[test]
fn every_kind_is_recognised_and_taken_for_no_other() {
    for (kind, file, text) in SAMPLES {
        let run = run(file, text, &Stated::default()).unwrap();
        assert_eq!(&*run.manifest.kind, *kind, "{file}");
        assert!(run.quarantined.is_empty(), "{kind}");
        // Under a name that says nothing, too.
        let extension = file.rsplit('.').next().unwrap();
        let run = self::run(&format!("x.{extension}"), text, &Stated::default()).unwrap();
        assert_eq!(&*run.manifest.kind, *kind, "{file} as x");
    }
}

#[test]
fn a_near_miss_is_still_its_kind() {
    let (mut own, mut all) = (0, 0);
    for (kind, file, text) in SAMPLES.iter().filter(|(_, file, _)| !file.contains(".js")) {
        for seed in 0..20 {
            let text = varied(text, seed, &[]);
            let found = run(file, &text, &Stated::default()).unwrap().manifest.kind;
            all += 1;
            if &*found == *kind { own += 1 } else { println!("{kind} {seed}: {found}") }
            assert!(*found == **kind || &*found == sameas::ingest::kind::GENERIC, "{kind} {seed}: {found}");
        }
    }
    assert!(own * 100 >= all * 95, "{own} of {all}");
}
