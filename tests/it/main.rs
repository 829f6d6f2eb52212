//! Integration tests, one module a topic.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod kinds;
mod kinds_samples;
mod readers;
