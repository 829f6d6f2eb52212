use proptest::prelude::*;

use super::*;

/// `number|street|unit|box` of one line.
fn read_line(country: &str, raw: &str) -> String {
    let mapped = MappedAddress {
        line: raw.to_owned(),
        country: country.to_owned(),
        ..MappedAddress::default()
    };
    shown(&normalize_address(&mapped, None).unwrap_or_default())
}

fn shown(a: &Address) -> String {
    let mut s = format!("{}|{}|{}|{}", a.number, a.street.join(" "), a.unit, a.po_box);
    while s.ends_with('|') {
        s.pop();
    }
    s
}

fn check_lines(cases: &[(&str, &str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(country, raw, want)| {
            let got = read_line(country, raw);
            (got != *want).then(|| format!("{country} {raw}: {got} instead of {want}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn lines_with_the_number_first() {
    check_lines(&[
        ("US", "12 Main St", "12|main"),
        ("US", "12 Main Street", "12|main"),
        ("US", "12 MAIN ST.", "12|main"),
        ("US", "12 N Main St", "12|main"),
        ("US", "12 North Main Street", "12|main"),
        ("US", "12 Main St NW", "12|main"),
        ("US", "12 N.W. Main St", "12|main"),
        ("US", "600 North Leavitt Street", "600|leavitt"),
        ("US", "3449 W Arthington Street", "3449|arthington"),
        ("US", "34 bowen cir sw", "34|bowen"),
        ("US", "12 North Ave", "12|north"),
        ("US", "12 W North Ave", "12|north"),
        ("US", "941 E 132nd Pl", "941|132"),
        ("US", "2527 E 73RD St.", "2527|73"),
        ("US", "111 nw 1st ter", "111|1"),
        ("US", "12 Fifth Ave", "12|5"),
        ("US", "12 5th Avenue", "12|5"),
        ("US", "12 Main St Apt 4B", "12|main|4b"),
        ("US", "12 Main St, Apt. 4-B", "12|main|4b"),
        ("US", "12 Main St #4B", "12|main|4b"),
        ("US", "12 Main St # 4B", "12|main|4b"),
        ("US", "12 Main St Apt #4B", "12|main|4b"),
        ("US", "12 Main St Suite 200", "12|main|200"),
        ("US", "12 Main St Ste 200", "12|main|200"),
        ("US", "12 Main St, Unit 11", "12|main|11"),
        ("US", "5244 Wright Drr, Unit 11", "5244|wright drr|11"),
        ("US", "6763 Hickory Way Apt 19", "6763|hickory|19"),
        ("US", "12 Main St Bldg 3 Apt 12", "12|main|3 12"),
        ("US", "12 Main St 3rd Floor", "12|main|3"),
        ("US", "12 Main St Fl 3", "12|main|3"),
        ("US", "12 Main St Penthouse", "12|main|penthouse"),
        ("US", "2420 W LEMOYNE AVE 1", "2420|lemoyne|1"),
        ("US", "12 Main St B", "12|main|b"),
        ("US", "12A Main St", "12a|main"),
        ("US", "12 1/2 Main St", "12|main"),
        ("US", "37-12 74th St", "37-12|74"),
        ("US", "12 Broadway", "12|broadway"),
        ("US", "12 St Johns St", "12|saint johns"),
        ("US", "12 Avenue A", "12|avenue a"),
        ("US", "12 US Hwy 701", "12|highway 701"),
        ("US", "12 Highway 50", "12|highway 50"),
        ("US", "12 County Road 12", "12|road 12"),
        ("US", "12 Park Ave", "12|park"),
        ("US", "8501 S ASHLAND", "8501|ashland"),
        ("US", "1543 N KOLIN", "1543|kolin"),
        ("US", "5356 S. King Dr.", "5356|king"),
        ("US", "787 e venice ave", "787|venice"),
        ("US", "12 O'Brien St", "12|obrien"),
        ("US", "1st Avenue", "|1"),
        ("US", "12 Flat Rock Rd", "12|flat rock"),
        ("US", "Hayes Center 4859 S. Wabash", "4859|wabash"),
        ("US", "270 La Perouse Street", "270|la perouse"),
        ("US", "12", "12"),
        ("", "north 80th str", "|80"),
        ("", "12 nw 1st str", "12|1"),
        ("US", "PO Box 123", "|||123"),
        ("US", "P.O. Box 123", "|||123"),
        ("US", "P O BOX 123", "|||123"),
        ("US", "Post Office Box 123", "|||123"),
        ("US", "12 Main St, PO Box 45", "12|main||45"),
        ("US", "c/o John Smith, 12 Main St", "12|main"),
        ("US", "c/o John Smith 12 Main St", "12|main"),
        ("US", "Attn: Sales, 12 Main St", "12|main"),
        ("US", "12 Main St ebay:zsqywfc", "12|main"),
        ("US", "ebay:zsqywfc 12 Main St", "12|main"),
        ("US", "012 Main St", "12|main"),
        ("GB", "14 High Street", "14|high"),
        ("GB", "14 High St", "14|high"),
        ("GB", "14A High St", "14a|high"),
        ("GB", "14 A High Street", "14a|high"),
        ("GB", "Flat 2, 14 High St", "14|high|2"),
        ("GB", "Flat 2 14 High St", "14|high|2"),
        ("GB", "14 High St, Flat 2", "14|high|2"),
        ("GB", "3 Page St Flat 36", "3|page|36"),
        ("GB", "2/14 High St", "14|high|2"),
        ("GB", "12-14 High St", "12-14|high"),
        ("GB", "12 – 14 High St", "12-14|high"),
        ("GB", "Rose Cottage, 3 Mill Lane", "3|mill"),
        ("GB", "The Crescent", "|the crescent"),
        ("GB", "No. 12 High St", "12|high"),
        ("GB", "High Street 12", "12|high"),
        ("GB", "30 Smith Fall", "30|smith"),
        ("AU", "3/45 Smith St", "45|smith|3"),
        ("AU", "Unit 3/45 Smith St", "45|smith|3"),
        ("AU", "Unit 3, 45 Smith Street", "45|smith|3"),
        ("AU", "GPO Box 99", "|||99"),
        ("AU", "Locked Bag 12", "|||12"),
        ("CA", "1203-88 Bay St", "88|bay|1203"),
        ("CA", "88 Bay St Unit 1203", "88|bay|1203"),
        ("CA", "12 rue Sherbrooke", "12|sherbrooke"),
        ("FR", "12 rue de la Paix", "12|paix"),
        ("FR", "12, rue de la Paix", "12|paix"),
        ("FR", "12 R. de la Paix", "12|paix"),
        ("FR", "12 bis rue de la Paix", "12bis|paix"),
        ("FR", "12bis, rue de la Paix", "12bis|paix"),
        ("FR", "12 ter rue X", "12ter|x"),
        ("FR", "12 B rue Gay", "12b|gay"),
        ("FR", "102b, av. Philippe Ferrand", "102b|philippe ferrand"),
        ("FR", "579, avenue de Humbert", "579|humbert"),
        ("FR", "270, rue Roger", "270|roger"),
        ("FR", "659 avenue Agnès Reynaud", "659|agnes reynaud"),
        ("FR", "4 chemin de Lebrun", "4|lebrun"),
        ("FR", "12 bd St Michel", "12|saint michel"),
        ("FR", "12 Boulevard Saint-Michel", "12|saint michel"),
        ("FR", "3 place de l'Église", "3|eglise"),
        ("FR", "769 rue Tessier, Appt 31", "769|tessier|31"),
        ("FR", "12 rue Gay, Bât C", "12|gay|c"),
        ("FR", "12 rue Gay, bâtiment C, appt 3", "12|gay|c 3"),
        ("FR", "BP 123", "|||123"),
        ("FR", "12 rue Gay, BP 123", "12|gay||123"),
        ("FR", "CS 12345", "|||12345"),
    ]);
}

#[test]
fn lines_with_the_number_last() {
    check_lines(&[
        ("DE", "Hauptstraße 12", "12|hauptstrasse"),
        ("DE", "Hauptstrasse 12", "12|hauptstrasse"),
        ("DE", "Hauptstr. 12", "12|hauptstrasse"),
        ("DE", "Hauptstr 12", "12|hauptstrasse"),
        ("DE", "Hauptstr.12", "12|hauptstrasse"),
        ("DE", "Hauptstraße12", "12|hauptstrasse"),
        ("DE", "Haupt Straße 12", "12|hauptstrasse"),
        ("DE", "HAUPTSTR. 12A", "12a|hauptstrasse"),
        ("DE", "Hauptstr. 12 a", "12a|hauptstrasse"),
        ("DE", "Hauptstr. 12-14", "12-14|hauptstrasse"),
        ("DE", "Hauptstr. 12 - 14", "12-14|hauptstrasse"),
        ("DE", "Hauptstr. Nr. 12", "12|hauptstrasse"),
        ("DE", "Karl-Marx-Str. 12", "12|karl marx"),
        ("DE", "Karl-Marx-Straße 12", "12|karl marx"),
        ("DE", "Karl Marxstr. 12", "12|karl marx"),
        ("DE", "Cornelia-Jähn-Straße 1", "1|cornelia jahn"),
        ("DE", "Egon-Karge-Gasse 877", "877|egon karge"),
        ("DE", "Fiebiggasse 38", "38|fiebiggasse"),
        ("DE", "Schönstr. 5", "5|schonstrasse"),
        ("DE", "Schoenstraße 5", "5|schonstrasse"),
        ("DE", "Bauerweg 5", "5|bauerweg"),
        ("DE", "Gr. Bergstr. 7", "7|grosse berg"),
        ("DE", "Große Bergstraße 7", "7|grosse berg"),
        ("DE", "Straße des 17. Juni 135", "135|des 17 juni"),
        ("DE", "Am Markt 3", "3|am markt"),
        ("DE", "Zolltorring 1a", "1a|zolltorring"),
        ("DE", "Hauptstr. 5, 2. OG", "5|hauptstrasse|2"),
        ("DE", "Hauptstr. 5, Whg. 12", "5|hauptstrasse|12"),
        ("DE", "Hauptstr. 5 Hinterhaus", "5|hauptstrasse|hinterhaus"),
        ("DE", "Hauptstr. 5 EG", "5|hauptstrasse|eg"),
        ("DE", "c/o Müller, Hauptstr. 5", "5|hauptstrasse"),
        ("DE", "Postfach 12 34 56", "|||123456"),
        ("DE", "Postfach 1234", "|||1234"),
        ("DE", "12 Hauptstr.", "12|hauptstrasse"),
        ("DE", "Rebecca-Wagenknecht-Allee  22", "22|rebecca wagenknecht"),
        ("AT", "Mariahilfer Straße 12/3/14", "12|mariahilferstrasse|3 14"),
        ("AT", "Ringstr. 5 Top 7", "5|ringstrasse|7"),
        ("CH", "Bahnhofstrasse 10", "10|bahnhofstrasse"),
        ("CH", "Rue du Rhône 10", "10|rhone"),
        ("NL", "Kerkstraat 12", "12|kerkstraat"),
        ("NL", "Kerkstr. 12", "12|kerkstraat"),
        ("NL", "Kerk straat 12", "12|kerkstraat"),
        ("NL", "Kerkstraat 12-A", "12a|kerkstraat"),
        ("NL", "Kerkstraat 12 A", "12a|kerkstraat"),
        ("NL", "Kerkstraat 12 bis", "12bis|kerkstraat"),
        ("NL", "Kerkstraat 12-III", "12|kerkstraat|iii"),
        ("NL", "Lukasring 8b", "8b|lukasring"),
        ("NL", "Jan van Galenstraat 12-3", "12|jan van galen|3"),
        ("NL", "2e Kerkstraat 12", "12|2e kerk"),
        ("NL", "Postbus 123", "|||123"),
        ("BE", "Rue de la Loi 16", "16|loi"),
        ("BE", "Kerkstraat 12 bus 3", "12|kerkstraat|3"),
        ("SE", "Aspvägen 1", "1|aspvagen"),
        ("SE", "Storgatan 12 B", "12b|storgatan"),
        ("SE", "Storg. 12", "12|storgatan"),
        ("SE", "Skolgatan 76 lgh 1102", "76|skolgatan|1102"),
        ("SE", "Box 123", "|||123"),
        ("NO", "Storgata 5", "5|storgatan"),
        ("NO", "Kirkeveien 5", "5|kirkevagen"),
        ("NO", "Kirkevegen 5", "5|kirkevagen"),
        ("NO", "Postboks 12", "|||12"),
        ("DK", "Søndergade 12, 2. tv", "12|sondergade|2 tv"),
        ("DK", "Skovvej 3", "3|skovvej"),
        ("ES", "Calle Mayor 5", "5|mayor"),
        ("ES", "C/ Mayor, 5", "5|mayor"),
        ("ES", "C/Mayor 5", "5|mayor"),
        ("ES", "Calle Mayor, 5, 3º B", "5|mayor|3b"),
        ("ES", "Calle Mayor 5, 3º 2ª", "5|mayor|3 2"),
        ("ES", "Avda. de la Constitución 12", "12|constitucion"),
        ("ES", "Avenida Constitución nº 12", "12|constitucion"),
        ("ES", "Pza. España s/n", "|espana"),
        ("ES", "Calle 12 de Octubre 5", "5|12 octubre"),
        ("ES", "Callejón Eutropio Cortes 79", "79|eutropio cortes"),
        ("ES", "Apartado de Correos 12", "|||12"),
        ("IT", "Via Roma 12", "12|roma"),
        ("IT", "Via Roma, 12", "12|roma"),
        ("IT", "V. Roma n. 12", "12|roma"),
        ("IT", "Via Roma 12/A", "12a|roma"),
        ("IT", "Via Roma 12 int. 4", "12|roma|4"),
        ("IT", "V.le Europa 3", "3|europa"),
        ("IT", "P.zza Garibaldi 1", "1|garibaldi"),
        ("IT", "C.so Italia 7", "7|italia"),
        ("IT", "Via dell'Arte snc", "|arte"),
        ("IT", "Via 25 Aprile 12", "12|25 aprile"),
        ("IT", "Canale Vespa 12", "12|vespa"),
        ("IT", "Casella Postale 12", "|||12"),
        ("PT", "Rua Augusta 12, 3.º Esq.", "12|augusta|3 esq"),
        ("PT", "R. Augusta, 12", "12|augusta"),
        ("BR", "Av. Paulista, 1000, apto 52", "1000|paulista|52"),
        ("BR", "Caixa Postal 12", "|||12"),
        ("PL", "ul. Parkowa 12/34", "12|parkowa|34"),
        ("PL", "Parkowa 12 m. 34", "12|parkowa|34"),
        ("PL", "Parkowa 1", "1|parkowa"),
        ("PL", "al. Jana Pawła II 5", "5|jana pawla ii"),
        ("CZ", "Dlouhá 123/4", "123|dlouha|4"),
        // No country at all: guessed from the words.
        ("", "Hauptstr. 12", "12|hauptstrasse"),
        ("", "Kerkstraat 12", "12|kerkstraat"),
        ("", "12 rue de la Paix", "12|paix"),
        ("", "Via Roma 12", "12|roma"),
        ("", "12 Main St", "12|main"),
        ("", "leven street", "|leven"),
    ]);
}

#[test]
fn columns_of_their_own_and_second_lines() {
    let read = |f: fn(&mut MappedAddress)| {
        let mut mapped = MappedAddress::default();
        f(&mut mapped);
        normalize_address(&mapped, Some(*b"US")).unwrap_or_default()
    };
    let a = read(|m| {
        m.number = "202".into();
        m.line = "leven street".into();
        m.line2 = "francis chambers".into();
    });
    assert_eq!((shown(&a).as_str(), a.line.as_str()), ("202|leven", "202 leven street"));
    let a = read(|m| {
        m.number = "15".into();
        m.line = "aremar".into();
        m.line2 = "bunduluk crescent".into();
    });
    assert_eq!(shown(&a), "15|bunduluk");
    let a = read(|m| {
        m.line = "252 Tina Landing".into();
        m.line2 = "Flat 5".into();
    });
    assert_eq!(shown(&a), "252|tina|5");
    let a = read(|m| {
        m.line = "Acme House".into();
        m.line2 = "14 High St".into();
    });
    assert_eq!((shown(&a).as_str(), a.line2.as_str()), ("14|high", "14 High St"));
    let a = read(|m| {
        m.line = "12 Main St, Apt 4".into();
        m.line2 = "Apt 4".into();
    });
    assert_eq!((shown(&a).as_str(), a.line2.as_str()), ("12|main|4", ""));
    let a = read(|m| {
        m.line = "12 Main St".into();
        m.line2 = "4B".into();
    });
    assert_eq!(shown(&a), "12|main|4b");
    let a = read(|m| {
        m.line = "12 Main St".into();
        m.unit = "Apt 4B".into();
        m.po_box = "Box 77".into();
    });
    assert_eq!(shown(&a), "12|main|4b|77");
    let a = read(|m| m.line = "12 Main St\nApt 4".into());
    assert_eq!((shown(&a).as_str(), a.line.as_str()), ("12|main|4", "12 Main St, Apt 4"));
    let a = read(|m| {
        m.line = "ebay:zsqywfc".into();
        m.line2 = "12 Main St".into();
    });
    assert_eq!((shown(&a).as_str(), a.line.as_str()), ("12|main", "12 Main St"));
    assert!(normalize_address(&MappedAddress::default(), None).is_none());
    let nothing =
        MappedAddress { line: "n/a".into(), city: "-".into(), ..MappedAddress::default() };
    assert!(normalize_address(&nothing, None).is_none());
}

#[test]
fn whole_addresses_in_one_cell() {
    for (raw, want) in [
        ("12 Oak St    Springfield  IL  62701  US", "12|oak / springfield / us-il / 62701 / US"),
        (
            "6177 Center Road    West Jasonborough  MA  98671  US",
            "6177|center / west jasonborough / us-ma / 98671 / US",
        ),
        ("Nuri-Fiebig-Weg 10    Worbis    33830  DE", "10|nuri fiebig / worbis /  / 33830 / DE"),
        (
            "610 chemin de Raymond  Bât B apt 60  Pereznec    72681  FR",
            "610|raymond|b 60 / pereznec /  / 72681 / FR",
        ),
        ("12 Oak St, Springfield, IL 62701", "12|oak / springfield / us-il / 62701 / "),
        ("12 Oak St, Springfield, IL 62701, USA", "12|oak / springfield / us-il / 62701 / US"),
        ("12 Oak St\nSpringfield IL 62701 US", "12|oak / springfield / us-il / 62701 / US"),
        (
            "12 Oak St, Springfield IL 62701 United States",
            "12|oak / springfield / us-il / 62701 / US",
        ),
        (
            "12 Oak St, Apt 4, Springfield, IL, 62701, US",
            "12|oak|4 / springfield / us-il / 62701 / US",
        ),
        ("12 Oak St, Springfield IL 62701-1234", "12|oak / springfield / us-il / 62701 / "),
        (
            "12 Oak St\nSpringfield, IL 62701\nUnited States",
            "12|oak / springfield / us-il / 62701 / US",
        ),
        ("12 Oak St, Los Angeles, CA", "12|oak / los angeles / us-ca /  / "),
        ("Flat 3, 10 Downing St, London SW1A 2AA", "10|downing|3 / london /  / sw1a2aa / "),
        ("Via del Corso 10, 00186 Roma RM, Italia", "10|corso / roma / it-rm / 00186 / IT"),
        ("Hauptstr. 5, 12345 Berlin", "5|hauptstrasse / berlin /  / 12345 / "),
        ("Hauptstr. 5, 12345 Berlin, Deutschland", "5|hauptstrasse / berlin /  / 12345 / DE"),
        ("Flat 2, 14 High St, London, SW1A 1AA", "14|high|2 / london /  / sw1a1aa / "),
        ("14 High St, London SW1A 1AA, UK", "14|high / london /  / sw1a1aa / GB"),
        ("Kerkstraat 12, 1012 AB Amsterdam, NL", "12|kerkstraat / amsterdam /  / 1012ab / NL"),
        ("579, avenue de Humbert, 75001 Paris, France", "579|humbert / paris /  / 75001 / FR"),
        ("Calle Mayor, 5, 28013 Madrid, España", "5|mayor / madrid /  / 28013 / ES"),
        ("100 King St W, Toronto, ON M5X 1A9, Canada", "100|king / toronto / ca-on / m5x1a9 / CA"),
        ("Storgatan 1, 111 22 Stockholm, Sverige", "1|storgatan / stockholm /  / 11122 / SE"),
    ] {
        let mapped = MappedAddress { full: raw.to_owned(), ..MappedAddress::default() };
        let a = normalize_address(&mapped, None).unwrap_or_default();
        let got = format!(
            "{} / {} / {} / {} / {}",
            shown(&a),
            a.city_key,
            a.region_key,
            a.postcode_key,
            a.country
        );
        assert_eq!(got, want, "{raw}");
    }
}

#[test]
fn postal_codes() {
    for (country, raw, key, display) in [
        ("US", "62701", "62701", "62701"),
        ("US", "62701-1234", "62701", "62701-1234"),
        ("US", "627011234", "62701", "62701-1234"),
        ("US", "2134", "02134", "02134"),
        ("US", "'02134", "02134", "02134"),
        ("US", "2134.0", "02134", "02134"),
        ("US", "601", "00601", "00601"),
        ("US", "2134-1234", "02134", "02134-1234"),
        ("US", "00000", "", "00000"),
        ("DE", "1067", "01067", "01067"),
        ("DE", "D-10115", "10115", "D-10115"),
        ("DE", "10115", "10115", "10115"),
        ("FR", "9903", "09903", "09903"),
        ("CH", "CH-8000", "8000", "CH-8000"),
        ("AU", "800", "0800", "0800"),
        ("SE", "123 45", "12345", "123 45"),
        ("SE", "SE-123 45", "12345", "SE-123 45"),
        ("PL", "00-950", "00950", "00-950"),
        ("PL", "00950", "00950", "00-950"),
        ("GB", "SW1A 1AA", "sw1a1aa", "SW1A 1AA"),
        ("GB", "sw1a1aa", "sw1a1aa", "SW1A 1AA"),
        ("GB", "M1 1AE", "m11ae", "M1 1AE"),
        ("GB", "B33 8TH", "b338th", "B33 8TH"),
        ("GB", "W1A OAX", "w1a0ax", "W1A 0AX"),
        ("GB", "SW1A IAA", "sw1a1aa", "SW1A 1AA"),
        ("GB", "BS8 1TH", "bs81th", "BS8 1TH"),
        ("GB", "E7 2SE", "e72se", "E7 2SE"),
        ("CA", "M5V 2T6", "m5v2t6", "M5V 2T6"),
        ("CA", "m5v2t6", "m5v2t6", "M5V 2T6"),
        ("CA", "M5V-2T6", "m5v2t6", "M5V 2T6"),
        ("CA", "MSV 2T6", "msv2t6", "MSV 2T6"),
        ("CA", "K1A OB1", "k1a0b1", "K1A 0B1"),
        ("NL", "1234AB", "1234ab", "1234 AB"),
        ("NL", "1234 ab", "1234ab", "1234 AB"),
        ("NL", "1234", "1234", "1234"),
        ("BR", "25678-513", "25678513", "25678-513"),
        ("", "SW1A 1AA", "sw1a1aa", "SW1A 1AA"),
        ("", "62701", "62701", "62701"),
    ] {
        let code = <[u8; 2]>::try_from(country.as_bytes()).ok();
        let got = normalize_postcode(raw, code);
        assert_eq!(got, (display.to_owned(), key.to_owned()), "{country} {raw}");
    }
}

#[test]
fn towns_and_regions() {
    for (country, city, region, city_key, region_key, shown_region) in [
        ("US", "St. Louis", "MO", "saint louis", "us-mo", "MO"),
        ("US", "Saint Louis", "Missouri", "saint louis", "us-mo", "MO"),
        ("US", "Ft Worth", "TX", "fort worth", "us-tx", "TX"),
        ("US", "Springfield, IL", "", "springfield", "us-il", "IL"),
        ("US", "N Las Vegas", "Nev.", "north las vegas", "us-nv", "NV"),
        ("US", "Springfield", "Nowhere", "springfield", "nowhere", "Nowhere"),
        ("DE", "Frankfurt am Main", "", "frankfurt", "", ""),
        ("DE", "Frankfurt/Main", "", "frankfurt", "", ""),
        ("DE", "Frankfurt a. M.", "", "frankfurt", "", ""),
        ("DE", "Köln", "NRW", "koln", "de-nw", "NRW"),
        ("DE", "Koeln (Ehrenfeld)", "", "koln", "", ""),
        ("DE", "Mühldorf am Inn", "Bayern", "muhldorf", "de-by", "Bayern"),
        ("FR", "Paris 15e", "", "paris", "", ""),
        ("FR", "LYON CEDEX 03", "", "lyon", "", ""),
        ("FR", "Saint-Étienne", "", "saint etienne", "", ""),
        ("FR", "St Etienne", "", "saint etienne", "", ""),
        ("SE", "Örnsköldsvik", "", "ornskoldsvik", "", ""),
        ("", "Chicago", "IL", "chicago", "us-il", "IL"),
    ] {
        let mapped = MappedAddress {
            city: city.into(),
            region: region.into(),
            country: country.into(),
            ..MappedAddress::default()
        };
        let a = normalize_address(&mapped, None).unwrap_or_default();
        assert_eq!(
            (a.city_key.as_str(), a.region_key.as_str(), a.region.as_str()),
            (city_key, region_key, shown_region),
            "{city} {region}"
        );
    }
}

#[test]
fn the_default_region_decides_reading_only() {
    let mapped = MappedAddress {
        line: "Hauptstr. 12".into(),
        postcode: "1067".into(),
        ..MappedAddress::default()
    };
    let a = normalize_address(&mapped, Some(*b"DE")).unwrap_or_default();
    let in_america = normalize_address(&mapped, Some(*b"US")).unwrap_or_default();
    assert_eq!(shown(&in_america), "12|hauptstrasse");
    assert_eq!(
        (shown(&a).as_str(), a.postcode_key.as_str(), a.country.as_str()),
        ("12|hauptstrasse", "01067", "")
    );
}

#[test]
fn values_are_told_by_their_form() {
    for raw in [
        "12 Main St",
        "Hauptstr. 12",
        "Hauptstraße 5a",
        "12, rue de la Paix",
        "PO Box 12",
        "Kerkstraat 12",
        "Via Roma 12",
        "Calle Mayor 5",
        "1185 Willow St",
        "3109 Cannon Rd Apt 4",
        "ul. Parkowa 1",
        "Aspvägen 1",
    ] {
        assert!(looks_like_street(raw), "{raw}");
    }
    for raw in [
        "",
        "John Smith",
        "2020-01-02",
        "12 March 2020",
        "62701",
        "a@b.com",
        "+1 415 555 2671",
        "Springfield",
        "12:30:00",
        "Berlin",
        "$12.50",
        "Acme GmbH",
    ] {
        assert!(!looks_like_street(raw), "{raw}");
    }
    for raw in [
        "62701",
        "62701-1234",
        "SW1A 1AA",
        "m5v2t6",
        "1234 AB",
        "'02134",
        "00-950",
        "111 22",
        "D-10115",
    ] {
        assert!(looks_like_postcode(raw), "{raw}");
    }
    for raw in ["", "12", "Berlin", "2020-01-02", "4155552671", "12 Main St", "IL", "1.50"] {
        assert!(!looks_like_postcode(raw), "{raw}");
    }
}

proptest! {
    #[test]
    fn total_and_idempotent(
        full in "\\PC{0,40}",
        line in "[A-Za-zäßé0-9 ./#',:-]{0,30}",
        line2 in "\\PC{0,20}",
        city in "\\PC{0,20}",
        region in "[A-Za-z. ]{0,10}",
        postcode in "[A-Za-z0-9' -]{0,10}",
        country in 0..6_usize,
    ) {
        let country = ["", "US", "DE", "GB", "FR", "SE"][country].to_owned();
        let mapped = MappedAddress {
            full, line, line2, city, region, postcode, country, ..MappedAddress::default()
        };
        if let Some(once) = normalize_address(&mapped, None) {
            let again = MappedAddress {
                line: once.line.clone(),
                line2: once.line2.clone(),
                city: once.city.clone(),
                region: once.region.clone(),
                postcode: once.postcode.clone(),
                country: once.country.clone(),
                ..MappedAddress::default()
            };
            let again = normalize_address(&again, None).unwrap_or_default();
            prop_assert_eq!(&again.line, &once.line);
            prop_assert_eq!(&again.line2, &once.line2);
            prop_assert_eq!(&again.city, &once.city);
            prop_assert_eq!(&again.region, &once.region);
            prop_assert_eq!(&again.postcode, &once.postcode);
            prop_assert_eq!(&again.street, &once.street);
            prop_assert_eq!(&again.number, &once.number);
        }
    }

    #[test]
    fn looking_is_total(text in "\\PC*") {
        let _ = (looks_like_street(&text), looks_like_postcode(&text));
    }
}
