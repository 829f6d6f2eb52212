//! Legal forms of companies, and the words that companies call themselves by, as maps.

use std::collections::BTreeMap;

use super::company_name::tokens;
use super::{fold, table};

const FORMS: &str = include_str!("../../../data/reference/company_legal_forms.csv");
const BY_COUNTRY: &str = include_str!("../../../data/reference/company_legal_forms_by_country.csv");
const BY_LANGUAGE: &str = include_str!("../../../data/reference/company_types_by_language.csv");
const SYNONYMS: &str = include_str!("../../../data/reference/organisation_word_synonyms.csv");

/// In the tables of forms, but ordinary words: they are part of the name.
const WORDS_ONLY: &[&str] = &[
    "assoc",
    "associates",
    "association",
    "banco",
    "by",
    "chartered",
    "cooperation",
    "cooperative",
    "dba",
    "egyes",
    "empresa",
    "enterprise",
    "establishment",
    "etablissements",
    "firma",
    "foundation",
    "gesellschaft",
    "group",
    "groupe",
    "groupement",
    "groupes",
    "groups",
    "inh",
    "inhaber",
    "intermediary",
    "na",
    "partner",
    "partners",
    "persero",
    "rtm",
    "societa",
    "sociedad",
    "society",
    "sp",
    "stichting",
    "stiftung",
    "stowarzyszenie",
    "trading",
    "trust",
    "trustees",
    "union",
    "verein",
    "vereniging",
];

/// Words that show a company although many languages have them as ordinary words.
const COMPANY_WORDS: &[&str] = &[
    "company",
    "companies",
    "corp",
    "corporation",
    "group",
    "gruppe",
    "groupe",
    "grupo",
    "gruppo",
    "holding",
    "holdings",
    "enterprises",
    "industries",
    "services",
    "solutions",
    "systems",
    "consulting",
    "consultants",
    "partners",
    "associates",
    "association",
    "foundation",
    "institute",
    "university",
    "college",
    "academy",
    "school",
    "hospital",
    "clinic",
    "church",
    "restaurant",
    "hotel",
    "cafe",
    "bakery",
    "logistics",
    "technologies",
    "software",
    "international",
    "trading",
    "agency",
    "studio",
    "studios",
    "store",
    "shop",
    "media",
    "marketing",
    "insurance",
    "financial",
    "capital",
    "ventures",
    "properties",
    "construction",
    "pharmacy",
    "bros",
    "brothers",
    "sons",
    "schools",
    "clubs",
    "charities",
    "outlet",
    "fitness",
    "healthcare",
    "service",
    "fils",
    "figli",
    "sohne",
    "hijos",
    "zonen",
    "soner",
    "handel",
    "vertrieb",
    "werke",
    "werkstatt",
    "bau",
    "verein",
    "stiftung",
    "daycare",
    "nursery",
    "center",
    "centre",
    "ministries",
    "laboratories",
    "labs",
    "motors",
    "transport",
    "travel",
    "supply",
    "supplies",
    "manufacturing",
    "electric",
    "electronics",
    "engineering",
    "bank",
    "trust",
    "council",
    "department",
    "club",
    "society",
    "union",
    "market",
    "farm",
    "farms",
    "salon",
    "gmbh",
];

fn form_key(alias: &str) -> String {
    tokens(alias).join(" ")
}

/// Tokens joined by a space, with their canonical form.
pub(super) fn forms() -> BTreeMap<String, Vec<u8>> {
    let mut forms = BTreeMap::new();
    let mut add = |alias: &str, canonical: &str| {
        let key = form_key(alias);
        let canonical: String = form_key(canonical).replace(' ', "");
        // One letter is never a form; nor is a token that is only digits.
        if WORDS_ONLY.contains(&key.as_str()) {
            return;
        }
        if key.len() >= 2 && !canonical.is_empty() && !key.bytes().all(|b| b.is_ascii_digit()) {
            forms.entry(key).or_insert_with(|| canonical.into_bytes());
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
    for [alias, display, compare, generic] in table::rows(FORMS) {
        // Institutions' kinds (`Stiftung`, `NGO`, `state enterprise`) are part of their names.
        if matches!(&*generic, "NGO" | "SOE" | "FIN" | "MIL" | "REL") && !is_short(&alias) {
            continue;
        }
        let canonical = [&compare, &display, &alias].into_iter().find(|c| !c.is_empty());
        add(&alias, canonical.map_or("", |canonical| canonical));
    }
    for [country, form] in table::rows(BY_COUNTRY) {
        if country != "DBA markers" {
            add(&form, &form);
        }
    }
    for [_, form, aliases] in table::rows(BY_LANGUAGE) {
        let form = &*form;
        let aliases: Vec<&str> = aliases.split('|').filter(|a| !a.is_empty()).collect();
        // A row without an abbreviation is a word of the language (`association`).
        let Some(shortest) =
            [&aliases[..], &[form]].concat().into_iter().min_by_key(|a| form_key(a).len())
        else {
            continue;
        };
        if aliases.is_empty() || !is_short(shortest) {
            continue;
        }
        for alias in aliases.iter().copied().chain([form]) {
            add(alias, shortest);
        }
    }
    forms
}

/// Folded words, each with its group's word.
pub(super) fn synonyms() -> BTreeMap<String, Vec<u8>> {
    let mut words = BTreeMap::new();
    for [_, symbol, form] in table::rows(SYNONYMS) {
        let form = fold(&form);
        // Phrases would need a longer look-up and are rare; one letter is an initial.
        if form.len() > 1 && !form.contains(' ') {
            words.entry(form).or_insert_with(|| fold(&symbol).into_bytes());
        }
    }
    words
}

/// Words that companies, not people, are called by.
pub(super) fn company_words() -> BTreeMap<String, Vec<u8>> {
    COMPANY_WORDS.iter().map(|word| ((*word).to_owned(), Vec::new())).collect()
}

fn is_short(form: &str) -> bool {
    form.chars().filter(|c| c.is_alphanumeric()).count() <= 5 && !form.trim().contains(' ')
}
