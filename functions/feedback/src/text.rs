//! What people answer by text: STOP, START, HELP, and everything else.

use attune_aws::senders::SendError;
use attune_aws::store::{Consistency, Spoken, StoreError};
use attune_domain::feedback::{Inbound, Reply, answer_to, event_of_text};
use attune_domain::id::CustomerId;
use attune_domain::message::State;
use attune_domain::time::Timestamp;
use serde_json::Value;

use crate::{Deps, FeedbackError, Outcome};

/// Obeys a text: the number first, then everyone who has it, then the one answer.
pub(crate) async fn take(
    deps: &Deps,
    text: &Inbound,
    at: Timestamp,
) -> Result<Outcome, FeedbackError> {
    let store = &deps.store;
    let spoken = match text.reply {
        Reply::Stop => store.stop(&text.from, &text.id, at).await?,
        Reply::Start => store.start(&text.from, &text.id, at).await?,
        Reply::Help | Reply::Other => Spoken::Newest,
    };
    let customers = store.customers_at(&text.from.key()).await?;
    for customer in &customers {
        tell(deps, text, customer, at).await?;
    }
    if spoken == Spoken::Newest {
        answer(deps, text, customers.first()).await?;
    }
    Ok(Outcome::Taken)
}

async fn tell(
    deps: &Deps,
    text: &Inbound,
    customer: &CustomerId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let now = deps.clock.now();
    let Some(event) = event_of_text(text, customer, at, now) else { return Ok(()) };
    deps.store.apply(customer, &[event], now).await.map(drop)
}

/// Sends the one answer, through the ledger: claimed, sent once, settled.
async fn answer(
    deps: &Deps,
    text: &Inbound,
    customer: Option<&CustomerId>,
) -> Result<(), FeedbackError> {
    let (store, now) = (&deps.store, deps.clock.now());
    let Some(words) = words_for(deps, text.reply, customer, now).await? else { return Ok(()) };
    let Some(claim) = store.claim_reply(&text.id, &deps.run, now).await? else {
        return Ok(());
    };
    let sent = deps.senders.answer(&text.from, &words).await;
    let now = deps.clock.now();
    match sent {
        Ok(id) => store.settle_reply(&claim, &State::Accepted, Some(&id), now).await?,
        Err(SendError::Unknown(_)) => {
            store.settle_reply(&claim, &State::Unknown, None, now).await?;
        }
        Err(error @ SendError::Refused(_)) => {
            tracing::warn!(error.code = error.code(), "feedback.answer_refused");
            store.settle_reply(&claim, &State::Refused(error.to_string()), None, now).await?;
        }
        Err(error @ SendError::Throttled(_)) => {
            store.release_reply(&claim).await?;
            return Err(error.into());
        }
    }
    Ok(())
}

/// What is answered, in the language of the customer who has the number.
async fn words_for(
    deps: &Deps,
    reply: Reply,
    customer: Option<&CustomerId>,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let shop = deps.store.definitions(now).await?.shop.name.clone();
    let language = match customer {
        Some(customer) => {
            let stored = deps.store.load(customer, Consistency::Eventual, now).await?;
            let language = stored.profile.card.get("language").and_then(Value::as_str);
            language.map(str::to_owned)
        }
        None => None,
    };
    Ok(answer_to(reply, &shop, language.as_deref()))
}
