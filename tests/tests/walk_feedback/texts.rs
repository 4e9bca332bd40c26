//! Texts: what people answer, and what became of them.

use super::*;

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
async fn an_answer_that_was_given_back_is_not_given_back_once_more() {
    let world = World::new().await;
    let claim = async |run: &str| world.store.claim_reply("in-1", run, world.now()).await.unwrap();
    let first = claim("first").await.unwrap();
    world.store.release_reply(&first).await.unwrap();
    assert!(claim("second").await.is_some());
    world.store.release_reply(&first).await.unwrap();
    assert_eq!(claim("third").await, None);
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
