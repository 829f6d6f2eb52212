//! Words of postal addresses: street types, directions, unit designators, per language.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::country::rows;
use super::fold;

const WORDS: &str = include_str!("../../data/reference/address_words.csv");
const US_ABBREVIATIONS: &str = include_str!("../../data/reference/us_address_abbreviations.csv");

/// How the streets of a country are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `12 N Main St Apt 4`: number first, type last.
    English,
    /// `12 rue de la Paix`: number first, type before the name.
    French,
    /// `Hauptstraße 12`: number last, type grown to the name.
    German,
    /// `Kerkstraat 12-A`.
    Dutch,
    /// `Storgatan 12`, `Søndergade 12`.
    Nordic,
    /// `Calle Mayor 12, 3º B`: number last, type before the name.
    Spanish,
    /// `Via Roma 12/A`.
    Italian,
    /// `Rua Augusta 12, 3.º Esq.`
    Portuguese,
    /// `ul. Parkowa 12/34`; also the neighbours that write number last.
    Slavic,
}

/// Styles in the order of [`Style`], with the languages whose words they use.
const STYLES: [(Style, &[&str]); 9] = [
    (Style::English, &["en"]),
    (Style::French, &["fr"]),
    (Style::German, &["de"]),
    (Style::Dutch, &["nl"]),
    (Style::Nordic, &["sv", "da", "nb"]),
    (Style::Spanish, &["es", "ca", "gl"]),
    (Style::Italian, &["it"]),
    (Style::Portuguese, &["pt"]),
    (Style::Slavic, &["pl", "cs", "sk"]),
];

/// What a word may be; several at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles(u8);

impl Roles {
    const TYPE: u8 = 1;
    const DIRECTION: u8 = 2;
    const UNIT: u8 = 4;
    const ALONE: u8 = 8;
    const LEVEL: u8 = 16;
    const ARTICLE: u8 = 32;
    const NUMBER: u8 = 64;

    /// Street, Weg, rue.
    pub fn is_type(self) -> bool {
        self.0 & Self::TYPE != 0
    }

    /// North, SW.
    pub fn is_direction(self) -> bool {
        self.0 & Self::DIRECTION != 0
    }

    /// Apt, Whg., bâtiment: a value follows.
    pub fn is_unit(self) -> bool {
        self.0 & Self::UNIT != 0
    }

    /// Penthouse, EG, bajo: a unit by itself.
    pub fn is_alone(self) -> bool {
        self.0 & Self::ALONE != 0
    }

    /// Floor, OG, piso: a value stands before or after it.
    pub fn is_level(self) -> bool {
        self.0 & Self::LEVEL != 0
    }

    /// de, la, der: of no weight.
    pub fn is_article(self) -> bool {
        self.0 & Self::ARTICLE != 0
    }

    /// No., Nr., n.: the house number follows.
    pub fn is_number(self) -> bool {
        self.0 & Self::NUMBER != 0
    }

    /// Whether it says anything of the inside of a house.
    pub fn is_inside(self) -> bool {
        self.0 & (Self::UNIT | Self::ALONE | Self::LEVEL) != 0
    }
}

/// The words of one style, folded.
pub struct Lexicon {
    words: FxHashMap<String, (Roles, Box<str>)>,
}

impl std::fmt::Debug for Lexicon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lexicon({} words)", self.words.len())
    }
}

impl Lexicon {
    /// What a folded word may be.
    pub fn roles(&self, word: &str) -> Roles {
        self.words.get(word).map_or(Roles(0), |(roles, _)| *roles)
    }

    /// The whole word of a street type's abbreviation; the word itself where it is none.
    pub fn canonical<'a>(&'a self, word: &'a str) -> &'a str {
        match self.words.get(word) {
            Some((roles, canonical)) if roles.is_type() => canonical,
            _ => word,
        }
    }

    fn add(&mut self, word: &str, role: u8, canonical: &str) {
        let word = fold(word);
        if word.is_empty() || word.contains(' ') || word.bytes().all(|b| b.is_ascii_digit()) {
            return;
        }
        let entry = self.words.entry(word).or_default();
        entry.0.0 |= role;
        if role == Roles::TYPE && entry.1.is_empty() {
            entry.1 = fold(canonical).replace(' ', "").into_boxed_str();
        }
    }
}

/// How a country writes its streets; English where nothing better is known.
pub fn style(country: [u8; 2]) -> Style {
    match &country {
        b"FR" | b"LU" | b"MC" | b"RE" | b"GP" | b"MQ" | b"GF" | b"DZ" | b"MA" | b"TN" | b"SN" | b"CI" => {
            Style::French
        }
        b"DE" | b"AT" | b"CH" | b"LI" => Style::German,
        b"NL" | b"BE" | b"SR" => Style::Dutch,
        b"SE" | b"DK" | b"NO" | b"FI" | b"IS" | b"EE" | b"AX" | b"FO" => Style::Nordic,
        b"ES" | b"MX" | b"AR" | b"CL" | b"CO" | b"PE" | b"VE" | b"EC" | b"BO" | b"UY" | b"PY" | b"CR"
        | b"PA" | b"GT" | b"HN" | b"SV" | b"NI" | b"DO" | b"CU" | b"AD" => Style::Spanish,
        b"IT" | b"SM" | b"VA" => Style::Italian,
        b"PT" | b"BR" | b"AO" | b"MZ" => Style::Portuguese,
        b"PL" | b"CZ" | b"SK" | b"HU" | b"RO" | b"BG" | b"HR" | b"SI" | b"RS" | b"BA" | b"ME" | b"MK"
        | b"UA" | b"RU" | b"BY" | b"LT" | b"LV" | b"GR" | b"TR" => Style::Slavic,
        _ => Style::English,
    }
}

/// The words of a style.
pub fn lexicon(style: Style) -> &'static Lexicon {
    static TABLE: OnceLock<Vec<Lexicon>> = OnceLock::new();
    &TABLE.get_or_init(build)[style as usize]
}

/// Entries of the table that do more harm than good: each is mostly something else.
const LEFT_OUT: &[&str] = &[
    "se", "o", "su", "str", "u", "l", "van", "sign", "we", "ho", "hs", "stop", "club", "hall", "of", "no",
    "or", "the", "in", "off", "a", "i", "site", "store", "pier", "lease", "mb", "ext", "to", "est", "s",
    "co", "res", "su", "port", "rear", "front", "hotel", "house", "hse", "villa", "farm",
];

fn build() -> Vec<Lexicon> {
    let mut table: Vec<Lexicon> =
        STYLES.iter().map(|_| Lexicon { words: FxHashMap::default() }).collect();
    add_own(&mut table);
    for row in rows(US_ABBREVIATIONS) {
        let cell = |i| row.get(i).unwrap_or("");
        let english = &mut table[Style::English as usize];
        match cell(0) {
            "street_suffix" => {
                for form in [cell(1), cell(2), cell(3)] {
                    english.add(form, Roles::TYPE, cell(3));
                }
            }
            "unit" | "occupancy" | "secondary" => english.add(cell(1), Roles::UNIT, ""),
            _ => {}
        }
    }
    for row in rows(WORDS) {
        let cell = |i| row.get(i).unwrap_or("");
        let role = match cell(0) {
            "street_types" | "concatenated_suffixes_separable" => Roles::TYPE,
            "directionals" => Roles::DIRECTION,
            "unit_types_numbered" | "building_types" | "staircases" | "entrances" => Roles::UNIT,
            "unit_types_standalone" | "level_types_standalone" | "level_types_basement"
            | "unit_directions" => Roles::ALONE,
            "level_types_numbered" => Roles::LEVEL,
            _ => continue,
        };
        let Some(style) = STYLES.iter().position(|(_, languages)| languages.contains(&cell(1))) else {
            continue;
        };
        for form in std::iter::once(cell(2)).chain(cell(3).split('|')) {
            let folded = fold(form);
            let inside = role != Roles::TYPE && role != Roles::DIRECTION;
            // A lone letter is a value more often than a word, but for compass points.
            let short = folded.len() < 2 && !(role == Roles::DIRECTION && cell(1) == "en");
            if short || (inside && LEFT_OUT.contains(&folded.as_str())) {
                continue;
            }
            table[style].add(form, role, cell(2));
        }
    }
    // `c` and `ctr` are "center" to the table, `upper` and `lower` parts of names.
    let english = &mut table[Style::English as usize];
    for word in ["c", "cn", "ctr", "center", "centre", "central", "upper", "lower", "middle", "no", "up"] {
        if let Some((roles, _)) = english.words.get_mut(word) {
            roles.0 &= !Roles::DIRECTION;
        }
    }
    table
}

fn add_own(table: &mut [Lexicon]) {
    let mut add = |style: Style, role: u8, words: &str| {
        for entry in words.split(' ') {
            let (word, canonical) = entry.split_once('=').unwrap_or((entry, entry));
            table[style as usize].add(word, role, canonical);
        }
    };
    use Style::{Dutch, English, French, German, Italian, Nordic, Portuguese, Slavic, Spanish};
    add(English, Roles::TYPE, "st=street street str=street ave=avenue av=avenue rd=road dr=drive");
    add(English, Roles::TYPE, "ln=lane ct=court pl=place blvd=boulevard ter=terrace terr=terrace");
    add(English, Roles::TYPE, "cir=circle pkwy=parkway hwy=highway sq=square cres=crescent cl=close");
    add(English, Roles::TYPE, "gdns=gardens gr=grove rte=route rt=route trl=trail wy=way stravenue");
    add(English, Roles::UNIT, "apt apartment suite ste unit flat room rm bldg building fl floor lot spc");
    add(English, Roles::UNIT, "space trlr trailer level shop office block slip dept door studio tower");
    add(English, Roles::LEVEL, "floor fl flr level");
    add(English, Roles::ALONE, "penthouse ph basement bsmt rear");
    add(English, Roles::NUMBER, "no nr number num");
    add(English, Roles::DIRECTION, "north south east west northeast northwest southeast southwest");
    add(English, Roles::DIRECTION, "n s e w ne nw se sw");
    add(French, Roles::TYPE, "r=rue rue av=avenue ave=avenue avenue bd=boulevard bld=boulevard");
    add(French, Roles::TYPE, "blvd=boulevard boulevard pl=place place chem=chemin che=chemin chemin");
    add(French, Roles::TYPE, "imp=impasse impasse all=allee allee rte=route route quai cours sq=square");
    add(French, Roles::TYPE, "fg=faubourg faubourg fbg=faubourg lieudit cite clos hameau sentier");
    add(French, Roles::ARTICLE, "de la le les du des l d en a au aux et sur sous");
    add(French, Roles::UNIT, "appt app apt appartement bat batiment bt esc escalier porte pte hall etg");
    add(French, Roles::LEVEL, "etage et etg niveau");
    add(French, Roles::ALONE, "rdc");
    add(French, Roles::NUMBER, "no n num numero");
    add(German, Roles::TYPE, "str=strasse strasse weg gasse platz pl=platz allee ring damm ufer");
    add(German, Roles::UNIT, "whg wohnung wng app apt top tuer tur stiege stg zimmer zi haus");
    add(German, Roles::LEVEL, "og stock stk etage obergeschoss");
    add(German, Roles::ALONE, "eg ug dg hinterhaus hh vorderhaus vh seitenflugel sf links rechts mitte");
    add(German, Roles::ALONE, "parterre erdgeschoss hochparterre dachgeschoss li re");
    add(German, Roles::ARTICLE, "der die das des dem den");
    add(German, Roles::NUMBER, "nr nummer hausnummer hausnr");
    add(Dutch, Roles::TYPE, "str=straat straat laan ln=laan weg plein pln=plein gracht kade singel dreef");
    add(Dutch, Roles::TYPE, "steeg hof pad rue avenue av=avenue boulevard bd=boulevard chaussee place");
    add(Dutch, Roles::UNIT, "bus bte boite app apt appartement kamer");
    add(Dutch, Roles::LEVEL, "hoog verdieping etage");
    add(Dutch, Roles::ALONE, "bg huis hs rechts links");
    add(Dutch, Roles::ARTICLE, "de het der den la le les du des l d");
    add(Dutch, Roles::NUMBER, "nr nummer no");
    add(Nordic, Roles::TYPE, "gatan gata=gatan vagen vag=vagen gade vej alle plads torg torget stigen");
    add(Nordic, Roles::UNIT, "lgh lagenhet lejl leil leilighet uppgang oppgang opg trapphus");
    add(Nordic, Roles::LEVEL, "sal etg et van tr trappor");
    add(Nordic, Roles::ALONE, "tv th mf kl bv nb st");
    add(Nordic, Roles::NUMBER, "nr no");
    add(Spanish, Roles::TYPE, "c=calle cl=calle cll=calle calle av=avenida avda=avenida avd=avenida");
    add(Spanish, Roles::TYPE, "avenida pl=plaza plz=plaza pza=plaza plza=plaza plaza ctra=carretera");
    add(Spanish, Roles::TYPE, "carretera po=paseo pso=paseo paseo rda=ronda ronda urb=urbanizacion");
    add(Spanish, Roles::TYPE, "urbanizacion carrer trav=travesia blvd=bulevar boulevard=bulevar cra=carrera");
    add(Spanish, Roles::ARTICLE, "de la el los las del y d l en i");
    add(Spanish, Roles::UNIT, "pta puerta esc escalera portal bloque blq bl apto apt depto dpto local int");
    add(Spanish, Roles::UNIT, "oficina of interior depto casa");
    add(Spanish, Roles::LEVEL, "piso planta plta");
    add(Spanish, Roles::ALONE, "bajo bjo bajos atico dcha izq izda izqda der entlo entresuelo pral");
    add(Spanish, Roles::NUMBER, "no n num numero nro");
    add(Italian, Roles::TYPE, "v=via via vle=viale viale pza=piazza pzza=piazza piazza ple=piazzale");
    add(Italian, Roles::TYPE, "piazzale cso=corso corso lgo=largo largo vlo=vicolo vicolo strada str=strada");
    add(Italian, Roles::TYPE, "contrada localita loc=localita borgo salita canale");
    add(Italian, Roles::ARTICLE, "di del della dello dell dei degli delle la il lo le i d l da dal dalla");
    add(Italian, Roles::UNIT, "int interno scala sc palazzina pal edificio ed");
    add(Italian, Roles::LEVEL, "piano");
    add(Italian, Roles::NUMBER, "n no nr num numero");
    add(Portuguese, Roles::TYPE, "r=rua rua av=avenida avda=avenida avenida trav=travessa tv=travessa");
    add(Portuguese, Roles::TYPE, "travessa pc=praca pca=praca praca lg=largo lgo=largo largo al=alameda");
    add(Portuguese, Roles::TYPE, "alameda estr=estrada est=estrada estrada rod=rodovia rodovia bc=beco");
    add(Portuguese, Roles::TYPE, "beco vereda ladeira");
    add(Portuguese, Roles::ARTICLE, "de da do das dos e a o d");
    add(Portuguese, Roles::UNIT, "apto apt ap bloco bl casa sala lote lt loja conjunto cj torre andar");
    add(Portuguese, Roles::LEVEL, "andar piso");
    add(Portuguese, Roles::ALONE, "esq dto dir fte frente rc cave esquerdo direito");
    add(Portuguese, Roles::NUMBER, "n no num numero nro");
    add(Slavic, Roles::TYPE, "ul=ulica ulica al=aleja aleja aleje pl=plac plac os=osiedle osiedle");
    add(Slavic, Roles::TYPE, "ulice trida namesti nam=namesti utca u=utca ut ter strada str=strada bd");
    add(Slavic, Roles::UNIT, "m mieszk lok lokal mieszkanie byt kv");
    add(Slavic, Roles::LEVEL, "pietro patro emelet");
    add(Slavic, Roles::NUMBER, "nr no cp c");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_roles() {
        let english = lexicon(Style::English);
        assert!(english.roles("st").is_type());
        assert_eq!(english.canonical("blvd"), "boulevard");
        assert_eq!(english.canonical("st"), "street");
        assert!(english.roles("nw").is_direction());
        assert!(english.roles("apt").is_unit());
        assert!(!english.roles("c").is_direction());
        assert_eq!(lexicon(Style::German).canonical("str"), "strasse");
        assert_eq!(lexicon(Style::Spanish).canonical("avda"), "avenida");
        assert!(lexicon(Style::French).roles("rue").is_type());
        for (index, (style, _)) in STYLES.iter().enumerate() {
            assert_eq!(*style as usize, index);
        }
        assert_eq!(style(*b"AT"), Style::German);
        assert_eq!(style(*b"JP"), Style::English);
    }
}
