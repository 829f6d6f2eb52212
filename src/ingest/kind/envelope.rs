//! Messages that carry a record: opening them. A pure function of the value, so that a stored row
//! opens as it did at ingest.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::map::EnvelopeFacts;
use super::spec::{self, Condition};
use super::value::{Columns, Step, Test, View, parse_path, text_of, walk};
use crate::error::Result;
use crate::ingest::read::wrapper::{Wrapped, wraps_value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    envelope: Vec<EnvelopeSpec>,
    list: ListSpec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeSpec {
    all: Vec<String>,
    /// No other keys.
    #[serde(default)]
    only: bool,
    at: Vec<String>,
    updated_at: Option<String>,
    #[serde(default)]
    deleted: Vec<Condition>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListSpec {
    keys: Vec<String>,
    paging: Vec<String>,
}

struct Envelope {
    all: Vec<Vec<Step>>,
    only: bool,
    at: Vec<Vec<Step>>,
    updated_at: Option<Vec<Step>>,
    deleted: Vec<Test>,
}

/// The envelopes known.
pub(super) struct Envelopes {
    envelopes: Vec<Envelope>,
    list: ListSpec,
}

const DEEPEST: usize = 6;

impl Envelopes {
    /// The compiled-in table.
    pub(super) fn builtin() -> &'static Self {
        static TABLE: OnceLock<Envelopes> = OnceLock::new();
        TABLE.get_or_init(|| {
            Self::parse(include_str!("../../../data/reference/envelopes.toml"))
                .unwrap_or(Self { envelopes: Vec::new(), list: ListSpec::default() })
        })
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let table: Table = spec::parse(text, "envelopes.toml")?;
        let paths = |list: &[String]| list.iter().map(|path| parse_path(path)).collect();
        let mut columns = Columns::new(&[] as &[&str], true);
        let envelopes = table.envelope.iter().map(|one| Envelope {
            all: paths(&one.all),
            only: one.only,
            at: paths(&one.at),
            updated_at: one.updated_at.as_deref().map(parse_path),
            deleted: one.deleted.iter().map(|test| Test::new(test, &mut columns, None)).collect(),
        });
        Ok(Self { envelopes: envelopes.collect(), list: table.list })
    }

    /// The records in a value, mostly itself. What the envelope says goes to `facts`, which hold for
    /// a single record only.
    pub(super) fn open<'a>(&self, value: &'a Value, facts: &mut EnvelopeFacts) -> Vec<&'a Value> {
        let mut out = Vec::new();
        self.go(value, facts, &mut out, 0);
        if out.len() != 1 {
            *facts = EnvelopeFacts::default();
        }
        out
    }

    fn go<'a>(
        &self,
        value: &'a Value,
        facts: &mut EnvelopeFacts,
        out: &mut Vec<&'a Value>,
        depth: usize,
    ) {
        match value {
            Value::Array(list) if depth < DEEPEST => {
                list.iter().for_each(|one| self.go(one, facts, out, depth + 1));
            }
            Value::Object(map) if depth < DEEPEST => match self.inner(value, map, facts) {
                Some(inner) => self.go(inner, facts, out, depth + 1),
                None => out.push(value),
            },
            _ => out.push(value),
        }
    }

    fn inner<'a>(
        &self,
        value: &'a Value,
        map: &'a Map<String, Value>,
        facts: &mut EnvelopeFacts,
    ) -> Option<&'a Value> {
        for envelope in &self.envelopes {
            let fits = envelope.all.iter().all(|path| node(value, path).is_some())
                && (!envelope.only || map.len() == envelope.all.len());
            if !fits {
                continue;
            }
            let inner = envelope
                .at
                .iter()
                .filter_map(|path| node(value, path))
                .find(|inner| inner.is_object() || inner.is_array())?;
            if let Some(path) = &envelope.updated_at
                && facts.updated_at.is_none()
            {
                facts.updated_at =
                    node(value, path).and_then(text_of).map(std::borrow::Cow::into_owned);
            }
            facts.deleted |= envelope.deleted.iter().any(|test| test.holds(View::json(value)));
            return Some(inner);
        }
        self.listed(map).or_else(|| match wraps_value(map) {
            Wrapped::List(key) | Wrapped::Object(key) => map.get(&key),
            Wrapped::Nothing => None,
        })
    }

    /// `{"customers": […], "next": …}`.
    fn listed<'a>(&self, map: &'a Map<String, Value>) -> Option<&'a Value> {
        let key = self.list.keys.iter().find(|key| {
            map.get(*key).is_some_and(|inner| match inner {
                Value::Array(list) => list.iter().all(|one| one.is_object() || one.is_array()),
                Value::Object(_) => true,
                _ => false,
            })
        })?;
        let others_page = map.keys().all(|other| other == key || self.list.paging.contains(other));
        if !others_page {
            return None;
        }
        let inner = map.get(key)?;
        // `{"type": "profile", "attributes": {…}}` is a record, `{"data": {…}}` is not.
        (map.len() == 1 || inner.is_array() || key == "data" || key == "payload").then_some(inner)
    }
}

/// The first node at a path, lists not gone through.
fn node<'a>(value: &'a Value, path: &[Step]) -> Option<&'a Value> {
    let mut found = None;
    if let Some((Step::Key(key), rest)) = path.split_first() {
        let inner = value.as_object()?.get(key)?;
        if rest.is_empty() {
            return (!inner.is_null()).then_some(inner).or(Some(inner));
        }
        return node(inner, rest);
    }
    walk(value, path, &mut |inner| {
        found = Some(inner);
        false
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_envelopes() {
        for (text, want) in [
            (r#"{"id":1,"email":"a"}"#, 1),
            (r#"{"customers":[{"id":1},{"id":2}],"next":null}"#, 2),
            (
                r#"{"specversion":"1.0","type":"x.updated","source":"/a","id":"9","data":{"id":1}}"#,
                1,
            ),
            (r#"{"data":{"customers":{"edges":[{"node":{"id":1}},{"node":{"id":2}}]}}}"#, 2),
            (r#"{"object":"event","type":"customer.deleted","data":{"object":{"id":1}}}"#, 1),
            (r#"{"shop_id":1,"shop_domain":"x","customer":{"id":1},"orders_to_redact":[]}"#, 1),
        ] {
            let value: Value = serde_json::from_str(text).expect("json");
            let mut facts = EnvelopeFacts::default();
            let opened = Envelopes::builtin().open(&value, &mut facts);
            assert_eq!(opened.len(), want, "{text}");
            assert_eq!(facts.deleted, text.contains("deleted"), "{text}");
            let whole = text.contains("shop_domain");
            assert_eq!(opened[0].get("id").is_some(), !whole, "{text}");
        }
    }
}
