//! What the operator holds back.

use std::collections::BTreeSet;
use std::ops::Add;

use crate::id::ProgramId;
use crate::message::{Class, Held};
use crate::program::Program;

/// What the operator, or a circuit breaker, holds back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Brakes {
    /// Whether all sends are held.
    pub held: bool,
    /// Programs that complaints or bounces stopped.
    pub stopped: BTreeSet<ProgramId>,
}

impl Brakes {
    /// What holds the messages of a program, if anything does. A breaker does not stop what people
    /// wait for.
    pub fn hold(&self, program: &Program) -> Option<Held> {
        let stopped = program.class == Class::Marketing && self.stopped.contains(&program.id);
        match (self.held, stopped) {
            (true, _) => Some(Held::Switch),
            (false, true) => Some(Held::Breaker),
            (false, false) => None,
        }
    }
}

/// What became of the messages of a program lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Messages that a sender accepted.
    pub sent: u32,
    /// Those that bounced for good.
    pub bounced: u32,
    /// Those that somebody complained about.
    pub complained: u32,
}

/// Bounces and complaints below these prove nothing.
const FEWEST: (u32, u32) = (5, 2);
/// Bounces of a hundred messages at which a program stops. Amazon SES reviews an account at 5 %.
const BOUNCED_PERCENT: u32 = 5;
/// Complaints of 10,000 messages at which a program stops: below the 0.3 % at which Gmail and Yahoo
/// turn mail away (sender guidelines of 2024).
const COMPLAINED_PER_10_000: u32 = 25;

impl Tally {
    /// Whether a program that fares like this is stopped.
    pub fn stops(self) -> bool {
        let over = |part: u32, of: u64, limit: u32| {
            u64::from(part) * of >= u64::from(limit) * u64::from(self.sent.max(1))
        };
        (self.bounced >= FEWEST.0 && over(self.bounced, 100, BOUNCED_PERCENT))
            || (self.complained >= FEWEST.1 && over(self.complained, 10_000, COMPLAINED_PER_10_000))
    }
}

impl Add for Tally {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            sent: self.sent.saturating_add(other.sent),
            bounced: self.bounced.saturating_add(other.bounced),
            complained: self.complained.saturating_add(other.complained),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_stops_at_five_bounces_or_a_quarter_of_a_complaint_in_a_hundred() {
        let stops = |sent, bounced, complained| Tally { sent, bounced, complained }.stops();
        assert!(!stops(10, 4, 0));
        assert!(stops(100, 5, 0));
        assert!(!stops(101, 5, 0));
        assert!(!stops(100, 0, 1));
        assert!(stops(800, 0, 2));
        assert!(!stops(801, 0, 2));
    }
}
