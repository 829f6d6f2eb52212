use std::collections::BTreeSet;

use clap::Subcommand;
use sameas::error::{ErrorKind, Result};
use sameas::pipeline::{self, View};
use sameas::query::{self, PolicyRow};
use serde::Serialize;

use super::context::Context;
use super::exit::Outcome;
use super::output::{Answer, Table};

/// Check or show the ownership policy: which system owns which field, and what may go where
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas policy show\n  sameas policy check --config sameas.toml"
)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Sub,
}

#[derive(Debug, Subcommand)]
enum Sub {
    /// Check [policy] and the systems that it names; a wrong one makes exit code 2
    #[command(after_help = "Example:\n  sameas policy check --config new.toml")]
    Check,
    /// Show what holds for every field, defaults included
    #[command(after_help = "Example:\n  sameas policy show --format json")]
    Show,
}

#[derive(Serialize)]
struct Checked {
    /// Fields, groups and prefixes that the policy speaks of.
    stated: Vec<String>,
    /// Systems and sources that it may name.
    systems: Vec<String>,
    doubts: Vec<String>,
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        match self.verb {
            Sub::Check => check(context),
            Sub::Show => show(context),
        }
    }
}

/// Systems of the known kinds, sources that the settings name, and those of the store, if there is
/// one.
fn systems(context: &Context) -> Result<BTreeSet<String>> {
    let store = context.store();
    let config = context.config(Some(&store))?;
    let catalog = config.catalog()?;
    let kinds = catalog.names();
    let kinds = kinds.iter().filter_map(|name| catalog.kind(name));
    let mut known: BTreeSet<String> = kinds.map(|kind| kind.spec.system.clone()).collect();
    known.extend(config.sources.iter().filter_map(|rule| rule.source.clone()));
    if store.exists() {
        known.extend(pipeline::ground(&store)?.sources.into_keys());
        match View::open(&store) {
            Ok(view) => {
                let of = |(source, system): (_, _)| {
                    [ToString::to_string(source), ToString::to_string(system)]
                };
                known.extend(view.systems().iter().flat_map(of));
            }
            Err(error) if error.kind() == ErrorKind::Unknown => {}
            Err(error) => return Err(error),
        }
    }
    Ok(known)
}

fn check(context: &Context) -> Result<Outcome> {
    let store = context.store();
    let specs = context.specs(Some(&store))?;
    let known = systems(context)?;
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    // The strongest file's policy is the one in force.
    if let Some(spec) = specs.iter().find_map(|spec| spec.policy.as_ref()) {
        spec.check_names(&names)?;
    }
    let policy = context.config(Some(&store))?.policy;
    let stated: BTreeSet<&str> = policy.statements().iter().map(|s| s.field.as_str()).collect();
    let checked = Checked {
        stated: stated.into_iter().map(str::to_owned).collect(),
        doubts: query::policy_doubts(&policy),
        systems: known.into_iter().collect(),
    };
    let mut table = Table::new(["policy", ""]);
    let stated = if checked.stated.is_empty() {
        "nothing: the defaults hold".to_owned()
    } else {
        checked.stated.join(", ")
    };
    table.row(["speaks of".to_owned(), stated]);
    table.row(["systems and sources known".to_owned(), checked.systems.join(", ")]);
    context.answer(&Answer::new(&checked)?.table(table))?;
    for doubt in &checked.doubts {
        context.warning(doubt);
    }
    Ok(Outcome::DONE)
}

fn show(context: &Context) -> Result<Outcome> {
    let policy = context.config(Some(&context.store()))?.policy;
    let rows = query::policy(&policy);
    let mut table = Table::new([
        "field",
        "entities",
        "chosen by, in order",
        "keeps",
        "direction",
        "sync-plan overwrites",
        "from",
    ]);
    for row in &rows {
        table.row(cells(row));
    }
    context.answer(&Answer::new(&rows)?.table(table))?;
    Ok(Outcome::DONE)
}

fn cells(row: &PolicyRow) -> [String; 7] {
    let listed = |setting: &std::collections::BTreeMap<String, &'static str>| {
        let named = setting.iter().filter(|(system, _)| *system != "default");
        let named: Vec<String> = named.map(|(system, word)| format!("{system}: {word}")).collect();
        let usual = setting.get("default").copied().unwrap_or_default();
        if named.is_empty() {
            usual.to_owned()
        } else {
            format!("{}; others: {usual}", named.join(", "))
        }
    };
    let mut rules = row.rules.join(" › ");
    if !row.per_source.is_empty() {
        rules.push_str(&format!(" (each by itself: {})", row.per_source.join(", ")));
    }
    [
        row.field.clone(),
        row.entities.clone(),
        rules,
        row.keeps.to_owned(),
        listed(&row.direction),
        listed(&row.overwrite),
        if row.stated { "policy" } else { "default" }.to_owned(),
    ]
}
