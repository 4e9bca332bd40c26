//! What time alone changes: wakes the customers whose answers expire, and drives full passes.
//!
//! A sweep costs as much as there are wake-ups, never as much as there are customers.

mod pass;
mod sweep;
mod wire;

use attune_aws::clock::Clock;
use attune_aws::store::{Store, StoreError};
use attune_domain::time::Timestamp;

pub use pass::run_slice;
pub use sweep::{Swept, sweep};
pub use wire::{Answer, Task, WireSlice};

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The store.
    pub store: Store,
    /// The time.
    pub clock: Clock,
}

/// Does one task, and stops in time before `deadline`: whatever is left is taken up by the next.
pub async fn handle(deps: &Deps, task: Task, deadline: Timestamp) -> Result<Answer, StoreError> {
    match task {
        Task::Sweep => sweep(deps, deadline).await.map(Answer::Swept),
        Task::Slice(slice) => run_slice(deps, &slice.into(), deadline).await.map(Answer::from),
        Task::Begin => pass::begin(deps).await.map(Answer::of_pass),
        Task::Slices => {
            pass::slices(deps).await.map(|(slices, over)| Answer::Slices { slices, over })
        }
    }
}
