//! What SNS tells of a text that we sent.
//!
//! Its log carries no id of ours, but SNS's own: the message is looked for among the newest of the
//! customers who have the number.

use attune_aws::store::{Consistency, Found, StoreError, StoredMessage};
use attune_domain::feedback::{Bounce, Suppression, TextNotice};

use crate::{Deps, FeedbackError, Outcome, mail};

/// Entries of each program that are looked through: logs come within minutes.
const ENTRIES: u32 = 3;

/// Suppresses, tells the profile, and notes it on the message.
pub(crate) async fn take(deps: &Deps, notice: &TextNotice) -> Result<Outcome, FeedbackError> {
    let Some(found) = find(deps, notice).await? else { return Ok(Outcome::Foreign) };
    let (store, address) = (&deps.store, &notice.address);
    let (at, rule) = (notice.at, mail::soft_bounces(deps).await?);
    if notice.opted_out {
        store.suppress(address, Suppression::Stop, at).await?;
    } else {
        match notice.bounce {
            Some(Bounce::Permanent) => store.suppress(address, Suppression::Bounce, at).await?,
            Some(Bounce::Soft) => {
                store.count_soft_bounce(address, &notice.provider_id, at, rule).await?;
            }
            Some(Bounce::AutoReply) => {}
            None => store.note_delivery(address, at, rule).await?,
        }
    }
    mail::note(deps, &found, notice.heard(), notice.at).await?;
    Ok(Outcome::Taken)
}

async fn find(deps: &Deps, notice: &TextNotice) -> Result<Option<StoredMessage>, StoreError> {
    let (store, now) = (&deps.store, deps.clock.now());
    let rows = store.addresses(std::slice::from_ref(&notice.address)).await?;
    for customer in rows.into_iter().flat_map(|row| row.customers) {
        let found = store.find(&customer, Consistency::Eventual, now).await?;
        let Found::Profile(stored) = found else { continue };
        let ids = stored.message_ids(ENTRIES);
        let messages = store.messages(&ids).await?;
        let key = notice.address.key();
        let is_it = |message: &StoredMessage| {
            message.provider_id.as_deref() == Some(&notice.provider_id)
                && message.to.as_deref() == Some(&key)
        };
        if let Some(message) = messages.into_iter().find(is_it) {
            return Ok(Some(message));
        }
    }
    Ok(None)
}
