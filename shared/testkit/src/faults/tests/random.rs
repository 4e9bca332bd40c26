//! One seed decides everything, and a knob that is off does nothing.

use std::collections::BTreeSet;
use std::mem::discriminant;
use std::time::Duration;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_seed_means_the_same_every_time() {
    let first = troubles(7, Knobs::all(40)).await;
    assert!(!first.is_empty());
    assert_eq!(troubles(7, Knobs::all(40)).await, first);
    assert_ne!(troubles(8, Knobs::all(40)).await, first);
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_wrong_by_default() {
    assert_eq!(troubles(7, Knobs::default()).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_random_run_can_be_played_again_without_its_seed() {
    let again = Faults::none();
    let first = troubles(7, Knobs::all(40)).await;
    for (n, fate) in &first {
        again.at(*n, fate.clone());
    }
    assert_eq!(played(again).await, first);
}

#[test]
fn each_knob_turns_on_its_own_fates_and_only_where_they_can_happen() {
    let off = Knobs::default();
    let second = Duration::from_secs(1);
    let conflict = Trouble::Conflict;
    let check = |knobs: Knobs, operation: &str, expected: &[Fate]| {
        let expected: Vec<_> = expected.iter().map(discriminant).collect();
        let mut weather = Weather::new(1, knobs);
        let call = call(operation);
        for _ in 0..50 {
            assert!(expected.contains(&discriminant(&weather.fate(&call))), "{operation}");
        }
    };
    check(Knobs { lose_request: 1_000, ..off }, "GetItem", &[Fate::LoseRequest]);
    check(Knobs { lose_reply: 1_000, ..off }, "GetItem", &[Fate::LoseReply]);
    check(Knobs { late: 1_000, ..off }, "PutItem", &[Fate::Late(second)]);
    check(Knobs { refuse: 1_000, ..off }, "PutItem", &[Fate::Refuse(Trouble::Internal)]);
    check(Knobs { refuse_after: 1_000, ..off }, "PutItem", &[Fate::RefuseAfter(Trouble::Internal)]);
    check(Knobs { throttle: 1_000, ..off }, "Publish", &[Fate::Refuse(Trouble::Throttled)]);
    check(Knobs { conflict: 1_000, ..off }, "UpdateItem", &[Fate::Refuse(conflict)]);
    check(Knobs { conflict: 1_000, ..off }, "GetItem", &[Fate::Deliver]);
    check(Knobs { partial: 1_000, ..off }, "BatchGetItem", &[Fate::Partial(1)]);
    check(Knobs { partial: 1_000, ..off }, "PutItem", &[Fate::Deliver]);
    check(Knobs { delay: 1_000, ..off }, "PutItem", &[Fate::Delay(second)]);
    check(Knobs { freeze: 1_000, ..off }, "PutItem", &[Fate::Freeze(second)]);
    check(Knobs { hang_after: 1_000, ..off }, "SendEmail", &[Fate::HangAfter]);
    check(Knobs { hang_after: 1_000, ..off }, "PutItem", &[Fate::Deliver]);
}

#[test]
fn rates_are_kept() {
    let mut weather = Weather::new(1, Knobs { lose_reply: 100, ..Knobs::default() });
    let call = call("PutItem");
    let lost = (0..10_000).filter(|_| weather.fate(&call) == Fate::LoseReply).count();
    assert!((900..1_100).contains(&lost), "{lost}");
}

#[tokio::test(start_paused = true)]
async fn a_condition_never_fails_by_weather() {
    let world = World::new(Faults::random(3, Knobs::all(60))).await;
    let mut errors = BTreeSet::new();
    for n in 0..300 {
        if let Err(error) = world.put_new(&format!("m-{n}")).await {
            errors.insert(format!("{:?}", discriminant(&error)));
            let failed = matches!(error, dynamodb::Error::ConditionalCheckFailedException(_));
            assert!(!failed, "{error:?}");
        }
    }
    assert!(errors.len() >= 3, "{errors:?}");
}

/// What goes wrong for a process that makes a few calls of each kind.
async fn troubles(seed: u64, knobs: Knobs) -> Vec<(usize, Fate)> {
    played(Faults::random(seed, knobs)).await
}

async fn played(faults: Faults) -> Vec<(usize, Fate)> {
    let world = World::new(faults).await;
    for n in 0..30 {
        let name = format!("m-{n}");
        let _ = world.put(&name, n).await;
        let _ = world.transact(&[&name]).await;
        let _ = world.mail().await;
        let _ = world.text(&name).await;
    }
    world.faults.troubles()
}

fn call(operation: &str) -> Call {
    let service = attune_embedded::service::Service::DynamoDb;
    let operation = operation.to_owned();
    Call { n: 1, service, operation, target: String::new(), at: Duration::ZERO }
}
