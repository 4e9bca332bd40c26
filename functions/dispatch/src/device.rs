//! Devices that are gone, and those that came back.

use attune_aws::store::{AddressRow, Store, StoreError};
use attune_domain::address::Address;
use attune_domain::card::Card;
use attune_domain::feedback::Suppression;
use attune_domain::time::Timestamp;

/// What SNS answers of an endpoint whose push service gave its token back.
const DISABLED: &str = "EndpointDisabled";

/// Suppresses a device if that is why it was refused.
pub(crate) async fn give_up(
    store: &Store,
    device: &Address,
    refused: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    match refused.starts_with(DISABLED) {
        true => store.suppress(device, Suppression::Disabled, now).await,
        false => Ok(()),
    }
}

/// Takes back the suppression of devices whose app was seen since. Their endpoint is made anew, which
/// enables it.
pub(crate) async fn revive(
    store: &Store,
    card: &Card,
    rows: &mut [(Address, AddressRow)],
) -> Result<(), StoreError> {
    let disabled = Some(Suppression::Disabled.as_str());
    for (address, row) in rows {
        let Some(since) = row.suppressed_at.filter(|_| row.suppressed.as_deref() == disabled)
        else {
            continue;
        };
        let token = card.tokens.iter().find(|token| Address::device(&token.device) == *address);
        let Some(seen) = token.map(|token| token.clock.0).filter(|seen| *seen > since) else {
            continue;
        };
        if store.lift_suppression(address, Suppression::Disabled, seen).await? {
            (row.suppressed, row.suppressed_at, row.endpoint) = (None, None, None);
        }
    }
    Ok(())
}
