//! Dates and times as people and programs write them.
//!
//! Numbers whose order is open are read by the column's order (decided once from the whole file, see
//! [`detect_order`]); where that makes no date, or the column has none, by what is possible, else by
//! the separator's habit: `.` and `-` day first, `/` month first.

use jiff::civil::Date;
use jiff::tz::Offset;

use crate::model::{BirthDate, DateOrder, MappedDate, Timestamp};
use crate::reference::placeholder;

use super::date_scan::{Scan, Word, scan};

/// Latest year in which a person of the data can be born; also the pivot of two-digit years. Fixed,
/// because the same file must always read the same.
const BIRTH_YEAR_MAX: i32 = 2030;

/// What one value says of a day: parts that are missing are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    year: i32,
    month: u8,
    day: u8,
}

/// A date of birth; `None` where the value is no date. Years alone, year and month, month and day
/// are kept with zeros. A default value of a system is marked as `sentinel`.
///
/// ```
/// use sameas::model::{DateOrder, MappedDate};
/// use sameas::normalize::date::parse_birth;
/// let read = |text: &str, order| parse_birth(&MappedDate { text: text.into(), order });
/// let birth = read("25.01.71", DateOrder::Dmy).unwrap();
/// assert_eq!((birth.year, birth.month, birth.day), (1971, 1, 25));
/// assert!(read("1900-01-01", DateOrder::Ymd).unwrap().sentinel);
/// ```
pub fn parse_birth(date: &MappedDate) -> Option<BirthDate> {
    let text = date.text.trim();
    let scan = scan(text)?;
    let mut parts = parts(&scan, date.order, true)?;
    // Midnight in Europe, stored in UTC, is the evening before.
    if scan.zone_seconds == Some(0)
        && scan.time.is_some_and(|(h, m, s)| (21..=23).contains(&h) && m == 0 && s == 0)
        && let Some(next) = civil(parts).and_then(|day| day.tomorrow().ok())
    {
        parts =
            Parts { year: next.year().into(), month: next.month() as u8, day: next.day() as u8 };
    }
    birth(parts)
}

fn birth(parts: Parts) -> Option<BirthDate> {
    let sentinel = is_default(parts);
    // 1604 and 0 stand for "no year" in address books.
    let year = if parts.year == 1604 && !sentinel { 0 } else { parts.year };
    if !sentinel && !(0..=BIRTH_YEAR_MAX).contains(&year) {
        return None;
    }
    let birth =
        BirthDate { year: u16::try_from(year).ok()?, month: parts.month, day: parts.day, sentinel };
    (birth.year > 0 || birth.month > 0).then_some(birth)
}

/// A point in time, in seconds; a date alone is its midnight, a time without zone is UTC. `None`
/// for partial dates and for systems' default values.
///
/// ```
/// use sameas::model::{DateOrder, MappedDate, Timestamp};
/// use sameas::normalize::date::parse_timestamp;
/// let date = MappedDate { text: "2024-03-01T12:00:00+02:00".into(), order: DateOrder::Ymd };
/// assert_eq!(parse_timestamp(&date), Some(Timestamp(1_709_287_200)));
/// ```
pub fn parse_timestamp(date: &MappedDate) -> Option<Timestamp> {
    let text = date.text.trim();
    let scan = scan(text)?;
    if let Some(seconds) = unix_seconds(&scan, date.order) {
        return (seconds != 0).then_some(Timestamp(seconds));
    }
    let parts = parts(&scan, date.order, false)?;
    if is_default(parts) {
        return None;
    }
    let (h, m, s) = match (scan.time, excel_time(&scan, date.order)) {
        (Some(time), _) | (None, Some(time)) => time,
        (None, None) => (0, 0, 0),
    };
    let time = civil(parts)?.at(h as i8, m as i8, s as i8, 0);
    let offset = Offset::from_seconds(scan.zone_seconds.unwrap_or(0)).ok()?;
    Some(Timestamp(offset.to_timestamp(time).ok()?.as_second()))
}

fn civil(parts: Parts) -> Option<Date> {
    Date::new(i16::try_from(parts.year).ok()?, parts.month as i8, parts.day as i8).ok()
}

fn is_default(parts: Parts) -> bool {
    (0..=9999).contains(&parts.year) && {
        let Parts { year, month, day } = parts;
        let digit = |n: u32| b'0' + (n % 10) as u8;
        let (year, month, day) = (year as u32, u32::from(month), u32::from(day));
        let iso = [
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
        ];
        std::str::from_utf8(&iso).is_ok_and(placeholder::is_default_date)
    }
}

/// Reads a scan as a day under the column's order. `birth` opens what only birth dates may be:
/// partial dates.
fn parts(scan: &Scan<'_>, order: DateOrder, birth: bool) -> Option<Parts> {
    let numbers = scan.numbers();
    if let Some(word) = scan.month {
        return with_month_name(numbers, word, birth);
    }
    match *numbers {
        [only] => single(only, scan, order, birth),
        [a, b] if birth => two(a, b, scan, order),
        [a, b, c] => three(a, b, c, scan, order, birth),
        _ => None,
    }
}

/// A day that exists; with `partial`, parts of 0 from the right (and a year of 0) may be missing.
fn checked(year: i32, month: u32, day: u32, partial: bool) -> Option<Parts> {
    let parts = Parts { year, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()? };
    let known_day = |year: i32| civil(Parts { year, ..parts }).is_some();
    let possible = match (year, month, day) {
        (1.., 1.., 1..) => known_day(year),
        (0, 1.., 1..) => partial && known_day(2000),
        (1.., 1..=12, 0) | (1.., 0, 0) => partial,
        _ => false,
    };
    (possible && year <= 9999).then_some(parts)
}

/// The year that one or two digits mean.
fn full_year(number: Word) -> i32 {
    let value = number.value as i32;
    match number.digits {
        1 | 2 if value + 2000 <= BIRTH_YEAR_MAX - 4 => 2000 + value,
        1 | 2 => 1900 + value,
        _ => value,
    }
}

fn three(
    a: Word,
    b: Word,
    c: Word,
    scan: &Scan<'_>,
    order: DateOrder,
    birth: bool,
) -> Option<Parts> {
    let ymd = || checked(a.value as i32, b.value, c.value, birth);
    let ydm = || checked(a.value as i32, c.value, b.value, false);
    let dmy = || checked(full_year(c), b.value, a.value, birth);
    let mdy = || checked(full_year(c), a.value, b.value, birth);
    // What address books write for no date: `0/0/00`.
    if a.value == 0 && b.value == 0 && (c.value == 0 || a.digits >= 3) {
        return None;
    }
    if a.digits >= 3 {
        let possible = || partly(a.value as i32, b.value, c.value).filter(|_| birth);
        return ymd().or_else(ydm).or_else(possible);
    }
    // A two-digit year first: only where nothing else is possible or the column says so.
    let short_ymd = || checked(full_year(a), b.value, c.value, false);
    let year_last = c.digits >= 3;
    match order {
        DateOrder::Ymd if year_last || a.value <= 31 => {
            if scan.separator == Some('/') { mdy().or_else(dmy) } else { dmy().or_else(mdy) }
                .or_else(short_ymd)
        }
        DateOrder::Ymd => short_ymd(),
        DateOrder::Mdy => {
            mdy().or_else(dmy).or_else(|| partly(full_year(c), a.value, b.value).filter(|_| birth))
        }
        _ => {
            dmy().or_else(mdy).or_else(|| partly(full_year(c), b.value, a.value).filter(|_| birth))
        }
    }
}

/// What is possible of a day that is not: a mistyped month or day leaves the rest.
fn partly(year: i32, month: u32, day: u32) -> Option<Parts> {
    if !(1000..=BIRTH_YEAR_MAX).contains(&year) {
        return None;
    }
    let month = if (1..=12).contains(&month) { month as u8 } else { 0 };
    // A day without its month, and a month without a day that it does not have.
    let day = if (1..=31).contains(&day) && month == 0 { day as u8 } else { 0 };
    Some(Parts { year, month, day })
}

/// Year and month, or month and day.
fn two(a: Word, b: Word, scan: &Scan<'_>, order: DateOrder) -> Option<Parts> {
    if a.digits >= 3 {
        return checked(a.value as i32, b.value, 0, true);
    }
    if b.digits >= 3 {
        return checked(b.value as i32, a.value, 0, true);
    }
    let day_first = || checked(0, b.value, a.value, true);
    let month_first = || checked(0, a.value, b.value, true);
    match (order, scan.separator) {
        (DateOrder::Dmy, _) | (DateOrder::Ymd, Some('.')) => day_first().or_else(month_first),
        _ => month_first().or_else(day_first),
    }
}

fn with_month_name(numbers: &[Word], month: u8, birth: bool) -> Option<Parts> {
    let month = u32::from(month);
    match *numbers {
        [a, b] if a.digits >= 3 => checked(a.value as i32, month, b.value, false),
        [a, b] => checked(full_year(b), month, a.value, false)
            .or_else(|| checked(full_year(a), month, b.value, false)),
        [only] if birth && only.digits >= 3 => checked(only.value as i32, month, 0, true),
        [only] if birth => checked(0, month, only.value, true),
        _ => None,
    }
}

/// One run of digits: a compact date, a year, a spreadsheet's day number, or a Unix time.
fn single(number: Word, scan: &Scan<'_>, order: DateOrder, birth: bool) -> Option<Parts> {
    if let Some(seconds) = unix_seconds(scan, order) {
        return day_of_unix(seconds);
    }
    if order == DateOrder::Excel {
        return excel_day(number.value);
    }
    let value = number.value;
    let compact = |year: u32, month: u32, day: u32| checked(year as i32, month, day, birth);
    match number.digits {
        14 | 12 if scan.compact_time.is_some() => {
            compact(value / 10_000, value / 100 % 100, value % 100)
        }
        8 => {
            let ymd = || compact(value / 10_000, value / 100 % 100, value % 100);
            let dmy = || compact(value % 10_000, value / 10_000 % 100, value / 1_000_000);
            let mdy = || compact(value % 10_000, value / 1_000_000, value / 10_000 % 100);
            match order {
                DateOrder::Dmy => dmy().or_else(mdy).or_else(ymd),
                DateOrder::Mdy => mdy().or_else(dmy).or_else(ymd),
                _ => ymd().filter(|parts| parts.year >= 1000).or_else(dmy).or_else(mdy).or_else(
                    || {
                        partly((value / 10_000) as i32, value / 100 % 100, value % 100)
                            .filter(|_| birth)
                    },
                ),
            }
        }
        6 => {
            let year = |two: u32| full_year(Word { value: two, digits: 2 });
            let (a, b, c) = (value / 10_000, value / 100 % 100, value % 100);
            match order {
                DateOrder::Dmy => checked(year(c), b, a, false),
                DateOrder::Mdy => checked(year(c), a, b, false),
                _ if birth && (1850..=BIRTH_YEAR_MAX as u32).contains(&(value / 100)) => {
                    checked((value / 100) as i32, c, 0, true)
                        .or_else(|| checked(year(a), b, c, false))
                }
                _ => checked(year(a), b, c, false),
            }
        }
        5 if (10_000..60_000).contains(&value) => excel_day(value),
        4 if birth && (1000..=BIRTH_YEAR_MAX as u32).contains(&value) => {
            checked(value as i32, 0, 0, true)
        }
        _ => None,
    }
}

/// Day of a spreadsheet's number: 1 is 1900-01-01, and 60 the 29 February that never was.
fn excel_day(serial: u32) -> Option<Parts> {
    if !(1..=2_958_465).contains(&serial) || serial == 60 {
        return None;
    }
    let days = i64::from(serial) - i64::from(serial > 60) - 1;
    let day =
        Date::new(1900, 1, 1).ok()?.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    Some(Parts { year: day.year().into(), month: day.month() as u8, day: day.day() as u8 })
}

/// Time of day behind the point of a spreadsheet's number.
fn excel_time(scan: &Scan<'_>, order: DateOrder) -> Option<(u8, u8, u8)> {
    if order != DateOrder::Excel {
        return None;
    }
    let seconds = (format!("0.{}", scan.fraction?).parse::<f64>().ok()? * 86_400.0).round() as u32;
    (seconds < 86_400).then_some((
        (seconds / 3600) as u8,
        (seconds / 60 % 60) as u8,
        (seconds % 60) as u8,
    ))
}

fn unix_seconds(scan: &Scan<'_>, order: DateOrder) -> Option<i64> {
    let number = scan.whole?;
    let seconds = match order {
        DateOrder::UnixSeconds => number,
        DateOrder::UnixMillis => number.div_euclid(1000),
        // Ten digits from 2001 to 2286, thirteen and sixteen likewise: nothing else looks so.
        DateOrder::Ymd | DateOrder::Dmy | DateOrder::Mdy if !scan.negative => {
            match scan.numbers().first()?.digits {
                10 if number >= 1_000_000_000 => number,
                13 if number >= 1_000_000_000_000 => number / 1000,
                16 if number >= 1_000_000_000_000_000 => number / 1_000_000,
                _ => return None,
            }
        }
        _ => return None,
    };
    // Within the calendar's own bounds, years 1 to 9999.
    (-62_135_596_800..=253_402_300_799).contains(&seconds).then_some(seconds)
}

fn day_of_unix(seconds: i64) -> Option<Parts> {
    let day = Offset::UTC.to_datetime(jiff::Timestamp::from_second(seconds).ok()?).date();
    Some(Parts { year: day.year().into(), month: day.month() as u8, day: day.day() as u8 })
}

/// The order that the values of a column use, from the values that leave no choice. Mixed columns
/// get the order of the majority; [`DateOrder::Ymd`] also stands for "open". O(values).
pub fn detect_order<'a>(values: impl Iterator<Item = &'a str>) -> DateOrder {
    let (mut day_first, mut month_first, mut dotted, mut other) =
        (0_usize, 0_usize, 0_usize, 0_usize);
    let (mut seconds, mut millis, mut excel) = (0_usize, 0_usize, 0_usize);
    for value in values {
        let Some(scan) = scan(value.trim()) else { continue };
        if scan.month.is_some() {
            other += 1;
            continue;
        }
        match *scan.numbers() {
            [Word { digits: 3.., .. }, _, ..] => other += 1,
            [a, b, ..] => {
                let (a_is_day, b_is_day) =
                    (a.value > 12 && a.value <= 31, b.value > 12 && b.value <= 31);
                match (a_is_day, b_is_day) {
                    (true, false) => day_first += 1,
                    (false, true) => month_first += 1,
                    _ if scan.separator == Some('.') => dotted += 1,
                    _ => {}
                }
            }
            [only] => match only.digits {
                10 if !scan.negative => seconds += 1,
                9 => seconds += 1,
                12 | 13 => millis += 1,
                5 => excel += 1,
                8 => other += 1,
                _ => {}
            },
            [] => {}
        }
    }
    let numeric = [
        (seconds, DateOrder::UnixSeconds),
        (millis, DateOrder::UnixMillis),
        (excel, DateOrder::Excel),
        (day_first + dotted, DateOrder::Dmy),
        (month_first, DateOrder::Mdy),
    ];
    let best = numeric.into_iter().max_by_key(|(count, _)| *count).unwrap_or((0, DateOrder::Ymd));
    if best.0 > 0 && best.0 >= other { best.1 } else { DateOrder::Ymd }
}

/// Whether a value has the shape of a date (with or without a time), not just of a number.
pub fn looks_like_date(text: &str) -> bool {
    let text = text.trim();
    let Some(scan) = scan(text) else { return false };
    let shaped = match *scan.numbers() {
        [only] => scan.month.is_some() || (only.digits == 8 && scan.whole.is_some()),
        [_, _] => scan.month.is_some(),
        [_, _, _] => true,
        _ => false,
    };
    shaped
        && parts(&scan, DateOrder::Ymd, false)
            .is_some_and(|parts| is_default(parts) || (1000..=2100).contains(&parts.year))
}

/// Whether a value has the shape of a point in time: a date with a time of day, or a Unix time of
/// the years 2001 to 2038.
pub fn looks_like_timestamp(text: &str) -> bool {
    let text = text.trim();
    let Some(scan) = scan(text) else { return false };
    if scan.time.is_some() || scan.compact_time.is_some() {
        return parts(&scan, DateOrder::Ymd, false).is_some();
    }
    unix_seconds(&scan, DateOrder::Ymd)
        .is_some_and(|at| (1_000_000_000..=2_147_483_647).contains(&at))
}
