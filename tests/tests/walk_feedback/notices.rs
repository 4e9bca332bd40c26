//! Notices as they come: forged, in any order, twice, and by other ways.

use super::*;

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
