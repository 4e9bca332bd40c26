//! The link of a request.

use attune_domain::link::Link;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::Deps;
use crate::failure::Failure;

/// The link that a request is about: one that we made, for this path.
pub(crate) struct Opened(pub(crate) Link);

impl FromRequestParts<Deps> for Opened {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, deps: &Deps) -> Result<Self, Failure> {
        // As it was sent: a token has one spelling, so nothing is decoded.
        let (letter, token) = parts
            .uri
            .path()
            .get(1..)
            .and_then(|path| path.split_once('/'))
            .ok_or(Failure::NotFound)?;
        let link = deps.keys.open(token).filter(|link| link.letter() == letter);
        link.map(Self).ok_or(Failure::NotFound)
    }
}
