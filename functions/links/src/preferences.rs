//! `/p/{token}`: what a customer allows and prefers, to see and to change.

mod asked;
mod shown;

use attune_aws::store::Stored;
use attune_domain::link::Link;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::Deps;
use crate::acts;
use crate::failure::Failure;
use crate::form::Form;
use crate::link::Opened;
use crate::page;
use crate::preferences::asked::Asked;
use crate::words::Words;

/// Shows what is so now.
pub(crate) async fn show(
    State(deps): State<Deps>,
    Opened(link): Opened,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let stored = customer(&deps, &link).await?;
    let words = Words::of(&stored.profile.card, &headers);
    Ok(answer(words, &stored, false))
}

/// Does what was changed, and shows what is so then.
pub(crate) async fn take(
    State(deps): State<Deps>,
    Opened(link): Opened,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let form = Form::read(&headers, &body);
    let stored = customer(&deps, &link).await?;
    let words = Words::of(&stored.profile.card, &headers);
    let asked = Asked::of(&form, &stored, words).ok_or(Failure::Unreadable)?;
    asked.fulfil(&deps, &stored).await?;
    let stored = customer(&deps, &link).await?;
    let words = Words::of(&stored.profile.card, &headers);
    Ok(answer(words, &stored, true))
}

async fn customer(deps: &Deps, link: &Link) -> Result<Stored, Failure> {
    let Link::Preferences { customer } = link else { return Err(Failure::NotFound) };
    acts::customer(deps, customer).await
}

fn answer(words: &Words, stored: &Stored, saved: bool) -> Response {
    page::page(words, words.preferences, &shown::form(words, stored, saved))
}
