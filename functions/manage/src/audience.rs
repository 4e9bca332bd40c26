//! `/api/segments/{id}/audience`: a segment as a file for an advertising platform.
//!
//! Who is in a page is listed first, as a header must say where the next one begins. Their profiles
//! are read while the body is on its way, some at a time, so that no more than those are in memory.

use std::collections::BTreeSet;
use std::future::ready;
use std::sync::Arc;

use attune_aws::store::{Member, StoreError};
use attune_domain::audience::{Audience, Platform};
use attune_domain::card::{Card, Status};
use attune_domain::definitions::Definitions;
use attune_domain::id::{CustomerId, SegmentId};
use attune_domain::limits;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{TryStreamExt as _, stream};
use serde::Deserialize;

use crate::pages::Pages;
use crate::segments::{begin_after, no_segment};
use crate::{Deps, Refusal};

/// Members whose profiles are read together: with a core and a card each, and two addresses at most,
/// they fill two calls of 100 keys.
const TOGETHER: usize = 50;

/// What the file is to be of.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    #[serde(rename = "for")]
    platform: Option<String>,
    topic: Option<String>,
    after: Option<String>,
    limit: Option<u32>,
}

/// A page of a segment, as CSV.
pub(crate) async fn export(
    State(deps): State<Deps>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Query(wanted) = wanted?;
    let platform = platform(wanted.platform.as_deref())?;
    let definitions = deps.store.definitions(deps.clock.now()).await?;
    let segment = definitions.segment(&id).ok_or_else(|| no_segment(&id))?.id.clone();
    let topic = wanted.topic.as_deref().map(|topic| known(topic, &definitions)).transpose()?;
    let after = wanted.after.as_deref().map(begin_after).transpose()?;
    let pages = Pages { usual: limits::AUDIENCE, most: limits::AUDIENCE };
    let most = pages.size(wanted.limit)?.into();
    let (members, next) = deps.store.members(segment.as_str(), after.as_ref(), most).await?;
    let link = next.map(|next| [(header::LINK, link(&segment, &wanted, &next))]);
    let file = format!("attachment; filename=\"{segment}-{}.csv\"", platform.as_str());
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, file),
    ];
    let left = members.into_iter();
    let body = File { deps, definitions, segment, platform, topic, left, begun: false }.body();
    Ok((headers, link, body).into_response())
}

fn platform(text: Option<&str>) -> Result<Platform, Refusal> {
    let text = text.unwrap_or_default();
    let told = if text.is_empty() { "is missing".to_owned() } else { format!("is `{text}`") };
    Platform::parse(text)
        .ok_or_else(|| Refusal::Unreadable(format!("`for` {told}; ask for `google` or for `meta`")))
}

fn known(topic: &str, definitions: &Definitions) -> Result<String, Refusal> {
    let topics = &definitions.policy.topics;
    let found = topics.iter().find(|known| known.id == topic).map(|known| known.id.clone());
    found
        .ok_or_else(|| Refusal::NotFound(format!("there is no topic `{topic}` in `policy.topics`")))
}

/// Where the next page is (RFC 8288).
fn link(segment: &SegmentId, wanted: &Wanted, next: &CustomerId) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let limit = wanted.limit.map(|limit| limit.to_string());
    for (name, value) in [
        ("for", wanted.platform.as_deref()),
        ("topic", wanted.topic.as_deref()),
        ("limit", limit.as_deref()),
        ("after", Some(next.as_str())),
    ] {
        value.into_iter().for_each(|value| {
            query.append_pair(name, value);
        });
    }
    format!("</api/segments/{segment}/audience?{}>; rel=\"next\"", query.finish())
}

/// A file while it is written.
struct File {
    deps: Deps,
    definitions: Arc<Definitions>,
    segment: SegmentId,
    platform: Platform,
    topic: Option<String>,
    /// Who is still to be read.
    left: std::vec::IntoIter<Member>,
    /// Whether the names of the columns were written.
    begun: bool,
}

impl File {
    /// The body. If the store fails it breaks off, so that nobody takes a part for the whole.
    fn body(self) -> Body {
        let pieces = stream::try_unfold(self, async |mut file| {
            let piece = file.next().await?;
            Ok(piece.map(|piece| (piece, file)))
        });
        // Of some members nobody may be in the file.
        let pieces = pieces.try_filter(|piece: &Bytes| ready(!piece.is_empty()));
        Body::from_stream(pieces.inspect_err(|why: &Failed| {
            tracing::error!(error = %why, "manage.audience_broke_off");
        }))
    }

    /// The next rows: those of some members, or the names of the columns; `None` after the last.
    async fn next(&mut self) -> Result<Option<Bytes>, Failed> {
        if !self.begun {
            self.begun = true;
            return lines([self.platform.columns()]).map(Some);
        }
        let together = self.left.by_ref().take(TOGETHER).map(|member| member.customer);
        let together: Vec<CustomerId> = together.collect();
        if together.is_empty() {
            return Ok(None);
        }
        lines(self.rows(&together).await?).map(Some)
    }

    async fn rows(&self, customers: &[CustomerId]) -> Result<Vec<Vec<String>>, StoreError> {
        let (store, now) = (&self.deps.store, self.deps.clock.now());
        let audience = Audience {
            platform: self.platform,
            topic: self.topic.as_deref(),
            zone: &self.definitions.shop.zone,
        };
        let cards = store.cards_in(&self.segment, customers, now).await?;
        // Twins share an address, and one call may not ask for it twice.
        let open: BTreeSet<_> = cards.iter().flat_map(|card| audience.allowed(card)).collect();
        let rows = store.rows_of(open).await?;
        let closed = |card: &Card| {
            let closed = rows.iter().filter(|(address, row)| {
                let status = row.unsubscribed.status(card, address, audience.topic);
                row.suppressed.is_some() || status != Some(Status::Granted)
            });
            closed.map(|(address, _)| address.clone()).collect::<Vec<_>>()
        };
        Ok(cards.iter().filter_map(|card| audience.row(card, &closed(card))).collect())
    }
}

/// Why a file broke off.
#[derive(Debug, thiserror::Error)]
enum Failed {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rows could not be written.
    #[error(transparent)]
    Csv(#[from] csv::Error),
}

/// Rows as CSV (RFC 4180, with plain line feeds).
fn lines<R, V>(rows: impl IntoIterator<Item = R>) -> Result<Bytes, Failed>
where
    R: IntoIterator<Item = V>,
    V: AsRef<[u8]>,
{
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    let written = writer.into_inner().map_err(|why| csv::Error::from(why.into_error()))?;
    Ok(written.into())
}
