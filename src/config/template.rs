//! `sameas init`: a commented configuration for the files seen.

use std::fmt::Write as _;

use super::toml_text::quoted;
use crate::model::FileManifest;

const HEAD: &str = r#"# sameas.toml: settings of `sameas`. Every line may be left out; what is commented out shows the
# default. A flag wins over the environment, that over `--config FILE`, that over this file.

# Country for phone numbers and addresses that name none (ISO 3166, two letters).
# default_region = "US"

# A folder with source kinds of your own, one TOML file each.
# kinds = "kinds"

[thresholds]
# From `match` on two records become one entity; from `auto` on that may be applied unseen; what
# lies between `review` and `auto` is listed for a person to look at.
# match = 0.5
# review = 0.1
# auto = 0.95

[limits]
# What a hostile or broken file may not exceed.
# cell = "1 MiB"
# row = "16 MiB"
# columns = 20000

[report]
# candidates = 200            # pairs shown side by side in report.html
# spreadsheet_safe = false    # put a ' before values that a spreadsheet would run as a formula
"#;

const OWNERSHIP: &str = r#"
# Which system owns which field of a golden record; `sameas policy show` says what holds without.
# [policy.address]
# owner = ["erp", "crm"]        # systems or sources, the first before the second
# max_age = { erp = "2 years" } # older values lose to younger ones
# [policy.default]
# direction = { erp = "source" }  # sync-plan writes nothing to it
"#;

/// A `sameas.toml` that states of each file what was found, ready to be corrected.
pub fn template(files: &[FileManifest]) -> String {
    let mut out = HEAD.to_owned();
    for file in files {
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "\n# {}: {} of {} rows, {}",
            one_line(&file.name),
            file.container,
            file.rows,
            file.encoding
        );
        for note in &file.notes {
            let _ = writeln!(out, "# note: {}", one_line(note));
        }
        let _ = writeln!(out, "[[source]]\nfile = {}", quoted(&file.name));
        let _ = writeln!(out, "kind = {}", quoted(&file.kind));
        let _ = writeln!(out, "source = {}", quoted(&file.source));
        if !(file.mapping.is_empty() && file.unused_columns.is_empty()) {
            out.push_str("[source.columns]\n");
        }
        for (column, field) in &file.mapping {
            let _ = writeln!(out, "{} = {}", quoted(column), quoted(field));
        }
        for column in &file.unused_columns {
            let _ = writeln!(out, "# {} = \"\"    # kept, but no field takes it", quoted(column));
        }
    }
    out.push_str(OWNERSHIP);
    out
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Spec};

    #[test]
    fn what_init_writes_reads_back() {
        let manifest: FileManifest = serde_json::from_value(serde_json::json!({
            "file": 1, "command": 1, "name": "erp \"a\".csv", "bytes": 1, "sha256": "", "kind": "table",
            "source": "erp", "container": "csv", "encoding": "utf-8", "delimiter": ";", "preamble": 0,
            "columns": ["Kundennr."], "mapping": {"Kundennr.": "id"}, "date_orders": {},
            "default_region": null, "unused_columns": ["x\ny"], "notes": ["a\nb"], "rows": 3,
            "records": 3, "quarantined": 0
        }))
        .unwrap();
        let text = template(&[manifest]);
        let spec = Spec::parse(&text, "sameas.toml", Path::new("")).unwrap();
        let stated = Config::resolve(&[spec]).unwrap().stated("erp \"a\".csv");
        assert_eq!(stated.kind.as_deref(), Some("table"));
        assert_eq!(stated.columns["Kundennr."], "id");
    }
}
