//! A query is no snapshot: somebody may write between two of the items that it reads.
#![allow(
    clippy::large_futures,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and helpers of tests are tests"
)]

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use attune_aws::transport::{Lost, Reply, Transport};
use attune_testkit::World;
use attune_tests::dispatch;
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

type Write = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Lets somebody write after the first item of the next query of a profile.
struct Torn {
    database: Arc<dyn Transport>,
    between: Mutex<Option<Write>>,
    /// Whether the query reads in the order of a reader who does not care.
    card_first: bool,
}

impl fmt::Debug for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Torn")
    }
}

impl Torn {
    async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Lost> {
        let mut body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let query = request.headers().get("x-amz-target").is_some_and(|operation| {
            operation.as_bytes().ends_with(b".Query") && body["TableName"] == "attune-profiles"
        });
        let between = if query { self.between.lock().unwrap().take() } else { None };
        let Some(between) = between else { return self.database.call(request).await };
        if self.card_first {
            body["ScanIndexForward"] = true.into();
        }
        let ask = async || {
            let (head, _) = request.clone().into_parts();
            let request = Request::from_parts(head, Bytes::from(body.to_string()));
            self.database.call(request).await
        };
        let first: Value = serde_json::from_slice(ask().await?.body()).unwrap();
        between.await;
        let (head, rest) = ask().await?.into_parts();
        let mut torn: Value = serde_json::from_slice(&rest).unwrap();
        torn["Items"][0] = first["Items"][0].clone();
        assert!(torn["Items"].as_array().unwrap().len() > 1, "{torn}");
        let mut answer = Response::from_parts(head, Bytes::from(torn.to_string()));
        // What was said of the length and the checksum was of another body.
        answer.headers_mut().remove("content-length");
        answer.headers_mut().remove("x-amz-crc32");
        Ok(answer)
    }
}

impl Transport for Torn {
    fn call(&self, request: Request<Bytes>) -> Reply<'_> {
        Box::pin(self.answer(request))
    }
}

const SHOP: &str = "
segments: [{ id: lookers, when: { event: Look } }]
templates: [{ id: hello, email: { subject: Hello, html: '<p>Hello</p>', text: Hello } }]
programs: [{ id: hello, enter: lookers, again: never, send: { template: hello } }]
";

/// How many mails go out, if the person withdraws while the dispatcher reads their profile.
async fn sent(card_first: bool) -> usize {
    let world = World::with(SHOP).await;
    world.reachable("42").await;
    world.apply(&[world.track("42", "Look", json!({}))]).await;
    let withdrawal = world.track("42", "Consent Withdrawn", json!({"channel": "email"}));
    let (store, now) = (world.store.clone(), world.now());
    let between = Box::pin(async move {
        let applied = store.apply(&withdrawal.filed, std::slice::from_ref(&withdrawal), now);
        assert_eq!(applied.await.expect("applied").new, 1);
    });
    let dispatcher = world.another(|database| {
        Arc::new(Torn { database, between: Mutex::new(Some(between)), card_first })
    });
    dispatch(&dispatcher).await.unwrap();
    world.capture.sent().len()
}

#[tokio::test]
async fn a_withdrawal_between_two_items_of_a_read_is_seen_by_the_claim() {
    assert_eq!(sent(false).await, 0);
}

#[tokio::test]
async fn a_reader_who_reads_the_card_first_would_send_after_it() {
    assert_eq!(sent(true).await, 1);
}
