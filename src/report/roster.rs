//! Who stands where: the keys and entities of all records, read once for a report.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use crate::error::Result;
use crate::model::{EntityId, EntityKind, RecordKey};
use crate::store::results::Results;

/// Keys and memberships of all live records; about 150 bytes a record.
pub(super) struct Roster {
    /// By ordinal.
    pub(super) keys: Vec<RecordKey>,
    /// Entity index by ordinal.
    pub(super) entity_of: Vec<u32>,
    /// Sources, sorted.
    pub(super) sources: Vec<Arc<str>>,
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
    pub(super) members: Vec<u32>,
    /// Which sources it stands in, a bit a source; those beyond the 127th share a bit.
    pub(super) sources: u128,
    /// Related entities: (type, entity index).
    pub(super) relations: Vec<(String, u32)>,
    pub(super) suspicions: Vec<String>,
}

impl Roster {
    /// Reads keys and entities.
    pub(super) fn load(results: &Results) -> Result<Self> {
        let mut keys: Vec<RecordKey> = (0..results.records())
            .into_par_iter()
            .map(|o| results.key(o))
            .collect::<Result<_>>()?;
        // One string a source instead of one a record.
        let sources: Vec<Arc<str>> = keys
            .iter()
            .map(|k| Arc::clone(&k.source))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let objects: BTreeSet<Arc<str>> = keys.iter().map(|k| Arc::clone(&k.object)).collect();
        let mut objects_of = vec![BTreeSet::new(); sources.len()];
        let mut source_of = Vec::with_capacity(keys.len());
        for key in &mut keys {
            let source = sources.partition_point(|s| *s < key.source);
            key.source = Arc::clone(&sources[source]);
            if let Some(object) = objects.get(&key.object) {
                key.object = Arc::clone(object);
            }
            objects_of[source].insert(Arc::clone(&key.object));
            source_of.push(source as u16);
        }
        let entities: Vec<EntityBrief> = (0..results.entities())
            .into_par_iter()
            .map(|at| {
                let row = results.entity(at)?;
                let bits = row.members.iter().map(|m| 1 << source_of[*m as usize].min(127));
                Ok(EntityBrief {
                    id: row.id,
                    kind: row.kind,
                    sources: bits.fold(0, |all, bit: u128| all | bit),
                    members: row.members,
                    relations: row.relations,
                    suspicions: row.suspicions,
                })
            })
            .collect::<Result<_>>()?;
        let mut entity_of = vec![0; keys.len()];
        for (index, entity) in entities.iter().enumerate() {
            for member in &entity.members {
                entity_of[*member as usize] = index as u32;
            }
        }
        let several_objects = objects_of.iter().map(|o| o.len() > 1).collect();
        Ok(Self { keys, entity_of, sources, source_of, several_objects, entities })
    }

    /// The record's id within its source: `OBJECT/RECORD` where the source has several objects.
    pub(super) fn record_name(&self, ordinal: u32) -> String {
        let key = &self.keys[ordinal as usize];
        if self.several_objects[self.source_of[ordinal as usize] as usize] {
            format!("{}/{}", key.object, key.id)
        } else {
            key.id.to_string()
        }
    }

    /// The record as commands name it: `SOURCE:RECORD`, `SOURCE:OBJECT/RECORD` where needed.
    pub(super) fn reference(&self, ordinal: u32) -> String {
        format!("{}:{}", self.keys[ordinal as usize].source, self.record_name(ordinal))
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
                let key = &self.keys[*o as usize];
                (self.source_of[*o as usize], &key.id, &key.object)
            };
            order.par_sort_unstable_by(|a, b| name(a).cmp(&name(b)));
        }
        order
    }
}
