use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::RecordKey;

/// A record's key where it stands; order and encoding are those of [`RecordKey`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct KeyRef<'a> {
    /// The system instance.
    pub source: &'a Arc<str>,
    /// What it is there.
    pub object: &'a Arc<str>,
    /// Its id there.
    pub id: &'a str,
}

impl KeyRef<'_> {
    /// The key by itself.
    pub fn to_key(self) -> RecordKey {
        RecordKey {
            source: Arc::clone(self.source),
            object: Arc::clone(self.object),
            id: self.id.into(),
        }
    }
}

impl<'a> From<&'a RecordKey> for KeyRef<'a> {
    fn from(key: &'a RecordKey) -> Self {
        Self { source: &key.source, object: &key.object, id: &key.id }
    }
}

impl fmt::Display for KeyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.source, self.object, self.id)
    }
}

impl fmt::Debug for KeyRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The keys of many records by ordinal, ascending. Takes a key's id and four bytes a record, where a
/// list of [`RecordKey`]s takes some seventy.
#[derive(Clone, Default)]
pub struct Keys {
    /// First ordinal, source and object of each run of records that share both.
    runs: Vec<(u32, Arc<str>, Arc<str>)>,
    ids: String,
    /// End of each id, from the start of its stretch.
    ends: Vec<u32>,
    /// Where each stretch of ids starts.
    stretches: Vec<usize>,
}

/// Keys of a stretch.
const STRETCH: usize = 1 << 12;

impl Keys {
    /// Adds a key that is not less than the last.
    pub fn push(&mut self, source: &str, object: &str, id: &str) {
        let at = self.ends.len();
        match self.runs.last() {
            Some((_, s, o)) if **s == *source && **o == *object => {}
            last => {
                let source = match last {
                    Some((_, known, _)) if **known == *source => Arc::clone(known),
                    _ => source.into(),
                };
                self.runs.push((at as u32, source, object.into()));
            }
        }
        if at.is_multiple_of(STRETCH) {
            self.stretches.push(self.ids.len());
        }
        self.ids.push_str(id);
        self.ends.push((self.ids.len() - self.stretches[at / STRETCH]) as u32);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A key. O(log of the runs of one source and object).
    ///
    /// # Panics
    /// There are not so many.
    pub fn get(&self, ordinal: u32) -> KeyRef<'_> {
        let run = self.runs.partition_point(|(first, _, _)| *first <= ordinal) - 1;
        let (_, source, object) = &self.runs[run];
        KeyRef { source, object, id: self.id(ordinal) }
    }

    /// The id of a key.
    ///
    /// # Panics
    /// There are not so many.
    pub fn id(&self, ordinal: u32) -> &str {
        let at = ordinal as usize;
        let stretch = self.stretches[at / STRETCH];
        let start = if at.is_multiple_of(STRETCH) { 0 } else { self.ends[at - 1] as usize };
        &self.ids[stretch + start..stretch + self.ends[at] as usize]
    }

    /// All keys, ascending.
    pub fn iter(&self) -> impl Iterator<Item = KeyRef<'_>> {
        (0..self.ends.len() as u32).map(|at| self.get(at))
    }

    /// Ordinal of a key. O(log n).
    pub fn find(&self, key: &RecordKey) -> Option<u32> {
        let (mut from, mut to) = (0, self.ends.len() as u32);
        while from < to {
            let middle = from + (to - from) / 2;
            match self.get(middle).cmp(&key.into()) {
                Ordering::Less => from = middle + 1,
                Ordering::Greater => to = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        None
    }
}

impl<'a> FromIterator<&'a RecordKey> for Keys {
    fn from_iter<T: IntoIterator<Item = &'a RecordKey>>(keys: T) -> Self {
        let mut all = Self::default();
        keys.into_iter().for_each(|key| all.push(&key.source, &key.object, &key.id));
        all
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} of {} sources and objects)", self.ends.len(), self.runs.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_and_given_back() {
        let mut all: Vec<RecordKey> = Vec::new();
        for (source, object) in [("crm", "contact"), ("crm", "lead"), ("shop", "contact")] {
            all.extend((0..STRETCH).map(|n| RecordKey::new(source, object, &n.to_string())));
        }
        all.sort_unstable();
        let keys: Keys = all.iter().collect();
        assert_eq!((keys.len(), keys.runs.len()), (all.len(), 3));
        assert!(keys.iter().map(KeyRef::to_key).eq(all.iter().cloned()));
        for (at, key) in (0..).zip(&all) {
            assert_eq!(keys.find(key), Some(at));
        }
        assert_eq!(keys.find(&RecordKey::new("crm", "contact", "x")), None);
        assert!(Keys::default().is_empty());
    }
}
