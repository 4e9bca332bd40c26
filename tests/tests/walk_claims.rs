//! What was claimed, and then met trouble: it is sent, or can be claimed again, and what is known of it
//! is written down.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "helpers of tests are tests"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use attune_aws::sdk::in_process;
use attune_aws::senders::{SendSettings, Senders};
use attune_aws::transport::{Reply, Transport};
use attune_domain::time::Span;
use attune_embedded::capture::sent::Kind;
use attune_embedded::service::Service;
use attune_testkit::World;
use attune_testkit::faults::{Call, Fate, Faults, Faulty, Trouble};
use attune_tests::{dispatch, dispatcher, far, manage, post};
use bytes::Bytes;
use serde_json::{Value, json};

const SHOP: &str = "
policy: { channels: [email, sms], caps: [{ channel: sms, at_most: 1, per: 7d }] }
segments:
  - { id: lookers, when: { event: Look, within: 30m } }
  - { id: readers, when: { event: Read, within: 30m } }
  - { id: told, when: { event: Message Sent } }
  - { id: buyers, when: { event: Order Completed } }
templates:
  - { id: hello, email: { subject: Hello, html: '<p>Hello</p>', text: Hello }, sms: Hello }
  - { id: text, sms: Hello }
programs:
  - { id: hello, enter: lookers, again: never, send: { template: hello } }
  - { id: text, enter: readers, again: never, send: { template: text, max_lateness: 8d } }
  - { id: receipt, enter: buyers, again: never, send: { template: hello, class: transactional } }
";

/// A shop in which somebody who can be reached did something.
async fn shop(wrap: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>) -> World {
    let world = World::behind(wrap).await;
    world.publish(SHOP).await;
    Box::pin(world.reachable("42")).await;
    world.pass(Span::seconds(1));
    track(&world, "42", "Look").await;
    world
}

async fn track(world: &World, customer: &str, name: &str) {
    let call = json!({"type": "track", "event": name, "userId": customer,
        "messageId": format!("{name} {}", world.now()), "timestamp": world.now().to_string()});
    let batch = json!({ "batch": [call] });
    assert_eq!(post(world, "/v1/batch", "server-key", &batch).await.0.as_u16(), 200);
}

/// The state of the message of a program.
async fn state(world: &World, program: &str) -> String {
    let (_, body) = manage(world, "GET", "/api/customers/42/messages", &Value::Null).await;
    let messages = body["messages"].as_array().unwrap().iter();
    let of = messages.into_iter().find(|message| message["program"] == program).unwrap();
    of["state"].as_str().unwrap().to_owned()
}

/// How many history rows say that a message was sent.
fn sent_rows(world: &World) -> usize {
    world.items("events").iter().filter(|row| row["event"]["S"] == "Message Sent").count()
}

/// After the claim, `times` writes of a table fail. The SDK makes three attempts at each.
async fn fail_after_claim(table: &'static str, times: usize) -> World {
    let (mut claimed, mut left) = (false, times);
    let faults = Faults::scripted(move |call: &Call| {
        claimed |= call.is_transaction() && call.target.contains("addresses");
        let fails = claimed && call.is_plain_write() && call.target.ends_with(table) && left > 0;
        left -= usize::from(fails);
        if fails { Fate::Refuse(Trouble::Internal) } else { Fate::Deliver }
    });
    shop(|inner| Arc::new(Faulty::new(inner, faults))).await
}

#[tokio::test(start_paused = true)]
async fn what_fails_behind_a_claim_is_done_and_the_message_is_sent() {
    for table in ["memberships", "events"] {
        let world = fail_after_claim(table, 3).await;
        assert_eq!(dispatch(&world).await.unwrap().accepted, 1, "{table}");
        assert_eq!(
            (state(&world, "hello").await.as_str(), sent_rows(&world)),
            ("accepted", 1),
            "{table}"
        );
        assert_eq!(world.capture.sent().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn where_it_goes_on_failing_the_claim_is_given_back_and_made_again() {
    let world = fail_after_claim("events", 6).await;
    assert!(dispatch(&world).await.is_err());
    assert_eq!((state(&world, "hello").await.as_str(), world.capture.sent().len()), ("pending", 0));
    world.pass(Span::minutes(1));
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    assert_eq!((world.capture.sent().len(), sent_rows(&world)), (1, 1));
}

/// Before the first call of an operation, a minute passes and another run goes by.
#[derive(Debug)]
struct Overtaken {
    inner: Arc<dyn Transport>,
    operation: &'static str,
    by: World,
    done: AtomicBool,
}

impl Transport for Overtaken {
    fn call(&self, request: http::Request<Bytes>) -> Reply<'_> {
        Box::pin(async move {
            let operation = Service::of(&request).operation(&request).into_owned();
            if operation == self.operation && !self.done.swap(true, Ordering::SeqCst) {
                self.by.pass(Span::minutes(1));
                let (deps, until) = (dispatcher(&self.by), far(&self.by));
                let run = tokio::spawn(async move { attune_dispatch::sweep(&deps, until).await });
                assert_eq!(run.await.unwrap().unwrap().unknown, 1);
            }
            self.inner.call(request).await
        })
    }
}

/// Sends while another run gives the claim up; `refused` says what the sender answers.
async fn overtaken(refused: Option<Trouble>) -> World {
    let world = shop(|inner| inner).await;
    let faults = Faults::none();
    refused.map(Fate::Refuse).into_iter().for_each(|fate| faults.next("SendEmail", fate));
    let by = world.another(|inner| inner);
    let late = world.another(|inner| {
        let inner: Arc<dyn Transport> = Arc::new(Faulty::new(inner, faults));
        Arc::new(Overtaken { inner, operation: "SendEmail", by, done: AtomicBool::new(false) })
    });
    let deps = dispatcher(&late);
    let deps = attune_dispatch::Deps { run: "late".to_owned(), ..deps };
    attune_dispatch::sweep(&deps, far(&late)).await.unwrap();
    world
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_back_late_says_what_became_of_the_claim() {
    let world = overtaken(None).await;
    assert_eq!(state(&world, "hello").await, "accepted");
    assert_eq!(dispatch(&world).await.unwrap().accepted, 0);
    assert_eq!(world.capture.sent().len(), 1);

    // It was not taken: it waits again, and goes.
    let world = overtaken(Some(Trouble::Throttled)).await;
    assert_eq!((state(&world, "hello").await.as_str(), world.capture.sent().len()), ("held", 0));
    world.pass(Span::minutes(15));
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

#[tokio::test(start_paused = true)]
async fn what_falls_back_to_another_channel_counts_for_its_cap() {
    let faults = Faults::none();
    let refusal = attune_embedded::service::Refusal::new(
        axum::http::StatusCode::BAD_REQUEST,
        "MessageRejected",
        "no",
    );
    faults.next("SendEmail", Fate::Refuse(Trouble::Other(refusal)));
    let world = shop(|inner| Arc::new(Faulty::new(inner, faults))).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    assert_eq!(world.items("messages")[0]["channel"]["S"], "sms");
    world.pass(Span::minutes(1));
    // At another number: what was sent to the first one is not on its row.
    let now = world.now().to_string();
    let batch = json!({"batch": [
        {"type": "identify", "userId": "42", "messageId": "number", "timestamp": now,
            "traits": {"phone": "+33612345678"}},
        {"type": "track", "userId": "42", "messageId": "may", "timestamp": now,
            "event": "Consent Granted", "properties": {"channel": "sms"}},
    ]});
    assert_eq!(post(&world, "/v1/batch", "server-key", &batch).await.0.as_u16(), 200);
    track(&world, "42", "Read").await;
    let run = dispatch(&world).await.unwrap();
    assert_eq!((run.accepted, run.held), (0, 1));
    world.pass(Span::days(7));
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_sender_does_not_take_gives_back_its_part_of_the_day() {
    let faults = Faults::none();
    faults.next("SendEmail", Fate::Refuse(Trouble::Throttled));
    let world = shop(|inner| Arc::new(Faulty::new(inner, faults))).await;
    manage(&world, "PUT", "/api/brakes", &json!({"daily_limit": 1})).await;
    assert_eq!(dispatch(&world).await.unwrap().held, 1);
    let (_, brakes) = manage(&world, "GET", "/api/brakes", &Value::Null).await;
    assert_eq!(brakes["taken_today"], 0);
    world.pass(Span::minutes(1));
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_receipt_took_over_the_limit_and_gave_back_is_for_nothing_that_sells() {
    let faults = Faults::none();
    let inject = faults.clone();
    let world = shop(|inner| Arc::new(Faulty::new(inner, faults))).await;
    manage(&world, "PUT", "/api/brakes", &json!({"daily_limit": 1})).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    Box::pin(world.reachable("buyer")).await;
    world.pass(Span::seconds(1));
    track(&world, "buyer", "Order Completed").await;
    track(&world, "buyer", "Read").await;
    inject.next("SendEmail", Fate::Refuse(Trouble::Throttled));
    let run = dispatch(&world).await.unwrap();
    assert_eq!((run.accepted, run.held), (0, 2));
    let (_, brakes) = manage(&world, "GET", "/api/brakes", &Value::Null).await;
    assert_eq!(brakes["taken_today"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_channel_is_waited_for_by_its_own_messages_alone() {
    let world = World::with(SHOP).await;
    for (customer, event) in [("42", "Read"), ("43", "Look")] {
        Box::pin(world.reachable(customer)).await;
        world.pass(Span::seconds(1));
        track(&world, customer, event).await;
    }
    // The first to ask for a permit is the text message, which is due first.
    let mut slow = true;
    let faults = Faults::scripted(move |call: &Call| {
        let asks = call.operation == "UpdateItem" && call.target.ends_with("workspace");
        let delays = asks && std::mem::take(&mut slow);
        if delays { Fate::Delay(Duration::from_secs(2)) } else { Fate::Deliver }
    });
    let mut to_aws = None;
    let other = world.another(|inner| {
        to_aws = Some(Arc::clone(&inner));
        Arc::new(Faulty::new(inner, faults))
    });
    let texts = SendSettings { sms_per_second: Some(1), ..SendSettings::default() };
    let senders = Senders::new(&in_process(to_aws.unwrap()), texts);
    let deps = attune_dispatch::Deps { senders, ..dispatcher(&other) };
    let run = attune_dispatch::sweep(&deps, far(&world)).await.unwrap();
    assert_eq!(run.accepted, 2);
    let first = world.capture.sent()[0].clone();
    assert!(matches!(first.kind, Kind::Email(_)), "{first:?}");
}

#[tokio::test(start_paused = true)]
async fn what_the_operator_holds_is_asked_again_after_a_quarter_of_an_hour() {
    let world = shop(|inner| inner).await;
    manage(&world, "PUT", "/api/brakes", &json!({"held": true})).await;
    assert_eq!(dispatch(&world).await.unwrap().held, 1);
    world.pass(Span::minutes(14));
    assert_eq!(dispatch(&world).await.unwrap().held, 0);
    manage(&world, "PUT", "/api/brakes", &json!({"held": false})).await;
    world.pass(Span::minutes(1));
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_follows_another_segment_sends_for_its_entries() {
    let world = shop(|inner| inner).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    let moved =
        SHOP.replace("enter: lookers, again: never", "enter: readers, again: { after: 1m }");
    world.publish(&moved).await;
    world.pass(Span::minutes(20));
    track(&world, "42", "Read").await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 2);
    // Both are found by the customer, and so are erased with them.
    let (_, body) = manage(&world, "GET", "/api/customers/42/messages", &Value::Null).await;
    assert_eq!(body["messages"].as_array().unwrap().len(), 3);
    assert_eq!(manage(&world, "DELETE", "/api/customers/42", &Value::Null).await.0.as_u16(), 200);
    assert!(world.items("messages").is_empty());
}

/// After each call of an operation some time passes.
#[derive(Debug)]
struct Slow {
    inner: Arc<dyn Transport>,
    operation: &'static str,
    takes: Span,
    world: World,
}

impl Transport for Slow {
    fn call(&self, request: http::Request<Bytes>) -> Reply<'_> {
        Box::pin(async move {
            let operation = Service::of(&request).operation(&request).into_owned();
            let answer = self.inner.call(request).await;
            if operation == self.operation {
                self.world.pass(self.takes);
            }
            answer
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_begins_only_while_nobody_gives_its_claim_up() {
    let world = shop(|inner| inner).await;
    let by = world.another(|inner| inner);
    let slow = world.another(|inner| {
        Arc::new(Slow {
            inner,
            operation: "TransactWriteItems",
            takes: Span::seconds(5),
            world: by,
        })
    });
    assert_eq!(dispatch(&slow).await.unwrap().accepted, 0);
    assert_eq!((state(&world, "hello").await.as_str(), world.capture.sent().len()), ("pending", 0));
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_settled_before_the_end_of_a_run_is_the_next_ones() {
    let world = shop(|inner| inner).await;
    let until = |seconds| world.now() + Span::seconds(seconds);
    let run = attune_dispatch::sweep(&dispatcher(&world), until(6)).await.unwrap();
    assert_eq!((run.accepted, run.unknown, world.capture.sent().len()), (0, 0, 0));
    assert_eq!(state(&world, "hello").await, "pending");
    let run = attune_dispatch::sweep(&dispatcher(&world), until(8)).await.unwrap();
    assert_eq!(run.accepted, 1);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_waits_for_goes_first_and_over_the_limit_of_the_day() {
    let world = shop(|inner| inner).await;
    manage(&world, "PUT", "/api/brakes", &json!({"daily_limit": 1})).await;
    for order in 0..2 {
        let customer = format!("buyer-{order}");
        Box::pin(world.reachable(&customer)).await;
        world.pass(Span::seconds(1));
        track(&world, &customer, "Order Completed").await;
    }
    let run = dispatch(&world).await.unwrap();
    assert_eq!(
        (run.accepted, run.held),
        (2, 1),
        "two receipts, though the other is due before them"
    );
    assert_eq!(state(&world, "hello").await, "held");
    let (_, brakes) = manage(&world, "GET", "/api/brakes", &Value::Null).await;
    assert_eq!(brakes["taken_today"], 2);
}
