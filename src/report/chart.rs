//! What the charts of the page draw, in numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use super::candidates::LOWEST;
use super::page::number;
use crate::model::Thresholds;

/// A horizontal bar.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Bar {
    label: String,
    count: String,
    /// Percent of the longest.
    width: f64,
}

/// Entities by number of records: 1 to 5 each, then in ranges.
pub(super) fn sizes(sizes: &BTreeMap<u64, u64>) -> Vec<Bar> {
    let ranges: [(u64, u64); 9] =
        [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 10), (11, 20), (21, 50), (51, u64::MAX)];
    let mut bars: Vec<(String, u64)> = ranges
        .iter()
        .map(|(low, high)| {
            let label = match (low, high) {
                (1, 1) => "1 record".to_owned(),
                (low, high) if low == high => format!("{low} records"),
                (low, &u64::MAX) => format!("{low} and more"),
                (low, high) => format!("{low}–{high}"),
            };
            (label, sizes.range(low..=high).map(|(_, n)| n).sum())
        })
        .collect();
    while bars.len() > 1 && bars.last().is_some_and(|(_, n)| *n == 0) {
        bars.pop();
    }
    let most = bars.iter().map(|(_, n)| *n).max().unwrap_or(0).max(1) as f64;
    let bar = |(label, n): (String, u64)| Bar {
        label,
        count: number(n),
        width: tenths(n as f64 / most * 100.0),
    };
    bars.into_iter().map(bar).collect()
}

/// The histogram of match weights in a drawing of [`WIDTH`] × [`HEIGHT`].
#[derive(Debug, Serialize)]
pub(super) struct Histogram {
    width: f64,
    height: f64,
    base: f64,
    bars: Vec<Column>,
    marks: Vec<Mark>,
    ticks: Vec<Tick>,
    most: String,
}

#[derive(Debug, Serialize)]
struct Column {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    class: &'static str,
    title: String,
}

#[derive(Debug, Serialize)]
struct Mark {
    x: f64,
    y: f64,
    label: String,
}

#[derive(Debug, Serialize)]
struct Tick {
    x: f64,
    label: String,
}

const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 210.0;
const TOP: f64 = 46.0;
const BASE: f64 = 186.0;

fn tenths(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

/// Match weight of a posterior, bits.
fn weight(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}

impl Histogram {
    /// Lays out the counts by whole bits from [`LOWEST`] on.
    pub(super) fn new(counts: &[u64], thresholds: Thresholds) -> Self {
        let limits = [thresholds.review, thresholds.matching, thresholds.auto].map(weight);
        // Show what is filled and the thresholds, nothing further out.
        let filled = |at: &usize| counts[*at] > 0;
        let first = (0..counts.len()).find(filled).map_or(0.0, |at| (at as i32 + LOWEST).into());
        let last =
            (0..counts.len()).rev().find(filled).map_or(0.0, |at| (at as i32 + LOWEST + 1).into());
        let low = limits.iter().copied().fold(first, f64::min).floor().max(LOWEST.into());
        let high = limits
            .iter()
            .copied()
            .fold(last, f64::max)
            .ceil()
            .min(f64::from(LOWEST) + counts.len() as f64);
        let unit = WIDTH / (high - low).max(1.0);
        let x = |bits: f64| tenths(((bits - low) * unit).clamp(0.0, WIDTH));
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        let mut bars = Vec::new();
        for (at, count) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
            let bits = f64::from(at as i32 + LOWEST);
            let height = (*count as f64 / most as f64 * (BASE - TOP - 4.0)).max(1.5);
            bars.push(Column {
                x: x(bits) + 0.5,
                y: tenths(BASE - height),
                width: tenths((unit - 1.0).max(0.5)),
                height: tenths(height),
                class: match bits + 0.5 {
                    middle if middle >= limits[2] => "auto",
                    middle if middle >= limits[1] => "match",
                    middle if middle >= limits[0] => "review",
                    _ => "below",
                },
                title: format!("{bits} to {} bits: {} pairs", bits + 1.0, number(*count)),
            });
        }
        let names = [
            ("review", thresholds.review),
            ("match", thresholds.matching),
            ("auto", thresholds.auto),
        ];
        let marks = names.iter().zip(limits).enumerate().map(|(at, ((name, p), bits))| Mark {
            x: x(bits),
            y: 12.0 + 12.0 * at as f64,
            label: format!("{name} {p}"),
        });
        let step = if high - low > 24.0 { 8 } else { 4 };
        let ticks = (low as i32..=high as i32).filter(|bits| bits % step == 0);
        Self {
            width: WIDTH,
            height: HEIGHT,
            base: BASE,
            bars,
            marks: marks.collect(),
            ticks: ticks
                .map(|bits| Tick {
                    x: x(bits.into()).clamp(8.0, WIDTH - 10.0),
                    label: if bits == 0 { "0".to_owned() } else { format!("{bits:+}") },
                })
                .collect(),
            most: number(most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_end_with_the_last_that_occurs() {
        let bars = sizes(&BTreeMap::from([(1, 1000), (2, 500), (7, 2), (10, 3)]));
        let labels: Vec<&str> = bars.iter().map(|b| b.label.as_str()).collect();
        assert_eq!(
            labels,
            ["1 record", "2 records", "3 records", "4 records", "5 records", "6–10"]
        );
        assert_eq!((bars[5].count.as_str(), bars[1].width), ("5", 50.0));
        assert_eq!(sizes(&BTreeMap::new()).len(), 1);
    }

    #[test]
    fn a_histogram_stays_in_its_frame() {
        for filled in [vec![], vec![0], vec![4, 47], vec![10, 20]] {
            let mut counts = vec![0; 48];
            filled.iter().for_each(|at: &usize| counts[*at] = 7);
            let drawn = Histogram::new(&counts, Thresholds::default());
            assert_eq!(drawn.bars.len(), filled.len());
            for bar in &drawn.bars {
                assert!(bar.x >= 0.0 && bar.x + bar.width <= WIDTH + 0.6, "{bar:?}");
                assert!(bar.y >= TOP && bar.height > 0.0, "{bar:?}");
            }
            assert!(drawn.marks.iter().all(|m| (0.0..=WIDTH).contains(&m.x)));
        }
    }
}
