//! Writing what a rebuild found into a snapshot.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::earlier;
use super::employment::Relations;
use super::engine::peak_memory;
use super::findings::Findings;
use super::gone::{self, Gone};
use super::quarantine;
use super::rebuild::{Clock, RunFacts};
use super::records::LiveRecords;
use super::resolve::{Decisions, Records as _, Resolution};
use super::values::{PIECE, Segment};
use crate::clustering::{Identities, LedgerState, Resolved, Step, record_hash};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{EntityId, EntityKind, QuarantinedRow, RunBasis, Timestamp};
use crate::store::results::{AliasKey, EntityRow, RecordRow, ResultsWriter, RunSummary, StepRow};

/// What a rebuild found.
pub(super) struct Writing<'a> {
    pub(super) records: &'a LiveRecords,
    pub(super) resolution: &'a Resolution,
    pub(super) findings: &'a Findings,
    pub(super) clusters: &'a [Vec<u32>],
    pub(super) identities: &'a Identities,
    /// The ledger's state with the identities of this run.
    pub(super) state: &'a LedgerState,
    pub(super) decisions: &'a Decisions,
    pub(super) as_of: Option<Timestamp>,
    pub(super) reading: u64,
    pub(super) numbering: u64,
    pub(super) basis: &'a RunBasis,
    pub(super) quarantined: &'a [QuarantinedRow],
}

impl Writing<'_> {
    /// Writes the whole snapshot; fills in the summary's `as_of`.
    pub(super) fn write(
        self,
        path: &std::path::Path,
        summary: &mut RunSummary,
        clock: &mut Clock<'_>,
    ) -> Result<()> {
        let mut out = ResultsWriter::create(path)?;
        let noted = self.records.noted();
        self.records_to(&mut out)?;
        summary.as_of = self.as_of.or(noted.newest).map(|t| t.0);
        let entity_of = self.entity_of();
        let by_id = |id: &str| self.findings.bearers.get(id).copied();
        let relations = noted.employment.relations(&entity_of, &self.findings.kind, by_id);
        self.entities(&mut out, &entity_of, relations)?;
        self.pairs(&mut out)?;
        self.aliases(&mut out, &entity_of)?;
        let facts = RunFacts {
            timings: clock.timings.clone(),
            peak_memory: peak_memory(),
            systems: self
                .records
                .systems
                .iter()
                .map(|(source, system)| (source.to_string(), system.to_string()))
                .collect(),
            judged: {
                let mut judged = self.decisions.same.clone();
                judged.extend(&self.decisions.different);
                judged.sort_unstable();
                judged.dedup();
                judged
            },
            fields: noted.fields.names(),
            reading: self.reading,
            numbering: self.numbering,
            scored_as: crate::scoring::VERSION.to_owned(),
            files: self.basis.files,
            judgements: self.basis.judgements,
            sources: self.sources(),
            erasures: self.records.erasures.requests.clone(),
        };
        let bytes = serde_json::to_vec(&facts).map_err(|e| {
            Error::new(ErrorKind::Io, format!("cannot encode the run's facts: {e}"))
        })?;
        out.blob("run", &bytes)?;
        out.blob(earlier::RELATIVES, &earlier::encode_relatives(&self.resolution.relatives))?;
        out.blob(earlier::BLOCKS, &earlier::encode_blocks(self.resolution)?)?;
        out.blob(quarantine::BLOB, &quarantine::encode(self.quarantined)?)?;
        let model = &self.resolution.model;
        out.blob("weights", &model.without_values().to_bytes()?)?;
        model.frequencies.iter().for_each(|counts| out.frequencies(counts.values.clone()));
        out.finish(summary)
    }

    /// Writes the records, a piece at a time; the next piece is read meanwhile.
    fn records_to(&self, out: &mut ResultsWriter) -> Result<()> {
        let pieces = self.records.len().div_ceil(PIECE);
        let read = |piece| {
            if piece < pieces { self.records.piece(piece) } else { Ok(Segment::default()) }
        };
        let mut values = read(0)?;
        for piece in 0..pieces {
            let row = |(at, place): (u32, usize)| RecordRow {
                key: self.records.keys.get(at),
                store_record: self.records.numbers[at as usize],
                file: self.records.files[at as usize],
                normal: values.get(place),
            };
            let rows: Vec<RecordRow<'_>> =
                (piece * PIECE..).zip(0..values.len()).map(row).collect();
            let (written, next) = rayon::join(|| out.records(&rows), || read(piece + 1));
            written?;
            values = next?;
        }
        Ok(())
    }

    /// Live records by source, and the newest file that one comes from. Keys are sorted by source.
    fn sources(&self) -> Vec<(String, u64, u32)> {
        let mut out: Vec<(String, u64, u32)> = Vec::new();
        for (key, file) in self.records.keys.iter().zip(&self.records.files) {
            match out.last_mut().filter(|(source, _, _)| **source == **key.source) {
                Some((_, records, newest)) => {
                    *records += 1;
                    *newest = (*newest).max(*file);
                }
                None => out.push((key.source.to_string(), 1, *file)),
            }
        }
        out
    }

    fn entity_of(&self) -> Vec<u32> {
        let mut out = vec![0; self.records.len() as usize];
        for (at, members) in self.clusters.iter().enumerate() {
            for member in members {
                out[*member as usize] = at as u32;
            }
        }
        out
    }

    fn entities(
        &self,
        out: &mut ResultsWriter,
        entity_of: &[u32],
        organizations: Relations,
    ) -> Result<()> {
        let mut relations: FxHashMap<u32, FxHashSet<(&'static str, u32)>> = FxHashMap::default();
        for (p, o) in organizations.employed {
            relations.entry(p).or_default().insert(("employer", o));
            relations.entry(o).or_default().insert(("employee", p));
        }
        for (child, parent) in organizations.parents {
            relations.entry(child).or_default().insert(("parent", parent));
            relations.entry(parent).or_default().insert(("subsidiary", child));
        }
        for (a, b) in &self.resolution.relatives {
            let (p, o) = (entity_of[*a as usize], entity_of[*b as usize]);
            if p != o {
                relations.entry(p).or_default().insert(("household", o));
                relations.entry(o).or_default().insert(("household", p));
            }
        }
        let row = |(at, members): (usize, &Vec<u32>)| {
            let kinds = members.iter().map(|m| self.findings.kind[*m as usize]);
            let steps = self.resolution.clustering.steps_of(members[0]);
            let related = relations.get(&(at as u32)).into_iter().flatten();
            let mut related: Vec<(String, u32)> =
                related.map(|(kind, entity)| ((*kind).to_owned(), *entity)).collect();
            related.sort();
            EntityRow {
                id: self.identities.ids[at],
                kind: kinds.max_by_key(|k| *k != EntityKind::Unknown).unwrap_or_default(),
                members: members.clone(),
                suspicions: self.findings.suspicions.get(&(at as u32)).cloned().unwrap_or_default(),
                steps: steps.iter().map(|(_, step)| step_row(step)).collect(),
                relations: related,
            }
        };
        for (run, clusters) in self.clusters.chunks(ENTITIES_AT_ONCE).enumerate() {
            let all = clusters.par_iter().enumerate().with_min_len(64);
            let rows: Vec<EntityRow> =
                all.map(|(at, members)| row((run * ENTITIES_AT_ONCE + at, members))).collect();
            out.entities(&rows)?;
        }
        Ok(())
    }

    fn pairs(&self, out: &mut ResultsWriter) -> Result<()> {
        let root = &self.resolution.clustering.root;
        let review = self.resolution.review;
        for (pair, levels) in self.resolution.pairs.iter().zip(&self.resolution.levels) {
            let joined = root[pair.a as usize] == root[pair.b as usize];
            if joined || pair.weight >= review {
                out.pair(*pair, *levels)?;
            }
        }
        Ok(())
    }

    /// Older ids, and records that are no longer live, by the entity that answers for them.
    fn aliases(&self, out: &mut ResultsWriter, entity_of: &[u32]) -> Result<()> {
        let at: FxHashMap<EntityId, u32> =
            self.identities.ids.iter().enumerate().map(|(at, id)| (*id, at as u32)).collect();
        let live = |id: EntityId| match self.state.resolve(id) {
            Some(Resolved::Live(id)) => at.get(&id).copied(),
            Some(Resolved::Retired(_)) | None => None,
        };
        for id in self.state.ended() {
            if let Some(entity) = live(id) {
                out.alias(AliasKey::Entity(id), entity)?;
            }
        }
        let gone = &self.records.gone;
        if gone.is_empty() {
            return Ok(());
        }
        let last = |gone: &Gone| self.state.last_entity_of(record_hash(&gone.key));
        // The survivor of its merge; else where it belonged; else who has its mailbox.
        let found: Vec<Option<u32>> = (gone, &self.findings.last_known)
            .into_par_iter()
            .map(|(gone, known)| {
                let of = |record: u32| entity_of[record as usize];
                let survivor = gone.survivor.as_ref().and_then(|s| self.records.find_survivor(s));
                survivor.map(of).or_else(|| last(gone).and_then(live)).or_else(|| known.map(of))
            })
            .collect();
        let mut rest: Vec<Gone> = Vec::new();
        for (gone, entity) in gone.iter().zip(found) {
            // A survivor that is gone too may still have somebody who answers for it.
            match entity.or_else(|| self.survivors_entity(gone, entity_of)) {
                Some(entity) => out.alias(AliasKey::Record(gone.key.clone()), entity)?,
                None => rest.push(Gone { entity: last(gone), ..gone.clone() }),
            }
        }
        if rest.is_empty() { Ok(()) } else { out.blob(gone::BLOB, &gone::encode(&rest)?) }
    }

    fn survivors_entity(&self, of: &Gone, entity_of: &[u32]) -> Option<u32> {
        let all = &self.records.gone;
        let survivor = of.survivor.as_ref()?;
        let at = all.binary_search_by(|gone| gone.key.cmp(survivor)).ok()?;
        self.findings.last_known[at].map(|record| entity_of[record as usize])
    }
}

/// Entities whose rows are made, in parallel, before they are written.
const ENTITIES_AT_ONCE: usize = 1 << 14;

fn step_row(step: &Step) -> StepRow {
    StepRow { a: step.a, b: step.b, weight: step.weight, kind: step.kind.code() }
}
