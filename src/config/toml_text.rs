//! The resolved configuration as canonical TOML.

use std::fmt::Write as _;

use super::{Config, policy};

/// A text as a TOML basic string on one line, which may also stand as a key.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Every setting that results depend on, always in the same order.
pub(super) fn config(config: &Config) -> String {
    let mut out = String::new();
    // Of several folders the strongest is written: the text is for reading and hashing, and the
    // kinds that were used stand in the store.
    if let Some(folder) = config.kinds.last() {
        line(&mut out, "kinds", &quoted(&folder.to_string_lossy()));
    }
    if let Some(region) = &config.default_region {
        line(&mut out, "default_region", &quoted(region));
    }
    out.push_str("\n[thresholds]\n");
    line(&mut out, "match", &format!("{:?}", config.thresholds.matching));
    line(&mut out, "review", &format!("{:?}", config.thresholds.review));
    line(&mut out, "auto", &format!("{:?}", config.thresholds.auto));
    out.push_str("\n[limits]\n");
    let limits = &config.limits;
    for (key, value) in [
        ("cell", limits.cell_bytes),
        ("row", limits.row_bytes),
        ("columns", limits.columns),
        ("unpacked", limits.unpacked_bytes),
        ("unpacked_ratio", limits.unpacked_ratio),
        ("json_depth", limits.json_depth),
    ] {
        line(&mut out, key, &value.to_string());
    }
    out.push_str("\n[report]\n");
    line(&mut out, "candidates", &config.report.candidates.to_string());
    line(&mut out, "spreadsheet_safe", &config.report.spreadsheet_safe.to_string());
    for rule in &config.sources {
        out.push_str("\n[[source]]\n");
        line(&mut out, "file", &quoted(&rule.file));
        if let Some(kind) = &rule.kind {
            line(&mut out, "kind", &quoted(kind));
        }
        if let Some(source) = &rule.source {
            line(&mut out, "source", &quoted(source));
        }
        if !rule.columns.is_empty() {
            out.push_str("[source.columns]\n");
            for (column, field) in &rule.columns {
                line(&mut out, &quoted(column), &quoted(field));
            }
        }
    }
    out.push_str(&policy::write(&config.policy));
    out
}

fn line(out: &mut String, key: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{key} = {value}");
}
