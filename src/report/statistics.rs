//! Counts over records, entities and candidates that both the summary and the page show.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::ReportInput;
use super::candidates::Candidates;
use super::roster::Roster;
use crate::model::{Band, EntityKind};

/// Counts of a report.
#[derive(Debug, Default, Serialize)]
pub(super) struct Statistics {
    pub(super) records: u64,
    pub(super) entities: u64,
    pub(super) persons: u64,
    pub(super) organizations: u64,
    pub(super) unknown: u64,
    /// Records beyond the first of their entity.
    pub(super) duplicates: u64,
    /// Entities of several records.
    pub(super) merged_entities: u64,
    /// Entities in several sources.
    pub(super) cross_source_entities: u64,
    /// Share of records that stand with another one.
    pub(super) merged_record_share: f64,
    pub(super) suspicious_entities: u64,
    pub(super) largest_entity: u64,
    /// Entities by number of records.
    pub(super) entity_sizes: BTreeMap<u64, u64>,
    pub(super) candidates: CandidateCounts,
    pub(super) sources: BTreeMap<String, SourceCounts>,
    pub(super) quarantined: u64,
    pub(super) quarantine_reasons: BTreeMap<String, u64>,
}

/// Candidates by band and by whether they are merged.
#[derive(Debug, Default, Serialize)]
pub(super) struct CandidateCounts {
    pub(super) auto: u64,
    pub(super) auto_merged: u64,
    pub(super) review: u64,
    pub(super) review_merged: u64,
}

/// Counts of one source.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct SourceCounts {
    pub(super) system: String,
    pub(super) records: u64,
    pub(super) entities: u64,
    /// Records beyond the first of their entity in this source.
    pub(super) duplicates: u64,
    /// Entities that stand in another source too.
    pub(super) shared_entities: u64,
}

/// How many entities stand in two places at once.
#[derive(Debug)]
pub(super) struct Matrix {
    /// Sources; systems where there are too many sources to look at.
    pub(super) axis: Vec<String>,
    /// Entities that stand in both; the diagonal counts those with several records in one.
    pub(super) cells: Vec<Vec<u64>>,
}

/// Sources that a matrix can show and still be read.
const AXIS: usize = 20;

/// Counts the matrix. O(records + entities · axis²).
pub(super) fn matrix(input: &ReportInput<'_>, roster: &Roster) -> Matrix {
    let system = |s: &Arc<str>| input.systems.get(s).unwrap_or(s).to_string();
    let names: Vec<String> = if roster.sources.len() <= AXIS {
        roster.sources.iter().map(ToString::to_string).collect()
    } else {
        roster.sources.iter().map(system).collect()
    };
    let axis: Vec<String> = names.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let place: Vec<usize> = names.iter().map(|n| axis.partition_point(|a| a < n)).collect();
    let mut cells = vec![vec![0; axis.len()]; axis.len()];
    let mut records = vec![0_u64; axis.len()];
    for entity in roster.entities.iter().filter(|e| e.members.len() > 1) {
        records.fill(0);
        for member in &entity.members {
            records[place[roster.source_of[*member as usize] as usize]] += 1;
        }
        let met: Vec<usize> = (0..axis.len()).filter(|at| records[*at] > 0).collect();
        for at in &met {
            for other in &met {
                cells[*at][*other] += u64::from(at != other || records[*at] > 1);
            }
        }
    }
    Matrix { axis, cells }
}

/// Counts everything else. O(records + pairs).
pub(super) fn count(
    input: &ReportInput<'_>,
    roster: &Roster,
    candidates: &Candidates,
) -> Statistics {
    let mut all = Statistics {
        records: roster.keys.len() as u64,
        entities: roster.entities.len() as u64,
        quarantined: input.quarantined.len() as u64,
        ..Statistics::default()
    };
    let mut sources = vec![SourceCounts::default(); roster.sources.len()];
    let mut merged_records = 0;
    for entity in &roster.entities {
        let size = entity.members.len() as u64;
        match entity.kind {
            EntityKind::Person => all.persons += 1,
            EntityKind::Organization => all.organizations += 1,
            EntityKind::Unknown => all.unknown += 1,
        }
        *all.entity_sizes.entry(size).or_default() += 1;
        all.duplicates += size.saturating_sub(1);
        all.suspicious_entities += u64::from(!entity.suspicions.is_empty());
        all.largest_entity = all.largest_entity.max(size);
        if size > 1 {
            all.merged_entities += 1;
            merged_records += size;
        }
        // Members are sorted by key, so those of one source stand together.
        let of = |m: &u32| roster.source_of[*m as usize] as usize;
        let runs: Vec<(usize, u64)> = entity
            .members
            .chunk_by(|a, b| of(a) == of(b))
            .map(|r| (of(&r[0]), r.len() as u64))
            .collect();
        all.cross_source_entities += u64::from(runs.len() > 1);
        for (source, records) in &runs {
            let counts = &mut sources[*source];
            counts.records += records;
            counts.entities += 1;
            counts.duplicates += records - 1;
            counts.shared_entities += u64::from(runs.len() > 1);
        }
    }
    all.merged_record_share = share(merged_records, all.records);
    let thresholds = input.results.summary().thresholds;
    for candidate in &candidates.ranked {
        let merged = u64::from(candidate.same_entity(roster));
        let counts = &mut all.candidates;
        let (pairs, merged_pairs) = match candidate.band(&thresholds) {
            Band::Auto => (&mut counts.auto, &mut counts.auto_merged),
            Band::Review => (&mut counts.review, &mut counts.review_merged),
        };
        *pairs += 1;
        *merged_pairs += merged;
    }
    for row in input.quarantined {
        *all.quarantine_reasons.entry(row.reason.clone()).or_default() += 1;
    }
    for (source, mut counts) in roster.sources.iter().zip(sources) {
        counts.system = input.systems.get(source).unwrap_or(source).to_string();
        all.sources.insert(source.to_string(), counts);
    }
    all
}

/// `part` of `whole`, to four decimals; 0 of nothing.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64 * 1e4).round() / 1e4 }
}
