//! A device that can no longer be reached.

use attune_domain::feedback::{EndpointNotice, Suppression};

use crate::{Deps, FeedbackError, Outcome};

/// Suppresses the device until its app is seen again. SNS knows which device it was.
pub(crate) async fn take(deps: &Deps, notice: &EndpointNotice) -> Result<Outcome, FeedbackError> {
    let device = deps.senders.device(&notice.endpoint).await?;
    let Some(device) = device else { return Ok(Outcome::Foreign) };
    let rows = deps.store.addresses(std::slice::from_ref(&device)).await?;
    if rows.iter().all(|row| row.customers.is_empty()) {
        return Ok(Outcome::Foreign);
    }
    deps.store.suppress(&device, Suppression::Disabled, notice.at).await?;
    Ok(Outcome::Taken)
}
