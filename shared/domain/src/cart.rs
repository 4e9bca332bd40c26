//! What a customer left in the cart, and what they bought of late.
//!
//! The cart is kept as its changes since it was last known whole, so that applying a change twice
//! or late gives the same cart. Like the card it can be written before the core.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::card::Clock;
use crate::event::Event;
use crate::limits;
use crate::number::Number;
use crate::time::{Span, Timestamp};

/// A product as an event described it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Product {
    /// `product_id`, else `sku`, else `name`.
    pub id: String,
    /// What templates show of it: name, price, URL, image, ….
    pub details: BTreeMap<String, Value>,
}

/// So many of a product.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The product.
    pub product: Product,
    /// How many.
    pub quantity: u32,
}

/// A change to the cart.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// More of a product.
    Added(Item),
    /// Less of a product: so many, or all.
    Removed(String, Option<u32>),
    /// The cart as a whole, as `Cart Viewed` and `Checkout Started` tell it.
    Whole(Vec<Item>),
    /// An order was completed, which empties the cart.
    Ordered,
}

/// The cart part of a profile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cart {
    /// Changes in order. The first may be a whole; no later one is, nor an order.
    changes: Vec<(Clock, Change)>,
    /// Products bought of late, newest first.
    bought: Vec<(String, Timestamp)>,
}

/// Details of a product that are kept, as Segment names them.
pub(crate) const DETAILS: &[&str] =
    &["name", "brand", "category", "variant", "sku", "price", "currency", "url", "image_url"];
/// Bytes of a detail; longer ones are left out.
const DETAIL_BYTES: usize = 512;
/// Products bought of late that are remembered.
pub const BOUGHT: usize = 20;
/// How long a purchase is "of late" at the longest.
pub const BOUGHT_FOR: Span = Span::days(90);

impl Cart {
    /// Takes over what `event` says of the cart.
    pub fn apply(&mut self, event: &Event) {
        let Some(properties) = event.properties() else { return };
        let change = match event.name() {
            Some("Product Added") => Product::of(properties)
                .map(|product| Change::Added(Item { product, quantity: quantity(properties) })),
            Some("Product Removed") => Product::of(properties).map(|product| {
                Change::Removed(
                    product.id,
                    properties.get("quantity").map(|_| quantity(properties)),
                )
            }),
            Some("Cart Viewed" | "Checkout Started") => properties
                .get("products")
                .and_then(Value::as_array)
                .map(|list| Change::Whole(items(list))),
            Some(Event::ORDER_COMPLETED) => {
                self.buy(event);
                // An order without a cart leaves nothing to empty, and is not worth a write.
                (!self.changes.is_empty()).then_some(Change::Ordered)
            }
            _ => None,
        };
        if let Some(change) = change {
            self.put(event.clock(), change);
        }
    }

    /// Adds all changes of another profile's cart.
    pub fn merge(&mut self, other: &Self) {
        other.changes.iter().for_each(|(clock, change)| self.put(*clock, change.clone()));
        other.bought.iter().for_each(|(id, at)| self.put_bought(id, *at));
    }

    /// What is in the cart, in the order it was put there.
    pub fn items(&self) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        for (_, change) in &self.changes {
            change.make(&mut items);
        }
        items
    }

    /// When the customer last left the cart empty by hand, as far as the changes go back. That it
    /// was filled again since does not bring back what the emptying ended.
    pub fn emptied(&self) -> Option<Timestamp> {
        let mut items = Vec::new();
        let mut emptied = None;
        for (clock, change) in &self.changes {
            change.make(&mut items);
            if items.is_empty() && !matches!(change, Change::Ordered) {
                emptied = Some(clock.0);
            }
        }
        emptied
    }

    /// Whether a product was bought within `span` before `now`.
    pub fn just_bought(&self, product: &str, span: Span, now: Timestamp) -> bool {
        self.bought.iter().any(|(id, at)| id == product && *at + span > now)
    }

    /// Changes in order, for the store.
    pub fn changes(&self) -> &[(Clock, Change)] {
        &self.changes
    }

    /// Products bought of late, newest first, for the store.
    pub fn bought(&self) -> &[(String, Timestamp)] {
        &self.bought
    }

    /// From what was stored.
    pub fn stored(changes: Vec<(Clock, Change)>, bought: Vec<(String, Timestamp)>) -> Self {
        Self { changes, bought }
    }

    fn buy(&mut self, event: &Event) {
        let products = event.property("products");
        let list = products.first().and_then(|list| list.as_array());
        for item in list.map_or_else(Vec::new, |list| items(list)) {
            self.put_bought(&item.product.id, event.occurred);
        }
    }

    fn put_bought(&mut self, id: &str, at: Timestamp) {
        match self.bought.iter_mut().find(|(known, _)| known == id) {
            Some((_, known)) => *known = at.max(*known),
            None => self.bought.push((id.to_owned(), at)),
        }
        self.bought.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
        self.bought.truncate(BOUGHT);
    }

    /// Puts a change at its place. What came before a whole, or before an order, no longer matters;
    /// at the same instant an order comes last.
    fn put(&mut self, clock: Clock, change: Change) {
        let rank = |(clock, change): &(Clock, Change)| {
            (clock.0, matches!(change, Change::Ordered), clock.1)
        };
        let entry = (clock, change);
        let place = self.changes.partition_point(|known| rank(known) < rank(&entry));
        let known = self.changes.get(place).is_some_and(|known| known.0 == clock);
        let starts_anew = |change: &Change| matches!(change, Change::Whole(_) | Change::Ordered);
        let too_old =
            place == 0 && self.changes.first().is_some_and(|(_, first)| starts_anew(first));
        if known || too_old {
            return;
        }
        if starts_anew(&entry.1) {
            self.changes.drain(..place);
            self.changes.insert(0, entry);
        } else {
            self.changes.insert(place, entry);
        }
        if self.changes.len() > limits::CART_CHANGES {
            self.fold();
        }
    }

    /// Makes the oldest half of the changes one whole.
    fn fold(&mut self) {
        let old: Vec<_> = self.changes.drain(..limits::CART_CHANGES / 2).collect();
        let mut items = Vec::new();
        old.iter().for_each(|(_, change)| change.make(&mut items));
        if let Some((clock, _)) = old.last() {
            self.changes.insert(0, (*clock, Change::Whole(items)));
        }
    }
}

impl Change {
    fn make(&self, items: &mut Vec<Item>) {
        match self {
            Self::Added(item) => {
                let known = items.iter_mut().find(|known| known.product.id == item.product.id);
                if let Some(known) = known {
                    known.quantity = known.quantity.saturating_add(item.quantity);
                    known.product = item.product.clone();
                } else if items.len() < limits::CART_ITEMS {
                    items.push(item.clone());
                }
            }
            Self::Removed(id, quantity) => {
                if let Some(known) = items.iter_mut().find(|item| item.product.id == *id) {
                    known.quantity = known.quantity.saturating_sub(quantity.unwrap_or(u32::MAX));
                }
                items.retain(|item| item.quantity > 0);
            }
            Self::Whole(whole) => items.clone_from(whole),
            Self::Ordered => items.clear(),
        }
    }
}

impl Product {
    /// The product that an event, or an element of a list in one, describes.
    pub fn of(properties: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| match properties.get(name)? {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let id = text("product_id").or_else(|| text("sku")).or_else(|| text("name"))?;
        let kept = |name: &&str| {
            let value = properties.get(*name)?;
            let fits = !value.is_null() && value.to_string().len() <= DETAIL_BYTES;
            fits.then(|| ((*name).to_owned(), value.clone()))
        };
        let details = DETAILS.iter().filter_map(kept).collect();
        Some(Self { id: id.chars().take(limits::NAME_BYTES).collect(), details })
    }
}

fn items(list: &[Value]) -> Vec<Item> {
    let item = |value: &Value| {
        let properties = value.as_object()?;
        Some(Item { product: Product::of(properties)?, quantity: quantity(properties) })
    };
    list.iter().filter_map(item).filter(|item| item.quantity > 0).take(limits::CART_ITEMS).collect()
}

fn quantity(properties: &Map<String, Value>) -> u32 {
    let number = properties.get("quantity").and_then(Number::of);
    number.map_or(1, |number| u32::try_from(number.micros().max(0) / 1_000_000).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::Act;
    use crate::event::segment::tests::track;

    fn event(name: &str, minute: u8, properties: Value) -> Event {
        let mut event = track(name, &format!("2026-10-01T09:{minute:02}:00Z"));
        let Act::Track { properties: empty, .. } = &mut event.act else { panic!() };
        *empty = properties.as_object().unwrap().clone();
        event.id = crate::id::EventId::sent(&format!("{name}{minute}"));
        event
    }

    fn cart(events: &[Event]) -> Cart {
        let mut cart = Cart::default();
        events.iter().for_each(|event| cart.apply(event));
        cart
    }

    #[track_caller]
    fn check(events: &[Event], expected: &str) {
        let forward = cart(events);
        let mut again: Vec<Event> = events.iter().rev().cloned().collect();
        again.extend_from_slice(events);
        assert_eq!(forward, cart(&again), "late and repeated changes make another cart");
        let items = forward.items();
        let words = items.iter().map(|item| format!("{}×{}", item.quantity, item.product.id));
        assert_eq!(words.collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn the_cart_is_what_was_added_less_what_was_removed() {
        let red = || json!({"product_id": "red", "quantity": 2});
        check(&[event("Product Added", 1, red()), event("Product Added", 2, red())], "4×red");
        check(
            &[
                event("Product Added", 1, red()),
                event("Product Added", 2, json!({"sku": "blue"})),
                event("Product Removed", 3, json!({"product_id": "red", "quantity": 1})),
                event("Product Removed", 4, json!({"sku": "blue"})),
            ],
            "1×red",
        );
    }

    #[test]
    fn a_cart_seen_as_a_whole_replaces_what_we_thought() {
        let whole = json!({"products": [{"product_id": "green", "quantity": 3}]});
        let added = event("Product Added", 1, json!({"product_id": "red"}));
        check(&[added.clone(), event("Checkout Started", 2, whole)], "3×green");
        check(&[added, event("Cart Viewed", 2, json!({}))], "1×red");
    }

    #[test]
    fn an_order_at_the_same_instant_empties_the_cart() {
        let order = json!({"order_id": "1", "products": [{"product_id": "red"}]});
        let events = [
            event("Product Added", 2, json!({"product_id": "red"})),
            event("Order Completed", 2, order),
        ];
        check(&events, "");
        let cart = cart(&events);
        assert_eq!(cart.emptied(), None, "an order is no emptying by hand");
        let bought = events[1].occurred;
        assert!(cart.just_bought("red", Span::days(30), bought));
        assert!(!cart.just_bought("red", Span::days(30), bought + Span::days(30)));
    }

    #[test]
    fn a_cart_emptied_by_hand_says_when() {
        let events = [
            event("Product Added", 1, json!({"product_id": "red"})),
            event("Product Removed", 5, json!({"product_id": "red"})),
        ];
        check(&events, "");
        assert_eq!(cart(&events).emptied(), Some(events[1].occurred));
    }

    #[test]
    fn a_cart_that_is_filled_again_was_emptied_still() {
        let events = [
            event("Product Added", 1, json!({"product_id": "red"})),
            event("Product Removed", 5, json!({"product_id": "red"})),
            event("Product Added", 7, json!({"product_id": "blue"})),
        ];
        check(&events, "1×blue");
        assert_eq!(cart(&events).emptied(), Some(events[1].occurred));
    }

    #[test]
    fn old_changes_are_folded_and_the_cart_stays() {
        let adds: Vec<Event> = (0..59)
            .map(|minute| event("Product Added", minute, json!({"product_id": "red"})))
            .collect();
        let cart = cart(&adds);
        assert!(cart.changes().len() <= limits::CART_CHANGES);
        assert_eq!(cart.items()[0].quantity, 59);
        let mut again = cart.clone();
        again.apply(&adds[0]);
        assert_eq!(again, cart, "a folded change is not made twice");
    }
}
