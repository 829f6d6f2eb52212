//! One JSON value as a row: checked in one pass without building it, and written without the
//! blanks between its tokens.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{Limits, Sound, thousands};

/// The record that `bytes` hold, as text, or why they hold none.
pub(super) fn record(bytes: &[u8], limits: &Limits, label: &str) -> Sound<String> {
    let text = std::str::from_utf8(bytes).map_err(|_| format!("bytes that are no {label}"))?;
    let kind = check(text, limits)?;
    if kind != Kind::Object {
        return Err("a JSON value that is no object".into());
    }
    Ok(without_blanks(text))
}

/// The cells that an array of scalars holds (`null` is an empty cell; values that are no scalars
/// stay JSON), or why it holds none.
pub(super) fn cells(bytes: &[u8], limits: &Limits, label: &str) -> Sound<Vec<String>> {
    let text = std::str::from_utf8(bytes).map_err(|_| format!("bytes that are no {label}"))?;
    if check(text, limits)? != Kind::Array {
        return Err("a JSON value that is no array, where the first one is".into());
    }
    let values: Vec<serde_json::Value> =
        serde_json::from_str(text).map_err(|e| format!("invalid JSON: {e}"))?;
    let cell = |value| match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(values.into_iter().map(cell).collect())
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    Scalar,
}

/// Checks form and limits of a value. The reason of a failure never quotes it.
fn check(text: &str, limits: &Limits) -> Sound<Kind> {
    let keys = Cell::new(0);
    let mut parser = serde_json::Deserializer::from_str(text);
    let seed = Check { limits, depth: 0, keys: &keys };
    let checked = seed.deserialize(&mut parser).and_then(|kind| parser.end().map(|()| kind));
    checked.map_err(|e| {
        let message = e.to_string();
        match message.split_once(OWN) {
            // serde_json adds a position to our own sentences; it is of no use in a single row.
            Some((_, own)) => own.split(" at line ").next().unwrap_or(own).to_owned(),
            None if message.contains("surrogate") || message.contains("unexpected end of hex") => {
                "half of a surrogate pair in a JSON string".into()
            }
            None => format!("invalid JSON: {message}"),
        }
    })
}

/// Marks the sentences of this module among those of serde_json.
const OWN: &str = "\u{1}";

#[derive(Clone, Copy)]
struct Check<'a> {
    limits: &'a Limits,
    depth: usize,
    keys: &'a Cell<usize>,
}

impl Check<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth + 1;
        if depth > self.limits.json_depth {
            let limit = self.limits.json_depth;
            return Err(E::custom(format!(
                "{OWN}JSON nested deeper than {limit} (limits.json_depth)"
            )));
        }
        Ok(Self { depth, ..self })
    }

    fn string<E: serde::de::Error>(self, text: &str) -> Result<Kind, E> {
        if memchr::memchr(0, text.as_bytes()).is_some() {
            return Err(E::custom(format!("{OWN}a NUL character in a JSON string")));
        }
        if text.len() > self.limits.cell_bytes {
            return Err(E::custom(format!(
                "{OWN}string of {} bytes, over the limit of {} (limits.cell)",
                thousands(text.len() as u64),
                thousands(self.limits.cell_bytes as u64)
            )));
        }
        Ok(Kind::Scalar)
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_> {
    type Value = Kind;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kind, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }
    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Kind, E> {
        self.string(text)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Kind, A::Error> {
        let inner = self.deeper()?;
        while seq.next_element_seed(inner)?.is_some() {}
        Ok(Kind::Array)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let inner = self.deeper()?;
        while map.next_key_seed(inner)?.is_some() {
            self.keys.set(self.keys.get() + 1);
            if self.keys.get() > self.limits.columns {
                let limit = thousands(self.limits.columns as u64);
                return Err(A::Error::custom(format!(
                    "{OWN}more than {limit} keys (limits.columns)"
                )));
            }
            map.next_value_seed(inner)?;
        }
        Ok(Kind::Object)
    }
}

/// The value without blanks between tokens: the same record has the same text, however its file
/// was indented.
fn without_blanks(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = string_end(bytes, at + 1),
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.push_str(&text[copied..at]);
                while at < bytes.len() && bytes[at].is_ascii_whitespace() {
                    at += 1;
                }
                copied = at;
            }
            _ => at += 1,
        }
    }
    out.push_str(&text[copied..]);
    out
}

/// The position after the string whose inside begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        at += found;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at = (at + 2).min(bytes.len());
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Sound<String> {
        let limits = Limits { cell_bytes: 20, json_depth: 4, columns: 5, ..Limits::default() };
        record(text.as_bytes(), &limits, "UTF-8")
    }

    #[test]
    fn records_lose_only_blanks() {
        let cases = [
            (r#"{"a":1}"#, r#"{"a":1}"#),
            (
                "{ \"a b\" : [ 1.50 , \"x \\\" y\" ] ,\r\n\t\"c\" : null }",
                r#"{"a b":[1.50,"x \" y"],"c":null}"#,
            ),
            (r#"{"a":"\u00e9 \\"}"#, r#"{"a":"\u00e9 \\"}"#),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn bad_records_say_why_and_quote_nothing() {
        let cases = [
            (r#"{"a":"#, "invalid JSON: EOF while parsing a value at line 1 column 5"),
            (r#"[1]"#, "a JSON value that is no object"),
            (r#"{"a":"x\u0000y"}"#, "a NUL character in a JSON string"),
            (r#"{"a\u0000":1}"#, "a NUL character in a JSON string"),
            (r#"{"a":[[[[1]]]]}"#, "JSON nested deeper than 4 (limits.json_depth)"),
            (
                r#"{"a":"012345678901234567890123456789"}"#,
                "string of 30 bytes, over the limit of 20 (limits.cell)",
            ),
            (r#"{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}"#, "more than 5 keys (limits.columns)"),
            (r#"{"a":1} secret"#, "invalid JSON: trailing characters at line 1 column 9"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Err(expected.into()));
        }
        for text in [r#"{"a":"\ud800"}"#, r#"{"a":"\ud800x"}"#, r#"{"a":"\udc00"}"#] {
            assert_eq!(read(text).unwrap_err(), "half of a surrogate pair in a JSON string");
        }
        assert!(read("{\"a\":\"x\0\"}").unwrap_err().contains("control character"));
    }

    #[test]
    fn arrays_become_cells() {
        let text = br#"["a", 2, 1.5, null, true, {"b":1}]"#;
        let cells = cells(text, &Limits::default(), "UTF-8").unwrap();
        assert_eq!(cells, ["a", "2", "1.5", "", "true", r#"{"b":1}"#]);
    }
}
