//! Sizes, shares, durations and times as people write them.

use crate::model::Timestamp;

/// Bytes: `4G`, `4 GB`, `512MiB`, `1.5g`, `1048576`. Units are powers of 1024 as memory is sold;
/// `None` for anything else.
pub fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor: u64 = match unit.to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return None,
    };
    let bytes = number * factor as f64;
    (bytes < 9e18).then_some(bytes as u64)
}

/// A share from 0 to 1: `0.95`, `95%`, `95 %`.
pub fn parse_percent(text: &str) -> Option<f64> {
    let (number, unit) = split(text)?;
    let share = match unit {
        "" => number,
        "%" => number / 100.0,
        _ => return None,
    };
    (0.0..=1.0).contains(&share).then_some(share)
}

/// Seconds: `90s`, `15 min`, `12h`, `30 days`, `2w`, `6 months` (of 30 days), `2 years` (of 365).
pub fn parse_duration(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let seconds = match unit.to_ascii_lowercase().as_str() {
        "s" | "sec" | "second" | "seconds" => 1.0,
        "min" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        "month" | "months" => 2_592_000.0,
        "y" | "year" | "years" => 31_536_000.0,
        _ => return None,
    };
    let total = number * seconds;
    (total < 9e15).then_some(total as u64)
}

/// Seconds as a span that [`parse_duration`] reads, in the largest unit that fits: `2 years`.
pub fn duration_text(seconds: u64) -> String {
    for (unit, length) in [("year", 31_536_000), ("day", 86_400), ("hour", 3_600)] {
        if seconds >= length && seconds.is_multiple_of(length) {
            let n = seconds / length;
            return format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
        }
    }
    format!("{seconds} s")
}

/// A date (its first second, UTC) or a time: `2026-08-31`, `2026-08-31T12:00:00Z`,
/// `2026-08-31T12:00:00+02:00`.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(time.as_second()));
    }
    if let Ok(time) = text.parse::<jiff::civil::DateTime>() {
        return jiff::tz::Offset::UTC.to_timestamp(time).ok().map(|t| Timestamp(t.as_second()));
    }
    None
}

/// Number and unit; the number is finite and not negative.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).unwrap_or(text.len());
    let number: f64 = text[..end].replace('_', "").parse().ok()?;
    number.is_finite().then(|| (number, text[end..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("4G", Some(4 << 30)),
            ("4 GB", Some(4 << 30)),
            ("512MiB", Some(512 << 20)),
            ("1.5k", Some(1536)),
            ("1_048_576", Some(1 << 20)),
            ("700", Some(700)),
            ("-1", None),
            ("4 parrots", None),
            ("", None),
            ("1e30", None),
            ("99999999999T", None),
        ] {
            assert_eq!(parse_size(text), bytes, "{text}");
        }
    }

    #[test]
    fn shares_durations_times() {
        assert_eq!(parse_percent("95 %"), Some(0.95));
        assert_eq!(parse_percent("0.5"), Some(0.5));
        assert_eq!(parse_percent("95"), None);
        assert_eq!(parse_duration("2 years"), Some(63_072_000));
        assert_eq!(parse_duration("15min"), Some(900));
        assert_eq!(parse_duration("15"), None);
        for text in ["2 years", "1 day", "90 days", "36 hours", "61 s"] {
            assert_eq!(parse_duration(text).map(duration_text).as_deref(), Some(text));
        }
        assert_eq!(parse_time("1970-01-02"), Some(Timestamp(86_400)));
        assert_eq!(parse_time("1970-01-01T01:00:00+01:00"), Some(Timestamp(0)));
        assert_eq!(parse_time("31.12.2025"), None);
    }
}
