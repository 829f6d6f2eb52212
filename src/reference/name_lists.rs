//! The tables of names as lists with how often each is borne, for making people up.

use super::table;

/// A given name of the US census of 2020.
#[derive(Clone, Copy, Debug)]
pub struct CensusGivenName {
    /// Lower case.
    pub name: &'static str,
    /// People who bear it.
    pub count: u32,
    /// Share of women among them, 0 to 1.
    pub women: f32,
}

/// The commonest given names of the US census of 2020, commonest first.
pub fn census_given_names() -> impl Iterator<Item = CensusGivenName> {
    table::plain_rows::<4>(include_str!("../../data/reference/us_given_names_2020.csv")).map(
        |[name, count, _, women]| CensusGivenName {
            name,
            count: count.parse().unwrap_or(0),
            women: women.parse().unwrap_or(50.0) / 100.0,
        },
    )
}

/// The commonest family names of the US census of 2020, commonest first: lower case, without spaces,
/// and the people who bear it.
pub fn census_surnames() -> impl Iterator<Item = (&'static str, u32)> {
    table::plain_rows::<2>(include_str!("../../data/reference/us_surnames_2020.csv"))
        .map(|[name, count]| (name, count.parse().unwrap_or(0)))
}

/// Short forms of given names: the folded full name, the folded short form, and how many lists hold
/// the pair.
pub fn nicknames() -> impl Iterator<Item = (&'static str, &'static str, u8)> {
    table::plain_rows::<4>(include_str!("../../data/reference/nicknames.csv"))
        .map(|[name, nickname, _, sources]| (name, nickname, sources.parse().unwrap_or(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_whole() {
        let given: Vec<CensusGivenName> = census_given_names().collect();
        assert_eq!(given.len(), 20_000);
        assert!(given.iter().all(|row| row.count > 0 && (0.0..=1.0).contains(&row.women)));
        assert_eq!(census_surnames().filter(|(_, count)| *count > 0).count(), 20_000);
        assert!(nicknames().any(|row| row.0 == "robert" && row.1 == "bob" && row.2 > 1));
    }
}
