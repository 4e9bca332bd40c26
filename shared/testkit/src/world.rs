//! A shop in a test: tables, clock, senders, definitions, customers.
//!
//! It starts valid and fills in what a test does not care about. When it is dropped it fails the
//! test if a message was left claimed and never settled.

use std::sync::Arc;

use attune_aws::clock::{Clock, ClockHand};
use attune_aws::keys::{Keys, Scope};
use attune_aws::sdk;
use attune_aws::senders::{SendSettings, Senders};
use attune_aws::store::{Applied, Settings, Source, Store};
use attune_aws::transport::Transport;
use attune_domain::event::segment::{Arrival, read};
use attune_domain::event::{Event, Writer};
use attune_domain::id::CustomerId;
use attune_domain::link::{LinkKeys, Links};
use attune_domain::time::{Span, Timestamp};
use attune_embedded::{Account, Capture, Engine, Router, forgetter};
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

/// Reads an instant, or fails the test.
#[track_caller]
pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

/// A shop in a test.
#[derive(Debug)]
pub struct World {
    /// The store.
    pub store: Store,
    /// The senders, whose messages are captured.
    pub senders: Senders,
    /// The clock.
    pub clock: Clock,
    /// What was sent.
    pub capture: Capture,
    /// The database.
    pub engine: Engine,
    hand: ClockHand,
    events: std::sync::atomic::AtomicU32,
}

/// The key of the shop's server, of its pages, and of its management, in every world.
pub const KEYS: [(&str, Scope); 3] =
    [("server-key", Scope::Server), ("browser-key", Scope::Browser), ("manage-key", Scope::Manage)];

/// When every world begins.
pub const BEGIN: &str = "2026-10-01T09:00:00Z";

impl World {
    /// A shop without definitions.
    pub async fn new() -> Self {
        Self::behind(|database| database).await
    }

    /// A shop with these definitions.
    pub async fn with(definitions: &str) -> Self {
        let world = Self::new().await;
        world.publish(definitions).await;
        world
    }

    /// A shop whose calls to AWS go through what `wrap` makes of the stand-ins.
    pub async fn behind(wrap: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>) -> Self {
        Self::over(|engine| Arc::new(engine), wrap).await
    }

    /// The same, on a database that is what `database` makes of the engine.
    pub async fn over(
        database: impl FnOnce(Engine) -> Arc<dyn Transport>,
        wrap: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>,
    ) -> Self {
        let (clock, hand) = Clock::simulated(at(BEGIN));
        let engine = Engine::memory_with_clock(clock.clone()).expect("an engine");
        let capture = Capture::new(Account::new(clock.clone(), 1));
        let router = Router::new(database(engine.clone()), Arc::new(capture.clone()));
        let (store, senders) = clients(wrap(Arc::new(router)), &capture);
        let world = Self {
            store,
            senders,
            clock,
            capture,
            engine,
            hand,
            events: std::sync::atomic::AtomicU32::new(0),
        };
        world.store.create_tables().await.expect("tables");
        world
    }

    /// Another process of the same shop, whose calls to AWS go through what `wrap` makes of the
    /// stand-ins.
    #[must_use]
    pub fn another(&self, wrap: impl FnOnce(Arc<dyn Transport>) -> Arc<dyn Transport>) -> Self {
        let router = Router::new(Arc::new(self.engine.clone()), Arc::new(self.capture.clone()));
        let (store, senders) = clients(wrap(Arc::new(router)), &self.capture);
        Self {
            store,
            senders,
            clock: self.clock.clone(),
            capture: self.capture.clone(),
            engine: self.engine.clone(),
            hand: self.hand.clone(),
            // Far from the numbers of the first.
            events: std::sync::atomic::AtomicU32::new(u32::MAX / 2),
        }
    }

    /// The keys that are live.
    pub fn keys(&self) -> Keys {
        KEYS.iter().fold(Keys::default(), |keys, (key, scope)| keys.with(*scope, key))
    }

    /// Links in messages, sealed with a key that everybody knows.
    pub fn links() -> Links {
        let keys = LinkKeys::parse(&format!("test:{}", "5e".repeat(64))).expect("a key");
        Links::new("https://links.test", keys).expect("an address")
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sets the clock.
    pub fn set(&self, now: &str) {
        self.hand.set(at(now));
    }

    /// Lets time pass.
    pub fn pass(&self, span: Span) {
        self.hand.set(self.now() + span);
    }

    /// Publishes definitions, without a full pass.
    pub async fn publish(&self, definitions: &str) {
        self.publish_files(&[("test.yaml", definitions)]).await;
    }

    /// Publishes definition files, by name, without a full pass.
    pub async fn publish_files(&self, files: &[(&str, &str)]) {
        let now = self.now();
        let before = self.store.fresh_definitions(now).await.expect("definitions");
        let file = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        let source = Source { files: files.iter().map(file).collect() };
        let read = source.read(&before.lineage().next()).unwrap_or_else(|mistakes| {
            panic!("{}", mistakes.iter().map(|m| format!("{m}\n")).collect::<String>())
        });
        assert!(self.store.publish(&source, &read, now).await.expect("published"));
        self.store.fresh_definitions(now).await.expect("definitions");
    }

    /// A call of a customer, made now, with a message id of its own.
    #[track_caller]
    pub fn call(&self, customer: &str, mut call: Value) -> Event {
        let n = self.events.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let members = call.as_object_mut().expect("an object");
        let mut fill = |name: &str, value: Value| {
            members.entry(name).or_insert(value);
        };
        fill("userId", customer.into());
        fill("messageId", format!("event-{n}").into());
        fill("timestamp", self.now().to_string().into());
        let arrival = Arrival { received: self.now(), sent_at: None, writer: Writer::Server };
        read(&call, &arrival).expect("an event").0
    }

    /// A tracked event of a customer, made now.
    #[track_caller]
    pub fn track(&self, customer: &str, name: &str, properties: Value) -> Event {
        self.call(customer, json!({"type": "track", "event": name, "properties": properties}))
    }

    /// Applies events of one customer.
    pub async fn apply(&self, events: &[Event]) -> Applied {
        let id = &events.first().expect("an event").filed;
        self.store.apply(id, events, self.now()).await.expect("applied")
    }

    /// A customer with an e-mail address, a phone number, and consent on both.
    pub async fn reachable(&self, customer: &str) -> CustomerId {
        let traits = json!({
            "email": format!("customer-{customer}@example.com"),
            "phone": format!("+1555{:07}", customer.parse::<u32>().unwrap_or(42)),
            "first_name": "Ada",
        });
        let consent = |channel: &str| {
            self.track(customer, "Consent Granted", json!({"channel": channel, "source": "test"}))
        };
        let identify = self.call(customer, json!({"type": "identify", "traits": traits}));
        self.apply(&[identify, consent("email"), consent("sms")]).await;
        CustomerId::known(customer)
    }

    /// The items of a table, as the engine has them.
    pub fn items(&self, table: &str) -> Vec<Value> {
        let (mut items, mut from) = (Vec::new(), Value::Null);
        loop {
            let mut body = json!({"TableName": format!("attune-{table}"), "ConsistentRead": true});
            if !from.is_null() {
                body["ExclusiveStartKey"] = from;
            }
            let request = Request::post("/")
                .header("x-amz-target", "DynamoDB_20120810.Scan")
                .body(Bytes::from(body.to_string()))
                .expect("a request");
            let answer = self.engine.answer(&request);
            let page: Value = serde_json::from_slice(answer.body()).expect("JSON");
            items.extend(page["Items"].as_array().cloned().unwrap_or_default());
            from = page["LastEvaluatedKey"].clone();
            if from.is_null() {
                return items;
            }
        }
    }
}

/// What a process works with, if its calls go through `transport`.
fn clients(transport: Arc<dyn Transport>, capture: &Capture) -> (Store, Senders) {
    let aws = sdk::in_process(transport);
    let store = Store::new(sdk::dynamodb::Client::new(&aws), Settings::local());
    (store.forgotten_by(forgetter(capture.clone(), || None)), Senders::new(&aws, settings()))
}

fn settings() -> SendSettings {
    SendSettings {
        configuration_set: Some("attune".to_owned()),
        apns: Some("arn:aws:sns:eu-west-1:123456789012:app/APNS/shop".to_owned()),
        fcm: Some("arn:aws:sns:eu-west-1:123456789012:app/GCM/shop".to_owned()),
        ..SendSettings::default()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let sending = |item: &&Value| item["state"]["S"] == "sending";
        let messages = self.items("messages");
        let left: Vec<_> = messages.iter().filter(sending).map(|item| &item["id"]).collect();
        assert!(left.is_empty(), "messages were left claimed and never settled: {left:?}");
    }
}
