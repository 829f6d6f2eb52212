//! `FILE`, `FILE:KIND`, `FILE:KIND@SOURCE`, `FILE:@SOURCE`.

use std::path::{Path, PathBuf};

use sameas::pipeline::FileArgument;

/// Reads a file argument. A file that exists under the whole text wins; else what follows the last
/// colon is the kind and the source, if it has their form.
pub(super) fn parse(text: &str, exists: impl Fn(&Path) -> bool) -> FileArgument {
    let whole = |text: &str| FileArgument { path: PathBuf::from(text), kind: None, source: None };
    if exists(Path::new(text)) {
        return whole(text);
    }
    let Some((path, rest)) = text.rsplit_once(':') else { return whole(text) };
    let (kind, source) = match rest.split_once('@') {
        Some((kind, source)) => (kind, Some(source)),
        None => (rest, None),
    };
    let kind_like =
        |kind: &str| kind.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let named = !kind.is_empty() || source.is_some_and(|source| !source.is_empty());
    // `C:\exports\a.csv` has a drive, no file and kind.
    let drive = path.len() == 1 && rest.starts_with(['\\', '/']);
    if path.is_empty() || !named || !kind_like(kind) || drive {
        return whole(text);
    }
    FileArgument {
        path: PathBuf::from(path),
        kind: (!kind.is_empty()).then(|| kind.to_owned()),
        source: source.filter(|source| !source.is_empty()).map(str::to_owned),
    }
}

/// Reads all of a command's file arguments; `kind` and `source` hold where a file states none.
pub(super) fn parse_all(
    texts: &[String],
    kind: Option<&String>,
    source: Option<&String>,
) -> Vec<FileArgument> {
    texts
        .iter()
        .map(|text| {
            let mut file = parse(text, Path::exists);
            file.kind = file.kind.or_else(|| kind.cloned());
            file.source = file.source.or_else(|| source.cloned());
            file
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_and_source_follow_the_last_colon() {
        for (text, path, kind, source) in [
            ("a.csv", "a.csv", None, None),
            ("-", "-", None, None),
            (
                "eu.csv:shopify-customers@shop-eu",
                "eu.csv",
                Some("shopify-customers"),
                Some("shop-eu"),
            ),
            ("eu.csv:shopify-customers", "eu.csv", Some("shopify-customers"), None),
            ("eu.csv:@shop-eu", "eu.csv", None, Some("shop-eu")),
            ("eu.csv:@eu/customers", "eu.csv", None, Some("eu/customers")),
            ("-:zendesk-users@help", "-", Some("zendesk-users"), Some("help")),
            ("odd:name.csv", "odd:name.csv", None, None),
            ("odd:name.csv:table", "odd:name.csv", Some("table"), None),
            (r"C:\x\a.csv", r"C:\x\a.csv", None, None),
            (r"C:\x\a.csv:table@erp", r"C:\x\a.csv", Some("table"), Some("erp")),
            ("a.csv:", "a.csv:", None, None),
            ("a.csv:@", "a.csv:@", None, None),
            (":kind", ":kind", None, None),
        ] {
            let file = parse(text, |path| path == Path::new("odd:name.csv"));
            let found = (file.path.to_str(), file.kind.as_deref(), file.source.as_deref());
            assert_eq!(found, (Some(path), kind, source), "{text}");
        }
    }
}
