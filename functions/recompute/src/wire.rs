//! The payloads of the schedule and of the state machine.

use attune_aws::store::{Pass, Round, Slice, SliceProgress};
use attune_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sweep::Swept;

/// What the function is asked to do. An object in every case, as state machines pass nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Visit the wake-ups that are due.
    #[default]
    Sweep,
    /// Ask for the pass of the day.
    Begin,
    /// List the slices of the round that is wanted.
    Slices,
    /// Go on with a slice of a full pass.
    Slice(WireSlice),
}

/// A slice of a full pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireSlice {
    /// Which pass.
    pub pass: u32,
    /// Whether it is of the round that ranks, after the one that counts.
    pub ranks: bool,
    /// Which slice, from 0.
    pub slice: u32,
    /// Of how many.
    pub of: u32,
}

/// What the function answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A sweep ended.
    Swept(Swept),
    /// The slices of the round that is wanted; none before its time.
    Slices {
        /// The slices.
        slices: Vec<WireSlice>,
        /// Whether the pass is over, or none was ever asked for.
        over: bool,
    },
    /// The pass of the day.
    Pass {
        /// Which one; 0 if none is due.
        pass: u32,
        /// From when on it may run.
        not_before: String,
    },
    /// A slice came so far.
    Slice {
        /// Profiles visited in all.
        visited: u64,
        /// Memberships changed in all.
        changed: u64,
        /// Whether there is nothing left of it.
        done: bool,
    },
}

impl From<WireSlice> for Slice {
    fn from(wire: WireSlice) -> Self {
        let WireSlice { pass, ranks, slice, of } = wire;
        Self { pass, round: if ranks { Round::Rank } else { Round::Count }, slice, of }
    }
}

impl From<Slice> for WireSlice {
    fn from(slice: Slice) -> Self {
        let Slice { pass, round, slice, of } = slice;
        Self { pass, ranks: round == Round::Rank, slice, of }
    }
}

impl Answer {
    /// What is told of the pass of the day.
    pub(crate) fn of_pass(pass: Option<Pass>) -> Self {
        let (number, not_before) =
            pass.map_or((0, Timestamp::default()), |pass| (pass.number, pass.not_before));
        Self::Pass { pass: number, not_before: not_before.to_string() }
    }
}

impl From<SliceProgress> for Answer {
    fn from(progress: SliceProgress) -> Self {
        let SliceProgress { visited, changed, done } = progress;
        Self::Slice { visited, changed, done }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_an_object_that_names_it() {
        let slice = Task::Slice(WireSlice { pass: 2, ranks: true, slice: 0, of: 16 });
        for (task, wire) in [
            (Task::Sweep, r#"{"task":"sweep"}"#),
            (Task::Begin, r#"{"task":"begin"}"#),
            (Task::Slices, r#"{"task":"slices"}"#),
            (slice, r#"{"task":"slice","pass":2,"ranks":true,"slice":0,"of":16}"#),
        ] {
            assert_eq!(serde_json::to_string(&task).unwrap(), wire);
            assert_eq!(serde_json::from_str::<Task>(wire).unwrap(), task);
        }
    }
}
