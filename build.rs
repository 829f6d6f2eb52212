//! Lists the source kinds of `data/sources/`, so that a kind takes one file and no code.

use std::fmt::Write as _;
use std::{env, fs, path::Path};

fn main() -> std::io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(std::io::Error::other)?;
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
    let out = env::var("OUT_DIR").map_err(std::io::Error::other)?;
    fs::write(Path::new(&out).join("sources.rs"), list)
}
