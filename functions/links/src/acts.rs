//! Customers whose page is shown, and what they do there.

use attune_aws::store::{Consistency, Stored, StoredMessage};
use attune_domain::address::Address;
use attune_domain::card::{Card, Choice};
use attune_domain::channel::Channel;
use attune_domain::event::{Act, Event};
use attune_domain::id::{CustomerId, MessageId};
use attune_domain::link::Link;
use attune_domain::time::Timestamp;
use serde_json::{Map, Value};

use crate::Deps;
use crate::failure::Failure;

/// The customer of a link, as they are now.
pub(crate) async fn customer(deps: &Deps, id: &CustomerId) -> Result<Stored, Failure> {
    let stored = deps.store.load(id, Consistency::Strong, deps.clock.now()).await?;
    if stored.exists() { Ok(stored) } else { Err(Failure::NotFound) }
}

/// The message that a link stands in, and the channel it went out on.
pub(crate) async fn message(
    deps: &Deps,
    id: &MessageId,
) -> Result<(StoredMessage, Channel), Failure> {
    let stored = deps.store.message(id).await?.ok_or(Failure::NotFound)?;
    let channel = stored.channel.ok_or(Failure::NotFound)?;
    Ok((stored, channel))
}

/// Where a customer finds what they allow: from a page of ours to another.
pub(crate) fn preferences(deps: &Deps, customer: &CustomerId) -> String {
    format!("..{}", deps.keys.path(&Link::Preferences { customer: customer.clone() }))
}

/// The address that an act on a channel is about: the one of now, else one that was spoken of.
pub(crate) fn address(card: &Card, channel: Channel) -> Option<String> {
    let spoken_of = || card.consents.iter().find(|record| record.channel == channel);
    let now = card.address(channel).map(Address::into_text);
    now.or_else(|| Some(spoken_of()?.address.clone()))
}

/// Facts that a customer tells of themselves; none if we know them already.
pub(crate) fn tell(
    card: &Card,
    customer: &CustomerId,
    traits: Map<String, Value>,
    now: Timestamp,
) -> Option<Event> {
    let known = |name: &str| card.traits.get(name).map_or(&Value::Null, |known| &known.value);
    let traits: Map<_, _> =
        traits.into_iter().filter(|(name, value)| known(name) != value).collect();
    (!traits.is_empty()).then(|| Event::ours(customer, Act::Identify { traits }, now))
}

/// Makes choices take effect.
pub(crate) async fn choose(
    deps: &Deps,
    stored: &Stored,
    choices: &[Choice<'_>],
) -> Result<(), Failure> {
    let (profile, now) = (&stored.profile, deps.clock.now());
    let events = choices.iter().filter_map(|choice| choice.event(&profile.card, &profile.id, now));
    apply(deps, &profile.id, &events.collect::<Vec<_>>()).await
}

/// Makes events take effect.
pub(crate) async fn apply(deps: &Deps, id: &CustomerId, events: &[Event]) -> Result<(), Failure> {
    if !events.is_empty() {
        deps.store.apply(id, events, deps.clock.now()).await?;
    }
    Ok(())
}
