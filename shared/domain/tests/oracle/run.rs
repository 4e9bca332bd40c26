//! Runs many cases, and says how to run one of them again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::case::Case;
use crate::teeth::Teeth;

/// Cases in a run that names no number: enough for CI, in seconds.
const CASES: u64 = 10_000;
/// Cases of a law that steps a whole story several times over.
const STORIES: u64 = 1_000;

/// The number in a variable of the environment.
#[expect(clippy::disallowed_methods, reason = "a test's size is its caller's choice")]
fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect(name))
}

/// The seeds of this run: one that is to be replayed, or as many as asked for.
fn seeds(unasked: u64) -> std::ops::Range<u64> {
    match asked("ATTUNE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..asked("ATTUNE_CASES").unwrap_or(unasked),
    }
}

/// Whether one seed is replayed, which proves nothing about shares.
pub(crate) fn is_replay() -> bool {
    asked("ATTUNE_SEED").is_some()
}

/// Plays `one` for every seed; see [`each_of`].
pub(crate) fn each_seed(test: &str, one: impl Fn(u64) -> Result<Teeth, String> + Sync) -> Teeth {
    each_of(seeds(CASES), test, one)
}

/// Plays `one`, which steps a whole story several times over, for every seed; see [`each_of`].
pub(crate) fn each_story(test: &str, one: impl Fn(u64) -> Result<(), String> + Sync) {
    each_of(seeds(STORIES), test, |seed| one(seed).map(|()| Teeth::default()));
}

/// Plays `one` on all cores; panics with the first seed that fails, and how to play it again.
fn each_of(
    seeds: std::ops::Range<u64>,
    test: &str,
    one: impl Fn(u64) -> Result<Teeth, String> + Sync,
) -> Teeth {
    let next = AtomicU64::new(seeds.start);
    let (total, failed) = (Mutex::new(Teeth::default()), Mutex::new(None::<(u64, String)>));
    let work = || {
        let mut teeth = Teeth::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end || failed.lock().unwrap().is_some() {
                break;
            }
            // A panic is a failure like others, and has a seed.
            let one = || one(seed);
            let played = catch_unwind(AssertUnwindSafe(one));
            match played.unwrap_or_else(|_| Err("panicked".to_owned())) {
                Ok(more) => teeth.add(&more),
                Err(why) => {
                    failed.lock().unwrap().get_or_insert((seed, why));
                }
            }
        }
        total.lock().unwrap().add(&teeth);
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        (0..cores).for_each(|_| drop(scope.spawn(work)));
    });
    if let Some((seed, why)) = failed.into_inner().unwrap() {
        panic!(
            "seed {seed}: {why}\nreplay: ATTUNE_SEED={seed} cargo test -p attune-domain --test oracle {test}"
        );
    }
    total.into_inner().unwrap()
}

/// Plays a case; one that fails is made as small as it gets while it still fails.
pub(crate) fn play(case: Case) -> Result<Teeth, String> {
    let mut why = match case.play() {
        Ok(teeth) => return Ok(teeth),
        Err(why) => why,
    };
    // What fails at one input may fail at another once some are gone.
    let mut small = Case { curiosity: 100, ..case };
    if let Err(told) = small.play() {
        why = told;
    }
    loop {
        let smaller = small.smaller().into_iter().find_map(|case| Some((case.play().err()?, case)));
        let Some((told, case)) = smaller else { break };
        (why, small) = (told, case);
    }
    Err(format!("{why}\n{}", small.told()))
}
