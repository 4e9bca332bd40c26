//! What comes back: bounces, complaints, opens, and what people answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

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

#[tokio::test]
async fn a_bounce_stops_the_next_message_and_says_why() {
    let (world, sent) = shop(SHOP).await;
    assert_eq!(newest(&world).await["delivery"], Value::Null);
    assert_eq!(tell(&world, &sent, Happened::Bounce).await, ONE);
    assert_eq!(suppressed(&world), ["bounce"]);
    assert_eq!(newest(&world).await["delivery"], "bounced");
    assert_eq!(buy_later(&world, 2).await, None);
    let next = newest(&world).await;
    assert_eq!(
        (&next["state"], &next["reason"]),
        (&json!("dropped"), &json!("the address is suppressed"))
    );
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

async fn text(world: &World, body: &str, id: &str) -> Taken {
    feedback(world, &text_from(PHONE, body, id)).await.unwrap()
}

/// The texts that were sent, in order.
fn texts(world: &World) -> Vec<String> {
    let sent = world.capture.sent().into_iter();
    sent.filter_map(|sent| match sent.kind {
        Kind::Sms(sms) => Some(sms.text),
        _ => None,
    })
    .collect()
}

#[tokio::test]
async fn stop_gets_one_confirmation_and_then_nothing() {
    let (world, _) = shop(TEXTS).await;
    for _ in 0..3 {
        assert_eq!(text(&world, "STOP!", "in-1").await, ONE);
    }
    // Said again, it is known.
    text(&world, "stop", "in-2").await;
    let sent = texts(&world);
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(sent[1].starts_with("Shop: You are unsubscribed"), "{sent:?}");
    assert_eq!(suppressed(&world), ["stop"]);
    assert_eq!(buy_later(&world, 2).await, None);
    assert_eq!(newest(&world).await["state"], "dropped");
    let (_, customer) = manage(&world, "GET", "/api/customers/42", &Value::Null).await;
    assert_eq!(customer["channels"]["sms"]["consent"], false);
    assert_eq!(texts(&world).len(), 2);
}

#[tokio::test]
async fn start_after_stop_lets_messages_go_again() {
    let (world, _) = shop(TEXTS).await;
    text(&world, "Stop", "in-1").await;
    world.pass(Span::minutes(5));
    text(&world, "START", "in-2").await;
    assert_eq!(suppressed(&world), [""; 0]);
    assert!(texts(&world)[2].contains("again"), "{:?}", texts(&world));
    // The STOP of before, delivered late once more, is history.
    let old = text_from(PHONE, "Stop", "in-1");
    let before = world.now() - Span::minutes(5);
    hand_over(&world, &by_topic(FEEDBACK_TOPIC, &old, before.millis())).await.unwrap();
    assert_eq!(suppressed(&world), [""; 0]);
    assert!(buy_later(&world, 2).await.is_some());
    let told = told(&world).await;
    assert_eq!(told.iter().filter(|name| *name == "Consent Withdrawn").count(), 1, "{told:?}");
}

#[tokio::test]
async fn help_is_answered_and_changes_nothing() {
    let (world, _) = shop(TEXTS).await;
    let before = told(&world).await;
    text(&world, "help?", "in-1").await;
    text(&world, "help?", "in-1").await;
    assert_eq!(
        texts(&world)[1..],
        ["Shop: Reply STOP to get no more messages, START to get them again."]
    );
    assert_eq!(told(&world).await, before);
    assert_eq!(suppressed(&world), [""; 0]);
}

#[tokio::test]
async fn a_sentence_with_stop_in_it_is_kept_and_not_obeyed() {
    let (world, _) = shop(TEXTS).await;
    text(&world, "Don't stop! I love these", "in-1").await;
    assert_eq!(texts(&world).len(), 1);
    assert_eq!(suppressed(&world), [""; 0]);
    assert!(told(&world).await.contains(&"Message Replied".to_owned()));
    assert!(buy_later(&world, 2).await.is_some());
}

#[tokio::test]
async fn a_french_customer_is_answered_in_french() {
    let (world, _) = shop(TEXTS).await;
    let french = world.call("42", json!({"type": "identify", "traits": {"language": "fr"}}));
    world.apply(&[french]).await;
    text(&world, "Arrêt SVP", "in-1").await;
    assert!(texts(&world)[1].starts_with("Shop: Vous êtes désabonné"), "{:?}", texts(&world));
}

#[tokio::test]
async fn forged_and_foreign_notices_change_nothing() {
    let (world, sent) = shop(SHOP).await;
    let tables = ["profiles", "events", "messages", "addresses", "agenda"];
    let state = |world: &World| tables.map(|table| world.items(table));
    let before = state(&world);
    let now = world.now().millis();
    let real = told_of(&sent, Happened::Complaint, now).unwrap();
    let change = |place: &str, value: Value| {
        let mut forged = real.clone();
        *forged.pointer_mut(place).unwrap() = value;
        forged
    };
    let stranger = json!(["mallory@example.com"]);
    let other = "msg_00000000000000000000000000";
    for forged in [
        change("/mail/tags/message/0", json!(other)),
        change("/mail/tags/message/0", json!("anything")),
        change("/mail/messageId", json!("another mail")),
        change("/mail/destination", stranger.clone()),
        json!({"originationNumber": "nobody", "inboundMessageId": "1"}),
        json!({"notificationType": "Received", "mail": {"messageId": "1"}}),
    ] {
        let taken = feedback(&world, &forged).await.unwrap();
        assert_eq!(taken.taken, 0, "{forged}");
    }
    for payload in [
        by_topic("arn:aws:sns:us-east-1:999999999999:attune-feedback", &real, now),
        real.clone(),
        json!({"source": "aws.ses", "account": "999999999999", "detail": real}),
    ] {
        assert_eq!(hand_over(&world, &payload).await.unwrap(), REFUSED, "{payload}");
    }
    // It complains of somebody whom we did not write to.
    let wrong =
        change("/complaint/complainedRecipients/0/emailAddress", json!("mallory@example.com"));
    assert_eq!(feedback(&world, &wrong).await.unwrap(), FOREIGN);
    assert_eq!(state(&world), before);
}

#[tokio::test]
async fn a_message_that_was_never_sent_cannot_bounce() {
    let world = World::with(SHOP).await;
    world.reachable("42").await;
    let order = world.track("42", "Order Completed", json!({"order_id": "1"}));
    world.apply(&[order]).await;
    let id = world.items("messages")[0]["id"]["S"].as_str().unwrap().to_owned();
    let notice = json!({
        "eventType": "Bounce",
        "bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "customer-42@example.com"}]},
        "mail": {"timestamp": "2026-10-01T09:00:00.000Z", "messageId": "x",
            "destination": ["customer-42@example.com"], "tags": {"message": [id]}},
    });
    assert_eq!(feedback(&world, &notice).await.unwrap(), FOREIGN);
    assert_eq!(suppressed(&world), [""; 0]);
}

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
async fn notices_in_any_order_and_twice_leave_the_same_behind() {
    let all = [
        Happened::Delay,
        Happened::Delivery,
        Happened::Open,
        Happened::SoftBounce,
        Happened::Complaint,
    ];
    let mut seen: Option<(Value, Vec<String>, Vec<Value>)> = None;
    for order in orders(&all) {
        let (world, sent) = shop(SHOP).await;
        world.pass(Span::minutes(2));
        for happened in order.iter().chain(&order[..2]) {
            tell(&world, &sent, *happened).await;
        }
        let left =
            (newest(&world).await["heard"].clone(), told(&world).await, world.items("addresses"));
        let first = seen.get_or_insert_with(|| left.clone());
        assert_eq!(*first, left, "{order:?}");
    }
    let (heard, told, _) = seen.unwrap();
    assert_eq!(heard, json!(["delayed", "delivered", "opened", "soft-bounced", "complained"]));
    assert_eq!(told.iter().filter(|name| *name == "Message Opened").count(), 1);
}

#[tokio::test]
async fn a_delivery_settles_a_message_of_which_nobody_knew() {
    use attune_testkit::faults::{Fate, Faults, Faulty};
    let faults = Faults::none();
    let wrap = faults.clone();
    let world = World::behind(|inner| std::sync::Arc::new(Faulty::new(inner, wrap))).await;
    world.publish(SHOP).await;
    world.reachable("42").await;
    faults.next("SendEmail", Fate::LoseReply);
    let sent = buy(&world, 1).await.expect("a message");
    assert_eq!(newest(&world).await["state"], "unknown");
    tell(&world, &sent, Happened::Delivery).await;
    let message = newest(&world).await;
    assert_eq!(
        (&message["state"], &message["delivery"]),
        (&json!("accepted"), &json!("delivered"))
    );
    assert_eq!(message["provider_id"], format!("{}-000000", sent.id));
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
async fn eventbridge_is_heard_as_well() {
    let (world, sent) = shop(SHOP).await;
    let now = world.now().millis();
    let notice = told_of(&sent, Happened::Delivery, now).unwrap();
    assert_eq!(hand_over(&world, &by_bus(&notice, now)).await.unwrap(), ONE);
    assert_eq!(newest(&world).await["delivery"], "delivered");
}

#[tokio::test]
async fn one_bad_record_does_not_stop_the_others() {
    let (world, sent) = shop(SHOP).await;
    let now = world.now().millis();
    let good = by_topic(FEEDBACK_TOPIC, &told_of(&sent, Happened::Delivery, now).unwrap(), now);
    let bad = json!({"Sns": {"TopicArn": FEEDBACK_TOPIC, "Message": "{\"mail\": {}}"}});
    let both = json!({"Records": [bad, good["Records"][0]]});
    let taken = hand_over(&world, &both).await.unwrap();
    assert_eq!(taken, Taken { taken: 1, foreign: 0, refused: 1 });
    assert_eq!(newest(&world).await["delivery"], "delivered");
}

#[tokio::test]
async fn what_became_of_a_text_is_found_by_its_number() {
    let (world, sent) = shop(TEXTS).await;
    for (happened, heard) in [(Happened::Delivery, "delivered"), (Happened::Bounce, "bounced")] {
        // SNS tells of texts by its log, and by nothing else.
        let now = world.now().millis();
        let row = told_of(&sent, happened, now).unwrap();
        assert_eq!(hand_over(&world, &by_logs(&row, now)).await.unwrap(), ONE);
        assert_eq!(newest(&world).await["delivery"], heard);
    }
    assert_eq!(suppressed(&world), ["bounce"]);
    assert_eq!(buy_later(&world, 2).await, None);
}

#[tokio::test]
async fn texts_that_are_not_ours_in_the_log_of_the_account_change_nothing() {
    let (world, sent) = shop(TEXTS).await;
    let now = world.now().millis();
    let row = told_of(&sent, Happened::Bounce, now).unwrap();
    let before = world.items("addresses");
    for (place, value) in [
        ("/notification/messageId", json!("another text")),
        ("/delivery/destination", json!("+15550000043")),
    ] {
        let mut other = row.clone();
        *other.pointer_mut(place).unwrap() = value;
        assert_eq!(hand_over(&world, &by_logs(&other, now)).await.unwrap(), FOREIGN, "{place}");
    }
    assert_eq!(world.items("addresses"), before);
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

const PUSHES: &str = "
policy: { channels: [push, email] }
segments:
  - { id: buyers, when: { event: Order Completed, within: 1d } }
templates:
  - id: thanks
    push: { title: Thanks, body: Thanks }
    email: { subject: Thanks, html: '<p>Thanks</p>', text: Thanks }
programs:
  - { id: thank, enter: buyers, again: { after: 1d }, send: { template: thanks } }
";

/// Customer 42 opens the app on their phone.
async fn open_app(world: &World) {
    let device = json!({"type": "android", "token": "token-1"});
    let seen = world.call("42", json!({"type": "page", "context": {"device": device}}));
    world.apply(&[seen]).await;
}

async fn with_app() -> (World, Sent) {
    let world = World::with(PUSHES).await;
    world.reachable("42").await;
    open_app(&world).await;
    let consent = world.track("42", "Consent Granted", json!({"channel": "push"}));
    world.apply(&[consent]).await;
    let sent = buy(&world, 1).await.expect("a message");
    assert!(matches!(sent.kind, Kind::Push(_)));
    (world, sent)
}

#[tokio::test]
async fn a_device_that_is_gone_is_given_up_until_its_app_is_seen_again() {
    let (world, sent) = with_app().await;
    assert_eq!(tell(&world, &sent, Happened::Bounce).await, ONE);
    assert_eq!(suppressed(&world), ["disabled"]);
    let mail = buy_later(&world, 2).await.expect("a mail");
    assert!(matches!(mail.kind, Kind::Email(_)));
    world.pass(Span::hours(1));
    open_app(&world).await;
    let push = buy_later(&world, 3).await.expect("a push message");
    assert!(matches!(push.kind, Kind::Push(_)));
    assert_eq!(suppressed(&world), [""; 0]);
}

#[tokio::test]
async fn a_device_that_is_found_gone_at_the_send_gets_a_mail_instead() {
    let (world, sent) = with_app().await;
    let Kind::Push(push) = &sent.kind else { panic!("{sent:?}") };
    world.capture.disable_endpoint(&push.endpoint);
    let Some(mail) = buy_later(&world, 2).await else { panic!("{}", newest(&world).await) };
    assert!(matches!(mail.kind, Kind::Email(_)), "{mail:?}");
    assert_eq!(suppressed(&world), ["disabled"]);
    let message = newest(&world).await;
    assert_eq!((&message["state"], &message["channel"]), (&json!("accepted"), &json!("email")));
    assert_eq!(message["refused_on"], json!(["push"]));
    // The cap was booked once, and the next message asks the device no more.
    assert_eq!(told(&world).await.iter().filter(|name| *name == "Message Sent").count(), 2);
    let next = buy_later(&world, 3).await.expect("a mail");
    assert!(matches!(next.kind, Kind::Email(_)));
    assert_eq!(newest(&world).await["refused_on"], json!([]));
}

/// A shop that has set up no push service, and a customer whose phone it knows.
async fn without_push_service(definitions: &str) -> World {
    let mut world = World::with(definitions).await;
    let (engine, capture) = (Arc::new(world.engine.clone()), Arc::new(world.capture.clone()));
    let aws = attune_aws::sdk::in_process(Arc::new(attune_embedded::Router::new(engine, capture)));
    let settings = attune_aws::senders::SendSettings::default();
    world.senders = attune_aws::senders::Senders::new(&aws, settings);
    world.reachable("42").await;
    open_app(&world).await;
    let consent = world.track("42", "Consent Granted", json!({"channel": "push"}));
    world.apply(&[consent]).await;
    world
}

#[tokio::test]
async fn a_channel_that_refuses_before_the_sending_is_passed_over_and_told() {
    let world = without_push_service(PUSHES).await;
    let sent = buy(&world, 1).await.expect("a message");
    assert!(matches!(sent.kind, Kind::Email(_)));
    let decision = newest(&world).await["decision"].clone();
    assert_eq!(
        decision,
        "chosen for email, as the order of the policy; not push, as the sender refused it; the sender accepted it"
    );
    let mail = "    email: { subject: Thanks, html: '<p>Thanks</p>', text: Thanks }\n";
    let world =
        without_push_service(&PUSHES.replace(mail, "").replace("[push, email]", "[email, push]"))
            .await;
    assert_eq!(buy(&world, 1).await, None);
    let message = newest(&world).await;
    assert_eq!(message["state"], "refused");
    assert_eq!(
        message["reason"],
        "no platform application is set up; it was to go by push, as the order of the policy; \
         not email, as the template has no text for it"
    );
}
