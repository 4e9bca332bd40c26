//! Full passes: page after page of a slice.

use attune_aws::store::{Slice, SliceProgress, StoreError};
use attune_domain::time::Timestamp;

use crate::Deps;
use crate::wire::WireSlice;

/// Goes on with a slice until it is done or `deadline` is near.
pub async fn run_slice(
    deps: &Deps,
    slice: &Slice,
    deadline: Timestamp,
) -> Result<SliceProgress, StoreError> {
    loop {
        let now = deps.clock.now();
        let progress = deps.store.pass_page(slice, now).await?;
        if progress.done || deps.clock.now() >= deadline {
            return Ok(progress);
        }
    }
}

/// The slices of the pass that is wanted, if its time has come.
pub(crate) async fn slices(deps: &Deps) -> Result<Vec<WireSlice>, StoreError> {
    let now = deps.clock.now();
    let Some(pass) = deps.store.current_pass().await?.filter(|pass| pass.not_before <= now) else {
        return Ok(Vec::new());
    };
    let slice = |slice| WireSlice { version: pass.version.0, slice, of: pass.slices };
    Ok((0..pass.slices).map(slice).collect())
}
