//! Clicks: by people, by scanners, in mail, texts and push.

use super::*;

#[tokio::test]
async fn a_click_goes_on_to_the_page_and_is_one_event() {
    let world = thanked().await;
    let url = link(&mail(&world).0, "/l/");
    for _ in 0..5 {
        let (code, headers, body) = follow(&world, "GET", &url).await;
        assert_eq!((code.as_u16(), body.as_str()), (302, ""));
        assert_eq!(headers[header::LOCATION], "https://wine.example/new?a=1&b=2");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        world.pass(Span::days(3));
    }
    let clicks = happened(&world).await.into_iter().filter(|name| name == "Message Clicked");
    assert_eq!(clicks.count(), 1);
}

#[tokio::test]
async fn a_message_says_that_it_was_followed_by_whom() {
    let world = thanked().await;
    let url = link(&mail(&world).0, "/l/");
    let heard = async || {
        let (_, told) = manage(&world, "GET", "/api/customers/42/messages", &Value::Null).await;
        (told["messages"][0]["heard"].clone(), told["messages"][0]["delivery"].clone())
    };
    links(&world, "GET", &url, &[], "").await;
    assert_eq!(heard().await, (json!(["scanned"]), Value::Null));
    for _ in 0..2 {
        follow(&world, "GET", &url).await;
        assert_eq!(heard().await, (json!(["scanned", "clicked"]), json!("clicked")));
    }
}

/// Customer 42 gets a text and a push; the text, and the payload of the push.
async fn texted(world: &World) -> (String, String) {
    let device = json!({"type": "android", "token": "token-1"});
    let app = world.call("42", json!({"type": "page", "context": {"device": device}}));
    let allow = world.track("42", "Consent Granted", json!({"channel": "push"}));
    let read = world.track("42", "Article Read", json!({}));
    world.apply(&[app, allow, read]).await;
    assert_eq!(dispatch(world).await.unwrap().accepted, 2);
    world.pass(Span::minutes(1));
    let (mut text, mut push) = (String::new(), String::new());
    for sent in world.capture.sent() {
        match sent.kind {
            Kind::Sms(sms) => text = sms.text,
            Kind::Push(sent) => push = sent.payload.to_string(),
            Kind::Email(_) => {}
        }
    }
    (text, push)
}

#[tokio::test]
async fn links_in_a_text_are_short_and_say_who_followed_them() {
    let world = thanked().await;
    let (text, _) = texted(&world).await;
    let red = link(text.strip_suffix('.').unwrap(), "/s/");
    let red = red.trim_end_matches(',');
    let token = red.strip_prefix("https://links.test/s/").unwrap();
    assert!(token.len() <= 60, "{token}");
    assert!(text.starts_with(&format!("New: {red}, https://links.test/s/")), "{text}");
    assert!(text.ends_with('.') && text.len() <= 160, "{text}");
    for method in ["HEAD", "GET", "GET"] {
        let (code, headers, _) = follow(&world, method, red).await;
        assert_eq!(code, 302);
        assert_eq!(headers[header::LOCATION], "https://wine.example/red?a=1");
    }
    let (_, timeline) = manage(&world, "GET", "/api/customers/42/timeline", &Value::Null).await;
    let clicked = &timeline["events"][0];
    assert_eq!(
        (&clicked["event"], &clicked["data"]["channel"]),
        (&json!("Message Clicked"), &json!("sms"))
    );
    let blue = text.trim_end_matches('.').rsplit(' ').next().unwrap();
    let (_, headers, _) = follow(&world, "GET", blue).await;
    assert_eq!(headers[header::LOCATION], "https://wine.example/blue");
    // Of this message there are no more links; another letter opens none.
    for other in [red.replacen("/s/", "/l/", 1), red.replacen("/s/", "/u/", 1)] {
        assert_eq!(follow(&world, "GET", &other).await.0, 404, "{other}");
    }
}

#[tokio::test]
async fn a_push_that_is_tapped_is_a_click() {
    let world = thanked().await;
    let (_, payload) = texted(&world).await;
    let url = link(&payload.replace('\\', " "), "/l/");
    let (code, headers, _) = follow(&world, "GET", &url).await;
    assert_eq!(code, 302);
    assert_eq!(headers[header::LOCATION], "https://wine.example/red");
    let (_, timeline) = manage(&world, "GET", "/api/customers/42/timeline", &Value::Null).await;
    let clicked = &timeline["events"][0];
    assert_eq!(
        (&clicked["event"], &clicked["data"]["channel"]),
        (&json!("Message Clicked"), &json!("push"))
    );
}

/// A link that confirms what customer 42 was asked just now.
fn confirm_link(world: &World) -> String {
    World::links().url(&attune_domain::link::Link::Confirm {
        customer: CustomerId::known("42"),
        topic: None,
        address: attune_domain::address::Address::email("customer-42@example.com").unwrap(),
        until: world.now() + Span::days(7),
    })
}

/// A hash of all that the shop knows.
fn digest(world: &World) -> String {
    attune_domain::digest::sha256_hex(&everything(world))
}

/// `ATTUNE_SCANS=1000000 cargo test -p attune-tests --test walk_links scanner -- --nocapture` asks a
/// million times.
#[tokio::test]
async fn a_scanner_that_opens_every_link_changes_nothing_that_counts() {
    let world = thanked().await;
    let (html, text, _) = mail(&world);
    let (sms, _) = texted(&world).await;
    let (click, short) = (link(&html, "/l/"), link(&sms.replace(',', " "), "/s/"));
    let links_to_scan = [
        link(&html, "/u/"),
        link(&text, "/p/"),
        confirm_link(&world),
        click.clone(),
        short.clone(),
    ];
    let scanner: &[(HeaderName, &str)] = &[(header::USER_AGENT, "Barracuda Sentinel (EE)")];
    // What the one note of a click changes, it changes at the first visit.
    for url in [&click, &short] {
        links(&world, "GET", url, scanner, "").await;
        follow(&world, "GET", url).await;
    }
    let before = digest(&world);
    let most: usize = std::env::var("ATTUNE_SCANS").map_or(4_000, |n| n.parse().unwrap());
    let (router, begun) = (links_router(&world), std::time::Instant::now());
    for n in 0..most {
        // Each link by each method; and a tenth as often those by which browsers ask what may be done.
        let (url, method) = (&links_to_scan[n % 5], ["GET", "HEAD"][(n / 5) % 2]);
        let (code, ..) = links_of(&router, method, url, scanner, "").await;
        assert!(code == 200 || code == 302, "{method} {url}: {code}");
        if n % 10 == 0 {
            let (code, ..) = links_of(&router, "OPTIONS", url, scanner, "").await;
            assert!(code.is_success() || code == 405, "OPTIONS {url}: {code}");
        }
        if n % 100_000 == 99_999 {
            assert_eq!(before, digest(&world), "after {n}");
            println!("{} in {:?}", n + 1, begun.elapsed());
        }
    }
    println!("{most} GET and HEAD in {:?}", begun.elapsed());
    assert_eq!(before, digest(&world));
    let noted = happened(&world).await;
    let count = |name: &str| noted.iter().filter(|known| *known == name).count();
    assert_eq!((count("Message Clicked"), count("Message Scanned")), (2, 2));
}

#[tokio::test]
async fn a_machine_is_noted_and_is_no_sign_of_life() {
    let world = World::with(
        "
segments:
  - { id: buyers, when: { event: Order Completed } }
  - { id: clicked, when: { clicked: any } }
  - { id: alive, when: { event: any, within: 5m } }
templates: [{ id: t, email: { subject: S, html: '<a href=\"https://a.example\">a</a>', text: t } }]
programs: [{ id: p, enter: buyers, again: never, send: { template: t } }]
",
    )
    .await;
    world.reachable("42").await;
    order(&world).await;
    dispatch(&world).await.unwrap();
    world.pass(Span::minutes(10));
    let click = link(&mail(&world).0, "/l/");
    let inside = async |segment: &str| {
        let path = format!("/api/segments/{segment}/members");
        let (_, members) = manage(&world, "GET", &path, &Value::Null).await;
        members["members"].as_array().unwrap().len()
    };
    attune_tests::sweep(&world).await.unwrap();
    links(&world, "GET", &click, &[], "").await;
    assert_eq!(happened(&world).await[0], "Message Scanned");
    assert_eq!((inside("clicked").await, inside("alive").await), (0, 0));
    follow(&world, "GET", &click).await;
    assert_eq!((inside("clicked").await, inside("alive").await), (1, 1));
}

#[tokio::test]
async fn who_follows_a_link_as_soon_as_a_late_mail_arrives_is_a_machine() {
    let world = thanked().await;
    let click = link(&mail(&world).0, "/l/");
    let all = world.capture.sent();
    let sent = all.iter().find(|sent| matches!(sent.kind, Kind::Email(_))).unwrap();
    // Held back by the mailbox for a while, as it does not know us.
    world.pass(Span::minutes(10));
    let told = attune_embedded::capture::feedback::told_of(
        sent,
        attune_embedded::capture::feedback::Happened::Delivery,
        world.now().millis(),
    );
    attune_tests::feedback(&world, &told.unwrap()).await.unwrap();
    world.pass(Span::seconds(3));
    follow(&world, "GET", &click).await;
    assert_eq!(happened(&world).await[0], "Message Scanned");
    world.pass(Span::seconds(30));
    follow(&world, "GET", &click).await;
    assert_eq!(happened(&world).await[0], "Message Clicked");
}
