//! The bytes of a request, inflated, within limits.

use std::io::Read as _;

use attune_domain::limits;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use flate2::read::{GzDecoder, ZlibDecoder};

use crate::refusal::Refusal;

/// Reads a body. What `Content-Type` says is no matter: SDKs send JSON under several names.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let bytes =
        axum::body::to_bytes(body, limits::WIRE_BYTES).await.map_err(|_| Refusal::wire())?;
    let encoding = headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    match encoding.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(bytes),
        "gzip" | "x-gzip" => inflate(GzDecoder::new(bytes.as_ref())),
        "deflate" => inflate(ZlibDecoder::new(bytes.as_ref())),
        other => Err(Refusal::Unreadable(format!(
            "the content encoding `{other}` is not known; use gzip or none"
        ))),
    }
}

/// Inflates at most as much as a body may hold, so that a bomb costs no more than that.
fn inflate(mut decoder: impl std::io::Read) -> Result<Bytes, Refusal> {
    let mut inflated = Vec::new();
    let limit = limits::BODY_BYTES as u64 + 1;
    decoder
        .by_ref()
        .take(limit)
        .read_to_end(&mut inflated)
        .map_err(|_| Refusal::Unreadable("the body cannot be inflated".to_owned()))?;
    if inflated.len() > limits::BODY_BYTES { Err(Refusal::inflated()) } else { Ok(inflated.into()) }
}
