//! Links in messages: what they do, and all that they do not do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![expect(clippy::large_futures, reason = "a test makes few of them")]

use attune_domain::card::Status;
use attune_domain::channel::Channel;
use attune_domain::id::CustomerId;
use attune_domain::time::Span;
use attune_embedded::capture::sent::Kind;
use attune_testkit::World;
use attune_tests::{dispatch, fill_in, follow, links, links_of, links_router, manage};
use axum::http::{HeaderName, header};
use serde_json::{Value, json};

const SHOP: &str = "
shop: { name: 'Wine & Sons', url: https://wine.example, from: Wine <wine@wine.example> }
policy: { topics: [{ id: news, name: News }, { id: offers, name: Offers }] }
segments:
  - { id: buyers, when: { event: Order Completed } }
  - { id: viewers, when: { event: Product Viewed } }
  - { id: readers, when: { event: Article Read } }
templates:
  - { id: news, sms: 'New: {{ shop.url }}/red?a=1, {{ shop.url }}/blue.' }
  - { id: tap, push: { title: New, body: Look, link: '{{ shop.url }}/red' } }
  - id: thanks
    email:
      subject: Thanks
      html: '<p><a href=\"{{ shop.url }}/new?a=1&amp;b=2\">New</a> <a href=\"{{ unsubscribe_url }}\">Unsubscribe</a></p>'
      text: 'Thanks. {{ preferences_url }}'
    sms: 'Thanks. {{ unsubscribe_url }}'
programs:
  - { id: thank, enter: buyers, again: never, send: { template: thanks, topic: news } }
  - { id: suggest, enter: viewers, again: never, send: { template: thanks } }
  - { id: text, enter: readers, again: never, send: { template: news } }
  - { id: push, enter: readers, again: never, send: { template: tap } }
";

/// A shop whose customer 42 has bought, and was thanked by e-mail nine minutes ago.
async fn thanked() -> World {
    let world = World::with(SHOP).await;
    world.reachable("42").await;
    order(&world).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    world.pass(Span::minutes(9));
    world
}

async fn order(world: &World) {
    let order = world.track("42", "Order Completed", json!({"order_id": "1", "total": 20}));
    world.apply(&[order]).await;
}

async fn view(world: &World) {
    let view = world.track("42", "Product Viewed", json!({"product_id": "red"}));
    world.apply(&[view]).await;
}

/// The newest mail: HTML, text, and how one unsubscribes.
fn mail(world: &World) -> (String, String, Vec<(String, String)>) {
    let sent = world.capture.sent();
    let Kind::Email(mail) = &sent.last().expect("a message").kind else { panic!("{sent:?}") };
    (mail.html.clone().unwrap(), mail.text.clone().unwrap(), mail.headers.clone())
}

/// The first link in a text that begins with this path.
#[track_caller]
fn link(text: &str, path: &str) -> String {
    let begin = text.find(&format!("https://links.test{path}")).expect(path);
    text[begin..].split(['"', '>', ' ', '\n', '&']).next().unwrap().to_owned()
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

async fn status(world: &World, channel: Channel, topic: Option<&str>) -> Option<Status> {
    let id = CustomerId::known("42");
    let now = world.now();
    let stored = world.store.load(&id, attune_aws::store::Consistency::Strong, now).await.unwrap();
    stored.profile.card.status(channel, topic)
}

/// Names of what happened to customer 42, the newest first.
async fn happened(world: &World) -> Vec<String> {
    let (_, timeline) = manage(world, "GET", "/api/customers/42/timeline", &Value::Null).await;
    let events = timeline["events"].as_array().unwrap();
    events.iter().filter_map(|event| event["event"].as_str().map(str::to_owned)).collect()
}

/// All that the shop knows, as one text.
fn everything(world: &World) -> String {
    ["profiles", "events", "agenda", "memberships", "messages", "addresses", "workspace"]
        .map(|table| {
            let mut items: Vec<String> = world.items(table).iter().map(Value::to_string).collect();
            items.sort();
            format!("{table}: {items:#?}")
        })
        .join("\n")
}

#[tokio::test]
async fn one_click_needs_no_cookie_and_the_next_message_is_not_sent() {
    let world = thanked().await;
    let (html, _, headers) = mail(&world);
    let header = |name: &str| {
        headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap()
    };
    let list = header("List-Unsubscribe");
    let url = link(&list, "/u/");
    assert_eq!(link(&html, "/u/"), url);
    assert!(list.contains(", <mailto:wine@wine.example?subject=unsubscribe%20msg_"), "{list}");
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");

    for _ in 0..3 {
        let (code, headers, _) = fill_in(&world, &url, "List-Unsubscribe=One-Click").await;
        assert_eq!(code, 200);
        assert!(
            headers.get(header::SET_COOKIE).is_none() && headers.get(header::LOCATION).is_none()
        );
    }
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Withdrawn));
    assert_eq!(happened(&world).await.iter().filter(|n| *n == "Consent Withdrawn").count(), 1);
    view(&world).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    // She still wants text messages.
    assert!(matches!(world.capture.sent().last().unwrap().kind, Kind::Sms(_)));
}

#[tokio::test]
async fn who_comes_back_can_leave_again_by_the_same_link() {
    let world = thanked().await;
    let url = link(&mail(&world).0, "/u/");
    fill_in(&world, &url, "wish=nothing").await;
    world.pass(Span::days(1));
    let again = world.track("42", "Consent Granted", json!({"channel": "email"}));
    world.apply(&[again]).await;
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Granted));
    world.pass(Span::days(1));
    fill_in(&world, &url, "List-Unsubscribe=One-Click").await;
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Withdrawn));
}

#[tokio::test]
async fn one_can_leave_a_topic_or_ask_for_less() {
    let world = thanked().await;
    let url = link(&mail(&world).0, "/u/");
    let (_, _, page) = follow(&world, "GET", &url).await;
    assert!(page.contains("Only nothing more about “News”"), "{page}");
    fill_in(&world, &url, "wish=not-this").await;
    assert_eq!(status(&world, Channel::Email, Some("news")).await, Some(Status::Withdrawn));
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Granted));
    fill_in(&world, &url, "wish=less").await;
    let (_, customer) = manage(&world, "GET", "/api/customers/42", &Value::Null).await;
    assert_eq!(customer["traits"]["message_frequency"], "less");
    for form in ["", "wish=", "wish=everything", "a=b"] {
        assert_eq!(fill_in(&world, &url, form).await.0, 400, "{form}");
    }
}

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
async fn an_altered_token_is_the_same_page_for_every_reason() {
    let world = thanked().await;
    let url = link(&mail(&world).0, "/u/");
    let (code, _, page) = follow(&world, "GET", &format!("{url}A")).await;
    assert_eq!(code, 404);
    let (begin, token) = url.split_at("https://links.test/u/".len());
    let gone = World::links()
        .url(&attune_domain::link::Link::Preferences { customer: CustomerId::known("nobody") });
    for other in [
        format!("{begin}{}", &token[..token.len() - 1]),
        format!("{begin}x{token}"),
        format!("{begin}{token}/"),
        format!("{begin}%20{token}"),
        format!("{begin}{}", token.replacen("test.", "tset.", 1)),
        format!("https://links.test/p/{token}"),
        format!("https://links.test/l/{token}"),
        format!("https://links.test/o/{token}"),
        format!("{begin}a"),
        format!("{begin}{}", "a".repeat(5_000)),
        gone,
    ] {
        for method in ["GET", "HEAD"] {
            let (code, headers, other_page) = follow(&world, method, &other).await;
            assert_eq!(code, 404, "{other}");
            assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
            assert!(method == "HEAD" || other_page == page, "{other}");
        }
    }
    let before = everything(&world);
    assert_eq!(fill_in(&world, &format!("{url}A"), "List-Unsubscribe=One-Click").await.0, 404);
    assert_eq!(before, everything(&world));
}

#[tokio::test]
async fn who_puts_text_messages_first_gets_one_next() {
    let world = thanked().await;
    let url = link(&mail(&world).1, "/p/");
    let (_, headers, page) = follow(&world, "GET", &url).await;
    assert!(page.contains("name=\"was\" value=\"email.news\""), "{page}");
    assert!(page.contains("c…@e….com") && !page.contains("customer-42"), "{page}");
    assert!(page.contains("Wine &amp; Sons"), "{page}");
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    let form = "was=email&want=email&was=email.news&was=email.offers&want=email.offers\
        &was=sms&want=sms&order=sms&order=email&frequency=normal&language=fr\
        &quiet_from=21%3A00&quiet_until=08%3A30&saved=yes";
    let (code, _, page) = fill_in(&world, &url, form).await;
    assert_eq!(code, 200);
    assert!(page.contains("<html lang=\"fr\">") && page.contains("C’est enregistré"), "{page}");
    let (_, customer) = manage(&world, "GET", "/api/customers/42", &Value::Null).await;
    assert_eq!(customer["traits"]["preferred_channel"], json!(["sms", "email"]));
    assert_eq!(customer["traits"]["quiet_hours"], "21:00-08:30");
    assert_eq!(status(&world, Channel::Email, Some("news")).await, Some(Status::Withdrawn));
    assert_eq!(status(&world, Channel::Email, Some("offers")).await, Some(Status::Granted));
    let told = customer["consents"].as_array().unwrap();
    let news = told.iter().find(|consent| consent["topic"] == "news").unwrap();
    assert_eq!(news["source"], "preference page");
    assert_eq!(news["wording"], "I want e-mails from Wine & Sons: about “News”");

    view(&world).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    assert!(matches!(world.capture.sent().last().unwrap().kind, Kind::Sms(_)));
}

#[tokio::test]
async fn a_page_that_was_open_for_long_undoes_nothing() {
    let world = thanked().await;
    let (html, text, _) = mail(&world);
    let saved = "was=email&want=email&was=sms&frequency=normal&language=&quiet_from=&quiet_until=&saved=yes";
    fill_in(&world, &link(&html, "/u/"), "List-Unsubscribe=One-Click").await;
    fill_in(&world, &link(&text, "/p/"), saved).await;
    assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Withdrawn));
    assert_eq!(status(&world, Channel::Sms, None).await, Some(Status::Withdrawn));
    let before = everything(&world);
    fill_in(&world, &link(&text, "/p/"), saved).await;
    assert_eq!(before, everything(&world));
}

#[tokio::test]
async fn a_form_that_is_not_ours_changes_nothing() {
    let world = thanked().await;
    let url = link(&mail(&world).1, "/p/");
    let before = everything(&world);
    let rest = "&quiet_from=&quiet_until=&saved=yes";
    for form in [
        String::new(),
        "saved=yes".to_owned(),
        format!("frequency=never&language={rest}"),
        format!("frequency=less&language=tlh{rest}"),
        format!("frequency=less&language=fr&order=pigeon{rest}"),
        "frequency=less&language=&quiet_from=25%3A00&quiet_until=08%3A00&saved=yes".to_owned(),
    ] {
        assert_eq!(fill_in(&world, &url, &form).await.0, 400, "{form}");
    }
    assert_eq!(before, everything(&world));
}

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
