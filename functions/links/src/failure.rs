//! Why a link does not do what it should. Only two things are told apart, and of the first not why.

use attune_aws::store::StoreError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Why a link does not do what it should. [`page::finish`](crate::page::finish) makes a page of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// We did not make the link, or what it is about is gone.
    NotFound,
    /// The form is not one of ours; nothing was changed.
    Unreadable,
    /// The store failed.
    TryAgain,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::TryAgain => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut response = status.into_response();
        if self == Self::TryAgain {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = %error, "links.store_failed");
        Self::TryAgain
    }
}
