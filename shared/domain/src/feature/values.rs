//! The values of one property of one event, for sums and averages.

use crate::number::Number;
use crate::time::Timestamp;

/// Up to [`crate::limits::VALUES`] values, newest first; older ones folded into a sum.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values {
    list: Vec<(Timestamp, Number)>,
    folded: (u32, Number),
}

impl Values {
    /// Adds one value.
    pub fn add(&mut self, at: Timestamp, value: Number) {
        let place = self.list.partition_point(|kept| *kept > (at, value));
        self.list.insert(place, (at, value));
        while self.list.len() > crate::limits::VALUES {
            if let Some((_, oldest)) = self.list.pop() {
                self.folded = (self.folded.0.saturating_add(1), self.folded.1.plus(oldest));
            }
        }
    }

    /// Adds all that another profile kept.
    pub fn merge(&mut self, other: &Self) {
        self.folded.0 = self.folded.0.saturating_add(other.folded.0);
        self.folded.1 = self.folded.1.plus(other.folded.1);
        other.list.iter().for_each(|(at, value)| self.add(*at, *value));
    }

    /// Newest first.
    pub fn list(&self) -> &[(Timestamp, Number)] {
        &self.list
    }

    /// How many were folded, and their sum.
    pub fn folded(&self) -> (u32, Number) {
        self.folded
    }

    /// From what was stored, newest first.
    pub(crate) fn stored(list: Vec<(Timestamp, Number)>, folded: (u32, Number)) -> Self {
        Self { list, folded }
    }
}
