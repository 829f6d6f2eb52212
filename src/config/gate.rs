//! Limits that a pipeline wants kept: `status --gate FILE`.

use std::path::Path;

use toml::de::DeValue;

use super::read::{Problems, boolean, integer, share, table};
use super::units::parse_duration;
use crate::error::{Error, Result};

/// Limits as written in a gate file; what is not named is not checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gate {
    /// `records_min`.
    pub records_min: Option<u64>,
    /// `quarantined_max`: rows.
    pub quarantined_max: Option<u64>,
    /// `quarantined_share_max`: rows in quarantine per row read.
    pub quarantined_share_max: Option<f64>,
    /// `merged_share_max`: share of records that stand in an entity with another one.
    pub merged_share_max: Option<f64>,
    /// `largest_entity_max`: records of the largest entity.
    pub largest_entity_max: Option<u64>,
    /// `stale`: whether results may be older than ground.
    pub stale: Option<bool>,
    /// `data_age_max` in seconds, counted from the as-of date to the newest time in ground.
    pub data_age_max: Option<u64>,
}

/// What a gate is held against.
#[derive(Clone, Copy, Debug, Default)]
pub struct GateInput {
    /// Live records.
    pub records: u64,
    /// Entities.
    pub entities: u64,
    /// Rows in quarantine.
    pub quarantined: u64,
    /// Records of the largest entity, where known.
    pub largest_entity: Option<u64>,
    /// Whether ground is newer than the results.
    pub stale: bool,
    /// Seconds from the newest time in ground to the as-of date, where both are known.
    pub data_age: Option<u64>,
}

const KEYS: &[&str] = &[
    "records_min",
    "quarantined_max",
    "quarantined_share_max",
    "merged_share_max",
    "largest_entity_max",
    "stale",
    "data_age_max",
];

impl Gate {
    /// Reads a gate file (TOML).
    ///
    /// # Errors
    /// Unreadable, or an unknown key or wrong value, named with its line.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, error))?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads a gate from its text.
    ///
    /// # Errors
    /// As [`Gate::load`].
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let root = table(text, name)?;
        let mut problems = Problems::new(text);
        let p = &mut problems;
        let mut gate = Self::default();
        for (key, value) in root.get_ref() {
            match key.get_ref().as_ref() {
                "records_min" => gate.records_min = integer(p, "records_min", value),
                "quarantined_max" => gate.quarantined_max = integer(p, "quarantined_max", value),
                "quarantined_share_max" => {
                    gate.quarantined_share_max = share(p, "quarantined_share_max", value);
                }
                "merged_share_max" => gate.merged_share_max = share(p, "merged_share_max", value),
                "largest_entity_max" => {
                    gate.largest_entity_max = integer(p, "largest_entity_max", value);
                }
                "stale" => gate.stale = boolean(p, "stale", value),
                "data_age_max" => match value.get_ref() {
                    DeValue::String(text) if parse_duration(text).is_some() => {
                        gate.data_age_max = parse_duration(text);
                    }
                    _ => p.add(
                        value.span().start,
                        "`data_age_max` must be a duration".to_owned(),
                        Some("write \"30 days\"".to_owned()),
                    ),
                },
                other => p.unknown(key.span().start, "key", other, KEYS),
            }
        }
        problems.finish(name)?;
        Ok(gate)
    }

    /// The limits that do not hold, in words; empty if all hold.
    pub fn check(&self, input: &GateInput) -> Vec<String> {
        let mut failures = Vec::new();
        let mut most = |name: &str, value: Option<f64>, limit: Option<f64>| {
            if let (Some(value), Some(limit)) = (value, limit)
                && value > limit
            {
                failures.push(format!("{name}: {value} is over {limit}"));
            }
        };
        let number = |n: u64| n as f64;
        let rows = input.records + input.quarantined;
        let share =
            |part: u64, whole: u64| if whole == 0 { 0.0 } else { number(part) / number(whole) };
        most("quarantined_max", Some(number(input.quarantined)), self.quarantined_max.map(number));
        most(
            "quarantined_share_max",
            Some(share(input.quarantined, rows)),
            self.quarantined_share_max,
        );
        let merged = input.records.saturating_sub(input.entities);
        most("merged_share_max", Some(share(merged, input.records)), self.merged_share_max);
        most(
            "largest_entity_max",
            input.largest_entity.map(number),
            self.largest_entity_max.map(number),
        );
        most("data_age_max (seconds)", input.data_age.map(number), self.data_age_max.map(number));
        if self.records_min.is_some_and(|least| input.records < least) {
            failures.push(format!(
                "records_min: {} is under {}",
                input.records,
                self.records_min.unwrap_or_default()
            ));
        }
        if self.stale == Some(false) && input.stale {
            failures.push("stale: results are older than what was ingested".to_owned());
        }
        failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_do_not_hold_are_named() {
        let gate = Gate::parse(
            "records_min = 10\nquarantined_share_max = \"1%\"\nstale = false\nlargest_entity_max = 9",
            "gate.toml",
        )
        .unwrap();
        let good = GateInput { records: 100, entities: 90, ..GateInput::default() };
        assert_eq!(gate.check(&good), Vec::<String>::new());
        let bad = GateInput {
            records: 9,
            entities: 9,
            quarantined: 1,
            stale: true,
            largest_entity: Some(10),
            ..GateInput::default()
        };
        assert_eq!(gate.check(&bad).len(), 4);
    }

    #[test]
    fn a_misspelt_limit_is_no_limit_in_silence() {
        let error = Gate::parse("\nrecord_min = 10", "gate.toml").unwrap_err();
        assert!(error.to_string().starts_with("gate.toml:2"), "{error}");
    }
}
