//! A message and where it is on its way, as an item.

use attune_domain::channel::Channel;
use attune_domain::coupon::Code;
use attune_domain::event::EventKey;
use attune_domain::feedback::Heard;
use attune_domain::id::{CouponId, CustomerId, MessageId, ProgramId, SegmentId, TemplateId};
use attune_domain::link::WebUrl;
use attune_domain::message::{Cause, Class, Message};
use attune_domain::time::Timestamp;

use crate::store::coupons::Given;
use crate::store::item::{Attributes, Build, Read};
use crate::store::items::event::{parse_sort_key, sort_key};
use crate::store::messages::Stored;
use crate::store::schema::DUE_KEY;
use crate::store::{StoreError, Table};

/// A message that was just planned.
pub(in crate::store) fn write_new(message: &Message, queue: &str, now: Timestamp) -> Attributes {
    Build::default()
        .text("id", message.id.as_str())
        .text("customer", message.customer.as_str())
        .text("program", message.program.as_str())
        .text("class", message.class.as_str())
        .text("template", message.template.as_str())
        .text("segment", message.segment.as_str())
        .number("entry", message.entry)
        .text("cause", message.cause.as_str())
        .maybe("event", message.event.as_ref().map(|event| sort_key(event.sent, event.id)))
        .maybe("event_of", event_of(message))
        .time("entered", message.at)
        .time("planned_for", message.due)
        .time("too_late", message.expires)
        .text("state", "pending")
        .time("changed", now)
        .text(DUE_KEY.partition, queue)
        .time("due", message.due)
        .done()
}

/// A message as read.
pub(in crate::store) fn read(item: &Attributes) -> Result<Stored, StoreError> {
    let read = Read { table: Table::Messages, item };
    let message = Message {
        id: read.parsed("id", MessageId::parse)?,
        customer: read.parsed("customer", CustomerId::parse)?,
        program: read.parsed("program", |id| ProgramId::parse(id).ok())?,
        class: read.parsed("class", Class::parse)?,
        template: read.parsed("template", |id| TemplateId::parse(id).ok())?,
        segment: read.parsed("segment", |id| SegmentId::parse(id).ok())?,
        entry: read.number("entry")?,
        cause: read.parsed("cause", Cause::parse)?,
        event: event(&read)?,
        at: read.time("entered")?,
        due: read.time("planned_for")?,
        expires: read.time("too_late")?,
    };
    Ok(Stored {
        message,
        state: read.text("state")?.to_owned(),
        reason: read.maybe_text("reason").map(str::to_owned),
        claimed_for: read.maybe_text("whose").and_then(CustomerId::parse),
        due: read.maybe_time("due"),
        deadline: read.maybe_time("deadline"),
        attempts: read.maybe_number("attempts").unwrap_or(0),
        attempt: read.maybe_text("attempt").map(str::to_owned),
        channel: read.maybe_text("channel").and_then(Channel::parse),
        to: read.maybe_text("to").map(str::to_owned),
        delivery: read.texts("heard").filter_map(Heard::parse).collect(),
        delivered: read.maybe_time("delivered_at"),
        because: read.maybe_text("because").map(str::to_owned),
        why: read.maybe_text("why").map(str::to_owned),
        waited: read.maybe_text("waited").map(str::to_owned),
        refused: read.texts("refused").filter_map(Channel::parse).collect(),
        provider_id: read.maybe_text("provider_id").map(str::to_owned),
        links: links(&read),
        given: given(&read),
        changed: read.time("changed")?,
    })
}

/// Whose event the message follows, if it was sent under another id than the customer's.
fn event_of(message: &Message) -> Option<&str> {
    let filed = &message.event.as_ref()?.filed;
    (*filed != message.customer).then(|| filed.as_str())
}

fn event(read: &Read<'_>) -> Result<Option<EventKey>, StoreError> {
    if read.maybe_text("event").is_none() {
        return Ok(None);
    }
    let (sent, id) = read.parsed("event", parse_sort_key)?;
    let of = if read.maybe_text("event_of").is_some() { "event_of" } else { "customer" };
    Ok(Some(EventKey { filed: read.parsed(of, CustomerId::parse)?, sent, id }))
}

/// A URL holds no blank.
fn links(read: &Read<'_>) -> Vec<WebUrl> {
    let links = read.maybe_text("links").unwrap_or_default().split(' ');
    links.filter_map(|link| WebUrl::parse(link).ok()).collect()
}

fn given(read: &Read<'_>) -> Option<Given> {
    let coupon = CouponId::parse(read.maybe_text("coupon")?).ok()?;
    let code = Code::parse(read.maybe_text("code")?).ok()?;
    Some(Given { coupon, code, picked: false })
}
