use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Names one record of one system for ever: (source, object, record id). Order is the order of
/// these three as bytes; every report and every tie is settled by it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    /// The system instance that the record stands in, such as `shop-eu`.
    pub source: Arc<str>,
    /// What it is there: `customer`, `order`, `contact`, `lead`, `account` …
    pub object: Arc<str>,
    /// Its id there, as the source kind writes it.
    pub id: Box<str>,
}

impl RecordKey {
    /// Builds a key from its parts.
    pub fn new(source: &str, object: &str, id: &str) -> Self {
        Self { source: source.into(), object: object.into(), id: id.into() }
    }
}

/// Whether a text may name a source: not empty, at most 200 bytes, no control characters.
pub fn is_source_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 200 && !name.contains(char::is_control)
}

/// `SOURCE:OBJECT/RECORD`. Record ids are no customer values: a kind that must use one hashes it.
impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.source, self.object, self.id)
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a record describes. A person and an organisation never become one entity; an unknown may
/// join either.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum EntityKind {
    /// A human being.
    Person,
    /// A company, association, site or authority.
    Organization,
    /// Not said by the record.
    #[default]
    Unknown,
}

impl EntityKind {
    /// As reports write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organization => "organization",
            Self::Unknown => "unknown",
        }
    }

    /// Whether records of the two kinds may stand in one entity.
    pub fn compatible(self, other: Self) -> bool {
        self == other || self == Self::Unknown || other == Self::Unknown
    }
}

/// Seconds since 1970-01-01T00:00:00Z; the time that a row states of itself, never the clock's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// The stable id of an entity: `ent_` and sixteen characters of Crockford's base 32, of which the
/// last three are a checksum over the first thirteen (64 bits and 15 bits).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntityId(u64);

const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl EntityId {
    /// An id from 64 bits (a hash of the founding record's key; the next free one on collision).
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The 64 bits that the id stands for.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Reads `ent_…`; `None` if the form or the checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("ent_")?.as_bytes();
        if rest.len() != 16 {
            return None;
        }
        let mut bits: u128 = 0;
        for byte in rest {
            let digit = BASE32.iter().position(|c| *c == byte.to_ascii_lowercase())?;
            bits = bits << 5 | digit as u128;
        }
        let (value, check) = (bits >> 15, (bits & 0x7fff) as u16);
        let value = u64::try_from(value).ok()?;
        (Self::checksum(value) == check).then_some(Self(value))
    }

    fn checksum(bits: u64) -> u16 {
        (crc32fast::hash(&bits.to_be_bytes()) & 0x7fff) as u16
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from(self.0) << 15 | u128::from(Self::checksum(self.0));
        let mut text = *b"ent_0000000000000000";
        for (at, place) in text[4..].iter_mut().rev().enumerate() {
            *place = BASE32[(bits >> (at * 5)) as usize & 31];
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<EntityId> for String {
    fn from(id: EntityId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for EntityId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| "not an entity id".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entity_ids_round_trip_and_detect_typing_errors() {
        for bits in [0, 1, 42, u64::MAX, 0x0123_4567_89ab_cdef] {
            let text = EntityId::from_bits(bits).to_string();
            assert_eq!(text.len(), 20);
            assert_eq!(EntityId::parse(&text), Some(EntityId::from_bits(bits)));
            let typo =
                text.replacen(&text[10..11], if &text[10..11] == "0" { "1" } else { "0" }, 1);
            assert_eq!(EntityId::parse(&typo), None, "{typo}");
        }
        assert_eq!(EntityId::parse("ent_"), None);
        assert_eq!(EntityId::parse("ent_zzzzzzzzzzzzzzzz"), None);
    }
}
