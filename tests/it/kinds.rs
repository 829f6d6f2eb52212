//! Source kinds: what files are taken for, and what their rows become.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::kinds_samples::SAMPLES;
use sameas::ingest::kind::{Catalog, GENERIC, Mapping, Stated, inspect, read};
use sameas::ingest::read::{Input, Limits};
use sameas::model::{FileManifest, Mapped, MappedRecord, QuarantinedRow, SourceRecord};

/// A file of a kind, with the system's own header.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) kind: String,
    pub(crate) file: String,
    pub(crate) text: String,
}

impl Sample {
    pub(crate) fn is_json(&self) -> bool {
        self.file.contains(".js")
    }

    fn is_table(&self) -> bool {
        !self.is_json() && !self.file.ends_with(".vcf")
    }
}

/// All samples: those under the names that their systems give them, and the files of
/// `tests/samples/`, which are called after their kinds (`KIND.csv`, `KIND~variant.jsonl`).
pub(crate) fn samples() -> Vec<Sample> {
    let mut all: Vec<Sample> = SAMPLES
        .iter()
        .map(|(kind, file, text)| Sample {
            kind: (*kind).to_owned(),
            file: (*file).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        let kind = file.split(['.', '~']).next().unwrap().to_owned();
        all.push(Sample { kind, file, text: std::fs::read_to_string(&path).unwrap() });
    }
    all
}

pub(crate) fn sample(kind: &str) -> Sample {
    samples().into_iter().find(|sample| sample.kind == kind).unwrap()
}

/// The kinds of `data/sources/`, read as a user's own folder is: the same as those compiled in.
pub(crate) fn catalog() -> &'static Catalog {
    static CATALOG: std::sync::OnceLock<Catalog> = std::sync::OnceLock::new();
    CATALOG.get_or_init(|| {
        let mut catalog = Catalog::default();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sources");
        catalog.add_folder(&folder).unwrap();
        catalog
    })
}

pub(crate) struct Run {
    pub(crate) manifest: FileManifest,
    pub(crate) records: Vec<(SourceRecord, MappedRecord)>,
    pub(crate) quarantined: Vec<QuarantinedRow>,
}

/// Writes a file of this name, reads it as the pipeline does, and checks that `remap` agrees.
pub(crate) fn run(
    name: &str,
    text: impl AsRef<[u8]>,
    stated: &Stated,
) -> sameas::error::Result<Run> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    run_path(path, name, stated)
}

pub(crate) fn run_path(path: PathBuf, name: &str, stated: &Stated) -> sameas::error::Result<Run> {
    let catalog = catalog();
    let input = Input { path, name: name.to_owned() };
    let limits = Limits::default();
    let manifest = inspect(catalog, &input, &limits, stated)?;
    let mapping = Mapping::new(catalog, &manifest)?;
    let (mut records, mut quarantined) = (Vec::new(), Vec::new());
    read(&input, &manifest, &mapping, &mut |batch| {
        records.extend(batch.records.into_iter().map(|(record, mapped)| (record, *mapped)));
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
    let builtin = Catalog::builtin().unwrap();
    assert_eq!(builtin.names(), catalog().names(), "compiled in is what stands in the folder");
    let sampled: std::collections::BTreeSet<String> =
        samples().into_iter().map(|sample| sample.kind).collect();
    for name in builtin.names() {
        let kind = builtin.kind(&name).unwrap();
        assert_eq!(*name, *kind.spec.name);
        assert!(!kind.fields().is_empty(), "{name}");
        assert!(!kind.spec.origin.is_empty(), "{name} says where its names were seen");
        assert!(!kind.spec.write_back.is_empty(), "{name} says how data goes back");
        assert!(!kind.spec.merge.is_empty(), "{name} says how its system merges");
        assert!(sampled.contains(&*name), "{name} has a sample");
    }
}

/// Kinds whose columns have a meaning by their place: the mailbox of an audience stands first,
/// whatever it is called.
const BY_PLACE: &[&str] = &["mailchimp-audience"];

/// The rows of a table from its header on: the first line with the most cells filled.
fn rows_of(text: &str) -> (u8, Vec<csv::StringRecord>) {
    let first = text.lines().max_by_key(|line| line.matches(['\t', ';', ',']).count()).unwrap();
    let most = |delimiter: &u8| first.bytes().filter(|byte| byte == delimiter).count();
    let delimiter = *b",;\t".iter().max_by_key(|delimiter| most(delimiter)).unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let filled = |row: &csv::StringRecord| row.iter().filter(|cell| !cell.is_empty()).count();
    let most = rows.iter().map(filled).max().unwrap();
    let header = rows.iter().position(|row| filled(row) == most).unwrap();
    (delimiter, rows[header..].to_vec())
}

/// What becomes of the columns that a variant drops.
#[derive(Clone, Copy, PartialEq)]
enum Dropped {
    /// Nothing is dropped.
    None,
    /// They are gone.
    Gone,
    /// They are there, and empty in every row.
    Empty,
}

/// A table's rows, with its columns permuted, 30% of them dropped and unknown ones added; which,
/// depends on the seed. Columns of `keep` stay.
fn varied(text: &str, seed: u64, dropped: Dropped, keep: &[String]) -> String {
    let (delimiter, rows) = rows_of(text);
    let mut columns: Vec<usize> = (0..rows[0].len()).collect();
    let key = |at: usize| xxhash_rust::xxh3::xxh3_64_with_seed(rows[0][at].as_bytes(), seed);
    columns.sort_by_key(|at| key(*at));
    let kept = |at: &usize| keep.iter().any(|name| *name == rows[0][*at]);
    let out = columns[..columns.len() * 3 / 10].iter().filter(|at| !kept(at)).copied();
    let out: Vec<usize> = if dropped == Dropped::None { Vec::new() } else { out.collect() };
    if dropped == Dropped::Gone {
        columns.retain(|at| !out.contains(at));
    }
    let mut writer =
        csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    for (line, row) in rows.iter().enumerate() {
        let cell =
            |at: &usize| if line > 0 && out.contains(at) { "" } else { row.get(*at).unwrap_or("") };
        let mut cells: Vec<&str> = columns.iter().map(cell).collect();
        cells.insert(0, if line == 0 { "Favourite Colour" } else { "blue" });
        cells.push(if line == 0 { "custom_7" } else { "x" });
        writer.write_record(&cells).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// JSON objects without 30% of their keys and with unknown ones. Keys of `keep` stay.
fn varied_json(text: &str, seed: u64, dropped: Dropped, keep: &[String]) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(map) = value.as_object_mut()
            && !map.contains_key("members")
            && !map.contains_key("data")
            && !map.contains_key("payload")
        {
            let goes = |key: &String| {
                !keep.contains(key)
                    && xxhash_rust::xxh3::xxh3_64_with_seed(key.as_bytes(), seed) % 10 < 3
            };
            match dropped {
                Dropped::None => {}
                Dropped::Gone => map.retain(|key, _| !goes(key)),
                Dropped::Empty => {
                    map.iter_mut()
                        .filter(|(key, _)| goes(key))
                        .for_each(|(_, v)| *v = serde_json::Value::Null);
                }
            }
            map.insert("favourite_colour".to_owned(), "blue".into());
        }
        let _ = writeln!(out, "{value}");
    }
    out
}

/// Columns (and, in JSON, keys of the first level) that say which record a row is.
fn id_columns(kind: &str) -> Vec<String> {
    let spec = &catalog().kind(kind).unwrap().spec;
    let mut names: Vec<String> = spec.record.iter().flat_map(|r| r.id.at.0.clone()).collect();
    names.extend(spec.group.iter().flat_map(|group| group.key.at.clone()));
    names.extend(names.clone().iter().filter_map(|name| Some(name.split_once('.')?.0.to_owned())));
    names
}

/// The mapped lines of a file's records, without columns that no field takes.
fn mapped_lines(kind: &str, file: &str, text: &str) -> Vec<String> {
    let stated = Stated { kind: Some(kind.to_owned()), ..Stated::default() };
    let mut records = run(file, text, &stated).unwrap().records;
    records.sort_by(|a, b| a.0.key.cmp(&b.0.key));
    let taken = |line: &&str| !line.starts_with("other.");
    let lines = |r: &MappedRecord| show(r).lines().filter(taken).collect::<Vec<_>>().join("\n");
    records.iter().map(|(_, r)| lines(r)).collect()
}

#[test]
fn json_without_some_keys_is_still_its_kind() {
    for Sample { kind, file, text } in samples().iter().filter(|sample| sample.is_json()) {
        for seed in 0..3 {
            let found = run(
                file,
                varied_json(text, seed, Dropped::Gone, &["id".to_owned()]),
                &Stated::default(),
            )
            .unwrap();
            let found = &*found.manifest.kind;
            assert!(found == kind || found == GENERIC, "{file} {seed}: {found}");
        }
    }
}

#[test]
fn every_kind_is_recognised_and_taken_for_no_other() {
    let mut wrong = String::new();
    for Sample { kind, file, text } in &samples() {
        let extension = file.rsplit('.').next().unwrap();
        // Under a name that says nothing, too.
        for name in [file.clone(), format!("x.{extension}")] {
            match run(&name, text, &Stated::default()) {
                Ok(run) => {
                    let found = &*run.manifest.kind;
                    if found != kind || !run.quarantined.is_empty() {
                        let _ = writeln!(wrong, "{file} as {name}: {found}");
                    }
                }
                Err(error) => {
                    let _ = writeln!(wrong, "{file} as {name}: {error}");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_near_miss_is_still_its_kind() {
    let (mut own, mut all) = (0, 0);
    let (mut wrong, mut generic) = (String::new(), String::new());
    for Sample { kind, file, text } in samples().iter().filter(|sample| sample.is_table()) {
        for seed in 0..3 {
            let found = match run(file, varied(text, seed, Dropped::Gone, &[]), &Stated::default())
            {
                Ok(run) => run.manifest.kind.to_string(),
                Err(error) => error.to_string(),
            };
            all += 1;
            own += usize::from(found == *kind);
            if found == GENERIC {
                let _ = writeln!(generic, "{file} {seed}");
            } else if found != *kind {
                let _ = writeln!(wrong, "{file} {seed}: {found}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    // A table of a few columns may lose those that are its system's own.
    assert!(own * 100 >= all * 92, "{own} of {all}\n{generic}");
}

/// Columns permuted and unknown ones added change nothing in what is mapped.
#[test]
fn permuted_columns_map_the_same() {
    for Sample { kind, file, text } in samples().iter().filter(|sample| sample.is_table()) {
        if BY_PLACE.contains(&kind.as_str()) {
            continue;
        }
        let want = mapped_lines(kind, file, text);
        let permuted = varied(text, 3, Dropped::None, &[]);
        assert_eq!(want, mapped_lines(kind, file, &permuted), "{file}");
    }
}

/// Every field is what the columns that are left make it: a file without some columns maps as one
/// in which they are empty, fields of several columns (names, addresses, fallbacks) included.
#[test]
fn dropped_columns_are_as_empty_ones_to_every_field() {
    let mut wrong = String::new();
    let (mut fields, mut changed) = (0, 0);
    for Sample { kind, file, text } in &samples() {
        if BY_PLACE.contains(&kind.as_str()) || file.ends_with(".vcf") {
            continue;
        }
        let keep = id_columns(kind);
        let vary = |seed, dropped| match file.contains(".js") {
            true => varied_json(text, seed, dropped, &keep),
            false => varied(text, seed, dropped, &keep),
        };
        let full = mapped_lines(kind, file, &vary(0, Dropped::None));
        for seed in 0..4 {
            let gone = mapped_lines(kind, file, &vary(seed, Dropped::Gone));
            let empty = mapped_lines(kind, file, &vary(seed, Dropped::Empty));
            fields += empty.iter().map(|record| record.lines().count()).sum::<usize>();
            changed += usize::from(empty != full);
            if gone != empty {
                let _ = writeln!(
                    wrong,
                    "{file} {seed}:\n{}\n--- empty:\n{}",
                    gone.join("\n"),
                    empty.join("\n")
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(fields > 1000 && changed > 100, "{fields} fields, {changed} files with other values");
}

#[test]
fn every_sample_maps_as_described() {
    let mut out = String::new();
    for Sample { kind, file, text } in &samples() {
        let run = run(file, text, &Stated::default()).unwrap();
        let FileManifest { mapping, date_orders, unused_columns, .. } = &run.manifest;
        let _ = writeln!(out, "=== {kind} {file}: {mapping:?} {date_orders:?}");
        if !unused_columns.is_empty() {
            let _ = writeln!(out, "not used: {}", unused_columns.join(", "));
        }
        for (_, mapped) in &run.records {
            for line in show(mapped).lines().filter(|line| !line.starts_with("other.")) {
                let _ = writeln!(out, "{line}");
            }
        }
    }
    insta::assert_snapshot!(out);
}

/// One table in many languages: column → field.
#[test]
fn generic_tables_are_mapped_in_many_languages() {
    let values = [
        "K1",
        "Anna",
        "Meyer",
        "anna@example.com",
        "+49 30 1234567",
        "Hauptstr. 5",
        "10115",
        "Berlin",
        "Deutschland",
        "Muster GmbH",
        "17.02.1980",
        "25.12.2020",
    ];
    let fields = [
        "id",
        "name.given",
        "name.family",
        "email",
        "phone",
        "address.line",
        "address.postcode",
        "address.city",
        "address.country",
        "company",
        "date_of_birth",
        "updated_at",
    ];
    for header in [
        "customer_id,first_name,last_name,email,phone,street,zip,city,country,company,dob,updated_at",
        "Kundennummer,Vorname,Nachname,E-Mail,Telefon,Straße,PLZ,Ort,Land,Firma,Geburtsdatum,Geändert am",
        "Numéro client,Prénom,Nom de famille,Courriel,Téléphone,Rue,Code postal,Ville,Pays,Société,Date de naissance,Modifié le",
        "Código cliente,Nombre de pila,Apellidos,Correo electrónico,Teléfono,Calle,Código postal,Ciudad,País,Empresa,Fecha de nacimiento,Fecha de modificación",
        "Codice cliente,Primo nome,Cognome,Indirizzo e-mail,Telefono,Via,CAP,Città,Paese,Azienda,Data di nascita,Data modifica",
        "Klantnummer,Voornaam,Achternaam,E-mailadres,Telefoonnummer,Straat,Postcode,Woonplaats,Land,Bedrijf,Geboortedatum,Gewijzigd op",
        "Código do cliente,Primeiro nome,Sobrenome,E-mail,Telefone,Rua,CEP,Cidade,País,Razão social,Data de nascimento,Data de modificação",
        "Kundnummer,Förnamn,Efternamn,E-post,Telefon,Gata,Postnummer,Postort,Land,Företag,Födelsedatum,Senast ändrad",
    ] {
        let text = format!("{header}\n{}\n", values.join(","));
        let run = run("kunden.csv", &text, &Stated::default()).unwrap();
        assert_eq!(&*run.manifest.kind, GENERIC, "{header}");
        for (column, want) in header.split(',').zip(fields) {
            let got = run.manifest.mapping.get(column).map_or("", String::as_str);
            assert_eq!(got, want, "{column} of {header}");
        }
        assert!(run.manifest.unused_columns.is_empty(), "{header}");
        let (record, mapped) = &run.records[0];
        assert_eq!(record.key.to_string(), "kunden:record/K1");
        assert_eq!(mapped.entity_kind, sameas::model::EntityKind::Person);
        assert_eq!(record.version.changed_at.map(|t| t.0), Some(1_608_854_400));
    }
}

/// Columns that a user would take for something else at first sight.
#[test]
fn generic_headers_are_read_with_the_others_and_with_their_values() {
    let people = |columns: &str, row: &dyn Fn(usize) -> String| {
        let rows: String = (0..40).map(|at| row(at) + "\n").collect();
        run("t.csv", format!("{columns}\n{rows}"), &Stated::default()).unwrap().manifest.mapping
    };
    let of = |mapping: &std::collections::BTreeMap<String, String>, column: &str| {
        mapping.get(column).map_or("", String::as_str).to_owned()
    };
    // A name beside given names is the family name, and the other way round.
    for (columns, given, family) in [
        ("N° client,Nom,Prénom", "Prénom", "Nom"),
        ("Kundennummer,Name,Vorname", "Vorname", "Name"),
        ("Klantnummer,Naam,Voornaam", "Voornaam", "Naam"),
        ("Código,Apellidos,Nombre", "Nombre", "Apellidos"),
        ("Codice,Cognome,Nome", "Nome", "Cognome"),
    ] {
        let mapping = people(columns, &|at| format!("{at},Durand,Marie"));
        assert_eq!(of(&mapping, given), "name.given", "{columns}");
        assert_eq!(of(&mapping, family), "name.family", "{columns}");
        assert_eq!(mapping.values().filter(|field| *field == "id").count(), 1, "{columns}");
    }
    let whole = people("id,Name,First name", &|at| format!("{at},Marie Durand,Marie"));
    assert_eq!(of(&whole, "Name"), "name.full");
    // The mailboxes of those who work on the rows are not the customers'.
    let tickets = people("id,from email,to email,assignee_email,requester_name", &|at| {
        format!("{at},c{at}@example.org,shop@example.com,lou{}@example.com,Ann Lee", at % 2)
    });
    assert_eq!(of(&tickets, "from email"), "email");
    assert_eq!(of(&tickets, "to email"), "");
    assert_eq!(of(&tickets, "assignee_email"), "");
    assert_eq!(of(&tickets, "requester_name"), "name");
    let agents = people("id,email,handled by email", &|at| {
        format!("{at},c{at}@example.org,lou{}@example.com", at % 2)
    });
    assert_eq!(
        (of(&agents, "email"), of(&agents, "handled by email")),
        ("email".into(), "".into())
    );
    // An answer is no company, and the state of an order no region.
    let odd = people("id,name,is_company,Estado,city_tier", &|at| {
        format!("{at},Ann Lee,{},Pendiente,tier 1", ["No", "Yes"][at % 2])
    });
    for column in ["is_company", "Estado", "city_tier"] {
        assert_eq!(of(&odd, column), "", "{column}");
    }
    let states = people("id,name,state", &|at| format!("{at},Ann Lee,{}", ["TX", "CA"][at % 2]));
    assert_eq!(of(&states, "state"), "address.region");
    // Particles belong to the family name.
    let text = "id,Voornaam,Tussenvoegsel,Achternaam\n1,Jan,van der,Berg\n2,Piet,,Smit\n";
    let run = run("nl.csv", text, &Stated::default()).unwrap();
    let families: Vec<&str> =
        run.records.iter().map(|(_, mapped)| mapped.fields.names[0].family.as_str()).collect();
    assert_eq!(families, ["van der Berg", "Smit"]);
}

#[test]
fn generic_rows_are_persons_or_organizations() {
    for (text, want) in [
        // A company alone, a person with a company, a person.
        ("id,Firma,Vorname,Nachname\n1,Acme GmbH,,\n2,Acme GmbH,Ann,Lee\n3,,Bo,Ek\n", "o p p"),
        ("id,Site name,Phone\n1,Little Folks,4864222\n", "o"),
        ("id,employer,first_name\n1,Acme,Ann\n2,Acme,\n", "p p"),
        ("id,name\n1,Ann Lee\n2,Acme GmbH\n3,Joan Church\n", "p o p"),
        ("id,full_name\n1,Ann Lee\n2,John Bank\n", "p p"),
        ("id,email\n1,ann@example.com\n", "u"),
    ] {
        let run = run("t.csv", text, &Stated::default()).unwrap();
        let kinds: Vec<&str> =
            run.records.iter().map(|(_, mapped)| &mapped.entity_kind.as_str()[..1]).collect();
        assert_eq!(kinds.join(" "), want, "{text}");
    }
}

#[test]
fn ids_of_generic_tables() {
    for (text, ids, note) in [
        ("record_id,id\nr1,9\nr2,9\n", "r1 r2", false),
        ("id,first_name\n7,Ann\n7,Bo\n", "7 7", true),
        ("name,member_id\nAnn Lee,7\nBo Ek,8\n", "7 8", true),
        // Not unique: no id.
        ("first_name,branch_code\nAnn,7\nBo,7\n", "made- made-", true),
        // A personal value is hashed.
        ("id,first_name\nann@example.com,Ann\n", "made-", false),
    ] {
        let run = run("t.csv", text, &Stated::default()).unwrap();
        let found: Vec<&str> = run
            .records
            .iter()
            .map(
                |(record, mapped)| {
                    if mapped.id_made { &record.key.id[..5] } else { &record.key.id }
                },
            )
            .collect();
        assert_eq!(found.join(" "), ids, "{text}");
        assert_eq!(!run.manifest.notes.is_empty(), note, "{text}: {:?}", run.manifest.notes);
    }
}

#[test]
fn a_person_corrects_the_mapping() {
    let text = "id,blob,mail\n1,Ann Lee,ann@example.com\n";
    let stated = |pairs: &[(&str, &str)]| Stated {
        columns: pairs.iter().map(|(c, f)| ((*c).to_owned(), (*f).to_owned())).collect(),
        ..Stated::default()
    };
    let run = run("t.csv", text, &stated(&[("blob", "name.full"), ("mail", "ignore")])).unwrap();
    assert!(show(&run.records[0].1).contains("name: |||||Ann Lee"));
    assert!(show(&run.records[0].1).contains("other.mail: ann@example.com"));
    for (pairs, hint) in [
        ([("blub", "name.full")], "did you mean `blob`?"),
        ([("blob", "name.ful")], "did you mean `name.full`?"),
    ] {
        let Err(error) = self::run("t.csv", text, &stated(&pairs)) else { panic!("refused") };
        assert_eq!(error.remedy(), Some(hint), "{error}");
    }
}

#[test]
fn an_empty_id_is_quarantined_where_the_kind_demands_one() {
    let Sample { file, text, .. } = sample("zendesk-tickets");
    let text = text.replace("1,501,", "1,,");
    let run = run(&file, &text, &Stated::default()).unwrap();
    assert!(run.records.is_empty());
    assert_eq!(run.quarantined[0].reason, "no value in the id column `Id`");
    assert_eq!(run.quarantined[0].line, 2);
}

/// Rows of one order in any order are the same record.
#[test]
fn groups_do_not_depend_on_the_order_of_rows() {
    for wanted in ["amazon-orders", "shopify-orders", "shopify-bulk"] {
        let Sample { file, text, .. } = sample(wanted);
        let mut lines: Vec<&str> = text.lines().collect();
        let head = if wanted == "shopify-bulk" { 0 } else { 1 };
        lines[head..].reverse();
        let records = |text: &str| {
            let mut records = run(&file, text, &Stated::default()).unwrap().records;
            records.sort_by(|a, b| a.0.key.cmp(&b.0.key));
            records
                .iter()
                .map(|(record, mapped)| (record.version, record.rows.clone(), show(mapped)))
                .collect::<Vec<_>>()
        };
        assert_eq!(records(&text), records(&lines.join("\n")), "{wanted}");
    }
}

/// A kind takes one file and no code.
#[test]
fn a_kind_is_added_at_run_time() {
    let folder = tempfile::tempdir().unwrap();
    let kind = r#"
name = "till"
system = "till"
title = "Receipts of the till"
certainty = "seen"
[detect]
signature = [{ all = ["Till No", "Card Holder"] }]
[[record]]
object = "receipt"
id = { at = "Receipt", required = true }
name = [{ full = "Card Holder" }]
"#;
    std::fs::write(folder.path().join("till.toml"), kind).unwrap();
    let mut catalog = Catalog::builtin().unwrap();
    catalog.add_folder(folder.path()).unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "Receipt,Till No,Card Holder\nR1,4,ANN LEE\n").unwrap();
    let input = Input { path, name: "t.csv".to_owned() };
    let manifest = inspect(&catalog, &input, &Limits::default(), &Stated::default()).unwrap();
    assert_eq!(&*manifest.kind, "till");

    std::fs::write(
        folder.path().join("till.toml"),
        kind.replace("Holder\" }", "Holder\", x = 1 }"),
    )
    .unwrap();
    let error = catalog.add_folder(folder.path()).unwrap_err();
    assert!(error.to_string().contains("till.toml:11: unknown field `x`"), "{error}");
}

#[test]
fn two_kinds_equally_likely_are_named() {
    let mut catalog = Catalog::builtin().unwrap();
    for name in ["till-a", "till-b"] {
        let text = format!(
            "name = \"{name}\"\nsystem = \"till\"\ntitle = \"x\"\ncertainty = \"memory\"\n\
             [detect]\nsignature = [{{ all = [\"Till No\"] }}]\n[[record]]\nobject = \"x\"\nid = {{}}\n"
        );
        catalog.add(&text, name).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, "Till No,Card Holder\n4,ANN LEE\n").unwrap();
    let input = Input { path, name: "t.csv".to_owned() };
    let error = inspect(&catalog, &input, &Limits::default(), &Stated::default()).unwrap_err();
    assert!(error.to_string().contains("`till-a` or `till-b`"), "{error}");
    assert_eq!(error.remedy(), Some("say which: `t.csv:till-a` or `t.csv:till-b`"));
    let stated = Stated { kind: Some("shopify-custmers".to_owned()), ..Stated::default() };
    let error = inspect(&catalog, &input, &Limits::default(), &stated).unwrap_err();
    assert_eq!(error.remedy(), Some("did you mean `shopify-customers`?"));
}

/// Earlier header generations, as their descriptions give them.
#[test]
fn older_header_generations() {
    for (header, row, want) in [
        (
            "First Name,Last Name,Email,Company,Address1,Address2,City,Province,Province Code,Country,Country Code,Zip,Phone,Accepts Marketing,Total Spent,Total Orders,Tags,Note,Tax Exempt",
            "Ann,Miller,ann@example.com,,12 High St,,Springfield,Illinois,IL,United States,US,'62701,,yes,1.00,1,,,no",
            "shopify-customers",
        ),
        (
            "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Company,Address1,Address2,City,Province,Province Code,Country,Country Code,Zip,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Tags,Note,Tax Exempt",
            "'7,Ann,Miller,ann@example.com,yes,,12 High St,,Springfield,Illinois,IL,United States,US,'62701,,yes,1.00,1,,,no",
            "shopify-customers",
        ),
        (
            "id,Description,Email,Name,Created (UTC),Card ID,Total Spend,Payment Count,Refunded Volume,Dispute Losses",
            "cus_1,,ann@example.com,Ann Miller,2024-03-05 14:22,card_1,120.00,2,0.00,0.00",
            "stripe-customers",
        ),
        (
            "Email,Klaviyo ID,First Name,Last Name,Email Marketing Consent",
            "a@b.de,abc123,A,B,TRUE",
            "klaviyo-profiles",
        ),
        ("Klaviyo ID", "abc123", "klaviyo-profiles"),
        (
            "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES",
            "a@b.de,A,B,2,2018-04-13 10:57:02,,,,,,,,,,,2018-04-13 10:57:02,5,0a,",
            "mailchimp-audience",
        ),
        (
            "Internal ID,ID,Name,Subsidiary,Category,Parent,Terms,Inactive",
            "7,00989,Acme Ltd,A : B,,,,No",
            "netsuite-customers",
        ),
        (
            "id,altname,companyname,datecreated,email,entityid,firstname,isinactive,isperson,lastname,lastmodifieddate,phone",
            "7,Ann Miller,,2024-03-05,a@b.de,C-7,Ann,F,T,Miller,2024-03-05,",
            "netsuite-customers",
        ),
    ] {
        let run = run("x.csv", format!("{header}\n{row}\n"), &Stated::default()).unwrap();
        assert_eq!(&*run.manifest.kind, want, "{header}");
        assert_eq!(run.records.len(), 1, "{header}");
    }
}

#[test]
fn the_source_is_stated_or_named_by_row_or_by_file() {
    let text = "id,source,first_name\n1,crm,Ann\n2,,Bo\n";
    for (stated, want) in [(None, "crm file"), (Some("x"), "x x")] {
        let stated = Stated { source: stated.map(str::to_owned), ..Stated::default() };
        let run = run("file.csv", text, &stated).unwrap();
        let sources: Vec<&str> = run.records.iter().map(|(r, _)| &*r.key.source).collect();
        assert_eq!(sources.join(" "), want);
    }
}
