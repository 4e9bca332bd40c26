//! A first deploy sends nothing to those who were there before.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use attune_domain::time::Span;
use attune_testkit::World;
use attune_tests::{dispatch, manage, pass, post, sweep};
use serde_json::{Value, json};

/// Sixty customers, each with an address, consent, and an order every few weeks or months, for
/// three years.
fn three_years() -> Vec<Value> {
    let mut events = Vec::new();
    for customer in 0..60_u32 {
        let user = format!("old-{customer}");
        let mut say = |month: u32, day: u32, mut event: Value| {
            event["userId"] = user.as_str().into();
            event["messageId"] = format!("{user} {}", events.len()).into();
            let (year, month) = (2023 + (9 + month) / 12, (9 + month) % 12 + 1);
            event["timestamp"] = format!("{year}-{month:02}-{day:02}T10:00:00Z").into();
            events.push(event);
        };
        let traits = json!({"email": format!("{user}@example.com"), "phone": "+12025550123"});
        say(0, 1, json!({"type": "identify", "traits": traits}));
        let consent = json!({"channel": "email", "source": "an old form"});
        say(0, 2, json!({"type": "track", "event": "Consent Granted", "properties": consent}));
        for month in (0..36).step_by(1 + customer as usize % 12) {
            let order = json!({"order_id": format!("{user} {month}"), "total": 20 + customer});
            say(
                month,
                3,
                json!({"type": "track", "event": "Order Completed", "properties": order}),
            );
            let cart = json!({"product_id": "red", "name": "A red one", "price": 12});
            say(month, 4, json!({"type": "track", "event": "Product Added", "properties": cart}));
        }
    }
    events
}

fn starter() -> Vec<Value> {
    let file = |(name, text): (&str, &str)| json!({"name": name, "text": text});
    attune_domain::starter::FILES.into_iter().map(file).collect()
}

/// Publishes files after a dry run, lets the pass go by, and answers what the dry run said would
/// start.
async fn push(world: &World, files: &[Value]) -> u64 {
    let body = json!({ "files": files });
    let path = "/api/definitions";
    let (status, said) = manage(world, "PUT", &format!("{path}?dry_run=true"), &body).await;
    assert_eq!((status.as_u16(), &said["everyone"]), (200, &json!(true)), "{said}");
    let (status, answer) = manage(world, "PUT", path, &body).await;
    assert_eq!(status.as_u16(), 200, "{answer}");
    world.pass(Span::seconds(1));
    pass(world).await.unwrap();
    let programs = said["programs"].as_array().unwrap();
    programs.iter().map(|program| program["starts"].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn three_years_of_orders_and_a_starter_pack_send_nothing() {
    let world = World::new().await;
    let events = three_years();
    for batch in events.chunks(500) {
        let body = json!({ "batch": batch });
        let (status, _) = post(&world, "/v1/import", "server-key", &body).await;
        assert_eq!(status.as_u16(), 200);
    }
    assert_eq!(push(&world, &starter()).await, 0);

    let changed: Vec<Value> = starter()
        .into_iter()
        .map(|mut file| {
            let text =
                file["text"].as_str().unwrap().replace("older_than: 180d", "older_than: 45d");
            file["text"] = text.into();
            file
        })
        .collect();
    assert_ne!(changed, starter(), "the threshold is not where it was");
    assert_eq!(push(&world, &changed).await, 0);

    // The schedules find nothing to wake and nothing to send.
    sweep(&world).await.unwrap();
    assert_eq!(dispatch(&world).await.unwrap(), attune_dispatch::Dispatched::default());
    assert!(world.capture.sent().is_empty());
    assert!(world.items("messages").is_empty());
    // It is not that nobody is there: the segments are full.
    let (_, segments) = manage(&world, "GET", "/api/segments", &Value::Null).await;
    let size = |id: &str| {
        let segments = segments["segments"].as_array().unwrap();
        segments.iter().find(|segment| segment["id"] == id).unwrap()["size"].as_u64().unwrap()
    };
    assert!(size("lapsed-customers") > 10, "{segments}");
    assert!(size("loyal-customers") > 5, "{segments}");
}
