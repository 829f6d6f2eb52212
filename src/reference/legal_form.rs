//! Legal forms of companies, and the words that companies call themselves by.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::country::rows;
use super::fold;

const FORMS: &str = include_str!("../../data/reference/company_legal_forms.csv");
const BY_COUNTRY: &str = include_str!("../../data/reference/company_legal_forms_by_country.csv");
const BY_LANGUAGE: &str = include_str!("../../data/reference/company_types_by_language.csv");
const SYNONYMS: &str = include_str!("../../data/reference/organisation_word_synonyms.csv");

/// Longest form in tokens that is looked for (`gesellschaft mit beschrankter haftung`).
const TOKENS_MAX: usize = 6;

/// Forms that stand before the name as a rule; all others only after it.
const IN_FRONT: &[&str] = &[
    "ooo", "oao", "zao", "pao", "ao", "tov", "pat", "prat", "pt", "cv", "ud", "uab", "sia", "kk", "ad",
];

/// Short forms that are names or words too. At the end of a name they are still taken off, but
/// alone they are no sign that a text is a company.
const UNSURE_BELOW: usize = 4;
const SURE: &[&str] = &[
    "ltd", "llc", "inc", "plc", "llp", "gbr", "ohg", "srl", "bvba", "spa", "aps", "kft", "doo", "sro",
    "zoo", "pty", "sarl", "eurl", "ug", "kg", "bv", "ooo",
];

/// In the tables of forms, but ordinary words: they are part of the name.
const WORDS_ONLY: &[&str] = &[
    "assoc", "associates", "association", "banco", "by", "chartered", "cooperation", "cooperative",
    "dba", "egyes", "empresa", "enterprise", "establishment", "etablissements", "firma", "foundation",
    "gesellschaft", "group", "groupe", "groupement", "groupes", "groups", "inh", "inhaber",
    "intermediary", "na", "partner", "partners", "persero", "rtm", "societa", "sociedad", "society", "sp",
    "stichting", "stiftung", "stowarzyszenie", "trading", "trust", "trustees", "union", "verein",
    "vereniging",
];

/// Words that show a company although many languages have them as ordinary words.
const COMPANY_WORDS: &[&str] = &[
    "company", "companies", "corp", "corporation", "group", "gruppe", "groupe", "grupo", "gruppo",
    "holding", "holdings", "enterprises", "industries", "services", "solutions", "systems",
    "consulting", "consultants", "partners", "associates", "association", "foundation", "institute",
    "university", "college", "academy", "school", "hospital", "clinic", "church", "restaurant", "hotel",
    "cafe", "bakery", "logistics", "technologies", "software", "international", "trading", "agency",
    "studio", "studios", "store", "shop", "media", "marketing", "insurance", "financial", "capital",
    "ventures", "properties", "construction", "pharmacy", "bros", "brothers", "sons", "handel",
    "vertrieb", "werke", "werkstatt", "bau", "verein", "stiftung", "daycare", "nursery", "center",
    "centre", "ministries", "laboratories", "labs", "motors", "transport", "travel", "supply",
    "supplies", "manufacturing", "electric", "electronics", "engineering", "bank", "trust", "council",
    "department", "club", "society", "union", "market", "farm", "farms", "salon", "gmbh",
];

struct Forms {
    /// Tokens joined by a space → canonical form.
    forms: FxHashMap<String, Box<str>>,
    /// Folded word → its group's word (`intl` for `internacional`).
    words: FxHashMap<String, Box<str>>,
    company_words: FxHashSet<&'static str>,
}

/// Canonical legal form at the end (or, for the forms that stand there, the front) of folded tokens,
/// and the range of tokens that is the name. The name is never empty. Single letters must already be
/// joined ([`tokens`]). O(tokens).
pub fn legal_form(tokens: &[String]) -> (Option<&'static str>, std::ops::Range<usize>) {
    let forms = &table().forms;
    let mut range = 0..tokens.len();
    let mut found: Option<&'static str> = None;
    // Two rounds: `Acme Pty` + `Ltd`, `Acme Co` + `Ltd`, `PT Acme Tbk`.
    for _ in 0..2 {
        let before = range.clone();
        for count in (1..=TOKENS_MAX.min(range.len().saturating_sub(1))).rev() {
            if let Some(form) = look_up(forms, &tokens[range.end - count..range.end]) {
                found = found.or(Some(form));
                range.end -= count;
                break;
            }
        }
        for count in (1..=TOKENS_MAX.min(range.len().saturating_sub(1))).rev() {
            let front = &tokens[range.start..range.start + count];
            let usual = count > 2 || (count == 1 && IN_FRONT.contains(&front[0].as_str()));
            if let Some(form) = look_up(forms, front).filter(|_| usual) {
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
    look_up(&table().forms, tokens)
}

/// Whether a canonical form is a sign of a company even where nothing else is known of the text.
pub fn is_sure(form: &str) -> bool {
    form.len() >= UNSURE_BELOW || SURE.contains(&form)
}

/// Whether a folded token is a word that companies, not people, are called by.
pub fn is_company_word(token: &str) -> bool {
    table().company_words.contains(token)
}

/// The word of which a folded token is an abbreviation or a translation: `intl` for `international`,
/// `holding` for `холдинг`; the token itself where nothing is known.
pub fn canonical_word(token: &str) -> &str {
    table().words.get(token).map_or(token, |word| word)
}

/// Folded tokens of a name as legal forms are looked for in it: `&` and `+` are words, runs of single
/// letters are one token (`G.m.b.H.`, `S.p.A.`), joining words between others are left out.
pub fn tokens(text: &str) -> Vec<String> {
    let folded = if text.contains(['&', '+']) {
        fold(&text.replace(['&', '+'], " and "))
    } else {
        fold(text)
    };
    join_words(folded.split(' ').filter(|w| !w.is_empty()))
}

/// [`tokens`] of words that are folded already.
pub fn join_words<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(4);
    let mut in_run = false;
    for word in words {
        let single = word.len() == 1 && word.as_bytes()[0].is_ascii_alphabetic();
        match out.last_mut() {
            Some(last) if single && in_run => last.push_str(word),
            _ => out.push(word.to_owned()),
        }
        in_run = single;
    }
    let last = out.len().saturating_sub(1);
    let mut index = 0;
    out.retain(|token| {
        let inner = index > 0 && index < last;
        index += 1;
        !(inner && is_joining(token))
    });
    out
}

/// Words that join two names: `&`, `and` and their like.
fn is_joining(token: &str) -> bool {
    matches!(
        token,
        "and" | "und" | "et" | "y" | "e" | "og" | "och" | "ja" | "i" | "en" | "u" | "ve" | "kai"
    )
}

fn look_up(forms: &'static FxHashMap<String, Box<str>>, tokens: &[String]) -> Option<&'static str> {
    if let [one] = tokens {
        return forms.get(one.as_str()).map(|form| &**form);
    }
    forms.get(tokens.join(" ").as_str()).map(|form| &**form)
}

fn form_key(alias: &str) -> String {
    tokens(alias).join(" ")
}

fn table() -> &'static Forms {
    static TABLE: OnceLock<Forms> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut forms = FxHashMap::default();
        let mut add = |alias: &str, canonical: &str| {
            let key = form_key(alias);
            let canonical: String = form_key(canonical).replace(' ', "");
            // One letter is never a form; nor is a token that is only digits.
            if WORDS_ONLY.contains(&key.as_str()) {
                return;
            }
            if key.len() >= 2 && !canonical.is_empty() && !key.bytes().all(|b| b.is_ascii_digit()) {
                forms.entry(key).or_insert_with(|| canonical.into_boxed_str());
            }
        };
        // The commonest by hand, so that every source agrees on their canonical form.
        for (alias, canonical) in [
            ("ltd", "ltd"),
            ("limited", "ltd"),
            ("co ltd", "ltd"),
            ("company limited", "ltd"),
            ("pty ltd", "pty ltd"),
            ("pty limited", "pty ltd"),
            ("proprietary limited", "pty ltd"),
            ("p/l", "pty ltd"),
            ("pte ltd", "pte ltd"),
            ("pvt ltd", "pvt ltd"),
            ("private limited", "pvt ltd"),
            ("inc", "inc"),
            ("incorporated", "inc"),
            ("corp", "corp"),
            ("corporation", "corp"),
            ("co", "co"),
            ("company", "co"),
            ("llc", "llc"),
            ("limited liability company", "llc"),
            ("gmbh", "gmbh"),
            ("gmbh & co", "gmbh & co kg"),
            ("ag & co kg", "ag & co kg"),
            ("ag & co kgaa", "ag & co kgaa"),
            ("gmbh & co kgaa", "gmbh & co kgaa"),
            ("se & co kg", "se & co kg"),
            ("se & co kgaa", "se & co kgaa"),
            ("gmbh co", "gmbh & co kg"),
            ("co kg", "kg"),
            ("kgaa", "kgaa"),
            ("ug", "ug"),
            ("ug haftungsbeschränkt", "ug"),
            ("aktiebolag", "ab"),
            ("s coop", "s coop"),
            ("s.l.u.", "slu"),
            ("s.a. de c.v.", "sa de cv"),
            ("s. de r.l. de c.v.", "s de rl de cv"),
            ("sp. z o.o.", "sp zoo"),
            ("spzoo", "sp zoo"),
            ("spółka z o.o.", "sp zoo"),
            ("sp. z o.o. sp. k.", "sp zoo sp k"),
            ("spol. s r.o.", "sro"),
            ("株式会社", "kk"),
            ("kabushiki kaisha", "kk"),
            ("有限会社", "yk"),
            ("cie", "cie"),
            ("et cie", "cie"),
            ("ets", "ets"),
            ("ohg", "ohg"),
            ("e.k.", "ek"),
            ("e.v.", "ev"),
        ] {
            add(alias, canonical);
        }
        for row in rows(FORMS) {
            let cell = |i| row.get(i).unwrap_or("");
            // Institutions' kinds (`Stiftung`, `NGO`, `state enterprise`) are part of their names.
            if matches!(cell(3), "NGO" | "SOE" | "FIN" | "MIL" | "REL") && !is_short(cell(0)) {
                continue;
            }
            let canonical = [cell(2), cell(1), cell(0)].into_iter().find(|c| !c.is_empty());
            add(cell(0), canonical.unwrap_or_default());
        }
        for row in rows(BY_COUNTRY) {
            let cell = |i| row.get(i).unwrap_or("");
            if cell(0) == "DBA markers" {
                continue;
            }
            add(cell(1), cell(1));
        }
        for row in rows(BY_LANGUAGE) {
            let cell = |i| row.get(i).unwrap_or("");
            let aliases: Vec<&str> = cell(2).split('|').filter(|a| !a.is_empty()).collect();
            // A row without an abbreviation is a word of the language (`association`).
            let Some(shortest) = [&aliases[..], &[cell(1)]].concat().into_iter().min_by_key(|a| {
                form_key(a).len()
            }) else {
                continue;
            };
            if aliases.is_empty() || !is_short(shortest) {
                continue;
            }
            for alias in aliases.iter().copied().chain([cell(1)]) {
                add(alias, shortest);
            }
        }
        let mut words = FxHashMap::default();
        for row in rows(SYNONYMS) {
            let cell = |i| row.get(i).unwrap_or("");
            let form = fold(cell(2));
            // Phrases would need a longer look-up and are rare; one letter is an initial.
            if form.len() > 1 && !form.contains(' ') {
                words.entry(form).or_insert_with(|| fold(cell(1)).into_boxed_str());
            }
        }
        Forms { forms, words, company_words: COMPANY_WORDS.iter().copied().collect() }
    })
}

fn is_short(form: &str) -> bool {
    form.chars().filter(|c| c.is_alphanumeric()).count() <= 5 && !form.trim().contains(' ')
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
