//! Traces that are easily overlooked, and who is not to be shut out.

use attune_domain::address::Address;
use attune_domain::feedback::Suppression;
use attune_domain::time::Span;
use attune_testkit::World;
use attune_tests::{dispatch, manage, post};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::traces::{ID, SHOP, call, come_to_rest, erase, left, live, send, track};

const MAIL: &str = "zeb.canary@example.com";

/// A shop in which somebody did everything.
async fn lived() -> World {
    let world = World::with(SHOP).await;
    live(&world).await;
    world
}

#[tokio::test(start_paused = true)]
async fn tests_that_show_somebody_to_others_go() {
    let world = lived().await;
    for (template, channel, address) in [
        ("note", "email", "me@example.com"),
        ("call", "sms", "+33612345678"),
        ("tap", "push", "apns:my-token"),
    ] {
        let test = json!({"customer": ID, "channel": channel, "address": address});
        let path = format!("/api/templates/{template}/test");
        let (status, told) = manage(&world, "POST", &path, &test).await;
        assert_eq!(status, StatusCode::OK, "{told}");
    }
    assert_eq!(world.capture.sent().len(), 3);
    assert_eq!(erase(&world).await.0, StatusCode::OK);
    assert_eq!(world.capture.sent(), []);
}

/// Sends an event that is a problem, and erases; returns the problems that are told before and after.
async fn problems(bad: Value) -> (String, String) {
    let world = lived().await;
    assert_eq!(send(&world, &[bad]).await, StatusCode::OK);
    let before = manage(&world, "GET", "/api/problems", &Value::Null).await.1.to_string();
    assert_eq!(erase(&world).await.0, StatusCode::OK);
    come_to_rest(&world).await;
    assert_eq!(left(&world), [""; 0]);
    (before, manage(&world, "GET", "/api/problems", &Value::Null).await.1.to_string())
}

#[tokio::test(start_paused = true)]
async fn of_an_event_that_names_nobody_a_problem_tells_the_shape() {
    for id in [json!({"userId": ID}), json!("null"), json!(null)] {
        let bad = json!({"type": MAIL, "userId": id, "context": {"age": 7, "of": ["Zebulon"]}});
        let (before, after) = problems(bad).await;
        let shape = r#""context\":{\"age\":\"a number\",\"of\":[\"a text\"]}"#;
        for told in [before, after] {
            assert!(told.contains(shape), "{told}");
            assert!(told.contains("`type` `…` is not a call"), "{told}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_problem_that_quotes_somebody_goes_however_it_is_spelt() {
    for bad in [
        json!({"type": "dance", "userId": "else", "context": {"mail": "Zeb.Canary@EXAMPLE.com"}}),
        json!({"type": "dance", "userId": "else", "context": {"call": "+1 (555) 987-1234"}}),
        json!({"type": MAIL, "userId": "else"}),
        json!({"type": MAIL, "userId": ID}),
    ] {
        let (before, after) = problems(bad).await;
        assert!(before.contains("is not a call"), "{before}");
        assert!(!after.contains("is not a call"), "{after}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_was_an_alias_and_never_a_customer_goes() {
    let world = lived().await;
    let alias = call(&world, "alias", "alias", json!({"previousId": "old-customer-canary"}));
    assert_eq!(send(&world, &[alias]).await, StatusCode::OK);
    assert_eq!(erase(&world).await.0, StatusCode::OK);
    come_to_rest(&world).await;
    assert_eq!(left(&world), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_somebody_allows_before_the_erasure_has_ended_stays_theirs() {
    let world = lived().await;
    dispatch(&world).await.unwrap();
    assert_eq!(erase(&world).await.0, StatusCode::OK);
    world.pass(Span::minutes(1));
    let theirs = |message: &str, kind: &str, more: Value| {
        let mut call = call(&world, message, kind, more);
        call["userId"] = "another".into();
        call
    };
    let grant = json!({"event": "Consent Granted", "properties": {"channel": "email"}});
    let events = [
        theirs("new-who", "identify", json!({"traits": {"email": MAIL}})),
        theirs("new-may", "track", grant),
        theirs("new-order", "track", json!({"event": "Order Completed", "properties": {}})),
    ];
    assert_eq!(send(&world, &events).await, StatusCode::OK);
    dispatch(&world).await.unwrap();
    let sent = world.capture.sent().len();
    assert!(sent > 0);
    come_to_rest(&world).await;
    let (_, told) = manage(&world, "GET", &format!("/api/erasures/{ID}"), &Value::Null).await;
    assert_eq!(told["state"], "done");
    let rows = world.items("addresses");
    assert!(rows.iter().all(|row| row["suppressed"].is_null()), "{rows:?}");
    assert_eq!(world.capture.sent().len(), sent, "what they were sent is theirs");
}

#[tokio::test(start_paused = true)]
async fn whom_nobody_knows_is_not_found_and_not_shut_out() {
    let world = World::with(SHOP).await;
    assert_eq!(erase(&world).await.0, StatusCode::NOT_FOUND);
    live(&world).await;
    let path = format!("/api/customers/{ID}");
    assert_eq!(manage(&world, "GET", &path, &Value::Null).await.0, StatusCode::OK);
    assert_eq!(erase(&world).await.0, StatusCode::OK);
    come_to_rest(&world).await;
    // Nor is it forgotten who was erased, by whichever of their ids.
    for id in [ID, "visitor-of-customer-canary"] {
        let path = format!("/api/customers/{id}");
        assert_eq!(manage(&world, "DELETE", &path, &Value::Null).await.0, StatusCode::OK, "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_is_known_by_all_that_one_request_tells() {
    let world = lived().await;
    assert_eq!(erase(&world).await.0, StatusCode::OK);
    come_to_rest(&world).await;
    let before = track(&world, "before", "Product Viewed", json!({}));
    world.pass(Span::minutes(1));
    let batch = json!({"batch": [
        call(&world, "who-again", "identify", json!({"traits": {"email": MAIL}})),
        track(&world, "may-again", "Consent Granted", json!({"channel": "email"})),
        track(&world, "ping", "Order Completed", json!({"order_id": "2"})),
    ]});
    assert_eq!(send(&world, &[before]).await, StatusCode::OK);
    assert_eq!(post(&world, "/v1/batch", "server-key", &batch).await.0, StatusCode::OK);
    let path = format!("/api/customers/{ID}");
    let (status, told) = manage(&world, "GET", &path, &Value::Null).await;
    assert_eq!((status, &told["traits"]["email"]), (StatusCode::OK, &json!(MAIL)), "{told}");
    let codes = json!(["CODE-A", "CODE-B"]);
    manage(&world, "POST", "/api/coupons/ten/codes", &codes).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_before_the_erasure_does_not_come_back_with_who_comes_back() {
    let world = lived().await;
    let before = track(&world, "before", "Order Completed", json!({"order_id": "old"}));
    world.pass(Span::minutes(1));
    assert_eq!(erase(&world).await.0, StatusCode::OK);
    come_to_rest(&world).await;
    world.pass(Span::minutes(1));
    let batch = json!({"batch": [
        before,
        track(&world, "may-again", "Consent Granted", json!({"channel": "email"})),
        call(&world, "who-again", "identify", json!({"traits": {"email": MAIL}})),
    ]});
    assert_eq!(post(&world, "/v1/batch", "server-key", &batch).await.0, StatusCode::OK);
    let timeline = format!("/api/customers/{ID}/timeline");
    let (status, told) = manage(&world, "GET", &timeline, &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    assert!(told.to_string().contains("Consent Granted"), "{told}");
    assert!(!told.to_string().contains("Order Completed"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn an_address_that_others_have_is_erased_whatever_it_was_suppressed_for() {
    let world = lived().await;
    let other = |message: &str, kind: &str, more: Value| {
        let mut other = call(&world, message, kind, more);
        other["userId"] = "somebody-else".into();
        other
    };
    let who = other("other", "identify", json!({"traits": {"email": MAIL}}));
    assert_eq!(send(&world, &[who]).await, StatusCode::OK);
    let address = Address::email(MAIL).unwrap();
    world.store.suppress(&address, Suppression::SoftBounces, world.now()).await.unwrap();
    let why = || async {
        let rows = world.store.addresses(std::slice::from_ref(&address)).await.unwrap();
        rows[0].suppressed.clone()
    };
    assert_eq!(erase(&world).await.0, StatusCode::OK);
    assert_eq!(why().await.as_deref(), Some("erased"));
    come_to_rest(&world).await;
    assert_eq!(why().await.as_deref(), Some("erased"));
    // What it was suppressed for holds when somebody allows it anew.
    let properties = json!({"channel": "email"});
    let anew = other("may", "track", json!({"event": "Consent Granted", "properties": properties}));
    assert_eq!(send(&world, &[anew]).await, StatusCode::OK);
    assert_eq!(why().await.as_deref(), Some("soft-bounces"));
}
