//! Answers other than 200, named for what the client should do.

use attune_aws::store::StoreError;
use attune_domain::limits;
use axum::body::Body;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::json;

/// Why a request is not answered with 200.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// There is no such call.
    #[error(
        "there is no call `{0}`; use identify, track, page, screen, group, alias, batch or import"
    )]
    NoSuchCall(String),
    /// Calls are posted.
    #[error("send calls with POST, not {0}")]
    NotPosted(Method),
    /// No key, or none that is live.
    #[error(
        "a live write key is needed: as the user name of Basic authentication, or as `writeKey` in the body"
    )]
    NoKey,
    /// The body cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// The body is over a limit.
    #[error("{0}")]
    TooLarge(String),
    /// The store failed. Nothing is lost if the client sends the same again.
    #[error("the store is not available; send the same again")]
    TryAgain(#[from] StoreError),
}

impl Refusal {
    /// Over the limit of bytes on the wire.
    pub(crate) fn wire() -> Self {
        Self::TooLarge(format!("a body can have {} bytes on the wire", limits::WIRE_BYTES))
    }

    /// Over the limit of bytes once inflated.
    pub(crate) fn inflated() -> Self {
        Self::TooLarge(format!("a body can have {} bytes once inflated", limits::BODY_BYTES))
    }

    /// Over the limit of events.
    pub(crate) fn events() -> Self {
        Self::TooLarge(format!("a request can have {} events", limits::EVENTS_PER_REQUEST))
    }

    fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoSuchCall(_) => (StatusCode::NOT_FOUND, "no_such_call"),
            Self::NotPosted(_) => (StatusCode::METHOD_NOT_ALLOWED, "not_posted"),
            Self::NoKey => (StatusCode::UNAUTHORIZED, "no_key"),
            Self::Unreadable(_) => (StatusCode::BAD_REQUEST, "unreadable"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::TryAgain(_) => (StatusCode::SERVICE_UNAVAILABLE, "try_again"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let (status, code) = self.status();
        if let Self::TryAgain(error) = &self {
            tracing::error!(error = %error, "ingest.store_failed");
        }
        let body = json!({ "success": false, "code": code, "message": self.to_string() });
        let mut response = crate::answer(status, body.to_string());
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
