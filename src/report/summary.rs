//! `summary.json`.

use serde_json::{Value, json};

use super::ReportInput;
use super::statistics::Statistics;
use crate::error::{Error, ErrorKind, Result};
use crate::model::FileManifest;

/// The summary. Everything but `run` is the same for the same input: so neither sequences nor
/// hashes of files, which change with the order of rows, stand in it.
pub(super) fn summary(input: &ReportInput<'_>, statistics: &Statistics) -> Result<String> {
    let made = |e: serde_json::Error| {
        Error::new(ErrorKind::Io, "the summary cannot be written").because(e)
    };
    let run = input.results.summary();
    let mut summary = serde_json::to_value(statistics).map_err(made)?;
    let more = json!({
        "deleted": run.deleted,
        "pairs_scored": run.pairs_scored,
        "pairs_left_out": run.pairs_left_out,
        "pairs_kept": input.results.pairs(),
        "blocking_recall_estimate": run.blocking_recall_estimate,
        "blocks_left_out": run.blocks_left_out.iter()
            .map(|(rule, members)| json!({"rule": rule, "records": members}))
            .collect::<Vec<_>>(),
        "thresholds": run.thresholds,
        "model_hash": run.model_hash,
        "config_hash": run.config_hash,
        "as_of": run.as_of.map(|t| crate::survivorship::iso(crate::model::Timestamp(t))),
        "warnings": run.warnings,
        "files": files(&run.files).into_iter().map(file).collect::<Vec<_>>(),
        "run": serde_json::to_value(input.run).map_err(made)?,
    });
    if let (Value::Object(summary), Value::Object(more)) = (&mut summary, more) {
        summary.extend(more);
    }
    let mut text = serde_json::to_string_pretty(&summary).map_err(made)?;
    text.push('\n');
    Ok(text)
}

/// Files in an order that does not depend on when they came.
pub(super) fn files(files: &[FileManifest]) -> Vec<&FileManifest> {
    let mut files: Vec<&FileManifest> = files.iter().collect();
    files.sort_by(|a, b| {
        (&a.source, &a.name, &a.kind, a.rows).cmp(&(&b.source, &b.name, &b.kind, b.rows))
    });
    files
}

fn file(file: &FileManifest) -> Value {
    json!({
        "name": file.name,
        "source": file.source,
        "kind": file.kind,
        "container": file.container,
        "encoding": file.encoding,
        "rows": file.rows,
        "records": file.records,
        "quarantined": file.quarantined,
        "mapping": file.mapping,
        "unused_columns": file.unused_columns,
    })
}
