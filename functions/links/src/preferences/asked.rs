//! What a filled-in form asks for, as events.

use std::collections::BTreeSet;

use attune_aws::store::Stored;
use attune_domain::card::{Choice, Status};
use attune_domain::channel::Channel;
use attune_domain::event::Event;
use attune_domain::time::Timestamp;
use serde_json::{Map, Value, json};

use super::shown::{Ticked, boxes, channels, wording};
use crate::acts;
use crate::form::Form;
use crate::words::Words;

/// Where the acts are made.
const SOURCE: &str = "preference page";

/// What the form asks for; none if it is not ours.
pub(super) fn events(
    form: &Form,
    stored: &Stored,
    words: &Words,
    now: Timestamp,
) -> Option<Vec<Event>> {
    form.get("saved")?;
    let told = acts::tell(&stored.profile.card, &stored.profile.id, traits(form, stored)?, now);
    let mut events: Vec<Event> = told.into_iter().collect();
    for channel in channels(stored) {
        events.extend(consents(form, stored, words, channel, now));
    }
    Some(events)
}

/// Acts of consent on one channel: where the form differs from what its page showed. A page that was
/// open for long does not undo what was done in between.
fn consents(
    form: &Form,
    stored: &Stored,
    words: &Words,
    channel: Channel,
    now: Timestamp,
) -> Vec<Event> {
    let (was, want): (BTreeSet<&str>, BTreeSet<&str>) =
        (form.all("was").collect(), form.all("want").collect());
    let mut card = stored.profile.card.clone();
    let Some(address) = card.address(channel) else { return Vec::new() };
    let (mut events, mut turned_on) = (Vec::new(), false);
    for ticked in boxes(stored, channel) {
        let name = ticked.name();
        let (was, want) = (was.contains(name.as_str()), want.contains(name.as_str()));
        // Who allows a channel says with it which topics they do not want.
        let asked = was != want || (turned_on && !want && card.allows(channel, ticked.topic));
        if !asked {
            continue;
        }
        let wording = said(words, stored, &ticked);
        let choice = Choice {
            channel,
            topic: ticked.topic,
            address: address.text(),
            status: if want { Status::Granted } else { Status::Withdrawn },
            source: SOURCE,
            wording: &wording,
        };
        let event = choice.event(&card, &stored.profile.id, now);
        event.iter().for_each(|event| card.apply(&event.filed, event, &mut Vec::new()));
        events.extend(event);
        if ticked.topic.is_none() {
            turned_on = want;
            // Without the channel there is nothing to say of its topics.
            if !want {
                break;
            }
        }
    }
    events
}

/// What stood beside the box; of a topic with what stood above it.
fn said(words: &Words, stored: &Stored, ticked: &Ticked<'_>) -> String {
    let channel = Ticked { channel: ticked.channel, topic: None, on: ticked.on };
    let above = wording(words, stored, &channel);
    match ticked.topic {
        Some(_) => format!("{above}: {}", wording(words, stored, ticked)),
        None => above,
    }
}

/// The preferences that the form tells; none if it tells what its page has no choice for.
fn traits(form: &Form, stored: &Stored) -> Option<Map<String, Value>> {
    let mut traits = Map::new();
    let mut put = |name: &str, value: Value| traits.insert(name.to_owned(), value);
    if channels(stored).len() > 1 {
        put("preferred_channel", order(form)?);
    }
    put(
        "message_frequency",
        match form.get("frequency")? {
            "less" => json!("less"),
            "normal" => stored
                .profile
                .card
                .get("message_frequency")
                .map_or(Value::Null, |_| json!("normal")),
            _ => return None,
        },
    );
    put("language", language(form.get("language")?, stored)?);
    put("quiet_hours", quiet_hours(form.get("quiet_from")?, form.get("quiet_until")?)?);
    Some(traits)
}

/// Channels in the order of the form, each once.
fn order(form: &Form) -> Option<Value> {
    let mut order: Vec<Channel> = Vec::new();
    for word in form.all("order").filter(|word| !word.is_empty()) {
        let channel = Channel::parse(word)?;
        if !order.contains(&channel) {
            order.push(channel);
        }
    }
    let words: Vec<&str> = order.into_iter().map(Channel::as_str).collect();
    Some(if words.is_empty() { Value::Null } else { json!(words) })
}

/// A language of the page, or the one that the customer had.
fn language(tag: &str, stored: &Stored) -> Option<Value> {
    let own = stored.profile.card.get("language").and_then(Value::as_str) == Some(tag);
    match tag {
        "" => Some(Value::Null),
        tag if own || Words::ALL.iter().any(|words| words.tag == tag) => Some(json!(tag)),
        _ => None,
    }
}

/// `21:00-09:00`, or nothing if one of the two is left out.
fn quiet_hours(from: &str, until: &str) -> Option<Value> {
    if from.is_empty() || until.is_empty() || from == until {
        return Some(Value::Null);
    }
    (is_time(from) && is_time(until)).then(|| json!(format!("{from}-{until}")))
}

fn is_time(text: &str) -> bool {
    let part = |text: &str, most: u8| {
        text.len() == 2 && text.parse::<u8>().is_ok_and(|number| number <= most)
    };
    text.split_once(':').is_some_and(|(hour, minute)| part(hour, 23) && part(minute, 59))
}
