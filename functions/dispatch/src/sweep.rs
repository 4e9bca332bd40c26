//! One run: every message about which something is to be done.

use attune_aws::store::StoreError;
use attune_domain::id::MessageId;
use attune_domain::time::Timestamp;
use futures_util::stream::{StreamExt as _, iter};

use crate::outcome::{Dispatched, Outcome};
use crate::{Deps, Run, dispatch};

/// Messages in one page.
const PAGE: i32 = 100;
/// Messages sent at the same time; SES takes 14 a second from a young account.
const AT_ONCE: usize = 8;

/// Sends what is due, queue by queue, until `deadline`.
pub async fn sweep(deps: &Deps, deadline: Timestamp) -> Result<Dispatched, StoreError> {
    let (mut dispatched, mut run) = (Dispatched::default(), None);
    let swept = sweep_queues(deps, deadline, &mut run, &mut dispatched).await;
    // What was sent counts, whatever stopped the run.
    if let Some(run) = run {
        run.end().await?;
    }
    swept.map(|()| dispatched)
}

/// Begins `run` with the first message: where nothing is due, nobody asks what is held back.
async fn sweep_queues<'a>(
    deps: &'a Deps,
    deadline: Timestamp,
    run: &mut Option<Run<'a>>,
    dispatched: &mut Dispatched,
) -> Result<(), StoreError> {
    for queue in deps.store.queues(deps.clock.now()) {
        let mut after = None;
        loop {
            let now = deps.clock.now();
            if now >= deadline || run.as_ref().is_some_and(|run| run.is_over(now)) {
                return Ok(());
            }
            let (page, next) = deps.store.due_messages(&queue, now, after, PAGE).await?;
            if !page.is_empty() {
                let run = match run {
                    Some(run) => run,
                    None => run.insert(Run::begin(deps, deadline).await?),
                };
                run_page(run, page, dispatched).await?;
            }
            // What is still there after its turn is for a later run: go on behind it.
            after = next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(())
}

async fn run_page(
    run: &Run<'_>,
    page: Vec<MessageId>,
    dispatched: &mut Dispatched,
) -> Result<(), StoreError> {
    let turns = iter(page).map(|id| async move {
        // What is left is not even looked at: the time is needed for ending the run.
        if run.is_over(run.deps.clock.now()) {
            return Ok(Outcome::Left);
        }
        match dispatch(run, &id).await {
            Err(error @ (StoreError::Unavailable(_) | StoreError::Bug(_))) => Err(error),
            // One message that cannot be read must not stop the others.
            Err(error) => {
                tracing::error!(message.id = %id, error = %error, "dispatch.failed");
                Ok(Outcome::Left)
            }
            Ok(outcome) => Ok(outcome),
        }
    });
    for outcome in turns.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await {
        dispatched.count(outcome?);
    }
    run.count_sent().await
}
