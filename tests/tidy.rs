//! Keeps what ARCHITECTURE.md and the data's READMEs promise: layers, pure modules, file length,
//! tests that run, licences of data, no system known by name.
#![expect(clippy::unwrap_used, reason = "a check may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Longest source file, in lines.
const LINES_MAX: usize = 900;
/// Modules that compute values and touch nothing outside their arguments.
const PURE: &[&str] = &[
    "clustering",
    "compare",
    "evaluation",
    "model",
    "normalize",
    "reference",
    "scoring",
    "similarity",
    "survivorship",
];
/// Words that have no place in a pure module, and what to do instead.
const BANNED_IN_PURE: &[(&str, &str)] = &[
    ("std::fs", "take a reader or a value"),
    ("std::env", "take a configuration"),
    ("std::thread", "let the pipeline run things in parallel"),
    ("SystemTime", "take a timestamp"),
    ("Instant::now", "let the pipeline measure time"),
];
/// `evaluation` may read one file: [`Truth::load`] is its documented edge.
const FILE_EDGES: &[&str] = &["evaluation/truth.rs"];
/// Names of systems that are also ordinary words.
const ORDINARY_WORDS: &[&str] = &["dynamics", "recharge", "segment", "smile", "square"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path.as_ref()).unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()))
}

/// All files below a folder of the project, as paths relative to the project with `/`, sorted.
fn files_below(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let relative = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.push(relative.replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

fn rust_files(folders: &[&str]) -> Vec<String> {
    let files = folders.iter().flat_map(|folder| files_below(folder));
    files.filter(|file| file.ends_with(".rs")).collect()
}

/// The code of a file as it is shipped: without comments, and up to its tests.
fn shipped(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect();
    lines.join("\n")
}

/// The layers that ARCHITECTURE.md lists, lowest first: the fenced block that begins with `error`.
fn layers() -> Vec<Vec<String>> {
    let text = read(root().join("ARCHITECTURE.md"));
    let block = text
        .split("```")
        .map(|block| block.strip_prefix("text\n").unwrap_or(block))
        .find(|block| block.starts_with("error "))
        .expect("ARCHITECTURE.md lists the layers in a fenced block");
    block.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// The first segment of each path that starts with `crate::`, braced lists included.
fn dependencies(text: &str) -> BTreeSet<String> {
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or("")).collect();
    let code = code.join("\n");
    let mut found = BTreeSet::new();
    for (at, start) in code.match_indices("crate::") {
        let mut depth = 0;
        let mut heads = vec![String::new()];
        for c in code[at + start.len()..].chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => heads.push(String::new()),
                _ => heads.last_mut().unwrap().push(c),
            }
            if depth <= 0 && (c == '}' || !(c.is_alphanumeric() || c == '_')) {
                break;
            }
        }
        for head in heads {
            let word = |c: &char| c.is_alphanumeric() || *c == '_';
            let name: String = head.trim().chars().take_while(word).collect();
            if !name.is_empty() {
                found.insert(name);
            }
        }
    }
    found
}

/// The module of a file of `src/`; none for the roots and the binary's own code.
fn module_of(file: &str) -> Option<&str> {
    let module = file.strip_prefix("src/")?.split(['/', '.']).next()?;
    (!["lib", "main", "cli"].contains(&module)).then_some(module)
}

fn none(problems: Vec<String>) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[test]
fn modules_use_lower_layers_only() {
    let mut layer_of = BTreeMap::new();
    for (layer, modules) in layers().into_iter().enumerate() {
        for module in modules {
            assert!(layer_of.insert(module.clone(), layer).is_none(), "{module} is listed twice");
        }
    }
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for file in rust_files(&["src"]) {
        let Some(module) = module_of(&file) else { continue };
        seen.insert(module.to_owned());
        let Some(layer) = layer_of.get(module) else {
            problems.push(format!("{file}: give {module} a line in ARCHITECTURE.md"));
            continue;
        };
        let text = read(root().join(&file));
        for used in dependencies(&text).iter().filter(|used| *used != module) {
            match layer_of.get(used) {
                None => problems.push(format!("{file}: name the module of crate::{used}")),
                Some(other) if other >= layer => {
                    problems.push(format!("{file}: {module} may not use crate::{used}"));
                }
                Some(_) => {}
            }
        }
    }
    for module in layer_of.keys().filter(|module| !seen.contains(*module)) {
        problems.push(format!("ARCHITECTURE.md lists {module}, which does not exist"));
    }
    none(problems);
}

#[test]
fn paths_do_not_climb_twice() {
    let climbs = |file: &String| read(root().join(file)).contains("super::super");
    let files = rust_files(&["src"]).into_iter().filter(climbs);
    none(files.map(|file| format!("{file}: write crate:: instead of super::super")).collect());
}

#[test]
fn pure_modules_touch_nothing_outside() {
    let mut problems = Vec::new();
    for file in rust_files(&["src"]) {
        if !module_of(&file).is_some_and(|module| PURE.contains(&module))
            || FILE_EDGES.iter().any(|edge| file == format!("src/{edge}"))
        {
            continue;
        }
        let code = shipped(&read(root().join(&file)));
        for (word, instead) in BANNED_IN_PURE.iter().filter(|(word, _)| code.contains(word)) {
            problems.push(format!("{file}: {word} is banned: {instead}"));
        }
    }
    none(problems);
}

#[test]
fn files_are_short() {
    let mut problems = Vec::new();
    for file in rust_files(&["src", "tests", "benches", "examples"]) {
        let lines = read(root().join(&file)).lines().count();
        if lines > LINES_MAX {
            problems
                .push(format!("{file}: {lines} lines, more than {LINES_MAX}: split by concept"));
        }
    }
    none(problems);
}

#[test]
fn every_public_module_says_what_it_is_for() {
    let mut problems = Vec::new();
    for file in rust_files(&["src"]) {
        let top = file.ends_with("/mod.rs") || ["src/lib.rs", "src/main.rs"].contains(&&*file);
        if top && file != "src/main.rs" && !read(root().join(&file)).starts_with("//!") {
            problems.push(format!("{file}: begin with `//!`: what it is for, what it must not do"));
        }
    }
    none(problems);
}

#[test]
fn every_integration_test_runs() {
    let main = read(root().join("tests/it/main.rs"));
    let mut problems = Vec::new();
    for file in rust_files(&["tests/it"]) {
        let name = file.trim_start_matches("tests/it/").trim_end_matches(".rs");
        let declared = main.lines().any(|line| line == format!("mod {name};"));
        if !name.contains('/') && name != "main" && !declared {
            problems.push(format!("{file}: declare it in tests/it/main.rs"));
        }
    }
    none(problems);
}

#[test]
fn every_table_of_data_has_source_and_licence() {
    let readme = read(root().join("data/reference/README.md"));
    let mut problems = Vec::new();
    for file in files_below("data/reference") {
        let name = file.rsplit('/').next().unwrap();
        if name == "README.md" {
            continue;
        }
        let row = readme.lines().find(|line| line.starts_with(&format!("| {name} |")));
        let cells: Vec<&str> = row.unwrap_or_default().split('|').map(str::trim).collect();
        // The line begins and ends with a bar: file, rows, source, licence, changes are cells 1 to 5.
        if cells.len() != 7 || cells[3].is_empty() || cells[4].is_empty() {
            problems.push(format!("{file}: give source and licence in data/reference/README.md"));
        }
    }
    for file in files_below("data/sources") {
        let origin = |line: &str| line.starts_with("origin = \"") && !line.ends_with(" \"\"");
        if !read(root().join(&file)).lines().any(origin) {
            problems.push(format!("{file}: say in `origin` where its facts come from"));
        }
    }
    none(problems);
}

#[test]
fn code_knows_no_system_by_name() {
    let systems: BTreeSet<String> = files_below("data/sources")
        .into_iter()
        .chain(["data/reference/systems.toml".to_owned()])
        .flat_map(|file| {
            let key = if file.contains("/sources/") { "system = \"" } else { "name = \"" };
            let text = read(root().join(&file));
            let name = |line: &str| Some(line.strip_prefix(key)?.split('"').next()?.to_owned());
            text.lines().filter_map(name).collect::<Vec<_>>()
        })
        .filter(|name| !ORDINARY_WORDS.contains(&name.as_str()))
        .collect();
    assert!(systems.len() > 10, "the names of systems stand in data/");
    let mut problems = Vec::new();
    for file in rust_files(&["src"]) {
        // Help texts of the command line show commands as people type them.
        if file.starts_with("src/cli/") || file.ends_with("/tests.rs") {
            continue;
        }
        let code = shipped(&read(root().join(&file))).to_lowercase();
        for name in systems.iter().filter(|name| code.contains(name.as_str())) {
            problems.push(format!("{file}: {name}: what is known of a system belongs in data/"));
        }
    }
    none(problems);
}

#[test]
fn no_path_of_a_machine_is_left() {
    let mut problems = Vec::new();
    let mut files = rust_files(&["src", "tests", "benches", "examples", "fuzz/fuzz_targets"]);
    for folder in ["docs", "data/sources", ".ci"] {
        files.extend(files_below(folder));
    }
    files.extend(["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(str::to_owned));
    // Put together, so that this file does not find itself.
    let places = ["work", "root", "home"].map(|folder| format!("/{folder}/"));
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(root().join(&file)).unwrap()).into_owned();
        for place in places.iter().filter(|place| text.contains(place.as_str())) {
            problems.push(format!("{file}: {place} is a folder of one machine"));
        }
    }
    none(problems);
}

/// Targets of the links of a Markdown text.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect()
}

#[test]
fn links_of_the_documents_lead_to_files() {
    let mut problems = Vec::new();
    let mut files = files_below("docs");
    files.extend(files_below("data").into_iter().filter(|file| file.ends_with(".md")));
    let top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "THIRD-PARTY.md"];
    files.extend(top.map(str::to_owned));
    for file in files {
        let text = read(root().join(&file));
        let folder = root().join(&file).parent().unwrap().to_owned();
        for link in links(&text).into_iter().filter(|link| !link.starts_with("https://")) {
            let path = link.split('#').next().unwrap();
            if !path.is_empty() && !folder.join(path).exists() {
                problems.push(format!("{file}: {link} leads nowhere"));
            }
        }
    }
    none(problems);
}

#[test]
fn dependencies_reads_plain_and_braced_paths() {
    let text = "use crate::model::Pair;\nuse crate::{blocking::{a, b}, store};\n// crate::cli\n\
                crate::pipeline::run()";
    let found: Vec<String> = dependencies(text).into_iter().collect();
    assert_eq!(found, ["blocking", "model", "pipeline", "store"]);
}

#[test]
fn shipped_code_ends_at_its_tests() {
    let text = "let a = 1; // shop\n#[cfg(test)]\nmod tests {}";
    assert_eq!(shipped(text), "let a = 1; ");
}
