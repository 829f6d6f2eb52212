//! The truth: households with their people, companies with theirs.

use super::World;
use super::country::{Address, Country, Given, capitalised};
use super::random::Random;
use crate::reference::fold;

/// First and last day of the world, as days after 1970-01-01: 2018-01-01 and 2025-12-31.
pub(super) const FIRST_DAY: i32 = 17_532;
pub(super) const LAST_DAY: i32 = 20_453;
/// Phone numbers a person may own; each person's numbers have places of their own.
const NUMBERS: u64 = 4;

/// A person, with what changed in the years that the files cover.
#[derive(Debug)]
pub(super) struct Person<'w> {
    pub(super) country: &'w Country,
    pub(super) woman: bool,
    pub(super) given: &'w Given,
    pub(super) middle: char,
    pub(super) family: String,
    /// The family name up to this day.
    pub(super) before_wedding: Option<(i32, String)>,
    /// `Jr` or `Sr`, where father and son have one name.
    pub(super) generation: &'static str,
    pub(super) birth: i32,
    /// The one used most stands first.
    pub(super) mails: Vec<String>,
    /// National numbers, the one used most first.
    pub(super) phones: Vec<String>,
    pub(super) home: Address,
    /// Where the person lived up to this day.
    pub(super) before_move: Option<(i32, Address)>,
    /// Place of the company in the block, with the mailbox there.
    pub(super) employer: Option<(usize, String)>,
    /// The records: file and sequence.
    pub(super) records: Vec<(usize, u64)>,
}

/// A company.
#[derive(Debug)]
pub(super) struct Company<'w> {
    pub(super) country: &'w Country,
    /// Without its legal form.
    pub(super) name: String,
    pub(super) legal: &'w str,
    pub(super) domain: String,
    pub(super) mail: String,
    pub(super) phone: String,
    pub(super) home: Address,
    pub(super) vat: String,
    pub(super) records: Vec<(usize, u64)>,
}

impl Company<'_> {
    pub(super) fn full_name(&self) -> String {
        format!("{} {}", self.name, self.legal)
    }
}

/// Makes the people of a block. Numbers are dealt out in order, so that nobody else has them.
#[derive(Debug)]
pub(super) struct Registry<'w> {
    world: &'w World,
    random: Random,
    /// Number of the next person or company in the whole world.
    next: u64,
    pub(super) people: Vec<Person<'w>>,
    pub(super) companies: Vec<Company<'w>>,
}

/// What the members of a household have in common.
struct Household {
    home: Address,
    before_move: Option<(i32, Address)>,
    landline: Option<String>,
}

impl<'w> Registry<'w> {
    pub(super) fn new(world: &'w World, random: Random, first: u64) -> Self {
        Self { world, random, next: first, people: Vec::new(), companies: Vec::new() }
    }

    /// Adds a household, or a company with its people.
    pub(super) fn add(&mut self) {
        let world = self.world;
        let country = world.countries.pick(&mut self.random).0;
        if self.random.chance(world.layout.companies) {
            self.add_company(country);
        } else {
            self.add_household(country);
        }
    }

    fn add_household(&mut self, country: &'w Country) {
        let first = self.people.len();
        let (family, share) = country.family(&mut self.random);
        let household = self.household(country);
        let kind = self.random.unit();
        if kind < 0.64 {
            let woman = self.random.chance(0.5);
            self.add_person(country, woman, (&family, share), &household, 18..85);
            return;
        }
        self.add_person(country, false, (&family, share), &household, 35..80);
        if self.random.chance(0.85) {
            self.add_person(country, true, (&family, share), &household, 33..78);
            self.people[first + 1].before_wedding =
                self.random.chance(0.1).then(|| (self.day(), country.family(&mut self.random).0));
        } else {
            let (other, share) = country.family(&mut self.random);
            self.add_person(country, true, (&other, share), &household, 33..78);
        }
        if kind > 0.86 {
            for _ in 0..1 + self.random.below(2) {
                let woman = self.random.chance(0.5);
                let child = self.people.len();
                self.add_person(country, woman, (&family, share), &household, 16..30);
                if !woman && self.random.chance(0.25) && self.people[first].generation.is_empty() {
                    self.people[child].given = self.people[first].given;
                    self.people[child].generation = "Jr";
                    self.people[first].generation = "Sr";
                }
            }
        }
        if self.random.chance(0.1) {
            // One mailbox for two.
            let shared = self.people[first].mails[0].clone();
            let place = if self.random.chance(0.5) { 0 } else { 1 };
            let mails = &mut self.people[first + 1].mails;
            mails.insert(place.min(mails.len()), shared);
        }
    }

    fn household(&mut self, country: &'w Country) -> Household {
        let home = country.address(&mut self.random);
        let moved = self.random.chance(0.22);
        let before_move = moved.then(|| (self.day(), country.address(&mut self.random)));
        let landline = self.random.chance(0.25).then(|| self.number(country, NUMBERS - 1));
        Household { home, before_move, landline }
    }

    fn day(&mut self) -> i32 {
        FIRST_DAY + self.random.below((LAST_DAY - FIRST_DAY) as usize) as i32
    }

    /// One of the numbers of the person to come.
    fn number(&self, country: &Country, slot: u64) -> String {
        country.number(self.next * NUMBERS + slot, self.world.seed)
    }

    fn add_person(
        &mut self,
        country: &'w Country,
        woman: bool,
        (family, family_share): (&str, f32),
        household: &Household,
        ages: std::ops::Range<i32>,
    ) {
        let (given, given_share) = country.given(woman, &mut self.random);
        let span = (ages.end - ages.start) as usize * 365;
        let birth = LAST_DAY - ages.start * 365 - self.random.below(span) as i32;
        let shares = (given_share, family_share);
        let mut mails = Vec::new();
        for chance in [1.0, 0.4, 0.12] {
            if !self.random.chance(chance) {
                break;
            }
            mails.push(self.mailbox(country, (&given.name, family), shares, birth));
        }
        let mut phones = vec![self.number(country, 0)];
        if self.random.chance(0.2) {
            phones.push(self.number(country, 1));
        }
        if let Some(landline) = &household.landline {
            let place = if self.random.chance(0.3) { 0 } else { phones.len() };
            phones.insert(place, landline.clone());
        }
        self.people.push(Person {
            country,
            woman,
            given,
            middle: char::from(b'A' + self.random.below(26) as u8),
            family: family.to_owned(),
            before_wedding: None,
            generation: "",
            birth,
            mails,
            phones,
            home: household.home.clone(),
            before_move: household.before_move.clone(),
            employer: None,
            records: Vec::new(),
        });
        self.next += 1;
    }

    /// A mailbox that hardly anybody else has: the more people would like the name, the more digits
    /// it takes.
    fn mailbox(
        &mut self,
        country: &Country,
        (given, family): (&str, &str),
        (given_share, family_share): (f32, f32),
        birth: i32,
    ) -> String {
        let domain = country.mail.pick(&mut self.random).0;
        let (given, family) = (slug(given), slug(family));
        let initial = |name: &str| name.chars().next().unwrap_or('x');
        let share = given_share * family_share;
        let persons = self.world.records as f32 * country.spec.share / self.world.shares;
        // People who would like this very name, with so many of all.
        let (local, wanted) = match self.random.below(12) {
            0..=2 => (format!("{given}.{family}"), share),
            3 | 4 => (format!("{given}{family}"), share),
            5 => (format!("{given}_{family}"), share),
            6 => (format!("{family}.{given}"), share),
            7 | 8 => (format!("{}{family}", initial(&given)), family_share / 12.0),
            9 => (format!("{given}{}", initial(&family)), given_share / 12.0),
            10 => (format!("{given}-{family}"), share),
            _ => {
                let word = slug(self.random.word(&country.spec.street_words));
                (format!("{given}{word}"), given_share / country.spec.street_words.len() as f32)
            }
        };
        let year = 1970 + birth / 365;
        let digits = match wanted * persons {
            few if few < 0.05 && self.random.chance(0.5) => String::new(),
            few if few < 0.3 => format!("{:02}", year % 100),
            some if some < 3.0 => self.random.below(1_000).to_string(),
            some if some < 30.0 => self.random.below(10_000).to_string(),
            _ => self.random.below(1_000_000).to_string(),
        };
        format!("{local}{digits}@{domain}")
    }

    fn add_company(&mut self, country: &'w Country) {
        let random = &mut self.random;
        let (family, share) = country.family(random);
        let trade = random.pick(&country.spec.trades);
        let name = match random.below(4) {
            0 => format!("{family} & {}", country.family(random).0),
            1 => format!("{} {trade}", country.address(random).town),
            _ => format!("{family} {trade}"),
        };
        let companies =
            self.world.records as f32 * self.world.layout.companies * country.spec.share
                / self.world.shares;
        let wanted = share * companies / country.spec.trades.len() as f32;
        let digits = if wanted < 0.05 { 0 } else { 10 + random.below(990) };
        let digits = if digits == 0 { String::new() } else { digits.to_string() };
        let domain = format!("{}{digits}.{}", slug(&name), country.spec.company_tld);
        let role = random.pick(&["info", "office", "ap", "sales", "orders", "contact"]);
        let mail = format!("{role}@{domain}");
        let home = country.address(random);
        let mut vat = String::new();
        country.vat.write(&mut vat, random.next() % country.vat.size());
        let legal = random.pick(&country.spec.legal);
        let place = self.companies.len();
        self.companies.push(Company {
            country,
            name,
            legal,
            domain: domain.clone(),
            mail: mail.clone(),
            phone: country.number(self.next * NUMBERS, self.world.seed),
            home,
            vat,
            records: Vec::new(),
        });
        self.next += 1;
        for _ in 0..1 + (6.0 * self.random.unit().powi(2)) as usize {
            let (family, share) = country.family(&mut self.random);
            let household = self.household(country);
            let woman = self.random.chance(0.5);
            self.add_person(country, woman, (&family, share), &household, 22..66);
            let at = self.people.len() - 1;
            let (given, family) = (slug(&self.people[at].given.name), slug(&family));
            let work = match self.random.below(20) {
                0..=8 => format!("{given}.{family}@{domain}"),
                9..=13 => format!("{}{family}@{domain}", &given[..given.len().min(1)]),
                14..=17 => format!("{given}@{domain}"),
                // No mailbox of one's own.
                _ => mail.clone(),
            };
            self.people[at].employer = Some((place, work));
        }
    }
}

/// A name as it stands in a mailbox: small letters and digits.
fn slug(name: &str) -> String {
    fold(name).chars().filter(char::is_ascii_alphanumeric).collect()
}

/// How a person of this sex is addressed.
pub(super) fn title(person: &Person<'_>, random: &mut Random) -> &'static str {
    match (random.below(12), person.woman) {
        (0, _) => "Dr.",
        (1..=5, true) => "Mrs.",
        (_, true) => "Ms.",
        (_, false) => "Mr.",
    }
}

/// One of the short forms of the given name; none for most names.
pub(super) fn short_form(given: &Given, random: &mut Random) -> Option<String> {
    (!given.short.is_empty()).then(|| capitalised(given.short.pick(random).0))
}
