//! What a rebuild would do, before it is done.

use std::path::PathBuf;

use super::engine::Engine;
use super::rebuild::Clock;
use super::types::{Progress, RebuildOptions, Redone, Stability};
use super::view::View;
use crate::clustering::Contradiction;
use crate::error::{Error, Result};
use crate::store::results::Results;

/// The results that a rebuild would give; gone with this value.
#[derive(Debug)]
pub struct Plan {
    /// Names the plan: [`RebuildOptions::plan`] of a rebuild that shall do this and nothing else.
    pub id: String,
    /// The results in force, as they were made.
    pub before: View,
    /// The results that it would give.
    pub after: View,
    /// Against the results in force.
    pub stability: Stability,
    /// What it would do again that an undo took back.
    pub redone: Option<Redone>,
    /// Judgements that cannot all hold.
    pub contradictions: Vec<Contradiction>,
    path: PathBuf,
}

impl Engine {
    /// Works the results out anew and leaves the last in force.
    ///
    /// # Errors
    /// [`ErrorKind::Unknown`](crate::error::ErrorKind::Unknown) where there are no results yet; damage;
    /// writing aside fails.
    pub fn plan(&mut self, options: &RebuildOptions, progress: &dyn Progress) -> Result<Plan> {
        let mut clock = Clock::new(progress);
        // Nothing to compare with is no plan.
        View::open(self.store.root())?;
        let work = self.work_out(options, &mut clock)?;
        let before = View::open(self.store.root())?.under_own_policy(&self.store)?;
        clock.stage("results");
        // Beside the results, so that values stay within the store; the name is no run's.
        let path = self.store.results_path(0).with_file_name("plan.bin");
        self.write_results(&work, 0, &path, &mut clock)?;
        clock.finish();
        let after = View::of(self.store.root(), Results::open(&path)?)?;
        Ok(Plan {
            id: work.plan,
            before,
            after: after.with_policy(self.options.config.policy.clone()),
            stability: work.stability,
            redone: work.redone,
            contradictions: work.contradictions,
            path,
        })
    }
}

impl Drop for Plan {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            // The next plan replaces it.
            tracing::warn!("{}", Error::io(&self.path, error));
        }
    }
}
