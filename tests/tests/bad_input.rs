//! Bad input gets a clear error or a recorded problem, and spoils nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::Write as _;

use attune_testkit::World;
use attune_tests::{dispatch, manage, post, post_bytes};
use axum::http::header;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// Posts bytes and answers status and message.
async fn answer(world: &World, encoding: &str, body: Vec<u8>) -> (u16, String) {
    let headers = [(header::CONTENT_ENCODING, encoding)];
    let (status, body) = post_bytes(world, "/v1/batch", "server-key", &headers, body).await;
    (status.as_u16(), body["message"].as_str().unwrap_or_default().to_owned())
}

/// Posts one event among good ones, and answers the problem that was recorded.
async fn problem(event: &str) -> String {
    let world = World::new().await;
    let good = r#"{"type":"track","userId":"42","event":"Product Viewed"}"#;
    let body = format!("{{\"batch\":[{good},{event}]}}");
    let answered = answer(&world, "identity", body.into_bytes()).await;
    assert_eq!(answered.0, 200, "{answered:?}");
    let (_, timeline) = manage(&world, "GET", "/api/customers/42/timeline", &Value::Null).await;
    assert!(!timeline["events"].as_array().unwrap().is_empty(), "the good one was lost");
    let (_, problems) = manage(&world, "GET", "/api/problems", &Value::Null).await;
    problems["problems"][0]["problem"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_body_that_is_not_json_says_where() {
    let world = World::new().await;
    let (status, message) = answer(&world, "identity", b"{\"batch\": [}".to_vec()).await;
    assert_eq!(status, 400);
    assert!(message.contains("line 1 column 12"), "{message}");
    let (status, message) = answer(&world, "gzip", b"not gzip".to_vec()).await;
    assert_eq!((status, message.as_str()), (400, "the body cannot be inflated"));
    let (status, _) = answer(&world, "br", b"{}".to_vec()).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_body_over_a_limit_names_the_limit() {
    let world = World::new().await;
    let (status, message) = answer(&world, "identity", vec![b' '; 4_500_001]).await;
    assert_eq!((status, message.as_str()), (413, "a body can have 4500000 bytes on the wire"));
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..131_072 {
        bomb.write_all(&[b' '; 8_192]).unwrap();
    }
    let (status, message) = answer(&world, "gzip", bomb.finish().unwrap()).await;
    assert_eq!((status, message.as_str()), (413, "a body can have 16777216 bytes once inflated"));
}

#[tokio::test]
async fn an_event_that_cannot_be_used_is_a_problem_of_its_own() {
    let deep = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    for (event, told) in [
        ("7", "object"),
        (r#"{"type":"dance","userId":"42"}"#, "dance"),
        (r#"{"type":"track","event":"x"}"#, "userId"),
        (r#"{"type":"track","event":"x","userId":"null"}"#, "null"),
        (r#"{"type":"track","event":"x","userId":"00000000-0000-0000-0000-000000000000"}"#, "0000"),
        (r#"{"type":"track","event":"x","userId":{"a":1}}"#, "userId"),
        (r#"{"type":"track","userId":"43"}"#, "event"),
        (r#"{"type":"track","event":"x","userId":"43","properties":[1]}"#, "properties"),
    ] {
        let problem = problem(event).await;
        assert!(problem.contains(told), "{event}: {problem}");
    }
    let nested = format!(r#"{{"type":"track","event":"x","userId":"43","properties":{deep}}}"#);
    let problem = problem(&nested).await;
    assert!(problem.contains("32") || problem.contains("nest"), "{problem}");
}

#[tokio::test]
async fn nothing_happens_in_the_future() {
    let world = World::new().await;
    let event =
        json!({"type": "track", "event": "x", "userId": "42", "timestamp": "9999-12-31T23:59:59Z"});
    let (status, _) = post(&world, "/v1/batch", "server-key", &json!({"batch": [event]})).await;
    assert_eq!(status.as_u16(), 200);
    let (_, timeline) = manage(&world, "GET", "/api/customers/42/timeline", &Value::Null).await;
    assert_eq!(timeline["events"][0]["occurred"], world.now().to_string());
}

#[tokio::test]
async fn definitions_with_a_mistake_are_refused_with_its_place() {
    let world = World::new().await;
    for (text, line, told) in [
        ("segments:\n  - id: a\n    when: { all: [] }", 3, "empty"),
        (
            "segments:\n  - { id: a, when: { segment: b } }\n  - { id: b, when: { segment: a } }",
            2,
            "a → b",
        ),
        ("segments:\n  - { id: a, when: { event: x, within: soon } }", 2, "soon"),
        ("segments: [\n", 2, ""),
    ] {
        let files = json!({"files": [{"name": "shop.yaml", "text": text}]});
        let (status, refused) = manage(&world, "PUT", "/api/definitions", &files).await;
        assert_eq!(status.as_u16(), 422, "{refused}");
        let mistake = &refused["mistakes"][0];
        assert_eq!(mistake["line"], line, "{mistake}");
        assert!(mistake["message"].as_str().unwrap().contains(told), "{mistake}");
    }
    let (_, current) = manage(&world, "GET", "/api/definitions", &Value::Null).await;
    assert_eq!(current["version"], 0);
}

#[tokio::test]
async fn a_template_that_loops_for_ever_fails_with_a_reason() {
    let world = World::with(
        "
segments: [{ id: buyers, when: { event: Order Completed } }]
templates:
  - id: endless
    sms: '{% for a in (1..99999999) %}{% for b in (1..99999999) %}x{% endfor %}{% endfor %}'
programs: [{ id: thank, enter: buyers, again: never, send: { template: endless } }]
",
    )
    .await;
    world.reachable("42").await;
    world.apply(&[world.track("42", "Order Completed", json!({"order_id": "1"}))]).await;
    assert_eq!(dispatch(&world).await.unwrap().failed, 1);
    let (_, messages) = manage(&world, "GET", "/api/customers/42/messages", &Value::Null).await;
    let message = &messages["messages"][0];
    assert_eq!(message["state"], "failed");
    assert!(message["reason"].as_str().unwrap().starts_with("the text message: "), "{message}");
}

#[tokio::test]
async fn a_wrong_key_and_a_wrong_path_are_told_apart() {
    let world = World::new().await;
    let event = json!({"type": "track", "event": "x", "userId": "42"});
    assert_eq!(post(&world, "/v1/track", "nonsense", &event).await.0.as_u16(), 401);
    assert_eq!(post(&world, "/v1/track", "manage-key", &event).await.0.as_u16(), 401);
    assert_eq!(post(&world, "/v1/dance", "server-key", &event).await.0.as_u16(), 404);
}
