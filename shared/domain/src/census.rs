//! The census: where the cuts of rankings lie, found from everybody and frozen until the next one.

mod packed;
pub mod quality;
mod summary;
#[cfg(test)]
mod tests;
mod trend;

use std::collections::BTreeMap;

pub use summary::{Counter, Headcount, Known, Move, Row, SAMPLE, Summary, Tally, metrics};
pub use trend::{Flow, Size, Trend};

use crate::digest::Key;
use crate::ranking::Frozen;
use crate::time::Timestamp;

/// A finished census.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Census {
    /// Which one, counted from 1; 0 is none yet.
    pub number: u32,
    /// The instant at which everybody was looked at.
    pub at: Timestamp,
    /// Where each ranking is cut, by the key of its slot.
    pub frozen: BTreeMap<Key, Frozen>,
}
