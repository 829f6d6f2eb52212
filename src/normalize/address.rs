//! Postal addresses into parts that compare: number, street, unit, box, town, region, postal code.

mod line;
mod postcode;
mod street;
#[cfg(test)]
mod tests;
mod text;
mod whole;

use crate::model::{Address, MappedAddress};
use crate::reference::country::country_code;
use crate::reference::fold;
use crate::reference::region::{region_code, region_display};
use crate::reference::street::{Style, lexicon, style};

use line::{Parts, Reader};
pub use postcode::looks_like_postcode;
use postcode::{by_shape, normalize_postcode};

/// Values that say that there is none. Folded.
const PLACEHOLDERS: &[&str] = &[
    "",
    "n a",
    "na",
    "none",
    "null",
    "nil",
    "nan",
    "unknown",
    "undefined",
    "not provided",
    "tbd",
    "x",
    "xx",
];

/// An address in canonical parts; `None` where nothing is said. `region` is the country that an
/// address without one is read as (the file's majority): it decides how lines are read, but
/// `country` stays empty. Streets lose types, directions and articles, numbers and units their words;
/// codes that platforms write into lines are deleted. O(length of the lines).
pub fn normalize_address(mapped: &MappedAddress, region: Option<[u8; 2]>) -> Option<Address> {
    let mut fields = Fields::of(mapped);
    if fields.full.is_some_and(|_| fields.line.is_empty() && fields.city.is_empty()) {
        let whole =
            whole::split_whole(&untagged(&mapped.full), country_code(&mapped.country).or(region));
        fields.fill(&whole);
    } else if let Some(full) = fields.full.filter(|_| fields.line.is_empty()) {
        fields.line = clean(full);
    }
    split_town(&mut fields);
    fields.drop_repeats();

    let country = country_code(&fields.country);
    let mut compact: String = fields.postcode.chars().filter(char::is_ascii_alphanumeric).collect();
    compact.make_ascii_lowercase();
    let read_as = country.or_else(|| by_shape(&compact)).or(region);
    let guess = || guess_style(&fields.line);
    let style = match (country, read_as) {
        (Some(country), _) => country_style(country, &fields.line),
        // A German line in a file of Americans.
        (None, Some(region)) => match country_style(region, &fields.line) {
            Style::English => guess(),
            style => style,
        },
        (None, None) => guess(),
    };

    let reader = Reader { style, country: read_as, number_given: !fields.number.is_empty() };
    let mut parts = Parts::default();
    if reader.number_given {
        reader.read_number(&fields.number, &mut parts);
    }
    reader.read_unit(&fields.unit, &mut parts);
    reader.read(&fields.line, &mut parts);
    reader.read(&fields.line2, &mut parts);
    if !fields.po_box.is_empty() {
        let digits: String = fold(&fields.po_box).chars().filter(char::is_ascii_digit).collect();
        parts.po_box = if digits.is_empty() { fold(&fields.po_box) } else { digits };
    }

    let (postcode, postcode_key) = normalize_postcode(&fields.postcode, read_as);
    let region_key = region_code(read_as, &fields.region);
    let shown_region = region_display(region_key.as_deref(), &fields.region);
    let address = Address {
        city_key: city_key(&fields.city, style),
        city: fields.city,
        region: shown_region,
        region_key: region_key.unwrap_or_else(|| fold(&fields.region)),
        postcode,
        postcode_key,
        country: country.and_then(|c| String::from_utf8(c.to_vec()).ok()).unwrap_or_default(),
        number: parts.number,
        street: parts.street,
        unit: parts.unit,
        po_box: parts.po_box,
        line: with_number(fields.line, &fields.number, style),
        line2: fields.line2,
        label: mapped.label.clone(),
    };
    let says_something = [
        &address.line,
        &address.line2,
        &address.city,
        &address.region,
        &address.postcode,
        &address.country,
        &address.po_box,
        &address.unit,
    ]
    .into_iter()
    .any(|part| !part.is_empty());
    says_something.then_some(address)
}

/// Whether a value, by its form alone, is the street line of an address: a house number and a word,
/// or a type of street, or a post-office box.
pub fn looks_like_street(text: &str) -> bool {
    let text = text.trim().trim_start_matches('\'');
    if text.len() < 5 || text.len() > 120 || text.contains(['@', ':', '=', '$', '€', '{']) {
        return false;
    }
    let style = guess_style(text);
    let reader = Reader { style, country: None, number_given: false };
    let mut parts = Parts::default();
    reader.read(text, &mut parts);
    if !parts.po_box.is_empty() {
        return true;
    }
    if parts.number.is_empty() || parts.number.len() > 8 {
        return false;
    }
    // Without a type a number and a word could be anything: `12 March 2020`, `3 items`.
    let prepared = text::prepare(text, style);
    let tokens = reader.tokens(&prepared);
    let words = lexicon(style);
    let grown = parts.street.len() == 1 && parts.street[0].len() > 6 && style != Style::English;
    grown || tokens.iter().any(|t| t.text.len() > 1 && words.roles(t.text).is_type())
}

/// The raw values, spaces collapsed and placeholders emptied.
struct Fields<'a> {
    full: Option<&'a str>,
    number: String,
    line: String,
    line2: String,
    unit: String,
    po_box: String,
    city: String,
    region: String,
    postcode: String,
    country: String,
}

impl<'a> Fields<'a> {
    fn of(mapped: &'a MappedAddress) -> Self {
        Self {
            full: Some(mapped.full.trim()).filter(|full| !full.is_empty()),
            number: clean(&mapped.number),
            line: clean(&mapped.line),
            line2: clean(&mapped.line2),
            unit: clean(&mapped.unit),
            po_box: clean(&mapped.po_box),
            city: clean(&mapped.city),
            region: clean(&mapped.region),
            postcode: clean(&mapped.postcode),
            country: clean(&mapped.country),
        }
    }

    fn fill(&mut self, whole: &MappedAddress) {
        for (mine, theirs) in [
            (&mut self.line, &whole.line),
            (&mut self.line2, &whole.line2),
            (&mut self.city, &whole.city),
            (&mut self.region, &whole.region),
            (&mut self.postcode, &whole.postcode),
            (&mut self.country, &whole.country),
        ] {
            if mine.is_empty() {
                *mine = clean(theirs);
            }
        }
    }

    /// Exports give a street once whole and once in lines: what the other line holds goes.
    fn drop_repeats(&mut self) {
        if self.line.is_empty() {
            self.line = std::mem::take(&mut self.line2);
            return;
        }
        if self.line2.is_empty() {
            return;
        }
        let (first, second) = (fold(&self.line), fold(&self.line2));
        if first == second || first.ends_with(&format!(" {second}")) {
            self.line2.clear();
        } else if second.starts_with(&format!("{first} ")) {
            self.line = std::mem::take(&mut self.line2);
        }
    }
}

/// Leading apostrophes, codes of platforms and doubled spaces go; line ends become `, `.
fn clean(raw: &str) -> String {
    let raw = raw.trim_end().trim_start_matches(|c: char| c == '\'' || c.is_whitespace());
    if raw.is_empty() {
        return String::new();
    }
    let mut out = if is_plain(raw) { raw.to_owned() } else { respaced(raw) };
    // Whatever commas the deleted codes and empty lines left.
    let kept = out.trim_end_matches([',', ' ']).trim_start_matches([',', ' ', '\'']);
    if kept.len() != out.len() {
        out = kept.to_owned();
    }
    // Most values are none, and folding costs.
    let may_be_none = matches!(
        out.as_bytes().first(),
        None | Some(b'n' | b'N' | b'u' | b'U' | b't' | b'T' | b'x' | b'X')
    ) || !out.starts_with(|c: char| c.is_alphanumeric());
    if may_be_none && out.len() <= 14 && PLACEHOLDERS.contains(&fold(&out).as_str()) {
        out.clear();
    }
    out
}

/// Whether there is nothing to respace: no code, and no white space but single spaces.
fn is_plain(raw: &str) -> bool {
    let mut last = b' ';
    raw.bytes().all(|byte| {
        let plain = (b' '..0x7f).contains(&byte) && byte != b':' && (byte, last) != (b' ', b' ');
        last = byte;
        plain
    })
}

fn respaced(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for (index, line) in raw.lines().enumerate() {
        for (at, word) in line.split_whitespace().filter(|word| !is_platform_tag(word)).enumerate()
        {
            if !out.is_empty() {
                out.push_str(if index > 0 && at == 0 { ", " } else { " " });
            }
            out.push_str(word);
        }
    }
    out
}

/// `ebay:zsqywfc`: a marketplace's name and a code of at least five letters and digits.
fn is_platform_tag(word: &str) -> bool {
    let Some((name, code)) = word.split_once(':') else { return false };
    let code = code.trim_end_matches([',', ';', '.']);
    name.len() >= 3
        && name.bytes().all(|b| b.is_ascii_alphabetic())
        && code.len() >= 5
        && code.bytes().all(|b| b.is_ascii_alphanumeric())
        && code.bytes().any(|b| b.is_ascii_alphabetic())
        && !matches!(
            name.to_ascii_lowercase().as_str(),
            "attn" | "att" | "suite" | "apt" | "unit" | "http" | "https"
        )
}

/// Codes of platforms deleted, spaces kept: they may be what divides the parts.
fn untagged(full: &str) -> String {
    if !full.contains(':') {
        return full.to_owned();
    }
    full.split(' ').filter(|word| !is_platform_tag(word)).collect::<Vec<_>>().join(" ")
}

/// `Springfield, IL` and `12345 Berlin` in the column for towns.
fn split_town(fields: &mut Fields<'_>) {
    if let Some((town, region)) = fields.city.rsplit_once(',') {
        let (town, region) = (town.trim(), region.trim());
        if !town.is_empty()
            && (2..=3).contains(&region.len())
            && region.bytes().all(|b| b.is_ascii_alphabetic())
            && (fields.region.is_empty() || fold(&fields.region) == fold(region))
        {
            region.clone_into(&mut fields.region);
            fields.city = town.to_owned();
        }
    }
    if fields.postcode.is_empty()
        && let Some((code, town)) = fields.city.split_once(' ')
        && code.starts_with(|c: char| c.is_ascii_digit())
        && looks_like_postcode(code)
        && !town.trim().is_empty()
    {
        code.clone_into(&mut fields.postcode);
        fields.city = town.trim().to_owned();
    }
}

/// The line with the house number that had a column of its own, where the country writes it.
fn with_number(line: String, number: &str, style: Style) -> String {
    if number.is_empty() || line.split([' ', ',']).any(|word| word.eq_ignore_ascii_case(number)) {
        return line;
    }
    match style {
        _ if line.is_empty() => number.to_owned(),
        Style::English | Style::French => format!("{number} {line}"),
        _ => format!("{line} {number}"),
    }
}

/// Switzerland and Belgium write several languages, Canada two.
fn country_style(country: [u8; 2], line: &str) -> Style {
    match &country {
        b"CH" | b"CA" => {
            let lower = line.to_lowercase();
            let mut words = lower.split([' ', ',', '.']).filter(|w| !w.is_empty());
            let first = words.find(|w| !w.starts_with(|c: char| c.is_ascii_digit())).unwrap_or("");
            match first {
                "rue" | "avenue" | "chemin" | "route" | "boulevard" | "place" | "quai"
                    if country == *b"CH" =>
                {
                    // Number last, as everywhere in Switzerland.
                    if lower.starts_with(|c: char| c.is_ascii_digit()) {
                        Style::French
                    } else {
                        Style::Dutch
                    }
                }
                "via" | "piazza" | "viale" | "corso" if country == *b"CH" => Style::Italian,
                "rue" | "chemin" | "montée" | "rang" | "côte" if country == *b"CA" => {
                    Style::French
                }
                _ => style(country),
            }
        }
        _ => style(country),
    }
}

/// The style that a line without any country seems to have.
fn guess_style(line: &str) -> Style {
    let number_first = line.starts_with(|c: char| c.is_ascii_digit());
    let folded = fold(line);
    let mut words = folded.split(' ').filter(|w| !w.starts_with(|c: char| c.is_ascii_digit()));
    let first = words.next().unwrap_or("");
    let front = match first {
        "rue" | "chemin" | "impasse" | "allee" | "bd" | "quai" => Some(Style::French),
        "avenue" | "av" | "boulevard" | "place" if number_first => {
            matches!(words.next(), Some("de" | "du" | "des" | "la" | "le" | "d"))
                .then_some(Style::French)
        }
        "via" | "viale" | "piazza" | "corso" | "vicolo" | "piazzale" if !number_first => {
            Some(Style::Italian)
        }
        "calle" | "avda" | "avenida" | "plaza" | "paseo" | "carretera" | "c" if !number_first => {
            Some(Style::Spanish)
        }
        "rua" | "travessa" | "praca" if !number_first => Some(Style::Portuguese),
        "ul" | "ulica" => Some(Style::Slavic),
        _ => None,
    };
    if let Some(style) = front {
        return style;
    }
    if number_first {
        return Style::English;
    }
    let is_number = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_digit()) && !word.ends_with(['t', 'h', 'd'])
    };
    let number_last =
        folded.rsplit(' ').take(2).any(is_number) || folded.ends_with(|c: char| c.is_ascii_digit());
    for word in folded.split(' ') {
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let ends = |endings: &[&str]| {
            endings.iter().any(|ending| word.len() > ending.len() + 2 && word.ends_with(ending))
        };
        if ends(&["strasse"]) || number_last && ends(&["str", "gasse", "platz", "allee", "weg"]) {
            return Style::German;
        }
        if number_last && matches!(word, "strasse" | "str") {
            return Style::German;
        }
        if ends(&["straat", "gracht"]) || number_last && ends(&["laan", "plein"]) {
            return Style::Dutch;
        }
        if ends(&["gatan", "vagen", "veien"]) || number_last && ends(&["gata", "vej", "gade"]) {
            return Style::Nordic;
        }
    }
    Style::English
}

/// A town's name without district, river, arrondissement and abbreviations.
fn city_key(city: &str, style: Style) -> String {
    if city.is_empty() {
        return String::new();
    }
    let end = city
        .char_indices()
        .find(|&(at, c)| at > 0 && matches!(c, '(' | '/' | '['))
        .map_or(city.len(), |(at, _)| at);
    let folded = fold(&city[..end]);
    let mut key = String::with_capacity(folded.len());
    for (index, word) in folded.split(' ').enumerate() {
        let word = match (style, word) {
            (Style::English | Style::French | Style::German, "st" | "sankt") => "saint",
            (Style::English | Style::French, "ste") => "sainte",
            (Style::English, "mt") => "mount",
            (Style::English, "ft") => "fort",
            (Style::English, "n" | "nth" | "no") if index == 0 => "north",
            (Style::English, "s" | "sth" | "so") if index == 0 => "south",
            (Style::English, "e") if index == 0 => "east",
            (Style::English, "w") if index == 0 => "west",
            (
                Style::German,
                "am" | "an" | "a" | "im" | "in" | "i" | "bei" | "b" | "ob" | "v" | "vor",
            ) if index > 0 => {
                break;
            }
            (Style::French, "cedex") => break,
            (Style::French, word)
                if index > 0 && word.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                break;
            }
            (_, word) => word,
        };
        if index > 0 {
            key.push(' ');
        }
        if matches!(style, Style::German | Style::Nordic) {
            key.push_str(&street::plain(word, style));
        } else {
            key.push_str(word);
        }
    }
    key
}
