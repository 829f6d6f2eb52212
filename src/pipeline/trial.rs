//! What another method or other thresholds would make of the records of a store. Writes nothing.

use super::blocks::candidates;
use super::engine::Engine;
use super::fresh::Fresh;
use super::records::LiveRecords;
use super::resolve::{Decisions, resolve};
use crate::error::Result;
use crate::model::{BlockLimits, Keys, Method, Thresholds};

/// The live records of a store, to be resolved in several ways.
#[derive(Debug)]
pub struct Trials<'a> {
    engine: &'a mut Engine,
    records: LiveRecords,
}

/// One outcome.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// The entity of each record, in the order of [`Trials::keys`]: its smallest member.
    pub cluster: Vec<u32>,
    /// Candidate pairs compared.
    pub pairs_scored: u64,
}

impl Engine {
    /// Loads the live records, for trials.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn trials(&mut self) -> Result<Trials<'_>> {
        let records = {
            let Self { store, catalog, pool, .. } = self;
            pool.install(|| LiveRecords::load(store, catalog, Fresh::default(), None, &|_| ()))?
        };
        self.catch_up_index(&records)?;
        Ok(Trials { engine: self, records })
    }
}

impl Trials<'_> {
    /// Keys of the records, ascending.
    pub fn keys(&self) -> &Keys {
        &self.records.keys
    }

    /// Resolves the records anew, with a model of their own and without people's decisions.
    ///
    /// # Errors
    /// The store or its index cannot be read.
    pub fn run(&mut self, method: Method, thresholds: &Thresholds) -> Result<Trial> {
        let records = &self.records;
        let Engine { index, store, pool, .. } = &mut *self.engine;
        let block = |limits: &BlockLimits| candidates(index, store, records, limits, method);
        let decisions = Decisions::default();
        let (resolution, _) = pool.install(|| {
            resolve(records, None, method, &decisions, thresholds, &block, &mut |_| ())
        })?;
        Ok(Trial { cluster: resolution.clustering.root, pairs_scored: resolution.pairs_scored })
    }
}
