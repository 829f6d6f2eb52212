use std::io::Read;
use std::path::Path;

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, ErrorKind, Result};
use crate::model::RecordKey;

/// Labelled records: `record_id,truth_id[,source]`, in any order of columns; further ones are
/// ignored.
#[derive(Debug)]
pub struct Truth {
    /// (source, record id, label); the source is empty where the file has no such column.
    rows: Vec<(String, String, u32)>,
    has_source: bool,
    ids_unique: bool,
}

/// Which record of the result each row of the truth is.
#[derive(Debug)]
pub struct Alignment {
    /// By row of the truth; `None` where the result lacks it.
    pub ordinals: Vec<Option<u32>>,
}

impl Truth {
    /// Reads a CSV file, also gzipped.
    ///
    /// # Errors
    /// Unreadable, a column is missing, or a record stands twice.
    pub fn load(path: &Path) -> Result<Self> {
        let file = std::fs::File::open(path).map_err(|error| Error::io(path, error))?;
        let file = std::io::BufReader::new(file);
        let name = path.display().to_string();
        if path.extension().is_some_and(|e| e == "gz") {
            Self::read(flate2::read::MultiGzDecoder::new(file), &name)
        } else {
            Self::read(file, &name)
        }
    }

    /// Reads CSV; `name` is what errors call it.
    ///
    /// # Errors
    /// As [`Truth::load`].
    pub fn read(reader: impl Read, name: &str) -> Result<Self> {
        let broken = |error: csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            Error::new(ErrorKind::Input, "not a CSV table in UTF-8 with equal rows")
                .at(format!("{name}:{line}"))
        };
        let mut reader = csv::ReaderBuilder::new().from_reader(reader);
        let head = reader.headers().map_err(broken)?.clone();
        let column = |wanted: &str| {
            head.iter().position(|cell| cell.trim_start_matches('\u{feff}').trim() == wanted)
        };
        let need = |wanted: &str| {
            column(wanted).ok_or_else(|| {
                Error::new(ErrorKind::Input, format!("no column `{wanted}`"))
                    .at(format!("{name}:1"))
                    .hint("a truth file has the columns record_id, truth_id and, where ids repeat between sources, source")
            })
        };
        let (id_column, label_column, source_column) =
            (need("record_id")?, need("truth_id")?, column("source"));
        let mut labels: FxHashMap<String, u32> = FxHashMap::default();
        let mut rows = Vec::new();
        for row in reader.records() {
            let row = row.map_err(broken)?;
            let cell = |at: usize| row.get(at).unwrap_or_default().to_owned();
            let next = labels.len() as u32;
            let label = *labels.entry(cell(label_column)).or_insert(next);
            rows.push((source_column.map_or_else(String::new, cell), cell(id_column), label));
        }
        let truth = Self { ids_unique: false, has_source: source_column.is_some(), rows };
        truth.check(name)
    }

    fn check(mut self, name: &str) -> Result<Self> {
        let mut keys = FxHashSet::default();
        let mut ids = FxHashSet::default();
        let mut unique = true;
        for (at, (source, id, _)) in self.rows.iter().enumerate() {
            unique &= ids.insert(id.as_str());
            if !keys.insert((source.as_str(), id.as_str())) {
                return Err(Error::new(ErrorKind::Input, "a record stands twice")
                    .at(format!("{name}:{}", at + 2)));
            }
        }
        self.ids_unique = unique;
        Ok(self)
    }

    /// Number of labelled records.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is labelled.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The truth's entity of each row, as a number.
    pub fn labels(&self) -> Vec<u32> {
        self.rows.iter().map(|(_, _, label)| *label).collect()
    }

    /// Finds each row among the result's keys (in ordinal order): by record id alone where these are
    /// unique on both sides, else by source and record id.
    ///
    /// # Errors
    /// What the iterator returns; or ids repeat and the truth does not say the source.
    pub fn align(&self, keys: impl Iterator<Item = Result<RecordKey>>) -> Result<Alignment> {
        let mut by_id: FxHashMap<&str, usize> = FxHashMap::default();
        let mut by_key: FxHashMap<(&str, &str), usize> = FxHashMap::default();
        for (row, (source, id, _)) in self.rows.iter().enumerate() {
            by_key.insert((source, id), row);
            if self.ids_unique {
                by_id.insert(id, row);
            }
        }
        let mut from_id = vec![None; self.rows.len()];
        let mut from_key = vec![None; self.rows.len()];
        let mut seen: FxHashSet<u64> = FxHashSet::default();
        let (mut keys_unique, mut twice) = (true, false);
        for (ordinal, key) in (0_u32..).zip(keys) {
            let key = key?;
            keys_unique &= seen.insert(xxh3_64(key.id.as_bytes()));
            if let Some(row) = by_id.get(&*key.id) {
                from_id[*row] = Some(ordinal);
            }
            if let Some(row) = by_key.get(&(&*key.source, &*key.id)) {
                twice |= from_key[*row].replace(ordinal).is_some();
            }
        }
        if self.ids_unique && keys_unique {
            return Ok(Alignment { ordinals: from_id });
        }
        if !self.has_source {
            return Err(Error::new(
                ErrorKind::Input,
                "record ids repeat between sources, and the truth does not name the source",
            )
            .hint("add a column `source`, with the names that `sameas status` shows"));
        }
        if twice {
            return Err(Error::new(
                ErrorKind::Input,
                "a record id of the truth stands for two objects of its source",
            ));
        }
        Ok(Alignment { ordinals: from_key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn align(truth: &str, keys: &[(&str, &str)]) -> Result<Vec<Option<u32>>> {
        let truth = Truth::read(truth.as_bytes(), "truth.csv")?;
        let keys = keys.iter().map(|(source, id)| Ok(RecordKey::new(source, "customer", id)));
        truth.align(keys).map(|alignment| alignment.ordinals)
    }

    #[test]
    fn ids_alone_suffice_where_unique_else_the_source_decides() {
        let keys = [("crm", "1"), ("shop", "2")];
        assert_eq!(
            align("record_id,truth_id\n2,x\n1,x\n9,y\n", &keys).unwrap(),
            [Some(1), Some(0), None]
        );
        assert_eq!(
            align("\u{feff}truth_id,record_id,source\nx,2,OTHER\n", &keys).unwrap(),
            [Some(1)],
            "sources named otherwise"
        );
        let keys = [("crm", "1"), ("shop", "1")];
        assert_eq!(align("source,record_id,truth_id\nshop,1,x\n", &keys).unwrap(), [Some(1)]);
        let error = align("record_id,truth_id\n1,x\n", &keys).unwrap_err();
        assert!(error.remedy().unwrap().contains("source"));
    }

    #[test]
    fn errors_name_the_line() {
        for (text, message) in [
            ("record_id\n1\n", "truth.csv:1: no column `truth_id`"),
            ("record_id,truth_id\n1,x\n2,x\n1,y\n", "truth.csv:4: a record stands twice"),
            (
                "record_id,truth_id\n1,x\n2\n",
                "truth.csv:3: not a CSV table in UTF-8 with equal rows",
            ),
        ] {
            assert_eq!(align(text, &[]).unwrap_err().to_string(), message);
        }
    }
}
