//! The rows of the agenda: none too many, and never one too few.
#![allow(
    clippy::large_futures,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and helpers of tests are tests"
)]

use std::sync::Arc;

use attune_domain::time::Span;
use attune_testkit::World;
use attune_testkit::faults::{Faults, Faulty};
use attune_tests::sweep;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

const CARTS: &str = "
segments:
  - id: carts
    when: { waiting: { since: Product Added, without: Order Completed, for: 1h, at_most: 7d } }
  - id: dormant
    when: { all: [{ event: any }, { not: { event: any, within: 60d } }] }
";

/// Due times of the agenda's rows, in minutes from now.
fn due(world: &World) -> Vec<i64> {
    let minutes = |row: &Value| {
        let millis: i64 = row["due"]["S"].as_str().unwrap()[..15].parse().unwrap();
        (millis - world.now().millis()) / 60_000
    };
    let mut due: Vec<i64> = world.items("agenda").iter().map(minutes).collect();
    due.sort_unstable();
    due
}

async fn track(world: &World, name: &str) {
    world.apply(&[world.track("42", name, json!({"order_id": "1", "total": 10}))]).await;
}

/// Puts the only row that is due within the hour again, as for a later version of the profile.
fn put_again(world: &World) {
    let rows = world.items("agenda");
    let mut row = rows.iter().min_by_key(|row| row["due"]["S"].to_string()).unwrap().clone();
    row["version"] = json!({"N": "99"});
    let body = json!({"TableName": "attune-agenda", "Item": row});
    let request = Request::post("/").header("x-amz-target", "DynamoDB_20120810.PutItem");
    world.engine.answer(&request.body(Bytes::from(body.to_string())).unwrap());
}

const DAY: i64 = 24 * 60;

#[tokio::test]
async fn an_order_soon_after_takes_the_wake_up_of_its_cart_off_the_agenda() {
    let world = World::with(CARTS).await;
    track(&world, "Product Added").await;
    assert_eq!(due(&world), [60]);
    world.pass(Span::minutes(10));
    track(&world, "Order Completed").await;
    assert_eq!(due(&world), [60 * DAY], "only that of the sixty days is left");
}

#[tokio::test]
async fn an_order_a_little_later_leaves_it_to_put_the_next() {
    let world = World::with(CARTS).await;
    track(&world, "Product Added").await;
    world.pass(Span::minutes(20));
    track(&world, "Order Completed").await;
    assert_eq!(due(&world), [40]);
    world.pass(Span::minutes(40));
    assert_eq!(sweep(&world).await.unwrap().changed, 0);
    assert_eq!(due(&world), [0, 60 * DAY - 40]);
}

#[tokio::test]
async fn an_order_takes_it_off_where_nothing_must_be_put_in_its_place() {
    let world = World::with(CARTS).await;
    track(&world, "Page Seen").await;
    track(&world, "Product Added").await;
    assert_eq!(due(&world), [60, 60 * DAY]);
    world.pass(Span::minutes(20));
    track(&world, "Order Completed").await;
    assert_eq!(due(&world), [60 * DAY - 20]);
}

#[tokio::test]
async fn a_wake_up_that_was_put_again_for_a_later_version_is_left() {
    let world = World::with(CARTS).await;
    track(&world, "Product Added").await;
    put_again(&world);
    world.pass(Span::minutes(10));
    track(&world, "Order Completed").await;
    assert_eq!(due(&world), [50, 60 * DAY]);
}

#[tokio::test]
async fn a_later_row_takes_the_place_of_one_that_is_used_up() {
    let world = World::with(CARTS).await;
    track(&world, "Page Seen").await;
    track(&world, "Product Added").await;
    assert_eq!(due(&world), [60, 60 * DAY]);
    world.pass(Span::hours(1));
    assert_eq!(sweep(&world).await.unwrap().changed, 1);
    assert_eq!(due(&world), [0, 7 * DAY - 60, 60 * DAY - 60]);
    track(&world, "Order Completed").await;
    assert_eq!(due(&world), [0, 7 * DAY - 60, 60 * DAY - 60], "both rows are in time for that");
    world.pass(Span::days(60));
    sweep(&world).await.unwrap();
    assert_eq!(sweep(&world).await.unwrap().changed, 0);
    let members = world.items("memberships");
    assert!(members.iter().any(|row| row["segment"]["S"] == "dormant#00" && row["gone"].is_null()));
}

#[tokio::test]
async fn somebody_who_need_not_be_woken_earlier_costs_no_agenda_write() {
    let world = World::with(CARTS).await;
    let writes = || world.store.meter().by_table()["attune-agenda"].writes;
    track(&world, "Page Seen").await;
    let before = writes();
    for _ in 0..3 {
        world.pass(Span::days(1));
        track(&world, "Page Seen").await;
    }
    assert_eq!(writes().to_bits(), before.to_bits());
}

/// Five customers who left a cart: they were woken, and are visited for the second time.
async fn second_visits() -> (World, Faults) {
    let faults = Faults::none();
    let behind = faults.clone();
    let world = World::behind(|inner| Arc::new(Faulty::new(inner, behind))).await;
    world.publish(CARTS).await;
    for customer in ["1", "2", "3", "4", "5"] {
        let cart = world.track(customer, "Product Added", json!({"product_id": "tea"}));
        world.apply(&[cart]).await;
    }
    world.pass(Span::hours(1));
    assert_eq!(sweep(&world).await.unwrap().changed, 5);
    world.pass(Span::minutes(16));
    (world, faults)
}

#[tokio::test]
async fn second_visits_of_a_page_read_together_and_repair_each() {
    let (world, faults) = second_visits().await;
    let row = world.items("memberships").into_iter().find(|row| row["customer"]["S"] == "u#3");
    let key = json!({"segment": row.as_ref().unwrap()["segment"], "customer": {"S": "u#3"}});
    let body = json!({"TableName": "attune-memberships", "Key": key}).to_string();
    let request = Request::post("/").header("x-amz-target", "DynamoDB_20120810.DeleteItem");
    world.engine.answer(&request.body(Bytes::from(body)).unwrap());
    let before = faults.calls().len();
    assert_eq!(sweep(&world).await.unwrap().settled, 5);
    let calls = faults.calls().split_off(before);
    let together = calls.iter().filter(|call| call.operation == "BatchGetItem");
    assert_eq!(together.count(), 2, "cores, and rows");
    assert!(world.items("memberships").contains(&row.unwrap()), "what was missing is there again");
}
