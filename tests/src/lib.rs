//! The whole suite in a test: every function on one world.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::large_futures,
    reason = "only tests stand on this, and a test fails by panicking"
)]

pub mod cost;
pub mod races;
pub mod reference;
pub mod schedules;

use std::sync::atomic::{AtomicU64, Ordering};

use attune_aws::pass_machine::PassMachine;
use attune_aws::store::StoreError;
use attune_dispatch::Dispatched;
use attune_domain::time::{Span, Timestamp};
use attune_embedded::capture::feedback::{FEEDBACK_TOPIC, by_topic};
use attune_feedback::{FeedbackError, Taken, Trusted};
use attune_recompute::{Answer, Swept, Task};
use attune_testkit::World;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, Request, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use tower::ServiceExt as _;

/// A whole number in the environment: how many to play, or which.
pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a whole number"))
}

/// Sends a body to the event API with a key, and answers its status and body.
pub async fn post(world: &World, path: &str, key: &str, body: &Value) -> (StatusCode, Value) {
    post_bytes(world, path, key, &[], body.to_string().into_bytes()).await
}

/// Sends bytes to the event API with a key and headers, and answers its status and body.
pub async fn post_bytes(
    world: &World,
    path: &str,
    key: &str,
    headers: &[(HeaderName, &str)],
    body: Vec<u8>,
) -> (StatusCode, Value) {
    let deps = attune_ingest::Deps {
        store: world.store.clone(),
        keys: world.keys(),
        clock: world.clock.clone(),
    };
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{key}:")));
    let mut request = Request::post(path).header(header::AUTHORIZATION, basic);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let request = request.body(Body::from(body)).expect("a request");
    ask(attune_ingest::router(deps), request).await
}

async fn ask(router: Router, request: Request<Body>) -> (StatusCode, Value) {
    let response = router.oneshot(request).await.expect("an answer");
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Asks the management API, with its key.
pub async fn manage(world: &World, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    manage_as(world, "Bearer manage-key", method, path, body).await
}

/// Asks the management API.
pub async fn manage_as(
    world: &World,
    authorization: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, authorization)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .expect("a request");
    ask(attune_manage::router(manager(world)), request).await
}

/// What the management API answers, with its key, as it comes.
pub async fn manage_whole(world: &World, path: &str) -> Response {
    let request = Request::get(path).header(header::AUTHORIZATION, "Bearer manage-key");
    let request = request.body(Body::empty()).expect("a request");
    attune_manage::router(manager(world)).oneshot(request).await.expect("an answer")
}

/// Sends a text to the management API, with its key.
pub async fn manage_text(
    world: &World,
    method: &str,
    path: &str,
    kind: &str,
    body: &str,
) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, "Bearer manage-key")
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(body.to_owned()))
        .expect("a request");
    ask(attune_manage::router(manager(world)), request).await
}

/// The management API of this world.
pub fn manager(world: &World) -> attune_manage::Deps {
    attune_manage::Deps {
        store: world.store.clone(),
        senders: world.senders.clone(),
        keys: world.keys(),
        clock: world.clock.clone(),
        pass_machine: PassMachine::none(),
    }
}

/// Follows a link, as a browser does that is set to a language; answers status, headers and page.
pub async fn follow(world: &World, method: &str, url: &str) -> (StatusCode, HeaderMap, String) {
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let browser = [(header::USER_AGENT, agent), (header::ACCEPT_LANGUAGE, "en")];
    links(world, method, url, &browser, "").await
}

/// Sends the form of a page.
pub async fn fill_in(world: &World, url: &str, form: &str) -> (StatusCode, HeaderMap, String) {
    let kind = (header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    links(world, "POST", url, &[kind], form).await
}

/// Asks the links function, with these headers and no other.
pub async fn links(
    world: &World,
    method: &str,
    url: &str,
    headers: &[(HeaderName, &str)],
    body: &str,
) -> (StatusCode, HeaderMap, String) {
    links_of(&links_router(world), method, url, headers, body).await
}

/// The links function of this world.
pub fn links_router(world: &World) -> Router {
    attune_links::router(attune_links::Deps {
        store: world.store.clone(),
        keys: World::links().keys,
        clock: world.clock.clone(),
    })
}

/// Asks a links function.
pub async fn links_of(
    router: &Router,
    method: &str,
    url: &str,
    headers: &[(HeaderName, &str)],
    body: &str,
) -> (StatusCode, HeaderMap, String) {
    let path = url.strip_prefix("https://links.test").expect("a link");
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let request = request.body(Body::from(body.to_owned())).expect("a request");
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    (head.status, head.headers, String::from_utf8(body.to_vec()).expect("a text"))
}

/// A call of the visitor `v`, now, with `rest` beside who and when. Its name is its message id.
pub fn by_visitor(world: &World, name: &str, mut rest: Value) -> Value {
    rest["messageId"] = name.into();
    rest["anonymousId"] = "v".into();
    rest["timestamp"] = world.now().to_string().into();
    rest
}

/// Drives the full pass that is wanted to its end. Between its rounds, time goes by.
pub async fn pass(world: &World) -> Result<(), StoreError> {
    let deps = attune_recompute::Deps { store: world.store.clone(), clock: world.clock.clone() };
    let mut visits = 0;
    loop {
        let answer = attune_recompute::handle(&deps, Task::Slices, far(world)).await?;
        let Answer::Slices { slices, over } = answer else { panic!("slices answered {answer:?}") };
        if over {
            assert!(visits > 0, "no pass is wanted");
            return Ok(());
        }
        if slices.is_empty() {
            assert!(visits > 0, "its time has not come");
            world.pass(world.store.settings().settle);
        }
        for slice in slices {
            attune_recompute::handle(&deps, Task::Slice(slice), far(world)).await?;
            visits += 1;
        }
    }
}

/// Takes the census of the day.
pub async fn census(world: &World) -> Result<(), StoreError> {
    let deps = attune_recompute::Deps { store: world.store.clone(), clock: world.clock.clone() };
    attune_recompute::handle(&deps, Task::Begin, far(world)).await?;
    world.pass(world.store.settings().settle);
    pass(world).await
}

/// Visits every wake-up that is due.
pub async fn sweep(world: &World) -> Result<Swept, StoreError> {
    let deps = attune_recompute::Deps { store: world.store.clone(), clock: world.clock.clone() };
    match attune_recompute::handle(&deps, Task::Sweep, far(world)).await? {
        Answer::Swept(swept) => Ok(swept),
        other => panic!("a sweep answered {other:?}"),
    }
}

/// Sends every message that is due.
pub async fn dispatch(world: &World) -> Result<Dispatched, StoreError> {
    attune_dispatch::sweep(&dispatcher(world), far(world)).await
}

/// The dispatcher of this world.
pub fn dispatcher(world: &World) -> attune_dispatch::Deps {
    attune_dispatch::Deps {
        store: world.store.clone(),
        senders: world.senders.clone(),
        clock: world.clock.clone(),
        links: Some(World::links()),
        run: format!("run at {}", world.now()),
    }
}

/// Hands a notice to the function `feedback`, as SNS does.
pub async fn feedback(world: &World, notice: &Value) -> Result<Taken, FeedbackError> {
    hand_over(world, &by_topic(FEEDBACK_TOPIC, notice, world.now().millis())).await
}

/// Hands a payload to the function `feedback`, as Lambda does.
pub async fn hand_over(world: &World, payload: &Value) -> Result<Taken, FeedbackError> {
    attune_feedback::handle(&listener(world), payload).await
}

/// The function `feedback` of this world.
pub fn listener(world: &World) -> attune_feedback::Deps {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    attune_feedback::Deps {
        store: world.store.clone(),
        senders: world.senders.clone(),
        clock: world.clock.clone(),
        trusted: Trusted::topics(FEEDBACK_TOPIC),
        run: format!("feedback {}", RUNS.fetch_add(1, Ordering::Relaxed)),
    }
}

/// A deadline that no test reaches.
pub fn far(world: &World) -> Timestamp {
    world.now() + Span::days(1)
}
