//! What the API shows of a customer.

use attune_aws::store::StoredMessage;
use attune_domain::card::{Card, Status};
use attune_domain::cart::Item;
use attune_domain::channel::Channel;
use attune_domain::definitions::{Definitions, Segment};
use attune_domain::event::{Act, Event, Writer};
use attune_domain::feedback::Heard;
use attune_domain::number::Number;
use attune_domain::profile::{Core, Profile};
use attune_domain::rule::Explanation;
use attune_domain::time::Timestamp;
use serde_json::{Map, Value, json};

/// An instant; null for never.
fn instant(at: Timestamp) -> Value {
    if at.is_never() { Value::Null } else { at.to_string().into() }
}

/// Who somebody is.
pub(crate) fn profile(profile: &Profile, definitions: &Definitions, now: Timestamp) -> Value {
    let Profile { id, core, card, cart } = profile;
    let preference = card.preference();
    let known = |known: &attune_domain::identity::KnownId| json!({ "id": known.id.as_str(), "merged": known.merged });
    json!({
        "id": id.as_str(),
        "ids": card.ids.iter().map(known).collect::<Value>(),
        "traits": traits(card),
        "timezone": core.zone.name(),
        "channels": channels(card),
        "preferences": {
            "channels": preference.channels.iter().map(|c| c.as_str()).collect::<Value>(),
            "language": preference.language,
            "frequency": preference.less_often.then_some("less"),
            "quiet_hours": preference.quiet_hours.map(|hours| hours.to_string()),
        },
        "consents": consents(card),
        "orders": orders(core),
        "cart": cart.items().iter().map(item).collect::<Value>(),
        "segments": segments(core, definitions),
        "as_of": instant(core.as_of),
        "wakes_at": instant(core.wake_at.max(now)),
        "definitions": core.made_for.0,
    })
}

fn traits(card: &Card) -> Value {
    let told = card.traits.iter().filter(|(_, told)| !told.value.is_null());
    let traits: Map<String, Value> =
        told.map(|(name, told)| (name.clone(), told.value.clone())).collect();
    Value::Object(traits)
}

/// By channel: where to, and whether it is allowed.
fn channels(card: &Card) -> Value {
    let channel = |channel: Channel| {
        let address = card.address(channel)?;
        let view = json!({
            "address": address.text(),
            "consent": card.allows(channel, None),
            "status": card.status(channel, None).map(Status::as_str),
        });
        Some((channel.as_str().to_owned(), view))
    };
    Value::Object(Channel::ALL.into_iter().filter_map(channel).collect())
}

fn consents(card: &Card) -> Value {
    let consent = |consent: &attune_domain::card::Consent| {
        json!({
            "channel": consent.channel.as_str(),
            "topic": consent.topic,
            "address": consent.address,
            "status": consent.status.as_str(),
            "at": instant(consent.clock.0),
            "event": consent.clock.1.to_string(),
            "source": consent.source,
            "wording": consent.wording,
        })
    };
    card.consents.iter().map(consent).collect()
}

fn orders(core: &Core) -> Value {
    let folded = core.orders.folded();
    let one_by_one: Vec<_> = core.orders.counted().collect();
    let revenue = one_by_one.iter().map(|order| order.amount());
    let revenue = revenue.fold(Number::from_cents(folded.cents), Number::plus);
    json!({
        "count": u64::from(folded.count) + one_by_one.len() as u64,
        "revenue": revenue.to_string(),
        "first": core.orders.first().map(instant),
        "last": one_by_one.iter().map(|order| order.at).max().map(instant),
    })
}

fn item(item: &Item) -> Value {
    let mut view: Map<String, Value> =
        item.product.details.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    view.insert("product_id".to_owned(), item.product.id.as_str().into());
    view.insert("quantity".to_owned(), item.quantity.into());
    Value::Object(view)
}

fn segments(core: &Core, definitions: &Definitions) -> Value {
    let place = |segment: &Segment| {
        let place = core.memberships.get(segment.key).filter(|place| place.inside)?;
        Some(json!({
            "id": segment.id.as_str(),
            "name": segment.name,
            "since": instant(place.since),
            "entry": place.ordinal,
        }))
    };
    definitions.segments.iter().filter_map(place).collect()
}

/// Why somebody is in a segment or not.
pub(crate) fn explained(
    segment: &Segment,
    profile: &Profile,
    definitions: &Definitions,
    now: Timestamp,
) -> Value {
    let core = &profile.core;
    let place = core.memberships.get(segment.key);
    json!({
        "id": segment.id.as_str(),
        "name": segment.name,
        "sentence": segment.rule.describe(),
        "inside": place.is_some_and(|place| place.inside),
        "since": place.map(|place| instant(place.since)),
        "entry": place.map(|place| place.ordinal),
        // The features it needs are being made from the history, or the next census is needed; until
        // then nothing is decided.
        "not_yet": !core.can_answer(segment),
        "why": explanation(&definitions.explain(&segment.rule, core, now)),
    })
}

fn explanation(explanation: &Explanation) -> Value {
    let mut view = json!({
        "rule": explanation.rule,
        "holds": explanation.holds,
        "turns_at": explanation.turns_at.map(instant),
    });
    if let Some(value) = &explanation.value {
        view["value"] = value.as_str().into();
    }
    if !explanation.inside.is_empty() {
        view["inside"] = explanation.inside.iter().map(self::explanation).collect();
    }
    view
}

/// Something that happened.
pub(crate) fn event(event: &Event) -> Value {
    let (kind, data) = match &event.act {
        Act::Track { properties, .. } => ("track", Some(properties)),
        Act::View { screen: false, properties } => ("page", Some(properties)),
        Act::View { screen: true, properties } => ("screen", Some(properties)),
        Act::Identify { traits } => ("identify", Some(traits)),
        Act::Group { .. } => ("group", None),
        Act::Merge { .. } => ("merge", None),
    };
    let mut view = json!({
        "type": kind,
        "event": event.name(),
        "occurred": instant(event.occurred),
        "received": instant(event.received),
        "id": event.filed.as_str(),
        "hash": event.id.to_string(),
        "by": match event.writer {
            Writer::Browser => "browser",
            Writer::Server => "server",
            Writer::Ourselves => "attune",
        },
        "import": event.import,
    });
    if let Some(data) = data {
        view["data"] = Value::Object(data.clone());
    }
    match &event.act {
        Act::Group { group } => view["group"] = group.as_str().into(),
        Act::Merge { from } => view["from"] = from.as_str().into(),
        _ => {}
    }
    view
}

/// A message and what became of it.
pub(crate) fn message(stored: &StoredMessage) -> Value {
    let message = &stored.message;
    json!({
        "id": message.id.as_str(),
        "program": message.program.as_str(),
        "template": message.template.as_str(),
        "segment": message.segment.as_str(),
        "entry": message.entry,
        "cause": message.cause.as_str(),
        "entered": instant(message.at),
        "due": instant(message.due),
        "expires": instant(message.expires),
        "state": stored.state,
        "reason": stored.reason,
        "channel": stored.channel.map(Channel::as_str),
        "because": stored.because,
        "decision": stored.decision(),
        "delivery": stored.delivery.word().map(Heard::as_str),
        "heard": stored.delivery.all().map(Heard::as_str).collect::<Value>(),
        "attempts": stored.attempts,
        "refused_on": stored.refused.iter().map(|channel| channel.as_str()).collect::<Value>(),
        "provider_id": stored.provider_id,
        "changed": instant(stored.changed),
    })
}
