//! Erasing a person: however it is interrupted, and whatever is in flight, nothing of them is left.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "a test fails by panicking"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use attune_aws::sdk;
use attune_aws::store::{Settings, Store};
use attune_aws::transport::{Reply, Transport};
use attune_domain::id::CustomerId;
use attune_domain::time::Span;
use attune_testkit::World;
use attune_testkit::faults::{Faults, Faulty, Run};
use attune_tests::schedules::troubles;
use attune_tests::{dispatch, manage, post, sweep};
use axum::http::StatusCode;
use bytes::Bytes;
use serde_json::{Value, json};

const SHOP: &str = "
coupons:
  - { id: ten, codes: unique }
segments:
  - { id: buyers, name: Buyers, when: { event: Order Completed } }
  - { id: cart, when: { waiting: { since: Product Added, without: Order Completed, for: 1h, at_most: 7d } } }
templates:
  - { id: thanks, email: { subject: 'Thanks {{ customer.first_name }}', html: '<p>Thanks</p>', text: '{{ coupon.code }}' } }
  - { id: note, email: { subject: 'Still {{ customer.first_name }}?', html: '<p>Thanks</p>', text: 'Thanks' } }
programs:
  - { id: thank, enter: buyers, again: never, send: { template: thanks, coupon: ten } }
  - { id: remind, enter: cart, again: { after: 7d }, send: { template: note } }
";

/// Words that are nowhere but where this person is.
const CANARIES: [&str; 7] = [
    "Zebulon",
    "zeb.canary@example.com",
    "old.canary@example.com",
    "15559871234",
    "token-canary",
    "property-canary",
    "customer-canary",
];
const ID: &str = "customer-canary";

fn call(world: &World, message: &str, kind: &str, more: Value) -> Value {
    let mut call = json!({"type": kind, "userId": ID, "messageId": message,
        "timestamp": world.now().to_string()});
    call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call
}

fn track(world: &World, message: &str, name: &str, properties: Value) -> Value {
    call(world, message, "track", json!({"event": name, "properties": properties}))
}

async fn send(world: &World, events: &[Value]) -> StatusCode {
    post(world, "/v1/batch", "server-key", &json!({ "batch": events })).await.0
}

/// Somebody who did everything that leaves traces.
async fn live(world: &World) {
    let codes: Vec<String> = (0..5).map(|n| format!("CODE-{n}")).collect();
    manage(world, "POST", "/api/coupons/ten/codes", &json!(codes)).await;
    let mut visit = track(world, "visit", "Product Viewed", json!({"note": "property-canary"}));
    visit["userId"].take();
    visit["anonymousId"] = "visitor-of-customer-canary".into();
    let old = json!({"traits": {"email": "old.canary@example.com"}, "anonymousId": "visitor-of-customer-canary"});
    let new = json!({"traits": {"email": "zeb.canary@example.com", "phone": "+15559871234", "first_name": "Zebulon"},
        "context": {"device": {"type": "ios", "token": "token-canary"}}});
    let events = [
        visit,
        call(world, "who", "identify", old),
        call(world, "who-now", "identify", new),
        track(world, "may", "Consent Granted", json!({"channel": "email", "source": "test"})),
        call(world, "bad", "dance", json!({"note": "property-canary"})),
        track(
            world,
            "order",
            "Order Completed",
            json!({"order_id": "1", "note": "property-canary"}),
        ),
        track(world, "add", "Product Added", json!({"product_id": "red"})),
    ];
    assert_eq!(send(world, &events).await, StatusCode::OK);
}

/// Everything in the tables and the outbox that has a canary in it.
fn left(world: &World) -> Vec<String> {
    let tables =
        ["profiles", "events", "agenda", "memberships", "messages", "addresses", "workspace"];
    let items = tables.into_iter().flat_map(|table| {
        world.items(table).into_iter().map(move |item| format!("{table}: {item}"))
    });
    let sent = world.capture.sent().into_iter().map(|sent| format!("outbox: {sent:?}"));
    let found = |text: &String| CANARIES.iter().any(|canary| text.contains(canary));
    items.chain(sent).filter(found).collect()
}

/// Time goes by, and the schedules run.
async fn come_to_rest(world: &World) {
    for _ in 0..3 {
        world.pass(Span::minutes(17));
        sweep(world).await.unwrap();
        dispatch(world).await.unwrap();
    }
}

/// What holds of somebody who was erased: old events are dropped, and the address is suppressed.
async fn stays_erased(world: &World) {
    let again = [track(world, "order", "Order Completed", json!({"order_id": "1"}))];
    assert_eq!(send(world, &again).await, StatusCode::OK);
    assert_eq!(
        manage(world, "GET", &format!("/api/customers/{ID}"), &Value::Null).await.0.as_u16(),
        404
    );
    let mut other =
        call(world, "other", "identify", json!({"traits": {"email": "zeb.canary@example.com"}}));
    other["userId"] = "somebody-else".into();
    assert_eq!(send(world, &[other]).await, StatusCode::OK);
    let rows = world.items("addresses");
    assert!(rows.iter().any(|row| row["suppressed"]["S"] == "erased"), "{rows:?}");
}

async fn erase(world: &World) -> bool {
    let path = format!("/api/customers/{ID}");
    manage(world, "DELETE", &path, &json!({"reason": "asked by letter"})).await.0.is_success()
}

/// Erases with a trouble at a call, as whoever asks comes again; returns how many calls there were.
async fn erase_with(n: usize, fate: Option<attune_testkit::faults::Fate>) -> (usize, Vec<String>) {
    let faults = Faults::none();
    let behind = faults.clone();
    let world = World::behind(|inner| Arc::new(Faulty::new(inner, behind))).await;
    world.publish(SHOP).await;
    live(&world).await;
    dispatch(&world).await.unwrap();
    assert!(left(&world).len() > 10);
    let before = faults.calls().len();
    if let Some(fate) = fate {
        faults.at(before + n, fate);
    }
    let mut tries = 0;
    while !matches!(faults.run(erase(&world)).await, Run::Finished(true)) {
        tries += 1;
        assert!(tries < 8, "the erasure never ended");
    }
    world.pass(Span::minutes(17));
    while !matches!(faults.run(sweep(&world)).await, Run::Finished(Ok(_))) {}
    let calls = faults.calls().len() - before;
    come_to_rest(&world).await;
    let left = left(&world);
    if left.is_empty() {
        stays_erased(&world).await;
        let path = format!("/api/erasures/{ID}");
        let (_, told) = manage(&world, "GET", &path, &Value::Null).await;
        assert_eq!(
            (&told["state"], &told["reason"]),
            (&json!("done"), &json!("asked by letter")),
            "{told}"
        );
    }
    (calls, left)
}

#[tokio::test(start_paused = true)]
async fn no_crash_leaves_anything_of_somebody_who_was_erased() {
    let (calls, wrong) = erase_with(0, None).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    let mut points = 0;
    for n in 1..=calls {
        for fate in troubles() {
            let (_, wrong) = erase_with(n, Some(fate.clone())).await;
            assert!(wrong.is_empty(), "call {n}: {fate:?}: {wrong:#?}");
            points += 1;
        }
    }
    println!("erase {calls} calls × {points} points");
}

/// Erases somebody right before a call that somebody else makes.
#[derive(Debug)]
struct Interrupt {
    inner: Arc<dyn Transport>,
    calls: Mutex<Vec<String>>,
    at: AtomicUsize,
    world: Mutex<Option<Store>>,
    now: attune_domain::time::Timestamp,
}

impl Transport for Interrupt {
    fn call(&self, request: http::Request<Bytes>) -> Reply<'_> {
        Box::pin(async move {
            let target = request.headers().get("x-amz-target").and_then(|name| name.to_str().ok());
            let n = {
                let mut calls = self.calls.lock().unwrap();
                calls.push(target.unwrap_or("SendEmail").to_owned());
                calls.len()
            };
            if n == self.at.load(Ordering::SeqCst) {
                let store = self.world.lock().unwrap().clone().unwrap();
                store.erase(&CustomerId::known(ID), None, self.now).await.unwrap();
            }
            self.inner.call(request).await
        })
    }
}

/// Which flow the erasure comes into.
#[derive(Debug, Clone, Copy)]
enum Flow {
    Post,
    Dispatch,
    Sweep,
}

async fn interrupt(flow: Flow, n: usize) -> (Vec<String>, Vec<String>) {
    let mut interrupt = None;
    let world = World::behind(|inner| {
        let store = Store::new(
            sdk::dynamodb::Client::new(&sdk::in_process(Arc::clone(&inner))),
            Settings::local(),
        );
        let at = attune_testkit::at(attune_testkit::BEGIN);
        let now = if matches!(flow, Flow::Sweep) { at + Span::hours(1) } else { at };
        let own = Arc::new(Interrupt {
            inner,
            calls: Mutex::default(),
            at: AtomicUsize::new(0),
            world: Mutex::new(Some(store)),
            now,
        });
        interrupt = Some(Arc::clone(&own));
        own
    });
    let world = world.await;
    let interrupt = interrupt.unwrap();
    world.publish(SHOP).await;
    live(&world).await;
    if matches!(flow, Flow::Sweep) {
        dispatch(&world).await.unwrap();
        world.pass(Span::hours(1));
    }
    interrupt.calls.lock().unwrap().clear();
    interrupt.at.store(n, Ordering::SeqCst);
    match flow {
        Flow::Post => {
            let moved = json!({"traits": {"email": "zeb2.canary@example.com"}, "anonymousId": "second-of-customer-canary"});
            let events = [
                call(&world, "moved", "identify", moved),
                track(
                    &world,
                    "order-2",
                    "Order Completed",
                    json!({"order_id": "2", "note": "property-canary"}),
                ),
            ];
            while send(&world, &events).await != StatusCode::OK {}
        }
        Flow::Dispatch => {
            dispatch(&world).await.unwrap();
        }
        Flow::Sweep => {
            sweep(&world).await.unwrap();
        }
    }
    let calls = interrupt.calls.lock().unwrap().clone();
    let claimed = calls.iter().position(|call| call.ends_with("TransactWriteItems"));
    let mut wrong = Vec::new();
    if let Flow::Dispatch = flow
        && n > 0
        && claimed.is_none_or(|at| n <= at + 1)
        && !world.capture.sent().is_empty()
    {
        wrong.push(format!("sent although erased before call {n}"));
    }
    interrupt.at.store(0, Ordering::SeqCst);
    if n == 0 {
        return (calls, wrong);
    }
    come_to_rest(&world).await;
    wrong.extend(left(&world));
    (calls, wrong)
}

#[tokio::test(start_paused = true)]
async fn whatever_is_in_flight_leaves_nothing_and_sends_nothing() {
    for flow in [Flow::Post, Flow::Dispatch, Flow::Sweep] {
        let (calls, _) = interrupt(flow, 0).await;
        for n in 1..=calls.len() {
            let (_, wrong) = interrupt(flow, n).await;
            assert!(wrong.is_empty(), "{flow:?}, before call {n} ({}): {wrong:#?}", calls[n - 1]);
        }
        println!("{flow:?} {} points", calls.len());
    }
}
