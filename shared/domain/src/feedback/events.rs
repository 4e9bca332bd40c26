//! The events by which feedback becomes part of a profile and its history.
#![allow(clippy::indexing_slicing, reason = "what is indexed here is JSON, where nothing is null")]

use serde_json::{Map, Value, json};

use super::{Heard, Inbound, Reply};
use crate::channel::Channel;
use crate::event::{
    Act, CONSENT_GRANTED, CONSENT_WITHDRAWN, Event, MESSAGE_CLICKED, MESSAGE_OPENED,
    MESSAGE_REPLIED, MESSAGE_SCANNED, Writer,
};
use crate::id::{CustomerId, EventId};
use crate::message::Message;
use crate::time::Timestamp;

/// The event for what was heard of a message; none for what concerns only the way of a mail.
///
/// Its id and the time it is filed under come from the message alone. So however often a message is
/// opened, there is one event, and it happened when we first heard of it.
pub fn event_of(
    message: &Message,
    whose: &CustomerId,
    channel: Channel,
    heard: Heard,
    at: Timestamp,
    now: Timestamp,
) -> Option<Event> {
    let name = match heard {
        Heard::Sent | Heard::Delayed | Heard::Rejected => return None,
        Heard::Delivered => "Message Delivered",
        Heard::Scanned => MESSAGE_SCANNED,
        Heard::Opened => MESSAGE_OPENED,
        Heard::Clicked => MESSAGE_CLICKED,
        Heard::SoftBounced | Heard::Bounced => "Message Bounced",
        Heard::Complained => "Message Complained",
    };
    let mut properties = json!({
        "message": message.id.as_str(),
        "program": message.program.as_str(),
        "template": message.template.as_str(),
        "channel": channel.as_str(),
    });
    match heard {
        Heard::SoftBounced => properties["bounce"] = "soft".into(),
        Heard::Bounced => properties["bounce"] = "permanent".into(),
        _ => {}
    }
    let id = EventId::sent(&format!("{heard} {}", message.id));
    let times = Times { sent: message.due, at, now };
    Some(ours(id, whose, times, name, properties))
}

/// The event for a text that somebody sent, on the profile of a customer who has the number; none
/// for a question that is answered and leaves nothing behind.
pub fn event_of_text(
    text: &Inbound,
    customer: &CustomerId,
    at: Timestamp,
    now: Timestamp,
) -> Option<Event> {
    let (name, properties) = match text.reply {
        Reply::Stop => (CONSENT_WITHDRAWN, json!({"source": "inbound STOP"})),
        Reply::Start => (CONSENT_GRANTED, json!({"source": "inbound START"})),
        Reply::Help => return None,
        Reply::Other => (MESSAGE_REPLIED, json!({"text": text.body})),
    };
    let mut properties = properties;
    properties["channel"] = Channel::Sms.as_str().into();
    if text.reply != Reply::Other {
        properties["address"] = text.from.text().into();
    }
    let id = EventId::sent(&format!("inbound {}", text.id));
    Some(ours(id, customer, Times { sent: at, at, now }, name, properties))
}

struct Times {
    sent: Timestamp,
    at: Timestamp,
    now: Timestamp,
}

fn ours(id: EventId, filed: &CustomerId, times: Times, name: &str, properties: Value) -> Event {
    let Times { sent, at, now } = times;
    let properties = match properties {
        Value::Object(properties) => properties,
        _ => Map::new(),
    };
    Event {
        id,
        filed: filed.clone(),
        alias: None,
        sent,
        // Clocks differ; nothing happens after we hear of it.
        occurred: at.min(now),
        received: now,
        writer: Writer::Ourselves,
        import: false,
        zone: None,
        device: None,
        act: Act::Track { name: name.to_owned(), properties },
    }
}
