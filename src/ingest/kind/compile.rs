//! A record's rules made ready for the columns of one file: no look-up by name is left per row.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::spec::{
    AddressRule, ConsentRule, EntitySpec, FileState, Group, NameRule, RecordSpec, Rows, Take,
    ValueRule,
};
use super::value::{Columns, Getter, Step, Test, parse_path, plain_path, wildcard};
use crate::model::{ConsentState, DateOrder, EntityKind, LinkStrength};

/// What compiling needs to know of the file.
pub(super) struct FileFacts<'a> {
    /// Columns of the table, empty for JSON.
    pub(super) columns: &'a [Arc<str>],
    pub(super) json: bool,
    /// The file's name.
    pub(super) name: &'a str,
    pub(super) date_orders: &'a BTreeMap<String, DateOrder>,
    /// The system of the kind.
    pub(super) system: &'a Arc<str>,
    /// Values by which the kind says "none", in any column.
    pub(super) empty: &'a [String],
    /// Leaves of JSON that no rule takes.
    pub(super) unused: &'a [String],
}

/// When and where a rule applies.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) when: Vec<Test>,
    pub(super) each: Option<Vec<Step>>,
    pub(super) rows: Rows,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) scope: Scope,
    pub(super) getter: Getter,
    pub(super) label: Option<Arc<str>>,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) scope: Scope,
    pub(super) getter: Getter,
    /// `None`: guessed from the id's form.
    pub(super) system: Option<Arc<str>>,
    pub(super) object: Arc<str>,
    pub(super) strength: LinkStrength,
}

#[derive(Debug)]
pub(super) struct Name {
    pub(super) scope: Scope,
    /// full, given, middle, family, suffix, title.
    pub(super) parts: [Getter; 6],
    pub(super) instead: Getter,
    pub(super) label: Option<Arc<str>>,
}

#[derive(Debug)]
pub(super) struct Address {
    pub(super) scope: Scope,
    /// full, number, line, line2, unit, po_box, city, region, postcode, country.
    pub(super) parts: [Getter; 10],
    pub(super) instead: Getter,
    pub(super) label: Option<Arc<str>>,
}

/// One date column after the other; each with the order its file uses.
#[derive(Debug)]
pub(super) struct Date {
    pub(super) scope: Scope,
    pub(super) getters: Vec<(Getter, DateOrder)>,
}

#[derive(Debug)]
pub(super) struct Consent {
    pub(super) scope: Scope,
    pub(super) getter: Getter,
    pub(super) channel: Arc<str>,
    pub(super) purpose: Arc<str>,
    pub(super) granted: Vec<String>,
    pub(super) denied: Vec<String>,
    pub(super) unknown: Vec<String>,
    pub(super) inverted: bool,
    pub(super) filled_denies: bool,
    pub(super) time: Vec<(Getter, DateOrder)>,
    /// State from the file's name.
    pub(super) fixed: Option<ConsentState>,
}

#[derive(Debug)]
pub(super) struct Id {
    pub(super) getter: Getter,
    pub(super) column: String,
    /// The kind demands it and the file has the column.
    pub(super) demanded: bool,
    pub(super) made_from: Vec<Vec<Getter>>,
    pub(super) hashed: bool,
}

#[derive(Debug)]
pub(super) struct Entity {
    pub(super) flag: Option<(Getter, Vec<String>, Vec<String>)>,
    /// `None`: decided by the names that are there …
    pub(super) fixed: Option<EntityKind>,
    /// … and this where there are none.
    pub(super) otherwise: EntityKind,
    /// A whole name may be an organisation's: its looks decide.
    pub(super) by_shape: bool,
}

/// Columns that no rule takes.
#[derive(Debug)]
pub(super) enum Others {
    Cells {
        free: Vec<(usize, Arc<str>)>,
        soft: Vec<Soft<usize>>,
    },
    Json {
        known: FxHashMap<String, Arc<str>>,
        used: Vec<String>,
        patterns: Vec<String>,
        soft: Vec<Soft<String>>,
    },
}

/// Columns or paths that a rule takes where its conditions hold.
#[derive(Debug)]
pub(super) struct Soft<Place> {
    pub(super) when: Vec<Test>,
    pub(super) places: Vec<Place>,
}

impl Others {
    /// The name under which a leaf is kept, `None` if a rule takes it.
    pub(super) fn leaf(&self, path: &str) -> Option<Arc<str>> {
        let Self::Json { known, used, patterns, .. } = self else { return None };
        if let Some(name) = known.get(path) {
            return Some(name.clone());
        }
        (!is_used(path, used, patterns)).then(|| path.into())
    }
}

/// Whether a leaf, or a node above it, is in the sorted list or fits a pattern.
pub(super) fn is_used(path: &str, used: &[String], patterns: &[String]) -> bool {
    let has = |part: &str| used.binary_search_by(|one| one.as_str().cmp(part)).is_ok();
    path.match_indices('.').any(|(at, _)| has(&path[..at]))
        || has(path)
        || patterns.iter().any(|pattern| wildcard(pattern, path))
}

#[derive(Debug)]
pub(super) struct Record {
    pub(super) object: Arc<str>,
    pub(super) when: Vec<Test>,
    pub(super) each: Option<Vec<Step>>,
    /// Path of that list, as leaves are named; empty for a row.
    pub(super) list: String,
    pub(super) entity: Entity,
    pub(super) id: Id,
    pub(super) source: Option<Getter>,
    pub(super) deleted: Vec<Test>,
    pub(super) redacted: Vec<Test>,
    pub(super) alias: Option<(Getter, Arc<str>)>,
    pub(super) names: Vec<Name>,
    pub(super) addresses: Vec<Address>,
    pub(super) emails: Vec<Field>,
    pub(super) phones: Vec<Field>,
    pub(super) companies: Vec<Field>,
    pub(super) job_titles: Vec<Field>,
    pub(super) births: Vec<Date>,
    pub(super) ages: Vec<Field>,
    pub(super) genders: Vec<Field>,
    pub(super) tax_ids: Vec<Field>,
    pub(super) websites: Vec<Field>,
    pub(super) loyalty_ids: Vec<Field>,
    pub(super) tokens: Vec<Field>,
    pub(super) tags: Vec<Field>,
    pub(super) notes: Vec<Field>,
    pub(super) self_ids: Vec<Link>,
    pub(super) external_ids: Vec<Link>,
    pub(super) organization_ids: Vec<Link>,
    pub(super) consents: Vec<Consent>,
    pub(super) created_at: Vec<Date>,
    pub(super) updated_at: Vec<Date>,
    pub(super) others: Others,
    /// Columns referred to, to find those that no record of the kind uses.
    pub(super) known: Vec<bool>,
    /// Paths referred to, sorted, and those of them with `*`.
    pub(super) known_paths: (Vec<String>, Vec<String>),
    /// Date columns, so that their order can be decided.
    pub(super) date_columns: Vec<String>,
    /// All names that the rules look for.
    pub(super) wanted: Vec<String>,
}

struct Compiler<'a> {
    facts: &'a FileFacts<'a>,
    columns: Columns,
    date_columns: Vec<String>,
    object: Arc<str>,
    soft_columns: Vec<Soft<usize>>,
    soft_paths: Vec<Soft<String>>,
}

/// Compiles the rules of a record for a file. O(rules × columns).
pub(super) fn compile(spec: &RecordSpec, facts: &FileFacts<'_>) -> Record {
    let mut c = Compiler {
        facts,
        columns: Columns::new(facts.columns, facts.json).inside(spec.each.as_deref()),
        date_columns: Vec::new(),
        object: spec.object.as_str().into(),
        soft_columns: Vec::new(),
        soft_paths: Vec::new(),
    };
    let id = c.id(spec);
    let entity = c.entity(&spec.entity);
    let tests = |list: &[super::spec::Condition], c: &mut Compiler<'_>| {
        list.iter().map(|one| Test::new(one, &mut c.columns, None)).collect::<Vec<_>>()
    };
    let when = tests(&spec.when, &mut c);
    let deleted = tests(&spec.deleted, &mut c);
    for one in &spec.deleted {
        c.columns.refs(&one.at.0, None, false);
    }
    let redacted = tests(&spec.redacted, &mut c);
    let alias = spec.alias.as_ref().map(|rule| {
        let object = rule.object.as_deref().map_or_else(|| c.object.clone(), Into::into);
        (c.getter(&rule.take, None, false), object)
    });
    let source = spec.source.as_ref().map(|take| c.getter(take, None, false));
    let names = spec.name.iter().filter_map(|rule| c.name(rule)).collect();
    let addresses = spec.address.iter().filter_map(|rule| c.address(rule)).collect();
    let [emails, phones, companies, job_titles, ages, genders, tax_ids, websites, loyalty_ids] = [
        &spec.email,
        &spec.phone,
        &spec.company,
        &spec.job_title,
        &spec.age,
        &spec.gender,
        &spec.tax_id,
        &spec.website,
        &spec.loyalty_id,
    ]
    .map(|rules| c.fields(rules));
    let [tokens, tags, notes] = [&spec.token, &spec.tag, &spec.note].map(|rules| c.fields(rules));
    let [self_ids, external_ids, organization_ids] =
        [&spec.self_id, &spec.external_id, &spec.organization_id].map(|rules| c.links(rules));
    let [births, created_at, updated_at] =
        [&spec.date_of_birth, &spec.created_at, &spec.updated_at].map(|rules| c.dates(rules));
    let consents = spec.consent.iter().filter_map(|rule| c.consent(rule)).collect();
    c.columns.refs(&spec.ignore, None, false);
    let each = spec.each.as_deref().map(parse_path);
    let list = spec.each.as_deref().filter(|list| *list != ".").map(plain_path).unwrap_or_default();
    let used_paths = sorted_paths(std::mem::take(&mut c.columns.used_paths));
    let known_paths = sorted_paths(std::mem::take(&mut c.columns.known_paths));
    Record {
        others: c.others(&used_paths),
        known: std::mem::take(&mut c.columns.known),
        known_paths,
        date_columns: c.date_columns,
        wanted: c.columns.wanted.into_keys().collect(),
        object: c.object,
        when,
        each,
        list,
        entity,
        id,
        source,
        deleted,
        redacted,
        alias,
        names,
        addresses,
        emails,
        phones,
        companies,
        job_titles,
        births,
        ages,
        genders,
        tax_ids,
        websites,
        loyalty_ids,
        tokens,
        tags,
        notes,
        self_ids,
        external_ids,
        organization_ids,
        consents,
        created_at,
        updated_at,
    }
}

impl Compiler<'_> {
    fn getter(&mut self, take: &Take, base: Option<&str>, soft: bool) -> Getter {
        Getter::new(take, &mut self.columns, base, soft).dropping(self.facts.empty)
    }

    /// A getter of words, of which none says "none".
    fn words(&mut self, at: &[String], base: Option<&str>, soft: bool) -> Getter {
        let take = Take { at: at.to_vec(), ..Take::default() };
        Getter::new(&take, &mut self.columns, base, soft)
    }

    /// `takes` are what the rule reads: where its conditions hold, the columns are taken.
    fn scope<'t>(
        &mut self,
        when: &[super::spec::Condition],
        each: Option<&str>,
        rows: Rows,
        takes: impl IntoIterator<Item = &'t Take>,
    ) -> Scope {
        if !when.is_empty() && each.is_none() && rows == Rows::Main {
            let tests =
                when.iter().map(|one| Test::new(one, &mut self.columns, None)).collect::<Vec<_>>();
            let names: Vec<&String> = takes.into_iter().flat_map(|take| &take.at).collect();
            if self.columns.is_json() {
                let full = |name: &&String| plain_path(&self.columns.full_path(name, None));
                let places = names.iter().map(full).collect();
                self.soft_paths.push(Soft { when: tests, places });
            } else {
                let places = names.iter().flat_map(|name| self.columns.find(name)).collect();
                self.soft_columns.push(Soft { when: tests, places });
            }
        }
        let when = when.iter().map(|one| Test::new(one, &mut self.columns, each)).collect();
        Scope { when, each: each.map(parse_path), rows }
    }

    fn id(&mut self, spec: &RecordSpec) -> Id {
        let take = Take {
            at: spec.id.at.0.clone(),
            ops: spec.id.ops.clone(),
            drop: spec.id.drop.clone(),
            strip: spec.id.strip.0.clone(),
            ..Take::default()
        };
        let getter = self.getter(&take, None, false);
        let made_from = spec
            .id
            .made_from
            .iter()
            .map(|list| {
                list.iter()
                    .map(|name| {
                        let take = Take { at: vec![name.clone()], ..Take::default() };
                        self.getter(&take, None, true)
                    })
                    .collect()
            })
            .collect();
        Id {
            column: spec.id.at.0.first().cloned().unwrap_or_default(),
            demanded: spec.id.required && !getter.is_empty(),
            getter,
            made_from,
            hashed: spec.id.hashed,
        }
    }

    fn entity(&mut self, spec: &EntitySpec) -> Entity {
        let word = |word: Option<&str>| match word {
            Some("person") => (Some(EntityKind::Person), EntityKind::Person),
            Some("organization") => (Some(EntityKind::Organization), EntityKind::Organization),
            Some("unknown") => (Some(EntityKind::Unknown), EntityKind::Unknown),
            _ => (None, EntityKind::Unknown),
        };
        let (fixed, otherwise) = match spec {
            EntitySpec::Person => word(Some("person")),
            EntitySpec::Organization => word(Some("organization")),
            EntitySpec::Unknown => word(Some("unknown")),
            EntitySpec::Auto => (None, EntityKind::Unknown),
            EntitySpec::Inferred { otherwise, .. } => (None, *otherwise),
            EntitySpec::Flag(flag) => word(flag.otherwise.as_deref()),
        };
        let flag = match spec {
            EntitySpec::Flag(flag) => Some((
                self.words(&flag.at.0, None, false),
                flag.person.clone(),
                flag.organization.clone(),
            )),
            _ => None,
        };
        let by_shape = !matches!(spec, EntitySpec::Inferred { by_shape: false, .. });
        Entity { flag, fixed, otherwise, by_shape }
    }

    fn fields(&mut self, rules: &[ValueRule]) -> Vec<Field> {
        let mut out = Vec::new();
        for rule in rules {
            let base = rule.each.as_deref();
            let getter = self.getter(&rule.take, base, !rule.when.is_empty());
            if getter.is_empty() {
                continue;
            }
            let scope = self.scope(&rule.when, base, rule.rows, [&rule.take]);
            out.push(Field { scope, getter, label: rule.label.as_deref().map(Into::into) });
        }
        out
    }

    fn links(&mut self, rules: &[ValueRule]) -> Vec<Link> {
        let mut out = Vec::new();
        for rule in rules {
            let base = rule.each.as_deref();
            // An id whose system cannot be guessed is still kept among the others.
            let soft = !rule.when.is_empty() || rule.system.as_deref() == Some("by-form");
            let getter = self.getter(&rule.take, base, soft);
            if getter.is_empty() {
                continue;
            }
            let system = match rule.system.as_deref() {
                None => Some(self.facts.system.clone()),
                Some("by-form") => None,
                Some(system) => Some(system.into()),
            };
            let object = rule.object.as_deref().map_or_else(|| self.object.clone(), Into::into);
            let strength =
                if rule.announced { LinkStrength::Announced } else { LinkStrength::Claimed };
            let scope = self.scope(&rule.when, base, rule.rows, [&rule.take]);
            out.push(Link { scope, getter, system, object, strength });
        }
        out
    }

    fn date_getters(
        &mut self,
        take: &Take,
        base: Option<&str>,
        order: Option<DateOrder>,
        soft: bool,
    ) -> Vec<(Getter, DateOrder)> {
        let mut out = Vec::new();
        for name in &take.at {
            let one = Take { at: vec![name.clone()], ..take.clone() };
            let getter = self.getter(&one, base, soft);
            if getter.is_empty() {
                continue;
            }
            let column = match getter.columns().next() {
                Some(at) => self.facts.columns[at].to_string(),
                None => plain_path(&self.columns.full_path(name, base)),
            };
            let found = self.facts.date_orders.get(&column).copied();
            if order.is_none() {
                self.date_columns.push(column);
            }
            out.push((getter, order.or(found).unwrap_or_default()));
        }
        out
    }

    fn dates(&mut self, rules: &[ValueRule]) -> Vec<Date> {
        let mut out = Vec::new();
        for rule in rules {
            let base = rule.each.as_deref();
            let getters = self.date_getters(&rule.take, base, rule.order, !rule.when.is_empty());
            if !getters.is_empty() {
                let scope = self.scope(&rule.when, base, rule.rows, [&rule.take]);
                out.push(Date { scope, getters });
            }
        }
        out
    }

    fn name(&mut self, rule: &NameRule) -> Option<Name> {
        let (base, soft) = (rule.each.as_deref(), !rule.when.is_empty());
        let takes =
            [&rule.full, &rule.given, &rule.middle, &rule.family, &rule.suffix, &rule.title];
        let parts = takes.map(|take| self.getter(take, base, soft));
        let instead = self.getter(&rule.instead, base, soft);
        if parts.iter().all(Getter::is_empty) && instead.is_empty() {
            return None;
        }
        let scope =
            self.scope(&rule.when, base, rule.rows, takes.into_iter().chain([&rule.instead]));
        Some(Name { scope, parts, instead, label: rule.label.as_deref().map(Into::into) })
    }

    fn address(&mut self, rule: &AddressRule) -> Option<Address> {
        let (base, soft) = (rule.each.as_deref(), !rule.when.is_empty());
        let takes = [
            &rule.full,
            &rule.number,
            &rule.line,
            &rule.line2,
            &rule.unit,
            &rule.po_box,
            &rule.city,
            &rule.region,
            &rule.postcode,
            &rule.country,
        ];
        let parts = takes.map(|take| self.getter(take, base, soft));
        let instead = self.getter(&rule.instead, base, soft);
        if parts.iter().all(Getter::is_empty) && instead.is_empty() {
            return None;
        }
        let scope =
            self.scope(&rule.when, base, rule.rows, takes.into_iter().chain([&rule.instead]));
        Some(Address { scope, parts, instead, label: rule.label.as_deref().map(Into::into) })
    }

    fn consent(&mut self, rule: &ConsentRule) -> Option<Consent> {
        let (base, soft) = (rule.each.as_deref(), !rule.when.is_empty());
        let take = Take { at: rule.at.0.clone(), ..Take::default() };
        let getter = self.words(&take.at, base, soft);
        let fixed = rule.file.as_ref().and_then(|states| self.file_state(states));
        if getter.is_empty() && fixed.is_none() {
            return None;
        }
        Some(Consent {
            getter,
            time: self.date_getters(&rule.time, base, None, soft),
            scope: self.scope(&rule.when, base, Rows::Main, [&take]),
            channel: rule.channel.as_str().into(),
            purpose: rule.purpose.as_deref().unwrap_or("marketing").into(),
            granted: rule.granted.clone(),
            denied: rule.denied.clone(),
            unknown: rule.unknown.clone(),
            inverted: rule.inverted,
            filled_denies: rule.filled_denies,
            fixed,
        })
    }

    fn file_state(&self, states: &FileState) -> Option<ConsentState> {
        let name = self.facts.name.to_lowercase();
        let starts = |list: &[String]| list.iter().any(|start| name.starts_with(start.as_str()));
        if starts(&states.unknown) {
            Some(ConsentState::Unknown)
        } else if starts(&states.denied) {
            Some(ConsentState::Denied)
        } else if starts(&states.granted) {
            Some(ConsentState::Granted)
        } else {
            None
        }
    }

    fn others(&mut self, (used, patterns): &(Vec<String>, Vec<String>)) -> Others {
        if !self.columns.is_json() {
            let columns = self.facts.columns.iter().enumerate();
            let free = columns.filter(|(at, name)| !self.columns.used[*at] && !name.is_empty());
            let free = free.map(|(at, name)| (at, name.clone())).collect();
            return Others::Cells { free, soft: std::mem::take(&mut self.soft_columns) };
        }
        let known = self
            .facts
            .unused
            .iter()
            .filter(|path| !is_used(path, used, patterns))
            .map(|path| (path.clone(), Arc::from(path.as_str())))
            .collect();
        let soft = std::mem::take(&mut self.soft_paths);
        Others::Json { known, used: used.clone(), patterns: patterns.clone(), soft }
    }
}

/// Plain paths, sorted, and patterns.
fn sorted_paths(paths: Vec<String>) -> (Vec<String>, Vec<String>) {
    let (patterns, mut plain): (Vec<_>, Vec<_>) =
        paths.into_iter().partition(|path| path.contains('*'));
    plain.sort();
    plain.dedup();
    (plain, patterns)
}

/// A compiled [`Group`].
#[derive(Debug)]
pub(super) struct Grouping {
    pub(super) key: Getter,
    pub(super) main: Vec<Getter>,
    pub(super) main_without: Option<Getter>,
    pub(super) carry: bool,
}

impl Grouping {
    pub(super) fn new(group: &Group, facts: &FileFacts<'_>) -> Self {
        let mut columns = Columns::new(facts.columns, facts.json);
        let mut one = |name: &String| {
            let take = Take { at: vec![name.clone()], ..Take::default() };
            Getter::new(&take, &mut columns, None, true)
        };
        let main = group.main.iter().map(&mut one).collect();
        let main_without = group.main_without.as_ref().map(&mut one);
        let key = Getter::new(&group.key, &mut columns, None, true);
        Self { key, main, main_without, carry: group.carry }
    }
}
