//! `/l/{token}` and `/s/{token}`: on to the page, and a note that somebody went there.

use attune_aws::store::{StoreError, StoredMessage};
use attune_domain::feedback::Heard;
use attune_domain::link::{Link, WebUrl};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::failure::Failure;
use crate::link::Opened;
use crate::{Deps, acts, machine};

/// Goes on to the page. Whatever happens to the note, whoever clicked gets there.
pub(crate) async fn follow(
    State(deps): State<Deps>,
    Opened(link): Opened,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let noted = method == Method::GET;
    let (message, url, stored) = match link {
        Link::Click { message, url } => {
            let stored = if noted { deps.store.message(&message).await } else { Ok(None) };
            (message, url, stored)
        }
        // Only the message's row knows where it leads.
        Link::Short { message, nth } => {
            let (stored, _) = acts::message(&deps, &message).await?;
            let url = stored.links.get(usize::from(nth)).cloned().ok_or(Failure::NotFound)?;
            (message, url, Ok(noted.then_some(stored)))
        }
        _ => return Err(Failure::NotFound),
    };
    let location = HeaderValue::from_str(url.as_str()).map_err(|_| Failure::NotFound)?;
    if let Err(error) = note(&deps, stored, &url, &headers).await {
        tracing::error!(message.id = %message, error = %error, "links.click_lost");
    }
    Ok((StatusCode::FOUND, [(header::LOCATION, location)]).into_response())
}

async fn note(
    deps: &Deps,
    stored: Result<Option<StoredMessage>, StoreError>,
    url: &WebUrl,
    headers: &HeaderMap,
) -> Result<(), StoreError> {
    let now = deps.clock.now();
    let Some(stored) = stored? else { return Ok(()) };
    let Some(channel) = stored.channel else { return Ok(()) };
    let sign =
        machine::sign(headers, channel, now.since(stored.delivered.unwrap_or(stored.changed)));
    let heard = if sign.is_some() { Heard::Scanned } else { Heard::Clicked };
    // The row comes last: what is on it was told to the profile already.
    if !stored.delivery.has(heard) {
        let event = stored.message.followed_event(stored.whose(), channel, url.as_str(), sign, now);
        deps.store.apply(stored.whose(), &[event], now).await?;
        deps.store.hear(&stored.message.id, heard, now).await?;
    }
    Ok(())
}
