//! `sameas`: embedded customer identity resolution.
//!
//! Raw exports in; golden records, cross-system ids and merge candidates out. See ARCHITECTURE.md.

pub mod blocking;
pub mod clustering;
pub mod compare;
pub mod config;
pub mod error;
pub mod evaluation;
pub mod ingest;
pub mod model;
pub mod normalize;
pub mod pipeline;
pub mod query;
pub mod reference;
pub mod report;
pub mod scoring;
pub mod similarity;
pub mod store;
pub mod survivorship;
