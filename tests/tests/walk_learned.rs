//! What is learned of a customer: the channel they respond to, and the hour at which they shop.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "helpers of tests are tests"
)]

use attune_domain::time::Span;
use attune_embedded::capture::sent::Kind;
use attune_testkit::World;
use attune_tests::{dispatch, follow, manage, post, sweep};
use serde_json::{Value, json};

const SHOP: &str = "
shop: { url: https://shop.example }
policy: { channels: [sms, email] }
segments:
  - { id: lookers, when: { event: Look, within: 30m } }
  - { id: readers, when: { event: Read, within: 30m } }
templates:
  - id: hello
    email: { subject: Hello, html: '<a href=\"{{ shop.url }}/new\">New</a>', text: Hello }
    sms: Hello
programs:
  - { id: hello, enter: lookers, again: { after: 1m }, send: { template: hello } }
  - { id: later, enter: readers, again: { after: 1m }, send: { template: hello, at: best-hour } }
";

async fn send(world: &World, call: Value) {
    let mut call = call;
    let now = world.now().to_string();
    call["userId"] = "42".into();
    call["messageId"] = format!("{call} at {now}").into();
    if call["timestamp"].is_null() {
        call["timestamp"] = now.into();
    }
    let batch = json!({"batch": [call]});
    assert_eq!(post(world, "/v1/batch", "server-key", &batch).await.0.as_u16(), 200);
}

async fn track(world: &World, event: &str, properties: Value) {
    send(world, json!({"type": "track", "event": event, "properties": properties})).await;
}

async fn told(world: &World, traits: Value) {
    send(world, json!({"type": "identify", "traits": traits})).await;
}

/// A customer who allows mail, and can be texted.
async fn customer() -> World {
    let world = World::with(SHOP).await;
    told(
        &world,
        json!({"email": "ada@example.com", "phone": "+33612345678", "timezone": "Europe/Paris"}),
    )
    .await;
    track(&world, "Consent Granted", json!({"channel": "email"})).await;
    world
}

/// Sends one message, an hour after the last, and tells how its channel was chosen.
async fn look(world: &World) -> String {
    world.pass(Span::hours(1));
    sweep(world).await.unwrap();
    track(world, "Look", json!({})).await;
    assert_eq!(dispatch(world).await.unwrap().accepted, 1);
    let (_, body) = manage(world, "GET", "/api/customers/42/messages", &Value::Null).await;
    let message = &body["messages"][0];
    format!("{}: {}", message["channel"].as_str().unwrap(), message["because"].as_str().unwrap())
}

/// Follows the link in the newest mail, a minute later.
async fn click(world: &World) {
    let sent = world.capture.sent();
    let Kind::Email(mail) = &sent.last().unwrap().kind else { panic!("{sent:?}") };
    let html = mail.html.as_deref().unwrap();
    let link = html.split('"').find(|part| part.contains("/l/")).unwrap().to_owned();
    world.pass(Span::minutes(1));
    assert_eq!(follow(world, "GET", &link).await.0.as_u16(), 302);
}

#[tokio::test]
async fn the_channel_that_a_customer_responds_to_comes_before_the_policys_and_after_their_word() {
    for clicks in [true, false] {
        let world = customer().await;
        for _ in 0..2 {
            assert_eq!(look(&world).await, "email: policy");
            if clicks {
                click(&world).await;
            }
        }
        track(&world, "Consent Granted", json!({"channel": "sms"})).await;
        let expected = if clicks { "email: learned" } else { "sms: policy" };
        assert_eq!(look(&world).await, expected);
        if clicks {
            let (_, body) = manage(&world, "GET", "/api/customers/42/messages", &Value::Null).await;
            let words = "chosen for email, as the customer responds to it more often; the sender \
                         accepted it";
            assert_eq!(body["messages"][0]["decision"], words);
            told(&world, json!({"preferred_channel": "sms"})).await;
            assert_eq!(look(&world).await, "sms: stated");
        }
    }
}

#[tokio::test]
async fn a_message_at_the_best_hour_waits_for_the_hour_at_which_they_order() {
    let world = customer().await;
    // Nothing is known yet: at once.
    track(&world, "Read", json!({})).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    for (day, time) in [(10, "18:15"), (15, "18:40"), (20, "19:10"), (25, "07:00")] {
        let timestamp = format!("2026-09-{day}T{time}:00Z");
        send(
            &world,
            json!({"type": "track", "event": "Order Completed", "timestamp": timestamp,
            "properties": {"order_id": timestamp}}),
        )
        .await;
    }
    world.pass(Span::hours(1));
    sweep(&world).await.unwrap();
    track(&world, "Read", json!({})).await;
    // It is noon in Paris; they order at eight in the evening.
    world.set("2026-10-01T17:59:59.999Z");
    assert_eq!(dispatch(&world).await.unwrap().accepted, 0);
    world.set("2026-10-01T18:00:00Z");
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    let (_, body) = manage(&world, "GET", "/api/customers/42/messages", &Value::Null).await;
    assert_eq!(body["messages"][0]["due"], "2026-10-01T18:00:00.000Z");
}
