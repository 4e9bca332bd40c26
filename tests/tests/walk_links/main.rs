//! Links in messages: what they do, and all that they do not do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![expect(clippy::large_futures, reason = "a test makes few of them")]

mod clicks;
mod opt_in;

use attune_domain::card::Status;
use attune_domain::channel::Channel;
use attune_domain::id::CustomerId;
use attune_domain::link::Link;
use attune_domain::time::Span;
use attune_embedded::capture::sent::Kind;
use attune_testkit::World;
use attune_tests::{
    dispatch, dispatcher, far, fill_in, follow, links, links_of, links_router, manage,
};
use axum::http::{HeaderName, header};
use serde_json::{Value, json};

const SHOP: &str = "
shop: { name: 'Wine & Sons', url: https://wine.example, from: Wine <wine@wine.example> }
policy: { topics: [{ id: news, name: { en: News, fr: Actualités } }, { id: offers, name: Offers }] }
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
    assert_eq!(list, format!("<{url}>"));
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
async fn without_pages_no_mail_client_is_told_of_one() {
    let world = World::with(SHOP).await;
    world.reachable("42").await;
    order(&world).await;
    let deps = attune_dispatch::Deps { links: None, ..dispatcher(&world) };
    assert_eq!(attune_dispatch::sweep(&deps, far(&world)).await.unwrap().accepted, 1);
    let (html, _, headers) = mail(&world);
    assert!(html.contains("<a href=\"https://wine.example\">Unsubscribe</a>"), "{html}");
    assert_eq!(headers, []);
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
    assert!(page.contains("« Actualités »") && page.contains("« Offers »"), "{page}");
    let (_, customer) = manage(&world, "GET", "/api/customers/42", &Value::Null).await;
    assert_eq!(customer["traits"]["preferred_channel"], json!(["sms", "email"]));
    assert_eq!(customer["traits"]["quiet_hours"], "21:00-08:30");
    let stated = json!({"channels": ["sms", "email"], "language": "fr", "frequency": null,
        "quiet_hours": "21:00-08:30"});
    assert_eq!(customer["preferences"], stated);
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
async fn who_allows_a_channel_and_names_no_topic_says_nothing_of_topics() {
    let rest = "&frequency=normal&language=&quiet_from=&quiet_until=&saved=yes";
    for (topics, news, offers) in [
        ("", Some(Status::Granted), Some(Status::Granted)),
        ("&want=email.news", Some(Status::Granted), Some(Status::Withdrawn)),
    ] {
        let world = thanked().await;
        let (html, text, _) = mail(&world);
        fill_in(&world, &link(&html, "/u/"), "List-Unsubscribe=One-Click").await;
        let form = format!("was=sms&want=sms&want=email{topics}{rest}");
        assert_eq!(fill_in(&world, &link(&text, "/p/"), &form).await.0, 200);
        assert_eq!(status(&world, Channel::Email, None).await, Some(Status::Granted));
        assert_eq!(status(&world, Channel::Email, Some("news")).await, news);
        assert_eq!(status(&world, Channel::Email, Some("offers")).await, offers);
    }
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
