//! Planted bugs are caught: a simulator that sees nothing proves nothing.
#![allow(
    clippy::large_futures,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and helpers of tests are tests"
)]

use attune_domain::time::Span;
use attune_testkit::faults::{Fate, Point};
use attune_tests::schedules::planted::{ignore_unprocessed, resend_on_unknown};
use attune_tests::schedules::{
    Act, Flow, Reference, Schedule, Wrap, as_it_is, flows, reference, singles, violations,
};

fn flow(name: &str) -> Flow {
    let all = [flows::events(), flows::passes(), flows::messages()].into_iter().flatten();
    all.into_iter().find(|flow| flow.name == name).expect("a flow of that name")
}

/// What is wrong after the first of `schedules` after which anything is.
async fn caught(
    flow: &Flow,
    reference: &Reference,
    schedules: &[Schedule],
    wrap: Wrap,
) -> Option<String> {
    for schedule in schedules {
        let wrong = violations(flow, schedule, reference, wrap).await;
        if !wrong.is_empty() {
            return Some(format!("{schedule}: {}", wrong.join("\n")));
        }
    }
    None
}

/// The numbers of the calls of an operation.
fn calls(reference: &Reference, operation: &str) -> Vec<usize> {
    let calls = reference.calls.iter().filter(|call| call.operation == operation);
    let first = reference.calls.first().map_or(0, |call| call.n);
    calls.map(|call| call.n - first + 1).collect()
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_sends_again_when_it_cannot_know_is_caught() {
    let flow = flow("claim");
    let reference = reference(&flow, as_it_is).await;
    let send = calls(&reference, "SendEmail")[0];
    let lost = [Schedule(vec![(send, Fate::LoseReply)])];
    assert_eq!(caught(&flow, &reference, &lost, as_it_is).await, None);
    let told = caught(&flow, &reference, &lost, resend_on_unknown).await.expect("caught");
    assert!(told.contains("was sent 2 times"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_whose_unprocessed_entries_nobody_reads_is_caught() {
    let flow = flow("batch of 40 for one person");
    let reference = reference(&flow, as_it_is).await;
    let batch = calls(&reference, "BatchWriteItem")[0];
    let half = [Schedule(vec![(batch, Fate::Partial(0b1010_1010))])];
    assert_eq!(caught(&flow, &reference, &half, as_it_is).await, None);
    let told = caught(&flow, &reference, &half, ignore_unprocessed).await.expect("caught");
    assert!(told.contains("has 0 rows"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_before_what_it_promises_is_caught() {
    let mut flow = flow("flip");
    let reference = reference(&flow, as_it_is).await;
    for act in &mut flow.acts {
        if let Act::Post(events) = act {
            *act = Act::PostAndForget(std::mem::take(events));
        }
    }
    let told = caught(&flow, &reference, &singles(&reference), as_it_is).await.expect("caught");
    assert!(told.contains("has 0 rows"), "{told}");
}

/// Two crashes, each just after a cursor was raised.
fn after_cursors(reference: &Reference) -> Vec<Schedule> {
    let raised = calls(reference, "UpdateItem");
    let crash = |n: &usize| (*n, Fate::Crash(Point::AfterEffect));
    let pairs = raised.iter().enumerate().flat_map(|(at, one)| {
        raised.iter().skip(at + 1).map(move |two| Schedule(vec![crash(one), crash(two)]))
    });
    pairs.collect()
}

/// One crash is not enough: what the first visit missed is found by the second.
#[tokio::test(start_paused = true)]
async fn a_checkpoint_before_its_effect_is_caught() {
    let mut flow = flow("wake-up");
    let (wait, right) = (Act::Wait(Span::minutes(16)), Act::Sweep);
    flow.acts = vec![right.clone(), wait.clone(), right];
    let reference_right = reference(&flow, as_it_is).await;
    let pairs = after_cursors(&reference_right);
    assert_eq!(caught(&flow, &reference_right, &pairs, as_it_is).await, None);
    flow.acts = vec![Act::SweepWrongly, wait, Act::SweepWrongly];
    let reference_wrong = reference(&flow, as_it_is).await;
    let pairs = after_cursors(&reference_wrong);
    let told = caught(&flow, &reference_wrong, &pairs, as_it_is).await.expect("caught");
    assert!(told.contains("nothing will wake u#7") || told.contains("was not woken"), "{told}");
}
