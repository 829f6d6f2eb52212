//! stand-in
/// link
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameLink {
    /// n
    Nickname {
        /// s
        sources: u8,
    },
    /// s
    Spelling,
    /// c
    CrossLanguage,
}
/// link
pub fn nickname_link(_a: &str, _b: &str) -> Option<NameLink> {
    None
}
/// formal
pub fn formal_names(_a: &str) -> &'static [&'static str] {
    &[]
}
