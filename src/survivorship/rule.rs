//! The rules that put one value before another, and which hold without a policy.

use std::cmp::Ordering;
use std::sync::Arc;

use super::standing::Standing;

/// One way to prefer a value over another. A list of rules is read from the left; the first that
/// tells two values apart decides between them, and the last word is always the order of record
/// keys, so that there is exactly one outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The system (or source) that stands first in the list; those that are not listed come last.
    Owner(Vec<Arc<str>>),
    /// As [`Rule::Owner`], for a list of how much systems are trusted whatever the field.
    Trusted(Vec<Arc<str>>),
    /// Anything over what is invalid: no address, no possible number, no name at all.
    Sound,
    /// Anything over what is older than its system's values may be.
    Fresh,
    /// A person should decide where the rules before this one do not; those after it choose until then.
    Review,
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
    pub(super) fn compare(&self, a: &Standing<'_, '_>, b: &Standing<'_, '_>) -> Ordering {
        match self {
            Self::Owner(systems) | Self::Trusted(systems) => {
                a.owner_rank(systems).cmp(&b.owner_rank(systems))
            }
            Self::Sound => a.grade.invalid.cmp(&b.grade.invalid),
            Self::Fresh => a.stale.cmp(&b.stale),
            Self::Review => Ordering::Equal,
            Self::Valid => a.grade.rank.cmp(&b.grade.rank),
            Self::MostFrequent => b.records.cmp(&a.records),
            Self::Newest => b.newest.cmp(&a.newest),
            Self::MostComplete => b.complete.cmp(&a.complete),
            Self::BestWritten => b.written().cmp(&a.written()),
            Self::First => a.position.cmp(&b.position),
            Self::Longest => b.length().cmp(&a.length()),
            Self::MostRestrictive | Self::Earliest => a.measure.cmp(&b.measure),
            Self::Latest => b.measure.cmp(&a.measure),
        }
    }

    /// What a value that won by this rule is.
    pub const fn won(&self) -> &'static str {
        match self {
            Self::Owner(_) => "owner system",
            Self::Trusted(_) => "most trusted",
            Self::Valid | Self::Sound => "valid",
            Self::Fresh => "fresh",
            Self::Review => "review",
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
            Self::Trusted(_) => "less trusted",
            Self::Valid => "less valid",
            Self::Sound => "invalid",
            Self::Fresh => "too old for its system",
            Self::Review => "to be reviewed",
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
