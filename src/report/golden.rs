//! The table of golden records.

use std::io::Write;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::ReportInput;
use super::roster::{EntityBrief, Roster};
use super::sides::{Piece, Sides};
use super::table::{CHUNK, Joined, Rows, Table, TableFormat};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{NormalRecord, Timestamp};
use crate::survivorship::{
    FIXED_COLUMNS, Member, VOCABULARY, field_order, is_many, surviving_values,
};

fn member(roster: &Roster, ordinal: u32, normal: NormalRecord) -> Member {
    let key = roster.keys.get(ordinal).to_key();
    let system = &roster.systems[usize::from(roster.source_of[ordinal as usize])];
    Member { system: Arc::clone(system), normal, key }
}

/// Gives a member the key and the system of a record.
fn name_member(member: &mut Member, roster: &Roster, ordinal: u32) {
    member.key = roster.keys.get(ordinal).to_key();
    member.system.clone_from(&roster.systems[usize::from(roster.source_of[ordinal as usize])]);
}

/// What a person calls an entity: its first name, company, mailbox or number that survives.
pub(super) fn display_name(
    input: &ReportInput<'_>,
    roster: &Roster,
    entity: &EntityBrief,
) -> Result<String> {
    let fields = ["full_name", "company", "email", "phone"];
    let mut names: [Option<String>; 4] = Default::default();
    let as_of = input.results.summary().as_of.map(Timestamp);
    let members: Vec<Member> = (entity.members.iter())
        .map(|ordinal| Ok(member(roster, *ordinal, input.results.normal(*ordinal)?)))
        .collect::<Result<_>>()?;
    surviving_values(entity.kind, &members, input.policy, as_of, |field, value| {
        if let Some(at) = fields.iter().position(|f| *f == field) {
            names[at].get_or_insert_with(|| value.to_owned());
        }
    });
    Ok(names.into_iter().flatten().next().unwrap_or_else(|| "(no name)".to_owned()))
}

/// Encoded values of all records but the first of each entity. Entities are sorted by their first
/// record, so that a walk over the entities meets the firsts in the order of the file; the others,
/// which lie anywhere, must be at hand.
struct Followers {
    /// A piece holds so many ordinals; each record's length, then its bytes.
    pieces: Vec<Vec<u8>>,
    /// Where a record begins in its piece; [`FIRST`] for one that is not held.
    starts: Vec<u32>,
}

const FIRST: u32 = u32::MAX;
/// Ordinals of a piece of parallel work.
const PIECE: u32 = 2048;

impl Followers {
    /// Reads them, in parallel. O(records).
    fn read(input: &ReportInput<'_>, roster: &Roster) -> Result<Self> {
        let records = roster.keys.len() as u32;
        let mut starts = vec![FIRST; records as usize];
        let follows = |at: u32| roster.entity(at).members.first() != Some(&at);
        let pieces = starts
            .par_chunks_mut(PIECE as usize)
            .zip(0..records.div_ceil(PIECE))
            .map(|(starts, piece)| {
                let first = piece * PIECE;
                let mut bytes = Vec::new();
                let last = first + starts.len() as u32;
                input.results.scan_normals(first..last, |at, encoded| {
                    if follows(at) {
                        starts[(at - first) as usize] = bytes.len() as u32;
                        bytes.extend_from_slice(&(encoded.len() as u32).to_le_bytes());
                        bytes.extend_from_slice(encoded);
                    }
                    Ok(())
                })?;
                bytes.shrink_to_fit();
                Ok(bytes)
            })
            .collect::<Result<_>>()?;
        Ok(Self { pieces, starts })
    }

    fn get(&self, ordinal: u32) -> Option<&[u8]> {
        let bytes = self.pieces.get((ordinal / PIECE) as usize)?;
        let rest = bytes.get(*self.starts.get(ordinal as usize)? as usize..)?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        rest.get(..u32::from_le_bytes(*length) as usize)
    }
}

/// `golden`: per entity what survives. Every record is decoded once; `sides` gets what it asks for
/// on the way.
pub(super) fn golden_records(
    input: &ReportInput<'_>,
    roster: &Roster,
    mut sides: Option<(&mut Sides, &Table)>,
    format: TableFormat,
    out: &mut dyn Write,
) -> Result<()> {
    let extra =
        input.fields.iter().map(String::as_str).filter(|f| field_order(f).0 >= FIXED_COLUMNS);
    let fields: Vec<&str> = VOCABULARY[..FIXED_COLUMNS].iter().copied().chain(extra).collect();
    let related = roster.entities.iter().any(|e| !e.relations.is_empty());
    let mut columns = vec!["entity_id", "entity_kind", "records", "sources"];
    columns.extend(&fields);
    if related {
        columns.push("relations");
    }
    let columns = columns.into_iter().map(str::to_owned).collect();
    let table = Table::new(format, input.spreadsheet_safe, columns);
    let golden = Golden {
        several: fields.iter().map(|f| is_many(f)).collect(),
        place: fields.iter().enumerate().map(|(at, f)| (*f, at)).collect(),
        as_of: input.results.summary().as_of.map(Timestamp),
        followers: Followers::read(input, roster)?,
        related,
        input,
        roster,
    };
    // The cells that are still asked for are known before the first chunk.
    let asked: Option<(Vec<bool>, &Table)> = sides.as_ref().map(|(sides, table)| {
        ((0..roster.keys.len() as u32).map(|at| sides.asks(at)).collect(), *table)
    });
    let entities = roster.entities.len() as u64;
    table.write_chunks(
        out,
        entities.div_ceil(CHUNK),
        |chunk, rows| {
            let entities = &roster.entities[(chunk * CHUNK) as usize..];
            let entities = &entities[..entities.len().min(CHUNK as usize)];
            let asked = asked.as_ref().map(|(asked, table)| (asked.as_slice(), *table));
            golden.rows(entities, asked, rows)
        },
        |piece| {
            if let Some((sides, _)) = &mut sides {
                sides.keep(piece);
            }
        },
    )
}

/// What the rows of golden records are made with.
struct Golden<'a> {
    input: &'a ReportInput<'a>,
    roster: &'a Roster,
    /// By column of a field: whether it may hold several values.
    several: Vec<bool>,
    place: FxHashMap<&'a str, usize>,
    as_of: Option<Timestamp>,
    followers: Followers,
    related: bool,
}

impl Golden<'_> {
    /// The rows of neighbouring entities.
    fn rows(
        &self,
        entities: &[EntityBrief],
        asked: Option<(&[bool], &Table)>,
        rows: &mut Rows<'_>,
    ) -> Result<Piece> {
        let results = self.input.results;
        let mut row = Row::new(self);
        let mut piece = Piece::default();
        let mut waiting = entities.iter();
        let first = |entity: Option<&EntityBrief>| entity.and_then(|e| e.members.first().copied());
        let (from, to) = (first(entities.first()).unwrap_or(0), first(entities.last()));
        // As many as the largest entity so far has; each is decoded over an earlier one.
        let mut members: Vec<Member> = Vec::new();
        results.scan_normals(from..to.map_or(from, |last| last + 1), |ordinal, encoded| {
            let Some(entity) = waiting.as_slice().first() else { return Ok(()) };
            if entity.members.first() != Some(&ordinal) {
                return Ok(());
            }
            waiting.next();
            for (place, at) in entity.members.iter().enumerate() {
                let encoded = if *at == ordinal { Some(encoded) } else { self.followers.get(*at) };
                let encoded = encoded.unwrap_or_default();
                if place == members.len() {
                    members.push(member(self.roster, *at, NormalRecord::default()));
                }
                let member = &mut members[place];
                results.decode_normal_over(encoded, &mut member.normal)?;
                name_member(member, self.roster, *at);
                if let Some((asked, table)) = asked
                    && asked[*at as usize]
                {
                    piece.add(*at, &member.normal, table);
                }
            }
            row.write(entity, &members[..entity.members.len()], rows)
        })?;
        if waiting.next().is_some() {
            return Err(Error::new(
                ErrorKind::Corrupted,
                "entities are not sorted by first record",
            )
            .hint("run `sameas rebuild`"));
        }
        Ok(piece)
    }
}

/// A row under construction, with its buffers.
struct Row<'a> {
    golden: &'a Golden<'a>,
    cells: Vec<Joined>,
    sources: Joined,
}

impl<'a> Row<'a> {
    fn new(golden: &'a Golden<'a>) -> Self {
        let cells = golden.several.iter().map(|_| Joined::default()).collect();
        Self { golden, cells, sources: Joined::default() }
    }

    fn write(
        &mut self,
        entity: &EntityBrief,
        members: &[Member],
        rows: &mut Rows<'_>,
    ) -> Result<()> {
        let Self { golden, cells, sources } = self;
        let roster = golden.roster;
        rows.shown(entity.id);
        rows.text(entity.kind.as_str());
        rows.integer(entity.members.len() as u64);
        sources.clear();
        let of = |at: &u32| roster.source_of[*at as usize];
        for run in entity.members.chunk_by(|a, b| of(a) == of(b)) {
            sources.push(&[&roster.sources[usize::from(of(&run[0]))]]);
        }
        rows.joined(sources);
        cells.iter_mut().for_each(Joined::clear);
        let mut unknown = false;
        surviving_values(
            entity.kind,
            members,
            golden.input.policy,
            golden.as_of,
            |field, value| match golden.place.get(field) {
                Some(at) => cells[*at].push(&[value]),
                None => unknown = true,
            },
        );
        if unknown {
            return Err(Error::new(
                ErrorKind::Corrupted,
                "the results do not name all their fields",
            )
            .hint("run `sameas rebuild`"));
        }
        for (cell, several) in cells.iter().zip(&golden.several) {
            if *several { rows.joined(cell) } else { rows.text(cell.text()) }
        }
        if golden.related {
            sources.clear();
            for (kind, other) in &entity.relations {
                sources.push(&[kind, ":", &roster.entities[*other as usize].id.to_string()]);
            }
            rows.joined(sources);
        }
        rows.end();
        Ok(())
    }
}
