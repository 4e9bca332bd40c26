//! How long the twelve segments of the reference workload take: from decoded profiles, from stored
//! ones, and, in the same run, by brute force over raw facts.
//!
//! ```text
//! cargo bench -p attune-testkit --no-default-features
//! ```

#![allow(clippy::expect_used, reason = "a bench that cannot begin must stop")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use attune_domain::definitions::Definitions;
use attune_domain::profile::Core;
use attune_testkit::workload::{BEGIN, Calendar, Person, SEGMENTS, Sample, Truth, Workload};

const CUSTOMERS: u64 = 5_000;
const ROUNDS: usize = 15;

fn main() {
    let workload = Workload::new(1, CUSTOMERS);
    let definitions = workload.definitions();
    let people: Vec<Person> = workload.people().collect();
    let samples: Vec<Sample> = people.iter().filter_map(|p| Sample::of(p, &definitions)).collect();
    let calendar = Calendar::new();
    let truths: Vec<Truth<'_>> = people
        .iter()
        .filter(|person| person.signed_up <= BEGIN)
        .map(|person| truth(person, &workload, &calendar))
        .collect();
    assert_eq!(samples.len(), truths.len(), "the same customers");

    let customers = samples.len();
    let copy = best(|| samples.iter().for_each(|s| drop(black_box(s.stored.clone()))));
    let evaluate = best(|| samples.iter().for_each(|s| evaluate(&s.core, &definitions)));
    let decode =
        best(|| samples.iter().for_each(|s| drop(black_box(black_box(s).decoded(&definitions)))));
    let both = best(|| samples.iter().for_each(|s| evaluate_stored(s, &definitions)));
    let count = best(|| truths.iter().for_each(|t| count_all(t)));

    println!("{customers} customers, {} segments, best of {ROUNDS} rounds", SEGMENTS.len());
    let each = |name: &str, time: Duration| {
        let customer = nanos(time, customers);
        let segment = nanos(time, customers * SEGMENTS.len());
        let ratio = time.as_secs_f64() / count.as_secs_f64();
        println!(
            "{name:<26} {customer:>8.0} ns a customer {segment:>7.1} ns a segment {ratio:>7.2} × brute force"
        );
    };
    each("copy of the stored bytes", copy);
    each("brute force", count);
    each("evaluate", evaluate);
    each("decode", decode);
    each("decode and evaluate", both);
}

fn truth<'a>(person: &'a Person, workload: &'a Workload, calendar: &'a Calendar) -> Truth<'a> {
    let mut truth = Truth::new(person, workload.quartiles(), calendar);
    let arrived = person.doings.iter().take_while(|doing| doing.arrives <= BEGIN);
    arrived.for_each(|doing| truth.learn(doing));
    truth
}

fn evaluate(core: &Core, definitions: &Definitions) {
    black_box(definitions.answers(&core.facts(), black_box(BEGIN)));
}

fn evaluate_stored(sample: &Sample, definitions: &Definitions) {
    evaluate(&black_box(sample).decoded(definitions), definitions);
}

fn count_all(truth: &Truth<'_>) {
    black_box(truth.segments(black_box(0)));
}

/// The shortest of some rounds: what else the machine does only adds.
fn best(mut work: impl FnMut()) -> Duration {
    let round = |()| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    };
    std::iter::repeat_n((), ROUNDS).map(round).min().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn nanos(time: Duration, over: usize) -> f64 {
    time.as_secs_f64() * 1e9 / over as f64
}
