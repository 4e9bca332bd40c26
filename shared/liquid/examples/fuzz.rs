//! Throws mutated templates at the engine: `cargo run --release --example fuzz -- 10000000 [seed]`.
//!
//! A panic ends the process; the template it was working on is then printed. The run fails if an
//! input took longer than 50 ms each time it was tried, or gave two texts.

#[path = "../tests/support/clock.rs"]
mod clock;
#[path = "../tests/support/fuzz.rs"]
mod fuzz;
#[path = "../tests/support/mutate.rs"]
mod mutate;
#[path = "../tests/support/suite.rs"]
mod suite;

use std::process::ExitCode;
use std::time::Instant;

/// Inputs between two lines of progress.
const ROUND: u64 = 250_000;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let inputs = arguments.next().and_then(Result::ok).unwrap_or(ROUND);
    let first_seed = arguments.next().and_then(Result::ok).unwrap_or(1);
    std::panic::set_hook(Box::new(|panic| {
        println!("{panic}\nwhile at work on {:?}", fuzz::AT_WORK.lock());
    }));
    let corpus = fuzz::Corpus::new(suite::suite());
    let begun = Instant::now();
    let mut done = 0;
    let mut sound = true;
    for seed in first_seed.. {
        if done >= inputs {
            break;
        }
        let tally = fuzz::run(&corpus, seed, ROUND.min(inputs - done));
        done += tally.inputs;
        println!(
            "{done} inputs in {:.0?}, seed {seed}: {} parsed, {} rendered, {} tried again, slowest {:.1?}",
            begun.elapsed(),
            tally.parsed,
            tally.rendered,
            tally.again,
            tally.slowest
        );
        if tally.slowest > fuzz::PATIENCE || !tally.fickle.is_empty() {
            println!("slowest: {:?}\nfickle: {:?}", tally.slowest_template, tally.fickle);
            sound = false;
        }
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
