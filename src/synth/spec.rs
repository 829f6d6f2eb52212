//! What `data/synth/` says: the countries people live in and the files that systems export.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::template::Template;
use crate::error::{Error, ErrorKind, Result};

const COUNTRIES: &str = include_str!("../../data/synth/countries.toml");
const FLAT: &str = include_str!("../../data/synth/flat.toml");
const EXPORTS: &str = include_str!("../../data/synth/exports.toml");

/// A country as its table says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CountrySpec {
    pub(super) code: String,
    pub(super) name: String,
    /// Households that live here, in any unit.
    pub(super) share: f32,
    /// `census`, `own`, or the code of the country whose lists are taken.
    pub(super) names: String,
    #[serde(default)]
    pub(super) given_f: Vec<String>,
    #[serde(default)]
    pub(super) given_m: Vec<String>,
    /// Commonest first; further ones are put together from heads and tails.
    #[serde(default)]
    pub(super) family: Vec<String>,
    #[serde(default)]
    pub(super) family_heads: Vec<String>,
    #[serde(default)]
    pub(super) family_tails: Vec<String>,
    /// People bear two family names.
    #[serde(default)]
    pub(super) double_family: bool,
    pub(super) towns: usize,
    /// Without heads a town is called after a family.
    #[serde(default)]
    pub(super) town_heads: Vec<String>,
    pub(super) town_tails: Vec<String>,
    /// `CODE=Name`; empty where addresses name none.
    pub(super) regions: Vec<String>,
    pub(super) postcode: String,
    /// What a long postcode adds.
    #[serde(default)]
    pub(super) postcode_long: String,
    /// With `{number}`, `{word}`, `{type}`.
    pub(super) street: String,
    pub(super) street_words: Vec<String>,
    /// `whole|short`.
    pub(super) street_types: Vec<String>,
    pub(super) units: Vec<String>,
    /// Pictures of national numbers without the leading zero.
    pub(super) mobile: Vec<String>,
    pub(super) number_forms: Vec<String>,
    /// `domain weight`.
    pub(super) mail: Vec<String>,
    pub(super) legal: Vec<String>,
    pub(super) trades: Vec<String>,
    pub(super) company_tld: String,
    /// Picture of a tax number; empty where there is none.
    pub(super) vat: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Countries {
    country: Vec<CountrySpec>,
}

/// The files to write, and how often what goes wrong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Layout {
    /// Codes; empty for all.
    #[serde(default)]
    pub(super) countries: Vec<String>,
    /// Share of persons with 1, 2, 3 … records.
    pub(super) records: Vec<f32>,
    /// How often a company comes where a household may.
    pub(super) companies: f32,
    #[serde(default)]
    pub(super) placeholder_mails: Vec<String>,
    #[serde(default)]
    pub(super) placeholder_phones: Vec<String>,
    #[serde(default)]
    pub(super) relay_domain: String,
    noise: toml::Table,
    file: Vec<FileText>,
    #[serde(skip)]
    pub(super) files: Vec<FileSpec>,
}

/// A system's export as it is written in the layout.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    source: String,
    /// Name of the file; that of `like` where it is missing.
    #[serde(default)]
    file: String,
    /// Of all records, in any unit.
    share: f32,
    /// How readily a person who stands in the file stands in it again, 0 to 1.
    #[serde(default = "one")]
    again: f32,
    #[serde(default)]
    id: String,
    #[serde(default)]
    other_id: String,
    #[serde(default)]
    case_check: bool,
    #[serde(default)]
    countries: Vec<String>,
    #[serde(default)]
    holds: Holds,
    #[serde(default)]
    form: Form,
    #[serde(default)]
    encoding: Encoding,
    #[serde(default)]
    byte_order_mark: bool,
    #[serde(default)]
    phones: PhoneForms,
    /// What stands where a person has no company.
    #[serde(default)]
    no_company: String,
    #[serde(default)]
    relay_domain: String,
    /// Share of rows without an id: guests.
    #[serde(default)]
    guests: f32,
    /// How often a row is followed by one that bears `repeat_columns` alone.
    #[serde(default)]
    repeat_rows: f32,
    #[serde(default)]
    repeat_columns: Vec<String>,
    #[serde(default)]
    noise: toml::Table,
    fill: Fill,
    /// Source whose file, id and columns this one shares; its own columns overrule.
    #[serde(default)]
    like: String,
    /// A column a line: `name`, or `name = template`.
    columns: String,
}

/// A system's export, ready to be written.
#[derive(Debug)]
pub(super) struct FileSpec {
    pub(super) source: String,
    pub(super) file: String,
    pub(super) share: f32,
    pub(super) again: f32,
    pub(super) id: String,
    pub(super) other_id: String,
    pub(super) case_check: bool,
    pub(super) countries: Vec<String>,
    pub(super) holds: Holds,
    pub(super) form: Form,
    pub(super) encoding: Encoding,
    pub(super) byte_order_mark: bool,
    pub(super) phones: PhoneForms,
    pub(super) no_company: String,
    pub(super) relay_domain: String,
    pub(super) guests: f32,
    pub(super) repeat_rows: f32,
    pub(super) noise: Noise,
    pub(super) fill: Fill,
    pub(super) columns: Vec<Column>,
}

/// A column with what it holds.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) template: Template,
    /// Stands on further rows of a record too.
    pub(super) repeats: bool,
}

/// Whom a file holds.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Holds {
    #[default]
    Persons,
    Organizations,
    All,
}

/// How a file's rows are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Form {
    #[default]
    Csv,
    /// Every cell in quotes.
    QuotedCsv,
    Semicolon,
    Tsv,
    Jsonl,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Encoding {
    #[default]
    Utf8,
    #[serde(rename = "windows-1252")]
    Windows1252,
}

/// How phone numbers are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PhoneForms {
    /// As people write them.
    #[default]
    Any,
    /// `+` and digits.
    International,
}

/// How often a field that the person has is filled.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Fill {
    pub(super) given: f32,
    pub(super) family: f32,
    /// The whole name where it stands in one cell.
    pub(super) full: f32,
    pub(super) email: f32,
    pub(super) phone: f32,
    pub(super) second_phone: f32,
    pub(super) address: f32,
    pub(super) birth: f32,
    pub(super) company: f32,
    pub(super) website: f32,
    pub(super) vat: f32,
    /// Ids of other systems.
    pub(super) links: f32,
}

impl Default for Fill {
    fn default() -> Self {
        Self {
            given: 1.0,
            family: 1.0,
            full: 1.0,
            email: 0.0,
            phone: 0.0,
            second_phone: 0.0,
            address: 0.0,
            birth: 0.0,
            company: 0.15,
            website: 0.0,
            vat: 0.0,
            links: 1.0,
        }
    }
}

/// How often a record differs from the truth, by kind of difference.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Noise {
    /// A short form of the given name.
    pub(super) nickname: f32,
    /// The given name's first letter.
    pub(super) initial: f32,
    /// A middle initial behind it.
    pub(super) middle: f32,
    /// A slip of the keyboard, for each of the two names.
    pub(super) typo: f32,
    /// Given and family name in each other's place.
    pub(super) swapped: f32,
    /// Another name altogether: of somebody else who used the account.
    pub(super) other_name: f32,
    /// `Jr`, `Sr`, `III` or `MD` behind the name without meaning.
    pub(super) suffix: f32,
    /// Everything in capitals.
    pub(super) upper: f32,
    /// Names in small letters.
    pub(super) lower: f32,
    pub(super) trailing_space: f32,
    /// One of the person's other mailboxes, where there are any.
    pub(super) other_mail: f32,
    /// `+orders` in the mailbox.
    pub(super) plus: f32,
    pub(super) mail_case: f32,
    pub(super) mail_typo: f32,
    pub(super) domain_typo: f32,
    /// One of the person's other numbers, where there are any.
    pub(super) other_phone: f32,
    pub(super) phone_typo: f32,
    pub(super) street_typo: f32,
    pub(super) town_typo: f32,
    pub(super) postcode_typo: f32,
    pub(super) postcode_long: f32,
    pub(super) birth_typo: f32,
    /// The address before a move, though the person had moved.
    pub(super) old_address: f32,
    /// The mailbox at work, where there is one.
    pub(super) work_mail: f32,
    pub(super) placeholder_mail: f32,
    pub(super) placeholder_phone: f32,
    /// A forwarding address made for this system alone.
    pub(super) relay: f32,
}

fn wrong(file: &str, message: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Config, message.to_string()).at(format!("data/synth/{file}"))
}

/// All countries.
pub(super) fn countries() -> Result<Vec<CountrySpec>> {
    let countries: Countries =
        toml::from_str(COUNTRIES).map_err(|error| wrong("countries.toml", error.message()))?;
    Ok(countries.country)
}

/// The layout of one table, or of many exports.
pub(super) fn layout(flat: bool) -> Result<Layout> {
    let (name, text) = if flat { ("flat.toml", FLAT) } else { ("exports.toml", EXPORTS) };
    let mut layout: Layout = toml::from_str(text).map_err(|error| wrong(name, error.message()))?;
    let texts = std::mem::take(&mut layout.file);
    let index: BTreeMap<&str, usize> =
        texts.iter().enumerate().map(|(at, text)| (text.source.as_str(), at)).collect();
    for text in &texts {
        let model = index.get(text.like.as_str()).map(|at| &texts[*at]);
        layout.files.push(
            text.ready(model, &layout.noise, &index)
                .map_err(|message| wrong(name, format!("{}: {message}", text.source)))?,
        );
    }
    Ok(layout)
}

impl FileText {
    fn ready(
        &self,
        model: Option<&Self>,
        noise: &toml::Table,
        index: &BTreeMap<&str, usize>,
    ) -> std::result::Result<FileSpec, String> {
        let mut rates = noise.clone();
        rates.extend(self.noise.clone());
        let noise: Noise =
            toml::Value::Table(rates).try_into().map_err(|e: toml::de::Error| e.to_string())?;
        let or_model = |own: &str, other: fn(&Self) -> &str| {
            if own.is_empty() { model.map_or("", other).to_owned() } else { own.to_owned() }
        };
        let mut lines: Vec<(&str, &str)> = model.map_or(Vec::new(), |model| cells(&model.columns));
        for (name, text) in cells(&self.columns) {
            match lines.iter_mut().find(|line| line.0 == name) {
                Some(line) => line.1 = text,
                None => lines.push((name, text)),
            }
        }
        let columns = lines
            .into_iter()
            .map(|(name, text)| {
                Ok(Column {
                    name: name.to_owned(),
                    template: Template::parse(text, index)
                        .map_err(|message| format!("{name}: {message}"))?,
                    repeats: self.repeat_columns.iter().any(|column| column == name),
                })
            })
            .collect::<std::result::Result<Vec<Column>, String>>()?;
        Ok(FileSpec {
            source: self.source.clone(),
            file: or_model(&self.file, |model| &model.file),
            share: self.share,
            again: self.again,
            id: or_model(&self.id, |model| &model.id),
            other_id: self.other_id.clone(),
            case_check: self.case_check,
            countries: self.countries.clone(),
            holds: self.holds,
            form: self.form,
            encoding: self.encoding,
            byte_order_mark: self.byte_order_mark,
            phones: self.phones,
            no_company: self.no_company.clone(),
            relay_domain: self.relay_domain.clone(),
            guests: self.guests,
            repeat_rows: self.repeat_rows,
            noise,
            fill: self.fill,
            columns,
        })
    }
}

fn one() -> f32 {
    1.0
}

/// The lines of `columns`: names and templates.
fn cells(columns: &str) -> Vec<(&str, &str)> {
    let lines = columns.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.split_once(" = ").unwrap_or((line, ""))).collect()
}
