use std::path::Path;

use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{EntityId, LedgerChange, LedgerEvent, RecordKey, Timestamp};
use crate::pipeline::visit_ledger;
use crate::survivorship::iso;

/// One event of the ledger, as the feed of changes writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeRow {
    /// From 1, without gaps; never given twice.
    pub sequence: u64,
    /// The run that brought it.
    pub run: u32,
    /// What it comes from.
    pub cause: &'static str,
    /// `run`, `created`, `merged`, `split`, `retired`, `moved`, `golden`.
    pub change: &'static str,
    /// The entity after the change; of one that ended, itself.
    pub entity_id: Option<EntityId>,
    /// The entity that it came from or went into.
    pub other_entity_id: Option<EntityId>,
    /// Source of the record that founded the entity or moved.
    pub source: Option<String>,
    /// Its object.
    pub object: Option<String>,
    /// Its id.
    pub record_id: Option<String>,
    /// When the run began (RFC 3339), where it was told.
    pub at: Option<String>,
    /// Fields whose golden values changed.
    pub fields: Vec<String>,
}

impl ChangeRow {
    /// Names of the columns, in their order.
    pub const COLUMNS: [&str; 11] = [
        "sequence",
        "run",
        "cause",
        "change",
        "entity_id",
        "other_entity_id",
        "source",
        "object",
        "record_id",
        "at",
        "fields",
    ];

    fn new(event: LedgerEvent, at: Option<Timestamp>) -> Self {
        let mut row = Self {
            sequence: event.sequence,
            run: event.run,
            cause: event.cause.as_str(),
            change: "run",
            entity_id: None,
            other_entity_id: None,
            source: None,
            object: None,
            record_id: None,
            at: at.map(iso),
            fields: Vec::new(),
        };
        let (change, entity, other, record) = match event.change {
            LedgerChange::Run(_) => ("run", None, None, None),
            LedgerChange::Created { entity, founder } => {
                ("created", Some(entity), None, Some(founder))
            }
            LedgerChange::Merged { from, into } => ("merged", Some(from), Some(into), None),
            LedgerChange::Split { from, into } => ("split", Some(into), Some(from), None),
            LedgerChange::Retired { entity } => ("retired", Some(entity), None, None),
            LedgerChange::Moved { record, from, to } => ("moved", to, from, Some(record)),
            LedgerChange::Golden { entity, fields } => {
                row.fields = fields;
                ("golden", Some(entity), None, None)
            }
        };
        (row.change, row.entity_id, row.other_entity_id) = (change, entity, other);
        if let Some(RecordKey { source, object, id }) = record {
            row.source = Some(source.to_string());
            row.object = Some(object.to_string());
            row.record_id = Some(id.to_string());
        }
        row
    }

    /// The cells of a table, in the order of [`ChangeRow::COLUMNS`]; several fields are joined by
    /// `;`.
    pub fn cells(&self) -> [String; 11] {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let id = |id: Option<EntityId>| id.map(String::from).unwrap_or_default();
        [
            self.sequence.to_string(),
            self.run.to_string(),
            self.cause.to_owned(),
            self.change.to_owned(),
            id(self.entity_id),
            id(self.other_entity_id),
            text(&self.source),
            text(&self.object),
            text(&self.record_id),
            text(&self.at),
            self.fields.join(";"),
        ]
    }

    /// Whether `SOURCE:RECORD` or `SOURCE:OBJECT/RECORD` names the record of this event.
    pub(super) fn is_of(&self, text: &str) -> bool {
        let (Some(source), Some(object), Some(id)) = (&self.source, &self.object, &self.record_id)
        else {
            return false;
        };
        let rest = text.strip_prefix(source.as_str()).and_then(|rest| rest.strip_prefix(':'));
        let Some(rest) = rest else { return false };
        let bare = rest.strip_prefix(object.as_str()).and_then(|rest| rest.strip_prefix('/'));
        rest == id || bare == Some(id.as_str())
    }
}

/// From where on changes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// After an event.
    Sequence(u64),
    /// After a run.
    Run(u32),
    /// Runs that began then or later.
    Time(Timestamp),
}

/// Visits the changes of the ledger, in order. Needs no results. O(events).
///
/// # Errors
/// [`ErrorKind::Unknown`] for a run or a sequence that is still to come; damage; what `visit`
/// returns.
pub fn changes(
    dir: &Path,
    since: Since,
    mut visit: impl FnMut(ChangeRow) -> Result<()>,
) -> Result<()> {
    let (mut at, mut last_run, mut last) = (None, 0, 0);
    visit_ledger(dir, |event| {
        if let LedgerChange::Run(basis) = &event.change {
            at = basis.at;
        }
        (last_run, last) = (event.run, event.sequence);
        let wanted = match since {
            Since::Sequence(sequence) => event.sequence > sequence,
            Since::Run(run) => event.run > run,
            Since::Time(time) => at >= Some(time),
        };
        if wanted { visit(ChangeRow::new(event, at)) } else { Ok(()) }
    })?;
    let future = |what: &str, asked: u64, last: u64| {
        Err(Error::new(ErrorKind::Unknown, format!("there is no {what} {asked} yet"))
            .hint(format!("the last one is {last}")))
    };
    match since {
        Since::Run(run) if run > last_run => future("run", run.into(), last_run.into()),
        Since::Sequence(sequence) if sequence > last => future("change", sequence, last),
        _ => Ok(()),
    }
}
