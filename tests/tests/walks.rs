//! Random walks over all flows, and pairs of crashes in the small ones.
//!
//! A failing seed is played again by `ATTUNE_SEED=<seed> cargo test -p attune-tests --test walks
//! random`; `ATTUNE_WALKS` sets how many are played otherwise.
#![allow(
    clippy::large_futures,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and helpers of tests are tests"
)]

use attune_tests::number;
use attune_tests::schedules::walk::walk;
use attune_tests::schedules::{Flow, as_it_is, flows, pairs, reference, singles, violations};

/// Walks per run, unless `ATTUNE_WALKS` says otherwise: a few seconds' worth.
const WALKS: u64 = 150;

fn all() -> Vec<Flow> {
    [flows::events(), flows::people(), flows::passes(), flows::messages(), flows::feedback()]
        .concat()
}

#[tokio::test(start_paused = true)]
async fn random_walks_lose_and_double_nothing() {
    let flows = all();
    let mut references = Vec::new();
    for flow in &flows {
        references.push(reference(flow, as_it_is).await);
    }
    let seeds = match number("ATTUNE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ATTUNE_WALKS").unwrap_or(WALKS),
    };
    let mut wrong = Vec::new();
    for seed in seeds.clone() {
        let at = usize::try_from(seed).expect("a small seed") % flows.len();
        let (schedule, found) = walk(&flows[at], &references[at], seed).await;
        let told =
            |what: &String| format!("ATTUNE_SEED={seed} {}, {schedule}: {what}", flows[at].name);
        wrong.extend(found.iter().map(told));
    }
    println!("{} walks over {} flows", seeds.count(), flows.len());
    assert!(wrong.is_empty(), "{} violations:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn pairs_of_crashes_in_one_event_lose_and_double_nothing() {
    check_pairs("event without flip").await;
}

#[tokio::test(start_paused = true)]
#[ignore = "some thousand schedules: on demand"]
async fn pairs_of_crashes_in_the_small_flows_lose_and_double_nothing() {
    for flow in ["flip", "new person", "wake-up", "claim", "refusal", "unknown"] {
        check_pairs(flow).await;
    }
}

async fn check_pairs(name: &str) {
    let flow = all().into_iter().find(|flow| flow.name == name).expect("a flow of that name");
    let reference = reference(&flow, as_it_is).await;
    let (mut played, mut wrong) = (0, Vec::new());
    for first in singles(&reference) {
        for schedule in pairs(&flow, &first, as_it_is).await {
            played += 1;
            let found = violations(&flow, &schedule, &reference, as_it_is).await;
            wrong.extend(found.iter().map(|what| format!("{name}, {schedule}: {what}")));
        }
    }
    println!("{name:<28}{played:>6} pairs");
    assert!(played > 0 && wrong.is_empty(), "{} violations:\n{}", wrong.len(), wrong.join("\n"));
}
