//! Gender as far as matching needs it.

use crate::model::Gender;
use crate::reference::{fold, placeholder};

/// Reads a word or code in the languages of the exports; `None` where it says nothing. `1` and `2`
/// are ISO 5218's male and female. O(length).
///
/// ```
/// use sameas::model::Gender;
/// use sameas::normalize::gender::normalize_gender;
/// assert_eq!(normalize_gender("Weiblich"), Some(Gender::Female));
/// assert_eq!(normalize_gender("unknown"), None);
/// ```
pub fn normalize_gender(text: &str) -> Option<Gender> {
    let text = text.trim();
    if text.is_empty() || text.len() > 40 || placeholder::is_missing(text) && !is_other(text) {
        return None;
    }
    let key = fold(text);
    Some(match key.as_str() {
        "f" | "w" | "female" | "femal" | "fem" | "woman" | "women" | "girl" | "lady"
        | "weiblich" | "weibl" | "frau" | "femme" | "feminin" | "feminine" | "fille" | "mujer"
        | "femenino" | "femenina" | "hembra" | "donna" | "femmina" | "femminile" | "feminino"
        | "feminina" | "mulher" | "vrouw" | "vrouwelijk" | "v" | "kvinna" | "kvinde" | "kvinne"
        | "k" | "kobieta" | "zena" | "no" | "nainen" | "mrs" | "ms" | "miss" | "mme" | "mlle"
        | "sra" | "2" | "she" | "she her" | "zhenskii" | "zh" | "z" | "mevrouw" => Gender::Female,
        "m" | "male" | "man" | "men" | "boy" | "maennlich" | "mannlich" | "mannl" | "herr"
        | "homme" | "h" | "masculin" | "masculine" | "garcon" | "hombre" | "masculino"
        | "varon" | "uomo" | "maschio" | "maschile" | "homem" | "mannelijk" | "mand" | "mann"
        | "mezczyzna" | "muz" | "ferfi" | "mies" | "mr" | "monsieur" | "sr" | "1" | "he"
        | "he him" | "muzhskoi" | "dhr" => Gender::Male,
        "x" | "d" | "divers" | "diverse" | "other" | "o" | "nonbinary" | "non binary" | "nb"
        | "enby" | "third gender" | "andere" | "autre" | "otro" | "otra" | "altro" | "outro"
        | "anders" | "genderqueer" | "agender" | "intersex" | "transgender" | "they"
        | "they them" | "mx" | "genderfluid" => Gender::Other,
        _ => return None,
    })
}

/// `other` and `x` say something here, though nothing elsewhere.
fn is_other(text: &str) -> bool {
    text.eq_ignore_ascii_case("other") || text.eq_ignore_ascii_case("x")
}

/// Age in years of a number as written (`42`, `42.0`, `42 years`); `None` beyond 1 to 120.
pub fn normalize_age(text: &str) -> Option<u16> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let rest = text[digits..].trim();
    let says_years = rest.is_empty()
        || rest
            .strip_prefix('.')
            .is_some_and(|r| !r.is_empty() && r.bytes().all(|b| b.is_ascii_digit()))
        || rest.chars().all(|c| c.is_alphabetic() || c == '.');
    let age = text[..digits].parse().ok()?;
    (says_years && (1..=120).contains(&age)).then_some(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_codes_and_nothing() {
        for (text, want) in [
            ("F", Some(Gender::Female)),
            ("female", Some(Gender::Female)),
            ("weiblich", Some(Gender::Female)),
            ("Mujer", Some(Gender::Female)),
            ("žena", Some(Gender::Female)),
            ("2", Some(Gender::Female)),
            ("nő", Some(Gender::Female)),
            ("M", Some(Gender::Male)),
            ("Männlich", Some(Gender::Male)),
            ("maennlich", Some(Gender::Male)),
            ("Homme", Some(Gender::Male)),
            ("férfi", Some(Gender::Male)),
            ("Herr", Some(Gender::Male)),
            ("divers", Some(Gender::Other)),
            ("Other", Some(Gender::Other)),
            ("Non-binary", Some(Gender::Other)),
            ("0", None),
            ("9", None),
            ("", None),
            ("unknown", None),
            ("prefer not to say", None),
            ("N/A", None),
        ] {
            assert_eq!(normalize_gender(text), want, "{text}");
        }
    }

    #[test]
    fn ages() {
        for (text, want) in [
            ("42", Some(42)),
            (" 7 ", Some(7)),
            ("42.0", Some(42)),
            ("42 years", Some(42)),
            ("0", None),
            ("-3", None),
            ("121", None),
            ("1980-01-01", None),
            ("", None),
            ("30-39", None),
        ] {
            assert_eq!(normalize_age(text), want, "{text}");
        }
    }
}
