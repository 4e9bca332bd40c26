//! Two customers with one address: what a reader gets is counted of the address.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::panic,
    reason = "helpers of tests are tests"
)]

use attune_domain::id::CustomerId;
use attune_domain::link::Link;
use attune_domain::time::{Span, Timestamp};
use attune_embedded::capture::sent::Kind;
use attune_testkit::World;
use attune_tests::{by_visitor, dispatch, fill_in, manage, post, sweep};
use serde_json::{Value, json};

const TOPICS: &str = "{ topics: [{ id: news, name: News }] }";

fn shop(policy: &str, again: &str) -> String {
    format!(
        "
policy: {policy}
segments:
  - {{ id: lookers, when: {{ event: Look, within: 30m }} }}
  - {{ id: readers, when: {{ event: Read, within: 30m }} }}
  - {{ id: buyers, when: {{ event: Order Completed, within: 1h }} }}
templates:
  - id: hello
    email: {{ subject: Hello, html: '<p>Hello</p>', text: Hello }}
    sms: Hello
programs:
  - {{ id: hello, enter: lookers, again: {again}, send: {{ template: hello, max_lateness: 3d }} }}
  - {{ id: more, enter: readers, again: {again}, send: {{ template: hello, max_lateness: 3d }} }}
  - {{ id: receipt, enter: buyers, again: {{ after: 1m }}, send: {{ template: hello, class: transactional }} }}
"
    )
}

/// Two customers with one mailbox.
async fn twins(world: &World) {
    for customer in ["walk-in", "account"] {
        let now = world.now().to_string();
        let identify = json!({"type": "identify", "userId": customer, "timestamp": now,
            "messageId": format!("who {customer}"), "traits": {"email": "ada@example.com"}});
        let consent = json!({"type": "track", "userId": customer, "timestamp": now,
            "messageId": format!("may {customer}"), "event": "Consent Granted",
            "properties": {"channel": "email"}});
        let batch = json!({"batch": [identify, consent]});
        assert_eq!(post(world, "/v1/batch", "server-key", &batch).await.0.as_u16(), 200);
    }
}

async fn track(world: &World, customer: &str, event: &str) {
    let now = world.now().to_string();
    let call = json!({"type": "track", "userId": customer, "event": event, "timestamp": now,
        "messageId": format!("{event} {customer} {now}"),
        "properties": {"order_id": now, "channel": "email"}});
    let batch = json!({"batch": [call]});
    assert_eq!(post(world, "/v1/batch", "server-key", &batch).await.0.as_u16(), 200);
}

/// States and reasons of the newest message of both, in the order of the words.
async fn told(world: &World, program: &str) -> Vec<(String, String)> {
    let mut told = Vec::new();
    for customer in ["walk-in", "account"] {
        let path = format!("/api/customers/{customer}/messages");
        let (_, body) = manage(world, "GET", &path, &Value::Null).await;
        let messages = body["messages"].as_array().unwrap().iter();
        let newest = messages.into_iter().find(|message| message["program"] == program).unwrap();
        let word = |name: &str| newest[name].as_str().unwrap_or_default().to_owned();
        told.push((word("state"), word("reason")));
    }
    told.sort();
    told
}

const HAD: (&str, &str) = ("dropped", "the address already got this message");

fn owned((state, reason): (&str, &str)) -> (String, String) {
    (state.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn twins_who_do_the_same_get_it_once() {
    let world = World::with(&shop("{}", "{ after: 7d }")).await;
    twins(&world).await;
    track(&world, "walk-in", "Look").await;
    track(&world, "account", "Look").await;
    let sent = dispatch(&world).await.unwrap();
    assert_eq!((sent.accepted, sent.dropped), (1, 1));
    assert_eq!(told(&world, "hello").await, [owned(("accepted", "")), owned(HAD)]);

    // The one who got nothing has started the program all the same; the address had it six days ago.
    world.pass(Span::days(6));
    sweep(&world).await.unwrap();
    track(&world, "walk-in", "Look").await;
    track(&world, "account", "Look").await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 0);
    world.pass(Span::days(1));
    sweep(&world).await.unwrap();
    track(&world, "account", "Look").await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

#[tokio::test]
async fn what_is_sent_once_in_a_life_is_sent_once_to_an_address() {
    let world = World::with(&shop("{}", "never")).await;
    twins(&world).await;
    track(&world, "walk-in", "Look").await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    world.pass(Span::days(400));
    sweep(&world).await.unwrap();
    track(&world, "account", "Look").await;
    assert_eq!(dispatch(&world).await.unwrap().dropped, 1);
    // Another program is another thing to say.
    track(&world, "account", "Read").await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

#[tokio::test]
async fn a_cap_counts_what_the_address_got_whoever_it_was_for() {
    let world = World::with(&shop("{ caps: [{ at_most: 1, per: 1d }] }", "never")).await;
    twins(&world).await;
    track(&world, "walk-in", "Look").await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    track(&world, "account", "Read").await;
    assert_eq!(dispatch(&world).await.unwrap().held, 1);
    world.pass(Span::from_millis(Span::days(1).millis() - 1));
    assert_eq!(dispatch(&world).await.unwrap().accepted, 0);
    world.pass(Span::from_millis(1));
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

#[tokio::test]
async fn each_order_has_its_receipt_and_nobody_unsubscribes_from_one() {
    let world = World::with(&shop("{ caps: [{ at_most: 1, per: 1d }] }", "never")).await;
    twins(&world).await;
    track(&world, "walk-in", "Order Completed").await;
    track(&world, "account", "Order Completed").await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 2);
    track(&world, "walk-in", "Look").await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    let headers = |sent: &attune_embedded::capture::sent::Sent| match &sent.kind {
        Kind::Email(mail) => mail.headers.iter().map(|(name, _)| name.clone()).collect(),
        _ => Vec::new(),
    };
    let headers: Vec<Vec<String>> = world.capture.sent().iter().map(headers).collect();
    assert_eq!(headers[..2], [Vec::<String>::new(), Vec::new()]);
    assert_eq!(headers[2], ["List-Unsubscribe", "List-Unsubscribe-Post"]);
}

/// What both allow by e-mail: as a whole, and about each topic that was spoken of.
async fn allowed(world: &World) -> Vec<Value> {
    let mut allowed = Vec::new();
    for customer in ["walk-in", "account"] {
        let path = format!("/api/customers/{customer}");
        let (_, body) = manage(world, "GET", &path, &Value::Null).await;
        let consents = body["consents"].as_array().unwrap().iter();
        let said = consents.map(|consent| (consent["topic"].as_str(), &consent["status"]));
        let said =
            said.map(|(topic, status)| (topic.unwrap_or("email").to_owned(), status.clone()));
        allowed.push(Value::Object(said.collect()));
    }
    allowed
}

/// The page on which the walk-in unsubscribes from a mail that they just got.
async fn unsubscribe_page(world: &World) -> String {
    twins(world).await;
    track(world, "walk-in", "Look").await;
    assert_eq!(dispatch(world).await.unwrap().accepted, 1);
    let sent = world.capture.sent();
    let Some(Kind::Email(mail)) = sent.last().map(|sent| &sent.kind) else { panic!("{sent:?}") };
    let (_, url) = mail.headers.iter().find(|(name, _)| name == "List-Unsubscribe").unwrap();
    url.split(['<', '>']).nth(1).unwrap().to_owned()
}

fn preferences(customer: &str) -> String {
    World::links().url(&Link::Preferences { customer: CustomerId::known(customer) })
}

/// The rest of the form of the preference page.
const REST: &str = "&frequency=normal&language=&quiet_from=&quiet_until=&saved=yes";

#[tokio::test]
async fn who_leaves_says_it_for_everybody_who_has_the_address() {
    let (gone, kept) = (json!({"email": "withdrawn"}), json!({"email": "granted"}));
    let not_this = json!({"email": "granted", "news": "withdrawn"});
    let off = format!("was=email&was=email.news{REST}");
    let no_news = format!("was=email&want=email&was=email.news{REST}");
    for (page, form, left) in [
        ("u", "List-Unsubscribe=One-Click", &gone),
        ("u", "wish=nothing", &gone),
        ("u", "wish=less", &kept),
        ("p", &off, &gone),
        ("p", &no_news, &not_this),
    ] {
        let world = World::with(&shop(TOPICS, "never")).await;
        let unsubscribe = unsubscribe_page(&world).await;
        let url = if page == "u" { unsubscribe } else { preferences("walk-in") };
        for _ in 0..2 {
            assert_eq!(fill_in(&world, &url, form).await.0, 200);
        }
        assert_eq!(allowed(&world).await, [left.clone(), left.clone()], "{form}");
        track(&world, "account", "Read").await;
        let sent = u64::from(*left != gone);
        assert_eq!(dispatch(&world).await.unwrap().accepted, sent, "{form}");
    }
}

#[tokio::test]
async fn who_comes_back_says_it_for_themselves() {
    let world = World::with(&shop("{}", "never")).await;
    fill_in(&world, &unsubscribe_page(&world).await, "List-Unsubscribe=One-Click").await;
    fill_in(&world, &preferences("account"), &format!("want=email{REST}")).await;
    let (withdrawn, granted) = (json!({"email": "withdrawn"}), json!({"email": "granted"}));
    assert_eq!(allowed(&world).await, [withdrawn, granted]);
}

#[tokio::test]
async fn who_has_another_address_by_now_is_left_alone() {
    let world = World::with(&shop("{}", "never")).await;
    let url = unsubscribe_page(&world).await;
    world.pass(Span::minutes(1));
    let moved = json!({"type": "identify", "userId": "account", "traits": {"email": "eve@example.com"},
        "timestamp": world.now().to_string(), "messageId": "moved"});
    let consent = json!({"type": "track", "userId": "account", "messageId": "anew",
        "event": "Consent Granted", "timestamp": world.now().to_string(),
        "properties": {"channel": "email", "address": "eve@example.com"}});
    post(&world, "/v1/batch", "server-key", &json!({"batch": [moved, consent]})).await;
    fill_in(&world, &url, "List-Unsubscribe=One-Click").await;
    track(&world, "account", "Read").await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

/// Somebody who has the twins' address, and allowed mail at `when`, as `path` tells.
async fn another(world: &World, id: &str, path: &str, when: Timestamp) {
    let who = json!({"type": "identify", "userId": id, "traits": {"email": "ada@example.com"}});
    let yes = json!({"type": "track", "userId": id, "messageId": format!("{id} {path} {when}"),
        "event": "Consent Granted", "timestamp": when.to_string(),
        "properties": {"channel": "email"}});
    let told = post(world, path, "server-key", &json!({"batch": [who, yes]})).await;
    assert_eq!(told.0.as_u16(), 200, "{told:?}");
}

#[tokio::test]
async fn at_an_address_that_was_unsubscribed_only_a_later_yes_counts_whoever_comes_by_it() {
    let world = World::with(&shop("{}", "never")).await;
    let url = unsubscribe_page(&world).await;
    world.pass(Span::minutes(1));
    let before = world.now();
    // More have it than are changed at once.
    for n in 0..40 {
        another(&world, &format!("many-{n:02}"), "/v1/batch", before).await;
    }
    world.pass(Span::minutes(1));
    fill_in(&world, &url, "List-Unsubscribe=One-Click").await;
    world.pass(Span::minutes(1));
    another(&world, "late", "/v1/batch", before).await;
    another(&world, "list", "/v1/import", world.now()).await;
    for customer in ["many-00", "many-39", "late", "list"] {
        track(&world, customer, "Read").await;
    }
    let run = dispatch(&world).await.unwrap();
    assert_eq!((run.accepted, run.dropped), (0, 4));
    let (_, told) = manage(&world, "GET", "/api/customers/list/messages", &Value::Null).await;
    let reason = told["messages"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("not email, as the customer withdrew it"), "{told}");
    let (_, told) = manage(&world, "GET", "/api/customers/list", &Value::Null).await;
    assert_eq!(told["channels"]["email"]["consent"], false, "{told}");

    // Whoever came by it with a yes that does not count can be asked anew.
    assert_eq!(told["consents"][0]["status"], "withdrawn", "{told}");
    world.pass(Span::minutes(1));
    track(&world, "list", "Consent Requested").await;
    let (_, told) = manage(&world, "GET", "/api/customers/list", &Value::Null).await;
    assert_eq!(told["channels"]["email"]["status"], "pending", "{told}");

    another(&world, "new", "/v1/batch", world.now()).await;
    track(&world, "new", "Read").await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
}

#[tokio::test]
async fn an_import_lifts_no_address_whose_owner_left_and_was_erased() {
    let world = World::with(&shop("{}", "never")).await;
    let url = unsubscribe_page(&world).await;
    fill_in(&world, &url, "List-Unsubscribe=One-Click").await;
    for customer in ["walk-in", "account"] {
        let path = format!("/api/customers/{customer}");
        assert!(manage(&world, "DELETE", &path, &Value::Null).await.0.is_success());
    }
    world.pass(Span::minutes(17));
    sweep(&world).await.unwrap();
    world.pass(Span::minutes(1));
    another(&world, "list", "/v1/import", world.now()).await;
    track(&world, "list", "Read").await;
    let run = dispatch(&world).await.unwrap();
    assert_eq!((run.accepted, run.dropped), (0, 1));
}

#[tokio::test]
async fn the_links_of_a_visitors_message_are_those_of_whom_they_became() {
    let world = World::with(&shop("{}", "never")).await;
    let call = |name: &str, rest: Value| by_visitor(&world, name, rest);
    let consent = json!({"channel": "email"});
    let batch = json!({"batch": [
        call("1", json!({"type": "identify", "traits": {"email": "ada@example.com"}})),
        call("2", json!({"type": "track", "event": "Consent Granted", "properties": consent})),
        call("3", json!({"type": "track", "event": "Look"})),
    ]});
    assert_eq!(post(&world, "/v1/batch", "server-key", &batch).await.0.as_u16(), 200);
    let known = json!({"batch": [call("4", json!({"type": "identify", "userId": "42"}))]});
    assert_eq!(post(&world, "/v1/batch", "server-key", &known).await.0.as_u16(), 200);
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    // The next person on the same device.
    world.pass(Span::minutes(1));
    let next = json!({"batch": [
        call("5", json!({"type": "identify", "userId": "43", "traits": {"email": "bob@example.com"}})),
        call("6", json!({"type": "track", "userId": "43", "event": "Consent Granted",
            "properties": {"channel": "email"}})),
    ]});
    assert_eq!(post(&world, "/v1/batch", "server-key", &next).await.0.as_u16(), 200);
    let sent = world.capture.sent();
    let Some(Kind::Email(mail)) = sent.last().map(|sent| &sent.kind) else { panic!("{sent:?}") };
    let (_, url) = mail.headers.iter().find(|(name, _)| name == "List-Unsubscribe").unwrap();
    let url = url.split(['<', '>']).nth(1).unwrap();
    assert_eq!(fill_in(&world, url, "List-Unsubscribe=One-Click").await.0, 200);
    for (customer, allows) in [("42", false), ("43", true)] {
        let path = format!("/api/customers/{customer}");
        let (_, told) = manage(&world, "GET", &path, &Value::Null).await;
        assert_eq!(told["channels"]["email"]["consent"], allows, "{told}");
    }
}
