use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::duration_text;
use crate::model::EntityKind;
use crate::survivorship::{
    Direction, FieldPolicy, GROUPS, Overwrite, Ownership, PerSystem, Policy, Rule, default_rules,
    is_many,
};

/// What holds for a field or group, for some entities.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PolicyRow {
    /// Field, group or prefix.
    pub field: String,
    /// `all`, or which kinds of entities of which countries.
    pub entities: String,
    /// The rules in order: the first that tells two values apart decides.
    pub rules: Vec<String>,
    /// `one`, `one, whole` or `all` of its values survive.
    pub keeps: &'static str,
    /// What flows between a system and the golden record; `default` for systems not named.
    pub direction: BTreeMap<String, &'static str>,
    /// What `sync-plan` may replace in a system; `default` for systems not named.
    pub overwrite: BTreeMap<String, &'static str>,
    /// Sources or systems whose permissions hold for each source alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub per_source: Vec<String>,
    /// Whether the policy says anything of it.
    pub stated: bool,
}

/// The policy in force, field by field, defaults included.
pub fn policy(policy: &Policy) -> Vec<PolicyRow> {
    let mut out = Vec::new();
    for name in policy.names() {
        // Situations in which the same holds stand in one row, the most usual first.
        let mut rows: Vec<(&FieldPolicy, Vec<(EntityKind, &str)>)> = Vec::new();
        for (kind, country, field) in policy.cases(&name) {
            match rows.iter_mut().find(|(known, _)| *known == field) {
                Some((_, of)) => of.push((kind, country)),
                None => rows.push((field, vec![(kind, country)])),
            }
        }
        if rows.is_empty() {
            let rules = default_rules(&name).to_vec();
            let field = FieldPolicy { rules, ownership: Ownership::default() };
            out.push(row(&name, "all".to_owned(), &field));
            continue;
        }
        rows.sort_by_key(|(_, of)| std::cmp::Reverse(of.len()));
        let several = rows.len() > 1;
        for (at, (field, of)) in rows.into_iter().enumerate() {
            let entities = match (several, at) {
                (false, _) => "all".to_owned(),
                (true, 0) => "all others".to_owned(),
                (true, _) => situations(&of),
            };
            out.push(row(&name, entities, field));
        }
    }
    out
}

fn situations(of: &[(EntityKind, &str)]) -> String {
    let mut kinds: Vec<EntityKind> = of.iter().map(|(kind, _)| *kind).collect();
    kinds.dedup();
    let texts = kinds.into_iter().map(|kind| {
        let countries: Vec<&str> =
            of.iter().filter(|(k, _)| *k == kind).map(|(_, country)| *country).collect();
        if countries.contains(&"") {
            kind.as_str().to_owned()
        } else {
            format!("{} in {}", kind.as_str(), countries.join(", "))
        }
    });
    texts.collect::<Vec<_>>().join("; ")
}

fn row(name: &str, entities: String, field: &FieldPolicy) -> PolicyRow {
    let ownership = &field.ownership;
    let whole = GROUPS.iter().any(|group| group.name == name && group.fields.len() > 1);
    let many = is_many(name) || is_many(&format!("{name}."));
    let mut overwrite = stated(&ownership.overwrite, &Overwrite::WORDS);
    if !overwrite.contains_key(DEFAULT) {
        let owners = ownership.owner.as_deref().unwrap_or_default();
        let consent = name.split('.').next() == Some("consent");
        let usual =
            if consent || !owners.is_empty() { Overwrite::Always } else { Overwrite::IfEmpty };
        overwrite.insert(DEFAULT.to_owned(), word(&Overwrite::WORDS, usual));
        for owner in owners.first().into_iter().filter(|_| !consent) {
            let usual = word(&Overwrite::WORDS, Overwrite::IfEmpty);
            overwrite.entry(owner.to_string()).or_insert(usual);
        }
    }
    let mut direction = stated(&ownership.direction, &Direction::WORDS);
    direction.entry(DEFAULT.to_owned()).or_insert(word(&Direction::WORDS, Direction::Both));
    PolicyRow {
        field: name.to_owned(),
        entities,
        rules: field.rules.iter().map(|rule| rule_text(rule, field)).collect(),
        keeps: match (many, whole) {
            (true, _) => "all",
            (false, true) => "one, whole",
            (false, false) => "one",
        },
        direction,
        overwrite,
        per_source: ownership.per_source.iter().flatten().map(ToString::to_string).collect(),
        stated: *ownership != Ownership::default(),
    }
}

const DEFAULT: &str = "default";

fn word<T: PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, known)| *known == value).map_or("", |(word, _)| word)
}

fn stated<T: PartialEq + Copy>(
    setting: &PerSystem<T>,
    words: &[(&'static str, T)],
) -> BTreeMap<String, &'static str> {
    let of = setting.of.iter().map(|(system, value)| (system.to_string(), word(words, *value)));
    let all = setting.all.iter().map(|value| (DEFAULT.to_owned(), word(words, *value)));
    of.chain(all).collect()
}

fn rule_text(rule: &Rule, field: &FieldPolicy) -> String {
    match rule {
        Rule::Owner(systems) => format!("owner ({})", systems.join(", ")),
        Rule::Trusted(systems) => format!("most trusted ({})", systems.join(", ")),
        Rule::Sound => "not invalid".to_owned(),
        Rule::Fresh => {
            let ages = &field.ownership.max_age;
            let of =
                ages.of.iter().map(|(system, age)| format!("{system}: {}", duration_text(*age)));
            let all = ages.all.iter().map(|age| duration_text(*age));
            format!("fresh ({})", of.chain(all).collect::<Vec<_>>().join(", "))
        }
        rule => rule.won().to_owned(),
    }
}

/// What a policy allows that is likely not meant, in words.
pub fn policy_doubts(policy: &Policy) -> Vec<String> {
    let mut doubts = Vec::new();
    for row in
        self::policy(policy).iter().filter(|row| row.field.split('.').next() == Some("consent"))
    {
        let place = |word: &str| row.rules.iter().position(|rule| rule.starts_with(word));
        let restrictive = place(Rule::MostRestrictive.won());
        let mut earlier = row.rules.iter().take(restrictive.unwrap_or(row.rules.len()));
        if let Some(rule) = earlier.find(|rule| *rule != "not invalid") {
            doubts.push(format!(
                "{}: `{rule}` decides before `most restrictive`, so that a permission may survive a \
                 denial",
                row.field
            ));
        }
    }
    doubts
}
