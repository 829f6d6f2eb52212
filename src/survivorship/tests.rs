use proptest::prelude::*;

use super::*;
use crate::model::{
    Address, BirthDate, Consent, ConsentState, Email, EmailQuality, Gender, Identifier,
    IdentifierKind, Organization, PersonName, Phone,
};
use crate::reference::fold;

fn member(source: &str, id: &str, updated: i64) -> Member {
    Member {
        key: RecordKey::new(source, "customer", id),
        system: source.into(),
        normal: NormalRecord { updated_at: Some(Timestamp(updated)), ..NormalRecord::default() },
    }
}

fn name(given: &str, family: &str) -> PersonName {
    let tokens =
        |text: &str| -> Vec<String> { fold(text).split_whitespace().map(str::to_owned).collect() };
    PersonName {
        display: format!("{given} {family}").trim().to_owned(),
        display_given: given.to_owned(),
        display_family: family.to_owned(),
        given: tokens(given).into_iter().take(1).collect(),
        middle: tokens(given).into_iter().skip(1).collect(),
        family: tokens(family),
        ..PersonName::default()
    }
}

fn email(address: &str) -> Email {
    let (local, domain) = address.split_once('@').unwrap_or((address, ""));
    let quality = EmailQuality {
        role: local == "info",
        useless: local == "none",
        relay: domain == "relay.example",
        ..EmailQuality::default()
    };
    let plain = local.split('+').next().unwrap_or(local);
    Email {
        address: address.to_owned(),
        local: plain.to_owned(),
        domain: domain.to_owned(),
        quality,
        label: None,
    }
}

fn phone(digits: &str, valid: bool) -> Phone {
    let useless = digits.ends_with("0000000");
    Phone {
        display: digits.to_owned(),
        national: digits.to_owned(),
        valid: valid && !useless,
        useless,
        ..Phone::default()
    }
}

fn address(line: &str, city: &str, postcode: &str) -> Address {
    Address {
        line: line.to_owned(),
        city: city.to_owned(),
        postcode: postcode.to_owned(),
        country: "DE".to_owned(),
        street: fold(line).split(' ').map(str::to_owned).filter(|t| !t.is_empty()).collect(),
        city_key: fold(city),
        postcode_key: postcode.to_lowercase(),
        ..Address::default()
    }
}

fn consent(state: ConsentState) -> Consent {
    Consent { channel: "email".into(), purpose: "marketing".into(), state, at: None }
}

fn build(members: &[Member], policy: &Policy) -> GoldenRecord {
    golden(EntityId::from_bits(1), EntityKind::Person, members, vec![], policy, None)
}

/// A policy of one statement.
fn stating(field: &str, state: impl FnOnce(&mut Ownership)) -> Policy {
    let mut statement = Statement { field: field.to_owned(), ..Statement::default() };
    state(&mut statement.ownership);
    Policy::new(Vec::new(), vec![statement])
}

fn owned(field: &str, owners: &[&str]) -> Policy {
    let owners = owners.iter().map(|owner| (*owner).into()).collect();
    stating(field, |o| o.owner = Some(owners))
}

/// As [`build`], with ages counted from a time that the members reach.
fn aged(members: &[Member], policy: &Policy) -> GoldenRecord {
    let as_of = Some(Timestamp(2));
    golden(EntityId::from_bits(1), EntityKind::Person, members, vec![], policy, as_of)
}

/// `value [rule] (source/record) | lost: why …` a value, one a line.
fn told(record: &GoldenRecord, field: &str) -> Vec<String> {
    let tell = |f: &GoldenField| {
        let lost: Vec<String> =
            f.others.iter().map(|o| format!(" | {}: {}", o.value, o.why_not)).collect();
        format!("{} [{}] ({}/{}){}", f.value, f.rule, f.source, f.record_id, lost.concat())
    };
    record.values(field).map(tell).collect()
}

fn with(mut member: Member, change: impl FnOnce(&mut NormalRecord)) -> Member {
    change(&mut member.normal);
    member
}

#[test]
fn emails_keep_all_and_put_the_personal_one_first() {
    let members = [
        with(member("crm", "1", 30), |n| n.emails = vec![email("info@acme.example")]),
        with(member("crm", "2", 20), |n| n.emails = vec![email("ann@home.example")]),
        with(member("shop", "3", 10), |n| {
            n.emails = vec![email("ann+shop@home.example"), email("none@x.example")];
        }),
        with(member("shop", "4", 40), |n| n.emails = vec![email("a@relay.example")]),
    ];
    assert_eq!(
        told(&build(&members, &Policy::default()), "email"),
        [
            "ann@home.example [valid] (crm/2) | ann+shop@home.example: same value, written \
             otherwise | none@x.example: placeholder",
            "info@acme.example [further value] (crm/1)",
            "a@relay.example [further value] (shop/4)",
        ]
    );
}

#[test]
fn names_are_whole_frequent_complete_and_well_written() {
    let cases: [(&[PersonName], &str); 5] = [
        (&[name("J", "Smith"), name("J", "Smith"), name("John", "Smith")], "John Smith [valid]"),
        (
            &[name("Bob", "Smith"), name("Bob", "Smith"), name("Robert", "Smith")],
            "Bob Smith [most frequent]",
        ),
        (&[name("JOHN", "MULLER"), name("John", "Müller")], "John Müller [all agree]"),
        (
            &[name("John", "Smith"), name("John Paul", "Smith"), name("John P", "Smith")],
            "John Paul Smith [all agree]",
        ),
        (&[name("", "Smith"), name("Ann", "Smith")], "Ann Smith [valid]"),
    ];
    for (names, want) in cases {
        let members: Vec<Member> = names
            .iter()
            .enumerate()
            .map(|(at, name)| {
                with(member("crm", &at.to_string(), 1), |n| n.names = vec![name.clone()])
            })
            .collect();
        let told = told(&build(&members, &Policy::default()), "full_name");
        assert!(told[0].starts_with(want), "{told:?}");
    }
    let members = [with(member("crm", "1", 1), |n| n.names = vec![name("John Paul", "Smith")])];
    let record = build(&members, &Policy::default());
    assert_eq!(told(&record, "middle_name"), ["Paul [only value] (crm/1)"]);
}

#[test]
fn a_country_that_is_written_beats_one_that_is_guessed() {
    let number = |code: &str, guessed| Phone {
        display: format!("+{code}2079460958"),
        guessed,
        ..phone("2079460958", true)
    };
    let members = [
        with(member("crm", "1", 50), |n| n.phones = vec![number("49", true)]),
        with(member("erp", "2", 40), |n| n.phones = vec![number("49", true)]),
        with(member("shop", "3", 30), |n| n.phones = vec![number("44", false)]),
    ];
    let told = told(&build(&members, &Policy::default()), "phone");
    assert!(told[0].starts_with("+442079460958 ["), "{told:?}");
}

#[test]
fn an_address_survives_whole() {
    let members = [
        with(member("crm", "1", 50), |n| n.addresses = vec![address("", "Köln", "50667")]),
        with(member("erp", "2", 40), |n| n.addresses = vec![address("Ring 1", "Bonn", "53111")]),
        with(member("shop", "3", 30), |n| n.addresses = vec![address("Allee 2", "Köln", "50667")]),
        with(member("shop", "4", 20), |n| n.addresses = vec![address("Allee 2", "Köln", "50667")]),
    ];
    let record = build(&members, &Policy::default());
    assert_eq!(
        told(&record, "address_line"),
        ["Allee 2 [most frequent] (shop/3) | Ring 1: less frequent"]
    );
    assert_eq!(told(&record, "city"), ["Köln [most frequent] (shop/3) | Bonn: less frequent"]);
    let owned = owned("address", &["erp"]);
    let record = build(&members, &owned);
    assert_eq!(
        told(&record, "postcode"),
        ["53111 [owner system] (erp/2) | 50667: another system owns the field"]
    );
    assert_eq!(told(&record, "country"), ["DE [owner system] (erp/2)"]);
}

#[test]
fn placeholders_never_survive() {
    let born = |year, sentinel| BirthDate { year, month: 1, day: 1, sentinel };
    let members = [
        with(member("crm", "1", 50), |n| {
            n.phones = vec![phone("0000000000", false)];
            n.births = vec![born(1900, true)];
        }),
        with(member("shop", "2", 10), |n| n.births = vec![born(1980, false)]),
    ];
    let newest = stating("date_of_birth", |o| {
        o.conflict = Some(vec![Action::Rule(Rule::Newest)]);
        o.valid_first = Some(false);
    });
    let record = build(&members, &newest);
    assert_eq!(told(&record, "phone"), [" [no usable value] (crm/1) | 0000000000: placeholder"]);
    assert_eq!(
        told(&record, "date_of_birth"),
        ["1980-01-01 [valid] (shop/2) | 1900-01-01: default date"]
    );
}

#[test]
fn the_most_restrictive_consent_wins() {
    let members = [
        with(member("crm", "1", 50), |n| n.consents = vec![consent(ConsentState::Granted)]),
        with(member("shop", "2", 10), |n| n.consents = vec![consent(ConsentState::Denied)]),
        with(member("shop", "3", 90), |n| n.consents = vec![consent(ConsentState::Granted)]),
    ];
    assert_eq!(
        told(&build(&members, &Policy::default()), "consent.email.marketing"),
        ["denied [most restrictive] (shop/2) | granted: less restrictive"]
    );
}

#[test]
fn times_are_the_first_and_the_last() {
    let at = |id, created, updated| {
        with(member("crm", id, updated), |n| n.created_at = Some(Timestamp(created)))
    };
    let members = [at("1", 100, 200), at("2", 50, 900), at("3", 70, 90_000)];
    let record = golden(
        EntityId::from_bits(1),
        EntityKind::Person,
        &members,
        vec![],
        &Policy::default(),
        Some(Timestamp(1000)),
    );
    assert!(told(&record, "created_at")[0].starts_with("1970-01-01T00:00:50Z [earliest] (crm/2)"));
    let updated = told(&record, "updated_at");
    assert!(updated[0].starts_with("1970-01-01T00:15:00Z [latest] (crm/2)"), "{updated:?}");
    assert!(updated[0].contains("1970-01-02T01:00:00Z: in the future"), "{updated:?}");
}

#[test]
fn every_other_column_stands_under_its_name() {
    let other = |id, updated, value: &str| {
        with(member("shop", id, updated), |n| n.others = vec![("Tier".into(), value.to_owned())])
    };
    let record = build(&[other("1", 5, "gold"), other("2", 9, "silver")], &Policy::default());
    assert_eq!(told(&record, "other.Tier"), ["silver [newest] (shop/2) | gold: older"]);
}

fn pick<T: Clone + std::fmt::Debug + 'static>(
    values: Vec<T>,
    most: usize,
) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(prop::sample::select(values), 0..=most)
}

prop_compose! {
    fn any_normal()(
        names in pick(vec![("Ann", "Smith"), ("ANN", "SMITH"), ("A", "Smith"), ("Änn", "Smith"), ("Ann Eve", "Smith"), ("", "Smith"), ("Bo", "Ito")], 2),
        emails in pick(vec!["a@x.example", "a+1@x.example", "info@x.example", "none@x.example", "b@relay.example", "c@y.example"], 2),
        phones in pick(vec![("15550001", true), ("15550002", false), ("10000000", false)], 2),
        addresses in pick(vec![("Ring 1", "Bonn", "1"), ("RING 1", "BONN", "1"), ("", "Bonn", "1"), ("Weg 9", "Ulm", "2"), ("", "", "")], 2),
        companies in pick(vec![("Acme GmbH", false), ("ACME", false), ("n/a", true), ("Bolt", false)], 2),
        births in pick(vec![(1980, 1, false), (1900, 1, true), (1980, 0, false)], 1),
        genders in pick(vec![Gender::Female, Gender::Male], 1),
        consents in pick(vec![ConsentState::Denied, ConsentState::Granted, ConsentState::Unknown], 1),
        loyalty in pick(vec!["L1", "l1", "L2"], 1),
        tags in pick(vec!["vip", "VIP", "b2b"], 2),
        others in pick(vec!["x", "y"], 1),
        created in prop::option::of(0_i64..3),
        updated in prop::option::of(0_i64..3),
    ) -> NormalRecord {
        NormalRecord {
            names: names.into_iter().map(|(g, f)| name(g, f)).collect(),
            emails: emails.into_iter().map(email).collect(),
            phones: phones.into_iter().map(|(d, v)| phone(d, v)).collect(),
            addresses: addresses.into_iter().map(|(l, c, p)| address(l, c, p)).collect(),
            organizations: companies.into_iter().map(|(display, useless)| Organization {
                display: display.to_owned(),
                tokens: vec![fold(display).split(' ').next().unwrap_or("").to_owned()],
                legal_form: String::new(),
                useless,
            }).collect(),
            births: births.into_iter().map(|(year, month, sentinel)| BirthDate { year, month, day: month, sentinel }).collect(),
            gender: genders.first().copied(),
            consents: consents.into_iter().map(consent).collect(),
            identifiers: loyalty.into_iter().map(|id| Identifier {
                kind: IdentifierKind::Loyalty, value: id.to_uppercase(), display: id.to_owned(),
            }).collect(),
            tags: tags.into_iter().map(str::to_owned).collect(),
            others: others.into_iter().map(|v| ("Tier".into(), v.to_owned())).collect(),
            created_at: created.map(Timestamp),
            updated_at: updated.map(Timestamp),
            ..NormalRecord::default()
        }
    }
}

fn any_members() -> impl Strategy<Value = Vec<Member>> {
    let one = (any_normal(), prop::sample::select(vec!["crm", "erp", "shop"]));
    prop::collection::vec(one, 1..6).prop_map(|normals| {
        let member = |(at, (normal, source)): (usize, (NormalRecord, &str))| Member {
            key: RecordKey::new(source, "customer", &at.to_string()),
            system: source.into(),
            normal,
        };
        normals.into_iter().enumerate().map(member).collect()
    })
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let newest = |o: &mut Ownership| o.conflict = Some(vec![Action::Rule(Rule::Newest)]);
    prop::sample::select(vec![
        Policy::default(),
        owned("default", &["erp", "crm"]),
        stating("default", newest),
        stating("email", |o| o.conflict = Some(vec![Action::Rule(Rule::Review)])),
        stating("default", |o| o.direction.of = [("shop".into(), Direction::Target)].into()),
        stating("default", |o| o.max_age.all = Some(1)),
        stating("consent", |o| o.per_source = Some(vec!["crm".into(), "shop".into()])),
    ])
}

/// Every (field, value) that the members state.
fn stated(members: &[Member]) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let sorted: Vec<&Member> = members.iter().collect();
    let gathered = fields::gather(&sorted, EntityKind::Person, None);
    let groups = GROUPS
        .iter()
        .map(|g| g.fields.iter().map(ToString::to_string).collect())
        .zip(&gathered.fixed);
    let named = gathered.named.iter().map(|(name, seen)| (vec![name.to_string()], seen));
    for (names, seen) in groups.chain(named) {
        for one in seen {
            for (name, part) in names.iter().zip(&one.parts) {
                if !part.is_empty() {
                    all.push((name.clone(), part.to_string()));
                }
            }
        }
    }
    all
}

proptest! {
    #[test]
    fn the_order_of_members_does_not_matter(
        members in any_members(), policy in any_policy(), turn in 0_usize..6,
    ) {
        let record = aged(&members, &policy);
        let mut turned = members.clone();
        turned.rotate_left(turn % members.len());
        prop_assert!(aged(&turned, &policy) == record);
        turned.reverse();
        prop_assert!(aged(&turned, &policy) == record);
    }

    #[test]
    fn nothing_is_lost(members in any_members(), policy in any_policy()) {
        let record = aged(&members, &policy);
        for (field, value) in stated(&members) {
            let own = |f: &&GoldenField| f.field.split('@').next() == Some(&*field);
            let kept = record.fields.iter().filter(own).any(|f| {
                f.value == value || f.others.iter().any(|o| o.value == value)
            });
            prop_assert!(kept, "a value of {field} is neither chosen nor among the others");
        }
    }

    #[test]
    fn outcomes_choose_as_golden_records_do(members in any_members(), policy in any_policy()) {
        let record = aged(&members, &policy);
        let mut problems = Vec::new();
        outcomes(EntityKind::Person, &members, &policy, Some(Timestamp(2)), |_| true, |outcome| {
            for (part, field) in outcome.fields.iter().enumerate() {
                let golden = record.values(field).next();
                let same = match (golden, outcome.winner()) {
                    (Some(golden), Some(winner)) => {
                        golden.value == winner.parts[part]
                            && golden.rule == outcome.rule
                            && *golden.record_id == *winner.member.key.id
                    }
                    (None, Some(winner)) => winner.parts[part].is_empty(),
                    (golden, None) => golden.is_none_or(|golden| golden.value.is_empty()),
                };
                if !same {
                    problems.push((*field).to_owned());
                }
            }
        });
        prop_assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn every_value_comes_from_the_record_it_names(members in any_members()) {
        for field in build(&members, &Policy::default()).fields {
            let mut named = vec![(field.value, field.source, field.record_id)];
            named.extend(field.others.into_iter().map(|o| (o.value, o.source, o.record_id)));
            for (value, source, record) in named.into_iter().filter(|(v, ..)| !v.is_empty()) {
                let own: Vec<Member> = members
                    .iter()
                    .filter(|m| *m.key.source == *source && *m.key.id == *record)
                    .cloned()
                    .collect();
                prop_assert!(stated(&own).contains(&(field.field.clone(), value)));
            }
        }
    }

    #[test]
    fn choosing_is_idempotent(normal in any_normal()) {
        // Saying the same again adds votes, but no choice.
        let member = |source: &str| Member {
            key: RecordKey::new(source, "customer", "1"),
            system: source.into(),
            normal: normal.clone(),
        };
        let values = |members: &[Member]| -> Vec<(String, String)> {
            let fields = build(members, &Policy::default()).fields;
            fields.into_iter().map(|f| (f.field, f.value)).collect()
        };
        let once = values(&[member("crm")]);
        prop_assert_eq!(values(&[member("crm"), member("shop")]), once.clone());
        prop_assert_eq!(values(&[member("crm")]), once);
    }

    #[test]
    fn the_short_way_chooses_the_same(members in any_members(), policy in any_policy()) {
        let mut values = Vec::new();
        let as_of = Some(Timestamp(2));
        surviving_values(EntityKind::Person, &members, &policy, as_of, |field, value| {
            values.push((field.to_owned(), value.to_owned()));
        });
        values.sort_by_key(|(field, _)| {
            let (place, name) = field_order(field);
            (place, name.to_owned())
        });
        let fields = aged(&members, &policy).fields.into_iter().map(|f| (f.field, f.value));
        prop_assert_eq!(values, fields.filter(|(_, v)| !v.is_empty()).collect::<Vec<_>>());
    }

    #[test]
    fn the_columns_are_known_without_choosing(members in any_members(), policy in any_policy()) {
        let mut names = FieldNames::default();
        for member in &members {
            names.add(&member.key.id, &member.normal);
        }
        let sources = members.iter().map(|m| (Arc::clone(&m.key.source), Arc::clone(&m.system)));
        let names = policy.with_scopes(&names.names(), &sources.collect());
        for field in aged(&members, &policy).fields {
            prop_assert!(names.contains(&field.field), "{} is missing", field.field);
        }
    }
}
