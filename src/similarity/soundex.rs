/// American Soundex (Russell 1918, the National Archives' rules) of a folded word as four bytes
/// packed big-endian; 0 for a word without letters. O(length).
pub fn soundex(word: &str) -> u32 {
    let mut letters = word.bytes().filter(u8::is_ascii_lowercase);
    let Some(first) = letters.next() else { return 0 };
    let mut code = [first.to_ascii_uppercase(), b'0', b'0', b'0'];
    let mut last = digit(first);
    let mut at = 1;
    for letter in letters {
        let d = digit(letter);
        // h and w do not separate equal codes; vowels do.
        if letter == b'h' || letter == b'w' {
            continue;
        }
        if d != 0 && d != last {
            code[at] = b'0' + d;
            at += 1;
            if at == 4 {
                break;
            }
        }
        last = d;
    }
    u32::from_be_bytes(code)
}

const fn digit(letter: u8) -> u8 {
    match letter {
        b'b' | b'f' | b'p' | b'v' => 1,
        b'c' | b'g' | b'j' | b'k' | b'q' | b's' | b'x' | b'z' => 2,
        b'd' | b't' => 3,
        b'l' => 4,
        b'm' | b'n' => 5,
        b'r' => 6,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_codes() {
        for (word, code) in [
            ("robert", b"R163"),
            ("rupert", b"R163"),
            ("ashcraft", b"A261"),
            ("ashcroft", b"A261"),
            ("tymczak", b"T522"),
            ("pfister", b"P236"),
            ("honeyman", b"H555"),
            ("lee", b"L000"),
        ] {
            assert_eq!(soundex(word), u32::from_be_bytes(*code), "{word}");
        }
        assert_eq!(soundex("12"), 0);
    }
}
