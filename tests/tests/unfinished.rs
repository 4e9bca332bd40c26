//! What somebody who died left undone: a merge is finished by whoever finds the ring crowded, and what
//! was unsubscribed is withdrawn by a retry.
#![allow(
    clippy::large_futures,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use attune_aws::store::Consistency;
use attune_domain::address::Address;
use attune_domain::card::Status;
use attune_domain::channel::Channel;
use attune_domain::event::Event;
use attune_domain::id::CustomerId;
use attune_domain::limits;
use attune_domain::time::Span;
use attune_testkit::World;
use attune_testkit::faults::{Fate, Faults, Faulty, Point};
use serde_json::{Value, json};

const SHOP: &str = "segments: [{ id: buyers, when: { event: Order Completed } }]";
const MAIL: &str = "ada@example.com";

async fn shop() -> (World, Faults) {
    let faults = Faults::none();
    let behind = faults.clone();
    let world = World::behind(|inner| Arc::new(Faulty::new(inner, behind))).await;
    world.publish(SHOP).await;
    (world, faults)
}

/// Applies an event, and dies at a call. Says whether it came that far.
async fn die_at(n: usize, point: Point, world: &World, faults: &Faults, event: &Event) -> bool {
    faults.at(faults.calls().len() + n, Fate::Crash(point));
    let died = !faults.run(world.apply(std::slice::from_ref(event))).await.is_finished();
    assert!(faults.run(std::future::ready(())).await.is_finished(), "the process that comes after");
    died
}

fn identify(world: &World, customer: &str, mail: &str) -> Event {
    world.call(customer, json!({"type": "identify", "traits": {"email": mail}}))
}

/// A person who is mailed, and a consent of theirs that comes after the address was unsubscribed.
async fn unsubscribed(world: &World) -> (Address, Event) {
    world.apply(&[identify(world, "1", MAIL)]).await;
    let late = world.track("1", "Consent Granted", json!({"channel": "email", "source": "test"}));
    world.pass(Span::hours(1));
    let address = Address::on(Channel::Email, MAIL).unwrap();
    world.store.unsubscribe(&address.key(), None, world.now()).await.unwrap();
    world.pass(Span::hours(1));
    (address, late)
}

/// Enough events that the rows of those before are looked for.
async fn crowd(world: &World, customer: &str) {
    for _ in 0..=limits::RING {
        world.apply(&[world.track(customer, "Look", json!({}))]).await;
    }
}

/// Whether the consent is withdrawn, if its writer dies and it is sent again, at once or after others.
/// `None`: there were not so many calls.
async fn withdrawn_after(n: usize, point: Point, others: bool) -> Option<bool> {
    let (world, faults) = shop().await;
    let (address, late) = unsubscribed(&world).await;
    if !die_at(n, point, &world, &faults, &late).await {
        return None;
    }
    if others {
        crowd(&world, "1").await;
    }
    world.apply(&[late]).await;
    let id = CustomerId::known("1");
    let stored = world.store.load(&id, Consistency::Strong, world.now()).await.unwrap();
    Some(stored.profile.card.status_at(&address, None) == Some(Status::Withdrawn))
}

#[tokio::test(start_paused = true)]
async fn a_retry_withdraws_what_was_unsubscribed() {
    for (point, others) in Point::ALL.into_iter().flat_map(|point| [(point, false), (point, true)])
    {
        let mut n = 1;
        while let Some(withdrawn) = withdrawn_after(n, point, others).await {
            assert!(withdrawn, "died at call {n}, {point:?}, others came: {others}");
            n += 1;
        }
        assert!(n > 5, "{n}");
    }
}

/// What is left of a customer who was merged: parts, memberships, and their place at addresses.
fn left(world: &World) -> [usize; 3] {
    let count = |table: &str, is: fn(&Value) -> bool| {
        world.items(table).iter().filter(|row| is(row)).count()
    };
    let merged = |row: &Value| row["customer"]["S"] == "u#8" && row["to"]["S"] == "u#7";
    if count("profiles", merged) == 0 {
        return [0; 3];
    }
    [
        count("profiles", |row| row["customer"]["S"] == "u#8" && row["part"]["S"] != "core"),
        count("memberships", |row| row["customer"]["S"] == "u#8" && row["gone"].is_null()),
        count("addresses", |row| row["customers"].to_string().contains("u#8")),
    ]
}

/// What is left when the writer of a merge died, and after others wrote. `None`: there were not so many
/// calls.
async fn left_after(n: usize, point: Point) -> Option<[[usize; 3]; 2]> {
    let (world, faults) = shop().await;
    for (customer, mail) in [("7", "seven@example.com"), ("8", "eight@example.com")] {
        world.apply(&[identify(&world, customer, mail)]).await;
        let order = world.track(customer, "Order Completed", json!({"order_id": customer}));
        world.apply(&[order]).await;
    }
    let alias = world.call("7", json!({"type": "alias", "previousId": "8"}));
    if !die_at(n, point, &world, &faults, &alias).await {
        return None;
    }
    let before = left(&world);
    crowd(&world, "7").await;
    Some([before, left(&world)])
}

#[tokio::test(start_paused = true)]
async fn further_events_finish_a_merge() {
    for point in Point::ALL {
        let (mut n, mut most) = (1, [0; 3]);
        while let Some([before, after]) = left_after(n, point).await {
            assert_eq!(after, [0; 3], "died at call {n}, {point:?}");
            most = std::array::from_fn(|at| most[at].max(before[at]));
            n += 1;
        }
        assert!(most.iter().all(|left| *left > 0), "there was nothing to finish: {most:?}");
    }
}
