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
//! The first runs 10,000 cases of each test, as CI does; the second a million; the third one case
//! again, as a failure tells. A failing case is made smaller before it is told.
#![allow(missing_docs, reason = "nobody links to a test")]

mod brute;
mod calendar;
mod case;
mod draw;
mod facts;
mod future;
mod history;
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
