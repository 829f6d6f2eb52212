//! Exit codes, in one place.

use sameas::error::ErrorKind;

pub(super) const DONE: u8 = 0;
pub(super) const FAILED: u8 = 1;
pub(super) const USAGE: u8 = 2;
pub(super) const REFUSED: u8 = 3;
pub(super) const QUARANTINED: u8 = 4;
pub(super) const LOCKED: u8 = 5;
pub(super) const INTERRUPTED: u8 = 130;

/// The first that applies is the exit code.
const PRECEDENCE: [u8; 7] = [INTERRUPTED, LOCKED, USAGE, FAILED, REFUSED, QUARANTINED, DONE];

/// How a verb ended that did what it could.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome(u8);

impl Outcome {
    pub(super) const DONE: Self = Self(DONE);
    pub(super) const FAILED: Self = Self(FAILED);
    pub(super) const REFUSED: Self = Self(REFUSED);
    pub(super) const QUARANTINED: Self = Self(QUARANTINED);

    /// Of two outcomes the one that speaks first.
    pub(super) fn and(self, other: Self) -> Self {
        let rank = |outcome: Self| PRECEDENCE.iter().position(|code| *code == outcome.0);
        if rank(other) < rank(self) { other } else { self }
    }

    /// The outcome of a part that failed while the others went on.
    pub(super) fn of(kind: ErrorKind) -> Self {
        Self(code(kind))
    }

    pub(super) const fn code(self) -> u8 {
        self.0
    }
}

/// The exit code of an error.
pub(super) fn code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Config => USAGE,
        ErrorKind::Locked | ErrorKind::FormatVersion => LOCKED,
        ErrorKind::Refused => REFUSED,
        ErrorKind::Interrupted => INTERRUPTED,
        _ => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_applies_wins() {
        let both = Outcome::QUARANTINED.and(Outcome::FAILED);
        assert_eq!(both.code(), FAILED);
        assert_eq!(
            Outcome::of(ErrorKind::Locked).and(Outcome::of(ErrorKind::Config)).code(),
            LOCKED
        );
        assert_eq!(Outcome::FAILED.and(Outcome::REFUSED).code(), FAILED);
        assert_eq!(Outcome::DONE.and(Outcome::QUARANTINED).code(), QUARANTINED);
        assert_eq!(Outcome::of(ErrorKind::Interrupted).and(Outcome::FAILED).code(), INTERRUPTED);
    }
}
