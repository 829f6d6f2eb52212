//! From scored pairs to clusters: agglomeration on profiles, with judgements and entity kinds as
//! walls. Connected components only say what may be decided apart.

mod agglomerate;
mod union_find;

pub use agglomerate::{ClusterInput, Clustering, Edge, Step, StepKind, cluster};
pub use union_find::UnionFind;
