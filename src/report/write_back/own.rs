//! What the members of an entity say by themselves. A value that a record took over, because a plan
//! wrote it there or a system passed it on, says nothing of who the record is: whoever holds it next
//! would be found to agree with a guess.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::model::{NormalRecord, RecordKey};
use crate::pipeline::Versions;
use crate::survivorship::Member;

/// A list of a record's values that are evidence.
struct Evidence {
    /// What the values mean, comparable across records; each may count for several.
    meanings: fn(&NormalRecord) -> Vec<String>,
    /// Puts the values of another version in place of a record's.
    restore: fn(&mut NormalRecord, &NormalRecord),
}

const EVIDENCE: [Evidence; 9] = [
    Evidence {
        meanings: |normal| {
            // In whatever order the parts stand.
            let meaning = |name: &crate::model::PersonName| {
                let mut words: Vec<&str> =
                    name.given.iter().chain(&name.family).map(String::as_str).collect();
                words.sort_unstable();
                words.join(" ")
            };
            normal.names.iter().map(meaning).collect()
        },
        restore: |to, from| to.names.clone_from(&from.names),
    },
    Evidence {
        meanings: |normal| normal.emails.iter().map(|email| email.address.clone()).collect(),
        restore: |to, from| to.emails.clone_from(&from.emails),
    },
    Evidence {
        meanings: |normal| normal.phones.iter().map(|phone| phone.national.clone()).collect(),
        restore: |to, from| to.phones.clone_from(&from.phones),
    },
    Evidence {
        meanings: |normal| {
            // However it is written: a house of a street, or of a postcode.
            let meaning = |a: &crate::model::Address| {
                let of = |what: String| (!what.is_empty()).then(|| format!("{} {what}", a.number));
                [of(a.street.join(" ")), of(a.postcode_key.clone())].into_iter().flatten()
            };
            normal.addresses.iter().flat_map(meaning).collect()
        },
        restore: |to, from| to.addresses.clone_from(&from.addresses),
    },
    Evidence {
        meanings: |normal| normal.organizations.iter().map(|o| o.tokens.join(" ")).collect(),
        restore: |to, from| to.organizations.clone_from(&from.organizations),
    },
    Evidence {
        meanings: |normal| {
            let birth = |b: &crate::model::BirthDate| format!("{} {} {}", b.year, b.month, b.day);
            normal.births.iter().map(birth).collect()
        },
        restore: |to, from| to.births.clone_from(&from.births),
    },
    Evidence {
        meanings: |normal| normal.job_titles.iter().map(|title| title.key.clone()).collect(),
        restore: |to, from| to.job_titles.clone_from(&from.job_titles),
    },
    Evidence {
        meanings: |normal| normal.identifiers.iter().map(|one| one.value.clone()).collect(),
        restore: |to, from| to.identifiers.clone_from(&from.identifiers),
    },
    Evidence {
        meanings: |normal| normal.websites.iter().map(|site| site.domain.clone()).collect(),
        restore: |to, from| to.websites.clone_from(&from.websites),
    },
];

/// A member's versions up to the one that the results hold, with their numbers.
type History = Vec<(u64, NormalRecord)>;

/// A record with what it said.
pub(super) struct Witness {
    pub(super) key: RecordKey,
    /// Ingest sequence of the file that it last stood in.
    pub(super) file: u32,
    /// Its versions up to the one that counts; at least that.
    pub(super) history: History,
    /// Its place among the members of the entity; none of a record that was merged away.
    pub(super) member: Option<usize>,
}

impl Witness {
    /// A member, by the number and file of the version that counts. Most records were stated once,
    /// and ground need not be read for them.
    ///
    /// # Errors
    /// Ground is damaged or unreadable.
    pub(super) fn of_member(
        versions: &Versions,
        member: &Member,
        place: usize,
        (number, file): (u64, u32),
    ) -> Result<Self> {
        let mut history = Vec::new();
        if versions.is_restated(number) {
            history = versions.of(&member.key)?;
            history.retain(|(known, _)| *known < number);
        }
        history.push((number, member.normal.clone()));
        Ok(Self { key: member.key.clone(), file, history, member: Some(place) })
    }
}

/// What each says by itself: its values, with those undone that it took over, that came into it when
/// another had said them before. A list of values that holds one is what it was before.
/// Takes the histories.
pub(super) fn own_values(witnesses: &mut [Witness]) -> Vec<NormalRecord> {
    let histories: Vec<History> =
        witnesses.iter_mut().map(|witness| std::mem::take(&mut witness.history)).collect();
    let once = histories.iter().all(|history| history.len() == 1);
    let undone = if once { None } else { undo(&histories) };
    undone.unwrap_or_else(|| {
        histories.into_iter().filter_map(|mut history| Some(history.pop()?.1)).collect()
    })
}

/// The values of [`own_values`]; `None` where nothing is to be undone.
fn undo(histories: &[History]) -> Option<Vec<NormalRecord>> {
    let latest = |history: &History| history.last().map(|(_, normal)| normal.clone());
    let mut values: Vec<NormalRecord> = histories.iter().filter_map(latest).collect();
    let mut undone = false;
    for evidence in &EVIDENCE {
        // When each member first said each meaning.
        let first: Vec<BTreeMap<String, u64>> = (histories.iter())
            .map(|history| {
                let mut first = BTreeMap::new();
                for (number, normal) in history.iter() {
                    for meaning in (evidence.meanings)(normal) {
                        first.entry(meaning).or_insert(*number);
                    }
                }
                first
            })
            .collect();
        for (at, history) in histories.iter().enumerate() {
            let begins = history[0].0;
            let taken: BTreeSet<&String> = first[at]
                .iter()
                .filter(|(meaning, since)| {
                    **since > begins
                        && first.iter().any(|other| other.get(*meaning).is_some_and(|n| n < *since))
                })
                .map(|(meaning, _)| meaning)
                .collect();
            let holds = |normal: &NormalRecord| {
                (evidence.meanings)(normal).iter().any(|meaning| taken.contains(meaning))
            };
            if !holds(&values[at]) {
                continue;
            }
            if let Some((_, own)) = history.iter().rev().find(|(_, normal)| !holds(normal)) {
                (evidence.restore)(&mut values[at], own);
                undone = true;
            }
        }
    }
    undone.then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Email;

    fn says(emails: &[&str]) -> NormalRecord {
        let email = |address: &&str| Email { address: (*address).to_owned(), ..Email::default() };
        NormalRecord { emails: emails.iter().map(email).collect(), ..NormalRecord::default() }
    }

    #[test]
    fn a_value_that_was_taken_over_is_undone() {
        let emails = |histories: &[History]| {
            let own = undo(histories)?;
            Some(own.iter().map(|n| n.emails.iter().map(|e| e.address.clone()).collect()).collect())
        };
        let shop = vec![(1, says(&["a"]))];
        let told: &[(History, Option<[&[&str]; 2]>)] = &[
            // It said so from the start, or never.
            (vec![(2, says(&["a"])), (3, says(&["a"]))], None),
            (vec![(2, says(&["b"])), (3, says(&["c"]))], None),
            // What was empty is empty, what was replaced is what it was.
            (vec![(2, says(&[])), (3, says(&["a"]))], Some([&["a"], &[]])),
            (vec![(2, says(&["b"])), (3, says(&["a"]))], Some([&["a"], &["b"]])),
            (
                vec![(2, says(&["b"])), (3, says(&["b", "a"])), (4, says(&["a"]))],
                Some([&["a"], &["b"]]),
            ),
            // Something new of its own came after it.
            (vec![(2, says(&[])), (3, says(&["a"])), (4, says(&["d"]))], None),
        ];
        for (crm, want) in told {
            let found: Option<Vec<Vec<String>>> = emails(&[shop.clone(), crm.clone()]);
            let want = want
                .map(|lists| lists.map(|l| l.iter().map(|e| (*e).to_owned()).collect()).to_vec());
            assert_eq!(found, want);
        }
        // Who said it first took it over from nobody.
        let shop = vec![(1, says(&[])), (4, says(&["a"]))];
        let crm = vec![(2, says(&["b"])), (3, says(&["a"]))];
        let want = vec![Vec::new(), vec!["a".to_owned()]];
        assert_eq!(emails(&[shop, crm]), Some(want));
    }
}
