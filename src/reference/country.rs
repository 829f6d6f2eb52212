//! Countries: their codes, the ways people write them, their calling codes.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::fold;

const COUNTRIES: &str = include_str!("../../data/reference/countries.csv");
const COUNTRY_NAMES: &str = include_str!("../../data/reference/country_names.csv");

/// What `countries.csv` says; small, so that the common spellings never load the table of names.
#[derive(Default)]
struct Countries {
    by_code: FxHashMap<[u8; 2], Country>,
    by_iso3: FxHashMap<[u8; 3], [u8; 2]>,
    by_name: FxHashMap<String, [u8; 2]>,
}

struct Country {
    calling_code: Option<u16>,
}

/// ISO 3166-1 alpha-2 code (upper case) of a country as people write it: alpha-2 or alpha-3 code,
/// the name in some sixty languages, a local or short form (`UK`, `U.S.A.`, `Deutschland`), or the
/// sign on its cars that postal codes were long written with (`D`, `F`). A spelling that several
/// countries share gives `None`. O(length).
///
/// ```
/// use sameas::reference::country::country_code;
/// assert_eq!(country_code("Germany"), Some(*b"DE"));
/// assert_eq!(country_code("usa"), Some(*b"US"));
/// assert_eq!(country_code("Atlantis"), None);
/// ```
pub fn country_code(text: &str) -> Option<[u8; 2]> {
    let text = text.trim().trim_start_matches('\'');
    let countries = countries();
    match *text.as_bytes() {
        [] => return None,
        [a] => return plate_code(a.to_ascii_uppercase()),
        [a, b] if text.is_ascii() => {
            let code = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
            if countries.by_code.contains_key(&code) {
                return Some(code);
            }
            match &code {
                b"UK" => return Some(*b"GB"),
                b"EL" => return Some(*b"GR"),
                b"EN" => return None,
                _ => {}
            }
        }
        [a, b, c] if text.is_ascii() => {
            let code = [a, b, c].map(|byte| byte.to_ascii_uppercase());
            if let Some(&country) = countries.by_iso3.get(&code) {
                return Some(country);
            }
        }
        _ => {}
    }
    let key = name_key(text);
    if key.is_empty() {
        return None;
    }
    if let Some(&country) = countries.by_name.get(key.as_str()) {
        return Some(country);
    }
    if key.len() == 2 && text.contains('.') {
        // `U.K.`, `U.S.`: dots went, a code is left.
        if let Some(country) = country_code(&key) {
            return Some(country);
        }
    }
    names().get(key.as_str()).copied().flatten()
}

/// Calling code without `+`: 1 for the whole North American plan. `None` for an unknown country.
pub fn calling_code(country: [u8; 2]) -> Option<u16> {
    countries().by_code.get(&country)?.calling_code
}

/// Signs of cars: in addresses they stand alone or before a postal code (`D-10115`).
pub(crate) fn plate_code(letter: u8) -> Option<[u8; 2]> {
    Some(match letter {
        b'A' => *b"AT",
        b'B' => *b"BE",
        b'D' => *b"DE",
        b'E' => *b"ES",
        b'F' => *b"FR",
        b'H' => *b"HU",
        b'I' => *b"IT",
        b'L' => *b"LU",
        b'N' => *b"NO",
        b'P' => *b"PT",
        b'S' => *b"SE",
        _ => return None,
    })
}

/// Folded name without a leading article; single letters are joined (`U. S. A.` is `usa`).
fn name_key(text: &str) -> String {
    let folded = fold(text);
    let folded = folded.strip_prefix("the ").unwrap_or(&folded);
    let mut key = String::with_capacity(folded.len());
    let mut single_before = false;
    for word in folded.split(' ') {
        let single = word.len() == 1;
        if !key.is_empty() && !(single && single_before) {
            key.push(' ');
        }
        key.push_str(word);
        single_before = single;
    }
    key
}

fn countries() -> &'static Countries {
    static TABLE: OnceLock<Countries> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Countries::default();
        for row in rows(COUNTRIES) {
            let (Some(code), iso3) = (code2(row.get(0)), row.get(1).unwrap_or("").as_bytes()) else {
                continue;
            };
            if let &[a, b, c] = iso3 {
                table.by_iso3.insert([a, b, c], code);
            }
            for name in [row.get(2), row.get(3)].into_iter().flatten() {
                table.by_name.insert(name_key(name), code);
            }
            let calling_code = row.get(4).and_then(main_calling_code);
            table.by_code.insert(code, Country { calling_code });
        }
        for (name, code) in [
            ("america", *b"US"),
            ("england", *b"GB"),
            ("scotland", *b"GB"),
            ("wales", *b"GB"),
            ("northern ireland", *b"GB"),
            ("great britain", *b"GB"),
            ("deutschland", *b"DE"),
            ("brd", *b"DE"),
            ("holland", *b"NL"),
            ("nederland", *b"NL"),
            ("espana", *b"ES"),
            ("italia", *b"IT"),
            ("sverige", *b"SE"),
            ("schweiz", *b"CH"),
            ("osterreich", *b"AT"),
        ] {
            table.by_name.insert(name.to_owned(), code);
        }
        table
    })
}

/// `None` marks a spelling that several countries share.
fn names() -> &'static FxHashMap<String, Option<[u8; 2]>> {
    static TABLE: OnceLock<FxHashMap<String, Option<[u8; 2]>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: FxHashMap<String, Option<[u8; 2]>> = FxHashMap::default();
        for row in rows(COUNTRY_NAMES) {
            let (Some(code), Some(name)) = (code2(row.get(0)), row.get(2)) else { continue };
            let key = name_key(name);
            if key.len() < 2 {
                continue;
            }
            table
                .entry(key)
                .and_modify(|known| {
                    if *known != Some(code) {
                        *known = None;
                    }
                })
                .or_insert(Some(code));
        }
        table
    })
}

fn code2(cell: Option<&str>) -> Option<[u8; 2]> {
    cell?.as_bytes().try_into().ok()
}

/// The table writes the area code of a North American country into its calling code.
fn main_calling_code(cell: &str) -> Option<u16> {
    let first = cell.split(['|', ' ']).next()?;
    if first.starts_with('1') {
        return Some(1);
    }
    first.parse().ok()
}

/// Rows of a compiled-in table, without its header. The tables are ours: a damaged row is left out.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = csv::StringRecord> {
    csv::ReaderBuilder::new().flexible(true).from_reader(table.as_bytes()).into_records().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_codes_names_and_local_forms() {
        for (raw, want) in [
            ("US", "US"),
            ("us", "US"),
            ("USA", "US"),
            ("U.S.A.", "US"),
            ("U.S.", "US"),
            ("United States", "US"),
            ("United States of America", "US"),
            ("The United States", "US"),
            ("America", "US"),
            ("UK", "GB"),
            ("U.K.", "GB"),
            ("GBR", "GB"),
            ("England", "GB"),
            ("Great Britain", "GB"),
            ("Royaume-Uni", "GB"),
            ("Deutschland", "DE"),
            ("Allemagne", "DE"),
            ("D", "DE"),
            ("Österreich", "AT"),
            ("Oesterreich", "AT"),
            ("España", "ES"),
            ("Holland", "NL"),
            ("The Netherlands", "NL"),
            ("Niederlande", "NL"),
            ("Россия", "RU"),
            ("日本", "JP"),
            ("Sverige", "SE"),
            ("Côte d'Ivoire", "CI"),
            ("EL", "GR"),
            ("'US", "US"),
            ("Suisse", "CH"),
            ("Polska", "PL"),
            ("Danmark", "DK"),
            ("Norge", "NO"),
            ("Brasil", "BR"),
            ("México", "MX"),
            ("Éire", "IE"),
        ] {
            let got = country_code(raw).map(|c| String::from_utf8(c.to_vec()).unwrap());
            assert_eq!(got.as_deref(), Some(want), "{raw}");
        }
        for raw in ["", " ", "-", "Kongo", "Norfolk", "Atlantis", "12", "n/a", "en", "X"] {
            assert_eq!(country_code(raw), None, "{raw}");
        }
    }

    #[test]
    fn knows_calling_codes() {
        for (country, want) in
            [(b"US", 1), (b"CA", 1), (b"KN", 1), (b"GB", 44), (b"DE", 49), (b"RU", 7), (b"CI", 225)]
        {
            assert_eq!(calling_code(*country), Some(want));
        }
        assert_eq!(calling_code(*b"ZZ"), None);
    }

    proptest! {
        #[test]
        fn total(text in "\\PC*") {
            let _ = country_code(&text);
        }
    }
}
