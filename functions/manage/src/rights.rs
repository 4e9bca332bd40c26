//! A person's rights: everything we know of them in one document, and nothing of it any more.

use attune_aws::store::{Consistency, Erasure, Stored, StoredMessage};
use attune_domain::id::CustomerId;
use attune_domain::limits;
use attune_domain::time::Span;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::Object;
use crate::customers::{load, view};
use crate::refusal::in_words;
use crate::{Deps, Refusal};

/// Characters of a reason that are kept.
const REASON: usize = 200;
/// Characters of the token of an erasure.
const TOKEN: usize = 32;
/// How long it is waited before it is looked again whether a message is on its way.
const LOOK: Span = Span::seconds(1);
/// How often. Who claimed a message has nine seconds to hand it over, and the call has 29.
const MOST_LOOKS: u32 = 12;

/// Which page of an export.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    after: Option<String>,
}

/// Everything that is known of a person. The first page has all but the history, of which each page
/// has a part; `next` leads to the next page, until there is none.
pub(crate) async fn export(
    State(deps): State<Deps>,
    Path(id): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(Page { after }) = page?;
    let stored = load(&deps, &id).await?;
    let events = deps.store.history_page(&stored.profile, after.as_deref()).await?;
    let Some((events, next)) = events else {
        return Err(Refusal::Unreadable("`after` is not where a page ended".to_owned()));
    };
    let mut document = if after.is_none() { whole(&deps, &stored).await? } else { json!({}) };
    document["customer"] = stored.profile.id.as_str().into();
    document["exported_at"] = deps.clock.now().to_string().into();
    document["events"] = events.iter().map(view::event).collect();
    document["next"] = next.into();
    Ok(Json(document))
}

/// All but the history.
async fn whole(deps: &Deps, stored: &Stored) -> Result<Value, Refusal> {
    let Stored { profile, definitions, .. } = stored;
    let messages = deps.store.messages(&stored.message_ids(u32::MAX)).await?;
    let addresses = deps.store.addresses_of(&profile.card).await?;
    let address =
        |(address, row): &(attune_domain::address::Address, attune_aws::store::AddressRow)| {
            json!({
                "channel": address.channel().as_str(),
                "address": address.text(),
                "suppressed": row.suppressed,
            })
        };
    let coupon = |message: &StoredMessage| {
        let given = message.given.as_ref()?;
        Some(json!({
            "coupon": given.coupon.as_str(),
            "code": given.code.as_str(),
            "message": message.message.id.as_str(),
        }))
    };
    let place =
        |(key, place): &(attune_domain::digest::Key, attune_domain::membership::Membership)| {
            let id = definitions.segment_id(*key)?;
            let name = definitions.segment(id.as_str()).map(|segment| segment.name.as_str());
            Some(json!({
                "segment": id.as_str(),
                "name": name,
                "inside": place.inside,
                "entry": place.ordinal,
                "since": place.since.to_string(),
            }))
        };
    let device = |token: &attune_domain::card::Token| {
        json!({
            "platform": token.device.platform.as_str(),
            "token": token.device.token,
            "seen": token.clock.0.to_string(),
        })
    };
    Ok(json!({
        "profile": view::profile(profile, definitions, deps.clock.now()),
        "devices": profile.card.tokens.iter().map(device).collect::<Value>(),
        "groups": profile.card.groups.keys().cloned().collect::<Value>(),
        "memberships": profile.core.memberships.iter().filter_map(place).collect::<Value>(),
        "messages": messages.iter().map(view::message).collect::<Value>(),
        "addresses": addresses.iter().map(address).collect::<Value>(),
        "coupons": messages.iter().filter_map(coupon).collect::<Value>(),
    }))
}

/// Why somebody is erased.
#[derive(Debug, Default, Deserialize)]
struct Why {
    reason: Option<String>,
}

/// Erases a person. Asked again it goes on, or tells that it is done; of nobody it is 404, and shuts
/// nobody out who comes by that id later. It answers once no message is
/// on its way to them any more, or that this is not so yet.
pub(crate) async fn erase(
    State(deps): State<Deps>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let Object(why) = match body.trim_ascii() {
        [] | b"null" => Object(Why::default()),
        body => serde_json::from_slice(body).map_err(|why| {
            Refusal::Unreadable(in_words(&format!("the body cannot be read: {why}")))
        })?,
    };
    let reason: Option<String> = why.reason.map(|reason| reason.chars().take(REASON).collect());
    let nobody = || Refusal::NotFound(format!("there is no customer `{id}`, nor was there"));
    let mut erasure = None;
    for id in named(&deps, &id).await? {
        erasure = deps.store.erase(&id, reason.as_deref(), deps.clock.now()).await?;
        for _ in 0..MOST_LOOKS {
            let goes_on = erasure.as_ref().is_some_and(|erasure| erasure.erased.is_none());
            if !goes_on || !deps.clock.wait(LOOK).await {
                break;
            }
            erasure = deps.store.erase(&id, reason.as_deref(), deps.clock.now()).await?;
        }
        if erasure.is_some() {
            break;
        }
    }
    let erasure = erasure.ok_or_else(nobody)?;
    let status = erasure.erased.map_or(StatusCode::ACCEPTED, |_| StatusCode::OK);
    Ok((status, Json(told(&erasure))))
}

/// How far an erasure is: by its token, or by the id of whoever was erased.
pub(crate) async fn erasure(
    State(deps): State<Deps>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let is_token = id.len() == TOKEN && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut found = if is_token { deps.store.erasure(&id).await? } else { None };
    if found.is_none() {
        for id in ids(&id)? {
            found = match found {
                None => deps.store.erasure_of(&id).await?,
                found => found,
            };
        }
    }
    let missing = || Refusal::NotFound("nobody of that name is being erased, or was".to_owned());
    found.as_ref().map(|erasure| Json(told(erasure))).ok_or_else(missing)
}

fn told(erasure: &Erasure) -> Value {
    json!({
        "token": erasure.token,
        "state": match (erasure.erased, erasure.ended) {
            (_, Some(_)) => "done",
            (Some(_), None) => "erased",
            (None, None) => "asked",
        },
        "reason": erasure.reason,
        "asked": erasure.asked.to_string(),
        "erased": erasure.erased.map(|at| at.to_string()),
        "done": erasure.ended.map(|at| at.to_string()),
    })
}

/// The ids that `42`, `u#42` or `a#8f3e…` may mean, first those that lead to a customer.
async fn named(deps: &Deps, id: &str) -> Result<Vec<CustomerId>, Refusal> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for id in ids(id)? {
        let stored = deps.store.load(&id, Consistency::Strong, deps.clock.now()).await?;
        if stored.exists() { known.push(id) } else { unknown.push(id) }
    }
    known.append(&mut unknown);
    Ok(known)
}

fn ids(id: &str) -> Result<Vec<CustomerId>, Refusal> {
    if id.is_empty() || id.len() > limits::NAME_BYTES + 2 {
        return Err(Refusal::NotFound(format!("`{id}` cannot be a customer")));
    }
    Ok(match CustomerId::parse(id) {
        Some(id) => vec![id],
        None => vec![CustomerId::known(id), CustomerId::anonymous(id)],
    })
}
