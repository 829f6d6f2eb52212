//! What tells an answer of an API, which wraps a list of records, from a record that has lists in it.
//! Pure: what stands in a document is found by its readers, here and in `kind`.

use serde_json::{Map, Value};

/// Names of members that speak of the list and not of a thing: folded by [`fold`].
const PAGING: &[&str] = &[
    "afterurl",
    "beforeurl",
    "context",
    "count",
    "currentpage",
    "cursor",
    "done",
    "endofstream",
    "endtime",
    "errors",
    "failed",
    "first",
    "firstpage",
    "from",
    "hasmore",
    "hasnext",
    "hasnextpage",
    "href",
    "invaliduserids",
    "last",
    "lastpage",
    "limit",
    "links",
    "link",
    "message",
    "meta",
    "metadata",
    "more",
    "nbpages",
    "next",
    "nextcursor",
    "nextlink",
    "nextpage",
    "nextpagetoken",
    "nextrecordsurl",
    "nexttoken",
    "object",
    "offset",
    "ok",
    "page",
    "pageinfo",
    "pagenumber",
    "pagesize",
    "pages",
    "paging",
    "pagination",
    "perpage",
    "prev",
    "prevcursor",
    "previous",
    "previouscursor",
    "previouspage",
    "prevpage",
    "self",
    "size",
    "skip",
    "start",
    "starttime",
    "status",
    "success",
    "take",
    "time",
    "to",
    "top",
    "total",
    "totalcount",
    "totalpages",
    "totalrecords",
    "totalresults",
    "totalsize",
    "type",
    "uri",
    "url",
    "version",
    "aftercursor",
    "beforecursor",
    "generatedat",
    "exportedat",
    "exportdate",
    "extensions",
    "code",
    "pagetoken",
    "nextpagelink",
    "request",
    "requestid",
    "deltalink",
    "jsonrpc",
    "length",
    "maxresults",
    "startposition",
];

/// Names of lists that wrappers use, where other members are of unknown meaning.
const LISTS: &[&str] = &[
    "accounts",
    "companies",
    "contacts",
    "content",
    "customers",
    "data",
    "documents",
    "edges",
    "elements",
    "entities",
    "entries",
    "items",
    "leads",
    "list",
    "members",
    "nodes",
    "objects",
    "orders",
    "organizations",
    "people",
    "persons",
    "profiles",
    "records",
    "response",
    "result",
    "results",
    "rows",
    "subscribers",
    "tickets",
    "users",
    "value",
    "values",
];

pub(super) fn fold(key: &str) -> String {
    let tail = key.rsplit('.').next().unwrap_or(key);
    tail.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The form of a member of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Scalar,
    Object,
    /// With objects in it, as far as its first element shows; or empty.
    List {
        empty: bool,
    },
    /// Of scalars or arrays.
    Array,
}

/// What an object is round.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::ingest) enum Wrapped {
    /// The list with this key.
    List(String),
    /// An object with this key, which wraps a list in its turn.
    Object(String),
    /// Nothing: it is a record.
    Nothing,
}

/// What an object with these members wraps.
///
/// A wrapper has one list of objects, and beside it only members that speak of paging. Where one
/// of these is of unknown meaning the list must bear a name that wrappers use, and no member may
/// say that this is a thing of its own (an id, a number, a mail address, a name).
pub(super) fn wrapped(members: &[(String, Shape)]) -> Wrapped {
    let others = |except: &str| {
        members
            .iter()
            .filter(|(key, _)| key != except)
            .map(|(key, shape)| (fold(key), *shape))
            .collect::<Vec<_>>()
    };
    let paging = |(key, _): &(String, Shape)| PAGING.contains(&key.as_str());
    let mut lists: Vec<_> =
        members.iter().filter(|(_, s)| *s == Shape::List { empty: false }).collect();
    if lists.is_empty() {
        lists = members
            .iter()
            .filter(|(key, s)| {
                *s == Shape::List { empty: true } && !PAGING.contains(&fold(key).as_str())
            })
            .collect();
    }
    if let [(list, _)] = lists[..] {
        let others = others(list);
        let of_its_own = |(key, _): &(String, Shape)| ends_in(key, OWN);
        let flat = |(_, shape): &(String, Shape)| matches!(shape, Shape::Scalar);
        let named = LISTS.contains(&fold(list).as_str());
        let known = others.iter().all(paging);
        let likely = named && others.iter().all(|m| paging(m) || flat(m) && !of_its_own(m));
        if known || likely {
            return Wrapped::List(list.clone());
        }
        return Wrapped::Nothing;
    }
    let objects: Vec<_> = members
        .iter()
        .filter(|(key, s)| *s == Shape::Object && !PAGING.contains(&fold(key).as_str()))
        .collect();
    match objects[..] {
        [(key, _)] if lists.is_empty() && others(key).iter().all(paging) => {
            Wrapped::Object(key.clone())
        }
        _ => Wrapped::Nothing,
    }
}

/// Ends of the names of what says that something is a thing of its own: folded by [`fold`].
const OWN: &[&str] = &["id", "number", "email", "name", "key", "createdat", "phone"];

/// Names among them that a message has too.
const OF_MESSAGES: &[&str] = &["id", "key", "createdat"];

/// Ends of the names of ids, and parts of names that end so and are none.
const IDS: &[&str] = &["id", "key", "number", "nummer", "code", "nr", "numero", "codigo"];
const NO_IDS: &[&str] =
    &["phone", "tel", "mobil", "fax", "post", "zip", "country", "region", "area", "house", "haus"];

/// Parts of the names of names, in the languages of the header words.
const NAMES: &[&str] =
    &["name", "nom", "naam", "imie", "nazwisko", "apellido", "jmeno", "navn", "namn"];

fn ends_in(key: &str, ends: &[&str]) -> bool {
    ends.iter().any(|end| key.ends_with(end))
}

/// Elements of a list, and members of an object, that are looked into; what follows is like them.
pub(super) const LOOKED_INTO: usize = 50;

/// How deep a value is looked into.
pub(super) const LOOK_DEPTH: usize = 6;

/// What stands in a value, as far as it tells rows from a record. Keys and values are looked at, none
/// is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ingest) struct Inside {
    form: Form,
    /// One of its scalars says that it is a thing of its own.
    own: bool,
    /// An id, a name and a mail address among its scalars; of a list, those of its elements.
    id: bool,
    name: bool,
    mail: bool,
    /// As those, in the objects and lists directly in it: `"email": [{"value": …}]`.
    name_near: bool,
    mail_near: bool,
    /// Elements that are objects, and those that have all three: of a list, or of the longest list of
    /// such in the objects within an object.
    elements: u64,
    people: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    /// `null`, `false`, an empty text.
    #[default]
    Empty,
    Scalar,
    Object,
    List,
}

impl Inside {
    /// A scalar, or the first bytes of it; `None` for one that says nothing.
    pub(super) fn scalar(text: Option<&[u8]>) -> Self {
        let Some(text) = text else { return Self::default() };
        let mail = memchr::memchr(b'@', text).is_some_and(|at| {
            let blank = memchr::memchr3(b' ', b'/', b':', text).is_some();
            at > 0 && !blank && memchr::memchr(b'.', &text[at..]).is_some_and(|dot| dot > 1)
        });
        Self { form: Form::Scalar, mail, ..Self::default() }
    }

    pub(super) fn object() -> Self {
        Self { form: Form::Object, ..Self::default() }
    }

    pub(super) fn list() -> Self {
        Self { form: Form::List, ..Self::default() }
    }

    /// Takes a member of this object into account.
    pub(super) fn member(&mut self, key: &str, value: &Self) {
        let key = fold(key);
        if value.form == Form::Scalar {
            self.own |= ends_in(&key, OWN) && !PAGING.contains(&key.as_str());
            self.mail |= value.mail;
            self.id |= ends_in(&key, IDS) && !NO_IDS.iter().any(|part| key.contains(part));
            self.name |= NAMES.iter().any(|part| key.contains(part));
        } else {
            self.id |= key == "node" && value.id;
            self.name_near |= value.name;
            self.mail_near |= value.mail;
        }
        if value.people > self.people {
            (self.people, self.elements) = (value.people, value.elements);
        }
    }

    /// Takes an element of this list into account.
    pub(super) fn element(&mut self, value: &Self) {
        if value.form == Form::Object {
            self.elements += 1;
            let (name, mail) = (value.name || value.name_near, value.mail || value.mail_near);
            self.people += u64::from(value.id && name && mail);
        }
        self.name |= value.name;
        self.mail |= value.mail;
    }

    /// A list of people, or an object with one: most elements have an id, a name and a mail address.
    fn has_people(&self) -> bool {
        self.people > 0 && self.people * 2 >= self.elements
    }

    /// A list of several people.
    fn is_crowd(&self) -> bool {
        self.form == Form::List && self.people > 1 && self.has_people()
    }

    /// What stands in a value at hand.
    fn of(value: &Value, depth: usize) -> Self {
        match value {
            Value::Null | Value::Bool(false) => Self::default(),
            Value::String(text) if text.is_empty() => Self::default(),
            Value::String(text) => Self::scalar(Some(text.as_bytes())),
            Value::Bool(true) | Value::Number(_) => Self::scalar(Some(b"")),
            Value::Object(map) => {
                let mut inside = Self::object();
                if depth < LOOK_DEPTH {
                    for (key, value) in map.iter().take(LOOKED_INTO) {
                        inside.member(key, &Self::of(value, depth + 1));
                    }
                }
                inside
            }
            Value::Array(list) => {
                let mut inside = Self::list();
                if depth < LOOK_DEPTH {
                    for value in list.iter().take(LOOKED_INTO) {
                        inside.element(&Self::of(value, depth + 1));
                    }
                }
                inside
            }
        }
    }
}

/// Whether members say that an object is a thing by itself: a person, or something with a name or
/// number; and whether anything in it has as much as an id.
fn says_thing(members: &[(String, Inside)]) -> (bool, bool) {
    let (mut thing, mut own) = (false, false);
    for (key, inside) in members {
        let key = fold(key);
        if PAGING.contains(&key.as_str()) {
            continue;
        }
        match inside.form {
            Form::Scalar => {
                let says = ends_in(&key, OWN);
                own |= says;
                thing |= inside.mail || says && !OF_MESSAGES.contains(&key.as_str());
            }
            Form::Object => {
                own |= inside.own && !inside.has_people();
                thing |= inside.mail;
            }
            Form::Empty | Form::List => {}
        }
    }
    (thing, own)
}

/// What an object wraps, however its keys are called: a list of people, each with an id, a name and a
/// mail address, where nothing beside it is a person or a thing itself (an order with its buyer, a
/// company with its contacts). The id of a message is none. Lists of other things must bear a name
/// that wrappers use.
pub(super) fn wraps(members: &[(String, Inside)]) -> Wrapped {
    let found = wraps_people(members);
    let (thing, own) = says_thing(members);
    let people = members.iter().any(|(_, inside)| inside.has_people());
    if found != Wrapped::Nothing || thing || own || people {
        return found;
    }
    let mut lists = members.iter().filter(|(key, inside)| {
        let list = inside.form == Form::List && inside.elements > 0;
        list && !PAGING.contains(&fold(key).as_str())
    });
    match (lists.next(), lists.next()) {
        (Some((key, _)), None) if LISTS.contains(&fold(key).as_str()) => Wrapped::List(key.clone()),
        _ => Wrapped::Nothing,
    }
}

/// As [`wraps`], lists of people only.
fn wraps_people(members: &[(String, Inside)]) -> Wrapped {
    if says_thing(members).0 {
        return Wrapped::Nothing;
    }
    let of_people = |form| {
        let mut found = members.iter().filter(|(_, one)| one.form == form && one.has_people());
        (found.next(), found.next().is_some())
    };
    match (of_people(Form::List), of_people(Form::Object)) {
        ((Some((key, _)), false), _) => Wrapped::List(key.clone()),
        ((None, _), (Some((key, _)), false)) => Wrapped::Object(key.clone()),
        _ => Wrapped::Nothing,
    }
}

/// The lists of things beside the one that is taken for the rows.
pub(super) fn beside(members: &[(String, Inside)], rows: &str) -> Vec<String> {
    let list = |(key, inside): &&(String, Inside)| {
        inside.form == Form::List && inside.elements > 0 && key != rows
    };
    members.iter().filter(list).map(|(key, _)| key.clone()).collect()
}

/// As [`wraps`], of a row at hand, and lists of people only: a row may well be a form with its
/// `values`.
pub(in crate::ingest) fn wraps_value(map: &Map<String, Value>) -> Wrapped {
    let nested = |value: &Value| value.is_object() || value.is_array();
    if !map.values().any(nested) {
        return Wrapped::Nothing;
    }
    // Most rows are things by their own scalars, a mail address above all: nothing else is looked at
    // then.
    let scalars = || map.iter().filter(|(_, value)| !nested(value));
    let is_thing =
        |(key, value): (&String, &Value)| says_thing(&[(key.clone(), Inside::of(value, 1))]).0;
    let has_mail = |(key, value): (&String, &Value)| {
        Inside::of(value, 1).mail && !PAGING.contains(&fold(key).as_str())
    };
    if scalars().any(has_mail) || scalars().any(is_thing) {
        return Wrapped::Nothing;
    }
    let inside = |(key, value): (&String, &Value)| (key.clone(), Inside::of(value, 1));
    wraps_people(&map.iter().map(inside).collect::<Vec<_>>())
}

/// The lists of several people in an object, by their paths: such a list is no part of a person.
pub(in crate::ingest) fn crowds(map: &Map<String, Value>) -> Vec<String> {
    fn go<'v>(map: &'v Map<String, Value>, path: &mut Vec<&'v str>, found: &mut Vec<String>) {
        for (key, value) in map {
            path.push(key);
            match value {
                Value::Object(inner) if path.len() < LOOK_DEPTH => go(inner, path, found),
                Value::Array(list)
                    if list.len() > 1 && Inside::of(value, path.len()).is_crowd() =>
                {
                    found.push(path.join("."));
                }
                _ => {}
            }
            path.pop();
        }
    }
    let mut found = Vec::new();
    go(map, &mut Vec::new(), &mut found);
    found
}
