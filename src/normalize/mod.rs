//! Raw values to canonical values, one file a kind of value. Pure: a function of its argument and the
//! reference tables.

pub mod address;
pub mod organization;
pub mod phone;
pub mod website;

use crate::model::{MappedRecord, NormalRecord};

/// Cleans every value of a mapped record. Total: what cannot be understood is kept for display and
/// marked as not to be compared.
pub fn normalize(_record: &MappedRecord) -> NormalRecord {
    todo!()
}
