//! The census, end to end: events in, a census taken, ranks that stand until the next.
#![allow(
    clippy::large_futures,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use attune_domain::time::Span;
use attune_testkit::World;
use attune_tests::{census, manage};
use serde_json::{Value, json};

const SHOP: &str = "
metrics:
  spent: { sum: total, of: Order Completed }
  orders: { count: Order Completed }
segments:
  - { id: big, when: { metric: spent, top: 20% } }
classes:
  - id: value
    name: Value
    cross:
      amount: { metric: spent, split: median }
      frequency: { metric: orders, split: 2 }
";

async fn shop() -> World {
    let world = World::with(SHOP).await;
    for n in 1..=10 {
        for order in 0..=(n % 2) {
            let id = format!("{n:02}");
            let properties = json!({"order_id": format!("{id}-{order}"), "total": 10 * n});
            world.apply(&[world.track(&id, "Order Completed", properties)]).await;
        }
    }
    world.pass(Span::hours(1));
    world
}

async fn members(world: &World, segment: &str) -> Vec<String> {
    let path = format!("/api/segments/{segment}/members");
    let (status, answer) = manage(world, "GET", &path, &Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    let members = answer["members"].as_array().unwrap().iter();
    members.map(|member| member["customer"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_census_ranks_everybody_and_stands_until_the_next() {
    let world = shop().await;
    assert!(members(&world, "big").await.is_empty());
    census(&world).await.unwrap();
    assert_eq!(members(&world, "big").await, ["u#07", "u#09"]);
    assert_eq!(members(&world, "value.high-low").await, ["u#08", "u#10"]);
    let (_, explained) =
        manage(&world, "GET", "/api/customers/09/explain?segment=big", &Value::Null).await;
    println!("{explained:#}");
}
