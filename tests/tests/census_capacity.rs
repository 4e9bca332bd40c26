//! What a census costs: everybody is read twice, and only who moved is written.
#![allow(
    clippy::large_futures,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and helpers of tests are tests"
)]

use std::collections::BTreeMap;
use std::io::Read as _;

use attune_aws::meter::Units;
use attune_domain::time::Span;
use attune_testkit::World;
use attune_tests::census;
use attune_tests::reference::bytes_of;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::DeflateDecoder;
use serde_json::{Value, json};

const SHOP: &str = "
metrics:
  spent: { sum: total, of: Order Completed }
  orders: { count: Order Completed }
segments:
  - { id: big, when: { metric: spent, top: 20% } }
classes:
  - id: value
    name: Value
    cross:
      amount: { metric: spent, split: quintiles }
      frequency: { metric: orders, split: 2 }
";

const CUSTOMERS: u32 = 1_000;
/// Slices of a round on one shard, and items in a page of one.
const SLICES: f64 = 8.0;
const PAGE: f64 = 200.0;

async fn buy(world: &World, customer: u32, orders: u32, total: u32) {
    let id = format!("c-{customer:04}");
    let traits = json!({"email": format!("{id}@example.com"), "first_name": "Ada"});
    let mut events = vec![world.call(&id, json!({"type": "identify", "traits": traits}))];
    for order in 0..orders {
        let bought: Value =
            (0..3).map(|n| json!({"product_id": format!("p-{}", (n + customer) % 97)})).collect();
        let properties = json!({"order_id": format!("{total}-{order}"), "total": total,
                                "products": bought});
        events.push(world.track(&id, "Order Completed", properties));
    }
    world.apply(&events).await;
}

async fn shop() -> World {
    let world = World::with(SHOP).await;
    for customer in 0..CUSTOMERS {
        buy(&world, customer, 1 + customer % 3, 10 + customer * 7 % 997).await;
    }
    world
}

type Cores = BTreeMap<String, String>;

/// The version of each core.
fn cores(world: &World) -> Cores {
    let cores = world.items("profiles").into_iter().filter(|item| item["part"]["S"] == "core");
    cores
        .map(|item| (item["customer"]["S"].to_string(), item["version"]["N"].to_string()))
        .collect()
}

/// What a census used, and whom it moved.
struct Taken {
    profiles: Units,
    workspace: Units,
    memberships: Units,
    moved: usize,
}

async fn take(world: &World) -> Taken {
    let (before, cores_before) = (world.store.meter().by_table(), cores(world));
    census(world).await.expect("a census");
    let after = world.store.meter().by_table();
    let used = |table: &str| {
        let of = |units: &BTreeMap<String, Units>| units.get(table).copied().unwrap_or_default();
        of(&after) - of(&before)
    };
    let moved =
        cores(world).iter().filter(|(id, core)| cores_before.get(*id) != Some(core)).count();
    Taken {
        profiles: used("attune-profiles"),
        workspace: used("attune-workspace"),
        memberships: used("attune-memberships"),
        moved,
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("a count of this test"))
}

/// Everybody twice, at 8 KiB a unit, and of each page what is left over.
fn assert_read_twice(world: &World, taken: &Taken) {
    let items = world.items("profiles");
    let bytes = number(items.iter().map(bytes_of).sum());
    let twice = 2.0 * bytes / 8_192.0;
    let pages = 2.0 * (number(items.len()) / PAGE + SLICES);
    let Units { reads, writes } = taken.profiles;
    println!("{CUSTOMERS} customers of {bytes} bytes: {reads} RRU, twice is {twice:.1}");
    assert_eq!((taken.moved, writes.to_string()), (0, "0".to_owned()));
    assert!((twice..=twice + pages / 2.0).contains(&reads), "{reads}");
}

#[tokio::test]
async fn a_census_reads_everybody_twice_and_writes_whom_it_moved() {
    let world = shop().await;
    let first = take(&world).await;
    assert_eq!(first.moved, cores(&world).len(), "of nobody it was known where they are");
    assert_eq!(first.profiles.writes.to_string(), first.moved.to_string());

    world.pass(Span::days(1));
    let second = take(&world).await;
    assert_read_twice(&world, &second);
    assert_eq!(second.memberships.writes.to_string(), "0");

    // Newcomers who spend more than anybody move others down.
    for customer in 0..20 {
        buy(&world, CUSTOMERS + customer, 3, 5_000).await;
    }
    world.pass(Span::days(1));
    let third = take(&world).await;
    println!(
        "the next moved {}: {:?}, memberships {:?}",
        third.moved, third.profiles, third.memberships
    );
    assert!((1..CUSTOMERS as usize / 4).contains(&third.moved), "{}", third.moved);
    assert_eq!(third.profiles.writes.to_string(), third.moved.to_string());
}

/// Bytes of the summaries of the last census, as they are kept and inflated, and the units that writing
/// each once takes.
fn summaries(world: &World) -> (usize, usize, f64) {
    let (mut kept, mut inflated, mut units) = (0, 0, 0);
    for item in world.items("workspace") {
        let Some(summary) = item["summary"]["B"].as_str() else { continue };
        let summary = BASE64_STANDARD.decode(summary).unwrap();
        let mut whole = Vec::new();
        DeflateDecoder::new(summary.as_slice()).read_to_end(&mut whole).unwrap();
        kept += summary.len();
        inflated += whole.len();
        units += bytes_of(&item).div_ceil(1_024);
    }
    (kept, inflated, number(units))
}

#[tokio::test]
async fn a_census_writes_its_summaries_deflated_and_little_else() {
    let world = shop().await;
    let taken = take(&world).await;
    let (kept, inflated, units) = summaries(&world);
    let writes = taken.workspace.writes;
    println!(
        "summaries of {inflated} bytes are kept in {kept}; workspace {writes} WRU, {units} of them"
    );
    assert!(kept * 10 <= inflated * 7, "{kept} of {inflated}");
    // Each slice of both rounds is begun once; then there are the pass, the census, its trend and what
    // is bought together.
    let begun = 2.0 * SLICES;
    assert!((0.0..=begun + 24.0).contains(&(writes - units)), "{writes} of which {units}");
}
