//! From two records to a comparison vector: per kind of evidence the level reached, and what the
//! frequency of the compared values says. It weighs nothing (that is `scoring`).
//!
//! Missing is neither for nor against. Of several values the best pair counts, once.

mod address;
mod birth;
mod columns;
mod email;
mod fill;
mod intern;
mod levels;
mod link;
mod names;
mod organization;
mod pattern;
mod phone;
mod repeats;
mod row;
mod table;
mod text;
mod whole_name;
mod words;

pub use columns::MOST_LINKS;
pub use fill::{Known, WordCounts, name_from_mailboxes};
pub use intern::{Interner, Lists, Marks, NONE};
pub use levels::{pack, unpack};
pub use pattern::{Pattern, PatternShares};
pub use table::{
    AddressEntry, AllCounts, Counts, EmailEntry, EmailValue, LinkEntry, NameEntry, Origin,
    TEXT_COLUMNS, Table, TextChoice, TextColumn,
};
pub use text::TextProfile;
pub use whole_name::{names_alike, organizations_alike};

use crate::model::EntityKind;
use row::{Row, has};

/// Level of a dimension that one side lacks.
pub const MISSING: u8 = u8::MAX;

/// How a level's chance agreement depends on the values compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// Not at all: u(level).
    None,
    /// It *is* the frequency of the value: (max(count − 2, 0) + s) / records with the field.
    Count,
    /// u(level) times (frequency / its mean at that level) to this power, in tenths.
    Relative(u8),
    /// The comparison computes ln u itself (mail addresses given the names).
    Given,
}

/// A kind of evidence and its levels.
#[derive(Clone, Copy, Debug)]
pub struct Dimension {
    /// Name in explanations.
    pub name: &'static str,
    /// Names of the levels.
    pub levels: &'static [&'static str],
    /// Frequency rule by level.
    pub frequency: &'static [Frequency],
    /// Prior guess of m by level; EM moves it.
    pub m: &'static [f64],
    /// What relatives (other person of one household or place) share: the term is free in R.
    pub shared_by_relatives: bool,
    /// What other sites of one organisation share: the term is free in C.
    pub shared_by_sites: bool,
    /// Bounds of the term in nats.
    pub clamp: (f64, f64),
}

/// Number of dimensions.
pub const DIMENSIONS: usize = 17 + TEXT_COLUMNS;

/// Positions of the dimensions.
#[allow(missing_docs, reason = "the names say it; see `DIMENSION`")]
pub mod dim {
    pub const GIVEN: usize = 0;
    pub const MIDDLE: usize = 1;
    pub const FAMILY: usize = 2;
    pub const GENERATION: usize = 3;
    pub const BIRTH: usize = 4;
    pub const GENDER: usize = 5;
    pub const EMAIL: usize = 6;
    pub const PHONE: usize = 7;
    pub const ADDRESS: usize = 8;
    pub const IDENTIFIER: usize = 9;
    pub const TOKEN: usize = 10;
    pub const LINK: usize = 11;
    pub const ORGANIZATION: usize = 12;
    pub const EMPLOYER: usize = 13;
    pub const WEB: usize = 14;
    pub const SOURCE: usize = 15;
    pub const JOB: usize = 16;
    pub const TEXT: usize = 17;
}

const WIDE: (f64, f64) = (-30.0, 30.0);
use Frequency::{Count, Given, None as Plain, Relative};

const TEXT_DIMENSION: Dimension = Dimension {
    name: "text",
    levels: text::LEVELS,
    frequency: &[Count, Relative(7), Relative(7), Plain],
    m: &[0.55, 0.1, 0.1, 0.25],
    shared_by_relatives: true,
    shared_by_sites: true,
    clamp: (-3.0, 4.0),
};

/// The dimensions in order.
pub static DIMENSION: [Dimension; DIMENSIONS] = [
    Dimension {
        name: "given_name",
        levels: names::GIVEN_LEVELS,
        frequency: &[
            Count,
            Relative(7),
            Relative(7),
            Relative(7),
            Relative(7),
            Relative(7),
            Plain,
            Plain,
            Given,
            Plain,
            Relative(7),
        ],
        m: &[0.733, 0.07, 0.06, 0.03, 0.02, 0.02, 0.02, 0.01, 0.03, 0.002, 0.005],
        shared_by_relatives: false,
        shared_by_sites: false,
        clamp: WIDE,
    },
    Dimension {
        name: "middle_name",
        levels: &["equal", "initial or one edit", "conflict"],
        frequency: &[Count, Plain, Plain],
        m: &[0.55, 0.3, 0.15],
        shared_by_relatives: false,
        shared_by_sites: false,
        clamp: WIDE,
    },
    Dimension {
        name: "family_name",
        levels: names::FAMILY_LEVELS,
        frequency: &[Count, Relative(7), Relative(7), Relative(7), Relative(7), Plain, Relative(7)],
        m: &[0.8, 0.02, 0.06, 0.01, 0.02, 0.06, 0.03],
        shared_by_relatives: true,
        shared_by_sites: false,
        clamp: WIDE,
    },
    Dimension {
        name: "generation",
        levels: &["same", "different", "only one side"],
        frequency: &[Plain, Plain, Plain],
        m: &[0.55, 0.03, 0.42],
        shared_by_relatives: false,
        shared_by_sites: false,
        clamp: WIDE,
    },
    Dimension {
        name: "date_of_birth",
        levels: birth::LEVELS,
        frequency: &[
            Count, Plain, Plain, Plain, Plain, Plain, Plain, Plain, Plain, Plain, Plain, Plain,
            Plain, Plain,
        ],
        m: &[0.75, 0.02, 0.07, 0.04, 0.02, 0.015, 0.01, 0.03, 0.02, 0.5, 0.2, 0.1, 0.02, 0.01],
        shared_by_relatives: false,
        shared_by_sites: false,
        clamp: WIDE,
    },
    Dimension {
        name: "gender",
        levels: &["same", "different"],
        frequency: &[Plain, Plain],
        m: &[0.97, 0.03],
        shared_by_relatives: false,
        shared_by_sites: false,
        clamp: WIDE,
    },
    Dimension {
        name: "email",
        levels: email::LEVELS,
        frequency: &[Given, Given, Given, Given, Given, Given, Count, Plain],
        m: &[0.6, 0.02, 0.06, 0.04, 0.04, 0.02, 0.02, 0.2],
        shared_by_relatives: true,
        shared_by_sites: true,
        clamp: WIDE,
    },
    Dimension {
        name: "phone",
        levels: phone::LEVELS,
        frequency: &[Count, Plain, Plain, Plain],
        m: &[0.7, 0.04, 0.01, 0.25],
        shared_by_relatives: true,
        shared_by_sites: true,
        clamp: WIDE,
    },
    Dimension {
        name: "address",
        levels: address::LEVELS,
        frequency: &[Count, Count, Relative(7), Count, Count, Count, Plain, Count, Plain, Count],
        m: &[0.55, 0.02, 0.08, 0.03, 0.05, 0.04, 0.02, 0.05, 0.14, 0.02],
        shared_by_relatives: true,
        shared_by_sites: false,
        clamp: WIDE,
    },
    Dimension {
        name: "identifier",
        levels: &["equal", "one edit", "two edits", "different"],
        frequency: &[Count, Plain, Plain, Plain],
        m: &[0.9, 0.04, 0.01, 0.05],
        shared_by_relatives: false,
        shared_by_sites: false,
        clamp: WIDE,
    },
    Dimension {
        name: "account_token",
        levels: &["equal", "different"],
        frequency: &[Count, Plain],
        m: &[0.6, 0.4],
        shared_by_relatives: true,
        shared_by_sites: true,
        clamp: (-1.0, 30.0),
    },
    Dimension {
        name: "system_id",
        levels: link::LEVELS,
        frequency: &[Count, Count, Plain],
        m: &[0.3, 0.6, 0.1],
        shared_by_relatives: false,
        shared_by_sites: false,
        clamp: WIDE,
    },
    Dimension {
        name: "organization",
        levels: organization::LEVELS,
        frequency: &[Count, Relative(5), Relative(5), Relative(5), Relative(5), Plain, Relative(5)],
        m: &[0.45, 0.15, 0.12, 0.1, 0.06, 0.11, 0.01],
        shared_by_relatives: false,
        shared_by_sites: true,
        clamp: WIDE,
    },
    Dimension {
        name: "employer",
        levels: organization::LEVELS,
        frequency: &[Count, Relative(5), Relative(5), Relative(5), Relative(5), Plain, Relative(5)],
        m: &[0.45, 0.1, 0.08, 0.06, 0.04, 0.25, 0.02],
        shared_by_relatives: true,
        shared_by_sites: true,
        clamp: (-3.0, 4.0),
    },
    Dimension {
        name: "web_domain",
        levels: &["equal", "different"],
        frequency: &[Count, Plain],
        m: &[0.75, 0.25],
        shared_by_relatives: true,
        shared_by_sites: true,
        clamp: WIDE,
    },
    Dimension {
        name: "source",
        levels: &["same source", "other source"],
        frequency: &[Plain, Plain],
        m: &[0.3, 0.7],
        shared_by_relatives: true,
        shared_by_sites: true,
        clamp: WIDE,
    },
    Dimension {
        name: "job_title",
        levels: text::LEVELS,
        frequency: &[Count, Relative(7), Relative(7), Plain],
        m: &[0.55, 0.1, 0.1, 0.25],
        shared_by_relatives: true,
        shared_by_sites: true,
        clamp: (-3.0, 4.0),
    },
    TEXT_DIMENSION,
    TEXT_DIMENSION,
    TEXT_DIMENSION,
    TEXT_DIMENSION,
    TEXT_DIMENSION,
    TEXT_DIMENSION,
];

/// What comparing two records yields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Level by dimension, [`MISSING`] where one side has no value.
    pub level: [u8; DIMENSIONS],
    /// By the level's [`Frequency`]: a count ([`Frequency::Count`]), a relative frequency
    /// ([`Frequency::Relative`]), ln u ([`Frequency::Given`]).
    pub feature: [f32; DIMENSIONS],
    /// For equal mail addresses: ln of the chance that another person of the agreed names chose
    /// the same address, before the collision factor κ; −∞ if the names do not make it up.
    pub email_base: f32,
}

impl Comparison {
    /// Nothing compared yet.
    pub const fn missing() -> Self {
        Self {
            level: [MISSING; DIMENSIONS],
            feature: [0.0; DIMENSIONS],
            email_base: f32::NEG_INFINITY,
        }
    }

    fn set(&mut self, dimension: usize, (level, feature): (u8, f32)) {
        self.level[dimension] = level;
        self.feature[dimension] = feature;
    }
}

/// One record of a pair.
#[derive(Clone, Copy)]
struct Side<'a> {
    record: u32,
    row: &'a Row,
}

impl<'a> Side<'a> {
    fn new(table: &'a Table, record: u32) -> Self {
        Self { record, row: &table.rows[record as usize] }
    }
}

/// Compares records of a table. Cheap to make; keeps memos of compared values, so give each thread
/// its own.
#[derive(Debug)]
pub struct Comparer<'a> {
    table: &'a Table,
    shares: &'a PatternShares,
    given_memo: names::Memo,
    family_memo: names::Memo,
    word_memo: names::Memo,
}

impl<'a> Comparer<'a> {
    /// A comparer over a finished table.
    pub fn new(table: &'a Table, shares: &'a PatternShares) -> Self {
        Self {
            table,
            shares,
            given_memo: names::Memo::new(table.len()),
            family_memo: names::Memo::new(table.len()),
            word_memo: names::Memo::new(table.len()),
        }
    }

    /// The table it compares records of.
    pub fn table(&self) -> &'a Table {
        self.table
    }

    /// Brings the rows of some records close, all at once: one by one, each would be waited for.
    pub fn warm(&self, records: impl Iterator<Item = u32>) {
        let rows = &self.table.rows;
        let touched = records.map(|record| rows[record as usize].touch());
        std::hint::black_box(touched.fold(0, |all, one| all ^ one));
    }

    /// Compares two records. Symmetric. O(values of a × values of b).
    pub fn compare(&mut self, a: u32, b: u32) -> Comparison {
        let mut out = Comparison::missing();
        let t = self.table;
        let (x, y) = (Side::new(t, a), Side::new(t, b));
        let both = x.row.has & y.row.has;
        let mail = if both & has::EMAIL == 0 { None } else { email::compare(t, x, y) };
        let names = self.compare_names(x, y, &mail);
        out.set(dim::GIVEN, names.given);
        out.set(dim::MIDDLE, names.middle);
        out.set(dim::FAMILY, names.family);
        out.set(dim::GENERATION, names.generation);
        if let Some(mail) = mail {
            let (feature, base) = email::feature(t, self.shares, a, b, &mail, &names);
            out.set(dim::EMAIL, (mail.level, feature));
            out.email_base = base;
        }
        if both & (has::BIRTH | has::AGE) != 0 {
            out.set(dim::BIRTH, birth::compare(t, x, y));
        }
        if both & has::GENDER != 0 {
            let differ = t.gender[a as usize] != t.gender[b as usize];
            out.set(dim::GENDER, (u8::from(differ), 0.0));
        }
        if both & has::PHONE != 0 {
            out.set(dim::PHONE, phone::compare(t, x, y));
        }
        if both & has::ADDRESS != 0 {
            out.set(dim::ADDRESS, address::compare(t, x, y));
        }
        if both & has::IDENTIFIER != 0 {
            out.set(dim::IDENTIFIER, link::identifier(t, a, b));
        }
        if both & has::TOKEN != 0 {
            out.set(dim::TOKEN, link::token(t, a, b));
        }
        // Two records' own ids say nothing.
        if both & has::LINK != 0 && (x.row.has | y.row.has) & has::NAMED_LINK != 0 {
            out.set(dim::LINK, link::compare(t, a, b));
        }
        if both & has::ORGANIZATION != 0 {
            let own = t.kind[a as usize] != EntityKind::Person
                && t.kind[b as usize] != EntityKind::Person;
            let organization = if own { dim::ORGANIZATION } else { dim::EMPLOYER };
            out.set(organization, organization::compare(t, &mut self.word_memo, a, b));
        }
        // Of others a domain is that of their mailboxes, which were compared.
        let organization = |of: u32| t.kind[of as usize] == EntityKind::Organization;
        if both & has::WEB != 0 && (organization(a) || organization(b)) {
            out.set(dim::WEB, link::web(t, a, b));
        }
        out.set(dim::SOURCE, (u8::from(t.source[a as usize] != t.source[b as usize]), 0.0));
        if both & has::JOB != 0 {
            out.set(dim::JOB, text::job(t, a, b));
        }
        if both & has::TEXT != 0 {
            for at in 0..t.texts.len() {
                out.set(dim::TEXT + at, text::compare(t, at, a, b));
            }
        }
        out
    }
}
