//! The vocabulary: plain values that every other module speaks of, and their invariants.
//!
//! Nothing here does I/O, knows a configuration or cleans a value. Ground values: [`SourceRecord`],
//! [`FileManifest`], [`Judgement`], [`LedgerEvent`]. Derived values: [`MappedRecord`] (what a source
//! kind's mapping reads out of a row), [`NormalRecord`] (its canonical values), [`GoldenRecord`].

mod evidence;
mod golden;
mod judgement;
mod key;
mod keys;
mod ledger;
mod limits;
mod mapped;
mod method;
mod normal;
mod sensitive;
mod source;

pub use evidence::{
    Band, ComparisonTerm, Decision, Explanation, MergeStep, MissedKey, ScoredPair, Thresholds,
};
pub use golden::{GoldenField, GoldenRecord, LostValue, Relation};
pub use judgement::{Judgement, Verdict};
pub use key::{EntityId, EntityKind, RecordKey, Timestamp, is_source_name};
pub use keys::{KeyRef, Keys};
pub use ledger::{Cause, LedgerChange, LedgerEvent, RunBasis};
pub use limits::BlockLimits;
pub use mapped::{
    ConsentState, DateOrder, ExternalId, Labelled, LinkStrength, Mapped, MappedAddress,
    MappedConsent, MappedDate, MappedName, MappedRecord,
};
pub use method::{Method, Part};
pub use normal::{
    Address, BirthDate, Consent, Email, EmailQuality, Gender, Identifier, IdentifierKind, JobTitle,
    NormalRecord, Organization, PersonName, Phone, Website,
};
pub use sensitive::Sensitive;
pub use source::{
    FileManifest, Limits, QuarantinedRow, RawRow, SourceRecord, Version, content_hash,
};
