//! What stands in a body: one event, or a batch of them, each read by itself.

use attune_aws::keys::{Keys, Scope};
use attune_domain::event::Writer;
use attune_domain::limits;
use attune_domain::time::Timestamp;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// What a path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    /// One event of this type.
    One(&'static str),
    /// Many events.
    Batch,
    /// Many events of old times: no program starts for them.
    Import,
}

/// The calls, with the short names that browsers use.
const CALLS: [(&str, &str, Call); 8] = [
    ("identify", "i", Call::One("identify")),
    ("track", "t", Call::One("track")),
    ("page", "p", Call::One("page")),
    ("screen", "s", Call::One("screen")),
    ("group", "g", Call::One("group")),
    ("alias", "a", Call::One("alias")),
    ("batch", "b", Call::Batch),
    ("import", "import", Call::Import),
];

impl Call {
    pub(crate) fn parse(name: &str) -> Result<Self, Refusal> {
        let found = CALLS.iter().find(|(long, short, _)| [*long, *short].contains(&name));
        let refuse = || Refusal::NoSuchCall(name.chars().take(40).collect());
        found.map(|(_, _, call)| *call).ok_or_else(refuse)
    }
}

/// The events of a request.
pub(crate) struct Calls<'a> {
    /// Each as sent.
    pub(crate) events: Vec<&'a RawValue>,
    /// The type that the path gives them.
    pub(crate) kind: Option<&'static str>,
    /// Whether they tell of old times.
    pub(crate) import: bool,
    /// When the client sent them, by its clock.
    pub(crate) sent_at: Option<Timestamp>,
    key: Option<String>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Envelope<'a> {
    #[serde(borrow, default)]
    batch: Option<&'a RawValue>,
    #[serde(rename = "sentAt", default)]
    sent_at: Option<Value>,
    #[serde(rename = "writeKey", default)]
    write_key: Option<Value>,
}

/// Reads a body. Events are left as text: one that cannot be read must not spoil its neighbours.
pub(crate) fn read(call: Call, body: &[u8]) -> Result<Calls<'_>, Refusal> {
    let not_json = |error: serde_json::Error| {
        Refusal::Unreadable(format!("the body is not a JSON object: {error}"))
    };
    // A list would be read as the members of the envelope in their order.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Refusal::Unreadable("the body is not a JSON object but a list".to_owned()));
    }
    let envelope: Envelope<'_> = serde_json::from_slice(body).map_err(not_json)?;
    let events = match (call, envelope.batch) {
        (Call::One(_), _) => vec![serde_json::from_slice(body).map_err(not_json)?],
        (Call::Batch | Call::Import, Some(batch)) => serde_json::from_str(batch.get())
            .map_err(|_| Refusal::Unreadable("`batch` must be a list of events".to_owned()))?,
        (Call::Batch | Call::Import, None) => {
            return Err(Refusal::Unreadable("`batch` is missing".to_owned()));
        }
    };
    if events.len() > limits::EVENTS_PER_REQUEST {
        return Err(Refusal::events());
    }
    let sent_at = envelope.sent_at.as_ref().and_then(attune_domain::value::instant_of);
    let key = envelope.write_key.as_ref().and_then(Value::as_str).map(str::to_owned);
    let kind = if let Call::One(kind) = call { Some(kind) } else { None };
    Ok(Calls { events, kind, import: call == Call::Import, sent_at, key })
}

/// Whose key the request has: in its Basic authentication, or in its body.
pub(crate) fn writer(
    headers: &HeaderMap,
    calls: &Calls<'_>,
    keys: &Keys,
) -> Result<Writer, Refusal> {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let basic = header.and_then(|value| value.strip_prefix("Basic "));
    let decoded = basic.and_then(|text| BASE64_STANDARD.decode(text.trim()).ok());
    let name = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let name = name.as_deref().and_then(|pair| pair.split(':').next());
    let bearer = header.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim);
    let mut keys_sent = [name, bearer, calls.key.as_deref()].into_iter().flatten();
    let writer = keys_sent.find_map(|key| match keys.scope_of(key)? {
        Scope::Server => Some(Writer::Server),
        Scope::Browser => Some(Writer::Browser),
        Scope::Manage => None,
    });
    writer.ok_or(Refusal::NoKey)
}

impl Calls<'_> {
    /// One event as JSON, with the type of its path, and marked if it tells of old times.
    pub(crate) fn parse(&self, event: &RawValue) -> Result<Value, serde_json::Error> {
        let mut event: Value = serde_json::from_str(event.get())?;
        if let Value::Object(members) = &mut event {
            if let Some(kind) = self.kind {
                members.insert("type".to_owned(), kind.into());
            }
            if self.import {
                let context = members.entry("context").or_insert_with(|| Map::new().into());
                if let Value::Object(context) = context {
                    context.insert("import".to_owned(), true.into());
                }
            }
        }
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(body: &str) -> Result<Calls<'_>, String> {
        read(Call::Batch, body.as_bytes()).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn one_event_that_cannot_be_read_does_not_spoil_the_batch() {
        let deep = "[".repeat(5_000) + &"]".repeat(5_000);
        let body = format!("{{\"batch\": [{{\"type\": \"page\"}}, {deep}, 7]}}");
        let calls = batch(&body).unwrap();
        let read: Vec<bool> = calls.events.iter().map(|event| calls.parse(event).is_ok()).collect();
        assert_eq!(read, [true, false, true]);
    }

    #[test]
    fn a_body_that_cannot_be_read_says_why() {
        assert!(batch("nonsense").err().unwrap().starts_with("the body is not a JSON object"));
        assert_eq!(batch("{}").err().unwrap(), "`batch` is missing");
        assert_eq!(batch("{\"batch\": 7}").err().unwrap(), "`batch` must be a list of events");
        let many = format!("{{\"batch\": [{}1]}}", "1,".repeat(5_000));
        assert_eq!(batch(&many).err().unwrap(), "a request can have 5000 events");
    }

    #[test]
    fn browsers_use_short_names() {
        for (long, short, call) in CALLS {
            assert_eq!(Call::parse(long).unwrap(), call);
            assert_eq!(Call::parse(short).unwrap(), call);
        }
        assert!(Call::parse("buy").is_err());
    }
}
