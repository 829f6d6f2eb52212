//! Any life of a store: files, changes, deletions, decisions, settings, rebuilds and undos in any
//! order. Through the library, so that many lives fit into a test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use sameas::clustering::{LedgerState, Resolved, record_hash};
use sameas::config::Config;
use sameas::error::ErrorKind;
use sameas::model::{EntityId, LedgerChange, RecordKey, Timestamp, Verdict};
use sameas::pipeline::{Engine, EngineOptions, FileArgument, RebuildOptions, View, visit_ledger};
use sameas::query;

use super::support::MEMBERS_KIND;

/// Given and family name.
const PEOPLE: [(&str, &str); 8] = [
    ("Ada", "Quillfeather"),
    ("Adah", "Quillfeather"),
    ("Bruno", "Castellane"),
    ("B.", "Castellane"),
    ("Carla", "Dombrowski"),
    ("Karla", "Dombrowsky"),
    ("Dimitri", "Evangelou"),
    ("Elena", "Evangelou"),
];

/// A row of a member: who, which of their mailboxes and phones, whether they left.
type Member = (u8, u8, bool);

fn row(id: &str, (who, variant, left): Member) -> String {
    let (given, family) = PEOPLE[usize::from(who)];
    // Neighbours share mailbox or phone in some variants: so they merge and part.
    let mail = if variant & 1 == 0 { who } else { who & !1 };
    let phone = if variant & 2 == 0 { who } else { who & !1 };
    let state = if left { "left" } else { "in" };
    format!(
        "{id},{given},{family},m{mail}@club.example.org,+1 415 555 20{phone:02},9460{},Oakland,{state}\n",
        who / 2
    )
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// A file of a source: rows by record id.
    File(u8, BTreeMap<u8, Member>),
    /// A decision on two records of a source each.
    Judge((u8, u8), (u8, u8), u8),
    /// From now on only near certain pairs are one, or all again.
    Strict(bool),
    Rebuild {
        retrain: bool,
    },
    Undo,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let member = (0_u8..8, 0_u8..4, prop::bool::weighted(0.2));
    let file = (0_u8..2, proptest::collection::btree_map(0_u8..12, member, 1..10));
    let record = || (0_u8..2, 0_u8..12);
    let step = prop_oneof![
        4 => file.prop_map(|(source, rows)| Step::File(source, rows)),
        2 => (record(), record(), 0_u8..4).prop_map(|(a, b, verdict)| Step::Judge(a, b, verdict)),
        1 => any::<bool>().prop_map(Step::Strict),
        5 => prop::bool::weighted(0.2).prop_map(|retrain| Step::Rebuild { retrain }),
        2 => Just(Step::Undo),
    ];
    proptest::collection::vec(step, 4..12)
}

fn key((source, id): (u8, u8)) -> RecordKey {
    RecordKey::new(&format!("club-{source}"), "member", &format!("M{id}"))
}

/// A store and what it was told.
struct Life {
    folder: tempfile::TempDir,
    config: Config,
    engine: Option<Engine>,
}

impl Life {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kinds = folder.path().join("kinds");
        std::fs::create_dir(&kinds).unwrap();
        std::fs::write(kinds.join("club.toml"), MEMBERS_KIND).unwrap();
        let mut life = Self {
            config: Config { kinds: vec![kinds], ..Config::default() },
            engine: None,
            folder,
        };
        life.open();
        life
    }

    fn store(&self) -> std::path::PathBuf {
        self.folder.path().join("store")
    }

    fn open(&mut self) {
        self.engine = None;
        let options = EngineOptions { config: self.config.clone(), ..EngineOptions::default() };
        let store = self.store();
        self.engine =
            Some(crate::wait_for(|| Engine::create_or_open(&store, options.clone())).unwrap());
    }

    fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().unwrap()
    }

    fn ingest(&mut self, source: u8, rows: &BTreeMap<u8, Member>) {
        let path = self.folder.path().join(format!("club-{source}.csv"));
        let head = "Member No,First,Last,Mail,Mobile,Zip,City,Club State\n";
        let rows: String =
            rows.iter().map(|(id, member)| row(&format!("M{id}"), *member)).collect();
        std::fs::write(&path, head.to_owned() + &rows).unwrap();
        let file = FileArgument { path, kind: Some("club-members".to_owned()), source: None };
        for outcome in self.engine().ingest(&[file], false, &()).unwrap().files {
            outcome.result.unwrap();
        }
    }

    /// Whether results changed.
    fn step(&mut self, step: &Step) -> bool {
        match step {
            Step::File(source, rows) => self.ingest(*source, rows),
            Step::Judge(a, b, verdict) => {
                let verdict =
                    [Verdict::Same, Verdict::Different, Verdict::Unsure, Verdict::Withdrawn]
                        [usize::from(*verdict)];
                let judged =
                    self.engine().judge(key(*a), key(*b), verdict, "kim", "", Timestamp(0));
                assert_eq!(judged.is_err(), a == b);
            }
            Step::Strict(strict) => {
                self.config.thresholds.matching = if *strict { 0.999_999 } else { 0.5 };
                self.config.thresholds.auto = if *strict { 0.999_999 } else { 0.95 };
                self.open();
            }
            Step::Rebuild { retrain } => {
                let options = RebuildOptions { retrain: *retrain, ..RebuildOptions::default() };
                self.engine().rebuild(options, &()).unwrap();
                return true;
            }
            Step::Undo => {
                return match self.engine().undo(None, None) {
                    Ok(_) => true,
                    // Nothing before it, or no longer kept.
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Unknown);
                        false
                    }
                };
            }
        }
        false
    }
}

/// What must hold of every result.
fn check(dir: &Path) {
    let mut state = LedgerState::default();
    let mut issued: BTreeSet<EntityId> = BTreeSet::new();
    visit_ledger(dir, |event| {
        state.apply(&event);
        if let LedgerChange::Created { entity, .. } = event.change {
            issued.insert(entity);
        }
        Ok(())
    })
    .unwrap();
    let view = View::open(dir).unwrap();
    let results = view.results();
    // Every live record has exactly one entity, and the events replayed from nothing know it.
    let mut entity_of: BTreeMap<u32, u32> = BTreeMap::new();
    for index in 0..results.entities() {
        for member in results.entity(index).unwrap().members {
            assert_eq!(entity_of.insert(member, index), None, "in one entity");
        }
    }
    assert_eq!(entity_of.len() as u32, results.records());
    assert_eq!(state.records() as u32, results.records());
    let mut live: BTreeSet<EntityId> = BTreeSet::new();
    for (ordinal, index) in entity_of {
        let id = results.entity_id(index).unwrap();
        let key = results.key(ordinal).unwrap();
        assert_eq!(state.entity_of(record_hash(&key)), Some(id), "{key}");
        live.insert(id);
    }
    assert_eq!(state.live(), Vec::from_iter(live.iter().copied()));
    // Every id ever given stands for one live or one retired entity.
    for id in issued {
        let found = query::resolve(&view, &id.to_string());
        match state.resolve(id) {
            Some(Resolved::Live(entity)) => {
                let found = found.unwrap().entities;
                assert_eq!(found.len(), 1, "{id}");
                assert_eq!(results.entity_id(found[0]).unwrap(), entity, "{id}");
            }
            Some(Resolved::Retired(entity)) => {
                assert!(!live.contains(&entity));
                // A record that is gone may still be known as one who is live.
                let known = found.map(|found| found.entities.len());
                assert!(known.map_or_else(|e| e.kind() == ErrorKind::Unknown, |n| n == 1), "{id}");
            }
            None => panic!("{id} was given and stands for nothing"),
        }
        assert!(!query::history(dir, &id.to_string()).unwrap().events.is_empty());
    }
}

/// Members of the entities in force.
fn members(dir: &Path) -> BTreeSet<BTreeSet<RecordKey>> {
    let view = View::open(dir).unwrap();
    let results = view.results();
    let keys = |index| {
        let members = results.entity(index).unwrap().members;
        members.into_iter().map(|member| results.key(member).unwrap()).collect()
    };
    (0..results.entities()).map(keys).collect()
}

/// `PROPTEST_CASES` lives, or as many as an ordinary run has time for.
fn lives() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: lives(), failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_life_keeps_every_id(steps in steps()) {
        let mut life = Life::new();
        for step in &steps {
            if life.step(step) {
                check(&life.store());
            }
        }
        life.step(&Step::Rebuild { retrain: false });
        check(&life.store());
    }

    #[test]
    fn under_one_model_the_order_of_ingest_does_not_matter(
        base in proptest::collection::btree_map(0_u8..8, (0_u8..8, 0_u8..4, Just(false)), 4..8),
        more in proptest::collection::btree_map(8_u8..16, (0_u8..8, 0_u8..4, prop::bool::weighted(0.2)), 1..8),
        other in proptest::collection::btree_map(0_u8..12, (0_u8..8, 0_u8..4, Just(false)), 1..8),
    ) {
        let rebuild = Step::Rebuild { retrain: false };
        let base = [Step::File(0, base), rebuild.clone()];
        let (more, other) = (Step::File(0, more), Step::File(1, other));
        let orders: [&[&Step]; 2] = [
            &[&more, &other, &rebuild],
            &[&other, &rebuild, &more, &rebuild],
        ];
        let [one, two] = orders.map(|order| {
            let mut life = Life::new();
            for step in base.iter().chain(order.iter().copied()) {
                life.step(step);
            }
            check(&life.store());
            members(&life.store())
        });
        prop_assert_eq!(one, two);
    }
}
