//! The payloads of the schedule and of the state machine.

use attune_aws::store::{Slice, SliceProgress};
use attune_domain::plan::Version;
use serde::{Deserialize, Serialize};

use crate::sweep::Swept;

/// What the function is asked to do. An object in every case, as state machines pass nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Visit the wake-ups that are due.
    #[default]
    Sweep,
    /// List the slices of the pass that is wanted.
    Slices,
    /// Go on with a slice of a full pass.
    Slice(WireSlice),
}

/// A slice of a full pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireSlice {
    /// The definitions it is for.
    pub version: u32,
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
    /// The slices of the pass that is wanted; none if none is.
    Slices(Vec<WireSlice>),
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
        Self { version: Version(wire.version), slice: wire.slice, of: wire.of }
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
        let slice = Task::Slice(WireSlice { version: 2, slice: 0, of: 16 });
        for (task, wire) in [
            (Task::Sweep, r#"{"task":"sweep"}"#),
            (Task::Slices, r#"{"task":"slices"}"#),
            (slice, r#"{"task":"slice","version":2,"slice":0,"of":16}"#),
        ] {
            assert_eq!(serde_json::to_string(&task).unwrap(), wire);
            assert_eq!(serde_json::from_str::<Task>(wire).unwrap(), task);
        }
    }
}
