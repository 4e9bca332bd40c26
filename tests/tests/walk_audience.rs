//! A segment as a file for an advertising platform, over HTTP: who is in it, how it is spelt, and that
//! it comes piece by piece.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "a test fails by panicking"
)]

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use attune_domain::address::Address;
use attune_domain::digest::sha256_hex;
use attune_domain::feedback::Suppression;
use attune_domain::id::{CustomerId, SegmentId};
use attune_testkit::World;
use attune_testkit::faults::{Call, Fate, Faults, Faulty, Trouble};
use attune_tests::{manage, manage_whole};
use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::http::header;
use serde_json::{Value, json};

const SHOP: &str = "
policy:
  topics:
    - { id: news, name: News }
    - { id: ads, name: Advertising }
segments:
  - { id: buyers, name: Buyers, when: { event: Order Completed, within: 30d } }
";

/// Computed with Python's hashlib, of `ada@example.com`, `+33612345678`, `zoé` and `pérez`.
const ADA_AT_GOOGLE: &str = "\
b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72,\
42d573cfc315801d4cd8eddd5416b416a0bf298b9b9e12d6b07442c91db42bd8,\
33b40fa27aea231a9e9d97095ae040f154f79476742c529966657cbd6c131a61,\
6654977d57dddd3c0329ca741b109ef6cd6430bedd00008aad213df25683d77f,\
FR,69002";

/// The same with the phone as digits, and `lyon`, `69002`, `fr`, `19850314`, `1985`, `f`.
const ADA_AT_META: &str = "\
b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72,\
8a3e7886c9335e82e02299fa3e87b46e2de3b0c63d56003e30a5029394a47661,\
33b40fa27aea231a9e9d97095ae040f154f79476742c529966657cbd6c131a61,\
6654977d57dddd3c0329ca741b109ef6cd6430bedd00008aad213df25683d77f,\
f56206ec0f42e0474400bc38e96d4d0afb5a41fd462de98ef4ba4475445b02c8,\
,\
7a4b96b1297e745bd7089a36b1898fba5c4d5e13e45dddb71e7ea65a862cad93,\
67ad8f41a7bb0a18c45f3efd8f6a32bdcd832bcf8f3f2eb44006c03d53076e18,\
c4b764d299880a206e9e10853d86d1310e72a9f9a818094615797d62bea2dd6c,\
78e370b587b145920213731b7c7c725e512b3b6577c51c800218a7c764c532ae,\
252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111";

/// A buyer with these traits and these acts of consent, each a word and its properties.
async fn buyer(world: &World, id: &str, traits: Value, acts: &[(&str, Value)]) {
    let mut events = vec![world.call(id, json!({"type": "identify", "traits": traits}))];
    for (word, properties) in acts {
        events.push(world.track(id, &format!("Consent {word}"), properties.clone()));
    }
    events.push(world.track(id, "Order Completed", json!({"order_id": "1"})));
    world.apply(&events).await;
}

fn granted(channel: &str) -> (&str, Value) {
    ("Granted", json!({"channel": channel}))
}

/// A buyer who can be reached by e-mail and text message.
async fn open(world: &World, id: u32) {
    let traits = json!({"email": email(id), "phone": format!("+1555{id:07}")});
    buyer(world, &id.to_string(), traits, &[granted("email"), granted("sms")]).await;
}

fn email(id: u32) -> String {
    format!("customer-{id}@example.com")
}

/// A page: its rows without the first, and where the next one is.
async fn page(world: &World, path: &str) -> (Vec<String>, Option<String>) {
    let response = manage_whole(world, path).await;
    assert_eq!(response.status().as_u16(), 200, "{path}");
    let link = response.headers().get(header::LINK).map(|link| link.to_str().unwrap().to_owned());
    let next = link.map(|link| {
        let (url, rest) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
        assert_eq!(rest, "; rel=\"next\"");
        url.to_owned()
    });
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let mut lines = text.lines().map(str::to_owned);
    let columns = lines.next().expect("the names of the columns");
    assert!(columns.starts_with("Email,") || columns.starts_with("email,"), "{columns}");
    (lines.collect(), next)
}

/// The first column of every row for Meta, in order of the hashes.
async fn emails(world: &World, query: &str) -> Vec<String> {
    let (rows, next) = page(world, &format!("/api/segments/buyers/audience?for=meta{query}")).await;
    assert_eq!(next, None);
    let mut emails: Vec<_> =
        rows.iter().map(|row| row.split(',').next().unwrap().to_owned()).collect();
    emails.sort();
    emails
}

fn hashes(of: &[&str]) -> Vec<String> {
    let mut hashes: Vec<_> = of
        .iter()
        .map(|text| if text.is_empty() { String::new() } else { sha256_hex(text) })
        .collect();
    hashes.sort();
    hashes
}

#[tokio::test]
async fn a_segment_comes_as_a_file_that_each_platform_takes() {
    let world = World::with(SHOP).await;
    // The é of her first name is typed as two characters.
    let traits = json!({"email": "Ada@Example.com", "phone": "+33 6 12 34 56 78",
        "first_name": "Zoe\u{301}", "last_name": "PÉREZ", "birthday": "1985-03-14",
        "gender": "female",
        "address": {"city": "Lyon", "postalCode": "69002", "country": "FR"}});
    buyer(&world, "42", traits, &[granted("email"), granted("sms")]).await;
    for (platform, columns, row) in [
        ("google", "Email,Phone,First Name,Last Name,Country,Zip", ADA_AT_GOOGLE),
        ("meta", "email,phone,fn,ln,ct,st,zip,country,dob,doby,gen", ADA_AT_META),
    ] {
        let path = format!("/api/segments/buyers/audience?for={platform}");
        let response = manage_whole(&world, &path).await;
        assert_eq!(response.status().as_u16(), 200);
        let named = |name| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(named(header::CONTENT_TYPE), "text/csv; charset=utf-8");
        let file = format!("attachment; filename=\"buyers-{platform}.csv\"");
        assert_eq!(named(header::CONTENT_DISPOSITION), file);
        assert!(!response.headers().contains_key(header::LINK));
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(String::from_utf8(body.to_vec()).unwrap(), format!("{columns}\n{row}\n"));
    }
}

#[tokio::test]
async fn only_who_could_be_written_to_is_in_the_file() {
    let world = World::with(SHOP).await;
    let both = |id: &str| json!({"email": format!("{id}@example.com")});
    open(&world, 1).await;
    let withdrawn = [granted("email"), ("Withdrawn", json!({"channel": "email"}))];
    buyer(&world, "withdrawn", both("withdrawn"), &withdrawn).await;
    let asked = [("Requested", json!({"channel": "email"}))];
    buyer(&world, "asked", both("asked"), &asked).await;
    buyer(&world, "silent", both("silent"), &[]).await;
    buyer(&world, "nowhere", json!({"first_name": "Ada"}), &[]).await;
    for id in ["bounced", "erased"] {
        buyer(&world, id, both(id), &[granted("email")]).await;
    }
    let bounced = Address::email("bounced@example.com").unwrap();
    world.store.suppress(&bounced, Suppression::Bounce, world.now()).await.unwrap();
    // A phone without consent does not go along with an address that has it.
    let traits = json!({"email": "mail@example.com", "phone": "+15550000099"});
    buyer(&world, "mail", traits, &[granted("email")]).await;
    let traits = json!({"email": "text@example.com", "phone": "+15550000098"});
    buyer(&world, "text", traits, &[granted("sms")]).await;

    let before = hashes(&["", "customer-1@example.com", "erased@example.com", "mail@example.com"]);
    assert_eq!(emails(&world, "").await, before);
    let (status, _) = manage(&world, "DELETE", "/api/customers/erased", &Value::Null).await;
    assert_eq!(status.as_u16(), 200);
    let after = hashes(&["", "customer-1@example.com", "mail@example.com"]);
    assert_eq!(emails(&world, "").await, after);
    let (rows, _) = page(&world, "/api/segments/buyers/audience?for=google").await;
    let has = |text: &str| rows.iter().any(|row| row.contains(&sha256_hex(text)));
    assert!(has("+15550000098") && !has("+15550000099"), "{rows:?}");
}

#[tokio::test]
async fn a_withdrawal_counts_from_the_next_file_on() {
    let world = World::with(SHOP).await;
    open(&world, 1).await;
    assert_eq!(emails(&world, "").await.len(), 1);
    for channel in ["email", "sms"] {
        world.apply(&[world.track("1", "Consent Withdrawn", json!({"channel": channel}))]).await;
    }
    assert_eq!(emails(&world, "").await, [""; 0]);
}

#[tokio::test]
async fn a_topic_asks_for_consent_to_it() {
    let world = World::with(SHOP).await;
    open(&world, 1).await;
    let about = |word| (word, json!({"channel": "email", "topic": "ads"}));
    let traits = |id: &str| json!({"email": format!("{id}@example.com")});
    buyer(&world, "no", traits("no"), &[granted("email"), about("Withdrawn")]).await;
    buyer(&world, "only", traits("only"), &[about("Granted")]).await;
    let ads = hashes(&["customer-1@example.com", "only@example.com"]);
    assert_eq!(emails(&world, "&topic=ads").await, ads);
    let any = hashes(&["customer-1@example.com", "no@example.com"]);
    assert_eq!(emails(&world, "").await, any);
}

#[tokio::test]
async fn twins_with_one_address_are_a_row_each() {
    let world = World::with(SHOP).await;
    for id in ["one", "other"] {
        buyer(&world, id, json!({"email": "both@example.com"}), &[granted("email")]).await;
    }
    assert_eq!(emails(&world, "").await, hashes(&["both@example.com"; 2]));
}

#[tokio::test]
async fn pages_hold_everybody_once() {
    let world = World::with(SHOP).await;
    for id in 1..=7 {
        open(&world, id).await;
    }
    let path = "/api/segments/buyers/audience?for=meta&topic=ads&limit=3";
    let (mut rows, mut sizes, mut next) = (Vec::new(), Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let (page, link) = page(&world, &path).await;
        sizes.push(page.len());
        rows.extend(page);
        next = link;
    }
    assert_eq!(sizes, [3, 3, 1]);
    rows.sort();
    rows.dedup();
    assert_eq!(rows.len(), 7);
    let (all, next) = page(&world, "/api/segments/buyers/audience?for=meta&limit=7").await;
    assert_eq!((all.len(), next), (7, None));
}

#[tokio::test]
async fn an_unknown_segment_platform_or_topic_is_told() {
    let world = World::with(SHOP).await;
    for (path, status, message) in [
        ("leeds/audience?for=meta", 404, "there is no segment `leeds`"),
        ("buyers/audience", 400, "`for` is missing; ask for `google` or for `meta`"),
        ("buyers/audience?for=x", 400, "`for` is `x`; ask for `google` or for `meta`"),
        ("buyers/audience?for=meta&topic=new", 404, "there is no topic `new` in `policy.topics`"),
        ("buyers/audience?for=meta&after=42", 400, "`after` is not a customer's id: `42`"),
    ] {
        let path = format!("/api/segments/{path}");
        let (told, body) = manage(&world, "GET", &path, &Value::Null).await;
        assert_eq!((told.as_u16(), body["message"].as_str()), (status, Some(message)), "{path}");
    }
}

/// A shop with so many buyers, and another process of it, behind a hand on its calls.
async fn many(buyers: u32, faults: &Faults) -> (World, World) {
    let world = World::with(SHOP).await;
    for id in 1..=buyers {
        open(&world, id).await;
    }
    let process = world.another(|inner| Arc::new(Faulty::new(inner, faults.clone())));
    (world, process)
}

async fn piece(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
    Some(frame.map(|frame| frame.into_data().expect("no trailers")))
}

#[tokio::test]
async fn the_file_comes_in_pieces_and_each_is_read_when_it_is_wanted() {
    let faults = Faults::none();
    let (_world, process) = many(120, &faults).await;
    let response = manage_whole(&process, "/api/segments/buyers/audience?for=google").await;
    let mut body = response.into_body();
    let batches = || faults.calls().iter().filter(|call| call.operation == "BatchGetItem").count();
    piece(&mut body).await.expect("the names of the columns").unwrap();
    assert_eq!(batches(), 0, "nobody is read before the body is wanted");
    let mut rows = Vec::new();
    while let Some(piece) = piece(&mut body).await {
        let piece = piece.unwrap();
        rows.push(piece.split(|byte| *byte == b'\n').count() - 1);
        assert_eq!(batches(), 2 * rows.len(), "a call for profiles, and one for addresses");
    }
    assert_eq!(rows, [50, 50, 20]);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_read_to_its_end_breaks_off() {
    let down = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&down);
    let fate = move |_: &Call| match seen.load(Ordering::Relaxed) {
        true => Fate::Refuse(Trouble::Unavailable),
        false => Fate::Deliver,
    };
    let (_world, process) = many(60, &Faults::scripted(fate)).await;
    let path = "/api/segments/buyers/audience?for=google";
    let mut body = manage_whole(&process, path).await.into_body();
    for _ in 0..2 {
        piece(&mut body).await.expect("a piece").unwrap();
    }
    down.store(true, Ordering::Relaxed);
    assert!(piece(&mut body).await.expect("no end").is_err());
}

#[tokio::test]
async fn the_profile_decides_who_is_in_and_not_the_list() {
    let world = World::with(SHOP).await;
    open(&world, 1).await;
    world.reachable("2").await;
    open(&world, 3).await;
    manage(&world, "DELETE", "/api/customers/3", &Value::Null).await;
    // An anonymous buyer, who becomes a part of the first.
    let order = json!({"type": "track", "event": "Order Completed", "anonymousId": "visitor",
        "userId": null, "properties": {"order_id": "9"}});
    world.apply(&[world.call("", order)]).await;
    let visitor = [CustomerId::parse("a#visitor").unwrap()];
    let buyers = SegmentId::parse("buyers").unwrap();
    let cards =
        async |ids: &[CustomerId]| world.store.cards_in(&buyers, ids, world.now()).await.unwrap();
    assert_eq!(cards(&visitor).await.len(), 1);
    world.apply(&[world.call("1", json!({"type": "identify", "anonymousId": "visitor"}))]).await;
    assert_eq!(cards(&visitor).await.len(), 0);
    let ids = ["u#1", "u#2", "u#3", "u#never"];
    let ids: Vec<_> = ids.iter().map(|id| CustomerId::parse(id).unwrap()).collect();
    let cards = cards(&ids).await;
    let emails: Vec<_> = cards.iter().map(|card| card.get("email").unwrap()).collect();
    assert_eq!(emails, [&json!(email(1))]);
}
