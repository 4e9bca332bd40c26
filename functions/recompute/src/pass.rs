//! Full passes: page after page of a slice, round after round.

use attune_aws::store::{Pass, Round, Slice, SliceProgress, StoreError};
use attune_domain::time::{Span, Timestamp};

use crate::Deps;
use crate::wire::WireSlice;

/// Pages between two times that it is written down how far a slice came. What is not written down is
/// visited again after a crash; what is, costs as much as the sample of the census is large.
const PAGES: u32 = 50;
/// How long after the last pass the next one is due. A little less than a day, so that a schedule
/// that comes a minute early is not put off until tomorrow.
const DAY: Span = Span::hours(23);

/// Goes on with a slice until it is done or `deadline` is near.
pub async fn run_slice(
    deps: &Deps,
    slice: &Slice,
    deadline: Timestamp,
) -> Result<SliceProgress, StoreError> {
    loop {
        let Some(mut stretch) = deps.store.take_up(slice, deps.clock.now()).await? else {
            return Ok(SliceProgress { done: true, ..deps.store.slice_progress(slice).await? });
        };
        let mut pages = 0;
        loop {
            deps.store.pass_page(&mut stretch, deps.clock.now()).await?;
            pages += 1;
            let now = deps.clock.now();
            let (done, late) = (stretch.progress.done, now >= deadline);
            if !done && !late && pages < PAGES {
                continue;
            }
            pages = 0;
            let ends = done || late;
            let kept = deps.store.put_down(&mut stretch, ends, now).await?;
            match (kept, ends) {
                (true, true) => return Ok(stretch.progress),
                // Somebody else was faster; there is no time to go on from where they came to.
                (false, _) if late => return deps.store.slice_progress(slice).await,
                (false, _) => break,
                (true, false) => {}
            }
        }
    }
}

/// The slices of the round that is wanted, if its time has come, and whether there is nothing left to
/// do.
pub(crate) async fn slices(deps: &Deps) -> Result<(Vec<WireSlice>, bool), StoreError> {
    let now = deps.clock.now();
    let Some(pass) = deps.store.further_pass(now).await? else { return Ok((Vec::new(), true)) };
    let over = pass.round == Round::Done;
    let slices = pass.slices().filter(|_| pass.not_before <= now);
    Ok((slices.map(WireSlice::from).collect(), over))
}

/// Asks for the pass of the day, unless one is under way or was a short while ago.
pub(crate) async fn begin(deps: &Deps) -> Result<Option<Pass>, StoreError> {
    let now = deps.clock.now();
    match deps.store.current_pass().await? {
        Some(pass) if pass.round != Round::Done => Ok(Some(pass)),
        Some(pass) if now.since(pass.at) < DAY => Ok(None),
        _ => deps.store.start_census(now).await.map(Some),
    }
}
