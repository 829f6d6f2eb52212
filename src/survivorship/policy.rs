//! Which system owns which field, what may go where, and the rules that follow from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Member;
use super::fields::{GROUPS, field_order};
use super::rule::{Rule, default_rules};
use crate::model::EntityKind;

/// What the conditions of a policy look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation<'a> {
    /// Kind of the entity.
    pub kind: EntityKind,
    /// Its country, ISO alpha-2 upper case; empty where unknown, or where no policy asks.
    pub country: &'a str,
}

impl<'a> Situation<'a> {
    /// The situation of an entity: its country is the one that most of its records name, of equals
    /// the first by letter.
    pub(super) fn of(kind: EntityKind, members: &[&'a Member], policy: &Policy) -> Self {
        if policy.countries.is_empty() {
            return Self { kind, country: "" };
        }
        let mut counts: BTreeMap<&'a str, usize> = BTreeMap::new();
        for member in members {
            let named: BTreeSet<&str> =
                member.normal.addresses.iter().map(|a| a.country.as_str()).collect();
            for country in named.into_iter().filter(|country| !country.is_empty()) {
                *counts.entry(country).or_default() += 1;
            }
        }
        let best = counts.into_iter().max_by_key(|(country, n)| (*n, std::cmp::Reverse(*country)));
        Self { kind, country: best.map_or("", |(country, _)| country) }
    }
}

/// The name under which a policy speaks of all fields.
pub const ALL_FIELDS: &str = "default";

/// Families of fields that the data names, without what follows the first dot.
pub const FAMILIES: [&str; 4] = ["consent", "external_id", "organization_id", "other"];

/// What decides where systems disagree: an action of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The owners in their order.
    Owner,
    /// The list of trusted systems.
    Trusted,
    /// One of the rules that need no list.
    Rule(Rule),
}

/// Words of the actions that a policy may name, with what they mean.
const ACTIONS: [(&str, Action); 11] = [
    ("owner", Action::Owner),
    ("newest", Action::Rule(Rule::Newest)),
    ("most frequent", Action::Rule(Rule::MostFrequent)),
    ("longest", Action::Rule(Rule::Longest)),
    ("most complete", Action::Rule(Rule::MostComplete)),
    ("most trusted", Action::Trusted),
    ("most restrictive", Action::Rule(Rule::MostRestrictive)),
    ("best written", Action::Rule(Rule::BestWritten)),
    ("earliest", Action::Rule(Rule::Earliest)),
    ("latest", Action::Rule(Rule::Latest)),
    ("review", Action::Rule(Rule::Review)),
];

impl Action {
    /// The words that [`Action::parse`] knows.
    pub fn words() -> impl Iterator<Item = &'static str> {
        ACTIONS.iter().map(|(word, _)| *word)
    }

    /// Reads a word; hyphens and underscores are as good as spaces.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.replace(['-', '_'], " ");
        ACTIONS.iter().find(|(known, _)| *known == word).map(|(_, action)| action.clone())
    }

    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        ACTIONS.iter().find(|(_, action)| action == self).map_or("", |(word, _)| word)
    }
}

/// What flows between a system and the golden record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Its values may survive, and it takes what survived.
    #[default]
    Both,
    /// Its values may survive; nothing is written to it.
    Source,
    /// It takes what survived; its own values never survive.
    Target,
    /// Neither.
    None,
}

impl Direction {
    /// All, as a policy writes them.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("both", Self::Both),
        ("source", Self::Source),
        ("target", Self::Target),
        ("none", Self::None),
    ];

    /// Whether values of the system may survive.
    pub const fn gives(self) -> bool {
        matches!(self, Self::Both | Self::Source)
    }

    /// Whether the system takes what survived.
    pub const fn takes(self) -> bool {
        matches!(self, Self::Both | Self::Target)
    }
}

/// When a value of a record may be replaced by the one that survived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// Whenever the two differ.
    Always,
    /// Only where the record has none.
    IfEmpty,
    /// Where the record has none, or changed before the survivor was stated.
    IfNewer,
    /// Not even where the record has none.
    Never,
}

impl Overwrite {
    /// All, as a policy writes them.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("always", Self::Always),
        ("if empty", Self::IfEmpty),
        ("if newer", Self::IfNewer),
        ("never", Self::Never),
    ];
}

/// A setting for all systems, and for some of them another. A source's own goes before its system's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerSystem<T> {
    /// For systems that are not named.
    pub all: Option<T>,
    /// By system or source.
    pub of: BTreeMap<Arc<str>, T>,
}

impl<T> Default for PerSystem<T> {
    fn default() -> Self {
        Self { all: None, of: BTreeMap::new() }
    }
}

impl<T: Copy> PerSystem<T> {
    /// What holds for a source of a system.
    pub fn get(&self, source: &str, system: &str) -> Option<T> {
        self.of.get(source).or_else(|| self.of.get(system)).or(self.all.as_ref()).copied()
    }

    /// Adds what `weaker` says and this does not.
    fn complete(&mut self, weaker: &Self) {
        // A weaker word on one system does not override a stronger one on all.
        if self.all.is_none() {
            for (system, value) in &weaker.of {
                self.of.entry(Arc::clone(system)).or_insert(*value);
            }
            self.all = weaker.all;
        }
    }
}

/// What a policy states of a field; what it leaves open holds as before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// Owners, the first before the second: systems or sources.
    pub owner: Option<Vec<Arc<str>>>,
    /// What decides where systems disagree, in order.
    pub conflict: Option<Vec<Action>>,
    /// Whether a valid value beats an invalid one of an owner.
    pub valid_first: Option<bool>,
    /// How old values may be, in seconds, before any younger one beats them.
    pub max_age: PerSystem<u64>,
    /// What flows where.
    pub direction: PerSystem<Direction>,
    /// What may be overwritten.
    pub overwrite: PerSystem<Overwrite>,
    /// Permissions: systems or sources whose permissions hold for each source alone.
    pub per_source: Option<Vec<Arc<str>>>,
}

impl Ownership {
    fn complete(&mut self, weaker: &Self) {
        fn first<T: Clone>(strong: &mut Option<T>, weak: &Option<T>) {
            if strong.is_none() {
                strong.clone_from(weak);
            }
        }
        first(&mut self.owner, &weaker.owner);
        first(&mut self.conflict, &weaker.conflict);
        first(&mut self.valid_first, &weaker.valid_first);
        first(&mut self.per_source, &weaker.per_source);
        self.max_age.complete(&weaker.max_age);
        self.direction.complete(&weaker.direction);
        self.overwrite.complete(&weaker.overwrite);
    }
}

/// What a policy states of a field, a group or a prefix, for some entities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// Field, group (`name`, `address`), prefix (`consent`, `consent.email`, `other`) or
    /// [`ALL_FIELDS`].
    pub field: String,
    /// Entities of this kind only.
    pub kind: Option<EntityKind>,
    /// Entities of these countries only (ISO alpha-2, upper case); all where empty.
    pub countries: Vec<String>,
    /// What holds.
    pub ownership: Ownership,
}

impl Statement {
    fn fits(&self, situation: Situation<'_>) -> bool {
        self.kind.is_none_or(|kind| kind == situation.kind)
            && (self.countries.is_empty() || self.countries.iter().any(|c| c == situation.country))
    }

    fn conditional(&self) -> bool {
        self.kind.is_some() || !self.countries.is_empty()
    }
}

/// What follows for one field in one situation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPolicy {
    /// What holds, all sources of it merged.
    pub ownership: Ownership,
    /// The rules, in order.
    pub rules: Vec<Rule>,
}

impl FieldPolicy {
    fn new(field: &str, ownership: Ownership, trust: &[Arc<str>]) -> Self {
        let rules = rules(field, &ownership, trust);
        Self { ownership, rules }
    }

    /// What flows between a source and the golden record.
    pub fn direction(&self, source: &str, system: &str) -> Direction {
        self.ownership.direction.get(source, system).unwrap_or_default()
    }

    /// Whether a permission of a member holds for its source alone.
    pub fn is_per_source(&self, source: &str, system: &str) -> bool {
        self.ownership
            .per_source
            .iter()
            .flatten()
            .any(|name| **name == *source || **name == *system)
    }
}

fn rules(field: &str, ownership: &Ownership, trust: &[Arc<str>]) -> Vec<Rule> {
    let owner = ownership.owner.clone().unwrap_or_default();
    let limited = ownership.max_age != PerSystem::default();
    if owner.is_empty() && ownership.conflict.is_none() && !limited {
        return default_rules(field).to_vec();
    }
    // A denial is not overruled by an owner unless the policy says so in as many words.
    let usual = if family(field) == "consent" {
        Action::Rule(Rule::MostRestrictive)
    } else {
        Action::Owner
    };
    let mut rules = Vec::new();
    if ownership.valid_first.unwrap_or(true) {
        rules.push(Rule::Sound);
    }
    if limited {
        rules.push(Rule::Fresh);
    }
    let actions = ownership.conflict.clone().unwrap_or_else(|| vec![usual]);
    // Owners break what ties the actions leave.
    for action in actions.into_iter().chain([Action::Owner]) {
        let rule = match action {
            Action::Owner if owner.is_empty() => continue,
            Action::Owner => Rule::Owner(owner.clone()),
            Action::Trusted => Rule::Trusted(trust.to_vec()),
            Action::Rule(rule) => rule,
        };
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    for rule in default_rules(field) {
        if !rules.contains(rule) {
            rules.push(rule.clone());
        }
    }
    rules
}

/// What stands before the first dot.
fn family(field: &str) -> &str {
    field.split('.').next().unwrap_or(field)
}

/// The names that speak for a field, the strongest first: itself, what stands before each of its
/// dots. The source of a permission (`consent.email.marketing@shop`) does not count.
fn names_of(field: &str) -> impl Iterator<Item = &str> {
    let scope = if field.starts_with("consent.") { field.find('@') } else { None };
    let whole = &field[..scope.unwrap_or(field.len())];
    std::iter::successors(Some(whole), |name| name.rfind('.').map(|dot| &name[..dot]))
}

/// Ownership by field. `Default` states nothing: the documented defaults hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    trust: Vec<Arc<str>>,
    statements: Vec<Statement>,
    /// Countries that a statement names.
    countries: BTreeSet<String>,
    /// By field, kind and country (empty for any other).
    compiled: BTreeMap<String, Vec<(EntityKind, String, FieldPolicy)>>,
}

const KINDS: [EntityKind; 3] = [EntityKind::Person, EntityKind::Organization, EntityKind::Unknown];

impl Policy {
    /// Whether some value survives only up to an age, so that time alone can change the choice.
    pub fn depends_on_time(&self) -> bool {
        self.statements.iter().any(|statement| statement.ownership.max_age != PerSystem::default())
    }

    /// A policy of statements; of several that fit, one on the field goes before one on a prefix,
    /// that before one on all fields, and one with a condition before one without; else the first.
    /// `trust` is the order of systems for [`Action::Trusted`].
    pub fn new(trust: Vec<Arc<str>>, statements: Vec<Statement>) -> Self {
        let countries: BTreeSet<String> =
            statements.iter().flat_map(|s| s.countries.iter().cloned()).collect();
        let mut policy = Self { trust, statements, countries, compiled: BTreeMap::new() };
        if policy.statements.is_empty() {
            return policy;
        }
        for name in policy.names() {
            let mut cases = Vec::new();
            for kind in KINDS {
                for country in
                    std::iter::once("").chain(policy.countries.iter().map(String::as_str))
                {
                    let situation = Situation { kind, country };
                    let ownership = policy.ownership(&name, situation);
                    let field = FieldPolicy::new(&name, ownership, &policy.trust);
                    cases.push((kind, country.to_owned(), field));
                }
            }
            policy.compiled.insert(name, cases);
        }
        policy
    }

    /// The order of trust.
    pub fn trust(&self) -> &[Arc<str>] {
        &self.trust
    }

    /// What was stated.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Names of groups, families and what else a statement names, sorted but for the groups, which
    /// come first.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            GROUPS.iter().map(|g| g.name).chain(FAMILIES).map(str::to_owned).collect();
        let stated: BTreeSet<&str> = self.statements.iter().map(|s| s.field.as_str()).collect();
        for name in stated {
            if name != ALL_FIELDS && names.iter().all(|known| known != name) {
                names.push(name.to_owned());
            }
        }
        names
    }

    fn ownership(&self, field: &str, situation: Situation<'_>) -> Ownership {
        let mut ownership = Ownership::default();
        for name in names_of(field).chain([ALL_FIELDS]) {
            for conditional in [true, false] {
                let fits = |s: &&Statement| {
                    s.field == name && s.conditional() == conditional && s.fits(situation)
                };
                for statement in self.statements.iter().filter(fits) {
                    ownership.complete(&statement.ownership);
                }
            }
        }
        ownership
    }

    /// What holds for a name of [`Policy::names`], by kind of entity and country (empty for all that
    /// no statement names); empty where nothing is stated at all.
    pub fn cases(&self, name: &str) -> impl Iterator<Item = (EntityKind, &str, &FieldPolicy)> {
        let cases = self.compiled.get(name).map(Vec::as_slice).unwrap_or_default();
        cases.iter().map(|(kind, country, field)| (*kind, country.as_str(), field))
    }

    /// Adds to the names of fields those of permissions that hold for one source alone. `systems` is
    /// the system by source.
    pub fn with_scopes(
        &self,
        fields: &[String],
        systems: &BTreeMap<Arc<str>, Arc<str>>,
    ) -> Vec<String> {
        let mut out = fields.to_vec();
        if !self.has_scopes() {
            return out;
        }
        for field in fields.iter().filter(|field| family(field) == "consent") {
            let cases = names_of(field).find_map(|name| self.compiled.get(name));
            for (source, system) in systems {
                if cases.into_iter().flatten().any(|(_, _, f)| f.is_per_source(source, system)) {
                    out.push(format!("{field}@{source}"));
                }
            }
        }
        out.sort_by(|a, b| field_order(a).cmp(&field_order(b)));
        out
    }

    /// Whether some permissions hold for their source alone.
    pub fn has_scopes(&self) -> bool {
        self.statements.iter().any(|s| s.ownership.per_source.is_some())
    }

    /// What holds for a field or group; `None` where nothing is stated at all.
    pub fn field(&self, field: &str, situation: Situation<'_>) -> Option<&FieldPolicy> {
        if self.compiled.is_empty() {
            return None;
        }
        let cases = names_of(field).find_map(|name| self.compiled.get(name))?;
        let of = |country: &str| {
            cases.iter().find(|(kind, of, _)| *kind == situation.kind && of == country)
        };
        of(situation.country).or_else(|| of("")).map(|(_, _, field)| field)
    }

    /// The rules of a field or group, in order.
    pub fn rules(&self, field: &str, situation: Situation<'_>) -> &[Rule] {
        self.field(field, situation).map_or_else(|| default_rules(field), |field| &field.rules)
    }

    /// When a record of a source may be overwritten. Without a word of the policy: a permission
    /// always; where the field has owners, everybody's but the first one's; else only what is empty.
    pub fn overwrite(
        &self,
        field: &str,
        situation: Situation<'_>,
        source: &str,
        system: &str,
    ) -> Overwrite {
        let stated = self.field(field, situation);
        if let Some(overwrite) = stated.and_then(|s| s.ownership.overwrite.get(source, system)) {
            return overwrite;
        }
        if family(field) == "consent" {
            return Overwrite::Always;
        }
        let owner = stated.and_then(|s| s.ownership.owner.as_ref()?.first());
        match owner {
            Some(owner) if **owner != *source && **owner != *system => Overwrite::Always,
            _ => Overwrite::IfEmpty,
        }
    }

    /// Whether a field may be written to a source.
    pub fn writes_to(
        &self,
        field: &str,
        situation: Situation<'_>,
        source: &str,
        system: &str,
    ) -> bool {
        self.field(field, situation).is_none_or(|field| field.direction(source, system).takes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Option<Vec<Arc<str>>> {
        Some(names.iter().map(|name| (*name).into()).collect())
    }

    fn owned(field: &str, owners: &[&str]) -> Statement {
        let ownership = Ownership { owner: list(owners), ..Ownership::default() };
        Statement { field: field.to_owned(), ownership, ..Statement::default() }
    }

    const PERSON: Situation<'_> = Situation { kind: EntityKind::Person, country: "" };

    fn owners(policy: &Policy, field: &str, situation: Situation<'_>) -> Vec<String> {
        let owner = policy.field(field, situation).and_then(|f| f.ownership.owner.clone());
        owner.unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_nearest_statement_holds() {
        let german = Statement { countries: vec!["DE".to_owned()], ..owned("address", &["erp"]) };
        let company =
            Statement { kind: Some(EntityKind::Organization), ..owned("address", &["registry"]) };
        let policy = Policy::new(
            Vec::new(),
            vec![
                owned("default", &["crm"]),
                owned("consent.email", &["mail"]),
                owned("address", &["shop"]),
                german,
                company,
            ],
        );
        let of = |field, kind, country| owners(&policy, field, Situation { kind, country });
        assert_eq!(of("name", EntityKind::Person, ""), ["crm"]);
        assert_eq!(of("other.Total Spent (v1.2)", EntityKind::Person, ""), ["crm"]);
        assert_eq!(of("consent.email.marketing@shop.eu", EntityKind::Person, ""), ["mail"]);
        assert_eq!(of("consent.sms.marketing", EntityKind::Person, ""), ["crm"]);
        assert_eq!(of("address", EntityKind::Person, "FR"), ["shop"]);
        assert_eq!(of("address", EntityKind::Person, "DE"), ["erp"]);
        assert_eq!(of("address", EntityKind::Organization, "FR"), ["registry"]);
    }

    #[test]
    fn rules_follow_from_what_is_stated() {
        let mut statement = owned("email", &["crm"]);
        statement.ownership.max_age.all = Some(86_400);
        statement.ownership.conflict = Some(vec![Action::Trusted, Action::Owner]);
        let policy = Policy::new(vec!["erp".into()], vec![statement]);
        let words: Vec<&str> = policy.rules("email", PERSON).iter().map(Rule::won).collect();
        let want = [
            "valid",
            "fresh",
            "most trusted",
            "owner system",
            "valid",
            "most frequent",
            "newest",
            "first in its record",
            "most complete",
        ];
        assert_eq!(words, want);
        assert_eq!(policy.rules("phone", PERSON), default_rules("phone"));
    }

    #[test]
    fn an_owner_alone_does_not_overrule_a_denial() {
        let policy = Policy::new(Vec::new(), vec![owned("consent", &["crm"])]);
        let words: Vec<&str> =
            policy.rules("consent.email.marketing", PERSON).iter().map(Rule::won).collect();
        assert_eq!(words, ["valid", "most restrictive", "owner system", "newest"]);
    }

    #[test]
    fn the_first_owner_is_filled_and_others_overwritten() {
        let policy = Policy::new(Vec::new(), vec![owned("phone", &["crm", "erp"])]);
        let of = |field, source, system| policy.overwrite(field, PERSON, source, system);
        assert_eq!(of("phone", "crm-eu", "crm"), Overwrite::IfEmpty);
        assert_eq!(of("phone", "erp", "erp"), Overwrite::Always);
        assert_eq!(of("phone", "shop", "shop"), Overwrite::Always);
        assert_eq!(of("name", "shop", "shop"), Overwrite::IfEmpty);
        assert_eq!(of("consent.email.marketing", "shop", "shop"), Overwrite::Always);
    }

    #[test]
    fn a_setting_of_one_system_completes_that_of_all() {
        let mut strong = PerSystem { all: None, of: BTreeMap::from([("a".into(), 1)]) };
        strong.complete(&PerSystem { all: Some(9), of: BTreeMap::from([("b".into(), 2)]) });
        assert_eq!(strong.get("b", ""), Some(2));
        assert_eq!(strong.get("x", "a"), Some(1));
        assert_eq!(strong.get("x", "y"), Some(9));
        let mut all = PerSystem { all: Some(5), of: BTreeMap::new() };
        all.complete(&PerSystem { all: None, of: BTreeMap::from([("b".into(), 2)]) });
        assert_eq!(all.get("b", ""), Some(5));
    }
}
