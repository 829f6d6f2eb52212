//! From scored pairs to clusters: agglomeration on profiles, with judgements and entity kinds as
//! walls. Connected components only say what may be decided apart.

mod agglomerate;
mod contradictions;
mod identity;
mod ledger;
mod union_find;

pub use agglomerate::{CONNECT, ClusterInput, Clustering, Edge, Step, StepKind, cluster};
pub use contradictions::{Contradiction, contradictions, judgements_in_force};
pub use identity::{Clusters, Identities, News, identify, restore};
pub use ledger::{LedgerState, Resolved, record_hash};
pub use union_find::UnionFind;
