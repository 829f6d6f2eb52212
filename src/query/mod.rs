//! Questions about the last results: who is this, where else is it, why are these one. Every function
//! reads one [`View`](crate::pipeline::View) and returns a plain value whose serde names are the keys
//! of `--format json`. Nothing here writes or prints.

mod changes;
mod conflicts;
mod diff;
mod evaluate;
mod find;
mod free_text;
mod history;
mod how;
mod policy;
mod resolve;
mod show;
mod status;
mod why;
mod xref;

use serde::ser::{Serialize, SerializeMap, Serializer};

pub use changes::{ChangeRow, Since, changes};
pub use conflicts::{Conflict, ConflictValue, Conflicts, ConflictsWanted, Disagreement, conflicts};
pub use diff::{
    Diff, EntityChanges, EntityExample, FieldChanges, FieldExample, MovedRecord, PairChanges,
    PairExample, RecordCounts, diff,
};
pub use evaluate::evaluate;
pub use find::{FoundEntity, find};
pub use free_text::Query;
pub use history::{History, history};
pub use how::{How, HowStep, how};
pub use policy::{PolicyRow, policy, policy_doubts};
pub use resolve::{Found, resolve, resolve_entity, resolve_key, resolve_record};
pub use show::{GoldenValue, MemberRow, Show, show};
pub use status::{LastIngest, LastRebuild, ModelStatus, SourceStatus, Status, gate_input, status};
pub use why::why;
pub use xref::{Xref, xref};

/// Named values in an order that matters; a map in JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordered<T>(pub Vec<(String, T)>);

impl<T: Serialize> Serialize for Ordered<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
