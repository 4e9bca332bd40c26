//! The card as JSON, in a text attribute, so that a person can read it in the console.

use std::collections::{BTreeMap, BTreeSet};

use attune_domain::card::{Card, Clock, Consent, Origin, Status, Token, Trait};
use attune_domain::channel::Channel;
use attune_domain::event::{Device, Platform};
use attune_domain::id::{CustomerId, EventId};
use attune_domain::identity::KnownId;
use attune_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Milliseconds, and the hash of an event's id in hexadecimal.
type StoredClock = (i64, String);

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct StoredCard {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    traits: BTreeMap<String, (Value, StoredClock)>,
    /// Traits of which only a browser told.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    by_browser: BTreeSet<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ids: Vec<StoredId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    consents: Vec<StoredConsent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    devices: Vec<StoredDevice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<(String, StoredClock)>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    groups: BTreeMap<String, StoredClock>,
}

#[derive(Serialize, Deserialize)]
struct StoredId {
    id: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    merged: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredConsent {
    channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    address: String,
    status: String,
    clock: StoredClock,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wording: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredDevice {
    platform: String,
    token: String,
    clock: StoredClock,
}

/// The card as JSON.
pub(in crate::store) fn write(card: &Card) -> String {
    let stored = StoredCard {
        traits: card
            .traits
            .iter()
            .map(|(name, known)| (name.clone(), (known.value.clone(), clock(known.clock))))
            .collect(),
        by_browser: card
            .traits
            .iter()
            .filter(|(_, known)| known.by_browser)
            .map(|(name, _)| name.clone())
            .collect(),
        ids: card
            .ids
            .iter()
            .map(|known| StoredId { id: known.id.to_string(), merged: known.merged })
            .collect(),
        consents: card
            .consents
            .iter()
            .map(|consent| StoredConsent {
                channel: consent.channel.to_string(),
                topic: consent.topic.clone(),
                address: consent.address.clone(),
                status: consent.status.as_str().to_owned(),
                clock: clock(consent.clock),
                source: consent.source.clone(),
                wording: consent.wording.clone(),
                origin: Some(consent.origin)
                    .filter(|origin| *origin != Origin::default())
                    .map(|origin| origin.as_str().to_owned()),
            })
            .collect(),
        devices: card
            .tokens
            .iter()
            .map(|token| StoredDevice {
                platform: token.device.platform.as_str().to_owned(),
                token: token.device.token.clone(),
                clock: clock(token.clock),
            })
            .collect(),
        zone: card.seen_zone.as_ref().map(|(name, seen)| (name.clone(), clock(*seen))),
        groups: card.groups.iter().map(|(name, seen)| (name.clone(), clock(*seen))).collect(),
    };
    // Maps with text keys and plain values always become JSON.
    serde_json::to_string(&stored).unwrap_or_default()
}

/// The card that a JSON text holds.
pub(in crate::store) fn read(json: &str) -> Option<Card> {
    let stored: StoredCard = serde_json::from_str(json).ok()?;
    let by_browser = stored.by_browser;
    let traits = stored.traits.into_iter().map(|(name, (value, told))| {
        let by_browser = by_browser.contains(&name);
        Some((name, Trait { value, clock: unclock(&told)?, by_browser }))
    });
    let ids = stored
        .ids
        .into_iter()
        .map(|known| Some(KnownId { id: CustomerId::parse(&known.id)?, merged: known.merged }));
    let tokens = stored.devices.into_iter().map(|known| {
        let platform = Platform::parse(&known.platform)?;
        let device = Device { platform, token: known.token };
        Some(Token { device, clock: unclock(&known.clock)? })
    });
    let groups = stored.groups.into_iter().map(|(name, seen)| Some((name, unclock(&seen)?)));
    let seen_zone = match stored.zone {
        Some((name, seen)) => Some((name, unclock(&seen)?)),
        None => None,
    };
    Some(Card {
        traits: traits.collect::<Option<_>>()?,
        ids: ids.collect::<Option<_>>()?,
        consents: stored.consents.into_iter().map(consent).collect::<Option<_>>()?,
        tokens: tokens.collect::<Option<_>>()?,
        seen_zone,
        groups: groups.collect::<Option<_>>()?,
    })
}

fn consent(stored: StoredConsent) -> Option<Consent> {
    Some(Consent {
        channel: Channel::parse(&stored.channel)?,
        topic: stored.topic,
        address: stored.address,
        status: Status::parse(&stored.status)?,
        clock: unclock(&stored.clock)?,
        source: stored.source,
        wording: stored.wording,
        origin: stored.origin.map_or(Some(Origin::default()), |origin| Origin::parse(&origin))?,
    })
}

fn clock((at, event): Clock) -> StoredClock {
    (at.millis(), event.to_string())
}

fn unclock((at, event): &StoredClock) -> Option<Clock> {
    let hash = u64::from_str_radix(event, 16).ok()?;
    Some((Timestamp::from_millis(*at), EventId::stored(hash)))
}
