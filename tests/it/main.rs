//! Integration tests, one module a topic.

mod normalize_date;
mod normalize_email;
mod normalize_identifier;
mod normalize_name;
mod report;
