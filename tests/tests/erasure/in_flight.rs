//! An erasure that comes in the middle of something.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use attune_aws::clock::Clock;
use attune_aws::sdk;
use attune_aws::store::{Settings, Store};
use attune_aws::transport::{Reply, Transport};
use attune_domain::id::CustomerId;
use attune_domain::time::Span;
use attune_embedded::capture::feedback::{Happened, by_logs, text_from, told_of};
use attune_embedded::capture::sent::{Kind, Sent};
use attune_embedded::service::Service;
use attune_testkit::World;
use attune_tests::{dispatch, feedback, fill_in, follow, hand_over, sweep};
use axum::http::StatusCode;
use bytes::Bytes;
use serde_json::json;

use crate::traces::{ID, PHONE, SHOP, call, come_to_rest, erase, left, live, send, track};

/// Erases somebody right before a call that somebody else makes.
#[derive(Debug)]
struct Interrupt {
    inner: Arc<dyn Transport>,
    calls: Mutex<Vec<String>>,
    at: AtomicUsize,
    store: Store,
    clock: Mutex<Option<Clock>>,
    /// Whether it was said then that the person is erased, and after how many calls.
    said: Mutex<Option<(bool, usize)>>,
}

impl Transport for Interrupt {
    fn call(&self, request: http::Request<Bytes>) -> Reply<'_> {
        Box::pin(async move {
            let operation = Service::of(&request).operation(&request).into_owned();
            let n = {
                let mut calls = self.calls.lock().unwrap();
                calls.push(operation);
                calls.len()
            };
            if n == self.at.load(Ordering::SeqCst) {
                let now = self.clock.lock().unwrap().as_ref().unwrap().now();
                let store = self.store.clone();
                // A task of its own: one stack is not deep enough for a flow and an erasure in it.
                let erasure = tokio::spawn(async move {
                    store.erase(&CustomerId::known(ID), None, now).await.unwrap().unwrap()
                });
                let erasure = erasure.await.unwrap();
                let calls = self.calls.lock().unwrap().len();
                *self.said.lock().unwrap() = Some((erasure.erased.is_some(), calls));
            }
            self.inner.call(request).await
        })
    }
}

/// What the erasure comes into.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Flow {
    /// New events of the person.
    Post,
    /// Their messages being sent.
    Dispatch,
    /// A wake-up of theirs.
    Sweep,
    /// Something that is told of a mail, a text or a push.
    Tell(Happened),
    /// A text of theirs.
    Text(&'static str),
    /// A link in a mail that they follow.
    Click,
    /// The link by which they leave.
    Leave,
}

impl Flow {
    pub(crate) fn all() -> Vec<Self> {
        let told = Happened::words().filter_map(Happened::parse).map(Self::Tell);
        let said = ["STOP", "START", "HELP", "When does it come?"].map(Self::Text);
        let rest = [Self::Post, Self::Dispatch, Self::Sweep, Self::Click, Self::Leave];
        rest.into_iter().chain(said).chain(told).collect()
    }

    /// Whether it is about what was sent before.
    pub(crate) fn comes_back(self) -> bool {
        !matches!(self, Self::Post | Self::Dispatch)
    }

    /// Plays it once; `sent` is what was sent before.
    pub(crate) async fn play(self, world: &World, sent: &[Sent]) {
        match self {
            Self::Post => post(world).await,
            Self::Dispatch => drop(dispatch(world).await.unwrap()),
            Self::Sweep => drop(sweep(world).await.unwrap()),
            Self::Tell(happened) => tell(world, sent, happened).await,
            Self::Text(text) => {
                let notice = text_from(PHONE, text, &format!("in-{text}"));
                Box::pin(feedback(world, &notice)).await.unwrap();
            }
            Self::Click => drop(follow(world, "GET", &link(sent, "/l/")).await),
            Self::Leave => {
                let leave = link(sent, "/u/");
                let (status, ..) = fill_in(world, &leave, "List-Unsubscribe=One-Click").await;
                assert!(status != StatusCode::INTERNAL_SERVER_ERROR, "{status}");
            }
        }
    }
}

async fn post(world: &World) {
    let moved = json!({"traits": {"email": "zeb2.canary@example.com"}, "anonymousId": "second-of-customer-canary"});
    let ordered = json!({"order_id": "2", "note": "property-canary"});
    let events = [
        call(world, "moved", "identify", moved),
        track(world, "order-2", "Order Completed", ordered),
    ];
    while send(world, &events).await != StatusCode::OK {}
}

/// Tells of every message of which this can be told.
async fn tell(world: &World, sent: &[Sent], happened: Happened) {
    let now = world.now().millis();
    let mut told = 0;
    for sent in sent {
        let Some(notice) = told_of(sent, happened, now) else { continue };
        match sent.kind {
            Kind::Sms(_) => Box::pin(hand_over(world, &by_logs(&notice, now))).await.unwrap(),
            Kind::Email(_) | Kind::Push(_) => Box::pin(feedback(world, &notice)).await.unwrap(),
        };
        told += 1;
    }
    assert!(told > 0, "{happened:?} is told of nothing");
}

/// A link in the mail that was sent.
fn link(sent: &[Sent], path: &str) -> String {
    let mail = sent.iter().find_map(|sent| match &sent.kind {
        Kind::Email(mail) => Some(mail),
        _ => None,
    });
    let mail = format!("{:?}", mail.expect("a mail"));
    let begin = mail.find(&format!("https://links.test{path}")).expect(path);
    let rest = &mail[begin..];
    rest[..rest.find(|end| "\"\\>".contains(end)).unwrap()].to_owned()
}

/// A flow with an erasure before its n-th call; its calls, and what is wrong afterwards.
async fn interrupt(flow: Flow, n: usize) -> (Vec<String>, Vec<String>) {
    let mut interrupt = None;
    let world = World::behind(|inner| {
        let aws = sdk::in_process(Arc::clone(&inner));
        let own = Arc::new(Interrupt {
            inner,
            calls: Mutex::default(),
            at: AtomicUsize::new(0),
            store: Store::new(sdk::dynamodb::Client::new(&aws), Settings::local()),
            clock: Mutex::default(),
            said: Mutex::default(),
        });
        interrupt = Some(Arc::clone(&own));
        own
    });
    let world = world.await;
    let interrupt = interrupt.unwrap();
    *interrupt.clock.lock().unwrap() = Some(world.clock.clone());
    world.publish(SHOP).await;
    live(&world).await;
    if flow.comes_back() {
        dispatch(&world).await.unwrap();
        world.pass(Span::hours(1));
    }
    let sent = world.capture.sent();
    interrupt.calls.lock().unwrap().clear();
    interrupt.at.store(n, Ordering::SeqCst);
    Box::pin(flow.play(&world, &sent)).await;
    let calls = interrupt.calls.lock().unwrap().clone();
    interrupt.at.store(0, Ordering::SeqCst);
    if n == 0 {
        return (calls, Vec::new());
    }
    // Messages that are sent side by side race for the core: another time it takes fewer calls.
    let Some((said, after)) = *interrupt.said.lock().unwrap() else {
        assert!(calls.len() < n && matches!(flow, Flow::Dispatch), "{flow:?}: {calls:?}");
        return (calls, Vec::new());
    };
    let mut wrong = Vec::new();
    let sends = |call: &String| ["SendEmail", "Publish"].contains(&call.as_str());
    // The call that was interrupted goes on afterwards.
    let later = || calls[n - 1..n].iter().chain(&calls[after..]);
    if said && matches!(flow, Flow::Dispatch) && later().any(sends) {
        wrong.push("sent after it was said that they are erased".to_owned());
    }
    if !said {
        // Whoever asked is told so, and asks again; by then it is sent.
        assert_eq!(erase(&world).await.0, StatusCode::OK, "{flow:?}");
    }
    come_to_rest(&world).await;
    wrong.extend(left(&world));
    (calls, wrong)
}

#[tokio::test(start_paused = true)]
async fn whatever_is_in_flight_leaves_nothing_and_sends_nothing() {
    for flow in Flow::all() {
        let (calls, _) = interrupt(flow, 0).await;
        for n in 1..=calls.len() {
            let (_, wrong) = interrupt(flow, n).await;
            assert!(wrong.is_empty(), "{flow:?}, before call {n} ({}): {wrong:#?}", calls[n - 1]);
        }
        println!("{flow:?} {} points", calls.len());
    }
}
