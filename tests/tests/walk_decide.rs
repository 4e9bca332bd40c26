//! Whether, when and where a message goes: walkthroughs over the HTTP routers, with the captured
//! outbox.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests are tests")]

use attune_domain::time::Span;
use attune_embedded::capture::sent::Kind;
use attune_testkit::World;
use attune_tests::{dispatch, manage, post, sweep};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Each `Look` is an entry of its own, an hour after the one before.
fn shop(policy: &str) -> String {
    format!(
        "
policy: {policy}
segments:
  - {{ id: lookers, when: {{ event: Look, within: 30m }} }}
  - {{ id: buyers, when: {{ event: Order Completed, within: 1h }} }}
templates:
  - id: hello
    email: {{ subject: Hello, html: '<p>Hello</p>', text: Hello }}
    sms: Hello
programs:
  - {{ id: hello, enter: lookers, again: {{ after: 1m }}, send: {{ template: hello, max_lateness: 3d }} }}
  - {{ id: urgent, enter: lookers, again: {{ after: 1m }}, send: {{ template: hello, max_lateness: 3d, priority: 90, after: 1s }} }}
  - {{ id: receipt, enter: buyers, again: {{ after: 1m }}, send: {{ template: hello, class: transactional }} }}
"
    )
}

async fn send(world: &World, events: Value) {
    let (status, _) = post(world, "/v1/batch", "server-key", &json!({ "batch": events })).await;
    assert_eq!(status, StatusCode::OK);
}

async fn track(world: &World, name: &str, properties: Value) {
    let call = json!({"type": "track", "event": name, "userId": "42", "properties": properties,
        "messageId": format!("{name} {properties} at {}", world.now()), "timestamp": world.now().to_string()});
    send(world, json!([call])).await;
}

async fn told(world: &World, traits: Value) {
    let id = format!("{traits} at {}", world.now());
    let call = json!({"type": "identify", "userId": "42", "traits": traits, "messageId": id,
        "timestamp": world.now().to_string()});
    send(world, json!([call])).await;
}

/// The channels of what was sent, in order.
fn outbox(world: &World) -> Vec<&'static str> {
    let channel = |kind: &Kind| match kind {
        Kind::Email(_) => "email",
        Kind::Sms(_) => "sms",
        Kind::Push(_) => "push",
    };
    world.capture.sent().iter().map(|sent| channel(&sent.kind)).collect()
}

/// The messages of a program, newest first: state and decision.
async fn decisions(world: &World, program: &str) -> Vec<(String, String)> {
    let (status, body) = manage(world, "GET", "/api/customers/42/messages", &Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let text = |message: &Value, name: &str| message[name].as_str().unwrap_or_default().to_owned();
    let messages = body["messages"].as_array().unwrap().iter();
    let messages = messages.filter(|message| message["program"] == program);
    messages.map(|message| (text(message, "state"), text(message, "decision"))).collect()
}

/// A customer with consent for mail and text messages, in a zone.
async fn customer(world: &World, zone: &str) {
    Box::pin(world.reachable("42")).await;
    told(world, json!({"phone": "+64211234567", "timezone": zone})).await;
    track(world, "Consent Granted", json!({"channel": "sms"})).await;
}

async fn look_and_send(world: &World) {
    track(world, "Look", json!({})).await;
    world.pass(Span::seconds(1));
    dispatch(world).await.unwrap();
}

#[tokio::test]
async fn who_prefers_text_messages_gets_them_and_who_withdraws_gets_nothing() {
    let world = World::with(&shop("{}")).await;
    customer(&world, "Europe/Paris").await;
    told(&world, json!({"preferred_channel": "sms"})).await;
    look_and_send(&world).await;
    assert_eq!(outbox(&world), ["sms", "sms"]);
    let hello = &decisions(&world, "hello").await[0];
    assert_eq!(hello.1, "chosen for sms, as the customer stated it; the sender accepted it");

    track(&world, "Consent Withdrawn", json!({"channel": "sms"})).await;
    track(&world, "Consent Withdrawn", json!({"channel": "email"})).await;
    world.pass(Span::hours(1));
    sweep(&world).await.unwrap();
    look_and_send(&world).await;
    assert_eq!(outbox(&world).len(), 2);
    let hello = &decisions(&world, "hello").await[0];
    let withdrawn = "it is not sent: the customer does not allow it: \
        not sms, as the customer withdrew it; not email, as the customer withdrew it; \
        not push, as no address is known";
    assert_eq!(hello.1, withdrawn);

    // A receipt needs no consent; but a suppressed address gets nothing at all.
    track(&world, "Order Completed", json!({"order_id": "1"})).await;
    dispatch(&world).await.unwrap();
    assert_eq!(outbox(&world), ["sms", "sms", "sms"]);
}

#[tokio::test]
async fn who_is_asleep_in_auckland_gets_it_at_nine() {
    let world = World::with(&shop("{ quiet_hours: 21:00-09:00 }")).await;
    customer(&world, "Pacific/Auckland").await;
    // 22:00 in New Zealand's summer.
    look_and_send(&world).await;
    assert!(outbox(&world).is_empty());
    let waits = "it waited: not at this hour or day where the customer lives, until \
                 2026-10-01T20:00:00.000Z; it waits";
    assert_eq!(decisions(&world, "hello").await[0], ("held".to_owned(), waits.to_owned()));
    world.set("2026-10-01T19:59:59.999Z");
    dispatch(&world).await.unwrap();
    assert!(outbox(&world).is_empty());
    world.set("2026-10-01T20:00:00Z");
    dispatch(&world).await.unwrap();
    assert_eq!(outbox(&world).len(), 2);
}

#[tokio::test]
async fn nothing_goes_out_on_closed_days_nor_on_weekdays_that_a_channel_is_not_used_on() {
    let policy = "{ closed: [10-01], weekdays: { email: [sat, sun] } }";
    let world = World::with(&shop(policy)).await;
    customer(&world, "Europe/Paris").await;
    // A Thursday on which the shop is closed, and then a Friday.
    look_and_send(&world).await;
    let first = decisions(&world, "hello").await[0].1.clone();
    assert!(first.contains("until 2026-10-02T22:00:00.000Z"), "{first}");
    world.set("2026-10-02T21:59:59.999Z");
    dispatch(&world).await.unwrap();
    assert!(outbox(&world).is_empty());
    world.set("2026-10-02T22:00:00Z");
    dispatch(&world).await.unwrap();
    assert_eq!(outbox(&world), ["email", "email"]);
}

#[tokio::test]
async fn what_is_sent_at_a_time_of_day_waits_for_it_where_the_customer_lives() {
    let at = shop("{}").replace("max_lateness: 3d }", "max_lateness: 3d, at: '09:30' }");
    let world = World::with(&at).await;
    customer(&world, "America/New_York").await;
    look_and_send(&world).await;
    world.set("2026-10-01T13:29:59.999Z");
    dispatch(&world).await.unwrap();
    // The urgent one has no time of its own.
    assert_eq!(outbox(&world).len(), 1);
    world.set("2026-10-01T13:30:00Z");
    dispatch(&world).await.unwrap();
    assert_eq!(outbox(&world).len(), 2);
}

#[tokio::test]
async fn a_cap_holds_a_message_until_there_is_room_or_drops_it_and_says_so() {
    let cap = "caps: [{ at_most: 2, per: 1d }]";
    let world = World::with(&shop(&format!("{{ {cap} }}"))).await;
    customer(&world, "Europe/Paris").await;
    look_and_send(&world).await;
    world.pass(Span::hours(1));
    sweep(&world).await.unwrap();
    look_and_send(&world).await;
    assert_eq!(outbox(&world).len(), 2);
    assert_eq!(decisions(&world, "hello").await[0].0, "held");
    world.pass(Span::hours(23));
    dispatch(&world).await.unwrap();
    assert_eq!(outbox(&world).len(), 4);
    let hello = &decisions(&world, "hello").await[0];
    let waited = "it waited: the cap on messages is reached: at most 2 in 1 day, until";
    assert!(hello.1.starts_with(waited), "{hello:?}");

    let world = World::with(&shop(&format!("{{ {cap}, when_capped: drop }}"))).await;
    customer(&world, "Europe/Paris").await;
    look_and_send(&world).await;
    world.pass(Span::hours(1));
    sweep(&world).await.unwrap();
    look_and_send(&world).await;
    let dropped = "it is not sent: the cap on messages is reached: at most 2 in 1 day";
    assert_eq!(decisions(&world, "hello").await[0], ("dropped".to_owned(), dropped.to_owned()));
}

#[tokio::test]
async fn of_two_that_compete_for_the_last_room_the_one_that_matters_more_goes() {
    let world = World::with(&shop("{ caps: [{ at_most: 1, per: 1d }], when_capped: drop }")).await;
    customer(&world, "Europe/Paris").await;
    look_and_send(&world).await;
    assert_eq!(outbox(&world).len(), 1);
    assert_eq!(decisions(&world, "urgent").await[0].0, "accepted");
    world.pass(Span::minutes(5));
    dispatch(&world).await.unwrap();
    assert_eq!(decisions(&world, "hello").await[0].0, "dropped");
    assert_eq!(outbox(&world).len(), 1);
}

#[tokio::test]
async fn who_asked_for_fewer_messages_gets_one_a_week() {
    let world = World::with(&shop("{}")).await;
    customer(&world, "Europe/Paris").await;
    told(&world, json!({"message_frequency": "less"})).await;
    look_and_send(&world).await;
    assert_eq!(outbox(&world).len(), 1);
}

#[tokio::test]
async fn the_operator_holds_everything_and_sets_a_limit_for_a_day() {
    let world = World::with(&shop("{}")).await;
    customer(&world, "Europe/Paris").await;
    let (status, body) = manage(&world, "PUT", "/api/brakes", &json!({"held": true})).await;
    assert_eq!((status, &body["held"]), (StatusCode::OK, &json!(true)));
    look_and_send(&world).await;
    assert!(outbox(&world).is_empty());
    manage(&world, "PUT", "/api/brakes", &json!({"held": false, "daily_limit": 1})).await;
    world.pass(Span::minutes(15));
    dispatch(&world).await.unwrap();
    assert_eq!(outbox(&world).len(), 1);
    let (_, body) = manage(&world, "GET", "/api/brakes", &Value::Null).await;
    assert_eq!((&body["daily_limit"], &body["taken_today"]), (&json!(1), &json!(1)));
    let (status, body) = manage(&world, "PUT", "/api/brakes", &json!({"daily_limit": "x"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    // Tomorrow has a limit of its own.
    world.set("2026-10-02T00:00:00Z");
    dispatch(&world).await.unwrap();
    assert_eq!(outbox(&world).len(), 2);
}

#[tokio::test]
async fn a_limit_that_is_raised_lets_go_what_it_held() {
    let world = World::with(&shop("{}")).await;
    customer(&world, "Europe/Paris").await;
    manage(&world, "PUT", "/api/brakes", &json!({"daily_limit": 1})).await;
    look_and_send(&world).await;
    assert_eq!(outbox(&world).len(), 1);
    manage(&world, "PUT", "/api/brakes", &json!({"daily_limit": 2})).await;
    world.pass(Span::minutes(15));
    dispatch(&world).await.unwrap();
    assert_eq!(outbox(&world).len(), 2);
}

#[tokio::test]
async fn a_program_that_people_complain_about_stops_until_it_is_reset() {
    let world = World::with(&shop("{}")).await;
    customer(&world, "Europe/Paris").await;
    let program = attune_domain::id::ProgramId::parse("hello").unwrap();
    let tally = attune_domain::brakes::Tally { sent: 2_000, bounced: 0, complained: 6 };
    world.store.tally(&program, tally, world.now()).await.unwrap();
    look_and_send(&world).await;
    let stopped = decisions(&world, "hello").await[0].1.clone();
    assert!(stopped.contains("the program was stopped by complaints or bounces"), "{stopped}");
    assert_eq!(outbox(&world).len(), 1);
    let (_, body) = manage(&world, "GET", "/api/brakes", &Value::Null).await;
    assert_eq!(body["programs"][0]["stopped"], true);
    let (status, _) =
        manage(&world, "POST", "/api/brakes/reset", &json!({"program": "hello"})).await;
    assert_eq!(status, StatusCode::OK);
    world.pass(Span::minutes(15));
    dispatch(&world).await.unwrap();
    assert_eq!(outbox(&world).len(), 2);
    // One more about what was sent before is a share of all that was sent.
    let late = attune_domain::brakes::Tally { sent: 0, bounced: 0, complained: 2 };
    world.store.tally(&program, late, world.now()).await.unwrap();
    let (_, body) = manage(&world, "GET", "/api/brakes", &Value::Null).await;
    assert_eq!(body["programs"][0]["stopped"], false, "{body}");
}

#[tokio::test]
async fn two_runs_together_are_not_faster_than_the_account_allows() {
    let world = World::with(&shop("{}")).await;
    for id in 0..20 {
        let id = format!("c{id}");
        Box::pin(world.reachable(&id)).await;
        let call = json!({"type": "track", "event": "Look", "userId": id, "messageId": id,
            "timestamp": world.now().to_string()});
        send(&world, json!([call])).await;
    }
    // The captured account takes 14 mails a second, and the clock stands.
    let both = [dispatch(&world).await.unwrap(), dispatch(&world).await.unwrap()];
    assert_eq!(both.map(|run| (run.accepted, run.left)), [(14, 6), (0, 6)]);
    world.pass(Span::seconds(1));
    assert!(dispatch(&world).await.unwrap().accepted >= 6);
}

#[tokio::test]
async fn a_text_that_sells_nothing_goes_as_transactional() {
    let world = World::with(&shop("{}")).await;
    customer(&world, "Europe/Paris").await;
    told(&world, json!({"preferred_channel": "sms"})).await;
    track(&world, "Order Completed", json!({"order_id": "1"})).await;
    dispatch(&world).await.unwrap();
    world.pass(Span::hours(2));
    sweep(&world).await.unwrap();
    look_and_send(&world).await;
    let kinds: Vec<String> = world
        .capture
        .sent()
        .iter()
        .filter_map(|sent| match &sent.kind {
            Kind::Sms(sms) => sms.attributes.get("AWS.SNS.SMS.SMSType").cloned(),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, ["Transactional", "Promotional", "Promotional"]);
}

#[tokio::test]
async fn a_cap_tells_when_it_has_room_again_even_if_the_message_is_too_late_by_then() {
    let world = World::with(&shop("{ caps: [{ at_most: 2, per: 10d }] }")).await;
    customer(&world, "Europe/Paris").await;
    look_and_send(&world).await;
    world.pass(Span::hours(1));
    sweep(&world).await.unwrap();
    look_and_send(&world).await;
    let held = &decisions(&world, "hello").await[0].1;
    let until = "the cap on messages is reached: at most 2 in 10 days, until 2026-10-11T09:00:0";
    assert!(held.contains(until), "{held}");
    // It is no longer looked after than it is good for.
    world.pass(Span::days(3));
    dispatch(&world).await.unwrap();
    assert_eq!(decisions(&world, "hello").await[0].0, "expired");
}
