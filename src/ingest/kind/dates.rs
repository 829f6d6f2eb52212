//! Which order a column of dates uses, decided from all of its values; and the seconds of a time.

use crate::model::{DateOrder, Timestamp};

/// What the values of a column say of their order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evidence {
    year_first: u64,
    day_first: u64,
    month_first: u64,
    /// Undecided: 03/04/2020, 3.4.2020, 03-04-2020.
    slash: u64,
    dot: u64,
    dash: u64,
    seconds: u64,
    millis: u64,
    excel: u64,
}

impl Evidence {
    pub(super) fn note(&mut self, text: &str) {
        let bytes = text.as_bytes();
        if !bytes.first().is_some_and(u8::is_ascii_digit) || bytes.len() > 40 {
            return;
        }
        let digits = bytes.iter().take_while(|c| c.is_ascii_digit()).count();
        if digits == bytes.len() {
            match digits {
                5 => self.excel += 1,
                8 => self.year_first += 1,
                10 => self.seconds += 1,
                13 => self.millis += 1,
                _ => {}
            }
            return;
        }
        if digits >= 3 {
            self.year_first += u64::from(digits == 4);
            return;
        }
        let separator = bytes[digits];
        if !b"/.-".contains(&separator) {
            return;
        }
        let mut parts = text.split(separator as char);
        let mut number = || parts.next().and_then(|part| part.trim().parse::<u32>().ok());
        match (number(), number()) {
            (Some(13..=31), Some(1..=12)) => self.day_first += 1,
            (Some(1..=12), Some(13..=31)) => self.month_first += 1,
            (Some(1..=12), Some(1..=12)) => match separator {
                b'/' => self.slash += 1,
                b'.' => self.dot += 1,
                _ => self.dash += 1,
            },
            _ => {}
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.year_first += other.year_first;
        self.day_first += other.day_first;
        self.month_first += other.month_first;
        self.slash += other.slash;
        self.dot += other.dot;
        self.dash += other.dash;
        self.seconds += other.seconds;
        self.millis += other.millis;
        self.excel += other.excel;
    }

    /// The order, if the values decide it.
    pub(super) fn decided(&self) -> Option<DateOrder> {
        if self.day_first + self.month_first > 0 {
            let order =
                if self.day_first >= self.month_first { DateOrder::Dmy } else { DateOrder::Mdy };
            return Some(order);
        }
        let undecided = self.slash + self.dash + self.dot;
        let best = [
            (self.seconds, DateOrder::UnixSeconds),
            (self.millis, DateOrder::UnixMillis),
            (self.excel, DateOrder::Excel),
        ];
        let (count, order) = best.into_iter().max_by_key(|(count, _)| *count)?;
        (count > 0 && count > undecided + self.year_first).then_some(order)
    }

    /// The order, decided or guessed: from the file's other columns, the separator, the region.
    pub(super) fn order(
        &self,
        file: Option<DateOrder>,
        region: Option<[u8; 2]>,
    ) -> Option<DateOrder> {
        if let Some(order) = self.decided() {
            return Some(order);
        }
        if self.slash + self.dot + self.dash == 0 {
            return None;
        }
        let guessed = match region {
            _ if self.dot >= self.slash.max(self.dash) => DateOrder::Dmy,
            Some(region) if !matches!(&region, b"US" | b"PH" | b"CA") => DateOrder::Dmy,
            _ if self.dash > self.slash => DateOrder::Dmy,
            _ => DateOrder::Mdy,
        };
        Some(file.unwrap_or(guessed))
    }
}

/// Seconds since 1970 of a date or time as written; a time without zone counts as UTC. `None` if it
/// cannot be read.
pub(super) fn timestamp(text: &str, order: DateOrder) -> Option<Timestamp> {
    let text = text.trim();
    let numeric = text.parse::<i64>().ok();
    match (order, numeric) {
        (DateOrder::UnixMillis, Some(number)) => return Some(Timestamp(number.div_euclid(1000))),
        (DateOrder::UnixSeconds, Some(number)) => return Some(Timestamp(number)),
        (DateOrder::Excel, _) if text.parse::<f64>().is_ok() => {
            let days: f64 = text.parse().ok()?;
            return Some(Timestamp(((days - 25_569.0) * 86_400.0).round() as i64));
        }
        _ => {}
    }
    if let Some(number) = numeric {
        return match text.len() {
            8 => seconds(number / 10_000, number / 100 % 100, number % 100, 0),
            10 => Some(Timestamp(number)),
            13 => Some(Timestamp(number / 1000)),
            16 => Some(Timestamp(number / 1_000_000)),
            _ => None,
        };
    }
    let split = text.find([' ', 'T']).unwrap_or(text.len());
    let (day, clock) = text.split_at(split);
    let separator = day.chars().find(|c| !c.is_ascii_digit())?;
    let mut numbers = day.split(separator).map(|part| part.parse::<i64>().ok());
    let (first, second, third) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let century = |year: i64| match year {
        0..=49 => year + 2000,
        50..=99 => year + 1900,
        year => year,
    };
    let (year, month, day) = if first > 31 {
        (first, second, third)
    } else if order == DateOrder::Mdy && first <= 12 || second > 12 {
        (century(third), first, second)
    } else {
        (century(third), second, first)
    };
    seconds(year, month, day, clock_seconds(clock.trim_start_matches(['T', ' ']))?)
}

/// `14:30`, `02:30:05.123 PM`, `09:15:00+02:00`, `10:00:00 -0400`, `10:00Z`; empty is 0.
fn clock_seconds(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(text.len());
    let mut numbers = text[..end].split(':').map(|part| part.parse::<i64>().ok());
    let (mut hour, minute) = (numbers.next()??, numbers.next()??);
    let second = numbers.next().flatten().unwrap_or(0);
    let rest = text[end..].trim_start_matches(|c: char| c == '.' || c == ',' || c.is_ascii_digit());
    let rest = rest.trim().to_ascii_uppercase();
    match rest.as_str() {
        "PM" if hour < 12 => hour += 12,
        "AM" if hour == 12 => hour = 0,
        _ => {}
    }
    let mut total = hour * 3600 + minute * 60 + second;
    if let Some(sign) = rest.chars().next().filter(|c| *c == '+' || *c == '-') {
        let digits: String = rest[1..].chars().filter(char::is_ascii_digit).collect();
        let offset = match digits.len() {
            2 => digits.parse::<i64>().ok()? * 3600,
            4 => digits[..2].parse::<i64>().ok()? * 3600 + digits[2..].parse::<i64>().ok()? * 60,
            _ => 0,
        };
        total -= if sign == '+' { offset } else { -offset };
    }
    Some(total)
}

/// Days of the civil calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
fn seconds(year: i64, month: i64, day: i64, clock: i64) -> Option<Timestamp> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    let days = year.div_euclid(400) * 146_097 + day_of_era - 719_468;
    Some(Timestamp(days * 86_400 + clock))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_decided_by_the_whole_column() {
        for (values, region, want) in [
            (&["03/04/2020", "25/12/2020"] as &[&str], None, Some(DateOrder::Dmy)),
            (&["03/04/2020", "12/25/2020"], None, Some(DateOrder::Mdy)),
            (&["03.04.2020"], None, Some(DateOrder::Dmy)),
            (&["03/04/2020"], Some(*b"GB"), Some(DateOrder::Dmy)),
            (&["03/04/2020"], None, Some(DateOrder::Mdy)),
            (&["2020-01-02"], None, None),
            (&["1709648520"], None, Some(DateOrder::UnixSeconds)),
            (&["1709648520000"], None, Some(DateOrder::UnixMillis)),
            (&["19801231", "10/10/1979", "04/29/1998"], None, Some(DateOrder::Mdy)),
            (&["x", ""], None, None),
        ] {
            let mut evidence = Evidence::default();
            values.iter().for_each(|value| evidence.note(value));
            assert_eq!(evidence.order(None, region), want, "{values:?}");
        }
    }

    #[test]
    fn times_become_seconds() {
        for (text, order, want) in [
            ("1970-01-02", DateOrder::Ymd, Some(86_400)),
            ("1970-01-01T01:00:00Z", DateOrder::Ymd, Some(3600)),
            ("2024-05-01 09:58:12 +0000", DateOrder::Ymd, Some(1_714_557_492)),
            ("2024-05-01 05:58:12 -0400", DateOrder::Ymd, Some(1_714_557_492)),
            ("2024-05-01T11:58:12.123+02:00", DateOrder::Ymd, Some(1_714_557_492)),
            ("2024-03-01T09:15:00.000+0000", DateOrder::Ymd, Some(1_709_284_500)),
            ("1/2/1970", DateOrder::Mdy, Some(86_400)),
            ("02.01.1970", DateOrder::Dmy, Some(86_400)),
            ("3/15/2024 2:30 PM", DateOrder::Mdy, Some(1_710_513_000)),
            ("1709648520", DateOrder::UnixSeconds, Some(1_709_648_520)),
            ("1709648520000000", DateOrder::Ymd, Some(1_709_648_520)),
            ("25570", DateOrder::Excel, Some(86_400)),
            ("soon", DateOrder::Ymd, None),
            ("2024-13-45", DateOrder::Ymd, None),
        ] {
            assert_eq!(timestamp(text, order).map(|t| t.0), want, "{text}");
        }
    }
}
