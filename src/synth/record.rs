//! A person or a company as one system knows it: true values of a day, and what went wrong.

use super::World;
use super::country::{Address, Country};
use super::people::{Company, FIRST_DAY, LAST_DAY, Person, short_form, title};
use super::random::Random;
use super::slips::{number_slip, typo, wrong_digit};
use super::spec::{FileSpec, Noise, PhoneForms};
use super::template::{FIELDS, Field};

/// The values of one record; the texts are used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Values {
    texts: [String; FIELDS],
    /// Seconds after 1970-01-01.
    pub(super) created: i64,
    pub(super) changed: i64,
    /// Days after 1970-01-01.
    pub(super) birth: Option<i32>,
    /// The row has no id.
    pub(super) guest: bool,
    /// The row has the ids of other systems.
    pub(super) linked: bool,
}

impl Values {
    pub(super) fn text(&self, field: Field) -> &str {
        &self.texts[field as usize]
    }

    pub(super) fn set(&mut self, field: Field) -> &mut String {
        &mut self.texts[field as usize]
    }

    fn put(&mut self, field: Field, text: &str) {
        self.set(field).push_str(text);
    }

    fn copy(&mut self, from: Field, to: Field) {
        let text = std::mem::take(self.set(from));
        self.set(to).push_str(&text);
        *self.set(from) = text;
    }

    /// Forgets the last record; returns the day of which the system knows.
    fn begin(&mut self, file: &FileSpec, random: &mut Random) -> i32 {
        self.texts.iter_mut().for_each(String::clear);
        self.birth = None;
        self.guest = random.chance(file.guests);
        self.linked = random.chance(file.fill.links);
        let days = (LAST_DAY - FIRST_DAY) as usize;
        let created = FIRST_DAY + random.below(days) as i32;
        let later = (LAST_DAY - created) as f32 * random.unit().powi(2);
        let changed = created + later as i32;
        let second =
            |day: i32, random: &mut Random| i64::from(day) * 86_400 + random.below(86_400) as i64;
        self.created = second(created, random);
        self.changed = second(changed, random).max(self.created);
        // Most systems learn of a change only when somebody tells them.
        if random.chance(0.4) { changed } else { created }
    }

    /// Fills in a person.
    pub(super) fn person(
        &mut self,
        world: &World,
        file: &FileSpec,
        person: &Person<'_>,
        employer: Option<&Company<'_>>,
        random: &mut Random,
    ) {
        let (noise, fill) = (&file.noise, &file.fill);
        let day = self.begin(file, random);
        self.names(file, person, day, random);
        let at_work = employer.is_some() && random.chance(noise.work_mail);
        match &person.employer {
            _ if !random.chance(fill.email) => {}
            _ if random.chance(noise.relay) => self.relay(world, file, random),
            _ if random.chance(noise.placeholder_mail) => {
                let mails = &world.layout.placeholder_mails;
                if !mails.is_empty() {
                    self.put(Field::Email, random.word(mails));
                }
            }
            Some((_, mail)) if at_work => self.mail(noise, mail, random),
            _ => {
                let mail = one_of(&person.mails, noise.other_mail, random);
                self.mail(noise, mail, random);
            }
        }
        let company = employer.filter(|_| at_work || random.chance(0.3));
        for (field, often) in [(Field::Phone, fill.phone), (Field::SecondPhone, fill.second_phone)]
        {
            if random.chance(often) {
                // At work the switchboard is often all that is known.
                let digits = match company {
                    Some(company) if random.chance(0.25) => &company.phone,
                    _ => one_of(&person.phones, noise.other_phone, random),
                };
                self.phone(world, file, person.country, digits, field, random);
            }
        }
        if self.text(Field::SecondPhone) == self.text(Field::Phone) {
            self.set(Field::SecondPhone).clear();
        }
        if random.chance(fill.address) {
            let address = match (company, &person.before_move) {
                (Some(company), _) if random.chance(0.4) => &company.home,
                (_, Some((until, old))) if day < *until || random.chance(noise.old_address) => old,
                _ => &person.home,
            };
            self.address(person.country, address, noise, random);
        }
        match company {
            Some(company) if random.chance(fill.company.max(0.5)) => {
                self.company_name(company, noise, random);
            }
            _ => {
                let texts: Vec<&str> = file.no_company.split('|').collect();
                self.put(Field::Company, random.word(&texts));
            }
        }
        if random.chance(fill.birth) {
            self.birth = Some(birth(person.birth, noise, random));
        }
        self.put(Field::OwnCountry, &person.country.spec.code);
        let card =
            format!("{:016x}", super::random::mix(person.birth as u64 ^ person.records[0].1));
        self.put(Field::Card, &card);
        if random.chance(noise.upper) {
            self.upper();
        }
    }

    /// Fills in a company.
    pub(super) fn company(
        &mut self,
        world: &World,
        file: &FileSpec,
        company: &Company<'_>,
        random: &mut Random,
    ) {
        let (noise, fill) = (&file.noise, &file.fill);
        self.begin(file, random);
        self.company_name(company, noise, random);
        self.copy(Field::Company, Field::Full);
        self.copy(Field::Company, Field::Reversed);
        if random.chance(fill.email) {
            self.mail(noise, &company.mail, random);
        }
        if random.chance(fill.phone) {
            self.phone(world, file, company.country, &company.phone, Field::Phone, random);
        }
        if random.chance(fill.address) {
            self.address(company.country, &company.home, noise, random);
        }
        if random.chance(fill.vat) {
            self.put(Field::Vat, &company.vat);
        }
        if random.chance(fill.website) {
            self.put(Field::Website, random.word(&["http://", "https://www.", "www.", ""]));
            self.put(Field::Website, &company.domain);
        }
        self.put(Field::OwnCountry, &company.country.spec.code);
        if random.chance(noise.upper) {
            self.upper();
        }
    }

    fn names(&mut self, file: &FileSpec, person: &Person<'_>, day: i32, random: &mut Random) {
        let (noise, fill) = (&file.noise, &file.fill);
        let given = self.set(Field::Given);
        if random.chance(noise.other_name) {
            given.push_str(&person.country.given(random.chance(0.5), random).0.name);
        } else {
            match short_form(person.given, random) {
                Some(short) if random.chance(noise.nickname) => given.push_str(&short),
                _ => given.push_str(&person.given.name),
            }
        }
        if random.chance(noise.initial) {
            let end = given.chars().next().map_or(0, char::len_utf8);
            given.truncate(end);
            given.push_str(random.word(&["", "."]));
        } else if random.chance(noise.typo) {
            typo(given, random);
        }
        if random.chance(noise.middle) {
            given.push(' ');
            given.push(person.middle);
            given.push_str(random.word(&["", "."]));
        }
        let family = self.set(Field::Family);
        match &person.before_wedding {
            Some((until, name)) if day < *until => family.push_str(name),
            _ => family.push_str(&person.family),
        }
        if random.chance(noise.typo) {
            typo(family, random);
        }
        let suffix = if random.chance(noise.suffix) {
            random.word(&["Jr", "Sr", "III", "MD"])
        } else if random.chance(0.5) {
            person.generation
        } else {
            ""
        };
        if !suffix.is_empty() {
            family.push(' ');
            family.push_str(suffix);
        }
        if random.chance(noise.swapped) {
            self.texts.swap(Field::Given as usize, Field::Family as usize);
        }
        if random.chance(noise.lower) {
            for field in [Field::Given, Field::Family] {
                *self.set(field) = self.text(field).to_lowercase();
            }
        }
        if !random.chance(fill.given) {
            self.set(Field::Given).clear();
        }
        if !random.chance(fill.family) {
            self.set(Field::Family).clear();
        }
        let (given, family) = (Field::Given as usize, Field::Family as usize);
        let full = match (self.texts[given].is_empty(), self.texts[family].is_empty()) {
            (false, false) => format!("{} {}", self.texts[given], self.texts[family]),
            _ => format!("{}{}", self.texts[given], self.texts[family]),
        };
        if random.chance(0.3) && !self.texts[given].is_empty() && !self.texts[family].is_empty() {
            self.texts[Field::Reversed as usize] =
                format!("{}, {}", self.texts[family], self.texts[given]).to_uppercase();
        } else {
            self.put(Field::Reversed, &full);
        }
        if random.chance(fill.full) {
            self.put(Field::Full, &full);
        }
        if !self.text(Field::Family).is_empty() && random.chance(noise.trailing_space) {
            self.set(Field::Family).push(' ');
        }
        if random.chance(0.5) {
            self.put(Field::Title, title(person, random));
        }
    }

    fn relay(&mut self, world: &World, file: &FileSpec, random: &mut Random) {
        let domain = if file.relay_domain.is_empty() {
            &world.layout.relay_domain
        } else {
            &file.relay_domain
        };
        let mut mail = String::new();
        super::picture::Picture::new("^^^^^^^^^^^^").write(&mut mail, random.next() >> 24);
        mail.make_ascii_lowercase();
        self.put(Field::Email, &format!("{mail}@{domain}"));
    }

    fn mail(&mut self, noise: &Noise, mail: &str, random: &mut Random) {
        let (local, domain) = mail.split_once('@').unwrap_or((mail, ""));
        let (mut local, mut domain) = (local.to_owned(), domain.to_owned());
        if random.chance(noise.mail_typo) {
            typo(&mut local, random);
        }
        if random.chance(noise.plus) {
            local.push_str(random.word(&["+orders", "+shop", "+news"]));
        }
        if random.chance(noise.domain_typo) {
            match random.below(3) {
                0 => _ = domain.pop(),
                1 => domain = domain.replace(".com", ".con"),
                _ => domain = domain.replace(".co", ".c"),
            }
        }
        let mut mail = format!("{local}@{domain}");
        if random.chance(noise.mail_case) {
            mail = if random.chance(0.5) {
                mail.to_uppercase()
            } else {
                super::country::capitalised(&mail)
            };
        }
        *self.set(Field::Email) = mail;
    }

    fn phone(
        &mut self,
        world: &World,
        file: &FileSpec,
        country: &Country,
        digits: &str,
        field: Field,
        random: &mut Random,
    ) {
        let placeholders = &world.layout.placeholder_phones;
        if !placeholders.is_empty() && random.chance(file.noise.placeholder_phone) {
            self.put(field, random.word(placeholders));
            return;
        }
        let mut digits = digits.to_owned();
        if random.chance(file.noise.phone_typo) {
            wrong_digit(&mut digits, random);
        }
        let forms = &country.spec.number_forms;
        let form = match file.phones {
            PhoneForms::Any => random.pick(forms),
            PhoneForms::International => {
                let plain = |form: &&String| form.starts_with('+') && !form.contains([' ', '-']);
                forms.iter().find(plain).unwrap_or(&forms[0])
            }
        };
        let out = self.set(field);
        let mut rest = digits.chars();
        for mark in form.chars() {
            match mark {
                '#' => out.extend(rest.next()),
                '*' => out.extend(rest.by_ref()),
                _ => out.push(mark),
            }
        }
    }

    fn address(
        &mut self,
        country: &Country,
        address: &Address,
        noise: &Noise,
        random: &mut Random,
    ) {
        let street = self.set(Field::Street);
        country.street(address, random.chance(0.5), street);
        if random.chance(noise.street_typo) {
            typo(street, random);
        }
        if random.chance(0.06) && !street.ends_with('.') {
            street.push('.');
        }
        let form = random.below(16);
        country.unit(address, form, self.set(Field::Unit));
        self.copy(Field::Street, Field::Line);
        if !self.text(Field::Unit).is_empty() {
            self.put(Field::Line, random.word(&[" ", ", "]));
            self.copy(Field::Unit, Field::Line);
        }
        self.put(Field::City, &address.town);
        if random.chance(noise.town_typo) {
            typo(self.set(Field::City), random);
        }
        self.put(Field::Region, &address.region.0);
        self.put(Field::RegionName, &address.region.1);
        let postcode = self.set(Field::Postcode);
        postcode.push_str(&address.postcode);
        if random.chance(noise.postcode_typo) {
            number_slip(postcode, random);
        } else if random.chance(noise.postcode_long) {
            if country.spec.postcode_long.is_empty() {
                postcode.retain(|c| c != ' ');
            } else {
                super::picture::Picture::new(&country.spec.postcode_long)
                    .write(postcode, random.next() % 8_000);
            }
        }
        self.put(Field::Country, &country.spec.code);
        self.put(Field::CountryName, &country.spec.name);
    }

    fn company_name(&mut self, company: &Company<'_>, noise: &Noise, random: &mut Random) {
        let mut name = if random.chance(0.75) { company.full_name() } else { company.name.clone() };
        if random.chance(noise.typo) {
            typo(&mut name, random);
        }
        if random.chance(0.2) {
            name = name.replace(" & ", " and ");
        }
        self.put(Field::Company, &name);
    }

    fn upper(&mut self) {
        for field in [
            Field::Given,
            Field::Family,
            Field::Full,
            Field::Company,
            Field::Line,
            Field::Street,
            Field::Unit,
            Field::City,
        ] {
            *self.set(field) = self.text(field).to_uppercase();
        }
    }
}

/// The first, or another one where there are any.
fn one_of<'a>(list: &'a [String], other: f32, random: &mut Random) -> &'a str {
    if list.len() > 1 && random.chance(other) {
        &list[1 + random.below(list.len() - 1)]
    } else {
        &list[0]
    }
}

/// The day of birth as it is told: at times another year, or the first of January.
fn birth(day: i32, noise: &Noise, random: &mut Random) -> i32 {
    if !random.chance(noise.birth_typo) {
        return day;
    }
    match random.below(3) {
        0 => day + 3_652,
        1 => day - 365 * (1 + random.below(3) as i32),
        _ => day + 1 + random.below(20) as i32,
    }
}
