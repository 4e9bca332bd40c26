//! The figures of the reference workload, and its memberships against brute force.

use attune_domain::time::Span;
use attune_testkit::workload::{Played, Workload, play};

/// Sweeps of an hour, a minute and a day.
const PERIODS: [Span; 3] = [Span::hours(1), Span::minutes(1), Span::days(1)];

#[track_caller]
fn check(workload: &Workload) -> Played {
    let played = play(workload, &PERIODS);
    println!("{:?}", workload.quartiles());
    for (period, figures) in PERIODS.iter().zip(&played.figures) {
        println!(
            "{period}: {:.4} %/h, {:.3} agenda/event {figures:?}",
            figures.percent_woken_per_hour(workload.customers(), 720),
            figures.agenda_writes_per_event()
        );
    }
    println!(
        "compared {} p50 {} p99 {} max {:?}",
        played.compared,
        played.percentile(50),
        played.percentile(99),
        played.core_bytes.last()
    );
    println!(
        "mismatches {} {:?}",
        played.mismatches.len(),
        played.mismatches.iter().take(5).collect::<Vec<_>>()
    );
    println!("torn {} {:?}", played.torn.len(), played.torn.iter().take(5).collect::<Vec<_>>());
    played
}

#[test]
fn memberships_equal_brute_force() {
    let n = std::env::var("N").map_or(2000, |n| n.parse().unwrap());
    check(&Workload::new(1, n));
    check(&Workload::harder(1, n));
}
