//! A cart that waits becomes a reminder; an order in time means none. Where it is kept.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and helpers of tests are tests"
)]

use attune_aws::store::Consistency;
use attune_domain::id::CustomerId;
use attune_domain::time::Span;
use attune_embedded::capture::sent::Kind;
use attune_testkit::World;
use attune_tests::reference::part;
use attune_tests::{dispatch, post, sweep};
use serde_json::{Value, json};

const SHOP: &str = "
segments:
  - id: cart-abandoners
    when: { waiting: { since: [Product Added], without: Order Completed, for: 1h, at_most: 7d } }
templates:
  - id: cart
    email:
      subject: 'You left {{ cart.items[0].name }}'
      html: '<p>{{ customer.first_name }}</p>'
      text: '{{ customer.first_name }}'
programs:
  - id: cart-reminder
    enter: cart-abandoners
    again: { after: 7d }
    send: { template: cart, max_lateness: 6h, about: cart }
";

#[tokio::test]
async fn a_cart_left_for_an_hour_becomes_a_reminder_with_its_items() {
    let world = World::with(SHOP).await;
    Box::pin(world.reachable("42")).await;
    let red = json!({"product_id": "red", "name": "A red one", "price": 12.5});
    let event = json!({"batch": [
        {"type": "track", "event": "Product Added", "userId": "42", "messageId": "m1", "properties": red}
    ]});
    let (status, body) = post(&world, "/v1/batch", "server-key", &event).await;
    assert_eq!((status.as_u16(), body), (200, json!({"success": true})));

    world.pass(Span::minutes(59));
    assert_eq!(sweep(&world).await.unwrap().changed, 0);
    world.pass(Span::minutes(1));
    assert_eq!(sweep(&world).await.unwrap().changed, 1);
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    let sent = world.capture.sent();
    let Kind::Email(mail) = &sent[0].kind else { panic!("{sent:?}") };
    assert_eq!(mail.subject, "You left A red one");
    assert_eq!(dispatch(&world).await.unwrap().accepted, 0);
}

/// Whether the cart is in the core's item, and what the store says is in it.
async fn cart(world: &World, id: &CustomerId) -> (bool, Vec<String>) {
    let inside = !part(world, id, "core")["cart"].is_null();
    let stored = world.store.load(id, Consistency::Strong, world.now()).await.unwrap();
    (inside, stored.profile.cart.items().into_iter().map(|item| item.product.id).collect())
}

async fn put(world: &World, product: &str, name: &str) {
    let properties: Value = json!({"product_id": product, "name": name});
    world.apply(&[world.track("42", "Product Added", properties)]).await;
    world.pass(Span::seconds(1));
}

#[tokio::test]
async fn a_cart_that_grows_leaves_the_core_and_one_that_is_small_again_comes_back() {
    let world = World::with(SHOP).await;
    let id = world.reachable("42").await;
    put(&world, "red", "A red one").await;
    assert_eq!(cart(&world, &id).await, (true, vec!["red".to_owned()]));
    for product in ["long", "longer"] {
        put(&world, product, &"a name ".repeat(70)).await;
    }
    let three = ["red", "long", "longer"].map(str::to_owned).to_vec();
    assert_eq!(cart(&world, &id).await, (false, three.clone()));

    // Time alone reads only the core, and leaves a cart alone that is elsewhere.
    world.pass(Span::hours(1));
    assert_eq!(sweep(&world).await.unwrap().changed, 1);
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    assert_eq!(cart(&world, &id).await, (false, three));

    // What is left of it in its own item is old.
    let order = json!({"order_id": "1", "total": 10, "products": [{"product_id": "red"}]});
    world.apply(&[world.track("42", "Order Completed", order)]).await;
    assert_eq!(cart(&world, &id).await, (true, Vec::new()));
    assert!(!part(&world, &id, "cart")["packed"].is_null());
    world.pass(Span::seconds(1));
    for product in ["blue", "bluer", "bluest"] {
        put(&world, product, &"a name ".repeat(70)).await;
    }
    let blue = ["blue", "bluer", "bluest"].map(str::to_owned).to_vec();
    assert_eq!(cart(&world, &id).await, (false, blue));
}

#[tokio::test]
async fn a_cart_leaves_a_core_that_needs_its_room_and_is_not_lost() {
    let world = World::with(SHOP).await;
    let id = world.reachable("42").await;
    for product in ["red", "blue"] {
        put(&world, product, &"a name ".repeat(58)).await;
    }
    let both = ["red", "blue"].map(str::to_owned).to_vec();
    assert_eq!(cart(&world, &id).await, (true, both.clone()));
    for _ in 0..20 {
        world.apply(&[world.track("42", "Look", json!({}))]).await;
    }
    assert_eq!(cart(&world, &id).await, (false, both));
}
