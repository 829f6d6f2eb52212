//! The ownership policy through the command line: who wins a field, and why.

use serde_json::Value;

use super::support::{Bench, NAMES};

/// A person as one system knows it.
#[derive(Clone, Default)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) given: String,
    pub(crate) family: String,
    pub(crate) email: String,
    pub(crate) phone: String,
    pub(crate) street: String,
    pub(crate) city: String,
    pub(crate) region: String,
    pub(crate) postcode: String,
    pub(crate) country: String,
    /// `granted`, `denied` or nothing.
    pub(crate) mail: String,
    pub(crate) changed: String,
}

/// Twelve persons that every system knows in the same way.
pub(crate) fn persons(id: impl Fn(usize) -> String) -> Vec<Person> {
    let one = |(n, (given, family)): (usize, &(&str, &str))| Person {
        id: id(n),
        given: (*given).to_owned(),
        family: (*family).to_owned(),
        email: format!("{}.{}@example.org", given.to_lowercase(), family.to_lowercase()),
        phone: format!("+1415555{:04}", 2000 + n),
        street: format!("{} {family} Street", 10 + n),
        city: "Oakland".to_owned(),
        region: "CA".to_owned(),
        postcode: format!("946{n:02}"),
        country: "US".to_owned(),
        mail: "granted".to_owned(),
        changed: "2026-03-01T10:00:00Z".to_owned(),
    };
    NAMES.iter().enumerate().map(one).collect()
}

pub(crate) fn shop(persons: &[Person]) -> String {
    let mut out = String::from(
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,\
         Default Address Address1,Default Address Address2,Default Address City,\
         Default Address Province Code,Default Address Country Code,Default Address Zip,\
         Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,\
         Tags\n",
    );
    for p in persons {
        let mail = match p.mail.as_str() {
            "granted" => "yes",
            "denied" => "no",
            _ => "",
        };
        let Person {
            id, given, family, email, phone, street, city, region, postcode, country, ..
        } = p;
        out += &format!(
            "{id},{given},{family},{email},{mail},,{street},,{city},{region},{country},{postcode},,\
             {phone},,0,1,,no,\n"
        );
    }
    out
}

pub(crate) fn crm(persons: &[Person]) -> String {
    let mut out = String::from(
        "Id,IsDeleted,MasterRecordId,AccountId,LastName,FirstName,Email,Phone,MailingStreet,\
         MailingCity,MailingState,MailingPostalCode,MailingCountry,HasOptedOutOfEmail,CreatedDate,\
         LastModifiedDate\n",
    );
    for p in persons {
        let denied = p.mail == "denied";
        let Person {
            id, given, family, email, phone, street, city, region, postcode, country, ..
        } = p;
        out += &format!(
            "{id},false,,,{family},{given},{email},{phone},{street},{city},{region},{postcode},\
             {country},{denied},2024-01-01T00:00:00Z,{}\n",
            p.changed
        );
    }
    out
}

pub(crate) fn hub(persons: &[Person]) -> String {
    let mut out = String::from(
        "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lifecycle Stage,Street Address,\
         City,State/Region,Postal Code,Country/Region,Unsubscribed from all email,Merged object IDs,\
         Create Date,Last Modified Date\n",
    );
    for p in persons {
        let denied = if p.mail == "denied" { "true" } else { "" };
        let Person {
            id, given, family, email, phone, street, city, region, postcode, country, ..
        } = p;
        out += &format!(
            "{id},{given},{family},{email},{phone},,lead,{street},{city},{region},{postcode},{country},\
             {denied},,2024-01-01 00:00,{}\n",
            p.changed.get(..16).unwrap_or_default().replace('T', " ")
        );
    }
    out
}

pub(crate) fn erp(persons: &[Person]) -> String {
    let mut out = String::from(
        "Customer No,First Name,Last Name,E-Mail,Phone,Street,City,State,Zip,Country,Last changed\n",
    );
    for p in persons {
        let Person {
            id, given, family, email, phone, street, city, region, postcode, country, ..
        } = p;
        out += &format!(
            "{id},{given},{family},{email},{phone},{street},{city},{region},{postcode},{country},{}\n",
            p.changed
        );
    }
    out
}

pub(crate) fn crm_id(n: usize) -> String {
    format!("003A0000000{n:04}IAA")
}

/// ERP and CRM with the same persons, and a policy; `change` touches Ada Quillfeather in both.
fn bench(policy: &str, change: impl FnOnce(&mut Person, &mut Person)) -> Bench {
    let bench = Bench::new();
    let (mut ours, mut theirs) = (persons(|n| format!("E-{}", 4000 + n)), persons(crm_id));
    change(&mut ours[0], &mut theirs[0]);
    bench.write("erp.csv", erp(&ours)).write("crm.csv", crm(&theirs));
    bench.write("sameas.toml", policy);
    bench.runs(&["ingest", "erp.csv", "crm.csv"]);
    bench.runs(&["rebuild"]);
    bench
}

/// The golden field of Ada Quillfeather, whose records are one.
fn golden(bench: &Bench, field: &str) -> Value {
    let shown = bench.json(&["show", "erp:E-4000"]);
    assert!(shown["members"].as_array().unwrap().len() > 1, "{shown}");
    shown["golden"][field].clone()
}

fn check(bench: &Bench, field: &str, value: &str, source: &str, rule: &str, lost: (&str, &str)) {
    let golden = golden(bench, field);
    let told = (&golden["value"], &golden["source"], &golden["rule"]);
    assert_eq!(told, (&value.into(), &source.into(), &rule.into()), "{golden}");
    let others = golden["others"].as_array().unwrap();
    let found = others.iter().find(|other| other["value"] == lost.0);
    assert_eq!(found.unwrap()["why_not"], lost.1, "{golden}");
}

#[test]
fn an_owner_whose_value_is_stale_loses() {
    let policy = "[policy.address]\nowner = \"erp\"\nmax_age = { erp = \"2 years\" }\n";
    let stale = |erp: &mut Person, crm: &mut Person| {
        erp.street = "99 Former Lane".to_owned();
        erp.changed = "2023-06-01T10:00:00Z".to_owned();
        crm.changed = "2025-06-01T10:00:00Z".to_owned();
    };
    let bench = self::bench(policy, stale);
    check(
        &bench,
        "address_line",
        "10 Quillfeather Street",
        "crm",
        "fresh",
        ("99 Former Lane", "too old for its system"),
    );
    // Three years are allowed: the owner's counts again, without a rebuild.
    bench.write("sameas.toml", policy.replace("2 years", "3 years"));
    check(
        &bench,
        "address_line",
        "99 Former Lane",
        "erp",
        "owner system",
        ("10 Quillfeather Street", "another system owns the field"),
    );
}

#[test]
fn an_owner_whose_value_is_invalid_loses() {
    let policy = "[policy.phone]\nowner = \"erp\"\n";
    let bench = bench(policy, |erp, _| erp.phone = "+1415555000".to_owned());
    let golden = golden(&bench, "phone");
    assert_eq!((&golden["value"], &golden["rule"]), (&"+14155552000".into(), &"valid".into()));
    bench.write("sameas.toml", "[policy.phone]\nowner = \"erp\"\nvalid_first = false\n");
    assert_eq!(self::golden(&bench, "phone")["rule"], "owner system");
}

#[test]
fn an_owner_whose_value_is_empty_leaves_the_field_to_others() {
    let bench = bench("[policy.phone]\nowner = \"erp\"\n", |erp, _| erp.phone.clear());
    let golden = golden(&bench, "phone");
    assert_eq!((&golden["value"], &golden["source"]), (&"+14155552000".into(), &"crm".into()));
    assert_eq!(golden["rule"], "only value");
}

#[test]
fn of_two_owners_the_first_wins() {
    let differ = |erp: &mut Person, crm: &mut Person| {
        erp.street = "1 Ledger Square".to_owned();
        crm.street = "2 Pipeline Road".to_owned();
    };
    let bench = bench("[policy.address]\nowner = [\"salesforce\", \"erp\"]\n", differ);
    check(
        &bench,
        "address_line",
        "2 Pipeline Road",
        "crm",
        "owner system",
        ("1 Ledger Square", "another system owns the field"),
    );
    bench.write("sameas.toml", "[policy.address]\nowner = [\"erp\", \"crm\"]\n");
    assert_eq!(golden(&bench, "address_line")["value"], "1 Ledger Square");
    // The address stays whole, and a country may have another owner.
    bench.write(
        "sameas.toml",
        "[policy.address]\nowner = \"erp\"\n[[policy.address.when]]\ncountry = \"us\"\nowner = \"crm\"\n",
    );
    assert_eq!(golden(&bench, "address_line")["value"], "2 Pipeline Road");
}

#[test]
fn a_consent_that_systems_contradict_is_the_most_restrictive() {
    let bench = Bench::new();
    let (mut shops, mut crms) = (persons(|n| format!("61000000000{n:02}")), persons(crm_id));
    shops[0].mail = "granted".to_owned();
    crms[0].mail = "denied".to_owned();
    bench.write("shop.csv", shop(&shops)).write("crm.csv", crm(&crms));
    bench.write("sameas.toml", "[policy.consent]\nowner = \"shop\"\n");
    bench.runs(&["ingest", "shop.csv", "crm.csv"]);
    bench.runs(&["rebuild"]);
    let field = |name: &str| {
        let shown = bench.json(&["show", "shop:6100000000000"]);
        assert_eq!(shown["members"].as_array().unwrap().len(), 2, "{shown}");
        shown["golden"][name].clone()
    };
    let consent = field("consent.email.marketing");
    assert_eq!(consent["value"], "denied");
    assert_eq!(consent["rule"], "most restrictive");
    assert_eq!(
        (&consent["source"], &consent["observed_at"]),
        (&"crm".into(), &"2026-03-01T10:00:00Z".into())
    );
    assert_eq!(consent["others"][0]["why_not"], "less restrictive");
    // A storefront may stand for itself.
    bench.write("sameas.toml", "[policy.consent]\nper_source = \"shopify\"\n");
    assert_eq!(field("consent.email.marketing@shop")["value"], "granted");
    assert_eq!(field("consent.email.marketing")["value"], "denied");
    bench.runs(&["export", "golden", "--to", "golden.jsonl"]);
    assert!(bench.read("golden.jsonl").contains("consent.email.marketing@shop"));
}

#[test]
fn what_an_action_or_a_direction_says_holds() {
    let differ = |erp: &mut Person, crm: &mut Person| {
        erp.street = "1 Ledger Square".to_owned();
        crm.street = "2 Longer Pipeline Road".to_owned();
        erp.changed = "2026-05-01T10:00:00Z".to_owned();
    };
    let bench = bench("", differ);
    let line = |policy: &str| {
        bench.write("sameas.toml", policy);
        let golden = golden(&bench, "address_line");
        let text = |key: &str| golden[key].as_str().unwrap().to_owned();
        (text("value"), text("rule"))
    };
    let is = |value: &str, rule: &str| (value.to_owned(), rule.to_owned());
    let (ours, theirs) = ("1 Ledger Square", "2 Longer Pipeline Road");
    assert_eq!(line("[policy.address]\nconflict = \"newest\"\n"), is(ours, "newest"));
    assert_eq!(line("[policy.address]\nconflict = \"longest\"\n"), is(theirs, "longest"));
    assert_eq!(line("[policy.address]\nconflict = \"review\"\n").1, "review");
    assert_eq!(
        line(
            "[policy]\ntrust = [\"crm\", \"erp\"]\n[policy.default]\nconflict = \"most trusted\"\n"
        ),
        is(theirs, "most trusted")
    );
    assert_eq!(
        line("[policy.default]\ndirection = { erp = \"target\" }\n"),
        is(theirs, "only value")
    );
    let lost = golden(&bench, "address_line")["others"][0]["why_not"].clone();
    assert_eq!(lost, "the policy takes nothing from its system");
}

#[test]
fn a_policy_is_checked_with_line_and_nearest_name() {
    let bench = Bench::new();
    bench.write(
        "sameas.toml",
        "[policy.email]\nowner = \"shopify\"\n[policy.phon]\nowner = \"x\"\n",
    );
    let (_, messages) = bench.exits(2, &["policy", "check"]);
    assert!(messages.contains("sameas.toml:3: unknown field in [policy] `phon`"), "{messages}");
    assert!(messages.contains("did you mean `phone`?"), "{messages}");
    bench.write("sameas.toml", "[policy.email]\nowner = [\"shopify\",\n  \"salesfroce\"]\n");
    let (_, messages) = bench.exits(2, &["policy", "check"]);
    assert!(
        messages.contains("sameas.toml:3: no system or source is called `salesfroce`"),
        "{messages}"
    );
    assert!(messages.contains("did you mean `salesforce`?"), "{messages}");
    bench.write("sameas.toml", "[policy.consent]\nowner = \"shopify\"\nconflict = [\"owner\"]\n");
    let (_, messages) = bench.exits(0, &["policy", "check"]);
    assert!(messages.contains("may survive a denial"), "{messages}");
}

#[test]
fn the_policy_in_force_is_shown_with_its_defaults() {
    let bench = Bench::new();
    let row = |field: &str, entities: &str| {
        let rows = bench.json(&["policy", "show"]);
        let found = rows
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["field"] == field && row["entities"] == entities);
        found.unwrap_or_else(|| panic!("{field}, {entities}: {rows}")).clone()
    };
    let consent = row("consent", "all");
    assert_eq!(consent["rules"], serde_json::json!(["most restrictive", "newest"]));
    assert_eq!(
        (&consent["stated"], &consent["overwrite"]["default"]),
        (&false.into(), &"always".into())
    );
    assert_eq!(row("email", "all")["overwrite"]["default"], "if empty");
    bench.write(
        "sameas.toml",
        "[policy.address]\nowner = \"erp\"\nmax_age = { erp = \"2 years\" }\n\
         [[policy.address.when]]\nkind = \"organization\"\ncountry = [\"DE\", \"AT\"]\nowner = \"crm\"\n",
    );
    let address = row("address", "all others");
    assert_eq!(address["rules"][1], "fresh (erp: 2 years)");
    assert_eq!(address["rules"][2], "owner (erp)");
    assert_eq!(address["overwrite"], serde_json::json!({"default": "always", "erp": "if empty"}));
    assert_eq!(row("address", "organization in AT, DE")["rules"][2], "owner (crm)");
    assert!(bench.runs(&["policy", "show"]).contains("not invalid › fresh (erp: 2 years)"));
}
