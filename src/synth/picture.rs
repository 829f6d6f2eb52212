//! Numbers written after a picture: ids, postcodes, phone numbers.

use super::random::mix;

const BASE32: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LETTERS: &[u8] = b"ABCDEFGHJKLMNPRSTUWXYZ";
/// Most different numbers that a picture is asked for.
const SIZE_MAX: u64 = 1 << 40;

/// A text with places for the digits of a number: `#` is a digit, `%` one from 2 to 9, `@` a capital
/// letter, `^` a digit or capital letter (base 32), `*` any digit or letter (base 62).
#[derive(Debug, Clone)]
pub(super) struct Picture {
    marks: Vec<char>,
    size: u64,
}

fn digits_of(mark: char) -> Option<&'static [u8]> {
    Some(match mark {
        '#' => &BASE62[..10],
        '%' => &BASE62[2..10],
        '@' => LETTERS,
        '^' => BASE32,
        '*' => BASE62,
        _ => return None,
    })
}

impl Picture {
    pub(super) fn new(text: &str) -> Self {
        let marks: Vec<char> = text.chars().collect();
        let mut size = 1_u64;
        for digits in marks.iter().filter_map(|mark| digits_of(*mark)) {
            size = size.saturating_mul(digits.len() as u64).min(SIZE_MAX);
        }
        Self { marks, size }
    }

    /// How many numbers it can tell apart, at most 2^40.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Writes a number below [`size`](Self::size): its digits stand at the right, those further
    /// left follow from it.
    pub(super) fn write(&self, out: &mut String, number: u64) {
        let (mut rest, mut known) = (number, 1_u64);
        let mut more = mix(number ^ 0x5851_F42D_4C95_7F2D);
        let start = out.len();
        for mark in self.marks.iter().rev() {
            let Some(digits) = digits_of(*mark) else {
                out.push(*mark);
                continue;
            };
            let radix = digits.len() as u64;
            let digit = if known < self.size {
                let digit = rest % radix;
                rest /= radix;
                known = known.saturating_mul(radix);
                digit
            } else {
                more = mix(more);
                more % radix
            };
            out.push(digits[digit as usize] as char);
        }
        let turned: String = out[start..].chars().rev().collect();
        out.truncate(start);
        out.push_str(&turned);
    }
}

/// Adds the three characters that say which letters of a 15-character id are capitals, for readers
/// that ignore case.
pub(super) fn add_case_check(id: &mut String) {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    let check: Vec<char> = id
        .as_bytes()
        .chunks(5)
        .map(|part| {
            let capitals = part.iter().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase());
            SIGNS[capitals.map(|(at, _)| 1 << at).sum::<usize>() % SIGNS.len()] as char
        })
        .collect();
    id.extend(check);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(picture: &str, number: u64) -> String {
        let mut out = String::from("x");
        Picture::new(picture).write(&mut out, number);
        out.split_off(1)
    }

    #[test]
    fn digits_stand_at_the_right() {
        for (picture, number, want) in
            [("62##", 7, "6207"), ("%##-#", 12, "201-2"), ("K@#", 13, "KB3"), ("plain", 0, "plain")]
        {
            assert_eq!(written(picture, number), want);
        }
        assert_eq!(Picture::new("%#").size(), 80);
    }

    #[test]
    fn long_pictures_have_no_run_of_zeros() {
        let text = written("^^^^^^^^^^^^^^^^^^^^^^^^", 1);
        assert!(!text.contains("0000000000"[..9].repeat(2).as_str()) && text.len() == 24);
        assert_ne!(text, written("^^^^^^^^^^^^^^^^^^^^^^^^", 2));
    }

    #[test]
    fn the_case_check_is_the_known_one() {
        let mut id = "0035g0000EnaxfbAQA"[..15].to_owned();
        add_case_check(&mut id);
        assert_eq!(id, "0035g0000EnaxfbAQA");
    }
}
