//! People who look alike and are two, and people who look different and are one, each pair amid some
//! hundred others.

use super::support::Bench;

/// Two records of one case: given and family name, e-mail, phone, address, town, region, postcode,
/// date of birth.
type Pair = (&'static str, [[&'static str; 9]; 2]);

/// The cases amid nine hundred records of other people, resolved; whether each pair is one entity.
fn resolve(cases: &[Pair]) -> Vec<bool> {
    let bench = Bench::new();
    bench.runs(&["synth", "--records", "900", "--seed", "3", "--flat", "--out", "people"]);
    let mut table = bench.read("people/records.csv");
    for (case, records) in cases {
        for (source, record) in ["crm", "shopify"].iter().zip(records) {
            let [given, family, mail, phone, address, town, region, postcode, birth] = record;
            table += &format!(
                "{case},{source},{given},{family},{mail},{phone},{address},{town},{region},{postcode},\
                 {birth},2024-03-01\n"
            );
        }
    }
    bench.write("all.csv", table);
    bench.runs(&["dedupe", "all.csv", "--out", "out"]);
    let entity = |source: &str, case: &str| bench.entity_of("out", &format!("{source}:{case}"));
    cases.iter().map(|(case, _)| entity("crm", case) == entity("shopify", case)).collect()
}

#[test]
fn a_couple_whose_names_are_a_mans_and_a_womans_form_are_two() {
    let home = ["+1 512 555 0172", "814 Juniper Rd", "Salem", "OR", "97301"];
    let person = |given, family, mail, birth| {
        let [phone, address, town, region, postcode] = home;
        [given, family, mail, phone, address, town, region, postcode, birth]
    };
    let of = |a, b| {
        [
            person(a, "Ferrantino", "ferrantino@aol.com", "1971-02-11"),
            person(b, "Ferrantino", "ferrantino@aol.com", "1974-09-30"),
        ]
    };
    let cases = [("mario", of("Mario", "Maria")), ("paul", of("Paul", "Paula"))];
    assert_eq!(resolve(&cases), [false, false]);
    // The same with a nickname and one birth is one person.
    let one = [
        person("Robert", "Ferrantino", "ferrantino@aol.com", "1971-02-11"),
        person("Bob", "Ferrantino", "ferrantino@aol.com", "1971-02-11"),
    ];
    assert_eq!(resolve(&[("bob", one)]), [true]);
}

#[test]
fn a_mailbox_made_of_a_name_with_an_umlaut_is_no_evidence_beyond_the_name() {
    let of = |mails: [&'static str; 2]| {
        let [one, two] = mails;
        [
            ["Stefan", "Krüger", one, "+1 512 555 0133", "7 Elm St", "Reno", "NV", "89501", ""],
            ["Stefan", "Krüger", two, "+1 207 555 0188", "90 Bay Rd", "Bath", "ME", "04530", ""],
        ]
    };
    let cases = [
        ("plain", of(["stefan.kruger@gmail.com", "stefan.kruger@yahoo.com"])),
        ("umlaut", of(["stefan.krueger@gmail.com", "stefan.krueger@yahoo.com"])),
    ];
    assert_eq!(resolve(&cases), [false, false]);
}

#[test]
fn a_name_in_another_script_does_not_contradict() {
    let of = |given, family, other_given, other_family| {
        let (mail, phone) = ("hk.quill88@gmail.com", "+1 512 555 0144");
        let home = ["7 Elm St", "Reno", "NV", "89501"];
        let [address, town, region, postcode] = home;
        [
            [given, family, mail, phone, address, town, region, postcode, ""],
            [other_given, other_family, mail, phone, "", "", "", "", ""],
        ]
    };
    assert_eq!(resolve(&[("japanese", of("Hiroshi", "Tanaka", "浩", "田中"))]), [true]);
    assert_eq!(resolve(&[("arabic", of("Mohammed", "Haddad", "محمد", "حداد"))]), [true]);
}

#[test]
fn a_mistyped_domain_is_the_same_mailbox() {
    let of = |mails: [&'static str; 2]| {
        let [one, two] = mails;
        [
            ["Pedro", "Gonzalez", one, "", "7 Elm St", "Reno", "NV", "89501", ""],
            ["Pedro", "Gonzalez", two, "", "90 Bay Rd", "Bath", "ME", "04530", ""],
        ]
    };
    let swapped = of(["pedro.gonzalez73@gmail.com", "pedro.gonzalez73@gmial.com"]);
    assert_eq!(resolve(&[("swapped", swapped)]), [true]);
}

#[test]
fn companies_of_one_house_with_other_tax_numbers_are_two() {
    let bench = Bench::new();
    let mut table = String::from("id;Firma;Straße;PLZ;Ort;Telefon;E-Mail;USt-IdNr.\n");
    for n in 0..120 {
        let name = ["Nordlicht", "Havelblick", "Moritz", "Alster", "Brandt", "Kolb"][n % 6];
        let trade = ["Optik", "Druck", "Bau", "Reisen", "Mode"][n / 6 % 5];
        table += &format!(
            "{};{name} {trade} {n} GmbH;Ring {n};1{n:04};Kiel;+49 431 55{n:04};info@{name}{n}.de;\n",
            5000 + n
        );
    }
    for (id, name, tax) in [
        (9001, "Rheinwerk Handels GmbH", "DE136695976"),
        (9002, "Rheinwerk Logistik GmbH", "DE811569869"),
    ] {
        table += &format!(
            "{id};{name};Marktplatz 85;20095;Hamburg;+49 40 4821103;info@rheinwerk.de;{tax}\n"
        );
    }
    bench.write("erp.csv", table);
    bench.runs(&["dedupe", "erp.csv:@erp", "--out", "out"]);
    assert_ne!(bench.entity_of("out", "erp:9001"), bench.entity_of("out", "erp:9002"));
}
