/// The candidate that a person most likely meant by `word`, if any is near: at most a third of its
/// letters are to be changed. Ties go to the first. O(candidates × length²).
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase();
    let most = (folded.chars().count().max(3)) / 3;
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let distance = distance(&folded, &candidate.to_lowercase());
        if distance <= most && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edit distance with swaps of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    rapidfuzz::distance::osa::distance(a.chars(), b.chars())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_typing_errors_and_nothing_far() {
        let names = ["match", "review", "auto", "default_region"];
        assert_eq!(nearest("macth", names), Some("match"));
        assert_eq!(nearest("Reveiw", names), Some("review"));
        assert_eq!(nearest("default-region", names), Some("default_region"));
        assert_eq!(nearest("threshold", names), None);
    }
}
