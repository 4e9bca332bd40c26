//! `attune serve` is killed in the middle of a batch load, again and again: nothing that was
//! acknowledged is lost, nothing counts twice, no message is sent twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/running.rs"]
mod running;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use running::Running;
use serde_json::{Value, json};

const SHOP: &str = "
segments:
  - { id: buyers, when: { event: Order Completed } }
templates:
  - id: thanks
    email: { subject: 'Thanks {{ customer.first_name }}', html: '<p>Thanks</p>', text: Thanks }
programs:
  - { id: thank, enter: buyers, again: never, send: { template: thanks } }
";
const CUSTOMERS: usize = 120;
const BATCHES: usize = 24;
const KILLS: usize = 6;

/// Sends a request; `None` if the connection broke before the whole answer.
fn ask(address: &str, head: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_mins(1))).ok()?;
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nHost: attune\r\nConnection: close\r\nAuthorization: Bearer m\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let body = answer.split_once("\r\n\r\n")?.1;
    Some((status, serde_json::from_str(body).ok()?))
}

fn get(server: &Running, path: &str) -> Value {
    let (status, body) = ask(&server.address, &format!("GET {path}"), "").expect("an answer");
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// A batch: for some customers an identify, consent, and two orders, in the middle of each other's.
fn batch(number: usize) -> String {
    let mut events = Vec::new();
    for customer in (0..CUSTOMERS).filter(|customer| customer % BATCHES <= number) {
        let user = format!("customer-{customer}");
        let mut say = |name: &str, properties: Value| {
            let id = format!("{user} {name} {number}");
            events.push(json!({"type": "track", "userId": user, "event": name,
                "messageId": id, "properties": properties}));
        };
        if customer % BATCHES == number {
            say("Consent Granted", json!({"channel": "email", "source": "a form"}));
        }
        say("Order Completed", json!({"order_id": format!("{user} {number}"), "total": 1}));
    }
    let traits = |customer: usize| json!({"email": format!("customer-{customer}@example.com")});
    let identify = |customer: usize| {
        json!({"type": "identify", "userId": format!("customer-{customer}"),
            "messageId": format!("identify {customer}"), "traits": traits(customer)})
    };
    let new = (0..CUSTOMERS).filter(|customer| customer % BATCHES == number).map(identify);
    let events: Vec<Value> = new.chain(events).collect();
    json!({"batch": events, "writeKey": "w"}).to_string()
}

/// How many orders a customer made in all batches.
fn orders(customer: usize) -> u64 {
    (BATCHES - customer % BATCHES) as u64
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

#[test]
fn sigkill_in_the_middle_of_a_load_loses_and_doubles_nothing() {
    let folder = std::env::temp_dir().join(format!("attune-kill-{}", fastrand::u64(..)));
    std::fs::create_dir_all(&folder).unwrap();
    let folder = Folder(folder);
    let (data, shop) = (folder.0.join("data"), folder.0.join("shop.yaml"));
    std::fs::write(&shop, SHOP).unwrap();
    let mut server = Running::start(&data, &shop);
    let mut interrupted = 0;
    for number in 0..BATCHES {
        let body = batch(number);
        if number % (BATCHES / KILLS) == 1 {
            let (address, sent) = (server.address.clone(), body.clone());
            let client = std::thread::spawn(move || ask(&address, "POST /v1/batch", &sent));
            std::thread::sleep(Duration::from_millis(fastrand::u64(1..60)));
            drop(server);
            interrupted += usize::from(client.join().unwrap().is_none());
            server = Running::start(&data, &shop);
        }
        // The client sends the same again until it is acknowledged, and once more for good measure.
        for _ in 0..2 {
            let (status, answer) =
                ask(&server.address, "POST /v1/batch", &body).expect("an answer");
            assert_eq!((status, answer), (200, json!({"success": true})));
        }
    }
    assert!(interrupted > 0, "no request was interrupted: the test saw nothing");
    check(&server, &data);
}

fn check(server: &Running, data: &Path) {
    for customer in 0..CUSTOMERS {
        let user = format!("customer-{customer}");
        let profile = get(server, &format!("/api/customers/{user}"));
        assert_eq!(profile["orders"]["count"], orders(customer), "{user}: {profile}");
        let timeline = get(server, &format!("/api/customers/{user}/timeline?limit=1000"));
        let events = timeline["events"].as_array().unwrap();
        let ordered = events.iter().filter(|event| event["event"] == "Order Completed").count();
        assert_eq!(ordered as u64, orders(customer), "{user}: history");
    }
    wait_for_messages(server);
    let sent = std::fs::read_to_string(data.join("outbox/email.ndjson")).unwrap();
    let mut by_address: BTreeMap<String, usize> = BTreeMap::new();
    for line in sent.lines() {
        let Ok(mail) = serde_json::from_str::<Value>(line) else { continue };
        *by_address.entry(mail["to"][0].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let twice: BTreeSet<_> = by_address.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "sent twice: {twice:?}");
    assert!(by_address.len() > CUSTOMERS / 2, "only {} were sent", by_address.len());
}

/// Every message has an outcome in the end; one whose send was interrupted is `unknown`.
fn wait_for_messages(server: &Running) {
    for customer in 0..CUSTOMERS {
        let path = format!("/api/customers/customer-{customer}/messages");
        let settled = (0..600).any(|_| {
            let messages = get(server, &path);
            let messages = messages["messages"].as_array().unwrap();
            assert_eq!(messages.len(), 1, "{path}: {messages:?}");
            let state = messages[0]["state"].as_str().unwrap().to_owned();
            let settled = ["accepted", "unknown"].contains(&state.as_str());
            assert!(settled || ["pending", "sending", "held"].contains(&state.as_str()), "{state}");
            if !settled {
                std::thread::sleep(Duration::from_millis(100));
            }
            settled
        });
        assert!(settled, "{path} was not settled in time");
    }
}
