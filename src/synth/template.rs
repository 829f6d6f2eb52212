//! Cells as a layout writes them: text with fields in braces.
//!
//! `{given}` is a field of the record; `{created:YYYY-MM-DD}` a date after a picture; `{a|b|c}` one
//! of them; `{##}` random digits; `{person:Yes,No}` depends on whom the record is of; `{id_in:a,b}`
//! is the id of the same one in another file, the first that has any, `{employer_id_in:a}` that of
//! the company. A cell whose first field is empty stays empty. In JSON a text that is JSON by itself
//! stands as it is, and so does what follows a `#`.

use std::collections::BTreeMap;

use super::picture::Picture;

/// What a record knows; the place of a value in [`Values`](super::record::Values).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    OtherId,
    Title,
    Given,
    Family,
    /// Given and family name, or the company.
    Full,
    /// At times `FAMILY, GIVEN`.
    Reversed,
    Email,
    Phone,
    SecondPhone,
    /// Street and unit.
    Line,
    Street,
    Unit,
    City,
    Region,
    RegionName,
    Postcode,
    Country,
    CountryName,
    /// The country, whether or not an address is given.
    OwnCountry,
    Company,
    Website,
    Vat,
    /// Fingerprint of a bank card.
    Card,
}

/// Number of fields.
pub(super) const FIELDS: usize = Field::Card as usize + 1;

const NAMES: [(&str, Field); FIELDS] = [
    ("id", Field::Id),
    ("other_id", Field::OtherId),
    ("title", Field::Title),
    ("given", Field::Given),
    ("family", Field::Family),
    ("full", Field::Full),
    ("reversed", Field::Reversed),
    ("email", Field::Email),
    ("phone", Field::Phone),
    ("second_phone", Field::SecondPhone),
    ("line", Field::Line),
    ("street", Field::Street),
    ("unit", Field::Unit),
    ("city", Field::City),
    ("region", Field::Region),
    ("region_name", Field::RegionName),
    ("postcode", Field::Postcode),
    ("country", Field::Country),
    ("country_name", Field::CountryName),
    ("own_country", Field::OwnCountry),
    ("company", Field::Company),
    ("website", Field::Website),
    ("vat", Field::Vat),
    ("card", Field::Card),
];

/// A time of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Created,
    Changed,
    Birth,
}

/// A part of a cell.
#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    Field(Field),
    Date(Moment, Vec<DatePart>),
    Choice(Vec<String>),
    Digits(Picture),
    /// For persons, for companies.
    Kind(String, String),
    /// Id of the same person or company in the first of these files that has one.
    IdIn(Vec<usize>),
    /// Id of the person's company in the first of these files.
    EmployerIdIn(Vec<usize>),
}

/// A part of a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DatePart {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Text(String),
}

const DATE_PARTS: [(&str, DatePart); 6] = [
    ("YYYY", DatePart::Year),
    ("MM", DatePart::Month),
    ("DD", DatePart::Day),
    ("hh", DatePart::Hour),
    ("mm", DatePart::Minute),
    ("ss", DatePart::Second),
];

/// A cell.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) pieces: Vec<Piece>,
    /// For JSON: whether it is written without quotes.
    pub(super) raw: bool,
}

impl Template {
    /// Reads a cell's text; `files` are the places of the files by source.
    pub(super) fn parse(text: &str, files: &BTreeMap<&str, usize>) -> Result<Self, String> {
        let (text, raw) = match text.strip_prefix('#') {
            Some(rest) if rest.starts_with('{') => (rest, true),
            _ => (text, is_json(text)),
        };
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find('{').filter(|_| !is_json(text)) {
            let end = rest[start..].find('}').ok_or("a brace is not closed")? + start;
            if start > 0 {
                pieces.push(Piece::Text(rest[..start].to_owned()));
            }
            pieces.push(piece(&rest[start + 1..end], files)?);
            rest = &rest[end + 1..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        // `#{…}` outside JSON is a number sign before a field.
        if raw && text.starts_with('{') && !is_json(text) {
            pieces.insert(0, Piece::Text("#".to_owned()));
        }
        Ok(Self { pieces, raw })
    }

    /// The pieces to write in JSON, where a number sign in front only says that no quotes are meant.
    pub(super) fn json_pieces(&self) -> &[Piece] {
        match self.pieces.first() {
            Some(Piece::Text(text)) if self.raw && text == "#" => &self.pieces[1..],
            _ => &self.pieces,
        }
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok()
}

fn piece(text: &str, files: &BTreeMap<&str, usize>) -> Result<Piece, String> {
    if let Some((_, field)) = NAMES.iter().find(|(name, _)| *name == text) {
        return Ok(Piece::Field(*field));
    }
    if text.contains('|') {
        return Ok(Piece::Choice(text.split('|').map(str::to_owned).collect()));
    }
    if !text.is_empty() && text.chars().all(|c| "#%@*^".contains(c)) {
        return Ok(Piece::Digits(Picture::new(text)));
    }
    let (name, rest) = text.split_once(':').ok_or_else(|| format!("no field is called {text}"))?;
    let places = || {
        let place = |source: &str| {
            files.get(source).copied().ok_or_else(|| format!("no file is called {source}"))
        };
        rest.split(',').map(place).collect::<Result<Vec<usize>, String>>()
    };
    Ok(match name {
        "created" => Piece::Date(Moment::Created, date_parts(rest)),
        "changed" => Piece::Date(Moment::Changed, date_parts(rest)),
        "birth" => Piece::Date(Moment::Birth, date_parts(rest)),
        "person" => {
            let (person, company) = rest.split_once(',').ok_or("write {person:A,B}")?;
            Piece::Kind(person.to_owned(), company.to_owned())
        }
        "id_in" => Piece::IdIn(places()?),
        "employer_id_in" => Piece::EmployerIdIn(places()?),
        _ => return Err(format!("no field is called {name}")),
    })
}

fn date_parts(picture: &str) -> Vec<DatePart> {
    let mut parts = Vec::new();
    let mut rest = picture;
    while let Some(next) = rest.chars().next() {
        if let Some((mark, part)) = DATE_PARTS.iter().find(|(mark, _)| rest.starts_with(mark)) {
            parts.push(part.clone());
            rest = &rest[mark.len()..];
        } else {
            match parts.last_mut() {
                Some(DatePart::Text(text)) => text.push(next),
                _ => parts.push(DatePart::Text(next.to_string())),
            }
            rest = &rest[next.len_utf8()..];
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_choices_and_dates() {
        let files = BTreeMap::from([("shop", 3)]);
        let shape = |text: &str| format!("{:?}", Template::parse(text, &files).unwrap().pieces);
        assert_eq!(shape("'{id}"), "[Text(\"'\"), Field(Id)]");
        assert_eq!(shape("{a|b}"), "[Choice([\"a\", \"b\"])]");
        assert_eq!(shape("{birth:DD.MM}"), "[Date(Birth, [Day, Text(\".\"), Month])]");
        assert_eq!(shape("{id_in:shop}"), "[IdIn([3])]");
        for wrong in ["{nothing}", "{id", "{id_in:nowhere}", "{person:x}"] {
            assert!(Template::parse(wrong, &files).is_err(), "{wrong}");
        }
    }

    #[test]
    fn json_by_itself_and_marked_numbers_stand_without_quotes() {
        let raw = |text: &str| Template::parse(text, &BTreeMap::new()).unwrap().raw;
        assert!(raw("{}") && raw("[]") && raw("true") && raw("1") && raw("#{id}") && raw("\"\""));
        assert!(!raw("{id}") && !raw("en-US") && !raw(""));
        let order = Template::parse("#{id}", &BTreeMap::new()).unwrap();
        assert_eq!((order.pieces.len(), order.json_pieces().len()), (2, 1));
    }
}
