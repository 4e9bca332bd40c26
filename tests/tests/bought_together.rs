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

use attune_domain::affinity::{Affinities, Counts, Naming, Sold};
use attune_domain::census::{Counter, Summary};
use attune_domain::definitions::{Definitions, Lineage};
use attune_domain::event::segment::{Arrival, read};
use attune_domain::event::{Event, Writer};
use attune_domain::id::CustomerId;
use attune_domain::profile::Profile;
use attune_domain::recommend::recommend;
use attune_domain::step::{Input, step};
use attune_domain::time::Timestamp;
use serde_json::{Value, json};

/// Where the set is on machines that have it.
const LINES: &str = "../../shared/data/online-retail/lines-sample.csv";
/// Four fifths of the time that the set covers.
const SPLIT: &str = "2011-09-26T00:00:00Z";
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

/// What a census finds that is taken at the split, in eight slices.
fn census(
    profiles: &[Profile],
    before: &BTreeMap<String, Vec<Event>>,
    definitions: &Definitions,
) -> Affinities {
    let counter = Counter::new(definitions, at(SPLIT));
    let mut whole = Summary::default();
    for slice in 0..8 {
        let mut summary = Summary::default();
        profiles.iter().skip(slice).step_by(8).for_each(|one| counter.count(&mut summary, one));
        whole.merge(summary);
    }
    let mut naming = Naming::new(Counts::of(&whole), &whole, definitions);
    while let Some(id) = naming.next_to_ask() {
        naming.learn(before.get(id.bare()).into_iter().flatten());
    }
    naming.finish(1, at(SPLIT))
}

/// Of how many customers, for how many one of the products shown was one that they bought later and
/// not before; and how many products these were.
struct Hits {
    customers: usize,
    hit: usize,
    products: usize,
}

fn hits(
    affinities: &Affinities,
    profiles: &[Profile],
    [before, after]: [&BTreeMap<String, Vec<Event>>; 2],
    definitions: &Definitions,
) -> Hits {
    let mut hits = Hits { customers: 0, hit: 0, products: 0 };
    for profile in profiles {
        let history = &before[profile.id.bare()];
        let later = after.get(profile.id.bare()).map_or_else(BTreeSet::new, |later| bought(later));
        let earlier = bought(history);
        let new: BTreeSet<&String> = later.difference(&earlier).collect();
        if new.is_empty() {
            continue;
        }
        let shown = recommend(history, profile, definitions, affinities, at(SPLIT));
        let right = shown.iter().take(SHOWN).filter(|one| new.contains(&one.product.id)).count();
        hits.customers += 1;
        hits.hit += usize::from(right > 0);
        hits.products += right;
    }
    hits
}

fn told(what: &str, Hits { customers, hit, products }: &Hits) -> String {
    let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole as f64;
    format!(
        "{what}: {hit} of {customers} customers bought one of {SHOWN} ({:.1} %), {products} products ({:.1} %)",
        percent(*hit, *customers),
        percent(*products, customers * SHOWN),
    )
}

#[test]
fn what_is_bought_together_is_held_against_best_sellers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(LINES);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("not there: {}", path.display());
        return;
    };
    let lines = lines(&text);
    let (before, after) =
        (orders(&lines, |time| time < at(SPLIT)), orders(&lines, |time| time >= at(SPLIT)));
    let definitions = shop(&before);
    let profiles = profiles(&before, &definitions);
    let affinities = census(&profiles, &before, &definitions);
    let alone = affinities.products().iter();
    let alone = alone.map(|sold| Sold { partners: Vec::new(), ..sold.clone() }).collect();
    let best_sellers = Affinities::new(1, affinities.at, affinities.customers, alone);
    let hits = |affinities| hits(affinities, &profiles, [&before, &after], &definitions);
    let (together, best_sellers) = (hits(&affinities), hits(&best_sellers));
    println!(
        "{} customers, {} products counted",
        affinities.customers,
        affinities.products().len()
    );
    println!("{}", told("bought together", &together));
    println!("{}", told("best sellers", &best_sellers));
}
