//! Stand-in until the organisation normaliser is merged.

use crate::model::Organization;
use crate::reference::fold;

/// Keeps the folded tokens.
pub fn normalize_organization(name: &str) -> Option<Organization> {
    let tokens = fold(name).split(' ').filter(|t| !t.is_empty()).map(str::to_owned).collect();
    Some(Organization { display: name.trim().to_owned(), tokens, ..Organization::default() })
}
