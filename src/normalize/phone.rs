//! Stand-in until the phone normaliser is merged.

use crate::model::{Labelled, Phone};

/// Keeps the digits.
pub fn normalize_phones(values: &[Labelled], _region: Option<[u8; 2]>) -> Vec<Phone> {
    let phone = |value: &Labelled| Phone {
        display: value.value.trim().to_owned(),
        national: value.value.chars().filter(char::is_ascii_digit).collect(),
        label: value.label.clone(),
        ..Phone::default()
    };
    values.iter().map(phone).collect()
}
