//! A small run of the fuzzer. A large one: `cargo run --release --example fuzz -- 10000000`.

#[path = "support/clock.rs"]
mod clock;
#[path = "support/fuzz.rs"]
mod fuzz;
#[path = "support/mutate.rs"]
mod mutate;
#[path = "support/suite.rs"]
mod suite;

#[test]
fn mutated_templates_neither_crash_nor_give_two_texts_for_one_input() {
    let corpus = fuzz::Corpus::new(suite::suite());
    let tally = fuzz::run(&corpus, 1, 5_000);
    assert_eq!(tally.fickle, [""; 0]);
    // Built without optimisation it may take twice as long as the promise for a release.
    assert!(tally.slowest < 2 * fuzz::PATIENCE, "{:?} {:?}", tally.slowest, tally.slowest_template);
    assert!(tally.parsed > 1_000 && tally.rendered > 1_000, "{tally:?}");
}
