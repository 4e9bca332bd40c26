//! No send whose claim commits after the person withdrew, whatever the interleaving.
//!
//! `ATTUNE_RACES` sets how many interleavings are played; `ATTUNE_SEED` is the first of them, by
//! itself the only one.
#![allow(
    clippy::large_futures,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use attune_tests::number;
use attune_tests::races::twins;
use attune_tests::races::withdrawal::{Tally, as_it_is, claim_without_looking, play};

/// Interleavings per run, unless `ATTUNE_RACES` says otherwise: some seconds' worth.
const RACES: u64 = 500;

#[tokio::test(start_paused = true)]
async fn no_send_is_claimed_after_the_person_withdrew() {
    let (from, races) = (number("ATTUNE_SEED"), number("ATTUNE_RACES"));
    let races = races.unwrap_or(if from.is_some() { 1 } else { RACES });
    let seeds = from.unwrap_or(0)..from.unwrap_or(0) + races;
    let Tally { races, sent_before, not_sent, refused_claims, wrong } =
        Box::pin(play(seeds, as_it_is)).await;
    println!(
        "{races} races: {sent_before} sent before the withdrawal, {not_sent} not sent, a claim \
         refused in {refused_claims}"
    );
    assert!(wrong.is_empty(), "{} violations:\n{}", wrong.len(), wrong.join("\n"));
    // A race that one side always wins is none.
    if races >= 100 {
        for often in [sent_before, not_sent, refused_claims] {
            assert!(often * 20 > races, "{often} of {races}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_does_not_look_again_is_caught() {
    let wrong = Box::pin(play(0..300, claim_without_looking)).await.wrong;
    let late = wrong.iter().filter(|what| what.contains("a claim was committed after"));
    assert!(late.count() >= 5, "{wrong:#?}");
}

#[tokio::test(start_paused = true)]
async fn one_address_gets_one_message_whichever_of_two_runs_is_first() {
    let (wrong, refused) = Box::pin(twins::play(100)).await;
    println!("100 races of twins, a claim refused in {refused}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(refused > 20, "{refused}");
}
