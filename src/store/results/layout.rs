//! The parts of a results file that its writer and its reader share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::model::EntityKind;
use crate::store::results::StepRow;

pub(super) const MAGIC: &[u8; 8] = b"SAMERES\n";
pub(super) const VERSION: u32 = 4;
pub(super) const HEADER: usize = 16;
/// Offset u64, length u64, CRC32 of both, magic of four bytes.
pub(super) const FOOTER: usize = 24;
pub(super) const FOOTER_MAGIC: &[u8; 4] = b"TOC\n";

pub(super) const PAGE: usize = 4_096;
/// Bytes of entries in a page; the last four are the CRC32 of the others.
pub(super) const PAGE_PAYLOAD: usize = PAGE - 4;

/// No entity.
pub(super) const NONE: u32 = u32::MAX;

/// Streams of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Stream {
    /// Record keys by ordinal.
    Keys,
    /// Normal records by ordinal.
    Normals,
    /// Entities by index.
    Entities,
    /// Aliases, sorted by entity.
    Aliases,
}

impl Stream {
    pub(super) const ALL: [Self; 4] = [Self::Keys, Self::Normals, Self::Entities, Self::Aliases];

    /// Items of a block: about 4–16 KB before compression.
    pub(super) fn per_block(self) -> u32 {
        match self {
            Self::Keys | Self::Entities => 128,
            Self::Normals => 32,
            Self::Aliases => 64,
        }
    }
}

/// Arrays of fixed-width entries; integers little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Array {
    /// Per stream and block: offset u64, length u32.
    Index(Stream),
    /// Per ordinal: store record number u64, file u32.
    Origins,
    /// Per ordinal: entity index u32.
    EntityOf,
    /// Ordinals u32, sorted by store record number.
    NumberOrder,
    /// Hash of (source, id) u32, ordinal u32; sorted.
    KeyIndex,
    /// Per entity: bits of its id u64.
    EntityIds,
    /// Entity indexes u32, sorted by the bits of their ids.
    EntityOrder,
    /// Per alias: entity index u32; sorted.
    AliasEntities,
    /// Hash of the alias u64, its position u32; sorted.
    AliasIndex,
    /// a u32, b u32, weight f32, packed levels u64; sorted by a, b.
    Pairs,
    /// Per counted field of the model, by its place there: hash of a value u64, records u32; sorted.
    Frequencies(u16),
}

impl Array {
    pub(super) fn width(self) -> usize {
        match self {
            Self::Index(_) | Self::Origins | Self::AliasIndex | Self::Frequencies(_) => 12,
            Self::EntityOf | Self::NumberOrder | Self::EntityOrder | Self::AliasEntities => 4,
            Self::KeyIndex | Self::EntityIds => 8,
            Self::Pairs => 20,
        }
    }

    pub(super) fn per_page(self) -> u64 {
        (PAGE_PAYLOAD / self.width()) as u64
    }
}

/// Where an array stands.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Extent {
    pub(super) offset: u64,
    pub(super) entries: u64,
}

/// A sealed value's place: offset and length.
pub(super) type Place = (u64, u32);

/// Table of contents.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Toc {
    pub(super) records: u32,
    pub(super) entities: u32,
    pub(super) aliases: u32,
    pub(super) pairs: u64,
    pub(super) arrays: BTreeMap<Array, Extent>,
    pub(super) summary: Place,
    pub(super) blobs: BTreeMap<String, Place>,
}

/// An entity in its block; its id stands in [`Array::EntityIds`].
#[derive(Serialize, Deserialize)]
pub(crate) struct PackedEntity {
    pub(super) kind: EntityKind,
    /// The first member, then differences.
    pub(super) members: Vec<u32>,
    pub(super) steps: Vec<StepRow>,
    pub(super) relations: Vec<(String, u32)>,
    pub(super) suspicions: Vec<String>,
}

/// Hash under which a record's key is looked up when its object is not known.
pub(super) fn key_hash(source: &str, id: &str) -> u64 {
    let mut hashed = Vec::with_capacity(8 + source.len() + id.len());
    hashed.extend_from_slice(&(source.len() as u64).to_le_bytes());
    hashed.extend_from_slice(source.as_bytes());
    hashed.extend_from_slice(id.as_bytes());
    xxh3_64(&hashed)
}
