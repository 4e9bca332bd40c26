//! A cart that waits becomes a reminder; an order in time means none.

use attune_domain::time::Span;
use attune_embedded::capture::sent::Kind;
use attune_testkit::World;
use attune_tests::{dispatch, post, sweep};
use serde_json::json;

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
