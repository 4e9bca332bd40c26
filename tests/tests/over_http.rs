//! The same story with every call of DynamoDB over the engine's own HTTP listener: bytes on a wire,
//! signatures, checksums.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use attune_aws::sdk::{dynamodb, over_http};
use attune_aws::store::{Settings, Store};
use attune_domain::time::Span;
use attune_testkit::World;
use attune_tests::{dispatch, manage, post, sweep};
use serde_json::{Value, json};

const SHOP: &str = "
segments:
  - { id: buyers, when: { event: Order Completed } }
  - { id: quiet, when: { event: Order Completed, last: { older_than: 30d } } }
templates:
  - { id: thanks, email: { subject: Thanks, html: '<p>Thanks</p>', text: Thanks } }
programs:
  - { id: thank, enter: buyers, again: never, send: { template: thanks } }
";

#[tokio::test]
async fn an_order_a_message_and_a_wake_up_over_the_wire() {
    let mut world = World::new().await;
    let listening = world.engine.listen(0).await.unwrap();
    let client = dynamodb::Client::new(&over_http(&listening.url()));
    world.store = Store::new(client, Settings::local());
    world.publish(SHOP).await;
    world.reachable("42").await;

    let order = json!({"type": "track", "event": "Order Completed", "userId": "42",
        "messageId": "m1", "properties": {"order_id": "1", "total": 20}});
    for _ in 0..2 {
        let (status, _) = post(&world, "/v1/track", "server-key", &order).await;
        assert_eq!(status.as_u16(), 200);
    }
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    world.pass(Span::days(30));
    assert_eq!(sweep(&world).await.unwrap().changed, 1);
    let (_, customer) = manage(&world, "GET", "/api/customers/42", &Value::Null).await;
    assert_eq!(customer["orders"]["count"], 1);
    let (_, members) = manage(&world, "GET", "/api/segments/quiet/members", &Value::Null).await;
    assert_eq!(members["members"][0]["customer"], "u#42");
}
