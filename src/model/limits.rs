use serde::{Deserialize, Serialize};

/// How large blocks may be: what makes candidate pairs of records that share a key. Part of the
/// model, so that later rebuilds compare the same pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockLimits {
    /// A block of more records is refined by what else they could agree on.
    pub cap: u32,
    /// Most records of a whole block, by rule.
    pub whole: Vec<u32>,
    /// Most records of a part of a refined block, by rule.
    pub part: Vec<u32>,
}

impl BlockLimits {
    /// Most records of a block of a rule; of a refined block's part.
    pub fn of(&self, rule: u8, part: bool) -> u32 {
        let limits = if part { &self.part } else { &self.whole };
        limits.get(usize::from(rule)).copied().unwrap_or(self.cap)
    }
}
