//! What messages say: in whose words, with whose items, and how that can be seen beforehand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "a test fails by panicking"
)]

mod receipts;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use attune_domain::starter;
use attune_domain::time::Span;
use attune_embedded::capture::sent::Kind;
use attune_testkit::World;
use attune_tests::{dispatch, manage, sweep};
use expect_test::expect;
use serde_json::{Value, json};

/// A shop with the starter pack, whose customer 42 prefers French and left a red thing.
async fn shop() -> World {
    let world = World::new().await;
    world.publish_files(&starter::FILES).await;
    world.reachable("42").await;
    world
        .apply(&[world.call("42", json!({"type": "identify", "traits": {"language": "fr-CA"}}))])
        .await;
    let red = json!({"product_id": "red", "name": "Bourgogne <rouge> 2022", "price": 12.5, "quantity": 2,
        "url": "https://shop.example.com/red", "image_url": "https://cdn.example.com/red.jpg"});
    world.apply(&[world.track("42", "Product Added", red)]).await;
    world
}

async fn post(world: &World, path: &str, body: Value) -> (u16, Value) {
    let (status, body) = manage(world, "POST", path, &body).await;
    (status.as_u16(), body)
}

#[tokio::test]
async fn the_reminder_shows_the_very_items_in_the_customers_language() {
    let world = shop().await;
    world.pass(Span::hours(3));
    sweep(&world).await.unwrap();
    // Whoever allows mail is welcome as well.
    assert_eq!(dispatch(&world).await.unwrap().accepted, 2);
    let sent = world.capture.sent();
    let mails = sent.iter().filter_map(|sent| match &sent.kind {
        Kind::Email(mail) => Some(mail),
        _ => None,
    });
    let mail = mails.into_iter().find(|mail| mail.subject.contains("panier")).unwrap();
    assert_eq!(mail.subject, "2 articles vous attendent dans votre panier");
    let (html, text) = (mail.html.as_deref().unwrap(), mail.text.as_deref().unwrap());
    assert!(
        html.contains("Bourgogne &lt;rouge&gt; 2022")
            && html.contains("src=\"https://cdn.example.com/red.jpg\""),
        "{html}"
    );
    assert!(
        html.contains("<html lang=\"fr\"") && html.contains("@media (max-width: 480px)"),
        "{html}"
    );
    assert!(
        text.contains("Bourgogne <rouge> 2022 | 2 | 25,00 US$")
            && text.contains("désabonnez-vous\n("),
        "{text}"
    );
    assert!(!html.contains("zqliquid") && !html.contains("{%"), "{html}");
}

/// The line that somebody who follows the comments of the pack takes the `#` away from.
const COUPON: (&str, &str) = ("# coupon: basket", "coupon: basket");

#[tokio::test]
async fn the_reminder_in_french_gives_a_code_that_nobody_else_has() {
    let world = World::new().await;
    let programs = starter::FILES.map(|(name, text)| (name, text.replace(COUPON.0, COUPON.1)));
    let files: Vec<_> = programs.iter().map(|(name, text)| (*name, text.as_str())).collect();
    world.publish_files(&files).await;
    let (status, _) =
        post(&world, "/api/coupons/basket/codes", json!(["PANIER-1", "PANIER-2", "PANIER-3"]))
            .await;
    assert_eq!(status, 200);
    for customer in ["1", "2"] {
        world.reachable(customer).await;
        let french = json!({"type": "identify", "traits": {"language": "fr"}});
        let red = json!({"product_id": "red", "name": "Bourgogne", "price": 12.5});
        let red = world.track(customer, "Product Added", red);
        world.apply(&[world.call(customer, french), red]).await;
    }
    world.pass(Span::hours(1));
    sweep(&world).await.unwrap();
    dispatch(&world).await.unwrap();
    let sent = world.capture.sent();
    let given = sent.iter().filter_map(|sent| match &sent.kind {
        Kind::Email(mail) if mail.subject.contains("panier") => mail.text.as_deref(),
        _ => None,
    });
    let code = |text: &str| {
        let (_, after) = text.split_once("Avec le code ")?;
        after.split_once(',').map(|(code, _)| code.to_owned())
    };
    let given: Vec<String> = given.map(|text| code(text).expect(text)).collect();
    assert_eq!(given.len(), 2);
    assert!(
        given[0] != given[1] && given.iter().all(|code| code.starts_with("PANIER-")),
        "{given:?}"
    );
    let (_, told) = manage(&world, "GET", "/api/coupons/basket", &Value::Null).await;
    assert_eq!((&told["left"], &told["claimed"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn a_template_is_seen_as_a_real_customer_would_get_it_before_it_is_sent() {
    let world = shop().await;
    let (status, seen) =
        post(&world, "/api/templates/cart-reminder/preview", json!({"customer": "42"})).await;
    assert_eq!(status, 200, "{seen}");
    assert_eq!(seen["parts"]["email"]["language"], "fr");
    assert!(seen["parts"]["email"]["html"].as_str().unwrap().contains("Bonjour Ada"), "{seen}");
    assert_eq!(seen["parts"]["sms"]["encoding"], "GSM-7");
    assert_eq!(seen["parts"]["sms"]["segments"], 1);
    assert_eq!(seen["parts"]["push"]["image"], "https://cdn.example.com/red.jpg");
    let english = json!({"customer": "42", "language": "en", "channel": "sms"});
    let (_, seen) = post(&world, "/api/templates/cart-reminder/preview", english).await;
    assert!(
        seen["parts"]["sms"]["text"].as_str().unwrap().contains("you left Bourgogne"),
        "{seen}"
    );
    assert_eq!(world.capture.sent().len(), 0);
}

#[tokio::test]
async fn a_preview_of_what_is_not_there_says_what_is_not_there() {
    let world = shop().await;
    for (template, body, status) in [
        ("nothing", json!({"customer": "42"}), 404),
        ("welcome", json!({"customer": "43"}), 404),
        ("welcome", json!({"customer": "42", "program": "nothing"}), 404),
        ("welcome", json!({"customer": "42", "channel": "fax"}), 400),
        ("welcome", json!({}), 422),
    ] {
        let path = format!("/api/templates/{template}/preview");
        let (got, told) = post(&world, &path, body.clone()).await;
        assert_eq!(got, status, "{body}: {told}");
        assert!(told["message"].as_str().is_some_and(|told| !told.is_empty()), "{told}");
    }
}

#[tokio::test]
async fn a_test_is_sent_to_an_address_of_ones_own_and_is_no_message_of_the_customer() {
    let world = shop().await;
    let (_, before) = manage(&world, "GET", "/api/customers/42/messages", &Value::Null).await;
    let test = json!({"customer": "42", "channel": "email", "address": "me@example.com"});
    let (status, told) = post(&world, "/api/templates/welcome/test", test).await;
    assert_eq!(status, 200, "{told}");
    let sent = world.capture.sent();
    let Kind::Email(mail) = &sent[0].kind else { panic!("{sent:?}") };
    assert_eq!(mail.subject, "[test] Bienvenue chez Example Shop");
    assert_eq!(mail.to, ["me@example.com"]);
    let (_, messages) = manage(&world, "GET", "/api/customers/42/messages", &Value::Null).await;
    assert_eq!(messages, before);
    let bad = json!({"customer": "42", "channel": "email", "address": "nobody"});
    assert_eq!(post(&world, "/api/templates/welcome/test", bad).await.0, 400);
    let text = json!({"customer": "42", "channel": "sms", "address": "+33612345678"});
    assert_eq!(post(&world, "/api/templates/welcome/test", text).await.0, 200);
    let Kind::Sms(sms) = &world.capture.sent()[1].kind else { panic!() };
    assert!(sms.text.starts_with("[test] Example Shop"), "{}", sms.text);
}

#[tokio::test]
async fn tests_are_few_a_day() {
    let world = shop().await;
    let test = json!({"customer": "42", "channel": "email", "address": "me@example.com"});
    for _ in 0..100 {
        assert!(world.store.count_test(100, world.now()).await.unwrap());
    }
    let (status, told) = post(&world, "/api/templates/welcome/test", test.clone()).await;
    assert_eq!((status, told["code"].as_str()), (429, Some("too_many")), "{told}");
    world.pass(Span::days(1));
    assert_eq!(post(&world, "/api/templates/welcome/test", test).await.0, 200);
}

#[tokio::test]
async fn bad_mjml_is_refused_with_its_place_and_nothing_changes() {
    let world = shop().await;
    let text = "templates:\n  - id: t\n    email:\n      subject: a\n      mjml: |\n        <mjml>\n          <mj-body>\n            <mj-txt>a</mj-txt>\n          </mj-body>\n        </mjml>\n";
    let files = json!({"files": [{"name": "t.yaml", "text": text}]});
    let (status, told) = manage(&world, "PUT", "/api/definitions", &files).await;
    assert_eq!(status.as_u16(), 422);
    let mistake = &told["mistakes"][0];
    assert_eq!((&mistake["file"], &mistake["line"]), (&json!("t.yaml"), &json!(8)));
    let expected = "MJML has no `<mj-txt>`; did you mean `<mj-text>`?";
    assert_eq!(mistake["message"], expected);
    assert_eq!(world.store.current_version().await.unwrap().0, 1);
}

#[tokio::test]
async fn who_publishes_is_told_what_is_allowed_and_was_hardly_meant() {
    let world = shop().await;
    let text = "templates:\n  - id: t\n    sms: Hi *|FNAME|*\n";
    let files = json!({"files": [{"name": "t.yaml", "text": text}]});
    for path in ["/api/definitions?dry_run=true", "/api/definitions"] {
        let (status, told) = manage(&world, "PUT", path, &files).await;
        let doubt = &told["doubts"][0];
        let place = (status.as_u16(), &doubt["line"], &doubt["column"]);
        assert_eq!(place, (200, &json!(3), &json!(13)));
        assert!(doubt["message"].as_str().unwrap().contains("Mailchimp"), "{told}");
    }
}

const LONG: &str = "
segments: [{ id: s, when: { event: Product Added } }]
templates:
  - id: long
    dialect: braze
    sms: \"{% if ${first_name} == 'Bob' %}{% abort_message('no Bobs') %}{% endif %}{{ cart.items.first.name }}\"
programs: [{ id: p, enter: s, again: never, send: { template: long } }]
";

async fn reason(world: &World, customer: &str) -> (String, String) {
    let path = format!("/api/customers/{customer}/messages");
    let (_, told) = manage(world, "GET", &path, &Value::Null).await;
    let message = &told["messages"][0];
    let word = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    (word("state"), word("reason"))
}

#[tokio::test]
async fn a_text_message_over_the_limit_and_one_that_its_template_aborts_are_not_sent_and_say_why() {
    let world = World::with(LONG).await;
    for customer in ["1", "2"] {
        world.reachable(customer).await;
    }
    // After the name that everybody has in a test.
    world.pass(Span::seconds(1));
    let bob = world.call("2", json!({"type": "identify", "traits": {"first_name": "Bob"}}));
    let long = json!({"product_id": "1", "name": "ê".repeat(220)});
    world.apply(&[world.track("1", "Product Added", long.clone())]).await;
    world.apply(&[bob, world.track("2", "Product Added", long)]).await;
    let done = dispatch(&world).await.unwrap();
    assert_eq!((done.failed, done.dropped, done.accepted), (1, 1, 0));
    let too_long = "the text message has 4 segments of UCS-2, because of `ê`; it can have 3";
    assert_eq!(reason(&world, "1").await, ("failed".to_owned(), too_long.to_owned()));
    let aborted = "aborted by the template: no Bobs";
    assert_eq!(reason(&world, "2").await, ("dropped".to_owned(), aborted.to_owned()));
}

#[tokio::test]
async fn what_is_too_long_for_a_text_message_goes_by_the_next_channel() {
    let email = "email: { subject: Hi, html: Hi }\n    sms:";
    let world = World::with(&LONG.replace("sms:", email)).await;
    world.reachable("1").await;
    let prefers = json!({"type": "identify", "traits": {"preferred_channel": "sms"}});
    let long = json!({"product_id": "1", "name": "a".repeat(500)});
    world.apply(&[world.call("1", prefers), world.track("1", "Product Added", long)]).await;
    assert_eq!(dispatch(&world).await.unwrap().accepted, 1);
    let (_, told) = manage(&world, "GET", "/api/customers/1/messages", &Value::Null).await;
    let message = &told["messages"][0];
    assert_eq!(message["channel"], "email");
    expect!["chosen for email, as the order of the policy; not sms, as its text is too long; the sender accepted it"]
        .assert_eq(message["decision"].as_str().unwrap());
}

const TEXTS: &str = "
policy: { sms: { most_segments: 2, price: 0.0075, currency: EUR } }
coupons: [{ id: ten, codes: unique }]
segments: [{ id: s, when: { event: Product Added } }]
templates: [{ id: t, sms: '{{ customer.first_name }}, {{ coupon.code }} {{ cart.items.first.name }}' }]
programs: [{ id: p, enter: s, again: never, send: { template: t, coupon: ten } }]
";

#[tokio::test]
async fn what_texts_would_cost_is_known_before_they_are_sent_and_what_is_too_long_is_not_sent() {
    let world = World::with(TEXTS).await;
    for (customer, name) in [("1", "a".repeat(10)), ("2", "ê".repeat(60)), ("3", "a".repeat(300))]
    {
        world.reachable(customer).await;
        let product = json!({"product_id": "1", "name": name});
        world.apply(&[world.track(customer, "Product Added", product)]).await;
    }
    let seen = async |customer: &str| {
        let (_, seen) =
            post(&world, "/api/templates/t/preview", json!({"customer": customer})).await;
        seen["parts"]["sms"].clone()
    };
    let sms = seen("2").await;
    assert_eq!((&sms["encoding"], &sms["segments"]), (&json!("UCS-2"), &json!(2)));
    assert_eq!(sms["cost"], json!({"amount": 0.015, "currency": "EUR"}));
    let too_long = "the text message has 3 segments of GSM-7; it can have 2";
    assert_eq!(seen("3").await["error"], too_long);

    let files = json!({"files": [{"name": "shop.yaml", "text": TEXTS}]});
    let (_, said) = manage(&world, "PUT", "/api/definitions?dry_run=true", &files).await;
    let expected = json!({"written": 3, "segments": {"1": 1, "2": 1, "3": 1}, "ucs2": 1,
        "outside_gsm": "ê", "too_long": 1, "cost": {"amount": 0.0225, "currency": "EUR"}});
    assert_eq!(said["coverage"][0]["texts"], expected);
}

/// A template that misses something, and one whose number is none, in a partial.
const LACKING: &str = "
segments: [{ id: s, when: { event: Product Added } }]
partials: { bye: 'Bye{% if customer.size %} {{ 10 | divided_by: 0 }}{% endif %}' }
templates:
  - id: t
    email:
      subject: \"Hi {{ customer.nickname }}, {{ 'abc' | slice: customer.size }}\"
      preheader: 'Of {{ shop.name }}'
      mjml: |
        <mjml><mj-body><mj-section><mj-column>
        <mj-text>{{ customer.city }}{% render 'bye' %}</mj-text>
        <mj-text>{{ customer.city }}{% include 'bye' %}</mj-text>
        </mj-column></mj-section></mj-body></mjml>
programs: [{ id: p, enter: s, again: never, send: { template: t } }]
";

async fn lacking() -> World {
    let world = World::with(LACKING).await;
    for customer in ["1", "2"] {
        world.reachable(customer).await;
        let size = json!({"type": "identify", "traits": {"size": "secret"}});
        world.apply(&[world.call(customer, size)]).await;
        world.apply(&[world.track(customer, "Product Added", json!({"product_id": "1"}))]).await;
    }
    world
}

#[tokio::test]
async fn a_preview_tells_what_is_missing_and_what_was_read_over_and_where() {
    let world = lacking().await;
    let (status, seen) = post(&world, "/api/templates/t/preview", json!({"customer": "1"})).await;
    assert_eq!(status, 200, "{seen}");
    let email = &seen["parts"]["email"];
    assert_eq!(
        email["missing"],
        json!([
            {"part": "the subject", "partial": null, "line": 1, "column": 7,
                "variable": "customer.nickname"},
            {"part": "the HTML part", "partial": null, "line": 2, "column": 13,
                "variable": "customer.city"},
        ])
    );
    assert_eq!(
        email["warnings"],
        json!([
            {"part": "the subject", "partial": null, "line": 1, "column": 40,
                "warning": "`slice`: expected a whole number, found `secret`"},
            {"part": "the HTML part", "partial": "bye", "line": 1, "column": 35,
                "warning": "`divided_by`: cannot divide by 0"},
        ])
    );
}

/// What was logged.
#[derive(Debug, Default)]
struct Log(Mutex<Vec<u8>>);

impl Write for &Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_run_logs_once_what_its_messages_lacked_and_nothing_of_the_customers() {
    let world = lacking().await;
    let log = Arc::new(Log::default());
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true).without_time();
    let guard = tracing::subscriber::set_default(
        subscriber.with_writer(Arc::clone(&log)).with_target(false).finish(),
    );
    assert_eq!(dispatch(&world).await.unwrap().accepted, 2);
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("\"dispatch.")).collect();
    expect![[r#"
        {"level":"INFO","message":"dispatch.missing","template":"t","part":"the HTML part","line":2,"column":13,"variable":"customer.city","messages":2}
        {"level":"INFO","message":"dispatch.missing","template":"t","part":"the subject","line":1,"column":7,"variable":"customer.nickname","messages":2}
        {"level":"WARN","message":"dispatch.warning","template":"t","part":"the HTML part","partial":"bye","line":1,"column":35,"fault":"`divided_by`: cannot divide by 0","messages":2}
        {"level":"WARN","message":"dispatch.warning","template":"t","part":"the subject","line":1,"column":40,"fault":"`slice`: expected a whole number","messages":2}"#]].assert_eq(&lines.join("\n"));
    assert!(!log.contains("secret"), "{log}");
}
