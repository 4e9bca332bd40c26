//! What somebody who died left undone is done by whoever comes next.
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

/// Whether a late consent is withdrawn, as the address was unsubscribed since, if its writer dies and
/// it is sent again. `None`: there were not so many calls.
async fn withdrawn_after(n: usize, point: Point) -> Option<bool> {
    let (world, faults) = shop().await;
    world.apply(&[identify(&world, "1", MAIL)]).await;
    let late = world.track("1", "Consent Granted", json!({"channel": "email", "source": "test"}));
    world.pass(Span::hours(1));
    let address = Address::on(Channel::Email, MAIL).unwrap();
    world.store.unsubscribe(&address.key(), None, world.now()).await.unwrap();
    world.pass(Span::hours(1));
    if !die_at(n, point, &world, &faults, &late).await {
        return None;
    }
    world.apply(&[late]).await;
    let id = CustomerId::known("1");
    let stored = world.store.load(&id, Consistency::Strong, world.now()).await.unwrap();
    let status = stored.profile.card.status_at(&address, None);
    Some(status == Some(Status::Withdrawn))
}

#[tokio::test(start_paused = true)]
async fn a_retry_withdraws_what_was_unsubscribed() {
    for point in Point::ALL {
        let mut n = 1;
        while let Some(withdrawn) = withdrawn_after(n, point).await {
            assert!(withdrawn, "died at call {n}, {point:?}");
            n += 1;
        }
        assert!(n > 5, "{n}");
    }
}

/// What is left of a profile that was merged, if its writer dies and others write for the one it became a part
/// of. `None`: there were not so many calls.
async fn left_after(n: usize, point: Point) -> Option<Vec<Value>> {
    let (world, faults) = shop().await;
    for (customer, mail) in [("7", "seven@example.com"), ("8", "eight@example.com")] {
        world.apply(&[identify(&world, customer, mail)]).await;
        world
            .apply(&[world.track(customer, "Order Completed", json!({"order_id": customer}))])
            .await;
    }
    let alias = world.call("7", json!({"type": "alias", "previousId": "8"}));
    if !die_at(n, point, &world, &faults, &alias).await {
        return None;
    }
    for _ in 0..=limits::RING {
        world.apply(&[world.track("7", "Look", json!({}))]).await;
    }
    let profiles = world.items("profiles");
    let of_8 = |row: &&Value| row["customer"]["S"] == "u#8";
    let merged = profiles.iter().filter(of_8).any(|row| row["to"]["S"] == "u#7");
    let parts = profiles.iter().filter(of_8).filter(|row| row["part"]["S"] != "core");
    let rows = world.items("memberships");
    let inside = rows.iter().filter(of_8).filter(|row| row["gone"].is_null());
    let addresses = world.items("addresses");
    let has_8 = |row: &&Value| row["customers"].to_string().contains("u#8");
    let left = parts.chain(inside).chain(addresses.iter().filter(has_8));
    Some(left.filter(|_| merged).cloned().collect())
}

#[tokio::test(start_paused = true)]
async fn further_events_finish_a_merge() {
    for point in Point::ALL {
        let mut n = 1;
        while let Some(left) = left_after(n, point).await {
            assert!(left.is_empty(), "died at call {n}, {point:?}: {left:#?}");
            n += 1;
        }
        assert!(n > 8, "{n}");
    }
}
