//! The management API: definitions, segments, customers, problems, brakes.
//!
//! Whoever holds the `manage` key may do everything here; nobody else may do anything.
#![allow(clippy::indexing_slicing, reason = "what is indexed here is JSON, where nothing is null")]

mod affinities;
mod audience;
mod body;
mod brakes;
mod census;
mod coupons;
mod coverage;
mod customers;
mod definitions;
mod pages;
mod preview;
mod problems;
mod publish;
mod refusal;
mod rehearsal;
mod restored;
mod rights;
mod sample;
mod segments;
mod templates;
mod texts;
mod trends;

use attune_aws::clock::Clock;
use attune_aws::keys::{Keys, Scope};
use attune_aws::pass_machine::PassMachine;
use attune_aws::senders::Senders;
use attune_aws::store::Store;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};

pub use publish::{Publication, publish};
pub use refusal::Refusal;

/// Bytes of a body: definitions as JSON, where each line break and quote is escaped.
const BODY_BYTES: usize = 2 * attune_domain::limits::DEFINITION_BYTES;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The store.
    pub store: Store,
    /// SES and SNS, for tests.
    pub senders: Senders,
    /// The keys that are live.
    pub keys: Keys,
    /// The time.
    pub clock: Clock,
    /// What drives full passes.
    pub pass_machine: PassMachine,
}

/// The routes.
pub fn router(deps: Deps) -> Router {
    let without_query = Router::new()
        .route("/api/segments", get(segments::list))
        .route("/api/segments/preview", post(preview::preview))
        .route("/api/segments/{id}", get(segments::one))
        .route("/api/customers/{id}", get(customers::one).delete(rights::erase))
        .route("/api/customers/{id}/recommendations", get(affinities::of_customer))
        .route("/api/erasures/{id}", get(rights::erasure))
        .route("/api/brakes", get(brakes::show).put(brakes::change))
        .route("/api/brakes/reset", post(brakes::reset))
        .route("/api/coupons", get(coupons::list))
        .route("/api/coupons/{id}", get(coupons::one))
        .route("/api/coupons/{id}/codes", post(coupons::load))
        .route("/api/restored", get(restored::current).post(restored::report))
        .route("/api/restored/release", post(restored::release))
        .route("/api/templates/{id}/preview", post(templates::preview))
        .route("/api/templates/{id}/test", post(templates::test))
        .route("/api/census", get(census::show).post(census::take))
        .route("/api/census/quality", get(census::quality))
        .route("/api/census/coverage", get(census::coverage))
        .route_layer(from_fn(no_query));
    Router::new()
        .route("/api/definitions", get(definitions::current).put(definitions::replace))
        .route("/api/segments/{id}/members", get(segments::members))
        .route("/api/segments/{id}/audience", get(audience::export))
        .route("/api/customers", get(customers::find))
        .route("/api/customers/{id}/export", get(rights::export))
        .route("/api/customers/{id}/explain", get(customers::explain))
        .route("/api/customers/{id}/timeline", get(customers::timeline))
        .route("/api/customers/{id}/messages", get(customers::messages))
        .route("/api/problems", get(problems::list))
        .route("/api/census/affinities", get(affinities::list))
        .route("/api/census/trends", get(trends::list))
        .merge(without_query)
        .fallback(async || Refusal::NotFound("there is no such path".to_owned()))
        .method_not_allowed_fallback(async |method| Refusal::NoSuchMethod(method))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(deps.clone(), authorise))
        .with_state(deps)
}

/// A name that is misspelt must not be taken for one that was left out.
async fn no_query(request: Request, next: Next) -> Result<Response, Refusal> {
    match request.uri().query().filter(|query| !query.is_empty()) {
        None => Ok(next.run(request).await),
        Some(query) => Err(Refusal::Unreadable(format!("this path takes no query: `{query}`"))),
    }
}

/// Lets only holders of the `manage` key through.
async fn authorise(
    State(deps): State<Deps>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = header.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim);
    match key.and_then(|key| deps.keys.scope_of(key)) {
        Some(Scope::Manage) => Ok(next.run(request).await),
        _ => Err(Refusal::NoKey),
    }
}
