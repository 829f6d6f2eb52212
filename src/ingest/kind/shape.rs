//! What single values look like. Cheap tests: the normalisers decide what a value is worth.

use super::header::{self, Lexicon};
use crate::reference::names::is_given;

pub(super) fn looks_like_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    !local.is_empty()
        && !text.contains(char::is_whitespace)
        && domain.len() > 3
        && domain.split('.').count() > 1
        && domain.split('.').all(|part| !part.is_empty())
}

/// 6–15 digits among the signs of phone numbers.
pub(super) fn looks_like_phone(text: &str) -> bool {
    let text = text.trim_start_matches('\'');
    let number = text.find(|c: char| c.is_alphabetic()).map_or(text, |at| &text[..at]);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    (6..=15).contains(&digits)
        && number.chars().all(|c| c.is_ascii_digit() || " +-()./\u{a0}".contains(c))
}

/// Written so that it can only be a phone number: a plus, or groups.
pub(super) fn surely_phone(text: &str) -> bool {
    looks_like_phone(text)
        && !looks_like_date(text)
        && (text.starts_with('+')
            || text.starts_with('(')
            || text.matches(['-', ' ', '.']).count() >= 2)
}

pub(super) fn looks_like_date(text: &str) -> bool {
    let day = text.split([' ', 'T']).next().unwrap_or(text);
    if day.len() == 8 && day.bytes().all(|c| c.is_ascii_digit()) {
        return matches!(&day[..2], "18" | "19" | "20");
    }
    let separator = day.chars().find(|c| !c.is_ascii_digit());
    let Some(separator @ ('-' | '/' | '.')) = separator else { return false };
    let parts: Vec<&str> = day.trim_end_matches('.').split(separator).collect();
    // Two short parts and a year at either end; the month may be a word (`02-Jan-2006`).
    let short = |part: &str| part.len() <= 2 || (part.len() == 3 && !has_digit(part));
    let year = |part: &str| part.len() == 2 || part.len() == 4;
    parts.len() == 3
        && parts.iter().all(|part| !part.is_empty())
        && ((year(parts[0]) && short(parts[1]) && short(parts[2]))
            || (short(parts[0]) && short(parts[1]) && year(parts[2])))
        && parts.iter().filter(|part| part.bytes().all(|c| c.is_ascii_digit())).count() >= 2
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|c| c.is_ascii_digit())
}

pub(super) fn looks_like_website(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    if lower.contains(char::is_whitespace) || lower.contains('@') {
        return false;
    }
    lower.starts_with("http://")
        || lower.starts_with("https://")
        || lower.starts_with("www.")
        || lower.rsplit_once('.').is_some_and(|(head, tail)| {
            let tail = tail.split('/').next().unwrap_or(tail);
            !head.is_empty()
                && (2..=6).contains(&tail.len())
                && tail.bytes().all(|c| c.is_ascii_alphabetic())
        })
}

pub(super) fn looks_like_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit() || c == b'.' || c == b',')
}

/// Whether a spreadsheet shortened this number: `7.21044E+12`, `7,21044E+12`, `1E+11`. Its last digits
/// are gone, and other numbers look the same.
pub(super) fn is_shortened_number(text: &str) -> bool {
    let text = text.trim_start_matches('\'');
    let Some((digits, power)) = text.split_once(['E', 'e']) else { return false };
    let Some(power) = power.strip_prefix('+') else { return false };
    let numeric = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    whole.len() == 1 && numeric(whole) && numeric(fraction) && power.len() >= 2 && numeric(power)
}

pub(super) fn looks_like_company(name: &str) -> bool {
    let lexicon = Lexicon::builtin();
    let words = header::words(&name.to_lowercase());
    if words.is_empty() {
        return false;
    }
    let ends = |form: &Vec<String>| words.len() > form.len() && words.ends_with(form);
    lexicon.legal_forms.iter().any(ends)
        || lexicon.company_words.iter().any(|phrase| header::find(&words, phrase).is_some())
        || name.contains(" & ")
}

/// A legal form at the end, or "& Sons": no person's name. Two-letter forms count in capitals only
/// (`Steinberg AG`, not `Maria Sa`).
pub(super) fn surely_company(name: &str) -> bool {
    let words = header::words(&name.to_lowercase());
    let shout = !name.chars().any(char::is_lowercase);
    let last = name.split_whitespace().next_back().unwrap_or("");
    Lexicon::builtin().legal_forms.iter().any(|form| {
        words.len() > form.len()
            && words.ends_with(form)
            && (form.len() > 1
                || form[0].len() > 2
                || (!shout && !last.chars().any(char::is_lowercase)))
    }) || ["and sons", "y asociados", "e figli", "et fils", "& sons", "und sohne"]
        .iter()
        .any(|end| name.to_lowercase().ends_with(end))
}

/// A given name that is known, or a family name and then one, and no word of a company or trade:
/// `Nancy Williams`, `Williams, Nancy`, not `Austin Plumbing`.
pub(super) fn personal(name: &str) -> bool {
    let words = header::words(&name.to_lowercase());
    let given = match name.split_once(',') {
        Some((_, given)) => header::words(&given.to_lowercase()).into_iter().next(),
        None => words.first().cloned(),
    };
    let trade = |word: &String| Lexicon::builtin().trades.contains(word);
    (2..=4).contains(&words.len())
        && given.is_some_and(|given| is_given(&given))
        && !name.bytes().any(|c| c.is_ascii_digit())
        && !looks_like_company(name)
        && !surely_company(name)
        && !words.iter().any(trade)
}

/// The words of a name in any order: `Williams, Nancy` is `Nancy Williams`.
pub(super) fn words_of_name(name: &str) -> Vec<String> {
    let mut words = header::words(&name.to_lowercase());
    words.sort_unstable();
    words
}

/// Yes or no, in some languages: the answer to a question, no value of a field.
pub(super) fn looks_like_answer(text: &str) -> bool {
    const ANSWERS: [&str; 22] = [
        "yes",
        "no",
        "y",
        "n",
        "true",
        "false",
        "t",
        "f",
        "0",
        "1",
        "ja",
        "nein",
        "nee",
        "wahr",
        "falsch",
        "oui",
        "non",
        "vrai",
        "faux",
        "si",
        "nej",
        "verdadero",
    ];
    ANSWERS.contains(&crate::reference::fold(text).as_str())
}

/// Mr, Frau, Dr … as against `Head of Sales`.
pub(super) fn looks_like_salutation(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "dr",
        "prof",
        "sir",
        "madam",
        "herr",
        "frau",
        "hr",
        "fr",
        "m",
        "mme",
        "mlle",
        "monsieur",
        "madame",
        "sr",
        "sra",
        "srta",
        "don",
        "dona",
        "sig",
        "sigra",
        "dott",
        "dhr",
        "mevr",
        "mevrouw",
        "meneer",
        "rev",
        "ing",
        "dipl",
        "mag",
        "hon",
        "professor",
        "pan",
        "pani",
    ];
    let words = header::words(text);
    !words.is_empty() && words.iter().all(|word| WORDS.contains(&word.as_str()))
}

/// ISO code or common name of a country → ISO code, for the file's default region only.
pub(super) fn country_code(text: &str) -> Option<[u8; 2]> {
    const NAMES: &[(&str, &str)] = &[
        ("united states", "US"),
        ("united states of america", "US"),
        ("usa", "US"),
        ("u s a", "US"),
        ("united kingdom", "GB"),
        ("great britain", "GB"),
        ("england", "GB"),
        ("scotland", "GB"),
        ("wales", "GB"),
        ("uk", "GB"),
        ("canada", "CA"),
        ("kanada", "CA"),
        ("australia", "AU"),
        ("new zealand", "NZ"),
        ("ireland", "IE"),
        ("germany", "DE"),
        ("deutschland", "DE"),
        ("allemagne", "DE"),
        ("alemania", "DE"),
        ("germania", "DE"),
        ("duitsland", "DE"),
        ("austria", "AT"),
        ("osterreich", "AT"),
        ("switzerland", "CH"),
        ("schweiz", "CH"),
        ("suisse", "CH"),
        ("france", "FR"),
        ("frankreich", "FR"),
        ("spain", "ES"),
        ("espana", "ES"),
        ("spanien", "ES"),
        ("italy", "IT"),
        ("italia", "IT"),
        ("italien", "IT"),
        ("netherlands", "NL"),
        ("the netherlands", "NL"),
        ("nederland", "NL"),
        ("niederlande", "NL"),
        ("belgium", "BE"),
        ("belgie", "BE"),
        ("belgique", "BE"),
        ("belgien", "BE"),
        ("portugal", "PT"),
        ("brazil", "BR"),
        ("brasil", "BR"),
        ("mexico", "MX"),
        ("sweden", "SE"),
        ("sverige", "SE"),
        ("schweden", "SE"),
        ("denmark", "DK"),
        ("danmark", "DK"),
        ("norway", "NO"),
        ("norge", "NO"),
        ("finland", "FI"),
        ("suomi", "FI"),
        ("poland", "PL"),
        ("polska", "PL"),
        ("polen", "PL"),
        ("japan", "JP"),
        ("india", "IN"),
        ("luxembourg", "LU"),
        ("czech republic", "CZ"),
    ];
    let text = text.trim();
    let folded = crate::reference::fold(text);
    if let Some((_, code)) = NAMES.iter().find(|(name, _)| *name == folded) {
        return code.as_bytes().try_into().ok();
    }
    let upper: [u8; 2] = text.to_ascii_uppercase().as_bytes().try_into().ok()?;
    upper.iter().all(u8::is_ascii_uppercase).then_some(upper)
}

/// The country that a phone number written with `+` belongs to, for the common ones.
pub(super) fn country_of_phone(text: &str) -> Option<[u8; 2]> {
    const CODES: &[(&str, &[u8; 2])] = &[
        ("49", b"DE"),
        ("43", b"AT"),
        ("41", b"CH"),
        ("33", b"FR"),
        ("34", b"ES"),
        ("39", b"IT"),
        ("31", b"NL"),
        ("32", b"BE"),
        ("44", b"GB"),
        ("61", b"AU"),
        ("64", b"NZ"),
        ("46", b"SE"),
        ("45", b"DK"),
        ("47", b"NO"),
        ("48", b"PL"),
        ("351", b"PT"),
        ("353", b"IE"),
        ("55", b"BR"),
        ("52", b"MX"),
        ("358", b"FI"),
        ("81", b"JP"),
        ("91", b"IN"),
        ("1", b"US"),
    ];
    let text = text.trim_start_matches('\'').trim();
    let digits = text.strip_prefix('+').or_else(|| text.strip_prefix("00"))?;
    CODES.iter().find(|(code, _)| digits.starts_with(code)).map(|(_, country)| **country)
}

/// Two-letter codes of the states of the USA, for files that name no country.
pub(super) fn is_us_state(text: &str) -> bool {
    const STATES: &str = "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO \
                          MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI \
                          WY DC PR";
    text.len() == 2 && STATES.split(' ').any(|state| state.eq_ignore_ascii_case(text))
}

pub(super) fn is_au_state(text: &str) -> bool {
    ["nsw", "vic", "qld", "tas", "act"].iter().any(|state| state.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        for (test, yes, no) in [
            (
                looks_like_email as fn(&str) -> bool,
                &["a@b.de", "x+y@mail.co.uk"] as &[&str],
                &["a@b", "ab.de", "a b@c.de", "@"] as &[&str],
            ),
            (
                looks_like_phone,
                &["+49 160 1234567", "(404) 624-4149", "4864222", "555-0100 ext 4"],
                &["12", "Main St", "12 High St"],
            ),
            (surely_phone, &["+4916012345678", "479-375-8911"], &["1980-01-02", "4793758911"]),
            (
                looks_like_date,
                &["1980-01-02", "19800102", "01.02.2020", "3/4/21", "2020-01-02T03:04:05Z"],
                &["12345678", "62701", "479-375-8911"],
            ),
            (looks_like_website, &["www.x.org", "https://a.b/c", "x.co.uk"], &["Yes", "a@b.de"]),
            (
                looks_like_company,
                &["Lee Inc", "Steinberg AG", "Gray and Sons", "Restauración Milla S.Coop."],
                &["Ann Miller", "WILLIAMS, SHELLEY"],
            ),
            (looks_like_salutation, &["Mr.", "Frau Dr."], &["Owner", ""]),
        ] {
            for text in yes {
                assert!(test(text), "{text}");
            }
            for text in no {
                assert!(!test(text), "{text}");
            }
        }
        assert_eq!(country_code("Deutschland"), Some(*b"DE"));
        assert_eq!(country_code("gb"), Some(*b"GB"));
        assert_eq!(country_code("Narnia"), None);
    }
}
