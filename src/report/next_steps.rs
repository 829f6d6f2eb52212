//! What a person should do next, from the counts alone.

use serde::Serialize;

use super::page::{counted, number};
use super::statistics::Statistics;
use crate::store::results::RunSummary;

/// One thing to do.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    title: String,
    text: String,
    /// The file to open.
    file: &'static str,
    /// Commands to type.
    commands: Vec<&'static str>,
}

/// The steps that are worth it, the most urgent first.
pub(super) fn next_steps(all: &Statistics, run: &RunSummary) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut step = |title: String, text: String, file, commands: &[&'static str]| {
        steps.push(Step { title, text, file, commands: commands.to_vec() });
    };
    if all.quarantined > 0 {
        step(
            format!("Mend {}", counted(all.quarantined, "quarantined row", "quarantined rows")),
            "They are in no other file. Each stands there with its file, line and reason; correct the export and ingest it again: rows that did not change are not taken twice.".to_owned(),
            "quarantine.csv",
            &["sameas ingest FILE", "sameas rebuild"],
        );
    }
    if all.suspicious_entities > 0 {
        step(
            format!("Check {}", counted(all.suspicious_entities, "suspicious entity", "suspicious entities")),
            "They are merged, but something about them is odd: see the list below. What should not be one entity can be parted for good.".to_owned(),
            "clusters.csv",
            &["sameas how ENTITY", "sameas judge different A B"],
        );
    }
    if all.candidates.review > 0 {
        step(
            format!("Decide {}", counted(all.candidates.review, "doubtful pair", "doubtful pairs")),
            format!(
                "Merged for now: {}; not merged: {}. The file has the most useful decisions on top (filter band = review); a decision holds in every later rebuild.",
                number(all.candidates.review_merged),
                number(all.candidates.review - all.candidates.review_merged)
            ),
            "merge_candidates.csv",
            &[
                "sameas why A B",
                "sameas judge same A B",
                "sameas judge different A B",
                "sameas rebuild",
            ],
        );
    }
    let inside: u64 = all.sources.values().map(|s| s.duplicates).sum();
    let worst =
        all.sources.iter().max_by(|a, b| a.1.duplicates.cmp(&b.1.duplicates).then(b.0.cmp(a.0)));
    if let (true, Some((source, counts))) = (inside > 0, worst) {
        step(
            format!("Merge {} inside your systems", counted(inside, "duplicate", "duplicates")),
            format!(
                "Most stand in {source}: {} of its {} records. Rows of band auto whose two sources are equal are the merges to make there.",
                number(counts.duplicates),
                number(counts.records)
            ),
            "merge_candidates.csv",
            &[],
        );
    }
    if all.cross_source_entities > 0 {
        step(
            format!("Join {} across systems", counted(all.cross_source_entities, "customer", "customers")),
            "One row an entity, one column a source: join your warehouse or CRM on it, and take the surviving values from golden.csv.".to_owned(),
            "crosswalk.csv",
            &["sameas xref SOURCE:RECORD", "sameas show ENTITY"],
        );
    }
    let unused = run.files.iter().filter(|f| !f.unused_columns.is_empty()).count();
    if unused > 0 {
        step(
            format!("Look at the unused columns of {}", counted(unused as u64, "file", "files")),
            "Some of their columns were kept but not understood (see the mapping below). If one holds an e-mail, a phone number or an id, name it in sameas.toml.".to_owned(),
            "sameas.toml",
            &["sameas init FILE", "sameas rebuild"],
        );
    }
    steps
}
