//! The same information written otherwise gives the same result: columns named, ordered and filled
//! otherwise, rows and ids shuffled, everything twice. F1 may move by less than a hundredth.
//!
//! A few records are enough for a quick run; `cargo test --release --test it perturb -- --ignored`
//! takes whole sets.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use sameas::evaluation::{Labels, Measures, Truth};
use sameas::model::{Method, Thresholds};
use sameas::pipeline::{Engine, EngineOptions, FileArgument};
use xxhash_rust::xxh3::xxh3_64;

/// The most that F1 may move.
const TOLERANCE: f64 = 0.01;

/// A table with the entity of each row.
#[derive(Clone, Debug)]
struct Labelled {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    truth: Vec<String>,
    /// The rows that are judged: the first so many.
    judged: usize,
}

impl Labelled {
    /// A set of `../shared/data`: whole entities, chosen by a hash, of at least `records` records.
    fn read(set: &str, records: usize) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(set);
        if !folder.exists() {
            println!("skipped: {} is absent", folder.display());
            return None;
        }
        let (columns, truth) = csv(&folder.join("truth.csv"));
        let at = |name: &str| columns.iter().position(|column| column == name).unwrap();
        let (record, entity) = (at("record_id"), at("truth_id"));
        let truth: BTreeMap<String, String> =
            truth.into_iter().map(|row| (row[record].clone(), row[entity].clone())).collect();
        let (head, mut rows) = csv(&folder.join("records.csv"));
        let entity = |row: &Vec<String>| truth[&row[0]].clone();
        rows.sort_by_cached_key(|row| xxh3_64(entity(row).as_bytes()));
        let mut end = rows.len().min(records);
        while end < rows.len() && entity(&rows[end]) == entity(&rows[end - 1]) {
            end += 1;
        }
        rows.truncate(end);
        let truth = rows.iter().map(entity).collect();
        Some(Self { head, rows, truth, judged: end })
    }

    fn column(&self, name: &str) -> usize {
        self.head.iter().position(|head| head == name).unwrap()
    }

    /// Changes every value of the columns that there are of those named.
    fn change(&mut self, columns: &[&str], change: impl Fn(&str) -> String) -> &mut Self {
        for name in columns {
            let Some(at) = self.head.iter().position(|head| head == name) else { continue };
            for row in &mut self.rows {
                row[at] = change(&row[at]);
            }
        }
        self
    }

    /// Pairwise F1 of the judged rows.
    fn f1(&self) -> f64 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        let mut writer = csv::Writer::from_path(&path).unwrap();
        writer.write_record(&self.head).unwrap();
        for row in &self.rows {
            writer.write_record(row).unwrap();
        }
        writer.flush().unwrap();
        let store = folder.path().join("store");
        let mut engine = Engine::create_or_open(&store, EngineOptions::default()).unwrap();
        let file = FileArgument { path, ..FileArgument::default() };
        for outcome in engine.ingest(&[file], false, &()).unwrap().files {
            assert_eq!(outcome.result.unwrap().quarantined, 0);
        }
        let mut trials = engine.trials().unwrap();
        let mut text = "record_id,truth_id\n".to_owned();
        let id = self.head.iter().position(|head| head == "record_id" || head == "ID").unwrap();
        for (row, truth) in self.rows.iter().zip(&self.truth).take(self.judged) {
            writeln!(text, "{},{truth}", row[id]).unwrap();
        }
        let truth = Truth::read(text.as_bytes(), "truth").unwrap();
        let ordinals =
            truth.align(trials.keys().iter().map(|key| Ok(key.to_key()))).unwrap().ordinals;
        assert!(ordinals.iter().all(Option::is_some), "every record is there");
        let trial = trials.run(Method::default(), &Thresholds::default()).unwrap();
        let entity = |record: u32| Ok(trial.cluster[record as usize]);
        Measures::of(&Labels::new(&truth, &ordinals, entity).unwrap()).pairwise().f1
    }
}

fn csv(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let cells = |row: &csv::StringRecord| row.iter().map(str::to_owned).collect::<Vec<_>>();
    let head = cells(reader.headers().unwrap());
    (head, reader.records().map(|row| cells(&row.unwrap())).collect())
}

const NAMES: &[&str] =
    &["first_name", "given_name", "last_name", "surname", "middle_name", "full_name"];
const DATES: &[&str] = &["dob", "date_of_birth", "updated_at"];

/// Usual words for columns, other than those of the sets.
const WORDS: &[(&str, &str)] = &[
    ("record_id", "ID"),
    ("first_name", "Vorname"),
    ("given_name", "Forename"),
    ("surname", "Last Name"),
    ("last_name", "Nachname"),
    ("full_name", "Name"),
    ("dob", "Birth Date"),
    ("date_of_birth", "DOB"),
    ("city", "Town"),
    ("suburb", "City"),
    ("email", "E-Mail Address"),
    ("phone", "Telephone Number"),
    ("address", "Street Address"),
    ("street_number", "House No"),
    ("address_1", "Street"),
    ("state", "Province"),
    ("postcode", "ZIP Code"),
    ("zip", "Postal Code"),
    ("gender", "Sex"),
    ("occupation", "Job Title"),
    ("soc_sec_id", "SSN"),
    ("company", "Organisation"),
];

/// 1983-11-06 or 19831106 as (year, month, day); `None` for anything else.
fn date(text: &str) -> Option<(String, String, String)> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let plain = text.len() == digits.len() || text.len() == 10 && text.matches('-').count() == 2;
    (digits.len() == 8 && plain)
        .then(|| (digits[..4].to_owned(), digits[4..6].to_owned(), digits[6..].to_owned()))
}

/// An American number of ten digits, written otherwise; anything else as it is.
fn phone(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match (digits.len(), text.contains(|c: char| c.is_alphabetic())) {
        (10, false) => format!("+1 ({}) {}-{}", &digits[..3], &digits[3..6], &digits[6..]),
        _ => text.to_owned(),
    }
}

fn accents(text: &str) -> String {
    let accent = |c: char| match c {
        'e' => 'é',
        'o' => 'ô',
        'n' => 'ñ',
        other => other,
    };
    text.chars().map(accent).collect()
}

type Change = fn(&mut Labelled);

/// Every perturbation by name.
const CHANGES: &[(&str, Change)] = &[
    ("columns renamed", |t| {
        for head in &mut t.head {
            if let Some((_, word)) = WORDS.iter().find(|(name, _)| name == head) {
                *head = (*word).to_owned();
            }
        }
    }),
    ("columns reversed, one that says nothing dropped, another added", |t| {
        let silent = t.head.iter().position(|head| head == "updated_at");
        for (at, row) in std::iter::once(&mut t.head).chain(&mut t.rows).enumerate() {
            if let Some(silent) = silent {
                row.remove(silent);
            }
            row.push(if at == 0 { "import batch".to_owned() } else { "7".to_owned() });
            row.reverse();
        }
    }),
    ("names in capitals", |t| {
        t.change(NAMES, str::to_uppercase);
    }),
    ("names with accents", |t| {
        t.change(NAMES, accents);
    }),
    ("names without accents", |t| {
        t.change(NAMES, deunicode);
    }),
    ("dates as in Germany", |t| {
        t.change(DATES, |text| {
            date(text).map_or_else(|| text.to_owned(), |(y, m, d)| format!("{d}.{m}.{y}"))
        });
    }),
    ("dates as in America", |t| {
        t.change(DATES, |text| {
            date(text).map_or_else(|| text.to_owned(), |(y, m, d)| format!("{m}/{d}/{y}"))
        });
    }),
    ("phones written otherwise", |t| {
        t.change(&["phone"], phone);
    }),
    ("rows and ids shuffled", |t| {
        let id = t.column("record_id");
        let mut order: Vec<usize> = (0..t.rows.len()).collect();
        order.sort_by_cached_key(|at| xxh3_64(format!("shuffle {at}").as_bytes()));
        t.rows = order.iter().map(|at| t.rows[*at].clone()).collect();
        t.truth = order.iter().map(|at| t.truth[*at].clone()).collect();
        for row in &mut t.rows {
            row[id] = format!("x{:016x}", xxh3_64(row[id].as_bytes()));
        }
    }),
    ("everything twice, judged on the first copy", |t| {
        let id = t.column("record_id");
        let copy: Vec<Vec<String>> = t.rows.clone();
        t.truth.extend(t.truth.clone());
        t.rows.extend(copy.into_iter().map(|mut row| {
            row[id] = format!("copy-{}", row[id]);
            row
        }));
    }),
];

/// Ä and é as A and e, for the letters of the sets.
fn deunicode(text: &str) -> String {
    let plain = |c: char| match c {
        'à'..='å' => 'a',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ò'..='ö' => 'o',
        'ù'..='ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        other => other,
    };
    text.chars().map(plain).collect()
}

fn check(set: &str, records: usize, changes: &[(&str, Change)]) {
    let Some(table) = Labelled::read(set, records) else { return };
    let plain = table.f1();
    println!("{set}: {plain:.4} as it is");
    assert!(plain > 0.9, "{set}: the entities are those of the truth");
    let mut moved = Vec::new();
    for (name, change) in changes {
        let mut changed = table.clone();
        change(&mut changed);
        if changed.head == table.head && changed.rows == table.rows {
            continue;
        }
        let f1 = changed.f1();
        println!("{set}: {f1:.4} ({:+.4}) {name}", f1 - plain);
        if (f1 - plain).abs() >= TOLERANCE {
            moved.push(format!("{name}: {plain:.4} → {f1:.4}"));
        }
    }
    assert!(moved.is_empty(), "{set}: {moved:#?}");
}

#[test]
fn a_few_customers() {
    // Twice so few records moves by −.04, an open fault (docs/matching.md): only whole sets do that.
    check("customers_20k", 120, &CHANGES[..CHANGES.len() - 1]);
}

#[test]
#[ignore = "minutes; run it with --release"]
fn a_sample_of_customers() {
    check("customers_20k", 400, CHANGES);
}

#[test]
#[ignore = "minutes; run it with --release"]
fn fake_1000() {
    check("fake_1000", usize::MAX, CHANGES);
}

#[test]
#[ignore = "minutes; run it with --release"]
fn febrl3() {
    check("febrl3", usize::MAX, CHANGES);
}

#[test]
#[ignore = "minutes; run it with --release"]
fn customers_20k() {
    check("customers_20k", usize::MAX, CHANGES);
}

#[test]
#[ignore = "minutes; run it with --release"]
fn historical_50k() {
    check("historical_50k", usize::MAX, CHANGES);
}
