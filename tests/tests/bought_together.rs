//! What is recommended by what is bought together, against best sellers, on real orders where they are
//! there: the lines of 200 customers of the Online Retail set, split by time.
//!
//! `cargo test -p attune-tests --test bought_together -- --nocapture` prints the figures.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a test fails by panicking"
)]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use attune_domain::affinity::{Affinities, Counts, Naming};
use attune_domain::census::{Counter, Summary};
use attune_domain::definitions::{Definitions, Lineage};
use attune_domain::event::segment::{Arrival, read};
use attune_domain::event::{Event, Writer};
use attune_domain::id::CustomerId;
use attune_domain::profile::Profile;
use attune_domain::recommend::recommend;
use attune_domain::step::{Input, step};
use attune_domain::time::Timestamp;
use expect_test::expect;
use serde_json::{Value, json};

/// Where the set is on machines that have it.
const LINES: &str = "../../shared/data/online-retail/lines-sample.csv";
/// After five, six, seven, eight and nine tenths of the days that the set covers.
const SPLITS: [&str; 5] = [
    "2011-06-06T00:00:00Z",
    "2011-07-13T00:00:00Z",
    "2011-08-20T00:00:00Z",
    "2011-09-26T00:00:00Z",
    "2011-11-02T00:00:00Z",
];
/// Products that a customer is recommended.
const SHOWN: usize = 5;

/// A line of an invoice.
struct Line {
    invoice: String,
    customer: String,
    at: String,
    product: String,
    name: String,
}

/// The lines, without cancellations, postage and corrections.
fn lines(text: &str) -> Vec<Line> {
    let line = |line: &str| {
        let mut first = line.splitn(5, ',');
        let mut next = || first.next().expect("a column").to_owned();
        let (invoice, customer, at, product) = (next(), next(), next() + "Z", next());
        let name = next().rsplitn(4, ',').last().expect("a name").trim_matches('"').to_owned();
        Line { invoice, customer, at, product, name }
    };
    let sold = |line: &Line| {
        !line.invoice.starts_with('C') && line.product.starts_with(|c: char| c.is_ascii_digit())
    };
    text.lines().skip(1).map(line).filter(sold).collect()
}

/// The orders of a time, by customer.
fn orders(lines: &[Line], wanted: impl Fn(Timestamp) -> bool) -> BTreeMap<String, Vec<Event>> {
    let mut invoices: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in lines.iter().filter(|line| wanted(at(&line.at))) {
        invoices.entry(&line.invoice).or_default().push(line);
    }
    let mut orders: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for (invoice, lines) in invoices {
        let product = |line: &&Line| json!({"product_id": line.product, "name": line.name});
        let products: Value = lines.iter().map(product).collect();
        let call = json!({
            "type": "track", "event": "Order Completed", "userId": lines[0].customer,
            "timestamp": lines[0].at, "properties": {"order_id": invoice, "products": products},
        });
        let arrival = Arrival { received: at(&lines[0].at), sent_at: None, writer: Writer::Server };
        let event = read(&call, &arrival).expect("an event").0;
        orders.entry(lines[0].customer.clone()).or_default().push(event);
    }
    orders.values_mut().for_each(|orders| orders.sort_by_key(Event::clock));
    orders
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

fn bought(orders: &[Event]) -> BTreeSet<String> {
    let lists = orders.iter().flat_map(|order| order.property("products"));
    let products = lists.filter_map(Value::as_array).flatten();
    products.filter_map(|product| product["product_id"].as_str().map(str::to_owned)).collect()
}

/// A shop that names what most customers bought.
fn shop(before: &BTreeMap<String, Vec<Event>>) -> Definitions {
    let mut buyers: BTreeMap<String, u32> = BTreeMap::new();
    before
        .values()
        .flat_map(|orders| bought(orders))
        .for_each(|product| *buyers.entry(product).or_default() += 1);
    let mut most: Vec<(String, u32)> = buyers.into_iter().collect();
    most.sort_by_key(|(product, buyers)| (Reverse(*buyers), product.clone()));
    let most = most.iter().take(50).map(|(product, _)| json!({"product_id": product}));
    let shop = json!({"shop": {"best_sellers": most.collect::<Value>()}}).to_string();
    Definitions::read(&[("shop.yaml", &shop)], &Lineage::default().next()).expect("definitions")
}

fn profiles(before: &BTreeMap<String, Vec<Event>>, definitions: &Definitions) -> Vec<Profile> {
    let profile = |(customer, orders): (&String, &Vec<Event>)| {
        let id = CustomerId::known(customer);
        let new = Profile::new(id, definitions, at("2010-11-30T00:00:00Z"));
        let bring = |profile, order: &Event| {
            step(profile, Input::Event(order), definitions, order.received).profile
        };
        orders.iter().fold(new, bring)
    };
    before.iter().map(profile).collect()
}

/// The same history, twice: as it was told until a split, and as it went on.
struct Split {
    at: Timestamp,
    before: BTreeMap<String, Vec<Event>>,
    after: BTreeMap<String, Vec<Event>>,
    definitions: Definitions,
    profiles: Vec<Profile>,
}

/// Of how many customers, for how many one of the products shown was one that they bought later and
/// not before; and how many products these were.
#[derive(Default)]
struct Hits {
    customers: usize,
    hit: usize,
    products: usize,
}

impl Split {
    fn of(lines: &[Line], at: Timestamp) -> Self {
        let before = orders(lines, |time| time < at);
        let after = orders(lines, |time| time >= at);
        let definitions = shop(&before);
        let profiles = profiles(&before, &definitions);
        Self { at, before, after, definitions, profiles }
    }

    /// What a census finds that is taken at the split, in eight slices.
    fn census(&self) -> Affinities {
        let counter = Counter::new(&self.definitions, self.at, Timestamp::default());
        let mut whole = Summary::default();
        for slice in 0..8 {
            let mut summary = Summary::default();
            let slice = self.profiles.iter().skip(slice).step_by(8);
            slice.for_each(|profile| counter.count(&mut summary, profile));
            whole.merge(summary);
        }
        let mut naming = Naming::new(Counts::of(&whole), &whole, &self.definitions);
        while let Some(id) = naming.next_to_ask() {
            naming.learn(&self.before[id.bare()]);
        }
        naming.finish(1, self.at)
    }

    fn hits(&self, affinities: &Affinities) -> Hits {
        let mut hits = Hits::default();
        for profile in &self.profiles {
            let history = &self.before[profile.id.bare()];
            let earlier = bought(history);
            let later = self.after.get(profile.id.bare()).map(|later| bought(later));
            let later = later.unwrap_or_default();
            let new: BTreeSet<&String> = later.difference(&earlier).collect();
            if new.is_empty() {
                continue;
            }
            let shown = recommend(history, profile, &self.definitions, affinities, self.at);
            let right = shown.iter().take(SHOWN).filter(|one| new.contains(&one.product.id));
            let right = right.count();
            hits.customers += 1;
            hits.hit += usize::from(right > 0);
            hits.products += right;
        }
        hits
    }

    /// The hit rate by what is bought together, and by the shop's best sellers alone.
    fn told(&self) -> String {
        let together = self.hits(&self.census());
        let best_sellers = self.hits(&Affinities::default());
        let day = self.at.to_string();
        let day = day.split('T').next().expect("a day");
        let of = |hits: &Hits| {
            let rate = 100.0 * hits.hit as f64 / hits.customers as f64;
            format!("{} ({rate:.1} %), {} products", hits.hit, hits.products)
        };
        let customers = together.customers;
        format!(
            "{day}, {customers} customers: together {}; best sellers {}\n",
            of(&together),
            of(&best_sellers)
        )
    }
}

#[test]
fn what_is_bought_together_is_held_against_best_sellers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(LINES);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("not there: {}", path.display());
        return;
    };
    let lines = lines(&text);
    let told: String = SPLITS.map(|split| Split::of(&lines, at(split)).told()).concat();
    println!("{told}");
    expect![[r"
        2011-06-06, 86 customers: together 31 (36.0 %), 50 products; best sellers 26 (30.2 %), 37 products
        2011-07-13, 88 customers: together 25 (28.4 %), 42 products; best sellers 26 (29.5 %), 34 products
        2011-08-20, 85 customers: together 23 (27.1 %), 33 products; best sellers 22 (25.9 %), 25 products
        2011-09-26, 85 customers: together 19 (22.4 %), 26 products; best sellers 17 (20.0 %), 22 products
        2011-11-02, 60 customers: together 17 (28.3 %), 23 products; best sellers 10 (16.7 %), 12 products
    "]]
    .assert_eq(&told);
}
