//! Reading the language of source kinds from TOML: short forms, and errors with line and nearest name.

use std::marker::PhantomData;
use std::{fmt, mem};

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::spec::{Condition, EntityFlag, EntitySpec, OneOrMany, Op, Rows, Take, ValueRule};
use crate::error::{Error, ErrorKind, Result};

/// A table with the keys of a [`Take`] and further ones. Not by `serde(flatten)`, which no longer
/// refuses unknown keys.
macro_rules! take_table {
    ($name:ident { $($more:tt)* }) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name {
            #[serde(default)]
            at: OneOrMany,
            #[serde(default)]
            ops: Vec<Op>,
            #[serde(default)]
            drop: Vec<String>,
            split: Option<String>,
            part: Option<usize>,
            parts: Option<usize>,
            #[serde(default)]
            strip: OneOrMany,
            join: Option<String>,
            constant: Option<String>,
            $($more)*
        }

        impl $name {
            /// Moves the keys of a `Take` out.
            fn take(&mut self) -> Take {
                Take {
                    at: mem::take(&mut self.at.0),
                    ops: mem::take(&mut self.ops),
                    drop: mem::take(&mut self.drop),
                    split: self.split.take(),
                    part: self.part,
                    parts: self.parts,
                    strip: mem::take(&mut self.strip.0),
                    join: self.join.take(),
                    constant: self.constant.take(),
                }
            }
        }
    };
}

take_table!(TakeTable {});
take_table!(ValueTable {
    label: Option<String>,
    #[serde(default)]
    when: Vec<Condition>,
    each: Option<String>,
    #[serde(default)]
    rows: Rows,
    system: Option<String>,
    object: Option<String>,
    #[serde(default)]
    announced: bool,
    order: Option<crate::model::DateOrder>,
});

impl From<OneOrMany> for Take {
    fn from(names: OneOrMany) -> Self {
        Self { at: names.0, ..Self::default() }
    }
}

impl From<TakeTable> for Take {
    fn from(mut table: TakeTable) -> Self {
        table.take()
    }
}

impl From<OneOrMany> for ValueRule {
    fn from(names: OneOrMany) -> Self {
        Self { take: names.into(), ..Self::default() }
    }
}

impl From<ValueTable> for ValueRule {
    fn from(mut table: ValueTable) -> Self {
        Self {
            take: table.take(),
            label: table.label,
            when: table.when,
            each: table.each,
            rows: table.rows,
            system: table.system,
            object: table.object,
            announced: table.announced,
            order: table.order,
        }
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Short::<Never, Self>(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Take {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Short::<TakeTable, Self>(PhantomData))
    }
}

impl<'de> Deserialize<'de> for ValueRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Short::<ValueTable, Self>(PhantomData))
    }
}

impl From<Never> for OneOrMany {
    fn from(never: Never) -> Self {
        match never {}
    }
}

/// No table form.
enum Never {}

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: Deserializer<'de>>(_: D) -> std::result::Result<Self, D::Error> {
        Err(de::Error::custom("a name or a list of names is wanted here"))
    }
}

/// Reads a name, a list of names, or a table. Not an untagged enum, because that would lose which
/// key of the table was wrong.
struct Short<Table, Out>(PhantomData<(Table, Out)>);

impl<'de, Table, Out> Visitor<'de> for Short<Table, Out>
where
    Table: Deserialize<'de>,
    Out: From<Table> + From<OneOrMany>,
{
    type Value = Out;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column's name, a list of names, or a table")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> std::result::Result<Out, E> {
        Ok(OneOrMany(vec![name.to_owned()]).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> std::result::Result<Out, A::Error> {
        Ok(OneOrMany(Vec::deserialize(SeqAccessDeserializer::new(seq))?).into())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Out, A::Error> {
        Ok(Table::deserialize(MapAccessDeserializer::new(map))?.into())
    }
}

impl<'de> Deserialize<'de> for EntitySpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct EntityVisitor;
        impl<'de> Visitor<'de> for EntityVisitor {
            type Value = EntitySpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("person, organization, unknown, auto, or a table with `at`")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> std::result::Result<EntitySpec, E> {
                match word {
                    "person" => Ok(EntitySpec::Person),
                    "organization" => Ok(EntitySpec::Organization),
                    "unknown" => Ok(EntitySpec::Unknown),
                    "auto" => Ok(EntitySpec::Auto),
                    "person-or-company" => {
                        let otherwise = crate::model::EntityKind::Person;
                        Ok(EntitySpec::Inferred { otherwise, by_shape: false })
                    }
                    _ => Err(E::unknown_variant(
                        word,
                        &["person", "organization", "unknown", "auto", "person-or-company"],
                    )),
                }
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                map: A,
            ) -> std::result::Result<EntitySpec, A::Error> {
                EntityFlag::deserialize(MapAccessDeserializer::new(map)).map(EntitySpec::Flag)
            }
        }
        deserializer.deserialize_any(EntityVisitor)
    }
}

/// Reads TOML; errors name the line and, for an unknown name, the nearest known one.
///
/// # Errors
/// The text is no TOML, or says something that the language has not.
pub(super) fn parse<T: de::DeserializeOwned>(text: &str, place: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        let message = error.message().lines().next().unwrap_or("wrong").to_owned();
        let mut out =
            Error::new(ErrorKind::Config, message.clone()).at(format_args!("{place}:{line}"));
        if let Some(near) = nearest_of(&message) {
            out = out.hint(format!("did you mean `{near}`?"));
        }
        out
    })
}

/// The expected name that comes nearest to the unknown one, from serde's message (`unknown field
/// `x`, expected one of `a`, `b``).
fn nearest_of(message: &str) -> Option<&str> {
    let mut names = message.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    names
        .map(|name| (rapidfuzz::distance::osa::distance(unknown.chars(), name.chars()), name))
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 3))
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::kind::spec::KindSpec;

    const KIND: &str = r#"
name = "crm-people"
system = "crm"
title = "People"
certainty = "seen"
[detect]
signature = [{ all = ["Person No"] }]
[[record]]
object = "person"
id = { at = "Person No", required = true }
email = ["Mail", { at = ["Mail 2", "Mail 3"], label = "work" }]
name = [{ given = "First", family = ["Last", "Surname"] }]
"#;

    #[test]
    fn reads_short_and_long_forms() {
        let kind: KindSpec = parse(KIND, "x.toml").expect("sound");
        let record = &kind.record[0];
        assert_eq!(record.email[0].take.at, ["Mail"]);
        assert_eq!(record.email[1].take.at, ["Mail 2", "Mail 3"]);
        assert_eq!(record.email[1].label.as_deref(), Some("work"));
        assert_eq!(record.name[0].family.at, ["Last", "Surname"]);
    }

    #[test]
    fn errors_name_line_and_nearest() {
        for (from, to, line, near) in [
            ("required = true", "requird = true", 10, "required"),
            ("object = ", "objekt = ", 9, "object"),
            ("label = ", "lable = ", 11, "label"),
            ("family = ", "familly = ", 12, "family"),
            ("\"seen\"", "\"sene\"", 5, "seen"),
        ] {
            let text = KIND.replace(from, to);
            let error = parse::<KindSpec>(&text, "x.toml").expect_err("wrong");
            assert!(
                error.place().is_some_and(|p| p.starts_with("x.toml:")),
                "{error} {:?}",
                error.place()
            );
            assert!(error.to_string().contains(&format!("x.toml:{line}:")), "{error}");
            assert_eq!(error.remedy(), Some(format!("did you mean `{near}`?").as_str()), "{error}");
        }
    }
}
