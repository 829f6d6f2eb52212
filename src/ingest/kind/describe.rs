//! What a kind maps, in words.

use super::spec::{RecordSpec, Take};

/// (field, columns) in the order of the vocabulary.
pub(super) fn fields(record: &RecordSpec) -> Vec<(String, Vec<String>)> {
    let mut out: Vec<(String, Vec<String>)> = Vec::new();
    let mut push = |field: &str, label: Option<&str>, at: &[String]| {
        if !at.is_empty() {
            let field = label.map_or_else(|| field.to_owned(), |label| format!("{field}@{label}"));
            out.push((field, at.to_vec()));
        }
    };
    push("id", None, &record.id.at.0);
    for rule in &record.name {
        let parts: [(&str, &Take); 7] = [
            ("name.full", &rule.full),
            ("name.given", &rule.given),
            ("name.middle", &rule.middle),
            ("name.family", &rule.family),
            ("name.suffix", &rule.suffix),
            ("name.title", &rule.title),
            ("name.full", &rule.instead),
        ];
        for (field, take) in parts {
            push(field, rule.label.as_deref(), &take.at);
        }
    }
    for (field, rules) in [
        ("email", &record.email),
        ("phone", &record.phone),
        ("company", &record.company),
        ("job_title", &record.job_title),
        ("date_of_birth", &record.date_of_birth),
        ("age", &record.age),
        ("gender", &record.gender),
        ("tax_id", &record.tax_id),
        ("website", &record.website),
        ("loyalty_id", &record.loyalty_id),
        ("token", &record.token),
        ("self_id", &record.self_id),
        ("external_id", &record.external_id),
        ("organization_id", &record.organization_id),
        ("tag", &record.tag),
        ("note", &record.note),
        ("created_at", &record.created_at),
        ("updated_at", &record.updated_at),
    ] {
        for rule in rules {
            push(field, rule.label.as_deref(), &rule.take.at);
        }
    }
    for rule in &record.address {
        for (part, take) in rule.parts().chain([("full", &rule.instead)]) {
            push(&format!("address.{part}"), rule.label.as_deref(), &take.at);
        }
    }
    for rule in &record.consent {
        push(&format!("consent.{}", rule.channel), None, &rule.at.0);
    }
    out
}
