//! What comes back: bounces, complaints, opens, and what people answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod notices;
mod push;
mod texts;

use std::sync::Arc;

use attune_domain::channel::Channel;
use attune_domain::time::Span;
use attune_embedded::capture::feedback::{
    FEEDBACK_TOPIC, Happened, by_bus, by_logs, by_topic, text_from, told_of,
};
use attune_embedded::capture::sent::{Kind, Sent};
use attune_feedback::Taken;
use attune_testkit::World;
use attune_tests::{dispatch, feedback, hand_over, manage};
use serde_json::{Value, json};

const SHOP: &str = "
segments:
  - { id: buyers, when: { event: Order Completed, within: 1d } }
templates:
  - { id: thanks, email: { subject: Thanks, html: '<p>Thanks</p>', text: Thanks } }
programs:
  - { id: thank, enter: buyers, again: { after: 1d }, send: { template: thanks } }
";

const TEXTS: &str = "
segments:
  - { id: buyers, when: { event: Order Completed, within: 1d } }
templates:
  - { id: thanks, sms: Thanks }
programs:
  - { id: thank, enter: buyers, again: { after: 1d }, send: { template: thanks } }
";

/// The phone of customer 42.
const PHONE: &str = "+15550000042";

/// A shop in which customer 42 was sent one message.
async fn shop(definitions: &str) -> (World, Sent) {
    let world = World::with(definitions).await;
    world.reachable("42").await;
    let sent = buy(&world, 1).await.expect("a message");
    (world, sent)
}

/// Customer 42 orders on the n-th day, and is thanked if that is possible.
async fn buy(world: &World, n: u32) -> Option<Sent> {
    let before = world.capture.sent().len();
    let order = world.track("42", "Order Completed", json!({"order_id": n.to_string()}));
    world.apply(&[order]).await;
    dispatch(world).await.unwrap();
    world.capture.sent().get(before).cloned()
}

/// The next order, days later, when customer 42 has left the segment and comes back.
async fn buy_later(world: &World, n: u32) -> Option<Sent> {
    world.pass(Span::days(2));
    attune_tests::sweep(world).await.unwrap();
    buy(world, n).await
}

async fn tell(world: &World, sent: &Sent, happened: Happened) -> Taken {
    let notice = told_of(sent, happened, world.now().millis()).expect("a notice");
    feedback(world, &notice).await.unwrap()
}

/// What the management API shows of the newest message of customer 42.
async fn newest(world: &World) -> Value {
    let (_, body) = manage(world, "GET", "/api/customers/42/messages", &Value::Null).await;
    body["messages"][0].clone()
}

fn suppressed(world: &World) -> Vec<String> {
    let rows = world.items("addresses");
    let words = rows.iter().filter_map(|row| row["suppressed"]["S"].as_str());
    words.map(str::to_owned).collect()
}

/// Names of the events in the timeline of customer 42 that tell of messages or consent.
async fn told(world: &World) -> Vec<String> {
    let (_, body) = manage(world, "GET", "/api/customers/42/timeline", &Value::Null).await;
    let names = body["events"].as_array().unwrap().iter();
    let names = names.filter_map(|event| event["event"].as_str());
    let mut names: Vec<_> = names.filter(|n| !n.starts_with("Order")).map(str::to_owned).collect();
    names.sort();
    names
}

const ONE: Taken = Taken { taken: 1, foreign: 0, refused: 0 };

const FOREIGN: Taken = Taken { taken: 0, foreign: 1, refused: 0 };

const REFUSED: Taken = Taken { taken: 0, foreign: 0, refused: 1 };

/// Every order of some things.
fn orders<T: Clone>(of: &[T]) -> Vec<Vec<T>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let first = |at: usize| {
        let mut rest = of.to_vec();
        let one = rest.remove(at);
        orders(&rest).into_iter().map(move |order| [vec![one.clone()], order].concat())
    };
    (0..of.len()).flat_map(first).collect()
}

#[tokio::test]
async fn a_bounce_stops_the_next_message_and_says_why() {
    let (world, sent) = shop(SHOP).await;
    assert_eq!(newest(&world).await["delivery"], Value::Null);
    assert_eq!(tell(&world, &sent, Happened::Bounce).await, ONE);
    assert_eq!(suppressed(&world), ["bounce"]);
    assert_eq!(newest(&world).await["delivery"], "bounced");
    assert_eq!(buy_later(&world, 2).await, None);
    let next = newest(&world).await;
    let reason = next["reason"].as_str().unwrap();
    assert_eq!(next["state"], "dropped");
    assert!(reason.starts_with("the address is suppressed: not email, as "), "{reason}");
}

#[tokio::test]
async fn a_complaint_stops_the_next_message() {
    let (world, sent) = shop(SHOP).await;
    tell(&world, &sent, Happened::Delivery).await;
    tell(&world, &sent, Happened::Complaint).await;
    let message = newest(&world).await;
    assert_eq!(message["delivery"], "complained");
    assert_eq!(message["heard"], json!(["delivered", "complained"]));
    assert_eq!(suppressed(&world), ["complaint"]);
    assert_eq!(buy_later(&world, 2).await, None);
}

/// What the management API shows of the e-mail address of customer 42.
async fn mailbox(world: &World) -> Value {
    let (_, body) = manage(world, "GET", "/api/customers/42", &Value::Null).await;
    body["channels"]["email"].clone()
}

#[tokio::test]
async fn a_customer_is_shown_with_the_reason_of_a_suppression_and_a_soft_bounce_is_none() {
    let (world, sent) = shop(SHOP).await;
    tell(&world, &sent, Happened::SoftBounce).await;
    assert_eq!(newest(&world).await["delivery"], "soft-bounced");
    let shown = mailbox(&world).await;
    assert_eq!(shown["consent"], true);
    assert!(shown.as_object().unwrap().contains_key("suppressed"), "{shown}");
    assert_eq!(shown["suppressed"], Value::Null);
    let sent = buy_later(&world, 2).await.expect("a message");
    tell(&world, &sent, Happened::Bounce).await;
    assert_eq!(newest(&world).await["delivery"], "bounced");
    let shown = mailbox(&world).await;
    assert_eq!(shown["suppressed"], "bounce");
    assert_eq!(shown["suppressed_at"], world.now().to_string());
    let (_, body) = manage(&world, "GET", "/api/customers/42/timeline", &Value::Null).await;
    let events = body["events"].as_array().unwrap().iter();
    let kinds: Vec<&Value> =
        events.map(|event| &event["data"]["bounce"]).filter(|k| !k.is_null()).collect();
    assert_eq!(kinds, [&json!("permanent"), &json!("soft")]);
}

#[tokio::test]
async fn the_sixth_soft_bounce_within_thirty_days_is_one_too_many() {
    let (world, mut sent) = shop(SHOP).await;
    for n in 2..=6 {
        // Told twice, counted once.
        tell(&world, &sent, Happened::SoftBounce).await;
        tell(&world, &sent, Happened::SoftBounce).await;
        assert_eq!(suppressed(&world), [""; 0], "after {}", n - 1);
        sent = buy_later(&world, n).await.expect("a message");
    }
    tell(&world, &sent, Happened::SoftBounce).await;
    assert_eq!(suppressed(&world), ["soft-bounces"]);
    assert_eq!(buy_later(&world, 7).await, None);
}

#[tokio::test]
async fn a_delivery_ends_a_row_of_soft_bounces_whenever_it_is_told() {
    // Six bounces on the days 0 to 10; of the fourth mail it is told late that it arrived after all.
    let rule = "policy: { soft_bounces: { stop_at: 3, within: 30d } }";
    let (world, mut sent) = shop(&format!("{rule}{SHOP}")).await;
    tell(&world, &sent, Happened::SoftBounce).await;
    let second = buy_later(&world, 2).await.expect("a message");
    let between = told_of(&second, Happened::Delivery, world.now().millis()).unwrap();
    sent = buy_later(&world, 3).await.expect("a message");
    tell(&world, &sent, Happened::SoftBounce).await;
    sent = buy_later(&world, 4).await.expect("a message");
    tell(&world, &sent, Happened::SoftBounce).await;
    assert_eq!(suppressed(&world), ["soft-bounces"]);
    assert_eq!(buy_later(&world, 5).await, None);
    for _ in 0..2 {
        assert_eq!(feedback(&world, &between).await.unwrap(), ONE);
        assert_eq!(suppressed(&world), [""; 0]);
    }
    sent = buy_later(&world, 6).await.expect("a message");
    tell(&world, &sent, Happened::SoftBounce).await;
    assert_eq!(suppressed(&world), ["soft-bounces"]);
}

#[tokio::test]
async fn soft_bounces_and_deliveries_in_any_order_leave_the_same_behind() {
    let rule = attune_domain::feedback::SoftBounces { at: 2, within: Span::days(30) };
    let address = attune_domain::address::Address::email("ada@example.com").unwrap();
    let begun = attune_testkit::at(attune_testkit::BEGIN);
    let told = [(1, false), (2, false), (3, true), (4, false), (5, false)];
    let mut seen: Option<Vec<Value>> = None;
    for order in orders(&told) {
        let world = World::new().await;
        for (day, delivered) in order.iter().chain(&order[..2]) {
            let at = begun + Span::days(*day);
            match delivered {
                true => world.store.note_delivery(&address, at, rule).await.unwrap(),
                false => {
                    let name = day.to_string();
                    world.store.count_soft_bounce(&address, &name, at, rule).await.unwrap();
                }
            }
        }
        let mut left = world.items("addresses");
        for row in &mut left {
            // A set has no order.
            let bounces = row["soft_bounces"]["SS"].as_array_mut().unwrap();
            bounces.sort_by_key(ToString::to_string);
        }
        assert_eq!(left[0]["suppressed"]["S"], "soft-bounces", "{order:?}");
        assert_eq!(*seen.get_or_insert_with(|| left.clone()), left, "{order:?}");
    }
}

#[tokio::test]
async fn an_absence_note_does_nothing() {
    let (world, sent) = shop(SHOP).await;
    tell(&world, &sent, Happened::Delivery).await;
    let before = (world.items("addresses"), told(&world).await);
    for _ in 0..10 {
        assert_eq!(tell(&world, &sent, Happened::Absence).await, ONE);
    }
    assert_eq!((world.items("addresses"), told(&world).await), before);
    assert_eq!(newest(&world).await["delivery"], "delivered");
}

#[tokio::test]
async fn a_scanner_that_opens_a_mail_is_no_reader() {
    let (world, sent) = shop(SHOP).await;
    tell(&world, &sent, Happened::Delivery).await;
    tell(&world, &sent, Happened::Scan).await;
    assert_eq!(newest(&world).await["delivery"], "delivered");
    assert!(told(&world).await.contains(&"Message Scanned".to_owned()));
    assert!(!told(&world).await.contains(&"Message Opened".to_owned()));
}

#[tokio::test]
async fn a_complaint_about_mail_leaves_texts_alone() {
    let both = SHOP.replace("text: Thanks } }", "text: Thanks }, sms: Thanks }");
    let (world, sent) = shop(&both).await;
    tell(&world, &sent, Happened::Complaint).await;
    let next = buy_later(&world, 2).await.expect("a text");
    assert!(matches!(next.kind, Kind::Sms(_)));
    assert_eq!(newest(&world).await["channel"], Channel::Sms.as_str());
}
