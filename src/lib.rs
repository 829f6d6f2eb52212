//! `sameas`: embedded customer identity resolution. Raw exports in; golden records, cross-system ids
//! and merge candidates out.
//!
//! - [`pipeline::Engine`] is a store open for writing: [`ingest`](pipeline::Engine::ingest) takes
//!   files in, [`rebuild`](pipeline::Engine::rebuild) works out who is who,
//!   [`judge`](pipeline::Engine::judge) keeps a person's decision.
//! - [`pipeline::View`] reads the last results without lock or database; [`query`] asks it
//!   questions, [`report`] writes files from it.
//! - [`pipeline::resolve`] is the pure middle, for callers with records of their own.
//!
//! The other modules are the stages, each a pure step from one plain value of [`model`] to the
//! next. ARCHITECTURE.md has the map.
//!
//! ```
//! use sameas::pipeline::{Engine, EngineOptions, FileArgument, RebuildOptions, View};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (list, store) = (folder.path().join("list.csv"), folder.path().join("store"));
//! std::fs::write(&list, "id,name,email\n1,Ann Lee,ann@lee.example.org\n2,Bo Ek,bo@ek.example.org\n")?;
//!
//! let mut engine = Engine::create_or_open(&store, EngineOptions::default())?;
//! let file = FileArgument { path: list, ..FileArgument::default() };
//! // `()` is a progress that nobody hears.
//! for outcome in engine.ingest(&[file], false, &())?.files {
//!     assert_eq!(outcome.result?.records_new, 2);
//! }
//! engine.rebuild(RebuildOptions::default(), &())?;
//!
//! let view = View::open(&store)?;
//! let ann = sameas::query::show(&view, "list:1")?;
//! assert_eq!(ann.members.len(), 1);
//! # Ok(())
//! # }
//! ```

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
pub mod synth;
