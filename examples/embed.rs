//! Two exports into a store, then one person over both: the library without the command line.
//!
//! `cargo run --example embed`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::path::{Path, PathBuf};

use sameas::pipeline::{Engine, EngineOptions, FileArgument, RebuildOptions, View};
use sameas::query;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let shown = run(folder.path())?;
    println!("{}", serde_json::to_string_pretty(&shown)?);
    Ok(())
}

/// Takes two files in and answers who `crm:7` is.
fn run(folder: &Path) -> Result<query::Show, Box<dyn Error>> {
    let files = [
        (
            "shop.csv",
            "id,first name,last name,email,phone\n\
             a1,Margaret,Castellano,margaret.castellano@mail.example.org,+1 415 555 0101\n\
             a2,Imogen,Ashdown,imogen@ashdown.example.net,+44 20 7946 0102\n",
        ),
        (
            "crm.csv",
            "id,first name,last name,email,phone\n\
             7,Peggy,Castellano,margaret.castellano@mail.example.org,(415) 555-0101\n\
             8,Noah,Petersen,noah.petersen@mail.example.org,\n",
        ),
    ];
    let mut arguments = Vec::new();
    for (name, text) in files {
        let path: PathBuf = folder.join(name);
        std::fs::write(&path, text)?;
        arguments.push(FileArgument { path, ..FileArgument::default() });
    }

    let store = folder.join("store");
    let mut engine = Engine::create_or_open(&store, EngineOptions::default())?;
    let report = engine.ingest(&arguments, false, &())?;
    for file in report.files {
        let receipt = file.result?;
        println!("{}: {} records of {}", receipt.file, receipt.records_new, receipt.source);
    }
    let rebuilt = engine.rebuild(RebuildOptions::default(), &())?;
    println!("{} records are {} entities", rebuilt.summary.records, rebuilt.summary.entities);
    drop(engine);

    // A view needs no lock: it goes on while another process writes.
    let view = View::open(&store)?;
    Ok(query::show(&view, "crm:7")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_records_of_one_person_are_one() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let members = run(folder.path())?.members;
        let ids: Vec<&str> = members.iter().map(|member| member.record_id.as_str()).collect();
        assert_eq!(ids, ["7", "a1"]);
        Ok(())
    }
}
