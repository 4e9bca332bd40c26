//! Erasing a person: however it is interrupted, and whatever is in flight or comes late, nothing of
//! them is left, and nothing is sent once it was said that they are erased.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "a test fails by panicking"
)]

mod in_flight;
mod late;
mod overlooked;
mod traces;

use std::sync::Arc;

use attune_domain::time::Span;
use attune_testkit::World;
use attune_testkit::faults::{Fate, Faults, Faulty, Lag, Lagging, Point, Run};
use attune_tests::schedules::troubles;
use attune_tests::{dispatch, manage, sweep};
use axum::http::StatusCode;
use serde_json::{Value, json};

use traces::{ID, SHOP, call, come_to_rest, erase, left, live, send, track};

/// What holds of somebody who was erased: old events are dropped, and the address is suppressed.
async fn stays_erased(world: &World) {
    let again = [track(world, "order", "Order Completed", json!({"order_id": "1"}))];
    assert_eq!(send(world, &again).await, StatusCode::OK);
    assert_eq!(
        manage(world, "GET", &format!("/api/customers/{ID}"), &Value::Null).await.0.as_u16(),
        404
    );
    let mut other =
        call(world, "other", "identify", json!({"traits": {"email": "zeb.canary@example.com"}}));
    other["userId"] = "somebody-else".into();
    assert_eq!(send(world, &[other]).await, StatusCode::OK);
    let rows = world.items("addresses");
    assert!(rows.iter().any(|row| row["suppressed"]["S"] == "erased"), "{rows:?}");
    let (_, told) = manage(world, "GET", &format!("/api/erasures/{ID}"), &Value::Null).await;
    let known = (&told["state"], &told["reason"]);
    assert_eq!(known, (&json!("done"), &json!("asked by letter")), "{told}");
}

/// A shop in which somebody did everything, behind a hand that breaks calls.
async fn living() -> (World, Faults) {
    let faults = Faults::none();
    let behind = faults.clone();
    let world = World::behind(|inner| Arc::new(Faulty::new(inner, behind))).await;
    world.publish(SHOP).await;
    live(&world).await;
    (world, faults)
}

/// The same, when their messages were sent.
async fn lived() -> (World, Faults) {
    let (world, faults) = living().await;
    dispatch(&world).await.unwrap();
    assert!(left(&world).len() > 10);
    (world, faults)
}

/// The process that comes after one that died.
async fn another(faults: &Faults) {
    assert!(faults.run(std::future::ready(())).await.is_finished());
}

/// Erases with a trouble at a call, as whoever asks comes again after a while; returns how many
/// calls there were, and what is left.
async fn erase_with(trouble: Option<(usize, Fate)>, after: Option<Span>) -> (usize, Vec<String>) {
    let (world, faults) = lived().await;
    let before = faults.calls().len();
    if let Some((n, fate)) = trouble {
        faults.at(before + n, fate);
    }
    let mut tries = 0;
    while !matches!(faults.run(erase(&world)).await, Run::Finished((StatusCode::OK, _))) {
        tries += 1;
        assert!(tries < 8, "the erasure never ended");
        if let Some(after) = after {
            another(&faults).await;
            world.pass(after);
            sweep(&world).await.unwrap();
            dispatch(&world).await.unwrap();
        }
    }
    world.pass(Span::minutes(17));
    while !matches!(faults.run(sweep(&world)).await, Run::Finished(Ok(_))) {}
    let calls = faults.calls().len() - before;
    come_to_rest(&world).await;
    let left = left(&world);
    if left.is_empty() {
        stays_erased(&world).await;
    }
    (calls, left)
}

#[tokio::test(start_paused = true)]
async fn no_crash_leaves_anything_of_somebody_who_was_erased() {
    let (calls, wrong) = erase_with(None, None).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
    let mut points = 0;
    for n in 1..=calls {
        for fate in troubles() {
            let (_, wrong) = erase_with(Some((n, fate.clone())), None).await;
            assert!(wrong.is_empty(), "call {n}: {fate:?}: {wrong:#?}");
            points += 1;
        }
    }
    println!("erase {calls} calls × {points} points");
}

/// Erases once, and dies at a call. Tells whether the person is still there as a whole, or going.
async fn die_at(n: usize) -> Option<bool> {
    let (world, faults) = lived().await;
    faults.at(faults.calls().len() + n, Fate::Crash(Point::Before));
    if matches!(faults.run(erase(&world)).await, Run::Finished(_)) {
        return None;
    }
    another(&faults).await;
    let there = format!("/api/customers/{ID}");
    let (status, told) = manage(&world, "GET", &there, &Value::Null).await;
    // Nobody asks again. What comes of it is all or nothing, and never by halves.
    come_to_rest(&world).await;
    match status {
        StatusCode::OK => {
            let (status, now) = manage(&world, "GET", &there, &Value::Null).await;
            assert_eq!((status, &now["traits"]), (StatusCode::OK, &told["traits"]), "call {n}");
            assert_eq!(erase(&world).await.0, StatusCode::OK);
            come_to_rest(&world).await;
        }
        _ => assert_eq!(status, StatusCode::NOT_FOUND),
    }
    assert_eq!(left(&world), [""; 0], "died before call {n}");
    stays_erased(&world).await;
    Some(status == StatusCode::OK)
}

#[tokio::test(start_paused = true)]
async fn who_dies_before_the_mark_did_nothing_and_a_repetition_does_everything() {
    let (mut whole, mut going) = (0, 0);
    for n in 1.. {
        match die_at(n).await {
            Some(true) => {
                assert_eq!(going, 0, "call {n} comes after the mark, and they are there");
                whole += 1;
            }
            Some(false) => going += 1,
            None => break,
        }
    }
    println!("erase {whole} calls before the mark, {going} after");
    assert!(whole > 3 && going > 10, "{whole} before the mark, {going} after");
}

#[tokio::test(start_paused = true)]
async fn a_repetition_after_the_wake_up_of_the_first_try_does_everything() {
    for n in 1..=12 {
        for fate in troubles() {
            let (_, wrong) = erase_with(Some((n, fate.clone())), Some(Span::minutes(20))).await;
            assert!(wrong.is_empty(), "call {n}: {fate:?}: {wrong:#?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn while_a_message_is_on_its_way_nobody_is_said_to_be_erased() {
    let (world, faults) = living().await;
    faults.next("SendEmail", Fate::Crash(Point::Before));
    assert!(!faults.run(dispatch(&world)).await.is_finished());
    another(&faults).await;
    let (status, told) = erase(&world).await;
    assert_eq!((status, &told["state"]), (StatusCode::ACCEPTED, &json!("asked")), "{told}");
    // Whoever claimed it had nine seconds.
    world.pass(Span::seconds(10));
    let (status, told) = erase(&world).await;
    assert_eq!((status, &told["state"]), (StatusCode::OK, &json!("erased")), "{told}");
    come_to_rest(&world).await;
    assert_eq!(left(&world), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_erasure_sees_what_other_reads_do_not_see_yet() {
    let lag = Lag { stale_reads: 1000, late_indexes: 1000, ..Lag::default() };
    let world = World::over(|engine| Arc::new(Lagging::new(engine, lag, 1)), |inner| inner);
    let world = world.await;
    world.publish(SHOP).await;
    live(&world).await;
    assert_eq!(erase(&world).await.0, StatusCode::OK);
    let there: Vec<_> =
        left(&world).into_iter().filter(|row| row.starts_with("messages")).collect();
    assert_eq!(there, [""; 0]);
}
