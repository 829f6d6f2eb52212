//! The report files, made from a small invented snapshot.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sameas::compare::{Comparison, PatternShares, Table, TextChoice, dim, pack};
use sameas::model::{
    Address, BirthDate, BlockLimits, Consent, ConsentState, Email, EntityId, EntityKind,
    FileManifest, Limits, NormalRecord, Organization, PersonName, Phone, QuarantinedRow, RecordKey,
    ScoredPair, Timestamp,
};
use sameas::pipeline::StageTime;
use sameas::report::{Export, ReportInput, RunInfo, TableFormat, export, write_reports};
use sameas::scoring::{Model, Parameters};
use sameas::store::results::{EntityRow, Results, ResultsWriter, RunSummary};
use sameas::survivorship::{FieldNames, Policy};

const GIVEN: [&str; 8] = ["Ann", "José", "Mia", "Lars", "<b>Eve</b>", "Noor", "Piet", "Zoë"];
const FAMILY: [&str; 7] = ["Smith", "Müller", "van der Berg", "O'Brien", "Rossi", "Dupont", "Ito"];
const SOURCES: [(&str, &str); 6] = [
    ("crm", "salesforce"),
    ("erp-kunden", "erp-kunden"),
    ("klaviyo", "klaviyo"),
    ("shop-eu", "shopify"),
    ("shop-us", "shopify"),
    ("support", "zendesk"),
];

/// A small generator of its own: the fixture must be the same for ever.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % sides
    }
}

/// A person (or, rarely, an organization) as one source has them.
fn record(who: usize, source: usize, dice: &mut Dice) -> NormalRecord {
    let (given, family) = (GIVEN[who % GIVEN.len()], FAMILY[who / 3 % FAMILY.len()]);
    let folded = |text: &str| sameas::reference::fold(text);
    let mut normal = NormalRecord {
        entity_kind: EntityKind::Person,
        updated_at: Some(Timestamp(1_700_000_000 + dice.roll(9_000_000) as i64)),
        ..NormalRecord::default()
    };
    if who % 19 == 18 {
        normal.entity_kind = EntityKind::Organization;
        normal.organizations.push(Organization {
            display: format!("{family} & Sons GmbH"),
            tokens: vec![folded(family), "sons".into()],
            legal_form: "gmbh".into(),
            useless: false,
        });
    } else {
        let display_given =
            if dice.roll(6) == 0 { given[..1].to_owned() + "." } else { given.into() };
        normal.names.push(PersonName {
            display: format!("{display_given} {family}"),
            display_given: display_given.clone(),
            display_family: family.into(),
            given: vec![folded(&display_given)],
            family: vec![folded(family)],
            ..PersonName::default()
        });
    }
    let local = format!("{}.{who}", folded(family).replace(' ', "."));
    normal.emails.push(Email {
        address: format!("{local}@example.com"),
        local,
        domain: "example.com".into(),
        ..Email::default()
    });
    if source % 2 == 1 {
        let display = format!("+1202555{:04}", who % 10_000);
        normal.phones.push(Phone {
            national: display[2..].into(),
            display,
            country_code: 1,
            valid: true,
            ..Phone::default()
        });
    }
    if source % 3 != 2 {
        let number = 1 + who % 90 + dice.roll(2);
        normal.addresses.push(Address {
            line: format!("{number} Main St"),
            city: "Springfield".into(),
            region: "IL".into(),
            postcode: "62701".into(),
            country: "US".into(),
            number: number.to_string(),
            street: vec!["main".into()],
            city_key: "springfield".into(),
            postcode_key: "62701".into(),
            ..Address::default()
        });
    }
    if source == 2 {
        normal.consents.push(Consent {
            channel: "email".into(),
            purpose: "marketing".into(),
            state: [ConsentState::Granted, ConsentState::Denied][dice.roll(2)],
            at: None,
        });
    }
    if source == 1 {
        normal.births.push(BirthDate {
            year: 1980,
            month: 2,
            day: 1 + who as u8 % 28,
            sentinel: false,
        });
        normal.others.push(("Kreditlimit; EUR".into(), "=1+1".into()));
    }
    normal
}

struct World {
    records: Vec<(RecordKey, NormalRecord)>,
    entities: Vec<EntityRow>,
    pairs: Vec<ScoredPair>,
}

fn world(persons: usize) -> World {
    let mut dice = Dice(7);
    let mut records: Vec<(RecordKey, usize, NormalRecord)> = Vec::new();
    for who in 0..persons {
        for _ in 0..1 + dice.roll(5) * dice.roll(2) {
            let source = dice.roll(SOURCES.len());
            let object = if source == 3 && dice.roll(3) == 0 { "order" } else { "customer" };
            let key =
                RecordKey::new(SOURCES[source].0, object, &format!("{}", 1000 + records.len()));
            let normal = record(who, source, &mut dice);
            records.push((key, who, normal));
        }
    }
    records.sort_by(|a, b| a.0.cmp(&b.0));
    let mut members: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for (ordinal, (_, who, _)) in records.iter().enumerate() {
        members.entry(*who).or_default().push(ordinal as u32);
    }
    let mut pairs = Vec::new();
    for own in members.values() {
        for (at, a) in own.iter().enumerate() {
            for b in &own[at + 1..] {
                let weight = 2.0 + dice.roll(240) as f32 / 10.0;
                pairs.push(ScoredPair { a: *a, b: *b, weight });
            }
        }
    }
    for ordinal in 0..records.len().saturating_sub(40) as u32 {
        if dice.roll(9) == 0 {
            let (a, b) = (ordinal, ordinal + 1 + dice.roll(38) as u32);
            if records[a as usize].1 != records[b as usize].1 {
                pairs.push(ScoredPair { a, b, weight: -4.0 + dice.roll(38) as f32 / 10.0 });
            }
        }
    }
    pairs.sort_by_key(|p| (p.a, p.b));
    let mut groups: Vec<(usize, Vec<u32>)> = members.into_iter().collect();
    groups.sort_by_key(|(_, members)| members[0]);
    let entity = |(who, members): (usize, Vec<u32>)| EntityRow {
        id: EntityId::from_bits(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(who as u64 + 1)),
        kind: if who % 19 == 18 { EntityKind::Organization } else { EntityKind::Person },
        suspicions: match members.len() {
            5.. => vec!["two dates of birth".to_owned(), "4 family names".to_owned()],
            _ => vec![],
        },
        steps: vec![],
        relations: if who == 1 { vec![("household".to_owned(), 0)] } else { vec![] },
        members,
    };
    World {
        entities: groups.into_iter().map(entity).collect(),
        records: records.into_iter().map(|(key, _, normal)| (key, normal)).collect(),
        pairs,
    }
}

fn manifest(name: &str, kind: &str, mapping: &[(&str, &str)], unused: &[&str]) -> FileManifest {
    let columns = ["id", "First Name", "Last Name", "Email", "Kreditlimit; EUR"];
    FileManifest {
        file: 3,
        command: 1,
        name: format!("{name}.csv"),
        bytes: 12_345,
        sha256: "sha-of-a-file".to_owned(),
        kind: kind.into(),
        source: name.into(),
        container: "csv".to_owned(),
        encoding: "windows-1252".to_owned(),
        delimiter: Some(';'),
        preamble: 0,
        columns: columns.map(Arc::from).to_vec(),
        mapping: mapping.iter().map(|(c, f)| ((*c).to_owned(), (*f).to_owned())).collect(),
        date_orders: BTreeMap::new(),
        default_region: Some("DE".to_owned()),
        unused_columns: unused.iter().map(|c| (*c).to_owned()).collect(),
        notes: vec!["dates are read day first: 14 values say so, none against".to_owned()],
        rows: 1_204,
        records: 1_200,
        quarantined: 4,
        limits: Limits::default(),
    }
}

fn snapshot(world: &World, path: &Path) -> Results {
    let mut writer = ResultsWriter::create(path).unwrap();
    for (at, (key, normal)) in world.records.iter().enumerate() {
        writer.record(key, at as u64, 1, normal).unwrap();
    }
    for entity in &world.entities {
        writer.entity(entity).unwrap();
    }
    for pair in &world.pairs {
        writer.pair(*pair, levels(pair)).unwrap();
    }
    let generic = [("Vorname", "name.given"), ("Nachname", "name.family"), ("E-Mail", "email")];
    writer
        .finish(&RunSummary {
            run: 4711,
            ground: 4712,
            records: world.records.len() as u64,
            entities: world.entities.len() as u64,
            pairs_scored: 91_234,
            pairs_left_out: 12,
            blocking_recall_estimate: 0.993,
            model_hash: "5f1c".to_owned(),
            config_hash: "77aa".to_owned(),
            as_of: Some(1_710_000_000),
            warnings: vec!["12 records share one mailbox <script>alert(1)</script>".to_owned()],
            blocks_left_out: vec![("family name and town".to_owned(), 1_204)],
            files: vec![
                manifest("shop-eu", "shopify-customers", &[], &[]),
                manifest("erp-kunden", "generic", &generic, &["Kreditlimit; EUR"]),
            ],
            ..RunSummary::default()
        })
        .unwrap();
    Results::open(path).unwrap()
}

/// Some pairs agree on the e-mail, some on the family name, some on both.
fn levels(pair: &ScoredPair) -> u64 {
    let mut comparison = Comparison::missing();
    for (dimension, odd, other) in [(dim::FAMILY, 5, 5), (dim::EMAIL, 3, 7), (dim::ADDRESS, 2, 8)] {
        let agrees = !(pair.a + pair.b).is_multiple_of(odd);
        comparison.level[dimension] = if agrees { 0 } else { other };
    }
    pack(&comparison)
}

fn model() -> Model {
    let generic = Parameters::generic(&Table::default(), 1.0, 1.0);
    Model {
        version: 1,
        records: 0,
        person: generic.clone(),
        organization: generic,
        shares: PatternShares::default(),
        texts: TextChoice::default(),
        limits: BlockLimits::default(),
        frequencies: Vec::new(),
    }
}

fn quarantined() -> Vec<QuarantinedRow> {
    let row = |line, reason: &str, row: &[u8]| QuarantinedRow {
        file: "shop-eu.csv".to_owned(),
        line,
        source: "shop-eu".to_owned(),
        reason: reason.to_owned(),
        row: row.to_vec(),
    };
    vec![
        row(9, "7 fields where the header has 8", b"b,1"),
        row(12, "7 fields where the header has 8", b"a,\"x\ny\""),
        row(4, "column 'Email' is no UTF-8", b"c,\xff"),
    ]
}

/// Calls `with` on a report's input over an invented world.
fn with_input<T>(persons: usize, with: impl FnOnce(&ReportInput<'_>) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let results = snapshot(&world(persons), &folder.path().join("results"));
    let mut fields = FieldNames::default();
    world(persons).records.iter().for_each(|(key, normal)| fields.add(&key.id, normal));
    let systems: BTreeMap<Arc<str>, Arc<str>> =
        SOURCES.iter().map(|(source, system)| ((*source).into(), (*system).into())).collect();
    let shopify = [("Email", "email"), ("First Name", "name.given"), ("Phone", "phone")];
    let shopify = shopify.map(|(column, field)| (column.to_owned(), field.to_owned()));
    let mappings = BTreeMap::from([("shopify-customers".into(), BTreeMap::from(shopify))]);
    let run = RunInfo {
        id: 4711,
        stages: vec![StageTime {
            stage: "scoring".to_owned(),
            seconds: 1.5,
            ..StageTime::default()
        }],
        peak_memory_bytes: Some(1 << 20),
    };
    with(&ReportInput {
        results: &results,
        quarantined: &quarantined(),
        systems: &systems,
        mappings: &mappings,
        judged: &[],
        run: &run,
        policy: &Policy::default(),
        model: &model(),
        fields: &fields.names(),
        spreadsheet_safe: false,
    })
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap());
    entries
        .map(|e| (e.file_name().into_string().unwrap(), std::fs::read_to_string(e.path()).unwrap()))
        .collect()
}

fn reports(persons: usize) -> BTreeMap<String, String> {
    // SAMEAS_REPORT_OUT keeps the files, to be looked at in a browser.
    let kept = std::env::var_os("SAMEAS_REPORT_OUT").filter(|folder| !folder.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let folder = kept.as_ref().map_or(folder.path(), Path::new);
    with_input(persons, |input| write_reports(input, folder)).unwrap();
    files(folder)
}

fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.unwrap()).collect()
}

#[test]
fn all_files_are_written_with_the_columns_of_the_contract() {
    let files = reports(300);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "clusters.csv",
            "crosswalk.csv",
            "golden.csv",
            "merge_candidates.csv",
            "quarantine.csv",
            "report.html",
            "summary.json"
        ]
    );
    let headers: Vec<String> = files
        .iter()
        .filter(|(name, _)| name.ends_with(".csv"))
        .map(|(name, text)| format!("{name}: {}", text.lines().next().unwrap()))
        .collect();
    insta::assert_snapshot!(headers.join("\n"));
}

#[test]
fn small_reports_look_like_this() {
    let files = reports(6);
    for name in
        ["clusters.csv", "crosswalk.csv", "golden.csv", "merge_candidates.csv", "summary.json"]
    {
        insta::assert_snapshot!(name, files[name]);
    }
}

#[test]
fn every_record_stands_once_and_in_order() {
    let files = reports(300);
    let clusters = rows(&files["clusters.csv"]);
    let keys: Vec<(&str, &str)> =
        clusters.iter().map(|r| (r["source"].as_str(), r["record_id"].as_str())).collect();
    assert!(keys.is_sorted());
    assert_eq!(keys.len(), world(300).records.len());
    let golden = rows(&files["golden.csv"]);
    let records: usize = golden.iter().map(|r| r["records"].parse::<usize>().unwrap()).sum();
    assert_eq!(records, keys.len());
    let ids: usize = rows(&files["crosswalk.csv"])
        .iter()
        .flat_map(|r| r.iter().filter(|(c, v)| *c != "entity_id" && !v.is_empty()))
        .map(|(_, ids)| ids.split(';').count())
        .sum();
    assert_eq!(ids, keys.len());
}

#[test]
fn candidates_come_most_useful_first_and_once_an_entity() {
    let files = reports(300);
    let candidates = rows(&files["merge_candidates.csv"]);
    assert!(candidates.len() > 100);
    let mut seen = std::collections::BTreeSet::new();
    let mut repeated = false;
    for row in &candidates {
        let p: f64 = row["probability"].parse().unwrap();
        assert_eq!(row["band"] == "auto", p >= 0.95, "{p}");
        assert!(p >= 0.1);
        assert_eq!(row["same_entity"] == "true", row["entity_a"] == row["entity_b"]);
        let new = seen.insert((row["entity_a"].clone(), row["entity_b"].clone()));
        assert!(!(new && repeated), "a leading pair after one that is not");
        repeated |= !new;
    }
    assert!(repeated);
}

#[test]
fn what_people_judged_is_no_candidate() {
    let (all, left) = with_input(300, |input| {
        let pair = input.results.pair(0).unwrap();
        let mut out = (Vec::new(), Vec::new());
        export(input, Export::Pairs, TableFormat::Jsonl, &mut out.0).unwrap();
        let judged = ReportInput { judged: &[(pair.a, pair.b)], ..*input };
        export(&judged, Export::Pairs, TableFormat::Jsonl, &mut out.1).unwrap();
        out
    });
    let lines = |bytes: &[u8]| bytes.iter().filter(|b| **b == b'\n').count();
    assert_eq!(lines(&all), lines(&left) + 1);
}

#[test]
fn the_files_do_not_depend_on_threads() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let folder = tempfile::tempdir().unwrap();
            with_input(200, |input| write_reports(input, folder.path())).unwrap();
            files(folder.path())
        })
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn nothing_but_the_summarys_run_changes_from_run_to_run() {
    let mut files = reports(60);
    let summary: serde_json::Value =
        serde_json::from_str(&files.remove("summary.json").unwrap()).unwrap();
    assert_eq!(summary["run"]["id"], 4711);
    let mut rest = summary.clone();
    rest.as_object_mut().unwrap().remove("run");
    files.insert("rest".to_owned(), rest.to_string());
    for (name, text) in files {
        for volatile in ["4711", "4712", "sha-of-a-file"] {
            assert!(!text.contains(volatile), "{name} holds {volatile}");
        }
    }
}

#[test]
fn quarantine_does_not_depend_on_the_order_of_lines() {
    let written = |rows: &[QuarantinedRow]| {
        with_input(3, |input| {
            let mut out = Vec::new();
            let input = ReportInput { quarantined: rows, ..*input };
            export(&input, Export::Quarantine, TableFormat::Csv, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        })
    };
    let mut rows = quarantined();
    let before = written(&rows);
    insta::assert_snapshot!("quarantine.csv", before);
    rows.reverse();
    assert_eq!(written(&rows), before);
}

#[test]
fn spreadsheet_safety_is_asked_for() {
    let golden = |spreadsheet_safe| {
        with_input(40, |input| {
            let mut out = Vec::new();
            let input = ReportInput { spreadsheet_safe, ..*input };
            export(&input, Export::Golden, TableFormat::Csv, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        })
    };
    assert!(golden(false).contains(",=1+1"));
    let safe = golden(true);
    assert!(!safe.contains(",=1+1") && safe.contains(",'=1+1") && safe.contains(",'+1202555"));
}

#[test]
fn golden_records_are_exported_as_objects_too() {
    let lines = with_input(20, |input| {
        let mut out = Vec::new();
        export(input, Export::Golden, TableFormat::Jsonl, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    });
    assert_eq!(lines.lines().count(), 20);
    insta::assert_snapshot!("golden.jsonl", lines.lines().next().unwrap());
}

#[test]
fn the_page_is_self_contained_and_escaped() {
    let page = reports(300).remove("report.html").unwrap();
    for outside in
        ["http:", "https:", "src=", "url(", "@import", "<link", "<script", "<iframe", "=\"//"]
    {
        assert!(!page.contains(outside), "the page holds {outside}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;"));
    assert!(page.contains("&lt;b&gt;Eve&lt;"));
    assert!(!page.contains("<b>Eve"));
    assert!(!page.chars().any(|c| c.is_control() && c != '\n'));
    assert!(page.contains("<td>First Name</td><td>name.given</td>"));
    assert!(!page.contains("<td>Phone</td>"), "the file has no such column");
    for word in ["What to do next", "shop-eu", "Doubtful pairs", "4 family names", "windows-1252"] {
        assert!(page.contains(word), "{word}");
    }
}

#[test]
fn an_empty_store_has_reports_too() {
    let files = reports(0);
    assert_eq!(files["clusters.csv"], "source,record_id,entity_id,object\n");
    assert_eq!(files["crosswalk.csv"], "entity_id\n");
    assert!(files["report.html"].contains("No pair is in doubt."));
}
