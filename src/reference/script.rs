//! Scripts.

/// Whether a text is in a script that does not say how its words sound, so that what is written in
/// Latin letters cannot be compared with it: characters of Chinese and Japanese, the consonants of
/// Arabic and Hebrew.
///
/// ```
/// use sameas::reference::hides_sounds;
/// assert!(hides_sounds("田中") && hides_sounds("محمد") && !hides_sounds("たなか") && !hides_sounds("Иван"));
/// ```
pub fn hides_sounds(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(u32::from(c),
            0x590..=0x6ff | 0x750..=0x77f | 0x8a0..=0x8ff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff
            | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
    })
}
