//! What to recommend to a customer.
//!
//! First what they looked at or took out of the cart, the most often looked at first. Then what goes
//! with what they bought and have in the cart: of each product that is bought together with some of
//! these, the scores are added up. Then best sellers of the categories they look at, and the other best
//! sellers: those that the shop names, and if it names none, those that the census counted. Never what
//! they bought, or have in the cart already.
//!
//! It costs nothing to keep beside what the census counts anyway: the rest is found in the newest events
//! of the customer when a message asks for it.

mod why;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

pub use why::Why;

use crate::affinity::{Affinities, Partner, Sold};
use crate::cart::Product;
use crate::decide::left_in_cart;
use crate::definitions::Definitions;
use crate::event::Event;
use crate::limits;
use crate::profile::Profile;
use crate::time::Timestamp;

/// Events that tell of interest in a product.
const INTEREST: [&str; 5] = [
    "Product Viewed",
    "Product Clicked",
    "Product Added",
    "Product Removed",
    "Product Added to Wishlist",
];

/// A product for a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommended {
    /// The product.
    pub product: Product,
    /// Why it is recommended.
    pub why: Why,
}

/// Products for a customer, from their newest events in any order; the best first.
pub fn recommend(
    history: &[Event],
    profile: &Profile,
    definitions: &Definitions,
    affinities: &Affinities,
    now: Timestamp,
) -> Vec<Recommended> {
    let seen = Seen::of(history);
    let in_cart: BTreeSet<String> =
        left_in_cart(profile, definitions, now).map(|item| item.product.id).collect();
    let lately = profile.cart.bought().iter().map(|(id, _)| id.clone());
    let bought: BTreeSet<String> = seen.bought.iter().cloned().chain(lately).collect();
    let has = |id: &str| {
        seen.bought.contains(id)
            || in_cart.contains(id)
            || profile.cart.just_bought(id, definitions.policy.just_bought, now)
    };
    let together = together(&bought, &in_cart, definitions, affinities);
    let mut chosen: Vec<Recommended> = Vec::new();
    for one in seen.products().chain(together).chain(best_sellers(&seen, definitions, affinities)) {
        let known = chosen.iter().any(|known| known.product.id == one.product.id);
        if !known && !has(&one.product.id) {
            chosen.push(one);
        }
        if chosen.len() == limits::RECOMMENDATIONS {
            break;
        }
    }
    chosen
}

/// Products that are bought together with what the customer has, those with the highest sum of scores
/// first. One without a name says nothing.
fn together(
    bought: &BTreeSet<String>,
    in_cart: &BTreeSet<String>,
    definitions: &Definitions,
    affinities: &Affinities,
) -> Vec<Recommended> {
    let mut found: BTreeMap<u16, (u32, u32, Recommended)> = BTreeMap::new();
    for id in bought.union(in_cart) {
        let Some(sold) = affinities.product(id) else { continue };
        for (partner, other) in affinities.partners(sold).filter(|(_, other)| has_name(other)) {
            let Partner { place, both, score } = *partner;
            let why = Why::Together {
                with: name(&sold.product).to_owned(),
                in_cart: in_cart.contains(id),
                both,
                buyers: sold.buyers,
            };
            let product = || described(&other.product, definitions).clone();
            let fresh = || (0, 0, Recommended { product: product(), why: why.clone() });
            let (sum, strongest, recommended) = found.entry(place).or_insert_with(fresh);
            *sum = sum.saturating_add(score);
            if score > *strongest {
                (*strongest, recommended.why) = (score, why);
            }
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|(place, (sum, ..))| (Reverse(*sum), *place));
    found.into_iter().map(|(_, (.., recommended))| recommended).collect()
}

/// The best sellers, those of categories that the customer looks at first.
fn best_sellers(
    seen: &Seen,
    definitions: &Definitions,
    affinities: &Affinities,
) -> Vec<Recommended> {
    let named = definitions.shop.best_sellers.iter().map(|product| (product, Why::BestSeller));
    let counted = affinities.products().iter().filter(|sold| has_name(sold)).map(|sold| {
        let why = Why::Counted { buyers: sold.buyers, customers: affinities.customers };
        (&sold.product, why)
    });
    let counted = counted.filter(|_| definitions.shop.best_sellers.is_empty());
    let mut sellers: Vec<_> = named.chain(counted).collect();
    sellers.sort_by_key(|(product, _)| Reverse(seen.interest_in(product)));
    let recommended =
        |(product, why): (&Product, Why)| Recommended { product: product.clone(), why };
    sellers.into_iter().map(recommended).collect()
}

/// The product as the shop describes it among its best sellers, if it does.
fn described<'a>(product: &'a Product, definitions: &'a Definitions) -> &'a Product {
    let known = definitions.shop.best_sellers.iter().find(|known| known.id == product.id);
    known.filter(|known| known.details.contains_key("name")).unwrap_or(product)
}

fn has_name(sold: &Sold) -> bool {
    sold.product.details.contains_key("name")
}

/// What people call it.
fn name(product: &Product) -> &str {
    product.details.get("name").and_then(|name| name.as_str()).unwrap_or(&product.id)
}

/// What a customer looked at, and bought.
#[derive(Default)]
struct Seen {
    /// By id: how often, when last, and as it was described last.
    products: BTreeMap<String, (u32, Timestamp, Product)>,
    categories: BTreeMap<String, u32>,
    bought: BTreeSet<String>,
}

impl Seen {
    fn of(history: &[Event]) -> Self {
        let mut seen = Self::default();
        for event in history {
            match event.name() {
                Some(Event::ORDER_COMPLETED) => seen.buy(event),
                Some(name) if INTEREST.contains(&name) => seen.see(event),
                _ => {}
            }
        }
        seen
    }

    fn see(&mut self, event: &Event) {
        let Some(product) = event.properties().and_then(Product::of) else { return };
        if let Some(category) = category(&product) {
            *self.categories.entry(category.to_owned()).or_default() += 1;
        }
        let fresh = (0, event.occurred, product.clone());
        let (times, last, known) = self.products.entry(product.id.clone()).or_insert(fresh);
        *times += 1;
        if event.occurred >= *last {
            (*last, *known) = (event.occurred, product);
        }
    }

    fn buy(&mut self, event: &Event) {
        let products = event.property("products");
        let list = products.first().and_then(|list| list.as_array()).into_iter().flatten();
        let ids = list.filter_map(|product| Product::of(product.as_object()?));
        self.bought.extend(ids.map(|product| product.id));
    }

    /// Most often looked at first; of those as often, the last. One without a name says nothing.
    fn products(&self) -> impl Iterator<Item = Recommended> {
        let mut products: Vec<_> = self.products.values().collect();
        products.sort_by_key(|(times, last, _)| Reverse((*times, *last)));
        products.retain(|(.., product)| product.details.contains_key("name"));
        products.into_iter().map(|(times, _, product)| Recommended {
            product: product.clone(),
            why: Why::LookedAt(*times),
        })
    }

    fn interest_in(&self, product: &Product) -> u32 {
        category(product).and_then(|category| self.categories.get(category)).copied().unwrap_or(0)
    }
}

fn category(product: &Product) -> Option<&str> {
    product.details.get("category").and_then(|category| category.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{Life, at, definitions, did};

    const SHOP: &str = "
shop:
  best_sellers:
    - { product_id: cup, name: A cup, category: Tea }
    - { product_id: red, name: A red, category: Wine }
    - { product_id: glass, name: A glass, category: Wine }
";

    #[track_caller]
    fn check(events: &[Event], expected: &str) {
        check_with(SHOP, &Affinities::default(), events, expected);
    }

    #[track_caller]
    fn check_with(shop: &str, affinities: &Affinities, events: &[Event], expected: &str) {
        let definitions = definitions(shop);
        let mut life = Life::new(&definitions, "2026-01-01");
        events.iter().for_each(|event| life.event(event));
        let now = at("2026-01-02T00:00:00Z");
        let chosen = recommend(events, &life.profile, &definitions, affinities, now);
        let ids: Vec<&str> = chosen.iter().map(|one| one.product.id.as_str()).collect();
        assert_eq!(ids.join(" "), expected);
    }

    /// An id, the buyers, and the partners: place, both, score.
    type Written<'a> = (&'a str, u32, &'a [(u16, u32, u32)]);

    fn affinities(products: &[Written<'_>]) -> Affinities {
        let sold = products.iter().map(|(id, buyers, partners)| Sold {
            product: Product {
                id: (*id).to_owned(),
                details: [("name".to_owned(), json!(format!("The {id}")))].into(),
            },
            buyers: *buyers,
            partners: partners
                .iter()
                .map(|&(place, both, score)| Partner { place, both, score })
                .collect(),
        });
        Affinities::new(1, at("2026-01-01T00:00:00Z"), 100, sold.collect())
    }

    /// White goes most with the corkscrew, cheese with the cup, and both with crackers.
    fn wines() -> Affinities {
        affinities(&[
            ("white", 40, &[(2, 20, 50_000), (4, 15, 30_000)]),
            ("cheese", 30, &[(3, 12, 40_000), (4, 15, 30_000)]),
            ("corkscrew", 25, &[(0, 20, 50_000)]),
            ("cup", 20, &[(1, 12, 40_000)]),
            ("crackers", 20, &[(0, 15, 30_000), (1, 15, 30_000)]),
        ])
    }

    fn bought(ids: &[&str], hour: u8) -> Event {
        let products: Vec<_> = ids.iter().map(|id| json!({"product_id": id})).collect();
        let order = json!({"order_id": hour.to_string(), "products": products});
        did("Order Completed", &format!("2026-01-01T{hour}:00:00Z"), order)
    }

    fn viewed(id: &str, minute: u8) -> Event {
        let product = json!({"product_id": id, "name": id, "category": "Wine"});
        did("Product Viewed", &format!("2026-01-01T10:{minute:02}:00Z"), product)
    }

    #[test]
    fn who_is_not_known_gets_the_best_sellers() {
        check(&[], "cup red glass");
    }

    #[test]
    fn what_they_looked_at_comes_first_then_the_best_of_its_category() {
        check(
            &[viewed("white", 1), viewed("rosé", 2), viewed("white", 3)],
            "white rosé red glass cup",
        );
    }

    #[test]
    fn what_they_bought_or_have_in_the_cart_is_never_recommended() {
        let bought = bought(&["white", "red"], 11);
        let added = did("Product Added", "2026-01-01T12:00:00Z", json!({"product_id": "glass"}));
        check(&[viewed("white", 1), bought, added], "cup");
    }

    #[test]
    fn what_goes_with_all_that_they_have_comes_before_what_goes_with_one() {
        // 30 + 30 for crackers, 50 for the corkscrew, 40 for the cup; then best sellers.
        let both = bought(&["white", "cheese"], 11);
        check_with(SHOP, &wines(), &[both], "crackers corkscrew cup red glass");
        check_with(SHOP, &wines(), &[bought(&["white"], 11)], "corkscrew crackers cup red glass");
    }

    #[test]
    fn what_goes_with_the_cart_counts_too_and_what_they_bought_of_late_is_never_recommended() {
        let added = did("Product Added", "2026-01-01T12:00:00Z", json!({"product_id": "cheese"}));
        let bought = bought(&["crackers"], 11);
        check_with(SHOP, &wines(), &[bought, added], "cup white red glass");
    }

    #[test]
    fn a_shop_that_names_no_best_sellers_has_those_that_were_counted() {
        check_with("shop: { name: A shop }", &wines(), &[], "white cheese corkscrew cup crackers");
        check_with(
            "shop: { name: A shop }",
            &wines(),
            &[bought(&["white"], 11)],
            "corkscrew crackers cheese cup",
        );
    }

    #[test]
    fn the_shops_own_description_wins_and_the_reason_names_the_surest_of_what_they_have() {
        let definitions = definitions(SHOP);
        let mut life = Life::new(&definitions, "2026-01-01");
        let event = bought(&["cheese", "white"], 11);
        life.event(&event);
        let now = at("2026-01-02T00:00:00Z");
        let chosen = recommend(&[event], &life.profile, &definitions, &wines(), now);
        let told: Vec<String> =
            chosen.iter().map(|one| format!("{}: {}", name(&one.product), one.why)).collect();
        assert_eq!(
            told,
            [
                "The crackers: bought by 15 of 30 who bought “The cheese”, as this customer did",
                "The corkscrew: bought by 20 of 40 who bought “The white”, as this customer did",
                "A cup: bought by 12 of 30 who bought “The cheese”, as this customer did",
                "A red: one of the shop's best sellers",
                "A glass: one of the shop's best sellers",
            ]
        );
    }
}
