//! Feedback in: what SES and SNS tell of messages, and what people answer by text.
//!
//! Read → is it ours → suppress → tell the profile → note it on the message. Each write is a join or
//! has a derived id, and they come in this order, so that notices may come late, twice, in any
//! order, or again after a crash: the address is safe first, and the message's row, which says that
//! all is done, comes last.
//!
//! A notice that is not ours changes nothing. A store that fails now fails the call, and whoever
//! called (SNS by a queue, `EventBridge` and logs through Lambda's own) comes again with all of it:
//! what was done already is not done twice.

mod error;
mod logs;
mod mail;
mod push;
mod text;
mod texts;
mod trusted;
mod wire;

use attune_aws::clock::Clock;
use attune_aws::senders::Senders;
use attune_aws::store::Store;
use attune_domain::feedback::{Notice, Unread, read};
use attune_domain::time::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub use error::FeedbackError;
pub use trusted::Trusted;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The store.
    pub store: Store,
    /// SES and SNS.
    pub senders: Senders,
    /// The time.
    pub clock: Clock,
    /// Whom it believes.
    pub trusted: Trusted,
    /// Names this run and no other, so that a claim whose answer was lost can be recognised.
    pub run: String,
}

/// What a call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Taken {
    /// Notices that were acted upon.
    pub taken: u64,
    /// Notices about what we did not send, or do not act on.
    pub foreign: u64,
    /// Notices that are not what they should look like, or come from somebody we do not know.
    pub refused: u64,
}

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All that follows from it is done.
    Taken,
    /// It is about nothing that we know of.
    Foreign,
}

/// Takes every notice of a call. One that cannot be taken now does not stop the others; the first
/// error is told when all had their turn.
pub async fn handle(deps: &Deps, payload: &Value) -> Result<Taken, FeedbackError> {
    let mut taken = Taken::default();
    let mut failed = None;
    for told in wire::notices(payload, &deps.trusted) {
        let outcome = match told.and_then(|told| Ok((read(&told.notice)?, told.at))) {
            Ok((notice, at)) => {
                Box::pin(take(deps, &notice, at.unwrap_or_else(|| deps.clock.now()))).await
            }
            Err(Unread::NotOurs) => Ok(Outcome::Foreign),
            Err(Unread::Unreadable(why)) => {
                tracing::warn!(why, "feedback.refused");
                taken.refused += 1;
                continue;
            }
        };
        match outcome {
            Ok(Outcome::Taken) => taken.taken += 1,
            Ok(Outcome::Foreign) => taken.foreign += 1,
            Err(error) => {
                tracing::error!(error = %error, "feedback.failed");
                failed = failed.or(Some(error));
            }
        }
    }
    if taken.foreign > 0 {
        tracing::info!(notices = taken.foreign, "feedback.foreign");
    }
    failed.map_or(Ok(taken), Err)
}

/// Does what follows from one notice that was published `at`.
async fn take(deps: &Deps, notice: &Notice, at: Timestamp) -> Result<Outcome, FeedbackError> {
    match notice {
        Notice::Mail(notice) => mail::take(deps, notice).await,
        Notice::Text(notice) => texts::take(deps, notice).await,
        Notice::Endpoint(notice) => push::take(deps, notice).await,
        Notice::Inbound(inbound) => text::take(deps, inbound, at).await,
    }
}
