//! Coupons, and the rights of a person, as somebody who runs a shop uses them over HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use attune_domain::time::Span;
use attune_embedded::capture::sent::Kind;
use attune_testkit::World;
use attune_testkit::faults::{Fate, Faults, Faulty, Trouble};
use attune_tests::{dispatch, manage, manage_text, post, sweep};
use axum::http::StatusCode;
use serde_json::{Value, json};

const SHOP: &str = "
coupons:
  - { id: ten, codes: unique, expires: 2026-12-31, low_stock: 20 }
segments:
  - { id: buyers, name: Buyers, when: { event: Order Completed } }
templates:
  - id: thanks
    email: { subject: Thanks, html: '<p>{{ coupon.code }}</p>', text: '{{ coupon.code }} until {{ coupon.expires }}' }
programs:
  - { id: thank, enter: buyers, again: never, send: { template: thanks, coupon: ten, max_lateness: 2h } }
";

async fn get(world: &World, path: &str) -> Value {
    let (status, body) = manage(world, "GET", path, &Value::Null).await;
    assert_eq!(status.as_u16(), 200, "{path}: {body}");
    body
}

async fn load(world: &World, codes: &[String]) -> Value {
    let (status, body) = manage(world, "POST", "/api/coupons/ten/codes", &json!(codes)).await;
    assert_eq!(status.as_u16(), 200, "{body}");
    body
}

fn codes(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|n| format!("TEN-{n:05}")).collect()
}

/// A customer who can be reached orders something.
async fn order(world: &World, customer: u32) {
    let (id, now) = (customer.to_string(), world.now().to_string());
    let call = |kind: &str, message: &str, more: Value| {
        let mut call = json!({"type": kind, "userId": id, "timestamp": now,
            "messageId": format!("{message}-{customer}")});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call
    };
    let traits = json!({"traits": {"email": format!("customer-{customer}@example.com")}});
    let consent = json!({"event": "Consent Granted", "properties": {"channel": "email"}});
    let ordered = json!({"event": "Order Completed", "properties": {"order_id": "1", "total": 9}});
    let batch = json!({"batch": [call("identify", "who", traits), call("track", "may", consent),
        call("track", "order", ordered)]});
    let (status, _) = post(world, "/v1/batch", "server-key", &batch).await;
    assert_eq!(status, StatusCode::OK);
}

/// The text parts of all mails.
fn mails(world: &World) -> Vec<String> {
    let text = |kind| match kind {
        Kind::Email(mail) => mail.text.unwrap_or_default(),
        other => panic!("{other:?}"),
    };
    world.capture.sent().into_iter().map(|sent| text(sent.kind)).collect()
}

#[tokio::test]
async fn five_hundred_customers_get_five_hundred_codes() {
    let world = World::with(SHOP).await;
    let told = load(&world, &codes(0..510)).await;
    assert_eq!(told, json!({"new": 510, "known": 0, "bad": 0, "mistakes": []}));
    for customer in 0..500 {
        order(&world, 1000 + customer).await;
    }
    let mut accepted = 0;
    while accepted < 500 {
        let sent = dispatch(&world).await.unwrap();
        assert!(sent.accepted > 0, "{sent:?}");
        accepted += sent.accepted;
        // The account sends fourteen a second.
        world.pass(Span::seconds(2));
    }
    let mails = mails(&world);
    assert_eq!(mails.len(), 500);
    assert_eq!(mails.iter().collect::<BTreeSet<_>>().len(), 500, "a code was given twice");
    assert!(
        mails[0].starts_with("TEN-") && mails[0].ends_with(" until 2026-12-31"),
        "{}",
        mails[0]
    );
    world.pass(Span::minutes(2));
    let coupon = get(&world, "/api/coupons/ten").await;
    assert_eq!((&coupon["left"], &coupon["claimed"]), (&json!(10), &json!(500)));
    assert_eq!(coupon["low"], true);
    let problems = get(&world, "/api/problems").await;
    let low = "the coupon `ten` has fewer than 20 codes left; load new ones";
    assert_eq!(
        (&problems["problems"][0]["problem"], &problems["problems"][0]["count"]),
        (&json!(low), &json!(1))
    );
    assert_eq!(problems["problems"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_same_code_twice_is_one_even_when_it_was_given() {
    let world = World::with(SHOP).await;
    load(&world, &codes(0..2)).await;
    order(&world, 1).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    let told = load(&world, &codes(0..3)).await;
    assert_eq!((&told["new"], &told["known"]), (&json!(1), &json!(2)));
    for customer in 2..4 {
        order(&world, customer).await;
    }
    dispatch(&world).await.unwrap();
    assert_eq!(mails(&world).iter().collect::<BTreeSet<_>>().len(), 3);
}

#[tokio::test]
async fn bad_lines_are_told_by_number_and_the_others_are_loaded() {
    let world = World::with(SHOP).await;
    let csv = "code;note\nONE-1;a\nTWO 2\n\n\"THREE-3\";b\nONE-1\n";
    let (status, told) =
        manage_text(&world, "POST", "/api/coupons/ten/codes", "text/csv", csv).await;
    assert_eq!(status.as_u16(), 200, "{told}");
    let mistake =
        json!([{"line": 3, "message": "a code cannot hold blanks or control characters"}]);
    assert_eq!(told, json!({"new": 2, "known": 0, "bad": 1, "mistakes": mistake}));
    let (status, _) = manage(&world, "POST", "/api/coupons/none/codes", &json!([])).await;
    assert_eq!(status.as_u16(), 404);
}

/// A shop in which the sender asks the first message, which has taken a code, to wait.
async fn throttled_with_a_code() -> World {
    let faults = Faults::none();
    let behind = faults.clone();
    let world = World::behind(|inner| Arc::new(Faulty::new(inner, behind))).await;
    world.publish(SHOP).await;
    load(&world, &codes(0..50)).await;
    order(&world, 1).await;
    faults.next("SendEmail", Fate::Refuse(Trouble::Throttled));
    assert_eq!(dispatch(&world).await.unwrap().held, 1);
    world
}

#[tokio::test]
async fn a_message_that_is_sent_again_gives_the_same_code() {
    let world = throttled_with_a_code().await;
    let code = |world: &World| world.items("messages")[0]["code"]["S"].as_str().unwrap().to_owned();
    let first = code(&world);
    world.pass(Span::minutes(1));
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    assert_eq!(code(&world), first);
    assert!(mails(&world)[0].starts_with(&first));
    let used = world.items("workspace");
    let used = used.iter().filter(|row| row["kind"]["S"].as_str().unwrap().starts_with("used#"));
    assert_eq!(used.count(), 1);
}

#[tokio::test]
async fn a_code_that_was_taken_is_of_its_coupon_whatever_the_program_gives_now() {
    let world = throttled_with_a_code().await;
    let five = "\n  - { id: five, codes: static, code: FIVE, expires: 2027-06-30 }\nsegments:";
    let now = SHOP.replace("\nsegments:", five).replace("coupon: ten", "coupon: five");
    world.publish(&now).await;
    world.pass(Span::minutes(1));
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    assert!(mails(&world)[0].ends_with(" until 2026-12-31"), "{}", mails(&world)[0]);
    assert_eq!(world.items("messages")[0]["coupon"]["S"], "ten");
}

#[tokio::test]
async fn without_a_code_a_message_waits_and_then_expires() {
    let world = World::with(SHOP).await;
    order(&world, 1).await;
    order(&world, 2).await;
    assert_eq!(dispatch(&world).await.unwrap().held, 2);
    let message = &get(&world, "/api/customers/1/messages").await["messages"][0];
    assert_eq!(message["reason"], "no coupon code is left");
    load(&world, &codes(0..1)).await;
    world.pass(Span::minutes(15));
    let sent = dispatch(&world).await.unwrap();
    assert_eq!((sent.accepted, sent.held), (1, 1));
    world.pass(Span::hours(2));
    assert_eq!(dispatch(&world).await.unwrap().expired, 1);
}

#[tokio::test]
async fn a_coupon_that_is_over_is_not_given() {
    let world = World::with(&SHOP.replace("2026-12-31", "2026-09-30")).await;
    load(&world, &codes(0..1)).await;
    order(&world, 1).await;
    assert_eq!(dispatch(&world).await.unwrap().dropped, 1);
    let message = &get(&world, "/api/customers/1/messages").await["messages"][0];
    assert_eq!(message["reason"], "the coupon has expired");
}

#[tokio::test]
async fn an_export_holds_everything_that_is_known() {
    let world = World::with(SHOP).await;
    load(&world, &codes(0..50)).await;
    order(&world, 1).await;
    dispatch(&world).await.unwrap();
    let export = get(&world, "/api/customers/1/export").await;
    let text = export.to_string();
    for planted in ["customer-1@example.com", "Order Completed", "Message Sent", "Buyers", "TEN-"] {
        assert!(text.contains(planted), "{planted} is missing: {export:#}");
    }
    assert_eq!(export["profile"]["consents"][0]["channel"], "email");
    assert_eq!(export["messages"][0]["state"], "accepted");
    assert_eq!(export["coupons"][0]["coupon"], "ten");
    assert_eq!((export["events"].as_array().unwrap().len(), &export["next"]), (4, &Value::Null));
}

#[tokio::test]
async fn a_long_history_is_exported_page_by_page() {
    let world = World::with(SHOP).await;
    let view = |n: u32| {
        json!({"type": "track", "userId": "1", "messageId": format!("view-{n}"),
        "event": "Product Viewed", "timestamp": world.now().to_string()})
    };
    let batch = json!({"batch": (0..1_200).map(view).collect::<Vec<_>>()});
    assert_eq!(post(&world, "/v1/batch", "server-key", &batch).await.0, StatusCode::OK);
    let (mut seen, mut path) = (0, "/api/customers/1/export".to_owned());
    loop {
        let page = get(&world, &path).await;
        seen += page["events"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/customers/1/export?after={}", next.replace('#', "%23"));
    }
    assert_eq!(seen, 1_200);
    let (status, _) = manage(&world, "GET", "/api/customers/1/export?after=x", &Value::Null).await;
    assert_eq!(status.as_u16(), 400);
}

#[tokio::test]
async fn who_is_erased_stays_away_until_they_allow_something_anew() {
    let world = World::with(SHOP).await;
    load(&world, &codes(0..50)).await;
    order(&world, 1).await;
    dispatch(&world).await.unwrap();
    let (status, told) = manage(&world, "DELETE", "/api/customers/1", &Value::Null).await;
    assert_eq!((status.as_u16(), &told["state"]), (200, &json!("erased")), "{told}");
    assert!(world.capture.sent().is_empty());
    world.pass(Span::minutes(17));
    sweep(&world).await.unwrap();
    let token = told["token"].as_str().unwrap();
    assert_eq!(get(&world, &format!("/api/erasures/{token}")).await["state"], "done");
    assert_eq!(get(&world, "/api/erasures/1").await["state"], "done");
    // Asked again it says so.
    let (_, again) = manage(&world, "DELETE", "/api/customers/1", &Value::Null).await;
    assert_eq!(again["state"], "done");

    let event = |message: &str, name: &str, properties: Value| {
        json!({"batch": [{"type": "track",
        "userId": "1", "messageId": message, "event": name, "properties": properties,
        "timestamp": world.now().to_string()}]})
    };
    let old = event("late", "Order Completed", json!({"order_id": "2"}));
    assert_eq!(post(&world, "/v1/batch", "server-key", &old).await.0, StatusCode::OK);
    assert_eq!(manage(&world, "GET", "/api/customers/1", &Value::Null).await.0.as_u16(), 404);
    let problems = get(&world, "/api/problems").await;
    let problem = &problems["problems"][0];
    assert!(problem["problem"].as_str().unwrap().contains("was erased"), "{problems}");
    assert_eq!((&problem["example"], &problem["lost"]), (&json!(""), &json!(true)));

    world.pass(Span::minutes(1));
    let consent = json!({"channel": "email", "address": "customer-1@example.com"});
    for key in ["browser-key", "server-key"] {
        let granted = event(&format!("again-{key}"), "Consent Granted", consent.clone());
        assert_eq!(post(&world, "/v1/batch", key, &granted).await.0, StatusCode::OK);
        let status = manage(&world, "GET", "/api/customers/1", &Value::Null).await.0.as_u16();
        assert_eq!(status, if key == "server-key" { 200 } else { 404 }, "{key}");
    }
    world.pass(Span::minutes(1));
    order(&world, 1).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

#[tokio::test]
async fn what_was_due_before_a_restore_waits_for_a_word() {
    let world = World::with(SHOP).await;
    load(&world, &codes(0..50)).await;
    order(&world, 1).await;
    order(&world, 2).await;
    world.pass(Span::minutes(30));
    let at = json!({"at": (world.now() - Span::minutes(30)).to_string()});
    let (status, told) = manage(&world, "POST", "/api/restored", &at).await;
    assert_eq!((status.as_u16(), &told["restored"]), (200, &json!(true)), "{told}");
    assert_eq!(dispatch(&world).await.unwrap().held, 2);
    let message = &get(&world, "/api/customers/1/messages").await["messages"][0];
    assert!(message["reason"].as_str().unwrap().contains("restored from a backup"), "{message}");
    world.pass(Span::minutes(1));
    order(&world, 3).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    manage(&world, "POST", "/api/restored/release", &Value::Null).await;
    world.pass(Span::minutes(15));
    assert_eq!(dispatch(&world).await.unwrap().accepted, 2);

    order(&world, 4).await;
    world.pass(Span::minutes(5));
    manage(&world, "POST", "/api/restored", &at).await;
    assert_eq!(dispatch(&world).await.unwrap().held, 1);
    world.pass(Span::hours(2));
    assert_eq!(dispatch(&world).await.unwrap().expired, 1);
}

#[tokio::test(start_paused = true)]
async fn an_old_consent_is_for_the_address_that_comes_with_it() {
    let world = World::with(SHOP).await;
    let granted = json!({"type": "track", "userId": "45", "event": "Consent Granted",
        "timestamp": "2024-05-01T10:00:00Z", "properties": {"channel": "email"}});
    let who = json!({"type": "identify", "userId": "45", "traits": {"email": "cleo@example.com"}});
    let batch = json!({ "batch": [granted, who] });
    assert_eq!(post(&world, "/v1/import", "server-key", &batch).await.0, StatusCode::OK);
    let known = get(&world, "/api/customers/45").await;
    assert_eq!(known["consents"][0]["address"], "cleo@example.com", "{known}");
    assert_eq!(get(&world, "/api/problems").await["problems"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_grant_is_for_the_address_of_its_time_whatever_the_same_request_tells_later() {
    let world = World::with(SHOP).await;
    let who = |at: &str, email: &str| {
        json!({"type": "identify", "userId": "45", "timestamp": format!("2026-10-01T{at}Z"),
            "traits": {"email": email}})
    };
    let granted = json!({"type": "track", "userId": "45", "event": "Consent Granted",
        "timestamp": "2026-10-01T08:01:00Z", "properties": {"channel": "email"}});
    let old = who("08:00:00", "old@example.com");
    let batch = json!({"batch": [who("08:02:00", "new@example.com"), granted, old]});
    assert_eq!(post(&world, "/v1/batch", "server-key", &batch).await.0, StatusCode::OK);
    let known = get(&world, "/api/customers/45").await;
    assert_eq!(known["consents"][0]["address"], "old@example.com", "{known}");
    assert_eq!(known["traits"]["email"], "new@example.com", "{known}");

    // The same, where the old address is known from before.
    let again = json!({"type": "track", "userId": "45", "event": "Consent Granted",
        "timestamp": "2026-10-01T08:05:00Z", "properties": {"channel": "email", "source": "page"}});
    let batch = json!({"batch": [again, who("08:06:00", "newest@example.com")]});
    assert_eq!(post(&world, "/v1/batch", "server-key", &batch).await.0, StatusCode::OK);
    let known = get(&world, "/api/customers/45").await;
    assert_eq!(addresses_by(&known, "page"), ["new@example.com"], "{known}");

    // And where one of two channels has no address yet.
    let both = json!({"type": "track", "userId": "45", "event": "Consent Granted",
        "timestamp": "2026-10-01T08:07:00Z",
        "properties": {"channel": ["email", "sms"], "source": "both"}});
    let last = json!({"type": "identify", "userId": "45", "timestamp": "2026-10-01T08:08:00Z",
        "traits": {"email": "last@example.com", "phone": "+15550000045"}});
    let batch = json!({ "batch": [both, last] });
    assert_eq!(post(&world, "/v1/batch", "server-key", &batch).await.0, StatusCode::OK);
    let known = get(&world, "/api/customers/45").await;
    assert_eq!(addresses_by(&known, "both"), ["newest@example.com"], "{known}");
}

/// The addresses of a customer's consents from one source.
fn addresses_by<'k>(known: &'k Value, source: &str) -> Vec<&'k Value> {
    let consents = known["consents"].as_array().unwrap().iter();
    consents
        .filter(|consent| consent["source"] == source)
        .map(|consent| &consent["address"])
        .collect()
}
