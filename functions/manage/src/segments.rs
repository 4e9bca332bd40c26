//! `/api/segments`: which there are, how large they are, who is in them.

use std::collections::BTreeMap;

use attune_aws::store::StoreError;
use attune_domain::definitions::{Definitions, Segment};
use attune_domain::id::CustomerId;
use attune_domain::limits;
use attune_domain::plan::Version;
use attune_domain::time::{Span, Timestamp};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::pages::Pages;
use crate::{Deps, Refusal};

/// How old a size may be. Counting reads every row of a segment.
const AGE: Span = Span::minutes(1);
/// All segments.
pub(crate) async fn list(State(deps): State<Deps>) -> Result<Json<Value>, Refusal> {
    let definitions = deps.store.definitions(deps.clock.now()).await?;
    let published = published(&deps, &definitions).await?;
    let mut segments = Vec::new();
    for segment in &definitions.segments {
        segments.push(view(&deps, segment, &published).await?);
    }
    Ok(Json(json!({ "version": definitions.version().0, "segments": segments })))
}

/// One segment.
pub(crate) async fn one(
    State(deps): State<Deps>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let definitions = deps.store.definitions(deps.clock.now()).await?;
    let segment = definitions.segment(&id).ok_or_else(|| no_segment(&id))?;
    let published = published(&deps, &definitions).await?;
    Ok(Json(view(&deps, segment, &published).await?))
}

pub(crate) fn no_segment(id: &str) -> Refusal {
    Refusal::NotFound(format!("there is no segment `{id}`"))
}

async fn view(
    deps: &Deps,
    segment: &Segment,
    published: &BTreeMap<Version, Timestamp>,
) -> Result<Value, StoreError> {
    let size = deps.store.size(segment.id.as_str(), AGE, deps.clock.now()).await?;
    let changed = published.get(&segment.changed);
    Ok(json!({
        "id": segment.id.as_str(),
        "name": segment.name,
        "sentence": segment.rule.describe(),
        "size": size.count,
        "size_is_at_least": size.more,
        "counted_at": size.counted_at.to_string(),
        "last_change": size.last_change.map(|at| at.to_string()),
        "defined_in_version": segment.changed.0,
        "defined_at": changed.map(ToString::to_string),
    }))
}

/// When the versions were published in which segments got their present meaning.
async fn published(
    deps: &Deps,
    definitions: &Definitions,
) -> Result<BTreeMap<Version, Timestamp>, StoreError> {
    let mut published = BTreeMap::new();
    for segment in &definitions.segments {
        if segment.changed > Version::default() && !published.contains_key(&segment.changed) {
            let at = deps.store.published(segment.changed).await?.at;
            published.insert(segment.changed, at);
        }
    }
    Ok(published)
}

/// The customer after whom a page begins.
pub(crate) fn begin_after(text: &str) -> Result<CustomerId, Refusal> {
    let id = CustomerId::parse(text).filter(|_| text.len() <= limits::NAME_BYTES + 2);
    id.ok_or_else(|| Refusal::Unreadable(format!("`after` is not a customer's id: `{text}`")))
}

/// Which page of members.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    after: Option<String>,
    limit: Option<u32>,
}

/// Who is in a segment, page by page.
pub(crate) async fn members(
    State(deps): State<Deps>,
    Path(id): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(Page { after, limit }) = page?;
    let definitions = deps.store.definitions(deps.clock.now()).await?;
    let segment = definitions.segment(&id).ok_or_else(|| no_segment(&id))?;
    let after = after.as_deref().map(begin_after).transpose()?;
    let most = Pages::OF_ROWS.size(limit)?.into();
    let (members, next) = deps.store.members(segment.id.as_str(), after.as_ref(), most).await?;
    let member = |member: &attune_aws::store::Member| {
        json!({
            "customer": member.customer.as_str(),
            "entry": member.ordinal,
            "since": member.since.to_string(),
        })
    };
    Ok(Json(json!({
        "members": members.iter().map(member).collect::<Value>(),
        "next": next.map(|id| id.to_string()),
    })))
}
