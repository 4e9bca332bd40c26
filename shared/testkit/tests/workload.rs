//! Memberships of the reference workload against brute force, at every hour of thirty days.

use attune_domain::time::Span;
use attune_testkit::workload::{Played, Workload, play};

/// Sweeps of an hour, a minute and a day.
const PERIODS: [Span; 3] = [Span::hours(1), Span::minutes(1), Span::days(1)];
const CUSTOMERS: u64 = 20_000;

/// Dollars that a million events may cost. `tests/tests/workload.rs` shows that the store is charged what is
/// counted here.
const EVENTS: f64 = 1.60;
/// The same where events come late and twice.
const HARDER: f64 = 1.64;

/// Plays a workload, and prints what it cost.
#[track_caller]
fn check(workload: &Workload, most: f64) -> Played {
    let played = play(workload, &PERIODS);
    println!("{} customers, {:?}", workload.customers(), workload.quartiles());
    for (period, figures) in PERIODS.iter().zip(&played.figures) {
        let woken = figures.percent_woken_per_hour(workload.customers(), 720);
        let writes = figures.agenda_writes_per_event();
        println!(
            "swept every {period}: {woken:.4} % woken an hour, {writes:.3} agenda writes an event"
        );
        let dollars = figures.dollars_per_million_events();
        println!("${dollars:.3} a million events, {figures:?}");
        // Who is woken once a day is told of what was due by the next event, which is charged for it.
        assert!(dollars <= most || *period > Span::hours(1), "events cost too much");
        assert!(woken <= 0.26, "too many are woken");
        assert!(writes <= 0.5, "too much is written to the agenda");
    }
    let sizes = [50, 99, 100].map(|hundredths| played.percentile(hundredths));
    println!("core items: median, 99th percentile, largest {sizes:?} bytes");
    println!("compared {} times", played.compared);
    assert_eq!(played.mismatches, [], "memberships are not those of brute force");
    assert!(played.torn.is_empty(), "the period of sweeps changed something: {:?}", played.torn);
    assert!(played.percentile(99) <= 1_024, "one core in a hundred costs more than a unit");
    played
}

#[test]
fn memberships_equal_brute_force_at_every_hour_however_often_is_swept() {
    check(&Workload::new(1, CUSTOMERS), EVENTS);
}

#[test]
fn late_repeated_and_reordered_events_and_moving_clocks_change_nothing_of_that() {
    let played = check(&Workload::harder(2, CUSTOMERS), HARDER);
    assert!(played.figures.iter().all(|figures| figures.duplicates > 0));
}

#[test]
#[ignore = "takes a minute; run it with --ignored --nocapture for the published figures"]
fn a_hundred_thousand_customers_of_another_seed() {
    check(&Workload::new(3, 100_000), EVENTS);
    check(&Workload::harder(4, 100_000), HARDER);
}
