//! Events in: the HTTP API that analytics SDKs of Segment and RudderStack can call unchanged.
//!
//! An answer of 200 means that every event of the request has taken effect and is kept, or is
//! recorded as a problem. Anything else means: send it again, or, for 4xx, that it cannot be read.

mod body;
mod intake;
mod refusal;
mod wire;

use attune_aws::clock::Clock;
use attune_aws::keys::Keys;
use attune_aws::store::Store;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::routing::post;

use refusal::Refusal;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The store.
    pub store: Store,
    /// The keys that are live.
    pub keys: Keys,
    /// The time.
    pub clock: Clock,
}

/// The routes.
pub fn router(deps: Deps) -> Router {
    Router::new()
        .route("/v1/{call}", post(take))
        .method_not_allowed_fallback(async |method| Refusal::NotPosted(method))
        .layer(from_fn(cors))
        .with_state(deps)
}

/// Takes one request: read → who is it → keep → answer.
async fn take(
    State(deps): State<Deps>,
    Path(call): Path<String>,
    request: Request,
) -> Result<Response<Body>, Refusal> {
    let call = wire::Call::parse(&call)?;
    let (head, body) = request.into_parts();
    let body = body::read(&head.headers, body).await?;
    let calls = wire::read(call, &body)?;
    let writer = wire::writer(&head.headers, &calls, &deps.keys)?;
    intake::keep(&deps, &calls, writer).await?;
    Ok(answer(StatusCode::OK, "{\"success\":true}"))
}

fn answer(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Lets pages of any origin call: the key in their source is no secret, and no cookie is read.
async fn cors(request: Request, next: Next) -> Response<Body> {
    let mut response = match *request.method() {
        Method::OPTIONS => answer(StatusCode::NO_CONTENT, Body::empty()),
        _ => next.run(request).await,
    };
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, x-retry-count"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "retry-after"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
