//! Somebody who did everything that leaves traces, and where these are found.

use attune_domain::address::Address;
use attune_domain::event::{Device, Platform};
use attune_domain::time::Span;
use attune_testkit::World;
use attune_tests::{dispatch, manage, post, sweep};
use axum::http::StatusCode;
use serde_json::{Value, json};

pub(crate) const SHOP: &str = "
coupons:
  - { id: ten, codes: unique }
segments:
  - { id: buyers, name: Buyers, when: { event: Order Completed } }
  - { id: cart, when: { waiting: { since: Product Added, without: Order Completed, for: 1h, at_most: 7d } } }
templates:
  - id: thanks
    email:
      subject: 'Thanks {{ customer.first_name }}'
      html: '<p>Thanks <a href=\"https://shop.example.com/red\">red</a></p>'
      text: '{{ coupon.code }}'
  - { id: note, email: { subject: 'Still {{ customer.first_name }}?', html: '<p>Thanks</p>', text: 'Thanks' } }
  - { id: call, sms: 'Thanks {{ customer.first_name }}' }
  - { id: tap, push: { title: 'Thanks {{ customer.first_name }}', body: Thanks } }
programs:
  - { id: thank, enter: buyers, again: never, send: { template: thanks, coupon: ten } }
  - { id: call, enter: buyers, again: never, send: { template: call } }
  - { id: tap, enter: buyers, again: never, send: { template: tap } }
  - { id: remind, enter: cart, again: { after: 7d }, send: { template: note } }
";

/// Words that are nowhere but where this person is.
pub(crate) const CANARIES: [&str; 7] = [
    "Zebulon",
    "zeb.canary@example.com",
    "old.canary@example.com",
    "15559871234",
    "token-canary",
    "property-canary",
    "customer-canary",
];
pub(crate) const ID: &str = "customer-canary";
pub(crate) const PHONE: &str = "+15559871234";

pub(crate) fn call(world: &World, message: &str, kind: &str, more: Value) -> Value {
    let mut call = json!({"type": kind, "userId": ID, "messageId": message,
        "timestamp": world.now().to_string()});
    call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call
}

pub(crate) fn track(world: &World, message: &str, name: &str, properties: Value) -> Value {
    call(world, message, "track", json!({"event": name, "properties": properties}))
}

pub(crate) async fn send(world: &World, events: &[Value]) -> StatusCode {
    post(world, "/v1/batch", "server-key", &json!({ "batch": events })).await.0
}

/// Does everything that leaves traces.
pub(crate) async fn live(world: &World) {
    let codes: Vec<String> = (0..5).map(|n| format!("CODE-{n}")).collect();
    manage(world, "POST", "/api/coupons/ten/codes", &json!(codes)).await;
    let mut visit = track(world, "visit", "Product Viewed", json!({"note": "property-canary"}));
    visit["userId"].take();
    visit["anonymousId"] = "visitor-of-customer-canary".into();
    let old = json!({"traits": {"email": "old.canary@example.com"}, "anonymousId": "visitor-of-customer-canary"});
    let new = json!({"traits": {"email": "zeb.canary@example.com", "phone": PHONE, "first_name": "Zebulon"},
        "context": {"device": {"type": "ios", "token": "token-canary"}}});
    let allows = |channel: &str| {
        let properties = json!({"channel": channel, "source": "test"});
        track(world, &format!("may-{channel}"), "Consent Granted", properties)
    };
    let ordered = json!({"order_id": "1", "note": "property-canary"});
    let events = [
        visit,
        call(world, "who", "identify", old),
        call(world, "who-now", "identify", new),
        allows("email"),
        allows("sms"),
        allows("push"),
        call(world, "bad", "dance", json!({"note": "property-canary"})),
        track(world, "order", "Order Completed", ordered),
        track(world, "add", "Product Added", json!({"product_id": "red"})),
    ];
    assert_eq!(send(world, &events).await, StatusCode::OK);
}

/// Everything in the tables and the outbox that has a canary in it.
pub(crate) fn left(world: &World) -> Vec<String> {
    let sent = world.capture.sent().into_iter().map(|sent| format!("outbox: {sent:?}"));
    left_in_tables(world).into_iter().chain(sent.filter(|text| has_canary(text))).collect()
}

/// Everything in the tables that has a canary in it.
pub(crate) fn left_in_tables(world: &World) -> Vec<String> {
    let tables =
        ["profiles", "events", "agenda", "memberships", "messages", "addresses", "workspace"];
    let items = tables.into_iter().flat_map(|table| {
        world.items(table).into_iter().map(move |item| format!("{table}: {item}"))
    });
    items.filter(|text| has_canary(text)).collect()
}

/// Addresses are known to the store by a hash that anybody can make: it counts as the address.
fn has_canary(text: &str) -> bool {
    let keys = keys();
    CANARIES.into_iter().chain(keys.iter().map(String::as_str)).any(|canary| text.contains(canary))
}

fn keys() -> Vec<String> {
    let mails = ["zeb.canary@example.com", "zeb2.canary@example.com", "old.canary@example.com"];
    let mails = mails.map(|text| Address::email(text).unwrap());
    let phone = Address::phone(PHONE).unwrap();
    let token = "token-canary".to_owned();
    let device = Address::device(&Device { platform: Platform::Apns, token });
    mails.into_iter().chain([phone, device]).map(|address| address.key()).collect()
}

/// Asks for the erasure, and tells how it is answered.
pub(crate) async fn erase(world: &World) -> (StatusCode, Value) {
    let path = format!("/api/customers/{ID}");
    manage(world, "DELETE", &path, &json!({"reason": "asked by letter"})).await
}

/// Time goes by, and the schedules run.
pub(crate) async fn come_to_rest(world: &World) {
    for _ in 0..3 {
        world.pass(Span::minutes(17));
        sweep(world).await.unwrap();
        dispatch(world).await.unwrap();
    }
}
