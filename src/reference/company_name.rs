//! The words of a company's name as legal forms are looked for in it.

use super::fold;

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
