//! Lists the source kinds of `data/sources/`, so that a kind takes one file and no code, and lays out
//! large tables of `data/reference/` as maps, so that a start of the program parses none.
#![allow(unreachable_pub, reason = "some modules are the library's own")]
#![allow(clippy::expect_used, reason = "a table that cannot be laid out ends the build")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

#[path = "src/reference/company_name.rs"]
mod company_name;
#[path = "src/reference/fold.rs"]
mod fold;
#[allow(dead_code, reason = "the build writes and does not read")]
#[path = "src/reference/frozen.rs"]
mod frozen;
#[path = "src/reference/build/legal_forms.rs"]
mod legal_forms;
#[path = "src/reference/build/maps.rs"]
mod maps;
#[path = "src/reference/build/names.rs"]
mod names;
#[path = "src/reference/table.rs"]
mod table;

use fold::fold;

fn main() -> io::Result<()> {
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let out = Path::new(&out);
    list_sources(out)?;
    write_maps(out)
}

fn list_sources(out: &Path) -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let folder = Path::new(&root).join("data/sources");
    println!("cargo::rerun-if-changed=data/sources");
    let mut names: Vec<String> = fs::read_dir(&folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    let mut list = String::from("&[\n");
    for name in &names {
        // Found where the package is when it is compiled: a moved checkout keeps its build.
        let path = format!("/data/sources/{name}");
        let root = "env!(\"CARGO_MANIFEST_DIR\")";
        let _ = writeln!(list, "    ({name:?}, include_str!(concat!({root}, {path:?}))),");
    }
    list.push_str("]\n");
    fs::write(out.join("sources.rs"), list)
}

/// The maps that `src/reference/` compiles in.
fn write_maps(out: &Path) -> io::Result<()> {
    let (given, (surnames, two_surnames)) = (names::given(), names::surnames());
    let sexes = names::sexes();
    let count = |count: &u32| count.to_le_bytes().to_vec();
    let given_names = given.iter().map(|(name, people)| {
        let mut value = count(people);
        value.push(sexes.get(name).copied().unwrap_or(0));
        (name.clone(), value)
    });
    let family = surnames.iter().map(|(name, people)| {
        let mut value = count(people);
        value.push(u8::from(two_surnames.contains(name)));
        (name.clone(), value)
    });
    let maps: [(&str, BTreeMap<String, Vec<u8>>); 7] = [
        ("given", given_names.collect()),
        ("surnames", family.collect()),
        ("formal", names::formal(&given)),
        ("links", names::links()),
        ("legal_forms", legal_forms::forms()),
        ("synonyms", legal_forms::synonyms()),
        ("company_words", legal_forms::company_words()),
    ];
    maps.iter().try_for_each(|(name, map)| {
        fs::write(out.join(name).with_extension("bin"), maps::frozen(map))
    })
}
