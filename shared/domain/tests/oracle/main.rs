//! The domain against brute force.
//!
//! Each case draws a shop's rules and a person's story from one seed. The product gets the rules as
//! a definition file and the story as the JSON that SDKs send, and steps a profile through it. The
//! oracle judges its own copy of both ([`model`]) from first principles, over every call that has
//! arrived, at every instant at which anything might turn. It shares no code with the product.
//!
//! ```text
//! cargo test -p attune-domain --test oracle
//! ATTUNE_CASES=1000000 cargo test --release -p attune-domain --test oracle
//! ATTUNE_SEED=42 cargo test -p attune-domain --test oracle every_answer
//! ```
//!
//! The first is what CI runs: 10,000 cases, and 1,000 of each law in [`laws`]. The second runs a
//! million of each test; the third one case again, as a failure tells. A failing case is made
//! smaller before it is told.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a test: it fails by panicking, and what it draws is small"
)]

mod bad_input;
mod brute;
mod calendar;
mod case;
mod draw;
mod facts;
mod future;
mod history;
mod laws;
mod model;
mod person;
mod print;
mod rules;
mod run;
mod shrink;
mod teeth;
mod turns;
mod value;
mod wire;

use case::Case;

/// The share of cases, in hundredths, in which each kind of test must be seen true, and false.
const EACH_KIND: u64 = 5;
/// The share of cases, in hundredths, in which time alone must change a membership.
const BY_TIME: u64 = 30;

#[test]
fn every_answer_agrees_with_brute_force_at_every_instant() {
    let teeth = run::each_seed("every_answer", |seed| run::play(Case::of(seed)));
    println!("{}", teeth.told());
    if run::is_replay() {
        return;
    }
    for (kind, holding, failing) in teeth.shares() {
        assert!(holding >= EACH_KIND, "{kind} holds in {holding} % of cases");
        assert!(failing >= EACH_KIND, "{kind} fails in {failing} % of cases");
    }
    assert!(teeth.flipped * 100 >= teeth.cases * BY_TIME, "{} flips by time", teeth.flipped);
    assert!(teeth.unsure * 100 < teeth.compared, "{} comparisons undecided", teeth.unsure);
}

#[test]
fn ticks_of_a_minute_an_hour_and_a_day_give_identical_bytes() {
    run::each_story("ticks_of", laws::ticks_make_no_difference);
}

#[test]
fn a_clock_behind_the_profiles_own_decides_nothing() {
    run::each_story("a_clock_behind", laws::an_earlier_clock_decides_nothing);
}

#[test]
fn any_order_of_arrival_gives_the_same_profile() {
    run::each_story("any_order", laws::any_order_of_arrival_gives_the_same);
}

#[test]
fn merging_profiles_is_commutative_and_associative() {
    run::each_story("merging", laws::merging_is_commutative_and_associative);
}

#[test]
fn only_a_grant_raises_consent() {
    run::each_story("only_a_grant", laws::only_a_grant_raises_consent);
}

#[test]
fn nobody_is_in_a_segment_of_positive_tests_by_accident() {
    run::each_story("nobody_is_in", laws::nobody_is_in_by_accident);
}

#[test]
fn packing_a_profile_loses_nothing() {
    run::each_story("packing", laws::packing_loses_nothing);
}

#[test]
fn a_spoiled_call_is_refused_with_a_reason_or_read() {
    run::each_seed("a_spoiled_call", bad_input::spoiled_calls);
}

#[test]
fn spoiled_definitions_are_refused_with_a_place_or_read() {
    run::each_seed("spoiled_definitions", bad_input::spoiled_definitions);
}
