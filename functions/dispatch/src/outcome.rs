//! What became of a message in a run.

use serde::Serialize;

/// What became of a message in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A sender has it.
    Accepted,
    /// It may not go out yet, or the sender asked to wait.
    Held,
    /// It will not go out.
    Dropped,
    /// Its time went by.
    Expired,
    /// Its content could not be written.
    Failed,
    /// The sender said no.
    Refused,
    /// Nobody can know.
    Unknown,
    /// Another run has it, or it was settled already, or things kept changing: nothing was done.
    Left,
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Dispatched {
    /// Accepted by a sender.
    pub accepted: u64,
    /// Waiting on.
    pub held: u64,
    /// Dropped.
    pub dropped: u64,
    /// Expired.
    pub expired: u64,
    /// Not written.
    pub failed: u64,
    /// Refused by a sender.
    pub refused: u64,
    /// Unknown.
    pub unknown: u64,
    /// Left for another run.
    pub left: u64,
}

impl Dispatched {
    /// Counts one outcome.
    pub fn count(&mut self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Accepted => &mut self.accepted,
            Outcome::Held => &mut self.held,
            Outcome::Dropped => &mut self.dropped,
            Outcome::Expired => &mut self.expired,
            Outcome::Failed => &mut self.failed,
            Outcome::Refused => &mut self.refused,
            Outcome::Unknown => &mut self.unknown,
            Outcome::Left => &mut self.left,
        };
        *counter += 1;
    }
}
