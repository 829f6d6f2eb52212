use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::parameters::Parameters;
use crate::compare::{Counts, Interner, Marks, PatternShares, Table, TextChoice, WordCounts};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{BlockLimits, EntityKind};

/// Everything that scores depend on besides the records: trained once, then frozen, so that later
/// rebuilds answer alike. It has a hash, and is ground.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Format version.
    pub version: u32,
    /// Records that it was trained on.
    pub records: u32,
    /// Pairs of persons (or unknown).
    pub person: Parameters,
    /// Pairs with an organisation.
    pub organization: Parameters,
    /// How names make up mailboxes.
    pub shares: PatternShares,
    /// Further columns compared.
    pub texts: TextChoice,
    /// How large blocks may be.
    pub limits: BlockLimits,
    /// Value frequencies.
    pub frequencies: Vec<FrozenCounts>,
}

/// Frequencies of one field, frozen: values by hash, only those that occur more than twice (rarer
/// ones count as two, which is the same to every formula), names also twice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FrozenCounts {
    /// Field.
    pub field: String,
    /// Records that have the field.
    pub records: u32,
    /// (xxh3 of the value, records with it), sorted by hash.
    pub values: Vec<(u64, u32)>,
}

impl Model {
    /// Version of a stored model.
    pub(super) const VERSION: u32 = 3;

    /// Parameters for a pair of these kinds; `None` if the two never match.
    pub fn parameters(&self, a: EntityKind, b: EntityKind) -> Option<&Parameters> {
        if !a.compatible(b) {
            return None;
        }
        let organization = a == EntityKind::Organization || b == EntityKind::Organization;
        Some(if organization { &self.organization } else { &self.person })
    }

    /// Bytes to store.
    ///
    /// # Errors
    /// Never in practice; encoding reports what it cannot write.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        bincode::serde::encode_to_vec(self, bincode::config::standard())
            .map_err(|e| Error::new(ErrorKind::Io, format!("cannot encode the model: {e}")))
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    /// They are damaged or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let config = bincode::config::standard().with_limit::<{ 1 << 30 }>();
        let (model, used): (Self, usize) = bincode::serde::decode_from_slice(bytes, config)
            .map_err(|_| Error::new(ErrorKind::Corrupted, "the stored model cannot be decoded"))?;
        if used != bytes.len() || model.version != Self::VERSION {
            return Err(Error::new(ErrorKind::Corrupted, "the stored model is of another version"));
        }
        Ok(model)
    }

    /// Whether stored bytes are of the present version; a model of an earlier one is trained anew.
    pub fn is_current(bytes: &[u8]) -> bool {
        let first = bincode::decode_from_slice::<u32, _>(bytes, bincode::config::standard());
        first.is_ok_and(|(version, _)| version == Self::VERSION)
    }

    /// Sixteen hex digits that name the model.
    ///
    /// # Errors
    /// As [`Model::to_bytes`].
    pub fn hash(&self) -> Result<String> {
        Ok(format!("{:016x}", xxh3_64(&self.to_bytes()?)))
    }
}

impl Model {
    /// The model without the values whose frequencies it holds: what is read whole at every look-up.
    #[must_use]
    pub fn without_values(&self) -> Self {
        let empty = |counts: &FrozenCounts| FrozenCounts {
            field: counts.field.clone(),
            records: counts.records,
            values: Vec::new(),
        };
        Self {
            version: self.version,
            records: self.records,
            person: self.person.clone(),
            organization: self.organization.clone(),
            shares: self.shares.clone(),
            texts: self.texts.clone(),
            limits: self.limits.clone(),
            frequencies: self.frequencies.iter().map(empty).collect(),
        }
    }

    /// The frequencies of the values of a table, of a model that holds none itself: `find` tells
    /// them by the field's place and the value's hash.
    ///
    /// # Errors
    /// What `find` returns.
    pub fn frequencies_of(
        &self,
        table: &Table,
        find: &(dyn Fn(u16, u64) -> Result<Option<u32>> + Sync),
    ) -> Result<Vec<FrozenCounts>> {
        let known: Vec<_> = table
            .counts
            .named()
            .into_iter()
            .map(|(field, _)| field)
            .zip(interners(table))
            .collect();
        let of = |(at, frozen): (usize, &FrozenCounts)| {
            let own = known
                .iter()
                .find(|(field, _)| *field == frozen.field)
                .map_or(Values::Texts(&table.text), |(_, values)| *values);
            let mut values = Vec::new();
            for hash in (0..own.len() as u32).map(|id| own.hash(id)) {
                values.extend(find(at as u16, hash)?.map(|count| (hash, count)));
            }
            values.sort_unstable();
            values.dedup();
            Ok(FrozenCounts { values, ..frozen.clone() })
        };
        self.frequencies.par_iter().enumerate().map(of).collect()
    }

    /// As [`Model::word_counts`], of a model that holds no values: see [`Model::frequencies_of`].
    ///
    /// # Errors
    /// What `find` returns.
    pub fn word_counts_by(
        &self,
        text: &str,
        find: &dyn Fn(u16, u64) -> Result<Option<u32>>,
    ) -> Result<WordCounts> {
        let hash = xxh3_64(text.as_bytes());
        let of = |field: &str| -> Result<u32> {
            let at = self.frequencies.iter().position(|counts| counts.field == field);
            Ok(at.map_or(Ok(None), |at| find(at as u16, hash))?.unwrap_or(0))
        };
        Ok(WordCounts {
            given: of("given")?,
            family: of("family")?,
            family_token: of("family_token")?,
            middle_token: of("middle_token")?,
        })
    }

    /// Completes a table of records: frequencies are the model's.
    pub fn weigh(&self, table: &mut Table) {
        table.finish(&self.texts);
        table.apply(&self.frequencies);
        table.read_mailboxes(Some(&|word| self.word_counts(word)));
        table.forget_places();
    }

    /// How often a word stands in names of the records of the model.
    pub fn word_counts(&self, text: &str) -> WordCounts {
        let of = |field: &str| {
            let found = self.frequencies.iter().find(|f| f.field == field);
            found.map_or(0, |f| f.get(text))
        };
        WordCounts {
            given: of("given"),
            family: of("family"),
            family_token: of("family_token"),
            middle_token: of("middle_token"),
        }
    }
}

/// What the ids of a counted field stand for.
#[derive(Clone, Copy)]
enum Values<'a> {
    Texts(&'a Interner),
    Marks(&'a Marks),
    /// Initials: the id is the letter.
    Letters,
}

impl Values<'_> {
    /// The hash by which a value's frequency is kept.
    fn hash(self, id: u32) -> u64 {
        match self {
            Self::Texts(texts) => xxh3_64(texts.get(id).as_bytes()),
            Self::Marks(marks) => marks.hash(id),
            Self::Letters => u64::from(id),
        }
    }

    /// How many there are.
    fn len(self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Marks(marks) => marks.len(),
            Self::Letters => 256,
        }
    }
}

/// The values of each counted field, in the order of `AllCounts::named`.
fn interners(table: &Table) -> Vec<Values<'_>> {
    vec![
        Values::Texts(&table.given),
        Values::Texts(&table.family),
        Values::Texts(&table.name_token),
        Values::Letters,
        Values::Texts(&table.name_token),
        Values::Texts(&table.email),
        Values::Texts(&table.local),
        Values::Texts(&table.letters),
        Values::Texts(&table.domain),
        Values::Texts(&table.phone),
        Values::Marks(&table.place),
        Values::Marks(&table.site),
        Values::Texts(&table.street),
        Values::Texts(&table.postcode),
        Values::Texts(&table.city),
        Values::Texts(&table.region),
        Values::Texts(&table.birth),
        Values::Texts(&table.identifier),
        Values::Texts(&table.token),
        Values::Texts(&table.link),
        Values::Texts(&table.organization),
        Values::Texts(&table.organization_token),
        Values::Texts(&table.web),
        Values::Texts(&table.job),
    ]
}

fn freeze_counts(field: &str, counts: &Counts, interner: Values<'_>, least: u32) -> FrozenCounts {
    let mut values: Vec<(u64, u32)> = counts
        .of
        .par_iter()
        .enumerate()
        .with_min_len(1024)
        .filter(|(_, count)| **count >= least)
        .map(|(id, count)| (interner.hash(id as u32), *count))
        .collect();
    values.par_sort_unstable();
    FrozenCounts { field: field.to_owned(), records: counts.records, values }
}

impl FrozenCounts {
    /// Records with a value; 0 if it is rarer than what is kept.
    pub fn get(&self, text: &str) -> u32 {
        let hash = xxh3_64(text.as_bytes());
        self.values.binary_search_by_key(&hash, |v| v.0).map_or(0, |at| self.values[at].1)
    }

    fn apply(&self, counts: &mut Counts, values: Values<'_>) {
        counts.records = self.records;
        counts.of.resize(values.len().max(counts.of.len()), 0);
        counts.of.par_iter_mut().enumerate().with_min_len(1024).for_each(|(id, count)| {
            let hash = values.hash(id as u32);
            let found = self.values.binary_search_by_key(&hash, |v| v.0);
            *count = found.map_or(1, |at| self.values[at].1);
        });
    }
}

/// Fields of which a value seen twice differs from one seen once.
const NAMES: &[&str] =
    &["given", "family", "family_token", "middle_token", "organization_token", "street"];

/// Least count of a value that is frozen.
fn least(field: &str) -> u32 {
    if NAMES.contains(&field) { 2 } else { 3 }
}

/// Least count of a further text that is frozen.
const LEAST_TEXT: u32 = 2;

/// Freezes the value frequencies of a table.
pub(crate) fn freeze(table: &Table) -> Vec<FrozenCounts> {
    let mut out: Vec<FrozenCounts> = table
        .counts
        .named()
        .into_iter()
        .zip(interners(table))
        .map(|((field, counts), interner)| freeze_counts(field, counts, interner, least(field)))
        .collect();
    for column in &table.texts {
        let field = format!("text {}", column.name);
        out.push(freeze_counts(&field, &column.counts, Values::Texts(&table.text), LEAST_TEXT));
    }
    out
}

/// What a frozen count says of a value: one where it is too rare to be kept.
fn coarsen(counts: &mut Counts, size: usize, least: u32) {
    counts.of.resize(size.max(counts.of.len()), 0);
    counts.of.iter_mut().filter(|count| **count < least).for_each(|count| *count = 1);
}

impl Table {
    /// As [`Table::apply`] with the frequencies frozen of this very table, without looking any up.
    pub fn apply_own(&mut self) {
        let mut counts = std::mem::take(&mut self.counts);
        for ((field, counts), interner) in counts.named_mut().into_iter().zip(interners(self)) {
            coarsen(counts, interner.len(), least(field));
        }
        self.counts = counts;
        let texts = self.text.len();
        for column in &mut self.texts {
            coarsen(&mut column.counts, texts, LEAST_TEXT);
        }
    }

    /// Replaces the table's own counts by a model's, so that scores are those of the model.
    pub fn apply(&mut self, frequencies: &[FrozenCounts]) {
        let mut counts = std::mem::take(&mut self.counts);
        let interners = interners(self);
        let find = |field: &str| frequencies.iter().find(|f| f.field == field);
        for ((field, counts), interner) in counts.named_mut().into_iter().zip(interners) {
            if let Some(frozen) = find(field) {
                frozen.apply(counts, interner);
            }
        }
        self.counts = counts;
        let mut texts = std::mem::take(&mut self.texts);
        for column in &mut texts {
            if let Some(frozen) = find(&format!("text {}", column.name)) {
                frozen.apply(&mut column.counts, Values::Texts(&self.text));
            }
        }
        self.texts = texts;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Origin;
    use crate::model::{NormalRecord, PersonName};

    #[test]
    fn a_tables_own_frequencies_apply_like_frozen_ones() {
        let mut table = Table::default();
        let choice = TextChoice { columns: vec!["city".to_owned()] };
        for at in 0..40_u32 {
            let token = |n: u32| vec![format!("name{}", 1_u32.checked_shl(at % n).unwrap_or(0))];
            let record = NormalRecord {
                names: vec![PersonName {
                    given: token(7),
                    family: token(31),
                    ..Default::default()
                }],
                others: vec![("city".into(), format!("town {}", at / 3))],
                ..NormalRecord::default()
            };
            table.push(&record, Origin { source: 0, generic: true }, &choice);
        }
        table.finish(&choice);
        table.read_mailboxes(None);
        let frozen = freeze(&table);
        let (mut own, mut given) = (table.clone(), table);
        own.apply_own();
        given.apply(&frozen);
        let counts = |table: &Table| -> Vec<(u32, Vec<u32>)> {
            let named = table.counts.named().into_iter().map(|(_, counts)| counts);
            let texts = table.texts.iter().map(|column| &column.counts);
            named.chain(texts).map(|counts| (counts.records, counts.of.clone())).collect()
        };
        assert_eq!(counts(&own), counts(&given));
        assert!(counts(&own).iter().any(|(_, of)| of.contains(&1) && of.iter().any(|n| *n > 2)));
    }
}
