//! Random walks: a flow, a few troubles of every kind, and a database that lags, all from a seed.

use attune_testkit::faults::{Fate, Lag, Point, Trouble};
use fastrand::Rng;

use super::stage::Stage;
use super::{Act, Flow, Reference, Schedule, as_it_is, judge, play_on};

/// The most that goes wrong in one walk.
const MOST: usize = 4;

/// Plays `flow` with up to four troubles drawn from `seed`; what is wrong afterwards.
pub async fn walk(flow: &Flow, reference: &Reference, seed: u64) -> (Schedule, Vec<String>) {
    let mut rng = Rng::with_seed(seed);
    // Retries add calls beyond those of the reference.
    let calls = reference.calls.len() * 2;
    let count = rng.usize(1..=MOST);
    let mut troubles: Vec<(usize, Fate)> =
        (0..count).map(|_| (rng.usize(1..=calls), fate(&mut rng))).collect();
    troubles.sort_by_key(|(n, _)| *n);
    troubles.dedup_by_key(|(n, _)| *n);
    let schedule = Schedule(troubles);
    let lag = Lag { stale_reads: 200, late_indexes: 200, ..Lag::default() };
    let mut flow = flow.clone();
    // What can happen only to one kind of call.
    let conflict = Fate::Refuse(Trouble::Conflict);
    let special = [
        ("PutItem", conflict.clone()),
        ("UpdateItem", conflict.clone()),
        ("TransactWriteItems", conflict),
        ("BatchWriteItem", Fate::Partial(rng.u128(..))),
    ];
    if let Some((operation, fate)) = rng.choice(special).filter(|_| rng.bool()) {
        flow.acts.insert(0, Act::Next(operation, fate));
    }
    let played = play_on(Stage::with(lag, seed, as_it_is).await, &flow, &schedule).await;
    let wrong = judge(&played, &flow, &schedule, reference).await;
    (schedule, wrong)
}

fn fate(rng: &mut Rng) -> Fate {
    let fates = [
        Fate::Crash(Point::Before),
        Fate::Crash(Point::AfterEffect),
        Fate::Crash(Point::AfterReply),
        Fate::LoseReply,
        Fate::LoseRequest,
        Fate::Refuse(Trouble::Throttled),
        Fate::Refuse(Trouble::Unavailable),
        Fate::RefuseAfter(Trouble::Internal),
    ];
    rng.choice(fates).unwrap_or(Fate::Deliver)
}
