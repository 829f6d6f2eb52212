//! What candidates show of their records, made once a record.

use super::table::{Joined, Table};
use crate::error::Result;
use crate::model::NormalRecord;
use crate::store::results::Results;
use crate::survivorship::birth_text;
use rayon::prelude::*;

/// The fields that candidates show side by side.
pub(super) const SIDE_BY_SIDE: [&str; 10] = [
    "full_name",
    "email",
    "phone",
    "address_line",
    "city",
    "region",
    "postcode",
    "country",
    "company",
    "date_of_birth",
];

/// Calls `each` with the values of one record under each field of [`SIDE_BY_SIDE`], in order.
pub(super) fn side(normal: &NormalRecord, values: &mut Joined, mut each: impl FnMut(&Joined)) {
    let mut cell = |texts: &mut dyn Iterator<Item = &str>| {
        values.clear();
        texts.for_each(|text| values.push(&[text]));
        each(values);
    };
    let address = normal.addresses.first();
    let (name, birth) = (normal.names.first(), normal.births.first().map(birth_text));
    let filled = |text: &&str| !text.is_empty();
    cell(&mut name.map(|n| n.display.as_str()).into_iter().filter(filled));
    cell(&mut normal.emails.iter().map(|e| e.address.as_str()));
    cell(&mut normal.phones.iter().map(|p| p.display.as_str()));
    for part in [
        address.map(|a| &a.line),
        address.map(|a| &a.city),
        address.map(|a| &a.region),
        address.map(|a| &a.postcode),
        address.map(|a| &a.country),
    ] {
        cell(&mut part.map(String::as_str).into_iter().filter(filled));
    }
    cell(&mut normal.organizations.iter().map(|o| o.display.as_str()));
    cell(&mut birth.as_deref().into_iter().filter(filled));
}

/// Encoded cells of the records that stand in candidates, by ordinal. Some 120 bytes a record.
pub(super) struct Sides {
    pieces: Vec<Vec<u8>>,
    /// Piece and offset by ordinal; [`UNKNOWN`] or [`UNASKED`] for none.
    places: Vec<(u32, u32)>,
}

const UNASKED: (u32, u32) = (u32::MAX, 0);
const UNKNOWN: (u32, u32) = (u32::MAX, 1);

/// Records decoded by one piece of parallel work.
const PIECE: u32 = 1024;

/// Cells of some records, made by one thread.
#[derive(Default)]
pub(super) struct Piece {
    bytes: Vec<u8>,
    starts: Vec<(u32, u32)>,
    values: Joined,
}

impl Piece {
    /// Adds a record's cells: each a length (seven bits a byte, the lowest first), then its bytes.
    pub(super) fn add(&mut self, ordinal: u32, normal: &NormalRecord, table: &Table) {
        let Self { bytes, starts, values } = self;
        starts.push((ordinal, bytes.len() as u32));
        let mut cell = Vec::new();
        side(normal, values, |joined| {
            cell.clear();
            table.encode_joined(joined, &mut cell);
            let mut length = cell.len();
            while length >= 0x80 {
                bytes.push(length as u8 | 0x80);
                length >>= 7;
            }
            bytes.push(length as u8);
            bytes.extend_from_slice(&cell);
        });
    }
}

impl Sides {
    /// For the records that `asked` names, among so many.
    pub(super) fn new(records: u32, asked: impl Iterator<Item = u32>) -> Self {
        let mut places = vec![UNASKED; records as usize];
        asked.for_each(|ordinal| places[ordinal as usize] = UNKNOWN);
        Self { pieces: Vec::new(), places }
    }

    /// Whether a record's cells are to be added.
    pub(super) fn asks(&self, ordinal: u32) -> bool {
        self.places[ordinal as usize] == UNKNOWN
    }

    /// Takes a piece in.
    pub(super) fn keep(&mut self, mut piece: Piece) {
        let at = self.pieces.len() as u32;
        for (ordinal, offset) in piece.starts {
            self.places[ordinal as usize] = (at, offset);
        }
        piece.bytes.shrink_to_fit();
        self.pieces.push(piece.bytes);
    }

    /// Reads all that is asked. O(records).
    pub(super) fn read(&mut self, results: &Results, table: &Table) -> Result<()> {
        let records = results.records();
        let wave = PIECE * 4 * rayon::current_num_threads() as u32;
        let mut from = 0;
        while from < records {
            let to = records.min(from.saturating_add(wave));
            let starts: Vec<u32> = (from..to).step_by(PIECE as usize).collect();
            let pieces: Vec<Piece> = starts
                .into_par_iter()
                .map(|start| {
                    let mut piece = Piece::default();
                    results.scan_normals(start..to.min(start + PIECE), |ordinal, encoded| {
                        if self.asks(ordinal) {
                            piece.add(ordinal, &results.decode_normal(encoded)?, table);
                        }
                        Ok(())
                    })?;
                    Ok(piece)
                })
                .collect::<Result<_>>()?;
            pieces.into_iter().for_each(|piece| self.keep(piece));
            from = to;
        }
        Ok(())
    }

    /// Reads where the cells of a record are.
    pub(super) fn touch(&self, ordinal: u32) -> u32 {
        self.places[ordinal as usize].1
    }

    /// Reads something of the cells of a record.
    pub(super) fn touch_cells(&self, ordinal: u32) -> u32 {
        let (piece, offset) = self.places[ordinal as usize];
        let byte = self.pieces.get(piece as usize).and_then(|piece| piece.get(offset as usize));
        byte.map_or(0, |byte| u32::from(*byte))
    }

    /// The cells of a record, in the order of [`SIDE_BY_SIDE`].
    pub(super) fn cells(&self, ordinal: u32) -> impl Iterator<Item = &[u8]> {
        let (piece, offset) = self.places[ordinal as usize];
        let piece = self.pieces.get(piece as usize).map_or(&[][..], Vec::as_slice);
        let mut rest = piece.get(offset as usize..).unwrap_or_default();
        SIDE_BY_SIDE.iter().map(move |_| {
            let (mut length, mut shift) = (0_usize, 0);
            while let Some((byte, more)) = rest.split_first() {
                length |= usize::from(byte & 0x7f) << shift;
                shift += 7;
                rest = more;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            let (cell, more) = rest.split_at(length.min(rest.len()));
            rest = more;
            cell
        })
    }
}
