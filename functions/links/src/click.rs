//! `/l/{token}`: on to the page, and a note that somebody went there.

use attune_aws::store::StoreError;
use attune_domain::id::MessageId;
use attune_domain::link::{Link, WebUrl};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::failure::Failure;
use crate::link::Opened;
use crate::{Deps, machine};

/// Goes on to the page. Whatever happens to the note, whoever clicked gets there.
pub(crate) async fn follow(
    State(deps): State<Deps>,
    Opened(link): Opened,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let Link::Click { message, url } = link else { return Err(Failure::NotFound) };
    let location = HeaderValue::from_str(url.as_str()).map_err(|_| Failure::NotFound)?;
    if method == Method::GET
        && let Err(error) = note(&deps, &message, &url, &headers).await
    {
        tracing::error!(message.id = %message, error = %error, "links.click_lost");
    }
    Ok((StatusCode::FOUND, [(header::LOCATION, location)]).into_response())
}

async fn note(
    deps: &Deps,
    id: &MessageId,
    url: &WebUrl,
    headers: &HeaderMap,
) -> Result<(), StoreError> {
    let now = deps.clock.now();
    let Some(stored) = deps.store.message(id).await? else { return Ok(()) };
    let Some(channel) = stored.channel else { return Ok(()) };
    let sign = machine::sign(headers, channel, now.since(stored.changed));
    let event = stored.message.followed_event(channel, url, sign, now);
    deps.store.apply(&stored.message.customer, &[event], now).await?;
    Ok(())
}
