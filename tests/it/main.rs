//! Integration tests, one module a topic.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod blocking_index;
mod command;
mod demo;
mod determinism;
mod intake;
mod judge;
mod kinds;
mod kinds_samples;
mod main_job;
mod normalize_date;
mod normalize_email;
mod normalize_identifier;
mod normalize_name;
mod quarantine;
mod query;
mod readers;
mod report;
mod results;
mod store;
mod support;
