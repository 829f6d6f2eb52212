//! Personal names as exports hold them.

use proptest::prelude::*;
use sameas::model::{MappedName, PersonName};
use sameas::normalize::person_name::{normalize_name, normalize_names};

/// `display = given / middle / family`, then generation, title, suffix, label where there are any;
/// several names joined by ` + `.
fn show(names: &[PersonName]) -> String {
    let one = |name: &PersonName| {
        let parts = [name.given.join(" "), name.middle.join(" "), name.family.join(" ")].join("/");
        let mut out = format!("{} = {parts}", name.display);
        if name.generation > 0 {
            out.push_str(&format!(" #{}", name.generation));
        }
        for (mark, text) in [(" t:", &name.title), (" s:", &name.suffix)] {
            if !text.is_empty() {
                out.push_str(mark);
                out.push_str(text);
            }
        }
        if let Some(label) = &name.label {
            out.push_str(" l:");
            out.push_str(label);
        }
        out
    };
    names.iter().map(one).collect::<Vec<_>>().join(" + ")
}

fn full(text: &str) -> String {
    show(&normalize_name(&MappedName { full: text.into(), ..MappedName::default() }))
}

fn parts(given: &str, middle: &str, family: &str) -> MappedName {
    MappedName {
        given: given.into(),
        middle: middle.into(),
        family: family.into(),
        ..MappedName::default()
    }
}

const FULL: &[(&str, &str)] = &[
    // Order.
    ("Hans Müller", "Hans Müller = hans//muller"),
    ("Müller, Hans", "Hans Müller = hans//muller"),
    ("Müller Hans", "Hans Müller = hans//muller"),
    ("MÜLLER Hans", "Hans Müller = hans//muller"),
    ("DUPONT Jean", "Jean Dupont = jean//dupont"),
    ("Jean DUPONT", "Jean Dupont = jean//dupont"),
    ("Jean-Pierre DE LA TOUR", "Jean-Pierre de la Tour = jean pierre//de la tour"),
    ("WILLIAMS, SHELLEY", "Shelley Williams = shelley//williams"),
    ("williams, shelley", "Shelley Williams = shelley//williams"),
    ("SHELLEY WILLIAMS", "Shelley Williams = shelley//williams"),
    ("Kovács János", "János Kovács = janos//kovacs"),
    ("János Kovács", "János Kovács = janos//kovacs"),
    ("Nguyễn Thị Lan", "Lan Thị Nguyễn = lan/thi/nguyen"),
    ("Nguyen Van Nam", "Nam Van Nguyen = nam/van/nguyen"),
    ("Иванов Иван Иванович", ""),
    ("Петров Пётр Иванович", "Пётр Иванович Петров = petr/ivanovich/petrov"),
    ("Иван Иванович Петров", "Иван Иванович Петров = ivan/ivanovich/petrov"),
    ("山田 太郎様", "山田 太郎 = tai lang//shan tian"),
    ("李小龙", "李小龙 = xiao long//li"),
    ("Michael Jordan", "Michael Jordan = michael//jordan"),
    ("James Thomas", "James Thomas = james//thomas"),
    ("Thomas James", "Thomas James = thomas//james"),
    ("Jordan Lee", "Jordan Lee = jordan//lee"),
    ("Smith J", "J Smith = j//smith"),
    ("Smith J.E.", "J.E. Smith = j e//smith"),
    ("J Smith", "J Smith = j//smith"),
    ("J. Smith", "J. Smith = j//smith"),
    ("J.Smith", "J. Smith = j//smith"),
    ("Madonna", "Madonna = madonna//"),
    ("Smith", "Smith = //smith"),
    // Middle names and initials.
    ("J. Edgar Hoover", "J. Edgar Hoover = j/edgar/hoover"),
    ("John Q. Adams", "John Q. Adams = john/q/adams"),
    ("Mary Ann Smith", "Mary Ann Smith = mary/ann/smith"),
    ("Jean-Pierre Martin", "Jean-Pierre Martin = jean pierre//martin"),
    ("Smith, John Quincy", "John Quincy Smith = john/quincy/smith"),
    ("John Fitzgerald Kennedy", "John Fitzgerald Kennedy = john/fitzgerald/kennedy"),
    // Particles and double names.
    ("Anna-Maria van der Berg", "Anna-Maria van der Berg = anna maria//van der berg"),
    ("anna van der berg", "Anna van der Berg = anna//van der berg"),
    ("ANNA VAN DER BERG", "Anna van der Berg = anna//van der berg"),
    ("Berg, Anna van der", "Anna van der Berg = anna//van der berg"),
    ("van der Berg, Anna", "Anna van der Berg = anna//van der berg"),
    ("Jan v.d. Berg", "Jan v.d. Berg = jan//van der berg"),
    ("Ludwig von Beethoven", "Ludwig von Beethoven = ludwig//von beethoven"),
    ("Charles de Gaulle", "Charles de Gaulle = charles//de gaulle"),
    ("Maria de la Cruz", "Maria de la Cruz = maria//de la cruz"),
    ("María de los Ángeles García", "María de los Ángeles García = maria/de los angeles/garcia"),
    ("Ahmad bin Abdullah", "Ahmad bin Abdullah = ahmad//bin abdullah"),
    ("João da Silva", "João da Silva = joao//da silva"),
    ("Gabriel García Márquez", "Gabriel García Márquez = gabriel//garcia marquez"),
    ("Juan Carlos García López", "Juan Carlos García López = juan/carlos/garcia lopez"),
    ("Anna Schmidt-Meyer", "Anna Schmidt-Meyer = anna//schmidt meyer"),
    ("Conan O'Brien", "Conan O'Brien = conan//obrien"),
    ("CONAN O’BRIEN", "Conan O’Brien = conan//obrien"),
    ("ronald mcdonald", "Ronald McDonald = ronald//mcdonald"),
    ("Leonardo DiCaprio", "Leonardo DiCaprio = leonardo//dicaprio"),
    // Titles and suffixes.
    (
        "Dr. Anna-Maria van der Berg PhD",
        "Anna-Maria van der Berg = anna maria//van der berg t:Dr. s:PhD",
    ),
    ("Mr John Smith", "John Smith = john//smith t:Mr"),
    ("MR JOHN SMITH", "John Smith = john//smith t:MR"),
    ("Mr. Smith", "Smith = //smith t:Mr."),
    ("Mrs. Jane Smith", "Jane Smith = jane//smith t:Mrs."),
    ("Prof. Dr. med. Hans Müller", "Hans Müller = hans//muller t:Prof. Dr. med."),
    ("Dr.Müller", "Müller = //muller t:Dr."),
    ("Herr Hans Müller", "Hans Müller = hans//muller t:Herr"),
    ("Sir John Smith, 1st Baronet", "John Smith = john//smith t:Sir s:1st Baronet"),
    ("sir john smith 1st baronet", "John Smith = john//smith t:sir s:1st baronet"),
    ("The Reverend John Smith", "John Smith = john//smith t:The Reverend"),
    ("Mme Marie Curie", "Marie Curie = marie//curie t:Mme"),
    ("Dean Martin", "Dean Martin = dean//martin"),
    ("Don Draper", "Don Draper = don//draper"),
    ("Earl Warren", "Earl Warren = earl//warren"),
    ("Graf Hans Müller", "Hans Müller = hans//muller t:Graf"),
    ("John Smith Jr", "John Smith = john//smith #2 s:Jr"),
    ("John Smith, Jr.", "John Smith = john//smith #2 s:Jr."),
    ("Smith Jr., John", "John Smith = john//smith #2 s:Jr."),
    ("Smith, John, Jr.", "John Smith = john//smith #2 s:Jr."),
    ("John Smith Sr.", "John Smith = john//smith #1 s:Sr."),
    ("Sr. Juan Pérez", "Juan Pérez = juan//perez t:Sr."),
    ("John Smith II", "John Smith = john//smith #2 s:II"),
    ("John Smith III", "John Smith = john//smith #3 s:III"),
    ("John Smith V", "John Smith = john//smith #5 s:V"),
    ("Henry Ford 2nd", "Henry Ford = henry//ford #2 s:2nd"),
    ("Alexandre Dumas père", "Alexandre Dumas = alexandre//dumas #1 s:père"),
    ("Alexandre Dumas fils", "Alexandre Dumas = alexandre//dumas #2 s:fils"),
    ("Hans Müller d.J.", "Hans Müller = hans//muller #2 s:d.J."),
    ("Hans Müller d. J.", "Hans Müller = hans//muller #2 s:d. J."),
    ("Jan Novák ml.", "Jan Novák = jan//novak #2 s:ml."),
    ("ifj. Kovács János", "János Kovács = janos//kovacs #2 t:ifj."),
    ("José Silva Filho", "José Silva Filho = jose/silva/filho #2"),
    ("Carlos Souza Neto", "Carlos Souza Neto = carlos/souza/neto #3"),
    ("Neymar Santos Júnior", "Neymar Santos Júnior = neymar/santos/junior #2"),
    ("John Smith MD", "John Smith = john//smith s:MD"),
    ("John Smith, M.D., Ph.D.", "John Smith = john//smith s:M.D. Ph.D."),
    ("John Smith Esq.", "John Smith = john//smith s:Esq."),
    ("Yo-Yo Ma", "Yo-Yo Ma = yo yo//ma"),
    ("Vincent Do", "Vincent Do = vincent//do"),
    ("Dipl.-Ing. Hans Müller", "Hans Müller = hans//muller t:Dipl.-Ing."),
    ("Ing. Jan Novák, CSc.", "Jan Novák = jan//novak t:Ing. s:CSc."),
    // Other names.
    (
        "Marie Dupont née Martin",
        "Marie Dupont = marie//dupont + Marie Martin = marie//martin l:maiden",
    ),
    (
        "Anna Müller geb. Schmidt",
        "Anna Müller = anna//muller + Anna Schmidt = anna//schmidt l:maiden",
    ),
    (
        "Anna Müller (geb. Schmidt)",
        "Anna Müller = anna//muller + Anna Schmidt = anna//schmidt l:maiden",
    ),
    (
        "Müller, Anna, geb. Schmidt",
        "Anna Müller = anna//muller + Anna Schmidt = anna//schmidt l:maiden",
    ),
    ("John Smith aka Johnson", "John Smith = john//smith + John Johnson = john//johnson l:alias"),
    ("Mary Nee", "Mary Nee = mary//nee"),
    ("Robert (Bob) Smith", "Robert Smith = robert//smith"),
    ("William \"Bill\" Gates", "William Gates = william//gates"),
    // Several people.
    ("Mr and Mrs J Smith", "Mr and Mrs J Smith = //smith"),
    ("Mr. & Mrs. John Smith", "Mr. & Mrs. John Smith = //smith"),
    ("John & Mary Smith", "John & Mary Smith = //smith"),
    ("Smith, John & Mary", "Smith, John & Mary = //smith"),
    ("Familie Müller", "Familie Müller = //muller"),
    ("The Smith Family", "The Smith Family = //smith"),
    ("Eheleute Müller", "Eheleute Müller = //muller"),
    ("Jean et Marie Dupont", "Jean et Marie Dupont = //dupont"),
    // Spelling and rubbish.
    ("  Ann \u{a0} Lee ", "Ann Lee = ann//lee"),
    ("MÃ¼ller, Hans", "Hans Müller = hans//muller"),
    ("Mu\u{308}ller, Hans", "Hans Müller = hans//muller"),
    ("'Ann Lee", "Ann Lee = ann//lee"),
    ("Unknown", ""),
    ("N/A", ""),
    ("-", ""),
    ("", ""),
    ("test", ""),
    ("Test Customer", ""),
    ("John Doe", ""),
    ("max mustermann", ""),
    ("***", ""),
    ("michael_bradshaw685", "Michael Bradshaw = michael//bradshaw"),
    ("michael.bradshaw@example.com", "Michael Bradshaw = michael//bradshaw"),
    ("bradshaw.michael", "Michael Bradshaw = michael//bradshaw"),
    ("bigboss77", "bigboss77 = //"),
    ("xk_99", "xk_99 = //"),
];

#[test]
fn names_in_one_column() {
    let wrong: Vec<String> = FULL
        .iter()
        .filter(|(text, want)| full(text) != *want)
        .map(|(text, want)| format!("{text:?}: {}\n    instead of {want}", full(text)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(FULL.len() >= 100, "{}", FULL.len());
}

#[test]
fn names_in_columns() {
    for (given, middle, family, want) in [
        ("Kay E.", "", "Morasch", "Kay E. Morasch = kay/e/morasch"),
        ("suzie", "", "murat", "Suzie Murat = suzie//murat"),
        ("Angela M", "", "", "Angela M = angela/m/"),
        ("Mary Ann", "", "Smith", "Mary Ann Smith = mary ann//smith"),
        ("John", "Q", "Adams", "John Q Adams = john/q/adams"),
        ("John", "Quincy", "Adams", "John Quincy Adams = john/quincy/adams"),
        ("Leon", "G", "Gordon", "Leon G Gordon = leon/g/gordon"),
        ("Dr. John", "", "Smith", "John Smith = john//smith t:Dr."),
        ("sir", "", "smith", "Smith = //smith t:sir"),
        ("1st", "", "Smith", "Smith = //smith s:1st"),
        ("John", "", "Smith Jr.", "John Smith = john//smith #2 s:Jr."),
        ("John Jr", "", "Smith", "John Smith = john//smith #2 s:Jr"),
        ("John", "", "Smith, PhD", "John Smith = john//smith s:PhD"),
        ("Brown", "", "Florence", "Brown Florence = brown//florence"),
        ("Anna", "", "van der Berg", "Anna van der Berg = anna//van der berg"),
        ("ANNA", "", "VAN DER BERG", "Anna van der Berg = anna//van der berg"),
        ("Anna", "", "Schmidt-Meyer", "Anna Schmidt-Meyer = anna//schmidt meyer"),
        (
            "Anna",
            "",
            "Müller geb. Schmidt",
            "Anna Müller = anna//muller + Anna Schmidt = anna//schmidt l:maiden",
        ),
        ("John & Mary", "", "Smith", "John & Mary Smith = //smith"),
        ("", "", "John Smith", "John Smith = john//smith"),
        ("", "", "Garcia Lopez", "Garcia Lopez = //garcia lopez"),
        ("Shelley Williams", "", "", "Shelley Williams = shelley//williams"),
        ("Mary Ann", "", "", "Mary Ann = mary ann//"),
        ("Smith, John", "", "", "John Smith = john//smith"),
        ("", "", "Cleveland", "Cleveland = //cleveland"),
        ("Unknown", "", "Smith", "Smith = //smith"),
        ("John", "", "LNU", "John = john//"),
        ("FNU", "", "Kumar", "Kumar = //kumar"),
        ("John", "", "-", "John = john//"),
        ("John", "n/a", ".", "John = john//"),
        ("Jennifer", "", "Null", "Jennifer Null = jennifer//null"),
        ("Jennifer", "", "null", "Jennifer = jennifer//"),
        ("Alec", "", "Guest", "Alec Guest = alec//guest"),
        ("Guest", "", "Customer", ""),
        ("Test", "", "Test", ""),
        ("Jane", "", "", "Jane = jane//"),
        ("Jane", "", "Doe", ""),
        ("Amanda", "", "Doe", "Amanda Doe = amanda//doe"),
        ("Gregory", "", "House", "Gregory House = gregory//house"),
        ("Jan", "", "'t Hooft", "Jan 't Hooft = jan//t hooft"),
        ("michael_bradshaw685", "", "", "Michael Bradshaw = michael//bradshaw"),
        ("josé maría", "", "garcía", "José María García = jose maria//garcia"),
        ("Md", "", "Rahman", "Md Rahman = md//rahman"),
        (
            "wolfeschlegelsteinhausenbergerdorff",
            "",
            "x",
            "Wolfeschlegelsteinhausenbergerdorff = wolfeschlegelsteinhausenbergerdorff//",
        ),
    ] {
        assert_eq!(
            show(&normalize_name(&parts(given, middle, family))),
            want,
            "{given}|{middle}|{family}"
        );
    }
}

#[test]
fn a_full_name_beside_columns_gives_what_they_lack() {
    for (whole, given, family, want) in [
        (
            "charlie walker robinson",
            "charlie",
            "robinson",
            "Charlie Walker Robinson = charlie/walker/robinson",
        ),
        ("thomas smith", "", "smith", "Thomas Smith = thomas//smith"),
        ("thomas smith", "thomas", "", "Thomas Smith = thomas//smith"),
        (
            "sir john smith, 1st baronet",
            "sir",
            "smith",
            "John Smith = john//smith t:sir s:1st baronet",
        ),
        ("Dr. John Smith Jr.", "John", "Smith", "John Smith = john//smith #2 t:Dr. s:Jr."),
        ("Someone Else", "John", "Smith", "John Smith = john//smith"),
        ("Smith, John", "John", "Smith", "John Smith = john//smith"),
    ] {
        let name = MappedName {
            full: whole.into(),
            given: given.into(),
            family: family.into(),
            ..MappedName::default()
        };
        assert_eq!(show(&normalize_name(&name)), want, "{whole}|{given}|{family}");
    }
}

#[test]
fn title_and_suffix_columns() {
    let name =
        MappedName { title: "Mr.".into(), suffix: "III".into(), ..parts("John", "", "Smith") };
    assert_eq!(show(&normalize_name(&name)), "John Smith = john//smith #3 t:Mr. s:III");
}

#[test]
fn own_name_first_and_each_once() {
    let billing = MappedName { label: Some("billing".into()), ..parts("ANN", "", "LEE") };
    let own = parts("Ann", "", "Lee");
    let other = MappedName { label: Some("shipping".into()), ..parts("Bob", "", "Lee") };
    let names = normalize_names(&[billing, other, own]);
    assert_eq!(show(&names), "Ann Lee = ann//lee + Bob Lee = bob//lee l:shipping");
}

proptest! {
    #[test]
    fn total(a in "\\PC*", b in "\\PC*") {
        let name = MappedName { full: a.clone(), family: b.clone(), ..MappedName::default() };
        let _ = normalize_name(&name);
        let _ = normalize_name(&parts(&a, &b, &b));
        let _ = full(&a);
    }

    #[test]
    fn name_like_texts_never_panic(text in "(Dr\\.|Mr|and|&|van|de|Jr|III|née|geb\\.|,|1st|Baronet|Smith|Hans|J\\.|the|\\(|\\)|\"| ){0,9}") {
        let _ = full(&text);
        let _ = normalize_name(&parts(&text, "", &text));
    }

    #[test]
    fn display_reads_as_itself(given in "[A-Za-zäöüéñ]{2,8}([ -][A-Za-z]{2,8})?", family in "(van |de |O')?[A-Za-zäöüéñ]{3,10}(-[A-Za-z]{3,8})?") {
        let once = normalize_name(&parts(&given, "", &family));
        prop_assume!(once.len() == 1 && !once[0].given.is_empty() && !once[0].family.is_empty());
        let again = normalize_name(&parts(&once[0].display_given, "", &once[0].display_family));
        prop_assert_eq!(&again[0].display_given, &once[0].display_given);
        prop_assert_eq!(&again[0].display_family, &once[0].display_family);
        prop_assert_eq!(&again[0].given, &once[0].given);
        prop_assert_eq!(&again[0].family, &once[0].family);
    }
}
