//! Stand-in until the address normaliser is merged.

use crate::model::{Address, MappedAddress};

/// Keeps what is shown.
pub fn normalize_address(address: &MappedAddress, _region: Option<[u8; 2]>) -> Option<Address> {
    Some(Address {
        line: address.line.clone(),
        city: address.city.clone(),
        postcode: address.postcode.clone(),
        label: address.label.clone(),
        ..Address::default()
    })
}
