//! Whole numbers from a first to a last, never written out until someone needs them.

use super::Value;

/// The whole numbers from `first` to `last`, both included; none where `last` is smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The smallest number.
    pub first: i64,
    /// The largest number.
    pub last: i64,
}

impl Range {
    /// How many numbers there are; a count that does not fit is given as the largest that does.
    pub fn len(self) -> usize {
        let count = i128::from(self.last) - i128::from(self.first) + 1;
        usize::try_from(count.max(0)).unwrap_or(usize::MAX)
    }

    /// Whether there is no number.
    pub fn is_empty(self) -> bool {
        self.last < self.first
    }

    /// Whether this number lies in the range.
    pub(crate) fn contains(self, number: i64) -> bool {
        self.first <= number && number <= self.last
    }

    /// The number at this place, counted from 0.
    pub(crate) fn at(self, place: usize) -> Option<Value> {
        let number = self.first.checked_add(i64::try_from(place).ok()?)?;
        self.contains(number).then_some(Value::Int(number))
    }
}
