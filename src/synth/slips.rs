//! What goes wrong when people type.

use super::random::Random;

const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// One slip of the keyboard: a character doubled, left out, hit beside, or two exchanged. Text
/// shorter than three characters stays as it is.
pub(super) fn typo(text: &mut String, random: &mut Random) {
    let mut chars: Vec<char> = text.chars().collect();
    if chars.len() < 3 {
        return;
    }
    let at = random.below(chars.len());
    match random.below(5) {
        0 => chars.insert(at, chars[at]),
        1 => _ = chars.remove(at),
        2 | 3 => chars[at] = beside(chars[at], random),
        _ => {
            let at = at.min(chars.len() - 2);
            chars.swap(at, at + 1);
        }
    }
    text.clear();
    text.extend(chars);
}

/// A digit that is not the right one.
pub(super) fn wrong_digit(text: &mut String, random: &mut Random) {
    let digits: Vec<usize> =
        text.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()).map(|(at, _)| at).collect();
    if digits.is_empty() {
        return;
    }
    let at = *random.pick(&digits);
    let old = text.as_bytes()[at] - b'0';
    let new = (old + 1 + random.below(9) as u8) % 10;
    text.replace_range(at..=at, &new.to_string());
}

/// A slip in a number: a digit left out, doubled, exchanged or wrong.
pub(super) fn number_slip(text: &mut String, random: &mut Random) {
    if random.chance(0.5) { wrong_digit(text, random) } else { typo(text, random) }
}

fn beside(c: char, random: &mut Random) -> char {
    let low = c.to_ascii_lowercase();
    let Some((row, at)) = ROWS.iter().find_map(|row| Some((row.as_bytes(), row.find(low)?))) else {
        if let Some(digit) = c.to_digit(10) {
            return char::from_digit((digit + 1) % 10, 10).unwrap_or(c);
        }
        return c;
    };
    let near = if at == 0 || (at + 1 < row.len() && random.chance(0.5)) { at + 1 } else { at - 1 };
    let found = row[near] as char;
    if c.is_ascii_uppercase() { found.to_ascii_uppercase() } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_small() {
        let mut random = Random::new(3, 0);
        for word in ["Castellano", "Jürgen", "ab", "", "12345"] {
            for _ in 0..200 {
                let mut text = word.to_owned();
                typo(&mut text, &mut random);
                assert!(text.chars().count().abs_diff(word.chars().count()) <= 1, "{text}");
                wrong_digit(&mut text, &mut random);
            }
        }
    }

    #[test]
    fn a_wrong_digit_differs() {
        let mut text = "+1 202".to_owned();
        wrong_digit(&mut text, &mut Random::new(1, 1));
        assert!(text != "+1 202" && text.len() == 6);
        let mut none = "none".to_owned();
        wrong_digit(&mut none, &mut Random::new(1, 1));
        assert_eq!(none, "none");
    }
}
