//! A small shop for schedules: its definitions, and what its customers do.

use attune_domain::time::Span;
use attune_testkit::{BEGIN, at};
use serde_json::{Value, json};

/// The definitions that the shop begins with.
pub const FIRST: &str = "
segments:
  - { id: buyers, when: { event: Order Completed } }
  - { id: recent, when: { event: Order Completed, within: 30d } }
  - { id: fans, when: { event: Product Viewed, times: { at_least: 3 }, within: 7d } }
  - { id: written, when: { received: any, within: 7d } }
  - { id: cart, when: { waiting: { since: Product Added, without: Order Completed, for: 1h, at_most: 7d } } }
templates:
  - { id: note, email: { subject: Hello, html: '<p>Hello</p>', text: Hello } }
  - { id: thanks, email: { subject: 'Your order {{ event.order_id }}', html: '<p>Thanks</p>', text: Thanks } }
programs:
  - { id: thanks, enter: buyers, again: never, send: { template: thanks, max_lateness: 1d } }
  - { id: reminder, enter: cart, again: { after: 7d }, send: { template: note, max_lateness: 6h, about: cart } }
";

/// The same, but two views make a fan: no feature is missing.
pub const EASIER: &str = "
segments:
  - { id: buyers, when: { event: Order Completed } }
  - { id: recent, when: { event: Order Completed, within: 30d } }
  - { id: fans, when: { event: Product Viewed, times: { at_least: 2 }, within: 7d } }
  - { id: written, when: { received: any, within: 7d } }
  - { id: cart, when: { waiting: { since: Product Added, without: Order Completed, for: 1h, at_most: 7d } } }
templates:
  - { id: note, email: { subject: Hello, html: '<p>Hello</p>', text: Hello } }
  - { id: thanks, email: { subject: 'Your order {{ event.order_id }}', html: '<p>Thanks</p>', text: Thanks } }
programs:
  - { id: thanks, enter: buyers, again: never, send: { template: thanks, max_lateness: 1d } }
  - { id: reminder, enter: cart, again: { after: 7d }, send: { template: note, max_lateness: 6h, about: cart } }
";

/// The same as the first, and one segment that nobody kept anything for.
pub const WITH_READERS: &str = "
segments:
  - { id: buyers, when: { event: Order Completed } }
  - { id: recent, when: { event: Order Completed, within: 30d } }
  - { id: fans, when: { event: Product Viewed, times: { at_least: 3 }, within: 7d } }
  - { id: written, when: { received: any, within: 7d } }
  - { id: cart, when: { waiting: { since: Product Added, without: Order Completed, for: 1h, at_most: 7d } } }
  - { id: readers, when: { event: Article Read, times: { at_least: 2 } } }
templates:
  - { id: note, email: { subject: Hello, html: '<p>Hello</p>', text: Hello } }
  - { id: thanks, email: { subject: 'Your order {{ event.order_id }}', html: '<p>Thanks</p>', text: Thanks } }
programs:
  - { id: thanks, enter: buyers, again: never, goal: { event: Survey Answered }, send: { template: thanks, max_lateness: 1d } }
  - { id: reminder, enter: cart, again: { after: 7d }, send: { template: note, max_lateness: 6h, about: cart } }
";

/// Who spends more than the half, and a class of both halves.
pub const RANKED: &str = "
metrics:
  spent: { sum: total, of: Order Completed }
segments:
  - { id: best, when: { metric: spent, above: median } }
classes:
  - id: value
    name: Value
    cross: { amount: { metric: spent, split: median } }
    cells: [{ id: high, amount: 2 }, { id: low, amount: 1 }]
";

/// Something a customer does, `minutes` before the shop's beginning. Its name is its message id.
#[expect(clippy::needless_pass_by_value, reason = "called with literals")]
pub fn did(customer: &str, message: &str, name: &str, minutes: u32, properties: Value) -> Value {
    let when = at(BEGIN) - Span::minutes(minutes);
    json!({"type": "track", "userId": customer, "event": name, "messageId": message,
           "timestamp": when.to_string(), "properties": properties})
}

/// Views a product.
pub fn views(customer: &str, message: &str) -> Value {
    did(customer, message, "Product Viewed", 1, json!({"product_id": "red"}))
}

/// Puts a product in the cart, now.
pub fn adds(customer: &str, message: &str) -> Value {
    let red = json!({"product_id": "red", "name": "A red one", "price": 12.5});
    did(customer, message, "Product Added", 0, red)
}

/// Orders, now; the message id is the order's too.
pub fn orders(customer: &str, message: &str) -> Value {
    did(customer, message, "Order Completed", 0, json!({"order_id": message, "total": 30}))
}

/// Reads an article.
pub fn reads(customer: &str, message: &str) -> Value {
    did(customer, message, "Article Read", 1, json!({}))
}

/// The same, by somebody who is not known yet.
pub fn anonymously(mut event: Value) -> Value {
    event["anonymousId"] = event["userId"].take();
    event
}

/// Tells who they are, with an address.
pub fn identifies(customer: &str, message: &str) -> Value {
    let email = format!("customer-{customer}@example.com");
    json!({"type": "identify", "userId": customer, "messageId": message, "timestamp": BEGIN,
           "traits": {"email": email, "first_name": "Ada"}})
}

/// Allows e-mail.
pub fn allows(customer: &str, message: &str) -> Value {
    did(customer, message, "Consent Granted", 0, json!({"channel": "email", "source": "test"}))
}

/// Tells their phone number.
pub fn has_phone(customer: &str, message: &str) -> Value {
    json!({"type": "identify", "userId": customer, "messageId": message, "timestamp": BEGIN,
           "traits": {"phone": "+15550000007"}})
}

/// Allows texts.
pub fn allows_texts(customer: &str, message: &str) -> Value {
    did(customer, message, "Consent Granted", 0, json!({"channel": "sms", "source": "test"}))
}
