//! Push: devices that are gone, and channels that refuse.

use super::*;

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
