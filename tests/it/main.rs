//! The one integration binary: one module a topic.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod command;
mod demo;
mod kinds;
mod kinds_samples;
mod query;
mod report;
