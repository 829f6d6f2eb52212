//! Who stands where: the keys and entities of all records, read once for a report.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::error::Result;
use crate::model::{EntityId, EntityKind, Keys};
use crate::store::results::Results;

/// Keys and memberships of all live records; about 90 bytes a record.
pub(super) struct Roster {
    /// By ordinal.
    pub(super) keys: Keys,
    /// Entity index by ordinal.
    pub(super) entity_of: Vec<u32>,
    /// Sources, sorted.
    pub(super) sources: Vec<Arc<str>>,
    /// System by source.
    pub(super) systems: Vec<Arc<str>>,
    /// Source index by ordinal.
    pub(super) source_of: Vec<u16>,
    /// By source: whether its records are of several objects.
    several_objects: Vec<bool>,
    /// By entity index.
    pub(super) entities: Vec<EntityBrief>,
}

/// What the reports ask of an entity again and again.
#[derive(Clone, Debug)]
pub(super) struct EntityBrief {
    pub(super) id: EntityId,
    pub(super) kind: EntityKind,
    pub(super) members: Box<[u32]>,
    /// Which sources it stands in, a bit a source; those beyond the 127th share a bit.
    pub(super) sources: u128,
    /// Related entities: (type, entity index).
    pub(super) relations: Box<[(String, u32)]>,
    pub(super) suspicions: Box<[String]>,
}

impl Roster {
    /// Reads keys and entities.
    pub(super) fn load(results: &Results, systems: &BTreeMap<Arc<str>, Arc<str>>) -> Result<Self> {
        // Records are sorted by source, then object.
        let mut keys = Keys::default();
        let mut source_of: Vec<u16> = Vec::with_capacity(results.records() as usize);
        let mut sources: Vec<Arc<str>> = Vec::new();
        let mut objects_of: Vec<u32> = Vec::new();
        let mut last_object = String::new();
        results.scan_keys(0..results.records(), |_, source, object, id| {
            let same = sources.last().is_some_and(|last| **last == *source);
            if !same {
                sources.push(source.into());
                objects_of.push(0);
            }
            if !same || last_object != object {
                object.clone_into(&mut last_object);
                if let Some(objects) = objects_of.last_mut() {
                    *objects += 1;
                }
            }
            source_of.push((sources.len() - 1) as u16);
            keys.push(source, object, id);
        })?;
        let entities: Vec<EntityBrief> = (0..results.entities())
            .into_par_iter()
            .map(|at| {
                let row = results.entity(at)?;
                let bits = row.members.iter().map(|m| 1 << source_of[*m as usize].min(127));
                Ok(EntityBrief {
                    id: row.id,
                    kind: row.kind,
                    sources: bits.fold(0, |all, bit: u128| all | bit),
                    members: row.members.into(),
                    relations: row.relations.into(),
                    suspicions: row.suspicions.into(),
                })
            })
            .collect::<Result<_>>()?;
        let mut entity_of = vec![0; keys.len()];
        for (index, entity) in entities.iter().enumerate() {
            for member in &entity.members {
                entity_of[*member as usize] = index as u32;
            }
        }
        let several_objects = objects_of.iter().map(|objects| *objects > 1).collect();
        let systems = sources.iter().map(|s| Arc::clone(systems.get(s).unwrap_or(s))).collect();
        Ok(Self { keys, entity_of, sources, systems, source_of, several_objects, entities })
    }

    /// The record's id within its source, in parts: `OBJECT/RECORD` where the source has several
    /// objects.
    pub(super) fn record_name(&self, ordinal: u32) -> [&str; 3] {
        let key = self.keys.get(ordinal);
        if self.several_objects[self.source_of[ordinal as usize] as usize] {
            [key.object, "/", key.id]
        } else {
            ["", "", key.id]
        }
    }

    /// The record as commands name it: `SOURCE:RECORD`, `SOURCE:OBJECT/RECORD` where needed.
    pub(super) fn reference(&self, ordinal: u32) -> String {
        format!("{}:{}", self.keys.get(ordinal).source, self.record_name(ordinal).concat())
    }

    /// Reads where the key and the entity of a record are.
    pub(super) fn touch(&self, ordinal: u32) -> u32 {
        let at = ordinal as usize;
        self.keys.id(ordinal).len() as u32 ^ self.entity_of[at] ^ u32::from(self.source_of[at])
    }

    /// Reads something of the id and of the entity of a record.
    pub(super) fn touch_values(&self, ordinal: u32) -> u32 {
        let id = self.keys.id(ordinal).as_bytes();
        id.first().map_or(0, |byte| u32::from(*byte)) ^ self.entity(ordinal).id.bits() as u32
    }

    /// The entity of a record.
    pub(super) fn entity(&self, ordinal: u32) -> &EntityBrief {
        &self.entities[self.entity_of[ordinal as usize] as usize]
    }

    /// All ordinals by (source, record id, object).
    pub(super) fn by_source_and_id(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.keys.len() as u32).collect();
        if self.several_objects.contains(&true) {
            let name = |o: &u32| {
                let key = self.keys.get(*o);
                (self.source_of[*o as usize], key.id, key.object)
            };
            order.par_sort_unstable_by(|a, b| name(a).cmp(&name(b)));
        }
        order
    }
}
