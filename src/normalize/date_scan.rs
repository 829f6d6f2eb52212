//! Splits a date or time into its numbers, its month's name, its time of day and zone.

/// A run of digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// Its value; the first eight digits where there are more.
    pub(super) value: u32,
    /// How many digits it has.
    pub(super) digits: u8,
}

/// The parts of one value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan<'a> {
    numbers: [Word; 3],
    count: usize,
    /// Month by its name.
    pub(super) month: Option<u8>,
    /// Between the first two numbers.
    pub(super) separator: Option<char>,
    /// Hour, minute, second.
    pub(super) time: Option<(u8, u8, u8)>,
    /// The digits of `YYYYMMDDhhmm(ss)` held a time (which is in `time` too).
    pub(super) compact_time: Option<()>,
    /// Offset from UTC.
    pub(super) zone_seconds: Option<i32>,
    /// The value, where it is one whole number and nothing else.
    pub(super) whole: Option<i64>,
    /// Digits behind the point of a single number.
    pub(super) fraction: Option<&'a str>,
    /// A minus stood in front of it.
    pub(super) negative: bool,
}

impl Scan<'_> {
    /// The numbers of the date, at most three.
    pub(super) fn numbers(&self) -> &[Word] {
        &self.numbers[..self.count]
    }
}

/// No date is longer.
const LENGTH_MAX: usize = 64;

/// Splits a trimmed value; `None` where something in it belongs to no date. O(length).
pub(super) fn scan(text: &str) -> Option<Scan<'_>> {
    if text.is_empty() || text.len() > LENGTH_MAX {
        return None;
    }
    let mut scan = Scan::default();
    if let Some(numbers) = iso_day(text.as_bytes()) {
        (scan.numbers, scan.count, scan.separator) = (numbers, 3, Some('-'));
        return Some(scan);
    }
    let text = text.strip_prefix(['\'', '"']).unwrap_or(text);
    let text = text.strip_suffix('"').unwrap_or(text);
    if let Some(number) = whole_number(text, &mut scan) {
        scan.whole = Some(number);
        return Some(scan);
    }
    // A year before Christ is nobody's birth date.
    if text.starts_with('-') && !text.starts_with("--") {
        return None;
    }
    // `--05-12`: a day without year.
    let text = text.strip_prefix("--").unwrap_or(text);
    let (date, time) = split_time(text);
    if let Some(time) = time {
        read_time(time, &mut scan)?;
    }
    read_date(date, &mut scan)?;
    (scan.count > 0).then_some(scan)
}

/// `2024-03-01`, which most dates are: what the long way would find.
fn iso_day(text: &[u8]) -> Option<[Word; 3]> {
    let [year @ .., b'-', a, b, b'-', c, d] = text else { return None };
    let word = |digits: &[u8]| {
        let value = digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
        Word { value, digits: digits.len() as u8 }
    };
    let all_digits = year.iter().chain([a, b, c, d]).all(u8::is_ascii_digit);
    (year.len() == 4 && all_digits).then(|| [word(year), word(&[*a, *b]), word(&[*c, *d])])
}

fn whole_number<'a>(text: &'a str, scan: &mut Scan<'a>) -> Option<i64> {
    let (digits, negative) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let (digits, fraction) = match digits.split_once('.') {
        // A point with exactly two more digits after at most two is `25.01`, not a number.
        Some((whole, fraction)) if whole.len() >= 5 => (whole, Some(fraction)),
        Some(_) => return None,
        None => (digits, None),
    };
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(digits) || digits.len() > 18 || !fraction.is_none_or(all_digits) {
        return None;
    }
    // `YYYYMMDDhhmmss`
    if digits.len() == 14 && !negative && fraction.is_none() {
        let part = |from: usize| digits[from..from + 2].parse::<u8>().unwrap_or(99);
        let time = (part(8), part(10), part(12));
        if time.0 < 24 && time.1 < 60 && time.2 < 61 {
            (scan.time, scan.compact_time) = (Some((time.0, time.1, time.2.min(59))), Some(()));
        }
    }
    scan.negative = negative;
    scan.fraction = fraction;
    scan.numbers[0] = number(digits);
    scan.count = 1;
    let value: i64 = digits.parse().ok()?;
    Some(if negative { -value } else { value })
}

fn number(digits: &str) -> Word {
    let value = digits.get(..8).unwrap_or(digits).parse().unwrap_or(u32::MAX);
    Word { value, digits: digits.len() as u8 }
}

/// Cuts a value before its time of day: at the `T` of ISO 8601 or before the word with a colon.
fn split_time(text: &str) -> (&str, Option<&str>) {
    let Some(colon) = text.find(':') else {
        // `2024-03-01Z`, `2024-03-01T12`, `2024-03-01+02:00` are too rare to read.
        return (text, None);
    };
    let bytes = text.as_bytes();
    let mut start = colon;
    while start > 0 && bytes[start - 1].is_ascii_digit() {
        start -= 1;
    }
    let date = text[..start].trim_end_matches([' ', ',', '\t', '\u{a0}', '\u{202f}']);
    let date = match date.strip_suffix(['T', 't']) {
        // The T of `Oct 5` stands behind a letter, that of ISO behind a digit.
        Some(head) if head.ends_with(|c: char| c.is_ascii_digit()) => head,
        _ => date,
    };
    // `25.01.2021 um 12:00`, `at 12:00`
    (date, Some(&text[start..]))
}

fn read_time(text: &str, scan: &mut Scan<'_>) -> Option<()> {
    let clock_end = text.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(text.len());
    let mut fields = text[..clock_end].split(':').map(str::parse::<u8>);
    let mut hour = fields.next()?.ok()?;
    let minute = fields.next()?.ok()?;
    let second = fields.next().transpose().ok()?.unwrap_or(0);
    if fields.next().is_some() {
        return None;
    }
    let mut rest = &text[clock_end..];
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    rest = rest.trim_matches([' ', '\u{a0}', '\u{202f}', '[', ']', '(', ')', '"']);
    if let Some(head) = rest.get(..2) {
        let afternoon = head.eq_ignore_ascii_case("pm");
        if afternoon || head.eq_ignore_ascii_case("am") {
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + if afternoon { 12 } else { 0 };
            rest = rest[2..].trim_start();
        }
    }
    if hour > 24 || minute > 59 || second > 60 || (hour == 24 && (minute, second) != (0, 0)) {
        return None;
    }
    // Leap seconds and 24:00 are not worth a day's change.
    scan.time = Some((hour.min(23), minute, second.min(59)));
    scan.zone_seconds = if rest.is_empty() { None } else { Some(zone(rest)?) };
    Some(())
}

fn zone(text: &str) -> Option<i32> {
    let hours = |n: i32| Some(n * 3600);
    let text = text.strip_suffix(" Uhr").unwrap_or(text);
    match text {
        "Z" | "z" | "UTC" | "GMT" | "Uhr" | "uhr" | "h" => return Some(0),
        "CET" | "MEZ" | "BST" | "IST" if text != "IST" => return hours(1),
        "CEST" | "MESZ" | "EET" => return hours(2),
        "EST" | "CDT" => return hours(-5),
        "EDT" => return hours(-4),
        "CST" | "MDT" => return hours(-6),
        "MST" | "PDT" => return hours(-7),
        "PST" => return hours(-8),
        _ => {}
    }
    let text = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text);
    // `+02:00 CEST`, `-0500 (EST)`
    let text = text.split(' ').next().unwrap_or(text);
    let (sign, digits) = match text.chars().next()? {
        '+' => (1, &text[1..]),
        '-' => (-1, &text[1..]),
        '−' => (-1, text.strip_prefix('−')?),
        _ => return None,
    };
    let (hour, minute) = match digits.split_once(':') {
        Some((hour, minute)) => (hour, minute),
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "0"),
    };
    let (hour, minute) = (hour.parse::<i32>().ok()?, minute.parse::<i32>().ok()?);
    (hour <= 18 && (0..60).contains(&minute) && hour >= 0)
        .then_some(sign * (hour * 3600 + minute * 60))
}

fn read_date(text: &str, scan: &mut Scan<'_>) -> Option<()> {
    let text = text.trim_matches([' ', ',', '"', '\u{a0}']);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            if scan.count == 3 || end > 8 {
                return None;
            }
            scan.numbers[scan.count] = number(&rest[..end]);
            scan.count += 1;
            rest = &rest[end..];
            // `1st`, `2nd`, `5e`, `1er`, `1º`
            if rest.starts_with(char::is_alphabetic) || rest.starts_with(['º', 'ª', '°']) {
                let end =
                    rest.find(|c: char| !c.is_alphanumeric() && c != '°').unwrap_or(rest.len());
                let ordinal = ["st", "nd", "rd", "th", "er", "e", "º", "ª", "°"]
                    .iter()
                    .any(|suffix| rest[..end].eq_ignore_ascii_case(suffix));
                if ordinal {
                    rest = &rest[end..];
                }
            }
        } else if c.is_alphabetic() {
            let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            let word = &rest[..end];
            match month_number(word) {
                Some(month) if scan.month.is_none() => scan.month = Some(month),
                _ if is_filler(word) => {}
                _ => return None,
            }
            rest = &rest[end..];
        } else if matches!(c, '-' | '/' | '.' | ' ' | ',' | '\u{a0}' | '‐' | '–' | '\'' | '’' | '_')
        {
            if scan.count == 1 && scan.separator.is_none() {
                scan.separator = Some(c);
            }
            rest = &rest[c.len_utf8()..];
        } else {
            return None;
        }
    }
    Some(())
}

fn is_filler(word: &str) -> bool {
    let mut buffer = [0; 16];
    let Some(lower) = lower(word, &mut buffer) else { return false };
    matches!(
        lower,
        "de" | "del"
            | "of"
            | "the"
            | "den"
            | "le"
            | "du"
            | "el"
            | "um"
            | "at"
            | "am"
            | "t"
            | "monday"
            | "tuesday"
            | "wednesday"
            | "thursday"
            | "friday"
            | "saturday"
            | "sunday"
            | "mon"
            | "tue"
            | "tues"
            | "wed"
            | "thu"
            | "thur"
            | "thurs"
            | "fri"
            | "sat"
            | "sun"
            | "montag"
            | "dienstag"
            | "mittwoch"
            | "donnerstag"
            | "freitag"
            | "samstag"
            | "sonntag"
            | "mo"
            | "di"
            | "mi"
            | "do"
            | "fr"
            | "sa"
            | "so"
            | "lundi"
            | "mardi"
            | "mercredi"
            | "jeudi"
            | "vendredi"
            | "samedi"
            | "dimanche"
            | "lunes"
            | "martes"
            | "jueves"
            | "viernes"
            | "domingo"
            | "maandag"
            | "dinsdag"
            | "woensdag"
            | "donderdag"
            | "vrijdag"
            | "zaterdag"
            | "zondag"
    )
}

/// Lower case in a buffer, the marks of Latin letters stripped; `None` where it does not fit.
fn lower<'a>(word: &str, buffer: &'a mut [u8; 16]) -> Option<&'a str> {
    let mut length = 0;
    for c in word.chars() {
        let plain = match c {
            'A'..='Z' | 'a'..='z' => c.to_ascii_lowercase(),
            'ä' | 'Ä' | 'á' | 'à' | 'â' | 'ã' => 'a',
            'é' | 'É' | 'è' | 'ê' | 'ë' => 'e',
            'û' | 'ú' | 'ù' | 'ü' => 'u',
            'ì' | 'í' => 'i',
            'ç' => 'c',
            _ => return None,
        };
        *buffer.get_mut(length)? = plain as u8;
        length += 1;
    }
    std::str::from_utf8(&buffer[..length]).ok()
}

/// Month of its name or abbreviation in English, German, French, Spanish, Italian, Dutch or
/// Portuguese.
fn month_number(word: &str) -> Option<u8> {
    let mut buffer = [0; 16];
    Some(match lower(word, &mut buffer)? {
        "jan" | "january" | "januar" | "janner" | "janv" | "janvier" | "ene" | "enero" | "gen"
        | "gennaio" | "januari" | "janeiro" => 1,
        "feb" | "february" | "februar" | "feber" | "fev" | "fevr" | "fevrier" | "febrero"
        | "febbraio" | "februari" | "fevereiro" => 2,
        "mar" | "march" | "marz" | "maerz" | "mrz" | "mars" | "marzo" | "maart" | "mrt"
        | "marco" => 3,
        "apr" | "april" | "avr" | "avril" | "abr" | "abril" | "aprile" => 4,
        "may" | "mai" | "mayo" | "mag" | "maggio" | "mei" | "maio" => 5,
        "jun" | "june" | "juni" | "juin" | "junio" | "giu" | "giugno" | "junho" => 6,
        "jul" | "july" | "juli" | "juil" | "juillet" | "julio" | "lug" | "luglio" | "julho" => 7,
        "aug" | "august" | "aout" | "ago" | "agosto" | "augustus" => 8,
        "sep" | "sept" | "september" | "septembre" | "septiembre" | "setiembre" | "set"
        | "settembre" | "setembro" => 9,
        "oct" | "october" | "okt" | "oktober" | "octobre" | "octubre" | "ott" | "ottobre"
        | "out" | "outubro" => 10,
        "nov" | "november" | "novembre" | "noviembre" | "novembro" => 11,
        "dec" | "december" | "dez" | "dezember" | "decembre" | "dic" | "diciembre" | "dicembre"
        | "dezembro" => 12,
        _ => return None,
    })
}
