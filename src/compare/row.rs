//! What a comparison touches first of a record, side by side: of the columns of a large table every
//! look is a cache miss, and most pairs are decided by what one row holds.

use super::table::{AddressEntry, EmailEntry, EmailValue, NameEntry, Table, bag};
use super::{Interner, NONE};

/// What a record has, one bit a kind of value.
pub(super) mod has {
    pub(in crate::compare) const NAME: u16 = 1;
    pub(in crate::compare) const EMAIL: u16 = 1 << 1;
    pub(in crate::compare) const PHONE: u16 = 1 << 2;
    pub(in crate::compare) const ADDRESS: u16 = 1 << 3;
    pub(in crate::compare) const BIRTH: u16 = 1 << 4;
    pub(in crate::compare) const AGE: u16 = 1 << 5;
    pub(in crate::compare) const GENDER: u16 = 1 << 6;
    pub(in crate::compare) const IDENTIFIER: u16 = 1 << 7;
    pub(in crate::compare) const TOKEN: u16 = 1 << 8;
    pub(in crate::compare) const LINK: u16 = 1 << 9;
    pub(in crate::compare) const ORGANIZATION: u16 = 1 << 10;
    pub(in crate::compare) const WEB: u16 = 1 << 11;
    pub(in crate::compare) const JOB: u16 = 1 << 12;
    pub(in crate::compare) const TEXT: u16 = 1 << 13;
    /// An id of another system, beside the record's own.
    pub(in crate::compare) const NAMED_LINK: u16 = 1 << 14;
}

/// The first values of a record, and whether there are more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Bits of [`has`].
    pub(super) has: u16,
    /// Bits of [`has`], for kinds of which there is more than the value here.
    many: u16,
    name: NameEntry,
    /// The characters of the first given name.
    pub(super) given_bag: u64,
    email: EmailEntry,
    email_value: EmailValue,
    phone: Digits,
    birth: Digits,
    address: AddressEntry,
}

/// A value of digits: its interned id, and up to fifteen digits, four bits each, the last lowest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digits {
    pub(super) id: u32,
    /// The low and the high half of the digits; the highest four bits are their number, 0 where the
    /// text holds anything else or is too long.
    halves: [u32; 2],
}

impl Digits {
    pub(super) fn new(values: &Interner, id: u32) -> Self {
        let text = values.get(id).as_bytes();
        if text.len() > 15 || !text.iter().all(u8::is_ascii_digit) {
            return Self { id, halves: [0; 2] };
        }
        let packed = text.iter().fold(0, |packed, c| packed << 4 | u64::from(c - b'0'));
        let all = packed | (text.len() as u64) << 60;
        Self { id, halves: [all as u32, (all >> 32) as u32] }
    }

    /// The digits.
    pub(super) const fn packed(self) -> u64 {
        self.halves[0] as u64 | ((self.halves[1] & 0x0fff_ffff) as u64) << 32
    }

    /// How many.
    pub(super) const fn len(self) -> u32 {
        self.halves[1] >> 28
    }
}

/// How many digits differ, place by place from the end.
pub(super) const fn differing(a: u64, b: u64) -> u32 {
    let x = a ^ b;
    let any = (x | x >> 1 | x >> 2 | x >> 3) & 0x1111_1111_1111_1111;
    any.count_ones()
}

impl Row {
    /// The row of a record of a table whose lists are filled.
    pub(super) fn new(t: &Table, record: u32) -> Self {
        let (names, emails) = (t.names.get(record), t.emails.get(record));
        let (phones, births) = (t.phones.get(record), t.births.get(record));
        let addresses = t.addresses.get(record);
        let at = record as usize;
        let counted = [
            (has::NAME, names.len()),
            (has::EMAIL, emails.len()),
            (has::PHONE, phones.len()),
            (has::ADDRESS, addresses.len()),
            (has::BIRTH, births.len()),
            (has::AGE, usize::from(t.age[at] != 0)),
            (has::GENDER, usize::from(t.gender[at] != 0)),
            (has::IDENTIFIER, t.identifiers.get(record).len()),
            (has::TOKEN, t.tokens.get(record).len()),
            (has::LINK, t.links.get(record).len()),
            (has::NAMED_LINK, t.links.get(record).iter().filter(|link| !link.own).count()),
            (has::ORGANIZATION, t.organizations.get(record).len()),
            (has::WEB, t.webs.get(record).len()),
            (has::JOB, t.jobs.get(record).len()),
            (has::TEXT, t.texts.iter().filter(|column| column.values[at] != NONE).count()),
        ];
        let bits = |least: usize| {
            counted.iter().filter(|(_, n)| *n >= least).fold(0, |bits, (bit, _)| bits | bit)
        };
        let email = emails.first().copied();
        Self {
            has: bits(1),
            many: bits(2),
            name: names.first().copied().unwrap_or(NameEntry::NONE),
            given_bag: bag(t.given.get(names.first().map_or(NONE, |name| name.given))),
            email: email.unwrap_or(EmailEntry::NONE),
            email_value: email.map_or(EmailValue::NONE, |e| t.email_values[e.email as usize]),
            phone: Digits::new(&t.phone, phones.first().copied().unwrap_or(NONE)),
            birth: Digits::new(&t.birth, births.first().copied().unwrap_or(NONE)),
            address: addresses.first().copied().unwrap_or(AddressEntry::NONE),
        }
    }

    /// Reads something of both ends of the row.
    pub(super) const fn touch(&self) -> u32 {
        self.has as u32 ^ self.name.given ^ self.address.postcode ^ self.email_value.local
    }

    /// Whether a mail address of the record may hold the first given name of the other one: its
    /// characters are all there. True where there is more than one name or address.
    pub(super) fn may_hold_given(&self, other: &Self) -> bool {
        self.many & has::EMAIL != 0
            || other.many & has::NAME != 0
            || (self.has & has::EMAIL != 0 && other.given_bag & !self.email_value.bag == 0)
    }

    fn one(&self, bit: u16) -> bool {
        self.has & !self.many & bit != 0
    }

    fn list<'a, T>(&'a self, bit: u16, first: &'a T, all: impl FnOnce() -> &'a [T]) -> &'a [T] {
        if self.one(bit) {
            std::slice::from_ref(first)
        } else if self.many & bit != 0 {
            all()
        } else {
            &[]
        }
    }

    /// All names of the record.
    pub(super) fn names<'a>(&'a self, t: &'a Table, record: u32) -> &'a [NameEntry] {
        self.list(has::NAME, &self.name, || t.names.get(record))
    }

    /// All mail addresses of the record, without what is known of them.
    pub(super) fn email_entries<'a>(&'a self, t: &'a Table, record: u32) -> &'a [EmailEntry] {
        self.list(has::EMAIL, &self.email, || t.emails.get(record))
    }

    /// Ids of all phones of the record.
    pub(super) fn phone_ids<'a>(&'a self, t: &'a Table, record: u32) -> &'a [u32] {
        self.list(has::PHONE, &self.phone.id, || t.phones.get(record))
    }

    /// Ids of all birth dates of the record.
    pub(super) fn birth_ids<'a>(&'a self, t: &'a Table, record: u32) -> &'a [u32] {
        self.list(has::BIRTH, &self.birth.id, || t.births.get(record))
    }

    /// All addresses of the record.
    pub(super) fn addresses<'a>(&'a self, t: &'a Table, record: u32) -> &'a [AddressEntry] {
        self.list(has::ADDRESS, &self.address, || t.addresses.get(record))
    }

    /// All mail addresses of the record.
    pub(super) fn emails<'a>(
        &'a self,
        t: &'a Table,
        record: u32,
    ) -> impl Iterator<Item = (EmailEntry, &'a EmailValue)> {
        let one = self.one(has::EMAIL).then_some((self.email, &self.email_value));
        let more = if self.many & has::EMAIL == 0 { &[] } else { t.emails.get(record) };
        one.into_iter().chain(more.iter().map(|e| (*e, &t.email_values[e.email as usize])))
    }

    /// All phones of the record.
    pub(super) fn phones(&self, t: &Table, record: u32) -> impl Iterator<Item = Digits> {
        let one = self.one(has::PHONE).then_some(self.phone);
        let more = if self.many & has::PHONE == 0 { &[] } else { t.phones.get(record) };
        one.into_iter().chain(more.iter().map(|id| Digits::new(&t.phone, *id)))
    }

    /// All birth dates of the record.
    pub(super) fn births(&self, t: &Table, record: u32) -> impl Iterator<Item = Digits> {
        let one = self.one(has::BIRTH).then_some(self.birth);
        let more = if self.many & has::BIRTH == 0 { &[] } else { t.births.get(record) };
        one.into_iter().chain(more.iter().map(|id| Digits::new(&t.birth, *id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_packed_and_compared_by_place() {
        let mut values = Interner::default();
        let ids: Vec<u32> =
            ["19800504", "19800405", "x1", "1234567890123456"].map(|v| values.intern(v)).into();
        let digits: Vec<Digits> = ids.iter().map(|id| Digits::new(&values, *id)).collect();
        assert_eq!((digits[0].packed(), digits[0].len()), (0x1980_0504, 8));
        assert_eq!((digits[2].len(), digits[3].len()), (0, 0));
        assert_eq!(differing(digits[0].packed(), digits[1].packed()), 2);
        assert_eq!(differing(0x11, 0x11), 0);
    }
}
