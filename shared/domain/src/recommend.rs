//! What to recommend to a customer, until it is known what goes with what.
//!
//! It costs nothing to keep: it is found in the newest events of the customer when a message asks
//! for it, and the shop's best sellers are what the shop says they are. First what they looked at or
//! took out of the cart, the most often looked at first; then best sellers of the categories they
//! look at; then the other best sellers. Never what they bought, or have in the cart already.

use std::collections::BTreeMap;

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

/// Products for a customer, from their newest events in any order; the best first.
pub fn recommend(
    history: &[Event],
    profile: &Profile,
    definitions: &Definitions,
    now: Timestamp,
) -> Vec<Product> {
    let seen = Seen::of(history);
    let in_cart: Vec<String> =
        left_in_cart(profile, definitions, now).map(|item| item.product.id).collect();
    let bought = |id: &str| {
        seen.bought.iter().any(|bought| bought == id)
            || profile.cart.just_bought(id, definitions.policy.just_bought, now)
    };
    let (mut ours, rest): (Vec<&Product>, Vec<&Product>) =
        definitions.shop.best_sellers.iter().partition(|product| seen.interest_in(product) > 0);
    ours.sort_by_key(|product| std::cmp::Reverse(seen.interest_in(product)));
    let mut chosen: Vec<Product> = Vec::new();
    for product in seen.products().chain(ours).chain(rest) {
        let known = chosen.iter().any(|known| known.id == product.id);
        if !known && !bought(&product.id) && !in_cart.contains(&product.id) {
            chosen.push(product.clone());
        }
    }
    chosen.truncate(limits::RECOMMENDATIONS);
    chosen
}

/// What a customer looked at, and bought.
#[derive(Default)]
struct Seen {
    /// By id: how often, when last, and as it was described last.
    products: BTreeMap<String, (u32, Timestamp, Product)>,
    categories: BTreeMap<String, u32>,
    bought: Vec<String>,
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
    fn products(&self) -> impl Iterator<Item = &Product> {
        let mut products: Vec<_> = self.products.values().collect();
        products.sort_by_key(|(times, last, _)| std::cmp::Reverse((*times, *last)));
        let named = |product: &&Product| product.details.contains_key("name");
        products.into_iter().map(|(_, _, product)| product).filter(named)
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
        let definitions = definitions(SHOP);
        let mut life = Life::new(&definitions, "2026-01-01");
        events.iter().for_each(|event| life.event(event));
        let chosen = recommend(events, &life.profile, &definitions, at("2026-01-02T00:00:00Z"));
        let ids: Vec<&str> = chosen.iter().map(|product| product.id.as_str()).collect();
        assert_eq!(ids.join(" "), expected);
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
        let bought =
            json!({"order_id": "1", "products": [{"product_id": "white"}, {"product_id": "red"}]});
        let bought = did("Order Completed", "2026-01-01T11:00:00Z", bought);
        let added = did("Product Added", "2026-01-01T12:00:00Z", json!({"product_id": "glass"}));
        check(&[viewed("white", 1), bought, added], "cup");
    }
}
