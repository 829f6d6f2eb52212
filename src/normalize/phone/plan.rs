//! Numbering plans of the countries that most numbers come from, so that a clean number costs
//! nothing; all others go through the `phonenumber` crate (80 ms at its first use, 13 µs a number).
//!
//! A plan knows lengths and leading digits, not every area code: `valid` means "possible by shape".

/// A country's plan.
pub(super) struct Plan {
    /// ISO alpha-2.
    pub country: [u8; 2],
    /// Calling code as digits.
    pub code: &'static str,
    /// Trunk prefix dialled before a national number.
    pub trunk: &'static str,
    /// Length of the national significant number.
    length: (usize, usize),
    /// Digits that a national number may begin with.
    leading: &'static str,
}

macro_rules! plans {
    ($($country:literal $code:literal $trunk:literal $min:literal-$max:literal $leading:literal;)*) => {
        &[$(Plan {
            country: *$country, code: $code, trunk: $trunk, length: ($min, $max), leading: $leading,
        }),*]
    };
}

/// NANP countries other than the US stand for their calling code: see [`by_country`].
const PLANS: &[Plan] = plans! {
    b"US" "1" "1" 10-10 "23456789";
    b"GB" "44" "0" 9-10 "1235789";
    b"DE" "49" "0" 6-13 "123456789";
    b"FR" "33" "0" 9-9 "123456789";
    b"ES" "34" "" 9-9 "56789";
    b"IT" "39" "" 6-11 "0389";
    b"NL" "31" "0" 9-9 "123456789";
    b"SE" "46" "0" 7-9 "123456789";
    b"AU" "61" "0" 9-10 "1234578";
    b"BE" "32" "0" 8-9 "123456789";
    b"CH" "41" "0" 9-9 "23456789";
    b"AT" "43" "0" 6-13 "12345678";
    b"PT" "351" "" 9-9 "2346789";
    b"PL" "48" "" 9-9 "12345678";
    b"DK" "45" "" 8-8 "23456789";
    b"NO" "47" "" 8-8 "23456789";
    b"IE" "353" "0" 7-9 "124567890";
    b"NZ" "64" "0" 8-10 "234679";
    b"CZ" "420" "" 9-9 "234567";
    b"SK" "421" "0" 9-9 "2345689";
    b"GR" "30" "" 10-10 "26789";
    b"IN" "91" "0" 10-10 "123456789";
    b"ZA" "27" "0" 9-9 "12345678";
    b"TR" "90" "0" 10-10 "234589";
    b"RU" "7" "8" 10-10 "34789";
    b"HU" "36" "06" 8-9 "123456789";
    b"MX" "52" "" 10-10 "23456789";
    b"BR" "55" "0" 10-11 "123456789";
    b"AR" "54" "0" 10-10 "12368";
    b"CI" "225" "" 8-10 "012";
    b"BJ" "229" "" 8-10 "0123456789";
};

impl Plan {
    /// Whether a national significant number has the plan's shape.
    pub(super) fn accepts(&self, national: &str) -> bool {
        let bytes = national.as_bytes();
        let (min, max) = self.length;
        if bytes.len() < min || bytes.len() > max || !self.leading.as_bytes().contains(&bytes[0]) {
            return false;
        }
        match &self.country {
            b"US" => is_nanp(bytes),
            // Nine digits are left in a few old areas and in freephone numbers only.
            b"GB" => bytes.len() == 10 || matches!(bytes[0], b'1' | b'8'),
            // Mobiles have ten or eleven digits; other numbers in 1 are services.
            b"DE" => match bytes {
                [b'1', b'5'..=b'7', ..] => matches!(bytes.len(), 10 | 11),
                [b'1', ..] => bytes.len() >= 7,
                _ => true,
            },
            b"IT" => bytes[0] != b'3' || matches!(bytes.len(), 9 | 10),
            b"AU" => bytes.len() == 9 || bytes[0] == b'1',
            b"BE" => bytes.len() == 8 || bytes[0] == b'4',
            b"CI" | b"BJ" => bytes.len() != 9,
            b"BR" => bytes.len() == 10 || bytes[2] == b'9',
            _ => true,
        }
    }

    /// Whether a national number written without its trunk prefix could be one with calling code.
    pub(super) fn strip_code<'a>(&self, digits: &'a str) -> Option<&'a str> {
        let national = digits.strip_prefix(self.code)?;
        let sure = digits.len() > self.length.1 || digits.len() >= 11;
        (sure && self.accepts(national)).then_some(national)
    }
}

/// NXX NXX XXXX; an area code has no 9 in the middle and neither part is N11.
fn is_nanp(bytes: &[u8]) -> bool {
    matches!(bytes, [b'2'..=b'9', b'0'..=b'8', _, b'2'..=b'9', ..])
        && &bytes[1..3] != b"11"
        && &bytes[4..6] != b"11"
}

/// The plan of a country.
pub(super) fn by_country(country: [u8; 2]) -> Option<&'static Plan> {
    const NANP: &[&[u8; 2]] = &[
        b"AG", b"AI", b"AS", b"BB", b"BM", b"BS", b"CA", b"DM", b"DO", b"GD", b"GU", b"JM", b"KN", b"KY",
        b"LC", b"MP", b"MS", b"PR", b"SX", b"TC", b"TT", b"VC", b"VG", b"VI",
    ];
    let country = match country {
        [b'K', b'Z'] => *b"RU",
        [b'G', b'G'] | [b'J', b'E'] | [b'I', b'M'] => *b"GB",
        other if NANP.contains(&&other) => *b"US",
        other => other,
    };
    PLANS.iter().find(|plan| plan.country == country)
}

/// The plan of a calling code.
pub(super) fn by_code(code: &str) -> Option<&'static Plan> {
    PLANS.iter().find(|plan| plan.code == code)
}

/// Splits the digits after a `+` into calling code and the rest. Calling codes are prefix-free.
pub(super) fn split_code(digits: &str) -> Option<(&str, &str)> {
    let length = match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [b'2', b'0' | b'7', ..]
        | [b'3', b'0'..=b'4' | b'6' | b'9', ..]
        | [b'4', b'0' | b'1' | b'3'..=b'9', ..]
        | [b'5', b'1'..=b'8', ..]
        | [b'6', b'0'..=b'6', ..]
        | [b'8', b'1' | b'2' | b'4' | b'6', ..]
        | [b'9', b'0'..=b'5' | b'8', ..] => 2,
        [b'0', ..] => return None,
        _ => 3,
    };
    digits.split_at_checked(length)
}
