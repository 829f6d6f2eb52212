use super::{EntityKind, NormalRecord};
use Part::*;

/// A part of the matching method that can be switched off, to see what it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs, reason = "`Part::name` says it")]
pub enum Part {
    EntityKinds,
    SystemIds,
    SeveralValues,
    FurtherTexts,
    MailboxGivenNames,
    NamesFromMailboxes,
    Nicknames,
    SwappedNames,
    ValueFrequencies,
    Training,
    Relatives,
    Leaks,
    Sites,
    Refinement,
    Profiles,
    MeanOfPairs,
    Chances,
    Attraction,
}

impl Part {
    /// All parts, in the order of the method.
    pub const ALL: &[Self] = &[
        EntityKinds,
        SystemIds,
        SeveralValues,
        FurtherTexts,
        Refinement,
        Nicknames,
        SwappedNames,
        NamesFromMailboxes,
        MailboxGivenNames,
        ValueFrequencies,
        Training,
        Relatives,
        Leaks,
        Sites,
        Profiles,
        MeanOfPairs,
        Chances,
        Attraction,
    ];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            EntityKinds => "persons and organisations apart",
            SystemIds => "ids of other systems",
            SeveralValues => "several e-mails, phones, addresses, names",
            FurtherTexts => "columns that no field took",
            MailboxGivenNames => "e-mail given the names",
            NamesFromMailboxes => "names read out of mailboxes",
            Nicknames => "nicknames",
            SwappedNames => "swapped names",
            ValueFrequencies => "value frequencies",
            Training => "training (generic m, u, priors)",
            Relatives => "class of relatives",
            Leaks => "relatives who share a name, a birth date, a number",
            Sites => "class of other sites",
            Refinement => "refinement of large blocks",
            Profiles => "profiles of clusters (mean of pairs only)",
            MeanOfPairs => "mean of pairs (profiles only)",
            Chances => "chances that the best of several values had",
            Attraction => "attraction of larger entities",
        }
    }
}

/// The matching method: all of its parts, but in an ablation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Method {
    off: u32,
}

impl Method {
    /// The same method without a part.
    #[must_use]
    pub const fn without(self, part: Part) -> Self {
        Self { off: self.off | 1 << part as u8 }
    }

    /// Takes out of a record what the method does not look at.
    pub fn narrow(self, record: &mut NormalRecord) {
        if self == Self::default() {
            return;
        }
        if !self.has(EntityKinds) {
            record.entity_kind = EntityKind::Unknown;
        }
        if !self.has(SystemIds) {
            record.self_ids.clear();
            record.external_ids.clear();
        }
        if !self.has(SeveralValues) {
            record.names.truncate(1);
            record.emails.truncate(1);
            record.phones.truncate(1);
            record.addresses.truncate(1);
        }
    }

    /// Whether a part is in force.
    pub const fn has(self, part: Part) -> bool {
        self.off & (1 << part as u8) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_switched_off_alone() {
        for part in Part::ALL {
            let method = Method::default().without(*part);
            let off: Vec<&Part> = Part::ALL.iter().filter(|p| !method.has(**p)).collect();
            assert_eq!(off, [part]);
        }
    }
}
