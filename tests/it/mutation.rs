//! Inputs mutated from valid files and stores, through every reader and decoder: no panic, and no
//! more memory than an input may take.
//!
//! `SAMEAS_INPUTS=1000000 cargo test --test it mutation -- --nocapture` is the full form.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use sameas::store::{VALUES, open_value, seal_value};

use crate::fuzz_checks as checks;
use crate::scenario::{amount, files, sample};

/// Resident memory that no input may make us pass, bytes.
const MEMORY_MAX: u64 = 512 << 20;

/// xorshift64*: the same inputs every time.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n.max(1)
    }
}

/// What readers trip over.
const WORDS: &[&[u8]] = &[
    b"\"",
    b"\"\"",
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"\\",
    b"\\ud800",
    b"null",
    b"-1",
    b"1e999",
    b"NaN",
    b"99999999999999999999",
    b"=1+1",
    b"\xfd\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\xfc\xff\xff\xff\xff",
    b"\xfb\xff\xff",
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"uniqueCount=\"9999999\"",
    b"]]>",
    b"&#0;",
    b"A1",
    b"XFD1048576",
    b"0000-00-00",
    b"9999-12-31T25:61:61Z",
];

fn mutated(dice: &mut Dice, seed: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..1 + dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + 1 + dice.below(16)).min(bytes.len());
        match dice.below(8) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            2 if at < bytes.len() => bytes[at] = dice.below(256) as u8,
            3 => drop(bytes.splice(at..at, WORDS[dice.below(WORDS.len())].iter().copied())),
            4 if at < end => drop(bytes.drain(at..end)),
            5 if at < end => {
                let part = bytes[at..end].to_vec();
                for _ in 0..1 + dice.below(8) {
                    bytes.splice(at..at, part.iter().copied());
                }
            }
            6 if !other.is_empty() => {
                let from = dice.below(other.len());
                let to = (from + dice.below(64)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            7 => bytes.truncate(at.max(bytes.len() / 2)),
            _ => bytes.push(0),
        }
    }
    bytes
}

/// A reader or decoder, with valid inputs.
struct Target {
    name: &'static str,
    /// Folder of `tests/corpus` for its seeds, where they are made from a store.
    corpus: &'static str,
    /// Of a hundred inputs, how many are for it: the slow ones get fewer.
    share: usize,
    seeds: Vec<Vec<u8>>,
    check: fn(&[u8]),
    /// Mends what would be refused at once for its checksum.
    mend: fn(&mut Dice, Vec<u8>) -> Vec<u8>,
}

fn as_is(_: &mut Dice, bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    files(&folder).iter().map(|file| std::fs::read(folder.join(file)).unwrap()).collect()
}

/// The project's own texts in a folder.
fn texts(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let found = files(&folder).into_iter().map(|file| std::fs::read(folder.join(file)).unwrap());
    found.filter(|bytes| bytes.len() < 20_000).collect()
}

fn workbook() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["id", "first name", "email", "born"].iter().enumerate() {
        sheet.write(0, column as u16, *name).unwrap();
    }
    for row in 1..4 {
        sheet.write(row, 0, row).unwrap();
        sheet.write(row, 1, "Zoë").unwrap();
        sheet.write(row, 2, "zoe@quillmail.org").unwrap();
        sheet.write(row, 3, 29_280.5).unwrap();
    }
    book.save_to_buffer().unwrap()
}

/// Parts of a workbook, mutated and packed anew: else nearly all inputs end at the archive's
/// checksums.
fn repacked(dice: &mut Dice, bytes: Vec<u8>) -> Vec<u8> {
    let names = ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"];
    super::readers::zip(names[dice.below(names.len())], &bytes, bytes.len() as u32)
}

/// Arrays of a file of results with their checksums made right again.
fn pages_mended(_: &mut Dice, mut bytes: Vec<u8>) -> Vec<u8> {
    // Pages lie one after the other from the first array on, whose place the last ones tell.
    let size = 4_096;
    for start in PAGES.lock().unwrap().iter() {
        if let Some(page) = bytes.get_mut(*start..*start + size) {
            let crc = crc32fast::hash(&page[..size - 4]);
            page[size - 4..].copy_from_slice(&crc.to_le_bytes());
        }
    }
    bytes
}

/// Where the pages of the file of results begin.
static PAGES: Mutex<Vec<usize>> = Mutex::new(Vec::new());

fn find_pages(bytes: &[u8]) -> Vec<usize> {
    let size = 4_096;
    let is_page = |at: usize| {
        let page = &bytes[at..at + size];
        crc32fast::hash(&page[..size - 4]).to_le_bytes() == page[size - 4..]
    };
    let (mut found, mut at) = (Vec::new(), 0);
    while at + size <= bytes.len() {
        let page = is_page(at);
        found.extend(page.then_some(at));
        at += if page { size } else { 1 };
    }
    found
}

/// Bodies of the values in a store, each after the number of its kind.
fn values(store: &Path) -> Vec<Vec<u8>> {
    let number = |name: &str| VALUES.iter().position(|known| *known == name).unwrap() as u8;
    let kinds = [
        (b's', "state"),
        (b'f', "file"),
        (b'r', "records"),
        (b'h', "heads"),
        (b'q', "quarantine"),
        (b'j', "judgements"),
        (b'l', "ledger"),
        (b'm', "paper"),
        (b'c', "paper"),
    ];
    let mut parts: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let database = sled::open(store.join("ground")).unwrap();
    for entry in database.iter() {
        let (key, value) = entry.unwrap();
        let (whole, part) = key.split_at(key.len() - 4);
        let skip = if part == [0; 4] { 4 } else { 0 };
        parts.entry(whole.to_vec()).or_default().extend(&value[skip..]);
    }
    let mut out = Vec::new();
    for (key, sealed) in parts {
        let (_, name) = kinds.iter().find(|(table, _)| *table == key[0]).unwrap();
        out.push([&[number(name)], &*open_value(&sealed).unwrap()].concat());
    }
    assert!(out.len() > 5, "the database has values");
    // Kinds of values of the results, which are decoded from anything.
    for name in ["contents", "summary", "key", "normal", "entity", "alias"] {
        out.push([&[number(name)], &b"\x02\x04shop\x08customer\x03c12\x00\x01\x00"[..]].concat());
    }
    out
}

/// Lines of journals with their checksums made right again.
fn lines_mended(dice: &mut Dice, bytes: Vec<u8>) -> Vec<u8> {
    let Some((place, body)) = bytes.split_first() else { return bytes };
    if *place > 1 || dice.below(8) == 0 {
        return bytes;
    }
    let line = body.strip_suffix(b"\n").unwrap_or(body);
    // {"crc32":"89abcdef","entry":{…}}
    let entry = line.get(28..line.len().saturating_sub(1)).unwrap_or_default();
    let crc = format!("{{\"crc32\":\"{:08x}\",\"entry\":", crc32fast::hash(entry));
    [&[*place], crc.as_bytes(), entry, b"}\n"].concat()
}

/// Segments of the ledger and documents with their checksums made right again.
fn archive_mended(dice: &mut Dice, bytes: Vec<u8>) -> Vec<u8> {
    match bytes.first() {
        Some(2) if bytes.len() > 13 => {
            let page = seal_value(&bytes[13..]).unwrap();
            let length = (page.len() as u32).to_le_bytes();
            [&bytes[..9], &length, &page].concat()
        }
        Some(place @ (3 | 4)) => [&[*place], &*seal_value(&bytes[1..]).unwrap()].concat(),
        _ => lines_mended(dice, bytes),
    }
}

fn targets(store: &Path) -> Vec<Target> {
    let read = |file: &str| std::fs::read(store.join(file)).unwrap();
    let first_of = |folder: &str| {
        let path = store.join(folder);
        std::fs::read(path.join(&files(&path)[0])).unwrap()
    };
    let paper = |folder: &str| open_value(&first_of(folder)).unwrap();
    let ledger = first_of("archive/ledger");
    let page = open_value(
        &ledger[12..12 + u32::from_le_bytes(ledger[8..12].try_into().unwrap()) as usize],
    );
    let archive = vec![
        [&[0], read("archive/manifest.jsonl").split_inclusive(|b| *b == b'\n').next().unwrap()]
            .concat(),
        [&[1], &*read("archive/judgements.jsonl")].concat(),
        [&[2], &ledger[..12], &page.unwrap()].concat(),
        [&[3], &*paper("archive/models")].concat(),
        [&[4], &*paper("archive/configs")].concat(),
        [&[5], &*read("results/CURRENT")].concat(),
    ];
    let results = read("results/000001.bin");
    *PAGES.lock().unwrap() = find_pages(&results);
    assert!(!PAGES.lock().unwrap().is_empty(), "the results have arrays");
    let mut tables = corpus("read");
    tables.push(crate::scenario::table(0..2, "Shelbyville").into_bytes());
    let packed: Vec<Vec<u8>> =
        tables.iter().map(|t| zstd::encode_all(&t[..], 1).unwrap()).collect();
    let sheet = workbook();
    let parts = workbook_parts();
    let model = {
        let opened = sameas::store::Store::open(store, sameas::store::Access::Read).unwrap();
        opened.latest_model().unwrap().unwrap().1
    };
    let target = |name, share, seeds, check, mend| {
        let corpus = match name {
            "models" => "model",
            "values of the database" => "value",
            "archive" => "archive",
            "results" => "results",
            _ => "",
        };
        Target { name, corpus, share, seeds, check, mend }
    };
    vec![
        target("tables and JSON", 140, tables.clone(), checks::read as fn(&[u8]), as_is as _),
        target("packed tables", 15, packed, checks::read, as_is),
        target("workbooks", 4, vec![sheet], checks::read, as_is),
        target("parts of workbooks", 4, parts, checks::read, repacked),
        target("kinds and mappings", 1, [tables, texts("data/demo")].concat(), checks::map, as_is),
        target(
            "normalisers",
            6,
            corpus("normalize"),
            |b| checks::clean(&String::from_utf8_lossy(b)),
            as_is,
        ),
        target(
            "configurations, kinds, truth",
            2,
            [texts("data/sources"), corpus("settings")].concat(),
            |b| checks::settings(&String::from_utf8_lossy(b)),
            as_is,
        ),
        target("models", 6, vec![model], checks::model, as_is),
        target("values of the database", 90, values(store), checks::value, as_is),
        target("archive", 6, archive, checks::archive, archive_mended),
        target("results", 5, vec![results], checks::results, pages_mended),
    ]
}

/// The XML parts that [`repacked`] packs.
fn workbook_parts() -> Vec<Vec<u8>> {
    let sheet = r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:B2"/><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="s"><v>0</v></c></row><row r="2"><c r="A2"><v>7</v></c><c r="B2" t="d"><v>2024-01-01</v></c></row></sheetData></worksheet>"#;
    let book = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    let strings = r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="1" uniqueCount="1"><si><t>name</t></si></sst>"#;
    [sheet, book, strings].map(|text| text.as_bytes().to_vec()).to_vec()
}

/// Set in the process that does the work.
const CHILD: &str = "SAMEAS_INPUTS_CHILD";

#[test]
fn mutated_inputs_cause_no_panic_and_take_little_memory() {
    if std::env::var_os(CHILD).is_some() {
        return mutate_all();
    }
    // A process of its own: its memory is that of these inputs alone, and bounded by the system too.
    let me = std::env::current_exe().unwrap();
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 6000000; exec \"$@\"", "sh"])
        .arg(me)
        .args([
            "--exact",
            "mutation::mutated_inputs_cause_no_panic_and_take_little_memory",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("inputs in all"), "{said}");
}

/// With `SAMEAS_SEEDS`, writes the valid inputs of the decoders to `tests/corpus`: for a change of a
/// format.
fn write_seeds(targets: &[Target]) {
    for target in targets.iter().filter(|target| !target.corpus.is_empty()) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(target.corpus);
        std::fs::create_dir_all(&folder).unwrap();
        for (at, seed) in target.seeds.iter().enumerate() {
            let seed = (target.mend)(&mut Dice::new(1), seed.clone());
            std::fs::write(folder.join(format!("{at:02}.bin")), seed).unwrap();
        }
    }
}

fn mutate_all() {
    let inputs = amount("SAMEAS_INPUTS", 4_000);
    let store = sample();
    let targets = targets(&store.path().join("store"));
    if std::env::var_os("SAMEAS_SEEDS").is_some() {
        write_seeds(&targets);
    }
    let whole: usize = targets.iter().map(|target| target.share).sum();
    let harm = Mutex::new(Vec::new());
    let mut all = 0;
    for target in &targets {
        let count = (inputs * target.share).div_ceil(whole);
        let started = std::time::Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..2 {
                let harm = &harm;
                scope.spawn(move || {
                    for input in (thread..count).step_by(2) {
                        if let Some(bytes) = harmful(target, input) {
                            harm.lock().unwrap().push((target.name, input, bytes));
                        }
                    }
                });
            }
        });
        all += count;
        println!("{count:>8} {} in {:.1} s", target.name, started.elapsed().as_secs_f64());
    }
    let memory = peak_memory();
    println!("{all:>8} inputs in all, at most {} MiB of memory", memory >> 20);
    let harm = harm.into_inner().unwrap();
    for (name, input, bytes) in harm.iter().take(20) {
        println!(
            "input {input} of {name}: {}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(400)])
        );
    }
    assert!(harm.is_empty(), "{} inputs made it panic", harm.len());
    assert!(memory < MEMORY_MAX, "{memory} bytes of memory");
}

/// Tries an input; its bytes if it did harm.
fn harmful(target: &Target, input: usize) -> Option<Vec<u8>> {
    let mut dice = Dice::new(input as u64);
    let seed = &target.seeds[dice.below(target.seeds.len())];
    let other = &target.seeds[dice.below(target.seeds.len())];
    let bytes = mutated(&mut dice, seed, other);
    let bytes = (target.mend)(&mut dice, bytes);
    catch_unwind(AssertUnwindSafe(|| (target.check)(&bytes))).is_err().then_some(bytes)
}

/// Largest resident memory so far; 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |k| k << 10)
}
