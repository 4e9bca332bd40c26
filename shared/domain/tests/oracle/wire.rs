//! Calls as the JSON that an SDK sends, and as events by way of the product's parser.

use attune_domain::event::segment::{Arrival, read};
use attune_domain::event::{Act as Done, Event, Writer};
use attune_domain::id::CustomerId;
use attune_domain::time::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::model::*;
use crate::value::instant_text;

/// Ids under which calls come.
pub(crate) const KNOWN: &str = "42";
pub(crate) const VISITOR: &str = "v-7";

/// The call, as it is sent.
pub(crate) fn json(call: &Call) -> Value {
    let mut sent = match &call.act {
        Act::Track { spelled, properties, .. } => {
            json!({"type": "track", "event": spelled, "properties": properties})
        }
        Act::Page => json!({"type": "page", "name": "Home"}),
        Act::Identify { traits } => json!({"type": "identify", "traits": traits}),
    };
    sent["messageId"] = json!(call.message_id);
    sent[if call.visitor { "anonymousId" } else { "userId" }] =
        json!(if call.visitor { VISITOR } else { KNOWN });
    let mut context = json!({});
    if call.import {
        context["import"] = json!(true);
    }
    if let Some(zone) = call.zone {
        context["timezone"] = json!(zone);
    }
    if let Some(token) = call.device {
        context["device"] = json!({"type": "android", "token": token});
    }
    sent["context"] = context;
    match call.clock {
        Clock::Missing => {}
        Clock::Right => sent["timestamp"] = json!(instant_text(call.occurred)),
        Clock::Ahead(by) => sent["timestamp"] = json!(instant_text(call.received + by)),
        Clock::Behind(by) => {
            sent["timestamp"] = json!(instant_text(call.occurred - by));
            sent["sentAt"] = json!(instant_text(call.received - by));
        }
    }
    sent
}

/// The call as the product reads it when it arrives at `received`.
pub(crate) fn event(call: &Call, received: Ms) -> Event {
    let arrival = Arrival { received: instant(received), sent_at: None, writer: Writer::Ourselves };
    let (mut event, problems) = read(&json(call), &arrival).unwrap();
    let ours = matches!(&event.act, Done::Track { name, .. } if name.starts_with("Message "));
    event.writer = if ours { Writer::Ourselves } else { Writer::Server };
    if received == call.received {
        assert_eq!(problems.is_empty(), !call.is_undated(), "{problems:?}");
    }
    event
}

/// The event that stands for a merge of the visitor into the known customer.
pub(crate) fn merge(at: Ms) -> Event {
    let call =
        json!({"type": "alias", "userId": KNOWN, "previousId": VISITOR, "messageId": "merge"});
    let arrival = Arrival { received: instant(at), sent_at: None, writer: Writer::Ourselves };
    let mut event = read(&call, &arrival).unwrap().0;
    event.act = Done::Merge { from: CustomerId::anonymous(VISITOR) };
    event
}

/// An instant in the product's words.
pub(crate) fn instant(at: Ms) -> Timestamp {
    Timestamp::from_millis(at)
}

/// The first 64 bits of SHA-256 over `event` and the message id, each after its length: what
/// decides between two events at the same instant.
pub(crate) fn hash(message_id: &str) -> u64 {
    let mut hasher = Sha256::new();
    for part in ["event", message_id] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let digest = hasher.finalize();
    u64::from_be_bytes(digest[..8].try_into().unwrap())
}
