//! An event as a history row.

use attune_domain::event::{Act, Event, Writer};
use attune_domain::id::{CustomerId, EventId};
use attune_domain::limits;
use attune_domain::ring::Entry;
use attune_domain::time::{Span, Timestamp};
use serde_json::{Map, Value};

use crate::store::item::{Attributes, Build, Read};
use crate::store::schema::TTL;
use crate::store::{StoreError, Table, expiry};

/// The sort key of an event's row: its time as sent, then its hash. A retry has the same one.
pub(in crate::store) fn sort_key(sent: Timestamp, id: EventId) -> String {
    format!("{:015}#{id}", sent.millis().max(0))
}

/// The row of an event that took effect on `customer`, to be kept for `keep`.
pub(in crate::store) fn write(event: &Event, customer: &CustomerId, keep: Span) -> Attributes {
    let (kind, name, data) = match &event.act {
        Act::Track { name, properties } => ("track", Some(name), Some(properties)),
        Act::View { screen: false, properties } => ("page", None, Some(properties)),
        Act::View { screen: true, properties } => ("screen", None, Some(properties)),
        Act::Identify { traits } => ("identify", None, Some(traits)),
        Act::Group { group } => ("group", Some(group), None),
        Act::Merge { .. } => ("merge", None, None),
    };
    let from = if let Act::Merge { from } = &event.act { Some(from.as_str()) } else { None };
    let data = data.filter(|data| !data.is_empty()).map(|data| {
        // Objects with text keys always become JSON.
        serde_json::to_string(data).unwrap_or_default()
    });
    let too_large = data.as_ref().is_some_and(|data| data.len() > limits::EVENT_BYTES);
    Build::default()
        .text("id", event.filed.as_str())
        .text("at", sort_key(event.sent, event.id))
        .text("type", kind)
        .maybe("event", name.cloned())
        .maybe("data", data.filter(|_| !too_large))
        .flag("data_not_kept", too_large)
        .maybe("from", from)
        .time("occurred", event.occurred)
        .time("received", event.received)
        .text("by", writer(event.writer))
        .flag("import", event.import)
        .maybe("customer", (*customer != event.filed).then(|| customer.as_str()))
        .number(TTL, expiry(event.received + keep))
        .done()
}

/// A row that stands for an event whose own row never came: it took effect, and is all we know. It
/// says when, as the row that a late retry puts in its place must say the same.
pub(in crate::store) fn tombstone(entry: &Entry, expires: Timestamp) -> Attributes {
    Build::default()
        .text("id", entry.filed.as_str())
        .text("at", sort_key(entry.sent, entry.id))
        .flag("tombstone", true)
        .time("occurred", entry.occurred)
        .number(TTL, expiry(expires))
        .done()
}

/// A row as read: the event, and whose it became. `None` for a tombstone.
pub(in crate::store) fn read(item: &Attributes) -> Result<Option<(Event, CustomerId)>, StoreError> {
    let read = Read { table: Table::Events, item };
    if read.flag("tombstone") {
        return Ok(None);
    }
    let filed = read.parsed("id", CustomerId::parse)?;
    let (sent, id) = read.parsed("at", parse_sort_key)?;
    let data = || -> Result<Map<String, Value>, StoreError> {
        let Some(json) = read.maybe_text("data") else { return Ok(Map::new()) };
        serde_json::from_str(json).map_err(|_| read.unreadable("data"))
    };
    let act = match read.text("type")? {
        "track" => Act::Track { name: read.text("event")?.to_owned(), properties: data()? },
        "page" => Act::View { screen: false, properties: data()? },
        "screen" => Act::View { screen: true, properties: data()? },
        "identify" => Act::Identify { traits: data()? },
        "group" => Act::Group { group: read.text("event")?.to_owned() },
        "merge" => Act::Merge { from: read.parsed("from", CustomerId::parse)? },
        _ => return Err(read.unreadable("type")),
    };
    let customer = match read.maybe_text("customer") {
        Some(text) => CustomerId::parse(text).ok_or_else(|| read.unreadable("customer"))?,
        None => filed.clone(),
    };
    let event = Event {
        id,
        filed,
        alias: None,
        sent,
        occurred: read.time("occurred")?,
        received: read.time("received")?,
        writer: read.parsed("by", parse_writer)?,
        import: read.flag("import"),
        zone: None,
        device: None,
        act,
    };
    Ok(Some((event, customer)))
}

/// The time as sent and the id in a sort key.
pub(in crate::store) fn parse_sort_key(key: &str) -> Option<(Timestamp, EventId)> {
    let (sent, hash) = key.split_once('#')?;
    let id = EventId::stored(u64::from_str_radix(hash, 16).ok()?);
    Some((Timestamp::from_millis(sent.parse().ok()?), id))
}

fn writer(writer: Writer) -> &'static str {
    match writer {
        Writer::Browser => "browser",
        Writer::Server => "server",
        Writer::Ourselves => "attune",
    }
}

fn parse_writer(text: &str) -> Option<Writer> {
    [Writer::Browser, Writer::Server, Writer::Ourselves].into_iter().find(|w| writer(*w) == text)
}
