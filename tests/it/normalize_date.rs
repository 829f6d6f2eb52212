//! Dates and times as exports hold them.

use proptest::prelude::*;
use sameas::model::DateOrder::{self, Dmy, Excel, Mdy, UnixMillis, UnixSeconds, Ymd};
use sameas::model::MappedDate;
use sameas::normalize::date::{
    detect_order, looks_like_date, looks_like_timestamp, parse_birth, parse_timestamp,
};

/// `YYYY-MM-DD` of a birth date, `*` behind a default value, empty for no date.
fn birth(text: &str, order: DateOrder) -> String {
    parse_birth(&MappedDate { text: text.into(), order }).map_or_else(String::new, |birth| {
        let mark = if birth.sentinel { "*" } else { "" };
        format!("{:04}-{:02}-{:02}{mark}", birth.year, birth.month, birth.day)
    })
}

fn timestamp(text: &str, order: DateOrder) -> Option<i64> {
    parse_timestamp(&MappedDate { text: text.into(), order }).map(|time| time.0)
}

const BIRTHS: &[(&str, DateOrder, &str)] = &[
    // ISO, with and without time.
    ("1980-05-04", Ymd, "1980-05-04"),
    (" 1980-05-04 ", Ymd, "1980-05-04"),
    ("1980-5-4", Ymd, "1980-05-04"),
    ("1980/05/04", Ymd, "1980-05-04"),
    ("1980.05.04", Ymd, "1980-05-04"),
    ("1980 05 04", Ymd, "1980-05-04"),
    ("19800504", Ymd, "1980-05-04"),
    ("19800504.0", Ymd, "1980-05-04"),
    ("'1980-05-04", Ymd, "1980-05-04"),
    ("\"1980-05-04\"", Ymd, "1980-05-04"),
    ("1980-05-04T00:00:00", Ymd, "1980-05-04"),
    ("1980-05-04T00:00:00Z", Ymd, "1980-05-04"),
    ("1980-05-04T00:00:00.000Z", Ymd, "1980-05-04"),
    ("1980-05-04T00:00:00+02:00", Ymd, "1980-05-04"),
    ("1980-05-04 00:00:00", Ymd, "1980-05-04"),
    ("1980-05-04 00:00:00.0", Ymd, "1980-05-04"),
    ("1980-05-04T22:00:00Z", Ymd, "1980-05-05"),
    ("1980-12-31T23:00:00.000Z", Ymd, "1981-01-01"),
    ("1980-05-04T07:00:00Z", Ymd, "1980-05-04"),
    ("1980-17-04", Ymd, "1980-04-17"),
    ("1980-02-30", Ymd, ""),
    ("1980-02-29", Ymd, "1980-02-29"),
    ("1981-02-29", Ymd, ""),
    ("1980-13-13", Ymd, ""),
    // Day first, month first, open.
    ("25.01.1971", Ymd, "1971-01-25"),
    ("25.01.71", Dmy, "1971-01-25"),
    ("4.5.1980", Dmy, "1980-05-04"),
    ("4.5.1980", Ymd, "1980-05-04"),
    ("04. 05. 1980", Ymd, "1980-05-04"),
    ("04-05-1980", Dmy, "1980-05-04"),
    ("04-05-1980", Mdy, "1980-04-05"),
    ("04-05-1980", Ymd, "1980-05-04"),
    ("04/05/1980", Dmy, "1980-05-04"),
    ("04/05/1980", Mdy, "1980-04-05"),
    ("04/05/1980", Ymd, "1980-04-05"),
    ("25/05/1980", Ymd, "1980-05-25"),
    ("05/25/1980", Ymd, "1980-05-25"),
    ("25/05/1980", Mdy, "1980-05-25"),
    ("05/25/1980", Dmy, "1980-05-25"),
    ("25/25/1980", Dmy, ""),
    ("05/25/1980 00:00", Mdy, "1980-05-25"),
    ("5/25/1980 12:00:00 AM", Mdy, "1980-05-25"),
    ("04051980", Dmy, "1980-05-04"),
    ("04051980", Mdy, "1980-04-05"),
    ("25121980", Ymd, "1980-12-25"),
    // Two-digit years: births lie in the past.
    ("25/05/80", Dmy, "1980-05-25"),
    ("5/25/80", Mdy, "1980-05-25"),
    ("5/25/05", Mdy, "2005-05-25"),
    ("5/25/26", Mdy, "2026-05-25"),
    ("5/25/27", Mdy, "1927-05-25"),
    ("5/25/99", Mdy, "1999-05-25"),
    ("80-05-25", Ymd, "1980-05-25"),
    ("250580", Dmy, "1980-05-25"),
    ("052580", Mdy, "1980-05-25"),
    ("800525", Ymd, "1980-05-25"),
    // Names of months.
    ("29 Feb 2020", Ymd, "2020-02-29"),
    ("29-Feb-2020", Ymd, "2020-02-29"),
    ("29-FEB-80", Ymd, "1980-02-29"),
    ("Feb 29, 2020", Ymd, "2020-02-29"),
    ("February 29, 2020", Ymd, "2020-02-29"),
    ("29th February 2020", Ymd, "2020-02-29"),
    ("1st of March 1980", Ymd, "1980-03-01"),
    ("Friday, 4 May 1980", Ymd, "1980-05-04"),
    ("2020 Feb 29", Ymd, "2020-02-29"),
    ("4. Mai 1980", Ymd, "1980-05-04"),
    ("4. März 1980", Ymd, "1980-03-04"),
    ("4. Maerz 1980", Ymd, "1980-03-04"),
    ("3. Jänner 1980", Ymd, "1980-01-03"),
    ("24 Dez. 1980", Ymd, "1980-12-24"),
    ("4 mai 1980", Ymd, "1980-05-04"),
    ("1er août 1980", Ymd, "1980-08-01"),
    ("15 févr. 1980", Ymd, "1980-02-15"),
    ("25 décembre 1980", Ymd, "1980-12-25"),
    ("4 de mayo de 1980", Ymd, "1980-05-04"),
    ("3 ene 1980", Ymd, "1980-01-03"),
    ("4 maggio 1980", Ymd, "1980-05-04"),
    ("7 gen 1980", Ymd, "1980-01-07"),
    ("4 mei 1980", Ymd, "1980-05-04"),
    ("12 maart 1980", Ymd, "1980-03-12"),
    ("12 okt 1980", Ymd, "1980-10-12"),
    // Parts.
    ("1980", Ymd, "1980-00-00"),
    ("1980-05", Ymd, "1980-05-00"),
    ("05/1980", Mdy, "1980-05-00"),
    ("05.1980", Dmy, "1980-05-00"),
    ("198005", Ymd, "1980-05-00"),
    ("May 1980", Ymd, "1980-05-00"),
    ("1980-00-00", Ymd, "1980-00-00"),
    ("1980-05-00", Ymd, "1980-05-00"),
    ("05/12", Mdy, "0000-05-12"),
    ("05/12", Ymd, "0000-05-12"),
    ("05/12", Dmy, "0000-12-05"),
    ("25/12", Ymd, "0000-12-25"),
    ("02/29", Mdy, "0000-02-29"),
    ("--05-12", Ymd, "0000-05-12"),
    ("0000-05-12", Ymd, "0000-05-12"),
    ("1604-05-12", Ymd, "0000-05-12"),
    ("12 May", Ymd, "0000-05-12"),
    ("May 12", Ymd, "0000-05-12"),
    // Numbers.
    ("29221", Excel, "1980-01-01"),
    ("29221.0", Excel, "1980-01-01"),
    ("29221", Ymd, "1980-01-01"),
    ("59", Excel, "1900-02-28"),
    ("60", Excel, ""),
    ("61", Excel, "1900-03-01"),
    ("326246400", UnixSeconds, "1980-05-04"),
    ("-305596800", UnixSeconds, "1960-04-26"),
    ("326246400000", UnixMillis, "1980-05-04"),
    // Defaults of systems; 1 January is none by itself.
    ("1900-01-01", Ymd, "1900-01-01*"),
    ("01/01/1900", Mdy, "1900-01-01*"),
    ("01.01.1970", Dmy, "1970-01-01*"),
    ("1970-01-01T00:00:00Z", Ymd, "1970-01-01*"),
    ("1899-12-30", Ymd, "1899-12-30*"),
    ("1753-01-01", Ymd, "1753-01-01*"),
    ("0001-01-01", Ymd, "0001-01-01*"),
    ("9999-12-31", Ymd, "9999-12-31*"),
    ("1980-01-01", Ymd, "1980-01-01"),
    ("2000-01-01", Ymd, "2000-01-01"),
    // Long ago, and never.
    ("1840-05-06", Ymd, "1840-05-06"),
    ("06/05/1840", Dmy, "1840-05-06"),
    ("0742-04-02", Ymd, "0742-04-02"),
    ("-0044-03-15", Ymd, ""),
    ("2090-05-04", Ymd, ""),
    ("0000-00-00", Ymd, ""),
    ("00/00/0000", Mdy, ""),
    ("n/a", Ymd, ""),
    ("", Ymd, ""),
    ("unknown", Ymd, ""),
    ("12345", Dmy, "1933-10-18"),
    ("5", Ymd, ""),
    ("1980-05-04-01", Ymd, ""),
    ("555-12-3456", Ymd, ""),
    ("(415) 555-2671", Ymd, ""),
    ("4155552671", Dmy, ""),
];

#[test]
fn birth_dates() {
    let wrong: Vec<String> = BIRTHS
        .iter()
        .filter(|(text, order, want)| birth(text, *order) != *want)
        .map(|(text, order, want)| {
            format!("{text:?} {order:?}: {} instead of {want}", birth(text, *order))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(BIRTHS.len() >= 100, "{}", BIRTHS.len());
}

#[test]
fn timestamps() {
    const NOON: Option<i64> = Some(1_709_294_400); // 2024-03-01T12:00:00Z
    const DAY: Option<i64> = Some(1_709_251_200); // 2024-03-01
    for (text, order, want) in [
        ("2024-03-01T12:00:00Z", Ymd, NOON),
        ("2024-03-01T12:00:00", Ymd, NOON),
        ("2024-03-01T12:00:00.123456Z", Ymd, NOON),
        ("2024-03-01T14:00:00+02:00", Ymd, NOON),
        ("2024-03-01T14:00:00+0200", Ymd, NOON),
        ("2024-03-01T14:00:00+02", Ymd, NOON),
        ("2024-03-01T06:30:00-05:30", Ymd, NOON),
        ("2024-03-01 14:00:00 +0200", Ymd, NOON),
        ("2024-03-01 12:00:00 UTC", Ymd, NOON),
        ("2024-03-01 13:00:00 CET", Ymd, NOON),
        ("2024-03-01 07:00:00 EST", Ymd, NOON),
        ("2024-03-01 04:00 PST", Ymd, NOON),
        ("2024-03-01 12:00", Ymd, NOON),
        ("20240301120000", Ymd, NOON),
        ("3/1/2024 12:00 PM", Mdy, NOON),
        ("3/1/2024, 12:00:00 PM", Mdy, NOON),
        ("03/01/2024 12:00:00 pm", Mdy, NOON),
        ("1/3/2024 12:00", Dmy, NOON),
        ("01.03.2024 12:00", Dmy, NOON),
        ("01.03.2024, 12:00 Uhr", Dmy, NOON),
        ("01.03.2024 um 12:00", Dmy, NOON),
        ("Mar 1, 2024 12:00 PM", Ymd, NOON),
        ("1 March 2024 at 12:00", Ymd, NOON),
        ("Fri, 01 Mar 2024 12:00:00 GMT", Ymd, NOON),
        ("Fri, 01 Mar 2024 14:00:00 +0200", Ymd, NOON),
        ("1709294400", Ymd, NOON),
        ("1709294400", UnixSeconds, NOON),
        ("1709294400000", Ymd, NOON),
        ("1709294400000", UnixMillis, NOON),
        ("45352.5", Excel, NOON),
        ("45352", Excel, DAY),
        ("2024-03-01", Ymd, DAY),
        ("20240301", Ymd, DAY),
        ("3/1/2024", Mdy, DAY),
        ("1.3.24", Dmy, DAY),
        ("2024-03-01T00:00:00Z", Ymd, DAY),
        ("3/1/2024 12:00 AM", Mdy, DAY),
        ("2024-03", Ymd, None),
        ("2024", Ymd, None),
        ("0000-00-00 00:00:00", Ymd, None),
        ("0001-01-01T00:00:00Z", Ymd, None),
        ("1900-01-01 00:00:00", Ymd, None),
        ("2024-03-01T25:00:00Z", Ymd, None),
        ("2024-02-30T12:00:00Z", Ymd, None),
        ("never", Ymd, None),
        ("", Ymd, None),
        ("0", UnixSeconds, None),
    ] {
        assert_eq!(timestamp(text, order), want, "{text} {order:?}");
    }
}

#[test]
fn the_column_tells_the_order() {
    for (values, want) in [
        (&["2024-03-01", "2023-12-24"][..], Ymd),
        (&["01/02/2024", "25/12/2023", "03/04/2020"], Dmy),
        (&["01/02/2024", "12/25/2023", "03/04/2020"], Mdy),
        (&["01/02/2024", "03/04/2020"], Ymd),
        (&["01.02.2024", "03.04.2020"], Dmy),
        (&["25/12/2023", "25/11/2023", "12/25/2023"], Dmy),
        (&["05/25", "11/30", "02/03"], Mdy),
        (&["1709294400", "1709294401"], UnixSeconds),
        (&["1709294400000"], UnixMillis),
        (&["29221", "31000"], Excel),
        (&["", "n/a"], Ymd),
        (&[], Ymd),
    ] {
        assert_eq!(detect_order(values.iter().copied()), want, "{values:?}");
    }
}

#[test]
fn shapes() {
    for (text, date, time) in [
        ("1980-05-04", true, false),
        ("04.05.1980", true, false),
        ("5/4/80", true, false),
        ("4 May 1980", true, false),
        ("19800504", true, false),
        ("2024-03-01T12:00:00Z", true, true),
        ("3/1/2024 12:00 PM", true, true),
        ("1709294400", false, true),
        ("1709294400000", false, true),
        ("4155552671", false, false),
        ("415-555-2671", false, false),
        ("264-10-7639", false, false),
        ("1980", false, false),
        ("60649", false, false),
        ("12345678", false, false),
        ("Ann Lee", false, false),
        ("", false, false),
    ] {
        assert_eq!((looks_like_date(text), looks_like_timestamp(text)), (date, time), "{text}");
    }
}

proptest! {
    #[test]
    fn total(text in "\\PC*") {
        for order in [Ymd, Dmy, Mdy, UnixSeconds, UnixMillis, Excel] {
            let date = MappedDate { text: text.clone(), order };
            let _ = (parse_birth(&date), parse_timestamp(&date));
        }
        let _ = (looks_like_date(&text), looks_like_timestamp(&text), detect_order([text.as_str()].into_iter()));
    }

    #[test]
    fn number_like_texts_never_panic(text in "[-0-9/.: TZ+]{0,24}") {
        for order in [Ymd, Dmy, Mdy, UnixSeconds, UnixMillis, Excel] {
            let date = MappedDate { text: text.clone(), order };
            let _ = (parse_birth(&date), parse_timestamp(&date));
        }
    }

    #[test]
    fn iso_reads_as_itself(year in 1000_u16..2026, month in 1_u8..13, day in 1_u8..29) {
        let text = format!("{year:04}-{month:02}-{day:02}");
        prop_assume!(year != 1604);
        let read = birth(&text, Ymd);
        prop_assert_eq!(read.trim_end_matches('*'), text);
    }
}
