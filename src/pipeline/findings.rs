//! What results say of the comparison table, beside clusters and pairs. It is taken out as soon as
//! clusters stand, so that the table, most of a run's memory, is given up before ids are given and
//! results are written.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::again::Again;
use super::gone::LastKnown;
use super::records::LiveRecords;
use super::resolve::Resolution;
use super::survey::Survey;
use crate::clustering::{Step, StepKind};
use crate::compare::{Counts, Table};
use crate::model::EntityKind;

/// What is kept of a table.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// By ordinal.
    pub(super) kind: Vec<EntityKind>,
    /// Why a person should look at a cluster, by its place, where there is a reason.
    pub(super) suspicions: FxHashMap<u32, Vec<String>>,
    /// The first record that bears each id, of the ids by which records name organisations.
    pub(super) bearers: FxHashMap<String, u32>,
    /// By place in [`LiveRecords::gone`]: the live record that it was last known with.
    pub(super) last_known: Vec<Option<u32>>,
    /// Mail addresses, and phones, that many records share.
    pub(super) shared: [usize; 2],
}

/// A mailbox or phone of so many records is worth a warning.
pub(super) const SHARED: u32 = 25;

impl Findings {
    /// As [`Findings::new`], of records of which most were not compared again.
    pub(super) fn again(
        survey: Survey<'_>,
        again: Again,
        records: &LiveRecords,
        clusters: &[Vec<u32>],
    ) -> (Self, Resolution) {
        let Again { resolution, kind, mut suspicions } = again;
        let at = (0..clusters.len() as u32).zip(clusters);
        let suspicions = at.filter_map(|(at, of)| Some((at, suspicions.remove(&of[0])?))).collect();
        let noted = records.noted();
        let found = Self {
            kind,
            suspicions,
            bearers: survey.bearers(noted.employment.ids()),
            shared: survey.shared(),
            last_known: survey.last_known(records, &resolution.model),
        };
        (found, resolution)
    }

    /// Looks them up. O(records); parallel.
    pub(super) fn new(
        table: Table,
        records: &LiveRecords,
        resolution: &Resolution,
        clusters: &[Vec<u32>],
    ) -> Self {
        let suspicions = (0..clusters.len() as u32).into_par_iter().filter_map(|at| {
            let members = &clusters[at as usize];
            let found = suspicions(&table, members, resolution.clustering.steps_of(members[0]));
            (!found.is_empty()).then_some((at, found))
        });
        let suspicions: Vec<(u32, Vec<String>)> = suspicions.collect();
        let last_known = if records.gone.is_empty() {
            Vec::new()
        } else {
            let known = LastKnown::new(&table, &records.gone);
            records.gone.par_iter().map(|gone| known.of(&gone.normal)).collect()
        };
        let many = |counts: &Counts| counts.of.iter().filter(|n| **n >= SHARED).count();
        Self {
            suspicions: suspicions.into_iter().collect(),
            bearers: bearers(&table, records),
            last_known,
            shared: [many(&table.counts.email), many(&table.counts.phone)],
            kind: table.kind,
        }
    }
}

/// The first record that bears each id by which another names an organisation.
fn bearers(table: &Table, records: &LiveRecords) -> FxHashMap<String, u32> {
    let noted = records.noted();
    let mut found: FxHashMap<&str, Option<u32>> =
        noted.employment.ids().map(|id| (id, None)).collect();
    if !found.is_empty() {
        for record in 0..table.len() {
            for link in table.links.get(record).iter().filter(|link| link.own) {
                if let Some(bearer) = found.get_mut(table.link.get(link.link)) {
                    bearer.get_or_insert(record);
                }
            }
        }
    }
    found.into_iter().filter_map(|(id, bearer)| Some((id.to_owned(), bearer?))).collect()
}

/// An entity of more records than this is worth a look.
const LARGE: usize = 40;
/// A merge under this log odds (bits; 2 is a probability of .8) is doubtful.
const DOUBTFUL: f32 = 2.0;

/// Why a person should look at an entity.
pub(super) fn suspicions(table: &Table, members: &[u32], steps: &[(u32, Step)]) -> Vec<String> {
    let mut out = Vec::new();
    if members.len() < 2 {
        return out;
    }
    if members.len() >= LARGE {
        out.push(format!("unusually large: {} records", members.len()));
    }
    let weights = steps.iter().filter(|(_, step)| step.kind != StepKind::Judgement);
    let weakest = weights.map(|(_, step)| step.weight).fold(f32::INFINITY, f32::min);
    if members.len() > 2 && weakest < DOUBTFUL {
        let probability = 1.0 / (1.0 + (-f64::from(weakest)).exp2());
        out.push(format!(
            "two parts are held together by a doubtful link (probability {probability:.2})"
        ));
    }
    let names = members.iter().flat_map(|m| table.names(*m));
    let mut generations: Vec<u8> = names.map(|n| n.generation).filter(|g| *g != 0).collect();
    generations.sort_unstable();
    generations.dedup();
    if generations.len() > 1 {
        out.push("some records say senior, others junior".to_owned());
    }
    let births = members.iter().flat_map(|m| table.births(*m));
    let mut years: Vec<u32> = births
        .filter_map(|id| table.birth.get(*id).get(..4)?.parse().ok())
        .filter(|year| *year != 0)
        .collect();
    years.sort_unstable();
    if let (Some(first), Some(last)) = (years.first(), years.last())
        && last - first >= 12
    {
        out.push(format!("birth dates lie {} years apart", last - first));
    }
    out
}
