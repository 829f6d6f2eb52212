use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashMap;
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

/// The keys of many records by ordinal. Takes a key's id and eight bytes a record, where a list of
/// [`RecordKey`]s takes some seventy.
#[derive(Clone, Default)]
pub struct Keys {
    /// Sources and objects, in the order of first sight.
    groups: Vec<Group>,
    /// Groups of each source.
    of_source: FxHashMap<Arc<str>, Vec<u32>>,
    /// Group by ordinal.
    group: Vec<u32>,
    ids: String,
    /// End of each id, from the start of its stretch.
    ends: Vec<u32>,
    /// Where each stretch of ids starts.
    stretches: Vec<usize>,
}

/// A source and an object.
#[derive(Clone)]
struct Group {
    /// Sources that were seen before.
    source_number: u32,
    source: Arc<str>,
    object: Arc<str>,
}

/// Keys of a stretch: with ids of many megabytes its ends are still numbers of 32 bits.
const STRETCH: usize = 1 << 6;

impl Keys {
    /// Adds a key.
    pub fn push(&mut self, source: &str, object: &str, id: &str) {
        let at = self.ends.len();
        let is = |group: &Group| *group.object == *object && *group.source == *source;
        let last = self.group.last().copied().filter(|last| is(&self.groups[*last as usize]));
        let group = last.unwrap_or_else(|| self.group_of(source, object));
        self.group.push(group);
        if at.is_multiple_of(STRETCH) {
            self.stretches.push(self.ids.len());
        }
        self.ids.push_str(id);
        self.ends.push((self.ids.len() - self.stretches[at / STRETCH]) as u32);
    }

    fn group_of(&mut self, source: &str, object: &str) -> u32 {
        let next = self.groups.len() as u32;
        let known = self.of_source.get(source).map_or(&[][..], Vec::as_slice);
        let is = |group: &&u32| *self.groups[**group as usize].object == *object;
        if let Some(group) = known.iter().find(is) {
            return *group;
        }
        let (source_number, source) = match known.first() {
            Some(group) => {
                let Group { source_number, source, .. } = &self.groups[*group as usize];
                (*source_number, Arc::clone(source))
            }
            None => (self.of_source.len() as u32, source.into()),
        };
        self.of_source.entry(Arc::clone(&source)).or_default().push(next);
        self.groups.push(Group { source_number, source, object: object.into() });
        next
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A key.
    ///
    /// # Panics
    /// There are not so many.
    pub fn get(&self, ordinal: u32) -> KeyRef<'_> {
        let Group { source, object, .. } = &self.groups[self.group[ordinal as usize] as usize];
        KeyRef { source, object, id: self.id(ordinal) }
    }

    /// Number of a key's source, in the order of first sight.
    ///
    /// # Panics
    /// There are not so many.
    pub fn source_number(&self, ordinal: u32) -> u32 {
        self.groups[self.group[ordinal as usize] as usize].source_number
    }

    /// The order of two keys.
    ///
    /// # Panics
    /// There are not so many.
    pub fn compare(&self, a: u32, b: u32) -> Ordering {
        if self.group[a as usize] == self.group[b as usize] {
            return self.id(a).cmp(self.id(b));
        }
        self.get(a).cmp(&self.get(b))
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

    /// All keys, in order.
    pub fn iter(&self) -> impl Iterator<Item = KeyRef<'_>> {
        (0..self.ends.len() as u32).map(|at| self.get(at))
    }

    /// Ordinal of a key among ascending ones. O(log n).
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
        write!(f, "Keys({} of {} sources and objects)", self.ends.len(), self.groups.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_and_given_back() {
        let mut all: Vec<RecordKey> = Vec::new();
        for (source, object) in [("crm", "contact"), ("crm", "lead"), ("shop", "contact")] {
            all.extend((0..3_000).map(|n| RecordKey::new(source, object, &n.to_string())));
        }
        all.sort_unstable();
        let keys: Keys = all.iter().collect();
        assert_eq!((keys.len(), keys.groups.len()), (all.len(), 3));
        assert!(keys.iter().map(KeyRef::to_key).eq(all.iter().cloned()));
        for (at, key) in (0..).zip(&all) {
            assert_eq!(keys.find(key), Some(at));
        }
        assert_eq!(keys.find(&RecordKey::new("crm", "contact", "x")), None);
        let last = all.len() as u32 - 1;
        assert_eq!([0, last].map(|at| keys.source_number(at)), [0, 1]);
        assert_eq!(keys.compare(1, 2), all[1].cmp(&all[2]));
        assert_eq!(keys.compare(last, 2), Ordering::Greater);
        assert!(Keys::default().is_empty());
    }
}
