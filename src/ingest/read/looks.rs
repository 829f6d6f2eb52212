//! Whether the first row of a table is one of its rows, and names no columns.

use super::header::Candidate;

/// What a cell looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Mail,
    Date,
    Phone,
    Number,
    Text,
}

/// The look of a cell; `None` where it is blank.
fn look(cell: &str) -> Option<Look> {
    let cell = cell.trim();
    if cell.is_empty() {
        return None;
    }
    if is_mail(cell) {
        return Some(Look::Mail);
    }
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let only = |others: &str| cell.chars().all(|c| c.is_ascii_digit() || others.contains(c));
    Some(if digits == 0 {
        Look::Text
    } else if is_date(cell) {
        Look::Date
    } else if (7..=15).contains(&digits)
        && only("+()-./ ")
        && (cell.starts_with(['+', '(', '0']) || cell.contains(['-', ' ', '/']))
    {
        Look::Phone
    } else if only("+-.,' %€$£") {
        Look::Number
    } else {
        Look::Text
    })
}

fn is_mail(cell: &str) -> bool {
    let Some((local, domain)) = cell.split_once('@') else { return false };
    let word = |part: &str| !part.contains(|c: char| c.is_whitespace() || "@,;:<>()".contains(c));
    let top =
        domain.rsplit_once('.').map_or("", |(host, top)| if host.is_empty() { "" } else { top });
    !local.is_empty() && word(local) && word(domain) && top.len() >= 2
}

/// Three numbers of a day, or such a day with a time behind it.
fn is_date(cell: &str) -> bool {
    let day = cell.split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day.trim_end_matches('.').split(['-', '/', '.']).collect();
    let number = |p: &&str| matches!(p.len(), 1 | 2 | 4) && p.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3
        && parts.iter().all(number)
        && parts.iter().filter(|p| p.len() == 4).count() <= 1
        && parts
            .iter()
            .all(|p| p.len() == 4 || p.parse::<u8>().is_ok_and(|n| n <= 31 || p.len() == 2))
        && day.len() >= 6
}

/// Whether these numbers could name columns: years, or counted on from 0 or 1.
fn are_names(numbers: &[&str]) -> bool {
    let values: Vec<u32> = numbers.iter().map_while(|n| n.trim().parse().ok()).collect();
    let counted = values.windows(2).all(|pair| pair[1] == pair[0] + 1);
    values.len() == numbers.len()
        && (values.iter().all(|v| (1900..2100).contains(v))
            || counted && values.first().is_some_and(|v| *v <= 1))
}

/// Whether the first of these records looks like the others rather than like names of columns.
///
/// A column of mail addresses, phone numbers, dates or numbers speaks for a row of values where its
/// first cell is one too, and for names where that is a word. A mail address or a phone number hardly
/// ever names a column of such; dates and numbers may, so two must agree and no word may object.
pub(super) fn is_headless(records: &[Candidate]) -> bool {
    let Some((header, rows)) = records.split_first() else { return false };
    let (mut sure, mut dates, mut words) = (0, 0, 0);
    let mut numbers: Vec<&str> = Vec::new();
    for (column, cell) in header.cells.iter().enumerate() {
        let Some(first) = look(cell) else { continue };
        let below: Vec<Look> = rows.iter().filter_map(|r| look(r.cells.get(column)?)).collect();
        let mostly = |test: &dyn Fn(Look) -> bool| {
            below.iter().filter(|look| test(**look)).count() * 5 >= below.len() * 4
        };
        let digits = |look| matches!(look, Look::Phone | Look::Number);
        let known = !below.is_empty();
        match first {
            Look::Mail if mostly(&|look| look == Look::Mail) => sure += 1,
            Look::Phone if known && mostly(&digits) => sure += 1,
            Look::Date if known && mostly(&|look| look == Look::Date) => dates += 1,
            Look::Number if known && mostly(&digits) => numbers.push(cell),
            Look::Text if known && mostly(&|look| look != Look::Text) => words += 1,
            _ => {}
        }
    }
    if sure > 0 {
        return sure + dates + numbers.len() > words;
    }
    let many = numbers.len() >= 2 && numbers.len() * 2 >= header.filled() && !are_names(&numbers);
    words == 0 && (many || dates > 0 && dates + numbers.len() >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headless(text: &str) -> bool {
        let cells = |line: &str| line.split(';').map(str::to_owned).collect();
        let records: Vec<Candidate> =
            text.lines().map(|l| Candidate { lines_before: 0, cells: cells(l) }).collect();
        is_headless(&records)
    }

    #[test]
    fn rows_of_values_are_told_from_names() {
        for text in [
            "1;Ann;Lee;ann@x.com\n2;Bo;Ray;bo@x.com",
            "ann@x.com\nbo@x.com",
            "ann@x.com",
            "1;Ann;ann@x.com\n2;Bo;\n3;Cy;",
            "Ann;Lee;+14155550101\nBo;Ray;+14155550102",
            "Ann;(415) 555-0101\nBo;4155550102",
            "1001;Ann;1980-03-12\n1002;Bo;1982-11-05",
            "1;Ann;ann@x.com;n/a\n2;Bo;bo@x.com;030 123456",
            "1001;Ann;10115\n1002;Bo;10117",
        ] {
            assert!(headless(text), "{text}");
        }
        for text in [
            "id;name;email\n1;Ann;ann@x.com",
            "id;name\n",
            "name;town\nAnn;Bonn",
            "Ann;Bonn\nBo;Köln",
            "name;2021;2022;2023\nAnn;1;2;3",
            "0;1;2\n7;8;9",
            "product;2024-01-01;2024-02-01\nx;3;4",
            "customer;ann@x.com;bo@x.com\nx;yes;no",
            "id;ask it@x.com;mail\n1;x;a@x.com",
            "id;it@shop.com;mail\n1;;a@x.com",
            "id;01/02/2024;mail\n1;x;a@x.com",
            "col1;col2\n1;2",
            "1;Ann\n2;Bo",
            "",
        ] {
            assert!(!headless(text), "{text}");
        }
    }

    #[test]
    fn looks_of_cells() {
        for (cell, wanted) in [
            ("a@x.com", Look::Mail),
            ("a@x", Look::Text),
            ("2024-01-31", Look::Date),
            ("31.1.2024", Look::Date),
            ("2024-01-31T10:00:00Z", Look::Date),
            ("+1 415 555 0101", Look::Phone),
            ("030/1234567", Look::Phone),
            ("1234567", Look::Number),
            ("12,50 €", Look::Number),
            ("Address 1", Look::Text),
            ("name", Look::Text),
        ] {
            assert_eq!(look(cell), Some(wanted), "{cell}");
        }
        assert_eq!(look("  "), None);
    }
}
