//! `POST /outbox/…`: what is told of messages, and what people answer.

use attune_embedded::capture::feedback::Happened;
use serde_json::{Value, json};

use crate::{Folder, PHONE, Shop};

const TAKEN: [u64; 3] = [1, 0, 0];

/// Notices that were acted upon, foreign, and refused.
fn counts(told: &Value) -> [u64; 3] {
    ["taken", "foreign", "refused"].map(|name| told[name].as_u64().expect("a count"))
}

impl Shop {
    async fn tell(&self, channel: &str, asked: &Value) -> (u16, Value) {
        self.post(&format!("/outbox/{}/feedback", self.sent(channel)), asked).await
    }

    /// What is heard of the message on a channel.
    async fn heard(&self, channel: &str) -> Value {
        let (_, told) = self.ask("GET", "/api/customers/canary/messages", "").await;
        let messages = told["messages"].as_array().unwrap().iter();
        let mut on = messages.filter(|message| message["channel"] == channel);
        on.next().expect("a message")["delivery"].clone()
    }

    async fn suppressed(&self) -> Vec<String> {
        let (_, told) = self.ask("GET", "/api/customers/canary/export", "").await;
        let rows = told["addresses"].as_array().unwrap().iter();
        rows.filter_map(|row| row["suppressed"].as_str().map(str::to_owned)).collect()
    }
}

#[tokio::test]
async fn every_channel_is_told_of_by_every_way_that_aws_has_for_it() {
    for (channel, by, event, heard) in [
        ("email", json!(null), "delivery", "delivered"),
        ("email", json!("sns"), "bounce", "bounced"),
        ("email", json!("eventbridge"), "complaint", "complained"),
        ("sms", json!(null), "delivery", "delivered"),
        ("sms", json!("logs"), "bounce", "bounced"),
    ] {
        let folder = Folder::new();
        let shop = Shop::with_messages(&folder).await;
        let (status, told) = shop.tell(channel, &json!({"event": event, "by": by})).await;
        assert_eq!((status, counts(&told)), (200, TAKEN), "{channel} {by} {event}: {told}");
        assert_eq!(shop.heard(channel).await, heard, "{channel} {by} {event}");
        let (_, again) = shop.tell(channel, &json!({"event": event, "by": by})).await;
        assert_eq!(counts(&again), TAKEN);
    }
    for by in [json!(null), json!("sns")] {
        let folder = Folder::new();
        let shop = Shop::with_messages(&folder).await;
        let (status, told) = shop.tell("push", &json!({"event": "bounce", "by": by})).await;
        assert_eq!((status, counts(&told)), (200, TAKEN), "{told}");
        assert_eq!(shop.suppressed().await, ["disabled"]);
    }
}

#[tokio::test]
async fn every_word_is_taken_for_mail_and_only_its_own_for_the_others() {
    let folder = Folder::new();
    let shop = Shop::with_messages(&folder).await;
    let mut told_of = Vec::new();
    for event in Happened::words() {
        assert_eq!(shop.tell("email", &json!({"event": event})).await.0, 200, "{event}");
        for channel in ["sms", "push"] {
            let (status, told) = shop.tell(channel, &json!({"event": event})).await;
            match status {
                200 => told_of.push(format!("{channel} {event}")),
                _ => assert_eq!(
                    (status, &told["message"]),
                    (422, &json!(format!("`{event}` is not told of messages on this channel")))
                ),
            }
        }
    }
    let expected =
        ["sms delivery", "sms bounce", "push bounce", "sms suppressed", "sms soft-bounce"];
    assert_eq!(told_of, expected);
}

#[tokio::test]
async fn what_cannot_be_told_is_a_clear_answer() {
    let folder = Folder::new();
    let shop = Shop::with_messages(&folder).await;
    let mail = format!("/outbox/{}/feedback", shop.sent("email"));
    let text = format!("/outbox/{}/feedback", shop.sent("sms"));
    let push = format!("/outbox/{}/feedback", shop.sent("push"));
    let bounce = |by: &str| json!({"event": "bounce", "by": by}).to_string();
    let (number, other) = (json!({"from": "me", "text": "STOP"}), json!({"text": "STOP"}));
    let empty = json!({"from": PHONE, "text": "STOP", "id": ""});
    for (path, body, status, told) in [
        (
            &mail,
            "{\"event\": \"exploded\"}".to_owned(),
            422,
            "`exploded` is not one of send, delivery",
        ),
        (&mail, "{}".to_owned(), 400, "missing field `event`"),
        (&mail, "{\"event\"".to_owned(), 400, "the body cannot be read: EOF"),
        (&mail, String::new(), 400, "the body cannot be read: EOF"),
        (
            &mail,
            bounce("fax"),
            400,
            "unknown variant `fax`, expected one of `sns`, `eventbridge`, `logs`",
        ),
        (&mail, bounce("logs"), 422, "AWS tells of mail by `sns` or `eventbridge`"),
        (&text, bounce("sns"), 422, "AWS tells of texts by `logs`"),
        (&text, bounce("eventbridge"), 422, "AWS tells of texts by `logs`"),
        (&push, bounce("logs"), 422, "AWS tells of push by `sns`"),
        (&"/outbox/nothing/feedback".to_owned(), bounce("sns"), 404, "no such message"),
        (
            &"/outbox/inbound-sms".to_owned(),
            number.to_string(),
            422,
            "`from` must be a phone number",
        ),
        (&"/outbox/inbound-sms".to_owned(), other.to_string(), 400, "missing field `from`"),
        (&"/outbox/inbound-sms".to_owned(), empty.to_string(), 422, "`id` must not be empty"),
        (&"/outbox/inbound-sms".to_owned(), "STOP".to_owned(), 400, "the body cannot be read"),
    ] {
        let (got, answer) = shop.ask("POST", path, &body).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(got == status && message.contains(told), "{path} {body}: {got} {answer}");
    }
    assert_eq!(shop.suppressed().await, [""; 0]);
}

#[tokio::test]
async fn what_was_sent_before_a_restart_is_told_of_as_well() {
    let folder = Folder::new();
    let mail = Shop::with_messages(&folder).await.sent("email");
    let shop = Shop::open(&folder).await;
    let path = format!("/outbox/{mail}/feedback");
    let (status, told) = shop.post(&path, &json!({"event": "complaint"})).await;
    assert_eq!((status, counts(&told)), (200, TAKEN), "{told}");
    assert_eq!(shop.heard("email").await, "complained");
}

#[tokio::test]
async fn a_text_is_obeyed_and_answered_once() {
    let folder = Folder::new();
    let shop = Shop::with_messages(&folder).await;
    let text = |body: &str, id: &str| json!({"from": PHONE, "text": body, "id": id});
    let sent = || shop.suite.capture.sent().len();
    let before = sent();
    for _ in 0..2 {
        let (status, told) = shop.post("/outbox/inbound-sms", &text("STOP", "1")).await;
        assert_eq!((status, counts(&told)), (200, TAKEN), "{told}");
    }
    assert_eq!((shop.suppressed().await, sent()), (vec!["stop".to_owned()], before + 1));
    shop.pass(attune_domain::time::Span::minutes(1));
    shop.post("/outbox/inbound-sms", &text("START", "2")).await;
    assert_eq!((shop.suppressed().await, sent()), (Vec::new(), before + 2));
    // Without an id each is another text.
    for _ in 0..2 {
        shop.post("/outbox/inbound-sms", &json!({"from": PHONE, "text": "HELP"})).await;
    }
    assert_eq!(sent(), before + 4);
}
