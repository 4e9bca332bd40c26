//! The reference workload through the store: what it is charged, table by table, is what the model
//! of `attune_testkit::workload` counts, so that the model's figures are the store's.
#![allow(
    clippy::large_futures,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and helpers of tests are tests"
)]

use std::collections::{BTreeMap, BTreeSet};

use attune_aws::meter::Units;
use attune_domain::definitions::Definitions;
use attune_domain::event::Event;
use attune_domain::time::{Span, Timestamp};
use attune_testkit::World;
use attune_testkit::workload::{BEGIN, Figures, Life, Reads, SEGMENTS, Workload, end};
use attune_tests::sweep;

const HOUR: Span = Span::hours(1);
const DAY: Span = Span::days(1);

/// The tables that grow with customers and events. The workspace holds cursors and definitions, whose
/// cost does not depend on how many there are.
const KEPT: [&str; 5] =
    ["attune-profiles", "attune-events", "attune-agenda", "attune-memberships", "attune-addresses"];

type Tables = BTreeMap<String, Units>;

/// The store and the model, side by side.
struct Both<'a> {
    world: World,
    lives: BTreeMap<String, Life<'a>>,
    by_event: Tables,
    by_time: Tables,
}

impl<'a> Both<'a> {
    async fn new(workload: &Workload, definitions: &'a Definitions) -> Self {
        let world = World::new().await;
        world.set(&(end() - Span::days(400)).to_string());
        world.publish(&workload.yaml()).await;
        let life = |person: attune_testkit::workload::Person| {
            (format!("u#{}", person.id), Life::new(definitions, &person.id))
        };
        let lives = workload.people().map(life).collect();
        Self { world, lives, by_event: Tables::new(), by_time: Tables::new() }
    }

    fn used(&self, since: &Tables) -> Tables {
        let now = self.world.store.meter().by_table();
        let more = |(table, units): (String, Units)| {
            let before = since.get(&table).copied().unwrap_or_default();
            (table, units - before)
        };
        now.into_iter().map(more).collect()
    }

    async fn take(&mut self, event: &Event) {
        self.world.set(&event.received.to_string());
        let before = self.world.store.meter().by_table();
        let applied =
            self.world.store.apply(&event.filed, std::slice::from_ref(event), event.received);
        applied.await.expect("applied");
        let used = self.used(&before);
        add(&mut self.by_event, used);
        self.lives.get_mut(event.filed.as_str()).expect("a life").take(event);
    }

    async fn sweep(&mut self, now: Timestamp, period: Span) {
        self.world.set(&now.to_string());
        let before = self.world.store.meter().by_table();
        assert_eq!(sweep(&self.world).await.expect("swept").failed, 0);
        let used = self.used(&before);
        add(&mut self.by_time, used);
        self.lives.values_mut().for_each(|life| life.sweep_until(now, period));
    }

    /// Takes events as they arrive, with a sweep at every multiple of `period`.
    async fn live(&mut self, events: &[Event], from: Timestamp, to: Timestamp, period: Span) {
        let mut events = events.iter().peekable();
        let mut now = from;
        while now < to {
            now = now + period;
            while let Some(event) = events.next_if(|event| event.received <= now) {
                self.take(event).await;
            }
            self.sweep(now, period).await;
        }
    }

    fn begin_to_count(&mut self) {
        (self.by_event, self.by_time) = (Tables::new(), Tables::new());
        self.lives.values_mut().for_each(Life::begin_to_count);
    }

    fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        self.lives.values().for_each(|life| figures += *life.figures());
        figures
    }

    /// Who is in which segment by the rows of the store, and by the model.
    fn members(&self) -> [BTreeSet<(String, String)>; 2] {
        let rows = self.world.items("memberships").into_iter().filter(|row| row["gone"].is_null());
        let text = |value: &serde_json::Value| value["S"].as_str().expect("a text").to_owned();
        let row = |row: serde_json::Value| {
            let partition = text(&row["segment"]);
            let segment = partition.split('#').next().unwrap_or_default().to_owned();
            (segment, text(&row["customer"]))
        };
        let inside = |(customer, life): (&String, &Life<'_>)| {
            let bits = life.segments();
            let inside = SEGMENTS.iter().enumerate().filter(move |(at, _)| bits >> at & 1 == 1);
            let customer = customer.clone();
            inside.map(move |(_, id)| ((*id).to_owned(), customer.clone())).collect::<Vec<_>>()
        };
        [rows.map(row).collect(), self.lives.iter().flat_map(inside).collect()]
    }
}

fn add(sum: &mut Tables, more: Tables) {
    for (table, units) in more {
        let known = sum.entry(table).or_default();
        *known = [*known, units].into_iter().sum();
    }
}

/// Every event up to the end, as it arrives.
fn events(workload: &Workload) -> Vec<Event> {
    let mut events = Vec::new();
    for person in workload.people() {
        let arriving = person.doings.iter().take_while(|doing| doing.arrives <= end());
        events.extend(arriving.map(|doing| person.event(doing)));
    }
    events.sort_by_key(|event| event.received);
    events
}

/// Dollars that a million events may cost on each workload. The first is the goal; the second is what it
/// is, rounded up.
const EVENTS: [f64; 2] = [1.60, 1.74];
/// Dollars that a month of a million customers with its sweeps may cost: the goal.
const MONTH: f64 = 3.0;
/// Shards of the template, each of which is swept every minute.
const SHARDS: f64 = 8.0;

/// What a million events, a month of a million customers, and a month of sweeps cost.
fn print_dollars(both: &Both<'_>, figures: &Figures, customers: u64, most: f64) {
    let million = |units: Units, of: u64| units.dollars() * 1e6 / number(of);
    let carts = Units { writes: number(figures.by_event.carts), reads: 0.0 };
    let events = sum(&both.by_event, &KEPT);
    println!(
        "a million events: ${:.3}, of which carts ${:.3}",
        million(events, figures.events),
        million(carts, figures.events)
    );
    let woken = sum(&both.by_time, &KEPT) - Units { writes: 0.0, reads: QUERIES * SWEEPS };
    println!("a month of a million customers: ${:.3}", million(woken, customers));
    let cursors = Units {
        writes: sum(&both.by_time, &["attune-workspace"]).writes / SWEEPS,
        reads: QUERIES + 1.0,
    };
    let month = cursors.dollars() * SHARDS * 60.0 * 24.0 * 30.0;
    println!("a month of sweeps of {SHARDS} shards, every minute: ${month:.3} ({cursors:?})");
    assert!(million(events, figures.events) <= most);
    assert!(million(woken, customers) + month <= MONTH);
}

/// Each sweep of a shard asks twice for what is due, and once for its cursors.
const QUERIES: f64 = 2.0;
const SWEEPS: f64 = 720.0;

fn sum(tables: &Tables, of: &[&str]) -> Units {
    of.iter().filter_map(|table| tables.get(*table)).copied().sum()
}

fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).expect("a count of this test"))
}

async fn check(workload: &Workload, most: f64) {
    let definitions = workload.definitions();
    let mut both = Both::new(workload, &definitions).await;
    let events = events(workload);
    let (before, during) = events.split_at(events.partition_point(|e| e.received <= BEGIN));
    both.live(before, BEGIN - Span::days(400), BEGIN, DAY).await;
    both.begin_to_count();
    both.live(during, BEGIN, end(), HOUR).await;

    let figures = both.figures();
    println!("{figures:#?}\nby event {:#?}\nby time {:#?}", both.by_event, both.by_time);
    print_dollars(&both, &figures, workload.customers(), most);
    let [rows, model] = both.members();
    assert_eq!(rows, model);
    for (tables, model) in [(&both.by_event, figures.by_event), (&both.by_time, figures.by_time)] {
        let writes = |table: &str| tables.get(table).map_or(0.0, |units| units.writes);
        let exact = |table: &str, model: u64| {
            assert_eq!(writes(table).to_string(), model.to_string(), "{table}");
        };
        exact("attune-agenda", model.agenda);
        exact("attune-memberships", model.memberships);
        exact("attune-events", model.events);
        exact("attune-addresses", model.addresses);
        // The model takes every card and cart as one unit; of a large one that is too low.
        let profiles = model.cores + model.cards + model.carts;
        let beyond = writes("attune-profiles") - number(profiles);
        assert!((0.0..=0.02 * writes("attune-profiles")).contains(&beyond), "{beyond} units");
    }
    let Reads { profiles, events, addresses } = figures.read_by_event;
    let halves = |table: &str| 2.0 * both.by_event[table].reads;
    assert_eq!(halves("attune-profiles").to_string(), profiles.to_string());
    assert_eq!(halves("attune-addresses").to_string(), addresses.to_string());
    // The model takes every query as half a unit; one over the span of a late event is more.
    let beyond = halves("attune-events") - number(events);
    assert!((0.0..=0.05 * number(events)).contains(&beyond), "{beyond} halves");
}

#[tokio::test]
async fn the_model_counts_what_the_store_is_charged() {
    check(&Workload::new(7, 150), EVENTS[0]).await;
}

#[tokio::test]
async fn the_model_counts_what_late_and_repeated_events_cost() {
    check(&Workload::harder(8, 150), EVENTS[1]).await;
}

#[tokio::test]
#[ignore = "takes minutes; run it with --ignored --nocapture for the published dollars"]
async fn two_thousand_customers_through_the_store() {
    check(&Workload::new(9, 2_000), EVENTS[0]).await;
}
