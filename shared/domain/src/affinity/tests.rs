use expect_test::expect;
use serde_json::json;

use super::*;
use crate::census::{Counter, Row, SAMPLE, Summary};
use crate::definitions::Definitions;
use crate::event::{Event, Writer};
use crate::id::CustomerId;
use crate::limits;
use crate::profile::Profile;
use crate::step::{Input, step};
use crate::testing::{at, definitions, did};
use crate::time::Timestamp;

const DAY: &str = "2026-03-01T00:00:00Z";

/// A sample of customers who bought these products each.
fn sample(customers: &[&str]) -> Summary {
    let row = |(n, bought): (u64, &&str)| {
        let bought = bought.split_whitespace().map(ProductKey::of).collect();
        let id = CustomerId::known(&n.to_string());
        (n, Row { id, values: Vec::new(), inside: Vec::new(), bought })
    };
    Summary { rows: (0..).zip(customers).map(row).collect(), ..Summary::default() }
}

fn order(products: &[&str]) -> Event {
    let product =
        |id: &&str| json!({"product_id": id, "name": format!("The {id}"), "variant": "XL"});
    let products: Vec<_> = products.iter().map(product).collect();
    did("Order Completed", "2026-02-01T00:00:00Z", json!({"order_id": "1", "products": products}))
}

/// What was counted, and who was asked, if everybody's history tells of what they bought.
fn found(summary: &Summary, definitions: &Definitions) -> (Affinities, Vec<String>) {
    let names: Vec<String> = ('a'..='z').map(String::from).collect();
    let mut naming = Naming::new(Counts::of(summary), summary, definitions);
    let mut asked = Vec::new();
    while let Some(id) = naming.next_to_ask() {
        let row = summary.rows.values().find(|row| row.id == id).unwrap();
        let bought = names.iter().filter(|name| row.bought.contains(&ProductKey::of(name)));
        naming.learn(&[order(&bought.map(String::as_str).collect::<Vec<_>>())]);
        asked.push(id.to_string());
    }
    (naming.finish(3, at(DAY)), asked)
}

fn told(affinities: &Affinities) -> String {
    let product = |sold: &Sold| {
        let partners = affinities.partners(sold).map(|(partner, other)| {
            format!(" {}:{}:{}", other.product.id, partner.both, partner.score)
        });
        format!("{} {}{}\n", sold.product.id, sold.buyers, partners.collect::<String>())
    };
    affinities.products().iter().map(product).collect()
}

#[test]
fn the_measure_gives_the_figures_of_the_paper_that_it_is_from() {
    // Dunning 1993, table 4: “the swiss”, “can be”, “previous year”.
    for (table, published) in [
        ([110, 2_442, 111, 29_114], "270.72"),
        ([29, 13, 123, 31_612], "263.90"),
        ([9, 12, 429, 31_327], "48.94"),
    ] {
        assert_eq!(format!("{:.2}", log_likelihood_ratio(table)), published);
    }
}

#[test]
fn by_hand_it_is_twice_the_sum_of_counts_times_the_logarithm_of_their_excess() {
    // Independent: every cell is as large as by chance.
    assert!(log_likelihood_ratio([4, 8, 6, 12]).abs() < 1e-9);
    assert!(log_likelihood_ratio([0, 0, 0, 0]).abs() < 1e-9);
    // 2 (10 ln 2 + 10 ln 2).
    assert!((log_likelihood_ratio([10, 0, 0, 10]) - 40.0 * 2_f64.ln()).abs() < 1e-9);
    // 2 (3 ln 30/16 + ln 10/24 + ln 10/24 + 5 ln 50/36).
    let by_hand =
        2.0 * (3.0 * 1.875_f64.ln() + 2.0 * (10.0_f64 / 24.0).ln() + 5.0 * (50.0_f64 / 36.0).ln());
    assert!((log_likelihood_ratio([3, 1, 1, 5]) - by_hand).abs() < 1e-9);
}

#[test]
fn products_that_go_together_are_found_and_those_that_only_sell_well_are_not() {
    // Everybody buys c, so it goes with nothing. a and b: three bought both, one each only one of
    // them, five neither: 3.555 as above. Two are too few for d and e.
    let summary =
        sample(&["a b c", "a b c", "a b c", "a c", "b c", "d e c", "d e c", "c", "c", "c"]);
    let (affinities, asked) = found(&summary, &definitions("shop: { name: A shop }"));
    expect![[r"
        c 10
        b 4 a:3:3555
        a 4 b:3:3555
    "]]
    .assert_eq(&told(&affinities));
    assert_eq!(affinities.customers, 10);
    // The first who bought all three is enough.
    assert_eq!(asked, ["u#0"]);
    assert_eq!(affinities.product("b").unwrap().product.details["name"], "The b");
    assert_eq!(Affinities::unpack(&affinities.pack()), Ok(affinities));
}

#[test]
fn who_bought_nothing_makes_no_products_go_together() {
    let buyers = ["a b", "a b", "a b", "a", "b"];
    let leads = ["", "", "", "", "", "", ""];
    let with_leads = sample(&[&buyers[..], &leads[..]].concat());
    assert_eq!(Counts::of(&with_leads), Counts::of(&sample(&buyers)));
}

#[test]
fn what_is_counted_depends_neither_on_order_nor_on_slices() {
    let shop = definitions("shop: { name: A shop }");
    let letters: Vec<String> = ('a'..='p').map(String::from).collect();
    let profiles: Vec<Profile> = (0..60_usize)
        .map(|n| {
            let bought: Vec<&str> = letters
                .iter()
                .enumerate()
                .filter(|(k, _)| (n * 7 + k * k) % 5 < 2)
                .map(|(_, id)| id.as_str())
                .collect();
            let id = CustomerId::known(&n.to_string());
            let profile = Profile::new(id, &shop, at("2026-01-01T00:00:00Z"));
            let event = order(&bought);
            step(profile, Input::Event(&event), &shop, event.received).profile
        })
        .collect();
    let counter = Counter::new(&shop, at(DAY), Timestamp::default());
    let count = |profiles: &mut dyn Iterator<Item = &Profile>| {
        let mut summary = Summary::default();
        profiles.for_each(|profile| counter.count(&mut summary, profile));
        summary
    };
    let whole = Counts::of(&count(&mut profiles.iter()));
    assert!(whole.products.iter().any(|product| !product.partners.is_empty()));
    assert_eq!(Counts::of(&count(&mut profiles.iter().rev())), whole);
    for slices in [2, 3, 8] {
        let slice = |n| count(&mut profiles.iter().skip(n).step_by(slices));
        let mut merged = Summary::default();
        // The last slice first, and each as it comes back from the store.
        let stored = |n| Summary::unpack(&slice(n).pack()).unwrap();
        (0..slices).rev().for_each(|n| merged.merge(stored(n)));
        assert_eq!(Counts::of(&merged), whole);
    }
}

#[test]
fn a_product_is_named_by_servers_alone_and_by_the_newest_of_them() {
    let summary = sample(&["a b", "a b", "a b"]);
    let shop = definitions("shop: { best_sellers: [{ product_id: b, name: Of the shop }] }");
    let mut naming = Naming::new(Counts::of(&summary), &summary, &shop);
    let told = |name: &str, day: u8, writer: Writer| {
        let product = json!({"product_id": "a", "name": name, "url": "https://shop.test/a"});
        let event = did("Product Viewed", &format!("2026-02-{day:02}T00:00:00Z"), product);
        Event { writer, ..event }
    };
    assert!(naming.next_to_ask().is_some());
    naming.learn(&[told("By anybody", 9, Writer::Browser)]);
    // Nobody has a name for it yet, and another customer may.
    assert!(naming.next_to_ask().is_some());
    let server = Writer::Server;
    naming.learn(&[told("Old", 3, server), told("New", 5, server), told("Older", 2, server)]);
    naming.learn(&[order(&["b"])]);
    assert_eq!(naming.next_to_ask(), None);
    let affinities = naming.finish(1, at(DAY));
    let name = |id: &str| affinities.product(id).unwrap().product.details["name"].clone();
    assert_eq!((name("a"), name("b")), (json!("New"), json!("Of the shop")));
    // The size of whoever was asked is nobody else's.
    assert!(!affinities.product("b").unwrap().product.details.contains_key("variant"));
}

#[test]
fn nobody_is_asked_for_ever() {
    let many: Vec<String> = (0..1_000).map(|n| format!("p{n} q{n}")).collect();
    let many: Vec<&str> = many.iter().chain(&many).chain(&many).map(String::as_str).collect();
    let summary = sample(&many);
    let shop = definitions("shop: { name: A shop }");
    let counts = Counts::of(&summary);
    assert_eq!(counts.products.len(), limits::AFFINITY_PRODUCTS);
    let mut naming = Naming::new(counts, &summary, &shop);
    let mut asked = 0;
    // Nothing is left of any history.
    while naming.next_to_ask().is_some() {
        asked += 1;
    }
    assert_eq!(asked, limits::AFFINITY_HISTORIES);
    assert_eq!(naming.finish(1, at(DAY)).products(), []);
    // Of one product, three are asked.
    let summary = sample(&["a"; 50]);
    let mut naming = Naming::new(Counts::of(&summary), &summary, &shop);
    assert_eq!(std::iter::from_fn(|| naming.next_to_ask()).count(), 3);
}

/// DynamoDB's limit for an item.
const ITEM: usize = 400 * 1_024;

#[test]
fn the_longest_ids_and_descriptions_fit_into_an_item() {
    let shop = definitions("shop: { name: A shop }");
    let long = |n: usize| format!("{n:0>256}").replace('0', "𝄞");
    let counter = Counter::new(&shop, at(DAY), Timestamp::default());
    let mut summary = Summary::default();
    for customer in 0..SAMPLE + 50 {
        let id = CustomerId::known(&long(customer));
        let bought: Vec<String> = (0..30).map(|n| long((customer / 5 + n * 31) % 1_200)).collect();
        let event = order(&bought.iter().map(String::as_str).collect::<Vec<_>>());
        let profile = Profile::new(id, &shop, at("2026-01-01T00:00:00Z"));
        let profile = step(profile, Input::Event(&event), &shop, event.received).profile;
        counter.count(&mut summary, &profile);
    }
    assert!(summary.rows.values().all(|row| row.bought.len() == crate::cart::BOUGHT));
    let with = summary.pack().len();
    let mut without = summary.clone();
    without.rows.values_mut().for_each(|row| row.bought.clear());
    // Twenty keys of five bytes each, whatever the ids are like.
    assert_eq!(with - without.pack().len(), SAMPLE * 20 * 5);
    assert!(with < ITEM, "{with}");

    let mut naming = Naming::new(Counts::of(&summary), &summary, &shop);
    let text = "x".repeat(510);
    let product = |n: usize| {
        let all = json!({"product_id": long(n), "name": text, "brand": text, "category": text,
            "price": text, "currency": text, "url": text, "image_url": text});
        did("Product Viewed", "2026-02-01T00:00:00Z", all)
    };
    naming.learn(&(0..1_200).map(product).collect::<Vec<_>>());
    let affinities = naming.finish(1, at(DAY));
    assert!(
        affinities.products().iter().any(|sold| sold.partners.len() == limits::AFFINITY_PARTNERS)
    );
    let bytes = affinities.pack().len();
    assert!(bytes < limits::AFFINITY_BYTES + affinities.products().len() * 120, "{bytes}");
    assert!(bytes > limits::AFFINITY_BYTES / 2 && bytes < ITEM, "{bytes}");
}
