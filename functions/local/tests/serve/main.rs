//! What `attune serve` serves on one machine, over HTTP, with a data folder: what becomes of
//! messages, and of people who are erased.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "a test fails by panicking"
)]

mod erasure;
mod feedback;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use attune::serve;
use attune::suite::Suite;
use attune_aws::clock::{Clock, ClockHand};
use attune_aws::keys::{Keys, Scope};
use attune_domain::time::{Span, Timestamp};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;

const SHOP: &str = "
segments:
  - { id: buyers, when: { event: Order Completed } }
templates:
  - { id: thanks, email: { subject: 'Thanks {{ customer.first_name }}', html: '<p>Thanks</p>', text: Thanks } }
  - { id: call, sms: 'Thanks {{ customer.first_name }}' }
  - { id: tap, push: { title: 'Thanks {{ customer.first_name }}', body: Thanks } }
programs:
  - { id: thank, enter: buyers, again: never, send: { template: thanks } }
  - { id: call, enter: buyers, again: never, send: { template: call } }
  - { id: tap, enter: buyers, again: never, send: { template: tap } }
";
const PHONE: &str = "+15559871234";

/// A folder that is gone in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("attune-serve-{:016x}", fastrand::u64(..))))
    }

    /// The files whose bytes hold a word.
    fn with(&self, word: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        search(&self.0, word.as_bytes(), &mut found);
        found
    }
}

fn search(folder: &Path, word: &[u8], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, word, found);
        } else if std::fs::read(&path).unwrap().windows(word.len()).any(|part| part == word) {
            found.push(path);
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A suite on a folder, with the routes of `attune serve`.
struct Shop {
    suite: Arc<Suite>,
    routes: Router,
    hand: ClockHand,
}

impl Shop {
    async fn open(folder: &Folder) -> Self {
        let now = Timestamp::parse("2026-10-01T09:00:00Z").unwrap();
        let (clock, hand) = Clock::simulated(now);
        let keys = Keys::default().with(Scope::Server, "w").with(Scope::Manage, "m");
        let suite = Suite::open(Some(&folder.0), clock, keys, None).await.unwrap();
        let suite = Arc::new(suite);
        let routes = serve::router(&suite, Some(&folder.0), true).unwrap();
        Self { suite, routes, hand }
    }

    /// One in which somebody is to be sent a message on every channel.
    async fn with_an_order(folder: &Folder) -> Self {
        let shop = Self::open(folder).await;
        let files = json!({"files": [{"name": "shop.yaml", "text": SHOP}]});
        let (status, told) = shop.ask("PUT", "/api/definitions", &files.to_string()).await;
        assert_eq!(status, 200, "{told}");
        shop.order("1").await;
        shop
    }

    /// One in which they were sent.
    async fn with_messages(folder: &Folder) -> Self {
        let shop = Self::with_an_order(folder).await;
        shop.suite.tick().await.unwrap();
        shop
    }

    /// Asks for a path, with the key of the management API.
    async fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", "Bearer m")
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.ask("POST", path, &body.to_string()).await
    }

    /// Zebulon, who can be reached everywhere, orders.
    async fn order(&self, order: &str) {
        let call = |id: &str, kind: &str, more: Value| {
            let mut call = json!({"type": kind, "userId": "canary", "messageId": id,
                "timestamp": self.hand.now().to_string()});
            call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            call
        };
        let traits = json!({"traits": {"email": "zeb@canary.test", "phone": PHONE, "first_name": "Zebulon"},
            "context": {"device": {"type": "ios", "token": "token-canary"}}});
        let allows = |channel: &str| {
            let properties = json!({"channel": channel, "source": "test"});
            let event = json!({"event": "Consent Granted", "properties": properties});
            call(&format!("may-{channel}"), "track", event)
        };
        let ordered = json!({"event": "Order Completed", "properties": {"order_id": order}});
        let batch = [
            call("who", "identify", traits),
            allows("email"),
            allows("sms"),
            allows("push"),
            call(&format!("order-{order}"), "track", ordered),
        ];
        let (status, _) = self.post("/v1/batch", &json!({"batch": batch, "writeKey": "w"})).await;
        assert_eq!(status, 200);
    }

    /// The id of the message that was sent on a channel.
    fn sent(&self, channel: &str) -> String {
        let all = self.suite.capture.sent().into_iter();
        let all = all.map(|sent| serde_json::to_value(sent).unwrap());
        let mut on = all.filter(|sent| sent["channel"] == channel);
        on.next().expect("a message")["id"].as_str().unwrap().to_owned()
    }

    fn pass(&self, span: Span) {
        self.hand.set(self.hand.now() + span);
    }
}
