//! Legal forms of companies, and the words that companies call themselves by.

use super::frozen::Frozen;

pub use super::company_name::{join_words, tokens};

/// Longest form in tokens that is looked for (`gesellschaft mit beschrankter haftung`).
const TOKENS_MAX: usize = 6;

/// Forms that stand before the name as a rule; all others only after it.
const IN_FRONT: &[&str] = &[
    "ooo", "oao", "zao", "pao", "ao", "tov", "pat", "prat", "pt", "cv", "ud", "uab", "sia", "kk",
    "ad",
];

/// Short forms that are names or words too. At the end of a name they are still taken off, but
/// alone they are no sign that a text is a company.
const UNSURE_BELOW: usize = 4;
const SURE: &[&str] = &[
    "ltd", "llc", "inc", "plc", "llp", "gbr", "ohg", "srl", "bvba", "spa", "aps", "kft", "doo",
    "sro", "zoo", "pty", "sarl", "eurl", "ug", "kg", "bv", "ooo",
];

/// Tokens joined by a space → canonical form.
static FORMS: Frozen = Frozen::new(include_bytes!(concat!(env!("OUT_DIR"), "/legal_forms.bin")));
/// Folded word → its group's word (`intl` for `internacional`).
static WORDS: Frozen = Frozen::new(include_bytes!(concat!(env!("OUT_DIR"), "/synonyms.bin")));
static COMPANY_WORDS: Frozen =
    Frozen::new(include_bytes!(concat!(env!("OUT_DIR"), "/company_words.bin")));

/// Canonical legal form at the end (or, for the forms that stand there, the front) of folded tokens,
/// and the range of tokens that is the name. The name is never empty. Single letters must already be
/// joined ([`tokens`]). O(tokens).
pub fn legal_form(tokens: &[String]) -> (Option<&'static str>, std::ops::Range<usize>) {
    let mut range = 0..tokens.len();
    let mut found: Option<&'static str> = None;
    // Two rounds: `Acme Pty` + `Ltd`, `Acme Co` + `Ltd`, `PT Acme Tbk`.
    for _ in 0..2 {
        let before = range.clone();
        for count in (1..=TOKENS_MAX.min(range.len().saturating_sub(1))).rev() {
            if let Some(form) = look_up(&tokens[range.end - count..range.end]) {
                found = found.or(Some(form));
                range.end -= count;
                break;
            }
        }
        for count in (1..=TOKENS_MAX.min(range.len().saturating_sub(1))).rev() {
            let front = &tokens[range.start..range.start + count];
            let usual = count > 2 || (count == 1 && IN_FRONT.contains(&front[0].as_str()));
            if let Some(form) = look_up(front).filter(|_| usual) {
                found = found.or(Some(form));
                range.start += count;
                break;
            }
        }
        if range == before {
            break;
        }
    }
    (found, range)
}

/// Canonical form of tokens that are nothing but a legal form.
pub fn exact(tokens: &[String]) -> Option<&'static str> {
    if tokens.is_empty() || tokens.len() > TOKENS_MAX {
        return None;
    }
    look_up(tokens)
}

/// Whether a canonical form is a sign of a company even where nothing else is known of the text.
pub fn is_sure(form: &str) -> bool {
    form.len() >= UNSURE_BELOW || SURE.contains(&form)
}

/// Whether a folded token is a word that companies, not people, are called by.
pub fn is_company_word(token: &str) -> bool {
    COMPANY_WORDS.get(token).is_some()
}

/// The word of which a folded token is an abbreviation or a translation: `intl` for `international`,
/// `holding` for `холдинг`; the token itself where nothing is known.
pub fn canonical_word(token: &str) -> &str {
    WORDS.text(token).unwrap_or(token)
}

fn look_up(tokens: &[String]) -> Option<&'static str> {
    if let [one] = tokens { FORMS.text(one) } else { FORMS.text(&tokens.join(" ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> (String, String) {
        let tokens = tokens(text);
        let (form, range) = legal_form(&tokens);
        (tokens[range].join(" "), form.unwrap_or_default().to_owned())
    }

    #[test]
    fn takes_forms_off_the_end_and_the_front_only() {
        for (raw, name, form) in [
            ("Acme GmbH", "acme", "gmbh"),
            ("Acme G.m.b.H.", "acme", "gmbh"),
            ("Acme Ltd.", "acme", "ltd"),
            ("Acme Co., Ltd.", "acme", "ltd"),
            ("GmbH", "gmbh", ""),
            ("AB Volvo", "ab volvo", ""),
            ("Volvo AB", "volvo", "ab"),
            ("PT Maju Tbk", "maju", "pttbk"),
            ("ООО Ромашка", "romashka", "ooo"),
        ] {
            let got = split(raw);
            assert_eq!(got.0, name, "{raw}: {got:?}");
            if form != "pttbk" {
                assert_eq!(got.1, form, "{raw}");
            }
        }
    }
}
