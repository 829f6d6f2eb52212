//! Texts that are compared or kept as they are: job titles, tags, notes, unmapped columns, and
//! permissions.

use std::sync::Arc;

use crate::model::{Consent, JobTitle, Labelled, MappedConsent};
use crate::reference::{fold, placeholder};

use super::clean::clean;
use super::date::parse_timestamp;

/// Positions or occupations, each once, placeholders dropped.
pub fn normalize_job_titles(values: &[Labelled]) -> Vec<JobTitle> {
    let mut out: Vec<JobTitle> = Vec::with_capacity(values.len());
    for value in values {
        let display = clean(&value.value);
        let key = fold(&display);
        if !key.is_empty()
            && !placeholder::is_missing(&display)
            && !out.iter().any(|t| t.key == key)
        {
            out.push(JobTitle { display: display.into_owned(), key });
        }
    }
    out
}

/// Tags: trimmed, each once, in byte order (their order in an export means nothing).
pub fn normalize_tags(values: &[String]) -> Vec<String> {
    let mut out: Vec<String> =
        values.iter().map(|tag| clean(tag).into_owned()).filter(|tag| !tag.is_empty()).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// Free texts: trimmed, line breaks kept, each once.
pub fn normalize_notes(values: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(values.len());
    for note in values.iter().map(|note| note.trim()).filter(|note| !note.is_empty()) {
        if !out.iter().any(|known| known == note) {
            out.push(note.to_owned());
        }
    }
    out
}

/// Unmapped columns with a value, trimmed, in the order of the columns.
pub fn normalize_others(values: &[(Arc<str>, String)]) -> Vec<(Arc<str>, String)> {
    (values.iter())
        .map(|(column, value)| (column.clone(), value.trim().to_owned()))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// Permissions with their times read.
pub fn normalize_consents(values: &[MappedConsent]) -> Vec<Consent> {
    let consent = |value: &MappedConsent| Consent {
        channel: value.channel.clone(),
        purpose: value.purpose.clone(),
        state: value.state,
        at: value.at.as_ref().and_then(parse_timestamp),
    };
    let mut out: Vec<Consent> = Vec::with_capacity(values.len());
    for consent in values.iter().map(consent) {
        if !out.contains(&consent) {
            out.push(consent);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConsentState, DateOrder, MappedDate, Timestamp};

    fn labelled(values: &[&str]) -> Vec<Labelled> {
        values.iter().map(|v| Labelled { value: (*v).to_owned(), label: None }).collect()
    }

    #[test]
    fn job_titles_are_cleaned_and_unique() {
        let titles =
            normalize_job_titles(&labelled(&[" Head of  Sales", "head of sales", "n/a", "-"]));
        assert_eq!(titles.len(), 1);
        assert_eq!(
            (titles[0].display.as_str(), titles[0].key.as_str()),
            ("Head of Sales", "head of sales")
        );
    }

    #[test]
    fn tags_notes_and_others_are_trimmed() {
        let strings = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
        assert_eq!(normalize_tags(&strings(&["vip", " b2b ", "", "vip"])), ["b2b", "vip"]);
        assert_eq!(normalize_notes(&strings(&[" a\nb ", " ", "a\nb"])), ["a\nb"]);
        let others =
            normalize_others(&[("Colour".into(), " red ".into()), ("Size".into(), " ".into())]);
        assert_eq!(others, [(Arc::from("Colour"), "red".to_owned())]);
    }

    #[test]
    fn consents_carry_their_time() {
        let consent = |text: &str| MappedConsent {
            channel: "email".into(),
            purpose: "marketing".into(),
            state: ConsentState::Granted,
            at: Some(MappedDate { text: text.to_owned(), order: DateOrder::Ymd }),
        };
        let read = normalize_consents(&[consent("1970-01-02T00:00:00Z"), consent("never")]);
        assert_eq!(read[0].at, Some(Timestamp(86_400)));
        assert_eq!(read[1].at, None);
    }
}
