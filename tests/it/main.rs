//! Integration tests, one module a topic.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod blocking_index;
mod command;
mod demo;
mod kinds;
mod kinds_samples;
mod normalize_date;
mod normalize_email;
mod normalize_identifier;
mod normalize_name;
mod query;
mod readers;
mod report;
mod results;
mod store;
