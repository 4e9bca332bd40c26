//! `/api/customers`: who somebody is, what happened, what they got, and why.

pub(crate) mod view;

use attune_aws::store::{Consistency, Stored, StoredMessage};
use attune_domain::address::Address;
use attune_domain::card::{Clock, Status};
use attune_domain::event::Event;
use attune_domain::id::{CustomerId, EventId, MessageId, SegmentId};
use attune_domain::limits;
use attune_domain::time::Timestamp;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::pages::Pages;
use crate::segments::no_segment;
use crate::{Deps, Refusal};

/// By what a customer is looked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct By {
    email: Option<String>,
    phone: Option<String>,
}

/// Customers who have an address.
pub(crate) async fn find(
    State(deps): State<Deps>,
    by: Result<Query<By>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(By { email, phone }) = by?;
    let address = match (email, phone) {
        (Some(email), None) => Address::email(&email),
        (None, Some(phone)) => Address::phone(&phone),
        _ => return Err(Refusal::Unreadable("ask for `?email=…` or for `?phone=…`".to_owned())),
    };
    let address = address.map_err(|why| Refusal::Unreadable(why.to_string()))?;
    let rows = deps.store.addresses(&[address]).await?;
    let customers = rows.into_iter().flat_map(|row| row.customers);
    Ok(Json(json!({ "customers": customers.map(|id| id.to_string()).collect::<Vec<_>>() })))
}

/// The profile of `42`, `u#42` or `a#8f3e…`.
pub(crate) async fn load(deps: &Deps, id: &str) -> Result<Stored, Refusal> {
    let unknown = || Refusal::NotFound(format!("there is no customer `{id}`"));
    if id.is_empty() || id.len() > limits::NAME_BYTES + 2 {
        return Err(unknown());
    }
    let ids = match CustomerId::parse(id) {
        Some(id) => vec![id],
        None => vec![CustomerId::known(id), CustomerId::anonymous(id)],
    };
    for id in ids {
        let stored = deps.store.load(&id, Consistency::Strong, deps.clock.now()).await?;
        if stored.exists() {
            return Ok(stored);
        }
    }
    Err(unknown())
}

/// Who somebody is.
pub(crate) async fn one(
    State(deps): State<Deps>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let stored = load(&deps, &id).await?;
    let Stored { profile, definitions, .. } = &stored;
    let mut shown = view::profile(profile, definitions, deps.clock.now());
    for (address, row) in deps.store.addresses_of(&profile.card).await? {
        let channel = &mut shown["channels"][address.channel().as_str()];
        if channel["address"] == address.text() {
            let status = row.unsubscribed.status(&profile.card, &address, None);
            channel["consent"] = (status == Some(Status::Granted)).into();
            channel["status"] = status.map(Status::as_str).into();
            channel["suppressed"] = row.suppressed.into();
            channel["suppressed_at"] = row.suppressed_at.map(|at| at.to_string()).into();
        }
    }
    Ok(Json(shown))
}

/// What is to be explained.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    segment: Option<String>,
}

/// Why somebody is in a segment or not, and when that will change; of one segment, or of all.
pub(crate) async fn explain(
    State(deps): State<Deps>,
    Path(id): Path<String>,
    about: Result<Query<About>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(About { segment: wanted }) = about?;
    let stored = load(&deps, &id).await?;
    let Stored { profile, definitions, .. } = &stored;
    if let Some(id) = wanted.as_ref().filter(|id| definitions.segment(id).is_none()) {
        return Err(no_segment(id));
    }
    let now = deps.clock.now().max(profile.core.as_of);
    let wanted = |id: &SegmentId| wanted.as_ref().is_none_or(|wanted| wanted == id.as_str());
    let segments = definitions.segments.iter().filter(|segment| wanted(&segment.id));
    let explained: Vec<Value> =
        segments.map(|segment| view::explained(segment, profile, definitions, now)).collect();
    let customer = profile.id.as_str();
    Ok(Json(json!({ "customer": customer, "at": now.to_string(), "segments": explained })))
}

/// Which page of a timeline, or of messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    before: Option<String>,
    limit: Option<u32>,
}

/// What happened, the newest first.
pub(crate) async fn timeline(
    State(deps): State<Deps>,
    Path(id): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(Page { before, limit }) = page?;
    let before = before.map(|text| parse_clock(&text)).transpose()?;
    let stored = load(&deps, &id).await?;
    let mut events = deps.store.history_of(&stored.profile, limits::BACKFILL_ROWS).await?;
    events.retain(|event| before.is_none_or(|before| event.clock() < before));
    events.sort_by_key(|event| std::cmp::Reverse(event.clock()));
    let most = usize::from(Pages::OF_ROWS.size(limit)?);
    let next = events.get(most).and(events.get(most - 1));
    let next = next.map(|last| format!("{}~{}", last.occurred, last.id));
    events.truncate(most);
    let events: Vec<Value> = events.iter().map(|event: &Event| view::event(event)).collect();
    let customer = stored.profile.id.as_str();
    Ok(Json(json!({ "customer": customer, "events": events, "next": next })))
}

/// Where a page of a timeline ended: an instant, or an instant and the hash of its event.
fn parse_clock(text: &str) -> Result<Clock, Refusal> {
    let (at, hash) = text.split_once('~').unwrap_or((text, "0"));
    let at = Timestamp::parse(at).map_err(|why| Refusal::Unreadable(why.to_string()))?;
    let hash = u64::from_str_radix(hash, 16).map_err(|_| no_page_ended("timeline"))?;
    Ok((at, EventId::stored(hash)))
}

/// Where a page of messages ended: when one was due, and its id.
fn parse_place(text: &str) -> Result<(Timestamp, MessageId), Refusal> {
    let place = text.split_once('~').and_then(|(due, id)| {
        let due = Timestamp::parse(due).ok()?;
        Some((due, MessageId::parse(id)?))
    });
    place.ok_or_else(|| no_page_ended("messages"))
}

fn no_page_ended(of: &str) -> Refusal {
    Refusal::Unreadable(format!(
        "`before` is not where a page of {of} ended; send `next` as it came"
    ))
}

/// Every message that was planned, and what became of it: what was due last comes first.
pub(crate) async fn messages(
    State(deps): State<Deps>,
    Path(id): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(Page { before, limit }) = page?;
    let before = before.map(|text| parse_place(&text)).transpose()?;
    let stored = load(&deps, &id).await?;
    let mut messages = deps.store.messages(&stored.message_ids(u32::MAX)).await?;
    let place = |stored: &StoredMessage| (stored.message.due, stored.message.id.clone());
    messages.retain(|stored| before.as_ref().is_none_or(|before| place(stored) < *before));
    messages.sort_by_key(|stored| std::cmp::Reverse(place(stored)));
    let most = usize::from(Pages::OF_ROWS.size(limit)?);
    let next = messages.get(most).and(messages.get(most - 1)).map(place);
    let next = next.map(|(due, id)| format!("{due}~{}", id.as_str()));
    messages.truncate(most);
    let messages: Vec<Value> = messages.iter().map(view::message).collect();
    let customer = stored.profile.id.as_str();
    Ok(Json(json!({ "customer": customer, "messages": messages, "next": next })))
}
