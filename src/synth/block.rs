//! A block of records: some households and companies, all their records, in a mixed order.

use super::people::Registry;
use super::record::Values;
use super::template::Field;
use super::write::{Rows, Who, head};
use super::{BLOCK_RECORDS, Random, Weighted, World};

/// Tries to find a file that does not hold the person yet.
const TRIES: usize = 5;

/// The bytes of a block.
#[derive(Debug)]
pub(super) struct Block {
    /// Of each file, the truth last: rows, and the records in them.
    pub(super) files: Vec<(Vec<u8>, u64)>,
    pub(super) records: u64,
    pub(super) persons: u64,
    pub(super) organizations: u64,
}

/// A record to be made.
struct Plan {
    person: bool,
    /// Place among the block's people or companies.
    who: usize,
    /// File of the layout.
    file: usize,
}

/// First lines of the files, the truth last.
pub(super) fn heads(world: &World) -> Vec<Vec<u8>> {
    let mut heads: Vec<Vec<u8>> = vec![Vec::new(); world.files.len()];
    for (spec, place) in world.layout.files.iter().zip(&world.file_of) {
        heads[*place] = head(spec);
    }
    heads.push(b"source,record_id,truth_id,entity_kind\n".to_vec());
    heads
}

impl Block {
    /// Makes the block of this place.
    pub(super) fn new(world: &World, place: u64) -> Self {
        let base = place * BLOCK_RECORDS;
        let quota = BLOCK_RECORDS.min(world.records - base) as usize;
        let mut random = Random::new(world.seed, place);
        let mut registry = Registry::new(world, Random::new(random.next(), place), base);
        let mut plans = planned(world, &mut registry, quota, &mut random);
        random.shuffle(&mut plans);
        for (at, plan) in plans.iter().enumerate() {
            let records = if plan.person {
                &mut registry.people[plan.who].records
            } else {
                &mut registry.companies[plan.who].records
            };
            records.push((plan.file, base + at as u64));
        }
        let mut block = Self {
            files: vec![(Vec::new(), 0); world.files.len() + 1],
            records: quota as u64,
            persons: registry.people.iter().filter(|p| !p.records.is_empty()).count() as u64,
            organizations: registry.companies.iter().filter(|c| !c.records.is_empty()).count()
                as u64,
        };
        block.fill(world, &registry, &plans, base, &mut random);
        block
    }

    fn fill(
        &mut self,
        world: &World,
        registry: &Registry<'_>,
        plans: &[Plan],
        base: u64,
        random: &mut Random,
    ) {
        let mut rows = Rows::new(&world.layout.files, &world.ids);
        let mut values = Values::default();
        let truth = world.files.len();
        for (at, plan) in plans.iter().enumerate() {
            let file = &world.layout.files[plan.file];
            let who = if plan.person {
                let person = &registry.people[plan.who];
                let employer = person.employer.as_ref().map(|(at, _)| &registry.companies[*at]);
                values.person(world, file, person, employer, random);
                Who::Person(person, employer)
            } else {
                let company = &registry.companies[plan.who];
                values.company(world, file, company, random);
                Who::Company(company)
            };
            let place = world.file_of[plan.file];
            let (out, records) = &mut self.files[place];
            rows.record(out, plan.file, base + at as u64, who, &mut values, random);
            *records += 1;
            if values.guest {
                continue;
            }
            let (out, records) = &mut self.files[truth];
            let (letter, kind) = if plan.person { ('p', "person") } else { ('o', "organization") };
            let id = values.text(Field::Id);
            let line =
                format!("{},{id},{letter}{:09},{kind}\n", file.source, base + plan.who as u64);
            out.extend(line.as_bytes());
            *records += 1;
        }
    }
}

/// Makes households until there are enough records, and chooses the file of each record.
fn planned<'w>(
    world: &'w World,
    registry: &mut Registry<'w>,
    quota: usize,
    random: &mut Random,
) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::with_capacity(quota);
    let mut choices: Vec<(&str, [Weighted<usize>; 2])> = Vec::new();
    while plans.len() < quota {
        let (people, companies) = (registry.people.len(), registry.companies.len());
        registry.add();
        let new = (people..registry.people.len())
            .map(|who| (true, who))
            .chain((companies..registry.companies.len()).map(|who| (false, who)));
        for (person, who) in new {
            let country =
                if person { registry.people[who].country } else { registry.companies[who].country };
            let code = country.spec.code.as_str();
            let at = choices.iter().position(|choice| choice.0 == code).unwrap_or_else(|| {
                let files = [false, true].map(|person| world.files_for(country, person));
                choices.push((code, files));
                choices.len() - 1
            });
            let files = &choices[at].1[usize::from(person)];
            if files.is_empty() {
                continue;
            }
            let first = plans.len();
            for _ in 0..=*world.sizes.pick(random).0 {
                if plans.len() == quota {
                    break;
                }
                let file = file_for(world, files, &plans[first..], random);
                plans.push(Plan { person, who, file });
            }
        }
    }
    plans
}

/// A file for the next record of somebody with these records.
fn file_for(world: &World, files: &Weighted<usize>, had: &[Plan], random: &mut Random) -> usize {
    let mut file = *files.pick(random).0;
    for _ in 0..TRIES {
        let again = had.iter().any(|plan| plan.file == file);
        if !again || random.chance(world.layout.files[file].again) {
            break;
        }
        file = *files.pick(random).0;
    }
    file
}
