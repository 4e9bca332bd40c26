//! What each operation costs, exactly, so that a change of cost is seen.
//!
//! On customers of median and of 99th-percentile size under the reference workload's twelve
//! segments, with a full ring. The budget is the capacity table of the architecture.
#![allow(
    clippy::large_futures,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_cmp,
    reason = "a test fails by panicking, and helpers of tests are tests"
)]

use attune_domain::id::CustomerId;
use attune_domain::time::Span;
use attune_testkit::World;
use attune_tests::cost::{Cost, cost};
use attune_tests::reference::{Life, bytes_of, live, part, product, shop};
use attune_tests::{dispatch, post, sweep};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

/// A shop with one customer, whose wake-ups were visited and whose old messages were looked after.
async fn shop_with(life: Life) -> (World, CustomerId) {
    let world = shop().await;
    let id = live(&world, "42", life).await;
    sweep(&world).await.unwrap();
    dispatch(&world).await.unwrap();
    (world, id)
}

/// An event that no segment but “anything in 60 days” looks at.
fn view(world: &World, message: u32) -> Value {
    track(world, "Product Viewed", message)
}

fn track(world: &World, name: &str, message: u32) -> Value {
    json!({"type": "track", "userId": "42", "event": name, "properties": product(message),
           "messageId": format!("message-{message}"), "timestamp": world.now().to_string()})
}

async fn send(world: &World, events: &[Value]) -> Cost {
    world.pass(Span::seconds(1));
    let body = json!({ "batch": events });
    let (cost, (status, _)) = cost(world, post(world, "/v1/batch", "server-key", &body)).await;
    assert_eq!(status.as_u16(), 200);
    cost
}

#[tokio::test]
async fn a_customer_of_the_99th_percentile_has_a_core_of_one_unit_and_a_small_cart_is_in_it() {
    let sizes = async |life| {
        let (world, id) = shop_with(life).await;
        ["core", "card", "cart"]
            .map(|name| format!("{name} {}", bytes_of(&part(&world, &id, name))))
    };
    expect![[r#"[["core 710", "card 1243", "cart 0"], ["core 664", "card 1243", "cart 960"]]"#]]
        .assert_eq(&format!("{:?}", [sizes(Life::MEDIAN).await, sizes(Life::P99).await]));
}

/// A full ring must find the rows of its eight events before it lets them go: one query, in which all
/// eight are found, so seven of eight events pay nothing for it.
#[track_caller]
fn assert_one_event(costs: &[Cost], usual: &Expect, turn: &Expect) {
    let told: Vec<String> = costs.iter().map(ToString::to_string).collect();
    let turns: Vec<usize> = (0..told.len()).filter(|n| told[*n].ends_with(" 1 RRU")).collect();
    assert_eq!(turns.len(), 4, "{told:#?}");
    assert!(turns.windows(2).all(|two| two[1] - two[0] == 8), "{told:#?}");
    for (n, told) in told.iter().enumerate() {
        let expected = if turns.contains(&n) { turn } else { usual };
        expected.assert_eq(told);
    }
}

#[tokio::test]
async fn an_event_costs_two_writes_and_half_a_read_and_every_eighth_a_query_more() {
    for life in [Life::MEDIAN, Life::P99] {
        let (world, _) = shop_with(life).await;
        let mut costs = Vec::new();
        for message in 0..32 {
            costs.push(send(&world, &[view(&world, message)]).await);
        }
        assert_one_event(
            &costs,
            &expect!["events 1 + profiles 1 = 2 WRU, 0.5 RRU"],
            &expect!["events 1 + profiles 1 = 2 WRU, 1 RRU"],
        );
    }
}

#[tokio::test]
async fn a_cart_beyond_the_fourth_kilobyte_costs_another_half_read() {
    let (world, _) = shop_with(Life::P99_FULL_CART).await;
    let cost = send(&world, &[view(&world, 1)]).await;
    expect!["events 1 + profiles 1 = 2 WRU, 1 RRU"].assert_eq(&cost.to_string());
}

#[tokio::test]
async fn events_of_one_customer_in_one_request_share_a_profile_write_by_sixteens() {
    for life in [Life::MEDIAN, Life::P99] {
        for n in [1_u32, 2, 16, 17, 40, 100] {
            let (world, _) = shop_with(life).await;
            let events: Vec<Value> = (0..n).map(|message| view(&world, message)).collect();
            let cost = send(&world, &events).await;
            assert_eq!(cost.total().writes, f64::from(n + n.div_ceil(16)), "{n} events: {cost}");
        }
    }
}

#[tokio::test]
async fn a_duplicate_costs_no_write_once_its_row_is_known() {
    let median = expect!["addresses 2 + events 1 + memberships 4 = 7 WRU, 2.5 RRU"];
    let p99 = expect!["addresses 2 + events 1 + memberships 7 = 10 WRU, 2.5 RRU"];
    for (life, dup) in [(Life::MEDIAN, median), (Life::P99, p99)] {
        let (world, _) = shop_with(life).await;
        let events: Vec<Value> = (0..20).map(|message| view(&world, message)).collect();
        for event in &events {
            send(&world, std::slice::from_ref(event)).await;
        }
        let told = async |place: usize| send(&world, &events[place..=place]).await.to_string();
        // Let go when its row was found: the row is read.
        expect!["0 WRU, 1.5 RRU"].assert_eq(&told(10).await);
        // Newer than the last look: its writer may have died before the row and what follows it, so
        // all of that is written again.
        dup.assert_eq(&told(19).await);
    }
}

/// What an event and a wake-up cost when they change something, and then the message that follows.
#[derive(Debug)]
struct Reminder {
    cart: Cost,
    woken: Cost,
    sent: Cost,
}

async fn remind(life: Life) -> Reminder {
    let (world, _) = shop_with(life).await;
    let cart = send(&world, &[track(&world, "Product Added", 1)]).await;
    world.pass(Span::hours(1));
    let (woken, swept) = cost(&world, sweep(&world)).await;
    assert_eq!(swept.unwrap().changed, 1);
    let (sent, dispatched) = cost(&world, dispatch(&world)).await;
    assert_eq!(dispatched.unwrap().accepted, 1);
    Reminder { cart, woken, sent }
}

#[tokio::test]
async fn an_earlier_wake_up_costs_one_write_and_a_cart_another_unless_it_fits_into_the_core() {
    let told = async |life| remind(life).await.cart.to_string();
    expect!["agenda 1 + events 1 + profiles 1 = 3 WRU, 1 RRU"].assert_eq(&told(Life::MEDIAN).await);
    expect!["agenda 1 + events 1 + profiles 3 = 5 WRU, 0.5 RRU"].assert_eq(&told(Life::P99).await);
}

/// The core alone costs 1. Planning a message makes it a part of a transaction (1 more), writes the
/// message in the same (2), and its entry in the index (1): 4. The next wake-up and the membership
/// cost 1 each; the cursors are the sweep's and not the customer's.
#[tokio::test]
async fn a_membership_costs_one_write_and_a_planned_message_four() {
    let told = async |life| {
        let woken = remind(life).await.woken;
        assert_eq!(woken.writes("profiles") - 1.0 + woken.writes("messages"), 4.0);
        woken.to_string()
    };
    expect!["agenda 1 + memberships 1 + messages 3 + profiles 2 + workspace 1 = 8 WRU, 3.5 RRU"]
        .assert_eq(&told(Life::MEDIAN).await);
    // A later row of the agenda is known, and in time.
    expect!["memberships 1 + messages 3 + profiles 2 + workspace 1 = 7 WRU, 3.5 RRU"]
        .assert_eq(&told(Life::P99).await);
}

/// The claim is a transaction of the core (2), the message (2) and the check of the address (2); then
/// the history row of the sent message (1); settling writes the message (1) and takes it out of the
/// index (1): 9. The permit of its second, and the count of its program, are a run's and not a
/// message's: a message that is alone in its run pays for both.
#[tokio::test]
async fn a_message_costs_nine_writes_and_one_alone_in_its_run_two_more() {
    for life in [Life::MEDIAN, Life::P99] {
        let sent = remind(life).await.sent;
        expect!["addresses 2 + events 1 + messages 4 + profiles 2 + workspace 2 = 11 WRU, 6.5 RRU"]
            .assert_eq(&sent.to_string());
        assert!(sent.total().writes <= 12.0);
    }
}

/// Picking a code reads one page of those that are free. The claim takes it (2) beside everything
/// else, and its row among the free goes (1).
#[tokio::test]
async fn a_message_with_a_code_of_its_own_costs_three_writes_more() {
    let told = async |coupon: &str| {
        let world = World::with(&format!(
            "
coupons: [{{ id: ten, codes: unique, low_stock: 5 }}]
segments: [{{ id: buyers, when: {{ event: Order Completed }} }}]
templates: [{{ id: t, sms: Thanks }}]
programs: [{{ id: p, enter: buyers, again: never, send: {{ template: t{coupon} }} }}]
"
        ))
        .await;
        let codes: Value = (0..100).map(|n| json!(format!("CODE-{n:04}"))).collect();
        attune_tests::manage(&world, "POST", "/api/coupons/ten/codes", &codes).await;
        world.reachable("42").await;
        world.apply(&[world.track("42", "Order Completed", json!({"order_id": "1"}))]).await;
        let (sent, dispatched) = cost(&world, dispatch(&world)).await;
        assert_eq!(dispatched.unwrap().accepted, 1);
        sent
    };
    let (without, with) = (told("").await, told(", coupon: ten").await);
    let more = with.total() - without.total();
    assert_eq!((more.writes, more.reads), (3.0, 1.0), "{without}; {with}");
    assert!(with.total().writes <= 12.0, "{with}");
}

/// A client that dates every attempt anew is known by the id alone.
#[tokio::test]
async fn an_id_that_comes_again_at_once_with_another_time_counts_once() {
    let world = World::with("segments: [{ id: fans, when: { event: Look, times: 2 } }]").await;
    let look = |id: &str| {
        json!({"type": "track", "event": "Look", "userId": "42", "messageId": id,
               "timestamp": world.now().to_string()})
    };
    for _ in 0..3 {
        send(&world, &[look("the-same")]).await;
        assert!(world.items("memberships").is_empty());
    }
    assert_eq!(world.items("events").len(), 1);
    send(&world, &[look("another")]).await;
    assert_eq!(world.items("memberships").len(), 1);
}
