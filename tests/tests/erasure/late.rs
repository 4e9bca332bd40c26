//! What comes back about somebody who was erased.

use attune_domain::time::Span;
use attune_embedded::capture::feedback::{Happened, text_from, told_of};
use attune_embedded::capture::sent::Kind;
use attune_testkit::World;
use attune_tests::{dispatch, feedback, sweep};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::in_flight::Flow;
use crate::traces::{PHONE, SHOP, call, come_to_rest, erase, left, left_in_tables, live, send};

const MAIL: &str = "zeb.canary@example.com";

/// A shop in which somebody was sent everything, an hour ago.
async fn sent() -> World {
    let world = World::with(SHOP).await;
    live(&world).await;
    dispatch(&world).await.unwrap();
    assert_eq!(world.capture.sent().len(), 3);
    world.pass(Span::hours(1));
    world
}

/// How many rows there are, of people and of what they did.
fn rows(world: &World) -> Vec<usize> {
    let tables = ["profiles", "events", "agenda", "memberships", "addresses"];
    tables.map(|table| world.items(table).len()).to_vec()
}

/// Erases somebody, and lets something come late, before everything goes once more or after.
async fn late(flow: Flow, done: bool) -> Vec<String> {
    let world = sent().await;
    let sent = world.capture.sent();
    assert_eq!(erase(&world).await.0, StatusCode::OK);
    if done {
        world.pass(Span::minutes(17));
        sweep(&world).await.unwrap();
    }
    let known = left(&world);
    // Until everything goes once more: the mark, its wake-up, and the record.
    assert_eq!(known.len(), if done { 0 } else { 3 }, "{known:#?}");
    let before = rows(&world);
    Box::pin(flow.play(&world, &sent)).await;
    let mut wrong = left_in_tables(&world);
    wrong.retain(|left| !known.contains(left));
    if rows(&world) != before {
        wrong.push(format!("{:?} rows instead of {before:?}", rows(&world)));
    }
    // But for the answer to what they wrote, nothing is sent.
    let to = world.capture.sent().into_iter().map(|sent| sent.kind);
    let others = to.filter(|kind| !matches!(kind, Kind::Sms(sms) if sms.text.contains("STOP")));
    wrong.extend(others.filter(|_| !matches!(flow, Flow::Text(_))).map(|kind| format!("{kind:?}")));
    wrong
}

#[tokio::test(start_paused = true)]
async fn nothing_that_comes_late_brings_anything_back() {
    let flows = Flow::all();
    for flow in flows.into_iter().filter(|flow| flow.comes_back()) {
        for done in [false, true] {
            let wrong = late(flow, done).await;
            assert!(wrong.is_empty(), "{flow:?}, done: {done}: {wrong:#?}");
        }
    }
}

/// Somebody else, whom the shop allows to be written to at the address of who was erased.
async fn somebody_else(world: &World, message: &str) {
    let event = |name: &str, kind: &str, more: Value| {
        let mut event = call(world, &format!("{name}-{message}"), kind, more);
        event["userId"] = "somebody-else".into();
        event
    };
    let traits = json!({"traits": {"email": MAIL, "phone": PHONE}});
    let allows = |channel: &str| {
        let properties = json!({"channel": channel, "source": "test"});
        event(channel, "track", json!({"event": "Consent Granted", "properties": properties}))
    };
    let ordered = json!({"event": "Order Completed", "properties": {"order_id": message}});
    let events = [
        event("who", "identify", traits),
        allows("email"),
        allows("sms"),
        event("order", "track", ordered),
    ];
    assert_eq!(send(world, &events).await, StatusCode::OK);
    dispatch(world).await.unwrap();
}

/// Why addresses are suppressed that somebody has.
fn suppressed(world: &World) -> Vec<String> {
    let rows = world.items("addresses").into_iter();
    let had = rows.filter(|row| !row["customers"].is_null());
    had.filter_map(|row| row["suppressed"]["S"].as_str().map(str::to_owned)).collect()
}

async fn text(world: &World, body: &str) {
    feedback(world, &text_from(PHONE, body, body)).await.unwrap();
    world.pass(Span::minutes(1));
}

/// How many texts of the program were sent.
fn thanked_by_text(world: &World) -> usize {
    let sent = world.capture.sent().into_iter();
    sent.filter(|sent| matches!(&sent.kind, Kind::Sms(sms) if sms.text.contains("Thanks"))).count()
}

#[tokio::test(start_paused = true)]
async fn a_stop_after_the_erasure_holds_for_whoever_has_the_number_next() {
    let world = sent().await;
    erase(&world).await;
    text(&world, "STOP").await;
    come_to_rest(&world).await;
    assert_eq!(left_in_tables(&world), [""; 0]);
    somebody_else(&world, "1").await;
    assert_eq!(suppressed(&world), ["stop"]);
    assert_eq!(thanked_by_text(&world), 0);
    world.pass(Span::minutes(1));
    text(&world, "START").await;
    assert_eq!(suppressed(&world), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_start_after_that_stop_lifts_it() {
    let world = sent().await;
    erase(&world).await;
    for word in ["STOP", "START"] {
        text(&world, word).await;
    }
    come_to_rest(&world).await;
    somebody_else(&world, "1").await;
    assert_eq!((suppressed(&world), thanked_by_text(&world)), (Vec::new(), 1));
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_answered_once_whoever_has_the_number() {
    let world = sent().await;
    erase(&world).await;
    text(&world, "STOP").await;
    feedback(&world, &text_from(PHONE, "Stop.", "another")).await.unwrap();
    assert_eq!(world.capture.sent().len(), 1, "{:?}", world.capture.sent());
}

#[tokio::test(start_paused = true)]
async fn a_bounce_or_a_complaint_after_the_erasure_holds_for_whoever_has_the_address_next() {
    for (happened, why) in [(Happened::Complaint, "complaint"), (Happened::Bounce, "bounce")] {
        for done in [false, true] {
            let world = sent().await;
            let mails = world.capture.sent();
            let mail = mails.iter().find(|sent| matches!(sent.kind, Kind::Email(_))).unwrap();
            let notice = told_of(mail, happened, world.now().millis()).unwrap();
            erase(&world).await;
            if done {
                come_to_rest(&world).await;
            }
            assert_eq!(feedback(&world, &notice).await.unwrap().taken, 1);
            come_to_rest(&world).await;
            assert_eq!(left_in_tables(&world), [""; 0]);
            somebody_else(&world, "1").await;
            assert_eq!(suppressed(&world), [why], "done: {done}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn why_an_address_was_not_to_be_written_to_outlives_its_owner() {
    let world = sent().await;
    let mails = world.capture.sent();
    let mail = mails.iter().find(|sent| matches!(sent.kind, Kind::Email(_))).unwrap();
    let notice = told_of(mail, Happened::Complaint, world.now().millis()).unwrap();
    feedback(&world, &notice).await.unwrap();
    text(&world, "STOP").await;
    erase(&world).await;
    come_to_rest(&world).await;
    assert_eq!(left(&world), [""; 0]);
    somebody_else(&world, "1").await;
    let mut why = suppressed(&world);
    why.sort();
    assert_eq!((why, world.capture.sent().len()), (vec!["complaint".into(), "stop".into()], 0));
}
