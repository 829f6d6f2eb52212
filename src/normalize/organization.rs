//! Names of organisations: tokens to compare, legal form apart.

use crate::model::Organization;
use crate::reference::fold;
use crate::reference::legal_form::{self, canonical_word, is_company_word, join_words};

/// Values that say that there is no organisation. Folded.
const PLACEHOLDERS: &[&str] = &[
    "0", "00", "000", "1", "123", "a", "aa", "aaa", "abc", "asdf", "blank", "business", "company",
    "company name", "consumer", "customer", "default", "empty", "endkunde", "firma", "freelance",
    "freelancer", "guest", "home", "homeowner", "house", "individual", "individuale", "indywidualny",
    "inexistant", "keine", "keine angabe", "keine firma", "kein", "me", "my company", "myself", "n a",
    "na", "name", "nan", "nein", "nenhum", "nessuna", "nessuno", "nil", "ninguna", "ninguno", "no",
    "no aplica", "no company", "no company name", "non", "none", "nope", "not applicable",
    "not available", "not employed", "not known", "not provided", "not specified", "nothing",
    "null", "nvt", "n v t", "o", "ohne", "other", "particular", "particulier", "particuliere", "person",
    "personal", "personne", "personal use", "privada", "privado", "privat", "private",
    "private individual", "private person", "privatkunde", "privatperson", "privato", "prive",
    "prywatny", "residence", "residential", "retired", "retraite", "s", "se", "self", "self employed",
    "selfemployed", "sin empresa", "student", "tbd", "test", "test company", "unbekannt", "undefined",
    "unemployed", "unknown", "various", "x", "xx", "xxx", "y", "yes", "your company", "z",
    "sans", "aucun", "aucune", "geen", "ingen", "ingenting", "brak", "empresa", "entreprise",
    "private customer", "privat person", "individual customer", "consumer customer",
];

/// Between a legal name and the name that it trades under. Folded; both names hold.
const ALSO_NAMED: &[&[&str]] = &[
    &["doing", "business", "as"],
    &["formerly", "known", "as"],
    &["handelend", "onder", "de", "naam"],
    &["also", "known", "as"],
    &["trading", "as"],
    &["t", "a"],
    &["t", "as"],
    &["d", "b", "a"],
    &["a", "k", "a"],
    &["f", "k", "a"],
    &["h", "o", "d", "n"],
    &["dba"],
    &["aka"],
    &["fka"],
    &["hodn"],
    &["inh"],
    &["inhaber"],
    &["inhaberin"],
    &["formerly"],
    &["vormals"],
    &["anciennement"],
    &["nombre", "comercial"],
    &["nom", "commercial"],
    &["nome", "fantasia"],
];

/// An organisation's name in comparable parts; `None` for a value without letters or digits that is
/// not even a placeholder (`-` is one). Legal forms are taken only from the end and the front of a
/// name (of each name, where it says `t/a` or `dba`), and of what stands before a bracket; joining
/// words only from between others. O(length).
pub fn normalize_organization(text: &str) -> Option<Organization> {
    let display = clean(text);
    if display.is_empty() {
        return None;
    }
    let folded = fold(&display);
    if folded.is_empty() || PLACEHOLDERS.contains(&folded.as_str()) {
        return Some(Organization { display, useless: true, ..Organization::default() });
    }
    let mut tokens: Vec<String> = Vec::new();
    let mut form: Option<&'static str> = None;
    let mut apart: Vec<String> = Vec::new();
    for part in display.split(['(', ')', '[', ']', '|']) {
        for name in names(part) {
            let (found, range) = legal_form::legal_form(&name);
            // A part that is a form and no more: `Acme (Pty) Ltd`, `UG (haftungsbeschränkt)`.
            let only = !tokens.is_empty() && legal_form::exact(&name).is_some();
            if only || name == ["haftungsbeschrankt"] {
                apart.extend(name);
                continue;
            }
            form = form.or(found);
            for token in &name[range] {
                if !tokens.contains(token) {
                    tokens.push(token.clone());
                }
            }
        }
    }
    let form = form.or_else(|| legal_form::exact(&apart)).or_else(|| legal_form::exact(apart.get(..1)?));
    let legal_form = form.unwrap_or_default().to_owned();
    Some(Organization { display, useless: tokens.is_empty(), tokens, legal_form })
}

/// Whether a text, by itself, is the name of a company rather than of a person: it has a legal form
/// that is no ordinary word, or a word that companies are called by, or `&` between names.
pub fn looks_like_company(text: &str) -> bool {
    let display = clean(text);
    if display.contains('@') || display.len() > 120 {
        return false;
    }
    let name: Vec<String> = names(&display).into_iter().flatten().collect();
    if name.is_empty() || PLACEHOLDERS.contains(&fold(&display).as_str()) {
        return false;
    }
    let (form, range) = legal_form::legal_form(&name);
    if let Some(form) = form {
        if legal_form::is_sure(form) {
            return true;
        }
        // `Volvo AB` but not `Ana Sá`, `VOLVO AB` but not `ANA SA`: capitals tell only among others.
        let raw = display.rsplit(' ').next().unwrap_or_default();
        let upper = raw.chars().all(|c| !c.is_lowercase()) && raw.is_ascii();
        let others_lower = display.chars().any(char::is_lowercase);
        if raw.contains('.') || (upper && others_lower) {
            return true;
        }
    }
    name[range].iter().any(|token| {
        is_company_word(token) || {
            let canonical = canonical_word(token);
            canonical != token && is_company_word(canonical)
        }
    })
}

/// Leading apostrophes and doubled spaces go, as do quotes round the whole.
fn clean(text: &str) -> String {
    let text = text.trim().trim_start_matches('\'').trim();
    let text = text
        .strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .filter(|t| !t.contains('"'))
        .unwrap_or(text);
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Tokens of each name in a text: `Smith Ltd t/a The Shop` has two.
fn names(part: &str) -> Vec<Vec<String>> {
    let folded = if part.contains(['&', '+']) {
        fold(&part.replace(['&', '+'], " and "))
    } else {
        fold(part)
    };
    let words: Vec<&str> = folded.split(' ').filter(|w| !w.is_empty()).collect();
    let mut names = Vec::with_capacity(1);
    let mut start = 0;
    let mut at = 0;
    while at < words.len() {
        // A marker stands between two names, never first or last.
        let marker = ALSO_NAMED.iter().find(|marker| {
            at > start
                && words[at..].len() > marker.len()
                && words[at..].starts_with(marker)
                && (**marker != ["t", "a"] || has_slash(part))
        });
        if let Some(marker) = marker {
            names.push(join_words(words[start..at].iter().copied()));
            at += marker.len();
            start = at;
        } else {
            at += 1;
        }
    }
    if start < words.len() {
        names.push(join_words(words[start..].iter().copied()));
    }
    names
}

fn has_slash(part: &str) -> bool {
    part.to_ascii_lowercase().contains("t/a")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(raw: &str) -> (String, String) {
        let o = normalize_organization(raw).unwrap_or_default();
        if o.useless {
            return ("useless".into(), String::new());
        }
        (o.tokens.join(" "), o.legal_form)
    }

    #[test]
    fn names_and_forms() {
        let mut wrong = Vec::new();
        for (raw, tokens, form) in [
            ("Acme", "acme", ""),
            ("Acme GmbH", "acme", "gmbh"),
            ("ACME GMBH", "acme", "gmbh"),
            ("Acme G.m.b.H.", "acme", "gmbh"),
            ("Acme Ges.m.b.H.", "acme", "gmbh"),
            ("Acme Gesellschaft mit beschränkter Haftung", "acme", "gmbh"),
            ("Acme gGmbH", "acme", "ggmbh"),
            ("Kraus Mentzel GmbH & Co. KG", "kraus mentzel", "gmbhcokg"),
            ("Kraus Mentzel GmbH & Co KG", "kraus mentzel", "gmbhcokg"),
            ("Kraus & Mentzel GmbH und Co. KG", "kraus mentzel", "gmbhcokg"),
            ("Jähn Heintze AG & Co. KGaA", "jahn heintze", "agcokgaa"),
            ("Döhn KG", "dohn", "kg"),
            ("Steinberg AG", "steinberg", "ag"),
            ("Müller OHG", "muller", "ohg"),
            ("Müller e.K.", "muller", "ek"),
            ("Müller GbR", "muller", "gbr"),
            ("Acme UG (haftungsbeschränkt)", "acme", "ug"),
            ("Sportverein Berlin e.V.", "sportverein berlin", "ev"),
            ("Acme Ltd", "acme", "ltd"),
            ("Acme Ltd.", "acme", "ltd"),
            ("Acme Limited", "acme", "ltd"),
            ("ACME LIMITED", "acme", "ltd"),
            ("Acme PLC", "acme", "plc"),
            ("Acme p.l.c.", "acme", "plc"),
            ("Smith & Jones LLP", "smith jones", "llp"),
            ("Smith and Jones LLP", "smith jones", "llp"),
            ("Woods, Wilson and Parker", "woods wilson parker", ""),
            ("Lee Inc", "lee", "inc"),
            ("Lee, Inc.", "lee", "inc"),
            ("Lee Incorporated", "lee", "inc"),
            ("Lee Corp.", "lee", "corp"),
            ("Lee Corporation", "lee", "corp"),
            ("Lee Co.", "lee", "co"),
            ("Lee Company", "lee", "co"),
            ("Lee Co., Ltd.", "lee", "ltd"),
            ("Lee L.L.C.", "lee", "llc"),
            ("Lee LLC", "lee", "llc"),
            ("Lee Pty Ltd", "lee", "ptyltd"),
            ("Lee Pty. Limited", "lee", "ptyltd"),
            ("Lee (Pty) Ltd", "lee", "ptyltd"),
            ("Lee P/L", "lee", "ptyltd"),
            ("Lee Pte. Ltd.", "lee", "pteltd"),
            ("Lee Pvt. Ltd.", "lee", "pvtltd"),
            ("Durand S.A.", "durand", "sa"),
            ("Durand SA", "durand", "sa"),
            ("Durand SARL", "durand", "sarl"),
            ("Durand S.A.R.L.", "durand", "sarl"),
            ("Andre Renard S.A.S.", "andre renard", "sas"),
            ("Durand et Fils", "durand fils", ""),
            ("Durand EURL", "durand", "eurl"),
            ("Promociones Parra S.A.", "promociones parra", "sa"),
            ("Parra S.L.", "parra", "sl"),
            ("Parra S.L.U.", "parra", "slu"),
            ("Restauración Milla S.Coop.", "restauracion milla", "scoop"),
            ("Perez y Lopez S.A. de C.V.", "perez lopez", "sadecv"),
            ("Perez S. de R.L. de C.V.", "perez", "sderldecv"),
            ("Rossi S.p.A.", "rossi", "spa"),
            ("Rossi SpA", "rossi", "spa"),
            ("Rossi S.r.l.", "rossi", "srl"),
            ("Rossi & Bianchi S.n.c.", "rossi bianchi", "snc"),
            ("Maggioli Group", "maggioli group", ""),
            ("De Vries B.V.", "de vries", "bv"),
            ("De Vries BV", "de vries", "bv"),
            ("Philips N.V.", "philips", "nv"),
            ("Hermansson AB", "hermansson", "ab"),
            ("Hermansson Aktiebolag", "hermansson", "ab"),
            ("Nokia Oyj", "nokia", "oyj"),
            ("Nokia Oy", "nokia", "oy"),
            ("Hansen A/S", "hansen", "as"),
            ("Hansen ApS", "hansen", "aps"),
            ("Hansen AS", "hansen", "as"),
            ("Hansen og Olsen AS", "hansen olsen", "as"),
            ("Kowalski Sp. z o.o.", "kowalski", "spzoo"),
            ("Kowalski sp. z o. o.", "kowalski", "spzoo"),
            ("Kowalski Spzoo", "kowalski", "spzoo"),
            ("Novak s.r.o.", "novak", "sro"),
            ("Novak spol. s r.o.", "novak", "sro"),
            ("Novak a.s.", "novak", "as"),
            ("Horvat d.o.o.", "horvat", "doo"),
            ("Nagy Kft.", "nagy", "kft"),
            ("ООО Ромашка", "romashka", "ooo"),
            ("ООО «Ромашка»", "romashka", "ooo"),
            ("PT Maju Jaya", "maju jaya", "pt"),
            ("CV Maju Jaya", "maju jaya", "cv"),
            ("UAB Baltija", "baltija", "uab"),
            ("Silva Ltda.", "silva", "ltd"),
            ("Silva Lda", "silva", "ltd"),
            ("Silva S/A", "silva", "sa"),
            ("株式会社トヨタ", "toyota", "kk"),
            ("SA Roofing", "sa roofing", ""),
            ("AB Volvo", "ab volvo", ""),
            ("Me & Co Studio", "me co studio", ""),
            ("IBM", "ibm", ""),
            ("I.B.M.", "ibm", ""),
            ("3M", "3m", ""),
            ("7-Eleven", "7 eleven", ""),
            ("H&M", "h m", ""),
            ("McDonald's #1234", "mcdonalds 1234", ""),
            ("Smith Ltd t/a The Corner Shop", "smith the corner shop", "ltd"),
            ("Smith Ltd T/A Corner Shop", "smith corner shop", "ltd"),
            ("Smith Ltd trading as Corner Shop", "smith corner shop", "ltd"),
            ("John Smith dba Smith Plumbing", "john smith plumbing", ""),
            ("John Smith d/b/a Joe's Diner", "john smith joes diner", ""),
            ("Blumen Paradies Inh. Karin Vogel", "blumen paradies karin vogel", ""),
            ("De Bakker h.o.d.n. Het Broodhuis", "de bakker het broodhuis", ""),
            ("Foo Inc. formerly Bar LLC", "foo bar", "inc"),
            ("Foo Inc (Bar Division)", "foo bar division", "inc"),
            ("GmbH", "gmbh", ""),
            ("  Acme   Ltd ", "acme", "ltd"),
            ("'Acme Ltd", "acme", "ltd"),
            ("\"Acme\" Ltd", "acme", "ltd"),
            ("Association des Amis", "association des amis", ""),
            ("University of Leeds", "university of leeds", ""),
        ] {
            let got = shown(raw);
            if got != (tokens.to_owned(), form.to_owned()) {
                wrong.push(format!("{raw}: {got:?}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn what_says_that_there_is_none() {
        for raw in [
            "-", "--", ".", "n/a", "N/A", "NA", "none", "None", "Individual", "private", "Privat", "self",
            "Self-Employed", "keine", "[not provided]", "null", "unknown", "no company", "x", "Particulier",
            "Privatperson", "test", "???",
        ] {
            assert_eq!(shown(raw).0, "useless", "{raw}");
            assert_eq!(normalize_organization(raw).map(|o| o.display).as_deref(), Some(raw));
        }
        for raw in ["", "  ", "'"] {
            assert!(normalize_organization(raw).is_none());
        }
    }

    #[test]
    fn companies_are_told_from_people() {
        for raw in [
            "Acme GmbH", "Lee Inc", "Smith & Sons Ltd", "Volvo AB", "Durand S.A.", "Rossi Srl",
            "Kraus Mentzel GmbH & Co. KG", "Baker Consulting", "Acme Holdings", "Hilton Hotel",
            "Lutheran Day Nursery", "University of Leeds", "Hermansson AB", "ООО Ромашка",
            "Maggioli Group", "De Vries B.V.", "Lee Pty Ltd",
        ] {
            assert!(looks_like_company(raw), "{raw}");
        }
        for raw in [
            "", "-", "n/a", "Ana Sá", "ANA SA", "John Smith", "Dr. Anna Meier", "Nguyen Van An", "me",
            "Individual", "Maria de la Cruz", "Kim Co", "Jean-Luc Sas", "ann@acme.com",
        ] {
            assert!(!looks_like_company(raw), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn total_and_idempotent(text in "\\PC*") {
            let _ = looks_like_company(&text);
            if let Some(once) = normalize_organization(&text) {
                let again = normalize_organization(&once.display).unwrap_or_default();
                prop_assert_eq!(&again.display, &once.display);
                prop_assert!(again == once);
                prop_assert!(once.useless != !once.tokens.is_empty() || once.tokens.is_empty());
            }
        }
    }
}
