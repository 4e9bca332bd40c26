//! Messages that tell of the event that they follow, and follow their customer.

use attune_tests::by_visitor;

use super::*;

const RECEIPTS: &str = "
segments: [{ id: ordered-just-now, when: { event: Order Completed, within: 1m } }]
templates: [{ id: receipt, sms: 'Order {{ event.order_id }} of {{ event.products.first.name }}' }]
programs:
  - id: receipt
    enter: ordered-just-now
    again: { after: 1m }
    send: { template: receipt, class: transactional }
";

#[tokio::test]
async fn a_receipt_tells_of_the_very_order_that_it_follows() {
    let world = World::with(RECEIPTS).await;
    world.reachable("42").await;
    for (order, name) in [("A7", "Red"), ("B8", "White")] {
        let bought = json!({"order_id": order, "products": [{"product_id": "p", "name": name}]});
        world.apply(&[world.track("42", "Order Completed", bought)]).await;
        world.pass(Span::minutes(2));
        sweep(&world).await.unwrap();
    }
    dispatch(&world).await.unwrap();
    assert_eq!(texts(&world), ["Order A7 of Red", "Order B8 of White"]);
    world.pass(Span::minutes(2));
    let large = json!({"order_id": "L1", "notes": "x".repeat(33_000)});
    world.apply(&[world.track("42", "Order Completed", large)]).await;
    assert_eq!(dispatch(&world).await.unwrap().failed, 1);
    let (_, told) = manage(&world, "GET", "/api/customers/42/messages", &Value::Null).await;
    let why = "the event said that it follows is over 32 KB and was not kept";
    assert!(told.to_string().contains(why), "{told}");
    let shown =
        json!({"customer": "42", "event": {"order_id": "C9", "products": [{"name": "Rosé"}]}});
    let (_, seen) = post(&world, "/api/templates/receipt/preview", shown).await;
    assert_eq!(seen["parts"]["sms"]["text"], "Order C9 of Rosé", "{seen}");
}

#[tokio::test]
async fn a_visitor_who_tells_who_they_are_gets_what_waits_for_the_visitor() {
    let world = World::with(RECEIPTS).await;
    let call = |name: &str, rest: Value| by_visitor(&world, name, rest);
    let batch = json!({"batch": [
        call("1", json!({"type": "identify", "traits": {"phone": "+15550000042"}})),
        call("2", json!({"type": "track", "event": "Order Completed", "properties": {
            "order_id": "A7", "products": [{"product_id": "p", "name": "Red"}]}})),
        call("3", json!({"type": "identify", "userId": "42"})),
    ]});
    let (status, told) = attune_tests::post(&world, "/v1/batch", "server-key", &batch).await;
    assert!(status.is_success(), "{told}");
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    assert_eq!(texts(&world), ["Order A7 of Red"]);
    let (_, told) = manage(&world, "GET", "/api/customers/42/messages", &Value::Null).await;
    assert_eq!(told["messages"][0]["state"], "accepted", "{told}");

    // The next person on the same device gets nothing of it.
    world.pass(Span::minutes(2));
    let second = json!({"batch": [
        call("4", json!({"type": "track", "event": "Order Completed", "properties": {
            "order_id": "B8", "products": [{"product_id": "p", "name": "White"}]}})),
        call("5", json!({"type": "identify", "userId": "43", "traits": {"phone": "+15550000043"}})),
    ]});
    attune_tests::post(&world, "/v1/batch", "server-key", &second).await;
    dispatch(&world).await.unwrap();
    assert_eq!(texts(&world), ["Order A7 of Red", "Order B8 of White"]);
    let sent = world.capture.sent();
    let Some(Kind::Sms(last)) = sent.last().map(|sent| &sent.kind) else { panic!("{sent:?}") };
    assert_eq!(last.phone, "+15550000042", "the order was filed with whom the device was of");
}

#[tokio::test]
async fn what_time_planned_for_a_visitor_just_before_they_told_who_they_are_is_not_lost() {
    let world = World::with(
        "
segments:
  - id: left
    when: { waiting: { since: Product Added, without: Order Completed, for: 1h, at_most: 7d } }
templates: [{ id: left, sms: 'You left {{ cart.items.first.name }}' }]
programs:
  - { id: left, enter: left, again: never, send: { template: left, class: transactional } }
",
    )
    .await;
    let call = |name: &str, rest: Value| json!({ "batch": [by_visitor(&world, name, rest)] });
    let phone = json!({"type": "identify", "traits": {"phone": "+15550000042"}});
    let added = json!({"type": "track", "event": "Product Added",
        "properties": {"product_id": "p", "name": "Red"}});
    for (id, rest) in [("1", phone), ("2", added)] {
        attune_tests::post(&world, "/v1/batch", "server-key", &call(id, rest)).await;
    }
    // The timer ran out, and no sweep came by yet.
    world.pass(Span::minutes(61));
    let known = call("3", json!({"type": "identify", "userId": "42"}));
    attune_tests::post(&world, "/v1/batch", "server-key", &known).await;
    dispatch(&world).await.unwrap();
    assert_eq!(texts(&world), ["You left Red"]);
}

fn texts(world: &World) -> Vec<String> {
    let sent = world.capture.sent().into_iter();
    let texts = sent.filter_map(|sent| match sent.kind {
        Kind::Sms(sms) => Some(sms.text),
        _ => None,
    });
    texts.collect()
}
