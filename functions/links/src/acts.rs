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
pub(crate) fn address(card: &Card, channel: Channel) -> Option<Address> {
    let spoken_of = || card.consents.iter().find(|record| record.channel == channel);
    card.address(channel).or_else(|| Address::on(channel, &spoken_of()?.address).ok())
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

/// Makes a choice take effect.
pub(crate) async fn choose(
    deps: &Deps,
    stored: &Stored,
    choice: &Choice<'_>,
) -> Result<(), Failure> {
    let profile = &stored.profile;
    let event = choice.event(&profile.card, &profile.id, deps.clock.now());
    apply(deps, &profile.id, event.as_slice()).await
}

/// Unsubscribes an address, for everybody who has it now or later. What stands on the address is written
/// first: it holds even if nothing more comes of this.
pub(crate) async fn withdraw(
    deps: &Deps,
    own: &CustomerId,
    address: &str,
    choice: &Choice<'_>,
) -> Result<(), Failure> {
    deps.store.unsubscribe(address, choice.topic, deps.clock.now()).await?;
    choose_for_others(deps, own, address, choice, |_| true).await
}

/// Makes a choice take effect for everybody else who has the address of this name, and for whose card it
/// `holds`. Whoever reads what comes there made it, and cannot tell a guest from an account of theirs.
pub(crate) async fn choose_for_others(
    deps: &Deps,
    own: &CustomerId,
    address: &str,
    choice: &Choice<'_>,
    holds: impl Fn(&Card) -> bool,
) -> Result<(), Failure> {
    for id in deps.store.customers_at(address).await?.iter().filter(|id| *id != own) {
        let other = deps.store.load(id, Consistency::Strong, deps.clock.now()).await?;
        // The row may not know yet that they have another address now.
        let here = other.profile.card.addresses().into_iter().find(|here| here.key() == address);
        if let Some(address) = here.filter(|_| holds(&other.profile.card)) {
            choose(deps, &other, &Choice { address, ..choice.clone() }).await?;
        }
    }
    Ok(())
}

/// Makes events take effect.
pub(crate) async fn apply(deps: &Deps, id: &CustomerId, events: &[Event]) -> Result<(), Failure> {
    if !events.is_empty() {
        deps.store.apply(id, events, deps.clock.now()).await?;
    }
    Ok(())
}
