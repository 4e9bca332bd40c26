//! The newest instants of an event: all that a count in a window needs.

use crate::time::Timestamp;

/// Up to `keep` instants, newest first.
///
/// `at least k in the last W` looks at the k-th newest alone, and expires at it + W. Keeping the
/// newest `keep` of everything ever added does not depend on the order of arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Latest(Vec<Timestamp>);

impl Latest {
    /// Adds one instant.
    pub fn add(&mut self, at: Timestamp, keep: u16) {
        let place = self.0.partition_point(|kept| *kept >= at);
        if place < usize::from(keep) {
            self.0.insert(place, at);
            self.0.truncate(usize::from(keep));
        }
    }

    /// Adds all that another profile kept.
    pub fn merge(&mut self, other: &Self, keep: u16) {
        other.0.iter().for_each(|at| self.add(*at, keep));
    }

    /// The newest.
    pub fn newest(&self) -> Option<Timestamp> {
        self.0.first().copied()
    }

    /// Newest first.
    pub fn as_slice(&self) -> &[Timestamp] {
        &self.0
    }

    /// From instants that were stored newest first.
    pub(crate) fn stored(instants: Vec<Timestamp>) -> Self {
        Self(instants)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latest(keep: u16, millis: &[i64]) -> Latest {
        let mut latest = Latest::default();
        millis.iter().for_each(|m| latest.add(Timestamp::from_millis(*m), keep));
        latest
    }

    #[test]
    fn the_newest_are_kept_in_whatever_order_they_come() {
        assert_eq!(latest(2, &[1, 5, 3, 5]), latest(2, &[5, 5, 3, 1]));
        assert_eq!(latest(2, &[1, 5, 3]).as_slice().len(), 2);
    }

    #[test]
    fn merging_is_adding() {
        let mut one = latest(3, &[1, 9]);
        one.merge(&latest(3, &[4, 7]), 3);
        assert_eq!(one, latest(3, &[1, 9, 4, 7]));
    }
}
