//! Lists in a wrapper: `{"customers":[…],"next_page":2}` is its elements, whereas an order with its
//! line items is one record. An object of alike objects, by their ids, is a list too.

use std::io;

use rustc_hash::FxHashMap;

use super::bytes::{Feed, Source};
use super::encoding::Encoding;
use super::table::text;
use super::wrapper::{Inside, LOOK_DEPTH, LOOKED_INTO, Shape, Wrapped, beside, wrapped, wraps};
use crate::error::Result;

/// How deep a list may lie: `{"data":{"customers":{"edges":[…]}}}`.
const DEPTH_MAX: usize = 3;

/// More members than a wrapper has.
const MEMBERS_MAX: usize = 200;

/// A list within an object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct List {
    /// The keys that lead to it.
    pub(super) path: Vec<String>,
    /// Where it is an object of objects: the field that takes the key of each, which none of them
    /// has.
    pub(super) key_field: Option<&'static str>,
    /// Lists beside it that are not read.
    pub(super) beside: Vec<String>,
}

/// The list that this object wraps or is, or `None` where it is a record itself. The file is read
/// once for each key, and once more.
pub(super) fn find_list(source: &Source, encoding: Encoding) -> Result<Option<List>> {
    let mut path = Vec::new();
    while path.len() < DEPTH_MAX {
        let at = || -> Result<Feed> {
            let mut feed = text(source, encoding)?;
            descend(&mut feed, &path).map_err(|e| source.io(e))?;
            Ok(feed)
        };
        let whole = path.is_empty();
        let found = members(&mut at()?, whole).map_err(|e| source.io(e))?;
        match found.as_deref().map_or(Wrapped::Nothing, wrapped) {
            Wrapped::List(key) => {
                path.push(key);
                return Ok(Some(List { path, key_field: None, beside: Vec::new() }));
            }
            Wrapped::Object(key) => path.push(key),
            Wrapped::Nothing => {
                let scalar = |(_, shape): &(String, Shape)| *shape == Shape::Scalar;
                if found.as_ref().is_some_and(|members| members.iter().all(scalar)) {
                    return Ok(None);
                }
                let inside = match found {
                    Some(_) => insides(&mut at()?, whole).map_err(|e| source.io(e))?,
                    None => Vec::new(),
                };
                match wraps(&inside) {
                    Wrapped::List(key) => {
                        let beside = beside(&inside, &key);
                        path.push(key);
                        return Ok(Some(List { path, key_field: None, beside }));
                    }
                    Wrapped::Object(key) => {
                        path.push(key);
                        continue;
                    }
                    Wrapped::Nothing => {}
                }
                let keyed = keyed(&mut at()?, whole).map_err(|e| source.io(e))?;
                return Ok(keyed.map(|field| List {
                    path,
                    key_field: Some(field),
                    beside: Vec::new(),
                }));
            }
        }
    }
    Ok(None)
}

/// Goes from the start of an object to the inside of the value that the keys lead to: behind the
/// bracket that opens it, or to the end of the stream where there is none. With no keys it stays
/// at the start.
pub(super) fn descend(feed: &mut Feed, path: &[String]) -> io::Result<()> {
    let mut walker = Walker { feed };
    for (level, key) in path.iter().enumerate() {
        if level == 0 && walker.token()? != Some(b'{') {
            return walker.skip_rest();
        }
        if level == 0 {
            walker.feed.consume(1);
        }
        loop {
            match walker.token()? {
                Some(b'"') => {}
                Some(b',') => {
                    walker.feed.consume(1);
                    continue;
                }
                _ => return walker.skip_rest(),
            }
            let found = walker.key()?;
            if walker.token()? != Some(b':') {
                return walker.skip_rest();
            }
            walker.feed.consume(1);
            if found.as_deref() == Some(key.as_str()) {
                if !matches!(walker.token()?, Some(b'{' | b'[')) {
                    return walker.skip_rest();
                }
                walker.feed.consume(1);
                break;
            }
            if !walker.skip_value()? {
                return walker.skip_rest();
            }
        }
    }
    Ok(())
}

/// The members of the object at the feed (`whole`: before its bracket and alone in the file;
/// otherwise behind its bracket); `None` where it is no sound object or has too many.
fn members(feed: &mut Feed, whole: bool) -> io::Result<Option<Vec<(String, Shape)>>> {
    let mut walker = Walker { feed };
    if whole {
        if walker.token()? != Some(b'{') {
            return Ok(None);
        }
        walker.feed.consume(1);
    }
    let mut found = Vec::new();
    loop {
        match walker.token()? {
            Some(b'"') if found.len() < MEMBERS_MAX => {}
            Some(b',') if !found.is_empty() => {
                walker.feed.consume(1);
                continue;
            }
            Some(b'}') => {
                walker.feed.consume(1);
                let alone = !whole || walker.token()?.is_none();
                return Ok(alone.then_some(found));
            }
            _ => return Ok(None),
        }
        let Some(key) = walker.key()? else { return Ok(None) };
        if walker.token()? != Some(b':') {
            return Ok(None);
        }
        walker.feed.consume(1);
        let shape = match walker.token()? {
            Some(b'{') => Shape::Object,
            Some(b'[') => match walker.second_token()? {
                Some(b'{') => Shape::List { empty: false },
                Some(b']') => Shape::List { empty: true },
                _ => Shape::Array,
            },
            _ => Shape::Scalar,
        };
        if !walker.skip_value()? {
            return Ok(None);
        }
        found.push((key, shape));
    }
}

/// The members of the object at the feed (as for [`members`], which found it sound), looked into.
fn insides(feed: &mut Feed, whole: bool) -> io::Result<Vec<(String, Inside)>> {
    let mut walker = Walker { feed };
    if whole && walker.token()? == Some(b'{') {
        walker.feed.consume(1);
    }
    let mut found = Vec::new();
    while let Some(key) = walker.next_key()? {
        let Some(inside) = walker.inside(1)? else { return Ok(Vec::new()) };
        found.push((key, inside));
    }
    Ok(found)
}

/// Fewest members of a list by ids, and so many that even words as keys are ids.
const KEYED_MIN: u64 = 3;
const KEYED_MANY: u64 = 20;

/// Most different fields that the objects of such a list may have.
const KEYED_FIELDS: usize = 4096;

/// Names for the field that takes the key; the first one that no object has.
const KEY_FIELDS: &[&str] = &["key", "_key", "object_key", "member_key"];

/// Whether the object at the feed (as for [`members`]) is a list of objects by their ids: all but
/// some of its values are objects of mostly the same fields, and its keys are no names of fields.
/// The field that takes the key of each.
fn keyed(feed: &mut Feed, whole: bool) -> io::Result<Option<&'static str>> {
    let mut walker = Walker { feed };
    if whole {
        if walker.token()? != Some(b'{') {
            return Ok(None);
        }
        walker.feed.consume(1);
    }
    let (mut all, mut ids, mut objects) = (0_u64, 0_u64, 0_u64);
    let mut fields: FxHashMap<String, u64> = FxHashMap::default();
    loop {
        match walker.token()? {
            Some(b'"') => {}
            Some(b',') if all > 0 => {
                walker.feed.consume(1);
                continue;
            }
            Some(b'}') => {
                walker.feed.consume(1);
                if whole && walker.token()?.is_some() {
                    return Ok(None);
                }
                break;
            }
            _ => return Ok(None),
        }
        let Some(key) = walker.key()? else { return Ok(None) };
        if walker.token()? != Some(b':') {
            return Ok(None);
        }
        walker.feed.consume(1);
        all += 1;
        ids += u64::from(key.contains(|c: char| c.is_ascii_digit() || c == '@'));
        if walker.token()? == Some(b'{') {
            objects += 1;
            walker.feed.consume(1);
            let Some(found) = members(walker.feed, false)? else { return Ok(None) };
            for (field, _) in found {
                *fields.entry(field).or_default() += 1;
            }
            if fields.len() > KEYED_FIELDS {
                return Ok(None);
            }
        } else if !walker.skip_value()? {
            return Ok(None);
        }
    }
    let total: u64 = fields.values().sum();
    let shared: u64 = fields.values().filter(|&&count| count * 2 >= objects).sum();
    let alike = total > 0 && shared * 2 >= total;
    let by_id = ids * 2 >= all || all >= KEYED_MANY;
    if all < KEYED_MIN || objects * 10 < all * 9 || !alike || !by_id {
        return Ok(None);
    }
    Ok(KEY_FIELDS.iter().copied().find(|name| !fields.contains_key(*name)))
}

/// Reads the string at the feed; `None` where it is too long or no string.
pub(super) fn read_key(feed: &mut Feed) -> io::Result<Option<String>> {
    Walker { feed }.key()
}

/// Walks over JSON tokens of a stream; never holds more of it than a key.
struct Walker<'a> {
    feed: &'a mut Feed,
}

/// Longest key looked at.
const KEY_MAX: usize = 1024;

impl Walker<'_> {
    /// The next byte that is no blank; it stays in place.
    fn token(&mut self) -> io::Result<Option<u8>> {
        loop {
            let window = self.feed.data();
            if let Some(at) = window.iter().position(|b| !b.is_ascii_whitespace()) {
                let byte = window[at];
                self.feed.consume(at);
                return Ok(Some(byte));
            }
            self.feed.consume(self.feed.data().len());
            if !self.feed.more()? {
                return Ok(None);
            }
        }
    }

    /// The token after the one at hand, if it is near.
    fn second_token(&mut self) -> io::Result<Option<u8>> {
        self.feed.want(KEY_MAX)?;
        Ok(self.feed.data().iter().skip(1).copied().find(|b| !b.is_ascii_whitespace()))
    }

    /// Reads the string at hand; `None` where it is too long or no string.
    fn key(&mut self) -> io::Result<Option<String>> {
        self.feed.want(KEY_MAX)?;
        let window = self.feed.data();
        let mut end = 1;
        while let Some(&byte) = window.get(end) {
            match byte {
                b'"' => {
                    let key = serde_json::from_slice(&window[..=end]).ok();
                    self.feed.consume(end + 1);
                    return Ok(key);
                }
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        Ok(None)
    }

    /// Passes the comma before the next key of an object, the key and its colon; `None` at the end.
    fn next_key(&mut self) -> io::Result<Option<String>> {
        if self.token()? == Some(b',') {
            self.feed.consume(1);
        }
        if self.token()? != Some(b'"') {
            return Ok(None);
        }
        let key = self.key()?;
        if key.is_none() || self.token()? != Some(b':') {
            return Ok(None);
        }
        self.feed.consume(1);
        Ok(key)
    }

    /// Passes the value at hand and says what stands in it; `None` where it is broken.
    fn inside(&mut self, depth: usize) -> io::Result<Option<Inside>> {
        let Some(first) = self.token()? else { return Ok(None) };
        let list = first == b'[';
        if !list && first != b'{' {
            self.feed.want(KEY_MAX)?;
            let window = self.feed.data();
            let inside = match first {
                b'"' => {
                    let rest = &window[1..window.len().min(KEY_MAX)];
                    let end = memchr::memchr(b'"', rest).unwrap_or(rest.len());
                    Inside::scalar((end > 0).then_some(&rest[..end]))
                }
                b'n' | b'f' => Inside::default(),
                _ => Inside::scalar(Some(b"")),
            };
            return Ok(self.skip_value()?.then_some(inside));
        }
        let mut inside = if list { Inside::list() } else { Inside::object() };
        if depth >= LOOK_DEPTH {
            return Ok(self.skip_value()?.then_some(inside));
        }
        self.feed.consume(1);
        for at in 0.. {
            let key = if list {
                if self.token()? == Some(b',') {
                    self.feed.consume(1);
                }
                None
            } else {
                self.next_key()?
            };
            let end = if list { b']' } else { b'}' };
            if self.token()? == Some(end) {
                self.feed.consume(1);
                break;
            }
            if !list && key.is_none() {
                return Ok(None);
            }
            if at >= LOOKED_INTO {
                if !self.skip_value()? {
                    return Ok(None);
                }
                continue;
            }
            let Some(one) = self.inside(depth + 1)? else { return Ok(None) };
            match key {
                Some(key) => inside.member(&key, &one),
                None => inside.element(&one),
            }
        }
        Ok(Some(inside))
    }

    /// Passes the value at hand; false where it does not end.
    fn skip_value(&mut self) -> io::Result<bool> {
        let (mut depth, mut in_string, mut escaped) = (0_u64, false, false);
        let mut begun = false;
        loop {
            let window = self.feed.data();
            let mut at = 0;
            while at < window.len() {
                let byte = window[at];
                if in_string {
                    if escaped {
                        escaped = false;
                        at += 1;
                        continue;
                    }
                    let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', &window[at..]) else {
                        at = window.len();
                        break;
                    };
                    at += found;
                    match window[at] {
                        b'"' => in_string = false,
                        b'\\' => escaped = true,
                        _ => return Ok(false),
                    }
                    at += 1;
                    if !in_string && depth == 0 {
                        self.feed.consume(at);
                        return Ok(true);
                    }
                    continue;
                }
                match byte {
                    b'"' => in_string = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' | b',' if depth == 0 => {
                        self.feed.consume(at);
                        return Ok(begun);
                    }
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            self.feed.consume(at + 1);
                            return Ok(true);
                        }
                    }
                    _ => {}
                }
                begun = true;
                at += 1;
            }
            self.feed.consume(at);
            if !self.feed.more()? {
                return Ok(false);
            }
        }
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        loop {
            self.feed.consume(self.feed.data().len());
            if !self.feed.more()? {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::read::Limits;
    use crate::ingest::read::bytes::Origin;

    fn list(text: &str) -> Option<String> {
        let source = Source {
            origin: Origin::Memory(text.as_bytes().into()),
            name: "x".into(),
            limits: Limits::default(),
        };
        find_list(&source, Encoding::Utf8).unwrap().map(|list| {
            let key = list.key_field.map_or_else(String::new, |field| format!("[{field}]"));
            list.path.join(".") + &key
        })
    }

    #[test]
    fn objects_by_id_are_lists() {
        let lists = [
            (r#"{"users":{"-Nk1":{"n":1,"e":2},"-Nk2":{"n":1},"-Nk3":{"e":1}}}"#, "users[key]"),
            (r#"{"7":{"n":1,"key":2},"8":{"n":1},"9":{"n":{"x":[1]}}}"#, "[_key]"),
            (
                r#"{"data":{"users":{"a@x":{"n":1},"b@x":{"n":1},"c@x":{"n":1}}}}"#,
                "data.users[key]",
            ),
        ];
        for (text, path) in lists {
            assert_eq!(list(text).as_deref(), Some(path), "{text}");
        }
        let records = [
            r#"{"id":1,"billing":{"city":"x"},"shipping":{"city":"y"},"home":{"city":"z"}}"#,
            r#"{"customer":{"billing":{"city":"x"},"shipping":{"city":"y"},"home":{"city":"z"}}}"#,
            r#"{"customer":{"id":"x","a1":{"city":"x"},"a2":{"city":"y"},"a3":{"city":"z"}}}"#,
            r#"{"a1":{"b":1},"a2":{"c":1},"a3":{"d":1}}"#,
            r#"{"a1":{"b":1},"a2":{"b":1}}"#,
            r#"{"a1":{},"a2":{},"a3":{}}"#,
            r#"{"a1":{"b":1},"a2":{"b":1},"a3":{"b":1}"#,
            r#"{"a1":1,"a2":2,"a3":3}"#,
        ];
        for text in records {
            assert_eq!(list(text), None, "{text}");
        }
    }

    #[test]
    fn wrappers_are_told_from_records() {
        let wrappers = [
            (r#"{"customers":[{"id":1}]}"#, "customers"),
            (r#"{"data":[{"id":1}],"meta":{"pagination":{"total":1}}}"#, "data"),
            (r#"{"totalSize":1,"done":true,"records":[{"Id":"x"}]}"#, "records"),
            (r#"{"users":[{"id":1}],"next_page":null,"previous_page":null,"count":1}"#, "users"),
            (r#"{"object":"list","url":"/v1","has_more":false,"data":[{"id":"x"}]}"#, "data"),
            (r#"{"@odata.context":"x","value":[{"id":1}],"@odata.nextLink":"y"}"#, "value"),
            (r#"{"message":"success","users":[{"a":1}],"invalid_user_ids":["x"]}"#, "users"),
            (r#"{"customers":[],"total":0}"#, "customers"),
            (
                r#"{"data":{"customers":{"edges":[{"node":{"id":1}}],"pageInfo":{}}}}"#,
                "data.customers.edges",
            ),
            (r#"{"extracted":"2026","tenant":"x","contacts":[{"a":1}]}"#, "contacts"),
            (r#"{"type":"list","data":[{"id":1}],"total_count":1,"pages":{"next":null}}"#, "data"),
        ];
        for (text, path) in wrappers {
            assert_eq!(list(text).as_deref(), Some(path), "{text}");
        }
        let records = [
            r#"{"id":1,"line_items":[{"id":2}],"email":"x"}"#,
            r#"{"order_number":7,"items":[{"id":2}],"total":3}"#,
            r#"{"customer":{"id":1,"addresses":[{"id":2}]}}"#,
            r#"{"users":[{"id":1}],"organizations":[{"id":2}]}"#,
            r#"{"id":1}"#,
            r#"{}"#,
            r#"{"a":1}{"b":[{"c":1}]}"#,
            r#"{"specversion":"1.0","id":"x","data":{"customers":[{"a":1}]}}"#,
            r#"{"name":"Ann","tags":["a"]}"#,
            r#"{"email":"x","addresses":[]}"#,
            r#"{"customers":[{"id":1}"#,
        ];
        for text in records {
            assert_eq!(list(text), None, "{text}");
        }
    }
}
