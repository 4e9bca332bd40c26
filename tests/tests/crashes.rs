//! Every single-crash schedule of every flow: before each call of AWS, after its effect, after its
//! answer; and each lost answer that the process survives.
//!
//! `cargo test -p attune-tests --test crashes -- --nocapture` prints flows × points.
#![allow(
    clippy::large_futures,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and helpers of tests are tests"
)]

use attune_tests::schedules::{Flow, as_it_is, flows, reference, singles, violations};

/// Plays every schedule of a flow; tells how many, and what was wrong.
async fn enumerate(flow: &Flow) -> (usize, usize, Vec<String>) {
    let reference = reference(flow, as_it_is).await;
    let schedules = singles(&reference);
    let mut wrong = Vec::new();
    for schedule in &schedules {
        let found = violations(flow, schedule, &reference, as_it_is).await;
        let call =
            |n: usize| reference.calls.get(n - 1).map(|c| format!("{} {}", c.operation, c.target));
        let told = schedule.0.first().and_then(|(n, _)| call(*n)).unwrap_or_default();
        wrong
            .extend(found.iter().map(|what| format!("{}, {schedule} ({told}): {what}", flow.name)));
    }
    (reference.calls.len(), schedules.len(), wrong)
}

async fn check(flows: Vec<Flow>) {
    let mut wrong = Vec::new();
    for flow in flows {
        let (calls, points, found) = enumerate(&flow).await;
        println!("{:<28}{calls:>4} calls ×{points:>5} points", flow.name);
        assert!(points > 0, "{} makes no call", flow.name);
        wrong.extend(found);
    }
    assert!(wrong.is_empty(), "{} violations:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn no_crash_loses_or_doubles_what_customers_do() {
    check(flows::events()).await;
}

#[tokio::test(start_paused = true)]
async fn no_crash_loses_or_doubles_people() {
    check(flows::people()).await;
}

#[tokio::test(start_paused = true)]
async fn no_crash_stops_time_or_new_definitions_halfway() {
    check(flows::passes()).await;
}

#[tokio::test(start_paused = true)]
async fn no_crash_sends_a_message_twice_or_forgets_it() {
    check(flows::messages()).await;
}

#[tokio::test(start_paused = true)]
async fn no_crash_loses_or_doubles_what_comes_back() {
    check(flows::feedback()).await;
}
