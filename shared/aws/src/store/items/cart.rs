//! The cart as JSON, in a text attribute.

use std::collections::BTreeMap;

use attune_domain::cart::{Cart, Change, Item, Product};
use attune_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::card::{clock, unclock};

#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct StoredCart {
    changes: Vec<(i64, String, StoredChange)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bought: Vec<(String, i64)>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredChange {
    Added(StoredItem),
    Removed(String, Option<u32>),
    Whole(Vec<StoredItem>),
    Ordered,
}

#[derive(Serialize, Deserialize)]
struct StoredItem {
    id: String,
    quantity: u32,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    details: BTreeMap<String, Value>,
}

/// The cart as JSON.
pub(in crate::store) fn write(cart: &Cart) -> String {
    let change = |change: &Change| match change {
        Change::Added(item) => StoredChange::Added(item.into()),
        Change::Removed(id, quantity) => StoredChange::Removed(id.clone(), *quantity),
        Change::Whole(items) => StoredChange::Whole(items.iter().map(StoredItem::from).collect()),
        Change::Ordered => StoredChange::Ordered,
    };
    let stored = StoredCart {
        changes: cart
            .changes()
            .iter()
            .map(|(at, made)| {
                let (at, event) = clock(*at);
                (at, event, change(made))
            })
            .collect(),
        bought: cart.bought().iter().map(|(id, at)| (id.clone(), at.millis())).collect(),
    };
    serde_json::to_string(&stored).unwrap_or_default()
}

/// The cart that a JSON text holds.
pub(in crate::store) fn read(json: &str) -> Option<Cart> {
    let stored: StoredCart = serde_json::from_str(json).ok()?;
    let changes = stored.changes.into_iter().map(|(at, event, change)| {
        let change = match change {
            StoredChange::Added(item) => Change::Added(item.into()),
            StoredChange::Removed(id, quantity) => Change::Removed(id, quantity),
            StoredChange::Whole(items) => {
                Change::Whole(items.into_iter().map(Item::from).collect())
            }
            StoredChange::Ordered => Change::Ordered,
        };
        Some((unclock(&(at, event))?, change))
    });
    let bought = stored.bought.into_iter().map(|(id, at)| (id, Timestamp::from_millis(at)));
    Some(Cart::stored(changes.collect::<Option<_>>()?, bought.collect()))
}

impl From<&Item> for StoredItem {
    fn from(item: &Item) -> Self {
        Self {
            id: item.product.id.clone(),
            quantity: item.quantity,
            details: item.product.details.clone(),
        }
    }
}

impl From<StoredItem> for Item {
    fn from(stored: StoredItem) -> Self {
        let product = Product { id: stored.id, details: stored.details };
        Self { product, quantity: stored.quantity }
    }
}
