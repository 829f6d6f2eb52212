//! States, provinces and other first-level regions.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::country::rows;
use super::fold;

const REGIONS: &str = include_str!("../../data/reference/regions.csv");

/// Countries whose addresses are written with the region's code.
const WRITTEN_AS_CODE: [[u8; 2]; 8] =
    [*b"US", *b"CA", *b"AU", *b"IT", *b"BR", *b"CH", *b"MX", *b"IN"];

struct Regions {
    by_country: FxHashMap<([u8; 2], String), Option<String>>,
    /// Names that only one country has; `None` where several have it.
    by_name: FxHashMap<String, Option<String>>,
}

/// Folded key of a region: country and code (`us-il` for `Illinois`, `Ill.`, `IL`, `US-IL`). Without
/// a country a name that only one country has is enough; two letters are read as a state of the US
/// or a province of Canada, as almost every file that names no country means them. O(length).
pub fn region_code(country: Option<[u8; 2]>, text: &str) -> Option<String> {
    let key = fold(text);
    if key.is_empty() {
        return None;
    }
    let regions = regions();
    let Some(country) = country else {
        if key.len() == 2 {
            return [*b"US", *b"CA"]
                .into_iter()
                .find_map(|country| regions.look_up(country, &key));
        }
        if key.len() == 5 && key.as_bytes()[2] == b' ' {
            let bytes = key.as_bytes();
            let country = [bytes[0], bytes[1]].map(|b| b.to_ascii_uppercase());
            if let Some(code) = regions.look_up(country, &key[3..]) {
                return Some(code);
            }
        }
        return regions.by_name.get(&key).cloned().flatten();
    };
    if let Some(code) = regions.look_up(country, &key) {
        return Some(code);
    }
    let prefix = [country[0].to_ascii_lowercase(), country[1].to_ascii_lowercase(), b' '];
    let rest = key.as_bytes().strip_prefix(&prefix).and_then(|rest| str::from_utf8(rest).ok())?;
    regions.look_up(country, rest)
}

/// How a region is shown: its code where the country writes codes (`IL`), else the text as it stands.
/// `key` is what [`region_code`] gave for the text.
pub fn region_display(key: Option<&str>, text: &str) -> String {
    if let Some((country, code)) = key.and_then(|key| key.split_once('-')) {
        let country = country.to_ascii_uppercase();
        if WRITTEN_AS_CODE.iter().any(|c| c == country.as_bytes())
            && code.bytes().all(|b| b.is_ascii_alphabetic())
        {
            return code.to_ascii_uppercase();
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Regions {
    fn look_up(&self, country: [u8; 2], key: &str) -> Option<String> {
        // The map owns its keys: one small allocation a look-up, a million a run, is not worth more.
        self.by_country.get(&(country, key.to_owned())).cloned().flatten()
    }
}

fn regions() -> &'static Regions {
    static TABLE: OnceLock<Regions> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut by_country = FxHashMap::default();
        let mut by_name = FxHashMap::default();
        for row in rows(REGIONS) {
            let cell = |i| row.get(i).unwrap_or("");
            let Ok(country) = <[u8; 2]>::try_from(cell(0).as_bytes()) else { continue };
            let code = fold(cell(1));
            if code.is_empty() {
                continue;
            }
            let key = format!("{}-{}", cell(0).to_ascii_lowercase(), code.replace(' ', ""));
            // A code beats a name, an earlier source a later one.
            by_country.insert((country, code), Some(key.clone()));
            let name = fold(cell(2));
            if name.len() < 2 {
                continue;
            }
            for name in [name.replace(' ', ""), name] {
                by_country.entry((country, name.clone())).or_insert_with(|| Some(key.clone()));
                if name.len() >= 3 {
                    by_name
                        .entry(name)
                        .and_modify(|known: &mut Option<String>| {
                            if known.as_deref() != Some(&key) {
                                *known = None;
                            }
                        })
                        .or_insert_with(|| Some(key.clone()));
                }
            }
        }
        // Codes of three letters are as telling as names (`nsw`, `qld`).
        let codes: Vec<(String, String)> = by_country
            .iter()
            .filter(|((country, code), key)| {
                country == b"AU" && code.len() == 3 && key.as_deref().is_some_and(|k| k[3..] == *code)
            })
            .filter_map(|((_, code), key)| key.clone().map(|key| (code.clone(), key)))
            .collect();
        for (code, key) in codes {
            by_name.insert(code, Some(key));
        }
        for (name, key) in [("england", "gb-eng"), ("scotland", "gb-sct"), ("wales", "gb-wls")] {
            by_country.insert((*b"GB", name.to_owned()), Some(key.to_owned()));
        }
        Regions { by_country, by_name }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_codes_and_names() {
        for (country, raw, want) in [
            (Some(*b"US"), "IL", "us-il"),
            (Some(*b"US"), "il", "us-il"),
            (Some(*b"US"), "Illinois", "us-il"),
            (Some(*b"US"), "Ill.", "us-il"),
            (Some(*b"US"), "Calif.", "us-ca"),
            (Some(*b"US"), "US-NY", "us-ny"),
            (Some(*b"US"), "New York", "us-ny"),
            (Some(*b"US"), "N.Y.", "us-ny"),
            (Some(*b"US"), "DC", "us-dc"),
            (Some(*b"CA"), "Québec", "ca-qc"),
            (Some(*b"CA"), "ON", "ca-on"),
            (Some(*b"AU"), "NSW", "au-nsw"),
            (Some(*b"AU"), "Western Australia", "au-wa"),
            (Some(*b"DE"), "Bayern", "de-by"),
            (Some(*b"DE"), "NRW", "de-nw"),
            (Some(*b"IT"), "RM", "it-rm"),
            (None, "CA", "us-ca"),
            (None, "California", "us-ca"),
            (None, "ON", "ca-on"),
            (None, "nsw", "au-nsw"),
            (None, "US-TX", "us-tx"),
        ] {
            assert_eq!(region_code(country, raw).as_deref(), Some(want), "{raw}");
        }
        for (country, raw) in [(None, ""), (None, "zz"), (Some(*b"US"), "Bavaria"), (None, "-")] {
            assert_eq!(region_code(country, raw), None, "{raw}");
        }
    }

    #[test]
    fn shows_the_code_where_it_is_usual() {
        for (country, raw, want) in
            [(*b"US", "Illinois", "IL"), (*b"DE", "Bayern", "Bayern"), (*b"US", " Nowhere ", "Nowhere")]
        {
            let key = region_code(Some(country), raw);
            assert_eq!(region_display(key.as_deref(), raw), want);
        }
    }

    proptest! {
        #[test]
        fn total(text in "\\PC*") {
            let _ = region_code(None, &text);
            let key = region_code(Some(*b"US"), &text);
            let shown = region_display(key.as_deref(), &text);
            prop_assert_eq!(region_code(Some(*b"US"), &shown), key);
        }
    }
}
