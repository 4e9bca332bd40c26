//! When an address that did not take messages is not written to any longer.
//!
//! What is known of it is a set of bounces and the newest delivery. Of two such, one holds the
//! newest bounces of both that come after the later delivery: a join, so that any order and any
//! repetition of notices leaves the same behind.

use crate::time::{Span, Timestamp};

/// Bounces of an address that are kept, the newest: the most that a policy can ask for is 20, and
/// what it asks for must fit in any window of them.
pub const KEPT: usize = 64;

/// So many soft bounces within a time, none of them followed by a delivery, are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoftBounces {
    /// How many are too many.
    pub at: usize,
    /// Within what time.
    pub within: Span,
}

impl Default for SoftBounces {
    /// Six in thirty days. SES itself gives up a mail after some fourteen hours, so each of them
    /// stands for most of a day in which a mailbox took nothing.
    fn default() -> Self {
        Self { at: 6, within: Span::days(30) }
    }
}

impl SoftBounces {
    /// When there was the one too many, if there was. `bounces` are instants in any order, all after
    /// the newest delivery.
    pub fn too_many(&self, bounces: &[Timestamp]) -> Option<Timestamp> {
        let mut bounces = bounces.to_vec();
        bounces.sort_unstable();
        bounces.windows(self.at).find_map(|run| {
            let (oldest, newest) = (run.first()?, run.last()?);
            (newest.since(*oldest) <= self.within).then_some(*newest)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(days: &[i64], expected: Option<i64>) {
        let day = |day: i64| Timestamp::from_millis(day * Span::days(1).millis());
        let bounces: Vec<_> = days.iter().copied().map(day).collect();
        assert_eq!(SoftBounces::default().too_many(&bounces), expected.map(day));
    }

    #[test]
    fn the_sixth_within_thirty_days_is_one_too_many() {
        check(&[], None);
        check(&[1, 2, 3, 4, 5], None);
        check(&[1, 2, 3, 4, 5, 31], Some(31));
        check(&[1, 2, 3, 4, 5, 32], None);
        check(&[90, 5, 4, 3, 2, 1, 6], Some(6));
        check(&[1, 1, 1, 1, 1, 1, 1], Some(1));
    }
}
