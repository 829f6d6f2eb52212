//! Blocking: which records meet, by equal keys.
pub mod index;
