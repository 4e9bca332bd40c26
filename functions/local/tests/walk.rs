//! The whole story of a shop over HTTP, on the real `attune serve` and the outbox that it keeps: who
//! prefers, withdraws, sleeps, has had enough, bounces, says STOP, and what scanners do.
//!
//! The server runs by the clock of this machine, which nobody can move. What needs days (the end of a
//! night, a cap that has room again, a link that is too old) is walked in `tests/tests/walk_decide.rs`
//! and `walk_links`, over the same routes at simulated time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/running.rs"]
mod running;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use attune_aws::clock::Clock;
use attune_domain::timing::time_of_day;
use attune_domain::zone::Zone;
use running::Running;
use serde_json::{Value, json};

/// What a person's browser calls itself.
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
/// How long the server may take for anything: it looks at what is due each second.
const PATIENCE: Duration = Duration::from_secs(30);

/// Each `Look` is for one program, so that one customer is one chapter.
const SHOP: &str = "
shop: { name: Blue Door, url: 'https://bluedoor.example', currency: EUR, timezone: Europe/Paris }
policy:
  caps: [{ at_most: 2, per: 1d }]
coupons: [{ id: basket, codes: unique }]
segments:
  - { id: lookers, when: { event: Look } }
  - { id: askers, when: { event: Ask } }
  - { id: third, when: { event: Third } }
  - { id: waiting, when: { waiting: { since: Product Added, without: Order Completed, for: 1s, at_most: 7d } } }
templates:
  - id: hello
    email: { subject: 'Hello', html: '<p><a href=\"https://bluedoor.example/new\">New</a> <a href=\"https://bluedoor.example/old\">Old</a></p>', text: 'Hello' }
    sms: 'Blue Door: hello. Reply STOP to opt out.'
  - id: basket
    email: { subject: 'Your basket', html: '<p>{{ cart.items.first.name }}</p>', text: basket }
  - id: basket
    language: fr
    email: { subject: 'Votre panier', html: '<ul>{% for item in cart.items %}<li>{{ item.name }}</li>{% endfor %}</ul><b>{{ coupon.code }}</b>', text: panier }
programs:
  - { id: first, enter: lookers, again: never, send: { template: hello } }
  - { id: second, enter: askers, again: never, send: { template: hello } }
  - { id: third, enter: third, again: never, send: { template: hello } }
  - { id: basket, enter: waiting, again: never, send: { template: basket, coupon: basket, about: cart } }
";

/// A suite that runs, with its folder.
struct Server {
    running: Running,
    data: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.data).ok();
    }
}

/// An answer as it came.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Server {
    fn start() -> Self {
        let data = std::env::temp_dir().join(format!("attune-walk-{:016x}", fastrand::u64(..)));
        let files = data.join("files");
        std::fs::create_dir_all(&files).unwrap();
        std::fs::write(files.join("shop.yaml"), SHOP).unwrap();
        Self { running: Running::start(&data.join("data"), &files), data }
    }

    /// Sends a request with these headers and nothing else: no key, no cookie.
    fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.running.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: attune\r\nConnection: close\r\n{headers}\
             Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// Asks with the key of the management API.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [("Authorization", "Bearer m"), ("Content-Type", "application/json")];
        self.raw(method, path, &headers, &body.to_string())
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, &Value::Null);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    fn batch(&self, events: Value) {
        let answer = self.ask("POST", "/v1/batch", &json!({"batch": events, "writeKey": "w"}));
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Somebody with an address and consent on both channels.
    fn customer(&self, id: &str, traits: Value) {
        let digits = id.bytes().fold(0_u32, |sum, byte| sum * 31 % 9_000_000 + u32::from(byte));
        let mut all =
            json!({"email": format!("{id}@example.com"), "phone": format!("+1555{:07}", digits)});
        all.as_object_mut().unwrap().extend(traits.as_object().unwrap().clone());
        let grant = |channel: &str| {
            json!({"type": "track", "userId": id, "event": "Consent Granted",
                "messageId": format!("{id} {channel}"), "properties": {"channel": channel}})
        };
        let identify = json!({"type": "identify", "userId": id, "messageId": id, "traits": all});
        self.batch(json!([identify, grant("email"), grant("sms")]));
    }

    fn track(&self, id: &str, event: &str, properties: Value) {
        self.batch(json!([{"type": "track", "userId": id, "event": event,
            "messageId": format!("{id} {event} {properties}"), "properties": properties}]));
    }

    /// The message of a program for somebody, once it has left the states in which it is new.
    fn message(&self, id: &str, program: &str) -> Value {
        self.until(program, || {
            let body = self.get(&format!("/api/customers/{id}/messages"));
            let messages = body["messages"].as_array().unwrap().iter();
            let mut of = messages.filter(|message| message["program"] == program);
            let message = of.next()?;
            let new = ["pending", "sending"].contains(&message["state"].as_str().unwrap());
            (!new).then(|| message.clone())
        })
    }

    /// What was captured on a channel for somebody, oldest first.
    fn outbox(&self, channel: &str, to: &str) -> Vec<Value> {
        let file = self.data.join("data/outbox").join(format!("{channel}.ndjson"));
        let lines = std::fs::read_to_string(file).unwrap_or_default();
        let sent = lines.lines().filter(|line| line.contains(to));
        sent.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let begin = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(begin.elapsed() < PATIENCE, "{what} did not come about");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn phone(&self, id: &str) -> String {
        let shown = self.get(&format!("/api/customers/{id}"));
        shown["channels"]["sms"]["address"].as_str().unwrap().to_owned()
    }

    /// The channels of somebody, as they are shown.
    fn channels(&self, id: &str) -> Value {
        self.get(&format!("/api/customers/{id}"))["channels"].clone()
    }
}

/// The paths of the links in a text that lead to the server.
fn links(text: &str, server: &Server) -> Vec<String> {
    let base = format!("http://{}", server.running.address);
    let mut found: Vec<String> = text
        .match_indices(&base)
        .map(|(at, _)| {
            let rest = &text[at + base.len()..];
            rest.split(['"', '>', ' ', '\n', '<', '\\']).next().unwrap().to_owned()
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_whole_story_of_a_shop_over_http() {
    let server = Server::start();
    prefers_text_messages_and_withdraws(&server);
    sleeps_in_auckland(&server);
    has_had_enough(&server);
    bounces(&server);
    says_stop(&server);
    is_scanned_and_leaves_by_one_click(&server);
    left_something_in_the_cart(&server);
    sends_what_is_bad(&server);
}

fn prefers_text_messages_and_withdraws(server: &Server) {
    server.customer("sam", json!({"preferred_channel": "sms"}));
    server.track("sam", "Look", json!({}));
    let message = server.message("sam", "first");
    assert_eq!(
        (text(&message, "state"), text(&message, "channel")),
        ("accepted".into(), "sms".into())
    );
    let phone = server.phone("sam");
    assert_eq!(server.outbox("sms", &phone).len(), 1);
    assert_eq!(server.outbox("email", "sam@example.com").len(), 0);

    server.track("sam", "Consent Withdrawn", json!({"channel": "sms"}));
    server.track("sam", "Consent Withdrawn", json!({"channel": "email"}));
    server.track("sam", "Ask", json!({}));
    let message = server.message("sam", "second");
    let decision = text(&message, "decision");
    let told =
        "it is not sent: the customer does not allow it: not sms, as the customer withdrew it; ";
    assert!(decision.starts_with(told), "{decision}");
    assert_eq!(server.outbox("sms", &phone).len(), 1);
}

/// It is night there now, whenever this runs: quiet hours are set around the present instant.
fn sleeps_in_auckland(server: &Server) {
    let (zone, now) = (Zone::parse("Pacific/Auckland").unwrap(), Clock::system().now());
    let hour = |later: i8| format!("{:02}:00", (zone.time(now).hour() + later).rem_euclid(24));
    let quiet = format!("{}-{}", hour(-1), hour(2));
    server.customer("ada", json!({"timezone": "Pacific/Auckland", "quiet_hours": quiet}));
    server.track("ada", "Look", json!({}));
    let message = server.message("ada", "first");
    assert_eq!(text(&message, "state"), "held");
    assert_eq!(text(&message, "reason"), "not at this hour or day where the customer lives");
    let until = zone.first_at(time_of_day(&hour(2)).unwrap(), now);
    let decision = text(&message, "decision");
    assert!(decision.contains(&format!("until {until}")), "{decision}, at {now}");
    assert!(server.outbox("email", "ada@example.com").is_empty());
}

fn has_had_enough(server: &Server) {
    server.customer("bob", json!({"preferred_channel": "email"}));
    for (event, program) in [("Look", "first"), ("Ask", "second")] {
        server.track("bob", event, json!({}));
        assert_eq!(text(&server.message("bob", program), "state"), "accepted");
    }
    server.track("bob", "Third", json!({}));
    let message = server.message("bob", "third");
    assert_eq!(text(&message, "state"), "held");
    assert_eq!(text(&message, "reason"), "the cap on messages is reached: at most 2 in 1 day");
    assert_eq!(server.outbox("email", "bob@example.com").len(), 2);
}

fn bounces(server: &Server) {
    server.customer("cleo", json!({"preferred_channel": "email", "phone": null}));
    server.track("cleo", "Look", json!({}));
    server.message("cleo", "first");
    let sent = server.outbox("email", "cleo@example.com")[0].clone();
    let path = format!("/outbox/{}/feedback", text(&sent, "id"));
    let bad = server.ask("POST", &path, &json!({"event": "exploded"}));
    assert_eq!(bad.status, 422, "{}", bad.body);
    assert_eq!(server.channels("cleo")["email"]["suppressed"], Value::Null);
    let told = server.ask("POST", &path, &json!({"event": "bounce"}));
    assert_eq!((told.status, &told.json()["taken"]), (200, &json!(1)), "{}", told.body);
    assert_eq!(server.channels("cleo")["email"]["suppressed"], "bounce");
    server.track("cleo", "Ask", json!({}));
    let decision = text(&server.message("cleo", "second"), "decision");
    let told = "it is not sent: the address is suppressed: not email, as the address is suppressed";
    assert!(decision.starts_with(told), "{decision}");
}

fn says_stop(server: &Server) {
    server.customer("dan", json!({"preferred_channel": "sms"}));
    let phone = server.phone("dan");
    for _ in 0..2 {
        let stop = json!({"from": phone, "text": "Stop Blue Door!", "id": "stop-1"});
        assert_eq!(server.ask("POST", "/outbox/inbound-sms", &stop).status, 200);
    }
    let answers = server.outbox("sms", &phone);
    assert_eq!(answers.len(), 1, "{answers:?}");
    let channels = server.channels("dan");
    assert_eq!(
        (&channels["sms"]["suppressed"], &channels["sms"]["status"]),
        (&json!("stop"), &json!("withdrawn"))
    );
    server.track("dan", "Look", json!({}));
    assert_eq!(text(&server.message("dan", "first"), "channel"), "email");
    assert_eq!(server.outbox("sms", &phone).len(), 1);
}

fn is_scanned_and_leaves_by_one_click(server: &Server) {
    server.customer("eve", json!({"preferred_channel": "email", "phone": null}));
    server.track("eve", "Look", json!({}));
    server.message("eve", "first");
    let sent = server.outbox("email", "eve@example.com")[0].clone();
    let links = links(&sent.to_string(), server);
    assert!(links.len() >= 3, "{links:?}");
    let before = server.channels("eve");
    for path in &links {
        for method in ["GET", "HEAD", "OPTIONS"] {
            let answer =
                server.raw(method, path, &[("User-Agent", BROWSER), ("Accept-Language", "en")], "");
            assert!(
                answer.status < 500 && !answer.head.to_lowercase().contains("set-cookie"),
                "{}",
                answer.head
            );
        }
    }
    assert_eq!(server.channels("eve"), before);
    let timeline = server.get("/api/customers/eve/timeline");
    let names = timeline["events"].as_array().unwrap().iter();
    let names: Vec<&Value> = names.map(|event| &event["event"]).collect();
    assert!(names.contains(&&json!("Message Scanned")), "{names:?}");
    assert!(!names.contains(&&json!("Message Clicked")), "{names:?}");

    let headers = sent["headers"].as_array().unwrap().iter();
    let header = |name: &str| {
        let mut found = headers.clone().filter(|header| header[0] == name);
        found.next().unwrap_or_else(|| panic!("no {name}"))[1].as_str().unwrap().to_owned()
    };
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let unsubscribe = header("List-Unsubscribe");
    let path = self::links(&unsubscribe, server).remove(0);
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = server.raw("POST", &path, &form, "List-Unsubscribe=One-Click");
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(server.channels("eve")["email"]["status"], "withdrawn");
    let cut = server.raw("GET", "/u/", &[], "");
    assert!(cut.status == 404 && cut.body.contains("<html"), "{}", cut.body);
}

fn left_something_in_the_cart(server: &Server) {
    let codes = "code\n\"FR,1\"\n\"FR,2\"\n";
    let headers = [("Authorization", "Bearer m"), ("Content-Type", "text/csv")];
    let loaded = server.raw("POST", "/api/coupons/basket/codes", &headers, codes).json();
    assert_eq!((&loaded["new"], &loaded["bad"]), (&json!(2), &json!(0)));
    let mut given = Vec::new();
    for id in ["fay", "gus"] {
        server.customer(id, json!({"preferred_channel": "email", "language": "fr-FR"}));
        let item = |name: &str| json!({"product_id": name, "name": format!("{name} of {id}"), "price": 12.5});
        server.track(id, "Product Added", item("Verre"));
        server.track(id, "Product Added", item("Tasse"));
        assert_eq!(text(&server.message(id, "basket"), "state"), "accepted");
        let sent = server.outbox("email", &format!("{id}@example.com"))[0].clone();
        assert_eq!(text(&sent, "subject"), "Votre panier");
        let html = text(&sent, "html");
        for name in ["Verre", "Tasse"] {
            assert!(html.contains(&format!("<li>{name} of {id}</li>")), "{html}");
        }
        given.push(html.split("<b>").nth(1).unwrap().split("</b>").next().unwrap().to_owned());
    }
    given.sort();
    assert_eq!(given, ["FR,1", "FR,2"]);
}

fn sends_what_is_bad(server: &Server) {
    let before = server.get("/api/definitions");
    let bad = "templates: [{ id: t, sms: '{{ customer.first_name' }]";
    let put = json!({"files": [{"name": "bad.yaml", "text": bad}]});
    let answer = server.ask("PUT", "/api/definitions", &put);
    assert_eq!(
        (answer.status, &answer.json()["mistakes"][0]["line"]),
        (422, &json!(1)),
        "{}",
        answer.body
    );
    assert_eq!(server.get("/api/definitions"), before);
    let token = server.raw("POST", "/u/nonsense", &[], "");
    assert!(token.status == 404 && token.body.contains("<html"), "{}", token.body);
    let unknown = server.ask("POST", "/outbox/nothing/feedback", &json!({"event": "bounce"}));
    assert_eq!(unknown.status, 404, "{}", unknown.body);
    // One bad event among good ones loses nothing but itself, and is told.
    server.batch(json!([{"type": "dance", "userId": "hal"}, {"type": "identify", "userId": "hal",
        "messageId": "hal", "traits": {"first_name": "Hal", "birthday": "in spring"}}]));
    let traits = server.get("/api/customers/hal")["traits"].clone();
    assert_eq!(traits, json!({"first_name": "Hal"}));
    let problems = server.get("/api/problems").to_string();
    assert!(
        problems.contains("is not a call") && problems.contains("`traits.birthday`"),
        "{problems}"
    );
}

/// What the server keeps is for its owner alone.
#[cfg(unix)]
#[test]
fn nobody_else_reads_the_data() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start();
    server.customer("ada", json!({}));
    let mode = |name: &str| {
        let file: &Path = &server.data.join("data").join(name);
        std::fs::metadata(file).map(|file| file.permissions().mode() & 0o777)
    };
    assert_eq!(mode("attune.db").unwrap(), 0o600);
    for name in ["attune.db-wal", "attune.db-shm"] {
        assert!(mode(name).is_ok_and(|mode| mode == 0o600), "{name}: {:?}", mode(name));
    }
    assert_eq!([".", "outbox", "outbox/mail"].map(|name| mode(name).unwrap()), [0o700; 3]);
}

/// Two at once would send what the other sends, and write over its mail.
#[test]
fn a_folder_that_somebody_works_on_is_refused() {
    let server = Server::start();
    let data = server.data.join("data");
    let second = Command::new(env!("CARGO_BIN_EXE_attune"))
        .args(["explain", "anybody", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && told.contains("another `attune` works on this"), "{told}");
    drop(server);
}
