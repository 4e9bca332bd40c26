//! What SES tells of a mail.

use attune_aws::store::{StoreError, StoredMessage};
use attune_domain::address::Address;
use attune_domain::brakes::Tally;
use attune_domain::channel::Channel;
use attune_domain::feedback::{
    Bounce, Heard, MailNotice, SoftBounces, Suppression, What, event_of,
};
use attune_domain::time::Timestamp;

use crate::{Deps, FeedbackError, Outcome};

/// Suppresses, tells the profile, settles, and notes it on the message.
pub(crate) async fn take(deps: &Deps, notice: &MailNotice) -> Result<Outcome, FeedbackError> {
    let Some(found) = deps.store.message(&notice.message).await? else {
        return late(deps, notice).await;
    };
    if !is_of(notice, &found) {
        return Ok(Outcome::Foreign);
    }
    suppress(deps, notice, &found).await?;
    settle(deps, &found, Some(&notice.provider_id)).await?;
    if let Some(heard) = notice.what.heard()
        && note(deps, &found, heard, notice.at).await?
    {
        count(deps, notice, &found).await?;
    }
    Ok(Outcome::Taken)
}

/// Takes what comes back of a mail that we no longer know. If its reader was erased, their address
/// still must not be written to; nothing else is left to be told.
async fn late(deps: &Deps, notice: &MailNotice) -> Result<Outcome, FeedbackError> {
    let (why, addresses) = match &notice.what {
        What::Bounced(Bounce::Permanent, addresses) => (Suppression::Bounce, addresses),
        What::Complained(addresses) => (Suppression::Complaint, addresses),
        What::Bounced(..) | What::Heard(_) => return Ok(Outcome::Foreign),
    };
    let mut outcome = Outcome::Foreign;
    for address in addresses.iter().filter(|address| notice.to.contains(address)) {
        if deps.store.suppress_buried(address, why, notice.at).await? {
            outcome = Outcome::Taken;
        }
    }
    Ok(outcome)
}

/// Whether the notice is about this very mail: we sent it, by that id, to that address. SES names
/// everybody whom a complaint may be of; one of them must be the one we wrote to.
fn is_of(notice: &MailNotice, found: &StoredMessage) -> bool {
    let by_mail = found.channel == Some(Channel::Email);
    let same = found.provider_id.as_deref().is_none_or(|id| id == notice.provider_id);
    let of_them = match &notice.what {
        What::Heard(_) | What::Bounced(Bounce::AutoReply, _) => true,
        What::Bounced(_, addresses) | What::Complained(addresses) => {
            ours(addresses, found).is_some()
        }
    };
    was_handed_over(found) && by_mail && same && of_them && ours(&notice.to, found).is_some()
}

/// Whether a sender may have the message.
pub(crate) fn was_handed_over(found: &StoredMessage) -> bool {
    ["sending", "accepted", "unknown"].contains(&found.state.as_str())
}

/// The address to which the message went, if it is among these.
fn ours<'a>(addresses: &'a [Address], found: &StoredMessage) -> Option<&'a Address> {
    addresses.iter().find(|address| found.to.as_deref() == Some(&address.key()))
}

/// What a delivery, a bounce and a complaint mean for the address.
async fn suppress(
    deps: &Deps,
    notice: &MailNotice,
    found: &StoredMessage,
) -> Result<(), StoreError> {
    let (store, at) = (&deps.store, notice.at);
    match &notice.what {
        What::Bounced(bounce, addresses) => match (bounce, ours(addresses, found)) {
            (Bounce::Permanent, Some(address)) => {
                store.suppress(address, Suppression::Bounce, at).await
            }
            (Bounce::Soft, Some(address)) => {
                let rule = soft_bounces(deps).await?;
                store.count_soft_bounce(address, notice.message.as_str(), at, rule).await
            }
            (Bounce::AutoReply, _) | (_, None) => Ok(()),
        },
        What::Complained(addresses) => match ours(addresses, found) {
            Some(address) => store.suppress(address, Suppression::Complaint, at).await,
            None => Ok(()),
        },
        What::Heard(Heard::Delivered) => match ours(&notice.to, found) {
            Some(address) => store.note_delivery(address, at, soft_bounces(deps).await?).await,
            None => Ok(()),
        },
        What::Heard(_) => Ok(()),
    }
}

/// When the shop gives an address up that does not take messages.
pub(crate) async fn soft_bounces(deps: &Deps) -> Result<SoftBounces, StoreError> {
    Ok(deps.store.definitions(deps.clock.now()).await?.policy.soft_bounces)
}

/// Whatever comes back shows that the sender took it.
pub(crate) async fn settle(
    deps: &Deps,
    found: &StoredMessage,
    provider_id: Option<&str>,
) -> Result<(), StoreError> {
    if ["sending", "unknown"].contains(&found.state.as_str()) {
        deps.store.accepted_after_all(found, provider_id, deps.clock.now()).await?;
    }
    Ok(())
}

/// Counts what a program's breaker looks at, once: whoever first wrote it on the row does. If they
/// die in between, the count is one short, which a rate over seven days can bear.
async fn count(deps: &Deps, notice: &MailNotice, found: &StoredMessage) -> Result<(), StoreError> {
    let tally = match notice.what {
        What::Bounced(Bounce::Permanent, _) => Tally { bounced: 1, ..Tally::default() },
        What::Complained(_) => Tally { complained: 1, ..Tally::default() },
        _ => return Ok(()),
    };
    deps.store.tally(&found.message.program, tally, deps.clock.now()).await
}

/// Tells the profile, then the message's row: what is on the row was told already. Says whether it
/// is news.
pub(crate) async fn note(
    deps: &Deps,
    found: &StoredMessage,
    heard: Heard,
    at: Timestamp,
) -> Result<bool, StoreError> {
    if found.delivery.has(heard) {
        return Ok(false);
    }
    let now = deps.clock.now();
    let channel = found.channel.unwrap_or(Channel::Email);
    if let Some(event) = event_of(&found.message, found.whose(), channel, heard, at, now) {
        deps.store.apply(&event.filed.clone(), &[event], now).await?;
    }
    deps.store.hear(&found.message.id, heard, at).await
}
