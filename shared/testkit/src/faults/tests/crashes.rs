//! A process may die at any call, and what it left behind is all there is.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::*;

#[tokio::test]
async fn calls_are_numbered_and_say_where_they_went() {
    let world = World::new(Faults::none()).await;
    world.put("m-1", 1).await.unwrap();
    world.transact(&["m-2"]).await.unwrap();
    world.text("hi").await.unwrap();
    let calls = world.faults.calls();
    let told: Vec<_> = calls.iter().map(|c| (c.n, &*c.operation, &*c.target)).collect();
    let expected =
        [(1, "PutItem", "messages"), (2, "TransactWriteItems", "messages"), (3, "Publish", "")];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_crash_before_a_call_leaves_nothing() {
    assert_eq!(after_a_crash(Point::Before).await, None);
}

#[tokio::test]
async fn a_crash_after_the_effect_leaves_it_behind() {
    assert_eq!(after_a_crash(Point::AfterEffect).await, Some(1));
}

#[tokio::test]
async fn a_crash_after_the_reply_still_loses_the_flow() {
    assert_eq!(after_a_crash(Point::AfterReply).await, Some(1));
}

async fn after_a_crash(point: Point) -> Option<i64> {
    let world = World::new(Faults::none()).await;
    world.faults.crash_at(1, point);
    assert!(!world.faults.run(world.put("m-1", 1)).await.is_finished());
    world.truth("m-1").await
}

#[tokio::test]
async fn nothing_happens_after_a_crash() {
    for point in Point::ALL {
        let world = World::new(Faults::none()).await;
        world.faults.crash_at(1, point);
        let flow = async {
            world.put("m-1", 1).await.unwrap();
            world.text("hi").await.unwrap();
        };
        assert_eq!(world.faults.run(flow).await, Run::Crashed);
        assert_eq!(world.capture.sent(), [], "{point:?}");
        assert_eq!(world.faults.calls().len(), 1);
    }
}

#[tokio::test]
async fn a_new_process_carries_on() {
    let world = World::new(Faults::none()).await;
    world.faults.crash_at(1, Point::Before);
    assert!(!world.faults.run(world.text("lost")).await.is_finished());
    assert!(world.faults.run(world.text("sent")).await.is_finished());
    assert_eq!(world.capture.sent().len(), 1);
}

#[tokio::test]
async fn a_crash_takes_the_other_tasks_of_the_flow_along() {
    let world = World::new(Faults::none()).await;
    world.faults.crash_at(1, Point::Before);
    let other = async { sleep(Duration::from_hours(1)).await };
    let run = world.faults.run(async { tokio::join!(world.put("m-1", 1), other) });
    assert!(!run.await.is_finished());
}

/// The pattern for every flow: count its calls once, then let it die at each of its points and run
/// it again. This flow claims before it sends, so it never sends twice.
#[tokio::test]
async fn every_single_crash_of_a_flow_can_be_played() {
    async fn flow(world: &World) {
        if world.put_new("m-1").await.is_ok() {
            world.text("hi").await.unwrap();
            world.put("m-1", 2).await.unwrap();
        }
    }
    let world = World::new(Faults::none()).await;
    flow(&world).await;
    let calls = world.faults.calls().len();
    assert_eq!(calls, 3);
    let mut sent = Vec::new();
    for n in 1..=calls {
        for point in Point::ALL {
            let world = World::new(Faults::none()).await;
            world.faults.crash_at(n, point);
            assert_eq!(world.faults.run(flow(&world)).await, Run::Crashed);
            assert_eq!(world.faults.run(flow(&world)).await, Run::Finished(()));
            sent.push(world.capture.sent().len());
        }
    }
    // Lost only where it died between claim and send; the product calls that `unknown`.
    assert_eq!(sent, [1, 0, 0, 0, 1, 1, 1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_frozen_process_does_nothing_and_its_deadlines_pass() {
    let world = World::new(Faults::none()).await;
    world.faults.at(1, Fate::Freeze(Duration::from_secs(25)));
    let began = Instant::now();
    let ticks = async {
        let mut ticks = Vec::new();
        for _ in 0..3 {
            sleep(Duration::from_secs(1)).await;
            ticks.push(began.elapsed().as_secs());
        }
        ticks
    };
    let run = world.faults.run(async { tokio::join!(world.put("m-1", 1), ticks) }).await;
    let Run::Finished((put, ticks)) = run else { panic!("{run:?}") };
    put.unwrap();
    assert_eq!(ticks, [25, 26, 27]);
}
