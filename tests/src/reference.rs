//! The reference workload's segments, and customers as they look under them.

use attune_aws::sdk;
use attune_aws::store::{Settings, Store};
use attune_domain::event::{Act, Event, MESSAGE_CLICKED, MESSAGE_OPENED, Writer};
use attune_domain::id::CustomerId;
use attune_domain::time::Span;
use attune_testkit::{BEGIN, World, at};
use serde_json::{Value, json};
use std::sync::Arc;

/// Twelve segments and one message.
pub const DEFINITIONS: &str = include_str!("../data/twelve-segments.yaml");

/// A life: how many events of each kind, spread over the year before [`BEGIN`].
#[derive(Debug, Clone, Copy)]
pub struct Life {
    /// Orders, two products each.
    pub orders: u32,
    /// Page views.
    pub pages: u32,
    /// Messages opened.
    pub opens: u32,
    /// Messages clicked.
    pub clicks: u32,
    /// Products put in the cart.
    pub carts: u32,
    /// Products that stay in the cart at last.
    pub left: u32,
}

impl Life {
    /// The median customer: ten events, 10 % of them orders.
    pub const MEDIAN: Self = Self { orders: 1, pages: 6, opens: 2, clicks: 0, carts: 1, left: 1 };
    /// The 99th percentile: 5.6 · 0.01^(−1/1.3) = 193 events in the same mix, and eleven orders on
    /// top.
    pub const P99: Self =
        Self { orders: 30, pages: 110, opens: 37, clicks: 11, carts: 12, left: 4 };
    /// The same with a cart that is three times as full.
    pub const P99_FULL_CART: Self = Self { left: 14, ..Self::P99 };
}

/// A shop with the twelve segments whose functions cache definitions, as they do in the cloud.
pub async fn shop() -> World {
    let mut world = World::new().await;
    let aws = sdk::in_process(Arc::new(world.engine.clone()));
    let settings = Settings { cache: Span::days(400), ..Settings::local() };
    world.store = Store::new(sdk::dynamodb::Client::new(&aws), settings);
    world.publish(DEFINITIONS).await;
    world
}

/// Lets a customer live up to [`BEGIN`], with a card that says what a card says, and a full ring.
/// The last two weeks are quiet, so that programs may start again.
pub async fn live(world: &World, customer: &str, life: Life) -> CustomerId {
    world.set("2025-10-01T09:00:00Z");
    let id = world.reachable(customer).await;
    world.apply(&[world.call(customer, json!({"type": "identify", "traits": traits()}))]).await;
    let acts = acts(life);
    let between = Span::days(350).millis() / i64::try_from(acts.len()).expect("few acts");
    for (kind, n) in acts {
        world.pass(Span::from_millis(between));
        world.apply(&[event(world, customer, kind, n)]).await;
    }
    world.set(BEGIN);
    for n in 0..17 {
        let at = at(BEGIN) - Span::seconds(17 * 60) + Span::seconds(n * 60);
        let seen = world.track(customer, "Product Viewed", product(n));
        world.apply(&[Event { sent: at, occurred: at, ..seen }]).await;
    }
    id
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Order,
    Page,
    Open,
    Click,
    Cart,
}

/// What happens, evenly mixed: each kind is spread over the whole year. What is left in the cart is
/// put there after the last order.
fn acts(life: Life) -> Vec<(Kind, u32)> {
    let counts = [
        (Kind::Order, life.orders),
        (Kind::Page, life.pages),
        (Kind::Open, life.opens),
        (Kind::Click, life.clicks),
        (Kind::Cart, life.carts),
    ];
    let mut acts: Vec<(u64, Kind, u32)> = Vec::new();
    for (kind, count) in counts {
        for n in 0..count {
            acts.push((u64::from(2 * n + 1) * 1_000_000 / u64::from(2 * count), kind, n));
        }
    }
    acts.sort_by_key(|(place, ..)| *place);
    let last = (0..life.left).map(|n| (Kind::Cart, 1_000 + n));
    acts.into_iter().map(|(_, kind, n)| (kind, n)).chain(last).collect()
}

fn event(world: &World, customer: &str, kind: Kind, n: u32) -> Event {
    let ours = |name: &str| {
        let event = world.track(customer, "Opened", json!({}));
        let properties = json!({"program": "cart-reminder", "channel": "email"});
        let Value::Object(properties) = properties else { unreachable!() };
        let act = Act::Track { name: name.to_owned(), properties };
        Event { writer: Writer::Ourselves, act, ..event }
    };
    match kind {
        Kind::Order => world.track(
            customer,
            "Order Completed",
            json!({"order_id": format!("order-{n}"), "total": 45.5 + f64::from(n),
                   "products": [product(n), product(n + 1)]}),
        ),
        Kind::Page => world.call(
            customer,
            json!({"type": "page", "name": "Product", "properties": {"path": format!("/p/{n}")}}),
        ),
        Kind::Open => ours(MESSAGE_OPENED),
        Kind::Click => ours(MESSAGE_CLICKED),
        Kind::Cart => world.track(customer, "Product Added", product(n)),
    }
}

/// A product as shops describe one.
pub fn product(n: u32) -> Value {
    json!({
        "product_id": format!("product-{n}"), "sku": format!("SKU-{n:06}"), "category": "Wine",
        "name": format!("Red wine number {n}"), "price": 12.5, "quantity": 1,
        "url": format!("https://shop.example.com/products/{n}"),
    })
}

fn traits() -> Value {
    json!({
        "last_name": "Lovelace", "country": "US", "timezone": "America/New_York",
        "birthday": "1985-03-14", "createdAt": "2025-10-01T09:00:00Z", "language": "en",
        "address": {"street": "12 Main Street", "city": "Springfield", "postalCode": "62701"},
        "gender": "female", "plan": "plus", "company": "Analytical Engines",
    })
}

/// Bytes of an item as `DynamoDB` counts them: names in UTF-8, and values by type. Source: AWS,
/// "`DynamoDB` item sizes and formats".
pub fn bytes_of(item: &Value) -> usize {
    let members = item.as_object().expect("an item");
    members.iter().map(|(name, value)| name.len() + size(value)).sum()
}

fn size(value: &Value) -> usize {
    let (kind, held) = value.as_object().and_then(|one| one.iter().next()).expect("a value");
    let text = held.as_str().unwrap_or_default();
    match kind.as_str() {
        "S" => text.len(),
        "B" => text.trim_end_matches('=').len() * 3 / 4,
        "N" => text.trim_start_matches('-').len().div_ceil(2) + 1,
        _ => 1,
    }
}

/// The part of a profile, as the table has it.
pub fn part(world: &World, customer: &CustomerId, part: &str) -> Value {
    let items = world.items("profiles").into_iter();
    let mut wanted = items
        .filter(|item| item["customer"]["S"] == customer.as_str() && item["part"]["S"] == part);
    wanted.next().unwrap_or_else(|| json!({}))
}
