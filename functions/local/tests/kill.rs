//! `attune serve` is killed in the middle of a batch load, again and again: nothing that was
//! acknowledged is lost, nothing counts twice, no message is sent twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

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

/// A suite that runs, and dies with the test.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(data: &Path, definitions: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_attune"))
            .args(["serve", "--listen", "127.0.0.1:0", "--write-key", "w", "--manage-key", "m"])
            .arg("--data")
            .arg(data)
            .arg("--definitions")
            .arg(definitions)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut told = BufReader::new(process.stdout.take().unwrap());
        told.read_line(&mut line).unwrap();
        // Somebody must listen, or telling fails.
        std::thread::spawn(move || std::io::copy(&mut told, &mut std::io::sink()));
        let address = line.trim().rsplit("//").next().unwrap().to_owned();
        Self { process, address }
    }

    /// Sends a request; `None` if the connection broke before the whole answer.
    fn ask(&self, head: &str, body: &str) -> Option<(u16, Value)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
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

    fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(&format!("GET {path}"), "").expect("an answer");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
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
    let mut server = Server::start(&data, &shop);
    let mut interrupted = 0;
    for number in 0..BATCHES {
        let body = batch(number);
        if number % (BATCHES / KILLS) == 1 {
            let head = "POST /v1/batch".to_owned();
            let address = server.address.clone();
            let (sent, other) = (body.clone(), Server { process: quiet(), address });
            let client = std::thread::spawn(move || other.ask(&head, &sent));
            std::thread::sleep(Duration::from_millis(fastrand::u64(1..60)));
            server.kill();
            interrupted += usize::from(client.join().unwrap().is_none());
            server = Server::start(&data, &shop);
        }
        // The client sends the same again until it is acknowledged, and once more for good measure.
        for _ in 0..2 {
            let (status, answer) = server.ask("POST /v1/batch", &body).expect("an answer");
            assert_eq!((status, answer), (200, json!({"success": true})));
        }
    }
    assert!(interrupted > 0, "no request was interrupted: the test saw nothing");
    check(&server, &data);
}

/// A process that does nothing, in the place of a server that is another's to end.
fn quiet() -> Child {
    Command::new(env!("CARGO_BIN_EXE_attune"))
        .arg("--version")
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn check(server: &Server, data: &Path) {
    for customer in 0..CUSTOMERS {
        let user = format!("customer-{customer}");
        let profile = server.get(&format!("/api/customers/{user}"));
        assert_eq!(profile["orders"]["count"], orders(customer), "{user}: {profile}");
        let timeline = server.get(&format!("/api/customers/{user}/timeline?limit=1000"));
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
fn wait_for_messages(server: &Server) {
    for customer in 0..CUSTOMERS {
        let path = format!("/api/customers/customer-{customer}/messages");
        let settled = (0..600).any(|_| {
            let messages = server.get(&path);
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
