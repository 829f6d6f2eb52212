//! Which rules decide which field, in which order.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::standing::Standing;

/// One way to prefer a value over another. A list of rules is read from the left; the first that
/// tells two values apart decides between them, and the last word is always the order of record
/// keys, so that there is exactly one outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The system that stands first in the list; systems that are not listed come last.
    Owner(Vec<Arc<str>>),
    /// The better grade: a personal mailbox over a role mailbox, a valid number over an invalid
    /// one, a whole name over initials, a whole address over a town.
    Valid,
    /// Stated by more records.
    MostFrequent,
    /// Stated by the record that changed last.
    Newest,
    /// With more of its parts filled.
    MostComplete,
    /// Better written: mixed case over capitals, `Müller` over `Muller`.
    BestWritten,
    /// Nearer to the front of its record.
    First,
    /// More characters.
    Longest,
    /// The permission that allows less: denied, then unknown, then granted.
    MostRestrictive,
    /// The earlier time.
    Earliest,
    /// The later time.
    Latest,
}

impl Rule {
    /// `Less` where `a` is to be preferred.
    pub(super) fn compare(&self, a: &Standing<'_>, b: &Standing<'_>) -> Ordering {
        match self {
            Self::Owner(systems) => a.owner_rank(systems).cmp(&b.owner_rank(systems)),
            Self::Valid => a.grade.rank.cmp(&b.grade.rank),
            Self::MostFrequent => b.records.cmp(&a.records),
            Self::Newest => b.newest.cmp(&a.newest),
            Self::MostComplete => b.complete.cmp(&a.complete),
            Self::BestWritten => b.written.cmp(&a.written),
            Self::First => a.position.cmp(&b.position),
            Self::Longest => b.length.cmp(&a.length),
            Self::MostRestrictive | Self::Earliest => a.measure.cmp(&b.measure),
            Self::Latest => b.measure.cmp(&a.measure),
        }
    }

    /// What a value that won by this rule is.
    pub const fn won(&self) -> &'static str {
        match self {
            Self::Owner(_) => "owner system",
            Self::Valid => "valid",
            Self::MostFrequent => "most frequent",
            Self::Newest => "newest",
            Self::MostComplete => "most complete",
            Self::BestWritten => "best written",
            Self::First => "first in its record",
            Self::Longest => "longest",
            Self::MostRestrictive => "most restrictive",
            Self::Earliest => "earliest",
            Self::Latest => "latest",
        }
    }

    /// What a value that lost by this rule is.
    pub const fn lost(&self) -> &'static str {
        match self {
            Self::Owner(_) => "another system owns the field",
            Self::Valid => "less valid",
            Self::MostFrequent => "less frequent",
            Self::Newest => "older",
            Self::MostComplete => "less complete",
            Self::BestWritten => "written less well",
            Self::First => "not the first in its record",
            Self::Longest => "shorter",
            Self::MostRestrictive => "less restrictive",
            Self::Earliest => "later",
            Self::Latest => "earlier",
        }
    }
}

const VALUE: &[Rule] =
    &[Rule::Valid, Rule::MostFrequent, Rule::Newest, Rule::MostComplete, Rule::Longest];
const CONTACT: &[Rule] =
    &[Rule::Valid, Rule::MostFrequent, Rule::Newest, Rule::First, Rule::MostComplete];
const NAME: &[Rule] = &[
    Rule::Valid,
    Rule::MostFrequent,
    Rule::MostComplete,
    Rule::BestWritten,
    Rule::Newest,
    Rule::First,
    Rule::Longest,
];
const ADDRESS: &[Rule] = &[
    Rule::Valid,
    Rule::MostFrequent,
    Rule::Newest,
    Rule::First,
    Rule::MostComplete,
    Rule::BestWritten,
    Rule::Longest,
];
const CONSENT: &[Rule] = &[Rule::MostRestrictive, Rule::Newest];
const CREATED: &[Rule] = &[Rule::Valid, Rule::Earliest];
const UPDATED: &[Rule] = &[Rule::Valid, Rule::Latest];

/// The rules in force without a policy. `field` is the name of a field or of a group (`name`,
/// `address`); `consent.email.marketing` falls back to `consent`.
pub fn default_rules(field: &str) -> &'static [Rule] {
    match field {
        "name" => NAME,
        "company" => NAME,
        "address" => ADDRESS,
        "email" | "phone" | "website" | "tag" | "note" => CONTACT,
        "created_at" => CREATED,
        "updated_at" => UPDATED,
        _ if field == "consent" || field.starts_with("consent.") => CONSENT,
        _ => VALUE,
    }
}

/// Rules by field. `Default` is the documented default; an ownership policy sets other rules for
/// some fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    rules: BTreeMap<String, Vec<Rule>>,
}

impl Policy {
    /// Replaces the rules of a field or group, or of all fields with this prefix before a dot
    /// (`other`, `consent`, `consent.email`).
    #[must_use]
    pub fn with_rules(mut self, field: &str, rules: Vec<Rule>) -> Self {
        self.rules.insert(field.to_owned(), rules);
        self
    }

    /// The rules of a field or group: its own, else those of the nearest prefix, else the default.
    pub fn rules(&self, field: &str) -> &[Rule] {
        let mut name = field;
        while !self.rules.is_empty() {
            if let Some(rules) = self.rules.get(name) {
                return rules;
            }
            let Some(dot) = name.rfind('.') else { break };
            name = &name[..dot];
        }
        default_rules(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_rule_holds() {
        let policy = Policy::default()
            .with_rules("consent.email", vec![Rule::Newest])
            .with_rules("address", vec![Rule::Owner(vec!["erp".into()])]);
        assert_eq!(policy.rules("consent.email.marketing"), [Rule::Newest]);
        assert_eq!(policy.rules("consent.sms.marketing"), CONSENT);
        assert_eq!(policy.rules("address"), [Rule::Owner(vec!["erp".into()])]);
        assert_eq!(policy.rules("name"), NAME);
        assert_eq!(policy.rules("other.Total Spent (v1.2)"), VALUE);
    }
}
