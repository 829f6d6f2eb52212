//! `[policy]`: which system owns which field, read with places and written again.

use std::fmt::Write as _;
use std::sync::Arc;

use toml::de::DeValue;

use super::nearest;
use super::read::{Problems, Value, boolean, string};
use super::toml_text::quoted;
use super::units::{duration_text, parse_duration};
use crate::error::Result;
use crate::model::EntityKind;
use crate::survivorship::{
    ALL_FIELDS, Action, Direction, FAMILIES, GROUPS, Overwrite, Ownership, PerSystem, Policy,
    Statement,
};

/// A `[policy]` as one file states it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicySpec {
    /// What it states.
    pub policy: Policy,
    /// The file, as errors call it.
    file: String,
    /// Systems and sources that it names, with their lines.
    named: Vec<(String, usize)>,
}

impl PolicySpec {
    /// Checks the names of systems and sources against those that there are.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Config`] with line and nearest name; all wrong names at once.
    pub fn check_names(&self, known: &[&str]) -> Result<()> {
        let mut problems = Problems::default();
        for (name, line) in &self.named {
            if !known.contains(&name.as_str()) {
                let hint = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known: {}", known.join(", ")),
                };
                let message = format!("no system or source is called `{name}`");
                problems.add_to_line(*line, message, Some(hint));
            }
        }
        problems.finish(&self.file)
    }
}

/// Keys of a field's table.
const KEYS: [&str; 8] =
    ["owner", "conflict", "valid_first", "max_age", "direction", "overwrite", "per_source", "when"];
/// Further keys of a condition.
const CONDITIONS: [&str; 2] = ["kind", "country"];
const KINDS: [(&str, EntityKind); 3] = [
    ("person", EntityKind::Person),
    ("organization", EntityKind::Organization),
    ("unknown", EntityKind::Unknown),
];

/// Reads the table; what is wrong is added to the problems.
pub(super) fn read(p: &mut Problems<'_>, value: &Value<'_>, file: &str) -> Option<PolicySpec> {
    let DeValue::Table(table) = value.get_ref() else {
        p.add(value.span().start, "`policy` must be a table".to_owned(), None);
        return None;
    };
    let mut reader = Reader { p, named: Vec::new() };
    let mut trust = Vec::new();
    let mut statements = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if name == "trust" {
            trust = reader.names("trust", value).unwrap_or_default();
        } else if reader.is_field(key.span().start, name) {
            reader.field(name, value, &mut statements);
        }
    }
    let named = reader.named;
    let trusts =
        |s: &Statement| s.ownership.conflict.iter().flatten().any(|a| *a == Action::Trusted);
    if trust.is_empty() && statements.iter().any(trusts) {
        let hint = Some("write trust = [\"erp\", \"crm\"] under [policy]".to_owned());
        p.add(value.span().start, "`most trusted` asks for an order of trust".to_owned(), hint);
    }
    Some(PolicySpec { policy: Policy::new(trust, statements), file: file.to_owned(), named })
}

struct Reader<'p, 't> {
    p: &'p mut Problems<'t>,
    named: Vec<(String, usize)>,
}

impl Reader<'_, '_> {
    /// Whether a policy may speak of the name.
    fn is_field(&mut self, at: usize, name: &str) -> bool {
        let family = name.split('.').next().unwrap_or(name);
        if name == ALL_FIELDS || FAMILIES.contains(&family) || GROUPS.iter().any(|g| g.name == name)
        {
            return true;
        }
        if let Some(group) = GROUPS.iter().find(|g| g.fields.contains(&name)) {
            let message = format!("`{name}` survives together with its group `{}`", group.name);
            self.p.add(at, message, Some(format!("write [policy.{}]", group.name)));
            return false;
        }
        let known: Vec<&str> =
            GROUPS.iter().map(|g| g.name).chain(FAMILIES).chain([ALL_FIELDS, "trust"]).collect();
        self.p.unknown(at, "field in [policy]", name, &known);
        false
    }

    fn field(&mut self, field: &str, value: &Value<'_>, out: &mut Vec<Statement>) {
        let mut plain = Statement { field: field.to_owned(), ..Statement::default() };
        let table = format!("policy.{field}");
        let mut conditions: Option<&Value<'_>> = None;
        let DeValue::Table(keys) = value.get_ref() else {
            return self.p.add(value.span().start, format!("`{table}` must be a table"), None);
        };
        for (key, value) in keys {
            match key.get_ref().as_ref() {
                "when" => conditions = Some(value),
                word if KEYS.contains(&word) => {
                    self.setting(field, word, value, &mut plain.ownership);
                }
                word if FAMILIES.contains(&field)
                    && matches!(value.get_ref(), DeValue::Table(_)) =>
                {
                    let hint = format!("write it in quotes: [policy.\"{field}.{word}\"]");
                    let message = format!("unknown key in [{table}] `{word}`");
                    self.p.add(key.span().start, message, Some(hint));
                }
                word => {
                    self.p.unknown(key.span().start, &format!("key in [{table}]"), word, &KEYS);
                }
            }
        }
        out.push(plain);
        let Some(value) = conditions else { return };
        let DeValue::Array(list) = value.get_ref() else {
            let hint = Some(format!("write [[{table}.when]], once for each condition"));
            return self.p.add(
                value.span().start,
                "`when` must be a list of tables".to_owned(),
                hint,
            );
        };
        for item in list.iter() {
            if let Some(statement) = self.condition(field, item) {
                out.push(statement);
            }
        }
    }

    fn condition(&mut self, field: &str, value: &Value<'_>) -> Option<Statement> {
        let mut statement = Statement { field: field.to_owned(), ..Statement::default() };
        let DeValue::Table(keys) = value.get_ref() else {
            self.p.add(value.span().start, "`when` must be a list of tables".to_owned(), None);
            return None;
        };
        for (key, value) in keys {
            match key.get_ref().as_ref() {
                "kind" => statement.kind = self.word("kind", value, &KINDS),
                "country" => statement.countries = self.countries(value),
                word if word != "when" && KEYS.contains(&word) => {
                    self.setting(field, word, value, &mut statement.ownership);
                }
                word => {
                    let known: Vec<&str> =
                        CONDITIONS.into_iter().chain(KEYS).filter(|key| *key != "when").collect();
                    let what = format!("key in [[policy.{field}.when]]");
                    self.p.unknown(key.span().start, &what, word, &known);
                }
            }
        }
        if statement.kind.is_none() && statement.countries.is_empty() {
            let hint = Some("give it kind = \"organization\" or country = [\"DE\"]".to_owned());
            self.p.add(value.span().start, "this `when` has no condition".to_owned(), hint);
        }
        Some(statement)
    }

    fn setting(&mut self, field: &str, key: &str, value: &Value<'_>, out: &mut Ownership) {
        match key {
            "owner" => out.owner = self.names(key, value),
            "conflict" => out.conflict = self.actions(value),
            "valid_first" => out.valid_first = boolean(self.p, key, value),
            "max_age" => out.max_age = self.per_system(key, value, Self::age),
            "direction" => {
                out.direction =
                    self.per_system(key, value, |r, k, v| r.word(k, v, &Direction::WORDS));
            }
            "overwrite" => {
                out.overwrite =
                    self.per_system(key, value, |r, k, v| r.word(k, v, &Overwrite::WORDS));
            }
            _ if field.split('.').next() == Some("consent") => {
                out.per_source = self.names(key, value);
            }
            _ => {
                let message = "`per_source` is for permissions only".to_owned();
                let hint = Some("write it under [policy.consent]".to_owned());
                self.p.add(value.span().start, message, hint);
            }
        }
    }

    /// A system or source, or a list of them.
    fn names(&mut self, key: &str, value: &Value<'_>) -> Option<Vec<Arc<str>>> {
        let mut names: Vec<Arc<str>> = Vec::new();
        let items = match value.get_ref() {
            DeValue::Array(list) => list.iter().collect(),
            _ => vec![value],
        };
        for item in items {
            let name = string(self.p, key, item)?;
            self.named.push((name.clone(), self.p.line(item.span().start)));
            if names.iter().any(|known| **known == *name) {
                self.p.add(item.span().start, format!("`{name}` stands twice in `{key}`"), None);
            }
            names.push(name.into());
        }
        Some(names)
    }

    fn actions(&mut self, value: &Value<'_>) -> Option<Vec<Action>> {
        let items = match value.get_ref() {
            DeValue::Array(list) => list.iter().collect(),
            _ => vec![value],
        };
        let mut actions = Vec::new();
        for item in items {
            let word = string(self.p, "conflict", item)?;
            match Action::parse(&word) {
                Some(action) => actions.push(action),
                None => {
                    let known: Vec<&str> = Action::words().collect();
                    self.p.unknown(item.span().start, "conflict action", &word, &known);
                }
            }
        }
        Some(actions)
    }

    fn countries(&mut self, value: &Value<'_>) -> Vec<String> {
        let items = match value.get_ref() {
            DeValue::Array(list) => list.iter().collect(),
            _ => vec![value],
        };
        let mut out = Vec::new();
        for item in items {
            let Some(text) = string(self.p, "country", item) else { continue };
            if text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic()) {
                out.push(text.to_ascii_uppercase());
            } else {
                let hint = Some("write the two letters of ISO 3166, such as \"DE\"".to_owned());
                self.p.add(item.span().start, format!("`{text}` is no country code"), hint);
            }
        }
        out
    }

    fn word<T: Copy>(&mut self, key: &str, value: &Value<'_>, words: &[(&str, T)]) -> Option<T> {
        let word = string(self.p, key, value)?;
        let plain = word.replace(['-', '_'], " ");
        let found = words.iter().find(|(known, _)| *known == plain).map(|(_, found)| *found);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
            self.p.unknown(value.span().start, &format!("word for `{key}`"), &word, &known);
        }
        found
    }

    fn age(&mut self, key: &str, value: &Value<'_>) -> Option<u64> {
        let age = value.get_ref().as_str().and_then(parse_duration);
        if age.is_none() {
            let hint = Some("write a span such as \"2 years\" or \"90 days\"".to_owned());
            self.p.add(value.span().start, format!("`{key}` must be a span of time"), hint);
        }
        age
    }

    /// One value for all systems, or a table by system.
    fn per_system<T>(
        &mut self,
        key: &str,
        value: &Value<'_>,
        mut read: impl FnMut(&mut Self, &str, &Value<'_>) -> Option<T>,
    ) -> PerSystem<T> {
        let mut out = PerSystem::default();
        let DeValue::Table(table) = value.get_ref() else {
            out.all = read(self, key, value);
            return out;
        };
        for (system, value) in table {
            let name = system.get_ref().as_ref();
            self.named.push((name.to_owned(), self.p.line(system.span().start)));
            if let Some(value) = read(self, key, value) {
                out.of.insert(name.into(), value);
            }
        }
        out
    }
}

/// The policy as canonical TOML; nothing where nothing is stated.
pub(super) fn write(policy: &Policy) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    if !policy.trust().is_empty() {
        let _ = write!(out, "\n[policy]\ntrust = {}\n", list(policy.trust().iter().map(|t| &**t)));
    }
    for statement in policy.statements() {
        let field = quoted(&statement.field);
        if statement.kind.is_none() && statement.countries.is_empty() {
            let _ = writeln!(out, "\n[policy.{field}]");
        } else {
            let _ = writeln!(out, "\n[[policy.{field}.when]]");
        }
        if let Some(kind) = statement.kind {
            let _ = writeln!(out, "kind = {}", quoted(kind.as_str()));
        }
        if !statement.countries.is_empty() {
            let countries = statement.countries.iter().map(String::as_str);
            let _ = writeln!(out, "country = {}", list(countries));
        }
        ownership(&mut out, &statement.ownership);
    }
    out
}

fn ownership(out: &mut String, stated: &Ownership) {
    if let Some(owner) = &stated.owner {
        let _ = writeln!(out, "owner = {}", list(owner.iter().map(|o| &**o)));
    }
    if let Some(actions) = &stated.conflict {
        let _ = writeln!(out, "conflict = {}", list(actions.iter().map(Action::as_str)));
    }
    if let Some(first) = stated.valid_first {
        let _ = writeln!(out, "valid_first = {first}");
    }
    per_system(out, "max_age", &stated.max_age, |age| quoted(&duration_text(*age)));
    per_system(out, "direction", &stated.direction, |d| word(&Direction::WORDS, *d));
    per_system(out, "overwrite", &stated.overwrite, |o| word(&Overwrite::WORDS, *o));
    if let Some(sources) = &stated.per_source {
        let _ = writeln!(out, "per_source = {}", list(sources.iter().map(|s| &**s)));
    }
}

fn per_system<T>(out: &mut String, key: &str, stated: &PerSystem<T>, text: impl Fn(&T) -> String) {
    if let Some(all) = &stated.all {
        let _ = writeln!(out, "{key} = {}", text(all));
    } else if !stated.of.is_empty() {
        let of =
            stated.of.iter().map(|(system, value)| format!("{} = {}", quoted(system), text(value)));
        let _ = writeln!(out, "{key} = {{ {} }}", of.collect::<Vec<_>>().join(", "));
    }
}

fn word<T: PartialEq>(words: &[(&str, T)], value: T) -> String {
    quoted(words.iter().find(|(_, known)| *known == value).map_or("", |(word, _)| word))
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", names.map(quoted).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Spec};

    fn parse(text: &str) -> Result<Spec> {
        Spec::parse(text, "sameas.toml", Path::new(""))
    }

    const WHOLE: &str = r#"
[policy]
trust = ["erp", "crm"]
[policy.default]
direction = { mail = "source" }
[policy.address]
owner = ["erp", "crm"]
conflict = ["owner", "most-complete"]
valid_first = false
max_age = { erp = "2 years" }
overwrite = "if newer"
[[policy.address.when]]
kind = "organization"
country = ["de", "AT"]
owner = "crm"
[policy."consent.email"]
per_source = "shop"
"#;

    #[test]
    fn a_policy_reads_back_as_it_was_written() {
        let config = Config::resolve(&[parse(WHOLE).unwrap()]).unwrap();
        let text = config.resolved_text();
        assert!(text.contains("max_age = { \"erp\" = \"2 years\" }"), "{text}");
        let again = Config::resolve(&[parse(&text).unwrap()]).unwrap();
        assert_eq!(again, config);
        assert_ne!(config.hash(), Config::default().hash());
    }

    #[test]
    fn problems_name_line_and_nearest_name() {
        for (text, message, hint) in [
            (
                "[policy.emial]\n",
                "sameas.toml:1: unknown field in [policy] `emial`",
                "did you mean `email`?",
            ),
            (
                "[policy.city]\n",
                "sameas.toml:1: `city` survives together with its group `address`",
                "write [policy.address]",
            ),
            (
                "[policy.email]\nownr = \"crm\"\n",
                "sameas.toml:2: unknown key in [policy.email] `ownr`",
                "did you mean `owner`?",
            ),
            (
                "[policy.email]\nconflict = [\"newst\"]\n",
                "sameas.toml:2: unknown conflict action `newst`",
                "did you mean `newest`?",
            ),
            (
                "[policy.email]\noverwrite = { crm = \"allways\" }\n",
                "sameas.toml:2: unknown word for `overwrite` `allways`",
                "did you mean `always`?",
            ),
            (
                "[policy.email]\nmax_age = 3\n",
                "sameas.toml:2: `max_age` must be a span of time",
                "write a span such as \"2 years\" or \"90 days\"",
            ),
            (
                "[policy.consent.email]\nowner = \"crm\"\n",
                "sameas.toml:1: unknown key in [policy.consent] `email`",
                "write it in quotes: [policy.\"consent.email\"]",
            ),
            (
                "[[policy.email.when]]\nowner = \"crm\"\n",
                "sameas.toml:1: this `when` has no condition",
                "give it kind = \"organization\" or country = [\"DE\"]",
            ),
            (
                "[policy.email]\nconflict = \"most trusted\"\n",
                "sameas.toml:1: `most trusted` asks for an order of trust",
                "write trust = [\"erp\", \"crm\"] under [policy]",
            ),
            (
                "[policy.email]\nper_source = \"shop\"\n",
                "sameas.toml:2: `per_source` is for permissions only",
                "write it under [policy.consent]",
            ),
        ] {
            let error = parse(text).unwrap_err();
            let told = (error.to_string(), error.remedy().unwrap_or_default().to_owned());
            assert_eq!(told, (message.to_owned(), hint.to_owned()), "{text}");
        }
    }

    #[test]
    fn systems_that_are_not_there_are_named_with_line_and_nearest() {
        let spec = parse(WHOLE).unwrap().policy.unwrap();
        spec.check_names(&["erp", "crm", "mail", "shop"]).unwrap();
        let error = spec.check_names(&["erp", "crm", "mails", "shop"]).unwrap_err();
        assert_eq!(error.to_string(), "sameas.toml:5: no system or source is called `mail`");
        assert_eq!(error.remedy(), Some("did you mean `mails`?"));
    }
}
