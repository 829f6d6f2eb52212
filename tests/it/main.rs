//! The one integration binary: one module a topic.

mod command;
mod query;
mod report;
