//! Double opt-in: who asks is asked back.

use super::*;

/// A shop that asks back, and somebody who asked for its mail.
async fn with_opt_in() -> World {
    let world = World::with(&format!(
        "{SHOP}
  - {{ id: confirm, enter: asked, again: {{ after: 7d }}, send: {{ template: confirm, class: opt-in }} }}
"
    )
    .replace(
        "segments:",
        "segments:\n  - { id: asked, when: { consent: email, is: pending } }",
    )
    .replace(
        "templates:",
        "templates:\n  - { id: confirm, email: { subject: Confirm, html: '<a href=\"{{ confirm_url }}\">Yes</a>', text: '{{ confirm_url }}' } }",
    ))
    .await;
    let ada = world.call("42", json!({"type": "identify", "traits": {"email": "ada@example.com"}}));
    world.apply(&[ada]).await;
    ask(&world).await;
    world
}

/// Somebody enters Ada's address in a form.
async fn ask(world: &World) {
    let ask = world.track("42", "Consent Requested", json!({"channel": "email", "source": "form"}));
    world.apply(&[ask]).await;
}

#[tokio::test]
async fn who_asks_is_asked_back_and_allows_nothing_until_they_confirm() {
    let world = with_opt_in().await;
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Pending));
    order(&world).await;
    // The thank-you is dropped, the question goes out.
    let dispatched = dispatch(&world).await.unwrap();
    assert_eq!((dispatched.accepted, dispatched.dropped), (1, 1));
    let url = link(&mail(&world).0, "/o/");

    let (code, _, page) = follow(&world, "GET", &url).await;
    assert_eq!(code, 200);
    assert!(page.contains("Do you want e-mails from Wine &amp; Sons at a…@e….com?"), "{page}");
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Pending));
    for _ in 0..2 {
        assert_eq!(fill_in(&world, &url, "").await.0, 200);
    }
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Granted));
    let (_, customer) = manage(&world, "GET", "/api/customers/42", &Value::Null).await;
    let consent = &customer["consents"][0];
    assert_eq!(
        (&consent["status"], &consent["source"]),
        (&json!("granted"), &json!("double opt-in"))
    );
    assert_eq!(happened(&world).await.iter().filter(|n| *n == "Consent Granted").count(), 1);
    // Somebody asks once more: she has allowed it, and stays so.
    world.pass(Span::days(1));
    ask(&world).await;
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Granted));
    view(&world).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

#[tokio::test]
async fn a_link_that_confirms_is_too_old_after_a_week_and_who_asks_again_gets_another() {
    let world = with_opt_in().await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    let old = link(&mail(&world).0, "/o/");
    // A stranger who asks again and again causes no second mail.
    world.pass(Span::days(6));
    ask(&world).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 0);
    assert_eq!(follow(&world, "GET", &old).await.0, 200);
    world.pass(Span::days(1));
    let french = [(header::ACCEPT_LANGUAGE, "fr-FR,fr;q=0.9")];
    for method in ["GET", "POST"] {
        let (code, _, page) = links(&world, method, &old, &french, "").await;
        assert_eq!(code, 410, "{method}");
        assert!(page.contains("<html lang=\"fr\">") && page.contains("trop ancien"), "{page}");
        assert!(page.contains("Wine &amp; Sons") && !page.contains("<form"), "{page}");
    }
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Pending));
    ask(&world).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    let new = link(&mail(&world).0, "/o/");
    assert_eq!(fill_in(&world, &new, "").await.0, 200);
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Granted));
    // Nobody is told that it is too late for what is done.
    let (code, _, page) = follow(&world, "GET", &old).await;
    assert!(code == 200 && page.contains("Thank you"), "{page}");
}

#[tokio::test]
async fn an_address_that_strangers_enter_under_many_ids_is_asked_once() {
    let world = with_opt_in().await;
    for id in 0..5 {
        let id = format!("stranger-{id}");
        let asked = json!({"channel": "email", "address": "ada@example.com"});
        let contact = json!({"type": "identify", "traits": {"email": "ada@example.com"}});
        let events = [world.call(&id, contact), world.track(&id, "Consent Requested", asked)];
        world.apply(&events).await;
    }
    let dispatched = dispatch(&world).await.unwrap();
    assert_eq!((dispatched.accepted, dispatched.dropped), (1, 5));
    assert_eq!(world.capture.sent().len(), 1);
    // Whoever has the mailbox means all of them.
    let url = link(&mail(&world).0, "/o/");
    assert_eq!(fill_in(&world, &url, "").await.0, 200);
    for id in ["42", "stranger-0", "stranger-4"] {
        let (_, customer) =
            manage(&world, "GET", &format!("/api/customers/{id}"), &Value::Null).await;
        assert_eq!(customer["consents"][0]["status"], "granted", "{customer}");
    }
}

#[tokio::test]
async fn who_left_at_an_old_address_can_come_back_at_a_new_one_by_their_own_hand_alone() {
    let world = World::with(SHOP).await;
    world.reachable("42").await;
    let track = |name: &str| world.track("42", name, json!({"channel": "email"}));
    world.apply(&[track("Consent Withdrawn")]).await;
    world.pass(Span::days(1));
    let new = json!({"type": "identify", "traits": {"email": "new@example.com"}});
    world.apply(&[world.call("42", new), track("Consent Granted")]).await;
    // A server tells, who may not have heard of the withdrawal.
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Withdrawn));

    let customer = CustomerId::known("42");
    let page = World::links().url(&Link::Preferences { customer });
    let form = "saved=1&was=sms&want=sms&want=email&want=email.news&want=email.offers&frequency=normal\
         &language=&quiet_from=&quiet_until=";
    world.pass(Span::days(1));
    for _ in 0..2 {
        assert_eq!(fill_in(&world, &page, form).await.0, 200);
        assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Granted));
    }
    assert_eq!(happened(&world).await.iter().filter(|n| *n == "Consent Granted").count(), 6);
    order(&world).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    let Kind::Email(mail) = &world.capture.sent()[0].kind else { panic!("no mail") };
    assert_eq!(mail.to, ["new@example.com"]);
}

#[tokio::test]
async fn who_unsubscribed_since_is_not_brought_back_by_an_old_link() {
    let world = with_opt_in().await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    let old = link(&mail(&world).0, "/o/");
    assert_eq!(fill_in(&world, &old, "").await.0, 200);
    world.pass(Span::hours(1));
    let leave = world.track("42", "Consent Withdrawn", json!({"channel": "email"}));
    world.apply(&[leave]).await;
    world.pass(Span::hours(1));
    for method in ["GET", "POST"] {
        let (code, _, page) = follow(&world, method, &old).await;
        assert_eq!(code, 410, "{method}");
        assert!(page.contains("You unsubscribed after this link was sent"), "{page}");
        assert!(page.contains("/p/") && !page.contains("<form"), "{page}");
    }
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Withdrawn));
    // Who asks anew is asked anew, and the new link does what it says; the old one still does not.
    world.pass(Span::days(7));
    ask(&world).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    assert_eq!(follow(&world, "POST", &old).await.0, 410);
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Pending));
    let new = link(&mail(&world).0, "/o/");
    assert_eq!(fill_in(&world, &new, "").await.0, 200);
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Granted));
}

#[tokio::test]
async fn a_link_without_its_token_is_the_same_page_as_one_that_we_did_not_make() {
    let world = World::with(SHOP).await;
    let nonsense = follow(&world, "GET", "https://links.test/u/nonsense").await;
    for path in ["l", "s", "u", "p", "o"].iter().flat_map(|p| [(*p).to_owned(), format!("{p}/")]) {
        let cut = follow(&world, "GET", &format!("https://links.test/{path}")).await;
        assert_eq!((cut.0.as_u16(), &cut.2), (404, &nonsense.2), "{path}");
    }
}
